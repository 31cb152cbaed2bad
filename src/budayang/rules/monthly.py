"""The monthly report (月报) as plain data: sections, figures with sample and interval, tables whose lines open rows.

Pages, Word, PDF and Excel are made of this one structure, and it is what is frozen: :func:`canonical` is the text that
is hashed. What is not known is None with a reason, never 0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from budayang.rules.scorecards import wilson

FORM = 1
"""Raised when the structure changes, so that a frozen report of an older form is still read as what it was."""
PLACES = 6
"""Digits behind the point that are kept: the hash must not hang on the last bit of a division."""

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. ``unit``: share (0 to 1), count, hours, minutes, seconds, yuan. ``sample``: of how many ``of`` it is
    made. ``low`` and ``high``: its 95 % interval, None where it is no sample. ``why``: why there is no value.

    ``before`` and ``before_sample``: the same of the month before. ``change_low`` and ``change_high``: the interval of
    the difference of two shares. ``opens``: the rows behind it.
    """

    code: str
    title: str
    definition: str
    unit: str
    value: float | None
    sample: int
    of: str
    low: float | None = None
    high: float | None = None
    why: str = ""
    before: float | None = None
    before_sample: int = 0
    change_low: float | None = None
    change_high: float | None = None
    opens: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column. ``kind``: text, or a unit of figures; ``name`` cells are words of the house, translated on pages."""

    title: str
    kind: str = "text"
    width: int = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A row. ``opens``: "kind?key=value&…", by which the rows it was made of are found again; empty for none."""

    cells: tuple[Value, ...]
    opens: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``empty``: what an empty table says: that nothing was there, or that nobody recorded it."""

    code: str
    title: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    note: str = ""
    empty: str = "本月没有。"


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """``made_at``: ISO moment of the facts; ``kind``: area or region; ``demo``: of demonstration data."""

    place_code: str
    place_name: str
    kind: str
    month: str
    made_at: str
    demo: bool
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    form: int = FORM


@dataclass(frozen=True, slots=True)
class Change:
    """A number that reads otherwise than it did. ``row``: the first cell of the table's row; "" for a figure."""

    section: str
    title: str
    row: str
    column: str
    before: Value
    after: Value
    unit: str


def month_of(text: str) -> date:
    """ "2026-11" as its first day. Raises ValueError."""
    return date.fromisoformat(f"{text}-01")


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def month_over(at: datetime, zone: str, now: datetime) -> bool:
    """Whether the month of a moment is over by the clock of a place."""
    here = ZoneInfo(zone)
    return at.astimezone(here).date() < now.astimezone(here).date().replace(day=1)


def last_day(first: date) -> date:
    return next_month(first) - timedelta(days=1)


def kept(value: float | None) -> float | None:
    """A value as it is kept in a report."""
    return None if value is None else round(value, PLACES)


def plain(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(report), ensure_ascii=False))
    return found


def canonical(content: Mapping[str, Any]) -> str:
    """The one text of a report's content: what the hash is of, and what can be hashed again elsewhere."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text, hex."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def read(content: Mapping[str, Any]) -> Report:
    """A report from its content. Raises KeyError or TypeError for what no report of ours is."""
    sections = tuple(
        Section(
            one["code"],
            one["title"],
            tuple(Figure(**figure) for figure in one["figures"]),
            tuple(_table(table) for table in one["tables"]),
            one["note"],
        )
        for one in content["sections"]
    )
    rest = {key: value for key, value in content.items() if key not in ("sections", "notes")}
    return Report(**rest, sections=sections, notes=tuple(content["notes"]))


def _table(one: Mapping[str, Any]) -> Table:
    heads = tuple(Head(**head) for head in one["heads"])
    lines = tuple(Line(tuple(line["cells"]), line["opens"]) for line in one["lines"])
    return Table(one["code"], one["title"], heads, lines, one["note"], one["empty"])


def figures_of(report: Report) -> Iterator[Figure]:
    """Every figure, in order."""
    for section in report.sections:
        yield from section.figures


def tables_of(report: Report) -> Iterator[tuple[Section, Table]]:
    for section in report.sections:
        for table in section.tables:
            yield section, table


# Comparison ----------------------------------------------------------------------------------------------------------


def share_change(hits: int, total: int, hits_before: int, total_before: int) -> tuple[float, float] | None:
    """95 % interval of the difference of two shares (now less before), Newcombe's hybrid score interval (1998, method
    10), which is made of the two Wilson intervals; None where one of the months has no rows.
    """
    if not total or not total_before:
        return None
    now, before = hits / total, hits_before / total_before
    low, high = wilson(hits, total)
    low_before, high_before = wilson(hits_before, total_before)
    down = sqrt((now - low) ** 2 + (high_before - before) ** 2)
    up = sqrt((high - now) ** 2 + (before - low_before) ** 2)
    return now - before - down, now - before + up


def changed_for_sure(figure: Figure) -> bool | None:
    """Whether the difference to the month before is beyond chance; None where that is not known."""
    if figure.change_low is None or figure.change_high is None:
        return None
    return figure.change_low > 0 or figure.change_high < 0


# Corrections ---------------------------------------------------------------------------------------------------------


def changes(published: Report, now: Report) -> list[Change]:
    """What of a published report reads otherwise from the facts of now, number by number, also of rows that came or
    went; tables of how things stood are left out.
    """
    return [*_figure_changes(published, now), *_table_changes(published, now)]


STANDING = frozenset(
    {
        "stops", "drills", "ratings_negative", "complaints_steps", "visits_kinds",
        "idle_machines", "idle_items", "placement_idle", "placement_overlap", "placement_queue", "placement_missing",
        "placement_unfound", "placement_limits",
    }
)  # fmt: skip
"""Tables that tell how things stood on the day of the report: that they go on is no correction of it."""


def _figure_changes(published: Report, now: Report) -> Iterator[Change]:
    after = {one.code: one for one in figures_of(now)}
    for section in published.sections:
        for one in section.figures:
            other = after.get(one.code)
            if other is None:
                continue  # it is not told any more: that is no correction of it
            value, sample = other.value, other.sample
            if one.value != value:
                yield Change(section.title, one.title, "", "", one.value, value, one.unit)
            elif one.sample != sample:
                yield Change(section.title, one.title, "", "样本", one.sample, sample, "count")


def _table_changes(published: Report, now: Report) -> Iterator[Change]:
    after = {table.code: table for _section, table in tables_of(now)}
    for section, one in tables_of(published):
        other = after.get(one.code)
        if one.code in STANDING or other is None:
            continue
        old, new = _by_key(one.lines), _by_key(other.lines)
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _line_changes(section, one, key, old.get(key), new.get(key))


def _by_key(lines: Sequence[Line]) -> dict[tuple[str, str], Line]:
    """Lines by what they open and their first cell; a table has each such pair once."""
    return {(line.opens, str(line.cells[0])): line for line in lines}


def _line_changes(
    section: Section, table: Table, key: tuple[str, str], old: Line | None, new: Line | None
) -> Iterator[Change]:
    for place, head in enumerate(table.heads):
        if head.kind == "text" or head.title == BEFORE:
            continue
        was = old.cells[place] if old else None
        value = new.cells[place] if new else None
        if was != value:
            yield Change(section.title, table.title, key[1], head.title, was, value, head.kind)


BEFORE = "上月"
"""Head of the columns that repeat the month before; that month has a report of its own to correct."""
