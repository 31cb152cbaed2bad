"""求助呼叫: the press makes the call by itself, somebody is told, the answer is measured; a test by the press too."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.hall import Hall

from budayang.center.maintenance import help_calls as calls
from budayang.center.maintenance import safety_actions
from budayang.center.maintenance.models import HelpCall, Incident, Notice, SafetyTest, WorkOrder
from budayang.center.maintenance.notice_jobs import CONSUMERS
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.terminals.models import Inbox, Outgoing
from budayang.rules.help_calls import waited

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def press(hall: Hall, at: datetime, kind: str = "sos", heard: datetime | None = None) -> None:
    body: dict[str, object] = {"kind": kind, "step": "fill", "item": "ZZ001"}
    hall.inbox(hall.terminal, "help", body, at, heard or at + SECOND)
    calls.read_presses(heard or at + SECOND)


def test_an_urgent_press_becomes_a_call_and_tells_those_on_duty_at_once(hall: Hall, now: datetime) -> None:
    press(hall, now)
    call = HelpCall.objects.get()
    assert (call.pressed_at, call.step, call.item, call.limit_s) == (now, "fill", "ZZ001", 30.0)
    incident = Incident.objects.get(kind="help_pressed")
    assert (incident.severity, incident.opened_at, incident.title) == ("urgent", now, "紧急求助：KBS-01 号终端")
    (consumer,) = [one for one in CONSUMERS if one.name == "maintenance.notices"]
    consumer.handle(list(Transition.objects.filter(kind="maintenance.incident_opened")), now + SECOND)
    assert Notice.objects.get(incident=incident).state == "running"
    assert not Inbox.objects.filter(kind="help", done_at__isnull=True).exists()
    press(hall, now + 5 * SECOND)
    call.refresh_from_db()
    assert call.presses == 2
    assert HelpCall.objects.count() == 1, "who presses again waits no shorter"


def test_the_answer_is_measured_from_the_press_and_ends_the_alarm(hall: Hall, now: datetime) -> None:
    press(hall, now)
    (call,) = calls.open_calls(hall.actor("lin"))
    for name in ("ou", "ren", "mo", "ning"):
        with pytest.raises(Forbidden):
            calls.answer(hall.actor(name), call, now=now + 9 * SECOND)
    calls.answer(hall.actor("lin"), call, now=now + 21 * SECOND)
    with pytest.raises(Refused, match="已经有人"):
        calls.answer(hall.actor("lin"), call, now=now + 22 * SECOND)
    assert (call.answered_by, call.answered_at) == ("测试甲", now + 21 * SECOND)
    assert Incident.objects.get().state == "closed"
    line = AuditLine.objects.get(action="maintenance.answer_help")
    assert line.details == {"kind": "sos", "seconds": 21}
    press(hall, now + 60 * SECOND)
    assert HelpCall.objects.count() == 2, "a call that was answered is over: the next press is a new one"


def test_a_person_in_need_stands_before_who_waited_longer(hall: Hall, now: datetime) -> None:
    press(hall, now, "help")
    press(hall, now + 10 * SECOND, "sos")
    assert [call.kind for call in calls.open_calls(hall.actor("lin"))] == ["sos", "help"]


def test_the_terminal_is_told_that_somebody_answers(hall: Hall, now: datetime) -> None:
    hall.inbox(hall.terminal, "help", {"kind": "help", "call": "a1"}, now, now)
    hall.inbox(hall.terminal, "help", {"kind": "help", "call": "b2"}, now + SECOND, now + SECOND)
    calls.read_presses(now + SECOND)
    calls.answer(hall.actor("lin"), HelpCall.objects.get(), now=now + 9 * SECOND)
    sent = Outgoing.objects.get(terminal=hall.terminal, kind="help")
    assert sent.body == {"call": "b2"}, "the last press is the one that stands on the screen"
    assert sent.expires_at == now + 69 * SECOND
    press(hall, now + 20 * SECOND, "button")
    calls.answer(hall.actor("lin"), HelpCall.objects.get(kind="button"), now=now + 30 * SECOND)
    assert Outgoing.objects.filter(kind="help").count() == 1, "a button on the wall has no screen"


def test_a_call_for_a_helper_is_a_fault_only_when_nobody_answers(hall: Hall, now: datetime) -> None:
    press(hall, now, "help")
    assert not Incident.objects.exists()
    assert calls.note_unanswered(now + 30 * SECOND) == 0, "exactly at the limit is in time"
    assert calls.note_unanswered(now + 31 * SECOND) == 1
    assert calls.note_unanswered(now + 40 * SECOND) == 0, "told once"
    incident = Incident.objects.get(kind="help_unanswered")
    assert incident.opened_at == now + 30 * SECOND
    assert WorkOrder.objects.filter(incident=incident).exists()
    calls.answer(hall.actor("lin"), HelpCall.objects.get(), now=now + 90 * SECOND)
    incident.refresh_from_db()
    assert incident.state == "closed"


def test_a_press_that_comes_too_late_alarms_nobody_and_is_kept(hall: Hall, now: datetime) -> None:
    press(hall, now, heard=now + timedelta(seconds=601))
    call = HelpCall.objects.get()
    assert call.late
    assert not Incident.objects.exists()
    assert calls.note_unanswered(now + timedelta(hours=1)) == 0
    assert not calls.open_calls(hall.actor("lin")).exists()
    assert calls.calls_visible_to(hall.actor("lin")).count() == 1
    press(hall, now + timedelta(seconds=700))
    assert HelpCall.objects.filter(late=False).count() == 1, "a late one stands in nobody's way"


def test_a_word_that_nobody_knows_and_another_place_s_keeper(hall: Hall, now: datetime) -> None:
    press(hall, now, "lights")
    assert not HelpCall.objects.exists()
    press(hall, now, "button")
    assert not calls.calls_visible_to(hall.actor("ou")).exists()
    assert calls.calls_visible_to(hall.actor("ren")).count() == 1, "its own machine"
    assert not calls.calls_visible_to(hall.actor("shui")).exists()
    assert not calls.calls_visible_to(hall.actor("sys")).exists()


@pytest.mark.parametrize(("seconds", "passed"), [(12, True), (30, True), (31, False)])
def test_a_test_is_measured_by_the_button_s_own_press(hall: Hall, now: datetime, seconds: int, passed: bool) -> None:
    lin = hall.actor("lin")
    row = safety_actions.start_test(lin, hall.area, "help", now=now)
    pressed = now + 7 * SECOND  # the tester pressed the page's button first
    press(hall, pressed, "button")
    call = HelpCall.objects.get()
    assert call.test == row
    calls.note_unanswered(pressed + 31 * SECOND)
    assert not Incident.objects.filter(kind="help_unanswered").exists(), "a test is judged as a test"
    calls.answer(lin, call, now=pressed + seconds * SECOND)
    row.refresh_from_db()
    assert (row.seconds, row.passed) == (float(seconds), passed)
    assert row.note == "由按钮自己上报的按下时刻计时"
    assert Incident.objects.filter(kind="safety_test_failed", state="open").exists() is not passed


def test_a_test_that_a_person_ended_stays_as_it_was(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    row = safety_actions.start_test(lin, hall.area, "help", now=now)
    press(hall, now + SECOND, "button")
    safety_actions.end_test(lin, row, answered=False, now=now + 40 * SECOND)
    with pytest.raises(Refused):
        calls.answer(lin, HelpCall.objects.get(), now=now + 50 * SECOND)
    assert SafetyTest.objects.get().passed is False
    press(hall, now + 90 * SECOND, "button")
    assert HelpCall.objects.order_by("pk").last().test is None  # type: ignore[union-attr]


def test_another_press_hours_later_is_another_call_and_tells_those_on_duty_again(hall: Hall, now: datetime) -> None:
    """Somebody confirmed the notice at two and walked there, but pressed 我来应答 nowhere; at five somebody calls."""
    press(hall, now)
    calls.note_unanswered(now + 31 * SECOND)
    later = now + timedelta(hours=3)
    press(hall, later)
    old, new = HelpCall.objects.order_by("pk")
    assert (old.presses, old.ended_at, old.answered_at) == (1, later + SECOND, None)
    assert (new.presses, new.pressed_at, new.due_at) == (1, later, later + 30 * SECOND)
    fresh = Incident.objects.get(subject=f"help_call:{new.pk}", kind="help_pressed")
    (consumer,) = [one for one in CONSUMERS if one.name == "maintenance.notices"]
    consumer.handle(list(Transition.objects.filter(kind="maintenance.incident_opened")), later + SECOND)
    assert Notice.objects.get(incident=fresh).state == "running"
    assert calls.note_unanswered(later + 31 * SECOND) == 1
    lin = hall.actor("lin")
    assert list(calls.open_calls(lin)) == [new]
    with pytest.raises(Refused, match="没有人应答过"):
        calls.answer(lin, old, now=later + 40 * SECOND)
    assert Incident.objects.filter(subject=f"help_call:{old.pk}", state="open").exists(), "nobody has been there yet"
    calls.answer(lin, new, now=later + 40 * SECOND)
    assert not Incident.objects.filter(state="open").exists(), "who is there is there for both"


def test_who_goes_on_pressing_is_one_call_for_some_minutes_and_then_tells_again(hall: Hall, now: datetime) -> None:
    for minute in (0, 3, 5, 8, 10):
        press(hall, now + timedelta(minutes=minute))
    assert HelpCall.objects.get().presses == 5
    press(hall, now + timedelta(minutes=12))
    assert list(HelpCall.objects.order_by("pk").values_list("presses", flat=True)) == [5, 1]
    press(hall, now + timedelta(minutes=15, seconds=1))
    assert HelpCall.objects.count() == 3, "exactly three minutes are the same call, a second more is another"


def test_a_press_heard_late_takes_nothing_from_the_person_who_waits_now(hall: Hall, now: datetime) -> None:
    hall.inbox(hall.terminal, "help", {"kind": "sos", "call": "waits"}, now, now + SECOND)
    calls.read_presses(now + SECOND)
    hall.inbox(hall.terminal, "help", {"kind": "sos", "call": "gone"}, now - timedelta(seconds=601), now + SECOND)
    hall.inbox(hall.terminal, "help", {"kind": "sos", "call": "before"}, now - 60 * SECOND, now + SECOND)
    calls.read_presses(now + 2 * SECOND)
    waits = HelpCall.objects.get(late=False)
    assert (waits.token, waits.presses) == ("waits", 2)
    assert HelpCall.objects.get(late=True).token == "gone"


@pytest.mark.parametrize("answered", [True, False])
def test_a_test_ended_by_hand_takes_no_real_press(hall: Hall, now: datetime, answered: bool) -> None:
    lin = hall.actor("lin")
    row = safety_actions.start_test(lin, hall.area, "help", now=now)
    press(hall, now + SECOND, "button")
    safety_actions.end_test(lin, row, answered=answered, now=now + 20 * SECOND)
    call = HelpCall.objects.get()
    assert (call.answered_at is not None, call.ended_at is not None) == (answered, not answered)
    assert not Incident.objects.filter(kind="help_pressed", state="open").exists()
    assert calls.note_unanswered(now + 60 * SECOND) == 0
    press(hall, now + 60 * SECOND, "button")
    real = HelpCall.objects.latest("pk")
    assert (HelpCall.objects.count(), real.test) == (2, None)
    assert Incident.objects.filter(subject=f"help_call:{real.pk}", state="open").exists()


def test_how_long_somebody_waited(now: datetime) -> None:
    def verdict(seconds: float, answered: bool, late: bool = False) -> str:
        at = now + timedelta(seconds=seconds)
        return waited(now, at if answered else None, limit_s=30, late=late, now=at).verdict

    assert [verdict(30, True), verdict(30.1, True)] == ["answered", "answered_late"]
    assert [verdict(30, False), verdict(30.1, False), verdict(9, False, late=True)] == [
        "waiting",
        "overdue",
        "heard_late",
    ]
    ended = waited(now, None, limit_s=30, late=False, now=now + 900 * SECOND, ended_at=now + 600 * SECOND)
    assert (ended.verdict, ended.seconds) == ("unanswered", 600.0)
    then = waited(now, None, limit_s=30, late=False, now=now + 500 * SECOND, ended_at=now + 600 * SECOND)
    assert (then.verdict, then.seconds) == ("overdue", 500.0), "as of a moment before it ended"
