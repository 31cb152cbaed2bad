"""The three truths: a table of cases, and what may never be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval
from budayang.rules.services import (
    PROBE_FRESH_S,
    AfterHours,
    Hours,
    ItemNeeds,
    StopWindow,
    Truth,
    Verdict,
    judge_item,
)
from budayang.rules.terminals import Level, meaning

NOW = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRINT = ItemNeeds("ZZ001", frozenset({"idReader", "printer"}), AfterHours.ALWAYS)
LIMITED = ItemNeeds("ZZ037", frozenset({"idReader", "printer"}), AfterHours.LIMITED)
SUBMIT = ItemNeeds("ZZ130", frozenset({"idReader"}), AfterHours.SUBMIT)
WELL = {
    ("printer", "device"): "online",
    ("printer", "paper.upper"): "full",
    ("idReader", "device"): "online",
    ("idReader", "security"): "open",
}
DAY = Hours(True, (Interval(NOW - HOUR, NOW + 3 * HOUR), Interval(NOW + 14 * HOUR, NOW + 23 * HOUR)))
NIGHT = Hours(True, (Interval(NOW + 6 * HOUR, NOW + 15 * HOUR),))
ROUND_THE_CLOCK = Hours(True, (Interval(NOW - 7 * 24 * HOUR, NOW + 7 * 24 * HOUR),))
UNKNOWN = Hours(False)


def judge(
    needs: ItemNeeds = PRINT,
    hours: Hours = DAY,
    *,
    stops: tuple[StopWindow, ...] = (),
    connector: str = "ok",
    terminal: str = "online",
    now: datetime = NOW,
    **changes: str,
) -> Verdict:
    """``changes``: printer__paper_upper="out" and so on."""
    states = dict(WELL)
    for key, state in changes.items():
        subject, prop = key.split("__")
        states[(subject, prop.replace("_", "."))] = state
    return judge_item(needs, hours, stops=stops, connector=connector, states=states, terminal=terminal, now=now)


STOP = StopWindow(NOW - HOUR, NOW + 2 * HOUR, "系统升级")


@pytest.mark.parametrize(
    ("verdict", "truth", "reason", "until"),
    [
        (judge(), Truth.DOABLE, "open", NOW + 3 * HOUR),
        (judge(hours=ROUND_THE_CLOCK), Truth.DOABLE, "open", None),
        (judge(LIMITED, NIGHT), Truth.STOPPED, "department_closed", NOW + 6 * HOUR),
        (judge(SUBMIT, NIGHT), Truth.SUBMITTABLE, "handed_in", None),
        (judge(SUBMIT, DAY), Truth.SUBMITTABLE, "handed_in", None),
        # while the department is down: handed in before it opens, stopped as soon as it should answer
        (judge(SUBMIT, NIGHT, connector="down"), Truth.SUBMITTABLE, "handed_in", NOW + 6 * HOUR),
        (judge(SUBMIT, DAY, connector="down"), Truth.STOPPED, "department_down", NOW + 3 * HOUR),
        (judge(connector="cut"), Truth.STOPPED, "department_cut", None),
        (judge(hours=UNKNOWN), Truth.UNCONFIRMED, "hours_unconfirmed", None),
        (judge(hours=Hours(False, DAY.windows)), Truth.UNCONFIRMED, "hours_unconfirmed", None),
        (judge(hours=Hours(False, (), NOW - HOUR)), Truth.DOABLE, "probe_passed", NOW + 23 * HOUR),
        (judge(SUBMIT, Hours(False, (), NOW - HOUR)), Truth.SUBMITTABLE, "probe_passed", NOW + 23 * HOUR),
        (judge(hours=Hours(False, (), NOW - 25 * HOUR)), Truth.UNCONFIRMED, "hours_unconfirmed", None),
        (judge(hours=Hours(False, (), NOW + HOUR)), Truth.UNCONFIRMED, "hours_unconfirmed", None),
        (judge(connector="unknown"), Truth.UNCONFIRMED, "connector_unknown", NOW + 3 * HOUR),
        (judge(connector="down"), Truth.STOPPED, "department_down", None),
        (judge(hours=UNKNOWN, connector="down"), Truth.STOPPED, "department_down", None),
        (judge(printer__paper_upper="out"), Truth.STOPPED, "device_fault", None),
        (judge(printer__paper_upper="low"), Truth.DOABLE, "open", NOW + 3 * HOUR),
        (judge(printer__device="deviceBusy"), Truth.DOABLE, "open", NOW + 3 * HOUR),
        (judge(printer__device="unknown"), Truth.STOPPED, "device_unknown", None),
        (judge(SUBMIT, NIGHT, printer__paper_upper="out"), Truth.SUBMITTABLE, "handed_in", None),
        (judge(idReader__security="notReady"), Truth.STOPPED, "device_fault", None),
        (judge(terminal="silent"), Truth.STOPPED, "terminal_silent", None),
        (judge(terminal="suspended"), Truth.STOPPED, "terminal_suspended", None),
        (judge(terminal="preparing"), Truth.STOPPED, "terminal_preparing", None),
        (judge(SUBMIT, NIGHT, terminal="preparing"), Truth.STOPPED, "terminal_preparing", None),
        (judge(terminal="unknown"), Truth.STOPPED, "terminal_unknown", None),
        (judge(terminal="who knows"), Truth.STOPPED, "terminal_unknown", None),
        (judge(stops=(STOP,)), Truth.STOPPED, "planned_stop", NOW + 2 * HOUR),
        (judge(stops=(StopWindow(NOW - HOUR, None, "搬迁"),)), Truth.STOPPED, "planned_stop", None),
        (judge(stops=(StopWindow(NOW - 2 * HOUR, NOW - HOUR),)), Truth.DOABLE, "open", NOW + 3 * HOUR),
        (judge(stops=(StopWindow(NOW + HOUR, NOW + 2 * HOUR),)), Truth.DOABLE, "open", NOW + HOUR),
        (judge(stops=(STOP,), printer__paper_upper="out"), Truth.STOPPED, "planned_stop", None),
        (
            # the second stop ends while the department is closed
            judge(stops=(STOP, StopWindow(NOW + 2 * HOUR, NOW + 4 * HOUR))),
            Truth.STOPPED,
            "planned_stop",
            NOW + 14 * HOUR,
        ),
        (judge(LIMITED, NIGHT, stops=(STOP,)), Truth.STOPPED, "planned_stop", NOW + 6 * HOUR),
    ],
)
def test_verdicts(verdict: Verdict, truth: Truth, reason: str, until: datetime | None) -> None:
    assert (verdict.truth, verdict.reason, verdict.until) == (truth, reason, until)


def test_text_tells_the_cause_and_blockers_tell_all() -> None:
    found = judge(LIMITED, NIGHT, connector="down", printer__paper_upper="out")
    assert found.text == "打印机缺纸"
    assert found.blockers == ("printer:paper.upper=out", "department:down", "department:closed")
    assert judge(stops=(STOP,)).text == "计划停用：系统升级"


def test_a_silent_terminals_devices_are_old_news() -> None:
    assert judge(terminal="silent", printer__paper_upper="out").blockers == ("terminal:silent",)


def test_a_needed_device_that_does_not_report_is_missing() -> None:
    states = {("idReader", "device"): "online"}
    found = judge_item(PRINT, DAY, stops=(), connector="ok", states=states, terminal="online", now=NOW)
    assert (found.truth, found.reason, found.blockers) == (Truth.STOPPED, "device_missing", ("printer:missing",))
    assert "打印机" in found.text


def test_own_machine_comes_before_all_and_names_the_hardware() -> None:
    needs = ItemNeeds("ZZ081", frozenset({"idReader", "other"}), AfterHours.ALWAYS, driven=False)
    found = judge_item(needs, DAY, stops=(STOP,), connector="down", states={}, terminal="silent", now=NOW)
    assert (found.truth, found.reason) == (Truth.MACHINE, "own_machine")
    assert "专用设备" in found.text
    assert "身份证阅读器" not in found.text


def test_an_item_without_live_system_does_not_ask_for_it() -> None:
    needs = ItemNeeds("ZZ136", frozenset({"printer"}), AfterHours.ALWAYS, needs_live=False)
    assert judge(needs, connector="down").truth is Truth.DOABLE
    assert judge(needs, connector="unknown").truth is Truth.DOABLE


any_states = st.dictionaries(
    st.sampled_from(list(WELL)), st.sampled_from(["online", "full", "open", "out", "offline", "unknown", "strange"])
)
any_hours = st.builds(
    Hours,
    st.booleans(),
    st.sampled_from([(), DAY.windows, NIGHT.windows]),
    st.one_of(st.none(), st.integers(-90000, 90000).map(lambda s: NOW - timedelta(seconds=s))),
)


@given(
    st.sampled_from([PRINT, LIMITED, SUBMIT]),
    any_hours,
    st.sampled_from(["ok", "down", "unknown"]),
    any_states,
    st.sampled_from(["online", "silent", "suspended", "unknown"]),
    st.lists(st.integers(-5, 5).map(lambda h: StopWindow(NOW + h * HOUR, NOW + (h + 2) * HOUR)), max_size=2),
)
def test_never_promised_without_proof(
    needs: ItemNeeds,
    hours: Hours,
    connector: str,
    states: dict[tuple[str, str], str],
    terminal: str,
    stops: list[StopWindow],
) -> None:
    found = judge_item(needs, hours, stops=stops, connector=connector, states=states, terminal=terminal, now=NOW)
    assert found.text
    assert found.until is None or found.until > NOW
    if found.truth in (Truth.DOABLE, Truth.SUBMITTABLE):
        fresh = (
            hours.probe_passed_at is not None and 0 <= (NOW - hours.probe_passed_at).total_seconds() <= PROBE_FRESH_S
        )
        assert terminal == "online"
        assert hours.confirmed or fresh
        assert not any(s.start_at <= NOW < s.end_at for s in stops if s.end_at)
        for kind in needs.needs:
            mine = {prop: state for (subject, prop), state in states.items() if subject == kind}
            assert mine
            assert all(meaning(kind, prop, state).level is not Level.FAULT for prop, state in mine.items())
            assert mine.get("device") not in ("unknown", "strange", "out", "offline")
    if found.truth is Truth.DOABLE:
        assert needs.after_hours != AfterHours.SUBMIT
        assert connector != "down"
    if found.truth in (Truth.STOPPED, Truth.UNCONFIRMED):
        assert found.blockers
