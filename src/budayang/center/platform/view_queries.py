"""Reads of saved views of lists."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import SavedView
from budayang.center.platform.queries import NOTHING, place_chain


def views_visible_to(actor: Actor) -> QuerySet[SavedView]:
    """The actor's own views, and those shared at a place where the actor works or above it."""
    if actor.staff_id is None:
        return SavedView.objects.none()
    reach = {path for grant in actor.grants for path in place_chain(grant.place_path)}
    shared = Q(shared_at__path__in=reach) if reach else NOTHING
    return SavedView.objects.filter(Q(staff_id=actor.staff_id) | shared).select_related("staff", "shared_at")


def views_of(actor: Actor, address: str) -> list[SavedView]:
    """The views of one list that the actor may open, the actor's own first."""
    found = list(views_visible_to(actor).filter(address=address))
    return sorted(found, key=lambda one: (one.staff_id != actor.staff_id, one.made_at, one.pk))
