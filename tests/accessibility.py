"""axe-core on a page that stands open in a real browser, and whether the page is wider than its screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# 7:1 for every text, and targets for a finger: the terminal's own bars, above the AA rules that axe runs by itself.
TERMINAL_RULES: Mapping[str, Any] = {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}}
# Only what is wrong is described: most of the time of a run goes into describing what is right.
_RUN = """async (rules) => {
  const found = await axe.run(document, {rules, resultTypes: ['violations']});
  const told = (n) => n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + n.failureSummary;
  return found.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map(told).join(' | '));
}"""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page: Page, rules: Mapping[str, Any] | None = None) -> list[str]:
    """What axe finds, one line a rule that is broken, with the first three places."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(_RUN, dict(rules or {}))
    return found


def wider(page: Page) -> int:
    """By how many CSS pixels the page is wider than its screen."""
    return int(page.evaluate(_WIDER))
