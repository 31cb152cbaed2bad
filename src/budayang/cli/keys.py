"""`budayang keys`: which key seals how many personal fields, a new one, and putting an old one aside."""

from __future__ import annotations

import argparse
import json

from django.utils import timezone

from budayang.center.platform import resealing
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import center_keys
from budayang.cli.messages import Stop, say

SYSTEM = Actor.system()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "what",
        choices=["status", "rotate", "retire"],
        help="status 查看 / show; rotate 换新密钥并改密 / new key, fields resealed; retire 停用旧密钥 / put one aside",
    )
    parser.add_argument("key", nargs="?", type=int, help="retire 时的密钥编号 / id of the key to retire")
    parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when it was done."""
    try:
        if arguments.what == "rotate":
            _rotate()
        elif arguments.what == "retire":
            if arguments.key is None:
                raise Stop("请写明要停用的密钥编号。", "Say which key: budayang keys retire 1", code=2)
            resealing.retire(SYSTEM, arguments.key, timezone.now())
    except Refused as refused:
        raise Stop(str(refused), "The key stays as it is.") from refused
    _show(as_json=arguments.json)
    return 0


def _rotate() -> None:
    resealing.rotate(SYSTEM, timezone.now())
    moved = 0
    at: resealing.Position | None = resealing.START
    while at is not None:
        turn = resealing.reseal(at=at)
        moved, at = moved + turn.moved, turn.rest
    say(f"已改密 {moved} 个字段", f"{moved} fields resealed")


def _show(*, as_json: bool) -> None:
    newest, found, closed = center_keys().newest_field, resealing.rows_by_key(), resealing.unopened()
    if as_json:
        rows = [
            {"key": key, "fields": count, "newest": key == newest, "unopened": closed.get(key, 0)}
            for key, count in found.items()
        ]
        print(json.dumps(rows))
        return
    for key, count in found.items():
        mark = "（在用）" if key == newest else ""
        say(f"密钥 {key}{mark}：{count} 个字段", f"key {key}{' (newest)' if mark else ''}: {count} fields")
        if key in closed:
            say(f"  其中 {closed[key]} 个打不开", f"  {closed[key]} of them cannot be opened")
