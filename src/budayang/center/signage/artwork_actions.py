"""Making the sheets of all signs of an area as one long work: one ZIP with a PDF a sign and the list for the maker."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Staff, Work
from budayang.center.platform.queries import actor_of
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.center.signage.artwork import Studio
from budayang.center.signage.artwork_orders import SIGNS_MOST, braille_text, draw_all, list_placed, order_list
from budayang.center.signage.models import SignFile
from budayang.center.signage.queries import find_plan, find_version
from budayang.center.terminals import queries as terminals
from budayang.rules.signs import drawing as drawings

DRAW = "signage.draw_signs"
DRAWERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
KEPT = timedelta(days=7)
ON_THE_WAY = (Work.State.WAITING, Work.State.RUNNING)
LIST_NAME = "标志制作清单.xlsx"
BRAILLE_NAME = "盲文平面图文字.txt"


def studio_of(area: Any, now: datetime) -> Studio:
    """What counts for the area's signs today: rule set, texts, official symbols."""
    today: date = now.astimezone(ZoneInfo(area.place.zone)).date()
    return Studio.at(area.place.path, today, demo=area.is_demo or settings.BUDAYANG.demo)


def newest_drawing(area: Any) -> tuple[int, drawings.Drawing] | None:
    """(number, drawing) of the area's plan in force; None where there is none."""
    plan = find_plan(area.pk)
    version = find_version(plan) if plan else None
    return (version.number, drawings.read(version.drawing)) if version else None


@transaction.atomic
def ask_for_signs(actor: Actor, area: Any, *, now: datetime) -> SignFile:
    """Put the area's sheets on the queue. The same that are on their way are not made twice. Raises Refused."""
    actor.require(*DRAWERS, place_path=area.place.path)
    assert actor.staff_id is not None, "a person asks"
    found = newest_drawing(area)
    if found is None:
        raise Refused(_("这个自助区还没有平面图：先画平面图，放上标志。"))
    version, drawing = found
    if not drawing.signs:
        raise Refused(_("平面图上还没有标志：先在平面图上放标志。"))
    if len(drawing.signs) > SIGNS_MOST:
        raise Refused(_("平面图上的标志超过 %(most)d 块，请分成几张平面图。") % {"most": SIGNS_MOST})
    running = SignFile.objects.filter(
        staff=actor.staff_id, area=area, version=version, work__state__in=ON_THE_WAY
    ).first()
    if running is not None:
        return running
    row = SignFile.objects.create(staff_id=actor.staff_id, area=area, version=version, asked_at=now)
    title = _("制作标志：%(area)s") % {"area": area.name}
    row.work = request_work(actor, DRAW, title[:120], {"file": row.pk}, now=now, place=area.place)
    row.save(update_fields=["work"])
    return row


@long_work(DRAW)
def draw_signs(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Draw what was asked for, with the rights that the asker has now. Started again it draws again."""
    row = SignFile.objects.select_related("area__place", "area__manager", "area__keeper").get(pk=arguments["file"])
    if row.content is not None:
        return {"size": row.size}
    area, now = row.area, timezone.now()
    actor = actor_of(Staff.objects.get(pk=row.staff_id))
    actor.require(*DRAWERS, place_path=area.place.path)
    plan = find_plan(area.pk)
    version = find_version(plan, row.version) if plan else None
    assert version is not None, "versions of a plan are never deleted"
    # Sheets and lists are Chinese documents, whatever language the worker speaks.
    with translation.override("zh-hans"):
        machines = {one.code: one for one in terminals.visible_to(actor).filter(area=area)}
        found = list_placed(area, drawings.read(version.drawing), machines, now)
        studio = studio_of(area, now)
        progress.begin(len(found) + 1)
        files, told = draw_all(studio, found, progress.step)
        words_of_plan = braille_text(area, drawings.read(version.drawing), machines)
        content = _zip(files, order_list(told, studio, demo=studio.demo), words_of_plan)
    progress.step()
    name = f"{area.name}标志{now.astimezone(ZoneInfo(area.place.zone)).date().isoformat()}.zip"
    with transaction.atomic():
        SignFile.objects.filter(pk=row.pk).update(
            name=name, content=content, size=len(content), made=len(files), not_made=len(told) - len(files)
        )
        record(
            actor, DRAW, subject=f"sign_file:{row.pk}", place_path=area.place.path, at=now,
            details={"version": row.version, "made": len(files), "not_made": len(told) - len(files)},
        )  # fmt: skip
    return {"size": len(content), "made": len(files)}


def _zip(files: list[tuple[str, bytes]], order: bytes, words_of_plan: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        kept.writestr(LIST_NAME, order)
        kept.writestr(BRAILLE_NAME, words_of_plan)
        for name, content in files:
            kept.writestr(name, content)
    return out.getvalue()


def files_of(actor: Actor) -> QuerySet[SignFile]:
    """What this person asked for, the newest first, without the contents."""
    rows = SignFile.objects.filter(staff_id=actor.staff_id) if actor.staff_id else SignFile.objects.none()
    return rows.select_related("work", "area").defer("content").order_by("-asked_at", "-pk")


@transaction.atomic
def cancel(actor: Actor, row: SignFile, *, now: datetime) -> None:
    """Stop drawing; only the one who asked can."""
    if row.staff_id != actor.staff_id or row.work is None:
        raise Refused(_("只有要制作的人可以取消。"))
    cancel_work(actor, row.work, now)


def forget(now: datetime) -> int:
    """Drop contents that nobody needs any more: they can be made again from the plan."""
    old = SignFile.objects.filter(asked_at__lte=now - KEPT, content__isnull=False)
    return old.update(content=None, size=0)
