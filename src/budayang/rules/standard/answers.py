"""How a clause answers: met, not met, not applicable (why) or no evidence, with its number, threshold and sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

Numbers = Mapping[str, float]
"""Counts and seconds by name; each check lists in ``inputs`` the names it reads."""


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"
    NO_EVIDENCE = "no_evidence"


ANSWER_NAMES: dict[Answer, str] = {
    Answer.MET: "符合",
    Answer.NOT_MET: "不符合",
    Answer.NOT_APPLICABLE: "不适用",
    Answer.NO_EVIDENCE: "没有证据",
}


class Comparison(StrEnum):
    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True)
class ClauseAnswer:
    """``number`` None: nothing could be measured. ``threshold`` None: the clause asks for no number. ``sample``: how
    many things the number was made of. ``why``: Chinese, one sentence.
    """

    answer: Answer
    number: float | None
    threshold: float | None
    unit: str
    sample: int
    why: str


@dataclass(frozen=True)
class ClauseCheck:
    """How one clause is judged by facts alone.

    ``metric``: what the number is, in Chinese. ``unit``: ratio | s | d | count. ``sample_min``: fewer than this is no
    evidence. ``key``: what an edition names as the metric; a clause may have several.
    ``parameter``: the name whose value in force replaces ``threshold``; empty when the clause leaves no choice.
    ``of_now``: its rows have no history, so that it can only speak of now: of a month that is over the answer stands
    that was made when the month ended.
    ``judge(numbers)`` uses ``threshold``; :meth:`judge_with` takes the value in force. Missing inputs count as no
    evidence.
    """

    clause_code: str
    metric: str
    threshold: float
    comparison: Comparison
    unit: str
    sample_min: int
    period: str
    inputs: tuple[str, ...]
    measure: Callable[[Numbers], tuple[float | None, int]]
    parameter: str = ""
    special: Callable[[Numbers, float], ClauseAnswer | None] | None = None
    key: str = ""
    of_now: bool = False

    def judge(self, numbers: Numbers) -> ClauseAnswer:
        return self.judge_with(numbers, self.threshold)

    def judge_with(self, numbers: Numbers, threshold: float) -> ClauseAnswer:
        missing = [x for x in self.inputs if x not in numbers]
        if missing:
            return self._no_evidence(threshold, 0, f"没有采集到{self.metric}所需的数据")
        number, sample = self.measure(numbers)
        if number is None or sample < self.sample_min:
            return self._no_evidence(threshold, sample, f"本期样本{sample}，少于{self.sample_min}，不能判断")
        if self.special is not None:
            answer = self.special(numbers, threshold)
            if answer is not None:
                return answer
        met = number >= threshold if self.comparison is Comparison.AT_LEAST else number <= threshold
        sign = "不低于" if self.comparison is Comparison.AT_LEAST else "不超过"
        why = f"{self.metric}为{show(number, self.unit)}，要求{sign}{show(threshold, self.unit)}，样本{sample}"
        return ClauseAnswer(Answer.MET if met else Answer.NOT_MET, number, threshold, self.unit, sample, why)

    def _no_evidence(self, threshold: float, sample: int, why: str) -> ClauseAnswer:
        return ClauseAnswer(Answer.NO_EVIDENCE, None, threshold, self.unit, sample, why)


def show(number: float, unit: str) -> str:
    """A number for a sentence: 98.21%, 300秒, 180天."""
    if unit == "ratio":
        # never let rounding turn a broken promise into a kept one: 99.996 % is not 100 %
        text = f"{number * 100:.2f}"
        if text == "100.00" and number < 1:
            text = "99.99"
        return f"{text.rstrip('0').rstrip('.')}%"
    names = {"s": "秒", "d": "天", "count": "个"}
    return f"{number:.10g}{names.get(unit, '')}"
