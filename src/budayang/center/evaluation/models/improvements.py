"""Improvement items (改进事项): who puts what right by when, with what proof, and who checked it."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q

from budayang.center.evaluation.models.monthly import MonthlyReport
from budayang.rules.improvements import EVENT_NAMES, STATE_NAMES


class Improvement(models.Model):
    """One item. The state moves along rules.improvements.TRANSITIONS only. `report` and `opens`: the line of a monthly
    report that it comes from, and `source` what that line then said; all empty for one that somebody wrote freely.
    `overdue_at`: the end of the first day that was missed; it stays when the day is moved or the item is closed.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    title = models.CharField(max_length=80)
    problem = models.CharField(max_length=300)
    plan = models.CharField(max_length=500)
    owner = models.ForeignKey("platform.Organization", on_delete=PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, default="open")
    report = models.ForeignKey(MonthlyReport, on_delete=PROTECT, related_name="+", null=True)
    opens = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    closed_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="evaluation_improvement_state"),
            CheckConstraint(
                condition=Q(state__in=("closed", "cancelled"), closed_at__isnull=False)
                | (~Q(state__in=("closed", "cancelled")) & Q(closed_at__isnull=True)),
                name="evaluation_improvement_closed",
            ),
        ]
        indexes = [Index(fields=["state", "due_on"], name="evaluation_improvement_due")]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class ImprovementEvent(models.Model):
    """One thing that was done about an item. Append-only. `photo_sealed`: a proof as JPEG, written anew when it came,
    sealed to `ref`; it goes when its time is over, the row and the picture's hash stay.
    """

    item = models.ForeignKey(Improvement, on_delete=PROTECT, related_name="events")
    ref = models.CharField(max_length=32, unique=True)
    what = models.CharField(max_length=10)
    note = models.CharField(max_length=500, blank=True)
    photo_sealed = models.BinaryField(null=True)
    photo_sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [CheckConstraint(condition=Q(what__in=list(EVENT_NAMES)), name="evaluation_improvement_what")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.what}"
