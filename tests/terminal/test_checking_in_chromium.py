"""人证核对 as a person sees it: by the face after a consent of its own, and at the window without any face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from terminal_stage import CARD, ORIGIN, play, stage
from tests.terminal.test_checking_at_the_terminal import HOLDER, Camera, center, eyes
from tests.terminal.test_journey_in_chromium import person_at

pytestmark = pytest.mark.browser


def test_both_ways(tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...], artifacts: Path) -> None:
    async def scene() -> None:
        device, wire = eyes(Camera("/face/1", lambda: CARD.id_number))
        async with (
            stage(tmp_path, center=center(), more={"camera": device}) as s,
            person_at(s, chromium, chromium_flags) as page,
        ):
            heading: Any = page.locator("h1").first
            assert s.reader is not None
            for way in ("face", "window"):
                await s.until(lambda: s.terminal.peripherals.reading("camera", "device").state == "online")
                await page.goto(ORIGIN + "/items/ZZ088")
                await page.click("text=开始办理")
                await page.click("text=同意，继续")
                await expect(heading).to_contain_text("身份证")
                s.reader.lay(HOLDER)
                await expect(heading).to_have_text("怎样确认是您本人？", timeout=10_000)
                boxes = [await one.bounding_box() for one in await page.locator(".choices .btn").all()]
                sizes = {(round(box["width"]), round(box["height"])) for box in boxes if box is not None}
                assert (len(boxes), len(sizes)) == (3, 1), "three ways, no button larger than another"
                if way == "face":
                    await page.click(".choices button:has-text('刷脸比对')")
                    await expect(heading).to_have_text("刷脸比对，请您单独同意")
                    await page.screenshot(path=str(artifacts / "check-consent.png"))
                    agree = page.locator("button:has-text('同意，开始比对')")
                    await expect(page.locator("input[name=agree]")).not_to_be_checked()
                    await expect(agree).to_be_disabled()
                    assert not wire.frames
                    await page.click("label.tick-row")
                    await agree.click()
                    await expect(heading).to_contain_text("请核对", timeout=10_000)
                    await expect(page.locator("main")).to_contain_text("照片已删")
                    seen = len(wire.frames)
                else:
                    await page.click(".choices button:has-text('到窗口核对')")
                    await expect(heading).to_contain_text("请核对")
                    await expect(page.locator("main")).to_contain_text("提交以后到窗口核对")
                    assert len(wire.frames) == seen, "nobody was looked at"
                await page.screenshot(path=str(artifacts / f"check-confirm-{way}.png"))
                await s.post("exit")
                await expect(page.locator("body.s-home")).to_be_visible(timeout=10_000)

    play(scene)
