"""Emergency cards (应急卡) of a place, and what was done by them: each run with its steps, append-only."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.maintenance.models.incidents import Incident
from budayang.rules.emergencies import RUN_STATES, WHATS


class EmergencyEdition(models.Model):
    """One edition of a card for a place and what lies below it; from its day on nobody changes it.

    `steps`: rules.emergencies.Step as JSON, in order. `starts_from`: kinds of incidents that suggest it.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    severity = models.CharField(max_length=16)
    basis = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    starts_from = models.JSONField(default=list)
    steps = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "code", "valid_from"], name="maintenance_emergency_edition"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class Emergency(models.Model):
    """A card at work in an area, or a drill of it (演练). The steps are copied: a later edition rewrites nothing.

    `due_at`: the indexed moment at which the next step is late; null when none is or it is over. `cause`: the incident
    that it was started from; `incident`: the one that it opened itself (none for a drill).
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    code = models.CharField(max_length=24)
    name = models.CharField(max_length=40)
    steps = models.JSONField()
    drill = models.BooleanField(default=False)
    state = models.CharField(max_length=10)
    planned_on = models.DateField(null=True)
    cause = models.ForeignKey(Incident, on_delete=PROTECT, related_name="+", null=True)
    incident = models.ForeignKey(Incident, on_delete=PROTECT, related_name="+", null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=RUN_STATES), name="maintenance_emergency_state"),
            CheckConstraint(
                condition=Q(state__in=("planned", "called_off")) | Q(started_at__isnull=False),
                name="maintenance_emergency_started",
            ),
            # A drill beside it: whoever rehearses must not keep the real alarm from starting.
            UniqueConstraint(
                fields=["area", "code", "drill"],
                condition=Q(state="running"),
                name="maintenance_emergency_one_running",
            ),
        ]
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_emergency_due"),
            Index(fields=["-made_at"], name="maintenance_emergency_last"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.area_id} {self.state}"


class EmergencyEvent(models.Model):
    """One thing that was done or said. Append-only: no action changes or removes a row. `step`: its place in the card.

    `what` is one of rules.emergencies.WHATS. `at` is when it was, `told_at` when the center learnt of it.
    """

    emergency = models.ForeignKey(Emergency, on_delete=PROTECT, related_name="events")
    what = models.CharField(max_length=8)
    step = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()
    told_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(what__in=list(WHATS)), name="maintenance_emergency_what"),
            UniqueConstraint(
                fields=["emergency", "step"],
                condition=Q(what__in=("done", "skipped")),
                name="maintenance_emergency_step_once",
            ),
        ]
        indexes = [Index(fields=["emergency", "at", "id"], name="maintenance_emergency_events")]

    def __str__(self) -> str:
        return f"{self.emergency_id} {self.what}"
