"""An order's page says where every minute of its clocks went."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk

from budayang.center.maintenance.models import WorkOrder, WorkOrderEvent

pytestmark = pytest.mark.django_db
LIFE = (
    ("accepted", 12.8, "", "accepted"),
    ("paused", 11, "no_access", "accepted_paused"),
    ("resumed", 9.5, "", "accepted"),
)


def test_a_late_order_says_why(desk: Desk, today: datetime) -> None:
    hall, began = desk.hall, today - timedelta(hours=13)
    hall.listen(today)
    hall.tell(hall.terminal, "printer", "media", "jammed", began, began)
    order = WorkOrder.objects.get()
    for event, hours, reason, state in LIFE:
        at = today - timedelta(hours=hours)
        WorkOrderEvent.objects.create(order=order, event=event, reason=reason, state=state, at=at, by="测试丙")
    WorkOrder.objects.filter(pk=order.pk).update(state="accepted")
    page = desk.client("zhu").get(f"/console/orders/{order.number}/").content.decode()
    assert "到场为什么超时 7 小时 30 分钟" in page
    assert "修复为什么超时 3 小时 30 分钟" in page
    assert "响应的时间明细" in page
    assert "不计时</span> 场所不让进入" in page
