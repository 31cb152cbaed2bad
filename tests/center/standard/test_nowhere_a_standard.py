"""Wherever the reference edition is named, it is said that it is one: on every page of the standard in both languages,
in documents of Word and PDF, in files, for other machines and for strangers.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document
from pypdf import PdfReader
from tests.center.hall import SYSTEM, Hall, build
from tests.center.standard.the_project import CODE, begin, consult, furnish

from budayang.center.evaluation import monthly_actions
from budayang.center.evaluation.models import MonthlyReport
from budayang.center.platform import tokens, works
from budayang.center.standard import (
    actions,
    edition_actions,
    edition_queries,
    given_actions,
    opinion_actions,
    queries,
    training_actions,
    trial_actions,
    writing_actions,
)
from budayang.center.standard.edition_writing import REFERENCE_CODE, REFERENCE_TITLE
from budayang.center.standard.models import Clause, Edition, WrittenFile
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.project_queries import projects_visible_to
from budayang.rules.standard.drafting import FORMS_OF
from budayang.rules.standard.editions import PUBLISHED, STATE_NAMES
from budayang.rules.standard.parts import Kind
from budayang.rules.standard.trials import Chosen

pytestmark = pytest.mark.django_db
ROOMS = (
    "/console/clause-", "/console/conformity/", "/console/editions/", "/console/standard-", "/console/trials/",
    "/open/", "/opinions/", "/opinion/", "/api/v1/",
)  # fmt: skip
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
NAMED = (REFERENCE_CODE, REFERENCE_TITLE.partition("（")[0])
MARKS = {"zh-hans": "参照版", "en": "Reference edition"}
FACTS = re.compile(r"<dt>(标准编号|发布日期|实施日期|Standard number|Published|In force)[^<]*</dt>")


def honest(text: str, language: str = "zh-hans") -> str:
    """What is wrong with a text that people or machines read; "" when nothing is."""
    if any(name in text for name in NAMED) and MARKS[language] not in text:
        return "names the reference edition and does not say what it is"
    if FACTS.search(text):
        return "gives it a fact of a published standard"
    states = re.findall(r'class="state[^"]*">([^<]*)<', text)
    if "/move/" not in text and set(states) & {STATE_NAMES[one] for one in PUBLISHED}:
        return "says that it is published"
    return ""


def run(work_id: int | None) -> None:
    """The worker's turn."""
    assert work_id is not None
    works.run_work.call(work_id)


@dataclass(frozen=True, slots=True)
class House:
    """The hall with everything of the standard in it, and what stands for the holes of its addresses."""

    hall: Hall
    now: datetime
    key: str
    holes: dict[str, str]


@pytest.fixture
def house(db: None) -> House:
    now = timezone.now().replace(microsecond=0)
    hall = build(now)
    project = furnish(hall, begin(hall, now), now)
    consult(hall, project, now)
    zhu, month = hall.actor("zhu"), queries.month_of(now)
    opinion = opinion_actions.add_opinion(SYSTEM, project, "consultation", Said("写明时限。", "4.9", "", "某局"), now)
    edition = Edition.objects.get()
    today = now.astimezone().date()
    document = given_actions.give_document(
        zhu, hall.city, Clause.objects.get(code="JB-12"), title="测评报告", on=today - timedelta(days=9), until_on=None,
        name="a.pdf", content=PDF, now=now,
    )  # fmt: skip
    given_actions.give_numbers(
        zhu, hall.area.place, Clause.objects.get(code="YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1500},
        on=today - timedelta(days=9), source="尺", now=now,
    )  # fmt: skip
    given_actions.set_exception(
        zhu, hall.area.place, Clause.objects.get(code="WH-10"), kind="exemption", reason="没有控制室",
        from_on=today, until_on=None, now=now,
    )  # fmt: skip
    actions.assess_many([hall.area.place], month, now)
    book = edition_queries.workbook_of(edition_queries.text_of(edition), demo=False)
    proposal = edition_actions.bring_edition(zhu, book, file_name="x.xlsx", now=now)
    training_actions.write_question(
        zhu, edition, clause_code="WH-15", text="多久响应？", choices=("30 min", "2 h"), right=0, now=now
    )
    trial = trial_actions.ask_trial(
        zhu, hall.area.place, title="加一台电源", months=(month, month), edition=None, once=0.0, monthly=0.0, note="",
        measures=[Chosen("ups", {"minutes": 30.0, "recharge_h": 8.0})], now=now,
    )  # fmt: skip
    run(trial.work_id)
    written = writing_actions.ask(zhu, "standard", "docx", edition=edition, project=None, now=now)
    run(written.work_id)
    _row, key = tokens.issue_token(zhu, name="数据平台", days=30, may_write=False, now=now)
    holes = {
        "/conformity/<slug:code>": "/conformity/KBS",
        "<str:clause_code>": "YJ-19",
        "give/<slug:kind>": "give/measurement",
        "<slug:clause_code>": "JB-01",
        "/editions/<str:code>": f"/editions/{REFERENCE_CODE}",
        "proposals/<int:number>": f"proposals/{proposal.pk}",
        "<slug:project>": CODE,
        "/opinions/<int:pk>": f"/opinions/{opinion.pk}",
        "/opinions/<slug:kind>": "/opinions/consultation",
        "files/<int:pk>": f"files/{written.pk}",
        "/trials/<int:pk>": f"/trials/{trial.pk}",
        "<slug:ref>": document.ref,
        "/opinions/<slug:code>": f"/opinions/{CODE}",
        "/opinion/<str:number>": f"/opinion/{opinion.number}",
        "exceptions/<int:number>": "exceptions/1",
        "<slug:kind>/<int:number>/withdraw": "numbers/1/withdraw",
        "move/<slug:event>": "move/abolish",
        "/<slug:what>/<slug:form>": "/standard/docx",
        "/<slug:what>/": "/load/",
        "members/<int:pk>": "members/1",
        "units/<int:pk>": "units/1",
        "/areas/<code>": "/areas/KBS",
        "/terminals/<code>": "/terminals/KBS-01",
    }
    return House(hall, now, key, holes)


def addresses(house: House) -> list[tuple[str, str]]:
    """(address with its holes filled, who may call it) of everything that belongs to the standard, or is read by
    strangers and machines.
    """
    with (Path(__file__).parents[1] / "who_may_call.csv").open(newline="") as file:
        rows = [(row["address"], row["who"]) for row in csv.DictReader(file)]
    found = []
    for address, who in rows:
        if not address.startswith(ROOMS):
            continue
        for hole, value in house.holes.items():
            address = address.replace(hole, value)
        found.append((address, who))
    return found


def visitor(house: House, who: str) -> tuple[Client, dict[str, str]]:
    client = Client()
    if who == "token":
        return client, {"Authorization": f"Bearer {house.key}"}
    if who != "public":
        client.force_login(house.hall.staff["zhu"])
    return client, {}


UNREAD = {"/api/v1/", f"/console/standard-projects/{CODE}/kept/"}
"""The root of the door of machines, and a ZIP of documents that nobody kept: there is nothing to read."""


@pytest.mark.parametrize("language", sorted(MARKS))
def test_every_page_and_every_answer_to_a_machine(house: House, language: str) -> None:
    read, named = 0, 0
    faults: list[tuple[str, str]] = []
    unread: list[tuple[str, int]] = []
    asked = {
        f"/console/editions/{REFERENCE_CODE}/compare/": {"with": REFERENCE_CODE},
        "/console/trials/compare/": {"of": house.holes["/trials/<int:pk>"].rpartition("/")[2]},
    }
    for address, who in addresses(house):
        client, headers = visitor(house, who)
        client.cookies["django_language"] = language
        query = asked.get(address, {})
        answer = client.get(address, query, headers={**headers, "accept-language": language})
        if answer.status_code in (302, 405):
            continue  # a press of a button, not a page
        if answer.status_code != 200:
            unread.append((address, answer.status_code))
            continue
        content = answer.getvalue()
        if not answer.headers["Content-Type"].startswith(("text/", "application/json")):
            continue  # files: opened below
        text = content.decode("utf-8-sig", errors="replace")
        read += 1
        named += any(name in text for name in NAMED)
        wrong = honest(text, language if "html" in answer.headers["Content-Type"] else "zh-hans")
        faults += [(address, wrong)] if wrong else []
    assert faults == []
    assert read > 60
    assert named >= 15, "the pages do name it"
    assert [one for one in unread if "<" in one[0]] == [], "each hole is filled"
    assert {address.partition("?")[0] for address, _status in unread} <= UNREAD


def words_of(content: bytes, form: str) -> str:
    if form == "pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    heads = [one.text for section in paper.sections for one in section.header.paragraphs]
    return "\n".join([*heads, *(one.text for one in paper.paragraphs), *cells])


@pytest.mark.parametrize("what", ["standard", "note", "evidence"])
def test_documents_of_a_project_whose_text_is_the_reference_edition(house: House, what: str) -> None:
    from_row = house.hall.actor("zhu")
    edition = Edition.objects.get()
    project = projects_visible_to(from_row).get(code=CODE)
    forms = FORMS_OF[what]
    assert forms
    for form in forms:
        row = writing_actions.ask(from_row, what, form, edition=edition, project=project, now=house.now)
        run(row.work_id)
        row = WrittenFile.objects.get(pk=row.pk)
        assert row.content is not None
        if form in ("docx", "pdf"):
            text = words_of(bytes(row.content), form).replace("\n", "")
            assert "参照版" in text or "参　照　版" in text, (what, form)
            assert not re.search(r"DB1506/T ?\d", text), (what, form)


def test_the_monthly_report_says_nothing_of_a_published_standard(house: House) -> None:
    month = (queries.month_of(house.now) - timedelta(days=1)).replace(day=1)
    row = monthly_actions.ask(house.hall.actor("zhu"), house.hall.area.place, month, now=house.now)
    run(row.work_id)
    client, _headers = visitor(house, "supervisor")
    assert MonthlyReport.objects.get(pk=row.pk).content
    for form in ("pdf", "docx"):
        content = client.get(f"/console/monthly-reports/{row.pk}/files/{form}/").content
        text = words_of(content, form)
        assert len(text) > 500
        assert honest(text) == ""
        assert not re.search(r"DB1506|标准编号", text)
    assert honest(client.get(f"/console/monthly-reports/{row.pk}/").content.decode()) == ""


def test_the_check_can_fail() -> None:
    assert honest(f"<p>按 {REFERENCE_CODE} 评</p>")
    assert honest("<p>参照版 REF-2026</p>", "en"), "an English reader reads it in English"
    assert honest("<dt>标准编号</dt><dd>DB1506/T 1—2026</dd>")
    assert honest('<span class="state ok">实施</span>')
    assert not honest("<p>REF-2026 参照版</p>")
