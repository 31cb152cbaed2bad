"""A paper that a terminal printed is checked by a clerk elsewhere: the code is read off the picture of the sheet, the
page it names opens on a phone, and says what the clerk needs to trust it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import zxingcpp
from house import FORM, ITEM, Citizen, Facts, Stage, order, wait_for
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from tests.accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.processes]

DOTS_PER_INCH = 150  # a sheet as a phone's camera sees it


@pytest.fixture
def printed(stage: Stage) -> Iterator[bytes]:
    """The PDF that the printer of the first terminal put out for a finished matter."""
    order(stage, "printers/1", paper=200, toner=80, page_s=0.3, keep=True)
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲")
    person.begin()
    try:
        wait_for("the item can be done here", lambda: startable(person), 90)
        person.hand_in(ITEM, FORM)
        person.until("take", within_s=90)
        person.post("taken")
        person.post("exit")
        answer = httpx.get(f"{stage.sandbox}/control/printers/1/paper", timeout=20)
        answer.raise_for_status()
        yield answer.content
    finally:
        person.lay_card(None)
        person.close()
        order(stage, "printers/1", keep=False)


def startable(person: Citizen) -> bool:
    return any(item["code"] == ITEM and item["can_start"] for item in person.find("参保"))


def codes_on(paper: bytes, folder: Path) -> list[str]:
    """Every QR code on every sheet, read from its picture."""
    (folder / "paper.pdf").write_bytes(paper)
    draw = ["pdftoppm", "-png", "-r", str(DOTS_PER_INCH), str(folder / "paper.pdf"), str(folder / "sheet")]
    subprocess.run(draw, check=True, capture_output=True)
    found = []
    for sheet in sorted(folder.glob("sheet*.png")):
        with Image.open(sheet) as picture:
            found += [code.text for code in zxingcpp.read_barcodes(picture)]
    return found


def test_the_code_of_a_printed_sheet_leads_to_what_a_clerk_needs(
    printed: bytes, stage: Stage, chromium: str, chromium_flags: tuple[str, ...], artifacts: Path, tmp_path: Path
) -> None:
    (address,) = {one for one in codes_on(printed, tmp_path) if "/verify/" in one}
    (number,) = Facts(stage).center("SELECT number FROM services_case WHERE state = 'done'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        phone = browser.new_context(
            viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="zh-CN"
        )
        page = phone.new_page()
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        text = page.locator("main").inner_text()
        page.screenshot(path=str(artifacts / "verify-phone.png"), full_page=True)
        assert violations(page) == []
        browser.close()
    assert number in text
    for word in ("人社", "演示", "测**"):
        assert word in text, word
    assert "测试甲" not in text, "the name stays masked"
