"""Plates that hang: what each said when it was printed, and since when that is no longer true."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint


class HungPlate(models.Model):
    """One plate on the wall or on a machine. `said`: rules.signs.plates.PlateData as JSON, `mark` its fingerprint.

    `terminal` is null for a plate of the area. `look_at`: when it is next held against the data of then; null once it
    was taken down. `differs`: [label, what the plate says, what is true], while `stale_since` is set.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    terminal = models.ForeignKey("terminals.Terminal", null=True, on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    said = models.JSONField()
    mark = models.CharField(max_length=64)
    hung_at = models.DateTimeField()
    hung_by = models.CharField(max_length=60)
    taken_down_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)
    stale_since = models.DateTimeField(null=True)
    differs = models.JSONField(default=list)

    class Meta:
        constraints = (
            UniqueConstraint(
                fields=["terminal", "kind"],
                condition=Q(taken_down_at__isnull=True, terminal__isnull=False),
                name="hungplate_once_terminal",
            ),
            UniqueConstraint(
                fields=["area", "kind"],
                condition=Q(taken_down_at__isnull=True, terminal__isnull=True),
                name="hungplate_once_area",
            ),
            CheckConstraint(
                condition=Q(taken_down_at__isnull=True) | Q(taken_down_at__gte=F("hung_at")), name="hungplate_order"
            ),
        )
        indexes = (
            Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="hungplate_look"),
            Index(fields=["area", "kind"], condition=Q(taken_down_at__isnull=True), name="hungplate_area"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.terminal_id or self.area_id}"
