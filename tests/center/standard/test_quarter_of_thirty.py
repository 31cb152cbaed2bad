"""Thirty areas of a known quarter: every clause's answer, number and sample, and every figure of the score, equal what
plain loops reckon from what happened; what comes late changes exactly what it must.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from tests.center.standard import the_thirty as thirty
from tests.center.standard.the_lateness import late_things
from tests.center.standard.the_reckoning import NOTHING, Told, score
from tests.center.standard.the_thirty import Site, Thirty
from tests.center.standard.the_truth import DAY, JUDGED, ZONE

from budayang.center.platform.deliveries import deliver
from budayang.center.standard import actions, jobs
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict

MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1))
SEED, FEW = 201, ("A00", "A03", "A04", "A12")
BOTH_WAYS = """JB-01 JB-02 JB-03 JB-04 JB-05 JB-06 JB-09 JB-11 JB-16 JB-17 JB-18 JB-23 JB-24 JB-26 JB-27 JB-30 JB-32
JB-33 JB-34 JB-35 YJ-01 YJ-02 YJ-04 YJ-05 YJ-06 YJ-07 YJ-08 YJ-09 YJ-12 YJ-13 YJ-14 YJ-15 YJ-16 YJ-29 YJ-31 YJ-32 YJ-33
YJ-34 YJ-35 BS-01 BS-02 BS-03 BS-04 BS-05 BS-06 BS-07 BS-09 BS-10 BS-11 BS-12 BS-13 BS-14 BS-15 BS-16 BS-17 BS-18 BS-20
BS-23 BS-24 WH-01 WH-02 WH-03 WH-04 WH-05 WH-07 WH-08 WH-09 WH-11 WH-13 WH-14 WH-15 WH-16 WH-17 WH-18 WH-19 WH-20 WH-21
WH-22 WH-24 WH-25 WH-28 WH-29 WH-30 PJ-01 PJ-19 PJ-23 PJ-24"""
ONE_WAY = """JB-08 JB-13 BS-08 BS-19 BS-21 BS-22 WH-26 PJ-18 PJ-20"""
"""The other answer is no evidence, or what no door of the rooms lets happen."""
Answers = dict[tuple[str, date], dict[str, Told]]


def same(one: Told, other: Told) -> bool:
    if one[0] != other[0] or one[0] not in ("met", "not_met"):
        return one[0] == other[0]
    return one[1] == pytest.approx(other[1], rel=1e-6) and one[2] == other[2]


def expected(sites: list[Site], codes: list[str], now: datetime) -> Answers:
    found: Answers = {}
    for site in sites:
        for first in MONTHS:
            told = thirty.reckon(site, thirty.month_of(site, first, now))
            found[site.code, first] = {code: told.get(code, NOTHING) for code in codes}
    return found


def stored() -> Answers:
    """What every area and month of the quarter says now."""
    found: Answers = {}
    for one in ClauseVerdict.objects.filter(place__code__startswith="A-A").select_related("clause", "place"):
        key = one.place.code.removeprefix("A-"), one.period_start.astimezone(ZONE).date()
        found.setdefault(key, {})[one.clause.code] = one.answer, one.number, one.sample
    return found


def changed(before: Answers, after: Answers) -> dict[tuple[str, date, str], tuple[Told, Told]]:
    assert before.keys() == after.keys()
    return {
        (*key, code): (before[key][code], after[key][code])
        for key in before
        for code in after[key]
        if not same(before[key][code], after[key][code])
    }


def compute(lived: Thirty, now: datetime) -> None:
    for first in MONTHS:
        actions.assess_many(lived.places, first, now)
    Assessment.objects.update(dirty_at=None)


@pytest.mark.django_db
def test_every_clause_and_every_score_of_thirty_areas() -> None:
    sites = thirty.draw(SEED)
    lived = Thirty(sites)
    lived.live()
    compute(lived, JUDGED)
    clauses: list[dict[str, Any]] = list(Clause.objects.values("code", "chapter", "grade", "template"))
    right = expected(sites, [one["code"] for one in clauses], JUDGED)
    wrong = changed(stored(), right)
    assert not wrong
    seen: dict[str, set[str]] = {}
    for (area, first), answers in right.items():
        kept = Assessment.objects.values().get(place=lived.areas[area].place_id, month=first)
        for name, figure in score(clauses, {code: told[0] for code, told in answers.items()}, set()).items():
            assert kept[name] == pytest.approx(figure), (area, first, name)
        for code, told in answers.items():
            seen.setdefault(code, set()).add(told[0])
    assert {code for code, found in seen.items() if {"met", "not_met"} <= found} == set(BOTH_WAYS.split())
    assert {code for code, found in seen.items() if len({"met", "not_met"} & found) == 1} == set(ONE_WAY.split())


def marked(lived: Thirty, now: datetime) -> set[tuple[str, int]]:
    """The worker's turn: what the news since the last one marks."""
    while deliver(jobs.CONSUMERS[0], now):
        pass
    rows = Assessment.objects.filter(dirty_at__isnull=False).values_list("place__code", "month")
    return {(code.removeprefix("A-"), first.month) for code, first in rows}


@pytest.mark.django_db
def test_what_comes_late_changes_exactly_what_it_must() -> None:
    sites = [one for one in thirty.draw(SEED) if one.code in FEW]
    lived = Thirty(sites)
    lived.live()
    compute(lived, JUDGED)
    marked(lived, JUDGED)
    now = JUDGED + DAY
    lived.world.hall.listen(now)
    compute(lived, now)  # what time alone changes until then
    codes = list(Clause.objects.values_list("code", flat=True))
    before, right = stored(), expected(sites, codes, now)
    wrong = changed(before, right)
    assert not wrong
    for what, area, happens in late_things(lived):
        happens(now)
        assert marked(lived, now) == {(area, 10), (area, 11), (area, 12)}, what
        actions.recompute(now)
        after, truly = stored(), expected(sites, codes, now)
        wrong = changed(after, truly)
        assert not wrong, what
        assert changed(right, truly).keys() == changed(before, after).keys(), what
        assert (area, MONTHS[1]) in {key[:2] for key in changed(right, truly)}, what
        assert {key[0] for key in changed(right, truly)} == {area}, what
        before, right = after, truly
