"""Supervision visits (监督检查): who looks at an area from outside, what it scores, and what findings are owed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KIND_NAMES: dict[str, str] = {
    "delegate": "代表、委员视察",
    "inspection": "督查",
    "experience": "体验官体验",
    "unannounced": "暗访",
}
SURPRISE = "unannounced"
FROM_ABOVE: tuple[str, ...] = ("inspection", SURPRISE)
"""上级走访、暗访 (PJ-21): by those above the area. Delegates and experience officers are the public's eyes."""

STATE_NAMES: dict[str, str] = {"planned": "待检查", "done": "已交", "missed": "没有按期交", "cancelled": "已取消"}
TRANSITIONS: dict[tuple[str, str], str] = {
    ("planned", "done"): "done",
    ("planned", "missed"): "missed",
    ("planned", "cancelled"): "cancelled",
}

FINDING_NAMES: dict[str, str] = {"open": "待答复", "replied": "待认可", "closed": "已认可", "dismissed": "不成立"}
FINDING_TRANSITIONS: dict[tuple[str, str], str] = {
    ("open", "reply"): "replied",
    ("open", "dismiss"): "dismissed",
    ("replied", "accept"): "closed",
    ("replied", "return"): "open",
    ("replied", "dismiss"): "dismissed",
}
EVENT_NAMES: dict[str, str] = {
    "planned": "安排",
    "link": "发出新链接",
    "saved": "存了一部分",
    "done": "交上检查结果",
    "missed": "到期没有交",
    "cancelled": "取消",
    "name": "查看检查人姓名",
    "assign": "改由别的单位答复",
    "reply": "答复",
    "accept": "认可答复",
    "return": "退回，重新答复",
    "dismiss": "认定不成立",
    "overdue": "超期未答复",
    "improvement": "转为改进事项",
    "order": "派工单",
}
LINES: int = 3
"""Findings of one's own words that a sheet has room for."""


@dataclass(frozen=True)
class Score:
    """``value``: 100 × well ÷ (well + failed), None when nothing was judged. 不适用 and words are not counted."""

    well: int
    failed: int

    @property
    def value(self) -> float | None:
        judged = self.well + self.failed
        return 100 * self.well / judged if judged else None


def score(answers: Iterable[tuple[bool, bool]]) -> Score:
    """The score of answers, each (counts, failed)."""
    found = [failed for counts, failed in answers if counts]
    return Score(len(found) - sum(found), sum(found))


def is_hidden(kind: str, state: str) -> bool:
    """Whether the area's own people must not know of it: an unannounced visit, until its result was handed in."""
    return kind == SURPRISE and state != "done"


def next_finding_state(state: str, event: str) -> str | None:
    """Where a finding goes; None when the step does not fit."""
    return FINDING_TRANSITIONS.get((state, event))
