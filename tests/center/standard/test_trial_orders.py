"""Orders and machines that stand ready, replayed: WH-17, WH-18 and YJ-08 against plain loops over the minutes of a
known quarter, which use none of the product's rules.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from tests.center.hall import Hall
from tests.center.standard.the_trial import (
    LATER,
    MINUTES,
    MONTHS,
    Minutes,
    Truth,
    at,
    bridged,
    draft,
    fed,
    incident,
    live,
)

from budayang.center.maintenance.models import Incident, WorkOrder, WorkOrderEvent
from budayang.center.standard import trial_actions
from budayang.center.standard.models import Edition, Trial
from budayang.center.standard.queries import current_edition
from budayang.rules.standard.trial_results import ClauseChange, Result
from budayang.rules.standard.trials import Chosen

pytestmark = pytest.mark.django_db
LIMITS_MIN = {"general": 480, "serious": 240}
STARTS = {"2026-09": 0, "2026-10": 30 * 1440, "2026-11": 61 * 1440}
ENDS = {"2026-09": 30 * 1440, "2026-10": 61 * 1440, "2026-11": MINUTES}


@dataclass
class Job:
    """An order as plain minutes: what broke and when, reported, stopped meanwhile, repaired."""

    what: str
    machine: str
    fault: set[int]
    reported: int
    repaired: int
    limit: int
    stopped: set[int] = field(default_factory=set)


@dataclass
class Known:
    """The quarter with its orders."""

    hall: Hall
    truth: Truth
    jobs: list[Job]


@pytest.fixture(scope="module")
def known(django_db_setup: None, django_db_blocker: Any) -> Iterable[Known]:
    """Written once for the whole module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        hall, truth = live()
        yield Known(hall, truth, _orders(hall, truth))
        transaction.set_rollback(True)


def _orders(hall: Hall, truth: Truth) -> list[Job]:
    """An order for each power cut (the managing unit's), for each jam and each outage of paper; one cut more, and a jam
    more, stand over ends of months.
    """
    luck = random.Random(20260917)
    machines = {one.code: one for one in (hall.terminal, hall.other)}
    jobs: list[Job] = []
    last = (61 * 1440 - 20, 61 * 1440 + 5)
    truth.power.append(last)
    incident("area_power", last, area=hall.area)
    for code, terminal in machines.items():
        truth.dark[code].append(last)
        incident("terminal_silent", last, terminal=terminal)
    for cut in Incident.objects.filter(kind="area_power").order_by("opened_at"):
        span = next(one for one in truth.power if at(one[0]) == cut.opened_at)
        jobs.append(_order(hall, luck, cut, "power", "", span))
    for code, terminal in machines.items():
        for span in truth.jam[code]:
            kind = "queue_paused" if span[0] == 30 * 1440 - 200 else "paper_jam"
            row = incident(kind, span, terminal=terminal, component="printer")
            jobs.append(_order(hall, luck, row, "jam", code, span))
        for span in truth.paper[code]:
            row = incident("paper_out", span, terminal=terminal, component="printer")
            jobs.append(_order(hall, luck, row, "paper", code, span))
    return jobs


def _order(hall: Hall, luck: random.Random, row: Incident, what: str, code: str, span: Minutes) -> Job:
    """Reported some minutes after the fault began; sometimes a part had to be waited for."""
    length = span[1] - span[0]
    reported = span[0] + min(luck.randint(0, 3), length - 1)
    repaired = max(reported + 1, span[1] + luck.choice([-4, 0, 0, 7]))
    accepted = reported + (repaired - reported) // 4
    events = [("reported", reported, ""), ("accepted", accepted, "")]
    stopped: set[int] = set()
    if what == "jam" and repaired - accepted > 200 and luck.random() < 0.5:
        pause = (accepted + 30, accepted + 30 + luck.randint(20, 120))
        stopped = set(range(*pause))
        events += [("paused", pause[0], "spare_part"), ("resumed", pause[1], "")]
    events += [("repaired", repaired, ""), ("verified", repaired + 5, ""), ("closed", repaired + 6, "")]
    limit = LIMITS_MIN[row.severity]
    order = WorkOrder.objects.create(
        number=f"GD-{row.pk}", incident=row, organization=hall.bodies["ZW1" if what == "power" else "VN1"],
        place_path=hall.area.place.path, state="closed", opened_at=at(reported), closed_at=at(repaired + 6),
        policy={
            "respond_s": 1800, "arrive_s": 7200, "repair_s": 60 * limit, "stopping_reasons": ["spare_part"],
            "repair_from": "reported",
        },
    )  # fmt: skip
    for name, minute, reason in events:
        WorkOrderEvent.objects.create(order=order, event=name, reason=reason, state="closed", at=at(minute), by="试验")
    return Job(what, code, set(range(*span)), reported, repaired, limit, stopped)


Spared = Callable[[Job], set[int]]


def replayed(job: Job, spared: set[int]) -> tuple[int, int] | None:
    """(reported, repaired) with a measure that spares minutes of the fault; None: there is no order."""
    left = job.fault - spared
    if left == job.fault:
        return job.reported, job.repaired
    if not left:
        return None
    reported = job.reported + min(left) - min(job.fault)
    repaired = job.repaired
    if max(left) < max(job.fault):
        repaired = min(repaired, max(left) + 1)
    return (reported, repaired) if reported < repaired else None


def reckon(jobs: Iterable[Job], month: str, spared: Spared, limit: int | None = None) -> tuple[float, float]:
    """(WH-17, WH-18): share repaired in time, mean seconds; an order belongs to the month of its report as it was."""
    good, used = 0, []
    for job in jobs:
        found = replayed(job, spared(job)) if STARTS[month] <= job.reported < ENDS[month] else None
        if found is None:
            continue
        counted = sum(minute not in job.stopped for minute in range(*found))
        used.append(60 * counted)
        good += counted <= (limit if limit is not None and job.limit == LIMITS_MIN["general"] else job.limit)
    return good / len(used), sum(used) / len(used)


def nothing(_job: Job) -> set[int]:
    return set()


def tried(hall: Hall, *chosen: Chosen, edition: Edition | None = None) -> Result:
    row = Trial(
        title="试", place=hall.area.place, place_path=hall.area.place.path, first_month=MONTHS[0],
        last_month=MONTHS[-1], measures=[{"code": one.code, "values": dict(one.values)} for one in chosen],
        edition=edition,
    )  # fmt: skip
    return trial_actions.compute(row, current_edition(), LATER)


def changes(result: Result) -> dict[tuple[str, str], ClauseChange]:
    return {(one.month, one.clause): one for one in result.areas[0].clauses}


def agree(result: Result, jobs: list[Job], spared: Spared) -> int:
    """WH-17 and WH-18 of every month, before and after; how many of them changed."""
    told, moved = changes(result), 0
    for month in STARTS:
        for clause, was, would in zip(
            ("WH-17", "WH-18"), reckon(jobs, month, nothing), reckon(jobs, month, spared), strict=True
        ):
            one = told.get((month, clause))
            if one is None:
                assert was == pytest.approx(would), (month, clause)
                continue
            moved += 1
            assert one.number_before == pytest.approx(was), (month, clause)
            assert one.number_after == pytest.approx(would), (month, clause)
            met = [n >= 1 if clause == "WH-17" else n <= 7200 for n in (was, would)]
            assert [one.before, one.after] == ["met" if good else "not_met" for good in met]
    return moved


def sooner(jobs: list[Job], spared: Spared) -> tuple[int, int]:
    """(orders that would not be, orders that would take less time)."""
    found = [replayed(job, spared(job)) for job in jobs]
    less = sum(
        one is not None and sum(m not in job.stopped for m in range(*one))
        < sum(m not in job.stopped for m in range(job.reported, job.repaired))
        for job, one in zip(jobs, found, strict=True)
    )  # fmt: skip
    return sum(one is None for one in found), less


def test_without_a_change_orders_and_machines_read_as_they_were(known: Known) -> None:
    result = tried(known.hall, Chosen("ups", {"minutes": 0.0, "recharge_h": 0.0}))
    assert result.areas[0].clauses == []
    orders = result.orders
    assert (orders.seen, orders.gone, orders.sooner) == (len(known.jobs), 0, 0)
    used = sum(sum(m not in job.stopped for m in range(job.reported, job.repaired)) for job in known.jobs)
    assert orders.used_s == orders.used_after_s == 60 * used
    assert {job.what for job in known.jobs} == {"power", "jam", "paper"}
    assert any(job.stopped for job in known.jobs)


@pytest.mark.parametrize("holds", [30, 100, 1000])
def test_a_ups_takes_orders_of_power_cuts_away_or_makes_them_shorter(known: Known, holds: int) -> None:
    result = tried(known.hall, Chosen("ups", {"minutes": float(holds), "recharge_h": 1.0}))
    bridges = bridged(known.truth, holds, 60)

    def spared(job: Job) -> set[int]:
        return bridges if job.what == "power" else set()

    assert agree(result, known.jobs, spared) > 0
    gone, less = sooner(known.jobs, spared)
    assert (result.orders.gone, result.orders.sooner) == (gone, less)
    assert gone == {30: 3, 100: 6, 1000: 7}[holds], "the quarter's seven cuts"
    assert less == 7 - gone


def test_repair_in_time_ends_orders_sooner_and_takes_none_away(known: Known) -> None:
    result = tried(known.hall, Chosen("repair", {"hours": 2.0}))

    def spared(job: Job) -> set[int]:
        return {minute for minute in job.fault if minute >= min(job.fault) + 120} if job.what == "jam" else set()

    assert agree(result, known.jobs, spared) == 6
    assert (result.orders.gone, result.orders.sooner) == sooner(known.jobs, spared)
    assert result.orders.gone == 0
    assert result.orders.sooner > 5


@pytest.mark.parametrize("amount", [50.0, 150.0])
def test_paper_on_fridays_takes_orders_of_empty_trays_away(known: Known, amount: float) -> None:
    values: dict[str, float | str] = {
        "consumable": "a4", "weekdays": "4", "at": "16:00", "amount": amount, "per_day": 0.0,
    }  # fmt: skip
    result = tried(known.hall, Chosen("restock", values))
    code = known.hall.terminal.code
    lives = fed(known.truth, code, amount)

    def spared(job: Job) -> set[int]:
        return lives if job.what == "paper" and job.machine == code else set()

    assert agree(result, known.jobs, spared) > 0
    assert (result.orders.gone, result.orders.sooner) == sooner(known.jobs, spared)
    assert result.orders.gone + result.orders.sooner == 3
    assert result.orders.gone > 0 or amount < 100


def test_machines_ready_at_the_end_of_the_month(known: Known) -> None:
    """YJ-08: a jam stands over the end of September, a power cut over the end of October, nothing over November's."""
    hall = known.hall
    cases: tuple[tuple[Chosen, dict[str, tuple[float, float]]], ...] = (
        (Chosen("repair", {"hours": 2.0}), {"2026-09": (0.5, 1.0)}),
        (Chosen("repair", {"hours": 5.0}), {}),
        (Chosen("ups", {"minutes": 30.0, "recharge_h": 1.0}), {"2026-10": (0.0, 1.0)}),
        (Chosen("ups", {"minutes": 10.0, "recharge_h": 1.0}), {}),
        (Chosen("spare", {"count": 2.0, "hours": 1.0}), {}),
    )
    for chosen, wanted in cases:
        told = {
            one.month: (one.number_before, one.number_after)
            for one in tried(hall, chosen).areas[0].clauses
            if one.clause == "YJ-08"
        }
        assert told == wanted, chosen


def test_a_spare_machine_repairs_nothing(known: Known) -> None:
    """Its time is better, its orders and the standing of the broken machine are what they were."""
    result = tried(known.hall, Chosen("spare", {"count": 2.0, "hours": 1.0}))
    assert result.after.usable > result.before.usable
    assert (result.orders.gone, result.orders.sooner) == (0, 0)
    assert not {one.clause for one in result.areas[0].clauses} & {"WH-17", "WH-18", "YJ-08"}


def test_a_draft_is_applied_to_the_same_orders(known: Known) -> None:
    """Its limit of a repair in place of the one that was copied onto the orders; its limit of the mean; its share of
    machines. Orders whose severity it leaves alone, and a draft that changes nothing, read as they did.
    """
    hall, jobs = known.hall, known.jobs
    with transaction.atomic():
        same = tried(hall, edition=draft(LATER))
        transaction.set_rollback(True)
    assert {one.clause for one in same.areas[0].clauses} == {"JB-02"}, "the clause that the draft does not have"
    with transaction.atomic():
        made = draft(LATER, repair_general_s=40 * 3600, mean_repair_s=24 * 3600, good_condition_target=0.5)
        result = tried(hall, edition=made)
        transaction.set_rollback(True)
    told = changes(result)
    turned = 0
    for month in STARTS:
        (was, mean), (would, _mean) = reckon(jobs, month, nothing), reckon(jobs, month, nothing, limit=2400)
        if was != would:
            one = told[month, "WH-17"]
            assert (one.number_before, one.number_after) == pytest.approx((was, would))
            turned += 1
        one = told[month, "WH-18"]
        assert (one.number_before, one.number_after, one.threshold_after) == pytest.approx((mean, mean, 24 * 3600))
        assert one.after == ("met" if mean <= 24 * 3600 else "not_met")
    assert turned > 0
    assert (told["2026-09", "YJ-08"].before, told["2026-09", "YJ-08"].after) == ("not_met", "met")
    assert (result.orders.gone, result.orders.sooner) == (0, 0)


def test_a_contract_keeps_its_limits_under_a_draft(known: Known) -> None:
    order = WorkOrder.objects.filter(incident__kind="paper_out").earliest("opened_at")
    with transaction.atomic():
        made = draft(LATER, repair_general_s=999 * 3600)
        free = {one.clause for one in tried(known.hall, edition=made).areas[0].clauses if one.month == "2026-09"}
        everyone = WorkOrder.objects.all()
        for one in everyone:
            one.policy = {**one.policy, "contract": {"number": "HT-1", "steps": []}}
            one.save(update_fields=["policy"])
        bound = {one.clause for one in tried(known.hall, edition=made).areas[0].clauses}
        transaction.set_rollback(True)
    assert order.policy["repair_s"] == 8 * 3600
    assert "WH-17" in free
    assert "WH-17" not in bound
