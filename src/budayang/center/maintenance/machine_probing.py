"""Failed tries (拨测) of a machine's own steps as incidents: one a terminal, closed when its tries pass again.

A device that tells of its fault, or a program that says it does not serve, is the cause; that an item cannot be done is
then a symptom of it and has no order of its own. What is left is the machine that is heard, tells of no fault, and does
not do what it is asked: without a try nobody would know.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from budayang.center.maintenance.assigning import responsible_id
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, hang_many, open_incident
from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.settling import add_lines
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Transition
from budayang.center.services.probe_queries import failing_at
from budayang.center.terminals import queries as terminals
from budayang.rules.causes import Bucket, NodeLevel, Source, get_cause
from budayang.rules.evidence import Line
from budayang.rules.probes import BY_CODE

JOB = Actor.job("maintenance.probing")
KIND = "machine_probe_failed"
TRIES = ("services.probe_failing", "services.probe_passing")
# What another incident of the machine does to this one: it may be the cause, or was.
OTHERS = ("maintenance.incident_opened", "maintenance.incident_closed")
TOLD = frozenset({Source.STATE, Source.LINK, Source.INFERENCE})


def hear(news: Sequence[Transition], now: datetime) -> None:
    """Tries of some machines began to fail or pass again, or what may lie behind it came or went."""
    tried = {str(one.payload["terminal"]): one for one in news if one.kind in TRIES and one.payload.get("terminal")}
    for code, one in tried.items():
        judge_machine(code, now, ended_at=one.occurred_at)
    others = {str(one.payload["terminal"]) for one in news if one.kind in OTHERS and one.payload["kind"] != KIND}
    others -= tried.keys()
    standing = Incident.objects.filter(kind=KIND, state="open", terminal__code__in=others)
    for code in standing.values_list("terminal__code", flat=True):
        judge_machine(str(code), now)


def judge_machine(code: str, now: datetime, *, ended_at: datetime | None = None) -> Incident | None:
    """Open, hang or close the incident of a machine's tries so that it matches what they prove now.

    `ended_at`: when the last of them passed; now, where that is not known.
    """
    failing = failing_at(code)
    machine = terminals.visible_to(JOB).filter(code=code).select_related("area__place").first()
    if machine is None:
        return None
    row = Incident.objects.filter(subject=f"terminal:{code}", kind=KIND, state="open").first()
    if not failing:
        return None if row is None else close_incident(JOB, row, closed_at=ended_at or now, now=now)
    # Whether it obeys has nothing to do with its devices.
    needs = {need for one in failing if one.failed_step != "obeys" for need in one.item.needs}
    cause = _cause(machine.pk, needs)
    lines = tuple(
        Line(one.failing_since or now, f"{one.item.code} {one.item.name}", "probe", one.text) for one in failing
    )
    if row is not None:
        add_lines(row, lines)
        again_s = float(platform.parameter("probe_again_s", row.place_path, now))
        # What lay behind it is gone: the next try is soon, and most often there is nothing left for anybody to do.
        hang_many(JOB, [(row, cause)], now, order_due_at=now + timedelta(seconds=2 * again_s))
        return row
    first, kind = failing[0], get_cause(KIND)
    bucket = Bucket.DEVICE if first.failed_step == "devices" else kind.bucket
    bodies = {"manager": machine.area.manager_id, "owner": machine.owner_id, "vendor": machine.vendor_id}
    title = _("%(terminal)s没有通过拨测（%(step)s）") % {
        "terminal": machine.name,
        "step": BY_CODE[first.failed_step].name if first.failed_step in BY_CODE else first.text,
    }
    found = NewIncident(
        kind=kind,
        subject=f"terminal:{code}",
        component="probe",
        opened_at=first.failing_since or now,
        place_path=machine.area.place.path,
        area_id=machine.area_id,
        terminal_id=machine.pk,
        terminal=code,
        owner_id=machine.owner_id,
        vendor_id=machine.vendor_id,
        responsible_id=responsible_id(bucket, bodies),
        bucket=bucket,
        title=title[:80],
        evidence=lines,
    )
    return open_incident(JOB, found, cause=cause, now=now)


def _cause(terminal_id: int, needs: Collection[str]) -> Incident | None:
    """The open incident that explains why the tries fail: of the terminal itself, else of a device that they need."""
    candidates = []
    rows = Incident.objects.filter(terminal_id=terminal_id, state="open").exclude(kind=KIND).select_related("cause")
    for row in rows.order_by("opened_at", "pk"):
        kind = get_cause(row.kind)
        if kind.source not in TOLD or not kind.affects:
            continue
        if kind.level is NodeLevel.TERMINAL or kind.kind in needs:
            candidates.append((kind.level is not NodeLevel.TERMINAL, row))
    if not candidates:
        return None
    found = min(candidates, key=lambda one: one[0])[1]
    return found.cause or found


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.machine_probing", (*TRIES, *OTHERS), hear),)
