"""A monthly report computed a second time by plain loops over the tables, without any of the product's rules.

`FIGURES` and `TABLES` hold a loop for each code; the modules `the_loops_of_…` register them. A loop says all that
the report says under its code: value, sample, interval, the month before; every cell of every line, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from math import comb, sqrt
from statistics import median
from typing import Any

from tests.center.evaluation.the_month import MADE, ZONE

from budayang.center.areas.models import Area
from budayang.center.platform.models import Place

OCTOBER, SEPTEMBER = (2026, 10), (2026, 9)
HOLIDAYS = {date(2026, 10, day) for day in range(1, 8)}
MAKEUP = {date(2026, 10, 10)}
Row = dict[str, Any]
Cells = tuple[Any, ...]


def local(at: datetime) -> datetime:
    return at.astimezone(ZONE)


def of(rows: Iterable[Row], moment: str, month: tuple[int, int]) -> list[Row]:
    """Rows of a month by the wall's clock; those without the moment are of none."""
    found = []
    for row in rows:
        at = row[moment]
        if at is None:
            continue
        when = local(at) if isinstance(at, datetime) else at
        if (when.year, when.month) == month:
            found.append(row)
    return found


@dataclass
class World:
    """The tables as a place sees them. `tables`: what was read already, shared by the places of one test."""

    place: Place
    tables: dict[Any, list[Row]] = field(default_factory=dict)

    def every(self, model: Any, *columns: str) -> list[Row]:
        key = (model, columns)
        if key not in self.tables:
            self.tables[key] = list(model.objects.order_by("pk").values(*columns))
        return self.tables[key]

    def here(self, model: Any, path: str, *columns: str) -> list[Row]:
        """Rows of the place and of what is below it."""
        return [row for row in self.every(model, path, *columns) if row[path].startswith(self.place.path)]

    def both(self, model: Any, moment: str, path: str, *columns: str) -> tuple[list[Row], list[Row]]:
        """Rows of October, and of September."""
        rows = self.here(model, path, moment, *columns)
        return of(rows, moment, OCTOBER), of(rows, moment, SEPTEMBER)

    @property
    def areas(self) -> list[Row]:
        """Areas here, by code: pk, code, name, place__path."""
        rows = self.here(Area, "place__path", "pk", "code", "name")
        return sorted(rows, key=lambda row: str(row["code"]))


@dataclass(frozen=True)
class Said:
    """Everything that a figure says in numbers."""

    value: float | None
    sample: int
    before: float | None
    before_sample: int
    low: float | None = None
    high: float | None = None
    change_low: float | None = None
    change_high: float | None = None


FIGURES: dict[str, Callable[[World], Said]] = {}
TABLES: dict[str, Callable[[World], list[Cells]]] = {}


def figure(code: str) -> Callable[[Callable[[World], Said]], Callable[[World], Said]]:
    """Registers the loop of a figure."""

    def registered(loop: Callable[[World], Said]) -> Callable[[World], Said]:
        assert code not in FIGURES
        FIGURES[code] = loop
        return loop

    return registered


def table(code: str) -> Callable[[Callable[[World], list[Cells]]], Callable[[World], list[Cells]]]:
    """Registers the loop of a table."""

    def registered(loop: Callable[[World], list[Cells]]) -> Callable[[World], list[Cells]]:
        assert code not in TABLES
        TABLES[code] = loop
        return loop

    return registered


# What is said of counted rows ----------------------------------------------------------------------------------------


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's, from its textbook form."""
    z, p = 1.959963984540054, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return middle - half, middle + half


def share(now: tuple[int, int], before: tuple[int, int]) -> Said:
    """(hits, all) of both months. The difference has Newcombe's interval of 1998, method 10."""
    (hits, total), (hits_before, total_before) = now, before
    value, was = (a / n if n else None for a, n in (now, before))
    low, high = interval(hits, total) if total else (None, None)
    change_low = change_high = None
    if value is not None and was is not None:
        (l1, u1), (l2, u2) = interval(hits, total), interval(hits_before, total_before)
        change_low = value - was - sqrt((value - l1) ** 2 + (u2 - was) ** 2)
        change_high = value - was + sqrt((u1 - value) ** 2 + (was - l2) ** 2)
    return Said(value, total, was, total_before, low, high, change_low, change_high)


def middle(now: Iterable[float], before: Iterable[float]) -> Said:
    """Medians; the interval is that of order statistics: as many are cut off at each end as keep 97.5 % on either."""
    values, were = sorted(now), sorted(before)
    n, cut = len(values), 0
    while n and sum(comb(n, k) for k in range(cut + 1)) / 2**n <= 0.025:
        cut += 1
    low, high = (values[cut - 1], values[n - cut]) if cut else (None, None)
    value, was = (median(some) if some else None for some in (values, were))
    return Said(value, n, was, len(were), low, high)


def counted(now: int, before: int) -> Said:
    return Said(now, now, before, before)


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def is_outside(at: datetime) -> bool:
    """Outside office hours, half past eight to half past five."""
    when = local(at)
    on = when.date()
    worked = on in MAKEUP or (on.weekday() < 5 and on not in HOLIDAYS)
    minutes = when.hour * 60 + when.minute
    return not worked or minutes < 8 * 60 + 30 or minutes >= 17 * 60 + 30


def known(row: Row, moment: str) -> datetime | None:
    """A moment that had come when the report was made."""
    at: datetime | None = row[moment]
    return at if at is not None and at <= MADE else None
