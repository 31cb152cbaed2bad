"""Writes of plans. A version is never changed: saving, and going back to an older one, both make the next."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import names_of
from budayang.center.platform.uploads import BadUpload, read_image
from budayang.center.signage import queries
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.rules.signs.drawing import SIDE_MOST_MM, NotADrawing, largest_number, read_new
from budayang.rules.signs.kinds import FACT_NAMES

DRAWERS = (Role.AREA_KEEPER, Role.SUPERVISOR)
DRAWING_BYTES = 2_000_000
NOTE_LENGTH = 120
PICTURE_SIDE_PX = 2_400
PICTURE_COLOURS = 128
PICTURE_LEAST_MM = 1_000
"""A picture under a plan is drawn over and not studied: fine enough to see a door, small enough for a row."""


class SavedMeanwhile(Refused):
    """Somebody saved between this person's opening and saving. `newest` is what stands now; nothing was written."""

    def __init__(self, newest: PlanVersion | None) -> None:
        self.newest = newest
        if newest is None:
            super().__init__(_("这张平面图没有您开始改动时的那一版。请重新打开。"))
        else:
            super().__init__(
                _("%(who)s 已经存了第 %(number)d 版，您的改动没有存进去，也没有丢。")
                % {"who": names_of([newest.made_by]).get(newest.made_by, newest.made_by), "number": newest.number}
            )


@transaction.atomic
def save_version(
    actor: Actor, code: str, drawing: Mapping[str, Any], *, base: int, now: datetime, note: str = ""
) -> PlanVersion:
    """Save a drawing of the area `code` as the next version after `base`, 0 for the first.

    Raises:
        Refused: it is no drawing; the message names the element.
        SavedMeanwhile: `base` is not the version in force.
    """
    area = _mine(actor, code)
    try:
        read_new(drawing)
    except NotADrawing as error:
        raise Refused(str(error)) from error
    if len(json.dumps(drawing)) > DRAWING_BYTES:
        raise Refused(_("平面图的内容超过 2 MB，请减少对象。"))
    return _next(actor, area, drawing, base, note[:NOTE_LENGTH], now, "signage.save_plan")


@transaction.atomic
def restore_version(actor: Actor, code: str, number: int, *, base: int, now: datetime) -> PlanVersion:
    """Make an older version the one in force, as a new version. What stood in between stays readable.

    Raises:
        Refused: there is no such version, or it is in force already.
        SavedMeanwhile: `base` is not the version in force.
    """
    area = _mine(actor, code)
    plan = queries.find_plan(area.pk)
    old = queries.find_version(plan, number) if plan else None
    if old is None:
        raise Refused(_("没有第 %(number)d 版。") % {"number": number})
    if number == base:
        raise Refused(_("第 %(number)d 版就是现行版，不用恢复。") % {"number": number})
    note = _("恢复第 %(number)d 版") % {"number": number}
    return _next(actor, area, old.drawing, base, note, now, "signage.restore_plan", restored=number)


def _mine(actor: Actor, code: str) -> Any:
    """The area, when the actor may draw there. Raises Forbidden, and Area.DoesNotExist out of scope."""
    area = areas.get_area(actor, code)
    actor.require(*DRAWERS, place_path=area.place.path)
    return area


def _next(
    actor: Actor,
    area: Any,
    drawing: Mapping[str, Any],
    base: int,
    note: str,
    now: datetime,
    action: str,
    **details: object,
) -> PlanVersion:
    """The version after `base`. Two who save at once: the unique number lets one of them through."""
    plan = _plan(area, now)
    newest = queries.find_version(plan)
    if (newest.number if newest else 0) != base:
        raise SavedMeanwhile(newest)
    try:
        with transaction.atomic():
            made = PlanVersion.objects.create(
                plan=plan,
                number=base + 1,
                drawing=_numbered(drawing, newest),
                note=note,
                made_at=now,
                made_by=actor.name,
            )
    except IntegrityError as error:
        raise SavedMeanwhile(queries.find_version(plan)) from error
    record(
        actor,
        action,
        subject=f"plan:{area.code}",
        place_path=area.place.path,
        details={"version": made.number, **details},
    )
    _tell(area, "plan_saved", now)
    return made


def _numbered(drawing: Mapping[str, Any], newest: PlanVersion | None) -> dict[str, Any]:
    """The drawing with the largest number that it or the version before it used: an older version that comes back, or
    a draft, does not give the ids again under which removed signs were looked at.
    """
    last = max(largest_number(drawing), largest_number(newest.drawing) if newest is not None else 0)
    return {**drawing, "last_number": last} if last else dict(drawing)


@transaction.atomic
def import_picture(actor: Actor, code: str, content: bytes, *, width_mm: int, now: datetime) -> SignPlan:
    """Lay a picture under the plan; one that lay there is replaced. `width_mm`: how wide it is in the hall.

    The picture is decoded and written anew with few colours: nothing else of the file stays.

    Raises:
        Refused: no picture, too large, or an impossible width.
    """
    area = _mine(actor, code)
    if not PICTURE_LEAST_MM <= width_mm <= SIDE_MOST_MM:
        raise Refused(
            _("图片的实际宽度应在 %(low)d 到 %(high)d 毫米之间。") % {"low": PICTURE_LEAST_MM, "high": SIDE_MOST_MM}
        )
    if b"<svg" in content[:4096].lower():
        raise Refused(_("SVG 里可以藏程序，这里不收。请在画图软件里导出为 PNG 再上传。"))
    plan = _plan(area, now)
    try:
        plan.picture = _small(read_image(content))
    except BadUpload as error:
        raise Refused(str(error)) from error
    plan.picture_width_mm = width_mm
    plan.save(update_fields=["picture", "picture_width_mm"])
    details = {"width_mm": width_mm, "bytes": len(plan.picture)}
    record(actor, "signage.import_picture", subject=f"plan:{area.code}", place_path=area.place.path, details=details)
    return plan


@transaction.atomic
def remove_picture(actor: Actor, code: str) -> None:
    """Take the picture from under the plan; the drawing stays."""
    area = _mine(actor, code)
    if SignPlan.objects.filter(area=area, picture__isnull=False).update(picture=None, picture_width_mm=None):
        record(actor, "signage.remove_picture", subject=f"plan:{area.code}", place_path=area.place.path)


@transaction.atomic
def set_present(actor: Actor, code: str, names: Collection[str], *, now: datetime) -> SignPlan:
    """Say what there is in the area beyond its register: stairs, glass, a queue. Signs are required by it."""
    area = _mine(actor, code)
    if unknown := set(names) - set(FACT_NAMES):
        raise TypeError(f"not a fact of an area: {', '.join(sorted(unknown))}")
    plan = _plan(area, now)
    plan.present = [name for name in FACT_NAMES if name in names]
    plan.present_at, plan.present_by = now, actor.name
    plan.save(update_fields=["present", "present_at", "present_by"])
    details = {"present": plan.present}
    record(actor, "signage.set_present", subject=f"plan:{area.code}", place_path=area.place.path, details=details)
    _tell(area, "present_said", now)
    return plan


def _tell(area: Any, what: str, now: datetime) -> None:
    emit(
        f"signage.{what}",
        subject=f"plan:{area.code}",
        place_path=area.place.path,
        payload={"area": area.code},
        occurred_at=now,
        now=now,
    )


def _plan(area: Any, now: datetime) -> SignPlan:
    plan, _made = SignPlan.objects.defer("picture").get_or_create(area=area, defaults={"made_at": now})
    return plan


def _small(png: bytes) -> bytes:
    """The picture with at most PICTURE_SIDE_PX a side and PICTURE_COLOURS colours, as PNG."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        picture.thumbnail((PICTURE_SIDE_PX, PICTURE_SIDE_PX))
        out = io.BytesIO()
        picture.convert("RGB").quantize(PICTURE_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()
