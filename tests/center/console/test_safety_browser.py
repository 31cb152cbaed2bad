"""夜间安全 and 停用告示 in a real Chromium: accessible, and fit desk, phone and a display at the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import emergency_actions, fault_notices, safety_actions
from budayang.center.maintenance.models import Camera, DoorEvent, Emergency, FaultNotice

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DOOR_SIZES = ((1080, 1920), (1920, 1080), (390, 844))


@pytest.fixture
def pages(night: Desk) -> dict[str, str]:
    """A card at work, one that is over, a drill to come, tests, keys and cameras; each list has rows."""
    now, hall = timezone.now(), night.hall
    lin, today = hall.actor("lin"), emergency_actions.local_day(hall.area, now)
    hall.tell(hall.other, "door-1", "entrance", "closed", now - timedelta(hours=3), now)
    hall.tell(hall.other, "environment", "x-env.temperature", "tooCold", now - timedelta(hours=1), now)
    DoorEvent.objects.create(area=hall.area, terminal=hall.other, by="card", ok=True, at=now - timedelta(hours=1))
    run = emergency_actions.start(lin, hall.area, "power_cut", now=now - timedelta(minutes=12))
    emergency_actions.tick(lin, run, 0, now=now - timedelta(minutes=9))
    emergency_actions.note_late(now)
    over = emergency_actions.start(lin, hall.area, "fire", now=now - timedelta(hours=5))
    emergency_actions.end(lin, over, note="虚惊，烟感误报", now=now - timedelta(hours=4))
    emergency_actions.plan_drill(lin, hall.area, "network_cut", on=today + timedelta(days=3), now=now)
    bad = safety_actions.start_test(lin, hall.area, "help", now=now - timedelta(hours=2))
    safety_actions.end_test(lin, bad, answered=True, now=now - timedelta(hours=2) + timedelta(seconds=44))
    going = safety_actions.start_test(lin, hall.area, "exit", now=now)
    key = safety_actions.give_key(
        lin,
        hall.area,
        kind="key",
        label="大门机械钥匙 2 号",
        holder="测试保洁员",
        organization=hall.bodies["ZW1"],
        now=now,
    )
    camera = safety_actions.keep_camera(
        lin, Camera(area=hall.area), name="大门外", covers="门口和台阶", recorder="NVR-1", keep_d=90,
        now=now - timedelta(days=200),
    )  # fmt: skip
    safety_actions.check_camera(lin, camera, online=True, earliest_on=today - timedelta(days=41), now=now)
    fault_notices.rebuild(now)
    fault_notices.post_due(now)
    assert Emergency.objects.count() == 3
    return {
        "notices": "/console/fault-notices/",
        "notice": f"/console/fault-notices/{FaultNotice.objects.earliest('pk').pk}/",
        "emergencies": "/console/emergencies/",
        "emergency": f"/console/emergencies/{run.pk}/",
        "emergency-over": f"/console/emergencies/{over.pk}/",
        "emergency-new": "/console/emergencies/new/",
        "drill-new": "/console/emergencies/drill/",
        "cards": "/console/emergency-cards/",
        "doors": "/console/doors/",
        "tests": "/console/safety-tests/",
        "test-new": "/console/safety-tests/new/",
        "test-going": f"/console/safety-tests/{going.pk}/",
        "keys": "/console/keys/",
        "key": f"/console/keys/{key.pk}/",
        "cameras": "/console/cameras/",
        "camera": f"/console/cameras/{camera.pk}/",
        "camera-new": "/console/cameras/new/",
    }


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    pages: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "lin")
        wrong = []
        for name, path in pages.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"safety-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        return wrong + errors

    assert in_chromium(look) == []


def test_the_display_at_the_door_is_read_from_afar_and_says_when_it_is_cut_off(
    pages: dict[str, str], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        for width, height in DOOR_SIZES:
            page = open_page(browser, "desk", errors)
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{live_server.url}/door/KBS/")
            page.screenshot(path=artifacts / f"door-{width}x{height}.png")
            wrong += judge(page, f"door {width}")
        told = list(errors)  # what comes after is the line that this test cuts
        page.clock.install()
        page.goto(f"{live_server.url}/door/KBS/")
        assert page.locator(".stale").is_hidden()
        page.context.set_offline(True)
        page.clock.run_for(20_000)
        page.locator(".stale").wait_for(state="visible")
        return wrong + told

    assert in_chromium(look) == []
