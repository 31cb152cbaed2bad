"""Which rule set for texts in two languages counts where, from when, by which document; and batches of sheets."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q, UniqueConstraint


class CompositionRule(models.Model):
    """A rule set of data/composition_rules.csv put in force for a region and all below it. `document`: number of the
    document by which it is in force; `ended_on`: first day on which it counts no more.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    rule = models.CharField(max_length=20)
    document = models.CharField(max_length=120)
    valid_from = models.DateField()
    ended_on = models.DateField(null=True)
    horizontal = models.CharField(max_length=8)
    percent = models.PositiveSmallIntegerField()
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=60)

    class Meta:
        constraints = (
            CheckConstraint(condition=~Q(document=""), name="compositionrule_document"),
            CheckConstraint(condition=Q(horizontal__in=["above", "left", "before"]), name="compositionrule_position"),
            CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("valid_from")), name="compositionrule_order"
            ),
            UniqueConstraint(
                fields=["place", "valid_from"], condition=Q(ended_on__isnull=True), name="compositionrule_once_a_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} from {self.valid_from}"


class SignFile(models.Model):
    """The sheets of an area's signs that somebody asked for, made as long work. The content goes after a few days; it
    can be made again from the plan.
    """

    staff = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+")
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    name = models.CharField(max_length=160, blank=True)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    not_made = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (Index(fields=["staff", "-asked_at"], name="signfile_asked"),)

    def __str__(self) -> str:
        return f"signs of area {self.area_id}, plan {self.version}"
