"""The plan of an area: one, with all its versions. A version is never changed; who edits makes the next one."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Q, UniqueConstraint


class SignPlan(models.Model):
    """An area's plan. `picture`: what was imported to draw over, written anew as PNG; shown as an image only.

    `picture_width_mm`: how wide the picture is in the hall, by which it is laid under the drawing. `present`: names of
    rules.signs.kinds.FACT_NAMES that somebody said to hold there; `present_at` is null while nobody was asked.
    """

    area = models.OneToOneField("areas.Area", on_delete=PROTECT, related_name="+")
    picture = models.BinaryField(null=True)
    picture_width_mm = models.PositiveIntegerField(null=True)
    present = models.JSONField(default=list)
    present_at = models.DateTimeField(null=True)
    present_by = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            CheckConstraint(
                condition=Q(picture__isnull=True) | Q(picture_width_mm__isnull=False), name="signplan_picture"
            ),
        )

    def __str__(self) -> str:
        return f"plan of area {self.area_id}"


class PlanVersion(models.Model):
    """A drawing as it was saved: `drawing` is the JSON of rules.signs.drawing. The highest number is in force."""

    plan = models.ForeignKey(SignPlan, on_delete=PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    drawing = models.JSONField()
    note = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)

    class Meta:
        constraints = (UniqueConstraint(fields=["plan", "number"], name="planversion_once"),)

    def __str__(self) -> str:
        return f"{self.plan} version {self.number}"
