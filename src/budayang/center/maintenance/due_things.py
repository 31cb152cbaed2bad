"""到期事项: things with a day. Ahead of it an order to renew, a graver one when the day is over; both end when a
new day is written down or the thing is gone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Asset, DueThing, Incident
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.deliveries import Due
from budayang.center.platform.queries import parameter, scope_q
from budayang.center.platform.wording import words
from budayang.rules.causes import get_cause
from budayang.rules.due_dates import ENDS_QUIETLY, THING_NAMES, Stage, next_look, stage
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.due_things")
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
SOON, OVER = "due_soon", "due_over"


def things_visible_to(actor: Actor) -> QuerySet[DueThing]:
    """What is kept in the actor's places, without what is gone."""
    rows = DueThing.objects.filter(scope_q(actor, "area__place__path"), retired_at__isnull=True)
    return rows.select_related("area__place", "asset")


def stage_of(row: DueThing, now: datetime) -> Stage:
    """Where it stands now."""
    path = row.area.place.path
    return stage(row.due_on, now.astimezone(ZoneInfo(row.area.place.zone)).date(), _warn_d(path, now))


@transaction.atomic
def keep_thing(actor: Actor, row: DueThing, *, kind: str, name: str, due_on: date, now: datetime) -> DueThing:
    """Write down a thing, or its new day; what was open for the old day ends. A later day is a renewal: the day that
    stood until now is kept beside it. An earlier one puts right what was wrong from the beginning.
    """
    actor.require(*KEEPERS, place_path=row.area.place.path)
    if kind not in THING_NAMES:
        raise Refused(_("请选择是哪一类。"))
    if not name.strip():
        raise Refused(_("请写明是哪一件，例如“入口左侧 4 公斤干粉”。"))
    held = _hold(row) if row.made_by else None
    renewed = held is not None and due_on > held.due_on
    if held is not None and renewed:
        row.earlier = [*held.earlier, [now.isoformat(), held.due_on.isoformat()]]
    row.kind, row.name, row.due_on, row.look_at = kind, name.strip()[:60], due_on, now
    if held is not None:
        row.save(update_fields=["kind", "name", "due_on", "earlier", "look_at", "area"])
    else:
        row.made_at, row.made_by = now, actor.name
        row.save()
    if renewed:
        _close(row, now)
    _audit(actor, "keep_due_thing", row, now)
    return row


def _hold(row: DueThing) -> DueThing:
    """The row as it is now, kept from others until the end of the transaction. Refused when it is gone: a page that
    was opened before somebody retired it does not bring it back.
    """
    held = DueThing.objects.select_for_update().filter(pk=row.pk, retired_at__isnull=True).first()
    if held is None:
        raise Refused(_("它刚刚已被登记为不在了。还在的话，请重新登记一件。"))
    return held


def new_thing(actor: Actor, area: Any, *, kind: str, name: str, due_on: date, now: datetime) -> DueThing:
    """Write down a new thing of an area, for a room above."""
    return keep_thing(actor, DueThing(area=area), kind=kind, name=name, due_on=due_on, now=now)


def keep_asset_day(asset: Asset, kind: str, due_on: date | None, *, now: datetime) -> None:
    """Bring the day of an asset's warranty or life in step with the register; the caller checked the scope and writes
    the audit line of the asset. None: there is no such day, or the asset is gone.
    """
    row = DueThing.objects.select_for_update().filter(asset=asset, kind=kind, retired_at__isnull=True).first()
    if due_on is None:
        if row is not None:
            retire_thing(JOB, row, now=now)
        return
    name = f"{asset.code} {asset.name}"[:60]
    if row is None:
        row = DueThing(asset=asset, area_id=asset.area_id)
    elif (row.due_on, row.name, row.area_id) == (due_on, name, asset.area_id):
        return
    row.area_id = asset.area_id
    keep_thing(JOB, row, kind=kind, name=name, due_on=due_on, now=now)


@transaction.atomic
def retire_thing(actor: Actor, row: DueThing, *, now: datetime) -> DueThing:
    """It is not there any more."""
    actor.require(*KEEPERS, place_path=row.area.place.path)
    DueThing.objects.filter(pk=row.pk).update(retired_at=now, look_at=None)
    row.refresh_from_db()
    _close(row, now)
    _audit(actor, "retire_due_thing", row, now)
    return row


def judge_things(now: datetime) -> int:
    """Open what is due to be told; each by whoever takes its moment away first."""
    done = 0
    rows = DueThing.objects.filter(look_at__lte=now).select_related("area__place", "asset")
    for row in rows.order_by("look_at", "pk")[:100]:
        zone, path = row.area.place.zone, row.area.place.path
        today, warn_d = now.astimezone(ZoneInfo(zone)).date(), _warn_d(path, now)
        with transaction.atomic():
            later = next_look(row.due_on, today, warn_d, zone)
            if not DueThing.objects.filter(pk=row.pk, look_at=row.look_at).update(look_at=later):
                continue
            found = stage(row.due_on, today, warn_d)
            if found is Stage.SOON:
                _open(row, SOON, now)
            elif found is Stage.OVER and row.kind in ENDS_QUIETLY:
                _close(row, now)
            elif found is Stage.OVER:
                graver = get_cause(OVER)
                for one in _standing(row).filter(kind=SOON):
                    close_incident(JOB, one, closed_at=now, now=now, worse=graver)
                _open(row, OVER, now)
            done += 1
    return done


def _open(row: DueThing, kind: str, now: datetime) -> None:
    manager_id = row.area.manager_id or manager_of(row.area.place.path)
    owner_id = row.asset.owner_id if row.asset else manager_id
    name = f"{words(THING_NAMES[row.kind])} {row.name}"
    told = _("%(name)s %(on)s 到期") if kind == SOON else _("%(name)s %(on)s 已过期")
    title = (told % {"name": name, "on": row.due_on.isoformat()})[:80]
    found = NewIncident(
        kind=get_cause(kind),
        subject=_subject(row),
        component="due",
        opened_at=now,
        place_path=row.area.place.path,
        area_id=row.area_id,
        owner_id=owner_id,
        responsible_id=owner_id,
        title=title,
        evidence=(Line(now, "due", "due", title),),
    )
    open_incident(JOB, found, cause=None, now=now)


def _subject(row: DueThing) -> str:
    return f"due:{row.pk}"


def _standing(row: DueThing) -> QuerySet[Incident]:
    return Incident.objects.filter(subject=_subject(row), kind__in=(SOON, OVER), state="open")


def _close(row: DueThing, now: datetime) -> None:
    for one in _standing(row):
        close_incident(JOB, one, closed_at=now, now=now)


def _warn_d(place_path: str, now: datetime) -> float:
    return float(parameter("due_warn_d", place_path, now))


def _audit(actor: Actor, what: str, row: DueThing, now: datetime) -> None:
    details = {"kind": row.kind, "due_on": row.due_on.isoformat()}
    record(
        actor, f"maintenance.{what}", subject=f"due_thing:{row.pk}", place_path=row.area.place.path, details=details,
        at=now,
    )  # fmt: skip


DUES: tuple[Due, ...] = (Due("maintenance.due_things", 30.0, judge_things),)
