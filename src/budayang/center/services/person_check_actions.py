"""Writes of 人证核对: what a terminal says of it, checked and kept with the case; and a consent that is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.services.case_accepting import CaseRefused
from budayang.center.services.case_telling import note_step
from budayang.center.services.models import Case, ConnectorItem, PersonCheck, StaffCheck
from budayang.center.services.window_actions import missing_of, send_to_window
from budayang.rules.person_check import SCORES, STAFF_WAIT_S, WAY_NAMES, Way
from budayang.wire.messages import CaseCheck, CasePrivate

CONFIRMED_FOR = timedelta(hours=1)
"""So long what a member of the staff saw holds: a journey, whose consent stands at its beginning. By the moments of the
journey, never by that of receipt: a case that was saved while the line was away comes hours later and is as good.
"""
CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Made:
    """A check that holds. `by`: the member of the staff who looked."""

    way: Way
    at: datetime
    notice: str = ""
    consented_at: str = ""
    score: str = ""
    by: str = ""


def needs_check(item_code: str) -> bool:
    """Whether the department wants to be sure that the person is the one of the card."""
    return ConnectorItem.objects.filter(item__code=item_code, person_check=True).exists()


def read_check(terminal_id: int, item_code: str, person: CasePrivate, consented_at: str, now: datetime) -> Made | None:
    """The check of a case as its terminal tells it; None where the item asks for none: what nobody needs is not kept.
    `consented_at`: when the person began this case, as the terminal tells it.

    Raises:
        CaseRefused: check_missing (none, or one that does not hold: no consent to the face, nobody who looked).
    """
    if not needs_check(item_code):
        return None
    told = person.check
    if told is None or told.way not in tuple(Way):
        raise CaseRefused("check_missing")
    at = _moment(told.at)
    if at is None:
        raise CaseRefused("check_missing")
    way = Way(told.way)
    if way is Way.FACE:
        return _by_face(told, at)
    if way is Way.STAFF:
        return _by_staff(terminal_id, item_code, told, at, _moment(consented_at) or now)
    return Made(way, at)


def _moment(text: str) -> datetime | None:
    try:
        at = parse_datetime(text) if len(text) <= 40 else None
    except ValueError:  # well written, and no such day
        return None
    return at if at is not None and at.tzinfo is not None else None


def _by_staff(terminal_id: int, item_code: str, told: CaseCheck, at: datetime, began_at: datetime) -> Made:
    """Somebody looked at this person, over this item: the terminal was told so at the moment of which it speaks, and
    that was in the journey of this case.
    """
    call = StaffCheck.objects.filter(
        terminal_id=terminal_id, item_code=item_code, mark=told.mark, result="same", ended_at__isnull=False
    ).first()
    if call is None or call.ended_at is None:
        raise CaseRefused("check_missing")
    told_then = abs(at - call.ended_at) <= timedelta(seconds=STAFF_WAIT_S) + CLOCKS_APART
    in_the_journey = abs(at - began_at) <= CONFIRMED_FOR + CLOCKS_APART
    if not (told_then and in_the_journey):
        raise CaseRefused("check_missing")
    return Made(Way.STAFF, call.ended_at, by=call.answered_by)


def _by_face(told: CaseCheck, at: datetime) -> Made:
    consent = told.consent
    if consent is None or not consent.version.strip() or not consent.at.strip() or told.score not in SCORES:
        raise CaseRefused("check_missing")
    return Made(Way.FACE, at, consent.version[:40], consent.at[:40], told.score)


def contract_of(made: Made) -> dict[str, str]:
    """The check as the department's contract has it."""
    return {"way": made.way.value, "at": made.at.isoformat(timespec="seconds")}


def record_check(actor: Actor, case: Case, made: Made, now: datetime) -> PersonCheck:
    """Keep it, in the transaction that accepts the case. Who chose the window is sent there: nothing goes to the
    department before a clerk has seen person and card.
    """
    row = PersonCheck.objects.create(
        case=case,
        way=made.way.value,
        score_class=made.score,
        notice_version=made.notice,
        consented_at=made.consented_at,
        checked_at=made.at,
        checked_by=made.by,
    )
    details = {"way": row.way, "notice": row.notice_version}
    subject = f"case:{case.number}"
    record(actor, "services.record_check", subject=subject, place_path=case.place_path, details=details, at=now)
    if made.way is Way.WINDOW:
        missing = [_("身份证原件，由窗口人员当面核对"), *missing_of(case)]
        send_to_window(actor, case.number, reason=WAY_NAMES[Way.WINDOW], missing=missing, now=now)
    return row


def consent_stands(case: Case) -> bool:
    """Whether a consent to the comparison of the face stands that can be taken back."""
    return PersonCheck.objects.filter(case=case, way=Way.FACE, withdrawn_at__isnull=True).exists()


@transaction.atomic
def withdraw_consent(actor: Actor, case: Case, now: datetime) -> bool:
    """The person takes the consent to the comparison back: what was left of it goes. False when there is none.

    What was done before stays lawful (个人信息保护法 第十五条); the picture was gone when the comparison ended.
    """
    rows = PersonCheck.objects.filter(case=case, way=Way.FACE, withdrawn_at__isnull=True)
    if not rows.update(withdrawn_at=now, score_class=""):
        return False
    note_step(case, "face_withdrawn", now)
    record(actor, "services.withdraw_consent", subject=f"case:{case.number}", place_path=case.place_path, at=now)
    return True
