"""Who went without, and money without output: orders that open once and close when it was made good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.center.services_cast import city, jia, judged, new_terminal, open_departments, yi

from budayang.center.maintenance import making_good
from budayang.center.maintenance.models import Incident, WorkOrder
from budayang.center.platform.models import Transition

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db


def news(kind: str, now: datetime, **payload: Any) -> Transition:
    body = {"number": "KBS01-04HM-000001-1", "item": "ZZ001", "terminal": "KBS-01", "state": "failed", **payload}
    return Transition(
        kind=f"services.{kind}", subject="case:x", place_path="/", payload=body, occurred_at=now, recorded_at=now
    )


def test_an_interruption_is_one_order_and_ends(judged: datetime) -> None:
    now = judged
    making_good.hear_cases([news("case_interrupted", now, what="paper_failed")] * 2, now)
    incident = Incident.objects.get(kind="make_good")
    assert incident.state == "open"
    assert "没有打印成功" in incident.title
    assert WorkOrder.objects.filter(incident=incident).count() == 1
    making_good.hear_cases([news("case_made_good", now, what="interrupted")], now)
    incident.refresh_from_db()
    assert incident.state == "closed"
    assert WorkOrder.objects.get().state == "repaired", "a person accepts it"


def test_money_without_output_is_the_most_urgent_there_is(judged: datetime) -> None:
    now = judged
    told = news("paid_without_output", now, payment="KBS01-04HM-000001-1-P1", amount_fen=1250)
    making_good.hear_cases([told], now)
    incident = Incident.objects.get(kind="paid_without_output")
    assert (incident.severity, "12.50" in incident.title) == ("urgent", True)
    making_good.hear_cases([news("case_made_good", now, what="interrupted")], now)
    assert Incident.objects.get(kind="paid_without_output").state == "open", "its own end closes it"
    back = {"what": "paid_no_output", "payment": "KBS01-04HM-000001-1-P1"}
    making_good.hear_cases([news("case_made_good", now, **back)], now)
    assert Incident.objects.get(kind="paid_without_output").state == "closed"


def test_two_payments_of_a_case_are_two_orders_each_with_its_own_end(judged: datetime) -> None:
    now, numbers = judged, ["KBS01-04HM-000001-1-P1", "KBS01-04HM-000001-1-P2"]
    for number in numbers:
        making_good.hear_cases([news("paid_without_output", now, payment=number, amount_fen=1250)], now)
    assert WorkOrder.objects.count() == 2
    making_good.hear_cases([news("case_made_good", now, what="paid_no_output", payment=numbers[0])], now)
    standing = Incident.objects.get(state="open")
    assert standing.subject == f"terminal:KBS-01/payment:{numbers[1]}"


def test_a_terminal_that_is_gone_stops_nobody(judged: datetime) -> None:
    making_good.hear_cases([news("case_interrupted", judged, terminal="NO-1", what="paper_failed")], judged)
    assert not Incident.objects.exists()
