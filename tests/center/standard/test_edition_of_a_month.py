"""A month is judged by the edition that was in force at its end: another one that is adopted later judges the months
after it, and what stands written of earlier months stays.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import actions, edition_actions, edition_queries, jobs, queries
from budayang.center.standard.edition_writing import reference_text
from budayang.center.standard.models import Assessment, ClauseVerdict, Edition, InForce
from budayang.rules.standard.edition_text import EditionText, Requirement

SEP, OCT, NOV, DEC = (date(2026, month, 1) for month in (9, 10, 11, 12))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def load(text: EditionText, now: datetime, *, code: str = "REF-2027", title: str = "另一份（参照版）") -> Edition:
    """Another edition, brought as a workbook and loaded."""
    other = replace(text, about=replace(text.about, code=code, title=title))
    row = edition_actions.bring_edition(
        SYSTEM, edition_queries.workbook_of(other, demo=False), file_name="x.xlsx", now=now
    )
    assert row.state == "ready", list(row.faults.values_list("sheet", "row", "message"))
    return edition_actions.load_proposal(SYSTEM, row.pk, now)


def heavier(text: EditionText) -> EditionText:
    """The same with another weight of each clause that is judged by what people give: the scores differ."""
    return replace(text, clauses=tuple(_heavier(one) for one in text.clauses))


def _heavier(one: Requirement) -> Requirement:
    return replace(one, weight=7.0) if one.code.startswith("JB") else one


def stood(hall: Hall, month: date) -> tuple[str | None, float | None, dict[str, tuple[str, str, datetime]]]:
    """The edition, the score and the answers of a month."""
    row = Assessment.objects.select_related("edition").get(place=hall.area.place, month=month)
    start = queries.month_bounds(month)[0]
    verdicts = ClauseVerdict.objects.filter(place=hall.area.place, period_start=start, clause__edition=row.edition)
    return (
        row.edition.code if row.edition else None,
        row.score,
        {one.clause.code: (one.answer, one.why, one.period_start) for one in verdicts.select_related("clause")},
    )


def compute_all(hall: Hall, now: datetime) -> None:
    """The worker's turn until nothing is marked."""
    jobs.keep_fresh(now)
    while actions.recompute(now):
        pass


def test_another_edition_judges_the_months_after_it_and_rewrites_none(hall: Hall, now: datetime) -> None:
    for month in (SEP, OCT, NOV):
        actions.assess_many([hall.area.place], month, now)
    before = {month: stood(hall, month) for month in (SEP, OCT)}
    assert {one[0] for one in before.values()} == {"REF-2026"}
    later = load(heavier(reference_text()), now)
    actions.adopt_edition(SYSTEM, later, now)
    compute_all(hall, now + HOUR)
    assert stood(hall, NOV)[0] == "REF-2027", "a running month is judged by the edition of now"
    for month in (SEP, OCT):
        actions.mark_dirty(hall.area.place.path, month, now)
    Assessment.objects.update(computed_at=now - 3 * DAY)
    compute_all(hall, now + 2 * DAY)
    assert {month: stood(hall, month) for month in (SEP, OCT)} == before
    assert not ClauseVerdict.objects.filter(
        clause__edition=later, period_start__lt=queries.month_bounds(NOV)[0]
    ).exists()


def test_the_edition_at_the_months_end_decides_and_going_back_is_written_too(hall: Hall, now: datetime) -> None:
    first, later = Edition.objects.get(), load(reference_text(), now)
    in_november, in_december = now + HOUR, datetime(2026, 12, 10, tzinfo=UTC)
    actions.adopt_edition(SYSTEM, later, in_november)
    actions.adopt_edition(SYSTEM, later, in_november + HOUR)
    assert [queries.edition_of(one) for one in (SEP, OCT)] == [first, first], "what was before the first one too"
    assert queries.edition_of(NOV) == later
    actions.adopt_edition(SYSTEM, first, in_december)
    assert [queries.edition_of(one) for one in (OCT, NOV, DEC)] == [first, later, first]
    assert list(InForce.objects.values_list("edition__code", flat=True)) == ["REF-2026", "REF-2027", "REF-2026"]
    exactly = queries.month_bounds(DEC)[1]
    actions.adopt_edition(SYSTEM, later, exactly)
    assert queries.edition_of(DEC) == first, "an edition from the first moment of a month is that month's"
    assert queries.edition_of(date(2027, 1, 1)) == later


def test_pages_show_each_month_under_its_edition(hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - DAY)
    for month in (OCT, NOV):
        actions.assess_many([hall.area.place], month, now)
    old_score = stood(hall, OCT)[1]
    new = replace(reference_text().clauses[0], code="JB-99", requirement="另一版才有的要求")
    other = (new, *heavier(reference_text()).clauses[1:])
    later = load(replace(reference_text(), clauses=other, annexes=(), values=()), now)
    actions.adopt_edition(SYSTEM, later, now)
    compute_all(hall, now)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    client = Client()
    client.force_login(person)

    def page(address: str, month: date) -> str:
        answer = client.get(address, {"month": f"{month:%Y-%m}"})
        assert answer.status_code == 200, (address, month)
        return answer.content.decode()

    assert old_score is not None
    shown = f"{old_score:.1f}".removesuffix(".0")
    for address in ("/console/conformity/", "/console/conformity/KBS/"):
        assert "另一份（参照版）" in page(address, NOV)
        october = page(address, OCT)
        assert "另一份（参照版）" not in october
        assert "运行要求（参照版）" in october
        assert shown in october
    assert f"<b>{shown}</b>" in page("/console/conformity/KBS/score/", OCT)
    assert "另一版才有的要求" in page("/console/conformity/KBS/", NOV)
    assert "另一版才有的要求" not in page("/console/conformity/KBS/", OCT)
    assert "未计算" not in page("/console/conformity/KBS/JB-01/", OCT)
    assert client.get("/console/conformity/KBS/JB-01/", {"month": "2026-11"}).status_code == 404
    assert client.get("/console/conformity/KBS/JB-99/", {"month": "2026-10"}).status_code == 404


def test_what_was_adopted_before_there_was_a_history_is_written_down(hall: Hall, now: datetime) -> None:
    later = load(reference_text(), now)
    actions.adopt_edition(SYSTEM, later, now + DAY)
    history = [(one.edition_id, one.at) for one in InForce.objects.all()]
    InForce.objects.all().delete()
    step = import_module("budayang.center.standard.migrations.0008_in_force")
    step.write_down_what_was_adopted(apps, None)
    assert [(one.edition_id, one.at) for one in InForce.objects.all()] == history
