"""`budayang terminal`: one self-service terminal; its settings are BUDAYANG_TERMINAL_… variables."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from budayang.cli.messages import Stop
from budayang.terminal import main as program
from budayang.terminal.errors import BadSetting
from budayang.terminal.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command; what is not given comes from the environment."""
    parser.add_argument("--code", help="终端编号 / code of the terminal")
    parser.add_argument("--center-url", help="管理平台地址 / address of the center")
    parser.add_argument("--port", type=int, help="屏幕服务的端口 / port of the screens")
    parser.add_argument("--data-dir", type=Path, help="数据目录 / data folder")
    parser.add_argument("--reader-url", help="身份证阅读器 / card reader: tcp://host:port, /dev/…")
    parser.add_argument("--printer-url", help="打印机 / printer: ipp://host:port/ipp/print")


def run(arguments: argparse.Namespace) -> int:
    """Serve the screens until stopped."""
    try:
        settings = load(os.environ, **vars(arguments))
    except BadSetting as error:
        raise Stop("终端设置不对，没有启动。", str(error)) from error
    return program.run(settings)
