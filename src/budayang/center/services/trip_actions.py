"""Writes of trips: stays that terminals tell of, and doors that people found locked. Nothing of anybody is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import lookup_hash
from budayang.center.services.models import Trip
from budayang.center.terminals import queries as terminals
from budayang.rules.monthly import month_over
from budayang.rules.trips import Try, sum_up

log = structlog.get_logger(__name__)

MOST_TRIES = 50
LOCKED_EACH = timedelta(hours=1)
LOCKED_A_DAY = 3


@transaction.atomic
def note_stay(terminal: str, body: Mapping[str, Any], at: datetime, now: datetime) -> Trip | None:
    """What a terminal tells of one stay: {"tries": [{"item", "result", "step", "why"}]}; None when there is none. One
    that comes after its month is over is news: what was counted of that month changes.
    """
    rows = body.get("tries")
    tries = [
        Try(
            str(one.get("item", ""))[:64], str(one.get("result", "")), str(one.get("step", "")), str(one.get("why", ""))
        )
        for one in (rows if isinstance(rows, list) else [])[:MOST_TRIES]
        if isinstance(one, dict)
    ]
    trip = sum_up(tries)
    machine = terminals.in_service().filter(code=terminal).first()
    if trip is None or machine is None:
        return None
    row = Trip.objects.create(
        source="terminal",
        area_id=machine.area_id,
        terminal=machine,
        place_path=machine.area.place.path,
        item_code=trip.item,
        result=trip.result,
        step=trip.step[:24],
        why=trip.why[:64],
        tries=len(tries),
        at=at,
    )
    if month_over(at, machine.area.place.zone, now):
        emit(
            "services.stay_late",
            subject=f"terminal:{machine.code}",
            place_path=row.place_path,
            payload={"terminal": machine.code},
            occurred_at=at,
            now=now,
        )
    return row


def client_of(address: str) -> str:
    return lookup_hash("services.trip_client", address)


@transaction.atomic
def note_locked(area: Any, *, at: datetime, client: str, item_code: str = "") -> Trip:
    """Somebody stood before a locked door. Once an hour for an area from one address, three times a day in all.

    Raises:
        Refused: too many from one address.
    """
    if client:
        mine = Trip.objects.filter(source="person", client=client)
        if mine.filter(area=area, at__gt=at - LOCKED_EACH).exists():
            raise Refused(_("已经记下了，一小时内不用再报。谢谢您。"))
        if mine.filter(at__gt=at - timedelta(days=1)).count() >= LOCKED_A_DAY:
            raise Refused(_("今天报得太多了。急事请打管理员电话。"))
    trip = Trip.objects.create(
        source="person",
        area=area,
        place_path=area.place.path,
        item_code=item_code,
        result="locked",
        client=client,
        at=at,
    )
    details = {"area": area.code}
    record(
        Actor.public(),
        "services.note_locked",
        subject=f"area:{area.code}",
        place_path=area.place.path,
        details=details,
        at=at,
    )
    return trip
