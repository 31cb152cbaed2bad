"""The score of an area by chapter: which clauses count, what each that is not met costs, and what would lift it most.

By default clauses count whose basis is of grade A or B throughout and whose value is no template's; the others are
listed apart with the same arithmetic. A clause counts with its weight: the score is the weight of what is met ÷ the
weight of what is met or not met, of 100. What does not apply is left out. What has no evidence is neither met nor
broken: it is told as coverage, and as the score if all of it were broken or met. A clause under a running transition
plan (逐步过渡) that is not met is listed apart and costs nothing until its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from budayang.rules.standard.answers import Answer
from budayang.rules.standard.edition_text import letters

COUNTED = frozenset("AB")


@dataclass(frozen=True, slots=True)
class Row:
    """A clause with its answer. ``in_transition``: the area has time to meet it."""

    code: str
    chapter: int
    weight: float
    grade: str
    template: bool
    answer: Answer
    in_transition: bool = False

    @property
    def counted(self) -> bool:
        """Whether the basis is of grade A or B throughout and the value no template's."""
        found = letters(self.grade)
        return bool(found) and set(found) <= COUNTED and not self.template


@dataclass(frozen=True, slots=True)
class Loss:
    """What a clause costs (points of 100), or would bring."""

    code: str
    answer: Answer
    points: float


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` of 100; None when nothing was judged. ``floor`` and ``ceiling``: if all that has no evidence were not
    met, or met. ``coverage``: the share of weight that was judged.
    """

    met: float
    not_met: float
    unknown: float
    value: float | None
    floor: float | None
    ceiling: float | None
    coverage: float | None
    deductions: tuple[Loss, ...]
    lifts: tuple[Loss, ...]
    transitions: tuple[str, ...]
    counts: dict[Answer, int]


def score(rows: Iterable[Row]) -> Score:
    """The score of these rows, whichever they are; see :func:`split` for which count."""
    kept = list(rows)
    waiting = [one for one in kept if one.in_transition and one.answer is Answer.NOT_MET]
    counted = [one for one in kept if one not in waiting]
    met = sum(one.weight for one in counted if one.answer is Answer.MET)
    lost = [one for one in counted if one.answer is Answer.NOT_MET]
    blind = [one for one in counted if one.answer is Answer.NO_EVIDENCE]
    not_met, unknown = sum(one.weight for one in lost), sum(one.weight for one in blind)
    judged, whole = met + not_met, met + not_met + unknown
    value = 100 * met / judged if judged else None
    return Score(
        met=met,
        not_met=not_met,
        unknown=unknown,
        value=value,
        floor=100 * met / whole if whole else None,
        ceiling=100 * (met + unknown) / whole if whole else None,
        coverage=judged / whole if whole else None,
        deductions=_sorted(Loss(one.code, one.answer, 100 * one.weight / judged) for one in lost),
        lifts=_sorted(
            [
                *(Loss(one.code, one.answer, 100 * one.weight / judged) for one in lost),
                *(Loss(one.code, one.answer, _gain(met, judged, one.weight)) for one in blind),
            ]
        ),
        transitions=tuple(one.code for one in waiting),
        counts={answer: sum(one.answer is answer for one in kept) for answer in Answer},
    )


def _gain(met: float, judged: float, weight: float) -> float:
    """What proving one more clause met would add."""
    after = 100 * (met + weight) / (judged + weight)
    return after - (100 * met / judged if judged else 0.0)


def _sorted(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    return tuple(sorted(losses, key=lambda one: (-round(one.points, 9), one.code)))


def split(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """(those that count by default, those that are listed apart)."""
    kept = list(rows)
    return [one for one in kept if one.counted], [one for one in kept if not one.counted]


def by_chapter(rows: Sequence[Row]) -> list[tuple[int, Score]]:
    """A score for each chapter, in order."""
    return [
        (number, score(one for one in rows if one.chapter == number))
        for number in sorted({one.chapter for one in rows})
    ]
