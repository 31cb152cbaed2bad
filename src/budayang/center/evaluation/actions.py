"""Writes of the evaluation room: what terminals send, and what staff do about a negative rating (差评)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import Invitation, NegativeCase, Rating, Visit
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import parameter
from budayang.center.services.queries import find_case, working_days_after
from budayang.center.terminals.queries import find_terminal
from budayang.rules.evaluation import LEVEL_BY_CODE, reasons_for
from budayang.wire.numbers import is_number

log = structlog.get_logger(__name__)

JOB = Actor.job("evaluation.inbox")
NOTE_LENGTH = 300


@transaction.atomic
def record_invitation(
    actor: Actor, *, number: str, terminal_code: str, shown_at: datetime, now: datetime
) -> Invitation | None:
    """The rating page was shown after case `number`. The second report of the same case changes nothing.

    Returns None for a number that cannot be a case number: what a broken terminal sends must not stop its inbox.
    """
    terminal = find_terminal(JOB, terminal_code)
    if terminal is None or not is_number(number):
        log.warning("invitation ignored", terminal=terminal_code)
        return None
    place_path = terminal.area.place.path
    invitation, created = Invitation.objects.get_or_create(
        case_number=number, defaults={"terminal": terminal, "place_path": place_path, "shown_at": shown_at}
    )
    if created:
        _tell(number, "evaluation.invited", place_path, terminal_code, {}, shown_at, now)
    return invitation


@transaction.atomic
def record_rating(
    actor: Actor, *, number: str, level: str, reasons: Sequence[str], terminal_code: str, at: datetime, now: datetime
) -> Rating | None:
    """A case was rated. It counts once: a repeated or a second answer returns the first, unchanged.

    A negative level opens a negative-rating case with two clocks (核实, 整改) counted in working days.
    Returns None for an unknown level or an impossible case number (logged, never guessed).
    """
    terminal = find_terminal(JOB, terminal_code)
    rule = LEVEL_BY_CODE.get(level)
    if terminal is None or rule is None or not is_number(number):
        log.warning("rating ignored", terminal=terminal_code, level=level)
        return None
    case = find_case(number)
    place_path = terminal.area.place.path
    known = {reason.code for reason in reasons_for(level)}
    rating, created = Rating.objects.get_or_create(
        case_number=number,
        defaults={
            "terminal": terminal,
            "owner": terminal.owner,
            "place_path": place_path,
            "item_code": case.item.code if case else "",
            "level": level,
            "reasons": [reason for reason in dict.fromkeys(reasons) if reason in known],
            "at": at,
        },
    )
    if not created:
        return rating
    if rule.negative:
        _open_negative_case(rating, now)
    _tell(number, "evaluation.rated", place_path, terminal_code, {"level": level, "negative": rule.negative}, at, now)
    return rating


@transaction.atomic
def record_visit(
    actor: Actor, *, terminal_code: str, end: str, step: str, seconds: int, item_code: str, cleared: bool, at: datetime
) -> Visit | None:
    """A journey at a terminal ended, in whatever way. No news: it is counted by the month."""
    terminal = find_terminal(JOB, terminal_code)
    if terminal is None:
        return None
    return Visit.objects.create(
        terminal=terminal,
        place_path=terminal.area.place.path,
        item_code=item_code[:64],
        end=end[:16],
        step=step[:24],
        seconds=max(seconds, 0),
        cleared=cleared,
        at=at,
    )


def _tell(
    number: str, kind: str, place_path: str, terminal: str, more: dict[str, object], at: datetime, now: datetime
) -> None:
    payload = {"number": number, "terminal": terminal, **more}
    emit(kind, subject=f"case:{number}", place_path=place_path, payload=payload, occurred_at=at, now=now)


def _open_negative_case(rating: Rating, now: datetime) -> NegativeCase:
    """Clocks start when the center learns of the rating: nobody can be late for what nobody could know."""
    verify_days = int(parameter("negative_check_workdays", rating.place_path, now))
    close_days = int(parameter("negative_fix_workdays", rating.place_path, now))
    return NegativeCase.objects.create(
        rating=rating,
        owner_id=rating.owner_id,
        place_path=rating.place_path,
        policy={"verify_days": verify_days, "close_days": close_days},
        opened_at=now,
        verify_due_at=working_days_after(now, verify_days),
        close_due_at=working_days_after(now, close_days),
    )


@transaction.atomic
def verify_negative_case(actor: Actor, case: NegativeCase, *, note: str, now: datetime) -> NegativeCase:
    """Somebody looked into it (核实) and says what was found. The next step is to put it right."""
    return _move(actor, case, "open", "verified", note, now)


@transaction.atomic
def close_negative_case(actor: Actor, case: NegativeCase, *, note: str, now: datetime) -> NegativeCase:
    """It was put right (整改办结), with a word on how."""
    return _move(actor, case, "verified", "closed", note, now)


def _move(actor: Actor, case: NegativeCase, before: str, after: str, note: str, now: datetime) -> NegativeCase:
    actor.require(
        Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, place_path=case.place_path, organizations=(case.owner_id,)
    )
    words = note.strip()
    if not words:
        raise Refused(_("请写明核实或整改的情况，再提交。"))
    stamp = {"verified_at": now} if after == "verified" else {"closed_at": now}
    # Two people may press at once: the state stands in the condition, so only the first one moves it.
    moved = NegativeCase.objects.filter(pk=case.pk, state=before).update(state=after, note=words[:NOTE_LENGTH], **stamp)
    if not moved:
        raise Refused(_("这件差评刚刚已被别人处理，请刷新页面再看。"))
    case.refresh_from_db()
    number = case.rating.case_number
    record(actor, f"evaluation.negative_{after}", subject=f"case:{number}", place_path=case.place_path, at=now)
    emit(
        f"evaluation.negative_{after}",
        subject=f"case:{number}",
        place_path=case.place_path,
        payload={"number": number},
        occurred_at=now,
        now=now,
    )
    return case
