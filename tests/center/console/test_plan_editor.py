"""The editor of a plan in a real Chromium: by mouse and finger, and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from tests.center.console.test_browser import in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import Desk, build

from budayang.center.signage.models import PlanVersion
from budayang.center.signage.plan_actions import save_version

__all__ = ["in_chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EDITOR = "/console/sign-plans/KBS/edit/"
WALL = {"id": "w1", "start": [0, 0], "end": [6000, 0]}
BOX = {"id": "o1", "kind": "obstacle", "code": "柱", "width_mm": 500, "depth_mm": 500, "height_mm": 3000}
ROOM: dict[str, Any] = {"width_mm": 6000, "depth_mm": 4000, "walls": [WALL], "things": [{**BOX, "at": [3000, 2000]}]}


# Three times added: once undone, once removed.
IDS = """() => {
  const { plan } = window.planEditor;
  const row = { start: [0, 0], end: [900, 0] };
  const added = [];
  for (const back of [() => plan.undo(), (key) => plan.remove(key), (key) => plan.remove(key)]) {
    const key = plan.add("wall", { ...row });
    added.push(key);
    plan.commit();
    back(key);
    plan.commit();
  }
  return added;
}"""
# The same page in another tab saves first.
RIVAL = """async () => {
  const told = JSON.parse(document.getElementById("plan").textContent);
  const headers = {"Content-Type": "application/json", "X-CSRFToken": told.csrf};
  const body = JSON.stringify({base: told.base, note: "", drawing: told.drawing});
  await fetch(told.save, {method: "POST", headers, body});
}"""


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    made = build(timezone.now())
    save_version(made.actor("lin"), "KBS", ROOM, base=0, now=timezone.now())
    return made


def pixel(page: Page, x: int, y: int) -> tuple[float, float]:
    """Where a point of the hall is on the screen."""
    script = """([x, y]) => { const r = document.getElementById('plan-canvas');
        const p = new DOMPoint(x, y).matrixTransform(r.getScreenCTM()); return [p.x, p.y]; }"""
    found = page.evaluate(script, [x, y])
    return found[0], found[1]


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    page.mouse.move(*pixel(page, *start))
    page.mouse.down()
    page.mouse.move(*pixel(page, *end), steps=4)
    page.mouse.up()


def drawing(page: Page) -> Any:
    return page.evaluate("window.planEditor.plan.drawing")


def test_by_mouse_and_finger_drawn_undone_and_kept_when_somebody_else_saved(
    desk: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def draw(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "desk", errors)
        sign_in(page, live_server.url, "lin")
        page.goto(live_server.url + EDITOR)
        expect(page.locator("#findings")).to_contain_text("KBS-01")
        wrong = judge(page, "editor")
        drag(page, (3000, 2000), (4020, 2490))
        assert drawing(page)["things"][0]["at"] == [4000, 2500], "it comes to lie on the grid"
        page.get_by_role("button", name="撤销").click()
        assert drawing(page)["things"][0]["at"] == [3000, 2000]
        page.keyboard.press("Control+y")
        page.get_by_role("button", name="墙", exact=True).click()
        drag(page, (0, 0), (0, 4000))
        page.get_by_role("button", name="标志", exact=True).click()
        page.get_by_placeholder("找：安全出口").fill("slippery")
        page.mouse.click(*pixel(page, 200, 2000))
        sign = drawing(page)["signs"][0]
        assert (sign["kind"], sign["facing"]) == ("warn_slip", 0), "it looks away from the wall behind it"
        page.get_by_role("button", name="观察点", exact=True).click()
        page.mouse.click(*pixel(page, 3000, 2000))
        assert drawing(page)["signs"][0]["seen_from"] == [3000, 2000]
        page.keyboard.press("Escape")
        finger = page.context.new_cdp_session(page)
        (x, y), (to_x, to_y) = pixel(page, 4000, 2500), pixel(page, 4500, 3000)
        for kind, points in (("touchStart", [(x, y)]), ("touchMove", [(to_x, to_y)]), ("touchEnd", [])):
            finger.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]}
            )
        assert drawing(page)["things"][0]["at"] == [4500, 3000]
        page.evaluate(RIVAL)
        page.get_by_role("button", name="保存", exact=True).click()
        expect(page.locator("#notice")).to_contain_text("也没有丢")
        wrong += judge(page, "conflict")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.reload()
        assert asked == ["beforeunload"], "leaving with changes is asked about"
        page.get_by_role("button", name="接着改草稿").click()
        assert drawing(page)["things"][0]["at"] == [4500, 3000], "the draft outlived the page"
        page.get_by_role("button", name="保存", exact=True).click()
        page.get_by_role("button", name="仍存我的，作第 3 版").click()
        expect(page.locator("#notice")).to_contain_text("已存为第 3 版")
        return wrong + [one for one in errors if "409" not in one]

    assert in_chromium(draw) == []
    versions = list(PlanVersion.objects.order_by("number"))
    assert [len(one.drawing.get("signs", [])) for one in versions] == [0, 0, 1], "both versions stay"
    assert len(versions[2].drawing["walls"]) == 2


def test_by_the_keyboard_alone_everything_can_be_done(
    desk: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def draw(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "desk", errors)
        sign_in(page, live_server.url, "lin")
        page.goto(live_server.url + EDITOR)
        keys = page.keyboard
        page.locator("#find-object").focus()
        keys.press("Tab")
        keys.press("Tab")
        expect(page.locator("#objects button:focus")).to_contain_text("障碍物 o1 柱")
        for key in ("ArrowRight", "Shift+ArrowDown", "r"):
            keys.press(key)
        box = drawing(page)["things"][0]
        assert (box["at"], box["facing"]) == ([3050, 2500], 180)
        keys.press("Enter")
        assert page.evaluate("document.activeElement.id") == "p-code", "Enter opens the properties"
        keys.press("Tab")
        keys.press("Control+a")
        keys.type("1234")
        keys.press("Tab")
        assert drawing(page)["things"][0]["at"] == [1234, 2500]
        page.locator("#plan-canvas").focus()
        keys.press("w")
        keys.press("Enter")
        for _ in range(4):
            keys.press("Shift+ArrowDown")
        keys.press("Enter")
        keys.press("Escape")
        walls = drawing(page)["walls"]
        assert walls[1]["end"][1] - walls[1]["start"][1] == 2000
        keys.press("v")
        keys.press("Delete")
        assert len(drawing(page)["walls"]) == 1
        keys.press("Control+z")
        assert len(drawing(page)["walls"]) == 2
        again = page.evaluate(IDS)
        assert len(set(again)) == 3, f"no id comes twice, though it was undone or removed: {again}"
        keys.press("s")
        page.locator("#tool-choice").focus()
        keys.press("Home")
        page.locator("#plan-canvas").focus()
        keys.press("Enter")
        assert len(drawing(page)["signs"]) == 1
        expect(page.locator("#findings")).to_contain_text("没有设最远观察点")
        wrong = judge(page, "by keyboard")
        keys.press("Control+s")
        expect(page.locator("#notice")).to_contain_text("已存为第 2 版")
        return wrong + errors

    assert in_chromium(draw) == []
    newest = PlanVersion.objects.get(number=2).drawing
    assert (newest["things"][0]["at"], len(newest["signs"])) == ([1234, 2500], 1)
