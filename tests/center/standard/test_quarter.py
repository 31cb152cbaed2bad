"""A quarter of thirty areas whose truth is known: what people gave was drawn by lot, each answer and each score equals
a reckoning of its own, and late evidence changes exactly what it must.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.platform.models import Place
from budayang.center.standard import actions, given_actions, queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict
from budayang.rules.standard.parts import ENTERED, Field, Kind, Part

MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
LAST = {
    date(2026, 9, 1): date(2026, 9, 30),
    date(2026, 10, 1): date(2026, 10, 31),
    date(2026, 11, 1): date(2026, 11, 24),
}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
LOTS = ("nothing", "nothing", "good", "good", "bad", "withdrawn", "exempt", "transition")
AREAS, CLAUSES = 30, 12


@dataclass(frozen=True)
class Lot:
    """What was drawn for a clause in an area: which kind of thing happened, on which day, and until when it holds."""

    what: str
    on: date
    until: date | None


def good(field: Field, *, bad: bool) -> float:
    """A number that is what is asked, or just outside."""
    if field.low is not None:
        return field.low - 1 if bad else field.low
    assert field.high is not None
    return field.high + 1 if bad else field.high


def truth(lot: Lot, part: Part, month: date) -> str:
    """The answer of a clause with this one part, reckoned from what was drawn, and from nothing else."""
    day = LAST[month]
    if lot.what == "exempt":
        return "not_applicable" if lot.on <= day else "no_evidence"
    if lot.what in ("nothing", "withdrawn") or lot.on > day:
        return "no_evidence"
    if lot.until is not None and lot.until < day:
        return "no_evidence"
    if part.kind is Kind.DOCUMENT:
        return "met"
    return "not_met" if lot.what in ("bad", "transition") else "met"


def give(area: Any, clause: Clause, part: Part, lot: Lot, now: datetime) -> None:
    """Do what was drawn, through the room's own doors."""
    if lot.what == "nothing":
        return
    if lot.what == "exempt":
        given_actions.set_exception(
            SYSTEM, area.place, clause, kind="exemption", reason="没有", from_on=lot.on, until_on=None, now=now
        )
        return
    row: Any
    if part.kind is Kind.DOCUMENT:
        row = given_actions.give_document(
            SYSTEM, area.place, clause, title="文件", on=lot.on, until_on=lot.until, name="a.pdf", content=PDF, now=now
        )
    else:
        wrong = lot.what in ("bad", "transition")
        values = {one.name: good(one, bad=wrong) for one in part.fields}
        row = given_actions.give_numbers(
            SYSTEM, area.place, clause, part.kind, values=values, on=lot.on, source="抽签", now=now
        )
    if lot.what == "withdrawn":
        given_actions.withdraw(SYSTEM, row, why="抽签", now=now)
    if lot.what == "transition":
        given_actions.set_exception(
            SYSTEM, area.place, clause, kind="transition", reason="老楼", plan="改", from_on=date(2026, 1, 1),
            until_on=date(2027, 1, 1), now=now,
        )  # fmt: skip


def by_hand(rows: list[ClauseVerdict]) -> Fraction | None:
    """The score, by counting: whole numbers only, for every clause of the reference edition weighs one."""
    counted = [one for one in rows if set(one.clause.grade) <= set("AB/(类推)") and not one.clause.template]
    met = sum(one.answer == "met" for one in counted)
    broken = sum(one.answer == "not_met" and one.transition_until is None for one in counted)
    return Fraction(100 * met, met + broken) if met + broken else None


def verdicts() -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
    found = ClauseVerdict.objects.select_related("clause", "place")
    return {
        (one.place.code, one.clause.code, one.period_start): (one.answer, one.number, one.why, one.transition_until)
        for one in found
    }


@pytest.fixture
def drawn(hall: Hall, now: datetime) -> dict[tuple[int, str], tuple[Any, Clause, Part, Lot]]:
    """Thirty areas, a dozen clauses each by lot; every month was computed."""
    lots = random.Random(20261124)
    clauses = [
        (one, parts_of(one)[0])
        for one in Clause.objects.filter(edition__code="REF-2026")
        if len(parts_of(one)) == 1 and parts_of(one)[0].kind in (*ENTERED, Kind.DOCUMENT)
    ]
    made = [
        areas.create_area(
            SYSTEM, code=f"Q{n:02}", name=f"测试{n}", parent=Place.objects.get(code="150603"), is_demo=True
        )
        for n in range(AREAS)
    ]
    found: dict[tuple[int, str], tuple[Any, Clause, Part, Lot]] = {}
    for area in made:
        for clause, part in lots.sample(clauses, CLAUSES):
            on = date(2026, 8, 1) + timedelta(days=lots.randrange(110))
            until = on + timedelta(days=part.days) if part.days is not None else None
            lot = Lot(lots.choice(LOTS), on, until)
            give(area, clause, part, lot, now)
            found[area.pk, clause.code] = (area, clause, part, lot)
    for month in MONTHS:
        actions.assess_many([one.place for one in made], month, now)
    return found


def test_every_answer_and_every_score_equals_a_reckoning_of_its_own(
    drawn: dict[tuple[int, str], tuple[Any, Clause, Part, Lot]], now: datetime
) -> None:
    answers = verdicts()
    seen = set()
    for (_area_id, code), (area, _clause, part, lot) in drawn.items():
        for month in MONTHS:
            start = queries.month_bounds(month)[0]
            answer = answers[area.place.code, code, start][0]
            assert answer == truth(lot, part, month), (area.code, code, month, lot)
            seen.add(answer)
    assert seen == {"met", "not_met", "not_applicable", "no_evidence"}, "every answer was drawn"
    scored = 0
    for row in Assessment.objects.filter(place__code__contains="Q").select_related("place"):
        start = queries.month_bounds(row.month)[0]
        rows = list(ClauseVerdict.objects.filter(place=row.place, period_start=start).select_related("clause"))
        assert len(rows) == 150
        expected = by_hand(rows)
        assert (row.score is None) == (expected is None)
        if expected is not None:
            assert row.score == pytest.approx(float(expected))
            scored += 1
        assert row.met == sum(one.answer == "met" for one in rows)
        assert row.no_evidence == sum(one.answer == "no_evidence" for one in rows)
    assert scored > AREAS


def test_late_evidence_changes_exactly_what_it_must(
    drawn: dict[tuple[int, str], tuple[Any, Clause, Part, Lot]], now: datetime
) -> None:
    Assessment.objects.update(dirty_at=None)
    before = verdicts()
    area, clause, part, _lot = next(
        one
        for one in drawn.values()
        if one[3].what == "nothing" and one[2].kind is Kind.MEASUREMENT and not one[2].days
    )
    give(area, clause, part, Lot("bad", date(2026, 10, 15), None), now)
    marked = set(Assessment.objects.filter(dirty_at__isnull=False).values_list("place__code", "month"))
    assert marked == {(area.place.code, month) for month in MONTHS[1:]}
    assert actions.recompute(now + timedelta(minutes=1)) == 2
    after = verdicts()
    changed = {key for key, value in after.items() if value != before.get(key)}
    assert changed == {(area.place.code, clause.code, queries.month_bounds(month)[0]) for month in MONTHS[1:]}
    assert {after[key][0] for key in changed} == {"not_met"}
