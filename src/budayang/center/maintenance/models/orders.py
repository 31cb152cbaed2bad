"""Work orders (工单) and what was done to each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.maintenance.models.incidents import Incident
from budayang.rules.maintenance import FINAL_STATES, ORDER_STATES
from budayang.rules.orders import FIRST_STATE

FINAL_ORDER_STATES = FINAL_STATES


class WorkOrder(models.Model):
    """Who repairs what, by when. The state moves only along rules.maintenance.TRANSITIONS; the clocks are computed
    from the events, never stored, except `next_due_at`: the indexed moment at which somebody has to be warned."""

    number = models.CharField(max_length=24, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="orders")
    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    # The incident's, which never change: whoever sees their own machines' orders finds them without reading incidents.
    owner = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    vendor = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    assignee = models.ForeignKey("platform.Staff", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    place_path = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=24, default=FIRST_STATE)
    policy = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    # Indexed below where there is one, as Incident.cause.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="merged", null=True, blank=True, db_index=False
    )
    # A key of rules.order_proofs.DOWNTIME_REASONS: why people could not use what stood still; told at the closing.
    downtime_reason = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ORDER_STATES), name="maintenance_order_state"),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="maintenance_order_merged_into",
            ),
            models.UniqueConstraint(
                fields=["incident", "organization"],
                condition=~Q(state__in=FINAL_ORDER_STATES),
                name="maintenance_order_one_active",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at"], condition=Q(next_due_at__isnull=False), name="maintenance_order_due"),
            models.Index(fields=["state", "-opened_at"], name="maintenance_order_recent"),
            # With whatever decides who sees an order: a list is counted without reading the rows.
            models.Index(fields=["opened_at", "place_path"], name="maintenance_order_newest"),
            models.Index(
                fields=["opened_at", "place_path", "organization", "owner", "vendor"],
                condition=Q(closed_at__isnull=True),
                name="maintenance_order_active",
            ),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="maintenance_order_merged"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class WorkOrderEvent(models.Model):
    """One thing that happened to an order. Append-only: rows are never changed or removed by any action.

    `event` is a key of rules.maintenance.EVENT_NAMES, or one of those that move nothing: note, test_asked, test_passed,
    test_failed, warned, overdue, limits (other limits are in force from here on: `details` holds them as
    `WorkOrder.policy` does), called_back, absorbed (a duplicate was merged into this one).

    `told_at` is when the center learnt of it: a phone without a network tells late. `holder`: who has the order from
    here on, in words, when the event changes it; `holder_body` is the body among these words, whatever it is called
    later.
    """

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=24)
    reason = models.CharField(max_length=24, blank=True)
    state = models.CharField(max_length=24)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=130, blank=True)
    holder_body = models.ForeignKey(
        "platform.Organization", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["order", "at", "id"], name="maintenance_event_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.event}"
