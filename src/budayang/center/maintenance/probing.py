"""Failed tries (拨测) of departments as incidents: one a department, closed when its tries pass again.

A system that does not answer at all is the cause; that its items cannot be done is then a symptom of it and has no
order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.incident_actions import (
    NewIncident,
    close_incident,
    hang_many,
    open_incident,
)
from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.settling import add_lines
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Transition
from budayang.center.services.probe_queries import failing_items
from budayang.center.services.queries import department_name, department_organization_id
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.probing")
KIND, SYSTEM_DOWN = "department_probe_failed", "department_down"
NEWS = ("services.probe_failing", "services.probe_passing")


def hear_probes(news: Sequence[Transition], now: datetime) -> None:
    """Tries of some departments began to fail, or pass again."""
    last = {str(one.payload["department"]): one for one in news if not one.payload.get("terminal")}
    for code, one in last.items():
        judge_probes(code, one.place_path, now, ended_at=one.occurred_at)


def judge_probes(code: str, place_path: str, now: datetime, *, ended_at: datetime | None = None) -> Incident | None:
    """Open, hang or close the incident of a department's tries so that it matches what they prove now.

    `ended_at`: when the last of them passed; now, where that is not known.
    """
    failing = failing_items(code)
    subject = f"department:{code}"
    standing = Incident.objects.filter(subject=subject, state="open")
    row = standing.filter(kind=KIND).first()
    if not failing:
        return None if row is None else close_incident(JOB, row, closed_at=ended_at or now, now=now)
    system = standing.filter(kind=SYSTEM_DOWN).first()
    lines = tuple(
        Line(one.failing_since or now, f"{one.item.code} {one.item.name}", "probe", one.text) for one in failing
    )
    if row is not None:
        add_lines(row, lines)
        again_s = float(platform.parameter("probe_again_s", row.place_path, now))
        # The system answers again: the next try is soon, and most often there is nothing left for anybody to do.
        hang_many(JOB, [(row, system)], now, order_due_at=now + timedelta(seconds=2 * again_s))
        return row
    if areas.planned_stops(now, now + timedelta(seconds=1), department=code):
        return None
    first, organization_id = failing[0], department_organization_id(code)
    title = _("%(department)s用测试身份办不成“%(item)s”") % {
        "department": department_name(code),
        "item": first.item.name,
    }
    found = NewIncident(
        kind=get_cause(KIND),
        subject=subject,
        component="probe",
        opened_at=first.failing_since or now,
        place_path=place_path or "/",
        department=code,
        owner_id=organization_id,
        responsible_id=organization_id or manager_of(place_path or "/"),
        title=title[:80],
        evidence=lines,
    )
    return open_incident(JOB, found, cause=system, now=now)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.probing", NEWS, hear_probes),)
