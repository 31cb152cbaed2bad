"""Writes of plates: what was hung, what was taken down, and since when one says what is no longer true."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import parameter
from budayang.center.signage.models import HungPlate
from budayang.center.signage.plate_data import DRAWN, OF_TERMINAL, About, as_json, from_json, plate_of
from budayang.rules.signs.plates import NotAPlate, check, fingerprint
from budayang.rules.signs.truth import differences

HANGERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
STALE, TRUE = "signage.plate_stale", "signage.plate_true"
AT_ONCE = 100


@transaction.atomic
def hang(actor: Actor, area: Any, terminal: Any, kind: str, *, now: datetime) -> HungPlate:
    """Write down that a plate with today's data hangs; the one of this kind that hung before is taken down.

    Args:
        area: the areas.Area; terminal: a terminals.Terminal of it, None for a plate of the area.

    Raises:
        Refused: a kind without data, a terminal where none belongs, a fact that is missing, a rival who hung one; the
            message names it.
    """
    bodies = (terminal.owner_id,) if terminal is not None else ()
    actor.require(*HANGERS, place_path=area.place.path, organizations=bodies)
    if kind not in DRAWN:
        raise Refused(_("这种标牌没有可核对的内容。"))
    if (kind in OF_TERMINAL) != (terminal is not None) or (terminal is not None and terminal.area_id != area.pk):
        raise Refused(_("请选择标牌属于哪一台终端，或属于整个自助区。"))
    said = plate_of(kind, About(area, terminal, now))
    try:
        check(said)
    except NotAPlate as error:
        raise Refused(str(error)) from error
    for row in hanging(area.pk).filter(kind=kind, terminal=terminal):
        _take_down(row, now)
    try:
        with transaction.atomic():
            row = HungPlate.objects.create(
                area=area,
                terminal=terminal,
                kind=kind,
                said=as_json(said),
                mark=fingerprint(said),
                hung_at=now,
                hung_by=actor.name,
                look_at=now,
            )
    except IntegrityError as error:
        # Somebody else hung one after this person's look at what hangs: the unique constraint lets one through.
        raise Refused(_("刚才已经有人登记挂上了这块标牌。请重新打开页面，看清再登记。")) from error
    _record(actor, "hang_plate", row, now)
    return row


@transaction.atomic
def take_down(actor: Actor, row: HungPlate, *, now: datetime) -> HungPlate:
    """The plate does not hang any more."""
    bodies = (row.terminal.owner_id,) if row.terminal is not None else ()
    actor.require(*HANGERS, place_path=row.area.place.path, organizations=bodies)
    _take_down(row, now)
    _record(actor, "take_down_plate", row, now)
    return row


def _take_down(row: HungPlate, now: datetime) -> None:
    HungPlate.objects.filter(pk=row.pk).update(taken_down_at=max(now, row.hung_at), look_at=None)
    # Whether it was stale is read under the lock of that UPDATE: the judging may have found it so a moment ago.
    row.refresh_from_db(fields=["taken_down_at", "look_at", "stale_since"])
    if row.stale_since is not None:
        _tell(TRUE, row, now)


def hanging(area_id: int) -> Any:
    """Plates of an area that hang, with what they are of."""
    rows = HungPlate.objects.filter(area_id=area_id, taken_down_at__isnull=True)
    return rows.select_related("area__place", "area__keeper", "area__manager", "terminal__owner")


def judge_plates(now: datetime) -> int:
    """Hold the plates whose moment has come against the data of now; each by whoever takes its moment away first."""
    done = 0
    due = HungPlate.objects.filter(look_at__lte=now).select_related(
        "area__place", "area__keeper", "area__manager", "terminal__owner"
    )
    for row in due.order_by("look_at", "pk")[:AT_ONCE]:
        with transaction.atomic():
            later = now + timedelta(seconds=float(parameter("sign_look_s", row.area.place.path, now)))
            if HungPlate.objects.filter(pk=row.pk, look_at=row.look_at).update(look_at=later):
                _judge(row, now)
                done += 1
    return done


def _judge(row: HungPlate, now: datetime) -> None:
    true = plate_of(row.kind, About(row.area, row.terminal, now))
    if fingerprint(true) == row.mark:
        if row.stale_since is not None:
            HungPlate.objects.filter(pk=row.pk).update(stale_since=None, differs=[])
            _tell(TRUE, row, now)
        return
    found = [[one.label, one.said, one.true] for one in differences(from_json(row.said), true)]
    HungPlate.objects.filter(pk=row.pk).update(stale_since=row.stale_since or now, differs=found)
    if row.stale_since is None:
        _tell(STALE, row, now)


def look_again(place_paths: set[str], now: datetime) -> None:
    """Something that plates of these places say may have changed: look at them now."""
    for path in place_paths:
        HungPlate.objects.filter(area__place__path__startswith=path, look_at__gt=now).update(look_at=now)


def _tell(kind: str, row: HungPlate, now: datetime) -> None:
    emit(
        kind,
        subject=f"plate:{row.pk}",
        place_path=row.area.place.path,
        payload={
            "plate": row.pk,
            "kind": row.kind,
            "area": row.area_id,
            "terminal": row.terminal.code if row.terminal is not None else "",
        },
        occurred_at=now,
        now=now,
    )


def _record(actor: Actor, what: str, row: HungPlate, now: datetime) -> None:
    terminal = row.terminal.code if row.terminal is not None else ""
    record(
        actor,
        f"signage.{what}",
        subject=f"plate:{row.pk}",
        place_path=row.area.place.path,
        details={"kind": row.kind, "terminal": terminal},
        at=now,
    )
