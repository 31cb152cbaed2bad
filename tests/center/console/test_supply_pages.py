"""Pages of consumables and of the stock book: who sees what, what is refused and kept, what is exported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk

from budayang.center.console.supply_pictures import level_line, shade, week_picture
from budayang.center.maintenance import runouts
from budayang.center.maintenance.models import RunOutWatch, WorkOrder
from budayang.center.terminals import stock_actions, supply_history, supply_queries
from budayang.center.terminals.models import Stock, StockMovement, StockSheet, SupplyLevel
from budayang.rules.consumables import get_consumable

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def furnish(desk: Desk, now: datetime) -> SupplyLevel:
    """A month of use: 70 sheets left at KBS-01 (RS), plenty at KBS-02 (SW); a stock of RS with numbered sheets."""
    end = now.replace(minute=0, second=0, microsecond=0)
    uses = {end - k * HOUR: 3 if (end - k * HOUR).hour < 14 else 1 for k in range(1, 28 * 24)}
    for code, left in (("KBS-01", {"a4": 70, "toner": 1500}), ("KBS-02", {"a4": 480})):
        supply_history.load_history(
            desk.actor("zhu"), terminal=code, subject="printer", counter="pages", uses=uses, left=left, note="演示",
            now=now,
        )  # fmt: skip
    for code, more in (("a4", {"amount": 1000}), ("certificate", {"first": "YS0001", "last": "YS0020"})):
        stock_actions.receive(
            desk.actor("ren"),
            organization=desk.hall.bodies["RS"],
            area="KBS",
            consumable=code,
            now=now,
            **more,  # type: ignore[arg-type]  # a mapping of keywords
        )
    runouts.mark(list(SupplyLevel.objects.values_list("pk", flat=True)), now)
    runouts.judge_due(now)
    return SupplyLevel.objects.get(terminal=desk.hall.terminal, consumable="a4")


@pytest.fixture
def paper(desk: Desk, today: datetime) -> SupplyLevel:
    return furnish(desk, today)


def post(client: Client, address: str, **typed: object) -> tuple[int, str]:
    answer = client.post(address, typed)
    return answer.status_code, answer.content.decode()


def test_what_runs_out_first_is_on_top_for_those_who_may_see_it(desk: Desk, paper: SupplyLevel) -> None:
    page = desk.client("lin").get("/console/supplies/").content.decode()
    assert page.index("KBS-01 A4打印纸") < page.index("KBS-02 A4打印纸")
    assert "快用完 70 张" in page
    assert "前后（" in page
    counts = {}
    for name in ("lin", "zhu", "ren", "shui", "mo", "ning", "ou"):
        text = desk.client(name).get("/console/supplies/").content.decode()
        counts[name] = (text.count("KBS-01 "), text.count("KBS-02 "))
        status = desk.client(name).get(f"/console/supplies/{paper.pk}/").status_code
        assert status == (404 if name in ("shui", "ou") else 200), name
    assert counts == {
        "lin": (2, 1), "zhu": (2, 1), "ren": (2, 0), "shui": (0, 1), "mo": (2, 1), "ning": (2, 1), "ou": (0, 0),
    }  # fmt: skip
    assert desk.client("sys").get("/console/supplies/").status_code == 403


def test_the_list_asks_as_often_for_many_as_for_few(
    desk: Desk, paper: SupplyLevel, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = desk.client("zhu")
    client.get("/console/supplies/")
    with CaptureQueriesContext(connection) as few:
        client.get("/console/supplies/")
    SupplyLevel.objects.bulk_create(
        SupplyLevel(terminal=desk.hall.terminal, subject=f"printer-{n}", consumable="a4", capacity=500)
        for n in range(2, 40)
    )
    with django_assert_max_num_queries(len(few)):
        client.get("/console/supplies/")


def test_the_order_ahead_says_why_on_its_pages(desk: Desk, paper: SupplyLevel, today: datetime) -> None:
    for row in SupplyLevel.objects.filter(pk=paper.pk):
        SupplyLevel.objects.filter(pk=row.pk).update(early_at=today + HOUR, late_at=today + 5 * DAY)
    runouts.mark([paper.pk], today)
    RunOutWatch.objects.update(due_at=today)
    runouts.judge_due(today)
    watch = RunOutWatch.objects.get(supply=paper)
    assert watch.order_at is not None
    later = max(watch.order_at, today)
    runouts.mark([paper.pk], later)
    runouts.judge_due(later)
    order = WorkOrder.objects.get(incident__kind="run_out_ahead")
    client = desk.client("ren")
    assert "无人值守" in client.get(f"/console/orders/{order.number}/").content.decode()
    page = client.get(f"/console/incidents/{order.incident_id}/").content.decode()
    assert "预计" in page
    assert order.number in client.get("/console/supplies/").content.decode()
    assert client.get(f"/console/supplies/{paper.pk}/").status_code == 200
    assert client.get("/console/terminals/KBS-01/").content.decode().count("登记补充") >= 2


def test_filters_and_export(desk: Desk, paper: SupplyLevel) -> None:
    client = desk.client("zhu")
    only = client.get("/console/supplies/?how=low").content.decode()
    assert "KBS-01 A4" in only
    assert "KBS-02" not in only.split("<tbody>")[1]
    assert "没有符合条件" in client.get("/console/supplies/?how=out").content.decode()
    for how in ("unattended", "unknown"):
        assert client.get(f"/console/supplies/?how={how}").status_code == 200
    answer = client.get("/console/supplies/?export=xlsx")
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    words = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(one.startswith("预计") for one in words)
    for sort in ("what", "level", "use", "-when", "area"):
        assert client.get(f"/console/supplies/?sort={sort}").status_code == 200


def test_one_supply_explains_itself(desk: Desk, paper: SupplyLevel) -> None:
    page = desk.client("ren").get(f"/console/supplies/{paper.pk}/").content.decode()
    assert page.count('class="heat-') >= 168
    assert "逐张计数" in page
    assert "没有值班表，按工作日办公时间算" in page
    assert "最忙" in page
    assert "登记补充" in page
    assert "登记补充" not in desk.client("ning").get(f"/console/supplies/{paper.pk}/").content.decode()


def test_a_refill_on_the_phone(desk: Desk, paper: SupplyLevel) -> None:
    client, address = desk.client("ren"), f"/console/supplies/{paper.pk}/refill/"
    stock = Stock.objects.get(consumable="a4")
    assert "1000 张" in client.get(address).content.decode()
    status, page = post(client, address, added="900", stock=str(stock.pk), note="下午")
    assert (status, 'value="900"' in page, 'value="下午"' in page) == (422, True, True)
    assert "一次最多装 500" in page
    status, _page = post(client, address, added="430", full="on", stock=str(stock.pk), note="")
    assert status == 302
    stock.refresh_from_db()
    paper.refresh_from_db()
    assert (stock.balance, paper.amount, paper.fill_source) == (570, 500, "person")
    assert desk.client("ning").post(address, {"added": "1"}).status_code == 403
    assert desk.client("shui").post(address, {"added": "1"}).status_code == 404
    status, _page = post(client, f"/console/supplies/{paper.pk}/capacity/", capacity="550")
    assert status == 302
    assert post(client, f"/console/supplies/{paper.pk}/capacity/", capacity="0")[0] == 422


def test_the_stock_book(desk: Desk, paper: SupplyLevel) -> None:
    client = desk.client("ren")
    stock = Stock.objects.get(consumable="a4")
    book = f"/console/stock/{stock.pk}/"
    assert "1000 张" in client.get("/console/stock/").content.decode()
    assert post(client, f"{book}out/", amount="30", why="调往杭锦旗")[0] == 302
    status, page = post(client, f"{book}out/", amount="5000", why="太多")
    assert (status, "库存只有 970 张" in page, "太多" in page) == (422, True, True)
    assert post(client, f"{book}count/", counted="960", why="")[0] == 422
    assert post(client, f"{book}count/", counted="960", why="受潮")[0] == 302
    line = StockMovement.objects.get(amount=-30)
    assert post(client, f"/console/stock/lines/{line.pk}/correct/", why="记错了")[0] == 302
    page = client.get(book).content.decode()
    assert f"更正第 {line.pk} 笔" in page
    assert "出库（已更正）" in page
    assert client.get(f"{book}?export=csv").status_code == 200
    for name, status in (("shui", 404), ("mo", 404), ("ou", 404), ("lin", 200), ("ning", 200)):
        assert desk.client(name).get(book).status_code == status, name
    for name, status in (("ning", 403), ("shui", 404)):
        assert desk.client(name).post(f"{book}out/", {"amount": "1", "why": "x"}).status_code == status
    assert desk.client("shui").post(f"/console/stock/lines/{line.pk}/correct/", {"why": "x"}).status_code == 404


def test_numbered_sheets_by_page(desk: Desk, paper: SupplyLevel) -> None:
    client = desk.client("ren")
    stock = Stock.objects.get(consumable="certificate")
    status, page = post(
        client, "/console/stock/in/", organization="RS", area="KBS", consumable="certificate", first="YS0020",
        last="YS0030",
    )  # fmt: skip
    assert (status, "YS0020 已经登记过" in page, 'value="YS0030"' in page) == (422, True, True)
    assert post(client, "/console/stock/in/", organization="RS", area="KBS", consumable="certificate")[0] == 422
    assert post(client, "/console/stock/in/", organization="RS", area="KBS", consumable="a4")[0] == 422
    status, page = post(
        client, "/console/stock/in/", organization="SW", area="KBS", consumable="a4", amount="5"
    )  # fmt: skip
    assert status == 422  # not his body
    sheets = f"/console/stock/{stock.pk}/sheets/"
    assert post(client, sheets, event="void", first="YS0001", last="YS0002", why="")[0] == 422
    assert post(client, sheets, event="void", first="YS0001", last="YS0002", why="印坏")[0] == 302
    page = client.get(f"/console/stock/{stock.pk}/").content.decode()
    assert "YS0001—YS0002" in page
    assert "YS0003—YS0020" in page
    assert StockSheet.objects.filter(state="void").count() == 2
    assert client.get(f"/console/stock/in/?stock={stock.pk}").content.decode().count("selected") >= 2
    assert client.get("/console/stock/in/?stock=²x").status_code == 200


def test_the_line_begins_where_it_is_known(desk: Desk, paper: SupplyLevel, today: datetime) -> None:
    row = supply_queries.get_supply(desk.actor("ren"), paper.pk)
    uses = supply_queries.uses_between(row, today - 14 * DAY, today)
    line = level_line(row, uses, supply_queries.fills_of(row), today, 0.2)
    assert line is not None
    points = [tuple(map(float, one.split(","))) for one in line.past.split()]
    assert points == sorted(points, key=lambda one: one[0])
    assert all(0 <= x <= 720 and 0 <= y <= 160 for x, y in points)
    assert line.fills
    row.grade = "words"
    assert level_line(row, uses, [], today, 0.2) is None
    assert [shade(n, 10) for n in (0, 0.1, 4, 9.9, 10)] == [0, 1, 2, 5, 5]
    profile = supply_queries.profile_of(row, today)
    assert sum(len(day.cells) for day in week_picture(profile, get_consumable("a4"))) == 168
