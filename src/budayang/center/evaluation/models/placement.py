"""Suggestions of placement and use (布局与使用建议), and when each area is computed next."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.evaluation.models.improvements import Improvement
from budayang.rules.placement import KIND_NAMES, STATE_NAMES


class PlacementSuggestion(models.Model):
    """One suggestion. `key`, `numbers` and `sample` as in rules.placement.Suggestion; `thresholds`: what it was held
    against, by the name of the parameter. `first_on` to `last_on`: the days that were looked at, both included.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    numbers = models.JSONField()
    sample = models.PositiveIntegerField()
    thresholds = models.JSONField()
    first_on = models.DateField()
    last_on = models.DateField()
    state = models.CharField(max_length=10, default="open")
    snoozed_until = models.DateField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    improvement = models.ForeignKey(Improvement, on_delete=PROTECT, related_name="+", null=True)
    found_at = models.DateTimeField()
    computed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="evaluation_placement_kind"),
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="evaluation_placement_state"),
            CheckConstraint(
                condition=Q(state="snoozed", snoozed_until__isnull=False)
                | (~Q(state="snoozed") & Q(snoozed_until__isnull=True)),
                name="evaluation_placement_snoozed",
            ),
            UniqueConstraint(fields=["area", "kind", "key"], name="evaluation_placement_once"),
        ]
        indexes = [Index(fields=["state", "-found_at"], name="evaluation_placement_state_ix")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.kind} {self.key}"


class PlacementStanding(models.Model):
    """When an area is computed next (indexed), and when it was last."""

    area = models.OneToOneField("areas.Area", on_delete=PROTECT, related_name="+", primary_key=True)
    due_at = models.DateTimeField(db_index=True)
    computed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.area_id} {self.due_at}"
