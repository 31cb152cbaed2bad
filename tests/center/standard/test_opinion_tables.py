"""The summary tables to a spreadsheet program and back: line ends, clause numbers that end in 0, both kinds."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from tests.center.hall import Hall
from tests.center.standard.the_project import begin, consult, furnish, own_edition
from tests.conftest import missing

from budayang.center.platform.actions import Refused
from budayang.center.standard import opinion_actions, opinion_imports, writing_actions
from budayang.center.standard.models import Consultation, Opinion
from budayang.center.standard.opinion_actions import Said

WHATS = {"consultation": "opinions", "review": "reviews"}
SENT = "字太小。\r\n请放大。\r\n\r\n=1+1"


@pytest.fixture
def asked(hall: Hall, now: datetime) -> Consultation:
    """A round of today."""
    cache.clear()
    return consult(hall, furnish(hall, begin(hall, now), now), now)


def four(hall: Hall, asked: Consultation, kind: str, now: datetime) -> list[Opinion]:
    """Said in several lines, about a clause whose number ends in 0, with a sign that no table holds; two decided."""
    zhu, project = hall.actor("zhu"), asked.project
    rows = [
        opinion_actions.add_opinion(zhu, project, kind, one, now)
        for one in (
            Said(SENT, "4.10", "改为\r\n18 pt。", "某区政务局"), Said("a\x0bb\x07c d", "4.1"), Said("全文都好。"),
            Said("第3章补定义。", "3", unit="某局"),
        )
    ]  # fmt: skip
    opinion_actions.decide(zhu, rows[0], "partly", "只放大\r\n主文字。", now, note="见5.28")
    opinion_actions.decide(zhu, rows[1], "accepted", "", now)
    return rows


def excel(hall: Hall, asked: Consultation, kind: str, now: datetime) -> bytes:
    project = asked.project
    return writing_actions.make(
        hall.actor("zhu"), WHATS[kind], "xlsx", edition=project.edition, project=project, now=now
    )


def saved_by_libreoffice(content: bytes, tmp_path: Path) -> bytes:
    """The file as LibreOffice writes it after opening it."""
    office = shutil.which("soffice")
    if office is None:
        missing("LibreOffice", "apt-get install libreoffice-calc-nogui")
    assert office is not None
    file, out = tmp_path / "table.xlsx", tmp_path / "out"
    file.write_bytes(content)
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(file)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return (out / "table.xlsx").read_bytes()


def saved_by_excel(content: bytes) -> bytes:
    """The file as Excel writes it where a cell holds CR LF: the CR as "_x000D_"."""
    book = load_workbook(io.BytesIO(content))
    for row in sheet_of(book).iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and "\n" in cell.value:
                cell.value = cell.value.replace("\n", "_x000D_\n")
    return written(book)


def written(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet_of(book: Workbook) -> Worksheet:
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def table(**columns: object) -> bytes:
    """A workbook with one row."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([*columns])
    sheet.append([*columns.values()])
    return written(book)


def check_of(hall: Hall, asked: Consultation, kind: str, content: bytes) -> opinion_imports.OpinionCheck:
    return opinion_imports.checker(asked.project, kind)(hall.actor("zhu"), opinion_imports.read(content))


def test_line_ends_and_signs_are_kept_as_a_table_can_hold_them(hall: Hall, asked: Consultation, now: datetime) -> None:
    rows = four(hall, asked, "consultation", now)
    assert rows[0].text == "字太小。\n请放大。\n\n=1+1"
    assert (rows[0].wish, rows[0].reason) == ("改为\n18 pt。", "只放大\n主文字。")
    assert rows[1].text == "abc d"


def test_the_limit_counts_a_line_end_once(hall: Hall, asked: Consultation, now: datetime) -> None:
    text = "\r\n".join(["字" * 99] * 10)
    assert len(text.replace("\r\n", "\n")) == 999
    assert len(text) > 1000
    kept = opinion_actions.take_opinion(asked, Said(text), client="c", now=now)
    assert kept.text == text.replace("\r\n", "\n")


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["consultation", "review"])
def test_through_libreoffice_and_back_nothing_changes(
    hall: Hall, asked: Consultation, now: datetime, tmp_path: Path, kind: str
) -> None:
    four(hall, asked, kind, now)
    before = list(Opinion.objects.order_by("pk").values())
    content = saved_by_libreoffice(excel(hall, asked, kind, now), tmp_path)
    assert content != excel(hall, asked, kind, now)
    check = check_of(hall, asked, kind, content)
    assert (len(check.new), len(check.known), check.errors) == (0, 4, [])
    loaded = opinion_imports.loader(asked.project, kind)(hall.actor("zhu"), opinion_imports.read(content), "a.xlsx")
    assert loaded == (0, 4)
    assert list(Opinion.objects.order_by("pk").values()) == before


@pytest.mark.processes
@pytest.mark.parametrize("kind", ["consultation", "review"])
def test_what_is_written_in_libreoffice_comes_back(
    hall: Hall, asked: Consultation, now: datetime, tmp_path: Path, kind: str
) -> None:
    rows = four(hall, asked, kind, now)
    book = load_workbook(io.BytesIO(excel(hall, asked, kind, now)))
    sheet = sheet_of(book)
    head = next(row for row in sheet.iter_rows() if row[0].value == "编号")
    column = {str(cell.value): at for at, cell in enumerate(head, start=1)}
    for row in sheet.iter_rows(min_row=4):
        if row[0].value == rows[2].number:
            row[column["处理意见"] - 1].value, row[column["处理理由"] - 1].value = "未采纳", "没有\n具体内容。"
    last = sheet.max_row + 1
    for name, value in (("标准章条编号", "4.20"), ("意见内容", "会上提出。"), ("处理意见", "采纳")):
        sheet.cell(last, column[name], value)
    content = saved_by_libreoffice(written(book), tmp_path)
    loaded = opinion_imports.loader(asked.project, kind)(hall.actor("zhu"), opinion_imports.read(content), "a.xlsx")
    assert loaded == (2, 3)
    rows[2].refresh_from_db()
    assert (rows[2].decision, rows[2].reason) == ("rejected", "没有\n具体内容。")
    new = Opinion.objects.get(source="excel")
    assert (new.kind, new.clause_number, new.decision) == (kind, "4.20", "accepted")


@pytest.mark.processes
def test_what_is_typed_into_the_table_stays_text(
    hall: Hall, asked: Consultation, now: datetime, tmp_path: Path
) -> None:
    four(hall, asked, "consultation", now)
    sheet = sheet_of(load_workbook(io.BytesIO(saved_by_libreoffice(excel(hall, asked, "consultation", now), tmp_path))))
    rows = [row for row in sheet.iter_rows() if row[1].value in {"4.1", "4.10"}]
    assert len(rows) == 2
    assert {cell.number_format for row in rows for cell in row if cell.value is not None} == {"@"}
    below = [one.number_format for one in sheet.column_dimensions.values() if (one.min or 0) <= 2 <= (one.max or 0)]
    assert below == ["@"], "also of rows that are added below"


def test_excels_own_word_for_a_line_end_is_no_change(hall: Hall, asked: Consultation, now: datetime) -> None:
    four(hall, asked, "consultation", now)
    check = check_of(hall, asked, "consultation", saved_by_excel(excel(hall, asked, "consultation", now)))
    assert (len(check.new), len(check.known), check.errors) == (0, 4, [])


def test_an_opinion_that_was_kept_with_other_line_ends_goes_round_too(
    hall: Hall, asked: Consultation, now: datetime
) -> None:
    row = four(hall, asked, "consultation", now)[0]
    Opinion.objects.filter(pk=row.pk).update(text=SENT, wish="改为\r\n18 pt。", reason="只放大\r\n主文字。")
    check = check_of(hall, asked, "consultation", excel(hall, asked, "consultation", now))
    assert (len(check.new), len(check.known), check.errors) == (0, 4, [])


@pytest.mark.parametrize(
    ("clause", "part"),
    [(4.1, "数字"), ("4.99", "没有“4.99”"), ("4.1、4.2", "没有“4.1、4.2”"), ("附录Z", "没有“附录Z”"), ("9", "没有“9”")],
)
def test_a_clause_that_the_text_does_not_have_or_that_became_a_number_is_refused(
    hall: Hall, asked: Consultation, clause: object, part: str
) -> None:
    check = check_of(hall, asked, "consultation", table(标准章条编号=clause, 意见内容="好", 提出单位="某局"))
    assert len(check.errors) == 1
    assert part in check.errors[0][1]
    assert check.new == []


@pytest.mark.parametrize(
    ("clause", "kept"),
    [
        ("4.10", "4.10"), ("４．１０", "4.10"), ("第4章", "4"), (4, "4"), ("全文", ""), (None, ""), ("附录A", "附录A"),
        ("3.1", "3.1"),
    ],
)  # fmt: skip
def test_a_clause_of_the_text_is_taken(hall: Hall, asked: Consultation, clause: object, kept: str) -> None:
    content = table(标准章条编号=clause, 意见内容="好", 提出单位="某局")
    load = opinion_imports.loader(asked.project, "consultation")
    assert load(hall.actor("zhu"), opinion_imports.read(content), "a.xlsx") == (1, 0)
    assert Opinion.objects.get().clause_number == kept
    assert load(hall.actor("zhu"), opinion_imports.read(content), "a.xlsx") == (0, 1), "brought twice, written once"


def test_of_a_csv_nobody_knows_whether_it_was_4_10(hall: Hall, asked: Consultation, now: datetime) -> None:
    head = "标准章条编号,意见内容,提出单位\n"
    errors = check_of(hall, asked, "consultation", f"{head}4.1,好,某局".encode()).errors
    assert "4.10" in errors[0][1]
    assert check_of(hall, asked, "consultation", f"{head}4.9,好,某局".encode()).errors == []


def test_nobody_sends_one_on_a_clause_that_is_not_there(hall: Hall, asked: Consultation, now: datetime) -> None:
    with pytest.raises(Refused, match="没有“4\\.99”"):
        opinion_actions.take_opinion(asked, Said("好", "4.99"), client="c", now=now)


@pytest.mark.parametrize("kind", ["consultation", "review"])
def test_the_tables_of_a_reference_edition_say_so(hall: Hall, asked: Consultation, now: datetime, kind: str) -> None:
    four(hall, asked, kind, now)
    sheet = sheet_of(load_workbook(io.BytesIO(excel(hall, asked, kind, now))))
    above = [str(row[0].value) for row in sheet.iter_rows(max_row=3)]
    assert "参照版，不是已发布标准的文本" in above
    assert "参照版" in sheet.title
    asked.project.edition = own_edition(now)
    own = sheet_of(load_workbook(io.BytesIO(excel(hall, asked, kind, now))))
    assert not [cell.value for row in own.iter_rows() for cell in row if "参照版" in str(cell.value)]
