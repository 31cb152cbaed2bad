"""Rows of the maintenance room: incidents (故障), work orders (工单) and what was done to each order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.maintenance import ORDER_STATES, Bucket, Severity
from budayang.rules.orders import FIRST_STATE

INCIDENT_STATES = ("open", "closed")
FINAL_ORDER_STATES = ("closed", "cancelled")


class Incident(models.Model):
    """One thing that deserves a person, with one cause. Symptoms point to the incident they come from by `cause`.

    `opened_at` is the moment at which the fact became true (computed from the fact itself); `noticed_at` is when this
    center learnt of it. Owner, vendor, place and policy are copied when the incident opens: a terminal that later
    changes hands does not move old responsibility.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    title = models.CharField(max_length=80)
    component = models.CharField(max_length=80, blank=True)
    place_path = models.CharField(max_length=200, db_index=True)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    department = models.CharField(max_length=16, blank=True)
    owner = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    cause = models.ForeignKey("self", on_delete=models.PROTECT, related_name="symptoms", null=True, blank=True)
    severity = models.CharField(max_length=16)
    bucket = models.CharField(max_length=24)
    policy = models.JSONField(default=dict)
    state = models.CharField(max_length=8, default="open")
    opened_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    # Seconds from the fact (for a silence: from the last word) until this center noticed, what WH-14 is measured by.
    # None when the fact came late because nobody could hear the terminal meanwhile: its silence was the alarm.
    alarm_s = models.FloatField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=INCIDENT_STATES), name="maintenance_incident_state"),
            models.CheckConstraint(
                condition=Q(bucket__in=[b.value for b in Bucket]), name="maintenance_incident_bucket"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=[s.value for s in Severity]), name="maintenance_incident_severity"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | Q(state="closed", closed_at__isnull=False),
                name="maintenance_incident_closed_at",
            ),
            models.UniqueConstraint(
                fields=["subject", "kind"], condition=Q(state="open"), name="maintenance_incident_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-opened_at"], name="maintenance_incident_recent"),
            models.Index(fields=["terminal", "opened_at"], name="maintenance_incident_terminal"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class WorkOrder(models.Model):
    """Who repairs what, by when. The state moves only along rules.maintenance.TRANSITIONS; the clocks are computed
    from the events, never stored, except `next_due_at`: the indexed moment at which somebody has to be warned."""

    number = models.CharField(max_length=24, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="orders")
    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    assignee = models.ForeignKey("platform.Staff", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=24, default=FIRST_STATE)
    policy = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ORDER_STATES), name="maintenance_order_state"),
            models.UniqueConstraint(
                fields=["incident", "organization"],
                condition=~Q(state__in=FINAL_ORDER_STATES),
                name="maintenance_order_one_active",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="maintenance_order_due"),
            models.Index(fields=["state", "-opened_at"], name="maintenance_order_recent"),
        ]

    def __str__(self) -> str:
        return self.number


class WorkOrderEvent(models.Model):
    """One thing that happened to an order. Append-only: rows are never changed or removed by any action.

    `event` is a key of rules.maintenance.EVENT_NAMES, or one of those that move nothing: note, test_asked, test_passed,
    test_failed, warned, overdue.
    """

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=24)
    reason = models.CharField(max_length=24, blank=True)
    state = models.CharField(max_length=24)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["order", "at", "id"], name="maintenance_event_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.event}"
