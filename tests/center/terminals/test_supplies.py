"""Consumables at the center: counts that come twice, late or from another device, refills, the stock book, scope."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.center.hall import Hall, build

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.terminals import stock_actions, supply_actions, supply_queries
from budayang.center.terminals.jobs import read_counts
from budayang.center.terminals.models import (
    StatusInterval,
    Stock,
    StockMovement,
    StockSheet,
    SupplyCount,
    SupplyFill,
    SupplyLevel,
    SupplyMeter,
    Terminal,
)
from budayang.center.terminals.supply_forecasts import judge, judge_due

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    return build(now)


def tell(hall: Hall, prop: str, state: str, at: datetime, now: datetime, *, before: str = "full") -> None:
    """A word of the printer as ingest tells it, taken by the consumer."""
    hall.tell(hall.terminal, "printer", prop, state, at, now)
    hear(hall, prop, state, at, now, before=before)


def hear(hall: Hall, prop: str, state: str, at: datetime, now: datetime, *, before: str) -> None:
    payload = {
        "terminal": hall.terminal.code, "subject": "printer", "kind": "printer", "property": prop, "before": before,
        "state": state, "raw": "",
    }  # fmt: skip
    row = Transition(kind="terminals.status", subject="x", payload=payload, occurred_at=at, recorded_at=now)
    supply_actions.take_news([row], now)


def test_what_a_terminal_tells_as_it_joins_makes_its_rows(hall: Hall, now: datetime) -> None:
    StatusInterval.objects.create(
        terminal=hall.terminal, subject="printer", property="paper.upper", kind="printer", state="low", since=now,
        received_at=now,
    )  # fmt: skip
    told = [
        {"subject": "camera", "kind": "camera", "property": "device", "state": "online", "raw": ""},
        {"subject": "printer", "kind": "printer", "property": "paper.upper", "state": "low", "raw": ""},
    ]
    payload = {"terminal": hall.terminal.code, "told": told}
    row = Transition(kind="terminals.reported", subject="x", payload=payload, occurred_at=now, recorded_at=now)
    supply_actions.take_news([row], now)
    assert paper(hall).word == "low"
    assert not SupplyFill.objects.exists(), "what is heard of for the first time is no refill"


def count(hall: Hall, value: object, at: datetime, now: datetime) -> None:
    hall.inbox(
        hall.terminal, "counts", {"counts": [{"subject": "printer", "counter": "pages", "value": value}]}, at, now
    )
    assert read_counts(now) == 1


def paper(hall: Hall) -> SupplyLevel:
    return SupplyLevel.objects.get(terminal=hall.terminal, consumable="a4")


def used(hall: Hall) -> float:
    return sum(SupplyCount.objects.filter(supply=paper(hall)).values_list("amount", flat=True))


@pytest.fixture
def printer(hall: Hall, now: datetime) -> Hall:
    """A printer with paper and toner, counted from 1,000 pages on, filled with 500 sheets an hour ago."""
    tell(hall, "paper.upper", "full", now - 2 * HOUR, now - 2 * HOUR)
    tell(hall, "toner", "full", now - 2 * HOUR, now - 2 * HOUR)
    count(hall, 1000, now - 2 * HOUR, now - 2 * HOUR)
    supply_actions.refill(hall.actor("ren"), paper(hall), added=500, full=True, now=now - HOUR)
    return hall


def test_what_is_not_known_is_said(hall: Hall, now: datetime) -> None:
    tell(hall, "paper.upper", "full", now, now)
    row = paper(hall)
    assert (row.amount, row.grade, row.tell, row.why) == (None, "words", "enough", "no_level")


def test_pages_take_paper_and_toner(printer: Hall, now: datetime) -> None:
    count(printer, 1035, now - 30 * MINUTE, now)
    judge([paper(printer).pk], now)
    row = paper(printer)
    assert (row.amount, row.grade, row.used) == (465, "counted", 35)
    assert SupplyCount.objects.filter(supply__consumable="toner").get().amount == 35


def test_late_and_repeated_counts_count_once(printer: Hall, now: datetime) -> None:
    count(printer, 1035, now - 30 * MINUTE, now)
    count(printer, 1020, now - 40 * MINUTE, now)  # told later, of earlier
    count(printer, 1035, now - 30 * MINUTE, now)  # once more, after a restore of the center
    count(printer, 1050, now - 20 * MINUTE, now)
    assert used(printer) == paper(printer).used == 50


def test_use_from_before_the_fill_that_comes_late_leaves_the_level(printer: Hall, now: datetime) -> None:
    count(printer, 1100, now - 90 * MINUTE, now)
    row = paper(printer)
    assert (row.used, used(printer)) == (0, 100)


@pytest.mark.parametrize("value", [12, 999_000])
def test_a_reset_or_another_printer_makes_no_use(printer: Hall, now: datetime, value: int) -> None:
    count(printer, 1010, now - 30 * MINUTE, now)
    count(printer, value, now - 20 * MINUTE, now)
    judge([paper(printer).pk], now)
    row = paper(printer)
    assert used(printer) == 10
    assert (row.gap, row.grade, row.amount) == (True, "words", None)
    meter = SupplyMeter.objects.get()
    assert (meter.value, meter.broken) == (value, "reset" if value == 12 else "jump")
    count(printer, value + 5, now - 10 * MINUTE, now)
    assert used(printer) == 15
    supply_actions.refill(printer.actor("ren"), row, added=500, full=True, now=now)
    assert (paper(printer).gap, paper(printer).amount) == (False, 500)


@pytest.mark.parametrize("body", [None, [], "x", -5, 3.5, True, 2**70])
def test_a_reading_that_makes_no_sense_is_left_out(printer: Hall, now: datetime, body: object) -> None:
    count(printer, body, now - 30 * MINUTE, now)
    assert used(printer) == 0


def test_the_device_wins_and_the_difference_is_shown(printer: Hall, now: datetime) -> None:
    tell(printer, "paper.upper", "out", now, now)
    row = paper(printer)
    assert (row.amount, row.tell) == (0, "out")
    assert "以设备为准" in row.mismatch


def test_a_fill_that_nobody_told_is_assumed_once(printer: Hall, now: datetime) -> None:
    later = now + 3 * HOUR
    count(printer, 1450, later, later)
    tell(printer, "paper.upper", "low", later, later)
    tell(printer, "paper.upper", "full", later + HOUR, later + HOUR, before="low")
    hear(printer, "paper.upper", "full", later + HOUR, later + HOUR + 5 * MINUTE, before="low")  # told once more
    row = paper(printer)
    assert (row.fill_source, row.amount) == ("device", 500)
    assert SupplyFill.objects.filter(supply=row).count() == 2
    # The person who did it writes it down a little later: one fill, not two.
    supply_actions.refill(printer.actor("ren"), row, added=400, now=later + HOUR + 5 * MINUTE)
    row = paper(printer)
    assert (row.fill_source, row.amount) == ("person", 450)


def test_the_word_full_right_after_a_person_filled_is_the_same_fill(printer: Hall, now: datetime) -> None:
    supply_actions.refill(printer.actor("ren"), paper(printer), added=100, now=now)
    tell(printer, "paper.upper", "full", now + 2 * MINUTE, now + 2 * MINUTE, before="low")
    assert SupplyFill.objects.filter(source="device").count() == 0


def test_a_month_of_use_gives_a_forecast(printer: Hall, now: datetime) -> None:
    row = paper(printer)
    SupplyLevel.objects.filter(pk=row.pk).update(counted_since=now - 28 * DAY, due_at=now)
    start = now.replace(minute=0, second=0, microsecond=0)
    SupplyCount.objects.bulk_create(
        SupplyCount(supply=row, hour_at=start - k * HOUR, amount=2) for k in range(3, 28 * 24)
    )
    assert judge_due(now) >= 1
    row.refresh_from_db()
    assert row.early_at is not None
    assert row.runs_out_at is not None
    assert row.late_at is not None
    assert now + 8 * DAY < row.early_at < row.runs_out_at < row.late_at < now + 14 * DAY
    assert supply_queries.running_out(printer.actor("lin"), now, 5) == [row]
    assert Transition.objects.filter(kind="supplies.changed", payload__supply=row.pk).exists()


def test_idle_hours_before_the_first_promise_count_too(printer: Hall, now: datetime) -> None:
    """An area that was entered yesterday, a machine that was counted for a month: one busy hour a day is one in 24."""
    row = paper(printer)
    SupplyLevel.objects.filter(pk=row.pk).update(counted_since=now - 28 * DAY)
    start = now.replace(minute=0, second=0, microsecond=0)
    SupplyCount.objects.bulk_create(
        SupplyCount(supply=row, hour_at=start - k * DAY - 3 * HOUR, amount=24) for k in range(27)
    )
    judge([row.pk], now)
    row.refresh_from_db()
    assert row.per_day == pytest.approx(24, rel=0.1)


# The stock book ------------------------------------------------------------------------------------------------------


def stock_of(hall: Hall, amount: int, now: datetime) -> Stock:
    receive(hall, now, amount=amount)
    return Stock.objects.get(consumable="a4")


def receive(hall: Hall, now: datetime, *, who: str = "ren", consumable: str = "a4", **more: object) -> StockMovement:
    return stock_actions.receive(
        hall.actor(who),
        organization=hall.bodies["RS"],
        area="KBS",
        consumable=consumable,
        now=now,
        **more,  # type: ignore[arg-type]  # a mapping of keywords
    )


def test_a_refill_takes_from_the_stock_in_one_go(printer: Hall, now: datetime) -> None:
    stock = stock_of(printer, 1000, now)
    supply_actions.refill(printer.actor("ren"), paper(printer), added=300, stock=stock, now=now)
    stock.refresh_from_db()
    line = StockMovement.objects.latest("pk")
    assert (stock.balance, line.amount, line.balance, line.terminal) == (700, -300, 700, printer.terminal)
    SupplyLevel.objects.update(capacity=900)
    fills = SupplyFill.objects.count()
    with pytest.raises(Refused, match="库存只有 700"), transaction.atomic():
        supply_actions.refill(printer.actor("ren"), paper(printer), added=800, stock=stock, now=now)
    stock.refresh_from_db()
    assert (stock.balance, SupplyFill.objects.count()) == (700, fills)
    assert AuditLine.objects.filter(action="terminals.stock_out").count() == 1


def test_the_balance_is_never_below_nothing(hall: Hall, now: datetime) -> None:
    stock = stock_of(hall, 10, now)
    with pytest.raises(Refused):
        stock_actions.take_out(hall.actor("ren"), stock, amount=11, why="调拨", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.update(balance=-1)


def test_counting_and_correcting_are_new_lines(hall: Hall, now: datetime) -> None:
    stock, ren = stock_of(hall, 100, now), hall.actor("ren")
    wrong = stock_actions.take_out(ren, stock, amount=30, why="调往杭锦旗", now=now)
    stock_actions.correct(ren, wrong, why="记错了自助区", now=now)
    with pytest.raises(Refused, match="已经更正过"):
        stock_actions.correct(ren, wrong, why="再来一次", now=now)
    assert stock_actions.adjust(ren, stock, counted=100, why="", now=now) is None
    with pytest.raises(Refused, match="写明原因"):
        stock_actions.adjust(ren, stock, counted=95, why=" ", now=now)
    stock_actions.adjust(ren, stock, counted=95, why="受潮五张", now=now)
    amounts = list(StockMovement.objects.order_by("pk").values_list("amount", "balance"))
    assert amounts == [(100, 100), (-30, 70), (30, 100), (-5, 95)]
    assert sum(amount for amount, _balance in amounts) == Stock.objects.get().balance


def sheets(hall: Hall, now: datetime) -> tuple[Stock, SupplyLevel]:
    receive(hall, now, consumable="certificate", first="NM0001", last="NM0100")
    supply = SupplyLevel.objects.create(
        terminal=hall.terminal, subject="printer", consumable="certificate", capacity=100
    )
    return Stock.objects.get(consumable="certificate"), supply


def test_each_numbered_sheet_has_one_account(hall: Hall, now: datetime) -> None:
    stock, supply = sheets(hall, now)
    ren = hall.actor("ren")
    supply_actions.refill(ren, supply, added=50, stock=stock, first="NM0001", last="NM0050", now=now)
    stock_actions.mark_sheets(ren, stock, event="use", first="NM0001", last="NM0030", now=now)
    stock_actions.mark_sheets(ren, stock, event="void", first="NM0031", last="NM0031", why="卡纸撕坏", now=now)
    stock_actions.mark_sheets(ren, stock, event="return", first="NM0041", last="NM0050", now=now)
    stock_actions.mark_sheets(ren, stock, event="lose", first="NM0100", last="NM0100", why="盘点少一张", now=now)
    stock.refresh_from_db()
    assert stock.balance == StockSheet.objects.filter(state="stock").count() == 59
    shown = [(row.numbers, row.state.value) for row in supply_queries.sheets_of(stock)]
    assert shown == [
        ("NM0001—NM0030", "used"), ("NM0031", "void"), ("NM0032—NM0040", "issued"), ("NM0041—NM0050", "stock"),
        ("NM0051—NM0099", "stock"), ("NM0100", "lost"),
    ] or shown[3:5] == [("NM0041—NM0099", "stock"), ("NM0100", "lost")]  # fmt: skip
    judge([supply.pk], now)
    supply.refresh_from_db()
    assert supply.amount == 9


def test_numbers_neither_overlap_nor_leave_a_gap_unexplained(hall: Hall, now: datetime) -> None:
    stock, supply = sheets(hall, now)
    with pytest.raises(Refused, match="NM0100 已经登记过"):
        receive(hall, now, consumable="certificate", first="NM0100", last="NM0120")
    with pytest.raises(Refused, match="NM0101—NM0199 没有入过库"):
        receive(hall, now, consumable="certificate", first="NM0200", last="NM0220")
    receive(hall, now, consumable="certificate", first="NM0200", last="NM0220", why="NM0101—NM0199 发往东胜区")
    stock.refresh_from_db()
    assert stock.balance == StockSheet.objects.count() == 121
    ren = hall.actor("ren")
    for problem, first, last, amount in (
        ("不在这个库存的账上", "NM0090", "NM0120", 31),
        ("不一致", "NM0001", "NM0010", 9),
    ):
        with pytest.raises(Refused, match=problem), transaction.atomic():
            supply_actions.refill(ren, supply, added=amount, stock=stock, first=first, last=last, now=now)
    assert StockSheet.objects.filter(state="issued").count() == 0
    with pytest.raises(Refused, match="不能登记为"):
        stock_actions.mark_sheets(ren, stock, event="use", first="NM0001", last="NM0002", now=now)
    with pytest.raises(Refused, match="按编号"):
        stock_actions.take_out(ren, stock, amount=1, why="x", now=now)


# Scope ---------------------------------------------------------------------------------------------------------------


def test_each_sees_and_fills_its_own(printer: Hall, now: datetime) -> None:
    stock_of(printer, 100, now)
    row = paper(printer)
    seen = {
        name: (
            supply_queries.supplies_visible_to(printer.actor(name)).filter(pk=row.pk).exists(),
            supply_queries.stocks_visible_to(printer.actor(name)).exists(),
            supply_queries.movements_visible_to(printer.actor(name)).exists(),
        )
        for name in ("ren", "lin", "ning", "mo", "shui", "ou", "sys")
    }
    yes, no = (True, True, True), (False, False, False)
    assert seen == {
        "ren": yes, "lin": yes, "ning": yes, "mo": (True, False, False), "shui": no, "ou": no, "sys": no,
    }  # fmt: skip
    for name in ("shui", "ou", "ning"):
        with pytest.raises(Forbidden):
            supply_actions.refill(printer.actor(name), row, added=10, now=now)
        with pytest.raises(Forbidden):
            stock_actions.take_out(printer.actor(name), Stock.objects.get(), amount=1, why="x", now=now)
    supply_actions.refill(printer.actor("mo"), row, added=10, now=now)
    with pytest.raises(Forbidden):
        stock_actions.take_out(printer.actor("mo"), Stock.objects.get(), amount=1, why="x", now=now)
    Terminal.objects.filter(pk=printer.terminal.pk).update(state="retired")
    assert not supply_queries.supplies_visible_to(printer.actor("lin")).exists()
