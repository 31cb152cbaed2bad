"""标志标识 in the console: the catalogue, plans with what is found, pictures, versions, and saving from the editor."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from tests.center.console.the_desk import Desk

from budayang.center.signage import plan_actions
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.data.demo_plan import demo_drawing
from budayang.data.sign_kinds import sign_kinds

PLAN = "/console/sign-plans/KBS/"
SMALL: dict[str, Any] = {"width_mm": 6000, "depth_mm": 4000}


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def send(client: Client, what: str, letter: object) -> Any:
    return client.post(f"{PLAN}{what}/", json.dumps(letter), content_type="application/json")


@pytest.fixture
def drawn(desk: Desk, today: datetime) -> dict[str, Any]:
    """The demonstration's plan in the area, with one door too narrow."""
    drawing = demo_drawing(["KBS-01", "KBS-02"])
    drawing["doors"][0]["clear_mm"] = 700
    plan_actions.save_version(desk.actor("lin"), "KBS", drawing, base=0, now=today)
    return drawing


def test_the_catalogue_shows_every_kind_by_category_and_finds_one(desk: Desk) -> None:
    ning = desk.client("ning")
    page = text(ning, "/console/sign-kinds/")
    assert page.count('class="card"') == len(sign_kinds())
    assert "制作以现行标准图形为准" in page
    one = text(ning, "/console/sign-kinds/?q=BS-13 nothing")
    assert "没有这样的标志" in one
    found = text(ning, "/console/sign-kinds/?category=warning&q=slippery")
    assert found.count('class="card"') == 1
    assert 'src="/console/sign-kinds/symbols/warn_slip.svg"' in found
    answer = ning.get("/console/sign-kinds/symbols/warn_slip.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert ning.get("/console/sign-kinds/symbols/..%2Fx.svg").status_code == 404


def test_the_list_counts_what_is_found_and_an_area_without_a_plan_says_what_to_do(
    desk: Desk, drawn: dict[str, Any]
) -> None:
    page = text(desk.client("zhu"), "/console/sign-plans/")
    assert "处不符合" in page
    assert "还没有平面图" in page, "the other area"
    assert "KBS" not in text(desk.client("ou"), "/console/sign-plans/"), "a keeper of elsewhere"
    assert "开始画" in text(desk.client("ou"), "/console/sign-plans/HJ/")
    assert "开始画" not in text(desk.client("ning"), "/console/sign-plans/HJ/"), "an inspector draws nothing"
    text(desk.client("ou"), PLAN, 404)
    answer = desk.client("zhu").get("/console/sign-plans/?plan=without&export=csv")
    assert "杭锦旗自助区" in answer.content.decode("utf-8-sig")


def test_the_plan_page_numbers_its_findings_on_the_drawing(desk: Desk, drawn: dict[str, Any]) -> None:
    page = text(desk.client("ning"), PLAN)
    assert "净宽量得 700 毫米" in page
    assert "YJ-21" in page
    assert page.count('class="mark"') == page.count("data-at="), "each finding with a place is marked there"
    assert page.count("<title>") == 1 + len(drawn["signs"]), "each sign says what it is"
    assert "修改平面图" not in page
    assert "修改平面图" in text(desk.client("lin"), PLAN)
    text(desk.client("lin"), f"{PLAN}?version=7", 404)


def test_a_picture_is_laid_under_shown_as_an_image_and_taken_away(desk: Desk) -> None:
    lin = desk.client("lin")
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(out, "JPEG")
    refused = lin.post(f"{PLAN}picture/import/", {"picture": SimpleUploadedFile("a.svg", b"<svg/>"), "width_mm": 9000})
    assert refused.status_code == 422
    assert "SVG" in refused.content.decode()
    assert 'value="9000"' in refused.content.decode(), "what was typed stays"
    lin.post(f"{PLAN}picture/import/", {"picture": SimpleUploadedFile("a.jpg", out.getvalue()), "width_mm": 9000})
    shown = lin.get(f"{PLAN}picture/")
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert shown.content.startswith(b"\x89PNG")
    assert '"width_mm": 9000' in text(lin, f"{PLAN}edit/")
    lin.post(f"{PLAN}picture/remove/")
    assert lin.get(f"{PLAN}picture/").status_code == 404
    assert SignPlan.objects.get().picture is None


def test_the_check_answers_a_fragment_and_saves_nothing(desk: Desk, drawn: dict[str, Any]) -> None:
    lin = desk.client("lin")
    drawn["doors"][0]["clear_mm"] = 640
    answer = send(lin, "check", {"drawing": drawn})
    assert answer["X-Plan-Check"] == "1"
    assert "净宽量得 640 毫米" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    drawn["doors"][0]["kind"] = "<b>"
    wrong = send(lin, "check", {"drawing": drawn}).content.decode()
    assert "&lt;b&gt;" in wrong, "what was sent comes back as text"
    assert "没有收到平面图" in send(lin, "check", ["x"]).content.decode()
    assert PlanVersion.objects.count() == 1


def test_saving_tells_a_rival_and_a_bad_letter(desk: Desk, drawn: dict[str, Any]) -> None:
    lin, zhu = desk.client("lin"), desk.client("zhu")
    assert send(lin, "save", {"base": 1, "note": "  移门 ", "drawing": SMALL}).json() == {"number": 2}
    late = send(zhu, "save", {"base": 1, "note": "", "drawing": SMALL})
    assert late.status_code == 409
    assert late.json()["number"] == 2
    assert "也没有丢" in late.json()["message"]
    for letter in ({"base": "2", "note": "", "drawing": SMALL}, {"base": 2, "note": "", "drawing": []}, "x"):
        assert send(lin, "save", letter).status_code == 422
    assert send(lin, "save", {"base": 2, "note": "", "drawing": {"width_mm": 1}}).status_code == 422
    assert send(desk.client("ning"), "save", {"base": 2, "note": "", "drawing": SMALL}).status_code == 403
    assert [one.note for one in PlanVersion.objects.order_by("number")] == ["", "移门"]


def test_an_older_version_is_looked_at_and_restored(desk: Desk, drawn: dict[str, Any], today: datetime) -> None:
    plan_actions.save_version(desk.actor("lin"), "KBS", SMALL, base=1, now=today)
    lin = desk.client("lin")
    assert "现行的是第 2 版" in text(lin, f"{PLAN}?version=1")
    answer = lin.post(f"{PLAN}versions/1/restore/", {"base": "2"}, follow=True)
    assert "存为第 3 版" in answer.content.decode()
    again = lin.post(f"{PLAN}versions/1/restore/", {"base": "2"}, follow=True)
    assert "已经存了第 3 版" in again.content.decode()


def test_what_is_there_is_said_once_and_judged(desk: Desk, drawn: dict[str, Any]) -> None:
    lin = desk.client("lin")
    assert "当心绊倒" not in text(lin, PLAN)
    answer = lin.post(f"{PLAN}present/", {"present": ["stairs"]}, follow=True)
    assert "当心绊倒" in answer.content.decode()
    assert "有台阶或楼梯" in text(desk.client("ning"), PLAN)


def test_the_editor_is_for_those_who_draw_there(desk: Desk) -> None:
    page = text(desk.client("lin"), f"{PLAN}edit/")
    told = json.loads(page.split('<script id="plan" type="application/json">')[1].split("</script>")[0])
    assert told["base"] == 0
    assert [code for code, _word in told["tables"]["terminals"]] == ["KBS-01", "KBS-02"]
    assert len(told["kinds"]) == len(sign_kinds())
    text(desk.client("ning"), f"{PLAN}edit/", 403)
    text(desk.client("ou"), f"{PLAN}edit/", 404)
