"""A part of the night story: what a fault makes four places say, measured from the moment at which the machine knew."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from budayang.cli.night import AREA, ITEM, Night
from budayang.cli.visitors import text_of

NOTICE = re.compile(
    r"(\S+)：\s*这台机器暂时不能打印。\s*从什么时候\s+(.+?)\s+谁在处理\s+(.+?)\s+预计\s+(.+?)\s+最近能办\s+(\S+)"
)
NOTICE_S = 5.0


def notices_agree(told: Night) -> None:
    """On a fault the terminal's screen, its neighbour's, the door screen and the public page say the same in 5 s."""
    told.printer(toner=0.0)
    here, there = told.citizen("甲"), told.citizen("丙", reader=2)
    there.begin()
    told.chain.see(
        "fault_known_here",
        "打印机碳粉用完，本机自己知道",
        lambda: _refused_here(told),
        within_s=25,
        tell=lambda item: str(item["truth_word"]),
    )
    known = time.monotonic()
    places: tuple[tuple[str, str, Callable[[], str]], ...] = (
        ("notice_on_screen", "本机屏幕挂出停用告示", lambda: here.read("/faults")),
        ("notice_next_door", "邻机屏幕挂出同一告示", lambda: there.read("/faults")),
        ("notice_at_door", "门口屏挂出同一告示", lambda: _public(told, f"/door/{AREA}/")),
        ("notice_in_public", "公众页挂出同一告示", lambda: _public(told, f"/where/?area={AREA}")),
    )
    for name, title, read in places:
        look = partial(_shown, read)
        told.chain.see(name, title, look, within_s=NOTICE_S, since=known, tell="，".join)

    def same() -> tuple[str, ...] | None:
        said = {_notice(read()) for _name, _title, read in places}
        return said.pop() if len(said) == 1 else None

    told.chain.see(
        "notices_same", "四处说的一样", same, within_s=NOTICE_S, since=known, tell=lambda one: "，".join(one or ())
    )
    told.printer(toner=80.0)
    told.chain.see(
        "notices_withdrawn",
        "修好后四处自己撤下",
        lambda: not any(_notice(read()) for _name, _title, read in places) or None,
        within_s=25,
        tell=lambda _gone: "四处都没有了",
    )
    told.chain.see(
        "item_doable_here_again",
        "本机恢复可办",
        lambda: told.startable(),
        within_s=25,
        tell=lambda one: str(one["code"]),
    )


def _refused_here(told: Night) -> dict[str, Any] | None:
    found = told.citizen("甲").find("参保证明")
    return next((item for item in found if item["code"] == ITEM and not item["can_start"]), None)


def _public(told: Night, path: str) -> str:
    return httpx.get(f"{told.stage.center}{path}", timeout=10).text


def _shown(read: Callable[[], str]) -> tuple[str, ...] | None:
    return _notice(read())


def _notice(html: str) -> tuple[str, ...] | None:
    """(which machine, since when, who, until when, where else) of the printer's notice on a page, None without one."""
    found = NOTICE.search(text_of(html))
    return found.groups() if found else None
