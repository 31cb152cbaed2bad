"""Pages of the monthly report: made, read, opened, taken away as three kinds of file, published, corrected."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from pypdf import PdfReader
from tests.center.console.the_desk import Desk, build
from tests.center.evaluation.the_month import BORN, MADE
from tests.center.evaluation.the_wider_month import WORDS, live_wide

from budayang.center.evaluation.models import MonthlyReport
from budayang.center.platform import works
from budayang.center.services.models import Trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk on the fifth of November, with two months of life behind it."""
    monkeypatch.setattr(timezone, "now", lambda: MADE)
    desk = build(BORN)
    live_wide(desk.hall)
    return desk


def made(client: Client, place: str = "A-KBS") -> MonthlyReport:
    answer = client.post("/console/monthly-reports/new/", {"place": place, "month": "2026-10"})
    row = MonthlyReport.objects.select_related("work").get(place__code=place)
    assert answer.headers["Location"] == f"/console/monthly-reports/{row.pk}/"
    page = client.get(f"/console/monthly-reports/{row.pk}/").content.decode()
    assert "正在从记录计算" in page
    assert "hx-trigger" in page
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    return row


def test_made_read_and_opened(desk: Desk) -> None:
    client = desk.client("zhu")
    assert "还没有月报" in client.get("/console/monthly-reports/").content.decode()
    row = made(client)
    page = client.get(f"/console/monthly-reports/{row.pk}/").content.decode()
    assert page.index("白跑率") < page.index("非工作时间办件占比") < page.index("可用率")
    assert "草稿" in page
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="([^"]*/rows/\?of=[^"]+)"', page)}
    assert len(links) > 60
    for link in sorted(links):
        assert client.get(link).status_code == 200, link
    assert client.get(f"/console/monthly-reports/{row.pk}/rows/?of=cases?item=OTHER").status_code == 404
    listed = client.get("/console/monthly-reports/?state=draft&month=2026-10").content.decode()
    assert "2026-10" in listed
    assert client.get("/console/monthly-reports/?export=xlsx").status_code == 200


def test_what_placement_suggests_stands_in_the_report_and_opens(desk: Desk) -> None:
    """By the numbers of its own page; of words that people typed only how many, until somebody opens them."""
    client = desk.client("zhu")
    row = made(client)
    address = f"/console/monthly-reports/{row.pk}/"
    page = client.get(address).content.decode()
    section = page[page.index('id="s-placement"') : page.index('id="s-drills"')]
    for told in ("KBS-01 号终端 / KBS-02 号终端", "19:00–20:00", "没有人用的", "不采纳", "一个时段至少办了几件"):
        assert told in section, told
    own = client.get("/console/placement/?kind=overlap").content.decode()
    assert "两台都有 7 个事项，其中 2 个用得少，一共办了 0 件" in own
    cells = re.sub("<[^>]+>", " ", section[section.index("KBS-01 号终端 / KBS-02 号终端") :]).split()
    assert cells[cells.index("康巴什区自助区") + 1 :][:3] == ["7", "2", "0"], (
        "the numbers of the page are those of the report"
    )
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="([^"]*/rows/\?of=placement[^"]+)"', section)}
    assert len(links) == 8
    opened = {link: client.get(link) for link in links}
    assert {answer.status_code for answer in opened.values()} == {200}
    (words,) = (answer.content.decode() for link, answer in opened.items() if "unfound" in link)
    assert "办港澳通行证" in words
    assert "刚够不着" not in words, "asked by too few"
    (items,) = (answer.content.decode() for link, answer in opened.items() if "KBS-01%257CKBS-02" in link)
    assert "试验事项6" in items
    assert "KBS-01 0 · KBS-02 0" in items
    files = [client.get(f"{address}files/{form}/").content for form in ("pdf", "docx", "xlsx")]
    text = pdf_text(files[0])
    assert "布局与使用建议" in text
    assert not [one for one in WORDS if one in page or one in text or one in str(row.content)]
    table = next(
        one for one in Document(io.BytesIO(files[1])).tables if one.rows[0].cells[0].text == "两台终端"
    )  # fmt: skip
    assert [cell.text for cell in table.rows[1].cells][2:5] == ["7", "2", "0"]
    sheet = [
        [cell.value for cell in line] for line in load_workbook(io.BytesIO(files[2]))["相邻终端重复的事项"].iter_rows()
    ]
    assert next(line for line in sheet if line[0] == "KBS-01 号终端 / KBS-02 号终端")[2:5] == [7, 2, 0], "numbers"
    body = client.get("/open/monthly.json").content.decode()
    assert "placement" not in body


def pdf_text(content: bytes) -> str:
    """What poppler reads, without its line breaks."""
    found = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s+", "", found)


def test_three_kinds_of_file_say_the_same(desk: Desk) -> None:
    client = desk.client("zhu")
    row = made(client)
    assert row.content is not None
    rate = next(one for one in row.content["sections"][0]["figures"] if one["code"] == "wasted")["value"]
    told = f"{rate * 100:.1f} %"

    pdf = client.get(f"/console/monthly-reports/{row.pk}/files/pdf/")
    assert "%E6%9C%88%E6%8A%A5.pdf" in pdf.headers["Content-Disposition"]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert told.replace(" ", "") in text.replace(" ", "")
    assert "演示数据" in text
    assert "白跑率" in pdf_text(pdf.content)

    word = Document(io.BytesIO(client.get(f"/console/monthly-reports/{row.pk}/files/docx/").content))
    cells = {cell.text for table in word.tables for line in table.rows for cell in line.cells}
    assert told in cells
    (lang,) = word.styles.element.iter(qn("w:lang"))
    assert lang.get(qn("w:eastAsia")) == "zh-CN", "or commas stand in the middle of their square"
    first = next(one.text for one in word.paragraphs if one.style and one.style.name == "Heading 1")
    assert first == "一、白跑率和非工作时间"
    assert "草稿，还没有发布" in {one.text for one in word.paragraphs}

    book = load_workbook(io.BytesIO(client.get(f"/console/monthly-reports/{row.pk}/files/xlsx/").content))
    figures = [[cell.value for cell in line] for line in book["主要指标"].iter_rows()]
    line = next(one for one in figures if one[1] == "白跑率")
    assert line[2] == rate, "a number, not a text"
    hours = [[cell.value for cell in line] for line in book["各时段的办件"].iter_rows()]
    total = next(one for one in figures if one[1] == "办件")[2]
    assert sum(one[1] for one in hours if isinstance(one[1], int)) == total
    assert client.get(f"/console/monthly-reports/{row.pk}/files/csv/").status_code == 404


@pytest.mark.parametrize("form", ["docx", "xlsx"])
def test_libreoffice_opens_the_files(desk: Desk, tmp_path: Path, form: str) -> None:
    client = desk.client("zhu")
    row = made(client)
    file = tmp_path / f"report.{form}"
    file.write_bytes(client.get(f"/console/monthly-reports/{row.pk}/files/{form}/").content)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    text = subprocess.run(["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, check=True).stdout.decode()
    assert "白跑率" in text
    assert "演示数据" in text
    flat = re.sub(r"\s+", "", text)
    for told in ("布局与使用建议", "相邻终端重复的事项", "一件接一件、有人等的时段", "有人找、目录里没有的事"):
        assert told in flat, told


def test_published_and_corrected(desk: Desk) -> None:
    client = desk.client("zhu")
    row = made(client)
    page = client.get(f"/console/monthly-reports/{row.pk}/").content.decode()
    assert row.sha256 in page
    client.post(f"/console/monthly-reports/{row.pk}/publish/", {"sha256": row.sha256})
    row.refresh_from_db()
    assert row.state == "published"
    Trip.objects.create(
        source="terminal", area=desk.hall.area, terminal=desk.hall.terminal, place_path=desk.hall.area.place.path,
        result="finished", at=MADE.replace(month=10, day=20),
    )  # fmt: skip
    client.post(f"/console/monthly-reports/{row.pk}/check/")
    row.refresh_from_db()
    works.run_work.call(row.work_id)
    page = client.get(f"/console/monthly-reports/{row.pk}/").content.decode()
    assert "发布后有更正：" in page
    assert "全部趟数：" in page
    assert "发布后有更正" in client.get("/console/monthly-reports/").content.decode()
    pdf = client.get(f"/console/monthly-reports/{row.pk}/files/pdf/").content
    assert "发布后有更正" in "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).replace(" ", "")


def test_contents_that_were_tampered_with_are_told(desk: Desk) -> None:
    client = desk.client("zhu")
    row = made(client)
    assert row.content is not None
    row.content["sections"][0]["figures"][0]["value"] = 0.001
    MonthlyReport.objects.filter(pk=row.pk).update(content=row.content)
    assert "内容与校验值不符" in client.get(f"/console/monthly-reports/{row.pk}/").content.decode()


def test_plans_refusals_and_scope(desk: Desk) -> None:
    client = desk.client("zhu")
    row = made(client)
    answer = client.post("/console/monthly-reports/plans/", {"place": "150600"}, follow=True).content.decode()
    assert "已安排，下一次" in answer
    assert "不再自动制作" in answer
    answer = client.post("/console/monthly-reports/new/", {"place": "A-KBS", "month": "2027-10"}, follow=True)
    assert "还没有开始" in answer.content.decode()
    answer = client.post("/console/monthly-reports/new/", {"place": "NOWHERE", "month": "x"}, follow=True)
    assert "请选择地点和月份" in answer.content.decode()
    assert desk.client("lin").get(f"/console/monthly-reports/{row.pk}/").status_code == 200
    assert desk.client("ou").get(f"/console/monthly-reports/{row.pk}/").status_code == 404
    assert desk.client("ren").get(f"/console/monthly-reports/{row.pk}/").status_code == 403
    assert desk.client("lin").post(f"/console/monthly-reports/{row.pk}/publish/").status_code == 403
    assert row.month == date(2026, 10, 1)
