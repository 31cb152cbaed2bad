"""Scorecards from rows, and the same figures counted by a script of its own straight from the tables."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import actions, manual_orders
from budayang.center.maintenance import scorecard_queries as queries
from budayang.center.maintenance.models import (
    FIGURES,
    CheckListEdition,
    HoursDay,
    Round,
    RoundPlan,
    WorkOrder,
    WorkOrderEvent,
)
from budayang.center.maintenance.order_transfers import transfer
from budayang.center.maintenance.scorecard_queries import Period
from budayang.center.platform.actions import Refused
from budayang.center.platform.models import Organization
from budayang.rules.scorecards import Fact, card

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 30))


def scores(facts: list[Fact], body: int) -> dict[str, tuple[int, float | None]]:
    return {one.figure.code: (one.rows, one.value) for one in card(facts, body)}


@pytest.fixture
def month(hall: Hall, now: datetime) -> Hall:
    """Forty orders of one machine that live in different ways, a month of days, thirty rounds; by a fixed seed."""
    luck = random.Random(20261123)
    lin = hall.actor("lin")
    for number in range(40):
        at = now + number * 2 * HOUR
        order = manual_orders.open_manual(
            lin, area="KBS", terminal="KBS-01", title=f"问题 {number}", note="", severity="urgent", now=at
        )
        assert order.organization_id == hall.bodies["RS"].pk
        if luck.random() < 0.4:
            transfer(
                lin, order, organization_id=hall.bodies["VN1"].pk, staff_id=None, reason="转修",
                now=at + luck.randint(1, 90) * MINUTE,
            )  # fmt: skip
        if luck.random() < 0.9:
            at += luck.randint(95, 300) * MINUTE
            order.refresh_from_db()
            actions.repair(lin, order, note="好了", now=at)
            if luck.random() < 0.3:
                actions.reject(lin, order, note="没好", now=at + MINUTE)
    _days(hall, luck)
    _rounds(hall, luck)
    return hall


def _days(hall: Hall, luck: random.Random) -> None:
    for terminal in (hall.terminal, hall.other):
        for day in range(1, 31):
            names = [name for name in FIGURES if name not in ("promised_us", "usable_us")]
            lost = {name: luck.choice([0, 0, 0, luck.randint(1, 10**9)]) for name in names}
            usable = luck.randint(10**10, 8 * 10**10)
            HoursDay.objects.create(
                terminal=terminal, area=hall.area, owner_id=terminal.owner_id,
                vendor_id=terminal.vendor_id if terminal is hall.terminal else None,
                place_path=hall.area.place.path, on=date(2026, 11, day), computed_at=datetime(2026, 12, 1, tzinfo=UTC),
                promised_us=usable + sum(lost.values()), usable_us=usable, **lost,
            )  # fmt: skip


def _rounds(hall: Hall, luck: random.Random) -> None:
    at = datetime(2026, 11, 1, 1, tzinfo=UTC)
    edition = CheckListEdition.objects.create(
        place=hall.city, list_code="owner", name="班前", valid_from=date(2026, 10, 1), questions=[], made_at=at
    )
    plan = RoundPlan.objects.create(
        area=hall.area, list_code="owner", name="班前", who="owner", organization=hall.bodies["RS"], rhythm="daily",
        windows=[["09:00", "10:00"]], starts_on=date(2026, 10, 1), made_at=at,
    )  # fmt: skip
    for day in range(30):
        state = luck.choice(["done", "done", "done_late", "missed", "open"])
        opens = at + timedelta(days=day)
        Round.objects.create(
            plan=plan, area=hall.area, edition=edition, place_path=hall.area.place.path, on=opens.date(),
            opens_at=opens, closes_at=opens + HOUR, stops=[], state=state,
        )  # fmt: skip


def counted_anew(hall: Hall, now: datetime) -> dict[int, dict[str, list[float]]]:
    """Every figure's rows from the tables alone, with none of the product's rules: limits run day and night here, there
    are no pauses, a clock is the difference of two moments; who has an order follows from its transfers."""
    found: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    bodies = {body.name: body.pk for body in hall.bodies.values()}
    for order in WorkOrder.objects.exclude(state__in=["cancelled", "merged"]):
        events = list(WorkOrderEvent.objects.filter(order=order).order_by("at", "pk").values("event", "at", "holder"))
        owner = {"at": order.opened_at, "body": bodies["测试RS"]}
        taken = [owner] + [
            {"at": one["at"], "body": bodies[one["holder"].split(" ")[0]]}
            for one in events
            if one["event"] == "transferred"
        ]

        def has(at: datetime, taken: list[dict] = taken) -> int:  # type: ignore[type-arg]  # rows of two columns
            return int([one for one in taken if one["at"] < at][-1]["body"])

        repairs = [one["at"] for one in events if one["event"] == "repaired"]
        bad = [one["at"] for one in events if one["event"] == "rejected"]
        for name, limit in (("respond", 30 * MINUTE), ("arrive", HOUR), ("repair", 2 * HOUR)):
            stands = repairs and (name != "repair" or not bad)
            used = (repairs[0] - order.opened_at) if stands else now - order.opened_at
            if used > limit:
                found[has(order.opened_at + limit)][name].append(0)
            elif stands:
                found[has(repairs[0])][name].append(1)
        if repairs:
            found[has(repairs[0])]["first_time"].append(0 if bad else 1)
            if not bad:
                took = (repairs[0] - order.opened_at) / HOUR
                found[has(repairs[0])]["repair_time"].append(took)
    for row in HoursDay.objects.all():
        own = row.switched_off_us + row.consumables_us + (0 if row.vendor_id else row.device_us)
        shares = [(row.owner_id, own)] + ([(row.vendor_id, row.device_us)] if row.vendor_id else [])
        for body, lost in shares:
            found[body]["clean_days"].append(lost == 0)
            found[body]["usable"].append(row.usable_us)
            found[body]["lost"].append(lost)
    for walked in Round.objects.exclude(state="open"):
        found[walked.plan.organization_id or 0]["rounds"].append(walked.state == "done")
    return found


def test_the_figures_are_those_of_a_script_of_its_own(month: Hall, now: datetime) -> None:
    later = now + timedelta(days=10)
    facts = queries.facts_of(SYSTEM, PERIOD, "", later)
    anew = counted_anew(month, later)
    compared = 0
    for body in month.bodies.values():
        mine, theirs = scores(facts, body.pk), anew.get(body.pk, {})
        for code, (rows, value) in mine.items():
            if code == "hours":
                usable, lost = sum(theirs.get("usable", [])), sum(theirs.get("lost", []))
                assert rows == len(theirs.get("usable", []))
                assert value is None or value == pytest.approx(usable / (usable + lost), abs=1e-15)
            else:
                counted = sorted(theirs.get(code, []))
                assert rows == len(counted), (body.code, code)
                if value is None:
                    continue
                middle = (counted[(rows - 1) // 2] + counted[rows // 2]) / 2
                assert value == pytest.approx(middle if code == "repair_time" else sum(counted) / rows), (body, code)
            compared += value is not None
    assert compared >= 14, "an empty comparison proves nothing"


def test_nobody_is_scored_for_what_others_answer_for(hall: Hall, now: datetime) -> None:
    lost = {"power_us": 50, "network_us": 60, "department_us": 70, "undetermined_us": 80, "damage_us": 9}
    HoursDay.objects.create(
        terminal=hall.terminal, area=hall.area, owner_id=hall.terminal.owner_id, vendor_id=hall.terminal.vendor_id,
        place_path=hall.area.place.path, on=date(2026, 11, 3), computed_at=datetime(2026, 12, 1, tzinfo=UTC),
        promised_us=1000 + sum(lost.values()), usable_us=1000, **lost,
    )  # fmt: skip
    facts = queries.facts_of(SYSTEM, PERIOD, "", now)
    assert {(one.body, one.ok, one.lost) for one in facts if one.figure == "clean_days"} == {
        (hall.bodies["RS"].pk, True, 0),
        (hall.bodies["VN1"].pk, True, 0),
    }


def test_what_is_too_much_is_refused_and_scope_holds(
    month: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now + timedelta(days=10)
    with pytest.raises(Refused, match="92"):
        queries.facts_of(SYSTEM, Period(date(2026, 1, 1), date(2026, 11, 30)), "", later)
    assert queries.facts_of(month.actor("ou"), PERIOD, "", later) == []
    other = queries.facts_of(month.actor("shui"), PERIOD, "", later)
    assert {one.body for one in other} == {month.bodies["SW"].pk}
    assert [one.code for one in queries.bodies_visible_to(month.actor("shui"), "owner")] == ["SW"]
    monkeypatch.setattr(queries, "MOST_ORDERS", 10)
    with pytest.raises(Refused, match="40 张工单"):
        queries.facts_of(SYSTEM, PERIOD, "", later)


def test_a_body_that_is_renamed_keeps_what_it_had(hall: Hall, now: datetime) -> None:
    """Who had an order is known by the body, not by its name: RS had it when the limit was reached, and is renamed."""
    order = manual_orders.open_manual(
        hall.actor("lin"), area="KBS", terminal="KBS-01", title="坏了", note="", severity="urgent", now=now
    )
    later = now + 2 * HOUR
    transfer(
        hall.actor("lin"), order, organization_id=hall.bodies["VN1"].pk, staff_id=None, reason="转给运维商", now=later
    )
    Organization.objects.filter(code="RS").update(name="改名后的局")
    period = Period(now.date() - timedelta(days=1), now.date() + timedelta(days=1))
    facts = queries.order_facts_of(SYSTEM, period, "/", later + HOUR)
    respond = [one for one in facts if one.figure == "respond"]
    assert [one.body for one in respond] == [hall.bodies["RS"].pk]
