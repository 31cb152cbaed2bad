"""End-to-end tries (拨测): their steps, what they prove, what they are not, and who may ask for one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.the_department import IDENTITY, Department, declare
from tests.center.services_cast import beat, set_state

from budayang import data
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Transition
from budayang.center.services import judging, probe_actions, probe_running, queries
from budayang.center.services.models import Case, Item, Offering, Paper, Probe, ProbeStanding
from budayang.center.terminals import command_actions
from budayang.center.terminals.inbox import InboxRow
from budayang.center.terminals.models import CommandRun, Terminal
from budayang.forms import validate
from budayang.forms.sampling import sample_form
from budayang.rules.probes import STEPS, TRANSITIONS, ProbeState, judge_steps
from budayang.rules.services import PROBE_FAILED_S, Truth

SYSTEM = Actor.system()
SECOND = timedelta(seconds=1)
GOOD = {
    "devices": {
        "printer": {"kind": "printer", "states": {"device": "online", "paper.upper": "full"}},
        "idReader": {"kind": "idReader", "states": {"device": "online"}},
    },
    "item": {"truth": "doable"},
}


def run(now: datetime, department: Department, turns: int = 4) -> datetime:
    """Some turns of the loop, two seconds apart."""
    for _turn in range(turns):
        beat(now)
        probe_running.look(now, department.line)
        now += 2 * SECOND
    return now


def obey(terminal: Terminal, now: datetime, state: str = "done", reason: str = "", result: Any = None) -> None:
    """The terminal answers its newest command."""
    sent = CommandRun.objects.filter(terminal=terminal).order_by("-pk").first()
    assert sent is not None
    assert sent.command.name == "self_test"
    for word in ("running", state):
        body = {"id": sent.number, "state": word}
        if word == state:
            body |= {"reason": reason, "result": result if result is not None else GOOD}
        path = terminal.area.place.path
        row = InboxRow(1, terminal.pk, terminal.code, path, "e", 1, "command.state", body, now, now)
        command_actions.take_state(row, now)


def steps_of(probe: Probe) -> list[tuple[str, bool | None]]:
    probe.refresh_from_db()
    return [(one["step"], one["ok"]) for one in probe.steps]


def try_here(terminal: Terminal, department: Department, now: datetime, **answer: Any) -> Probe:
    """A try by hand from its asking to its end."""
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", terminal_code=terminal.code, now=now)
    now = run(now, department, 1)
    obey(terminal, now, **answer)
    run(now, department, 3)
    probe.refresh_from_db()
    return probe


def test_a_try_from_the_machine_to_the_department(judged: datetime, jia: Terminal) -> None:
    department = Department()
    declare(judged)
    probe = try_here(jia, department, judged)
    assert [step for step, _ok in steps_of(probe)] == [one.code for one in STEPS]
    assert all(ok for _step, ok in steps_of(probe))
    assert (probe.state, probe.failed_step, probe.due_at) == ("passed", "", None)
    assert probe.took_ms is not None
    asked = department.asked[0]
    assert asked["test"] is True
    assert asked["person"] == IDENTITY
    assert asked["case"] == department.keys[0]
    # it is no case and no paper, and stands in no figure
    assert not Case.objects.exists()
    assert not Paper.objects.exists()
    assert sum(queries.case_counts(judged - timedelta(days=1), judged + timedelta(days=1)).values()) == 0


def test_the_sample_form_fits_every_form_of_the_house() -> None:
    for item in data.service_items():
        schema = data.find_form(item.code)
        if schema is not None:
            on = datetime(2026, 11, 26).date()  # noqa: DTZ001  # a day, no moment
            assert not validate(schema, sample_form(schema, on.isoformat()), today=on), item.code


@pytest.mark.parametrize(
    ("break_it", "step", "text"),
    [
        ("silent", "alive", "失去联系"),
        ("no_answer", "obeys", "终端没有应答自检"),
        ("jam", "devices", "打印机卡纸"),
        ("stopped", "rule", ""),
        ("refuses", "department", "部门没有办理测试事项"),
        ("error", "department", "部门没有给出能读懂的答复"),
        ("closed", "department", "部门系统没有应答"),
    ],
)
def test_each_step_that_can_fail(
    judged: datetime, jia: Terminal, break_it: str, step: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    department = Department()
    declare(judged)
    result: Any = GOOD
    if break_it == "silent":
        Terminal.objects.filter(pk=jia.pk).update(silent_since=judged)
    elif break_it == "jam":
        printer = {"kind": "printer", "states": {"device": "online", "media": "jammed"}}
        result = {"devices": GOOD["devices"] | {"printer": printer}}
    elif break_it == "stopped":
        monkeypatch.setattr(judging, "site_stops", lambda area, at: [judging.StopWindow(at - SECOND, None, "检修")])
    elif break_it == "refuses":
        department.answer = {"outcome": "refused", "message": "查无此人"}
    elif break_it == "error":
        department.status = 500
    elif break_it == "closed":
        department.status = 503
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", terminal_code=jia.code, now=judged)
    now = run(judged, department, 1)
    if break_it == "no_answer":
        now = run(judged + timedelta(seconds=80), department)
    elif break_it != "silent":
        obey(jia, now, result=result)
        run(now, department)
    probe.refresh_from_db()
    assert (probe.state, probe.failed_step) == ("failed", step)
    assert text in probe.text
    assert [ok for _step, ok in steps_of(probe)][-1] is False


def test_without_a_test_identity_it_is_partial_and_proves_nothing(judged: datetime, jia: Terminal) -> None:
    probe = try_here(jia, Department(), judged)
    assert probe.state == "partial"
    assert steps_of(probe)[-1] == ("identity", None)
    assert not ProbeStanding.objects.filter(passed_at__isnull=False).exists()


def test_an_older_terminal_that_knows_no_self_test_is_judged_by_its_states(judged: datetime, jia: Terminal) -> None:
    declare(judged)
    probe = try_here(jia, Department(), judged, state="failed", reason="unknown", result={})
    assert ("obeys", None) in steps_of(probe)
    assert ("devices", True) in steps_of(probe)
    assert probe.state == "partial"  # not everything was tried
    assert ProbeStanding.objects.get(terminal=None).passed_at is not None  # of the department all was


def test_the_department_alone_and_what_a_failure_does_everywhere(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    declare(judged)
    bad = Department(answer={"outcome": "refused"})
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", now=judged)
    now = run(judged, bad, 2)
    probe.refresh_from_db()
    assert (probe.state, steps_of(probe)) == ("failed", [("identity", True), ("department", False)])
    for terminal in (jia, yi):
        verdict = queries.verdicts(terminal.pk, now)["ZZ001"]
        assert (verdict.truth, verdict.reason) == (Truth.STOPPED, "probe_failed")
    news = Transition.objects.get(kind="services.probed")
    assert (news.payload["passed"], news.payload["step"]) == (False, "department")
    # tried again soon, by itself; a pass frees the item and says so once
    standing = ProbeStanding.objects.get()
    assert standing.next_at is not None
    again = standing.next_at + SECOND
    run(again, Department(), 3)
    assert Probe.objects.filter(asked_by="schedule", state="passed").count() == 1
    assert queries.verdicts(jia.pk, again + 4 * SECOND)["ZZ001"].truth is Truth.DOABLE
    assert Transition.objects.filter(kind="services.probed").count() == 2


def test_a_machines_failure_stops_the_item_there_only(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    declare(judged)
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", terminal_code=jia.code, now=judged)
    run(judged, Department(), 1)
    now = run(judged + timedelta(seconds=80), Department(), 1)
    probe.refresh_from_db()
    assert probe.failed_step == "obeys"
    assert queries.verdicts(jia.pk, now)["ZZ001"].reason == "probe_failed"
    assert queries.verdicts(yi.pk, now)["ZZ001"].truth is Truth.DOABLE
    assert Offering.objects.get(terminal=jia, item__code="ZZ001").judge_at <= now


def test_a_failure_that_nobody_looked_at_again_stops_nobody(judged: datetime, jia: Terminal) -> None:
    item = Item.objects.get(code="ZZ001")
    ProbeStanding.objects.create(item=item, failed_at=judged, text="没有应答")
    assert queries.verdicts(jia.pk, judged)["ZZ001"].reason == "probe_failed"
    late = judged + timedelta(seconds=PROBE_FAILED_S + 1)
    beat(late)
    assert queries.verdicts(jia.pk, late)["ZZ001"].reason != "probe_failed"


def test_a_pass_makes_unconfirmed_hours_doable_for_a_day(judged: datetime, jia: Terminal) -> None:
    """ZZ037 has no confirmed hours in this cast."""
    declare(judged, "ZZ037", "YB")
    assert queries.verdicts(jia.pk, judged)["ZZ037"].truth is Truth.UNCONFIRMED
    probe_actions.ask_probe(SYSTEM, "ZZ037", now=judged)
    now = run(judged, Department(answer={"outcome": "handed_in"}), 2)
    verdict = queries.verdicts(jia.pk, now)["ZZ037"]
    assert verdict.reason == "probe_passed"
    assert verdict.until is not None


def test_only_items_with_an_identity_are_tried_by_plan_and_only_while_open(judged: datetime, jia: Terminal) -> None:
    assert probe_running.watch_items(judged) == 0
    declare(judged, "ZZ054", "SW")  # 07:00 to 23:00; it is 02:14
    declare(judged)
    assert probe_running.watch_items(judged) == 2
    assert probe_running.watch_items(judged) == 0
    later = judged + timedelta(minutes=11)
    for _turn in range(3):
        probe_running.plan_due(later)
    assert [probe.item.code for probe in Probe.objects.filter(asked_by="schedule")] == ["ZZ001"]
    waits = ProbeStanding.objects.get(item__code="ZZ054").next_at
    assert waits is not None
    assert waits - later > timedelta(hours=4)


def test_two_workers_try_once(judged: datetime, jia: Terminal) -> None:
    declare(judged)
    department = Department()
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", now=judged)
    assert probe_actions.ask_probe(SYSTEM, "ZZ001", now=judged).pk == probe.pk
    twin = Probe.objects.get(pk=probe.pk)
    assert probe_actions.move(probe, "begin", began_at=judged)
    assert not probe_actions.move(twin, "begin", began_at=judged)
    assert department.asked == []


def test_booking_takes_a_free_slot_and_says_when_there_is_none(judged: datetime, jia: Terminal) -> None:
    declare(judged, kind="book")
    times = {"start": "2026-12-01T09:00:00+08:00", "end": "2026-12-01T09:50:00+08:00"}
    full = Department(slots=[{"id": "S1", "left": 0, **times}])
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", now=judged)
    now = run(judged, full, 2)
    probe.refresh_from_db()
    assert (probe.state, probe.text, full.asked) == ("failed", "没有可预约的时段", [])
    free = Department(slots=[{"id": "S1", "left": 0, **times}, {"id": "S2", "left": 3, **times}])
    probe_actions.ask_probe(SYSTEM, "ZZ001", now=now)
    run(now, free, 2)
    assert free.asked[0]["form"]["slot"] == "S2"


@pytest.mark.parametrize(
    "slots",
    [
        pytest.param([{"id": "S1", "start": "2026-12-01T09:00:00+08:00", "left": "x"}], id="left is no number"),
        pytest.param([{"start": "2026-12-01T09:00:00+08:00", "left": 1}], id="no id"),
        pytest.param([5], id="no objects"),
        pytest.param(5, id="no list"),
    ],
)
def test_slots_that_cannot_be_read_fail_that_try_alone(judged: datetime, jia: Terminal, slots: Any) -> None:
    declare(judged, kind="book")
    declare(judged, "ZZ037", "YB")
    tries = [probe_actions.ask_probe(SYSTEM, item, now=judged) for item in ("ZZ001", "ZZ037")]
    run(judged, Department(slots=slots), 2)
    for one in tries:
        one.refresh_from_db()
    assert [(one.state, one.due_at) for one in tries] == [("failed", None), ("passed", None)]
    assert tries[0].text == "部门没有给出能读懂的答复"


def test_who_may_try_and_what(judged: datetime, jia: Terminal) -> None:
    with pytest.raises(Forbidden):
        probe_actions.ask_probe(Actor("staff", "ou"), "ZZ001", now=judged)
    with pytest.raises(Refused):
        probe_actions.ask_probe(SYSTEM, "ZZ131", terminal_code=jia.code, now=judged)
    with pytest.raises(Terminal.DoesNotExist):
        probe_actions.ask_probe(Actor("staff", "ou"), "ZZ001", terminal_code=jia.code, now=judged)


def test_a_step_that_could_not_be_tried_is_no_pass() -> None:
    done = {"step": "department", "ok": True, "text": ""}
    assert judge_steps([done]).event == "pass"
    assert judge_steps([{"step": "obeys", "ok": None}, done]).event == "part"
    assert judge_steps([{"step": "alive", "ok": True}]).event == "part"
    assert judge_steps([done, {"step": "rule", "ok": False, "text": "停用"}]).step == "rule"
    assert {state for state, _event in TRANSITIONS} == {ProbeState.WAITING, ProbeState.RUNNING}


def test_a_broken_device_is_found_by_its_own_states_too(judged: datetime, yi: Terminal) -> None:
    """A department's own machine obeys no command: what it last told counts."""
    Terminal.objects.filter(pk=yi.pk).update(kind="watched")
    set_state(yi, "printer", "paper.upper", "out", judged)
    probe = probe_actions.ask_probe(SYSTEM, "ZZ001", terminal_code=yi.code, now=judged)
    run(judged, Department(), 2)
    probe.refresh_from_db()
    assert probe.failed_step in ("alive", "devices")
