"""Opinions: taken from anybody within limits, handled with a reason, out to Excel and back without a change."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from docx import Document
from openpyxl import load_workbook
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.the_project import TODAY, begin, consult, furnish, step
from tests.conftest import missing

from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.uploads import BadUpload, TableRefused
from budayang.center.standard import opinion_actions, opinion_imports, opinion_queries, writing_actions
from budayang.center.standard.models import Consultation, Opinion
from budayang.center.standard.opinion_actions import Said
from budayang.rules.standard.opinions import TABLE_TITLES


@pytest.fixture
def asked(hall: Hall, now: datetime) -> Consultation:
    """A round of today."""
    cache.clear()
    return consult(hall, furnish(hall, begin(hall, now), now), now)


def take(asked: Consultation, text: str, now: datetime, *, client: str = "c", **said: str) -> Opinion:
    return opinion_actions.take_opinion(asked, Said(text, **said), client=client, now=now)


def three(hall: Hall, asked: Consultation, now: datetime) -> list[Opinion]:
    """One taken, one taken in part, one open."""
    rows = [
        take(asked, "=1+1 夜里要有人接电话。", now, clause="4.34", unit="某区政务局"),
        take(asked, "字太小。\n请放大。", now, clause="4.9", wish="改为 18 pt。"),
        take(asked, "全文都好。", now),
    ]
    zhu = hall.actor("zhu")
    opinion_actions.decide(zhu, rows[0], "accepted", "", now)
    opinion_actions.decide(zhu, rows[1], "partly", "只放大主文字。", now, note="见5.28")
    return rows


def excel(asked: Consultation, hall: Hall, now: datetime) -> bytes:
    project = asked.project
    return writing_actions.make(
        hall.actor("zhu"), "opinions", "xlsx", edition=project.edition, project=project, now=now
    )


def test_anybody_sends_one_and_sees_how_it_was_handled(hall: Hall, asked: Consultation, now: datetime) -> None:
    one = take(asked, "写明时限。", now, clause="4.9")
    assert (one.state, one.source, one.kind) == ("open", "public", "consultation")
    found = opinion_queries.find_opinion(one.number.replace("-", " ").lower(), "c", now)
    assert found is not None
    assert "正在处理" in opinion_queries.state_line(found)
    opinion_actions.decide(hall.actor("zhu"), one, "rejected", "另有规定。", now)
    found = opinion_queries.find_opinion(one.number, "c", now)
    assert found is not None
    assert "未采纳" in opinion_queries.state_line(found)


def test_numbers_are_not_to_be_guessed(asked: Consultation, now: datetime) -> None:
    for _time in range(opinion_queries.MISSES):
        assert opinion_queries.find_opinion("0000-0000-0000", "guesser", now) is None
    with pytest.raises(opinion_queries.TooManyLooks):
        opinion_queries.find_opinion("0000-0000-0000", "guesser", now)
    assert opinion_queries.find_opinion("0000-0000-0000", "another", now) is None


@pytest.mark.parametrize(
    ("said", "part"),
    [
        (Said(" "), "意见内容"),
        (Said("x" * 1001), "1000"),
        (Said("x", unit="u" * 61), "60"),
        (Said("请打 139 0000 1234 找我"), "手机号"),
        (Said("x", wish="证号 150602199001010012"), "身份证号"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(asked: Consultation, now: datetime, said: Said, part: str) -> None:
    with pytest.raises(Refused, match=part):
        opinion_actions.take_opinion(asked, said, client="c", now=now)


def test_a_round_takes_opinions_on_its_days_only(asked: Consultation, now: datetime) -> None:
    assert opinion_queries.find_round(asked.project.code, TODAY) == asked
    assert opinion_queries.find_round(asked.project.code, asked.closes_on) == asked
    assert opinion_queries.find_round(asked.project.code, asked.closes_on + timedelta(days=1)) is None
    with pytest.raises(Refused, match="截止"):
        take(asked, "x", now + timedelta(days=40))


def test_beyond_the_limits_it_waits_for_a_person_and_is_not_in_the_table(
    hall: Hall, asked: Consultation, now: datetime
) -> None:
    set_parameter(SYSTEM, "opinion_client_hour", hall.city, 2, valid_from=now - timedelta(hours=1))
    rows = [take(asked, f"意见{at}", now) for at in range(4)]
    assert [one.state for one in rows] == ["open", "open", "held", "held"]
    assert take(asked, "另一个人", now, client="d").state == "open"
    assert len(list(opinion_queries.table_rows(asked.project, "consultation"))) == 3
    zhu = hall.actor("zhu")
    with pytest.raises(Refused, match="待查看"):
        opinion_actions.decide(zhu, rows[2], "accepted", "", now)
    opinion_actions.admit(zhu, rows[2], now)
    with pytest.raises(Refused, match="为什么"):
        opinion_actions.set_aside(zhu, rows[3], " ", now)
    opinion_actions.set_aside(zhu, rows[3], "广告", now)
    assert [row.opinion.text for row in opinion_queries.table_rows(asked.project, "consultation")] == [
        "意见0", "意见1", "意见2", "另一个人",
    ]  # fmt: skip


def test_a_reason_is_asked_for_and_the_database_asks_too(hall: Hall, asked: Consultation, now: datetime) -> None:
    one = take(asked, "写明时限。", now)
    for decision in ("partly", "rejected"):
        with pytest.raises(Refused, match="理由"):
            opinion_actions.decide(hall.actor("zhu"), one, decision, " ", now)
    with pytest.raises(Refused, match="请选"):
        opinion_actions.decide(hall.actor("zhu"), one, "maybe", "x", now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Opinion.objects.filter(pk=one.pk).update(state="decided", decision="rejected", reason="", decided_at=now)


def test_only_the_group_handles_opinions(hall: Hall, asked: Consultation, now: datetime) -> None:
    one = take(asked, "写明时限。", now)
    opinion_actions.decide(hall.actor("lin"), one, "accepted", "", now)
    with pytest.raises(Forbidden):
        opinion_actions.decide(hall.actor("ning"), one, "accepted", "", now)
    with pytest.raises(Forbidden):
        opinion_actions.add_opinion(hall.actor("ren"), asked.project, "review", Said("x"), now)


def test_the_table_stands_in_the_order_of_the_clauses(hall: Hall, asked: Consultation, now: datetime) -> None:
    for clause in ("4.10", "", "8.2", "4.9"):
        take(asked, f"对{clause}", now, clause=clause)
    rows = [row.opinion.clause_number for row in opinion_queries.table_rows(asked.project, "consultation")]
    assert rows == ["4.9", "4.10", "8.2", ""]


def test_excel_goes_out_and_comes_back_unchanged(hall: Hall, asked: Consultation, now: datetime) -> None:
    three(hall, asked, now)
    before = list(Opinion.objects.order_by("pk").values())
    table = opinion_imports.read(excel(asked, hall, now))
    check = opinion_imports.checker(asked.project, "consultation")(hall.actor("zhu"), table)
    assert (len(check.new), len(check.known), check.errors) == (0, 3, [])
    assert opinion_imports.loader(asked.project, "consultation")(hall.actor("zhu"), table, "a.xlsx") == (0, 3)
    assert list(Opinion.objects.order_by("pk").values()) == before


def test_decisions_and_new_opinions_come_back_from_excel(hall: Hall, asked: Consultation, now: datetime) -> None:
    rows = three(hall, asked, now)
    book = load_workbook(io.BytesIO(excel(asked, hall, now)))
    sheet = book.worksheets[0]
    heads = next(row for row in sheet.iter_rows() if row[0].value == "编号")
    column = {cell.value: cell.column for cell in heads}
    for row in sheet.iter_rows(min_row=heads[0].row + 1):
        if row[0].value == rows[2].number:
            row[column["处理意见"] - 1].value, row[column["处理理由"] - 1].value = "未采纳", "没有具体内容。"
    last = sheet.max_row + 1
    for name, value in {
        "标准章条编号": "5.1",
        "意见内容": "会上提出：档案要全。",
        "提出单位": "某局",
        "处理意见": "采纳",
    }.items():
        sheet.cell(last, column[name], value)
    out = io.BytesIO()
    book.save(out)
    table = opinion_imports.read(out.getvalue())
    written, known = opinion_imports.loader(asked.project, "consultation")(hall.actor("zhu"), table, "a.xlsx")
    assert (written, known) == (2, 2)
    rows[2].refresh_from_db()
    assert (rows[2].decision, rows[2].reason) == ("rejected", "没有具体内容。")
    new = Opinion.objects.get(source="excel")
    assert (new.clause_number, new.unit, new.decision) == ("5.1", "某局", "accepted")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"处理意见": "不采纳"}, "不认识"),
        ({"处理意见": "未采纳"}, "理由"),
        ({"编号": "7Q2M-4XTD-9HWR"}, "不在这个项目里"),
        ({"意见内容": ""}, "意见内容"),
    ],
)
def test_wrong_rows_are_named_and_nothing_is_loaded(
    hall: Hall, asked: Consultation, now: datetime, changes: dict[str, str], part: str
) -> None:
    cells = {
        "编号": "",
        "标准章条编号": "4.4",
        "意见内容": "好",
        "提出单位": "某局",
        "处理意见": "",
        "处理理由": "",
    } | changes
    content = "\n".join([",".join(cells), ",".join(cells.values()), ",4.5,另一条,某局,,"]).encode()
    table = opinion_imports.read(content)
    with pytest.raises(TableRefused) as refused:
        opinion_imports.loader(asked.project, "consultation")(hall.actor("zhu"), table, "a.csv")
    ((line, message),) = refused.value.errors
    assert line == 2
    assert part in message
    assert Opinion.objects.count() == 0


def test_words_of_others_are_not_changed_by_the_table(hall: Hall, asked: Consultation, now: datetime) -> None:
    one = take(asked, "写明时限。", now)
    content = f"编号,标准章条编号,意见内容,提出单位,处理意见\n{one.number},4.9,删去时限。,,采纳".encode()
    check = opinion_imports.checker(asked.project, "consultation")(hall.actor("zhu"), opinion_imports.read(content))
    assert "照原文" in check.errors[0][1]
    with pytest.raises(BadUpload):
        opinion_imports.read(b"a,b\n1,2")


@pytest.mark.parametrize(
    ("column", "value"),
    [("标准章条编号", "9.9"), ("提出单位", "另一个单位"), ("备注", "会上再议"), ("处理理由", "没有处理意见的理由")],
)
def test_what_the_table_cannot_change_is_said(
    hall: Hall, asked: Consultation, now: datetime, column: str, value: str
) -> None:
    one = take(asked, "写明时限。", now, clause="4.9", unit="某局")
    cells = {
        "编号": one.number, "标准章条编号": "4.9", "意见内容": "写明时限。", "提出单位": "某局", "处理意见": "",
        "处理理由": "", "备注": "",
    } | {column: value}  # fmt: skip
    content = "\n".join([",".join(cells), ",".join(cells.values())]).encode()
    check = opinion_imports.checker(asked.project, "consultation")(hall.actor("zhu"), opinion_imports.read(content))
    assert (len(check.new), len(check.known), len(check.errors)) == (0, 0, 1)
    assert one.number in check.errors[0][1]


def test_a_file_without_numbers_that_is_brought_twice_is_written_once(
    hall: Hall, asked: Consultation, now: datetime
) -> None:
    content = "标准章条编号,意见内容,提出单位,处理意见\n4.9,写明时限。,某局,采纳\n5.4,档案要全。,,".encode()
    table, load = opinion_imports.read(content), opinion_imports.loader(asked.project, "consultation")
    assert load(hall.actor("zhu"), table, "a.csv") == (2, 0)
    assert load(hall.actor("zhu"), table, "a.csv") == (0, 2)
    assert Opinion.objects.count() == 2


def test_an_opinion_is_decided_as_it_stands_now(hall: Hall, asked: Consultation, now: datetime) -> None:
    one = take(asked, "写明时限。", now)
    seen_before = Opinion.objects.get(pk=one.pk)
    opinion_actions.set_aside(hall.actor("zhu"), one, "与另一条重复", now)
    with pytest.raises(Refused):
        opinion_actions.decide(hall.actor("zhu"), seen_before, "accepted", "", now)
    assert Opinion.objects.get().state == "set_aside"


def test_both_tables_are_word_files_in_the_usual_columns(hall: Hall, asked: Consultation, now: datetime) -> None:
    three(hall, asked, now)
    project = step(hall, asked.project, "redraft", now)
    opinion_actions.add_opinion(hall.actor("zhu"), project, "review", Said("专家：第3章补定义。", clause="3"), now)
    for kind, what, texts in (
        (
            "consultation",
            "opinions",
            ("=1+1 夜里要有人接电话。", "部分采纳。只放大主文字。", "待处理", "某区政务局", "公众"),
        ),
        ("review", "reviews", ("专家：第3章补定义。",)),
    ):
        content = writing_actions.make(
            hall.actor("zhu"), what, "docx", edition=project.edition, project=project, now=now
        )
        paper = Document(io.BytesIO(content))
        assert TABLE_TITLES[kind] in paper.paragraphs[0].text
        rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
        assert rows[0] == ["序号", "标准章条编号", "意见内容", "提出单位", "处理意见", "备注"]
        flat = "\n".join("\n".join(row) for row in rows)
        for text in texts:
            assert text in flat, text


@pytest.mark.processes
def test_libreoffice_and_poppler_open_the_tables(
    hall: Hall, asked: Consultation, now: datetime, tmp_path: Path
) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("LibreOffice", "apt-get install libreoffice-writer-nogui")
    assert office is not None
    three(hall, asked, now)
    project = asked.project
    for what, form in (("opinions", "docx"), ("note", "docx"), ("opinions", "pdf"), ("note", "pdf")):
        content = writing_actions.make(hall.actor("zhu"), what, form, edition=project.edition, project=project, now=now)
        file = tmp_path / f"{what}.{form}"
        file.write_bytes(content)
        if form == "docx":
            subprocess.run(
                [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "pdf",
                 "--outdir", str(tmp_path), str(file)],
                check=True, capture_output=True, timeout=180,
            )  # fmt: skip
        told = subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / f"{what}.pdf"), "-"], check=True, capture_output=True, text=True
        ).stdout.replace(" ", "")
        assert {"opinions": "部分采纳", "note": "三、编制过程"}[what] in told
        assert "参照版" in told
