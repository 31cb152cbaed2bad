"""What comes late and makes no other stir reaches the months that it bears on, however long they are over."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.evaluation import monthly_actions
from budayang.center.evaluation.models import MonthlyReport
from budayang.center.maintenance import book_actions, round_actions
from budayang.center.maintenance.models import CheckListEdition, Round, RoundPlan
from budayang.center.platform.deliveries import deliver
from budayang.center.services import truth_jobs, window_figures
from budayang.center.services.models import Department
from budayang.center.standard import actions, jobs, queries
from budayang.center.standard.models import Assessment, ClauseVerdict
from budayang.center.standard.news import NEWS_OF
from budayang.rules.standard import METRICS

ZONE = ZoneInfo("Asia/Shanghai")
AUG, SEP, OCT, NOV = (date(2026, month, 1) for month in (8, 9, 10, 11))
SOURCE = Path(__file__).parents[3] / "src" / "budayang" / "center"


def at(month: date, day: int = 15) -> datetime:
    return datetime(month.year, month.month, day, 10, tzinfo=ZONE)


@pytest.fixture
def quiet(hall: Hall, now: datetime) -> Hall:
    """The hall whose last four months were computed; nothing is marked, no news waits."""
    for month in (AUG, SEP, OCT, NOV):
        actions.assess_many([hall.area.place, hall.far_area.place], month, now)
    marked(now)
    Assessment.objects.update(dirty_at=None)
    return hall


def marked(now: datetime) -> set[tuple[str, date]]:
    """The worker's turn: what the waiting news marks."""
    while deliver(jobs.CONSUMERS[0], now):
        pass
    return set(Assessment.objects.filter(dirty_at__isnull=False).values_list("place__code", "month"))


def answer(hall: Hall, code: str, month: date, now: datetime) -> str:
    actions.recompute(now)
    row = ClauseVerdict.objects.get(
        place=hall.area.place, clause__code=code, period_start=queries.month_bounds(month)[0]
    )
    return row.answer


def test_a_report_that_is_published_late_is_told_of_its_month(
    quiet: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = MonthlyReport.objects.create(
        place=quiet.city, place_path=quiet.city.path, month=AUG, state="draft", made_at=now, asked_at=now, asked_by="t",
        sha256="a" * 64, content={"sections": []},
    )  # fmt: skip
    monkeypatch.setattr("budayang.center.maintenance.hours_queries.settled_by", lambda *_: True)
    monthly_actions.publish(SYSTEM, report, sha256="a" * 64, now=now)
    areas = {quiet.area.place.code, quiet.far_area.place.code}
    assert marked(now) == {(area, month) for area in areas for month in (AUG, NOV)}
    assert answer(quiet, "PJ-12", AUG, now) == "not_met", "a report is out, and holds none of the six"
    assert answer(quiet, "PJ-12", SEP, now) == "no_evidence"


def test_visits_that_a_terminal_tells_late(quiet: Hall, now: datetime) -> None:
    told = {"end": "idle", "step": "choose", "seconds": 90, "steps": {"clear": 1}}
    quiet.inbox(quiet.terminal, "session", told, now, now)
    evaluation_jobs.read_inbox(now)
    assert marked(now) == set(), "the running month is computed every few hours"
    quiet.inbox(quiet.terminal, "session", told, at(SEP), now)
    evaluation_jobs.read_inbox(now)
    assert marked(now) == {("A-KBS", SEP), ("A-KBS", NOV)}
    assert answer(quiet, "JB-24", SEP, now) == "met"


def test_stays_that_a_terminal_tells_late(quiet: Hall, now: datetime) -> None:
    tries: dict[str, object] = {"tries": [{"item": "ZZ001", "result": "finished", "step": "", "why": ""}]}
    quiet.inbox(quiet.terminal, "attempt", tries, at(OCT), now)
    truth_jobs.read_trips(now)
    assert marked(now) == {("A-KBS", OCT), ("A-KBS", NOV)}


def test_the_windows_numbers_of_earlier_months(quiet: Hall, now: datetime) -> None:
    Department.objects.create(code="RS", name="人社")
    text = "日期,地点代码,部门,叫号数\n2026-08-03,150600,RS,12\n2026-08-04,150600,RS,9\n2026-10-09,150600,RS,7\n"
    table = window_figures.read_figures(text.encode())
    window_figures.import_figures(SYSTEM, table, source="窗口排队机", now=now)
    areas = {quiet.area.place.code, quiet.far_area.place.code}
    assert marked(now) == {(area, month) for area in areas for month in (AUG, OCT, NOV)}


def test_a_training_that_is_written_down_late_counts_for_every_month_since(quiet: Hall, now: datetime) -> None:
    row = book_actions.write_training(
        quiet.actor("lin"), quiet.area, at=at(SEP), kind="fire", subject="灭火器使用", minutes=60, teacher="甲",
        people="乙、丙", present=2, result="", now=now,
    )  # fmt: skip
    assert marked(now) == {("A-KBS", SEP), ("A-KBS", OCT), ("A-KBS", NOV)}
    assert [answer(quiet, "WH-13", month, now) for month in (AUG, SEP, NOV)] == ["no_evidence", "not_met", "not_met"]
    Assessment.objects.update(dirty_at=None)
    book_actions.write_training(
        quiet.actor("lin"), quiet.area, at=at(OCT), kind="fire", subject="灭火器使用", minutes=60, teacher="甲",
        people="乙、丙", present=2, result="", now=now, corrects=row, why="日期写错",
    )  # fmt: skip
    assert marked(now) == {("A-KBS", SEP), ("A-KBS", OCT), ("A-KBS", NOV)}
    assert [answer(quiet, "WH-13", month, now) for month in (SEP, OCT)] == ["no_evidence", "not_met"]


def test_a_round_that_was_without_network_bears_on_the_month_in_which_it_was_due(quiet: Hall, now: datetime) -> None:
    plan = RoundPlan.objects.create(
        area=quiet.area, list_code="daily", name="每日巡查", who="keeper", rhythm="daily", windows=[["08:00", "10:00"]],
        starts_on=SEP, made_at=at(SEP), made_by="t",
    )  # fmt: skip
    edition = CheckListEdition.objects.create(
        place=quiet.city, list_code="daily", valid_from=SEP, name="x", questions=[], made_at=at(SEP), made_by="t"
    )
    held = Round.objects.create(
        plan=plan, area=quiet.area, edition=edition, place_path=quiet.area.place.path, on=date(2026, 9, 30),
        opens_at=at(SEP, 30), closes_at=at(SEP, 30) + timedelta(hours=2), stops=[], state="done",
    )  # fmt: skip
    round_actions.tell(held, "done", now, now)
    assert marked(now) == {("A-KBS", SEP), ("A-KBS", OCT), ("A-KBS", NOV)}, "October looks back at its answers"
    assert answer(quiet, "WH-02", SEP, now) == "met"


def test_each_metric_says_which_news_moves_it_and_that_news_exists() -> None:
    assert set(NEWS_OF) == set(METRICS)
    source = "\n".join(path.read_text() for path in sorted(SOURCE.rglob("*.py")) if path.parent.name != "standard")
    told = set(re.findall(r'f?"((?:evaluation|maintenance|services|signage)\.[a-z_]*)', source))
    for kind in {kind for kinds in NEWS_OF.values() for kind in kinds}:
        assert any(one.startswith(kind) or (kind[-1] in "._" and one == kind) for one in told), kind
        assert kind.startswith(jobs.CONSUMERS[0].kinds), kind
