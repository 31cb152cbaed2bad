"""Every page of the console and of the public, after a night: axe-core finds nothing, nothing is too wide."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from house import Stage
from playwright.sync_api import Page, sync_playwright
from tests.accessibility import violations, wider

from budayang.cli.story import night

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from morning import morning  # noqa: E402
from pictures import Windows  # noqa: E402
from shots import AFTERWARDS, CHECKED, CONSOLE, PHONE, PUBLIC  # noqa: E402


@dataclass(frozen=True, slots=True)
class Morning:
    """A house in which a night was played, and what stands in the addresses of its pages."""

    stage: Stage
    names: dict[str, str]


@pytest.fixture(scope="module")
def after_a_night(stage: Stage) -> Morning:
    links = night(stage)
    assert all(link.ok for link in links), links[-1]
    order = next(link.detail for link in links if link.name == "one_order").split()[0]
    return Morning(stage, {"order": order, **morning(stage)})


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.long
def test_every_page_is_accessible_and_fits(
    after_a_night: Morning, chromium: str, chromium_flags: tuple[str, ...]
) -> None:
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        windows = Windows(browser, after_a_night.stage, after_a_night.names)
        for shot in (*PUBLIC, *AFTERWARDS, *CONSOLE, *CHECKED):
            page = windows.visit(shot)
            troubles += looked_at(page, shot.name)
            if shot.size != PHONE:
                # What is made for a desk must also fit a phone: the keeper's is the only screen at two in the morning.
                page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
                troubles += looked_at(page, f"{shot.name}, on a phone")
        browser.close()
    assert not troubles


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page at its size."""
    found = [f"{name}: {one}" for one in violations(page)]
    return [*found, f"{name}: wider than the screen"] if wider(page) > 0 else found
