"""The clocks of an order: a table of cases, and what holds for every life of an order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval
from budayang.rules.order_clocks import (
    DAY_AND_NIGHT,
    Calendars,
    Change,
    ClockPolicy,
    Why,
    order_clocks,
    policy_for,
)
from budayang.rules.orders import OrderEvent, allowed_events, next_state
from budayang.rules.parameters import BY_NAME, STEPS

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
POLICY = ClockPolicy(respond_s=1800, arrive_s=4 * 3600, repair_s=8 * 3600)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def minute_of(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - START).total_seconds() / 60


def events(text: str) -> list[OrderEvent]:
    """``reported@0 paused:no_access@60 transferred>vendor@70 arrived@80~200``: minute, ``~`` the minute of telling."""
    out = []
    for word in text.split():
        found = re.fullmatch(r"(\w+)(?::(\w+))?(?:>(\w+))?@([\d.]+)(?:~([\d.]+))?", word)
        assert found is not None, word
        kind, reason, holder, when, told = found.groups()
        out.append(OrderEvent(kind, at(float(when)), reason or "", holder or "", at(float(told)) if told else None))
    return out


def hours(*pairs: tuple[float, float]) -> list[Interval]:
    return [Interval(at(start), at(end)) for start, end in pairs]


@dataclass(frozen=True)
class Case:
    """``wants``: due minute (None: stands still or not known), minutes used, late. ``step`` as of minute ``now``."""

    name: str
    life: str
    now: float
    step: str
    wants: tuple[float | None, float, bool]
    calendars: Calendars = DAY_AND_NIGHT
    policy: ClockPolicy = POLICY
    changes: tuple[Change, ...] = ()


NIGHT_OFF = Calendars(area=hours((-60, 20), (600, 1200)))
# The contract works 8:30 to 17:30 in Ordos; minute 0 is 02:00 on Tuesday, 24 November 2026.
DAY_1, DAY_2, DAY_3 = (390.0, 930.0), (1830.0, 2370.0), (3270.0, 3810.0)
CONTRACT = Calendars(contract=hours(DAY_1, DAY_2, DAY_3))
BY_CONTRACT = ClockPolicy(1800, 4 * 3600, 8 * 3600, contract_steps=frozenset({"arrive", "repair"}))
HOLIDAY = Calendars(contract=hours(DAY_1, DAY_3))  # the second day is a holiday
MADE_UP = Calendars(contract=hours(DAY_1, DAY_2, (2370.0 + 900, 2370.0 + 1440)))
SOONER = ClockPolicy(600, 3600, 2 * 3600)
LATER = ClockPolicy(3600, 8 * 3600, 24 * 3600)
FROM_ACCEPTANCE = ClockPolicy(1800, 14400, 28800, repair_from="accepted")
BASE = "reported@0 accepted@10"

# fmt: off
CASES = (
    # one clock after the other
    Case("just reported", "reported@0", 5, "respond", (30, 5, False)),
    Case("a second before the limit", "reported@0", 29.9, "respond", (30, 29.9, False)),
    Case("exactly at the limit is in time", "reported@0", 30, "respond", (30, 30, False)),
    Case("just after it is late", "reported@0", 30.1, "respond", (30, 30.1, True)),
    Case("accepted exactly at the limit", "reported@0 accepted@30", 999, "respond", (30, 30, False)),
    Case("accepted too late", "reported@0 accepted@31", 999, "respond", (30, 31, True)),
    Case("accepted in time", BASE, 50, "respond", (30, 10, False)),
    Case("arrival runs from the report", BASE, 50, "arrive", (240, 50, False)),
    Case("arrived in time", f"{BASE} arrived@60", 999, "arrive", (240, 60, False)),
    Case("arrived late", f"{BASE} arrived@300", 999, "arrive", (240, 300, True)),
    Case("repaired without a visit", f"{BASE} repaired@90", 999, "arrive", (240, 90, False)),
    Case("repaired without a word before", "reported@0 repaired@20", 999, "respond", (30, 20, False)),
    Case("repaired in time", f"{BASE} arrived@60 repaired@90", 999, "repair", (480, 90, False)),
    Case("repaired late", f"{BASE} arrived@60 repaired@500", 999, "repair", (480, 500, True)),
    Case("nobody came at all", "reported@0", 999, "repair", (480, 999, True)),
    # pauses
    Case("a pause moves the due time", f"{BASE} paused:no_access@60 resumed@120", 200, "repair", (540, 140, False)),
    Case("two pauses", f"{BASE} paused:no_access@60 resumed@120 paused:weather@130 resumed@140", 200, "repair",
         (550, 130, False)),
    Case("a pause without a stopping reason", f"{BASE} paused:lunch@60 resumed@120", 200, "repair", (480, 200, False)),
    Case("paused now", f"{BASE} paused:spare_part@60", 5000, "repair", (None, 60, False)),
    Case("paused now, the arrival too", f"{BASE} paused:spare_part@60", 5000, "arrive", (None, 60, False)),
    Case("paused now, the answer was given", f"{BASE} paused:spare_part@12", 5000, "respond", (30, 10, False)),
    Case("paused at the very limit", f"{BASE} paused:no_access@480", 9999, "repair", (480, 480, False)),
    Case("a pause heals nothing", f"{BASE} paused:no_access@500", 900, "repair", (480, 500, True)),
    Case("resumed after it was late", f"{BASE} paused:no_access@500 resumed@600", 700, "repair", (480, 600, True)),
    Case("paused on site", f"{BASE} arrived@60 paused:owner_decision@70 resumed@170", 200, "repair", (580, 100, False)),
    Case("a pause of no length", f"{BASE} paused:no_access@60 resumed@60", 200, "repair", (480, 200, False)),
    Case("cancelled in a pause", f"{BASE} paused:no_access@60 cancelled@90", 9999, "repair", (None, 60, False)),
    # acceptance, reopening
    Case("waiting in vain is not counted", f"{BASE} repaired@100 rejected@160 repaired@200", 300, "repair",
         (540, 140, False)),
    Case("rejected twice", f"{BASE} repaired@100 rejected@160 repaired@200 rejected@300", 310, "repair",
         (640, 150, False)),
    Case("waiting for acceptance now", f"{BASE} repaired@100", 5000, "repair", (480, 100, False)),
    Case("reopened", f"{BASE} repaired@100 verified@110 closed@120 reopened@1000", 1010, "repair", (1380, 110, False)),
    Case("reopened, the arrival stays met", f"{BASE} repaired@100 verified@110 closed@120 reopened@1000", 1010,
         "arrive", (240, 100, False)),
    Case("reopened after it was late", f"{BASE} repaired@600 verified@700 closed@700 reopened@800", 900, "repair",
         (480, 700, True)),
    Case("closed in time", f"{BASE} repaired@100 verified@110 closed@120", 99999, "repair", (480, 100, False)),
    Case("cancelled", "reported@0 cancelled@10", 9999, "repair", (None, 10, False)),
    Case("cancelled too late", "reported@0 cancelled@40", 9999, "respond", (30, 40, True)),
    # who has it
    Case("a transfer starts nothing anew", "reported@0 transferred>vendor@20 accepted@40", 50, "respond",
         (30, 40, True)),
    Case("transferred on site", f"{BASE} arrived@60 transferred>maker@100 accepted@130", 200, "repair",
         (480, 200, False)),
    Case("transferred twice", f"{BASE} transferred>a@100 accepted@110 transferred>b@120 accepted@130", 500, "repair",
         (480, 500, True)),
    # told late
    Case("arrived in a cellar, not told yet", f"{BASE} arrived@60~300", 250, "arrive", (240, 250, True)),
    Case("arrived in a cellar, told now", f"{BASE} arrived@60~300", 300, "arrive", (240, 60, False)),
    Case("a pause told after its end", f"{BASE} paused:no_access@60~200 resumed@120~200", 150, "repair",
         (480, 150, False)),
    Case("the same a little later", f"{BASE} paused:no_access@60~200 resumed@120~200", 200, "repair",
         (540, 140, False)),
    Case("repaired offline, in time", f"{BASE} repaired@470~900", 950, "repair", (480, 470, False)),
    Case("told in another order than it happened", f"{BASE} repaired@90~95 arrived@60~300", 400, "arrive",
         (240, 60, False)),
    Case("what will happen is not known", BASE, 5, "respond", (30, 5, False)),
    # the area's hours
    Case("the door is shut at night", "reported@0", 300, "respond", (610, 20, False), NIGHT_OFF),
    Case("late in the morning", "reported@0", 611, "respond", (610, 31, True), NIGHT_OFF),
    Case("the calendar ends before the limit", "reported@0", 300, "respond", (None, 20, False),
         Calendars(area=hours((-60, 20)))),
    Case("reported while it is shut", "reported@100 accepted@610", 700, "respond", (630, 10, False), NIGHT_OFF),
    Case("across midnight", "reported@0", 1300, "respond", (1330, 10, False),
         Calendars(area=hours((-500, -100), (1290, 1320), (1320, 1400))), ClockPolicy(2400, 14400, 28800)),
    # the contract's hours, a holiday, a make-up day
    Case("answer by day and night, though the contract sleeps", "reported@0", 40, "respond", (30, 40, True), CONTRACT,
         BY_CONTRACT),
    Case("the contract's morning", "reported@0", 400, "arrive", (630, 10, False), CONTRACT, BY_CONTRACT),
    Case("into the next day", "reported@700", 950, "arrive", (1840, 230, False), CONTRACT, BY_CONTRACT),
    Case("over a holiday", "reported@700", 950, "arrive", (3280, 230, False), HOLIDAY, BY_CONTRACT),
    Case("a make-up day counts", "reported@2300 accepted@2301", 3280, "repair", (3680, 80, False), MADE_UP,
         BY_CONTRACT),
    Case("paused outside the contract's hours", "reported@0 accepted@10 paused:no_access@100 resumed@300", 400,
         "repair", (870, 10, False), CONTRACT, BY_CONTRACT),
    Case("paused across their beginning", "reported@0 accepted@10 paused:no_access@300 resumed@450", 500, "repair",
         (930, 50, False), CONTRACT, BY_CONTRACT),
    Case("repaired outside the hours", "reported@0 accepted@10 repaired@200", 900, "repair", (870, 0, False), CONTRACT,
         BY_CONTRACT),
    # where the repair clock starts
    Case("repair from acceptance", BASE, 70, "repair", (490, 60, False), policy=FROM_ACCEPTANCE),
    Case("not accepted, no repair clock", "reported@0", 70, "repair", (None, 0, False), policy=FROM_ACCEPTANCE),
    # other limits on the way
    Case("graver from minute 20 on", "reported@0", 21, "arrive", (60, 21, False), changes=(Change(at(20), SOONER),)),
    Case("graver when its new limit had passed", BASE, 200, "repair", (150, 200, True),
         changes=(Change(at(150), SOONER),)),
    Case("not late before the change", BASE, 149, "repair", (480, 149, False), changes=(Change(at(150), SOONER),)),
    Case("longer from minute 20 on", "reported@0", 40, "respond", (60, 40, False), changes=(Change(at(20), LATER),)),
    Case("longer too late", "reported@0", 50, "respond", (30, 50, True), changes=(Change(at(40), LATER),)),
    Case("longer at the very limit", "reported@0", 50, "respond", (60, 50, False), changes=(Change(at(30), LATER),)),
    Case("there and back", BASE, 300, "repair", (480, 300, False),
         changes=(Change(at(20), LATER), Change(at(100), POLICY))),
    Case("changed in a pause", f"{BASE} paused:no_access@60 resumed@200", 210, "repair", (260, 70, False),
         changes=(Change(at(100), SOONER),)),
    Case("changed after it was met", f"{BASE} repaired@100", 900, "repair", (480, 100, False),
         changes=(Change(at(300), SOONER),)),
    Case("from the area's to the contract's hours", BASE, 500, "repair", (850, 130, False), CONTRACT,
         changes=(Change(at(20), BY_CONTRACT),)),
)
# fmt: on


def test_the_table_is_as_long_as_life_is_various() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_of_the_table(case: Case) -> None:
    clocks = order_clocks(events(case.life), case.policy, case.calendars, at(case.now), case.changes)
    found = getattr(clocks, case.step)
    due = minute_of(found.due_at)
    assert (due and round(due, 6), round(found.used_s / 60, 6), found.overdue) == case.wants


def test_a_shorter_limit_that_makes_late_says_so() -> None:
    found = order_clocks(events(BASE), POLICY, DAY_AND_NIGHT, at(200), (Change(at(150), SOONER),)).repair
    assert (found.by_change, found.limit_s) == (True, 2 * 3600)
    assert not order_clocks(events(BASE), POLICY, DAY_AND_NIGHT, at(500), ()).repair.by_change


def test_while_paused_nothing_runs() -> None:
    assert not order_clocks(events(f"{BASE} paused:spare_part@60"), POLICY, DAY_AND_NIGHT, at(70)).repair.running
    assert order_clocks(events(BASE), POLICY, DAY_AND_NIGHT, at(70)).repair.running


def test_an_order_without_events_has_no_clock() -> None:
    assert order_clocks([], POLICY, DAY_AND_NIGHT, at(5)).respond.due_at is None


def test_policy_for_reads_the_parameters_in_force() -> None:
    policy = policy_for("serious", lambda name: BY_NAME[name].default)
    assert (policy.respond_s, policy.arrive_s, policy.repair_s) == (1800, 7200, 14400)


def test_the_account_tells_every_minute_and_who_had_the_order() -> None:
    life = "reported>owner@0 accepted@10 paused:no_access@60 resumed@120 transferred>vendor@500 accepted@520"
    found = order_clocks(events(life), POLICY, DAY_AND_NIGHT, at(600)).repair
    told = [(minute_of(s.start), minute_of(s.end), s.why.value, s.reason, s.holder, s.over) for s in found.spans]
    assert told == [
        (0, 60, "counted", "", "owner", False),
        (60, 120, "paused", "no_access", "owner", False),
        (120, 500, "counted", "", "owner", False),
        (500, 540, "counted", "", "vendor", False),
        (540, 600, "counted", "", "vendor", True),
    ]


def test_the_account_shows_the_night_outside_the_contract() -> None:
    found = order_clocks(events("reported@700"), BY_CONTRACT, CONTRACT, at(1900)).arrive
    assert [(s.why, minute_of(s.start), minute_of(s.end), s.over) for s in found.spans] == [
        (Why.COUNTED, 700, 930, False),
        (Why.OUTSIDE, 930, 1830, False),
        (Why.COUNTED, 1830, 1840, False),
        (Why.COUNTED, 1840, 1900, True),
    ]


def test_a_night_with_summer_time_has_the_hours_that_passed() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begun = datetime(2026, 10, 24, 22, 0, tzinfo=zone)
    found = order_clocks(
        [OrderEvent("reported", begun)], POLICY, DAY_AND_NIGHT, datetime(2026, 10, 25, 6, 0, tzinfo=zone)
    )
    assert found.repair.used_s == 9 * 3600


@st.composite
def histories(draw: st.DrawFn) -> list[OrderEvent]:
    """A legal life of an order, some of it told late."""
    out, state, when = [OrderEvent("reported", at(0), holder="a")], "reported", 0
    for _ in range(draw(st.integers(0, 9))):
        choices = allowed_events(state)
        if not choices:
            break
        event = draw(st.sampled_from(choices))
        when += draw(st.integers(0, 300))
        reason = draw(st.sampled_from(["no_access", "lunch"])) if event == "paused" else ""
        late = draw(st.sampled_from([0, 0, 50, 700]))
        holder = draw(st.sampled_from("abc")) if event == "transferred" else ""
        out.append(OrderEvent(event, at(when), reason, holder, at(when + late)))
        state = next_state(state, event)
    return out


calendars = st.sampled_from(
    [
        DAY_AND_NIGHT,
        Calendars(area=[Interval(at(-100 + 600 * i), at(200 + 600 * i)) for i in range(20)]),
        Calendars(area=[Interval(at(50), at(99999))]),
        CONTRACT,
    ]
)
policies = st.sampled_from([POLICY, BY_CONTRACT, FROM_ACCEPTANCE])
changes = st.lists(
    st.builds(
        lambda minute, policy: Change(at(minute), policy), st.integers(0, 2000), st.sampled_from([SOONER, LATER])
    ),
    max_size=2,
)


@given(histories(), calendars, policies, changes, st.integers(0, 3000), st.integers(0, 2000))
def test_clocks_never_run_backwards(
    history: list[OrderEvent],
    windows: Calendars,
    policy: ClockPolicy,
    other: list[Change],
    minute: int,
    later: int,
) -> None:
    """Between two looks without news, what was used only grows, what is late stays late, what is met stays so."""
    known = [e for e in history if e.at <= at(minute) and (e.told_at or e.at) <= at(minute)]
    before = order_clocks(known, policy, windows, at(minute), other)
    after = order_clocks(known, policy, windows, at(minute + later), other)
    for step in STEPS:
        a, b = getattr(before, step), getattr(after, step)
        assert 0 <= a.used_s <= b.used_s <= a.used_s + 60 * later
        assert b.overdue or not a.overdue
        assert b.met_at == a.met_at
        if a.overdue:
            assert a.due_at == b.due_at


@given(histories(), calendars, policies, changes, st.integers(0, 3000))
def test_the_parts_sum_to_the_whole(
    history: list[OrderEvent], windows: Calendars, policy: ClockPolicy, other: list[Change], minute: int
) -> None:
    """The account has no gap and no overlap, and its counted parts are what was used."""
    clocks = order_clocks(history, policy, windows, at(minute), other)
    for step in STEPS:
        clock = getattr(clocks, step)
        for one, after in zip(clock.spans, clock.spans[1:], strict=False):
            assert one.end == after.start
        counted = sum(span.seconds for span in clock.spans if span.why is Why.COUNTED)
        assert counted == pytest.approx(clock.used_s)
        if clock.spans and clock.met_at is not None:
            assert clock.spans[-1].end == clock.met_at
        assert all(span.start >= clock.due_at for span in clock.spans if span.over)


@given(histories(), calendars, policies, st.integers(0, 3000))
def test_late_is_the_same_as_more_used_than_the_limit(
    history: list[OrderEvent], windows: Calendars, policy: ClockPolicy, minute: int
) -> None:
    found = order_clocks(history, policy, windows, at(minute))
    for step in STEPS:
        clock = getattr(found, step)
        assert clock.overdue == (clock.used_s > clock.limit_s)
        over = sum(span.seconds for span in clock.spans if span.over and span.why is Why.COUNTED)
        assert over == pytest.approx(max(0.0, clock.used_s - clock.limit_s))


@given(histories(), st.integers(0, 3000))
def test_the_order_in_which_events_are_told_changes_nothing(history: list[OrderEvent], minute: int) -> None:
    told = sorted(history, key=lambda e: e.told_at or e.at)
    if len({e.at for e in history}) == len(history):
        assert order_clocks(told, POLICY, DAY_AND_NIGHT, at(minute)) == order_clocks(
            history, POLICY, DAY_AND_NIGHT, at(minute)
        )
