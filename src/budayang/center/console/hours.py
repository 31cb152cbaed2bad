"""可用时间: promised against usable by area, owner unit, terminal, item and month; each figure opens its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console import hours_terminal
from budayang.center.console.hours_pictures import (
    DEFINITIONS,
    HOUR_US,
    bar_of,
    hours_text,
    legend_of,
    losses_text,
    month_of_text,
    month_word,
    share_text,
    word_of,
)
from budayang.center.console.listing import Column, Filter, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import hours_queries as queries
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.templatetags.platform_format import day as day_text
from budayang.center.platform.wording import words
from budayang.center.services import queries as services
from budayang.rules.hours import BUCKET_ORDER

CHOICES = 300
WEEK = 7


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to add up."""

    key: str
    word: str
    url: str
    current: bool


def _periods(actor: Actor) -> list[tuple[str, str]]:
    months = [(f"{one:%Y-%m}", month_word(one)) for one in queries.months_with_hours(actor)]
    return [*months, ("yesterday", _("最近一天")), ("week", _("最近 7 天"))] if months else []


def _rows(actor: Actor, period: str) -> QuerySet[Any]:
    """The roll-ups of a period: months are added up already, single days are few."""
    if period in ("yesterday", "week"):
        last, _at = queries.closed_through(actor)
        if last is None:
            return queries.months_visible_to(actor).none()
        first = last if period == "yesterday" else last - timedelta(days=WEEK - 1)
        return queries.days_visible_to(actor).filter(on__range=(first, last))
    month = month_of_text(period)
    return queries.months_visible_to(actor).filter(month=month) if month else queries.months_visible_to(actor).none()


def _chosen(request: HttpRequest, periods: Sequence[tuple[str, str]]) -> str:
    """The period asked for; the newest month when it is missing or not known. Kept in the request for the list."""
    asked = request.GET.get("period", "")
    known = [value for value, _word in periods]
    period = asked if asked in known else (known[0] if known else "")
    if period != asked:
        given = request.GET.copy()
        given["period"] = period
        request.GET = given  # type: ignore[assignment]  # a QueryDict as before, with the period that is in force
    return period


def _columns(first: Column, *, full: bool) -> tuple[Column, ...]:
    """The first column, the figures, and for a file every bucket of its own."""
    found = [
        first,
        Column("promised", _("承诺（小时）"), _hours("sum_promised_us"), sort="sum_promised_us", kind="number"),
        Column("usable", _("可用（小时）"), _hours("sum_usable_us"), sort="sum_usable_us", kind="number"),
        Column("share", _("可用率"), lambda row: share_text(queries.tally_of(row)), sort="share", kind="number"),
        Column("lost", _("应计而不可用（小时）"), _hours("lost_us"), sort="lost_us", kind="number"),
    ]
    if full:
        return (*found, *(
            Column(bucket.value, _("%(cause)s（小时）") % {"cause": word_of(bucket)},
                   _exact(f"sum_{bucket.value}_us"), kind="number")
            for bucket in BUCKET_ORDER
        ))  # fmt: skip
    return (
        *found,
        Column("bar", _("时间的去向"), lambda row: bar_of(queries.tally_of(row)), kind="bar"),
        Column("why", _("主要损失"), lambda row: losses_text(queries.tally_of(row))),
    )


def _hours(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: hours_text(int(row[name] or 0))


def _exact(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda row: int(row[name] or 0) / HOUR_US


def _tabs(request: HttpRequest, current: str) -> list[Tab]:
    kept = {key: request.GET[key] for key in ("period", "area", "owner") if request.GET.get(key)}
    names = (("area", _("按自助区")), ("owner", _("按归属单位")), ("terminal", _("按终端")), ("item", _("按事项")),
             ("month", _("按月")))  # fmt: skip
    query = f"?{urlencode(kept)}" if kept else ""
    return [Tab(key, word, reverse(f"console:hours_{key}") + query, key == current) for key, word in names]


def _place_filters(actor: Actor, *, months: bool) -> tuple[Filter, ...]:
    """Place and owner. Bounded: a city with more areas searches by name."""
    found = areas.visible_to(actor).values_list("code", "name")[:CHOICES]
    return (
        Filter("area", _("自助区"), lambda: list(found), lambda rows, code: rows.filter(area__code=code)),
        *(
            (Filter("owner", _("归属单位"), lambda: _owners(actor), lambda rows, code: rows.filter(owner__code=code)),)
            if months
            else ()
        ),
    )


def _owners(actor: Actor) -> list[tuple[str, str]]:
    rows = queries.months_visible_to(actor).values_list("owner__code", "owner__name").distinct()
    return sorted(rows.order_by()[:CHOICES])


def _list(
    request: HttpRequest,
    by: str,
    first: Column,
    keys: Sequence[str],
    *,
    url: Callable[[dict[str, Any]], str],
    search: tuple[str, ...] = (),
    only: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None,
    default_sort: str = "share",
    title: str = "",
    more: tuple[Column, ...] = (),
    prepare: Callable[[Sequence[Any]], None] | None = None,
) -> HttpResponse:
    """One list: `keys` are what the rows are added up by, `only` narrows them first, `more` are columns at the end."""
    actor = reader(request)
    periods = _periods(actor)
    period = _chosen(request, periods)
    if by in ("item", "item_area"):
        periods = [one for one in periods if month_of_text(one[0])]
        period = _chosen(request, periods)
        month = month_of_text(period)
        rows: QuerySet[Any] = queries.items_visible_to(actor)
        rows = rows.filter(month=month) if month else rows.none()
    else:
        rows = queries.months_visible_to(actor) if by == "month" else _rows(actor, period)
    rows = only(rows) if only else rows
    last, at = queries.closed_through(actor)
    through = _("已结算到 %(day)s") % {"day": day_text(last)} if last else ""
    # Tabs and links of the rows carry what is chosen; filters narrow before the rows are added up.
    narrowed = Filter("period", _("时间"), lambda: periods, lambda found, _value: found, everything=False)
    filters = (
        *((narrowed,) if periods and by != "month" else ()),
        *_place_filters(actor, months=by not in ("item", "item_area")),
    )
    for one in filters:
        chosen = request.GET.get(one.key, "")
        if chosen and any(value == chosen for value, _word in one.choices()):
            rows = one.apply(rows, chosen)
    shown = tuple(
        Filter(one.key, one.title, one.choices, lambda found, _value: found, one.everything) for one in filters
    )
    found = queries.total(rows)
    return listing(
        request,
        title=title or _("可用时间"),
        columns=(*_columns(first, full=bool(request.GET.get("export"))), *more),
        prepare=prepare,
        queryset=queries.summed(rows, *keys),
        filters=shown,
        search=search,
        default_sort=default_sort,
        tie=keys[0],
        row_url=url,
        empty=_("还没有结算过的日子。每天零点后结算前一天；终端入网的第二天这里就有数。"),
        export_name="hours",
        note="；".join(
            one
            for one in (
                _("可用率 = 可用时间 ÷ 应计时间；每个不可用的时刻只归一个原因，没有证据的记为未能判定，不归责"),
                through,
            )
            if one
        ),
        template="console/hours/list.html",
        extra={
            "tabs": _tabs(request, by),
            "total": found,
            "promised": hours_text(found.promised),
            "usable": hours_text(found.usable),
            "share": share_text(found),
            "bar": bar_of(found),
            "legend": legend_of(found),
            "definitions": DEFINITIONS,
            "computed_at": at,
        },
        definitions=[(str(term), str(text)) for term, text in DEFINITIONS],
    )


def _with(request: HttpRequest, name: str, *args: str, **query: str) -> str:
    kept = {key: request.GET[key] for key in ("period", "area", "owner") if request.GET.get(key)} | query
    return f"{reverse(name, args=args)}?{urlencode(kept)}"


@allow(OPERATING_ROLES)
def by_area(request: HttpRequest) -> HttpResponse:
    """Areas, the worst share first."""
    first = Column("name", _("自助区"), lambda row: row["area__name"], sort="area__name")
    return _list(
        request, "area", first, ("area_id", "area__code", "area__name"), search=("area__name", "area__code"),
        url=lambda row: _with(request, "console:hours_terminal", area=row["area__code"]),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def by_owner(request: HttpRequest) -> HttpResponse:
    """Owner units."""
    first = Column("name", _("归属单位"), lambda row: row["owner__name"], sort="owner__name")
    return _list(
        request, "owner", first, ("owner_id", "owner__code", "owner__name"), search=("owner__name",),
        url=lambda row: _with(request, "console:hours_terminal", owner=row["owner__code"]),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def by_terminal(request: HttpRequest) -> HttpResponse:
    """Terminals, with the regularity of each in words."""
    first = Column("code", _("终端"), lambda row: row["terminal__code"], sort="terminal__code", kind="code")
    name = Column("name", _("名称"), lambda row: row["terminal__name"])
    pattern = Column("pattern", _("发现的规律"), lambda row: row["pattern"])

    def prepare(rows: Sequence[dict[str, Any]]) -> None:
        found = queries.patterns_of([row["terminal_id"] for row in rows])
        for row in rows:
            row["pattern"] = words("；".join(one.sentence for one in found.get(row["terminal_id"], ())))

    return _list(
        request, "terminal", first, ("terminal_id", "terminal__code", "terminal__name"), more=(name, pattern),
        prepare=prepare, search=("terminal__code", "terminal__name"),
        url=lambda row: _with(request, "console:hours_month_of", row["terminal__code"]),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def by_item(request: HttpRequest) -> HttpResponse:
    """Items of the areas."""
    first = Column("name", _("事项"), lambda row: row["item__name"], sort="item__name")
    return _list(
        request, "item", first, ("item_id", "item__code", "item__name"), search=("item__name", "item__code"),
        url=lambda row: _with(request, "console:hours_item_area", row["item__code"]),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def by_item_area(request: HttpRequest, code: str) -> HttpResponse:
    """One item, by area."""
    item = services.items().filter(code=code).first()
    if item is None:
        raise Http404
    first = Column("name", _("自助区"), lambda row: row["area__name"], sort="area__name")
    return _list(
        request, "item_area", first, ("area_id", "area__code", "area__name"), search=("area__name",),
        only=lambda rows: rows.filter(item__code=code), title=_("可用时间：%(item)s") % {"item": item.name},
        url=lambda row: _with(request, "console:hours_terminal", area=row["area__code"]),
    )  # fmt: skip


@allow(OPERATING_ROLES)
def by_month(request: HttpRequest) -> HttpResponse:
    """Months, newest first."""
    first = Column("month", _("月份"), lambda row: month_word(row["month"]), sort="month")
    return _list(
        request, "month", first, ("month",), default_sort="-month",
        url=lambda row: _with(request, "console:hours_area", period=f"{row['month']:%Y-%m}"),
    )  # fmt: skip


urlpatterns = [
    path("hours/", by_area, name="hours_area"),
    path("hours/owners/", by_owner, name="hours_owner"),
    path("hours/terminals/", by_terminal, name="hours_terminal"),
    path("hours/items/", by_item, name="hours_item"),
    path("hours/items/<str:code>/", by_item_area, name="hours_item_area"),
    path("hours/months/", by_month, name="hours_month"),
    path("hours/terminals/<str:code>/", hours_terminal.month_of, name="hours_month_of"),
    path("hours/terminals/<str:code>/<str:on>/", hours_terminal.day_of, name="hours_day_of"),
]
