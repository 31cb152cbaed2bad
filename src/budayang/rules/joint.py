"""How a joint matter (联办) stands, from how its parts stand: done n of m, and for each part what the person does next.

A part that failed is told as failed, beside parts that are done: nothing is averaged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class PartClass(StrEnum):
    """What a person makes of a part."""

    DONE = "done"
    TAKEN_IN = "taken_in"
    UNDER_WAY = "under_way"
    TO_PAY = "to_pay"
    TO_MEND = "to_mend"
    UNCLEAR = "unclear"
    FAILED = "failed"
    WINDOW = "window"


P = PartClass
CLASS_OF: dict[str, PartClass] = {
    "done": P.DONE,
    "handed_in": P.TAKEN_IN,
    "in_process": P.TAKEN_IN,
    "deferred": P.TAKEN_IN,
    "accepted": P.UNDER_WAY,
    "working": P.UNDER_WAY,
    "paid": P.UNDER_WAY,
    "due": P.TO_PAY,
    "correction": P.TO_MEND,
    "review": P.UNCLEAR,
    "failed": P.FAILED,
    "withdrawn": P.FAILED,
    "window": P.WINDOW,
}
"""State of a part's case → class. A part without a case is a visit to the window."""

WORDS: dict[PartClass, str] = {
    P.DONE: "已办好",
    P.TAKEN_IN: "已收件，等部门办理",
    P.UNDER_WAY: "正在办理",
    P.TO_PAY: "待缴费",
    P.TO_MEND: "待补正",
    P.UNCLEAR: "待核",
    P.FAILED: "没有办成",
    P.WINDOW: "需到窗口办理",
}
WHAT_NOW: dict[PartClass, str] = {
    P.DONE: "",
    P.TAKEN_IN: "不用再来提交。可以凭编号查进度。",
    P.UNDER_WAY: "不用重办，办好以后刷证件就能取。",
    P.TO_PAY: "这一项要先缴费：在任何一台自助终端刷证件，就能缴。",
    P.TO_MEND: "这一项要补材料：凭编号查看要补什么，一次补齐。",
    P.UNCLEAR: "工作人员正在核实，不要重办，也不会重复收费。",
    P.FAILED: "其他几项不受影响，不用重办。只把这一项再办一次，或到窗口办理。",
    P.WINDOW: "这一项要到窗口办理。",
}
SETTLED = frozenset({P.DONE, P.TAKEN_IN, P.TO_PAY, P.TO_MEND, P.UNCLEAR, P.FAILED, P.WINDOW})
"""The person at the terminal has nothing more to wait for."""


@dataclass(frozen=True)
class JointVerdict:
    """``done`` of ``of`` parts; ``word`` is short, ``text`` counts every part. ``settled``: nothing to wait for now."""

    done: int
    of: int
    word: str
    text: str
    settled: bool


def part_class(kind: str, state: str) -> PartClass:
    """``kind``: case | window. A state that nobody knows here is under way: it is neither done nor failed."""
    return P.WINDOW if kind == "window" else CLASS_OF.get(state, P.UNDER_WAY)


def judge_joint(parts: Sequence[PartClass]) -> JointVerdict:
    """How the whole stands."""
    counted = Counter(parts)
    done, of = counted[P.DONE], len(parts)
    text = f"共{of}项：" + "，".join(f"{counted[one]}项{WORDS[one]}" for one in PartClass if counted[one])
    settled = all(one in SETTLED for one in parts)
    if of and done == of:
        word = "全部办好"
    elif counted[P.FAILED] or counted[P.UNCLEAR]:
        word = "部分没有办成" if counted[P.FAILED] else "部分待核"
    elif not settled:
        word = "正在办理"
    elif counted[P.WINDOW] and done + counted[P.TAKEN_IN] + counted[P.WINDOW] == of:
        word = "还要去一次窗口"
    else:
        word = "已收件"
    return JointVerdict(done, of, word, text, settled)
