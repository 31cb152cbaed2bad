"""A Chromium page of its own for each test of the screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from screens_stage import ORIGIN, StageTerminal, serve, stage

# Scoped by module: Playwright's loop runs as long as the browser is open and would upset other modules' tests.


@pytest.fixture(scope="module")
def browser(chromium: str, chromium_flags: tuple[str, ...]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        yield started
        started.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., tuple[Page, StageTerminal]]]:
    """show(view, path, width, height) opens a screen; script errors and refused inline code fail the test."""
    opened: list[Page] = []
    trouble: list[str] = []

    def open_page(
        view: dict[str, Any], path: str = "/", width: int = 1080, height: int = 1920
    ) -> tuple[Page, StageTerminal]:
        terminal, client = stage(view)
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)
        serve(page, client)
        page.goto(ORIGIN + path)
        opened.append(page)
        return page, terminal

    yield open_page
    for page in opened:
        page.close()
    assert not trouble


@pytest.fixture(scope="session")
def pictures(artifacts: Path) -> Path:
    folder = artifacts / "screens"
    folder.mkdir(exist_ok=True)
    return folder
