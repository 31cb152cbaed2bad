"""Somebody waits before a terminal to have person and card compared by a member of the staff (人证核对)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

CHECK_STATES = ("waiting", "ended")
CHECK_RESULTS = ("", "same", "different")


class StaffCheck(models.Model):
    """One such wait. Nothing of the person: where they stand, over which item.

    `mark` names the journey and is drawn anew for each wait; `result` is what the member of the staff saw.
    """

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=32)
    state = models.CharField(max_length=10, default="waiting")
    result = models.CharField(max_length=10, blank=True)
    asked_at = models.DateTimeField()
    answered_by = models.CharField(max_length=80, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CHECK_STATES), name="services_staff_check_state"),
            models.CheckConstraint(condition=Q(result__in=CHECK_RESULTS), name="services_staff_check_result"),
            models.UniqueConstraint(fields=["terminal", "mark"], name="services_staff_check_once"),
        ]
        indexes = [models.Index(fields=["state", "-asked_at"], name="services_staff_check_at")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.state}"
