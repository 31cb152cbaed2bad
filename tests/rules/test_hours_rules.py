"""The division of promised time: by tables, against a count moment by moment, and by its laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from budayang.rules.causes import PRECEDENCE, Bucket
from budayang.rules.hours import (
    BUCKET_ORDER,
    EVER,
    RANKS,
    Claim,
    Fact,
    Piece,
    Span,
    Tally,
    attribute,
    by_slots,
    claim,
    cut,
    divide,
    merge,
    micros,
    moment,
    outside,
    overlap,
    summarize,
    summary_of,
    tally,
    unseen,
)
from budayang.rules.intervals import Interval

LIMIT = 60  # moments of the little world in which everything is counted one by one

spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 12)).map(lambda p: (p[0], p[0] + p[1])), max_size=5).map(
    merge
)
claims = st.lists(
    st.builds(
        lambda bucket, ref, start, length, yields: claim(
            bucket, f"f{ref}", start, None if length == 0 else start + length, yields=yields
        ),
        st.sampled_from(list(Bucket)),
        st.integers(0, 9),
        st.integers(-10, 60),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=10,
)


def moment_by_moment(promised: list[Span], facts: list[Claim]) -> Tally:
    """The definition, without any cleverness: ask of each single moment who takes it."""
    found = Tally()
    for at in range(LIMIT + 10):
        if not any(start <= at < end for start, end in promised):
            continue
        found.promised += 1
        holding = [one for one in facts if one.start <= at < one.end]
        if holding:
            found.lost[min(holding).bucket] += 1
        else:
            found.usable += 1
    return found


@given(spans, claims)
def test_the_sweep_agrees_with_a_count_moment_by_moment(promised: list[Span], facts: list[Claim]) -> None:
    assert tally(divide(promised, facts)) == moment_by_moment(promised, facts)


@given(spans, claims)
def test_each_moment_once_in_order_and_sums_are_equal(promised: list[Span], facts: list[Claim]) -> None:
    pieces = divide(promised, facts)
    assert merge((start, end) for start, end, _by in pieces) == promised
    assert all(one[1] <= two[0] for one, two in pairwise(pieces))
    found = tally(pieces)
    assert found.usable + sum(found.lost) == found.promised == sum(end - start for start, end in promised)


@given(spans, claims, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(promised: list[Span], facts: list[Claim], chance: object) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random
    assert _bounds(divide(promised, shuffled)) == _bounds(divide(promised, facts))


def _bounds(pieces: list[Piece]) -> list[tuple[int, int, Claim | None]]:
    """Pieces by value: two equal facts are one."""
    out: list[tuple[int, int, Claim | None]] = []
    for start, end, by in pieces:
        if out and out[-1][1] == start and out[-1][2] == by:
            out[-1] = (out[-1][0], end, by)
        else:
            out.append((start, end, by))
    return out


@given(spans, claims, claims)
def test_one_more_fact_never_adds_usable_time(promised: list[Span], facts: list[Claim], more: list[Claim]) -> None:
    before, after = tally(divide(promised, facts)), tally(divide(promised, facts + more))
    assert after.usable <= before.usable
    assert after.promised == before.promised


@given(spans, claims, st.lists(st.integers(-5, 70), max_size=6))
@example([(0, 50)], [claim(Bucket.DEVICE, "a", 3, 20)], [7, 7, 8])
def test_the_period_may_be_split_anywhere(promised: list[Span], facts: list[Claim], at: list[int]) -> None:
    edges = [-100, *sorted(at), 200]
    whole = tally(divide(promised, facts))
    slots = by_slots(divide(promised, facts), edges)
    apart = [tally(divide(overlap(promised, [(a, b)]) if a < b else [], facts)) for a, b in pairwise(edges)]
    assert slots == apart
    total = Tally()
    for one in slots:
        total.add(one)
    assert total == whole


def test_cut_keeps_pieces_whole_within_a_slot() -> None:
    pieces = divide([(0, 100)], [claim(Bucket.DEVICE, "a", 10, 30)])
    assert [[(a, b) for a, b, _by in slot] for slot in cut(pieces, [0, 20, 20, 100])] == [
        [(0, 10), (10, 20)],
        [],
        [(20, 30), (30, 100)],
    ]


@given(spans, spans)
def test_span_algebra(a: list[Span], b: list[Span]) -> None:
    inside, out = overlap(a, b), outside(a, b)
    assert merge(inside + out) == a
    assert overlap(inside, out) == []


@given(
    st.integers(0, 10**15),
    st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(1, 10**12)), max_size=6),
)
def test_sums_are_exact_to_the_microsecond(origin: int, parts: list[tuple[int, int]]) -> None:
    """Odd microseconds, far from 1970: nothing is rounded on the way through times and back."""
    facts = [
        Fact(f"f{n}", BUCKET_ORDER[n], moment(origin + start), moment(origin + start + length))
        for n, (start, length) in enumerate(parts)
    ]
    promised = [Interval(moment(origin), moment(origin + 10**12 + 1))]
    found = attribute(promised, facts)
    assert sum(micros(one.interval.end) - micros(one.interval.start) for one in found) == 10**12 + 1
    assert all(micros(moment(us)) == us for us in (origin, origin + 1))


START = datetime(2026, 11, 23, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([], {}, id="nothing is known against it"),
        pytest.param([("silent", Bucket.UNDETERMINED, 0, 60)], {"undetermined": 60}, id="a silence blames nobody"),
        pytest.param([("silent", Bucket.SWITCHED_OFF, 0, 60)], {"switched_off": 60}, id="evidence settles the silence"),
        pytest.param(
            [("area", Bucket.POWER, 0, 30), ("silent", Bucket.UNDETERMINED, 0, 60)],
            {"power": 30, "undetermined": 30},
            id="the area's fault takes its part, what it leaves is not settled",
        ),
        pytest.param(
            [("area", Bucket.POWER, 0, 20), ("area2", Bucket.POWER, 10, 40), ("paper", Bucket.CONSUMABLES, 30, 60)],
            {"power": 40, "consumables": 20},
            id="a split fault of the area counts each moment once",
        ),
        pytest.param(
            [("stop", Bucket.PLANNED, 0, 30), ("door", Bucket.SITE, 10, 60)],
            {"planned": 30, "site": 30},
            id="announced before locked",
        ),
    ],
)
def test_whose_minutes(facts: list[tuple[str, Bucket, float, float]], expected: dict[str, int]) -> None:
    found = summarize(
        attribute([Interval(at(0), at(60))], [Fact(ref, bucket, at(a), at(b)) for ref, bucket, a, b in facts])
    )
    assert {bucket.value: seconds / 60 for bucket, seconds in found.by_bucket.items()} == expected


def test_a_relay_that_was_away_hides_no_settled_cause_but_excuses_an_unsettled_silence() -> None:
    facts = [
        Fact("relay", Bucket.MONITORING_LOST, at(0), at(60), yields=True),
        Fact("power", Bucket.POWER, at(0), at(20)),
        Fact("silent", Bucket.UNDETERMINED, at(0), at(60)),
    ]
    found = summarize(attribute([Interval(at(0), at(60))], facts)).by_bucket
    assert found == {Bucket.POWER: 20 * 60, Bucket.MONITORING_LOST: 40 * 60}


def test_what_no_source_saw_is_neither_usable_nor_blamed() -> None:
    facts = [Fact("plug", Bucket.SWITCHED_OFF, at(0), at(10))]
    found = attribute([Interval(at(0), at(60))], facts, seen=[Interval(at(20), at(50))])
    assert [(one.bucket, one.fact_ref, one.interval.seconds / 60) for one in found] == [
        (Bucket.SWITCHED_OFF, "plug", 10),
        (Bucket.MONITORING_LOST, "unseen", 10),
        (None, None, 30),
        (Bucket.MONITORING_LOST, "unseen", 10),
    ]
    assert summarize(found).counted_s == 40 * 60


@given(spans, claims, spans)
def test_only_seen_time_is_usable(promised: list[Span], facts: list[Claim], seen: list[Span]) -> None:
    found = divide(promised, facts + unseen(promised, seen))
    assert outside([(a, b) for a, b, by in found if by is None], seen) == []


def test_ranks_are_the_precedence_with_room_between() -> None:
    assert sorted(Bucket, key=lambda b: RANKS[b]) == list(PRECEDENCE)
    assert len({*RANKS.values()}) == len(Bucket)


def test_a_tally_in_seconds_counts_what_the_pieces_count() -> None:
    promised = [(0, 100_000_000)]
    facts = [claim(Bucket.PLANNED, "p", 0, 20_000_000), claim(Bucket.DEVICE, "d", 50_000_000, None)]
    found = summary_of(tally(divide(promised, facts)))
    assert (found.promised_s, found.usable_s, found.counted_s) == (100.0, 30.0, 80.0)
    assert tally(divide(promised, facts)).counted == 80_000_000
    assert divide(promised, facts)[-1][2] == claim(Bucket.DEVICE, "d", 50_000_000, EVER)
