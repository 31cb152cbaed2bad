"""Rows of the standard room: editions, their clauses, and what the other rooms' rows say about each clause."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

EDITION_STATES = ("loaded", "adopted", "withdrawn")
ANSWERS = ("met", "not_met", "not_applicable", "no_evidence")


class Edition(models.Model):
    """A set of clauses. `is_reference` marks a reference edition (参照版): gathered from many rules, not the text of
    any published standard; whatever shows such an edition says so."""

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    is_reference = models.BooleanField(default=True)
    state = models.CharField(max_length=12, default="loaded")
    loaded_at = models.DateTimeField()
    adopted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EDITION_STATES), name="standard_edition_state"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="adopted"), name="standard_edition_one_adopted"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Clause(models.Model):
    """One requirement with its criterion and way of checking. `grade` is the grade of the basis: A law or official
    rule read; B second-hand; C from memory; D engineering default; mixed grades as "A/D"."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=24)
    position = models.PositiveIntegerField()
    chapter = models.PositiveSmallIntegerField()
    chapter_title = models.CharField(max_length=40)
    requirement = models.TextField()
    criterion = models.TextField(blank=True)
    verification = models.TextField(blank=True)
    frequency = models.CharField(max_length=80, blank=True)
    basis = models.TextField(blank=True)
    grade = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="standard_clause_code")]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.code


class ClauseVerdict(models.Model):
    """What the rows of one area and one month say about one clause. Replaced when it is computed again.

    `number` is in `unit`; None when there was nothing to count. `evidence` is a list of {"kind", "ref", "text", "url"}:
    references to rows, never copies of personal data. `sample` is how many facts the number was made of.
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
    why = models.CharField(max_length=300)
    evidence = models.JSONField(default=list)
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
    computes and clears it only if no later fact came meanwhile (compare-and-set on `dirty_at`)."""

    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    dirty_at = models.DateTimeField(null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "month"], name="standard_assessment_once")]
        indexes = [
            models.Index(fields=["dirty_at"], condition=Q(dirty_at__isnull=False), name="standard_assessment_dirty")
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.month}"
