"""Writes of 投诉、表扬、建议: what anybody hands in, and the five steps of those who handle it, each with words.

Nobody is turned away: beyond the limits it is kept all the same and waits for a person. A network address is never
written down; a count by its keyed hash stays for an hour. Whoever is complained of handles it and answers,
but only the area's people decline or file it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Complaint, ComplaintStep
from budayang.center.evaluation.negative_actions import read_phone
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.limits import count_within
from budayang.center.platform.own_links import is_own
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field, seal_field
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import make_number
from budayang.center.services.queries import working_days_after
from budayang.center.terminals import queries as terminals
from budayang.rules.evaluation.complaints import (
    DECLINE_REASONS,
    FINAL_STATES,
    KIND_NAMES,
    STEPS,
    IllegalStep,
    Limits,
    due_of,
    next_state,
)

TABLE = "evaluation_complaint"
JOB = Actor.job("evaluation.complaints")
HANDLERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
DECIDERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
HOUR = timedelta(hours=1)
WORDS_LENGTH, NOTE_LENGTH = 500, 300


@dataclass(frozen=True, slots=True)
class Said:
    """What a person handed in. `terminal`: the code of the machine that it is about; "" for the area as a whole."""

    kind: str = ""
    area: str = ""
    terminal: str = ""
    text: str = ""
    phone: str = ""


def take_complaint(said: Said, *, client: str, now: datetime) -> Complaint:
    """Keep what a person says; beyond a limit it waits for a person.

    Raises:
        Refused: no kind, no place, no words, or a telephone number that is none; the message names the repair.
    """
    if said.kind not in KIND_NAMES:
        raise Refused(_("请先选投诉、表扬还是建议。"))
    area = areas.list_public().filter(code=said.area).first()
    if area is None:
        raise Refused(_("请选择是哪个自助区。"))
    text = said.text.strip()[:WORDS_LENGTH]
    if len(text) < 2:
        raise Refused(_("请写明是什么事，例如“周日晚上没有人接帮办电话”。"))
    phone = read_phone(said.phone)
    machine = terminals.find_terminal(JOB, said.terminal) if said.terminal else None
    if machine is not None and machine.area_id != area.pk:
        machine = None
    held = _beyond_limits(area, client, now)
    with transaction.atomic():
        return _write_new(said.kind, area, machine, text, phone, held=held, now=now)


def _write_new(kind: str, area: Any, machine: Any, text: str, phone: str, *, held: bool, now: datetime) -> Complaint:
    path, number = area.place.path, make_number()
    limits = _limits(path, now)
    state = "held" if held else "received"
    due = due_of(kind, state, limits)
    row = Complaint.objects.create(
        number=number,
        kind=kind,
        area=area,
        owner_id=machine.owner_id if machine is not None else None,
        place_path=path,
        state=state,
        made_at=now,
        limits={name: getattr(limits, name).isoformat() for name in STEPS},
        due_at=due,
        look_at=due,
        words_sealed=seal_field(TABLE, number, "words", text),
        words_mark=lookup_hash("evaluation.complaint_words", "".join(text.split())),
        phone_sealed=seal_field(TABLE, number, "phone", phone) if phone else None,
        phone_hint=f"{phone[:3]}****{phone[-4:]}" if phone else "",
        erase_at=now + timedelta(days=float(platform.parameter("complaint_most_d", path, now))),
    )
    write_step(Actor.public(), row, "made", now)
    return row


def _limits(path: str, now: datetime) -> Limits:
    days = {one: int(platform.parameter(f"complaint_{one}_workdays", path, now)) for one in STEPS}
    return Limits(**{one: working_days_after(now, n) for one, n in days.items()})


def limits_of(row: Complaint) -> Limits:
    """The limits that were in force when it came."""
    return Limits(**{one: datetime.fromisoformat(row.limits[one]) for one in STEPS})


def _beyond_limits(area: Any, client: str, now: datetime) -> bool:
    """Whether this hour has seen more than people write: from one address, or about one area."""
    most = int(platform.parameter("complaint_area_hour", area.place.path, now))
    here = Complaint.objects.filter(area=area, made_at__gt=now - HOUR).count()
    times = count_within(f"complaint:{lookup_hash('evaluation.complaint_client', client)}", HOUR, now)
    return times > int(platform.parameter("complaint_client_hour", area.place.path, now)) or here >= most


def write_step(
    actor: Actor, row: Complaint, event: str, now: datetime, *, note: str = "", due_at: datetime | None = None
) -> None:
    """A row of the trail, the audit line, the news. The audit has no words of people."""
    by = "" if actor.kind == "public" else actor.label or actor.name
    ComplaintStep.objects.create(
        complaint=row, event=event, state=row.state, note=note, at=now, due_at=due_at, by=by[:80]
    )
    subject, told = f"complaint:{row.number}", {"state": row.state, "kind": row.kind}
    record(actor, f"evaluation.complaint_{event}", subject=subject, place_path=row.place_path, details=told, at=now)
    payload = {"complaint": row.number, **told, "bears_on": [row.made_at.isoformat()]}
    emit(f"evaluation.complaint_{event}", subject=subject, place_path=row.place_path, payload=payload,
         occurred_at=now, now=now)  # fmt: skip


def _move(actor: Actor, row: Complaint, event: str, now: datetime, *, note: str = "", **also: Any) -> Complaint:
    try:
        after = next_state(row.kind, row.state, event)
    except IllegalStep as illegal:
        raise Refused(words(str(illegal))) from illegal
    due = due_of(row.kind, after, limits_of(row))
    also |= {"state": after, "due_at": due, "look_at": due, "overdue_at": None}
    if after in FINAL_STATES:
        days = float(platform.parameter("complaint_keep_d", row.place_path, now))
        also |= {"ended_at": now, "erase_at": min(row.erase_at, now + timedelta(days=days))}
    if not Complaint.objects.filter(pk=row.pk, state=row.state).update(**also):
        raise Refused(_("这件刚刚已被别人处理，请刷新页面再看。"))
    owed = row.due_at
    row.refresh_from_db()
    write_step(actor, row, event, now, note=note, due_at=owed if event in STEPS else None)
    return row


def require(actor: Actor, row: Complaint, roles: tuple[Role, ...]) -> None:
    """Raises Forbidden unless the actor has one of `roles` for the place and, for bodies' people, the owner unit."""
    actor.require(*roles, place_path=row.place_path, organizations=(row.owner_id,) if row.owner_id else ())


def _said(note: str, repair: str) -> str:
    found = note.strip()[:NOTE_LENGTH]
    if not found:
        raise Refused(repair)
    return found


@transaction.atomic
def admit(actor: Actor, row: Complaint, now: datetime) -> Complaint:
    """Let in what waited for a person beyond the limits."""
    require(actor, row, DECIDERS)
    return _move(actor, row, "admit", now)


@transaction.atomic
def take_step(actor: Actor, row: Complaint, step: str, *, note: str, now: datetime) -> Complaint:
    """受理, 调查, 处置 or 归档, with words. Filing is the area's people's: who is complained of does not close it."""
    if step not in ("accept", "investigate", "handle", "file"):
        raise Refused(_("没有这一步。"))
    require(actor, row, DECIDERS if step == "file" else HANDLERS)
    return _move(actor, row, step, now, note=_said(note, _("请写明这一步做了什么。")))


@transaction.atomic
def answer(actor: Actor, row: Complaint, *, text: str, now: datetime) -> Complaint:
    """反馈: what the person reads on the progress page."""
    require(actor, row, HANDLERS)
    said = _said(text, _("请写给本人看的答复，不要写个人信息。"))
    return _move(actor, row, "answer", now, note=said, answer=said, answered_at=now)


@transaction.atomic
def decline(actor: Actor, row: Complaint, *, reason: str, note: str, now: datetime) -> Complaint:
    """不予受理 for one of DECLINE_REASONS, with what the person reads."""
    require(actor, row, DECIDERS)
    if reason not in DECLINE_REASONS:
        raise Refused(_("请选择不予受理的理由。"))
    said = _said(note, _("请写给本人看的说明，例如该去哪里办。"))
    return _move(actor, row, "decline", now, note=said, declined_for=reason, answer=said, answered_at=now)


@transaction.atomic
def withdraw(number: str, mark: str, now: datetime) -> Complaint | None:
    """The person takes it back; words and telephone go at once. None: there is no such number.

    Raises:
        Refused: `mark` is not that of the person's own link; the number alone is known to whom it may blame.
    """
    row = Complaint.objects.filter(number=number).first()
    if row is None or row.state in FINAL_STATES or row.state == "answered":
        return row
    if not is_own("complaint", number, mark):
        raise Refused(_("只有交上后打开的那个网址能撤回；凭号码只能看。"))
    _move(Actor.public(), row, "withdraw", now)
    erase([row.pk])
    return row


@transaction.atomic
def show_phone(actor: Actor, row: Complaint, now: datetime) -> str:
    """The telephone number, for the answer only; the trail says who looked. "" when none is kept."""
    require(actor, row, HANDLERS)
    if not row.phone_sealed:
        return ""
    write_step(actor, row, "phone", now)
    return opened(row, "phone")


def opened(row: Complaint, column: str) -> str:
    """A sealed text ("words", "phone"); "" when it is gone or its key is not here."""
    sealed = getattr(row, f"{column}_sealed")
    if not sealed:
        return ""
    try:
        return open_field(TABLE, row.number, column, bytes(sealed))
    except CannotOpen:
        return ""


def erase(ids: list[int]) -> int:
    """Delete what these hold of people; the steps and the answer stay."""
    gone = {"phone_sealed": None, "phone_hint": "", "words_sealed": None}
    return Complaint.objects.filter(pk__in=ids).update(**gone)
