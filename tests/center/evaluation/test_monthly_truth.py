"""Every figure and every table of a monthly report, cell by cell, against plain loops that use none of the product's
rules: for an area, for the area beside it, for a banner and for the city.

A code of the report that no loop computes fails here, and so does a loop that the report has no code for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from tests.center.evaluation import (
    the_loops_of_placement,
    the_loops_of_upkeep,
    the_loops_of_use,
    the_loops_of_voices,
)
from tests.center.evaluation.the_loops import FIGURES, TABLES, Said, World
from tests.center.evaluation.the_month import MADE
from tests.center.evaluation.the_wider_month import live_wide

from budayang.center.areas.models import Area
from budayang.center.evaluation.monthly_making import compute
from budayang.center.evaluation.monthly_opened import SHOWN, opened
from budayang.center.evaluation.monthly_rows import Month
from budayang.center.platform.models import Place
from budayang.rules.monthly import Figure, Report, Table, figures_of, tables_of
from budayang.rules.monthly_figures import BY_CODE

pytestmark = pytest.mark.django_db
LOOPS = (the_loops_of_placement, the_loops_of_upkeep, the_loops_of_use, the_loops_of_voices)
"""The modules that register a loop for each code."""
WHERE = ("A-KBS", "A-KBT", "150603", "150600")
"""An area, the area beside it, the banner of both, the city."""
AREAS = ("A-HJ", "A-KBS", "A-KBT", "A-KONG")


@dataclass
class Lived:
    """Reports of October by the place's code, and what the loops read."""

    reports: dict[str, Report]
    worlds: dict[str, World]


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterable[Lived]:
    """The two months are written once for the whole module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        live_wide()
        places = {one.code: one for one in Place.objects.filter(code__in=(*WHERE, *AREAS))}
        tables: dict[Any, Any] = {}
        yield Lived(
            {code: compute(place, date(2026, 10, 1), MADE, lambda: None) for code, place in places.items()},
            {code: World(place, tables) for code, place in places.items()},
        )
        transaction.set_rollback(True)


def figure(report: Report, code: str) -> Figure:
    return next(one for one in figures_of(report) if one.code == code)


def table(report: Report, code: str) -> Table:
    return next(one for _section, one in tables_of(report) if one.code == code)


def month_of(code: str) -> Month:
    return Month(Place.objects.get(code=code), date(2026, 10, 1), MADE)


@pytest.mark.parametrize("where", WHERE)
def test_there_is_a_loop_for_every_figure_and_every_table(lived: Lived, where: str) -> None:
    report = lived.reports[where]
    figures, tables = [one.code for one in figures_of(report)], [one.code for _section, one in tables_of(report)]
    assert set(figures) == set(FIGURES)
    assert set(tables) == set(TABLES)
    assert max(Counter([*figures, *tables]).values()) == 1, "a code names one thing"


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("code", sorted(FIGURES))
def test_a_figure_is_that_of_a_plain_loop(lived: Lived, code: str, where: str) -> None:
    one = figure(lived.reports[where], code)
    said = Said(
        one.value, one.sample, one.before, one.before_sample, one.low, one.high, one.change_low, one.change_high
    )
    loop = FIGURES[code](lived.worlds[where])
    for name in Said.__dataclass_fields__:
        assert getattr(said, name) == approximately(getattr(loop, name)), (name, said, loop)
    assert bool(one.why) == (one.value is None), "what has no value says why"


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("code", sorted(TABLES))
def test_a_table_is_that_of_a_plain_loop(lived: Lived, code: str, where: str) -> None:
    lines = [line.cells for line in table(lived.reports[where], code).lines]
    loop = TABLES[code](lived.worlds[where])
    assert [cells[0] for cells in lines] == [cells[0] for cells in loop]
    for cells, wanted in zip(lines, loop, strict=True):
        assert len(cells) == len(wanted)
        assert list(cells) == [approximately(one) for one in wanted]


def approximately(wanted: Any) -> Any:
    """Numbers to the last digit that a report keeps; None is None, and zero is no None."""
    return pytest.approx(wanted, abs=2e-6) if isinstance(wanted, float) else wanted


def test_a_month_without_rows_would_prove_nothing(lived: Lived) -> None:
    for one in figures_of(lived.reports["150600"]):
        assert one.value is not None, one.code
        assert one.sample >= (1 if one.unit == "yuan" else 5), one.code
    for _section, told_of in tables_of(lived.reports["150600"]):
        assert told_of.lines, told_of.code
    told = {section.code: section for section in lived.reports["150600"].sections}
    assert len(told) == 15
    lows = [one.low for one in figures_of(lived.reports["150600"]) if one.unit == "share" and one.code != "available"]
    assert None not in lows, "each share that is a sample has its interval"


# The whole and its parts ---------------------------------------------------------------------------------------------

ADDED: dict[str, tuple[int, ...]] = {
    "wasted_causes": (3,), "wasted_areas": (1, 2), "matters_days": (2, 4), "hours_areas": (1, 2, 3, 4),
    "hours_causes": (2, 4), "matters_items": (3, 4, 5), "matters_hours": (1, 2, 4), "matters_people": (1, 3),
    "matters_areas": (1, 2, 3, 5), "faults_causes": (2, 3), "help_areas": (1, 2, 3, 4, 6, 7, 8), "help_people": (1, 2),
    "stock_used": (2, 3, 4, 5, 6), "orders_bodies": (2, 3, 4, 6, 8, 10), "rounds_plans": (2, 3, 4, 5, 6, 8, 9),
    "visits_kinds": (1, 3, 4, 5, 6), "ratings_levels": (1, 3), "ratings_negative": (1, 2),
    "complaints_areas": (2, 3, 4, 5, 6, 8), "complaints_steps": (1, 2, 3), "idle_machines": (),
    "placement_idle": (2, 3, 4), "placement_overlap": (2, 3, 4), "placement_queue": (2, 3), "placement_missing": (2, 3),
    "placement_unfound": (1, 2, 3), "drills": (),
}  # fmt: skip
"""Columns that add up over areas, by table; lines of the same words are one."""
NOT_ADDED = {"idle_items", "stops", "placement_limits"}
"""An item that one area left idle another one used; a stop of the city reaches every area; limits are no amounts."""


@pytest.mark.parametrize(("whole", "parts"), [("150603", ("A-KBS", "A-KBT")), ("150600", AREAS)])
def test_a_banner_and_the_city_are_the_sum_of_their_areas(lived: Lived, whole: str, parts: tuple[str, ...]) -> None:
    report, areas = lived.reports[whole], [lived.reports[code] for code in parts]
    for one in figures_of(report):
        mine = [figure(area, one.code) for area in areas]
        assert one.sample == (max if one.code == "cost" else sum)(row.sample for row in mine), one.code
        if one.unit == "share" and one.code != "available":
            hits = sum(round((row.value or 0) * row.sample) for row in mine)
            assert round((one.value or 0) * one.sample) == hits, one.code
        elif one.code in ("promised", "usable", "cost") or one.unit == "count":
            assert one.value == pytest.approx(sum(row.value or 0 for row in mine), abs=1e-5), one.code
            assert one.before == pytest.approx(sum(row.before or 0 for row in mine), abs=1e-5), one.code
    assert set(ADDED) | NOT_ADDED == set(TABLES)
    for code, columns in ADDED.items():
        summed: dict[tuple[Any, ...], list[float]] = {}
        for line in (line for area in areas for line in table(area, code).lines):
            row = summed.setdefault(texts(report, code, line.cells), [0.0] * len(columns))
            for place, column in enumerate(columns):
                row[place] += line.cells[column] or 0  # type: ignore[operator]
        told = {
            texts(report, code, line.cells): [line.cells[column] or 0 for column in columns]
            for line in table(report, code).lines
        }
        assert set(told) == set(summed), code
        for words, numbers in told.items():
            assert numbers == pytest.approx(summed[words], abs=1e-5), (code, words)


def texts(report: Report, code: str, cells: tuple[Any, ...]) -> tuple[Any, ...]:
    heads = table(report, code).heads
    return tuple(cell for cell, head in zip(cells, heads, strict=True) if head.kind == "text")


# What opens ----------------------------------------------------------------------------------------------------------

ROWS: dict[str, int] = {
    "wasted_causes": 3, "wasted_areas": 2, "matters_days": 2, "matters_items": 3, "matters_hours": 1,
    "matters_people": 1, "matters_areas": 1, "faults_causes": 2, "help_areas": 1,
    "help_people": 1, "orders_bodies": 2, "rounds_plans": 2,
    "visits_kinds": 1, "ratings_levels": 1, "ratings_negative": 1, "complaints_areas": 2, "placement_idle": 3,
    "placement_overlap": 3, "placement_queue": 3, "placement_unfound": 1,
}  # fmt: skip
"""The column that counts the rows which a line opens."""
ELSE = {
    "hours_areas", "hours_causes", "stock_used", "complaints_steps", "idle_machines", "idle_items", "drills", "stops",
    "placement_missing", "placement_limits",
}  # fmt: skip
"""Lines that are one row themselves, or whose rows each count for more than one; limits open nothing."""


COUNTING_HITS = {"wasted", "outside", "holiday", "done", "unrated_rate"}
"""Shares that open the rows which make them high; the others open all that they are of."""
OPENING_OTHERS = {
    "cost", "help_in_time", "help_seconds", "respond", "repair", "repair_time", "rounds", "rated", "visit_fix_rate",
    "visit_satisfied_rate", "complaints_in_time",
}  # fmt: skip
"""These open more than they are of: calls that wait, tests that nobody answered, orders whose clock runs, ratings."""


@pytest.mark.parametrize("where", WHERE)
def test_each_line_opens_as_many_rows_as_it_tells(lived: Lived, where: str) -> None:
    month, report = month_of(where), lived.reports[where]
    assert set(ROWS) | ELSE == set(TABLES)
    looked = 0
    for code, column in ROWS.items():
        for line in table(report, code).lines:
            found = opened(month, line.opens)
            assert found.total == line.cells[column], (code, line)
            assert len(found.rows) == min(found.total, SHOWN)
            looked += bool(found.total)
    assert looked > 30
    for one in figures_of(report):
        if one.opens and one.unit == "count":
            assert opened(month, one.opens).total == one.value, one.code
        elif one.code in COUNTING_HITS:
            assert opened(month, one.opens).total == round((one.value or 0) * one.sample), one.code
        elif one.code not in OPENING_OTHERS:
            assert opened(month, one.opens).total == one.sample, one.code


def test_rows_of_placement_add_up_to_the_line(lived: Lived) -> None:
    month, report = month_of("150600"), lived.reports["150600"]
    for line in table(report, "placement_missing").lines:
        days = opened(month, line.opens).rows
        assert sum(int(row.word.rpartition(" ")[2]) for row in days) == line.cells[2]
    for line in table(report, "placement_idle").lines:
        assert sum(int(row.word.split()[1]) for row in opened(month, line.opens).rows) == line.cells[2]
    (line,) = table(report, "placement_unfound").lines
    assert {row.title for row in opened(month, line.opens).rows} == {"办港澳通行证", "养猫证"}
    assert opened(month, "placement?kind=idle&area=NOWHERE&key=KBS-01").total == 0
    assert opened(month_of("A-HJ"), line.opens).total == 0, "an area of elsewhere opens nothing"


def test_what_is_not_known_says_so_and_is_not_zero(lived: Lived) -> None:
    report = lived.reports["A-KONG"]
    assert {one.code for one in figures_of(report) if one.value is not None} == {
        "matters", "faults", "help_calls", "complaints", "praise",
    }  # fmt: skip
    assert all(one.why for one in figures_of(report) if one.value is None)
    for _section, told_of in tables_of(report):
        assert told_of.lines or told_of.empty, told_of.code
    (line,) = table(report, "hours_areas").lines
    assert line.cells == ("空的自助区", None, None, None, None, None, None)
    assert any("只结算了 0 天" in note for note in report.notes)
    assert Area.objects.count() == len(AREAS)
    assert set(BY_CODE) == set(FIGURES), "no row of the table of figures is left out of the report"
