"""Writes of ratings: the page that asked, the answer, the visit; from terminals and from the public page.

What is done about a negative one is in `negative_actions`; what looks wrong with one in `integrity_actions`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.integrity_actions import flag_second
from budayang.center.evaluation.models import Invitation, Rating, RefusedRating, Visit
from budayang.center.evaluation.negative_actions import open_negative_case, read_phone
from budayang.center.evaluation.queries import may_still_rate
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.platform.wording import words
from budayang.center.services.queries import find_case, was_opened_at
from budayang.center.terminals.queries import find_terminal
from budayang.rules.evaluation import (
    LEVEL_BY_CODE,
    TextEdition,
    edition_on,
    find_edition,
    rating_problem,
    reasons_for,
)
from budayang.rules.monthly import month_over
from budayang.wire.numbers import BadNumber, parse_number

log = structlog.get_logger(__name__)

JOB = Actor.job("evaluation.inbox")
_CODE_WORD = re.compile(r"[A-Za-z0-9_.-]{1,24}")


@transaction.atomic
def record_invitation(
    actor: Actor, *, number: str, terminal_code: str, shown_at: datetime, now: datetime, channel: str = "terminal"
) -> Invitation | None:
    """The rating page was shown for case `number`. The second time on the same channel changes nothing.

    Returns None for a number that cannot be of a case of this terminal: what a broken terminal sends must not stop its
    inbox.
    """
    terminal = find_terminal(JOB, terminal_code)
    number = _number_at(terminal, number)
    if terminal is None or not number:
        log.warning("invitation ignored", terminal=terminal_code)
        return None
    place_path = terminal.area.place.path
    invitation, created = Invitation.objects.get_or_create(
        case_number=number,
        channel=channel,
        defaults={"terminal": terminal, "place_path": place_path, "shown_at": shown_at},
    )
    if created:
        _tell(number, "evaluation.invited", place_path, terminal_code, {"channel": channel}, shown_at, now)
    return invitation


@transaction.atomic
def record_rating(
    actor: Actor,
    *,
    number: str,
    level: str,
    reasons: Sequence[str],
    terminal_code: str,
    at: datetime,
    now: datetime,
    texts: str = "",
    channel: str = "terminal",
    phone: str = "",
) -> Rating | None:
    """A case was rated. It counts once: a repeated or a second answer returns the first, unchanged. A second one that
    says something else is a flag of the first, for a supervisor to judge.

    A negative level opens a negative-rating case with its clocks, counted in working days.
    Returns None for an impossible case number, or one of another terminal's case that nobody opened at this one: never
    guessed, a line of the audit that supervisors read; and for an unknown level, which is kept as a RefusedRating.

    Args:
        texts: the edition of reasons that the person read; "" takes the one in force at `at`.
        phone: a number for the call-back, left voluntarily; kept for a negative rating only.
    """
    terminal = find_terminal(JOB, terminal_code)
    rule = LEVEL_BY_CODE.get(level)
    number, came = _number_at(terminal, number), number
    if terminal is None:
        log.warning("rating ignored", terminal=terminal_code)
        return None
    if not number:
        _note_unjoined(actor, terminal, came, level if rule is not None else "", now)
        return None
    if rule is None:
        _refuse(terminal, number, level, at, now)
        return None
    case = find_case(number)
    place_path = terminal.area.place.path
    edition = find_edition(texts) or edition_at(at, terminal.area.place.zone)
    known = {reason.code for reason in reasons_for(level, edition)}
    given = [reason for reason in dict.fromkeys(reasons) if reason in known]
    rating, created = Rating.objects.get_or_create(
        case_number=number,
        defaults={
            "terminal": terminal,
            "owner": terminal.owner,
            "place_path": place_path,
            "item_code": case.item.code if case else "",
            "level": level,
            "reasons": given,
            "texts": edition.code,
            "channel": channel,
            "at": at,
            "look_at": _look_at(place_path, now),
        },
    )
    if not created:
        if (rating.level, set(rating.reasons)) != (level, set(given)):
            flag_second(rating, level, given, edition, now)
        return rating
    if rule.negative:
        open_negative_case(actor, rating, phone, now)
    told = {"level": level, "negative": rule.negative, "channel": channel}
    _tell(number, "evaluation.rated", place_path, terminal_code, told, at, now)
    return rating


def _refuse(terminal: Any, number: str, level: str, at: datetime, now: datetime) -> None:
    """Keep that a matter was rated on a level that is none of the five: its terminal offered something else (PJ-02)."""
    # What is no code word may be what a person typed: it is neither kept nor logged.
    word = level if _CODE_WORD.fullmatch(level) else ""
    log.warning("rating refused", terminal=terminal.code, word=word)
    place_path = terminal.area.place.path
    told = {"terminal": terminal, "place_path": place_path, "level": word, "at": at}
    _row, created = RefusedRating.objects.get_or_create(case_number=number, defaults=told)
    if created:
        _tell(number, "evaluation.rating_refused", place_path, terminal.code, {"level": word}, at, now)


def _note_unjoined(actor: Actor, terminal: Any, number: str, level: str, now: datetime) -> None:
    """A rating of a case that this terminal cannot have had. A number is told only where it is one: what else a broken
    machine sends may be anything.
    """
    try:
        details = {"why": "other_terminal", "number": str(parse_number(number)), "level": level}
    except BadNumber:
        details = {"why": "bad_number", "level": level}
    subject, place_path = f"terminal:{terminal.code}", terminal.area.place.path
    record(actor, "evaluation.rating_unjoined", subject=subject, place_path=place_path, details=details, at=now)


def _number_at(terminal: Any, text: str) -> str:
    """The case number as it is kept, if it is of this terminal's own case, or of one that its person opened here; else
    "". The check character alone says only that it was typed right.
    """
    try:
        parts = parse_number(text)
    except BadNumber:
        return ""
    if terminal is None:
        return ""
    own = parts.terminal == terminal.code.replace("-", "").upper()
    return str(parts) if own or was_opened_at(str(parts), terminal.pk) else ""


def _look_at(place_path: str, now: datetime) -> datetime:
    """When a rating's integrity is judged: some time later, at the full hour, together with others of its terminal."""
    after = now + timedelta(seconds=float(parameter("flag_wait_s", place_path, now)))
    hour = after.replace(minute=0, second=0, microsecond=0)
    return hour if hour == after else hour + timedelta(hours=1)


def edition_at(at: datetime, zone: str) -> TextEdition:
    """The texts of the reasons in force on the local day of a moment."""
    return edition_on(at.astimezone(ZoneInfo(zone)).date())


def rate_afterwards(
    case: Any, *, level: str, reasons: Sequence[str], phone: str, channel: str, now: datetime
) -> Rating:
    """A person rates a finished matter from home, once, within the days for it.

    Args:
        case: a row of the services room. channel: "qr" or "public".

    Raises:
        Refused: no level, no reason for a negative one, too late, rated already; the message names the repair.
    """
    if not level:
        raise Refused(_("请先选满意程度。"))
    place = case.terminal.area.place
    edition = edition_at(now, place.zone)
    problem = rating_problem(level, reasons, edition)
    if problem:
        raise Refused(words(problem))
    number = read_phone(phone) if LEVEL_BY_CODE[level].negative else ""
    if not may_still_rate(case, now):
        raise Refused(_("评价的期限已经过了，或这件事还没有办结。"))
    if Rating.objects.filter(case_number=case.number).exists():
        raise Refused(_("这件事已经评价过了，一件事只评一次。"))
    rating = record_rating(
        Actor.public(),
        number=case.number,
        level=level,
        reasons=reasons,
        terminal_code=case.terminal.code,
        at=now,
        now=now,
        texts=edition.code,
        channel=channel,
        phone=number,
    )
    if rating is None:
        raise Refused(_("这件事不能评价，请拨打自助区管理员电话。"))
    return rating


@transaction.atomic
def record_visit(
    actor: Actor, *, terminal_code: str, end: str, step: str, seconds: int, item_code: str, cleared: bool,
    at: datetime, now: datetime,
) -> Visit | None:  # fmt: skip
    """A journey at a terminal ended, in whatever way. It is counted by the month, and is news only when it comes after
    its month is over.
    """
    terminal = find_terminal(JOB, terminal_code)
    if terminal is None:
        return None
    if month_over(at, terminal.area.place.zone, now):
        emit(
            "evaluation.visit_late",
            subject=f"terminal:{terminal.code}",
            place_path=terminal.area.place.path,
            payload={"terminal": terminal.code},
            occurred_at=at,
            now=now,
        )
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
