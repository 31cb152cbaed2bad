"""`budayang demo`: the whole house on this machine, or a story that plays by itself and judges each link."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from budayang import data
from budayang.cli.lan_keys import LanKeys, checked_name, lan_address
from budayang.cli.messages import say
from budayang.cli.stage import DEFAULT_PORT, Stage
from budayang.cli.story import STORIES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="管理平台的端口，其余依次排开 / the center's port; others follow"
    )
    parser.add_argument("--data-dir", type=Path, default=Path("var"), help="数据目录 / data folder")
    parser.add_argument(
        "--story", choices=sorted(STORIES), help="自动演一个故事并逐环判定 / play a story and judge each link"
    )
    parser.add_argument("--headless", action="store_true", help="不用浏览器，直接走终端的页面请求 / without a browser")
    parser.add_argument("--json", action="store_true", help="故事的结果用 JSON 输出 / print the story's result as JSON")
    parser.add_argument(
        "--lan", action="store_true", help="让同一网络里的手机用 HTTPS 打开 / let phones of this network in, over HTTPS"
    )
    parser.add_argument(
        "--name", default="", help="手机用的主机名，默认本机地址 / host name for phones, else the address"
    )
    parser.add_argument("--fresh", action="store_true", help="用临时数据目录 / use a temporary data folder")


def run(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C; with --story until its end: 0 when every link holds, 1 when one is broken."""
    # A stop asked for politely must run the clean-up below, like Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    if arguments.fresh:
        with tempfile.TemporaryDirectory(prefix="budayang-demo-") as folder:
            return _play(arguments, Path(folder))
    return _play(arguments, arguments.data_dir.absolute())


def _play(arguments: argparse.Namespace, folder: Path) -> int:
    stage = Stage(folder, arguments.port, lan=_lan(arguments))
    stage.take()
    began = time.monotonic()
    quiet = arguments.json
    tell = _silent if quiet else say
    try:
        tell("准备数据库和演示数据", "preparing the database and the demonstration's data")
        stage.prepare()
        stage.start(tell)
        if arguments.story:
            return _tell_story(arguments, stage)
        _print_addresses(stage, time.monotonic() - began)
        while True:
            time.sleep(0.5)
            for program in stage.programs.values():
                program.check_alive()
    finally:
        tell("正在停止，数据保留在 " + str(folder), "stopping; the data stays")
        stage.leave()


def _lan(arguments: argparse.Namespace) -> str:
    """The name for phones, "" without --lan."""
    if not arguments.lan:
        return ""
    return checked_name(arguments.name or lan_address())


def _tell_story(arguments: argparse.Namespace, stage: Stage) -> int:
    links = STORIES[arguments.story](stage)
    if arguments.json:
        print(json.dumps([link.as_dict() for link in links], ensure_ascii=False, indent=1))
    else:
        for link in links:
            print(f"{'✔' if link.ok else '✘'} {link.at_s:6.1f} s  {link.title}  {link.detail}")
    broken = [link for link in links if not link.ok]
    if broken:
        print(f"断在：{broken[0].title} / broken at: {broken[0].name}", file=sys.stderr)
    return 1 if broken else 0


def _print_addresses(stage: Stage, seconds: float) -> None:
    demo = data.demo()
    lines = [
        "",
        f"不打烊已启动（{seconds:.1f} 秒）。演示数据，机构和人员均为虚构。",
        f"Budayang is running ({seconds:.1f} s). Demonstration data; bodies and people are invented.",
        "",
        f"  公众页 public      {stage.center}/",
        f"  管理平台 console   {stage.center}/console/",
        f"  沙盒 sandbox       {stage.sandbox}/control/",
    ]
    lines += [f"  终端 {row.code:<12}{stage.screen(row)}" for row in stage.terminals]
    lines += ["", f"  演示账号 demo logins（密码 password: {demo.password}）"]
    lines += [f"    {person.username:<6} {person.name}  {person.role}" for person in demo.staff]
    if stage.lan:
        lines += _phone_lines(stage)
    lines += ["", "按 Ctrl-C 停止 / Ctrl-C stops", ""]
    print("\n".join(lines), flush=True)


def _phone_lines(stage: Stage) -> list[str]:
    return [
        "",
        f"  手机 phones        {stage.lan_url}/console/my-rounds/",
        f"  先在手机上装证书 first install the certificate:  {stage.lan_page}",
        "  装前核对指纹 compare the fingerprint (SHA-256):",
        f"    {LanKeys(stage.lan_folder).fingerprint()}",
        f"  密钥只在本机 its key stays here: {stage.lan_folder / 'ca.key'}",
    ]


def _silent(_zh: str, _en: str) -> None:
    """Progress is not printed when the answer is JSON."""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt(os.getpid())
