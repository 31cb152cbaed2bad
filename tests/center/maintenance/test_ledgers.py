"""Ledgers: each book's figures recomputed by a script of its own from the tables, nothing personal in clear, scope."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader
from tests.center.hall import Hall
from tests.center.maintenance.the_books import Month, build

from budayang import data
from budayang.center.maintenance import ledger_actions, ledger_archiving, ledger_jobs, ledger_printing
from budayang.center.maintenance.ledger_books import BOOKS, BY_CODE
from budayang.center.maintenance.ledger_printing import Filled, volumes
from budayang.center.maintenance.ledger_rows_devices import Scope
from budayang.center.maintenance.models import LedgerArchive, LedgerFile, Round, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Work
from budayang.center.platform.works import Cancelled, Progress

pytestmark = pytest.mark.django_db
PERSONAL = ("王小明", "150602199001011234", "赵建国", "015023")


@pytest.fixture
def month(hall: Hall, now: datetime) -> Month:
    return build(hall, now)


def filled(hall: Hall, month: Month, book: str, now: datetime, who: str = "lin") -> Filled:
    scope = ledger_actions.scope_for(hall.actor(who), "A-KBS", month.first, month.last, now=now)
    return ledger_actions.read(BY_CODE[book], scope, now=now)


def sql(statement: str) -> list[tuple[object, ...]]:
    """The independent reader: plain SQL over the tables, none of the house's code."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def scalar(statement: str) -> int:
    found = sql(statement)[0][0]
    return int(found or 0)  # type: ignore[call-overload, no-any-return]  # a number of the database


def _assets() -> dict[str, str]:
    states = Counter(
        {"waiting": "待验收", "in_use": "在用"}[str(row[0])] for row in sql("SELECT state FROM maintenance_asset")
    )
    return {"资产（件）": str(states.total()), **{word: str(count) for word, count in states.items()}, "本期工单": "2"}


def _rounds(where: str) -> dict[str, str]:
    rows = sql(
        "SELECT r.state, (SELECT count(*) FROM maintenance_roundanswer a WHERE a.round_id = r.id AND a.stop = ''"
        " AND a.failed AND a.state = 'current') FROM maintenance_round r JOIN maintenance_roundplan p"
        f" ON p.id = r.plan_id WHERE {where}"
    )
    names = {"done": "已完成", "missed": "未按时完成"}
    states = Counter(names[str(state)] for state, _failed in rows)
    failed = sum(int(str(count)) for _state, count in rows)
    return {"应做": str(len(rows)), "异常项": str(failed), **{word: str(count) for word, count in states.items()}}


def _inspection() -> dict[str, str]:
    rounds = scalar("SELECT count(*) FROM maintenance_round")
    failed = scalar("SELECT count(*) FROM maintenance_roundanswer WHERE stop <> '' AND failed AND state = 'current'")
    return {"应做": str(rounds * 2), "异常项": str(failed)}


def _repair() -> dict[str, str]:
    cost = scalar("SELECT sum(cost_fen) FROM maintenance_orderpart WHERE taken_back_at IS NULL")
    return {"工单": str(scalar("SELECT count(*) FROM maintenance_workorder")), "用料费用（元）": f"{cost / 100:.2f}"}


def _supplies() -> dict[str, str]:
    came = scalar("SELECT sum(amount) FROM terminals_stockmovement WHERE amount > 0")
    went = scalar("SELECT sum(amount) FROM terminals_stockmovement WHERE amount < 0")
    return {"账目（行）": "2", "A4打印纸（张）": f"入 {came}，出 {-went}"}


def _fire() -> dict[str, str]:
    things = scalar("SELECT count(*) FROM maintenance_duething WHERE kind = 'extinguisher'")
    return {"检查": "1", "消防安全": "1", "到期事项": str(things), "已过期的": "0"}


def _training() -> dict[str, str]:
    people = scalar("SELECT sum(present) FROM maintenance_training")
    return {"培训（次）": str(scalar("SELECT count(*) FROM maintenance_training")), "人次": str(people)}


def _duty() -> dict[str, str]:
    entries = scalar("SELECT count(*) FROM maintenance_dutyentry")
    return {"值班": "3", "交接班": str(scalar("SELECT count(*) FROM maintenance_handover")), "异常情况": str(entries)}


def _lost() -> dict[str, str]:
    count = scalar("SELECT count(*) FROM maintenance_lostthing")
    return {"捡到（件）": str(count), "保管中": str(count)}


def _viewing() -> dict[str, str]:
    return {"调阅（次）": "1", "其中拷贝": str(scalar("SELECT count(*) FROM maintenance_videoviewing WHERE copied"))}


CHECKS: dict[str, Callable[[], dict[str, str]]] = {
    "assets": _assets,
    "patrol": lambda: _rounds("p.list_code = 'daily'"),
    "inspection": _inspection,
    "repair": _repair,
    "supplies": _supplies,
    "cleaning": lambda: _rounds("p.list_code = 'cleaning'"),
    "fire": _fire,
    "training": _training,
    "duty": _duty,
    "lost": _lost,
    "viewing": _viewing,
}


def test_the_figures_of_every_book_are_those_of_the_tables(hall: Hall, month: Month, now: datetime) -> None:
    assert set(CHECKS) == set(BY_CODE)
    for code, check in CHECKS.items():
        found = dict(BY_CODE[code].figures(filled(hall, month, code, now).rows))
        expected = check()
        assert {key: found.get(key) for key in expected} == expected, code


def test_rows_are_as_wide_as_the_book_and_nothing_personal_is_in_clear(hall: Hall, month: Month, now: datetime) -> None:
    for book in BOOKS:
        rows = filled(hall, month, book.code, now).rows
        assert rows, book.code
        assert {len(row) for row in rows} == {len(book.columns)}, book.code
        text = "\n".join(cell for row in rows for cell in row)
        assert not [word for word in PERSONAL if word in text], book.code
    assert "赵**" in str(filled(hall, month, "viewing", now).rows)


def test_bases_are_clauses_of_the_edition_with_their_grade() -> None:
    grades = {one.code: one.grade for one in data.requirements()}
    for book in BOOKS:
        assert set(book.clauses) <= set(grades), book.code
        assert all(f"{code}（依据 {grades[code]} 级）" in book.basis for code in book.clauses)
        assert book.basis.startswith("参照版"), "not the text of any published standard"
        assert 2 <= len(book.signers) <= 4


def test_patrol_is_of_the_place_and_inspection_of_devices(hall: Hall, month: Month, now: datetime) -> None:
    patrol, inspection = filled(hall, month, "patrol", now).rows, filled(hall, month, "inspection", now).rows
    assert "地面干净：异常（有水渍）" in patrol[0][8]
    assert not any("设备通电" in row[8] for row in patrol)
    assert {row[2] for row in inspection} == {"KBS-01", "KBS-02"}
    assert patrol[1][10] == "未按时完成", "what was not done is in the book"
    assert any("没有到场证明" in row[11] for row in inspection)
    assert not any("保洁" in row[2] or "消防" in row[2] for row in patrol)


def test_a_correction_stands_beside_what_it_corrects(hall: Hall, month: Month, now: datetime) -> None:
    log = [row for row in filled(hall, month, "duty", now).rows if row[1] == "异常情况"]
    assert ("闪了两次" in log[0][4], "以更正为准" in log[0][5]) == (True, True)
    assert ("闪了三次" in log[1][4], "次数记错" in log[1][5]) == (True, True)


def test_an_owner_unit_s_books_hold_its_own_machines_only(hall: Hall, month: Month, now: datetime) -> None:
    mine = filled(hall, month, "assets", now, "ren").rows
    assert {row[0] for row in mine} == {"ZC-001", "ZC-002"}
    assert not filled(hall, month, "assets", now, "shui").rows
    assert len(filled(hall, month, "repair", now, "ren").rows) == 1
    assert not filled(hall, month, "repair", now, "shui").rows
    for book in ("lost", "viewing", "training", "patrol"):
        assert not filled(hall, month, book, now, "ren").rows, book
    with pytest.raises(Refused, match="能看的"):
        filled(hall, month, "assets", now, "ou")
    with pytest.raises(Forbidden):
        filled(hall, month, "assets", now, "sys")


@pytest.mark.parametrize(("first", "last", "word"), [(5, 1, "不能早于"), (-400, 0, "最多打印一年"), (5, 6, "今天以后")])
def test_a_period_is_one_that_can_be_printed(hall: Hall, now: datetime, first: int, last: int, word: str) -> None:
    today = now.date()
    days = (today + timedelta(days=first), today + timedelta(days=last))
    with pytest.raises(Refused, match=word):
        ledger_actions.scope_for(hall.actor("lin"), "A-KBS", *days, now=now)


def test_the_three_forms_say_the_same_and_number_their_pages(hall: Hall, month: Month, now: datetime) -> None:
    """One book in full: PDF text by pypdf, Word by python-docx, Excel by openpyxl."""
    one = filled(hall, month, "repair", now)
    files = {form: next(iter(ledger_printing.print_forms(one, form)))[1] for form in ("pdf", "docx", "xlsx")}
    order = WorkOrder.objects.get().number
    pages = [re.sub(r"[\s\u200b]+", "", page.extract_text()) for page in PdfReader(io.BytesIO(files["pdf"])).pages]
    for number, text in enumerate(pages, start=1):
        assert f"第{number}页共{len(pages)}页" in text
        assert "演示数据" in text
    paper = Document(io.BytesIO(files["docx"]))
    table = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert table[0] == [column.title for column in one.book.columns]
    assert [tuple(row) for row in table[1:]] == list(one.rows)
    assert [cell.text.split("（")[0] for cell in paper.tables[1].rows[0].cells] == list(one.book.signers)
    foot = paper.sections[0].footer.paragraphs[0]._p.xml
    assert 'w:instr="PAGE"' in foot
    assert 'w:instr="NUMPAGES"' in foot
    assert "演示数据" in paper.sections[0].header.paragraphs[0].text
    sheet = load_workbook(io.BytesIO(files["xlsx"])).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(at for at, row in enumerate(cells) if row[0] == "工单号")
    assert cells[head + 1][0] == order
    assert cells[head + 1][8] == 70.5, "a number, to be added up"
    assert (cells[0][0], sheet.print_title_rows) == ("演示数据", f"${head + 1}:${head + 1}")
    assert "第 &P 页 共 &N 页" in str(sheet.oddFooter.center.text)  # type: ignore[union-attr]  # it was written
    assert order.replace("-", "") in pages[0].replace("-", "")


def test_what_no_font_has_is_marked_and_a_formula_stays_text(hall: Hall, month: Month, now: datetime) -> None:
    one = filled(hall, month, "duty", now)
    row = ("2026-11-01 08:00", "日常", "=1+1", "测试甲", "字\U0001f600库没有\x0b的字", "")
    odd = Filled(one.book, one.scope, (row,), now, demo=False)
    text = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(next(ledger_printing.print_forms(odd, "pdf"))[1])).pages
    )
    assert "〓" in text
    assert "演示数据" not in text, "only demonstration data is marked"
    sheet = load_workbook(io.BytesIO(next(ledger_printing.print_forms(odd, "xlsx"))[1])).worksheets[0]
    assert "=1+1" in {cell.value for line in sheet.iter_rows() for cell in line if cell.data_type == "s"}
    assert (
        "=1+1"
        in Document(io.BytesIO(next(ledger_printing.print_forms(odd, "docx"))[1])).tables[0].rows[1].cells[2].text
    )


def test_a_long_book_is_volumes_and_an_empty_one_is_one() -> None:
    rows = tuple((f"{number}",) for number in range(4001))
    assert [len(part) for part in volumes(rows, 2000)] == [2000, 2000, 1]
    assert volumes((), 2000) == [()]


def test_a_zip_of_the_same_files_is_the_same_bytes() -> None:
    files = [("一.pdf", b"x" * 1000), ("二.xlsx", b"y")]
    assert ledger_printing.zip_of(files) == ledger_printing.zip_of(files)


def test_a_long_one_is_printed_as_long_work_and_can_be_cancelled(hall: Hall, month: Month, now: datetime) -> None:
    lin = hall.actor("lin")
    scope = Scope(lin, hall.area.place, month.first, month.last, now)
    row = ledger_actions.ask(scope, BY_CODE["repair"], "xlsx", now=now)
    again = ledger_actions.ask(scope, BY_CODE["repair"], "xlsx", now=now)
    assert (row.pk, ledger_jobs.LONG_WORK[0]) == (again.pk, row.work.name if row.work else "")
    assert row.work is not None
    Work.objects.filter(pk=row.work.pk).update(state="running")
    ledger_actions.print_ledger(Progress(row.work.pk), {"ledger": row.pk})
    row.refresh_from_db()
    assert row.content is not None
    assert (row.name[-5:], row.size) == (".xlsx", len(row.content))
    size = row.size
    ledger_actions.print_ledger(Progress(row.work.pk), {"ledger": row.pk})
    row.refresh_from_db()
    assert row.size == size, "started again it does nothing"
    other = ledger_actions.ask(scope, BY_CODE["assets"], "pdf", now=now)
    assert other.work is not None
    Work.objects.filter(pk=other.work.pk).update(state="running")
    with pytest.raises(Refused, match="要打印的人"):
        ledger_actions.cancel(hall.actor("ning"), other, now=now)
    ledger_actions.cancel(lin, other, now=now)
    with pytest.raises(Cancelled):
        ledger_actions.print_ledger(Progress(other.work.pk), {"ledger": other.pk})
    assert ledger_actions.forget(now + timedelta(days=8)) == 1
    assert not LedgerFile.objects.filter(content__isnull=False).exists()
    assert AuditLine.objects.filter(action="maintenance.print_ledger").count() == 1


def archive(hall: Hall, now: datetime, year: int) -> LedgerArchive:
    row = ledger_archiving.close_year(hall.actor("lin"), hall.area.place, year, now=now)
    assert row.work is not None
    Work.objects.filter(pk=row.work.pk).update(state="running")
    ledger_archiving.make_archive(Progress(row.work.pk), {"archive": row.pk})
    row.refresh_from_db()
    return row


def test_a_year_is_closed_once_and_later_corrections_show(hall: Hall, month: Month, now: datetime) -> None:
    next_year = now + timedelta(days=366)
    with pytest.raises(Refused, match="过完"):
        ledger_archiving.close_year(hall.actor("lin"), hall.area.place, now.year, now=now)
    kept = archive(hall, next_year, now.year)
    gaps = {key: (count, examples) for key, count, examples in kept.gaps}
    assert gaps["unanswered"][0] == Round.objects.filter(answers=None).count() == 1
    assert gaps["not_closed"] == (1, [WorkOrder.objects.get().number])
    assert "empty" not in gaps
    content = ledger_archiving.packed(kept)
    assert content == ledger_archiving.packed(kept)
    assert ledger_archiving.sm3(content) == kept.sm3
    names = list(kept.files.values_list("name", flat=True))
    assert (names[:2], len(names)) == (["00_目录.pdf", "00_目录.xlsx"], 2 + 11 * 3)
    index = load_workbook(io.BytesIO(bytes(kept.files.get(name="00_目录.xlsx").content))).worksheets[0]
    listed = {str(row[1].value): str(row[4].value) for row in index.iter_rows() if row[1].value}
    for one in kept.files.exclude(name__startswith="00_"):
        assert listed[one.name] == one.sha256
        assert not [word for word in PERSONAL if word.encode() in bytes(one.content)]
    assert any("缺漏：没有关闭的工单 1" in name for name in listed)
    assert all(one.same for one in ledger_archiving.changes_since(kept))
    WorkOrder.objects.update(downtime_reason="device")
    changed = {one.book: (one.gone, one.new) for one in ledger_archiving.changes_since(kept) if not one.same}
    assert changed == {"repair": (1, 1)}
    assert ledger_archiving.packed(kept) == content, "what was archived is not rendered again"
    second = archive(hall, next_year, now.year)
    assert (second.edition, LedgerArchive.objects.count()) == (2, 2)


def test_who_may_archive_and_read_archives(hall: Hall, now: datetime) -> None:
    next_year = now + timedelta(days=366)
    for name in ("ren", "mo", "ning", "ou"):
        with pytest.raises(Forbidden):
            ledger_archiving.close_year(hall.actor(name), hall.area.place, now.year, now=next_year)
    row = ledger_archiving.close_year(hall.actor("lin"), hall.area.place, now.year, now=next_year)
    with pytest.raises(Refused, match="正在归档"):
        ledger_archiving.close_year(hall.actor("lin"), hall.area.place, now.year, now=next_year)
    seen = {
        name: ledger_archiving.archives_visible_to(hall.actor(name)).count() for name in ("lin", "ning", "ren", "ou")
    }
    assert seen == {"lin": 1, "ning": 1, "ren": 0, "ou": 0}
    assert row.work is not None
    ledger_archiving.cancel(hall.actor("lin"), row, now=next_year)
    again = ledger_archiving.close_year(hall.actor("lin"), hall.area.place, now.year, now=next_year)
    assert (again.edition, LedgerArchive.objects.count()) == (1, 1), "what was cancelled left nothing behind"
