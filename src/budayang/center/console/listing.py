"""The one list machine of the console: filter, search, sort, page, export, live refresh.

A page describes its list as a table of columns and filters and hands over a queryset that already starts at
`visible_to(actor)`; everything a reader can do with a list is done here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.actions import record

Kind = Literal["text", "number", "moment", "state", "duration"]
Tone = Literal["ok", "hand", "warn", "stop", "ask"]

PAGE_SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORT_LIMIT = 50_000
"""Rows of one export file; a reader who needs more narrows the filters (the file would not open in a spreadsheet)."""


@dataclass(frozen=True, slots=True)
class State:
    """A state as a reader sees it: a word, and a tone that picks shape and colour."""

    tone: Tone
    word: str

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `value` reads a row; `sort` is the database field behind it, None when it cannot be sorted."""

    key: str
    title: str
    value: Callable[[Any], object]
    sort: str | None = None
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice above the list. `choices` are (value, word); `apply` narrows the queryset to a chosen value."""

    key: str
    title: str
    choices: Callable[[], Sequence[tuple[str, str | Promise]]]
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Action:
    """A button beside the title: where it goes and what it says."""

    url: str
    word: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class _Cell:
    column: Column
    value: object


@dataclass(frozen=True, slots=True)
class _Row:
    pk: object
    url: str
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Heading:
    column: Column
    url: str
    order: str  # ascending, descending or "" when the list is not sorted by this column

    @property
    def hint(self) -> str:
        """What a press on the heading does, for screen readers."""
        return _("改为降序") if self.order == "ascending" else _("改为升序")


def _narrow(
    request: HttpRequest, queryset: QuerySet[Any], filters: tuple[Filter, ...], search: tuple[str, ...]
) -> tuple[QuerySet[Any], list[dict[str, Any]]]:
    """Apply ?q= and the filters. An unknown value of a filter is ignored: an old bookmark still opens the list."""
    for word in request.GET.get("q", "").replace("\x00", "").split()[:8]:
        any_field = Q()
        for field in search:
            any_field |= Q(**{f"{field}__icontains": word})
        queryset = queryset.filter(any_field)
    shown: list[dict[str, Any]] = []
    for one in filters:
        choices = list(one.choices())
        chosen = request.GET.get(one.key, "")
        if chosen and any(str(value) == chosen for value, _word in choices):
            queryset = one.apply(queryset, chosen)
        else:
            chosen = ""
        shown.append({"key": one.key, "title": one.title, "choices": choices, "chosen": chosen})
    return queryset, shown


def _order(request: HttpRequest, columns: tuple[Column, ...], default_sort: str) -> tuple[str, list[str]]:
    """The sort in force as `-key`, and the fields for order_by. The key breaks ties so that pages do not overlap."""
    asked = request.GET.get("sort", "")
    for candidate in (asked, default_sort):
        for column in columns:
            if column.sort and column.key == candidate.lstrip("-"):
                sign = "-" if candidate.startswith("-") else ""
                return sign + column.key, [sign + column.sort, sign + "pk"]
    return "", ["pk"]


def _link(request: HttpRequest, **changes: str) -> str:
    """This list's address with some parameters changed; empty ones are left out."""
    kept = {key: value for key, value in request.GET.items() if key not in {"export", *changes}}
    query = urlencode({key: value for key, value in {**kept, **changes}.items() if value})
    return f"{request.path}?{query}" if query else request.path


def _rows(found: Sequence[Any], columns: tuple[Column, ...], row_url: Callable[[Any], str] | None) -> list[_Row]:
    return [
        _Row(
            pk=row.pk if isinstance(row, Model) else index,
            url=row_url(row) if row_url else "",
            cells=tuple(_Cell(column, column.value(row)) for column in columns),
        )
        for index, row in enumerate(found)
    ]


def _export(
    request: HttpRequest,
    kind: str,
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Any],
    name: str,
) -> HttpResponse:
    """The filtered list as a file. Who took which list is an audit line: exports are how data leaves the house."""
    with transaction.atomic():
        record(
            reader(request),
            "console.export",
            subject=f"list:{name}",
            details={"format": kind, "rows": len(rows)},
        )
    table = tuple(exports.Column(column.title, _plain(column)) for column in columns)
    if kind == "csv":
        content, media = exports.csv_file(table, rows, demo=settings.BUDAYANG.demo), "text/csv; charset=utf-8"
    else:
        content, media = exports.workbook(title, table, rows, demo=settings.BUDAYANG.demo), XLSX
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def _plain(column: Column) -> Callable[[Any], Any]:
    """The column's value for a file: states become their word."""

    def value(row: Any) -> Any:
        found = column.value(row)
        return found.word if isinstance(found, State) else found

    return value


def listing(
    request: HttpRequest,
    *,
    title: str,
    columns: tuple[Column, ...],
    queryset: QuerySet[Any],
    filters: tuple[Filter, ...] = (),
    search: tuple[str, ...] = (),
    default_sort: str,
    row_url: Callable[[Any], str] | None,
    empty: str,
    export_name: str,
    topic: str = "",
    actions: Sequence[Action] = (),
    note: str = "",
    prepare: Callable[[Sequence[Any]], None] | None = None,
    above: str = "",
    template: str = "console/listing.html",
    extra: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Answer a list page, its fragment (htmx) or its file (?export=xlsx|csv).

    Args:
        columns: left to right; the first one carries the link of `row_url`.
        queryset: starts at `visible_to(actor)`.
        search: fields that ?q= looks through; every word must be found in one of them.
        default_sort: key of a column, with "-" for descending.
        empty: what a reader should do when there is nothing, in Chinese.
        export_name: file name without ending.
        topic: the live topic (first word of transition kinds) that refreshes the list; "" for none.
        actions: buttons beside the title.
        note: definition, period and what is left out, under the title.
        prepare: called once with the rows of a page, to fetch in one query what columns will read from them.
        above: rendered HTML between the title and the filters; made with render_to_string, never from parts.
        template: a page that extends console/listing.html and fills its block `above`.
        extra: what that page needs besides; the list's own names win.
    """
    queryset, shown = _narrow(request, queryset, filters, search)
    sort, fields = _order(request, columns, default_sort)
    queryset = queryset.order_by(*fields)
    asked = request.GET.get("export", "")
    if asked in {"xlsx", "csv"}:
        every = list(queryset[:EXPORT_LIMIT])
        if prepare:
            prepare(every)
        return _export(request, asked, title, columns, every, export_name)
    page = Paginator(queryset, PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    if prepare:
        prepare(found)
    headings = [
        _Heading(
            column,
            _link(request, sort=("-" if sort == column.key else "") + column.key, page="") if column.sort else "",
            {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, ""),
        )
        for column in columns
    ]
    narrowed = bool(request.GET.get("q") or any(one["chosen"] for one in shown))
    context: dict[str, object] = {
        **(extra or {}),
        "title": title,
        "note": note,
        "headings": headings,
        "rows": _rows(found, columns, row_url),
        "filters": shown,
        "searchable": bool(search),
        "q": request.GET.get("q", ""),
        "sort": request.GET.get("sort", ""),
        "page": page,
        "narrowed": narrowed,
        "previous_url": _link(request, page=str(page.number - 1)) if page.has_previous() else "",
        "next_url": _link(request, page=str(page.number + 1)) if page.has_next() else "",
        "here": _link(request),
        "xlsx_url": _link(request, export="xlsx", page=""),
        "csv_url": _link(request, export="csv", page=""),
        "all_url": request.path,
        "empty": empty,
        "topic": topic,
        "actions": actions,
        "above": above,
    }
    fragment = request.headers.get("HX-Target") == "listing" and "HX-History-Restore-Request" not in request.headers
    return render(request, "console/_listing.html" if fragment else template, context)
