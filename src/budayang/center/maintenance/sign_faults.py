"""标牌不实: a plate that says what is no longer true is an order to replace it; it ends when the plate was replaced, or
says the truth again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Transition
from budayang.center.signage import plate_queries
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.sign_faults")
STALE = "sign_stale"


def hear_plates(news: Sequence[Transition], now: datetime) -> None:
    """Open or end the order of each plate, as it stands now: news of one plate may come in any order."""
    for pk in {int(one.payload["plate"]) for one in news}:
        row = plate_queries.find_plate(pk)
        with transaction.atomic():
            standing = Incident.objects.filter(subject=f"plate:{pk}", kind=STALE, state="open")
            if row is not None and row.stale_since is not None and row.taken_down_at is None:
                if not standing.exists():
                    _open(row, row.stale_since, now)
            else:
                for one in standing:
                    close_incident(JOB, one, closed_at=now, now=now)


def _open(row: plate_queries.Plate, since: datetime, now: datetime) -> None:
    area, terminal = row.area, row.terminal
    manager_id = area.manager_id or manager_of(area.place.path)
    responsible_id = terminal.owner_id if terminal is not None else manager_id
    title = plate_queries.title_of(row)
    found = NewIncident(
        kind=get_cause(STALE),
        subject=f"plate:{row.pk}",
        component="sign",
        opened_at=since,
        place_path=area.place.path,
        area_id=area.pk,
        terminal_id=terminal.pk if terminal is not None else None,
        owner_id=responsible_id,
        responsible_id=responsible_id,
        title=title[:80],
        evidence=tuple(Line(now, "sign", "plate", text) for text in plate_queries.difference_lines(row)),
    )
    open_incident(JOB, found, cause=None, now=now)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.sign_faults", ("signage.plate_",), hear_plates),)
