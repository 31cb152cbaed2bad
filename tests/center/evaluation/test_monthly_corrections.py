"""What becomes known after a report was published: late facts stand beside it as corrections, with exactly the
numbers that they change; what merely went on is none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.center.evaluation.test_monthly_reports import hall, made, zhu
from tests.center.evaluation.the_month import MADE
from tests.center.hall import SYSTEM, Hall, number

from budayang.center.evaluation import jobs, placement_actions
from budayang.center.evaluation import monthly_actions as actions
from budayang.center.evaluation import monthly_queries as queries
from budayang.center.evaluation.models import Invitation, MonthlyReport, PlacementSuggestion, Rating
from budayang.center.platform import works
from budayang.center.platform.actors import Actor
from budayang.center.services import search_actions, truth_jobs
from budayang.center.services.models import Case
from budayang.rules.monthly import Figure, Report, figures_of, tables_of

__all__ = ["hall", "zhu"]
pytestmark = pytest.mark.django_db
THEN = datetime(2026, 10, 20, 2, tzinfo=UTC)
DAY = timedelta(days=1)
Told = tuple[str, str, str, Any, Any]


@pytest.fixture
def published(hall: Hall, zhu: Actor) -> list[MonthlyReport]:
    """The area's October and the city's."""
    rows = [made(zhu, place) for place in (hall.area.place, hall.city)]
    return [actions.publish(zhu, row, sha256=row.sha256, now=MADE) for row in rows]


def checked(row: MonthlyReport, at: datetime) -> list[Told]:
    """The worker's daily turn, and what it found in this report: (title, first cell, column, before, after)."""
    actions.run_checks(at)
    row = MonthlyReport.objects.select_related("work", "place").get(pk=row.pk)
    assert row.work is not None
    works.run_work.call(row.work.pk)
    assert queries.is_whole(row)
    found = queries.corrections_of(row)
    return [(one.title, one.row, one.column, one.before, one.after) for one in found[0][1]] if found else []


def content(row: MonthlyReport) -> Report:
    found = queries.content_of(row)
    assert found is not None
    return found


def figure(row: MonthlyReport, code: str) -> Figure:
    return next(one for one in figures_of(content(row)) if one.code == code)


def lines_of(row: MonthlyReport, code: str) -> list[Any]:
    """The cells of a table, line by line."""
    found = next(one for _section, one in tables_of(content(row)) if one.code == code)
    return [line.cells for line in found.lines]


def hits(one: Figure) -> int:
    return round((one.value or 0) * one.sample)


def kept(value: float) -> float:
    return round(value, 6)


def wilson(n: int, whole: int) -> tuple[float, float]:
    z, p = 1.959963984540054, n / whole
    mid, half = p + z * z / (2 * whole), z * (p * (1 - p) / whole + z * z / (4 * whole * whole)) ** 0.5
    return kept((mid - half) / (1 + z * z / whole)), kept((mid + half) / (1 + z * z / whole))


def moved(one: Figure, now_hits: int, now_sample: int) -> list[Told]:
    """What is told of a share: its new value, or, should that be the old one, its sample."""
    value = kept(now_hits / now_sample)
    if value != one.value:
        return [(one.title, "", "", one.value, value)]
    return [(one.title, "", "样本", one.sample, now_sample)]


def differing(wanted: list[Told]) -> list[Told]:
    """Those that read otherwise, in an order of their own."""
    return sorted((one for one in wanted if one[3] != one[4]), key=str)


def test_a_stay_that_a_terminal_tells_of_late(hall: Hall, published: list[MonthlyReport]) -> None:
    """Its line was away: the area's report and the city's show one wasted trip more, and what follows from it."""
    for row in published:
        assert checked(row, MADE + DAY) == []
    tries = [{"item": "T01", "result": "unfinished", "step": "fill", "why": "left"}]
    hall.inbox(hall.terminal, "attempt", {"tries": tries}, THEN, MADE + DAY)
    assert truth_jobs.read_trips(MADE + DAY) == 1
    for row in published:
        one = figure(row, "wasted")
        bad, whole = hits(one) + 1, one.sample + 1
        wanted = moved(one, bad, whole)
        for cells in lines_of(row, "wasted_causes"):
            result, step, why, n, share, _before = cells
            more = (result, step, why) == ("开始了没办成", "填写", "中途离开")
            told = ("为什么白跑", result)
            wanted += [(*told, "趟数", n, n + 1)] if more else []
            wanted += [(*told, "占白跑", share, kept((n + more) / bad))]
        for cells in lines_of(row, "wasted_areas"):
            name, n, wasted, *shares = cells[:6]
            if name == hall.area.name:
                now = (n + 1, wasted + 1, kept((wasted + 1) / (n + 1)), *wilson(wasted + 1, n + 1))
                heads = ("全部趟数", "白跑", "白跑率", "区间下限", "区间上限")
                wanted += [
                    ("各自助区的白跑率", name, head, was, is_now)
                    for head, was, is_now in zip(heads, (n, wasted, *shares), now, strict=True)
                ]
        assert sorted(checked(row, MADE + 2 * DAY), key=str) == differing(wanted)
        assert row.corrections.count() == 1
        assert len(checked(row, MADE + 3 * DAY)) == len(differing(wanted))
        assert row.corrections.count() == 1, "the same finding is not written again"


def test_a_bad_rating_that_a_terminal_tells_of_late(hall: Hall, published: list[MonthlyReport]) -> None:
    hall.inbox(hall.terminal, "rating.shown", {"number": number(7)}, THEN, MADE + DAY)
    hall.inbox(hall.terminal, "rating", {"number": number(7), "level": "unsatisfied"}, THEN, MADE + DAY)
    jobs.read_inbox(MADE + DAY)
    assert Rating.objects.get(case_number=number(7)).at == THEN
    row = published[0]
    good, reply, asked = (figure(row, code) for code in ("good_rate", "negative_reply_rate", "rated"))
    n = good.sample
    wanted = [
        *moved(good, hits(good), n + 1), *moved(reply, hits(reply), reply.sample + 1),
        *moved(asked, hits(asked) + 1, asked.sample + 1),
    ]  # fmt: skip
    for cells in lines_of(row, "ratings_levels"):
        level, count, share, _before = cells
        more = level == "不满意"
        wanted += [("好差评", level, "件数", count, count + 1)] if more else []
        wanted += [("好差评", level, "占评价", share, kept((count + more) / (n + 1)))]
    assert sorted(checked(row, MADE + 2 * DAY), key=str) == differing(wanted)


def test_what_merely_went_on_is_no_correction(hall: Hall, published: list[MonthlyReport]) -> None:
    """Somebody rates what he was asked about in October; a matter comes to its end; a suggestion is judged; people look
    for something.
    """
    later = MADE + DAY
    rated = set(Rating.objects.values_list("case_number", flat=True))
    asked = Invitation.objects.filter(shown_at__gte=THEN).exclude(case_number__in=rated).first()
    assert asked is not None
    made_of = {"terminal": hall.terminal, "owner": hall.terminal.owner, "place_path": hall.area.place.path}
    Rating.objects.create(case_number=asked.case_number, level="satisfied", channel="qr", at=later, **made_of)
    going = Case.objects.filter(state="working", accepted_at__range=(datetime(2026, 10, 2, tzinfo=UTC), THEN))
    assert going.update(state="done", finished_at=later) > 0
    placement_actions.compute(hall.area, later)
    suggested = PlacementSuggestion.objects.filter(area=hall.area, state="open").first()
    assert suggested is not None
    placement_actions.set_aside(SYSTEM, suggested, reason="再等等", now=later)
    search_actions.record_search(hall.area, item_code="T06", on=date(2026, 10, 20), now=later)
    for row in published:
        assert checked(row, later + DAY) == []
    assert not any(row.corrections.exists() for row in published)
