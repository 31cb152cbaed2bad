"""Every page of the console and of the public, after a night: axe-core finds nothing, nothing is too wide."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from house import Stage
from playwright.sync_api import Page, StorageState, sync_playwright

from budayang.cli.story import night

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from morning import morning  # noqa: E402
from pictures import visit  # noqa: E402
from shots import AFTERWARDS, CHECKED, CONSOLE, PHONE, PUBLIC, Shot  # noqa: E402

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
VIOLATIONS = "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)))"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


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


SEEN = {"public": (*PUBLIC, *AFTERWARDS), "console": CONSOLE, "more": CHECKED}


@pytest.mark.browser
@pytest.mark.processes
@pytest.mark.parametrize("shots", SEEN.values(), ids=SEEN)
def test_every_page_is_accessible_and_fits(
    shots: tuple[Shot, ...], after_a_night: Morning, chromium: str, chromium_flags: tuple[str, ...]
) -> None:
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        people: dict[str, StorageState] = {}
        for shot in shots:
            page = visit(browser, after_a_night.stage, shot, after_a_night.names, people)
            page.evaluate(AXE)
            troubles += looked_at(page, shot.name)
            if shot.size != PHONE:
                # What is made for a desk must also fit a phone: the keeper's is the only screen at two in the morning.
                page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
                troubles += looked_at(page, f"{shot.name}, on a phone")
            page.context.close()
        browser.close()
    assert not troubles


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page at its size."""
    found = [f"{name}: {one}" for one in page.evaluate(VIOLATIONS)]
    return [*found, f"{name}: wider than the screen"] if page.evaluate(TOO_WIDE) > 0 else found
