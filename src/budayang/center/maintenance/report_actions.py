"""Writes of 报修: take what anybody says, join it to what is known, let a person answer, set aside with a reason.

Nobody is turned away: beyond the limits a report is kept all the same and waits for a person. A network address is
never written down; a count by its keyed hash stays for an hour.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import report_following as following
from budayang.center.maintenance.models import Report, ReportPhoto
from budayang.center.maintenance.report_queries import TABLE, opened
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.limits import count_within
from budayang.center.platform.own_links import is_own
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field, seal_field
from budayang.center.services.promise_numbers import make_number
from budayang.rules.reports import ABUSE_REASONS, KINDS, OPEN_STATES, ReportKind

PHOTO_TABLE = "maintenance_report_photo"
ANSWERERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
JUDGES = (Role.SUPERVISOR, Role.AREA_KEEPER)
"""Who lets a held report in, sets one aside, joins one to another fault. Not the body that may be blamed by it."""
HOUR = timedelta(hours=1)
NOTE_LENGTH, ANSWER_LENGTH = 200, 300
_PHONE = re.compile(r"^1\d{10}$")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person sent. `photo` makes the JPEG, written anew by platform.uploads, or raises Refused; decoding costs a
    second, so it is called only for what is kept. `known`: the incident that the person says is the same.
    """

    kind: str = ""
    note: str = ""
    phone: str = ""
    photo: Callable[[], bytes] | None = None
    known: int | None = None


def take_report(spot: following.Spot, said: Said, *, client: str, now: datetime) -> Report:
    """Keep a report, as a voice to what is known or as an incident of its own; beyond a limit it waits for a person.

    Args:
        client: the caller's network address; only an hour's count by its keyed hash is kept.

    Raises:
        Refused: no kind was chosen, the telephone number is none, or the photo is none; the message names the repair.
    """
    kind = KINDS.get(said.kind)
    known = following.find_known(spot, kind, said.known, now)
    if kind is None and known is not None:
        kind = following.kind_of(known)
    if kind is None:
        raise Refused(_("请先选哪里不对。"))
    phone = said.phone.replace(" ", "").replace("-", "")
    if phone and not _PHONE.match(phone):
        raise Refused(_("手机号是 11 位数字，以 1 开头；不想留可以空着。"))
    held = _beyond_limits(spot, client, now)
    # A flood must neither fill the disk nor keep the processor: what waits for a person waits without its photo. Read
    # before the transaction, which nobody else writes beside.
    photo = said.photo() if said.photo is not None and not held else b""
    with transaction.atomic():
        report = _write(spot, kind, said, phone, photo, held=held, now=now)
        if not held:
            following.join(report, known or following.open_own(spot, kind, now), joined=known is not None, now=now)
    return report


def _write(
    spot: following.Spot, kind: ReportKind, said: Said, phone: str, photo: bytes, *, held: bool, now: datetime
) -> Report:
    number, path = make_number(), spot.place_path
    note = said.note.strip()[:NOTE_LENGTH]
    report = Report.objects.create(
        number=number,
        kind=kind.code,
        place_path=path,
        area_id=spot.area_id,
        terminal_id=spot.terminal_id,
        state="held" if held else "received",
        made_at=now,
        answer_due_at=now + timedelta(seconds=float(platform.parameter("report_answer_s", path, now))),
        phone_sealed=seal_field(TABLE, number, "phone", phone) if phone else None,
        phone_hint=f"{phone[:3]}****{phone[-4:]}" if phone else "",
        note_sealed=seal_field(TABLE, number, "note", note) if note else None,
        erase_at=now + timedelta(days=float(platform.parameter("report_phone_most_d", path, now))),
    )
    if photo:
        text = base64.b64encode(photo).decode()
        ReportPhoto.objects.create(report=report, sealed=seal_field(PHOTO_TABLE, number, "photo", text))
    following.write(Actor.public(), report, "made", now, details={"kind": kind.code, "held": held})
    return report


def _beyond_limits(spot: following.Spot, client: str, now: datetime) -> bool:
    """Whether this hour has seen more than a person makes: from one address, or about one machine or area."""
    most = int(platform.parameter("report_place_hour", spot.place_path, now))
    here = Report.objects.filter(area_id=spot.area_id, made_at__gt=now - HOUR)
    here = here.filter(terminal_id=spot.terminal_id) if spot.terminal_id else here.filter(terminal__isnull=True)
    times = count_within(f"report:{lookup_hash('maintenance.report_client', client)}", HOUR, now)
    return times > int(platform.parameter("report_client_hour", spot.place_path, now)) or here.count() >= most


@transaction.atomic
def withdraw_report(number: str, mark: str, now: datetime) -> Report | None:
    """The person takes it back; what it says of a person goes at once. An order that nobody began is called off when
    no other voice stands behind it. None: there is no such number.

    Raises:
        Refused: `mark` is not that of the person's own link; the number alone is known to whom it may blame.
    """
    report = Report.objects.filter(number=number).first()
    if report is None or report.state not in OPEN_STATES:
        return report
    if not is_own("report", number, mark):
        raise Refused(_("只有报修后打开的那个网址能撤回；凭号码只能看。"))
    following.move(Actor.public(), report, "withdraw", now)
    erase([report.pk])
    following.call_off_if_alone(report, now)
    return report


@transaction.atomic
def answer_report(actor: Actor, report: Report, text: str, now: datetime, *, all_voices: bool = False) -> Report:
    """Say something to the person: on the progress page, and by text message where a number was left. `all_voices`:
    to everybody behind the same incident whom nobody answered yet.
    """
    require(actor, report, ANSWERERS)
    if not text.strip():
        raise Refused(_("请写给群众看的答复，例如“已通知运维，预计今晚 9 点前修好”。"))
    rows = [report]
    if all_voices and report.incident_id is not None:
        others = Report.objects.filter(incident_id=report.incident_id, answered_at__isnull=True, state__in=OPEN_STATES)
        rows += list(others.exclude(pk=report.pk))
    for row in rows:
        row.answer, row.answered_at, row.answer_due_at = text.strip()[:ANSWER_LENGTH], now, None
        row.save(update_fields=["answer", "answered_at", "answer_due_at"])
        following.write(actor, row, "answered", now)
        following.text_person(row, now)
    following.settle_unanswered(report.area_id, now)
    return report


@transaction.atomic
def admit_report(actor: Actor, report: Report, now: datetime) -> Report:
    """Let in what waited for a person: it joins what is known, or becomes an incident."""
    require(actor, report, JUDGES)
    following.move(actor, report, "admit", now)
    spot = following.spot_of(report)
    kind = KINDS[report.kind]
    known = following.find_known(spot, kind, None, now)
    following.join(report, known or following.open_own(spot, kind, now), joined=known is not None, now=now)
    return report


@transaction.atomic
def set_aside(actor: Actor, report: Report, reason: str, now: datetime) -> Report:
    """不作处理, for one of the reasons of rules.reports.ABUSE_REASONS. An order that nobody began goes with it."""
    require(actor, report, JUDGES)
    if reason not in ABUSE_REASONS:
        raise Refused(_("请选择不作处理的理由。"))
    following.move(actor, report, "set_aside", now, details={"reason": reason}, set_aside_for=reason)
    following.call_off_if_alone(report, now)
    return report


@transaction.atomic
def join_report(actor: Actor, report: Report, incident_id: int, now: datetime) -> Report:
    """并入 an open incident of the same area. The report's own, when nobody else stands behind it, is called off."""
    require(actor, report, JUDGES)
    if report.state not in OPEN_STATES:
        raise Refused(_("这件报修已经结束，不用再并入。"))
    incident = following.joinable(report).filter(pk=incident_id).first()
    if incident is None:
        raise Refused(_("只能并入同一自助区没有恢复的故障。"))
    if report.state == "held":
        following.move(actor, report, "admit", now)
    before = Report.objects.get(pk=report.pk)
    following.join(report, incident, joined=True, now=now, actor=actor)
    following.call_off_if_alone(before, now)
    return report


@transaction.atomic
def show_phone(actor: Actor, report: Report, now: datetime) -> str:
    """The telephone number, for answering only; the audit says who looked. "" when none is kept."""
    require(actor, report, ANSWERERS)
    record(actor, "maintenance.report_phone", subject=f"report:{report.number}", place_path=report.place_path, at=now)
    return opened(report, "phone")


@transaction.atomic
def show_photo(actor: Actor, report: Report, now: datetime) -> bytes:
    """The photo as JPEG, b"" when none is kept; the audit says who looked."""
    require(actor, report, (*ANSWERERS, Role.VENDOR_ENGINEER))
    photo = ReportPhoto.objects.filter(report=report).first()
    if photo is None:
        return b""
    record(actor, "maintenance.report_photo", subject=f"report:{report.number}", place_path=report.place_path, at=now)
    try:
        return base64.b64decode(open_field(PHOTO_TABLE, report.number, "photo", bytes(photo.sealed)))
    except CannotOpen:
        return b""


def erase(ids: list[int]) -> int:
    """Delete what these reports hold of people; returns how many were looked at."""
    ReportPhoto.objects.filter(report_id__in=ids).delete()
    return Report.objects.filter(pk__in=ids).update(phone_sealed=None, phone_hint="", note_sealed=None)


def require(actor: Actor, report: Report, roles: tuple[Role, ...]) -> None:
    """Raises Forbidden unless the actor has one of `roles` for the report's place and machine."""
    bodies = (report.terminal.owner_id, report.terminal.vendor_id) if report.terminal else ()
    actor.require(*roles, place_path=report.place_path, organizations=bodies)
