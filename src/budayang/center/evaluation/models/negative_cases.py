"""A negative rating (差评) as a case with clocks, and each step that was taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.evaluation.models.ratings import Rating
from budayang.rules.evaluation.negative import FINAL_STATES, STATES

NEGATIVE_STATES = STATES


class NegativeCase(models.Model):
    """Moves along rules.evaluation.negative.TRANSITIONS only.

    `due_at`: until when the running step is owed (null: nobody owes one); `look_at`: when to warn or to tell that it is
    late (indexed). `restored_at`: it was removed and counts again; steps before are of its former life. `rerate_until`:
    until when the person may rate what was done. `reply` is what the person reads. `phone_sealed`: a number left
    voluntarily, for the call-back only; `erase_at`: when it goes. `left_phone` stays: that one was left is no personal
    data, and a clause asks whether it was called.
    """

    rating = models.OneToOneField(Rating, on_delete=models.PROTECT, related_name="negative_case")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    state = models.CharField(max_length=20, default="open")
    policy = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    verify_due_at = models.DateTimeField()
    close_due_at = models.DateTimeField()
    call_due_at = models.DateTimeField(null=True, blank=True)
    decide_due_at = models.DateTimeField(null=True, blank=True)
    appeal_until = models.DateTimeField(null=True, blank=True)
    rerate_until = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    fixed_at = models.DateTimeField(null=True, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    call_tries = models.PositiveSmallIntegerField(default=0)
    call_outcome = models.CharField(max_length=20, blank=True)
    rerated_at = models.DateTimeField(null=True, blank=True)
    rerated_level = models.CharField(max_length=24, blank=True)
    reply = models.CharField(max_length=300, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    order = models.ForeignKey(
        "maintenance.WorkOrder", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    left_phone = models.BooleanField(default=False)
    phone_sealed = models.BinaryField(null=True, blank=True)
    phone_hint = models.CharField(max_length=20, blank=True)
    erase_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=NEGATIVE_STATES), name="evaluation_negative_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(FINAL_STATES), closed_at__isnull=False)
                | (~Q(state__in=sorted(FINAL_STATES)) & Q(closed_at__isnull=True)),
                name="evaluation_negative_closed_at",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="evaluation_negative_due"),
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="evaluation_negative_look"),
        ]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.state}"


class NegativeStep(models.Model):
    """One step of a negative-rating case. Append-only. `event`: a key of rules.evaluation.negative.EVENT_NAMES.

    `due_at`: the clock that the step met or broke. `by` is for staff; the person reads when and what, not who.
    """

    case = models.ForeignKey(NegativeCase, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=16)
    state = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["case", "at", "id"], name="evaluation_negative_step")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.event}"
