"""Editions of the standard and their clauses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

EDITION_STATES = ("loaded", "adopted", "withdrawn")


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
