"""Writes of the append-only registers: duty log, trainings, video viewing. What was wrong is written anew by a row that
names the one it corrects; both stay.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.book_keeping import VIEWING_TABLE
from budayang.center.maintenance.models import DutyEntry, Training, VideoViewing
from budayang.center.maintenance.models.books import BookEntry
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.services.codes import mask_name
from budayang.rules.ledgers import AUTHORITY_KINDS, DUTY_KINDS, LOOK_REASONS, TRAINING_KINDS, holds_personal_number

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
LATEST = timedelta(minutes=5)  # a clock that is a little ahead is no lie

Entry = TypeVar("Entry", bound=BookEntry)


def entries_visible_to(actor: Actor, model: type[Entry]) -> QuerySet[Entry]:
    """Entries of the actor's places. Registers belong to the place: bodies' people see none."""
    rows: QuerySet[Entry] = model._default_manager.filter(scope_q(actor, "area__place__path"))
    return rows.select_related("area__place", "corrected_by", "corrects")


def standing(rows: QuerySet[Entry]) -> QuerySet[Entry]:
    """Those that no later row corrects: what holds."""
    return rows.filter(corrected_by__isnull=True)


@transaction.atomic
def write_duty(
    actor: Actor, area: Any, *, at: datetime, kind: str, text: str, now: datetime,
    corrects: DutyEntry | None = None, why: str = "",
) -> DutyEntry:  # fmt: skip
    """值班日志: one thing that was worth writing down."""
    if kind not in DUTY_KINDS:
        raise Refused(_("请选择是哪一类。"))
    if not text.strip():
        raise Refused(_("请写明情况；没有特别的事就写“无异常”。"))
    row = DutyEntry(kind=kind, text=text.strip()[:600])
    return _write(actor, row, area, at, corrects, why, (text,), now)


@transaction.atomic
def write_training(
    actor: Actor, area: Any, *, at: datetime, kind: str, subject: str, minutes: int, teacher: str, people: str,
    present: int, result: str, now: datetime, corrects: Training | None = None, why: str = "",
) -> Training:  # fmt: skip
    """培训记录: `people` names who was there, `present` how many."""
    if kind not in TRAINING_KINDS:
        raise Refused(_("请选择是哪一类。"))
    if not (subject.strip() and teacher.strip() and people.strip()):
        raise Refused(_("培训内容、讲课人和参加人都要写。"))
    if not (1 <= minutes <= 24 * 60 and 1 <= present <= 10_000):
        raise Refused(_("时长写 1 到 1440 分钟，人数至少 1 人。"))
    row = Training(
        kind=kind, subject=subject.strip()[:80], minutes=minutes, teacher=teacher.strip()[:80],
        people=people.strip()[:600], present=present, result=result.strip()[:300],
    )  # fmt: skip
    return _write(actor, row, area, at, corrects, why, (subject, teacher, people, result), now)


@transaction.atomic
def write_viewing(
    actor: Actor, area: Any, *, at: datetime, camera: str, from_at: datetime, to_at: datetime, authority: str,
    paper: str, approved_by: str, unit: str, viewer: str, document: str, purpose: str, result: str, copied: bool,
    now: datetime, corrects: VideoViewing | None = None, why: str = "",
) -> VideoViewing:  # fmt: skip
    """视频调阅登记. The viewer's name and document are sealed; the book shows the unit and a masked name."""
    if authority not in AUTHORITY_KINDS:
        raise Refused(_("请选择凭什么调阅。"))
    needed = (camera, approved_by, unit, viewer, purpose, result)
    if not all(text.strip() for text in needed):
        raise Refused(_("摄像机、批准人、调阅单位、调阅人、事由和结果都要写。"))
    if authority != "inside" and not paper.strip():
        raise Refused(_("外单位或当事人调阅，请写明介绍信、通知书或申请的编号。"))
    if not from_at < to_at <= now + LATEST:
        raise Refused(_("调阅的录像时段不对：结束要晚于开始，不能在将来。"))
    row = VideoViewing(
        ref=uuid.uuid4().hex, camera=camera.strip()[:120], from_at=from_at, to_at=to_at, authority=authority,
        paper=paper.strip()[:80], approved_by=approved_by.strip()[:40], unit=unit.strip()[:80],
        viewer_mark=mask_name(viewer.strip())[:20], purpose=purpose.strip()[:200], result=result.strip()[:300],
        copied=copied,
    )  # fmt: skip
    kept = json.dumps({"name": viewer.strip()[:40], "document": document.strip()[:40]}, ensure_ascii=False)
    row.viewer_sealed = seal_field(VIEWING_TABLE, row.ref, "viewer", kept)
    return _write(actor, row, area, at, corrects, why, (camera, unit, purpose, result), now)


def _write(
    actor: Actor, row: Entry, area: Any, at: datetime, corrects: Entry | None, why: str,
    free: tuple[str, ...], now: datetime,
) -> Entry:  # fmt: skip
    actor.require(*KEEPERS, place_path=area.place.path)
    if at > now + LATEST:
        raise Refused(_("时间不能在将来。"))
    refuse_numbers(*free, why)
    if corrects is not None:
        if corrects.area_id != area.pk:
            raise Refused(_("更正要写在同一处自助区。"))
        if not why.strip():
            raise Refused(_("请写明为什么更正。"))
    row.area, row.at, row.written_at, row.by = area, at, now, actor.label or actor.name
    row.corrects = corrects
    row.why = why.strip()[:200]
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(_("这一条已经更正过，请更正最新的那一条。")) from error
    name = _name(row)
    details = {"corrects": corrects.pk} if corrects is not None else {}
    record(
        actor, f"maintenance.write_{name}", subject=f"{name}:{row.pk}", place_path=area.place.path, details=details,
        at=now,
    )  # fmt: skip
    if isinstance(row, Training):
        # Practice counts for the year after it: whatever month was judged since is judged again.
        emit(
            "maintenance.training_written", subject=f"{name}:{row.pk}", place_path=area.place.path,
            payload={"bears_since": min(at, corrects.at if corrects is not None else at).isoformat()}, occurred_at=at,
            now=now,
        )  # fmt: skip
    return row


def _name(row: BookEntry) -> str:
    names: dict[type[BookEntry], str] = {DutyEntry: "duty_entry", Training: "training", VideoViewing: "viewing"}
    return names[type(row)]


def refuse_numbers(*texts: str) -> None:
    """Free words of a book may hold no number by which a person can be found: the books are printed and handed on."""
    if any(holds_personal_number(text) for text in texts):
        raise Refused(
            _("里面有身份证号、手机号或卡号。台账会打印出来，请删去号码；需要留的号码写在专门的栏里（加密保存）。")
        )


@transaction.atomic
def view_viewer(actor: Actor, row: VideoViewing, *, reason: str, now: datetime) -> dict[str, str] | None:
    """Who it was that viewed, for whoever has to know; None when its time is over. Each look is an audit line."""
    actor.require(*KEEPERS, place_path=row.area.place.path)
    look(actor, f"viewing:{row.pk}", row.area.place.path, reason, now)
    return opened(VIEWING_TABLE, row.ref, "viewer", row.viewer_sealed)


def look(actor: Actor, subject: str, place_path: str, reason: str, now: datetime) -> None:
    """That somebody looked at what is sealed, and why. Refused without one of the reasons."""
    if reason not in LOOK_REASONS:
        raise Refused(_("请选择为什么要看。"))
    record(
        actor, "maintenance.view_book_person", subject=subject, place_path=place_path, details={"reason": reason},
        at=now,
    )  # fmt: skip


def opened(table: str, ref: str, column: str, sealed: bytes | memoryview | None) -> dict[str, str] | None:
    """A sealed JSON of texts; None when it is gone or its key is not here."""
    if sealed is None:
        return None
    try:
        found = json.loads(open_field(table, ref, column, bytes(sealed)))
    except CannotOpen:
        return None
    return {str(key): str(value) for key, value in found.items()}
