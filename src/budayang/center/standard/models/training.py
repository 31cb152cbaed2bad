"""Publicity and training (宣贯), tests made of clauses by people, and who adopts the standard how."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.standard.models.editions import Edition
from budayang.rules.standard.spreading import ADOPTION_NAMES, EVENT_KINDS


class SpreadEvent(models.Model):
    """One event of publicity or training: planned for a day, held on a day, with counts only, no names. Publicity
    counts nobody: its proof is an address or an issue. `told_on`: when it was told that its day is over.
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="spread_events")
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    subject = models.CharField(max_length=120)
    planned_on = models.DateField()
    held_on = models.DateField(null=True, blank=True)
    invited = models.PositiveIntegerField(null=True, blank=True)
    present = models.PositiveIntegerField(null=True, blank=True)
    proof = models.CharField(max_length=200, blank=True)
    cancelled_for = models.CharField(max_length=200, blank=True)
    told_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["planned_on", "pk"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(EVENT_KINDS)), name="standard_event_kind"),
            CheckConstraint(
                condition=Q(held_on__isnull=True) | Q(present__isnull=False) | ~Q(proof=""),
                name="standard_event_held",
            ),
        ]
        indexes = [
            Index(fields=["place_path"], name="standard_event_place"),
            Index(
                fields=["planned_on"], name="standard_event_due",
                condition=Q(held_on__isnull=True, cancelled_for="", told_on__isnull=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.subject


class SpreadArea(models.Model):
    """An area whose people an event is for."""

    event = models.ForeignKey(SpreadEvent, on_delete=PROTECT, related_name="areas")
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")

    class Meta:
        constraints = [UniqueConstraint(fields=["event", "place"], name="standard_event_area_once")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.place_id}"


class SpreadMaterial(models.Model):
    """A material of an event: a picture written anew or a PDF, by the upload module."""

    event = models.ForeignKey(SpreadEvent, on_delete=PROTECT, related_name="materials")
    name = models.CharField(max_length=120)
    media = models.CharField(max_length=40)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """A question of a test, written by a person from a clause. `choices` are texts, `right` the index of the right
    one.
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="questions")
    clause_code = models.CharField(max_length=24)
    text = models.CharField(max_length=300)
    choices = models.JSONField()
    right = models.PositiveSmallIntegerField()
    written_by = models.CharField(max_length=80)
    written_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["clause_code", "pk"]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.pk}"


class TestSitting(models.Model):
    """One test that a person with an account took: which questions, how many were right."""

    __test__ = False  # not a test of pytest

    staff = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="sittings")
    questions = models.JSONField()
    answers = models.JSONField(default=dict)
    right = models.PositiveSmallIntegerField(null=True, blank=True)
    passed = models.BooleanField(null=True, blank=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["staff", "edition"], condition=Q(ended_at__isnull=True), name="standard_sitting_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.begun_at}"


class Adoption(models.Model):
    """How an area or region takes the standard: 采用, 参照 or 过渡 (until a day), from a day on. The newest counts."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="adoptions")
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    since_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    paper = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["-since_on", "-pk"]
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(ADOPTION_NAMES)), name="standard_adoption_kind"),
            CheckConstraint(
                condition=~Q(kind="transition") | Q(until_on__isnull=False), name="standard_adoption_until"
            ),
        ]
        indexes = [Index(fields=["place_path"], name="standard_adoption_place")]

    def __str__(self) -> str:
        return f"{self.place_path} {self.kind}"
