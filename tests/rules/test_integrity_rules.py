"""What looks wrong with ratings: each rule by a table, and that honest days raise nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.evaluation.integrity import FLAG_KINDS, Flag, Limits, Seen, flags_of

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
USUAL = Limits()
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def seen(key: int, at: datetime, **more: object) -> Seen:
    values: dict[str, object] = {"terminal": "KBS-01", "level": "very_satisfied", "journey": True, **more}
    return Seen(key=key, at=at, **values)  # type: ignore[arg-type]


def kinds(rows: list[Seen], limits: Limits = USUAL) -> set[tuple[int, str]]:
    return {(one.key, one.kind) for one in flags_of(rows, limits)}


def test_six_in_ten_minutes_are_a_burst_and_five_are_not() -> None:
    six = [seen(n, NOW + n * 2 * MINUTE - n * SECOND) for n in range(6)]
    assert kinds(six) == {(n, "burst") for n in range(6)}
    assert kinds(six[:5]) == set()
    assert kinds([seen(n, NOW + n * 2 * MINUTE) for n in range(6)]) == set(), "the sixth is ten minutes after the first"


def test_a_burst_is_of_one_terminal_and_of_the_machine_only() -> None:
    assert kinds([seen(n, NOW + n * SECOND * 90, terminal=f"T{n % 2}") for n in range(6)]) == set()
    assert kinds([seen(n, NOW + n * SECOND * 90, journey=None) for n in range(9)]) == set(), "from home, in an evening"


def test_the_reason_says_its_numbers() -> None:
    found = flags_of([seen(n, NOW + n * MINUTE) for n in range(7)])
    assert {one.why for one in found} == {"这台终端 10 分钟里有 7 次评价"}


@pytest.mark.parametrize(("journey", "flagged"), [(False, True), (True, False), (None, False)])
def test_without_a_journey(journey: bool | None, flagged: bool) -> None:
    assert ((1, "no_journey") in kinds([seen(1, NOW, journey=journey)])) is flagged


@pytest.mark.parametrize(("ms", "flagged"), [(0, True), (900, True), (1000, False), (5000, False), (-500, False)])
def test_faster_than_a_person(ms: int, flagged: bool) -> None:
    row = seen(1, NOW, shown_at=NOW - timedelta(milliseconds=ms))
    assert bool(kinds([row])) is flagged


def test_a_page_whose_showing_is_not_known_is_not_too_fast() -> None:
    assert kinds([seen(1, NOW, shown_at=None)]) == set()


def test_the_same_several_reasons_again_and_again() -> None:
    bad = {"level": "unsatisfied", "reasons": ("too_slow", "unclear")}
    four = [seen(n, NOW + n * 60 * MINUTE, **bad) for n in range(4)]
    assert kinds(four) == {(n, "same_again") for n in range(4)}
    assert kinds(four[:3]) == set()
    swapped = [*four[:3], seen(3, NOW + 180 * MINUTE, level="unsatisfied", reasons=("unclear", "too_slow"))]
    assert len(kinds(swapped)) == 4, "their order says nothing"
    one_reason = [seen(n, NOW + n * 60 * MINUTE, level="unsatisfied", reasons=("too_slow",)) for n in range(4)]
    assert kinds(one_reason) == set(), "one reason may well be many people's"


def test_best_ratings_while_staff_is_at_the_machine() -> None:
    staffed = [seen(n, NOW + n * 60 * MINUTE, staffed=True) for n in range(3)]
    assert kinds(staffed) == {(n, "staff") for n in range(3)}
    assert kinds(staffed[:2]) == set()
    assert kinds([*staffed[:2], seen(2, NOW + DAY, staffed=True, level="satisfied")]) == set()


def test_the_same_minute_on_many_days() -> None:
    daily = [seen(n, NOW + n * DAY + n * 10 * SECOND) for n in range(5)]
    assert kinds(daily) == {(n, "same_time") for n in range(5)}
    assert kinds(daily[:4]) == set()
    one_day = [seen(n, NOW + n * 20 * SECOND) for n in range(5)]
    assert kinds(one_day) == set(), "five on one day are one day"


def test_a_shift_of_the_limits_shifts_the_flags() -> None:
    rows = [seen(n, NOW + n * MINUTE) for n in range(3)]
    assert kinds(rows) == set()
    assert kinds(rows, Limits(burst=3)) == {(n, "burst") for n in range(3)}


@given(
    st.lists(
        st.tuples(st.integers(0, 86400 * 3), st.sampled_from(["very_satisfied", "unsatisfied"]), st.booleans()),
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_rows_changes_nothing_and_each_flag_is_once(rows: list[tuple[int, str, bool]], random: object) -> None:
    made = [seen(n, NOW + s * SECOND, level=level, staffed=staffed) for n, (s, level, staffed) in enumerate(rows)]
    first = flags_of(made)
    mixed = list(made)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    def plain(found: list[Flag]) -> list[tuple[int, str, str]]:
        return sorted((one.key, one.kind, one.why) for one in found)

    assert plain(flags_of(mixed)) == plain(first)
    assert len({(one.key, one.kind) for one in first}) == len(first)
    assert {one.kind for one in first} <= FLAG_KINDS.keys()


@given(st.integers(1, 30))
def test_people_a_quarter_of_an_hour_apart_raise_nothing(count: int) -> None:
    rows = [
        seen(n, NOW + n * 17 * MINUTE, shown_at=NOW + n * 17 * MINUTE - 4 * SECOND, level="satisfied")
        for n in range(count)
    ]
    assert flags_of(rows) == []


@given(st.lists(st.integers(0, 4000), max_size=30), st.integers(2, 6))
def test_a_burst_is_the_fullest_window_that_holds_it(seconds: list[int], least: int) -> None:
    """Held against a count of every window by itself."""
    rows = [seen(n, NOW + s * SECOND, level="satisfied") for n, s in enumerate(sorted(seconds))]
    expected = set()
    for one in rows:
        fullest = 0
        for start in rows:
            window = [other for other in rows if start.at <= other.at and (other.at - start.at).total_seconds() < 600]
            if one in window:
                fullest = max(fullest, len(window))
        if fullest >= least:
            expected.add((one.key, f"这台终端 10 分钟里有 {fullest} 次评价"))
    found = {(one.key, one.why) for one in flags_of(rows, Limits(burst=least)) if one.kind == "burst"}
    assert found == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 600)), max_size=25))
def test_the_same_time_is_held_against_every_window(moments: list[tuple[int, int]]) -> None:
    rows = [seen(n, NOW + day * DAY + s * SECOND) for n, (day, s) in enumerate(moments)]
    clock = {one.key: one.at.hour * 3600 + one.at.minute * 60 + one.at.second for one in rows}
    expected = set()
    for one in rows:
        most = 0
        for start in rows:
            window = [other for other in rows if 0 <= clock[other.key] - clock[start.key] < 120]
            if one in window:
                most = max(most, len({other.at.date() for other in window}))
        if most >= 5:
            expected.add((one.key, f"有 {most} 天在同样的 2 分钟里出现“非常满意”"))
    assert {(one.key, one.why) for one in flags_of(rows) if one.kind == "same_time"} == expected
