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
from tests.center.standard.the_quarter import CALL, DECISION, ZONE, Drawn, Handled, Voice, draw

from budayang.center.areas import actions as areas
from budayang.center.evaluation.models import Complaint, Rating, SurveyArea, SurveySheet
from budayang.center.platform.models import Place
from budayang.center.services.models import Case, Trip, WindowFigure
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


# What people said, and how much is used -------------------------------------------------------------------------------


@pytest.fixture
def drawn_voices(hall: Hall, now: datetime) -> Drawn:
    """Six areas with a quarter of ratings, complaints, surveys and trips; every month was computed."""
    made = draw(hall, now)
    for month in MONTHS:
        actions.assess_many([one.place for one in made.areas], month, now)
    return made


@pytest.fixture
def voices(drawn_voices: Drawn) -> list[Any]:
    """Their areas."""
    return drawn_voices.areas


def of(area: Any, clause: str, month: date) -> tuple[str, float | None, int]:
    row = ClauseVerdict.objects.get(place=area.place, clause__code=clause, period_start=queries.month_bounds(month)[0])
    return row.answer, row.number, row.sample


def in_month(at: datetime, month: date) -> bool:
    when = at.astimezone(ZONE)
    return (when.year, when.month) == (month.year, month.month)


def ratio(good: int, whole: int, bound: float = 1.0) -> tuple[str, Any, int]:
    if not whole:
        return "no_evidence", None, 0
    return ("met" if good / whole >= bound else "not_met"), pytest.approx(good / whole), whole


NOT_OWN = {"staff", "forced", "bulk"}
"""代评, 强迫, 刷评."""


def own(voices: list[Voice]) -> str:
    """PJ-04: none that was not the person's own, and none that counts and is still to be looked at."""
    if any(one.aside in NOT_OWN for one in voices):
        return "not_met"
    return "no_evidence" if not voices or any(one.flag == "open" for one in voices) else "met"


def called(bad: list[Handled], now: datetime) -> tuple[str, Any, int]:
    """PJ-09: of those who left a number and were called, or should have been by now. An answer in public that was
    written when the number was gone is no call.
    """
    tried = [one for one in bad if one.phone and one.call in ("fixed_satisfied", "unreached")]
    missed = [
        one for one in bad if one.phone and one not in tried and one.fixed_at is not None and one.fixed_at + CALL < now
    ]
    return ratio(len(tried), len(tried) + len(missed))


def decided(bad: list[Handled], month: date, now: datetime) -> tuple[str, Any, int]:
    """PJ-10: appeals of the month that were decided, or should have been by now; well decided with words."""
    rows = [one for one in bad if one.appealed_at is not None and one.appealed_at < now]
    rows = [one for one in rows if one.appealed_at is not None and in_month(one.appealed_at, month)]
    over = [one for one in rows if one.decided is not None or _past(one.appealed_at, now)]
    return ratio(sum(bool(one.decided) for one in over), len(over))


def _past(appealed_at: datetime | None, now: datetime) -> bool:
    return appealed_at is not None and appealed_at + DECISION < now


def test_ratings_and_what_was_done_about_them(drawn_voices: Drawn, now: datetime) -> None:
    """Reckoned from what was drawn, and not from what the tables make of it."""
    answers: dict[str, set[str]] = {}
    for area in drawn_voices.areas:
        everything = drawn_voices.voices[area.pk]
        for month in MONTHS:
            voices = [one for one in everything if in_month(one.at, month)]
            bad = [one.negative for one in voices if one.negative is not None and not one.aside]
            done = [one for one in bad if one.call]
            assert of(area, "PJ-04", month)[0] == own(voices)
            assert of(area, "PJ-09", month) == called(bad, now)
            assert of(area, "PJ-11", month) == ratio(sum(one.asked_again for one in done), len(done))
            appealed = [one.negative for one in everything if one.negative is not None]
            assert of(area, "PJ-10", month) == decided(appealed, month, now)
            for clause in ("PJ-04", "PJ-09", "PJ-10", "PJ-11"):
                answers.setdefault(clause, set()).add(of(area, clause, month)[0])
    assert all({"not_met"} < found for found in answers.values()), answers
    assert answers["PJ-04"] == {"met", "not_met", "no_evidence"}


def test_complaints_reports_and_surveys(voices: list[Any], now: datetime) -> None:
    for area in voices:
        for month in MONTHS:
            whole = judged = 0
            rows = [
                one for one in Complaint.objects.filter(area=area, kind="complaint") if in_month(one.made_at, month)
            ]
            for row in rows:
                over = row.state == "accepted" and row.made_at + timedelta(days=7) < now
                if row.state == "filed" or over:
                    judged += 1
                    events = set(row.steps.values_list("event", flat=True))
                    whole += row.state == "filed" and len(events) == 5
            assert of(area, "PJ-17", month) == ratio(whole, judged)
    first, second = voices[:2]
    september, october, november = MONTHS
    assert [of(one, "PJ-12", september) for one in voices] == [("met", 6, 1)] * len(voices), "the city's report"
    assert of(first, "PJ-12", october) == ("not_met", 4, 1)
    assert of(second, "PJ-12", october)[0] == "no_evidence", "a draft is not public"
    assert of(first, "PJ-12", november)[0] == "no_evidence"
    said = set()
    for area in voices:
        sheets = [(one.answers, one.at) for one in SurveySheet.objects.filter(area=area, beyond=False)]
        for month in MONTHS:
            until = min(queries.month_bounds(month)[1], now)
            given = [answers for answers, at in sheets if at < until]
            plan = SurveyArea.objects.filter(area=area).first()
            verdict = ClauseVerdict.objects.get(
                place=area.place, clause__code="PJ-22", period_start=queries.month_bounds(month)[0]
            )
            expected = "no_evidence" if plan is None else "met" if given else "not_met"
            assert verdict.parts[0]["answer"] == expected, (area, month)
            service = any({"way", "machine"} & set(one) for one in given)
            around = any({"clean", "safe"} & set(one) for one in given)
            enough = plan is not None and len(given) >= plan.needed and service and around
            asked_for = plan is not None and plan.needed > 0
            expected = "no_evidence" if not given or not asked_for else "met" if enough else "not_met"
            assert of(area, "PJ-14", month)[0] == expected
            said.add((asked_for, bool(given), expected))
            access = [one["access"] for one in given if "access" in one]
            assert of(area, "PJ-16", month) == ratio(sum(one != "unsatisfied" for one in access), len(access), 0.8)
    assert (False, True, "no_evidence") in said, "an area of which no sample can be asked"
    assert {answer for _asked, _given, answer in said} == {"met", "not_met", "no_evidence"}


def test_use_and_what_is_taken_off_the_windows(voices: list[Any], now: datetime) -> None:
    for area in voices:
        for month in MONTHS:
            last = min(LAST[month], date(2026, 11, 23))
            days = {month + timedelta(days=n) for n in range((last - month).days + 1)}
            used = {
                (one.terminal_id, one.at.astimezone(ZONE).date())
                for one in Trip.objects.filter(area=area)
                if one.at.astimezone(ZONE).date() in days
            }
            row = ClauseVerdict.objects.get(
                place=area.place, clause__code="PJ-23", period_start=queries.month_bounds(month)[0]
            )
            told = row.parts[0]["why"]
            share = len(used) / (2 * len(days))
            assert row.parts[0]["answer"] == ("met" if share >= 0.6 else "not_met")
            assert f"样本{2 * len(days)}" in told
            both = row.parts[1]
            if area != voices[0]:
                assert both["answer"] == "no_evidence", "nobody told of the windows"
                continue
            figures = [one for one in WindowFigure.objects.all() if month <= one.on <= LAST[month]]
            on_days = {one.on for one in figures}
            cases = [
                one for one in Case.objects.filter(terminal__area=area, state="done")
                if one.accepted_at.astimezone(ZONE).date() in on_days
            ]  # fmt: skip
            together = len(cases) + sum(one.called for one in figures)
            assert both["answer"] == ("met" if len(cases) / together >= 0.8 else "not_met")
            assert f"样本{together}" in both["why"]


def test_classes_of_indicators_that_have_a_number(voices: list[Any], now: datetime) -> None:
    for area in voices:
        for month in MONTHS:
            cases = [one for one in Case.objects.filter(terminal__area=area) if in_month(one.accepted_at, month)]
            done = any(one.state == "done" for one in cases)
            rated = any(
                in_month(one.at, month) and one.set_aside_at is None
                for one in Rating.objects.filter(terminal__area=area)
            )
            number = done + rated + 2 * bool(cases)
            expected = ("met" if number >= 4 else "not_met", number, len(cases)) if cases else ("no_evidence", None, 0)
            assert of(area, "PJ-18", month) == expected
