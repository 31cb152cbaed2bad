"""A quarter that is known to the second: every clause's answer, number and sample, and every figure of the score, equal
what plain loops reckon from what happened; what comes late changes exactly what it must.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.center.standard import the_truth as truth
from tests.center.standard.the_reckoning import NOTHING, Month, Told, in_transition, indicators, reckon, score
from tests.center.standard.the_truth import HOUR, JUDGED, Fault, Given, Quarter, World

from budayang.center.evaluation import negative_actions as negatives
from budayang.center.evaluation.indicator_queries import month_rows
from budayang.center.evaluation.models import Rating
from budayang.center.maintenance import hours_actions, hours_jobs
from budayang.center.maintenance.models import HoursClosing
from budayang.center.platform.deliveries import deliver
from budayang.center.standard import actions, jobs
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict

MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
TOUCHED = """JB-01 JB-03 YJ-01 YJ-02 YJ-07 YJ-08 YJ-09 WH-14 WH-15 WH-16 WH-17 WH-18 WH-21 WH-22 WH-26 PJ-02 PJ-03 PJ-04
JB-10 YJ-19 YJ-20 PJ-06 PJ-07 PJ-08 PJ-10 PJ-15 PJ-20 PJ-21 PJ-23 PJ-24"""
SEEDS = (20261127, 4)


def month(area: str, first: date, now: datetime) -> Month:
    return Month(area, truth.here(2026, first.month, 1), truth.here(2026, first.month + 1, 1), now)


def expected(quarter: Quarter, area: str, first: date, now: datetime) -> dict[str, Told]:
    found = reckon(quarter, month(area, first, now))
    return {code: found.get(code, NOTHING) for code in Clause.objects.values_list("code", flat=True)}


def judged(world: World, area: str, first: date, now: datetime) -> dict[str, Told]:
    place = {"KBS": world.hall.area, "HJ": world.hall.far_area}[area].place
    made = actions.assess_many([place], first, now)
    return {one.clause.code: (one.answer, one.number, one.sample) for one in made}


def differences(real: dict[str, Told], right: dict[str, Told]) -> dict[str, tuple[Told, Told]]:
    assert real.keys() == right.keys()
    return {code: (real[code], right[code]) for code in right if not same(real[code], right[code])}


def same(one: Told, other: Told) -> bool:
    if one[0] != other[0] or one[0] not in ("met", "not_met"):
        return one[0] == other[0]
    return one[1] == pytest.approx(other[1], abs=1e-6) and one[2] == other[2]


@pytest.fixture(params=SEEDS)
def lived(db: None, request: pytest.FixtureRequest) -> tuple[World, Quarter]:
    quarter = truth.draw(request.param)
    return truth.live(quarter), quarter


def test_every_clause_and_every_figure_of_the_score(lived: tuple[World, Quarter]) -> None:
    world, quarter = lived
    seen: dict[str, set[str]] = {}
    clauses: list[dict[str, Any]] = list(Clause.objects.values("code", "chapter", "grade", "template"))
    for area in ("KBS", "HJ"):
        for first in MONTHS:
            right = expected(quarter, area, first, JUDGED)
            assert not differences(judged(world, area, first, JUDGED), right), (area, first)
            place = {"KBS": world.hall.area, "HJ": world.hall.far_area}[area].place_id
            kept = Assessment.objects.values().get(place=place, month=first)
            answers, waiting = (
                {code: told[0] for code, told in right.items()},
                in_transition(month(area, first, JUDGED)),
            )
            for name, figure in score(clauses, answers, waiting).items():
                assert kept[name] == pytest.approx(figure), (area, first, name)
            for code, told in right.items():
                seen.setdefault(code, set()).add(told[0])
    judged_here = {code for code, answers in seen.items() if answers & {"met", "not_met"}}
    assert judged_here >= set(TOUCHED.split()), "the lot has to touch each of them"
    assert sum({"met", "not_met"} <= answers for answers in seen.values()) >= 5, "and both ways of several"


def test_public_indicators_of_the_same_months(lived: tuple[World, Quarter]) -> None:
    _world, quarter = lived
    for first in MONTHS:
        rows = {one.code: one.ratios for one in month_rows(first, "/", "area")}
        for area in ("KBS", "HJ", ""):
            mine = [one for one in quarter.ratings if not area or quarter.machines[one.code].area == area]
            right = indicators(month(area, first, JUDGED), mine)
            if area not in rows:
                assert not any(whole for _part, whole in right.values()), (area, first)
                continue
            found = {name: (rows[area][name].numerator, rows[area][name].denominator) for name in right}
            assert found == right, (area, first)


def compute(world: World, now: datetime) -> None:
    for first in MONTHS:
        actions.assess_many([world.hall.area.place, world.hall.far_area.place], first, now)
    Assessment.objects.update(dirty_at=None)


def listen(now: datetime) -> set[str]:
    """The worker's turn: what the news since the last one marks."""
    while deliver(jobs.CONSUMERS[0], now):
        pass
    rows = Assessment.objects.filter(dirty_at__isnull=False)
    return {f"{place[:3]} {first:%m}" for place, first in rows.values_list("place__name", "month")}


def stored() -> dict[tuple[str, date], dict[str, Told]]:
    """What every area and month of the quarter says now."""
    found: dict[tuple[str, date], dict[str, Told]] = {}
    for one in ClauseVerdict.objects.select_related("clause", "place"):
        first = one.period_start.astimezone(truth.ZONE).date()
        if first in MONTHS:
            area = "KBS" if "康巴什" in one.place.name else "HJ"
            found.setdefault((area, first), {})[one.clause.code] = (one.answer, one.number, one.sample)
    return found


def changed(before: dict[Any, dict[str, Told]], after: dict[Any, dict[str, Told]]) -> set[tuple[str, date, str]]:
    assert before.keys() == after.keys()
    return {(*key, code) for key in before for code in differences(before[key], after[key])}


def late_things(world: World, quarter: Quarter, now: datetime) -> list[tuple[str, str, Callable[[], None]]]:
    """(what, the month and area that it bears on, how it happens and is written down)."""
    october = [one for one in quarter.ratings if one.code == "KBS-01" and one.at.astimezone(truth.ZONE).month == 10]
    good = next(one for one in october if not one.negative and one.aside is None)

    def a_rating() -> None:
        came = Given(901, "KBS-01", truth.here(2026, 10, 31, 23, 59), "unsatisfied", ("no_paper",), learned=now)
        quarter.ratings.append(came)
        truth.rates(world, came)

    def removed() -> None:
        row = Rating.objects.get(case_number=good.number)
        negatives.set_aside_rating(world.zhu, row, reason="staff", note="代评", now=now)
        good.aside = (now, "staff")

    def restored() -> None:
        row = Rating.objects.get(case_number=good.number)
        negatives.restore_rating(world.zhu, row, note="看错了", now=now)
        good.restored = now

    def an_outage() -> None:
        """Paper was out for four hours of a day of October that was closed; the machine tells it now."""
        mine = [one for one in quarter.faults if one.code == "KBS-01"]
        start = next(
            at
            for at in (truth.here(2026, 10, day, 12) for day in range(22, 30))
            if not [one for one in mine if one.start < at + 5 * HOUR and one.end > at - HOUR]
        )
        hours_actions.begin_closing(now)
        ids, on = [truth.terminal("KBS-01").pk], start.astimezone(truth.ZONE).date()
        hours_actions.compute_days(ids, on, "Asia/Shanghai", now, reason="")
        quarter.faults.append(Fault("KBS-01", start, start + 4 * HOUR, now, over=True))
        HoursClosing.objects.update(next_on=date(2026, 12, 20))
        truth.corrected(world, "KBS-01", start, start + 4 * HOUR, now)
        while deliver(hours_jobs.CONSUMERS[0], now):
            pass
        while hours_actions.correct_days(now + HOUR):
            pass

    return [("a rating", "10", a_rating), ("removed", "10", removed), ("restored", "10", restored),
            ("an outage", "10", an_outage)]  # fmt: skip


def test_what_comes_late_changes_exactly_what_it_must(lived: tuple[World, Quarter]) -> None:
    world, quarter = lived
    compute(world, JUDGED)
    listen(JUDGED)
    Assessment.objects.update(dirty_at=None)
    now = JUDGED + timedelta(days=1)
    compute(world, now)  # what time alone changes until then
    right = {(area, first): expected(quarter, area, first, now) for area in ("KBS", "HJ") for first in MONTHS}
    before = stored()
    assert not any(differences(before[key], right[key]) for key in right)
    for what, bears_on, happens in late_things(world, quarter, now):
        happens()
        world.run(now)
        assert listen(now) == {f"康巴什 {bears_on}", "康巴什 12"}, what
        actions.recompute(now)
        after = stored()
        truly = {(area, first): expected(quarter, area, first, now) for area, first in right}
        assert changed(before, after) == changed(right, truly), what
        assert changed(right, truly), what
        assert not any(differences(after[key], truly[key]) for key in truly), what
        before, right = after, truly
