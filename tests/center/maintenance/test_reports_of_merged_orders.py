"""Reports whose order was merged into another follow the one that stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.center.hall import Hall
from tests.center.maintenance.test_reporting import again, hear, say

from budayang.center.maintenance import actions, manual_orders
from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.order_endings import merge

MINUTE = timedelta(minutes=1)


def test_a_report_follows_the_order_into_which_its_own_was_merged(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    report = say(hall, "voice", now)
    own = WorkOrder.objects.get(incident=report.incident)
    middle, last = (
        manual_orders.open_manual(
            lin, area="KBS", terminal="KBS-01", title=f"听不到 {number}", note="", severity="general", now=now
        )
        for number in (1, 2)
    )
    merge(lin, own, middle, reason="同一件事", now=now + MINUTE)
    merge(lin, middle, last, reason="同一件事", now=now + 2 * MINUTE)
    before = again(report).state
    last.refresh_from_db()
    actions.accept_order(lin, last, now=now + 3 * MINUTE)
    hear(now + 3 * MINUTE)
    accepted = again(report).state
    assert accepted != before, "what happens to the last of the chain moves the report"
    last.refresh_from_db()
    actions.repair(lin, last, note="换了喇叭", now=now + 4 * MINUTE)
    hear(now + 4 * MINUTE)
    assert again(report).state not in (before, "received")
    assert again(report).incident_id == report.incident_id, "it stays a voice about its own fault"
