"""Makes docs/pictures and the grid of README.md: plays the night story in real processes and photographs pages.

Usage: .venv/bin/python tools/pictures.py   (needs Chromium; takes about two minutes)
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, ViewportSize, sync_playwright

from budayang.cli.messages import Stop
from budayang.cli.night import FORM, ITEM
from budayang.cli.stage import Stage
from budayang.cli.story import night
from budayang.cli.visitors import Citizen, Clerk
from budayang.data import demo

sys.path.insert(0, str(Path(__file__).parent))
from shots import CONSOLE, PUBLIC, Shot  # beside this file

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--lang=zh-CN",
]
WIDEST = 1440
COLOURS = 128
SETTLED = "() => document.fonts.status === 'loaded' && !document.querySelector('.htmx-request')"
GRID_BELOW = "As it is, photographed from the demonstration by `tools/pictures.py`."
TERMINAL_STATES: tuple[tuple[str, str, str], ...] = (
    ("terminal-home", "终端首页（夜间）", "the terminal's home at night"),
    ("terminal-search", "拼音首字母查找", "search by initials"),
    ("terminal-item", "事项说明", "an item's page"),
    ("terminal-consent", "告知同意", "consent"),
    ("terminal-identity", "身份核验", "identity"),
    ("terminal-fill", "填写", "form"),
    ("terminal-confirm", "核对（个人信息遮盖）", "confirm, personal data masked"),
    ("terminal-print-trouble", "打到一半缺纸", "paper out in the middle"),
    ("terminal-take", "取纸", "taking the papers"),
    ("terminal-rate", "评价", "rating"),
    ("terminal-home-care", "长辈版", "care mode"),
    ("terminal-home-landscape", "横屏", "landscape"),
)


def keep(page: Page, name: str) -> None:
    """Take the picture, narrow it if it is wide, and write it small enough for a repository."""
    raw = FOLDER / f"{name}.raw.png"
    page.screenshot(path=raw, animations="disabled")
    with Image.open(raw) as picture:
        shown = picture.convert("RGB")
        if shown.width > WIDEST:
            shown = shown.resize((WIDEST, round(shown.height * WIDEST / shown.width)))
        if shown.height > WIDEST:
            shown = shown.resize((round(shown.width * WIDEST / shown.height), WIDEST))
        shown.quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)
    raw.unlink()


def open_page(browser: Browser, size: tuple[int, int]) -> Page:
    """A fresh browser context of one size."""
    viewport: ViewportSize = {"width": size[0], "height": size[1]}
    return browser.new_context(viewport=viewport, locale="zh-CN").new_page()


class Windows:
    """Windows of one browser on the pages of a house, one a person who looks: signed in once, and what the pages share
    is fetched once. `names` stand in the addresses: `order` a number, and what `morning` gives.
    """

    def __init__(self, browser: Browser, stage: Stage, names: Mapping[str, str]) -> None:
        self._browser, self._stage, self._names = browser, stage, names
        self._pages: dict[str, Page] = {}

    def visit(self, shot: Shot) -> Page:
        """The window of who looks at it, at its size, on the page of a shot. It is used again by the next visit."""
        if shot.who not in self._pages:
            self._pages[shot.who] = self._window(shot.who)
        page = self._pages[shot.who]
        page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        page.goto(self._stage.center + shot.path.format(**self._names))
        if shot.follow:
            page.goto(self._stage.center + thing(page, shot))
        page.wait_for_function(SETTLED)
        page.wait_for_timeout(100)
        return page

    def _window(self, who: str) -> Page:
        page = open_page(self._browser, (1440, 1000))
        if who:
            page.goto(f"{self._stage.center}/accounts/login/")
            page.fill("[name=login]", who)
            page.fill("[name=password]", demo().password)
            page.press("[name=password]", "Enter")
            page.wait_for_url("**/console/**")
        return page


def thing(page: Page, shot: Shot) -> str:
    """The address of the first thing in a list, by the links of the page."""
    found = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.getAttribute('href'))")
    things = [one for one in found if re.fullmatch(re.escape(shot.follow) + r"[\w-]*\d[\w-]*/", one)]
    if not things:
        raise Stop(f"{shot.path} 里没有可以打开的", f"{shot.name}: nothing to open on {shot.path}")
    return str(things[0])


def photograph_pages(browser: Browser, stage: Stage, order: str, *, trouble: bool) -> None:
    """Public pages and the console's, each as somebody who may see it."""
    windows = Windows(browser, stage, {"order": order})
    for shot in (one for one in (*PUBLIC, *CONSOLE) if one.trouble == trouble):
        keep(windows.visit(shot), shot.name)


def photograph_terminal(browser: Browser, stage: Stage, order: str) -> None:
    """One journey, with the printer running out of paper in the middle."""
    page = open_page(browser, (1080, 1920))
    page.goto(stage.screen(stage.terminals[0]))
    keep(page, "terminal-home")
    base = page.url.rstrip("/")
    page.goto(f"{base}/?q=cbzm")
    keep(page, "terminal-search")
    page.goto(f"{base}/items/{ITEM}")
    keep(page, "terminal-item")
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "丙")
    person.base = base
    cookie = page.context.cookies()[0]
    person.client.cookies.set(str(cookie["name"]), str(cookie["value"]))
    person.post("choose", item=ITEM)
    take_state(page, base, "terminal-consent")
    person.post("agree")
    time.sleep(2)
    take_state(page, base, "terminal-identity")
    person.lay_card("丙")
    person.until("fill")
    take_state(page, base, "terminal-fill")
    person.post("filled", **FORM)
    take_state(page, base, "terminal-confirm")
    _paper(person, 1)
    person.post("submit")
    person.until("print")
    for _look in range(60):
        printing = person.live().get("printing")
        if printing and printing["trouble"]:
            break
        time.sleep(0.3)
    take_state(page, base, "terminal-print-trouble")
    time.sleep(3)
    photograph_pages(browser, stage, order, trouble=True)
    _paper(person, 200)
    person.until("take", within_s=40)
    take_state(page, base, "terminal-take")
    person.post("taken")
    take_state(page, base, "terminal-rate")
    person.rate("satisfied")
    person.post("prefs", name="care", value="on")
    take_state(page, base, "terminal-home-care")
    person.post("prefs", name="care", value="off")
    page.set_viewport_size({"width": 1920, "height": 1080})
    take_state(page, base, "terminal-home-landscape")
    page.context.close()


def _paper(person: Citizen, sheets: int) -> None:
    person.client.post(f"{person.sandbox}/control/printers/1", json={"paper": sheets})


def take_state(page: Page, base: str, name: str) -> None:
    """The page of the present state; it follows the state by itself, which may interrupt our own way there."""
    for _try in range(3):
        try:
            page.goto(base)
            break
        except Error:
            page.wait_for_timeout(300)
    page.wait_for_timeout(600)
    keep(page, name)


def captions() -> list[tuple[str, str, str]]:
    """Every picture: its file's name and its caption in both languages."""
    return [*TERMINAL_STATES, *((shot.name, shot.zh, shot.en) for shot in (*PUBLIC, *CONSOLE))]


def write_grid() -> None:
    """README.md, below the sentence that names this tool: every picture small, four in a row."""
    page = ROOT / "README.md"
    head, found, _grid = page.read_text(encoding="utf-8").partition(GRID_BELOW)
    assert found, f"README.md lost its line: {GRID_BELOW}"
    rows, known = [], captions()
    for first in range(0, len(known), 4):
        four = [*known[first : first + 4], *[("", "", "")] * (first + 4 - len(known))]
        rows.append(
            "| " + " | ".join(f"![{zh}](docs/pictures/{name}.png)" if name else "" for name, zh, _en in four) + " |"
        )
        rows += ["|---|---|---|---|"] if first == 0 else []
        rows.append("| " + " | ".join(f"{zh} {en}".strip() for _name, zh, en in four) + " |")
    page.write_text(f"{head}{found}\n\n" + "\n".join(rows) + "\n", encoding="utf-8")


def write_page() -> None:
    """docs/pictures/README.md: every picture with its caption."""
    lines = [
        "# Pictures of the real pages 页面图片",
        "",
        "Made by `tools/pictures.py` from the demonstration. 演示数据。",
        "",
    ]
    for name, zh, en in captions():
        lines += [f"## {zh} · {en}", "", f"![{zh}]({name}.png)", ""]
    (FOLDER / "README.md").write_text("\n".join(lines))


def main() -> int:
    """0 when every picture was taken."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not here: apt-get install chromium fonts-noto-cjk fonts-noto-core")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="budayang-pictures-") as folder, sync_playwright() as playwright:
        stage = Stage(Path(folder), 19800)
        stage.take()
        try:
            stage.prepare()
            stage.start(lambda _zh, _en: None)
            broken = [link for link in night(stage) if not link.ok]
            if broken:
                raise Stop(f"故事断在 {broken[0].title}", f"the story broke at {broken[0].name}: {broken[0].detail}")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            clerk = Clerk(stage.center, "ren", demo().password)
            clerk.sign_in()
            order = next(row for row in clerk.table("/console/orders/") if "纸" in row["故障"])["工单"]
            photograph_terminal(browser, stage, order)
            photograph_pages(browser, stage, order, trouble=False)
            browser.close()
        finally:
            stage.leave()
    write_page()
    write_grid()
    return 0


if __name__ == "__main__":
    sys.exit(main())
