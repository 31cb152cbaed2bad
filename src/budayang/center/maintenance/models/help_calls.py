"""Calls for help (求助呼叫): who pressed what where, and when somebody answered."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.maintenance.models.incidents import Incident
from budayang.center.maintenance.models.safety import SafetyTest
from budayang.rules.help_calls import CALL_NAMES


class HelpCall(models.Model):
    """One call, from the press to the answer. Nothing of the person: where, when, and at which step of a matter.

    `pressed_at` is the press by the terminal's clock, `told_at` when it reached us, `presses` how often it was pressed
    before somebody answered and `last_pressed_at` when last (never later than we heard of it), `token` the terminal's
    own word for the last press. `ended_at`: nobody answered, and the next press was another call's, or the test or
    drill that it belonged to was over. `limit_s` was in force at the press;
    `due_at` is the indexed moment at which it becomes unanswered. `late`: it came so late that nobody waits there any
    more, so it alarmed nobody. `test`: the measured test that this press belongs to.
    """

    terminal = models.ForeignKey("terminals.Terminal", on_delete=PROTECT, related_name="+")
    area = models.ForeignKey("areas.Area", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    token = models.CharField(max_length=16, blank=True)
    step = models.CharField(max_length=20, blank=True)
    item = models.CharField(max_length=32, blank=True)
    pressed_at = models.DateTimeField()
    told_at = models.DateTimeField()
    presses = models.PositiveIntegerField(default=1)
    last_pressed_at = models.DateTimeField()
    limit_s = models.FloatField()
    due_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    incident = models.ForeignKey(Incident, on_delete=PROTECT, related_name="+", null=True)
    test = models.ForeignKey(SafetyTest, on_delete=PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(kind__in=list(CALL_NAMES)), name="maintenance_help_call_kind"),
            CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by="") | Q(answered_at__isnull=False),
                name="maintenance_help_call_answered",
            ),
            CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(ended_at__isnull=True), name="maintenance_help_call_one_end"
            ),
            UniqueConstraint(
                fields=["terminal", "kind"],
                condition=Q(answered_at__isnull=True, ended_at__isnull=True, late=False),
                name="maintenance_help_call_one_open",
            ),
        ]
        indexes = [
            Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_help_call_due"),
            Index(fields=["-pressed_at"], name="maintenance_help_call_last"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.terminal_id} {self.pressed_at}"
