"""Writes of supervision visits (监督检查): planned, given a link, filled in and handed in by whoever was asked to look.

Who is not of the house signs in nowhere: a link opens the sheet of one visit, until it was handed in, and shows the
replies afterwards. An unannounced visit (暗访) leaves nothing where the area's people look before its result is in.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation import supervision_telling as telling
from budayang.center.evaluation.models import (
    SupervisionAnswer,
    SupervisionEvent,
    SupervisionFinding,
    SupervisionPhoto,
    SupervisionVisit,
)
from budayang.center.evaluation.supervision_queries import NAME_TABLE, PHOTO_TABLE, hash_of, machines_of, questions_of
from budayang.center.maintenance import round_queries
from budayang.center.maintenance.assigning import manager_of
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Staff
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import make_number
from budayang.center.services.queries import working_days_after
from budayang.rules.evaluation.supervision import KIND_NAMES, LINES, SURPRISE, is_hidden, score
from budayang.rules.round_lists import Answer
from budayang.rules.rounds import NO, NOT_HERE, judge

PLANNERS = (Role.SUPERVISOR, Role.INSPECTOR)
TOKEN_BYTES = 20
"""160 bits: nobody guesses a link."""
MOST_PHOTOS = 40
OWN = tuple(f"own{number}" for number in range(1, LINES + 1))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a visit is to be. `visitor` has an account, else `role` says in what capacity and `name` who."""

    kind: str
    list_code: str
    opens_on: date
    closes_on: date
    visitor: Staff | None = None
    role: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """One line of a sheet as it was filled in. `photo`: a JPEG that was written anew, b"" for none."""

    value: str = ""
    note: str = ""
    terminal: str = ""
    photo: bytes = b""


@transaction.atomic
def plan(actor: Actor, area: Any, wanted: Planned, *, now: datetime) -> tuple[SupervisionVisit, str]:
    """Plan a visit; returns it with its link's token, which is shown this once ("" where the visitor signs in).

    Raises:
        Refused: no such kind or list, a window that is over, nobody named; the message names the repair.
    """
    path, zone = area.place.path, ZoneInfo(area.place.zone)
    actor.require(*PLANNERS, place_path=path)
    if wanted.kind not in KIND_NAMES:
        raise Refused(_("请选择是哪一种检查。"))
    if wanted.kind == SURPRISE and not actor.may(*PLANNERS, place_path=parent_of(path)):
        raise Refused(_("暗访由自助区以上的主管或督查安排，本区的人不安排。"))
    if wanted.closes_on < wanted.opens_on or wanted.closes_on < now.astimezone(zone).date():
        raise Refused(_("日期不对：结束不能早于开始，也不能已经过去。"))
    edition = round_queries.edition_in_force(wanted.list_code, path, wanted.opens_on)
    if edition is None:
        raise Refused(_("这张检查表到那天在这里还没有生效，请换一张，或先采用。"))
    if wanted.visitor is None and not wanted.role.strip():
        raise Refused(_("请选择谁去，或写明来人的身份，例如“市人大代表”。"))
    number, name = make_number(), wanted.name.strip()[:40]
    row = SupervisionVisit(
        number=number, kind=wanted.kind, area=area, place_path=path, edition=edition, opens_on=wanted.opens_on,
        closes_on=wanted.closes_on, visitor=wanted.visitor, role=wanted.role.strip()[:40],
        name_sealed=seal_field(NAME_TABLE, number, "name", name) if name and wanted.visitor is None else None,
        look_at=missed_at(wanted.closes_on, path, zone, now), made_at=now, made_by=actor.label or actor.name,
        planner_id=actor.staff_id,
    )  # fmt: skip
    if not questions_of(row):
        raise Refused(_("这张检查表没有问整个自助区的问题，不能用来做监督检查，请换一张。"))
    row.save()
    note(actor, row, "planned", now)
    return row, "" if wanted.visitor is not None else _renew(row, now)


def missed_at(closes_on: date, path: str, zone: ZoneInfo, now: datetime) -> datetime:
    """When a visit that was not handed in counts as missed."""
    late_d = int(platform.parameter("supervision_late_d", path, now))
    return datetime.combine(closes_on + timedelta(days=1 + late_d), time(0), zone)


def parent_of(path: str) -> str:
    """The path of the place above."""
    return path[: path.rstrip("/").rindex("/") + 1]


def note(
    actor: Actor, row: SupervisionVisit, what: str, now: datetime, *, said: str = "", by: str = "",
    finding: SupervisionFinding | None = None, due_at: datetime | None = None,
) -> None:  # fmt: skip
    """A row of the trail and an audit line. The line of a hidden visit belongs to the place above the area."""
    SupervisionEvent.objects.create(
        visit=row, finding=finding, what=what, note=said[:500], at=now, by=(by or actor.label or actor.name)[:80],
        due_at=due_at,
    )  # fmt: skip
    path = parent_of(row.place_path) if is_hidden(row.kind, row.state) else row.place_path
    subject = f"supervision:{row.number}" + (f"/{finding.question}" if finding is not None else "")
    record(actor, f"evaluation.supervision_{what}", subject=subject, place_path=path,
           details={"state": finding.state if finding is not None else row.state}, at=now)  # fmt: skip


def _renew(row: SupervisionVisit, now: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    days = int(platform.parameter("supervision_link_d", row.place_path, now))
    zone = ZoneInfo(row.area.place.zone)
    ends = datetime.combine(row.closes_on + timedelta(days=1 + days), time(0), zone)
    row.link_hash, row.link_ends_at = hash_of(token), ends
    row.save(update_fields=["link_hash", "link_ends_at"])
    return token


@transaction.atomic
def renew_link(actor: Actor, row: SupervisionVisit, now: datetime) -> str:
    """Another link; the one before opens nothing any more. By who plans here, or the visitor who signed in."""
    if row.visitor_id is None or row.visitor_id != actor.staff_id:
        actor.require(*PLANNERS, place_path=row.place_path)
    token = _renew(row, now)
    note(actor, row, "link", now)
    return token


@transaction.atomic
def cancel(actor: Actor, row: SupervisionVisit, *, why: str, now: datetime) -> SupervisionVisit:
    """Call a visit off, with a reason."""
    actor.require(*PLANNERS, place_path=row.place_path)
    if not why.strip():
        raise Refused(_("请写明为什么取消。"))
    _leave(row, "cancelled")
    note(actor, row, "cancelled", now, said=why.strip())
    return row


def _leave(row: SupervisionVisit, state: str, **also: Any) -> None:
    """Out of "planned", by one of two that press at once."""
    found = SupervisionVisit.objects.filter(pk=row.pk, state="planned")
    if not found.update(state=state, look_at=None, **also):
        raise Refused(_("这次检查已经交上、取消或到期，不能再改。"))
    row.refresh_from_db()


@transaction.atomic
def save_sheet(row: SupervisionVisit, lines: Mapping[str, Given], remarks: str, now: datetime) -> None:
    """Keep what the sheet says so far: `lines` by question, of one's own findings by OWN. Blank ones are left alone.

    Raises:
        Refused: an answer that is none, or the visit is over; nothing of the sheet is kept then.
    """
    rows = SupervisionVisit.objects.select_for_update().filter(pk=row.pk, state="planned")
    if not rows.exists():
        raise Refused(_("这次检查已经交上、取消或到期，不能再改。"))
    today = now.astimezone(ZoneInfo(row.area.place.zone)).date()
    if today < row.opens_on:
        raise Refused(_("还没到检查的日期，%(on)s 起可以填。") % {"on": row.opens_on.isoformat()})
    machines = {one.code: one for one in machines_of(row)}
    for question in questions_of(row):
        given = lines.get(question.code, Given())
        if given.value:
            judged = judge(question, given.value, today)
            if judged.problem:
                raise Refused(f"{question.text}{_('：')}{words(judged.problem)}")
            counts = question.kind is not Answer.TEXT and given.value != NOT_HERE
            _keep(row, question.code, given, machines, now, failed=judged.failed, counts=counts, reason=judged.reason)
        _photo(row, question.code, given, now)
    for code in OWN:
        given = lines.get(code, Given())
        if given.value.strip():
            _keep(row, code, given, machines, now, failed=True, counts=False, reason="")
        else:
            row.answers.filter(question=code).delete()
        _photo(row, code, given, now)
    rows.update(words=remarks.strip()[:500])
    row.refresh_from_db()
    note(Actor.public(), row, "saved", now, by=visitor_word(row))


def _keep(
    row: SupervisionVisit, code: str, given: Given, machines: Mapping[str, Any], now: datetime, *, failed: bool,
    counts: bool, reason: str,
) -> None:  # fmt: skip
    told = {
        "value": given.value.strip()[:200], "note": given.note.strip()[:200], "terminal": machines.get(given.terminal),
        "failed": failed, "counts": counts, "reason": reason[:120], "at": now,
    }  # fmt: skip
    SupervisionAnswer.objects.update_or_create(visit=row, question=code, defaults=told)


def _photo(row: SupervisionVisit, code: str, given: Given, now: datetime) -> None:
    if not given.photo:
        return
    digest = hashlib.sha256(given.photo).hexdigest()
    if row.photos.filter(question=code, sha256=digest).exists():
        return  # the same sheet sent twice
    if row.photos.count() >= MOST_PHOTOS:
        raise Refused(_("一次检查最多附 %(n)d 张照片。") % {"n": MOST_PHOTOS})
    ref = uuid.uuid4().hex
    sealed = seal_field(PHOTO_TABLE, ref, "content", base64.b64encode(given.photo).decode())
    SupervisionPhoto.objects.create(
        visit=row, question=code, ref=ref, content_sealed=sealed, sha256=digest, at=now
    )  # fmt: skip


def visitor_word(row: SupervisionVisit) -> str:
    """Who looked, as the trail says it: a name of the house, or the capacity of somebody from outside."""
    return row.visitor.name if row.visitor is not None else row.role


@transaction.atomic
def hand_in(row: SupervisionVisit, now: datetime) -> SupervisionVisit:
    """The result stands from now on: it is scored, and each fault is a finding that somebody has to reply to.

    Raises:
        Refused: questions without an answer, or the visit is over.
    """
    answers = {one.question: one for one in row.answers.select_related("terminal")}
    questions = questions_of(row)
    blank = [one for one in questions if one.code not in answers and one.kind is not Answer.TEXT]
    if blank:
        told = {"n": len(blank), "first": blank[0].text}
        raise Refused(_("还有 %(n)d 题没有答：%(first)s。没有的选“不适用”。") % told)
    found = score((one.counts, one.failed) for one in answers.values())
    _leave(row, "done", handed_at=now, well=found.well, failed=found.failed)
    days = int(platform.parameter("supervision_reply_workdays", row.place_path, now))
    due = working_days_after(now, days, row.area.place.zone)
    texts = {one.code: one.text for one in questions}
    for code in (*texts, *OWN):
        answer = answers.get(code)
        if answer is None or not answer.failed:
            continue
        # 答“异常” says no more than that it is a finding.
        reason = answer.reason if answer.value != NO else ""
        said = (texts[code], reason, answer.note) if code in texts else (answer.value,)
        SupervisionFinding.objects.create(
            visit=row, question=code, text=_("；").join(one for one in said if one)[:400], place_path=row.place_path,
            terminal=answer.terminal, owner_id=_owner_of(row, answer.terminal), made_at=now, due_at=due, look_at=due,
        )  # fmt: skip
    note(Actor.public(), row, "done", now, by=visitor_word(row))
    tell_end(row, now)
    telling.tell_found(row, now)
    return row


def tell_end(row: SupervisionVisit, now: datetime) -> None:
    """News that a visit was handed in or missed (PJ-21). Of a hidden one nothing is told."""
    if not is_hidden(row.kind, row.state):
        subject, payload = f"supervision:{row.number}", {"kind": row.kind, "state": row.state}
        emit(
            "evaluation.visit_ended",
            subject=subject,
            place_path=row.place_path,
            payload=payload,
            occurred_at=now,
            now=now,
        )


def _owner_of(row: SupervisionVisit, terminal: Any) -> int | None:
    if terminal is not None and terminal.owner_id is not None:
        owner: int = terminal.owner_id
        return owner
    return row.area.manager_id or manager_of(row.place_path)


@transaction.atomic
def show_name(actor: Actor, row: SupervisionVisit, now: datetime) -> str:
    """Who the visitor from outside is; the trail says who looked. "" when no name is kept."""
    actor.require(*PLANNERS, place_path=row.place_path)
    if not row.name_sealed:
        return ""
    note(actor, row, "name", now)
    try:
        return open_field(NAME_TABLE, row.number, "name", bytes(row.name_sealed))
    except CannotOpen:
        return ""
