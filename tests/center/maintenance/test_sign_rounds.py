"""Signs in rounds: questions from the plan, an order for what is damaged, rates from the last look."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import round_actions, round_jobs, round_signs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import Incident, Round, RoundPlan
from budayang.center.maintenance.round_actions import Given
from budayang.center.platform.actions import Refused
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.center.signage.sign_queries import signs_of
from budayang.rules.rounds import Plan, Rhythm
from budayang.rules.signs.audits import rates

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 08:30 in the hall, a Monday
DAY = timedelta(days=1)
CHOICES = "完好、缺失、破损或变形、文字不对"
ROWS: list[dict[str, object]] = [
    {"code": "floor", "text": "地面干燥"},
    {
        "code": "sign", "text": "在位、完好", "kind": "choice", "about": "sign", "choices": CHOICES,
        "bad": "缺失、破损或变形、文字不对", "bucket": "site", "clause": "BS-16",
    },
]  # fmt: skip


@pytest.fixture
def signs(hall: Hall) -> list[str]:
    """The demonstration's plan hangs in the hall; ids of its signs."""
    drawing = json.loads(files("budayang.data").joinpath("plans/demo.json").read_text(encoding="utf-8"))["drawing"]
    plan = SignPlan.objects.create(area=hall.area, made_at=MORNING)
    PlanVersion.objects.create(plan=plan, number=1, drawing=drawing, made_at=MORNING, made_by="lin")
    return [one.id for one in signs_of(hall.area.pk)]


def planned(hall: Hall, code: str, rhythm: Rhythm) -> RoundPlan:
    before = MORNING - DAY
    planning.write_edition(
        SYSTEM, place=hall.city, code=code, name=code, basis="BS-16", rows=ROWS, valid_from=date(2026, 11, 22),
        now=before, today=date(2026, 11, 22),
    )  # fmt: skip
    return planning.set_plan(
        SYSTEM, None, area=hall.area, code=code, who="keeper", now=before, stops=[], person=hall.staff["lin"],
        plan=Plan(rhythm, ((time(8, 30), time(11, 30)),), date(2026, 11, 23), day=23, first_month=11),
    )  # fmt: skip


def opened(hall: Hall, at: datetime) -> Round:
    hall.listen(at)
    assert round_jobs.open_rounds(at) == 1
    return Round.objects.latest("pk")


def say(hall: Hall, row: Round, sign: str, value: str, at: datetime) -> None:
    code = next(str(one["code"]) for one in row.signs if one["sign"] == sign)
    given = Given(round_actions.new_client_id(), "", code, value, at)
    round_actions.record_answer(hall.actor("lin"), row, given, now=at)


def test_the_half_year_check_asks_for_every_sign_and_damage_is_an_order(hall: Hall, signs: list[str]) -> None:
    planned(hall, "half_year_signs", Rhythm.HALF_YEARLY)
    row = opened(hall, MORNING)
    assert [one["sign"] for one in row.signs] == signs
    (place,) = [stop for stop in queries.sheet(row) if not stop.code]
    assert len(place.asked) == 1 + len(signs)
    assert place.asked[0].question.text == "地面干燥"
    at = MORNING + timedelta(minutes=9)
    for sign in signs[3:]:
        say(hall, row, sign, "完好", at)
    say(hall, row, signs[0], "缺失", at)
    say(hall, row, signs[1], "破损或变形", at)
    say(hall, row, signs[2], "文字不对", at)
    found = Incident.objects.filter(state="open", kind__startswith="round_found")
    assert found.count() == 3
    text = next(str(one["text"]) for one in row.signs if one["sign"] == signs[0])
    assert any(text.split("：")[0] in one.title for one in found)
    pairs = [(hall.area.pk, one) for one in signs]
    seen = rates(pairs, round_signs.answers_about_signs([hall.area.pk], MORNING, MORNING + DAY))
    total = len(signs)
    assert (seen.planned, seen.seen, seen.present) == (total, total, total - 1)
    assert (seen.intact, seen.right) == (total - 3, total - 2)
    assert rates(pairs, round_signs.answers_about_signs([hall.area.pk], MORNING + DAY, MORNING + 2 * DAY)).seen == 0


def test_a_daily_round_looks_at_few_in_turn_and_a_new_plan_changes_no_open_round(hall: Hall, signs: list[str]) -> None:
    planned(hall, "daily", Rhythm.DAILY)
    first = opened(hall, MORNING)
    asked = [str(one["sign"]) for one in first.signs]
    assert asked == signs[:5]
    for sign in asked:
        say(hall, first, sign, "完好", MORNING + timedelta(minutes=3))
    drawing = {**PlanVersion.objects.get().drawing, "signs": []}
    PlanVersion.objects.create(plan=SignPlan.objects.get(), number=2, drawing=drawing, made_at=MORNING, made_by="lin")
    first.refresh_from_db()
    assert len(queries.questions_in(first)) == 6
    PlanVersion.objects.filter(number=2).delete()
    second = opened(hall, MORNING + DAY)
    assert [str(one["sign"]) for one in second.signs] == signs[5:10]
    with pytest.raises(Refused, match="没有这个问题"):
        round_actions.record_answer(
            hall.actor("lin"), second, Given("client-x", "", "sign", "完好", MORNING + DAY), now=MORNING + DAY
        )


def test_an_area_without_a_plan_is_asked_about_no_sign(hall: Hall) -> None:
    planned(hall, "daily", Rhythm.DAILY)
    assert opened(hall, MORNING).signs == []
