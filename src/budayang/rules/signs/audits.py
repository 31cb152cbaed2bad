"""Audits of signs (标志检查): which signs a round looks at, and the rates that its answers give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

WELL, GONE, WRONG = "完好", "缺失", "文字不对"
"""Answers of the pattern question in data/check_questions.csv that the rates read; all others are damage."""
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SignSeen:
    """One answer about one sign. ``sign``: its id on the area's plan; ``row``: key of the answer."""

    area_id: int
    sign: str
    value: str
    at: datetime
    row: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the signs that were looked at in a period, by the last look at each. ``planned``: signs on the plan."""

    planned: int
    seen: int
    present: int
    intact: int
    right: int


def is_well(value: str) -> bool:
    """The sign hangs and nothing is wrong with it."""
    return value == WELL


def is_right(value: str) -> bool:
    """The sign hangs and its text is right, whatever its face looks like."""
    return value not in (GONE, WRONG)


def pick(signs: Sequence[str], seen_at: Mapping[str, datetime], most: int) -> list[str]:
    """The ``most`` signs that were not looked at for longest, never seen ones first; as they stand on the plan."""
    waiting = sorted(signs, key=lambda one: seen_at.get(one, NEVER))[: max(most, 0)]
    return [one for one in signs if one in set(waiting)]


def rates(planned: Iterable[tuple[int, str]], seen: Iterable[SignSeen]) -> Rates:
    """Rates of (area, sign) pairs that are on the plans, from what was said of them, oldest first.

    A sign that hangs counts as right unless the last look said that its text is not; intact only when it was well.
    """
    wanted = set(planned)
    last = {(one.area_id, one.sign): one.value for one in seen if (one.area_id, one.sign) in wanted}
    values = list(last.values())
    return Rates(
        planned=len(wanted),
        seen=len(values),
        present=sum(value != GONE for value in values),
        intact=sum(map(is_well, values)),
        right=sum(map(is_right, values)),
    )
