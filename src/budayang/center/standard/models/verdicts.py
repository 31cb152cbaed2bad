"""What the other rooms' rows say about each clause, and which months have to be computed again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.standard.models.editions import Clause, Edition

ANSWERS = ("met", "not_met", "not_applicable", "no_evidence")


class ClauseVerdict(models.Model):
    """What the rows of one area and one month say about one clause. Replaced when it is computed again.

    `number` is in `unit`; None when there was nothing to count. `evidence` is a list of {"kind", "ref", "text", "url"}:
    references to rows, never copies of personal data. `sample` is how many facts the number was made of. `source` is
    the kind of evidence that decided (rules.standard.parts.Kind, or "exception"); `by_hand`: somebody copied it from
    elsewhere (人工填报). `parts`: [{"kind", "answer", "why"}] of a clause with several parts. `transition_until`: the
    area has time until then (逐步过渡).
    """

    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="verdicts")
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    answer = models.CharField(max_length=16)
    number = models.FloatField(null=True, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    comparison = models.CharField(max_length=4, blank=True)
    unit = models.CharField(max_length=16, blank=True)
    sample = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=1000)
    evidence = models.JSONField(default=list)
    source = models.CharField(max_length=12, default="function")
    by_hand = models.BooleanField(default=False)
    parts = models.JSONField(default=list)
    transition_until = models.DateField(null=True, blank=True)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clause", "place", "period_start"], name="standard_verdict_once"),
            models.CheckConstraint(condition=Q(answer__in=ANSWERS), name="standard_verdict_answer"),
        ]
        indexes = [models.Index(fields=["place_path", "period_start"], name="standard_verdict_place")]

    def __str__(self) -> str:
        return f"{self.clause_id} {self.place_path} {self.answer}"


class Assessment(models.Model):
    """Which area and month has to be computed again. A fact that bears on a clause sets `dirty_at`; the due work
    computes and clears it only if no later fact came meanwhile (compare-and-set on `dirty_at`).

    What was computed is summed here, so that a list of areas reads one row each: `score` of 100 over the clauses that
    count (rules.standard.scoring), `floor` and `ceiling` of what has no evidence, `coverage`; null while unknown.
    `chapters`: {"4": score or null}. The four counts are of all clauses.

    `month_end`: of a month that is over, what metrics that can only speak of now said when it was first computed after
    its end (standard.month_ends); null before.
    """

    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    dirty_at = models.DateTimeField(null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+", null=True)
    score = models.FloatField(null=True)
    floor = models.FloatField(null=True)
    ceiling = models.FloatField(null=True)
    coverage = models.FloatField(null=True)
    chapters = models.JSONField(default=dict)
    met = models.PositiveSmallIntegerField(default=0)
    not_met = models.PositiveSmallIntegerField(default=0)
    not_applicable = models.PositiveSmallIntegerField(default=0)
    no_evidence = models.PositiveSmallIntegerField(default=0)
    month_end = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "month"], name="standard_assessment_once")]
        indexes = [
            models.Index(fields=["dirty_at"], condition=Q(dirty_at__isnull=False), name="standard_assessment_dirty")
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.month}"
