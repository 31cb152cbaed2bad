"""A day of a payment provider on which the books differ is an order for a person until each difference is explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.the_bank import Hall, open_hall
from tests.center.services_cast import city, jia, judged, new_terminal, open_departments, yi

from budayang.center.maintenance import balancing
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Delivery, Transition
from budayang.center.services.models import PaymentProvider, Reconciliation
from budayang.center.services.payments import reconciling
from budayang.center.services.payments.provider import Movement

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def hall(judged: datetime, jia: Any, city: Any) -> Iterator[Hall]:
    platform.add_organization(SYSTEM, code="ZW1", name="综合管理单位", kind="manager", place=city)
    with open_hall(jia, judged) as found:
        yield found


@pytest.fixture
def day(hall: Hall) -> Reconciliation:
    provider = PaymentProvider.objects.get()
    return Reconciliation.objects.create(provider=provider, on=hall.clock.now.date(), due_at=hall.clock.now)


def stranger(hall: Hall, number: str = "STRANGE-P1", fen: int = 500) -> Movement:
    return Movement("pay", number, fen, hall.clock.now)


def hear(now: datetime) -> None:
    """The news that the services room wrote since, as the worker brings them."""
    waiting = Delivery.objects.filter(consumer="maintenance.balancing", done_at__isnull=True)
    balancing.hear_days([one.transition for one in waiting.select_related("transition").order_by("pk")], now)
    waiting.update(done_at=now)


def test_each_day_that_differs_is_one_order_with_its_lines(hall: Hall, day: Reconciliation) -> None:
    now = hall.clock.now
    reconciling.close_day(day, [stranger(hall), stranger(hall, "STRANGE-P2", 700)], now)
    hear(now)
    incident = Incident.objects.get()
    assert (incident.kind, incident.severity, incident.place_path) == (
        "reconciliation_differs", "serious", "/150600/"
    )  # fmt: skip
    assert "2 笔差异" in incident.title
    assert [one["source"] for one in incident.evidence] == ["STRANGE-P1", "STRANGE-P2"]
    assert incident.evidence[0]["text"] == "收款只有支付机构有：我们 — 元，对方 5.00 元"
    order = WorkOrder.objects.get()
    assert order.organization.code == "ZW1"
    # compared once more it is the same day and the same order
    reconciling.close_day(day, [stranger(hall), stranger(hall, "STRANGE-P2", 700)], now)
    hear(now)
    assert (Incident.objects.count(), WorkOrder.objects.count()) == (1, 1)


def test_the_last_difference_explained_closes_it(hall: Hall, day: Reconciliation) -> None:
    now = hall.clock.now
    reconciling.close_day(day, [stranger(hall), stranger(hall, "STRANGE-P2")], now)
    hear(now)
    lines = list(day.lines.all())
    reconciling.settle_line(SYSTEM, lines[0], note="机构重复记账，已更正", now=now)
    hear(now)
    assert Incident.objects.get().state == "open", "one is left"
    later = now + timedelta(hours=1)
    reconciling.settle_line(SYSTEM, lines[1], note="机构重复记账，已更正", now=later)
    hear(later)
    assert (Incident.objects.get().state, Incident.objects.get().closed_at) == ("closed", later)
    assert WorkOrder.objects.get().state == "repaired"


def test_a_statement_that_is_right_the_second_time_closes_it(hall: Hall, day: Reconciliation) -> None:
    now = hall.clock.now
    reconciling.close_day(day, [stranger(hall)], now)
    hear(now)
    reconciling.close_day(day, [], now)
    hear(now)
    assert (Incident.objects.get().state, WorkOrder.objects.get().state) == ("closed", "repaired")


@pytest.fixture
def answer(day: Reconciliation, monkeypatch: pytest.MonkeyPatch) -> list[list[Movement] | str]:
    """What the provider says when it is asked for the day's statement, first of all that there is none yet."""
    told: list[list[Movement] | str] = ["not_ready"]

    async def fetch(*_asked: Any) -> list[Movement] | str:
        return told[0]

    monkeypatch.setattr(reconciling, "_fetch", fetch)
    PaymentProvider.objects.update(since_on=day.on)
    return told


def test_a_statement_that_does_not_come_is_one_order_until_it_does(
    hall: Hall, day: Reconciliation, answer: list[list[Movement] | str]
) -> None:
    over = reconciling.day_of(day.on)[1]
    for hours in (17, 19, 20):  # too early, late, told already
        reconciling.reconcile_due(over + timedelta(hours=hours))
        hear(over + timedelta(hours=hours))
        day.refresh_from_db()
        assert (day.state, Incident.objects.count()) == (("waiting", 0) if hours == 17 else ("late", 1))
    incident = Incident.objects.get()
    assert (incident.kind, incident.evidence[0]["text"]) == ("statement_late", "账单还没有出")
    assert WorkOrder.objects.get().organization.code == "ZW1"

    answer[0] = [stranger(hall)]
    reconciling.reconcile_due(over + timedelta(hours=21))
    hear(over + timedelta(hours=21))
    assert set(Incident.objects.values_list("kind", "state")) == {
        ("statement_late", "closed"), ("reconciliation_differs", "open")
    }  # fmt: skip


def test_an_even_statement_that_came_late_leaves_nothing_open(
    hall: Hall, day: Reconciliation, answer: list[list[Movement] | str]
) -> None:
    answer[0] = "ReadTimeout"
    at = reconciling.day_of(day.on)[1] + timedelta(hours=30)
    reconciling.reconcile_due(at)
    hear(at)
    assert Incident.objects.get().state == "open"
    answer[0] = []
    reconciling.reconcile_due(at + timedelta(hours=1))
    hear(at + timedelta(hours=1))
    assert Incident.objects.get().state == "closed"


def test_an_even_day_is_nobodys_order(hall: Hall, day: Reconciliation) -> None:
    reconciling.close_day(day, [], hall.clock.now)
    hear(hall.clock.now)
    assert not Incident.objects.exists()
    assert not Transition.objects.filter(kind__in=balancing.NEWS).exists()


def test_without_a_managing_unit_above_it_goes_to_one_below(hall: Hall, day: Reconciliation) -> None:
    PaymentProvider.objects.update(place_path="/")
    reconciling.close_day(Reconciliation.objects.get(), [stranger(hall)], hall.clock.now)
    hear(hall.clock.now)
    assert WorkOrder.objects.get().organization.code == "ZW1"
