"""Reads of tries (拨测): what the newest prove, and the log of all."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services.models import ConnectorItem, Offering, Probe, ProbeStanding


def _mine(actor: Actor) -> Q:
    """Of machines of the actor's places; of a department's answer alone, which holds everywhere, everybody's."""
    return Q(terminal__isnull=True) | scope_q(
        actor, "terminal__area__place__path", ("terminal__owner_id", "terminal__vendor_id")
    )


def probes_visible_to(actor: Actor) -> QuerySet[Probe]:
    return Probe.objects.filter(_mine(actor)).select_related("item__department", "terminal__area__place")


def standings_visible_to(actor: Actor) -> QuerySet[ProbeStanding]:
    rows = ProbeStanding.objects.filter(_mine(actor)).exclude(last=None, next_at=None)
    return rows.select_related("item__department", "terminal__area__place", "last")


def failing_items(department: str) -> list[ProbeStanding]:
    """Of a department, the items whose tries fail so often in a row that somebody is told; the longest first."""
    rows = ProbeStanding.objects.filter(terminal=None, told_at__isnull=False, item__department__code=department)
    return list(rows.select_related("item").order_by("failing_since", "item__code"))


def failing_at(terminal: str) -> list[ProbeStanding]:
    """Of a terminal, the items whose tries fail by its own steps so often in a row; the longest first."""
    rows = ProbeStanding.objects.filter(terminal__code=terminal, told_at__isnull=False)
    return list(rows.select_related("item").order_by("failing_since", "item__code"))


def find_probe(actor: Actor, probe_id: int) -> Probe | None:
    return probes_visible_to(actor).filter(pk=probe_id).first()


def offered_pairs(actor: Actor, item_code: str) -> list[tuple[str, str]]:
    """(code, words) of the actor's terminals that offer an item, for the choice of what to try."""
    mine = scope_q(actor, "terminal__area__place__path", ("terminal__owner_id", "terminal__vendor_id"))
    rows = Offering.objects.filter(mine, item__code=item_code, active=True, driven=True)
    pairs = rows.order_by("terminal__code").values_list("terminal__code", "terminal__name", "terminal__area__name")
    return [(code, f"{area} · {name}（{code}）") for code, name, area in pairs]


def has_test_identity(item_code: str) -> bool:
    return ConnectorItem.objects.filter(item__code=item_code, test_identity_sealed__isnull=False).exists()
