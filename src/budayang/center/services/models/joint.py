"""Joint matters (高效办成一件事、联办): one number for the person, a part per department."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.cases import Case

PART_KINDS = ("case", "window")


class JointCase(models.Model):
    """What a person handed in at once. How it stands follows from its parts; nothing of it is stored twice."""

    number = models.CharField(max_length=40, unique=True)
    definition = models.CharField(max_length=32)
    title = models.CharField(max_length=80)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200, db_index=True)
    identity_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64, unique=True)
    code_sealed = models.BinaryField()
    lang = models.CharField(max_length=16, default="zh-hans")
    accepted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-accepted_at"], name="services_joint_recent")]

    def __str__(self) -> str:
        return self.number


class JointPart(models.Model):
    """One department's part: a case of its own, or a visit to the window with what to bring and why."""

    joint = models.ForeignKey(JointCase, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    item_code = models.CharField(max_length=64)
    title = models.CharField(max_length=120)
    department = models.CharField(max_length=80)
    kind = models.CharField(max_length=8)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="joint_part", null=True, blank=True)
    why = models.CharField(max_length=200, blank=True)
    bring = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["joint", "position"], name="services_joint_part_once"),
            models.CheckConstraint(condition=Q(kind__in=PART_KINDS), name="services_joint_part_kind"),
            models.CheckConstraint(
                condition=Q(kind="case", case__isnull=False) | Q(kind="window", case__isnull=True),
                name="services_joint_part_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.joint_id}/{self.position}"
