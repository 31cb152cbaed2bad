"""What an order has to show before it may be closed, and what stands against it."""

from __future__ import annotations

from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.rules.maintenance import get_cause
from budayang.rules.order_proofs import Proof, lacking, only_people_see


def merged_into(order: WorkOrder) -> list[WorkOrder]:
    """The duplicates that were merged into an order, and theirs, in the order of their opening."""
    found: dict[int, WorkOrder] = {}
    look = [order.pk]
    while look:
        rows = WorkOrder.objects.filter(merged_into_id__in=look).select_related("incident", "organization", "assignee")
        fresh = [row for row in rows if row.pk not in found]
        found |= {row.pk: row for row in fresh}
        look = [row.pk for row in fresh]
    return sorted(found.values(), key=lambda row: (row.opened_at, row.pk))


def standing(order: WorkOrder) -> list[Incident]:
    """The faults of an order and of its duplicates that a machine, or the room that found them, still reports."""
    ids = [order.incident_id, *(one.incident_id for one in merged_into(order))]
    rows = Incident.objects.filter(pk__in=ids, state="open").order_by("pk")
    return [row for row in rows if not only_people_see(get_cause(row.kind).proof)]


def proofs_of(order: WorkOrder) -> set[Proof]:
    """What shows that the fault is gone. Nothing counts from before it was sent back or opened again, no test print
    from before the machine said that the fault was gone, and none that a failed one followed.
    """
    incident = Incident.objects.get(pk=order.incident_id)
    rows = list(order.events.order_by("at", "pk"))
    anew = [place for place, row in enumerate(rows) if row.event in ("rejected", "reopened")]
    rows = rows[anew[-1] + 1 :] if anew else rows
    found: set[Proof] = set()
    if incident.state == "closed":
        found.add(Proof.HEALED)
    for row in rows:
        if row.event == "test_passed" and incident.closed_at is not None and row.at >= incident.closed_at:
            found.add(Proof.TEST)
        elif row.event == "test_failed":
            found.discard(Proof.TEST)
        elif row.event == "called_back":
            found = found | {Proof.CALL_BACK} if row.reason == "works" else found - {Proof.CALL_BACK}
        elif row.event == "photo_after":
            found.add(Proof.PHOTO)
    return found


def enough_for(order: WorkOrder) -> tuple[Proof, ...]:
    """The proofs of which one closes the order."""
    reopened = order.events.filter(event="reopened").exists()
    return lacking(get_cause(order.incident.kind).proof, (), reopened=reopened)


def missing_proof(order: WorkOrder) -> tuple[Proof, ...]:
    """The proofs of which one is still needed before the order may be closed; empty when one is there."""
    enough = enough_for(order)
    return () if set(enough) & proofs_of(order) else enough
