"""Incidents (故障): one cause each, its symptoms hang below it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.causes import Bucket, Severity

INCIDENT_STATES = ("open", "closed")


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
    # Indexed below where there is one: nearly all rows have none, and SQLite would take that for a narrow condition.
    cause = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="symptoms", null=True, blank=True, db_index=False
    )
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
    evidence = models.JSONField(default=list)
    """What was said of the cause, oldest first: rules.evidence.Line as JSON. The verdict follows from it alone."""
    order_due_at = models.DateTimeField(null=True, blank=True)
    """When the order is to be written: a silence waits for its neighbours, which may make it a fault of the area."""

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
            models.Index(fields=["area"], condition=Q(state="open"), name="maintenance_incident_standing"),
            models.Index(fields=["cause"], condition=Q(cause__isnull=False), name="maintenance_incident_symptoms"),
            models.Index(
                fields=["place_path", "owner", "vendor", "severity"],
                condition=Q(closed_at__isnull=True, cause__isnull=True),
                name="maintenance_incident_causes",
            ),
            models.Index(
                fields=["order_due_at"], condition=Q(order_due_at__isnull=False), name="maintenance_incident_order_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class AreaWatch(models.Model):
    """One row an area: who judges it holds it, so that two workers never judge one area from two moments.

    `due_at` is the indexed moment at which time alone changes the verdict: a state that has lasted long enough, a calm
    that has held, a door that is locked when the area opens.
    """

    area = models.OneToOneField("areas.Area", on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="maintenance_watch_due"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.due_at}"


class Hush(models.Model):
    """A cause that a planned stop kept from opening, during [since_at, until_at). `stop_id` is areas' PlannedStop."""

    stop_id = models.BigIntegerField(db_index=True)
    area = models.ForeignKey("areas.Area", on_delete=models.PROTECT, related_name="+")
    terminal = models.ForeignKey(
        "terminals.Terminal", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    subject = models.CharField(max_length=120)
    component = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "kind"], condition=Q(until_at__isnull=True), name="maintenance_hush_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["area"], condition=Q(until_at__isnull=True), name="maintenance_hush_standing"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} under stop {self.stop_id}"


class LastWords(models.Model):
    """What a terminal's program said when it went down, kept for the silence that may follow: one row a terminal."""

    terminal = models.OneToOneField("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    line = models.JSONField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.at}"
