"""Calls from a terminal's screen to the help desk: for help, in an emergency, or to have person and card compared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

CALL_KINDS = ("help", "sos", "check")
CALL_STATES = ("waiting", "answered", "ended")
CHECK_RESULTS = ("", "same", "different")


class HelpCall(models.Model):
    """One call. Nothing of the person: where they stand, at which step, over which item.

    `mark` names the journey of a call to compare (kind check), and is drawn anew for each; `result` is what the member
    of the staff saw. `answered_by` is the member of the staff.
    """

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    kind = models.CharField(max_length=8)
    step = models.CharField(max_length=24, blank=True)
    item_code = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=10, default="waiting")
    result = models.CharField(max_length=10, blank=True)
    called_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answered_by_id = models.IntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CALL_KINDS), name="services_help_kind"),
            models.CheckConstraint(condition=Q(state__in=CALL_STATES), name="services_help_state"),
            models.CheckConstraint(condition=Q(result__in=CHECK_RESULTS), name="services_help_result"),
            models.UniqueConstraint(fields=["terminal", "mark"], condition=~Q(mark=""), name="services_help_mark_once"),
        ]
        indexes = [models.Index(fields=["state", "-called_at"], name="services_help_state_at")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind} {self.state}"
