"""Trips (一趟): each stay at a terminal in which something was tried, and doors that people found locked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.trips import RESULTS, SOURCES


class Trip(models.Model):
    """One person's one way here, without the person: how it ended and at which step. `tries` is how many items were
    tried. `client` (keyed hash of the address) only for what the public reports, to slow abuse; removed after 30 days.
    """

    source = models.CharField(max_length=10)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    result = models.CharField(max_length=12)
    step = models.CharField(max_length=24, blank=True)
    why = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=1)
    client = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(result__in=RESULTS), name="services_trip_result"),
            models.CheckConstraint(condition=Q(source__in=SOURCES), name="services_trip_source"),
        ]
        indexes = [
            models.Index(fields=["at"], name="services_trip_at"),
            models.Index(fields=["area", "at"], name="services_trip_area"),
            models.Index(fields=["client", "at"], condition=~Q(client=""), name="services_trip_client"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.result}"
