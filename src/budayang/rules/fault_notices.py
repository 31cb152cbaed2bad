"""The notice that people read while something does not work (停用告示): one rule makes its words from facts.

The center builds it; terminals, door screens, the public page and paper show these words and add none of their own.
Nobody's name is in it: who is coming is a body. Nothing hangs on the reader's clock, so that all show the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class Stage(StrEnum):
    """How far whoever repairs has come."""

    FINDING = "finding"
    TOLD = "told"
    COMING = "coming"
    THERE = "there"
    WAITING = "waiting"
    CHECKING = "checking"


STAGE_OF: Mapping[str, Stage] = {
    "reported": Stage.TOLD,
    "accepted": Stage.COMING,
    "accepted_paused": Stage.WAITING,
    "on_site": Stage.THERE,
    "on_site_paused": Stage.WAITING,
    "repaired": Stage.CHECKING,
    "verified": Stage.CHECKING,
}
"""State of the order → stage; without an order it is FINDING."""

FINDING = "正在安排人来处理"
_WHO: Mapping[Stage, str] = {
    Stage.FINDING: FINDING,
    Stage.TOLD: "已通知%(who)s，等待接单",
    Stage.COMING: "%(who)s已接单",
    Stage.THERE: "%(who)s已到现场，正在处理",
    Stage.WAITING: "%(who)s暂时做不下去：%(reason)s",
    Stage.CHECKING: "%(who)s已处理，正在检查",
}
STOPPED, HANDLED = "暂停服务", "正在处理"
SINCE, WHO, EXPECTED, NEAR = "从什么时候", "谁在处理", "预计", "最近能办"
AFTER_CHECK, UNSURE, NOWHERE = "检查通过就恢复", "修好的时间还不能确定", "附近暂时没有能代替的地方"
SOMETHING = "正在等待"


@dataclass(frozen=True)
class Near:
    """The nearest place for what is done here. ``m`` of ``n`` items that do not work here can be finished there."""

    text: str
    m: int = 0
    n: int = 0


@dataclass(frozen=True)
class NoticeFacts:
    """``sentence``: of the table of causes. ``machines``: names; none: the whole area. ``body``: whose people come.

    ``due_at``: until when the order's clock expects the repair; None: not known. ``late``: that moment has passed.
    ``paused_for``: why it stands still, in words. ``stops``: something cannot be done meanwhile (a
    cold hall is a fault, and people are served all the same).
    """

    sentence: str
    since: datetime
    zone: str
    machines: tuple[str, ...] = ()
    stage: Stage = Stage.FINDING
    body: str = ""
    due_at: datetime | None = None
    late: bool = False
    paused_for: str = ""
    near: Near | None = None
    stops: bool = True


@dataclass(frozen=True)
class NoticeText:
    """``title``: STOPPED or HANDLED. ``subject``: which machines, "" for the whole area. ``lines``: (label, text), in
    the order of reading.
    """

    title: str
    subject: str
    sentence: str
    lines: tuple[tuple[str, str], ...]

    def plain(self) -> dict[str, Any]:
        """As it travels to terminals and is kept."""
        return {
            "title": self.title,
            "subject": self.subject,
            "sentence": self.sentence,
            "lines": [list(one) for one in self.lines],
        }


def moment_words(at: datetime, zone: str) -> str:
    """11月26日 23:40 of the place's clock: the day is always told, as a notice hangs over midnight."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def write_notice(facts: NoticeFacts) -> NoticeText:
    """The words of a notice."""
    return NoticeText(
        STOPPED if facts.stops else HANDLED,
        "、".join(facts.machines),
        facts.sentence,
        (
            (SINCE, moment_words(facts.since, facts.zone)),
            (WHO, _who(facts)),
            (EXPECTED, _expected(facts)),
            *(((NEAR, _near(facts.near)),) if facts.stops else ()),
        ),
    )


def _who(facts: NoticeFacts) -> str:
    if not facts.body:
        return _WHO[Stage.FINDING]
    return _WHO[facts.stage] % {"who": facts.body, "reason": facts.paused_for or SOMETHING}


def _expected(facts: NoticeFacts) -> str:
    """A moment only while a clock runs towards it; one that has passed is never told as if it were to come."""
    if facts.stage is Stage.CHECKING:
        return AFTER_CHECK
    if facts.due_at is None or facts.stage is Stage.WAITING:
        return UNSURE
    when = moment_words(facts.due_at, facts.zone)
    return f"原定{when}前修好，已经超过，正在催办" if facts.late else f"最迟{when}修好"


def _near(near: Near | None) -> str:
    if near is None:
        return NOWHERE
    if near.n and near.m < near.n:
        return f"{near.text}（这里停下的 {near.n} 件事能办 {near.m} 件）"
    return near.text


def read_lines(rows: Sequence[Sequence[object]]) -> list[tuple[str, str]]:
    """Lines as they were kept or sent; what is not a pair is left out."""
    return [(str(one[0]), str(one[1])) for one in rows if len(one) == 2]
