"""Failed tries of departments as incidents: one a department, a symptom of its silent system, closed by a pass."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services_cast import city, jia, judged, new_terminal, open_departments, yi

from budayang.center.maintenance import judging, probing
from budayang.center.maintenance.explaining import explain, stopped_items
from budayang.center.maintenance.incident_actions import write_due_orders
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Transition
from budayang.center.services.models import Department, Item, Offering, ProbeStanding

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def bodies(judged: datetime) -> None:
    """Each department has the organization of its code behind it."""
    for department in Department.objects.all():
        department.organization = Organization.objects.filter(code=department.code).first()
        department.save()


def fails(item: str, since: datetime, text: str = "部门没有办理测试事项") -> ProbeStanding:
    """As the services room keeps it."""
    row, _made = ProbeStanding.objects.update_or_create(
        item=Item.objects.get(code=item),
        terminal=None,
        defaults={"failed_at": since, "failing_since": since, "failures": 2, "told_at": since, "text": text},
    )
    return row


def passes(item: str) -> None:
    ProbeStanding.objects.filter(item__code=item).update(failed_at=None, failing_since=None, told_at=None, failures=0)


def hear(kind: str, at: datetime, now: datetime, department: str = "RS") -> None:
    payload = {"department": department, "item": "ZZ001"}
    news = Transition(
        kind=f"services.probe_{kind}", subject="x", place_path="/150600/", payload=payload, occurred_at=at,
        recorded_at=now,
    )  # fmt: skip
    probing.hear_probes([news], now)


def the_one(kind: str = probing.KIND) -> Incident:
    return Incident.objects.get(kind=kind)


def test_it_is_one_incident_of_the_department_with_its_reason_and_an_order(judged: datetime) -> None:
    now = judged
    first = fails("ZZ001", now - timedelta(minutes=6))
    hear("failing", now, now)
    incident = the_one()
    assert (incident.bucket, incident.severity, incident.department) == ("department", "serious", "RS")
    assert incident.opened_at == first.failing_since
    assert first.item.name in incident.title
    assert incident.policy["responsible_id"] == WorkOrder.objects.get().organization_id
    lines = explain(SYSTEM, incident).lines
    assert [(line.source, line.text) for line in lines] == [(f"ZZ001 {first.item.name}", "部门没有办理测试事项")]
    # another item of the department fails as well: the same incident, told by its lines
    fails("ZZ002", now, "部门没有给出能读懂的答复")
    hear("failing", now, now)
    assert [one["source"][:5] for one in the_one().evidence] == ["ZZ001", "ZZ002"]
    assert WorkOrder.objects.count() == 1
    # it lasts until the last of them passes
    passes("ZZ001")
    hear("passing", now + timedelta(minutes=5), now + timedelta(minutes=5))
    assert the_one().state == "open"
    passes("ZZ002")
    ended = now + timedelta(minutes=10)
    hear("passing", ended, ended + timedelta(seconds=2))
    assert (the_one().state, the_one().closed_at) == ("closed", ended)
    assert WorkOrder.objects.get().state == "repaired", "a person accepts it"


def test_without_an_organization_behind_it_the_managing_unit_looks(judged: datetime, city: Any) -> None:
    Department.objects.update(organization=None)
    unit = platform.add_organization(SYSTEM, code="ZW1", name="综合管理单位", kind="manager", place=city)
    fails("ZZ001", judged)
    hear("failing", judged, judged)
    assert WorkOrder.objects.get().organization == unit


def test_below_a_silent_system_it_is_a_symptom_without_an_order(judged: datetime) -> None:
    now = judged
    judging.judge_department("RS", "down", "/150600/", now, now)
    fails("ZZ001", now)
    hear("failing", now, now)
    assert the_one().cause == the_one("department_down")
    assert WorkOrder.objects.count() == 1, "that of the system alone"


def test_a_system_that_falls_silent_later_takes_it_below_itself_and_frees_it(judged: datetime) -> None:
    now = judged
    fails("ZZ001", now)
    hear("failing", now, now)
    order = WorkOrder.objects.get()
    later = now + timedelta(minutes=10)
    judging.judge_department("RS", "down", "/150600/", later, later)
    assert the_one().cause == the_one("department_down")
    back = later + timedelta(minutes=10)
    judging.judge_department("RS", "ok", "/150600/", back, back)
    assert the_one("department_down").state == "closed"
    assert (the_one().state, the_one().cause) == ("open", None)
    assert WorkOrder.objects.filter(pk=order.pk).exists()


def test_freed_without_an_order_it_waits_for_the_next_try(judged: datetime) -> None:
    now = judged
    judging.judge_department("RS", "down", "/150600/", now, now)
    fails("ZZ001", now)
    hear("failing", now, now)
    judging.judge_department("RS", "ok", "/150600/", now, now)
    assert (the_one().cause, the_one().order_due_at) == (None, now + timedelta(minutes=10))
    assert not WorkOrder.objects.filter(incident=the_one()).exists()
    assert write_due_orders(now + timedelta(minutes=11)) == 1
    assert WorkOrder.objects.filter(incident=the_one()).exists()


def test_when_the_terminals_say_that_it_is_back_it_is_freed_too(judged: datetime) -> None:
    now = judged
    row = judging.judge_department("RS", "down", "/150600/", now, now)
    assert row is not None
    Incident.objects.filter(pk=row.pk).update(component=judging.TERMINALS_SAY)
    fails("ZZ001", now)
    hear("failing", now, now)
    judging._judge_by_terminals({"RS"}, now)
    assert (the_one("department_down").state, the_one().cause) == ("closed", None)


def test_a_planned_stop_of_the_department_opens_nothing(judged: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing.areas, "planned_stops", lambda *a, **k: ["stop"])
    fails("ZZ001", judged)
    hear("failing", judged, judged)
    assert not Incident.objects.exists()


def test_a_terminal_that_alone_cannot_reach_the_department_hangs_below_the_system_only(judged: datetime) -> None:
    """The picture of an area knows a department's system, not the tries of its items."""
    fails("ZZ001", judged)
    hear("failing", judged, judged)
    assert Incident.objects.filter(kind="department_down").count() == 0
    assert the_one().department == "RS"
    from_here = judging.look([Offering.objects.select_related("terminal").earliest("pk").terminal.area_id], judged)
    assert all("RS" not in one.departments for one in from_here.values())


def test_the_page_names_the_items_that_stand_still(judged: datetime, jia: Any) -> None:
    fails("ZZ001", judged)
    hear("failing", judged, judged)
    Offering.objects.filter(item__code="ZZ001").update(truth="stopped")
    assert [name for name, _count in stopped_items(the_one())] == [Item.objects.get(code="ZZ001").name]
