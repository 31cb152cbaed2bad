"""What people give as evidence for a clause: numbers (measured, or copied from another system or a survey), documents,
and what exempts an area or gives it time. Nothing is rewritten: what was wrong is withdrawn and given anew.

A row of a region counts for every area below it: one filing may cover a city. It is given for the clause of an edition;
under another edition it counts where the clause of that code asks the same (rules.standard.differences.asks_the_same).
"""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q

from budayang.center.standard.models.editions import Edition
from budayang.rules.standard.parts import ENTERED

EXCEPTION_KINDS: tuple[str, ...] = ("exemption", "transition")


class GivenNumbers(models.Model):
    """Numbers for a part of a clause: `values` by the names of the part's fields. Holds from `on` until `until_on`
    (included; null: for good). `source`: instrument, system or survey, in words.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+")
    clause_code = models.CharField(max_length=24)
    kind = models.CharField(max_length=12)
    values = models.JSONField()
    on = models.DateField()
    until_on = models.DateField(null=True)
    source = models.CharField(max_length=160)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=sorted(one.value for one in ENTERED)), name="standard_given_numbers_kind"
            ),
            CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("on")), name="standard_given_numbers_until"
            ),
        ]
        indexes = [Index(fields=["place_path", "clause_code", "-on"], name="standard_given_numbers")]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.place_path} {self.on}"


class GivenDocument(models.Model):
    """A document that shows that a clause is met, sealed to `ref`; `due_thing` tells when it is about to end. The
    content goes when its time is over, the row and its hash stay.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+")
    clause_code = models.CharField(max_length=24)
    title = models.CharField(max_length=120)
    on = models.DateField()
    until_on = models.DateField(null=True)
    ref = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    media = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content_sealed = models.BinaryField(null=True)
    due_thing = models.ForeignKey("maintenance.DueThing", on_delete=PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("on")), name="standard_given_document_until"
            ),
        ]
        indexes = [Index(fields=["place_path", "clause_code", "-on"], name="standard_given_documents")]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.title}"


class ClauseException(models.Model):
    """Why a clause does not count as usual in an area, or below a region, from a day until a day.

    exemption (不适用): the clause does not apply there, for `reason`. transition (逐步过渡): it applies and is not met
    yet; until `until_on` the area carries out `plan`, and its answer is listed apart from the score.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="+")
    clause_code = models.CharField(max_length=24)
    kind = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    plan = models.CharField(max_length=600, blank=True)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    ended_on = models.DateField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=EXCEPTION_KINDS), name="standard_exception_kind"),
            CheckConstraint(
                condition=Q(kind="exemption") | (Q(until_on__isnull=False) & ~Q(plan="")),
                name="standard_transition_has_plan_and_end",
            ),
            CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="standard_exception_until"
            ),
        ]
        indexes = [Index(fields=["place_path", "clause_code"], name="standard_exceptions")]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.place_path} {self.kind}"
