"""`budayang terminal status CODE`: a terminal's components as a table or as XFS4IoT messages.

The center's half is loaded only when a terminal is asked for: the demonstration runs without Django.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from unicodedata import east_asian_width

from budayang.rules.terminals import KINDS, LEVEL_NAMES, Level, meaning
from budayang.rules.xfs import Reported, demonstration, status_message

HEAD = ("部件", "项目", "状态", "级别", "说明", "处理", "设备原话")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("code", nargs="?", help="终端编号 / code of the terminal")
    what.add_argument(
        "--demo", action="store_true", help="每种部件的每个状态各一个仿真部件 / one simulated peripheral in each state"
    )
    parser.add_argument(
        "--format",
        choices=["table", "xfs4iot"],
        default="table",
        help="表格，或每行一条 XFS4IoT 2021-1 的 Common.Status 完成消息 / a table, or a completion message a line",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is known; 0 whatever the states are."""
    head: list[str] = []
    if arguments.demo:
        components: Sequence[Reported] = tuple(demonstration())
    else:
        import_module("budayang.cli.center").set_up()
        known = import_module("budayang.cli.terminal_states").read(arguments.code)
        components = known.components
        head = [f"{known.code}  {known.link.text}；{known.application.text}；设备：{LEVEL_NAMES[known.health.level]}"]
    lines = messages(components) if arguments.format == "xfs4iot" else [*head, *table(components)]
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read has enough (`| head`); without this Python complains once more when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def messages(components: Iterable[Reported]) -> Iterator[str]:
    """One JSON document a line. What is no peripheral (the terminal itself, its network) XFS4IoT has no message for."""
    peripherals = (one for one in components if one.kind not in KINDS or KINDS[one.kind].peripheral)
    for number, one in enumerate(peripherals, start=1):
        yield json.dumps(status_message(one, number), ensure_ascii=False, separators=(",", ":"))


def table(components: Iterable[Reported]) -> list[str]:
    """Lines of a table that stands straight in a terminal window; what was said already is not said again."""
    rows: list[tuple[str, ...]] = [HEAD]
    for one in components:
        kind = KINDS.get(one.kind)
        name = f"{kind.name if kind else one.kind} {one.subject}"
        if one.gone_since is not None:
            rows.append((name, "", "", "", f"不再上报，自 {one.gone_since:%Y-%m-%d %H:%M %Z}", "", ""))
        elif not one.states:
            rows.append((name, "", "", LEVEL_NAMES[Level.UNKNOWN], "登记了，但还没有报过状态", "", ""))
        for prop, now in one.states.items():
            found = meaning(one.kind, prop, now.state)
            code = f"（{found.code}）" if found.code else ""
            rows.append((name, prop, now.state, LEVEL_NAMES[found.level], found.text, f"{found.action}{code}", now.raw))
    rows = list(dict.fromkeys(rows))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
