"""The night's journey in a real Chromium at a real terminal: touched by what stands on the buttons, looked at by
axe-core, kept as pictures; afterwards nothing of the person is anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import traces
from house import Facts, Stage, clerk, nothing_left, order, wait_for
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, Route, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tests.accessibility import TERMINAL_RULES, violations

from budayang.cli.story import CASE
from budayang.cli.visitors import Citizen as Stranger
from budayang.sandbox.citizens import Citizen, find_citizen

pytestmark = [pytest.mark.browser, pytest.mark.processes]

STORED = """async () => ({local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker?.getRegistrations() ?? []).length})"""
NAME = "个人参保证明查询打印"
PATIENCE_S = 60
# Each screen that is looked at, in order, and the state in which the terminal draws it.
SCREENS = {
    **{name: name for name in ("attract", "choose")},
    "item": "choose",
    **{name: name for name in ("consent", "identity", "fill", "confirm", "submit", "print")},
    "paper-out": "print",
    **{name: name for name in ("take", "rate", "clear")},
    "next": "attract",
}


class Screen:
    """The terminal's screen and the finger before it."""

    def __init__(self, page: Page, pictures: Callable[[str], Path]) -> None:
        self.page = page
        self.addresses: list[str] = []
        self.troubles: list[str] = []
        self.seen: list[str] = []
        self._pictures = pictures
        self._held: list[Route] = []
        page.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._hear)
        page.on("response", self._judge)
        # What tells a page that the journey has gone on is held back, so that it can be looked at in peace.
        page.route("**/api/live?*", lambda route: self._held.append(route))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.troubles.append(said.text)

    def _judge(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status} {response.url}")

    def reach(self, state: str, heading: str) -> None:
        """Let the page follow the journey until it shows that state under that heading."""
        ends = time.monotonic() + PATIENCE_S
        while not (self._state() == state and heading in self.heading().inner_text()):
            assert time.monotonic() < ends, f"{state} {heading}: the screen shows {self._state()}"
            while self._held:
                with suppress(PlaywrightError):  # its page has gone
                    self._held.pop().continue_()
            self.page.wait_for_timeout(100)

    def _state(self) -> str | None:
        with suppress(PlaywrightError):  # between two pages
            return self.page.locator("body").get_attribute("data-state", timeout=2000)
        return None

    def heading(self) -> Locator:
        return self.page.locator("h1").first

    def button(self, words: str) -> Locator:
        """The one thing that can be touched and is called so."""
        page = self.page
        return page.get_by_role("button", name=words).or_(page.get_by_role("link", name=words)).first

    def touch(self, words: str) -> None:
        self.button(words).tap()

    def pick(self, words: str) -> None:
        """Touch a choice by its own words."""
        self.page.locator("label").filter(has_text=words).first.tap()

    def look(self, name: str, heading: str) -> None:
        """The screen says so; a picture is kept and axe finds nothing."""
        for again in (True, True, False):
            self.reach(SCREENS[name], heading)
            try:
                self.page.screenshot(path=str(self._pictures(name)))
                assert violations(self.page, TERMINAL_RULES) == [], name
                break
            except PlaywrightError as error:  # what is offered has changed: the page renewed itself under our eyes
                if not again or "navigation" not in str(error):
                    raise
        self.seen.append(name)


@pytest.fixture
def browser_at(
    chromium: str, chromium_flags: tuple[str, ...], tmp_path: Path
) -> Iterator[Callable[[int, int], tuple[BrowserContext, Path]]]:
    """A browser with a profile on disk, as in a kiosk; gives its context and the profile's folder."""
    opened: list[BrowserContext] = []
    with sync_playwright() as playwright:

        def start(width: int, height: int) -> tuple[BrowserContext, Path]:
            profile = tmp_path / "profile"
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=chromium,
                args=list(chromium_flags),
                viewport={"width": width, "height": height},
                has_touch=True,
                reduced_motion="reduce",
                locale="zh-CN",
            )
            opened.append(context)
            return context, profile

        yield start
        for context in opened:
            context.close()


@pytest.fixture
def rested(stage: Stage) -> Iterator[Stage]:
    """The house with nobody at the terminal, and a full printer; left so even by a test that fails."""
    order(stage, "printers/1", paper=200, toner=80, page_s=0.6)
    order(stage, "departments/RS", delay_s=0)
    lay(stage, None)
    yield stage
    lay(stage, None)
    somebody = Stranger(stage.screen(stage.terminals[0]), stage.sandbox, 1, "")
    somebody.begin()
    if somebody.live()["state"] not in ("attract", "clear"):
        somebody.post("exit")
    somebody.close()


def lay(stage: Stage, key: str | None) -> None:
    order(stage, "readers/1", card=key)


def doable(stage: Stage) -> bool:
    rows = httpx.get(f"{stage.center}/open/availability.json", timeout=10).json()["rows"]
    return any((row["terminal"], row["item"], row["truth"]) == ("KBS-01", "ZZ001", "doable") for row in rows)


@pytest.mark.parametrize(("width", "height", "key"), [(1080, 1920, "甲"), (1920, 1080, "乙")])
def test_the_journey(
    width: int,
    height: int,
    key: str,
    rested: Stage,
    browser_at: Callable[[int, int], tuple[BrowserContext, Path]],
    artifacts: Path,
) -> None:
    stage, person = rested, find_citizen(key)
    assert person is not None
    wait_for("the item can be done at this terminal", lambda: doable(stage), 90)
    context, profile = browser_at(width, height)
    page = context.pages[0]

    def picture(name: str) -> Path:
        return artifacts / f"night-{width}x{height}-{list(SCREENS).index(name) + 1:02}-{name}.png"

    screen = Screen(page, picture)
    page.goto(stage.screen(stage.terminals[0]))
    choose_and_agree(screen)
    identify(screen, stage, person)
    number = hand_in(screen, stage, person)
    print_take_and_rate(screen, stage)
    nothing_remains(screen, context, person, number)
    assert screen.seen == list(SCREENS)
    assert screen.troubles == []
    written = " ".join(screen.addresses)
    assert not any(text in written for text in traces.TRACES)
    origin = urlsplit(stage.screen(stage.terminals[0])).netloc
    assert {urlsplit(address).netloc for address in screen.addresses} == {origin}, "the screen speaks to nobody else"
    context.close()
    assert traces.in_files(profile) == [], "the browser's own folder"
    facts = Facts(stage)
    wait_for("all news dealt with", facts.quiet, 90)
    facts.inbox_is_what_was_sent()
    assert facts.center("SELECT level FROM evaluation_rating WHERE case_number = ?", number) == ["very_satisfied"]
    supervisor = clerk(stage, "zhu")
    shown = supervisor.read("/console/cases/").text
    supervisor.close()
    assert number in shown
    assert not any(text in shown for text in traces.TRACES)
    nothing_left(stage)


def choose_and_agree(screen: Screen) -> None:
    """attract → choose → consent"""
    screen.look("attract", "您想办什么")
    screen.heading().tap()
    screen.look("choose", "您想办什么")
    screen.touch("打印证明")
    expect(screen.heading()).to_have_text("打印证明")
    screen.touch(NAME)
    screen.look("item", NAME)
    screen.touch("开始办理")
    screen.look("consent", "请您知情")
    screen.touch("同意，继续")


def identify(screen: Screen, stage: Stage, person: Citizen) -> None:
    """identity → fill"""
    screen.look("identity", "身份证")
    # The reader must have seen that no card lies there. Looking at the picture took longer than that.
    lay(stage, person.key)
    screen.look("fill", "请填写")
    assert no_word_of(person, screen.page.content())
    # What most people want stands filled in.
    expect(screen.page.locator("input[name=insurance][value=all]")).to_be_checked()
    expect(screen.page.locator("input[name=months][value='12']")).to_be_checked()
    screen.pick("最近24个月")
    screen.pick("贷款")
    screen.touch("下一步：核对")


def hand_in(screen: Screen, stage: Stage, person: Citizen) -> str:
    """confirm → submit → print; gives the case's number."""
    page = screen.page
    screen.look("confirm", "请核对")
    assert no_word_of(person, page.content()), "masked until the finger is down"
    screen.button("按住显示").hover()
    page.mouse.down()
    expect(page.locator("[data-clear=id_number]")).to_have_text(person.id_number)
    expect(page.locator("[data-clear=name]")).to_have_text(person.name)
    page.mouse.up()
    expect(page.locator("[data-clear=id_number]")).not_to_have_text(person.id_number)
    assert no_word_of(person, page.content())
    order(stage, "departments/RS", delay_s=6)
    page.get_by_role("button", name="提交", exact=True).tap()
    screen.look("submit", "")
    found = CASE.search(page.locator("main").inner_text())
    assert found is not None, "the person can note the number while waiting"
    order(stage, "departments/RS", delay_s=0)
    return found[0]


def print_take_and_rate(screen: Screen, stage: Stage) -> None:
    """print, with the paper running out → take → rate → clear → attract"""
    page = screen.page
    order(stage, "printers/1", paper=1, page_s=3)
    screen.look("print", "正在打印")
    screen.look("paper-out", "没打完，但事情已经办好")
    expect(page.get_by_role("alert").first).to_contain_text("没有纸")
    order(stage, "printers/1", paper=200, page_s=0.6)
    screen.look("take", "请取走纸张")
    screen.touch("纸取好了")
    screen.look("rate", "办得怎么样")
    screen.pick("非常满意")
    screen.touch("提交评价")
    screen.look("clear", "请慢走")
    lay(stage, None)


def nothing_remains(screen: Screen, context: BrowserContext, person: Citizen, number: str) -> None:
    """The next person finds nothing of this one: not on the page, not behind 返回, not in the browser."""
    page = screen.page
    screen.look("next", "您想办什么")
    stored: dict[str, Any] = page.evaluate(STORED)
    assert stored == {"local": 0, "session": 0, "cookies": "", "databases": 0, "caches": 0, "workers": 0}
    assert [cookie["name"] for cookie in context.cookies()] == ["budayang_kiosk"]
    for cookie in context.cookies():
        assert no_word_of(person, cookie["value"])
        assert cookie["httpOnly"]
    for _ in range(6):
        shown = page.content()
        assert no_word_of(person, shown)
        assert "测**" not in shown
        assert number not in shown
        if page.go_back() is None:
            break


def no_word_of(person: Citizen, text: str) -> bool:
    """Whether a text tells neither name nor number nor address."""
    return not any(word in text for word in (person.name, person.id_number, person.address))
