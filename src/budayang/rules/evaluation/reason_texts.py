"""Reasons of a rating by level (指标文本), as editions: a rating keeps the edition whose words the person read.

A text is never changed in place: a new edition is a new row with its day. Older ones stay readable for their ratings.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from budayang.rules.evaluation.levels import LEVEL_BY_CODE, NEGATIVE_LEVELS


@dataclass(frozen=True)
class RatingReason:
    """``levels`` are the levels under which it is offered; ``hint`` is the kind of incident that could explain it,
    empty when none could.
    """

    code: str
    name: str
    levels: frozenset[str] = NEGATIVE_LEVELS
    hint: str = ""


@dataclass(frozen=True)
class TextEdition:
    """``valid_from``: the first day (local) on which it is shown; it ends where the next one begins."""

    code: str
    valid_from: date
    reasons: tuple[RatingReason, ...]


EDITIONS: tuple[TextEdition, ...] = (
    TextEdition(
        "参照版-1",
        date(2020, 1, 1),
        (
            RatingReason("device_broken", "设备坏了或反应慢", hint="device"),
            RatingReason("no_paper", "没有打出来或打印不清", hint="printer"),
            RatingReason("stopped", "该办的时候办不了", hint="department"),
            RatingReason("unclear", "看不懂、找不到要办的事项"),
            RatingReason("too_slow", "等的时间太长"),
            RatingReason("no_help", "没有人帮忙、电话打不通"),
            RatingReason("wrong_result", "结果有错"),
            RatingReason("environment", "环境脏乱、太冷太热、门进不来", hint="site"),
            RatingReason("asked_too_much", "要求提供不该要的材料", frozenset({"very_unsatisfied"})),
            RatingReason("privacy", "担心个人信息被看到", frozenset({"very_unsatisfied"})),
            RatingReason("other", "其他"),
        ),
    ),
)
REASONS: tuple[RatingReason, ...] = EDITIONS[-1].reasons
REASON_BY_CODE: dict[str, RatingReason] = {x.code: x for edition in EDITIONS for x in edition.reasons}


def edition_on(on: date, editions: Sequence[TextEdition] = EDITIONS) -> TextEdition:
    """The texts in force on a day; before the first one, the first."""
    begun = [one for one in editions if one.valid_from <= on]
    return max(begun, key=lambda one: one.valid_from) if begun else min(editions, key=lambda one: one.valid_from)


def find_edition(code: str, editions: Sequence[TextEdition] = EDITIONS) -> TextEdition | None:
    """An edition by its code; None for a code that was never given out."""
    return next((one for one in editions if one.code == code), None)


def reasons_for(level: str, edition: TextEdition = EDITIONS[-1]) -> tuple[RatingReason, ...]:
    """The reasons that an edition offers for a level."""
    return tuple(r for r in edition.reasons if level in r.levels)


def reason_names(codes: Sequence[str], edition: str, editions: Sequence[TextEdition] = EDITIONS) -> list[str]:
    """What the person read: the names of these reasons in the edition of the rating. A name may hold a 、 itself."""
    found = find_edition(edition, editions) or editions[-1]
    names = {one.code: one.name for one in found.reasons}
    return [names[code] for code in codes if code in names]


def rating_problem(level: str, reasons: Collection[str], edition: TextEdition = EDITIONS[-1]) -> str:
    """Why a rating cannot be taken, in Chinese; empty when it can. A negative rating needs a reason (PJ-06)."""
    found = LEVEL_BY_CODE.get(level)
    if found is None:
        return "评价只能是五级中的一级"
    offered = {r.code for r in reasons_for(level, edition)}
    unknown = [r for r in reasons if r not in offered]
    if unknown:
        return "选择的原因不在本级可选的原因之内"
    if found.negative and not reasons:
        return "请选择至少一个不满意的原因"
    return ""
