"""The page of looks at signs: rates by the last look of half a year, which open the signs on the plan."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk

from budayang.center.maintenance.models import CheckListEdition, Round, RoundAnswer, RoundPlan
from budayang.center.signage import plan_actions
from budayang.center.signage.sign_queries import signs_of
from budayang.data.demo_plan import demo_drawing

PAGE = "/console/sign-looks/"
PLAN = "/console/sign-plans/KBS/"


@pytest.fixture
def signs(desk: Desk, today: datetime) -> list[str]:
    """The demonstration's plan in the area; ids of its signs."""
    plan_actions.save_version(desk.actor("lin"), "KBS", demo_drawing(["KBS-01", "KBS-02"]), base=0, now=today)
    return [one.id for one in signs_of(desk.hall.area.pk)]


def looked(desk: Desk, said: dict[str, str], at: datetime) -> None:
    """A round that said this of these signs at that moment."""
    area, day = desk.hall.area, at.date()
    edition, _new = CheckListEdition.objects.get_or_create(
        place=area.place, list_code="signs", valid_from=day, defaults={"questions": [], "made_at": at}
    )
    plan = RoundPlan.objects.create(
        area=area, list_code="signs", name="标志", who="keeper", rhythm="monthly", windows=[], starts_on=day, made_at=at
    )
    row = Round.objects.create(
        plan=plan, area=area, edition=edition, place_path=area.place.path, on=day, opens_at=at, closes_at=at, stops=[],
        signs=[{"code": f"sign_{place}", "sign": sign} for place, sign in enumerate(said)], state="done",
    )  # fmt: skip
    for place, (sign, value) in enumerate(said.items()):
        RoundAnswer.objects.create(
            round=row,
            client_id=f"{plan.pk}-{sign}",
            question=f"sign_{place}",
            value=value,
            answered_at=at,
            received_at=at,
        )


def page(desk: Desk, address: str) -> str:
    answer = desk.client("zhu").get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_area_without_a_plan_or_a_look_says_so(desk: Desk) -> None:
    assert "还没有平面图" in page(desk, PAGE)


def test_what_was_not_looked_at_counts_neither_way(desk: Desk, signs: list[str]) -> None:
    text = page(desk, PAGE)
    assert "还没有检查过" in text
    assert "%" not in text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert page(desk, PLAN).count("半年内没有看过") == len(signs)


def test_rates_are_those_of_the_last_look(desk: Desk, signs: list[str], today: datetime) -> None:
    first, second, third = signs[:3]
    looked(desk, {first: "缺失", second: "完好", third: "文字不对"}, today - timedelta(days=40))
    looked(desk, {first: "完好"}, today - timedelta(days=2))
    text = page(desk, PAGE)
    for rate in ("100.0 %（3/3）", "66.7 %（2/3）"):
        assert rate in text, rate
    assert "1 块有问题" in text
    assert f'href="{PLAN}#signs"' in text
    plan = page(desk, PLAN)
    assert plan.count("半年内没有看过") == len(signs) - 3
    assert '<span class="state stop">文字不对</span>' in plan
    assert '<span class="state stop">缺失</span>' not in plan


def test_a_look_of_long_ago_says_nothing_of_today(desk: Desk, signs: list[str], today: datetime) -> None:
    looked(desk, {signs[0]: "缺失"}, today - timedelta(days=200))
    assert "还没有检查过" in page(desk, PAGE)


def test_the_figures_come_out_as_a_table(desk: Desk, signs: list[str], today: datetime) -> None:
    looked(desk, dict.fromkeys(signs, "完好"), today - timedelta(days=1))
    answer = desk.client("zhu").get(PAGE, {"export": "csv"})
    told = answer.content.decode("utf-8-sig")
    assert f"100.0 %（{len(signs)}/{len(signs)}）" in told
    assert "都完好" in told
