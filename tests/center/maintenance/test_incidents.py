"""From facts to incidents: opened once, at the moment of the fact, below their cause, closed when the fact is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.jobs import tell_stops
from budayang.center.maintenance import actions, judging, queries
from budayang.center.maintenance.jobs import hear_stops
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform.models import Transition
from budayang.center.services.models import Connector, Department
from budayang.rules.maintenance import Bucket

MINUTE = timedelta(minutes=1)


def test_paper_out_opens_one_incident_with_an_order_for_the_owner(hall: Hall, now: datetime) -> None:
    at = now - MINUTE
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, now)
    incident = Incident.objects.get()
    assert (incident.kind, incident.bucket, incident.state) == ("paper_out", "consumables", "open")
    assert incident.opened_at == at
    assert incident.noticed_at == now
    assert incident.alarm_s == 60
    order = WorkOrder.objects.get()
    assert order.organization == hall.bodies["RS"]
    assert order.assignee == hall.staff["ren"]
    assert order.state == "reported"
    assert set(Transition.objects.values_list("kind", flat=True)) >= {
        "maintenance.incident_opened",
        "maintenance.order_reported",
    }


def test_an_area_without_a_unit_of_its_own_is_its_regions(hall: Hall, now: datetime) -> None:
    areas.update_area(SYSTEM, hall.area, manager=None)
    hall.tell(hall.terminal, "network", "uplink", "down", now - MINUTE, now)
    assert Incident.objects.get().owner_id is not None
    assert WorkOrder.objects.get().organization == hall.bodies["ZW1"]


def test_the_same_news_twice_opens_nothing_twice(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    hall.news("terminals.status", {"terminal": "KBS-01"}, now, now + MINUTE)
    assert Incident.objects.count() == 1
    assert WorkOrder.objects.count() == 1


def test_late_news_of_a_fault_that_is_over_raises_no_alarm(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now - MINUTE, now)
    hall.news("terminals.status", {"terminal": "KBS-01", "state": "out"}, now - 60 * MINUTE, now)
    assert not Incident.objects.exists()


def test_recovery_closes_at_the_moment_of_the_fact_and_the_order_waits_for_acceptance(
    hall: Hall, now: datetime
) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    well_at = now + 5 * MINUTE
    hall.tell(hall.terminal, "printer", "paper.upper", "full", well_at, now + 9 * MINUTE)
    incident = Incident.objects.get()
    assert (incident.state, incident.closed_at) == ("closed", well_at)
    assert WorkOrder.objects.get().state == "repaired"


def test_from_low_to_out_is_another_incident(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "low", now, now)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now + MINUTE, now + MINUTE)
    assert list(Incident.objects.order_by("opened_at").values_list("kind", "state")) == [
        ("paper_low", "closed"),
        ("paper_out", "open"),
    ]
    # Nobody repaired anything when the paper ran out.
    assert WorkOrder.objects.get(incident__kind="paper_low").state == "cancelled"
    hall.tell(hall.terminal, "printer", "paper.upper", "low", now + 2 * MINUTE, now + 2 * MINUTE)
    assert WorkOrder.objects.get(incident__kind="paper_out").state == "repaired", "a little paper is better than none"


def test_a_silent_terminal_hides_its_peripherals_until_it_is_heard(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    hall.silence(hall.terminal, now + MINUTE, now + 2 * MINUTE)
    silent = Incident.objects.get(kind="terminal_silent")
    paper = Incident.objects.get(kind="paper_out")
    assert silent.opened_at == now + MINUTE
    assert silent.alarm_s == 60 + hall.terminal.plan_s + hall.terminal.grace_s
    assert (paper.cause, paper.state) == (silent, "open")
    # Nobody settled why it is silent: the managing unit looks first.
    assert WorkOrder.objects.get(incident=silent).organization == hall.bodies["ZW1"]
    assert WorkOrder.objects.get(incident=silent).assignee == hall.staff["lin"]

    hall.heard(hall.terminal, now + 10 * MINUTE, now + 10 * MINUTE)
    silent.refresh_from_db()
    paper.refresh_from_db()
    assert (silent.state, silent.closed_at) == ("closed", now + 10 * MINUTE)
    assert (paper.state, paper.cause) == ("open", None)


def test_what_breaks_while_nobody_hears_opens_when_the_terminal_is_heard_and_is_marked_late(
    hall: Hall, now: datetime
) -> None:
    hall.silence(hall.terminal, now, now + MINUTE)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now + 2 * MINUTE, now + 2 * MINUTE)
    assert not Incident.objects.filter(kind="paper_out").exists()
    hall.heard(hall.terminal, now + 9 * MINUTE, now + 9 * MINUTE)
    late = Incident.objects.get(kind="paper_out")
    assert late.opened_at == now + 2 * MINUTE
    assert late.alarm_s is None


def test_clocks_stand_still_below_a_parent_and_run_on_after_it(hall: Hall, now: datetime) -> None:
    ren = hall.actor("ren")
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    order = WorkOrder.objects.get()
    actions.accept_order(ren, queries.get_order(ren, order.number), now=now + MINUTE)
    hall.silence(hall.terminal, now + 2 * MINUTE, now + 2 * MINUTE)
    order.refresh_from_db()
    assert order.state == "accepted_paused"
    hall.heard(hall.terminal, now + 62 * MINUTE, now + 62 * MINUTE)
    order.refresh_from_db()
    assert order.state == "accepted"
    assert queries.order_clocks(order, now + 62 * MINUTE).repair.used_s == 2 * 60


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_persons_pause_outlives_the_parent(hall: Hall, now: datetime, when: str) -> None:
    ren = hall.actor("ren")
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    order = queries.get_order(ren, WorkOrder.objects.get().number)
    actions.accept_order(ren, order, now=now + MINUTE)
    if when == "before":
        actions.pause(ren, order, reason="spare_part", note="等定影器", now=now + MINUTE)
    hall.silence(hall.terminal, now + 2 * MINUTE, now + 2 * MINUTE)
    order.refresh_from_db()
    assert order.state == "accepted_paused"
    if when == "meanwhile":
        actions.resume(ren, order, now=now + 5 * MINUTE)
        actions.pause(ren, order, reason="spare_part", now=now + 6 * MINUTE)
    hall.heard(hall.terminal, now + 62 * MINUTE, now + 62 * MINUTE)
    order.refresh_from_db()
    assert Incident.objects.get(kind="paper_jam").cause_id is None
    assert order.state == "accepted_paused", "the part has not come because the power came back"
    actions.resume(ren, order, now=now + 90 * MINUTE)
    assert queries.order_clocks(order, now + 90 * MINUTE).repair.used_s <= 3 * 60


def test_without_ingest_silence_is_neither_opened_nor_closed(hall: Hall, now: datetime) -> None:
    hall.silence(hall.terminal, now, now + MINUTE)
    later = now + timedelta(hours=1)  # ingest has not beaten since
    judging.judge_area(hall.area.pk, later)
    assert Incident.objects.get().state == "open"


def test_several_terminals_tell_of_one_network_fault(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "network", "uplink", "down", now + MINUTE, now + 2 * MINUTE)
    hall.tell(hall.other, "network", "uplink", "down", now, now + 2 * MINUTE)
    incident = Incident.objects.get()
    assert incident.subject == "area:KBS/network"
    assert WorkOrder.objects.get().organization == hall.bodies["ZW1"]
    hall.tell(hall.terminal, "network", "uplink", "ok", now + 5 * MINUTE, now + 5 * MINUTE)
    incident.refresh_from_db()
    assert incident.state == "open", "the other terminal still has no network"
    hall.tell(hall.other, "network", "uplink", "ok", now + 7 * MINUTE, now + 7 * MINUTE)
    incident.refresh_from_db()
    assert (incident.state, incident.closed_at) == ("closed", now + 7 * MINUTE)


def test_a_planned_stop_opens_nothing_until_it_is_over(hall: Hall, now: datetime) -> None:
    end = now + 30 * MINUTE
    areas.plan_stop(
        SYSTEM, place=hall.area.place, starts_at=now + MINUTE, ends_at=end, reason="检修", now=now,
        terminal_id=hall.terminal.pk,
    )  # fmt: skip
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now + 2 * MINUTE, now + 2 * MINUTE)
    assert not Incident.objects.exists()
    assert tell_stops(end) == 1  # the beginning, late: the worker was away
    assert tell_stops(end) == 1
    hear_stops(list(Transition.objects.filter(kind="areas.stop_ended")), end)
    assert Incident.objects.get().kind == "paper_out"


def test_a_planned_stop_explains_neither_smoke_nor_a_break_in(hall: Hall, now: datetime) -> None:
    areas.plan_stop(
        SYSTEM, place=hall.area.place, starts_at=now, ends_at=now + 30 * MINUTE, reason="夜间停用", now=now
    )  # fmt: skip
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now + MINUTE, now + MINUTE)
    hall.tell(hall.terminal, "environment", "x-env.smoke", "on", now + MINUTE, now + MINUTE)
    hall.tell(hall.terminal, "door", "cabinet", "tampered", now + MINUTE, now + MINUTE)
    assert set(Incident.objects.values_list("kind", flat=True)) == {"site_smoke", "cabinet_forced"}


def test_a_stop_of_one_component_leaves_the_others_judged(hall: Hall, now: datetime) -> None:
    areas.plan_stop(
        SYSTEM, place=hall.area.place, starts_at=now, ends_at=now + 30 * MINUTE, reason="换硒鼓", now=now,
        terminal_id=hall.terminal.pk, subject="printer",
    )  # fmt: skip
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now + MINUTE, now + MINUTE)
    assert not Incident.objects.exists()
    hall.tell(hall.terminal, "printer-2", "paper.upper", "out", now + MINUTE, now + MINUTE)
    assert Incident.objects.get().component == "printer-2"


@pytest.mark.parametrize(
    ("name", "sees"), [("lin", 1), ("mo", 1), ("ren", 1), ("ning", 1), ("shui", 0), ("ou", 0), ("sys", 0)]
)
def test_only_whose_it_is_sees_it(hall: Hall, now: datetime, name: str, sees: int) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    actor = hall.actor(name)
    assert queries.incidents_visible_to(actor).count() == sees
    assert queries.orders_visible_to(actor).count() == sees
    assert queries.open_incident_count(actor, 1000) == sees
    assert len(queries.open_incidents(actor, now=now)) == sees


def test_the_overview_tells_cause_person_and_clock_in_a_fixed_number_of_queries(
    hall: Hall, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    hall.tell(hall.other, "idReader", "device", "offline", now, now)
    ning = hall.actor("ning")
    with django_assert_num_queries(4):
        found = queries.open_incidents(ning, now=now + 40 * MINUTE)
    assert [one.severity for one in found] == ["serious", "general"], "gravest first"
    paper = found[1]
    assert paper.who == "测试RS 测试丙"
    assert (paper.due_word, paper.overdue) == ("响应", True)
    assert paper.affects == "不能打印"


def connector(hall: Hall, state: str, at: datetime, now: datetime) -> None:
    """The services room notes that a department's system answers or not, and tells."""
    department, _made = Department.objects.get_or_create(
        code="SW", defaults={"name": "税务", "organization": hall.bodies["SW"]}
    )
    Connector.objects.update_or_create(
        department=department, defaults={"url": "http://127.0.0.1:1", "state": state, "since_at": at}
    )
    hall.news("services.connector", {"department": "SW", "state": state}, at, now, place_path=hall.city.path)


def test_a_department_that_does_not_answer_is_its_own_affair(hall: Hall, now: datetime) -> None:
    connector(hall, "down", now, now + MINUTE)
    incident = Incident.objects.get()
    assert (incident.title, incident.bucket, incident.opened_at) == ("税务系统没有应答", "department", now)
    assert WorkOrder.objects.get().organization == hall.bodies["SW"]
    assert WorkOrder.objects.get().assignee == hall.staff["shui"]
    told = queries.open_incidents(hall.actor("ning"), now=now + MINUTE)
    assert [(one.title, one.place) for one in told] == [("税务系统没有应答", "鄂尔多斯市")]
    # Only the terminal of the same body loses its time by it.
    assert queries.usable(hall.other.pk, now, now + 10 * MINUTE).by_bucket == {Bucket.DEPARTMENT: 600}
    assert queries.usable(hall.terminal.pk, now, now + 10 * MINUTE).by_bucket == {}
    connector(hall, "unknown", now + 2 * MINUTE, now + 2 * MINUTE)
    assert Incident.objects.get().state == "open", "not knowing is not recovery"
    connector(hall, "ok", now + 5 * MINUTE, now + 6 * MINUTE)
    incident.refresh_from_db()
    assert (incident.state, incident.closed_at) == ("closed", now + 5 * MINUTE)
