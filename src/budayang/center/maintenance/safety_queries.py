"""Reads of tests, keys and cameras, each from what the actor may see on."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from budayang.center.maintenance.models import Camera, CameraCheck, KeyHolding, SafetyTest
from budayang.center.maintenance.safety_actions import KEY_TABLE
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import CannotOpen, open_field


def tests_visible_to(actor: Actor) -> QuerySet[SafetyTest]:
    """Measured tests in the actor's places; bodies' people see none."""
    return SafetyTest.objects.filter(scope_q(actor, "area__place__path")).select_related("area__place")


def keys_visible_to(actor: Actor) -> QuerySet[KeyHolding]:
    """Who holds what in the actor's places."""
    return KeyHolding.objects.filter(scope_q(actor, "area__place__path")).select_related("area__place", "organization")


def holder_of(row: KeyHolding) -> str:
    """The holder's name; "" when it was erased or its key is not here."""
    try:
        return open_field(KEY_TABLE, row.number, "holder", bytes(row.holder_sealed)) if row.holder_sealed else ""
    except CannotOpen:
        return ""


def cameras_visible_to(actor: Actor) -> QuerySet[Camera]:
    """Cameras in the actor's places, those that are there, each with its newest look (`checked_at`, `checked_ok`,
    `checked_days`, `checked_online`).
    """
    newest = CameraCheck.objects.filter(camera=OuterRef("pk")).order_by("-at", "-pk")
    rows = Camera.objects.filter(scope_q(actor, "area__place__path"), retired_at__isnull=True)
    return rows.select_related("area__place").annotate(
        checked_at=Subquery(newest.values("at")[:1]),
        checked_ok=Subquery(newest.values("ok")[:1]),
        checked_days=Subquery(newest.values("days")[:1]),
        checked_online=Subquery(newest.values("online")[:1]),
    )
