"""What the page of a monthly report shows: figures and tables in words, each with the address of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from budayang.center.console.listing import State
from budayang.center.evaluation import monthly_queries as queries
from budayang.center.evaluation.models import MonthlyReport
from budayang.center.evaluation.monthly_words import (
    change_line,
    change_words,
    interval_words,
    made_words,
    month_words,
    sample_words,
    value_words,
)
from budayang.center.platform.models import Work
from budayang.center.platform.wording import words
from budayang.rules.monthly import Figure, Section, Table, figures_of, tables_of


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure as the page shows it. `known` False: there is no value, and `why` says why."""

    title: str
    value: str
    interval: str
    sample: str
    change: str
    definition: str
    why: str
    known: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class ShownTable:
    """`heads`: (title, is a number). `rows`: (cells as (title of the column, text, is a number), address)."""

    code: str
    title: str
    heads: list[tuple[str, bool]]
    rows: list[tuple[list[tuple[str, str, bool]], str | None]]
    note: str
    empty: str


@dataclass(frozen=True, slots=True)
class ShownSection:
    code: str
    title: str
    figures: list[ShownFigure]
    tables: list[ShownTable]
    note: str


def state_of(row: MonthlyReport) -> State:
    """Where a report stands, its long work included."""
    work = row.work.state if row.work else ""
    if row.state == "published":
        return State("ok", _("已发布"))
    if work in queries.ON_THE_WAY:
        return State("hand", _("正在制作"))
    if row.state == "draft":
        return State("warn", _("草稿"))
    return State("ask", _("已取消") if work == Work.State.CANCELLED else _("没有做成"))


def line_url(row: MonthlyReport, opens: str) -> str | None:
    """The page that lists the rows of a line, or the one row that the line is; None for none."""
    kind, _mark, query = opens.partition("?")
    if not kind:
        return None
    asked = dict(parse_qsl(query))
    match kind:
        case "terminal":
            return reverse("console:terminal", args=[asked["code"]])
        case "offered":
            return reverse("console:item", args=[asked["code"]])
        case "drill":
            return reverse("console:emergency", args=[int(asked["pk"])])
        case "stop":
            return reverse("console:stop", args=[int(asked["pk"])])
        case _:
            return reverse("console:monthly_rows", args=[row.pk]) + f"?{urlencode({'of': opens})}"


def row_url(ref: str) -> str:
    """Where a row is looked at, from its reference."""
    kind, _colon, key = ref.partition(":")
    match kind:
        case "day":
            terminal, _slash, on = key.partition("/")
            return reverse("console:hours_day_of", args=[terminal, on])
        case "incident" | "round" | "supply":
            return reverse(f"console:{kind}", args=[int(key)])
        case "test":
            return reverse("console:safety_test", args=[int(key)])
        case _:
            return reverse(f"console:{kind}", args=[key])


def report_context(row: MonthlyReport) -> dict[str, Any]:
    """Everything of the page but what the reader may do."""
    report = queries.content_of(row)
    work = row.work
    busy = work is not None and work.state in queries.ON_THE_WAY
    found = queries.corrections_of(row)
    return {
        "row": row,
        "state": state_of(row),
        "busy": busy,
        "work": work if busy else None,
        "failed": work is not None and work.state == Work.State.FAILED,
        "cancelled": work is not None and work.state == Work.State.CANCELLED,
        "month": _("%(year)d年%(month)d月") % {"year": row.month.year, "month": row.month.month},
        "sections": [_section(row, one) for one in report.sections] if report else [],
        "notes": [words(one) for one in report.notes] if report else [],
        "made": made_words(report, row.place.zone) if report else "",
        "whole": queries.is_whole(row),
        "corrections": [(one, [change_line(change) for change in changes]) for one, changes in found],
        "month_of": month_words(report) if report else "",
    }


def _section(row: MonthlyReport, section: Section) -> ShownSection:
    return ShownSection(
        section.code,
        words(section.title),
        [_figure(row, one) for one in section.figures],
        [_table(row, one) for one in section.tables],
        words(section.note),
    )


def _figure(row: MonthlyReport, one: Figure) -> ShownFigure:
    known = one.value is not None
    return ShownFigure(
        words(one.title), value_words(one.unit, one.value) if known else _("没有数"), interval_words(one),
        sample_words(one), change_words(one), words(one.definition), words(one.why), known, line_url(row, one.opens),
    )  # fmt: skip


def _table(row: MonthlyReport, table: Table) -> ShownTable:
    heads = [(words(one.title), one.kind != "text") for one in table.heads]
    rows = []
    for line in table.lines:
        cells = [
            (title, value_words(head.kind, cell), number)
            for (title, number), head, cell in zip(heads, table.heads, line.cells, strict=True)
        ]
        rows.append((cells, line_url(row, line.opens)))
    return ShownTable(table.code, words(table.title), heads, rows, words(table.note), words(table.empty))


def told_of(row: MonthlyReport, opens: str) -> tuple[str, str] | None:
    """(title, sentence) of a figure or line of a report, as an improvement item takes them over; None for what does not
    stand there.
    """
    report = queries.content_of(row)
    if report is None or not opens:
        return None
    when = f"{row.place.name} {month_words(report)}"
    for one in figures_of(report):
        if one.opens == opens:
            told = f"{words(one.title)} {value_words(one.unit, one.value)}"
            return told, f"{when}：{told}"
    for _section, table in tables_of(report):
        for line in table.lines:
            if line.opens == opens:
                cells = [
                    f"{words(head.title)} {value_words(head.kind, cell)}"
                    for head, cell in zip(table.heads, line.cells, strict=True)
                    if cell is not None
                ]
                first = value_words("text", line.cells[0])
                return f"{words(table.title)}：{first}", f"{when}，{words(table.title)}：{'，'.join(cells)}"
    return None
