"""The whole journey as a person sees it: the real terminal, its screens in Chromium, a center that checks every key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Route, async_playwright, expect
from terminal_stage import AVAILABILITY, CARD, CATALOGUE, ORIGIN, HandPrinter, Stage, play, stage

pytestmark = pytest.mark.browser


@asynccontextmanager
async def person_at(s: Stage, chromium: str, flags: tuple[str, ...]) -> AsyncIterator[Page]:
    """A browser that the launcher has let in; its requests reach the terminal in process."""

    async def carry(route: Route) -> None:
        request = route.request
        parts = urlsplit(request.url)
        headers = {name: value for name, value in request.headers.items() if name in {"accept", "content-type"}}
        if request.method == "POST":
            headers["Origin"] = ORIGIN
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = await s.browser.request(
            request.method, path, content=request.post_data_buffer or b"", headers=headers, timeout=30
        )
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(flags))
        page = await browser.new_page(viewport={"width": 1080, "height": 1920}, reduced_motion="reduce")
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.route(f"{ORIGIN}/**", carry)
        yield page
        await page.unroute_all(behavior="ignoreErrors")
        await browser.close()
        assert not errors


def test_a_person_prints_a_certificate_though_the_paper_runs_out(
    tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...], artifacts: Path
) -> None:
    async def scene() -> None:
        press = HandPrinter()
        press.paper = 1
        async with stage(tmp_path, printer=press) as s, person_at(s, chromium, chromium_flags) as page:
            heading: Any = page.locator("h1").first

            async def picture(name: str) -> None:
                await page.screenshot(path=str(artifacts / f"journey-{name}.png"))

            await page.goto(ORIGIN + "/")
            await expect(heading).to_contain_text("您想办什么")
            await page.click("a.search")
            for letter in "cbzm":
                await page.click(f"[data-key={letter}]")
            await page.click("a.card:has-text('个人参保证明')")
            await expect(heading).to_have_text("个人参保证明查询打印")
            await page.click("text=开始办理")
            await page.click("text=同意，继续")
            await expect(heading).to_contain_text("身份证")
            await picture("identity")
            assert s.reader is not None
            s.reader.lay()
            await expect(heading).to_contain_text("填写")
            await picture("fill")
            await expect(page.locator("input[name=insurance][value=all]")).to_be_checked()
            await page.click("label:has(input[name=months][value='24'])")
            await page.click("label:has(input[value=loan])")
            await page.click("text=下一步：核对")
            await expect(heading).to_contain_text("请核对")
            assert CARD.id_number not in await page.content()
            assert CARD.name not in await page.content()
            await picture("confirm")
            await page.click(".act .btn.main")
            await expect(heading).to_contain_text("没打完", timeout=10_000)
            await picture("paper-out")
            press.paper = 50
            await expect(heading).to_contain_text("取走纸张", timeout=15_000)
            await picture("take")
            await page.click("text=纸取好了")
            await expect(heading).to_contain_text("这次办得怎么样")
            await page.click("label.level >> nth=1")
            await page.click("text=提交评价")
            await expect(heading).to_contain_text("请慢走")
            await s.until(lambda: s.center.bodies("rating"))
            assert s.center.bodies("rating")[0]["level"] == "satisfied"
            assert len(s.center.cases) == 1
            await expect(page.locator("body.s-home")).to_be_visible(timeout=8_000)

    play(scene)


def test_a_machine_that_waits_for_its_catalogue_says_so_and_renews_itself(
    tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...], artifacts: Path
) -> None:
    async def scene() -> None:
        async with stage(tmp_path, ready=False) as s, person_at(s, chromium, chromium_flags) as page:
            await s.until(lambda: s.center.states.get("terminal", {}).get("catalogue") == "waiting")
            answer = await s.browser.get("/items/ZZ001")  # a page that stood open from before
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            await page.goto(ORIGIN + "/")
            heading: Any = page.locator("h1").first
            await expect(heading).to_have_text("正在准备")
            await expect(page.locator("main")).to_contain_text("取到后这一页会自动更新")
            await page.screenshot(path=str(artifacts / "journey-preparing.png"))
            assert (await s.post("choose", {"item": "ZZ001"}))["error"] == "这台自助终端正在准备，请稍候"
            s.center.send("catalogue", {**CATALOGUE, "items": []})
            await expect(page.locator("main")).to_contain_text("还没有给这台自助终端登记办理事项", timeout=10_000)
            s.center.send("catalogue", CATALOGUE)
            s.center.send("availability", AVAILABILITY)
            await expect(heading).to_contain_text("您想办什么", timeout=10_000)
            await s.until(lambda: s.center.states["terminal"]["catalogue"] == "here")

    play(scene)


def test_a_touch_is_not_lost_when_the_page_wants_to_renew_itself(
    tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...]
) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s, person_at(s, chromium, chromium_flags) as page:
            asked, told = asyncio.Event(), asyncio.Event()

            async def slowly(route: Route) -> None:
                asked.set()
                await told.wait()
                await asyncio.sleep(1)
                await route.fallback()

            async def what_is_offered_changes(route: Route) -> None:
                await asked.wait()
                await asyncio.sleep(0.5)  # the page has heard that its journey has begun
                live = {"state": "choose", "page": s.terminal.attendant.page, "catalogue": "another"}
                await route.fulfill(json=live)
                told.set()

            await page.route(ORIGIN + "/?q=", slowly)
            await page.route("**/api/live?*", what_is_offered_changes)
            await page.goto(ORIGIN + "/")
            await page.click("a.search")
            await expect(page.locator("body.s-search")).to_be_visible()

    play(scene)
