"""The one list machine of the console: filter, search, sort, page, export, live refresh.

A page describes its list as a table of columns and filters and hands over a queryset that already starts at
`visible_to(actor)`; everything a reader can do with a list is done here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from budayang.center.console.reader import reader
from budayang.center.console.saved_views import kept_query, refused_view, sharing_place
from budayang.center.platform import exports
from budayang.center.platform.actions import record
from budayang.center.platform.templatetags.platform_format import duration, moment
from budayang.center.platform.view_queries import views_of

Kind = Literal["text", "code", "number", "moment", "state", "duration", "bar"]
Tone = Literal["ok", "hand", "warn", "stop", "ask"]

PAGE_SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORT_LIMIT = 50_000
"""Rows of one export file; a reader who needs more narrows the filters (the file would not open in a spreadsheet)."""


Search = Sequence[str | Callable[[str], Q]]

COUNTED = 10_000
"""Rows that are counted and paged through: beyond it "10,000+" is said, and a reader narrows the list."""


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
    """One choice above the list. `choices` are (value, word); `apply` narrows the queryset to a chosen value.

    `everything` False: one of the choices is always in force, "all" is not offered.
    """

    key: str
    title: str
    choices: Callable[[], Sequence[tuple[str, str | Promise]]]
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]]
    everything: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """A button beside the title: where it goes and what it says."""

    url: str
    word: str
    primary: bool = False


class _Pages(Paginator[Any]):
    """Pages of a list whose rows are counted to COUNTED at most: counting a city exactly would cost more than reading
    the page, on every page.
    """

    @cached_property
    def _counted(self) -> int:
        found = self.object_list
        # The order costs a sort of everything and changes no count.
        return found.order_by()[: COUNTED + 1].count() if isinstance(found, QuerySet) else len(found)

    @cached_property
    def count(self) -> int:
        return min(self._counted, COUNTED)

    @property
    def more(self) -> bool:
        """Whether there are rows beyond those that are counted."""
        return self._counted > COUNTED


def _page_rows(queryset: QuerySet[Any], fields: Sequence[str], start: int, end: int) -> list[Any]:
    """One page. The keys come first, from a query without the joined columns: the database then sorts a hundred
    thousand narrow rows and reads the wide ones only for those that are shown.
    """
    ordered = queryset.order_by(*fields)
    if not queryset.query.select_related:
        return list(ordered[start:end])
    keys = list(ordered.values_list("pk", flat=True)[start:end])
    rows = {row.pk: row for row in queryset.order_by().filter(pk__in=keys)}
    return [rows[key] for key in keys if key in rows]


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as a tab. `mine`: the reader's own."""

    name: str
    url: str
    current: bool
    mine: bool
    by: str


def _views(request: HttpRequest) -> list[View]:
    """The saved views of this list."""
    now, actor = kept_query(request.GET), reader(request)
    return [
        View(
            name=one.name,
            url=f"{one.address}?{one.query}" if one.query else one.address,
            current=one.query == now,
            mine=one.staff_id == actor.staff_id,
            by=one.staff.name,
        )
        for one in views_of(actor, request.path)
    ]


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
    request: HttpRequest, queryset: QuerySet[Any], filters: tuple[Filter, ...], search: Search
) -> tuple[QuerySet[Any], list[dict[str, Any]]]:
    """Apply ?q= and the filters. An unknown value of a filter is ignored: an old bookmark still opens the list."""
    for word in request.GET.get("q", "").replace("\x00", "").split()[:8]:
        any_field = Q()
        for field in search:
            any_field |= field(word) if callable(field) else Q(**{f"{field}__icontains": word})
        queryset = queryset.filter(any_field)
    shown: list[dict[str, Any]] = []
    for one in filters:
        choices = list(one.choices())
        chosen = request.GET.get(one.key, "")
        if chosen and any(str(value) == chosen for value, _word in choices):
            queryset = one.apply(queryset, chosen)
        else:
            chosen = ""
        shown.append(
            {"key": one.key, "title": one.title, "choices": choices, "chosen": chosen, "everything": one.everything}
        )
    return queryset, shown


def _order(
    request: HttpRequest, columns: tuple[Column, ...], default_sort: str, tie: str = "pk"
) -> tuple[str, list[str]]:
    """The sort in force as `-key`, and the fields for order_by. The key breaks ties so that pages do not overlap."""
    asked = request.GET.get("sort", "")
    for candidate in (asked, default_sort):
        for column in columns:
            if column.sort and column.key == candidate.lstrip("-"):
                sign = "-" if candidate.startswith("-") else ""
                return sign + column.key, [sign + column.sort, sign + tie]
    return "", [tie]


def _link(request: HttpRequest, **changes: str) -> str:
    """This list's address with some parameters changed; empty ones are left out."""
    kept = {key: value for key, value in request.GET.items() if key not in {"export", *changes}}
    query = urlencode({key: value for key, value in {**kept, **changes}.items() if value})
    return f"{request.path}?{query}" if query else request.path


def _shown(column: Column, value: object) -> str:
    """A cell as HTML. Not a template: 50 rows of ten cells would be five hundred of them, half of the page's time."""
    if value is None or value == "":
        return format_html('<span class="muted" aria-label="{}">—</span>', _("无"))
    if isinstance(value, State):
        return format_html('<span class="state {}">{}</span>', value.tone, value.word)
    if column.kind == "bar":
        return render_to_string("console/hours/_bar.html", {"bar": value})
    if column.kind == "moment" and isinstance(value, datetime):
        return moment(value)
    if column.kind == "duration" and isinstance(value, int | float):
        return duration(value)
    return conditional_escape(str(localize(localtime(value) if isinstance(value, datetime) else value)))


def _rows(found: Sequence[Any], columns: tuple[Column, ...], row_url: Callable[[Any], str] | None) -> list[SafeString]:
    """The rows as HTML, made here for the same reason as cells are. The first cell names the row."""
    first, *others = columns
    opens = [
        format_html('<td class="col-{}" data-label="{}">', column.kind, column.title) for column in others
    ]  # once a list, not once a row
    made = []
    for index, row in enumerate(found):
        head = conditional_escape(_shown(first, first.value(row)))
        if row_url:
            head = format_html('<a href="{}" id="row-{}">{}</a>', row_url(row), _key(row, index), head)
        cells = [
            f"{opening}{conditional_escape(_shown(column, column.value(row)))}</td>"
            for opening, column in zip(opens, others, strict=True)
        ]
        linked = ' class="linked"' if row_url else ""
        # Every part is escaped already.
        made.append(mark_safe(f'<tr{linked}><th scope="row" class="col-{first.kind}">{head}</th>{"".join(cells)}</tr>'))
    return made


def _key(row: Any, index: int) -> object:
    return row.pk if isinstance(row, Model) else index


def _export(
    request: HttpRequest,
    kind: str,
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Any],
    name: str,
    definitions: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """The filtered list as a file. Who took which list is an audit line: exports are how data leaves the house."""
    with transaction.atomic():
        record(
            reader(request),
            "console.export",
            subject=f"list:{name}",
            details={"format": kind, "rows": len(rows)},
        )
    table = tuple(exports.Column(column.title, _plain(column)) for column in columns if column.kind != "bar")
    if kind == "csv":
        content, media = exports.csv_file(table, rows, demo=settings.BUDAYANG.demo), "text/csv; charset=utf-8"
    else:
        content, media = (
            exports.workbook(title, table, rows, demo=settings.BUDAYANG.demo, definitions=definitions),
            XLSX,
        )
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
    search: Search = (),
    default_sort: str,
    tie: str = "pk",
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
    definitions: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """Answer a list page, its fragment (htmx) or its file (?export=xlsx|csv).

    Args:
        columns: left to right; the first one carries the link of `row_url`.
        queryset: starts at `visible_to(actor)`.
        search: fields that ?q= looks through, or what makes a condition of a word; every word must be found in one.
        default_sort: key of a column, with "-" for descending.
        tie: the field that breaks ties; of rows that are added up there is no key.
        empty: what a reader should do when there is nothing, in Chinese.
        export_name: file name without ending.
        topic: the live topic (first word of transition kinds) that refreshes the list; "" for none.
        actions: buttons beside the title.
        note: definition, period and what is left out, under the title.
        prepare: called once with the rows of a page, to fetch in one query what columns will read from them.
        above: rendered HTML between the title and the filters; made with render_to_string, never from parts.
        template: a page that extends console/listing.html and fills its block `above`.
        extra: what that page needs besides; the list's own names win.
        definitions: (term, what it means), a second sheet of the Excel file.
    """
    queryset, shown = _narrow(request, queryset, filters, search)
    sort, fields = _order(request, columns, default_sort, tie)
    asked = request.GET.get("export", "")
    if asked in {"xlsx", "csv"}:
        every = list(queryset.order_by(*fields)[:EXPORT_LIMIT])
        if prepare:
            prepare(every)
        return _export(request, asked, title, columns, every, export_name, definitions)
    pages = _Pages(queryset.order_by(*fields), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    found = _page_rows(queryset, fields, max(0, page.start_index() - 1), page.end_index())
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
    sort_asked = bool(request.GET.get("sort"))
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
        "more": pages.more,
        "narrowed": narrowed,
        "views": _views(request),
        "kept_query": kept_query(request.GET),
        "sharing_place": sharing_place(request) if narrowed or sort_asked else None,
        "may_save": narrowed or sort_asked,
        "refused_view": refused_view(request),
        "list_address": request.path,
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
