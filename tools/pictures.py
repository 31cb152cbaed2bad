"""Makes docs/pictures: plays the night story in real processes and photographs every page at its real size.

Usage: .venv/bin/python tools/pictures.py   (needs Chromium; takes about two minutes)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from budayang.cli.messages import Stop
from budayang.cli.stage import Stage
from budayang.cli.story import FORM, ITEM, night
from budayang.cli.visitors import Citizen, Clerk
from budayang.data import demo

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDEST = 1440
COLOURS = 128


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file, its caption in both languages, where it is taken, who looks, at which size."""

    name: str
    zh: str
    en: str
    path: str
    who: str = ""
    size: tuple[int, int] = (1440, 1000)
    trouble: bool = False  # taken while the printer is out of paper


PHONE = (390, 844)
PUBLIC: tuple[Shot, ...] = (
    Shot("public-home", "公众首页", "public home", "/", size=PHONE),
    Shot("public-where", "现在哪里能办", "where it can be done now", f"/where/?item={ITEM}", size=PHONE, trouble=True),
    Shot("public-items", "事项", "items", "/items/", size=PHONE),
    Shot("public-item", "办事指南", "an item's guide", f"/items/{ITEM}/", size=PHONE),
    Shot("public-verify", "验证纸张", "checking a paper", "/verify/", size=PHONE),
    Shot("public-receipt", "回执作证", "checking a receipt's audit head", "/receipt/", size=PHONE),
    Shot("public-open", "开放数据", "open data", "/open/", size=PHONE),
)
CONSOLE: tuple[Shot, ...] = (
    Shot("console-sign-in", "登录", "sign-in", "/accounts/login/"),
    Shot("console-overview", "总览", "overview", "/console/", "zhu", trouble=True),
    Shot("console-areas", "自助区", "areas", "/console/areas/", "zhu"),
    Shot("console-area", "一个自助区", "one area", "/console/areas/KBS/", "zhu"),
    Shot("console-terminals", "终端", "terminals", "/console/terminals/", "zhu"),
    Shot("console-terminal", "一台终端的实时状态", "one terminal, live", "/console/terminals/KBS-01/", "zhu"),
    Shot("console-items", "事项目录", "the catalogue", "/console/items/", "zhu"),
    Shot("console-cases", "办件", "cases", "/console/cases/", "zhu"),
    Shot("console-departments", "部门与时间确认", "departments and their hours", "/console/departments/", "zhu"),
    Shot("console-incidents", "故障", "incidents", "/console/incidents/", "zhu", trouble=True),
    Shot("console-orders", "工单", "work orders", "/console/orders/", "ren", trouble=True),
    Shot("console-order", "一张工单和它的时限", "one order with its clocks", "/console/orders/{order}/", "ren"),
    Shot("console-order-phone", "手机上的工单", "the order on a phone", "/console/orders/{order}/", "ren", PHONE),
    Shot("console-ratings", "评价", "ratings", "/console/ratings/", "zhu"),
    Shot("console-conformity", "条款符合性（参照版）", "conformity (reference edition)", "/console/conformity/", "zhu"),
    Shot("console-conformity-area", "一个自助区的条款", "one area's clauses", "/console/conformity/KBS/", "zhu"),
    Shot("console-clause", "一个条款的证据", "one clause's evidence", "/console/conformity/KBS/WH-15/", "zhu"),
    Shot("console-staff", "人员与角色", "staff and roles", "/console/staff/", "sec"),
    Shot("console-audit", "审计链", "the audit chain", "/console/audit/", "aud"),
    Shot("console-imports", "批量导入", "imports", "/console/imports/", "sys"),
)
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
    page.screenshot(path=raw)
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
    return browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN").new_page()


def visit(browser: Browser, stage: Stage, shot: Shot, order: str) -> Page:
    """A browser of its own on the page of a shot, signed in as who looks at it."""
    page = open_page(browser, shot.size)
    if shot.who:
        page.goto(f"{stage.center}/accounts/login/")
        page.fill("[name=login]", shot.who)
        page.fill("[name=password]", demo().password)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/console/**")
    page.goto(stage.center + shot.path.format(order=order))
    page.wait_for_timeout(400)
    return page


def photograph_pages(browser: Browser, stage: Stage, order: str, *, trouble: bool) -> None:
    """Public pages and the console's, each as somebody who may see it."""
    for shot in (one for one in (*PUBLIC, *CONSOLE) if one.trouble == trouble):
        page = visit(browser, stage, shot, order)
        keep(page, shot.name)
        page.context.close()


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


def write_page() -> None:
    """docs/pictures/README.md: every picture with its caption."""
    lines = [
        "# Pictures of the real pages 页面图片",
        "",
        "Made by `tools/pictures.py` from the demonstration. 演示数据。",
        "",
    ]
    rows = [*TERMINAL_STATES, *((shot.name, shot.zh, shot.en) for shot in (*PUBLIC, *CONSOLE))]
    for name, zh, en in rows:
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
