"""Opinions on a draft: the round in which they are asked for, each opinion, and how it was handled."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint

from budayang.center.standard.models.editions import Edition
from budayang.center.standard.models.project import Project
from budayang.rules.standard.opinions import DECISION_NAMES, KIND_NAMES, NEEDS_REASON, SOURCE_NAMES, STATE_NAMES


class Consultation(models.Model):
    """A round of 征求意见: its public page takes opinions from the first to the last day, both included. `edition`: the
    text that is asked about; `ended_on`: the day on which a draft that was sent back, or stopped, ended it early.
    """

    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="consultations")
    number = models.PositiveSmallIntegerField()
    opens_on = models.DateField()
    closes_on = models.DateField()
    asked_units = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="consultations", null=True)
    made_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            UniqueConstraint(fields=["project", "number"], name="standard_consultation_number"),
            CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="standard_consultation_days"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"


class Opinion(models.Model):
    """One opinion. `number` is random, and the right of who sent it to see how it was handled. No name, no telephone:
    `unit` is a unit, or empty for somebody of the public. `clause_number` is as it stood in `edition`, the text at that
    time, and `clause_code` the clause there: in a later text it may stand elsewhere.

    `major`: a dissent that the explanatory note has to deal with (重大分歧).
    """

    number = models.CharField(max_length=20, unique=True)
    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="opinions")
    kind = models.CharField(max_length=12)
    source = models.CharField(max_length=8)
    state = models.CharField(max_length=12)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="opinions", null=True)
    clause_number = models.CharField(max_length=20, blank=True)
    clause_code = models.CharField(max_length=24, blank=True)
    text = models.TextField()
    wish = models.TextField(blank=True)
    unit = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()
    decision = models.CharField(max_length=8, blank=True)
    reason = models.TextField(blank=True)
    note = models.CharField(max_length=200, blank=True)
    major = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="standard_opinion_kind"),
            CheckConstraint(condition=Q(source__in=list(SOURCE_NAMES)), name="standard_opinion_source"),
            CheckConstraint(condition=Q(state__in=list(STATE_NAMES)), name="standard_opinion_state"),
            CheckConstraint(
                condition=Q(state="decided", decision__in=list(DECISION_NAMES), decided_at__isnull=False)
                | (~Q(state="decided") & Q(decision="", decided_at__isnull=True)),
                name="standard_opinion_decided",
            ),
            CheckConstraint(
                condition=~Q(decision__in=sorted(NEEDS_REASON)) | ~Q(reason=""), name="standard_opinion_reason"
            ),
        ]
        indexes = [Index(fields=["project", "kind", "state"], name="standard_opinion_of")]

    def __str__(self) -> str:
        return self.number
