"""Pages of orders in a real Chromium, on desk and phone: nothing that axe-core objects to, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import Desk, build
from tests.center.hall import SYSTEM
from tests.center.maintenance.test_order_contracts import contract
from tests.center.maintenance.test_order_work import picture

from budayang.center.maintenance import actions, handover_actions, manual_orders, work_actions
from budayang.center.maintenance.models import Handover, WorkOrder
from budayang.center.terminals import stock_actions

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shown(transactional_db: None) -> tuple[Desk, WorkOrder]:
    """A jam under a contract, handed on, paused, with a duplicate, photos and parts, not yet proven."""
    now = timezone.now()
    desk = build(now)
    hall, ren, lin = desk.hall, desk.actor("ren"), desk.actor("lin")
    began = now - timedelta(hours=7)
    hall.tell(hall.terminal, "printer", "media", "jammed", began, began)
    order = WorkOrder.objects.get()
    contract(hall, "VN1", now - timedelta(hours=6), steps=("arrive", "repair"))
    actions.accept_order(ren, order, now=began + 8 * MINUTE)
    actions.transfer(
        ren, order, organization_id=hall.bodies["VN1"].pk, staff_id=hall.staff["mo"].pk, reason="要换搓纸轮",
        now=began + 70 * MINUTE,
    )  # fmt: skip
    mo = desk.actor("mo")
    actions.accept_order(mo, order, now=began + 75 * MINUTE)
    actions.pause(mo, order, reason="no_access", note="商场关门", now=began + 90 * MINUTE)
    actions.resume(mo, order, now=began + 150 * MINUTE)
    twin = manual_orders.open_manual(
        lin, area="KBS", terminal="KBS-01", title="打印不出来", note="市民说的", severity="general",
        now=began + 160 * MINUTE,
    )  # fmt: skip
    actions.merge(lin, twin, order, reason="同一件事", now=began + 165 * MINUTE)
    work_actions.add_photo(mo, order, moment="before", content=picture(60), now=began + 170 * MINUTE)
    stock_actions.receive(SYSTEM, organization=hall.bodies["RS"], area="KBS", consumable="a4", amount=400, now=began)
    work_actions.use_part(mo, order, name="搓纸轮", amount=1, unit="个", cost_fen=3500, now=began + 200 * MINUTE)
    actions.arrive(mo, order, now=began + 380 * MINUTE, at=began + 190 * MINUTE)
    actions.repair(mo, order, note="换了搓纸轮", now=began + 390 * MINUTE)
    hall.tell(hall.terminal, "printer", "media", "present", now, now)
    hall.tell(hall.other, "printer", "toner", "out", now - 40 * MINUTE, now)
    handover_actions.hand_over(
        lin, organization=hall.bodies["ZW1"], place=hall.area.place, taker=hall.staff["zhu"],
        note="二号机的碳粉盒在门后柜子里。\n八点有人来换门锁。", now=now,
    )  # fmt: skip
    return desk, WorkOrder.objects.get(pk=order.pk)


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_orders_are_accessible_and_fit(
    shown: tuple[Desk, WorkOrder],
    live_server: Any,
    in_chromium: Callable[..., Any],
    artifacts: Path,
    size: str,
) -> None:
    desk, order = shown
    shift = f"{desk.hall.bodies['ZW1'].pk}:{desk.hall.area.place.pk}"
    pages = {
        "lin": {
            "orders-all": "/console/orders/",
            "order-repaired": f"/console/orders/{order.number}/",
            "order-new": "/console/orders/new/",
            "handovers": "/console/handovers/",
            "handover-new": f"/console/handovers/new/?shift={shift}",
            "handover": f"/console/handovers/{Handover.objects.get().pk}/",
        },
        "mo": {"order-vendor": f"/console/orders/{order.number}/"},
        "zhu": {"contracts": "/console/contracts/", "contract-new": "/console/contracts/new/"},
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        for name, addresses in pages.items():
            page = open_page(browser, size, errors)
            sign_in(page, live_server.url, name)
            for title, address in addresses.items():
                answer = page.goto(live_server.url + address)
                if answer is None or answer.status != 200:
                    wrong.append(f"{title}: status {answer and answer.status}")
                for closed in page.locator("details:not([open]) > summary").all():
                    if closed.is_visible() and title == "order-repaired":
                        closed.click()
                wrong += judge(page, title)
                page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
