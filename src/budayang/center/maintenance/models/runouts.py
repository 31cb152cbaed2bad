"""Run-outs against duty: for each supply of a terminal, whether it runs out while nobody of its owner is on duty."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, Index, Q

from budayang.center.maintenance.models.incidents import Incident


class RunOutWatch(models.Model):
    """One row a supply, derived by `runouts`.

    `early_at`, `late_at`: the forecast that was judged. `leaves_at`, `back_at`: the time without duty that it touches;
    `order_at`: when the order is due, null when none is needed. `due_at`: when it is judged again.
    """

    supply = models.OneToOneField("terminals.SupplyLevel", on_delete=PROTECT, related_name="+")
    early_at = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True)
    leaves_at = models.DateTimeField(null=True, blank=True)
    back_at = models.DateTimeField(null=True, blank=True)
    next_duty_at = models.DateTimeField(null=True, blank=True)
    order_at = models.DateTimeField(null=True, blank=True)
    rostered = models.BooleanField(default=True)  # False: no roster, office hours stand in for it
    text = models.CharField(max_length=300, blank=True)
    incident = models.ForeignKey(Incident, on_delete=PROTECT, related_name="+", null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_runout_due"),
            Index(fields=["early_at"], condition=Q(order_at__isnull=False), name="maintenance_runout_early"),
        ]

    def __str__(self) -> str:
        return f"{self.supply_id} {self.early_at}"
