"""Pages of departments' own machines and of their relays in Chromium: axe, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, judge, open_page, sign_in
from tests.center.console.test_browser import in_chromium as in_chromium
from tests.center.console.the_desk import Desk, build

from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions, watching_actions, watching_verdicts
from budayang.center.terminals.models import IngestLease, StatusInterval, Terminal, WatchFound

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SYSTEM = Actor.system()
PAGES = {
    "watching": "/console/watching/",
    "watched-off": "/console/watching/KBS-11/",
    "watched-well": "/console/watching/KBS-12/",
    "watched-nothing": "/console/watching/KBS-13/",
    "watching-costs": "/console/watching/costs/",
    "source-plug": "/console/watching/KBS-13/sources/plug/",
    "source-snmp": "/console/watching/KBS-13/sources/snmp_printer/",
    "seen": "/console/watching/KBS-11/seen/",
    "relay-choice": "/console/watching/KBS-13/relay/",
    "watch-cost": "/console/watching/KBS-11/cost/",
    "relays": "/console/relays/",
    "relay": "/console/relays/KBS-R1/",
    "relay-new": "/console/relays/new/",
}
NAMES = ("不动产登记自助查询机", "公积金专机", "税务专机")


@pytest.fixture
def watched_hall(transactional_db: None) -> Desk:
    """One machine switched off by hand, one that serves, one of which nothing is known; something found in the hall."""
    now = timezone.now()
    desk = build(now)
    code = desk.hall.area.code
    relay = actions.register_terminal(
        SYSTEM, code="KBS-R1", name="值班室电脑", area=code, owner="RS", kind="relay", now=now, is_demo=True
    )
    machines = [
        actions.register_terminal(
            SYSTEM, code=f"KBS-{number}", name=name, area=code, owner="RS", kind="watched", now=now, is_demo=True
        )
        for number, name in enumerate(NAMES, 11)
    ]
    IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": now + timedelta(hours=1)})
    ids = [relay.pk, *(one.pk for one in machines)]
    Terminal.objects.filter(pk__in=ids).update(state="active", last_seen_at=now, enrolled_at=now)
    at = now - timedelta(hours=9)
    for number, (machine, load, page) in enumerate(zip(machines, ("off", "drawing"), ("down", "ok"), strict=False), 11):
        watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, now)
        for kind, settings, state in (
            ("plug", {"url": "mqtt://192.168.10.5", "topic": f"tele/plug-{number}/SENSOR"}, load),
            ("http", {"url": f"http://192.168.10.{number}:8080/zizhu/index.html"}, page),
        ):
            source = watching_actions.add_source(SYSTEM, machine.pk, kind=kind, settings=settings, now=now)
            _tell(machine, source.subject, "load" if kind == "plug" else "http", state, at, now)
        watching_actions.record_seen(
            SYSTEM, machine.pk, what="test_print", state="working", at=at, now=now, note="试打一张，出纸正常，字迹清楚"
        )
    offers = [
        {"kind": "ping", "settings": {"host": "192.168.10.33", "count": 3}, "saw": "有应答 0.6 ms"},
        {"kind": "tcp", "settings": {"host": "192.168.10.33", "port": 9100}, "saw": "打印（原始端口） 9100 端口在听"},
    ]
    WatchFound.objects.create(relay=relay, host="192.168.10.33", sources=offers, found_at=now)
    watching_verdicts.rejudge(ids[1:], now)
    return desk


def _tell(machine: Terminal, subject: str, prop: str, state: str, at: datetime, now: datetime) -> None:
    StatusInterval.objects.create(
        terminal=machine, subject=subject, property=prop, kind=subject.split("-")[0], state=state, since=at,
        received_at=now,
    )  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_each_page_of_watching_is_accessible_and_fits(
    watched_hall: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        for title, address in PAGES.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_code_a_token_and_a_finding_are_handled_where_they_stand(
    watched_hall: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    def visit(browser: Browser) -> tuple[list[str], str, str]:
        errors: list[str] = []
        page = open_page(browser, "phone", errors)
        page.on("dialog", lambda dialog: dialog.accept())
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/relays/KBS-R1/")
        page.get_by_label("归到").select_option("KBS-12")
        page.get_by_role("button", name="确定").click()
        page.goto(f"{live_server.url}/console/watching/KBS-12/")
        sources = page.locator(".device.source").all_inner_texts()
        page.goto(f"{live_server.url}/console/relays/KBS-R1/")
        page.get_by_role("button", name="发入网码").click()
        page.locator(".secret").wait_for()
        wrong = judge(page, "relay-code")
        page.screenshot(path=artifacts / "console-relay-code-phone.png", full_page=True)
        page.goto(f"{live_server.url}/console/watching/KBS-13/sources/heartbeat/")
        page.get_by_role("button", name="添加").click()
        token = page.locator(".secret").inner_text()
        wrong += judge(page, "token")
        page.screenshot(path=artifacts / "console-token-phone.png", full_page=True)
        return wrong + errors, "\n".join(sources), token

    wrong, sources, token = in_chromium(visit)
    assert wrong == []
    assert "192.168.10.33 9100" in sources, "what was found is a source of the machine that was named"
    assert len(token) >= 20
