"""A long form with materials from a phone: a real terminal and a real phone page in Chromium, real processes between
them; then a joint matter in one go. Looked at by axe-core, kept as pictures.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import zxingcpp
from house import Facts, Stage, order, wait_for
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tests.accessibility import TERMINAL_RULES, violations

from budayang.cli.visitors import Citizen as Stranger
from budayang.sandbox.devices.documentcamera import sample_paper

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PATIENCE_S = 60


class Screen:
    """The terminal's screen, followed by its heading."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page, self._pictures = page, pictures
        self.troubles: list[str] = []
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def reach(self, heading: str) -> None:
        ends = time.monotonic() + PATIENCE_S
        shown = ""
        while time.monotonic() < ends:
            with suppress(PlaywrightError):  # between two pages
                shown = self.page.locator("h1").first.inner_text(timeout=2000)
                if heading in shown:
                    return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{heading}: the screen shows {shown}")

    def look(self, name: str, heading: str) -> None:
        self.reach(heading)
        self.page.wait_for_timeout(150)
        self.page.screenshot(path=str(self._pictures / f"forms-{name}.png"))
        assert violations(self.page, TERMINAL_RULES) == [], name

    def touch(self, words: str) -> None:
        button = self.page.get_by_role("button", name=words, exact=True)
        button.or_(self.page.get_by_role("link", name=words, exact=True)).first.tap()

    def pick(self, words: str) -> None:
        self.page.locator("label").filter(has_text=words).first.tap()

    def fill(self, name: str, text: str) -> None:
        self.page.fill(f"[name='{name}']", text)
        self.page.keyboard.press("Escape")

    def next(self) -> None:
        # With the on-screen keyboard up only its own 填好了 stands below: close it first, as a person does.
        done = self.page.locator("[data-keys]:not([hidden]) [data-do=done]:visible")
        if done.count():
            done.first.tap()
        self.page.locator(".act .btn.main").first.tap()


@pytest.fixture
def browser(chromium: str, chromium_flags: tuple[str, ...]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
        yield running
        running.close()


@pytest.fixture
def rested(stage: Stage) -> Iterator[Stage]:
    """Nobody at the terminal, a full printer."""
    order(stage, "printers/1", paper=200, toner=80, page_s=0.4)
    order(stage, "readers/1", card=None)
    yield stage
    order(stage, "readers/1", card=None)
    somebody = Stranger(stage.screen(stage.terminals[0]), stage.sandbox, 1, "")
    somebody.begin()
    if somebody.live()["state"] not in ("attract", "clear"):
        somebody.post("exit")
    somebody.close()


def startable(stage: Stage, item: str) -> bool:
    rows = httpx.get(f"{stage.center}/open/availability.json", timeout=10).json()["rows"]
    mine = [row for row in rows if (row["terminal"], row["item"]) == ("KBS-01", item)]
    return any(row["truth"] in ("doable", "submittable") for row in mine)


def at_the_terminal(browser: Browser, stage: Stage, artifacts: Path) -> tuple[BrowserContext, Screen]:
    context = browser.new_context(
        viewport={"width": 1080, "height": 1920}, has_touch=True, reduced_motion="reduce", locale="zh-CN"
    )
    screen = Screen(context.new_page(), artifacts)
    screen.page.goto(stage.screen(stage.terminals[0]))
    return context, screen


def begin(screen: Screen, stage: Stage, item: str) -> None:
    origin = stage.screen(stage.terminals[0]).split("/start")[0]
    # By day the department works on it at once, by night it is handed in: the test runs at any hour.
    starts = screen.page.get_by_role("button", name=re.compile("^开始(提交|办理)$"))

    def offered() -> bool:
        try:
            screen.page.goto(f"{origin}/items/{item}")
        except PlaywrightError as failure:  # the page went somewhere by itself at this moment: asked again
            if "ERR_ABORTED" not in str(failure):
                raise
            return False
        return starts.count() > 0

    # What the center knows of a department's hours reaches a house that was just built a moment later.
    wait_for("the terminal offers it", offered)
    starts.first.tap()
    screen.reach("知情")
    screen.touch("同意，继续")
    screen.reach("身份证")
    screen.page.wait_for_timeout(1500)  # the reader sees that no card lies there
    order(stage, "readers/1", card="甲")


def test_a_long_form_with_materials_from_a_phone(
    rested: Stage, browser: Browser, artifacts: Path, tmp_path: Path
) -> None:
    stage = rested
    wait_for("the item can be handed in", lambda: startable(stage, "ZZ045"), 120)
    context, screen = at_the_terminal(browser, stage, artifacts)
    begin(screen, stage, "ZZ045")
    screen.look("licences-ask", "少填一些")
    screen.touch("同意，去查")
    screen.look("licences-found", "不用再填")
    screen.touch("下一步")
    screen.look("page-date", "孩子哪天出生")
    expect(screen.page.locator("[name=birth_date]")).to_have_value("2026-03-16")
    screen.next()
    screen.reach("怎样生产")
    screen.next()
    screen.look("page-error", "怎样生产")
    screen.pick("剖宫产")
    screen.look("page-choice", "怎样生产")
    screen.next()
    screen.reach("这次生的孩子")
    screen.pick("男")
    screen.fill("children.0.certificate", "Z150000001")
    screen.look("page-list", "这次生的孩子")
    screen.next()
    screen.reach("谁的生育保险")
    screen.pick("配偶的")
    screen.next()
    screen.look("page-prefilled", "配偶是谁")
    screen.next()
    screen.reach("津贴打到哪里")
    screen.next()
    screen.reach("怎样找到您")
    screen.fill("phone", "13800000000")
    screen.next()
    screen.reach("请您承诺")
    screen.pick("是，我确认")
    screen.next()
    by_camera_and_phone(screen, browser, stage, artifacts, tmp_path)
    screen.look("summary", "请核对")
    screen.page.locator(".answers form").first.scroll_into_view_if_needed()
    screen.touch("提交")
    screen.reach("请取走回执")  # handed in: a department looks at it on a working day
    facts = Facts(stage)
    mine = "SELECT number FROM services_case WHERE item_id = (SELECT id FROM services_item WHERE code = 'ZZ045')"
    (number,) = facts.center(mine)
    sheets = facts.center("SELECT kind, content_sealed FROM services_sheet WHERE number = ? ORDER BY position", number)
    assert sheets == [("birth_certificate", None), ("birth_certificate", None), ("discharge", None)]
    assert facts.center("SELECT count(*) FROM services_uploadedsheet WHERE sealed IS NOT NULL") == [0]
    screen.touch("纸取好了")
    assert screen.troubles == []
    context.close()
    pictures = [one for one in stage.folder.rglob("*") if one.is_file() and b"\xff\xd8\xff\xe0" in one.read_bytes()]
    assert [one for one in pictures if "sandbox" not in one.parts] == [], "no picture lies anywhere in clear"


def by_camera_and_phone(screen: Screen, browser: Browser, stage: Stage, artifacts: Path, tmp_path: Path) -> None:
    """One sheet by the document camera, one from a phone that reads the code on the screen, one more by camera."""
    screen.look("sheets-empty", "出生医学证明")
    screen.touch("拍一张")
    expect(screen.page.locator(".sheet-card")).to_have_count(1, timeout=PATIENCE_S * 1000)
    screen.touch("显示二维码")
    code = screen.page.locator(".phone .qr svg")
    expect(code).to_be_visible()
    screen.look("sheets-code", "出生医学证明")
    shot = tmp_path / "qr.png"
    code.screenshot(path=str(shot))
    with Image.open(shot) as picture:
        (read,) = zxingcpp.read_barcodes(picture)
    phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="zh-CN")
    page = phone.new_page()
    page.goto(read.text)
    expect(page.locator("h1")).to_have_text("上传材料")
    paper = tmp_path / "paper.jpg"
    paper.write_bytes(sample_paper("phone DEMO", lines=24))
    page.screenshot(path=str(artifacts / "forms-phone.png"), full_page=True)
    assert violations(page) == []
    first = page.locator("form.card").first
    first.locator("input[type=file]").set_input_files(str(paper))
    first.locator("button[type=submit]").tap()
    expect(page.get_by_text("已收到 1 张").first).to_be_visible()
    page.screenshot(path=str(artifacts / "forms-phone-sent.png"), full_page=True)
    blank = tmp_path / "blank.jpg"
    blank.write_bytes(sample_paper(lines=0))
    first = page.locator("form.card").first
    first.locator("input[type=file]").set_input_files(str(blank))
    first.locator("button[type=submit]").tap()
    expect(page.get_by_role("alert")).to_contain_text("几乎是空白")
    page.screenshot(path=str(artifacts / "forms-phone-refused.png"), full_page=True)
    stranger = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
    stranger.goto(read.text)
    expect(stranger.locator("h1")).to_contain_text("别的手机")
    expect(screen.page.locator(".sheet-card")).to_have_count(2, timeout=PATIENCE_S * 1000)
    screen.look("sheets-two", "出生医学证明")
    phone.close()
    screen.next()
    screen.reach("出院小结")
    screen.touch("拍一张")
    expect(screen.page.locator(".sheet-card")).to_have_count(1, timeout=PATIENCE_S * 1000)
    screen.next()


def test_a_joint_matter_in_one_go(rested: Stage, browser: Browser, artifacts: Path) -> None:
    stage = rested
    wait_for("its first part can be done", lambda: startable(stage, "ZZ001"), 120)
    context, screen = at_the_terminal(browser, stage, artifacts)
    origin = stage.screen(stage.terminals[0]).split("/start")[0]
    screen.look("home", "您想办什么")
    screen.page.goto(f"{origin}/events/job")
    screen.look("joint-list", "换工作")
    screen.page.goto(f"{origin}/items/YJSJY")
    screen.look("joint-item", "就业上岗一件事")
    begin(screen, stage, "YJSJY")
    screen.reach("怎样就业")
    screen.pick("去新单位上班")
    screen.next()
    screen.reach("以前在别的地方")
    screen.pick("参过")
    screen.next()
    screen.reach("公积金")
    screen.pick("没有")
    screen.next()
    screen.reach("怎样找到您")
    screen.fill("phone", "13800000000")
    screen.next()
    screen.reach("请您承诺")
    screen.pick("是，我确认")
    screen.next()
    screen.look("joint-summary", "请核对")
    screen.touch("提交")
    screen.look("joint-take", "请取走纸张")
    code = screen.page.locator(".receipt .code").nth(1).inner_text()
    screen.touch("纸取好了")
    screen.look("joint-rate", "办得怎么样")
    facts = Facts(stage)
    (number,) = facts.center("SELECT number FROM services_jointcase")
    parts = facts.center("SELECT item_code, kind FROM services_jointpart ORDER BY position")
    assert parts[-1] == ("ZZ013", "window")
    assert ("ZZ001", "case") in parts
    assert screen.troubles == []
    context.close()
    progress(browser, stage, number, code, artifacts)


def progress(browser: Browser, stage: Stage, number: str, code: str, artifacts: Path) -> None:
    """The public page by number and code, on a phone."""
    phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="zh-CN")
    page = phone.new_page()
    page.goto(f"{stage.center}/progress/")
    page.fill("#number", number)
    page.fill("#code", code)
    page.get_by_role("button", name="查进度").tap()
    expect(page.locator("h1")).to_have_text("就业上岗一件事")
    page.screenshot(path=str(artifacts / "forms-joint-progress.png"), full_page=True)
    assert violations(page) == []
    phone.close()
