"""满意度问卷 half-yearly: its questions, how many answers are needed where, and what they say with how much certainty.

满意率 of service and of environment are counted apart (DB15/T 1258—2017), and that of people who used what is there
for people with disabilities. The standard's sample by size of the hall could not be read: the plan is that of a share
within ±``margin`` at 95 %, with the correction for a finite population (Cochran, Sampling Techniques, 1977, 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil

from budayang.rules.evaluation.levels import LEVEL_BY_CODE
from budayang.rules.scorecards import Z, wilson

TEXTS = "参照版-1"
GROUPS: dict[str, str] = {"service": "服务满意率", "environment": "环境满意率", "access": "无障碍满意率"}


@dataclass(frozen=True)
class Question:
    """``group``: a key of GROUPS. Each is answered on the five levels, or left out."""

    code: str
    text: str
    group: str


QUESTIONS: tuple[Question, ...] = (
    Question("way", "办事是否方便、快", "service"),
    Question("machine", "机器是否好用、没有坏", "service"),
    Question("guide", "说明是否看得懂", "service"),
    Question("help", "需要时是否有人帮", "service"),
    Question("clean", "卫生、温度、照明", "environment"),
    Question("safe", "夜间来是否安心", "environment"),
    Question("access", "无障碍设施（用到了才答）", "access"),
)
QUESTION_BY_CODE: dict[str, Question] = {one.code: one for one in QUESTIONS}
WISHES: dict[str, str] = {
    "items": "多一些能办的事项",
    "machines": "多一些机器",
    "hours": "更多部门夜间能办",
    "faults": "少坏、坏了快修",
    "words": "说明更清楚",
    "people": "能找到人帮忙",
    "seats": "座位、饮水、取暖",
}


def needed(population: int, margin: float) -> int:
    """How many answers make a share known within ±``margin`` at 95 %, whatever the share is; never more than there are
    people. Raises ValueError for a margin outside (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError("a margin is a part of one")
    if population <= 0:
        return 0
    endless = Z * Z / 4 / (margin * margin)
    return min(population, ceil(endless / (1 + (endless - 1) / population)))


@dataclass(frozen=True)
class Share:
    """``total`` answers of which ``good`` are of the first three levels. ``low``, ``high``: 95 %, None without answers:
    no answer is not a share of zero.
    """

    good: int
    total: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        return self.good / self.total if self.total else None


def share_of(levels: Iterable[str]) -> Share:
    """The share of satisfied among some answers; unknown levels are left out."""
    known = [LEVEL_BY_CODE[one] for one in levels if one in LEVEL_BY_CODE]
    good = sum(not one.negative for one in known)
    low, high = wilson(good, len(known)) if known else (None, None)
    return Share(good, len(known), low, high)


def by_question(answers: Iterable[Mapping[str, str]]) -> dict[str, Share]:
    """Question code -> share, of sheets {question: level}."""
    rows = list(answers)
    return {one.code: share_of(row[one.code] for row in rows if one.code in row) for one in QUESTIONS}


def by_group(answers: Iterable[Mapping[str, str]]) -> dict[str, Share]:
    """Group code -> share. A sheet counts once in a group: as satisfied when none of its answers there is negative, so
    that the answers of one person are not taken for several people's.
    """
    rows = list(answers)
    found = {}
    for group in GROUPS:
        codes = [one.code for one in QUESTIONS if one.group == group]
        verdicts = []
        for row in rows:
            levels = [LEVEL_BY_CODE[row[code]] for code in codes if row.get(code) in LEVEL_BY_CODE]
            if levels:
                verdicts.append(min(levels, key=lambda one: one.score).code)
        found[group] = share_of(verdicts)
    return found


def sheet_problem(answers: Mapping[str, str]) -> str:
    """Why a sheet cannot be taken, in Chinese; empty when it can. Each question may be left out, not all of them."""
    if any(code not in QUESTION_BY_CODE or level not in LEVEL_BY_CODE for code, level in answers.items()):
        return "有一项回答不在可选的范围内，请重新选。"
    if not answers:
        return "请至少回答一项。"
    return ""


def half_of(day: date) -> tuple[date, date]:
    """[first, last] day of the half-year of a day."""
    first, last = ((1, 1), (6, 30)) if day.month <= 6 else ((7, 1), (12, 31))
    return date(day.year, *first), date(day.year, *last)
