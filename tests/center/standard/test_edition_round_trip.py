"""An edition that is no reference edition goes out as a workbook and comes back through the page, the same in every
cell; its weights make the score; notes on references are shown with the newer edition that is known.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import actions, edition_queries, queries
from budayang.center.standard.edition_writing import reference_text
from budayang.center.standard.models import Assessment, ClauseVerdict, Edition, EditionProposal
from budayang.data.standard_text import references
from budayang.rules.standard.edition_text import About, EditionText
from budayang.rules.standard.parts import Field, Kind, Part

NUMBER = "DB1506/T 12—2026"
WEIGHTS = (0.5, 1.0, 2.0, 3.25, 7.0)


@pytest.fixture
def now() -> datetime:
    """Pages read the real clock, so their hall stands at the real hour."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    found = build(now)
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, found.city, now=now - timedelta(days=1))
    found.staff["zhu"] = person
    return found


@pytest.fixture
def client(hall: Hall) -> Client:
    found = Client()
    found.force_login(hall.staff["zhu"])
    return found


def published_text() -> EditionText:
    """A published text: another weight for each clause, one with two more parts, values of its own."""
    text = reference_text()
    clauses = tuple(replace(one, weight=WEIGHTS[at % len(WEIGHTS)]) for at, one in enumerate(text.clauses))
    more = (
        Part(Kind.DOCUMENT, what="责任书（每年）", days=366, note="盖章"),
        Part(
            Kind.MEASUREMENT,
            fields=(Field("people", "在岗人数", "人", 2.0, None), Field("gap_h", "空岗", "小时", 0, 1.5)),
        ),
    )
    clauses = tuple(replace(one, parts=(*one.parts, *more)) if one.code == "JB-03" else one for one in clauses)
    values = tuple(replace(one, value=0.975) if one.name == "availability_target" else one for one in text.values)
    about = About("DB-2026", "政务服务24小时自助服务区运行规范", False, "published", NUMBER, "市场监督管理局公告")
    return replace(text, about=about, clauses=clauses, values=values)


def upload(client: Client, content: bytes) -> EditionProposal:
    answer = client.post("/console/editions/import/", {"file": SimpleUploadedFile("x.xlsx", content)})
    assert answer.status_code == 302
    return EditionProposal.objects.order_by("-pk")[0]


def bring(client: Client, text: EditionText) -> Edition:
    """Upload, load and adopt by pages."""
    row = upload(client, edition_queries.workbook_of(text, demo=True))
    assert row.state == "ready", list(row.faults.values_list("sheet", "row", "message"))
    client.post(f"/console/editions/proposals/{row.pk}/load/")
    return Edition.objects.get(code=text.about.code)


def test_a_published_edition_goes_out_and_comes_back_through_the_page(client: Client, hall: Hall) -> None:
    text = published_text()
    loaded = bring(client, text)
    assert (loaded.state, loaded.number, loaded.is_reference) == ("published", NUMBER, False)
    assert edition_queries.text_of(loaded) == text
    book = client.get("/console/editions/DB-2026/workbook/").content
    again = upload(client, book)
    assert again.state == "refused", "nothing is loaded over an edition that is there"
    assert [(one.sheet, one.letter) for one in again.faults.all()] == [("版本", "A")]
    # The same file where the edition is not: what it was loaded from goes first.
    content = again_without(book, "DB-2026", "DB-2027")
    back = upload(client, content)
    client.post(f"/console/editions/proposals/{back.pk}/load/")
    copy = edition_queries.text_of(Edition.objects.get(code="DB-2027"))
    assert replace(copy, about=text.about) == text
    page = client.get("/console/editions/DB-2027/compare/", {"with": "DB-2026"}).content.decode()
    assert "条款 JB-" not in page, "no clause differs"


def again_without(book: bytes, code: str, other: str) -> bytes:
    """The file with another code: two editions of one code are none."""
    found = load_workbook(io.BytesIO(book))
    cell = next(one for row in found["版本"].iter_rows() for one in row if one.value == code)
    cell.value = other
    out = io.BytesIO()
    found.save(out)
    return out.getvalue()


def test_weights_of_the_edition_make_the_score(client: Client, hall: Hall, now: datetime) -> None:
    bring(client, published_text())
    client.post("/console/editions/DB-2026/adopt/")
    month = queries.month_of(timezone.now())
    actions.assess_many([hall.area.place], month, timezone.now())
    row = Assessment.objects.select_related("edition").get(place=hall.area.place, month=month)
    assert row.edition is not None
    assert row.edition.code == "DB-2026"
    good = bad = Fraction(0)
    for one in ClauseVerdict.objects.filter(place=hall.area.place, clause__edition=row.edition).select_related(
        "clause"
    ):
        counts = set(one.clause.grade) <= set("AB/(类推)") and not one.clause.template
        good += Fraction(one.clause.weight) * (counts and one.answer == "met")
        bad += Fraction(one.clause.weight) * (counts and one.answer == "not_met" and one.transition_until is None)
    assert good > 0
    assert bad > 0
    assert row.score == pytest.approx(float(100 * good / (good + bad)))
    assert good.denominator > 1 or bad.denominator > 1, "weights that are no whole numbers are among them"
    page = client.get("/console/conformity/KBS/score/").content.decode()
    shown = f"{row.score:.1f}".removesuffix(".0")
    assert f"<b>{shown}</b>" in page
    listed = client.get("/console/conformity/").content.decode()
    assert shown in listed
    assert "参照版" not in listed.partition("<main")[2], "a published text is none"


NEWER = {"GB 55019-2021", "GB/T 10001.1-2023", "GB 2894-2025"}


def test_a_reference_tells_the_newer_edition_that_is_known(client: Client, hall: Hall) -> None:
    assert {one.newer for one in references() if one.newer} >= NEWER
    assert {one.newer for one in edition_queries.text_of(Edition.objects.get()).references} >= NEWER
    page = client.get("/console/editions/REF-2026/terms/").content.decode()
    for one in references():
        row = page.partition(f'<th scope="row">{one.number}</th>')[2].partition("</tr>")[0]
        assert one.title in row
        for word in (one.newer, one.drafted_as):
            assert not word or word in row, (one.number, word)
    for newer in NEWER:
        assert newer in page
