"""Pages of consumables in a real Chromium, on desk and phone: nothing that axe-core objects to, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.test_supply_pages import furnish
from tests.center.console.the_desk import Desk, build

from budayang.center.terminals import stock_actions, supply_actions
from budayang.center.terminals.models import Stock, SupplyLevel

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(transactional_db: None) -> tuple[Desk, SupplyLevel]:
    """A month of use, a stock with lines and numbered sheets in every place."""
    now = timezone.now()
    desk = build(now)
    paper = furnish(desk, now)
    ren, sheets = desk.actor("ren"), Stock.objects.get(consumable="certificate")
    certificate = SupplyLevel.objects.create(
        terminal=desk.hall.terminal, subject="printer", consumable="certificate", capacity=100
    )
    supply_actions.refill(ren, certificate, added=8, stock=sheets, first="YS0001", last="YS0008", now=now)
    stock_actions.mark_sheets(ren, sheets, event="use", first="YS0001", last="YS0005", now=now)
    stock_actions.mark_sheets(ren, sheets, event="void", first="YS0006", last="", why="卡纸撕坏", now=now)
    stock_actions.take_out(ren, Stock.objects.get(consumable="a4"), amount=200, why="调往杭锦旗自助区", now=now)
    return desk, paper


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_consumables_are_accessible_and_fit(
    shown: tuple[Desk, SupplyLevel],
    live_server: Any,
    in_chromium: Callable[..., Any],
    artifacts: Path,
    size: str,
) -> None:
    _desk, paper = shown
    plain, sheets = (Stock.objects.get(consumable=one) for one in ("a4", "certificate"))
    pages = {
        "supplies": "/console/supplies/",
        "supply": f"/console/supplies/{paper.pk}/",
        "supply-refill": f"/console/supplies/{paper.pk}/refill/",
        "stock": "/console/stock/",
        "stock-book": f"/console/stock/{plain.pk}/",
        "stock-sheets": f"/console/stock/{sheets.pk}/",
        "stock-in": "/console/stock/in/",
        "stock-mark": f"/console/stock/{sheets.pk}/sheets/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "ren")
        for title, address in pages.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
