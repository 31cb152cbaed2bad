"""Every page of the console and of the public, after a night: axe-core finds nothing, nothing is too wide."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from house import Stage
from playwright.sync_api import sync_playwright

from budayang.cli.story import night

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from pictures import CONSOLE, PHONE, PUBLIC, Shot, visit  # noqa: E402  # the pages are listed once, where they are pictured

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
VIOLATIONS = "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)))"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.browser
@pytest.mark.processes
def test_every_page_is_accessible_and_fits(stage: Stage, chromium: str, chromium_flags: tuple[str, ...]) -> None:
    links = night(stage)
    assert all(link.ok for link in links), links[-1]
    order = next(link.detail for link in links if link.name == "one_order").split()[0]
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        shots = [*PUBLIC, *CONSOLE]
        # What is made for a desk must also fit a phone: the keeper's is the only screen at two in the morning.
        shots += [Shot(f"{one.name}-phone", one.zh, one.en, one.path, one.who, PHONE) for one in CONSOLE]
        for shot in shots:
            page = visit(browser, stage, shot, order)
            page.evaluate(AXE)
            troubles += [f"{shot.name}: {found}" for found in page.evaluate(VIOLATIONS)]
            if page.evaluate(TOO_WIDE) > 0:
                troubles.append(f"{shot.name}: wider than the screen")
            page.context.close()
        browser.close()
    assert not troubles
