"""What people say of the service (投诉、表扬、建议), with each step; words and telephone sealed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.evaluation.complaints import FINAL_STATES, KIND_NAMES, STATES


class Complaint(models.Model):
    """One voice. `number` is random, and the right to look and to withdraw.

    `owner`: the owner unit that it is about; null: the area as a whole, handled by its own people. `words_mark`: a
    keyed hash of the words, so that the same text handed in again is seen as such. `due_at`: until when the running
    step is owed; `look_at`: when to tell that it is late (indexed).
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=12)
    made_at = models.DateTimeField()
    limits = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    declined_for = models.CharField(max_length=16, blank=True)
    words_sealed = models.BinaryField(null=True, blank=True)
    words_mark = models.CharField(max_length=64, blank=True, db_index=True)
    phone_sealed = models.BinaryField(null=True, blank=True)
    phone_hint = models.CharField(max_length=20, blank=True)
    erase_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="evaluation_complaint_kind"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="evaluation_complaint_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(FINAL_STATES), ended_at__isnull=False)
                | (~Q(state__in=sorted(FINAL_STATES)) & Q(ended_at__isnull=True)),
                name="evaluation_complaint_ended_at",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="evaluation_complaint_look"),
            models.Index(fields=["-made_at"], name="evaluation_complaint_recent"),
            models.Index(fields=["area", "made_at"], name="evaluation_complaint_area"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.state}"


class ComplaintStep(models.Model):
    """One step. Append-only. `due_at`: the clock that it met or broke. `by` is for staff."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=12)
    state = models.CharField(max_length=12)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["complaint", "at", "id"], name="evaluation_complaint_step")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.event}"
