"""Scorecards: intervals against published figures and a count of their own, minimums, whose minute and whose order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.causes import Bucket
from budayang.rules.scorecards import BY_CODE, FIGURES, Fact, answers, card, holder_at, median_ranks, score, wilson

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_what_is_published(hits: int, total: int, low: float, high: float) -> None:
    found = wilson(hits, total)
    assert found[0] == pytest.approx(low, abs=5e-5)
    assert found[1] == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_wilson_holds_its_share_and_mirrors(pair: tuple[int, int]) -> None:
    hits, total = pair
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total <= high <= 1
    other = wilson(total - hits, total)
    assert 1 - other[1] == pytest.approx(low, abs=1e-12)
    assert 1 - other[0] == pytest.approx(high, abs=1e-12)
    wider = wilson(hits * 2, total * 2)
    assert wider[1] - wider[0] < high - low, "more rows, surer"


@pytest.mark.parametrize("pair", [(1, 0), (3, 2), (-1, 2)])
def test_no_share_without_rows(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rows"):
        wilson(*pair)


@given(st.integers(1, 200))
def test_the_ranks_of_a_median_cover_it_with_95_percent_and_no_more_than_it_takes(total: int) -> None:
    ranks = median_ranks(total)

    def covers(low: int) -> float:
        """That the median lies between the ranks low and total + 1 - low, counted anew."""
        return float(sum(comb(total, k) for k in range(low, total + 1 - low)) / 2**total)

    if ranks is None:
        assert total <= 5
        return
    assert ranks[1] == total + 1 - ranks[0]
    assert covers(ranks[0]) >= 0.95
    assert covers(ranks[0] + 1) < 0.95


@pytest.mark.parametrize("total", [1022, 1030, 1999, 2000, 2001, 5000])
def test_medians_of_many_rows_have_ranks_too(total: int) -> None:
    """Beyond a thousand rows 2**total is no float any more; whole numbers say the same."""
    ranks = median_ranks(total)
    assert ranks is not None

    def covers(low: int) -> Fraction:
        inside = 2**total - 2 * sum(comb(total, k) for k in range(low))
        return Fraction(inside, 2**total)

    assert covers(ranks[0] - 1) >= Fraction(95, 100), "one rank of the approximation either way"
    assert covers(ranks[0] + 2) < Fraction(95, 100)


def facts(figure: str, oks: int, total: int) -> list[Fact]:
    return [Fact(figure, 1, f"order:{n}", NOW, ok=n < oks, value=float(n), usable=90, lost=10) for n in range(total)]


def test_too_few_rows_are_no_figure() -> None:
    for figure in FIGURES:
        few = score(figure, facts(figure.code, 1, figure.minimum - 1))
        assert (few.value, few.low, few.high, few.rows) == (None, None, None, figure.minimum - 1)
        assert score(figure, facts(figure.code, 1, figure.minimum)).value is not None


def test_the_kinds_of_figures() -> None:
    share = score(BY_CODE["respond"], facts("respond", 15, 20))
    assert (share.value, share.low, share.high) == (0.75, *wilson(15, 20))
    middle = score(BY_CODE["repair_time"], facts("repair_time", 0, 11))
    assert (middle.value, middle.low, middle.high) == (5.0, 1.0, 9.0)
    hours = score(BY_CODE["hours"], facts("hours", 0, 28))
    assert (hours.value, hours.low, hours.high) == (0.9, None, None)


def test_a_card_holds_ones_own_rows_only() -> None:
    rows = [*facts("respond", 10, 10), Fact("respond", 2, "order:x", NOW, ok=False)]
    found = card(rows, 1)
    assert [one.figure for one in found] == list(FIGURES)
    assert found[0].value == 1.0
    assert card(rows, 2)[0].rows == 1


def test_whose_minute_it_is() -> None:
    owner, vendor = 1, 2
    expected = {Bucket.SWITCHED_OFF: owner, Bucket.CONSUMABLES: owner, Bucket.DEVICE: vendor}
    for bucket in Bucket:
        assert answers(bucket, owner, vendor) == expected.get(bucket), bucket
    assert answers(Bucket.DEVICE, owner, None) == owner
    assert answers(Bucket.POWER, owner, None) is None


def test_whose_order_it_is() -> None:
    at = [NOW + timedelta(hours=n) for n in range(5)]
    holders = [(at[1], 7), (at[3], 8)]
    assert [holder_at(holders, one) for one in at] == [7, 7, 7, 7, 8], "taken over late: late in the other's hands"
