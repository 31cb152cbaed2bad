"""Orders that are handed on, merged, called off, opened again, and closed only with their proof."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import actions, manual_orders, notice_jobs, queries
from budayang.center.maintenance.models import Incident, NoticeLine, WorkOrder
from budayang.center.maintenance.order_proving import merged_into
from budayang.center.maintenance.order_transfers import takers
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def order(hall: Hall, now: datetime) -> WorkOrder:
    """Paper ran out at `now`."""
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    return WorkOrder.objects.get()


def manual(hall: Hall, now: datetime, *, terminal: bool = True, title: str = "屏幕有裂纹") -> WorkOrder:
    return manual_orders.open_manual(
        hall.actor("lin"), area="KBS", terminal="KBS-01" if terminal else "", title=title, note="",
        severity="serious", now=now,
    )  # fmt: skip


def fill(hall: Hall, order: WorkOrder, at: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "full", at, at)
    order.refresh_from_db()


def test_a_transfer_names_its_reason_and_new_holder(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren, mo, body = hall.actor("ren"), hall.staff["mo"], hall.bodies["VN1"]
    actions.accept_order(ren, order, now=now + MINUTE)
    with pytest.raises(Refused, match="为什么"):
        actions.transfer(ren, order, organization_id=body.pk, staff_id=mo.pk, reason=" ", now=now + 2 * MINUTE)
    actions.transfer(ren, order, organization_id=body.pk, staff_id=mo.pk, reason="没有备件", now=now + 2 * MINUTE)
    order.refresh_from_db()
    assert (order.state, order.organization_id, order.assignee_id) == ("reported", body.pk, mo.pk)
    row = order.events.get(event="transferred")
    assert (row.note, row.holder, row.by) == ("没有备件", "测试VN1 测试乙", "测试丙")
    actions.accept_order(hall.actor("mo"), order, now=now + 3 * MINUTE)
    assert queries.order_clocks(order, now + 10 * MINUTE).respond.used_s == 60, "no clock starts anew"
    assert AuditLine.objects.filter(action="maintenance.order_transferred").count() == 1


def test_who_gets_an_order_is_told(hall: Hall, order: WorkOrder, now: datetime) -> None:
    body, mo = hall.bodies["VN1"], hall.staff["mo"]
    actions.transfer(hall.actor("ren"), order, organization_id=body.pk, staff_id=mo.pk, reason="没有备件", now=now)
    told = Transition.objects.get(kind="maintenance.order_transferred")
    with transaction.atomic():
        notice_jobs.handle_news([told], now)
        notice_jobs.handle_news([told], now)
    line = NoticeLine.objects.get(kind="order")
    assert (line.staff, line.facts["note"]) == (mo, "转派给您：没有备件")


def test_of_two_who_hand_an_order_on_one_is_refused(hall: Hall, order: WorkOrder, now: datetime) -> None:
    seen = WorkOrder.objects.get()
    body = hall.bodies["VN1"].pk
    actions.transfer(hall.actor("ren"), order, organization_id=body, staff_id=None, reason="没有备件", now=now)
    with pytest.raises(Refused, match="别人"):
        actions.transfer(
            hall.actor("lin"), seen, organization_id=body, staff_id=hall.staff["mo"].pk, reason="他近", now=now
        )


def test_a_transfer_goes_only_to_whom_it_concerns(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    assert {one.organization.code for one in takers(order)} == {"RS", "VN1", "ZW1"}
    for body, person in ((hall.bodies["SW"].pk, None), (hall.bodies["VN1"].pk, hall.staff["ning"].pk)):
        with pytest.raises(Refused, match="有关单位"):
            actions.transfer(ren, order, organization_id=body, staff_id=person, reason="x", now=now)
    with pytest.raises(Refused, match="本来"):
        actions.transfer(
            ren, order, organization_id=order.organization_id, staff_id=order.assignee_id, reason="x", now=now
        )
    assert order.events.count() == 1


def test_a_paused_order_goes_on_counting_when_it_is_handed_on(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    actions.accept_order(ren, order, now=now)
    actions.pause(ren, order, reason="spare_part", now=now + MINUTE)
    actions.transfer(
        ren, order, organization_id=hall.bodies["VN1"].pk, staff_id=None, reason="厂家有备件", now=now + 60 * MINUTE
    )
    assert queries.order_clocks(order, now + 70 * MINUTE).repair.used_s == 11 * 60


def test_closing_names_what_is_lacking(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    fill(hall, order, now + 2 * MINUTE)
    with pytest.raises(Refused, match="试打成功、修复后的照片、回访"):
        actions.verify(lin, order, now=now + 3 * MINUTE)
    with pytest.raises(Refused, match="问了谁"):
        actions.call_back(lin, order, works=True, note="", now=now + 3 * MINUTE)
    actions.call_back(lin, order, works=True, note="值班员：能打", now=now + 3 * MINUTE)
    with pytest.raises(Refused, match="停机原因"):
        actions.verify(lin, order, now=now + 4 * MINUTE, downtime_reason="weather")
    actions.verify(lin, order, now=now + 4 * MINUTE)
    assert (order.state, order.downtime_reason) == ("closed", "consumables")


def test_a_call_back_that_says_no_sends_the_order_back(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    fill(hall, order, now + 2 * MINUTE)
    actions.call_back(lin, order, works=True, note="值班员：能打", now=now + 3 * MINUTE)
    actions.call_back(lin, order, works=False, note="市民：还是不出纸", now=now + 4 * MINUTE)
    assert order.state == "on_site"
    actions.repair(lin, order, note="重新装纸", now=now + 5 * MINUTE)
    with pytest.raises(Refused, match="凭据"):
        actions.verify(lin, order, now=now + 6 * MINUTE)


def test_the_vendor_calls_nobody_back_for_his_own_work(hall: Hall, order: WorkOrder, now: datetime) -> None:
    with pytest.raises(Forbidden):
        actions.call_back(hall.actor("mo"), order, works=True, note="说好了", now=now)
    with pytest.raises(Forbidden):
        actions.call_off(hall.actor("mo"), order, reason="误报", now=now)
    with pytest.raises(Forbidden):
        actions.call_off(hall.actor("ren"), order, reason="误报", now=now)


def test_what_a_machine_reports_is_not_called_off(hall: Hall, order: WorkOrder, now: datetime) -> None:
    with pytest.raises(Refused, match="仍报告"):
        actions.call_off(hall.actor("lin"), order, reason="误报", now=now)
    mine = manual(hall, now)
    with pytest.raises(Refused, match="为什么"):
        actions.call_off(hall.actor("lin"), mine, reason="", now=now)
    actions.call_off(hall.actor("lin"), mine, reason="看错了", now=now + MINUTE)
    assert (mine.state, mine.closed_at) == ("cancelled", now + MINUTE)
    assert Incident.objects.get(pk=mine.incident_id).state == "closed"


def test_a_duplicate_ends_and_points_to_the_one_that_stays(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin, twin = hall.actor("lin"), manual(hall, now + MINUTE, title="打印不出来")
    third = manual(hall, now + MINUTE, title="又说打印不出来")
    actions.merge(lin, third, twin, reason="", now=now + 2 * MINUTE)
    actions.merge(lin, twin, order, reason="就是缺纸", now=now + 2 * MINUTE)
    twin.refresh_from_db()
    assert (twin.state, twin.merged_into_id, twin.next_due_at) == ("merged", order.pk, None)
    assert twin.events.get(event="merged").details == {"order": order.number}
    assert order.events.get(event="absorbed").details == {"order": twin.number}
    assert [one.number for one in merged_into(order)] == [twin.number, third.number]
    clocks = queries.order_clocks(twin, now + 9 * HOUR)
    assert (clocks.repair.used_s, clocks.repair.running) == (60, False)
    actions.repair(lin, order, note="已补纸", now=now + 3 * MINUTE)
    fill(hall, order, now + 4 * MINUTE)
    actions.call_back(lin, order, works=True, note="值班员：能打", now=now + 5 * MINUTE)
    actions.verify(lin, order, now=now + 5 * MINUTE)
    assert not Incident.objects.filter(state="open").exists(), "what people saw ends with the order that stayed"


def test_an_order_does_not_close_over_a_duplicate_whose_fault_stands(
    hall: Hall, order: WorkOrder, now: datetime
) -> None:
    lin, keep = hall.actor("lin"), manual(hall, now)
    actions.merge(lin, order, keep, reason="同一台", now=now + MINUTE)
    actions.accept_order(lin, keep, now=now + MINUTE)
    actions.repair(lin, keep, note="换了屏", now=now + 2 * MINUTE)
    actions.call_back(lin, keep, works=True, note="好了", now=now + 3 * MINUTE)
    with pytest.raises(Refused, match="打印机缺纸"):
        actions.verify(lin, keep, now=now + 3 * MINUTE)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now + 4 * MINUTE, now + 4 * MINUTE)
    actions.verify(lin, keep, now=now + 5 * MINUTE)
    assert keep.state == "closed"


def test_nothing_is_merged_into_what_ended_or_lies_elsewhere(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    twin, other = manual(hall, now), None
    hall.tell(hall.other, "printer", "paper.upper", "out", now, now)
    other = WorkOrder.objects.get(incident__terminal=hall.other)
    with pytest.raises(Refused, match="同一终端"):
        actions.merge(lin, twin, other, reason="", now=now)
    with pytest.raises(Refused, match="同一终端"):
        actions.merge(lin, twin, twin, reason="", now=now)
    actions.merge(lin, twin, order, reason="", now=now)
    with pytest.raises(Refused, match="结束"):
        actions.merge(lin, order, WorkOrder.objects.get(pk=twin.pk), reason="", now=now)
    with pytest.raises(Forbidden):
        actions.merge(hall.actor("shui"), order, other, reason="", now=now)


def test_reopened_it_needs_a_new_proof(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    fill(hall, order, now + 2 * MINUTE)
    actions.record_test_print(SYSTEM, order, ok=True, reason="", at=now + 3 * MINUTE, now=now + 3 * MINUTE)
    assert (order.state, order.downtime_reason) == ("closed", "consumables")
    with pytest.raises(Refused, match="为什么"):
        actions.reopen(lin, order, reason="", now=now + HOUR)
    actions.reopen(lin, order, reason="又不出纸", now=now + HOUR)
    assert (order.state, order.closed_at, order.downtime_reason) == ("reported", None, "")
    actions.repair(lin, order, note="再装一次", now=now + HOUR + MINUTE)
    order.refresh_from_db()
    assert order.state == "repaired", "the print from before proves nothing any more"
    with pytest.raises(Refused, match="凭据"):
        actions.verify(lin, order, now=now + HOUR + 2 * MINUTE)
    actions.record_test_print(SYSTEM, order, ok=True, reason="", at=now + 2 * HOUR, now=now + 2 * HOUR)
    assert order.state == "closed"


def test_an_order_is_not_reopened_beside_another_of_the_same_fault(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.step(SYSTEM, order, "cancelled", at=now, now=now)
    WorkOrder.objects.filter(pk=order.pk).update(state="closed")
    second = actions.open_order(SYSTEM, order.incident, now + MINUTE)
    assert second is not None
    order.refresh_from_db()
    with pytest.raises(Refused, match="已有一张"):
        actions.reopen(lin, order, reason="没修好", now=now + 2 * MINUTE)
    order.refresh_from_db()
    assert order.state == "closed"


def test_a_person_opens_an_order(hall: Hall, now: datetime) -> None:
    order = manual(hall, now)
    assert (order.organization.code, order.incident.severity, order.state) == ("RS", "serious", "reported")
    assert queries.policy_of(order).repair_s == 4 * 3600, "serious: WH-17"
    area = manual(hall, now, terminal=False, title="吊顶漏水")
    assert (area.organization.code, area.incident.terminal_id) == ("ZW1", None)
    lin = hall.actor("lin")
    actions.repair(lin, area, note="已修", now=now + MINUTE)
    with pytest.raises(Refused, match="修复后的照片、回访"):
        actions.verify(lin, area, now=now + MINUTE)
    actions.call_back(lin, area, works=True, note="保安：不漏了", now=now + 2 * MINUTE)
    actions.verify(lin, area, now=now + 3 * MINUTE)
    incident = Incident.objects.get(pk=area.incident_id)
    assert (incident.state, incident.closed_at) == ("closed", now + MINUTE), "it ended when it was repaired"


@pytest.mark.parametrize("name", ["ning", "shui", "ou", "sys"])
def test_strangers_open_no_order(hall: Hall, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        manual_orders.open_manual(
            hall.actor(name), area="KBS", terminal="KBS-01", title="x", note="", severity="general", now=now
        )
    assert not WorkOrder.objects.exists()
