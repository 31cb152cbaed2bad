"""Measures replayed over intervals: never less usable time, the parts stay the whole, nothing set changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.causes import Bucket
from budayang.rules.hours import EVER, Span, Tally, claim, divide, merge, micros, tally
from budayang.rules.standard.trial_measures import BY_CODE, MEASURES, BadValue, Measure, read_values, replay
from budayang.rules.standard.trial_results import cost_of, expected_more
from budayang.rules.standard.trials import (
    DAY,
    HOUR,
    MINUTE,
    Chosen,
    Ground,
    Supply,
    Trouble,
    battery,
    extra_stock,
    longer_windows,
    spared,
    visits,
)

START = micros(datetime(2026, 8, 31, 16, tzinfo=UTC))  # 1 September, a Tuesday, by the wall's clock
END = START + 30 * DAY
ALL = [(START, END)]
STATES = (
    ("", "", ""), ("terminal_silent", "", ""), ("paper_out", "printer", "paper.upper"), ("", "printer", "toner"),
)  # fmt: skip


def trouble(
    bucket: Bucket, start: float, end: float | None, cause: str = "", part: str = "", prop: str = ""
) -> Trouble:
    """Hours since the start of the period."""
    until = None if end is None else START + int(end * HOUR)
    return Trouble(claim(bucket, f"x:{bucket}{start}", START + int(start * HOUR), until), cause, part, prop)


def usable(troubles: list[Trouble]) -> Tally:
    return tally(divide(ALL, [one.claim for one in troubles]))


@st.composite
def life(draw: st.DrawFn) -> dict[int, list[Trouble]]:
    """What troubled three machines for a month; some of it began before and some has not ended."""
    found: dict[int, list[Trouble]] = {}
    for terminal in range(3):
        found[terminal] = []
        for _n in range(draw(st.integers(0, 7))):
            start = draw(st.integers(-50, 700))
            end = draw(st.one_of(st.none(), st.integers(1, 200)))
            cause, part, prop = draw(st.sampled_from(STATES))
            bucket = draw(st.sampled_from(list(Bucket)))
            found[terminal].append(trouble(bucket, start, None if end is None else start + end, cause, part, prop))
    return found


def supplies() -> dict[int, dict[str, Supply]]:
    fills = ((START - DAY, 500.0), (START + 9 * DAY, 480.0))
    return {0: {"a4": Supply("a4", 500, 60.0, fills, ((START, 100.0),))}, 1: {"a4": Supply("a4", 500, None)}}


GROUND = Ground(START, END, "Asia/Shanghai", supplies())


def values_of(measure: Measure) -> st.SearchStrategy[dict[str, float | str]]:
    made: dict[str, st.SearchStrategy[float | str]] = {}
    for ask in measure.asks:
        match ask.kind:
            case "number":
                made[ask.name] = st.floats(0, min(ask.most, 500))
            case "weekdays":
                made[ask.name] = st.sampled_from(["", "4", "0 2 4", "0 1 2 3 4 5 6"])
            case "time":
                made[ask.name] = st.sampled_from(["09:00", "16:00", "22:00"])
            case "choice":
                made[ask.name] = st.sampled_from(sorted(ask.choices or {}))
            case _:
                made[ask.name] = st.just("RS")
    return st.fixed_dictionaries(made)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.code)
@given(data=st.data(), troubles=life())
def test_no_measure_makes_usable_time_less_and_the_parts_stay_the_whole(
    measure: Measure, data: st.DataObject, troubles: dict[int, list[Trouble]]
) -> None:
    chosen = [Chosen(measure.code, data.draw(values_of(measure)))]
    after = replay(troubles, chosen, GROUND)
    assert after.keys() == troubles.keys()
    for terminal, rows in troubles.items():
        was, would = usable(rows), usable(after[terminal])
        assert would.usable >= was.usable
        assert would.usable + sum(would.lost) == would.promised == was.promised == END - START


@given(troubles=life(), data=st.data())
def test_all_measures_together_are_no_worse_than_one(troubles: dict[int, list[Trouble]], data: st.DataObject) -> None:
    chosen = [Chosen(one.code, data.draw(values_of(one))) for one in MEASURES]
    after = replay(troubles, chosen, GROUND)
    assert all(usable(after[one]).usable >= usable(rows).usable for one, rows in troubles.items())


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.code)
@given(troubles=life())
def test_what_is_not_set_changes_nothing(measure: Measure, troubles: dict[int, list[Trouble]]) -> None:
    assert replay(troubles, [Chosen(measure.code, measure.none)], GROUND) == troubles
    windows = [(START + 9 * HOUR, START + 17 * HOUR)]
    if measure.code == "department":
        assert longer_windows(windows, measure.none, GROUND) == windows


def test_a_battery_bridges_as_long_as_it_holds_and_charges_meanwhile() -> None:
    cuts: list[Span] = [(0, 20 * MINUTE), (40 * MINUTE, 100 * MINUTE), (DAY, DAY + 10 * MINUTE)]
    # 30 minutes, charged in one hour: 20 used, 20 minutes charge 10 again.
    assert battery(cuts, 30 * MINUTE, HOUR) == [
        (0, 20 * MINUTE), (40 * MINUTE, 60 * MINUTE), (DAY, DAY + 10 * MINUTE),
    ]  # fmt: skip
    assert battery(cuts, 0, HOUR) == []
    assert battery([(0, EVER)], 30 * MINUTE, HOUR) == [(0, 30 * MINUTE)]


def test_with_its_power_back_a_silent_machine_would_have_been_heard_but_not_with_a_broken_printer() -> None:
    rows = {
        1: [
            trouble(Bucket.POWER, 10, 12),
            trouble(Bucket.UNDETERMINED, 10, 12.5, "terminal_silent"),
            trouble(Bucket.DEVICE, 11, 13, "paper_jam", "printer", "media"),
        ]
    }
    after = replay(rows, [Chosen("ups", {"minutes": 90.0, "recharge_h": 8.0})], GROUND)[1]
    found = usable(after).by_bucket()
    assert found == {Bucket.POWER: HOUR // 2, Bucket.DEVICE: HOUR * 3 // 2}
    assert usable(after).usable - usable(rows[1]).usable == HOUR


def test_a_backup_line_takes_over_after_its_switch_and_gives_up_after_its_time() -> None:
    rows = {1: [trouble(Bucket.NETWORK, 0, 5), trouble(Bucket.NETWORK, 10, 10.01)]}
    after = replay(rows, [Chosen("second_line", {"minutes": 120.0, "switch_s": 60.0})], GROUND)[1]
    assert [one.span for one in after] == [
        (START, START + MINUTE), (START + 2 * HOUR + MINUTE, START + 5 * HOUR),
        (START + 10 * HOUR, START + int(10.01 * HOUR)),
    ]  # fmt: skip


def test_a_repair_ends_in_time_whatever_else_is_wrong() -> None:
    rows = {1: [trouble(Bucket.DEVICE, 0, 9), trouble(Bucket.DEVICE, 20, None), trouble(Bucket.DAMAGE, 40, 60)]}
    after = replay(rows, [Chosen("repair", {"hours": 4.0})], GROUND)[1]
    assert [(one.span[0] - START, one.span[1] - START) for one in after] == [
        (0, 4 * HOUR), (20 * HOUR, 24 * HOUR), (40 * HOUR, 60 * HOUR),
    ]  # fmt: skip


def test_a_spare_machine_stands_in_for_one_at_a_time() -> None:
    rows = {
        1: [trouble(Bucket.DEVICE, 0, 10)],
        2: [trouble(Bucket.DEVICE, 2, 20), trouble(Bucket.DEPARTMENT, 2, 20)],
        3: [trouble(Bucket.SOFTWARE, 30, 33)],
    }
    one = replay(rows, [Chosen("spare", {"count": 1.0, "hours": 1.0})], GROUND)
    assert [usable(found).by_bucket() for found in one.values()] == [
        {Bucket.DEVICE: HOUR}, {Bucket.DEVICE: 8 * HOUR, Bucket.DEPARTMENT: 10 * HOUR}, {Bucket.SOFTWARE: HOUR},
    ]  # fmt: skip
    two = replay(rows, [Chosen("spare", {"count": 2.0, "hours": 1.0})], GROUND)
    assert usable(two[2]).by_bucket() == {Bucket.DEVICE: HOUR, Bucket.DEPARTMENT: 17 * HOUR}


def test_weekly_visits_by_the_areas_clock() -> None:
    found = visits(GROUND, frozenset({4}), time(16))
    days = [datetime.fromtimestamp(one / 1_000_000, UTC) for one in found]
    assert [(one.day, one.hour) for one in days] == [(4, 8), (11, 8), (18, 8), (25, 8)]


def test_what_was_brought_goes_at_the_usual_speed_and_no_more_fits_than_there_is_room() -> None:
    supply = Supply("a4", 500, 48.0, ((START, 500.0),))
    out = [(START + 5 * DAY, START + 8 * DAY)]
    # Brought during the outage into an empty tray: 96 sheets are two days.
    assert extra_stock(supply, out, [START + 6 * DAY], 96, 48) == [(START + 6 * DAY, START + 8 * DAY)]
    # Brought before, into a tray that is full by the count: nothing fits.
    assert extra_stock(supply, out, [START + DAY], 96, 48) == []
    used = Supply("a4", 500, 48.0, ((START, 500.0),), ((START + HOUR, 476.0),))
    assert extra_stock(used, out, [START + DAY], 96, 48) == [(START + 5 * DAY, START + 7 * DAY)]
    # 470 fit into the room of 476, of the next 470 only 6: 476 sheets at 480 a day.
    lasts = 476 * DAY // 480
    twice = extra_stock(used, out, [START + DAY, START + 2 * DAY], 470, 480)
    assert twice == [(START + 5 * DAY, START + 5 * DAY + lasts)]
    assert extra_stock(used, out, [START + DAY], 96, 0) == [], "nobody knows how fast"
    # A fill that somebody wrote down takes the room.
    filled = Supply("a4", 500, 48.0, ((START, 500.0), (START + 3 * DAY, 500.0)), ((START + HOUR, 476.0),))
    assert extra_stock(filled, out, [START + DAY], 96, 48) == []


def test_a_department_that_stays_open_longer_and_on_saturdays() -> None:
    week = [(START + day * DAY + 9 * HOUR, START + day * DAY + 17 * HOUR) for day in (1, 2, 3, 6, 7)]
    found = longer_windows(week, {"department": "RS", "until": "22:00", "saturday": "yes"}, GROUND)
    days = [(start - START) // DAY for start, _end in found]
    assert days == [1, 2, 3, 4, 6, 7, 11, 18, 25], "the 5th is a Saturday; each is like the day before it"
    assert {(end - start) // HOUR for start, end in found} == {13}
    assert longer_windows(week, {"department": "RS", "until": "12:00", "saturday": "no"}, GROUND) == merge(week)


def test_taking_away_keeps_the_reference() -> None:
    one = trouble(Bucket.POWER, 0, 10)
    left = spared(one, [(START + HOUR, START + 2 * HOUR)])
    assert [part.claim.ref for part in left] == [one.claim.ref] * 2
    assert sum(part.span[1] - part.span[0] for part in left) == 9 * HOUR


def test_cost_and_expected_matters() -> None:
    found = cost_of(1000, 50, 4, 6, 12 * HOUR)
    assert (found.total, found.each, found.hour) == (1200, 200, 100)
    none = cost_of(1000, 0, 3, 0, 0)
    assert (none.total, none.each, none.hour) == (1000, None, None)
    done, hours, won = [0] * 24, [HOUR] * 24, [0] * 24
    done[9], won[9], hours[9] = 30, HOUR, 10 * HOUR
    assert expected_more(done, hours, won) == 3
    done[9] = 19
    assert expected_more(done, hours, won) is None, "a rate of so few says nothing"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("22:00", "22:00"), ("220000", "22:00"), ("2200", "22:00"), ("T22:00", "22:00"), ("22:00:30", "22:00"), ("", "")],
)
def test_a_time_however_written_is_kept_as_hours_and_minutes(typed: str, kept: str) -> None:
    found = read_values(BY_CODE["department"], {"department": "RS", "until": typed, "saturday": "no"})
    assert found["until"] == kept
    week = [(START + DAY + 9 * HOUR, START + DAY + 17 * HOUR)]
    assert longer_windows(week, found, GROUND)[0][1] == START + DAY + (22 if kept else 17) * HOUR


def test_values_that_cannot_be_taken_say_which_and_why() -> None:
    with pytest.raises(BadValue, match="0 和 1440 之间") as refusal:
        read_values(BY_CODE["ups"], {"minutes": "2000", "recharge_h": "8"})
    assert refusal.value.name == "minutes"
    with pytest.raises(BadValue, match="要写数字"):
        read_values(BY_CODE["ups"], {"minutes": "半小时"})
    with pytest.raises(BadValue, match="22:00"):
        read_values(BY_CODE["department"], {"department": "RS", "until": "晚上", "saturday": "no"})
    for text in ("25:00", "220", "22点", "２２：００", "22:00 22:00"):
        with pytest.raises(BadValue, match="22:00"):
            read_values(BY_CODE["department"], {"department": "RS", "until": text, "saturday": "no"})
    with pytest.raises(BadValue, match="没有这个选项"):
        read_values(BY_CODE["restock"], {"consumable": "gold"})
    assert read_values(BY_CODE["repair"], {"hours": "2.5"}) == {"hours": 2.5}
