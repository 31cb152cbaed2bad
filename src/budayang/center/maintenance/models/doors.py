"""What happened at an area's door (门禁): by which way it opened, or would not. Nobody's card, name or face."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q

from budayang.rules.doors import WAYS


class DoorEvent(models.Model):
    """The door was opened by a way (`ok`), or refused it. `terminal`: the watched machine beside which the controller
    stands.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    by = models.CharField(max_length=8)
    ok = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [CheckConstraint(condition=Q(by__in=list(WAYS)), name="maintenance_door_by")]
        indexes = [
            Index(fields=["area", "by", "-at"], name="maintenance_door_way"),
            Index(fields=["at"], name="maintenance_door_at"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.by} {self.at}"
