"""Small registers behind some of the ledgers: the duty log, trainings, video viewing, and lost things.

The first three are append-only: what was wrong is written anew by a row that says which one it corrects and why.
"""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Index, Q

from budayang.rules.ledgers import (
    AUTHORITY_KINDS,
    DUTY_KINDS,
    LOST_FIRST,
    LOST_KINDS,
    LOST_STATE_NAMES,
    TRAINING_KINDS,
)


class BookEntry(models.Model):
    """One entry of an append-only register. `at` is when it happened, `written_at` when it was written. One row is
    corrected by at most one other, so that the last word is never in doubt.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    at = models.DateTimeField()
    written_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    corrects = models.OneToOneField("self", on_delete=PROTECT, related_name="corrected_by", null=True, blank=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.area_id} {self.at}"


class DutyEntry(BookEntry):
    """值班日志: what was worth writing down on duty, beside the hand-overs."""

    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=600)

    class Meta:
        constraints = [CheckConstraint(condition=Q(kind__in=list(DUTY_KINDS)), name="maintenance_duty_entry_kind")]
        indexes = [Index(fields=["area", "-at"], name="maintenance_duty_entries")]


class Training(BookEntry):
    """培训记录: what was taught, by whom, who was there and how it was tested."""

    kind = models.CharField(max_length=12)
    subject = models.CharField(max_length=80)
    minutes = models.PositiveIntegerField()
    teacher = models.CharField(max_length=80)
    people = models.CharField(max_length=600)
    present = models.PositiveIntegerField()
    result = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(TRAINING_KINDS)), name="maintenance_training_kind"),
            CheckConstraint(condition=Q(minutes__gte=1, present__gte=1), name="maintenance_training_some"),
        ]
        indexes = [Index(fields=["area", "-at"], name="maintenance_trainings")]


class VideoViewing(BookEntry):
    """视频调阅登记 (clause JB-31): who looked at what, on whose authority, what for and what came of it. The pictures
    themselves are never here. `viewer_sealed`: the viewer's name and document, sealed to `ref`; the unit stays.
    """

    ref = models.CharField(max_length=32, unique=True)
    camera = models.CharField(max_length=120)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    authority = models.CharField(max_length=12)
    paper = models.CharField(max_length=80, blank=True)
    approved_by = models.CharField(max_length=40)
    unit = models.CharField(max_length=80)
    viewer_mark = models.CharField(max_length=20)
    viewer_sealed = models.BinaryField(null=True)
    purpose = models.CharField(max_length=200)
    result = models.CharField(max_length=300)
    copied = models.BooleanField(default=False)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(authority__in=list(AUTHORITY_KINDS)), name="maintenance_viewing_authority"),
            CheckConstraint(condition=Q(to_at__gt=F("from_at")), name="maintenance_viewing_period"),
        ]
        indexes = [Index(fields=["area", "-at"], name="maintenance_viewings")]


class LostThing(models.Model):
    """遗失物 (clause JB-23): found, kept, and to whom it went. The state moves along rules.ledgers.LOST_TRANSITIONS.

    Sealed to `ref`: `owner_sealed` what the thing says of its owner, `claimant_sealed` who took it and by which
    document. `claimant_mark` is the masked name, for the book.
    """

    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    ref = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=12)
    what = models.CharField(max_length=80)
    found_at = models.DateTimeField()
    found_where = models.CharField(max_length=80)
    found_by = models.CharField(max_length=40)
    kept_where = models.CharField(max_length=80)
    kept_by = models.CharField(max_length=40)
    owner_sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=12, default=LOST_FIRST)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, blank=True)
    claimant_mark = models.CharField(max_length=40, blank=True)
    claimant_sealed = models.BinaryField(null=True)
    note = models.CharField(max_length=300, blank=True)
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(LOST_KINDS)), name="maintenance_lost_kind"),
            CheckConstraint(condition=Q(state__in=list(LOST_STATE_NAMES)), name="maintenance_lost_state"),
            CheckConstraint(
                condition=Q(state=LOST_FIRST, ended_at__isnull=True)
                | (~Q(state=LOST_FIRST) & Q(ended_at__isnull=False)),
                name="maintenance_lost_ended",
            ),
        ]
        indexes = [Index(fields=["area", "-found_at"], name="maintenance_lost_things")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.what}"
