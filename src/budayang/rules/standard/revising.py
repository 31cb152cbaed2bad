"""What the answers of many areas say about a clause: how many meet it, and if its number is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from budayang.rules.standard.parts import Part

LEAST_AREAS = 5
"""With fewer judged areas nothing is said of the number."""
OUT_OF_REACH = 0.2
"""So small a share of areas meets it: out of reach."""
EASY = 0.5
"""Every area meets it and the worst one stands so far on the good side of the threshold: low."""
ADVICE_NAMES: dict[str, str] = {
    "out_of_reach": "够不着",
    "low": "偏低",
    "apart": "各区差别大",
    "fits": "合适",
    "few": "样本不足",
    "no_number": "没有数值",
    "none": "没有证据",
    "new": "新条款",
}
ADVICE_WHY: dict[str, str] = {
    "out_of_reach": "判定的自助区里，符合的不到五分之一",
    "low": "判定的自助区全部符合，最差的也远好于要求",
    "apart": "有的符合、有的不符合，差别由管理还是由条件造成，要看明细",
    "fits": "大多数自助区符合，数值没有明显偏低",
    "few": "判定的自助区少于 5 个，不下结论",
    "no_number": "条款没有数值，只看符合不符合",
    "none": "所选月份没有自助区有证据",
    "new": "采用过的版本里没有问同一件事的条款，还没有证据",
}


@dataclass(frozen=True, slots=True)
class Asks:
    """What a clause of an edition asks, and the parts by which it is judged; () when it is not connected."""

    requirement: str
    parts: tuple[Part, ...] = ()

    @property
    def measures(self) -> frozenset[str]:
        """The metrics and round questions that answer it. Documents and entered numbers name no subject."""
        return frozenset(name for part in self.parts for name in (part.metric, *part.questions) if name)


def speaks_of(asked: Asks, judged: Asks) -> bool:
    """Whether verdicts on one clause are evidence on another of the same code in another edition. Reworded or with
    another threshold it is the same matter; not where the words differ and so does everything that is measured: the
    code was given to another requirement.
    """
    if asked.requirement == judged.requirement or not (asked.measures and judged.measures):
        return True
    return bool(asked.measures & judged.measures)


@dataclass(frozen=True, slots=True)
class Reading:
    """One area and month: its answer and number against the threshold then. None: nothing was counted."""

    area: str
    answer: str
    number: float | None
    threshold: float | None
    comparison: str


@dataclass(frozen=True, slots=True)
class Spread:
    """What the readings of one clause come to. Areas are counted once: one month not met is not met.

    `least`, `low`, `middle`, `high`, `most`: of all numbers; low and high leave out a tenth at each side.
    """

    met: int
    not_met: int
    not_applicable: int
    no_evidence: int
    sample: int
    least: float | None
    low: float | None
    middle: float | None
    high: float | None
    most: float | None
    advice: str

    @property
    def judged(self) -> int:
        return self.met + self.not_met


def spread(readings: Sequence[Reading]) -> Spread:
    """Add the readings of one clause up."""
    areas: dict[str, set[str]] = {}
    for one in readings:
        areas.setdefault(one.area, set()).add(one.answer)
    answers = [_of_area(found) for found in areas.values()]
    counts = {name: answers.count(name) for name in ("met", "not_met", "not_applicable", "no_evidence")}
    numbers = sorted(one.number for one in readings if one.number is not None)
    return Spread(
        **counts,
        sample=len(numbers),
        least=numbers[0] if numbers else None,
        low=quantile(numbers, 0.1),
        middle=quantile(numbers, 0.5),
        high=quantile(numbers, 0.9),
        most=numbers[-1] if numbers else None,
        advice=_advice(counts["met"], counts["not_met"], readings),
    )


def _of_area(found: set[str]) -> str:
    for answer in ("not_met", "met", "no_evidence"):
        if answer in found:
            return answer
    return "not_applicable"


def quantile(ordered: Sequence[float], part: float) -> float | None:
    """The value below which `part` of the ordered numbers lie, between neighbours by the line; None of nothing."""
    if not ordered:
        return None
    at = part * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def _advice(met: int, not_met: int, readings: Sequence[Reading]) -> str:
    judged = met + not_met
    if not judged:
        return "none"
    if judged < LEAST_AREAS:
        return "few"
    margins = [found for one in readings if (found := margin(one)) is not None]
    if met <= OUT_OF_REACH * judged:
        return "out_of_reach"
    if not margins:
        return "no_number"
    if not not_met and min(margins) >= EASY:
        return "low"
    return "fits" if met >= 0.8 * judged else "apart"


def margin(one: Reading) -> float | None:
    """How far a number stands on the good side of its threshold: 0 at it, 1 at the best there can be. Shares (≥ 0.95)
    are best at 1; other numbers with ≥ at twice the threshold; with ≤ at nothing.
    """
    if one.number is None or one.threshold is None:
        return None
    if one.comparison in {"<=", "<"}:
        return (one.threshold - one.number) / one.threshold if one.threshold else (0.0 if one.number == 0 else -1.0)
    if one.threshold == 0:
        return None
    best = 1.0 if 0 < one.threshold <= 1 else 2 * one.threshold
    if best == one.threshold:
        return 0.0 if one.number >= one.threshold else one.number - one.threshold
    return (one.number - one.threshold) / (best - one.threshold)
