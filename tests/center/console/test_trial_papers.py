"""A trial on paper: Word opened by LibreOffice, PDF by poppler, Excel by openpyxl; each says what was set, the period,
the sample, what changes, the cost, what is assumed, and that the rows are a demonstration's.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from docx import Document
from openpyxl import load_workbook
from tests.center.console.test_trial_pages import REPAIR, made, sign_in
from tests.center.hall import Hall
from tests.center.standard.the_trial import LATER, live
from tests.conftest import missing

from budayang.center.platform.models import AuditLine
from budayang.center.standard.models import Trial
from budayang.center.standard.trial_papers import MOST_CLAUSES, paper
from budayang.center.standard.trial_queries import Told, told

pytestmark = pytest.mark.django_db
SAID = (
    "试算：修得快",
    "康巴什区自助区",
    "2026-09至2026-10",
    "一次投入",
    "1,200.00",
    "修复限时",
    "最长多久修好",
    "本可不白跑的",
    "每少一趟白跑",
    "YJ-07",
    "设备正常运行率",
    "样本",
    "没有随措施重算的",
    "没有发生的故障无从计时",
    "夜里也到得了场",
    "多开的时间会不会有更多的人来",
    "参照版",
)
"""What stands in the paper, whatever its form."""


@pytest.fixture(scope="module")
def row(django_db_setup: None, django_db_blocker: Any) -> Iterable[Trial]:
    with django_db_blocker.unblock(), transaction.atomic():
        hall: Hall = live()[0]
        made_row = made(hall, "修得快", REPAIR, once=1200)
        made_row.hall = hall  # type: ignore[attr-defined]
        yield made_row
        transaction.set_rollback(True)


@pytest.fixture
def client(row: Trial) -> Client:
    return sign_in(row.hall, "ning")  # type: ignore[attr-defined]


def file(client: Client, row: Trial, form: str) -> bytes:
    answer = client.get(f"/console/trials/{row.pk}/", {"export": form})
    assert answer.status_code == 200
    assert f".{form}" in answer["Content-Disposition"]
    return bytes(answer.content)


def poppler(path: Path) -> list[str]:
    """The text of each page without spaces and line breaks."""
    if shutil.which("pdftotext") is None:
        missing("poppler", "apt-get install poppler-utils")
    read = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout
    return ["".join(page.split()) for page in read.split("\f") if page.strip()]


def test_the_page_offers_the_three_files_and_each_is_noted(client: Client, row: Trial) -> None:
    page = client.get(f"/console/trials/{row.pk}/").content.decode()
    for form in ("docx", "pdf", "xlsx"):
        assert f'href="?export={form}"' in page
        file(client, row, form)
        assert AuditLine.objects.filter(
            action="console.export", subject=f"trial:{row.pk}", details__format=form
        ).exists()
    assert "正在回放" not in page


def test_the_pdf_by_poppler(client: Client, row: Trial, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(file(client, row, "pdf"))
    pages = poppler(tmp_path / "a.pdf")
    for words in SAID:
        assert any(words in page for page in pages), words
    assert all("演示数据" in page for page in pages)
    fonts = subprocess.run(["pdffonts", str(tmp_path / "a.pdf")], check=True, capture_output=True, text=True).stdout
    assert all("yes" in line.split() for line in fonts.splitlines()[2:])


def test_the_word_file_has_the_same_and_libreoffice_opens_it(client: Client, row: Trial, tmp_path: Path) -> None:
    content = file(client, row, "docx")
    word = Document(io.BytesIO(content))
    cells = [cell.text for table in word.tables for line in table.rows for cell in line.cells]
    text = "\n".join([*(one.text for one in word.paragraphs), *cells])
    for words in SAID:
        assert words in text, words
    assert "演示数据" in word.sections[0].header.paragraphs[0].text
    office = shutil.which("soffice")
    if office is None:
        missing("LibreOffice", "apt-get install libreoffice-writer-nogui")
    assert office is not None
    for name, data in (("a.docx", content), ("b.xlsx", file(client, row, "xlsx"))):
        (tmp_path / name).write_bytes(data)
        profile = f"-env:UserInstallation=file://{tmp_path}/office"
        command = [
            office,
            profile,
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(tmp_path),
            str(tmp_path / name),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        pages = poppler((tmp_path / name).with_suffix(".pdf"))
        assert any("YJ-07" in page for page in pages), name
        assert any("演示数据" in page for page in pages), name


def test_the_papers_are_chinese_for_an_english_reader(client: Client, row: Trial) -> None:
    client.cookies["django_language"] = "en"
    word = Document(io.BytesIO(file(client, row, "docx")))
    assert word.paragraphs[0].text == "试算：修得快"
    assert "假设和不知道的" in "".join(one.text for one in word.paragraphs)


def test_the_excel_rows_are_those_of_the_result(client: Client, row: Trial) -> None:
    book = load_workbook(io.BytesIO(file(client, row, "xlsx")))
    result = told(row).result
    assert result is not None
    lines = [[cell.value for cell in line] for line in book["条款"].iter_rows()]
    assert lines[0] == ["演示数据"] + [None] * (len(lines[0]) - 1)
    assert len(lines) - 2 == sum(len(one.clauses) for one in result.areas)
    areas = [[cell.value for cell in line] for line in book["自助区"].iter_rows(min_row=2)]
    head, values = areas
    line = dict(zip(head, values, strict=True))
    (area,) = result.areas
    assert line["本可不白跑的"] == area.refusals.all_avoided
    assert line["试算可用率"] == area.after.usable / area.before.promised, "nothing here is left uncounted"


def test_a_trial_of_very_many_lines_makes_a_paper_that_says_how_many_it_leaves_out(row: Trial) -> None:
    known = told(row)
    assert known.result is not None
    (area,) = known.result.areas
    turned = replace(area.clauses[0], before="not_met", after="met")
    many = replace(area, clauses=[turned] * (MOST_CLAUSES + 37))
    big = Told(row, replace(known.result, areas=[many]), known.cost)
    word = Document(io.BytesIO(paper(big, "docx", demo=False, now=LATER)))
    assert "另有 37 条，都在 Excel 文件里。" in [one.text for one in word.paragraphs]
    assert "演示数据" not in word.sections[0].header.paragraphs[0].text
    assert max(len(table.rows) for table in word.tables) == MOST_CLAUSES + 1


def test_a_sign_that_no_font_has_does_not_stop_the_paper(row: Trial) -> None:
    known = told(row)
    row.note = "备注 \U0001f9ff = 1"
    assert paper(known, "pdf", demo=True, now=LATER).startswith(b"%PDF")
    assert paper(known, "docx", demo=True, now=LATER)
    with pytest.raises(KeyError):
        paper(known, "csv", demo=True, now=LATER)


def test_without_a_result_there_is_no_file(client: Client, row: Trial) -> None:
    Trial.objects.filter(pk=row.pk).update(result=None, made_at=None)
    for form in ("docx", "pdf", "xlsx"):
        assert client.get(f"/console/trials/{row.pk}/", {"export": form}).status_code == 404
