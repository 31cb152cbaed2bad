"""What anybody reported (报修): one row a voice, with its steps, its photo and, sealed, what it says of a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.maintenance.models.incidents import Incident
from budayang.rules.reports import OPEN_STATES, STATE_NAMES

REPORT_STATES = tuple(STATE_NAMES)


class Report(models.Model):
    """One voice about a machine or an area. `number` is random, and the right to look and to withdraw.

    `incident` is what it is about; several voices share one. `joined`: it was known already when this voice came.
    A held one has come beyond a limit and waits for a person. `answer_due_at` is the indexed moment until which a
    person has to answer; `erase_at` that at which telephone, words and photo go.
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=16)
    place_path = models.CharField(max_length=200, db_index=True)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="reports", null=True, blank=True)
    joined = models.BooleanField(default=False)
    state = models.CharField(max_length=12)
    made_at = models.DateTimeField()
    answer_due_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    set_aside_for = models.CharField(max_length=12, blank=True)
    phone_sealed = models.BinaryField(null=True, blank=True)
    phone_hint = models.CharField(max_length=20, blank=True)
    note_sealed = models.BinaryField(null=True, blank=True)
    erase_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=REPORT_STATES), name="maintenance_report_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN_STATES), ended_at__isnull=True)
                | (~Q(state__in=sorted(OPEN_STATES)) & Q(ended_at__isnull=False)),
                name="maintenance_report_ended_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_due_at"], condition=Q(answer_due_at__isnull=False), name="maintenance_report_due"
            ),
            models.Index(fields=["-made_at"], name="maintenance_report_recent"),
            models.Index(fields=["area", "made_at"], name="maintenance_report_area"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.state}"


class ReportEvent(models.Model):
    """One step of a report. Append-only. `event` is an event of rules.reports.TRANSITIONS, or one of those that move
    nothing: made, joined, answered, overdue. `by` is for staff; the person reads when and what, not who.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=12)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["report", "at", "id"], name="maintenance_report_event")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.event}"


class ReportPhoto(models.Model):
    """The photo of a report: a JPEG that was written anew, in base64, sealed. The row goes with it."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="photo")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"photo of {self.report_id}"
