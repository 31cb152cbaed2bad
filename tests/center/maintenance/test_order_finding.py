"""What the search of orders finds by a word."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.center.hall import Hall

from budayang.center.maintenance import order_finding, queries
from budayang.center.maintenance.models import WorkOrder


@pytest.fixture
def two(hall: Hall, now: datetime) -> dict[str, WorkOrder]:
    """An order of RS at KBS-01 for paper, one of SW at KBS-02 for toner."""
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    hall.tell(hall.other, "printer", "toner", "out", now, now)
    return {one.organization.code: one for one in WorkOrder.objects.select_related("organization")}


def found(hall: Hall, word: str, who: str = "lin") -> set[str]:
    actor = hall.actor(who)
    rows = queries.orders_visible_to(actor).filter(order_finding.orders_by_word(actor, word))
    return {one.organization.code for one in rows}


def test_by_number_machine_body_and_fault(hall: Hall, two: dict[str, WorkOrder]) -> None:
    first = two["RS"]
    assert found(hall, first.number) == {"RS"}
    assert found(hall, first.number[:8].lower()) == {"RS", "SW"}, "from its beginning"
    assert found(hall, f"{first.pk:05d}") == {"RS"}, "the last digits alone"
    assert found(hall, first.number[3:]) == set()
    assert found(hall, "kbs-02") == {"SW"}
    assert found(hall, "测试RS") == {"RS"}
    assert found(hall, "碳粉") == {"SW"}
    assert found(hall, "没有这个") == set()


def test_a_word_that_many_machines_bear_still_finds_theirs(
    hall: Hall, two: dict[str, WorkOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_finding, "FEW", 1)
    assert found(hall, "号终端") == {"RS", "SW"}
    assert found(hall, "KBS-01") == {"RS"}


def test_an_owner_unit_sees_orders_on_its_own_machines_only(hall: Hall, two: dict[str, WorkOrder]) -> None:
    assert (two["RS"].owner_id, two["RS"].vendor_id) == (hall.bodies["RS"].pk, hall.bodies["VN1"].pk)
    assert found(hall, "KBS", "shui") == {"SW"}
    assert found(hall, "KBS", "mo") == {"RS", "SW"}, "it looks after both"
