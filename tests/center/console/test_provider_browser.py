"""Pages of payment providers, e-licence sources and an incident's reason in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import SYSTEM, Desk, build

from budayang.center.maintenance import balancing
from budayang.center.maintenance.models import Incident
from budayang.center.platform.models import Transition
from budayang.center.services import hearing, licence_line
from budayang.center.services.models import LicenceSource, PaymentProvider, Reconciliation
from budayang.center.services.payments import actions

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    """A desk with two providers, one of them silent, two sources, and a day that differs."""
    now = timezone.now()
    desk = build(now)
    city, far = desk.hall.city.path, desk.hall.far_area.place.path
    bank = actions.set_provider(
        SYSTEM, "BANK", name="城市商业银行收单", url="https://pay.example.cn/budayang/door", key="k",
        place_path=city, now=now,
    )  # fmt: skip
    actions.set_provider(
        SYSTEM, "NEAR", name="旗农信社收单", url="https://near.example.cn/pay", key="k", place_path=far, now=now
    )
    hearing.note_answer(PaymentProvider, bank.pk, "", now)
    near = PaymentProvider.objects.get(code="NEAR")
    for _turn in range(3):
        hearing.note_answer(PaymentProvider, near.pk, "ConnectError", now)
    for back, state, differing in ((1, "differs", 2), (2, "even", 0), (3, "waiting", 0)):
        day = (now - timedelta(days=back)).date()
        done = None if state == "waiting" else now
        Reconciliation.objects.create(provider=bank, on=day, state=state, differing=differing, matched=7, done_at=done)
    lib = licence_line.set_source(SYSTEM, "LIB", name="市电子证照库", url="https://lib.example.cn/licences", key="k")
    licence_line.set_source(SYSTEM, "OLD", name="旧证照库", url="https://old.example.cn", key="k", active=False)
    hearing.note_answer(LicenceSource, lib.pk, "HTTP 503", now)
    told = Transition(
        kind="services.reconciliation_differs", subject="provider:BANK", place_path=city, occurred_at=now,
        recorded_at=now,
        payload={
            "day": Reconciliation.objects.get(state="differs").pk, "on": "2026-11-25", "provider": bank.name,
            "differing": 2, "lines": [
                {"kind": "pay", "number": "KBS01-7F3A-000017-C-P1", "verdict": "theirs_only", "ours_fen": None,
                 "theirs_fen": 1250},
                {"kind": "refund", "number": "KBS01-7F3A-000012-C-P1-R", "verdict": "amount_differs", "ours_fen": 500,
                 "theirs_fen": 700},
            ],
        },
    )  # fmt: skip
    balancing.hear_days([told], now)
    return desk


@pytest.mark.parametrize("size", SIZES)
def test_each_page_is_accessible_and_fits(
    desk: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    incident = Incident.objects.get(kind="reconciliation_differs").pk
    pages = {
        "zhu": {
            "providers": "/console/providers/",
            "provider-areas": "/console/providers/areas/",
            "provider": "/console/providers/BANK/",
            "provider-silent": "/console/providers/NEAR/",
            "provider-new": "/console/providers/new/",
            "provider-edit": "/console/providers/BANK/edit/",
            "incident-difference": f"/console/incidents/{incident}/",
        },
        "sys": {
            "licences": "/console/licences/",
            "licence": "/console/licences/LIB/",
            "licence-edit": "/console/licences/LIB/edit/",
        },
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
                wrong += judge(page, title)
                page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
