"""Pages of editions, scores and given evidence: what they show, to whom, and what a press of a button does."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import actions, edition_queries, queries
from budayang.center.standard.edition_queries import text_of, workbook_of
from budayang.center.standard.models import (
    Assessment,
    ClauseException,
    ClauseVerdict,
    Edition,
    EditionProposal,
    GivenDocument,
    GivenNumbers,
)
from budayang.rules.standard.editions import PUBLISHED, STATE_NAMES

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


@pytest.fixture
def now() -> datetime:
    """Pages read the real clock, so their hall stands at the real hour."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    """The hall with a supervisor, its conformity computed."""
    found = build(now)
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, found.city, now=now - timedelta(days=1))
    found.staff["zhu"] = person
    actions.assess_many([found.area.place], queries.month_of(now), now)
    return found


def sign_in(hall: Hall, name: str) -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def text(client: Client, address: str, **data: str) -> str:
    answer = client.get(address, data)
    assert answer.status_code == 200, address
    return answer.content.decode()


PAGES = (
    "/console/conformity/",
    "/console/conformity/KBS/",
    "/console/conformity/KBS/score/",
    "/console/conformity/KBS/YJ-19/",
    "/console/conformity/KBS/YJ-19/give/measurement/",
    "/console/conformity/KBS/JB-12/give/document/",
    "/console/conformity/KBS/WH-10/exception/",
    "/console/editions/REF-2026/",
    "/console/editions/REF-2026/terms/",
)


def test_every_page_of_the_reference_edition_says_so_and_none_calls_it_a_published_standard(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    for address in PAGES:
        shown = text(client, address)
        assert "参照版" in shown, address
        # Words of a published standard stand in no state, heading or fact of these pages.
        states = re.findall(r'class="state[^"]*">([^<]*)<', shown)
        assert not set(states) & {STATE_NAMES[one] for one in PUBLISHED}, address
        assert not re.search(r"<dt>(标准编号|发布日期|实施日期)</dt>", shown), address


def test_files_of_the_reference_edition_say_so_in_each_row_or_name(hall: Hall) -> None:
    client = sign_in(hall, "ning")
    city = client.get("/console/conformity/", {"export": "csv"}).content.decode("utf-8-sig")
    assert city.count("参照版") >= 1
    score = load_workbook(io.BytesIO(client.get("/console/conformity/KBS/score/", {"export": "xlsx"}).content))
    assert "参照版" in str(score.worksheets[0]["A2"].value)
    apart = list(score["另列"].iter_rows(min_row=3, values_only=True))
    assert apart
    assert all(row[-1] == "参照版" for row in apart)
    book = client.get("/console/editions/REF-2026/workbook/")
    assert "%E5%8F%82%E7%85%A7%E7%89%88" in book.headers["Content-Disposition"], "参照版 is in the file's name"
    sheet = load_workbook(io.BytesIO(book.content))["版本"]
    assert [cell.value for cell in sheet[3]][:4] == [
        "REF-2026",
        "政务服务24小时自助服务区运行要求（参照版）",
        "是",
        "参照",
    ]


def test_the_city_lists_scores_that_the_areas_own_page_explains(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    kept = Assessment.objects.get(place=hall.area.place)
    assert kept.score is not None
    listed = text(client, "/console/conformity/")
    area = text(client, "/console/conformity/KBS/score/")
    shown = f"{kept.score:.1f}".removesuffix(".0")
    assert shown in listed
    assert f"<b>{shown}</b>" in area
    answers = ClauseVerdict.objects.filter(place=hall.area.place, answer="not_met")
    lost = [one.clause.code for one in answers.select_related("clause") if set(one.clause.grade) <= set("AB/")]
    assert lost
    for code in lost:
        assert f"/console/conformity/KBS/{code}/" in area
    points = [float(one) for one in re.findall(r'class="points">−([\d.]+)<', area)]
    assert sum(points) == pytest.approx(100 - kept.score, abs=0.01 * len(points) + 0.05)
    assert "另列的条款" in area
    for chapter in ("4 基本要求", "5 硬件设备", "6 标志标识", "7 维护管理", "8 评价与改进"):
        assert f">{chapter}</a>" in area


def test_scores_sort_and_an_area_without_a_month_has_none(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    for sort in ("score", "-score", "-not_met", "coverage"):
        assert client.get("/console/conformity/", {"sort": sort}).status_code == 200
    assert "—" in text(client, "/console/conformity/"), "the far area was not computed"


def test_a_keeper_gives_a_measurement_and_the_clause_answers(hall: Hall, now: datetime) -> None:
    client = sign_in(hall, "lin")
    page = text(client, "/console/conformity/KBS/YJ-19/")
    assert "/console/conformity/KBS/YJ-19/give/measurement/" in page
    assert "登记不适用" not in page, "an area's keeper exempts nobody"
    body = {
        "place": str(hall.area.place_id), "v_turn_mm": "1400", "on": now.date().isoformat(), "source": "卷尺", "note":
        "", }  # fmt: skip
    bad = client.post("/console/conformity/KBS/YJ-19/give/measurement/", {**body, "v_turn_mm": ""})
    assert bad.status_code == 422
    assert "卷尺" in bad.content.decode(), "what was typed stays"
    client.post("/console/conformity/KBS/YJ-19/give/measurement/", body)
    row = GivenNumbers.objects.get()
    actions.recompute(now)
    page = text(client, "/console/conformity/KBS/YJ-19/")
    assert "轮椅回转直径1400毫米" in page
    assert "不符合" in page
    answer = client.post(
        f"/console/clause-given/numbers/{row.pk}/withdraw/",
        {"area": "KBS", "clause": "YJ-19", "why": "量错"}, follow=True,
    )  # fmt: skip
    assert "撤回：量错" in answer.content.decode()
    assert "轮椅回转直径 1400 毫米" in text(client, "/console/clause-given/numbers/")
    assert "量错" in text(client, "/console/clause-given/numbers/")


def test_a_document_is_uploaded_listed_read_and_refused_when_it_is_none(hall: Hall, now: datetime) -> None:
    client = sign_in(hall, "zhu")
    address = "/console/conformity/KBS/JB-33/give/document/"
    body = {"place": str(hall.city.pk), "title": "应急预案", "on": now.date().isoformat(), "until_on": ""}
    bad = client.post(address, {**body, "file": SimpleUploadedFile("a.pdf", b"MZ")})
    assert bad.status_code == 422
    assert not GivenDocument.objects.exists()
    client.post(address, {**body, "file": SimpleUploadedFile("a.pdf", PDF)})
    row = GivenDocument.objects.get()
    assert "应急预案" in text(client, "/console/clause-given/")
    for state in ("fine", "soon", "over", "withdrawn"):
        assert client.get("/console/clause-given/", {"state": state}).status_code == 200
    for name, status in (("lin", 200), ("ning", 200), ("ou", 200), ("ren", 403)):
        assert sign_in(hall, name).get(f"/console/clause-documents/{row.ref}/").status_code == status
    answer = client.get(f"/console/clause-documents/{row.ref}/")
    assert answer.content == PDF
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_supervisor_exempts_and_ends_it(hall: Hall, now: datetime) -> None:
    client = sign_in(hall, "zhu")
    address = "/console/conformity/KBS/WH-10/exception/"
    body = {
        "place": str(hall.area.place_id), "kind": "transition", "reason": "没有控制室", "plan": "",
        "from_on": now.date().isoformat(), "until_on": "",
    }  # fmt: skip
    assert client.post(address, body).status_code == 422
    client.post(address, {**body, "kind": "exemption"})
    row = ClauseException.objects.get()
    actions.recompute(now)
    assert "不适用：没有控制室" in text(client, "/console/conformity/KBS/WH-10/")
    assert "没有控制室" in text(client, "/console/clause-exceptions/")
    client.post(f"/console/clause-exceptions/{row.pk}/end/", {"area": "KBS", "clause": "WH-10"})
    row.refresh_from_db()
    assert row.ended_on is not None


def test_an_unknown_part_is_not_found(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    for address in ("YJ-19/give/document/", "YJ-19/give/nonsense/", "WH-01/give/function/", "XX-01/give/document/"):
        assert client.get(f"/console/conformity/KBS/{address}").status_code == 404


def upload(client: Client, content: bytes) -> EditionProposal:
    client.post("/console/editions/import/", {"file": SimpleUploadedFile("x.xlsx", content)})
    return EditionProposal.objects.order_by("-pk")[0]


def edited(cells: dict[tuple[str, str], object]) -> bytes:
    book = load_workbook(io.BytesIO(workbook_of(text_of(Edition.objects.get(code="REF-2026")), demo=False)))
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


NEW = {("版本", "A2"): "REF-2027", ("版本", "B2"): "另一份（参照版）"}


def test_a_workbook_is_previewed_loaded_compared_and_adopted(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    row = upload(client, edited({**NEW, ("条款", "D2"): "新的判断标准"}))
    page = text(client, f"/console/editions/proposals/{row.pk}/")
    assert "待载入" in page
    assert "有改动 2" in page
    client.post(f"/console/editions/proposals/{row.pk}/load/")
    assert Edition.objects.get(code="REF-2027").adoption == "loaded"
    difference = text(client, "/console/editions/REF-2027/compare/", **{"with": "REF-2026"})
    assert "新的判断标准" in difference
    assert "条款 JB-01" in difference
    file = client.get("/console/editions/REF-2027/compare/", {"with": "REF-2026", "export": "xlsx"})
    rows = list(load_workbook(io.BytesIO(file.content))["差异"].values)
    assert any(one[1] == "JB-01" and one[5] == "新的判断标准" for one in rows)
    client.post("/console/editions/REF-2027/adopt/")
    assert queries.current_edition() == Edition.objects.get(code="REF-2027")
    assert client.get("/console/editions/REF-2027/compare/").status_code == 302


def test_a_faulty_workbook_shows_each_cell_and_its_list_can_be_taken_away(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    row = upload(client, edited({**NEW, ("条款", "C3"): None, ("术语", "E2"): "E"}))
    page = text(client, f"/console/editions/proposals/{row.pk}/")
    assert "条款!C3" in page
    assert "术语!E2" in page
    assert "什么也没有载入" in page
    csv = client.get(f"/console/editions/proposals/{row.pk}/", {"export": "csv"}).content.decode("utf-8-sig")
    assert "条款!C3" in csv
    client.post(f"/console/editions/proposals/{row.pk}/drop/")
    row.refresh_from_db()
    assert row.state == "dropped"
    bad = client.post("/console/editions/import/", {"file": SimpleUploadedFile("x.xlsx", b"no")})
    assert bad.status_code == 422


def test_a_reference_edition_offers_no_step_towards_a_standard(hall: Hall) -> None:
    client = sign_in(hall, "zhu")
    page = text(client, "/console/editions/REF-2026/")
    assert set(re.findall(r"/console/editions/REF-2026/move/(\w+)/", page)) == {"abolish"}
    answer = client.post(
        "/console/editions/REF-2026/move/publish/", {"number": "DB1506/T 1—2026", "on": "2026-01-01"}, follow=True
    )
    assert "参照版不是任何标准的文本" in answer.content.decode()
    assert Edition.objects.get().state == "reference"


def test_terms_and_references_show_what_the_drafting_note_writes(hall: Hall) -> None:
    page = text(sign_in(hall, "ning"), "/console/editions/REF-2026/terms/")
    for words in (
        "24小时自助服务区",
        "24-hour self-service area",
        "GB/T 50763",
        "写法有误",
        "GB 2894-2025",
        "行政许可法",
    ):
        assert words in page, words
    assert edition_queries.term_rows(None)
