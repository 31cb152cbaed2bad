"""How the parts of a clause answer, and how they become one answer: met only when every part is.

What a person gives holds from its day until its last day. What has ended is no evidence: it says when it ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from budayang.rules.standard.answers import Answer, ClauseAnswer
from budayang.rules.standard.parts import BY_HAND, Kind, Part


@dataclass(frozen=True, slots=True)
class Given:
    """Numbers or a document that somebody gave: ``values`` is None for a document."""

    on: date
    until_on: date | None
    values: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What rounds said to a part's questions: question → (good answers, all answers); 不适用 counted apart."""

    good: int
    all: int
    not_here: int


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """A part with its answer."""

    part: Part
    answer: ClauseAnswer

    @property
    def by_hand(self) -> bool:
        """Whether somebody copied it from elsewhere (人工填报)."""
        return self.part.kind in BY_HAND and self.answer.answer is not Answer.NO_EVIDENCE


def judge_given(part: Part, rows: Sequence[Given], on: date) -> ClauseAnswer:
    """A measurement, survey, other system's numbers or a document on a day. ``rows``: what was given, the last given
    first. The newest day that has begun counts, and of one day what was given last.
    """
    begun = [row for row in rows if row.on <= on]
    what = part.what or "、".join(field.label for field in part.fields)
    if not begun:
        missing = f"还没有上传：{what}" if part.kind is Kind.DOCUMENT else f"还没有填写：{what}"
        return _none(missing)
    row = max(begun, key=lambda one: one.on)  # the first of equal days, which is the last given
    if row.until_on is not None and row.until_on < on:
        return _none(f"{row.until_on.isoformat()}已到期：{what}")
    if row.values is None:
        until = f"，有效至{row.until_on.isoformat()}" if row.until_on else ""
        return ClauseAnswer(Answer.MET, None, None, "", 1, f"有文件，日期{row.on.isoformat()}{until}")
    missing_names = [field.label for field in part.fields if field.name not in row.values]
    if missing_names:
        return _none(f"还缺：{'、'.join(missing_names)}")
    wrong = [field for field in part.fields if not field.holds(row.values[field.name])]
    shown = wrong or list(part.fields)
    told = "；".join(f"{one.label}{row.values[one.name]:.10g}{one.unit}，要求{one.asked}" for one in shown)
    only = part.fields[0] if len(part.fields) == 1 else None
    number = row.values[only.name] if only else None
    bound = (only.low if only.low is not None else only.high) if only else None
    return ClauseAnswer(Answer.NOT_MET if wrong else Answer.MET, number, bound, "", len(part.fields), told)


def judge_rounds(part: Part, asked: Mapping[str, Asked]) -> ClauseAnswer:
    """Every question was answered, and the share of good answers is what is asked."""
    found = [asked.get(code, Asked(0, 0, 0)) for code in part.questions]
    total, good = sum(one.all for one in found), sum(one.good for one in found)
    empty = [one for one in found if not one.all]
    if empty:
        if all(one.not_here for one in empty):
            return _none("巡查都答了不适用，请主管登记不适用和理由")
        return _none(f"最近{part.days}天的巡查没有答到这{len(empty)}个问题")
    share = min(one.good / one.all for one in found)
    met = share >= part.least
    why = f"巡查回答{total}次，正常{good}次，要求正常的比例不低于{part.least * 100:.10g}%"
    return ClauseAnswer(Answer.MET if met else Answer.NOT_MET, share, part.least, "ratio", total, why)


def combine(parts: Sequence[PartAnswer]) -> tuple[ClauseAnswer, PartAnswer]:
    """The clause's answer and the part that decided: what is not met first, then what has no evidence, else the first
    part with a number. With no part there is nothing to combine (ValueError).
    """
    if not parts:
        raise ValueError("a clause without parts has no answer")
    order = (Answer.NOT_MET, Answer.NO_EVIDENCE, Answer.NOT_APPLICABLE, Answer.MET)
    deciding = min(parts, key=lambda one: (order.index(one.answer.answer), one.answer.number is None))
    if len(parts) == 1:
        return deciding.answer, deciding
    why = "；".join([deciding.answer.why, *(one.answer.why for one in parts if one is not deciding)])
    found = deciding.answer
    return ClauseAnswer(found.answer, found.number, found.threshold, found.unit, found.sample, why), deciding


def _none(why: str) -> ClauseAnswer:
    return ClauseAnswer(Answer.NO_EVIDENCE, None, None, "", 0, why)
