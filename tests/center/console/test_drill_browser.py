"""沙盒演练, 求助呼叫 and the catalogue of signs in a real Chromium: accessible, and fit desk and phone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import drill_halls, emergency_actions, help_calls
from budayang.center.maintenance.models import DrillPlay, FaultNotice, Incident, Notice
from budayang.center.platform import outgoing
from budayang.center.signage import composition_actions
from budayang.center.terminals.models import Terminal
from budayang.wire.mac import public_text

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECOND = timedelta(seconds=1)
KEYS = [f"DRILL-{n:02d}" for n in range(1, 5)]


@pytest.fixture
def pages(night: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A hall, a fire drill in the middle of its play, two calls that wait and one that was answered, a symbol."""
    keys = [{"code": code, "public_key": public_text(Ed25519PrivateKey.generate())} for code in KEYS]
    began = timezone.now() - 90 * SECOND
    told = {"machines": keys, "playing": {"began_at": began.isoformat()}}
    monkeypatch.setattr(drill_halls, "_ask", lambda *_asked: told)
    monkeypatch.setattr(outgoing, "post", lambda *_a, **_k: outgoing.Reply(200, b"{}"))
    now, hall, zhu = timezone.now(), night.hall, night.actor("zhu")
    area = drill_halls.make_hall(zhu, hall.city, now=began).area
    on = emergency_actions.local_day(area, now)
    run = drill_halls.plan_drill(zhu, area, "fire", on=on, scenario="fire", hold_s=300, now=began)
    drill_halls.start_drill(zhu, run, now=began)
    machine = Terminal.objects.get(code="DRILL-01")
    hall.tell(machine, "environment", "x-env.smoke", "on", began + 2 * SECOND, began + 3 * SECOND)
    smoke = Incident.objects.get(kind="site_smoke", area=area)
    Notice.objects.create(
        incident=smoke, place_path=smoke.place_path, severity="urgent", began_at=began, told_at=began + 44 * SECOND
    )
    FaultNotice.objects.create(incident=smoke, area=area, text={}, shown_at=began + 5 * SECOND, changed_at=began)
    emergency_actions.tick(zhu, run, 0, now=began + 30 * SECOND)
    planned = drill_halls.plan_drill(zhu, area, "power_cut", on=on, scenario="power_cut", hold_s=300, now=now)
    for seconds, kind, terminal in ((400, "help", hall.other), (70, "sos", hall.terminal), (12, "help", hall.other)):
        at = now - seconds * SECOND
        hall.inbox(terminal, "help", {"kind": kind, "step": "fill", "item": ""}, at, at + SECOND)
        help_calls.read_presses(at + SECOND)
        if seconds == 400:
            help_calls.answer(night.actor("lin"), help_calls.open_calls(zhu).get(), now=at + 21 * SECOND)
    picture = io.BytesIO()
    Image.new("RGB", (200, 200), "#00703c").save(picture, "PNG")
    composition_actions.import_symbol(
        zhu, hall.city, "entrance", picture.getvalue(), source="GB/T 10001.1-2023 样例", now=now
    )
    return {
        "sandbox": "/console/emergencies/sandbox/",
        "playing": f"/console/emergencies/{run.pk}/",
        "planned": f"/console/emergencies/{planned.pk}/",
        "calls": "/console/help-calls/",
        "kinds": "/console/sign-kinds/?q=entrance",
    }


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    pages: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for name, path in pages.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"drill-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        return wrong + errors

    assert DrillPlay.objects.count() == 2
    assert in_chromium(look) == []
