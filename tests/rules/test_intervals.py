"""The algebra of intervals, checked against sets of minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval, boundaries, clip, find_at, intersect, maybe, subtract, total_s, union

START = datetime(2026, 11, 1, tzinfo=UTC)
NAIVE = START.replace(tzinfo=None) + timedelta(days=1)


def minute(n: int) -> datetime:
    return START + timedelta(minutes=n)


def span(a: int, b: int) -> Interval:
    return Interval(minute(a), minute(b))


def minutes(xs: list[Interval]) -> set[int]:
    return {
        n
        for x in xs
        for n in range(int((x.start - START).total_seconds() // 60), int((x.end - START).total_seconds() // 60))
    }


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: span(p[0], p[0] + p[1])),
    max_size=8,
)


def is_tidy(xs: list[Interval]) -> bool:
    return all(a.end < b.start for a, b in pairwise(xs))


@given(spans, spans)
def test_operations_agree_with_sets_of_minutes(a: list[Interval], b: list[Interval]) -> None:
    for found, expected in (
        (union([*a, *b]), minutes(a) | minutes(b)),
        (intersect(a, b), minutes(a) & minutes(b)),
        (subtract(a, b), minutes(a) - minutes(b)),
    ):
        assert minutes(found) == expected
        assert is_tidy(found)
        assert total_s(found) == 60 * len(expected)


@given(spans, spans)
def test_a_whole_is_its_two_parts(a: list[Interval], b: list[Interval]) -> None:
    assert union([*intersect(a, b), *subtract(a, b)]) == union(a)
    assert intersect(intersect(a, b), subtract(a, b)) == []


@given(spans)
def test_union_is_its_own_union_and_counts_each_moment_once(a: list[Interval]) -> None:
    assert union(union(a)) == union(a)
    assert total_s([*a, *a]) == total_s(a)


def test_half_open_ends() -> None:
    assert union([span(0, 5), span(5, 9)]) == [span(0, 9)]
    assert intersect([span(0, 5)], [span(5, 9)]) == []
    assert span(0, 5).contains(minute(0))
    assert not span(0, 5).contains(minute(5))
    assert find_at([span(0, 5), span(7, 9)], minute(7)) == span(7, 9)
    assert find_at([span(0, 5)], minute(6)) is None
    assert clip([span(0, 5), span(7, 9)], span(4, 8)) == [span(4, 5), span(7, 8)]
    assert maybe(minute(3), minute(3)) == []
    assert boundaries([span(0, 5)], [span(5, 9)]) == [minute(0), minute(5), minute(9)]


def test_other_zones_become_utc() -> None:
    ordos = timezone(timedelta(hours=8))
    x = Interval(datetime(2026, 11, 1, 8, tzinfo=ordos), datetime(2026, 11, 1, 9, tzinfo=ordos))
    assert x == span(0, 60)
    assert x.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (minute(5), minute(5)),
        (minute(5), minute(4)),
        (NAIVE, minute(4)),
        (minute(1), NAIVE),
    ],
)
def test_what_is_no_interval_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError):
        Interval(start, end)
