"""`budayang relay`: watches departments' own machines; its settings are BUDAYANG_RELAY_… variables."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from budayang.cli.messages import Stop
from budayang.relay import main as program
from budayang.relay.errors import BadSetting
from budayang.relay.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command; what is not given comes from the environment."""
    parser.add_argument("--center-url", help="管理平台地址 / address of the center")
    parser.add_argument("--enrolment-code", help="一次性登记码 / one-time code, used at the first start only")
    parser.add_argument("--data-dir", type=Path, help="数据目录 / data folder")
    parser.add_argument("--beat-host", help="接收机器心跳的本机地址 / address on which machines' heartbeats are heard")
    parser.add_argument("--beat-port", type=int, help="接收机器心跳的端口 / its port")


def run(arguments: argparse.Namespace) -> int:
    """Watch until stopped."""
    try:
        settings = load(os.environ, **vars(arguments))
    except BadSetting as error:
        raise Stop("中继设置不对，没有启动。", str(error)) from error
    return program.run(settings)
