"""What the pages say and never say, without a browser."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from screens_stage import CLEAR, ITEMS, LEVELS, SCREENS, item, stage, view
from starlette.applications import Starlette
from starlette.requests import Request

from budayang.rules.services import Truth
from budayang.terminal.screens import pages, words
from budayang.terminal.screens.fields import field_view
from budayang.terminal.screens.render import CONTENT_SECURITY_POLICY, STATIC

FIRST_SCREEN_BYTES = 200_000


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_drawn_and_keeps_to_itself(name: str) -> None:
    path, shown = SCREENS[name]
    _terminal, client = stage(shown)
    answer = client.get(path)
    assert answer.status_code == (404 if name == "error" else 200)
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["cache-control"] == "no-store"
    page = answer.text
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script>|https?://(?!127\.0\.0\.1)(?!www\.w3\.org)", page)
    assert "演示数据" in page
    for label in ("返回", "首页", "呼叫帮办", "长辈版", "低位操作", "退出", "紧急求助"):
        assert label in page, "the bar is the same on every screen"
    assert not [value for value in CLEAR.values() if value in page and value != CLEAR["address"]]


def test_every_field_keeps_the_browsers_memory_out() -> None:
    for path, shown in SCREENS.values():
        _terminal, client = stage(shown)
        for tag in re.findall(r"<input [^>]*data-write[^>]*>", client.get(path).text):
            assert 'autocomplete="off"' in tag


def test_no_rating_is_preset_and_skipping_is_as_large() -> None:
    _terminal, client = stage(SCREENS["rate"][1])
    page = client.get("/").text
    assert page.count('type="radio"') == len(LEVELS) == 5
    assert "checked" not in page
    buttons = re.findall(r'<button class="btn (\w+)"[^>]*>([^<]+)</button>', page)
    assert {kind for kind, label in buttons if "评价" in label} == {"same"}


def test_a_case_under_way_is_waited_for_and_nothing_is_said_to_be_ready() -> None:
    page = stage(SCREENS["resume-under-way"][1])[1].get("/").text
    assert "等结果" in page
    assert "不用再提交一次" in page
    assert "现在打印" not in page
    assert "已经办好" not in page
    assert "现在打印" in stage(SCREENS["resume"][1])[1].get("/").text


def test_the_middle_of_a_journey_has_no_browse_pages() -> None:
    _terminal, client = stage(SCREENS["submit"][1])
    for path in ("/departments/", "/departments/D00", "/events/print", "/items/ZZ001"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/found?q=d").status_code == 409


def test_out_of_service_closes_the_door_but_not_a_journey_under_way() -> None:
    out = SCREENS["out"][1]
    _terminal, client = stage(out)
    page = client.get("/").text
    assert "22:30" in page
    assert "伊金霍洛旗" in page, "the nearest place that works is named"
    assert client.get("/items/ZZ001").status_code == 303
    running = view(
        "print", item=ITEMS[0], service=out["service"], printing=SCREENS["print"][1]["printing"], result=None
    )
    assert "正在打印" in stage(running)[1].get("/").text


def test_an_item_that_cannot_start_offers_no_start_but_another_place() -> None:
    _terminal, client = stage(view("choose"))
    stopped = client.get("/items/ZZ054").text
    assert "/journey/choose" not in stopped
    assert "部门系统维护" in stopped
    assert "约 22 公里" in stopped
    assert "/journey/choose" in client.get("/items/ZZ001").text


def test_a_printing_without_an_act_yet_is_drawn() -> None:
    _terminal, client = stage(view("print", printing=None, result=None))
    assert client.get("/").status_code == 200


def test_markup_in_a_query_stays_text() -> None:
    _terminal, client = stage(view("choose"))
    page = client.get("/found?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_first_screen_is_light() -> None:
    _terminal, client = stage(SCREENS["home"][1])
    page = client.get("/").text
    files = re.findall(r'(?:href|src)="/static/([^"?]+)', page)
    assert files
    weight = len(page.encode()) + sum((STATIC / name).stat().st_size for name in files)
    assert weight < FIRST_SCREEN_BYTES
    assert all(client.get(f"/static/{name}").status_code == 200 for name in files)


def test_scripts_keep_nothing_of_a_person() -> None:
    for script in STATIC.glob("*.js"):
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", script.read_text())


def test_every_truth_has_a_word_a_shape_and_a_reason() -> None:
    seen = set()
    for truth in Truth:
        shown = item("X", "x", "人社", truth.value)
        seen.add((words.truth_class(shown), words.truth_word(shown)))
        assert words.truth_help(shown)
    assert len(seen) == len(Truth)
    assert words.truth_word(item("X", "x", "税务", "stopped", until="23:00")) == "暂停服务至 23:00"


@pytest.mark.parametrize(
    ("kilometres", "text"), [(0.0, "就在本区"), (0.84, "约 800 米"), (3.26, "约 3.3 公里"), (22.4, "约 22 公里")]
)
def test_distance_is_said_as_people_say_it(kilometres: float, text: str) -> None:
    assert words.distance(kilometres) == text


@pytest.mark.parametrize(
    ("phase", "states"),
    [
        ("saving", ["now", "", "", ""]),
        ("sending", ["done", "now", "", ""]),
        ("accepted", ["done", "done", "done", "now"]),
        ("working", ["done", "done", "done", "now"]),
    ],
)
def test_submitting_shows_what_is_done(phase: str, states: list[str]) -> None:
    assert [words.step_state(phase, index) for index in range(len(words.SUBMIT_STEPS))] == states


@pytest.mark.parametrize(("told", "text"), [("0", "不收费"), ("", "不收费"), ("工本费 20 元", "工本费 20 元")])
def test_a_fee_is_said_in_words(told: str, text: str) -> None:
    assert words.fee({"fee": told}) == text


def test_nobody_is_said_to_know_while_the_line_is_down() -> None:
    trouble = dict(SCREENS["print-trouble"][1])
    assert "已自动上报" in stage(trouble)[1].get("/").text
    trouble["network"] = {"level": "offline", "text": "网络中断", "since": "20:31"}
    page = stage(trouble)[1].get("/").text
    assert "已自动上报" not in page
    assert "恢复后自动上报" in page


def test_paper_trouble_counts_what_is_left() -> None:
    text = words.print_trouble({"trouble": "paper_out", "done": 1, "documents": 2})
    assert text == "打印机没有纸了，打好了 1 份，还差 1 份"


def test_a_field_opens_the_right_keyboard() -> None:
    field = {"name": "n", "label": "数", "kind": "text", "required": True, "keyboard": "number"}
    assert field_view(field).write == "digits"
    assert field_view(field | {"kind": "id_number"}).write == "id"
    assert field_view(field | {"kind": "promise"}).write == ""


def test_the_error_page_stands_even_when_the_terminal_does_not() -> None:
    class Broken:
        def view(self) -> dict[str, object]:
            raise RuntimeError("no view")

    app = Starlette()
    app.state.terminal = Broken()
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "app": app})
    answer = pages.error_page(request, "本机出了错", "正在恢复", "没有重复提交。", 500)
    assert answer.status_code == 500
    assert "没有重复提交。" in bytes(answer.body).decode()


def test_the_pinyin_table_is_whole() -> None:
    table = Path(STATIC / "vendor" / "pinyin" / "pinyin.json").read_text()
    assert table.count('":"') > 400
    assert len(gzip.compress(table.encode())) < 40_000
