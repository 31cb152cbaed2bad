"""Calls for help (求助呼叫): taken from terminals by themselves, answered by a person, measured in between.

A press reaches us as the event `help` of a terminal or of a button that a relay hears. It becomes a row at once; an
urgent one opens an incident, so that those on duty are told by the ordinary way; a call for a helper becomes one when
nobody answered within the limit (JB-34). Who presses again soon still waits for the same answer; a later press is
another call, whose predecessor ends unanswered. While a test of the button runs, the press begins its time, the answer
ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, When
from django.utils.translation import gettext as _

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.help_ending import PRESSED, UNANSWERED, WAITS, close_alarms, subject_of
from budayang.center.maintenance.incident_actions import NewIncident, open_incident
from budayang.center.maintenance.models import HelpCall
from budayang.center.maintenance.safety_actions import end_measured, running_test
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.deliveries import Due
from budayang.center.platform.queries import parameter, scope_q
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.inbox import InboxRow, consume_inbox
from budayang.center.terminals.sending import put
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line
from budayang.rules.help_calls import CALL_NAMES, URGENT, is_late, is_same_call

JOB = Actor.job("maintenance.help_calls")
ANSWERERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.GUARD)
READERS = OPERATING_ROLES | {Role.GUARD}
EVENT = "help"
STEP, ITEM, NOTE, TOKEN = 20, 32, 200, 16
TOLD_S = 60
"""So long the word that somebody answers is worth showing: then the person is spoken with, or has gone."""


def calls_visible_to(actor: Actor) -> QuerySet[HelpCall]:
    """Calls of the actor's places. Bodies' people see those of their own machines."""
    mine = scope_q(actor, "area__place__path", ("terminal__owner_id", "terminal__vendor_id"), roles=READERS)
    return HelpCall.objects.filter(mine).select_related("terminal", "area__place", "incident", "test")


def open_calls(actor: Actor) -> QuerySet[HelpCall]:
    """Calls that wait for an answer: people in need first, then the oldest."""
    waiting = calls_visible_to(actor).filter(WAITS)
    return waiting.order_by(Case(When(kind__in=URGENT, then=0), default=1), "pressed_at")


def read_presses(now: datetime) -> int:
    """Take what terminals and relays tell of presses from the inbox."""

    def take(row: InboxRow) -> None:
        _take(row, now)

    return consume_inbox((EVENT,), take, now)


def _take(row: InboxRow, now: datetime) -> None:
    kind = str(row.body.get("kind", ""))
    machine = terminals.in_service().filter(pk=row.terminal_id).select_related("area__place").first()
    if kind not in CALL_NAMES or machine is None:
        return  # a word of a newer terminal, or a machine that was taken out meanwhile
    token = _word(row.body, "call", TOKEN)
    late = is_late(row.at, row.received_at)
    # By a clock that goes fast a press would lie in the future, and all that follow would seem to be soon after it.
    pressed_at = min(row.at, row.received_at)
    if not late and _joins(row.terminal_id, kind, token, pressed_at, now):
        return
    limit_s = float(parameter("help_answer_s", row.place_path, now))
    test = None if late else running_test(machine.area_id, "help", row.at)
    call = HelpCall.objects.create(
        terminal=machine, area=machine.area, kind=kind, token=token, step=_word(row.body, "step", STEP),
        item=_word(row.body, "item", ITEM), pressed_at=row.at, last_pressed_at=pressed_at, told_at=now, limit_s=limit_s,
        late=late, test=test,
        due_at=None if late else row.at + timedelta(seconds=limit_s),
    )  # fmt: skip
    if kind in URGENT and not late:
        _open(call, PRESSED, now)
    _tell(call, "pressed", now)


def _joins(terminal_id: int, kind: str, token: str, pressed_at: datetime, now: datetime) -> bool:
    """Count the press to the call that waits, when it is the same; end a call to which it does not belong."""
    waiting = HelpCall.objects.filter(WAITS, terminal_id=terminal_id, kind=kind)
    call = waiting.first()
    if call is None:
        return False
    if not is_same_call(pressed_at, first_at=call.pressed_at, last_at=call.last_pressed_at):
        # What it opened stands until somebody answers here: nobody has been there yet.
        waiting.filter(pk=call.pk).update(ended_at=now, due_at=None)
        return False
    newest = {"token": token, "last_pressed_at": pressed_at} if pressed_at >= call.last_pressed_at else {}
    return bool(waiting.filter(pk=call.pk).update(presses=F("presses") + 1, **newest))


def _word(body: Mapping[str, Any], name: str, most: int) -> str:
    return str(body.get(name) or "")[:most]


@transaction.atomic
def answer(actor: Actor, call: HelpCall, *, note: str = "", now: datetime) -> HelpCall:
    """Somebody answers: spoke with the person, or is there. Of two who press at once the first counts."""
    actor.require(*ANSWERERS, place_path=call.area.place.path)
    by = actor.label or actor.name
    waiting = HelpCall.objects.filter(pk=call.pk, answered_at__isnull=True, ended_at__isnull=True)
    if not waiting.update(answered_at=now, answered_by=by, note=note.strip()[:NOTE], due_at=None):
        call.refresh_from_db()
        if call.ended_at is not None:
            raise Refused(_("这次呼叫没有人应答过，已经结束。同一处又有呼叫的，请应答新的那一次。"))
        raise Refused(_("已经有人应答了。"))
    call.refresh_from_db()
    # Who is there now is there for those as well who called before and were not answered.
    earlier = HelpCall.objects.filter(
        terminal_id=call.terminal_id, kind=call.kind, ended_at__isnull=False, incident__state="open"
    )
    close_alarms([call, *earlier], now)
    if call.token:
        # With the terminal's own word for the press: never shown to the next person.
        body = {"call": call.token}
        put([(call.terminal_id, body)], EVENT, now, expires_at=now + timedelta(seconds=TOLD_S))
    if call.test is not None:
        end_measured(call.test, seconds=(now - call.pressed_at).total_seconds(), now=now)
    _tell(call, "answered", now)
    record(
        actor, "maintenance.answer_help", subject=subject_of(call), place_path=call.area.place.path,
        details={"kind": call.kind, "seconds": round((now - call.pressed_at).total_seconds())}, at=now,
    )  # fmt: skip
    return call


def note_unanswered(now: datetime, limit: int = 100) -> int:
    """Find calls that nobody answered in time; each is told once. Returns how many."""
    done = 0
    for call in HelpCall.objects.filter(due_at__lt=now).select_related("area__place", "terminal")[:limit]:
        with transaction.atomic():
            # Taken by a compare-and-set: who answers at this moment has cleared it.
            if not HelpCall.objects.filter(WAITS, pk=call.pk, due_at=call.due_at).update(due_at=None):
                continue
            if call.test_id is None:  # a test that fails is told as such
                _open(call, UNANSWERED, now)
            _tell(call, "unanswered", now)
            done += 1
    return done


def _open(call: HelpCall, kind: str, now: datetime) -> None:
    manager_id = call.area.manager_id or manager_of(call.area.place.path)
    title = f"{CALL_NAMES[call.kind]}：{call.terminal.name}"
    found = NewIncident(
        kind=get_cause(kind),
        subject=subject_of(call),
        component="help",
        opened_at=call.pressed_at if kind == PRESSED else call.pressed_at + timedelta(seconds=call.limit_s),
        place_path=call.area.place.path,
        area_id=call.area_id,
        terminal_id=call.terminal_id,
        owner_id=manager_id,
        responsible_id=manager_id,
        title=title[:80],
        evidence=(Line(call.pressed_at, "terminal", call.terminal.code, title[:80]),),
    )
    call.incident = open_incident(JOB, found, cause=None, now=now)
    call.save(update_fields=["incident"])


def _tell(call: HelpCall, what: str, now: datetime) -> None:
    emit(
        f"maintenance.help_{what}", subject=subject_of(call), place_path=call.area.place.path,
        payload={"call": call.pk, "terminal": call.terminal.code}, occurred_at=now, now=now,
    )  # fmt: skip


DUES: tuple[Due, ...] = (
    Due("maintenance.help_calls", 0.3, read_presses, prompt=True),
    Due("maintenance.help_unanswered", 1.0, note_unanswered, prompt=True),
)
