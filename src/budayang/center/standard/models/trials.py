"""Trials (试算): a measure or a draft edition replayed over months that were, with what it came to."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q

from budayang.center.standard.models.editions import Edition


class Trial(models.Model):
    """One question and its answer. `measures`: [{"code", "values"}] of rules.standard.trial_measures; `edition`: the
    draft that is held against `in_force`, null: none. `first_month` and `last_month`: first days, both included.
    `once` and `monthly`: yuan, entered by the person. `result`: rules.standard.trial_results as JSON, null until made;
    run again it is replaced, for late data changes months that were.
    """

    title = models.CharField(max_length=80)
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    first_month = models.DateField()
    last_month = models.DateField()
    measures = models.JSONField(default=list)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+", null=True, blank=True)
    in_force = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+", null=True, blank=True)
    once = models.FloatField(default=0)
    monthly = models.FloatField(default=0)
    note = models.CharField(max_length=300, blank=True)
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    made_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(last_month__gte=F("first_month")), name="standard_trial_months"),
            CheckConstraint(condition=Q(once__gte=0, monthly__gte=0), name="standard_trial_cost"),
            CheckConstraint(
                condition=Q(result__isnull=True, made_at__isnull=True) | Q(result__isnull=False, made_at__isnull=False),
                name="standard_trial_made",
            ),
        ]
        indexes = [Index(fields=["-asked_at"], name="standard_trial_newest")]

    def __str__(self) -> str:
        return self.title
