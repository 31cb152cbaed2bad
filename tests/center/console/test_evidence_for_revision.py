"""Evidence for revision through its page and its Word report: out of reach, low, new, renumbered; how much is read."""

from __future__ import annotations

import io
import re
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docx import Document
from tests.center.hall import SYSTEM, Hall, build
from tests.center.standard.the_evidence import OCTOBER, judge_areas, places
from tests.center.standard.the_papers import bring, made, texts_of
from tests.center.standard.the_project import begin, edition, leader, own_edition, step

from budayang.center.console.standard_evidence import TONES
from budayang.center.platform import works
from budayang.center.platform.models import Work
from budayang.center.standard import actions, writing_actions
from budayang.center.standard.models import Assessment, ClauseVerdict, Project
from budayang.center.standard.revising_queries import CLAUSES_AT_ONCE, evidence, months_over
from budayang.center.standard.text_queries import clause_texts
from budayang.rules.standard.revising import ADVICE_NAMES

SEPTEMBER = date(2026, 9, 1)
PAGE = "/console/clause-evidence/"
REPORT = "/console/standard-text/make/evidence/docx/"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14 in Ordos, in the cast's own night."""
    moment = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


@pytest.fixture
def house(db: None, now: datetime) -> Hall:
    cache.clear()
    hall = build(now)
    leader(hall, now)
    return hall


def sign_in(hall: Hall, name: str = "zhu") -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


def rows_of(client: Client, query: str = "") -> dict[str, str]:
    """Clause code → its row of the list as text."""
    found = client.get(PAGE + query)
    assert found.status_code == 200
    body = found.content.decode().split("<tbody>")[1].split("</tbody>")[0]
    rows = [row for row in body.split("<tr") if "<td" in row]
    return {code.group(): row for row in rows if (code := re.search(r"[A-Z]{2}-[0-9]{2}", row))}


def test_out_of_reach_low_and_apart_are_said_by_page_and_report(house: Hall, now: datetime) -> None:
    six = places(house, 6)
    judge_areas(six, "YJ-07", [0.5, 0.6, 0.7, 0.8, 0.9, 0.985], now)
    judge_areas(six, "YJ-05", [0.995, 0.996, 0.997, 0.998, 0.999, 1.0], now)
    judge_areas(six, "YJ-06", [0.5, 0.6, 0.7, 0.985, 0.99, 0.995], now)
    judge_areas(six[:4], "YJ-08", [0.5, 0.5, 0.5, 0.5], now)
    client = sign_in(house)
    rows = rows_of(client, "?q=YJ-0")
    for code, advice, met in (
        ("YJ-07", "够不着", "1/6"), ("YJ-05", "偏低", "6/6"), ("YJ-06", "各区差别大", "3/6"),
        ("YJ-08", "样本不足", "0/4"),
    ):  # fmt: skip
        assert advice in rows[code], code
        assert met in rows[code], code
    assert "50%" in rows["YJ-07"].replace("50.00%", "50%")
    assert set(rows_of(client, "?advice=out_of_reach")) == {"YJ-07"}
    assert set(rows_of(client, "?advice=low")) == {"YJ-05"}
    content = made(client, REPORT)
    lines = [one.text for one in Document(io.BytesIO(content)).paragraphs]
    numbers = {one.code: one.number for one in clause_texts(edition())}
    for head, code in (("够不着（1 条）", "YJ-07"), ("偏低（1 条）", "YJ-05"), ("各区差别大（1 条）", "YJ-06")):
        under = lines[lines.index(head) + 2]
        assert under.startswith(f"{numbers[code]}（{code}）"), head
    assert "2026年8月至2026年10月" in lines
    (table,) = Document(io.BytesIO(content)).tables
    cells = {row.cells[1].text: [cell.text for cell in row.cells] for row in table.rows[1:]}
    assert set(cells) == {"YJ-05", "YJ-06", "YJ-07", "YJ-08"}
    assert cells["YJ-07"][2:5] == ["≥ 98%", "REF-2026", "1/6"]
    assert cells["YJ-07"][8] == "够不着"
    assert [text.replace(".00%", "%") for text in cells["YJ-07"][5:8]] == ["50%", "75%", "98.5%"]


def test_a_month_that_runs_is_no_month_yet(house: Hall, now: datetime) -> None:
    six = places(house, 6)
    judge_areas(six, "YJ-07", [0.995] * 6, now, months=(OCTOBER,))
    judge_areas(six, "YJ-07", [0.5] * 6, now, months=(date(2026, 11, 1),))
    assert "6/6" in rows_of(sign_in(house), "?q=YJ-07")["YJ-07"]
    assert months_over(now, 3) == (date(2026, 8, 1), OCTOBER)
    assert months_over(datetime(2027, 1, 5, tzinfo=UTC), 1) == (date(2026, 12, 1), date(2026, 12, 1))


def draft_of_a_revision(hall: Hall, now: datetime) -> Project:
    """A draft of six clauses: one reworded, one whose code stands for something else now, one new."""
    project = begin(hall, now, text=own_edition(now))
    text = project.edition
    text.clauses.filter(code="JB-02").update(requirement="服务时间提前三天对外公布")
    parts = list(edition().clauses.get(code="YJ-07").parts)
    text.clauses.filter(code="JB-03").update(requirement="机器要多", parts=parts)
    text.clauses.filter(code="JB-06").update(code="XN-01", requirement="新的要求")
    return step(hall, project, "plan", now)


def test_the_report_of_a_draft_answers_from_the_edition_that_was_in_force(house: Hall, now: datetime) -> None:
    six = places(house, 6)
    for code in ("JB-01", "JB-02", "JB-03"):
        judge_areas(six, code, [0.5] * 6, now)
    project = draft_of_a_revision(house, now)
    assert edition().clauses.get(code="JB-03").parts, "its rows were judged by another check"
    client = sign_in(house)
    lines = texts_of(made(client, f"/console/standard-projects/{project.code}/make/evidence/docx/", project=project))
    assert "自助服务区运行规范（DRAFT-1）" in lines
    assert f"各月按当时的版本判定：{edition().title}（REF-2026，参照版）" in lines
    assert lines[lines.index("够不着（2 条）") + 2].startswith("4.1（JB-01）")
    assert lines[lines.index("够不着（2 条）") + 3].startswith("4.2（JB-02）服务时间提前三天")
    then = edition().clauses.get(code="JB-02").requirement
    assert f"4.2（JB-02）判定时的要求（REF-2026）：{then}" in lines
    new = lines.index("新条款（2 条）")
    assert [text[:11] for text in lines[new + 2 : new + 4]] == ["4.3（JB-03）机", "4.6（XN-01）新"]
    assert "各条明细（2 条有结论，4 条没有证据）" in lines


def test_months_under_an_earlier_edition_are_not_gone(house: Hall, now: datetime) -> None:
    six = places(house, 6)
    judge_areas(six, "YJ-07", [0.5] * 6, now)
    old = edition()
    new = bring(now, code="OWN-1", says={"YJ-07": "换了说法的要求"})
    actions.adopt_edition(SYSTEM, new, now)
    client = sign_in(house)
    row = rows_of(client, "?q=YJ-07")["YJ-07"]
    assert "够不着" in row
    page = client.get(f"{PAGE}YJ-07/").content.decode()
    assert f"{old.clauses.get(code='YJ-07').requirement} <span" in page, "what was asked then"
    assert page.count("测试区00") == 6
    # Judged again under the other edition: the later judgement of the same month counts, once.
    judge_areas(six, "YJ-07", [0.99] * 6, now + timedelta(hours=1), text=new)
    row = rows_of(client, "?q=YJ-07")["YJ-07"]
    assert "6/6" in row
    assert client.get(f"{PAGE}YJ-07/").content.decode().count("测试区00") == 6


def test_the_areas_of_a_clause_come_by_pages(house: Hall, now: datetime) -> None:
    many = places(house, 53)
    judge_areas(many, "YJ-07", [0.99] * 53, now, months=(SEPTEMBER, OCTOBER))
    client = sign_in(house)
    first = client.get(f"{PAGE}YJ-07/").content.decode()
    assert first.count('<th scope="row">测试区') == 100
    assert "共 53 个自助区，正看第 1—50 个" in first
    assert 'rel="next" href="?months=3&amp;page=2"' in first
    last = client.get(f"{PAGE}YJ-07/?page=2").content.decode()
    assert last.count('<th scope="row">测试区') == 6
    assert "测试区0052" in last


def queries_of(client: Client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_what_is_read_does_not_grow_with_the_areas(house: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = list(edition().clauses.values_list("code", flat=True))[:60]
    client = sign_in(house)

    def fill(count: int) -> None:
        ClauseVerdict.objects.all().delete()
        for code in codes:
            judge_areas(places(house, count), code, [0.99] * count, now)

    fill(6)
    addresses = (PAGE, f"{PAGE}?advice=low", f"{PAGE}{codes[0]}/")
    few = [queries_of(client, address) for address in addresses]
    fill(40)
    assert [queries_of(client, address) for address in addresses] == few
    assert max(few) < 40


def test_values_are_read_and_no_objects(house: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_areas(places(house, 6), "YJ-07", [0.99] * 6, now)

    def made_one(*_given: object) -> ClauseVerdict:
        raise AssertionError("an object for a verdict")

    monkeypatch.setattr(ClauseVerdict, "from_db", made_one)
    assert evidence(house.actor("zhu"), edition(), SEPTEMBER, OCTOBER)["YJ-07"].spread.judged == 6
    with pytest.raises(AssertionError, match="an object"):
        list(ClauseVerdict.objects.all())


def test_memory_holds_the_readings_of_some_clauses_only(house: Hall, now: datetime) -> None:
    """Ten clauses at once: six times as many clauses need no more than a little more memory at the peak."""
    codes = list(edition().clauses.values_list("code", flat=True))[: 6 * CLAUSES_AT_ONCE]
    for code in codes:
        judge_areas(places(house, 120), code, [0.99] * 120, now)
    who = house.actor("zhu")

    def peak(wanted: Sequence[str]) -> int:
        cache.clear()
        evidence(who, edition(), SEPTEMBER, OCTOBER, codes=wanted)  # what is read once and stays
        cache.clear()
        tracemalloc.start()
        evidence(who, edition(), SEPTEMBER, OCTOBER, codes=wanted)
        _left, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(codes) < 1.5 * peak(codes[:CLAUSES_AT_ONCE])


def test_sums_are_kept_until_a_month_is_computed_anew(house: Hall, now: datetime) -> None:
    six = places(house, 6)
    judge_areas(six, "YJ-07", [0.5] * 6, now)
    client = sign_in(house)
    assert "0/6" in rows_of(client, "?q=YJ-07")["YJ-07"]
    with CaptureQueriesContext(connection) as seen:
        rows_of(client, "?q=YJ-07")
    assert not any('"standard_clauseverdict"' in one["sql"] for one in seen), "the city was not read again"
    assert "KBS" not in sign_in(house, "lin").get(PAGE).content.decode()
    assert "0/6" not in rows_of(sign_in(house, "lin"), "?q=YJ-07")["YJ-07"], "another reader's areas are others"
    ClauseVerdict.objects.update(answer="met", number=0.99)
    Assessment.objects.update(computed_at=now + timedelta(minutes=1))
    assert "6/6" in rows_of(client, "?q=YJ-07")["YJ-07"]


def test_the_report_renews_its_lease_while_it_reads_and_can_be_cancelled(
    house: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    step_on = works.Progress.step

    def counted(self: works.Progress, count: int = 1) -> None:
        steps.append(count)
        step_on(self, count)

    monkeypatch.setattr(works.Progress, "step", counted)
    zhu = house.actor("zhu")
    row = writing_actions.ask(zhu, "evidence", "docx", edition=edition(), project=None, now=now)
    assert row.work_id is not None
    works.run_work.call(row.work_id)
    assert steps.count(0) == 15, "150 clauses, ten at once"
    other = writing_actions.ask(zhu, "evidence", "pdf", edition=edition(), project=None, now=now)

    def cancelled(self: works.Progress, count: int = 1) -> None:
        Work.objects.filter(pk=self.work_id).update(cancel_requested_at=now)
        step_on(self, count)

    monkeypatch.setattr(works.Progress, "step", cancelled)
    assert other.work_id is not None
    works.run_work.call(other.work_id)
    other.refresh_from_db()
    assert other.content is None
    assert Work.objects.get(pk=other.work_id).state == "cancelled"


def test_every_view_has_a_name_and_a_tone(house: Hall) -> None:
    page = sign_in(house).get(PAGE).content.decode()
    assert set(TONES) == set(ADVICE_NAMES)
    for name in ADVICE_NAMES.values():
        assert name in page
