"""Writes about improvement items: proposed, changed, proved, checked. Whoever put it right does not check it."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from budayang.center.evaluation.improvement_queries import JOB
from budayang.center.evaluation.improvement_telling import tell
from budayang.center.evaluation.models import Improvement, ImprovementEvent, MonthlyReport
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.platform.uploads import BadUpload, read_sheet
from budayang.rules.improvements import ACTIVE, TRANSITIONS
from budayang.rules.ledgers import period

MAKERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
DOERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
CHECKERS = (Role.SUPERVISOR, Role.INSPECTOR)
PHOTO_TABLE = "improvement_photo"
AT_ONCE = 100


@transaction.atomic
def propose(
    actor: Actor, place: Place, *, title: str, problem: str, plan: str, owner: Organization, due_on: date,
    now: datetime, report: MonthlyReport | None = None, opens: str = "", source: str = "",
) -> Improvement:  # fmt: skip
    """Write an item down. `opens` and `source`: the line of a report that it comes from, and what it says."""
    actor.require(*MAKERS, place_path=place.path)
    texts = [one.strip() for one in (title, problem, plan)]
    if not all(texts):
        raise Refused(_("请写明标题、问题和打算怎么改。"))
    _not_past(place, due_on, now)
    row = Improvement.objects.create(
        place=place, place_path=place.path, title=texts[0][:80], problem=texts[1][:300], plan=texts[2][:500],
        owner=owner, due_on=due_on, report=report, opens=opens[:200], source=source[:200], made_at=now,
        made_by=actor.label or actor.name,
    )  # fmt: skip
    _write(actor, row, "made", texts[2], now)
    tell(row, _("要改进，最迟 %(on)s 完成") % {"on": due_on.isoformat()}, now)
    return row


@transaction.atomic
def change(actor: Actor, row: Improvement, *, plan: str, due_on: date, now: datetime) -> Improvement:
    """Another plan or date; what it was stands in the trace, and that a day was missed stays."""
    actor.require(*MAKERS, place_path=row.place_path)
    if not plan.strip():
        raise Refused(_("请写明打算怎么改。"))
    if due_on != row.due_on:
        _not_past(row.place, due_on, now)
    missed = _missed(row, now)
    told = {"before": f"{row.due_on}", "after": f"{due_on}", "plan": row.plan}
    changed = Improvement.objects.filter(pk=row.pk, state="open").update(
        plan=plan.strip()[:500], due_on=due_on, **missed
    )
    if changed != 1:
        raise Refused(_("这件事已经提交证明或办结，不能再改；退回后可以改。"))
    note = _("期限 %(before)s → %(after)s；原计划：%(plan)s") % told
    row.refresh_from_db()
    _write(actor, row, "changed", note, now)
    return row


@transaction.atomic
def move(actor: Actor, row: Improvement, event: str, *, note: str, photo: bytes = b"", now: datetime) -> Improvement:
    """Prove, accept, reject or cancel. Raises KeyError for another event, Refused when it does not fit."""
    after = {key[1]: state for key, state in TRANSITIONS.items()}[event]
    before = next(key[0] for key in TRANSITIONS if key[1] == event)
    _may(actor, row, event)
    words = note.strip()
    if not words:
        raise Refused(_("请写明做了什么、看到什么。"))
    stamp: dict[str, Any] = {"closed_at": now, **_missed(row, now)} if after in ("closed", "cancelled") else {}
    # Two people may press at once: the state stands in the condition.
    if Improvement.objects.filter(pk=row.pk, state=before).update(state=after, **stamp) != 1:
        raise Refused(_("这件事刚刚已被别人处理，请刷新页面再看。"))
    row.refresh_from_db()
    _write(actor, row, event, words, now, photo=photo)
    return row


def _missed(row: Improvement, now: datetime) -> dict[str, Any]:
    """The column that says so when the day of an item is over, whether or not `watch` came by since."""
    ended = period(row.due_on, row.due_on, row.place.zone)[1]
    return {"overdue_at": Coalesce("overdue_at", ended)} if ended <= now else {}


def _not_past(place: Place, due_on: date, now: datetime) -> None:
    if due_on < now.astimezone(ZoneInfo(place.zone)).date():
        raise Refused(_("完成日期已经过去，请选今天或以后。"))


def watch(now: datetime) -> int:
    """Note the items whose day is over and that nobody closed, each once, and tell their people. Returns how many."""
    done = 0
    # A day ends at different moments in the world's zones; the place's own clock decides below.
    rows = Improvement.objects.filter(state__in=ACTIVE, overdue_at=None, due_on__lt=now.date() + timedelta(days=1))
    for row in rows.select_related("place", "owner").order_by("due_on", "pk")[:AT_ONCE]:
        ended = period(row.due_on, row.due_on, row.place.zone)[1]
        if ended > now:
            continue
        with transaction.atomic():
            # Whoever closes it or moves its day at this moment comes first.
            mine = Improvement.objects.filter(pk=row.pk, state__in=ACTIVE, overdue_at=None, due_on=row.due_on)
            if mine.update(overdue_at=ended) == 1:
                row.overdue_at = ended
                _write(JOB, row, "overdue", _("完成日期 %(on)s") % {"on": row.due_on.isoformat()}, now)
                tell(row, _("到期没有闭环"), now, late=True)
                done += 1
    return done


def _may(actor: Actor, row: Improvement, event: str) -> None:
    if event == "prove":
        actor.require(*DOERS, place_path=row.place_path, organizations=(row.owner_id,))
    elif event == "cancel":
        actor.require(*MAKERS, place_path=row.place_path)
    else:
        actor.require(*CHECKERS, place_path=row.place_path)
        last = row.events.filter(what="prove").last()
        if last is not None and last.by == (actor.label or actor.name):
            raise Refused(_("提交证明的人不能自己检查，请另一位主管或督查来检查。"))


def _write(actor: Actor, row: Improvement, what: str, note: str, now: datetime, *, photo: bytes = b"") -> None:
    event = ImprovementEvent(
        item=row, ref=uuid.uuid4().hex, what=what, note=note[:500], at=now, by=actor.label or actor.name
    )
    if photo:
        try:
            sheet = read_sheet(photo)
        except BadUpload as refusal:
            raise Refused(str(refusal)) from refusal
        if sheet.media != "image/jpeg":
            raise Refused(_("这里只收照片，请拍照或选一张图片。"))
        sealed = seal_field(PHOTO_TABLE, event.ref, "photo", base64.b64encode(sheet.content).decode())
        event.photo_sealed, event.photo_sha256 = sealed, hashlib.sha256(sheet.content).hexdigest()
    event.save()
    details: Mapping[str, object] = {"state": row.state, "photo": bool(photo)}
    kind, subject = f"evaluation.improvement_{what}", f"improvement:{row.pk}"
    record(actor, kind, subject=subject, place_path=row.place_path, details=details, at=now)
    emit(kind, subject=subject, place_path=row.place_path, payload={"state": row.state}, occurred_at=now, now=now)


def read_photo(event: ImprovementEvent) -> bytes | None:
    """The photograph as JPEG; None when its time is over, or its key is not here."""
    if event.photo_sealed is None:
        return None
    try:
        return base64.b64decode(open_field(PHOTO_TABLE, event.ref, "photo", bytes(event.photo_sealed)))
    except CannotOpen:
        return None
