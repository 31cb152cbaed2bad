"""The written standard: what Word and PDF hold, opened by LibreOffice and poppler; the reference edition says so."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from docx import Document
from docx.text.paragraph import Paragraph as Line
from tests.center.hall import Hall
from tests.center.standard.the_papers import texts_of
from tests.center.standard.the_project import begin, day, edition, furnish, own_edition, step
from tests.conftest import missing

from budayang.center.platform import works
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import Work
from budayang.center.standard import text_queries, writing_actions
from budayang.center.standard.models import Consultation, WrittenFile
from budayang.center.standard.project_queries import projects_visible_to
from budayang.center.standard.writing_draft import as_draft
from budayang.center.standard.writing_pdf import pdf_document
from budayang.center.standard.writing_standard import MARK, write_standard
from budayang.center.standard.writing_word import word_document
from budayang.data import requirements
from budayang.data.clause_texts import clause_sentences
from budayang.rules.standard.wording import check


def run(row: WrittenFile) -> WrittenFile:
    assert row.work is not None
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    assert Work.objects.get(pk=row.work_id).state == "done"
    return row


ORDER = (
    "目　　次", "前　　言", "1　范围", "2　规范性引用文件", "3　术语和定义", "4　基本要求", "5　硬件设备",
    "6　标志标识", "7　维护管理", "8　评价与改进", "附录A\n（资料性）\n检查表", "附录B\n（资料性）\n时限",
    "附录C\n（资料性）\n条款的判定准则和检查方法", "附录D\n（资料性）\n条款的依据", "参考文献",
)  # fmt: skip
"""GB/T 1.1—2020: 封面 目次 前言 范围 规范性引用文件 术语和定义 核心技术要素 附录 参考文献. Each where it begins."""


def is_part(line: Line) -> bool:
    """Whether a part of the document begins here: a heading, or the contents list's title, which is none."""
    return line.style is not None and (line.style.name == "Heading 1" or line.text == "目　　次")


def test_the_order_of_the_document(hall: Hall) -> None:
    paper = Document(io.BytesIO(word_document(write_standard(edition()))))
    assert [line.text for line in paper.paragraphs if is_part(line)] == list(ORDER)
    under: dict[str, list[str]] = {}
    part = "封面"
    for line in paper.paragraphs:
        part = line.text if is_part(line) else part
        under.setdefault(part, []).append(line.text)
    assert "参　照　版" in under["封面"], "the cover comes first"
    # What stands under each: a part is more than its heading.
    for part, words in {
        "前　　言": "本文件按照GB/T 1.1—2020", "1　范围": "本文件规定了", "2　规范性引用文件": "GB 50763",
        "3　术语和定义": "3.1", "4　基本要求": "4.36　", "8　评价与改进": "8.25　",
        "附录B\n（资料性）\n时限": "表B.1　报修时限", "附录D\n（资料性）\n条款的依据": "表D.1　条款的依据",
        "参考文献": "［1］《",
    }.items():  # fmt: skip
        assert any(text.startswith(words) for text in under[part]), part


def test_the_contents_list_names_every_part_behind_it_in_the_same_order(hall: Hall) -> None:
    paper = Document(io.BytesIO(word_document(write_standard(edition()))))
    lines = [line.text for line in paper.paragraphs]
    listed = [text.split("\t")[0] for text in lines[lines.index("目　　次") + 1 : lines.index("前　　言")]]
    assert listed == ["前言", *(part.replace("\n（", "（").replace("）\n", "）　") for part in ORDER[2:])]


def test_every_clause_stands_in_it_once_with_its_number(hall: Hall) -> None:
    found = texts_of(word_document(write_standard(edition())))
    clauses = text_queries.clause_texts(edition())
    assert len(clauses) == len(requirements()) == 150
    for one in clauses:
        assert found.count(f"{one.number}　{one.text}") == 1, one.code
    assert [one.number for one in clauses if one.chapter == 5][:2] == ["5.1", "5.2"]
    assert len({one.number for one in clauses}) == 150


def test_every_clause_that_ships_has_its_sentence_and_the_check_is_content(hall: Hall) -> None:
    assert set(clause_sentences()) == {row.code for row in requirements()}
    assert check(as_draft(edition())) == []


def test_the_sentence_holds_the_number_of_its_criterion(hall: Hall) -> None:
    """A sentence must not say another number than the row it was made of, for those that the platform judges."""
    by_code = {one.code: one for one in text_queries.clause_texts(edition())}
    for code, number in {
        "JB-13": "6个月", "JB-27": "30 d", "YJ-07": "98%", "YJ-19": "1.50 m", "WH-15": "30 min", "PJ-09": "100%",
        "BS-15": "75°", "WH-11": "1次",
    }.items():  # fmt: skip
        assert number in by_code[code].text, code


def test_the_reference_edition_says_so_on_each_page_and_has_no_number(
    hall: Hall, now: datetime, tmp_path: Path
) -> None:
    written = write_standard(edition())
    paper = Document(io.BytesIO(word_document(written)))
    for section in paper.sections:
        assert MARK in section.header.paragraphs[0].text
        assert "演示数据" in section.header.paragraphs[0].text
    found = texts_of(word_document(written))
    cover = "\n".join(found[: found.index("目　　次")])
    assert "无标准号" in cover
    assert "未发布" in cover
    assert not re.search(r"(DB|GB|Q)\s?[/\d]", cover), (
        "no number is made up; the annex may name other places' standards"
    )
    pages = poppler(pdf_document(written, at=now), tmp_path)
    assert len(pages) > 8
    for page in pages:
        assert "参照版" in page.replace(" ", "")
        assert "演示数据" in page.replace(" ", "")


def poppler(content: bytes, folder: Path) -> list[str]:
    """The text of each page, by pdftotext."""
    tool = shutil.which("pdftotext")
    if tool is None:
        missing("poppler", "apt-get install poppler-utils")
    assert tool is not None
    (folder / "a.pdf").write_bytes(content)
    made = subprocess.run([tool, "-layout", str(folder / "a.pdf"), "-"], check=True, capture_output=True, text=True)
    return [page for page in made.stdout.split("\f") if page.strip()]


def test_the_pdf_is_the_same_bytes_for_the_same_text_and_embeds_its_fonts(
    hall: Hall, now: datetime, tmp_path: Path
) -> None:
    one, two = (pdf_document(write_standard(edition()), at=now) for _time in range(2))
    assert one == two
    pages = poppler(one, tmp_path)
    assert "5.7" in "".join(pages)
    fonts = subprocess.run(["pdffonts", str(tmp_path / "a.pdf")], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in fonts.splitlines()[2:]]
    assert rows
    assert all("yes" in row for row in rows)


@pytest.mark.processes
def test_libreoffice_opens_the_word_file_and_finds_the_pages_of_the_contents(hall: Hall, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("LibreOffice", "apt-get install libreoffice-writer-nogui")
    assert office is not None
    (tmp_path / "a.docx").write_bytes(word_document(write_standard(edition())))
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "pdf", "--outdir",
         str(tmp_path), str(tmp_path / "a.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pages = poppler((tmp_path / "a.pdf").read_bytes(), tmp_path)
    contents = next(page for page in pages if "目" in page and "次" in page and "......" in page)
    told = {title: int(page) for title, page in re.findall(r"\d\s+(\S+?)\.{3,}(\d+)", contents)}
    first = next(at for at, page in enumerate(pages) if "本文件规定了" in page.replace(" ", ""))
    for title in ("基本要求", "维护管理", "评价与改进"):
        number = {"基本要求": "4", "维护管理": "7", "评价与改进": "8"}[title]
        real = next(
            at for at, page in enumerate(pages)
            if at >= first and re.search(rf"^\s*{number}\s+{title}\s*$", page, re.MULTILINE)
        )  # fmt: skip
        assert told[title] == real - first + 1, title


def test_a_projects_document_names_units_people_stage_and_asks_for_patents(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now, text=own_edition(now)), now)
    project = step(hall, step(hall, project, "plan", now), "consult", now)
    found = "\n".join(texts_of(word_document(write_standard(project.edition, project))))
    for words in (
        "本文件由某市政数局提出。",
        "本文件起草单位：某市政务服务中心。",
        "（征求意见稿）",
        "专利",
        "标准号由批准部门给出",
    ):
        assert words in found
    assert hall.staff["lin"].name in found
    assert "草案，不是已发布标准的文本" in found


def test_a_published_projects_document_bears_the_number_that_was_given(hall: Hall, now: datetime) -> None:
    project = begin(hall, now, text=own_edition(now))
    for event in ("plan", "consult", "submit", "finish"):
        project = step(hall, project, event, now)
    project = step(hall, project, "publish", now, number="测试号 1", effective_on=day(now))
    found = "\n".join(texts_of(word_document(write_standard(project.edition, project))))
    assert "测试号 1" in found
    assert "不是已发布" not in found
    for event in ("take_effect", "begin_review", "revise"):
        project = step(hall, project, event, now)
    found = "\n".join(texts_of(word_document(write_standard(project.edition, project))))
    assert "草案，不是已发布标准的文本" in found, "a revision is a draft again"


def test_a_clause_is_reworded_by_the_group_and_by_nobody_else(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    writing_actions.word_clause(hall.actor("lin"), project, "JB-01", "每台设备应照公示时段开放。", "公示见门口。", now)
    one = text_queries.clause_texts(project.edition, project)[0]
    assert (one.text, one.note, one.written) == ("每台设备应照公示时段开放。", "公示见门口。", True)
    with pytest.raises(Forbidden):
        writing_actions.word_clause(hall.actor("ning"), project, "JB-01", "x", "", now)
    with pytest.raises(Refused, match="XX-99"):
        writing_actions.word_clause(hall.actor("lin"), project, "XX-99", "x", "", now)
    writing_actions.word_clause(hall.actor("lin"), project, "JB-02", "必须公布。", "", now)
    assert {found.code for found in check(as_draft(project.edition, project))} == {"JB-02"}


def test_a_text_that_was_examined_or_is_asked_about_is_not_reworded(hall: Hall, now: datetime) -> None:
    project = step(hall, begin(hall, now), "plan", now)
    other = begin(hall, now, code="other")
    zhu = hall.actor("zhu")
    project = step(hall, project, "consult", now)
    today = timezone.localdate(now)
    Consultation.objects.create(project=project, number=1, opens_on=today, closes_on=today)
    with pytest.raises(Refused, match="公开征求意见"):
        writing_actions.word_clause(zhu, project, "JB-01", "应改。", "", now)
    # Another project on the same reference edition goes on: what it writes is not in the text that is asked about.
    writing_actions.word_clause(zhu, other, "JB-01", "应由别人改。", "", now)
    assert text_queries.clause_texts(project.edition, project)[0].text != "应由别人改。"
    tomorrow = now + timedelta(days=1)
    writing_actions.word_clause(zhu, project, "JB-01", "应按意见改。", "", tomorrow)
    for event in ("submit", "finish"):
        project = step(hall, project, event, tomorrow)
    with pytest.raises(Refused, match="退回修改"):
        writing_actions.word_clause(zhu, project, "JB-01", "应改。", "", tomorrow)


def test_without_a_sentence_the_requirement_stands_and_says_that_nobody_wrote_it(hall: Hall, now: datetime) -> None:
    own = own_edition(now)
    one = text_queries.clause_texts(own)[0]
    assert one.written is False
    assert one.text.startswith(one.requirement)
    assert "no_modal" in {found.rule for found in check(as_draft(own))}


def test_documents_are_long_work_and_made_once(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    zhu = hall.actor("zhu")
    row = writing_actions.ask(zhu, "standard", "docx", edition=project.edition, project=project, now=now)
    again = writing_actions.ask(zhu, "standard", "docx", edition=project.edition, project=project, now=now)
    assert again.pk == row.pk
    done = run(row)
    assert done.size == len(bytes(done.content or b"")) > 10_000
    assert "参照版" in done.name
    assert done.work is not None
    assert Work.objects.get(pk=done.work_id).done == 2
    assert writing_actions.files_visible_to(hall.actor("ning")).count() == 0, "others' files are theirs"
    assert writing_actions.forget(now + timedelta(days=8)) == 1
    done.refresh_from_db()
    assert done.content is None


@pytest.mark.parametrize(("what", "form"), [("standard", "xlsx"), ("secret", "docx")])
def test_what_is_not_there_is_refused(hall: Hall, now: datetime, what: str, form: str) -> None:
    project = begin(hall, now)
    with pytest.raises(Refused):
        writing_actions.ask(hall.actor("zhu"), what, form, edition=project.edition, project=project, now=now)


def test_cancelled_work_makes_nothing(hall: Hall, now: datetime) -> None:
    project = begin(hall, now)
    row = writing_actions.ask(hall.actor("zhu"), "note", "pdf", edition=project.edition, project=project, now=now)
    writing_actions.cancel(hall.actor("zhu"), row, now=now)
    assert row.work is not None
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    assert row.content is None


def test_the_documents_of_a_stage_are_kept_as_they_were(hall: Hall, now: datetime) -> None:
    project = furnish(hall, begin(hall, now), now)
    with pytest.raises(Refused, match="阶段"):
        writing_actions.keep_stage(hall.actor("zhu"), project, now)
    project = step(hall, step(hall, step(hall, project, "plan", now), "consult", now), "submit", now)
    kept = [run(row) for row in writing_actions.keep_stage(hall.actor("zhu"), project, now)]
    assert [row.what for row in kept] == ["standard", "note", "opinions"]
    before = {row.pk: row.sha256 for row in kept}
    writing_actions.word_clause(hall.actor("zhu"), project, "JB-01", "改过的条文应不同。", "", now)
    assert writing_actions.forget(now + timedelta(days=800)) == 0
    for row in WrittenFile.objects.filter(kept=True, stage="review"):
        assert row.sha256 == before[row.pk]
        assert "改过的条文" not in "\n".join(texts_of(bytes(row.content or b"")))
    assert projects_visible_to(hall.actor("ning")).count() == 1
    assert writing_actions.files_visible_to(hall.actor("ning")).filter(kept=True, stage="review").count() == 3


@pytest.mark.parametrize(
    "evil", ["#panic()应[x]", "</w:t><w:t>应&lt;", "$ x $ 应 \\u{41}", "=cmd|' 应", "应\x0b\U0010fffd"]
)
def test_what_people_typed_is_text_in_both_documents(hall: Hall, now: datetime, tmp_path: Path, evil: str) -> None:
    project = begin(hall, now)
    writing_actions.word_clause(hall.actor("zhu"), project, "JB-01", evil, "", now)
    written = write_standard(project.edition, project)
    shown = "".join(sign for sign in evil if sign.isprintable())
    assert any(shown in text for text in texts_of(word_document(written)))
    pages = "".join(poppler(pdf_document(written, at=now), tmp_path)).replace(" ", "").replace("\n", "")
    assert "".join(sign for sign in shown if sign != "\U0010fffd").replace(" ", "") in pages
