"""Drills on the sandbox (沙盒演练): the hall whose machines exist only there, and what was played on it."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Q

from budayang.center.maintenance.models.emergencies import Emergency
from budayang.rules.drills import SCENARIO_BY_CODE


class DrillHall(models.Model):
    """The area whose machines the sandbox made and nobody else has: made together with the area, never for one that was
    there before.
    """

    area = models.OneToOneField("areas.Area", on_delete=PROTECT, related_name="+")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.area_id}"


class DrillPlay(models.Model):
    """The scenario of one drill. `awaited`: rules.drills.Awaited as JSON, with the limits in force when it was planned.

    `began_at`: when the sandbox began; `ends_at`: when it ends the fault, moved when somebody ends the drill before.
    A play names a hall: without one there is none, so that nothing is ever played on another area.
    """

    emergency = models.OneToOneField(Emergency, on_delete=PROTECT, related_name="play")
    hall = models.ForeignKey(DrillHall, on_delete=PROTECT, related_name="+")
    scenario = models.CharField(max_length=20)
    hold_s = models.PositiveIntegerField()
    awaited = models.JSONField()
    began_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(scenario__in=list(SCENARIO_BY_CODE)), name="maintenance_drill_scenario"),
            CheckConstraint(
                condition=Q(began_at__isnull=True, ends_at__isnull=True)
                | Q(began_at__isnull=False, ends_at__isnull=False),
                name="maintenance_drill_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scenario} {self.emergency_id}"
