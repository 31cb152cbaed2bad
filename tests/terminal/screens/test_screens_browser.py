"""The screens in a real Chromium: looked at by axe-core, measured, touched; pictures are kept in artifacts/screens."""

# The scripts that are sent to the browser read better unfolded.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from screens_stage import CLEAR, ORIGIN, SCREENS, StageTerminal, view
from tests.accessibility import TERMINAL_RULES, violations

pytestmark = pytest.mark.browser

Show = Callable[..., tuple[Page, StageTerminal]]
SIZES = ((1080, 1920), (1920, 1080), (1280, 1024))
# What a finger meets: visible, and not covered by the scrolled edge. Keys of a ten-column keyboard are as wide as the screen allows.
TARGETS = """() => [...document.querySelectorAll('a[href], button:not([disabled]), .chips label, .level, input.field')]
  .filter((e) => e.checkVisibility() && !e.closest('dialog:not([open])') && !e.classList.contains('only-read'))
  .map((e) => { const r = e.getBoundingClientRect(); return {what: (e.textContent || e.name).trim().slice(0, 12), key: !!e.closest('.keys'), fix: e.matches('.fix'),
    w: Math.round(r.width), h: Math.round(r.height), top: Math.round(r.top)}; })"""
CUT = """() => [...document.querySelectorAll('main *, .bar *, .band *')].filter((e) => e.checkVisibility() && !e.closest('.cands, svg, .only-read')
  && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && e.clientWidth > 0).map((e) => e.tagName + '.' + e.className)"""


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_at_its_sizes(name: str, show: Show, pictures: Path) -> None:
    path, shown = SCREENS[name]
    for width, height in SIZES:
        page, _terminal = show(shown, path, width, height)
        page.screenshot(path=str(pictures / f"{name}-{width}x{height}.png"))
        assert page.evaluate(CUT) == [], f"cut off at {width}x{height}"
        for target in page.evaluate(TARGETS):
            least = 84 if target["key"] else 96
            assert target["h"] >= least, (width, target)
            assert target["key"] or target["fix"] or target["w"] >= 96, (width, target)
        if (width, height) == SIZES[0]:
            assert violations(page, TERMINAL_RULES) == []
        page.close()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_announced_stands_between_band_and_page(show: Show, width: int, height: int) -> None:
    path, shown = SCREENS["home-announced"]
    page, _terminal = show(shown, path, width, height)
    edges = page.evaluate(
        "['.band', '.announce', 'main', '.bar'].flatMap((s) => { const r = document.querySelector(s).getBoundingClientRect(); return [r.top, r.bottom]; })"
    )
    assert edges == sorted(edges)
    assert edges[-1] <= height
    inner = page.evaluate(
        "(() => { const e = document.querySelector('.announce'); return e.scrollHeight - e.clientHeight; })()"
    )
    assert inner <= 0, "its two lines stand whole"
    expect(page.locator(".announce")).to_contain_text("还有约 60 秒 · 更换路由器后要重新连接网络")


@pytest.mark.parametrize("name", [name for name in SCREENS if name.startswith("low-")])
def test_low_mode_keeps_what_is_touched_in_reach(name: str, show: Show) -> None:
    path, shown = SCREENS[name]
    page, _terminal = show(shown, path)
    assert [t for t in page.evaluate(TARGETS) if t["top"] < 0.4 * 1920] == []


def test_letters_typed_on_the_screen_find_items(show: Show) -> None:
    page, terminal = show(view("choose"), "/?q=")
    page.wait_for_selector("body.typing")
    for letter in "dsbzm":
        page.click(f"[data-key={letter}]")
    expect(page.locator("[data-found]")).to_contain_text("找到 6 项")
    assert page.input_value("[name=q]") == "dsbzm"
    page.click("[data-layout=letters] [data-do=erase]")
    expect(page.locator("[data-found]")).to_contain_text("没有找到“dsbz”")
    assert ("activity", {}) in terminal.posts, "typing on the screen counts as activity"


def test_pinyin_writes_characters_and_the_form_is_sent_whole(show: Show) -> None:
    path, shown = SCREENS["fill"]
    page, terminal = show(shown, path)
    page.click("#in-city")
    for syllable, character in (("bei", "北"), ("jing", "京")):
        for letter in syllable:
            page.click(f"[data-key={letter}]")
        page.click(f"[data-pick={character}]")
    page.click("[data-layout=letters] [data-do=done]")
    page.click("#in-from")
    for digit in "20261201":
        page.click(f"[data-layout=digits] [data-key='{digit}']")
    page.click("[data-layout=digits] [data-do=done]")
    page.click("label:has-text('临时外出就医')")
    with page.expect_response("**/journey/filled"):
        page.click("text=下一步：核对")
    page.wait_for_url(ORIGIN + "/")
    sent = next(fields for event, fields in terminal.posts if event == "filled")
    assert (sent["city"], sent["from"], sent["kind"], sent["phone"]) == (
        ["北京"],
        ["2026-12-01"],
        ["once"],
        ["13800000000"],
    )


def test_settings_and_a_call_for_help_keep_what_was_typed(show: Show) -> None:
    path, shown = SCREENS["fill"]
    page, terminal = show(shown, path)
    page.fill("#in-city", "呼和浩特")
    page.click("[data-layout=letters] [data-do=done]")
    page.click("text=长辈版")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "44px"
    terminal.shown = SCREENS["help"][1]
    page.click("text=呼叫帮办")
    expect(page.locator("dialog.help")).to_be_visible()
    page.click("text=知道了，继续办理")
    expect(page.locator("dialog.help")).to_be_hidden()
    assert page.input_value("#in-city") == "呼和浩特"
    events = [event for event, _fields in terminal.posts if event != "activity"]
    assert events == ["prefs", "help", "help"]


def test_personal_data_shows_only_while_the_finger_is_down(show: Show) -> None:
    path, shown = SCREENS["confirm"]
    page, _terminal = show(shown, path)
    assert CLEAR["id_number"] not in page.content()
    page.hover("[data-hold]")
    page.mouse.down()
    expect(page.locator("[data-clear=id_number]")).to_have_text(CLEAR["id_number"])
    page.mouse.up()
    expect(page.locator("[data-clear=id_number]")).to_have_text(shown["person"]["id_masked"])
    assert CLEAR["id_number"] not in page.content()
    assert CLEAR["name"] not in page.content()


def test_the_idle_warning_counts_and_lets_one_go_on(show: Show) -> None:
    path, shown = SCREENS["idle"]
    page, terminal = show(shown, path)
    dialog = page.locator("#idle")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-left]")).to_have_text("13")
    page.click("#idle >> text=继续办理")
    expect(dialog).to_be_hidden()
    assert "stay" in [event for event, _fields in terminal.posts]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_warning_over_a_departments_page_stands_in_our_strip(
    show: Show, pictures: Path, width: int, height: int
) -> None:
    path, shown = SCREENS["launch-idle"]
    page, terminal = show(shown, path, width, height)
    dialog = page.locator("#idle")
    expect(dialog).to_be_visible()
    page.screenshot(path=str(pictures / f"launch-warning-{width}x{height}.png"))
    box = dialog.bounding_box()
    assert box is not None
    assert (box["y"], box["height"], box["width"]) == (0, 96, width), "the department's window covers all below"
    for button in dialog.locator("button").all():
        place = button.bounding_box()
        assert place is not None
        assert place["y"] >= 0
        assert place["y"] + place["height"] <= 96
        assert place["x"] + place["width"] <= width
    page.click("#idle >> text=继续办理")
    expect(dialog).to_be_hidden()
    assert "stay" in [event for event, _fields in terminal.posts]


def test_rating_needs_a_choice_and_asks_why_only_when_bad(show: Show) -> None:
    path, shown = SCREENS["rate"]
    page, terminal = show(shown, path)
    send, skip = page.locator("[data-need=level]"), page.get_by_role("button", name="不评价")
    expect(send).to_be_disabled()
    assert send.bounding_box()["width"] == pytest.approx(skip.bounding_box()["width"], abs=2)  # type: ignore[index]
    page.check("[value=satisfied]", force=True)
    expect(page.locator(".reasons >> visible=true")).to_have_count(0)
    page.check("[value=unsatisfied]", force=True)
    expect(page.locator(".reasons >> visible=true")).to_have_count(1)
    page.locator("[value=slow] >> nth=0").check(force=True)
    send.click()
    page.wait_for_url(ORIGIN + "/")
    assert ("rated", {"level": ["unsatisfied"], "reasons": ["slow"]}) in terminal.posts


def test_an_emergency_asks_once_and_calls(show: Show) -> None:
    page, terminal = show(view("choose"))
    page.click("text=紧急求助")
    expect(page.locator("#sos")).to_contain_text("110")
    assert not [event for event, _fields in terminal.posts if event == "help"], "a brush of the hand calls nobody"
    page.click("text=马上求助")
    expect(page.locator("#sos")).to_be_hidden()
    assert ("help", {"kind": ["sos"]}) in terminal.posts


def test_the_page_follows_the_journey(show: Show) -> None:
    path, shown = SCREENS["identity"]
    page, terminal = show(shown, path)
    terminal.shown = SCREENS["confirm"][1] | {"page": 2}
    page.evaluate(
        "new Promise((done) => { const look = () => (window.live ? done() : setTimeout(look, 20)); look(); })"
    )
    live: dict[str, Any] = {"page": 2, "catalogue": 1, "state": "confirm", "idle": {"ends_in_s": 60, "total_s": 60}}
    page.evaluate("(value) => window.live(value)", live)
    expect(page.locator("h1").first).to_have_text("请核对，对了再提交")


def test_what_one_person_searched_is_gone_for_the_next(show: Show) -> None:
    page, terminal = show(view("choose"), "/?q=dsbzm")
    terminal.shown = view("attract", page=2)
    page.evaluate(
        "new Promise((done) => { const look = () => (window.live ? done() : setTimeout(look, 20)); look(); })"
    )
    page.evaluate("(value) => window.live(value)", {"page": 2, "catalogue": 1, "state": "attract", "idle": {}})
    expect(page.locator("body.s-home")).to_be_visible()
    assert "dsbzm" not in page.url


def test_a_service_that_is_away_is_told_in_words(show: Show) -> None:
    page, _terminal = show(SCREENS["confirm"][1])
    page.unroute_all()
    page.route(f"{ORIGIN}/**", lambda route: route.abort())
    page.click(".act .btn.main")
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("不会重复办理")
    assert page.url == ORIGIN + "/", "never the browser's own error page"


def test_a_touch_wakes_the_terminal_once(show: Show) -> None:
    page, terminal = show(view())
    page.click("h1")
    page.wait_for_timeout(200)
    assert [event for event, _fields in terminal.posts][:1] == ["start"]


def test_voice_is_offered_only_where_a_chinese_voice_is(show: Show) -> None:
    page, _terminal = show(view("choose"))
    voices = page.evaluate(
        "speechSynthesis.getVoices().filter((v) => v.localService && /^(zh|cmn)/i.test(v.lang)).length"
    )
    assert page.locator("[data-pref=voice]").is_visible() == (voices > 0)
