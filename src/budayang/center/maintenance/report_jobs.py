"""What wakes the reports of people: news of the incidents and orders behind them, and the clock of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from budayang.center.maintenance import report_following as following
from budayang.center.maintenance.models import Incident, Report
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.rules.reports import OPEN_STATES, REPORT_CAUSES

NEWS = (
    "maintenance.incident_opened", "maintenance.incident_closed", "maintenance.order_accepted",
    "maintenance.order_arrived", "maintenance.order_repaired", "maintenance.order_rejected",
    "maintenance.order_verified", "maintenance.order_closed", "maintenance.order_cancelled",
    "maintenance.order_merged", "maintenance.order_reopened", "maintenance.order_transferred",
)  # fmt: skip


def hear(news: Sequence[Transition], now: datetime) -> None:
    """Devices and people got further: reports learn of it, each incident once, whatever the number of messages."""
    if not Report.objects.filter(state__in=OPEN_STATES).exists():
        return
    opened = {int(one.payload["incident"]) for one in news if one.kind == "maintenance.incident_opened"}
    for row in Incident.objects.filter(pk__in=opened, state="open", area__isnull=False).exclude(kind__in=REPORT_CAUSES):
        following.take_over(row, now)
    closed = {int(one.payload["incident"]) for one in news if one.kind == "maintenance.incident_closed"}
    orders = [str(one.payload["order"]) for one in news if one.kind.startswith("maintenance.order_")]
    following.follow(closed, now)
    following.follow_orders(orders, now)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.reports", NEWS, hear),)
DUES: tuple[Due, ...] = (Due("maintenance.reports", 5.0, following.escalate_unanswered),)
