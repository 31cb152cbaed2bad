"""Acceptance, archive and order with its asset in a real Chromium: accessible, no wider than the phone. The other pages
are among those of tools/shots.py, which a story visits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.maintenance.the_books import HOUR, build

from budayang.center.maintenance import ledger_archiving
from budayang.center.maintenance.models import Asset, LedgerArchive, WorkOrder
from budayang.center.platform.models import Work
from budayang.center.platform.works import Progress

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def books(night: Desk) -> Desk:
    """Every ledger has something to tell, and last year is archived."""
    now = timezone.now()
    build(night.hall, now - 3 * HOUR)
    row = ledger_archiving.close_year(night.actor("lin"), night.hall.area.place, now.year - 1, now=now)
    assert row.work is not None
    Work.objects.filter(pk=row.work.pk).update(state="running")
    ledger_archiving.make_archive(Progress(row.work.pk), {"archive": row.pk})
    return night


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    books: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    waiting = Asset.objects.get(code="ZC-003").pk
    archive = LedgerArchive.objects.get().pk
    pages = {
        "asset-accept": f"/console/assets/{waiting}/accept/",
        "archive": f"/console/ledgers/archives/{archive}/?compare=1",
        "order": f"/console/orders/{WorkOrder.objects.earliest('pk').number}/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in pages.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
