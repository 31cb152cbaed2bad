"""Pages of planned stops: list, week, one stop with its occurrences, and how it is called off, ended or skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries, stop_actions
from budayang.center.areas.models import Area, PlannedStop
from budayang.center.areas.occurrences import next_occurrence, occurrences, previous_occurrences
from budayang.center.areas.stop_words import clock_words, rhythm_words, span_words
from budayang.center.console import stop_targets
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.stop_planning import get_stop, stop_url
from budayang.center.console.stop_targets import planners, stopped_words
from budayang.center.maintenance.hush_queries import hushed_by
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.terminals import queries as terminals
from budayang.rules.intervals import Interval

SHOWN_AHEAD, SHOWN_BACK = 10, 5
WEEK_DAYS = 7


def stop_state(stop: PlannedStop, now: datetime) -> State:
    """Where a stop stands at `now`."""
    if stop.cancelled_at is not None:
        return State("ask", _("已取消"))
    window = next_occurrence(stop, now)
    if window is None:
        return State("ask", _("已结束"))
    if window.start <= now:
        return State("warn", _("正在停用"))
    return State("hand", _("将要停用"))


class _StopRows:
    """What the columns of a page of stops read: fetched once for the page."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        self.codes: dict[int, str] = {}
        self.people = People()

    def prepare(self, stops: Sequence[PlannedStop]) -> None:
        self.codes = stop_targets.terminal_codes(self.actor, stops)
        self.people = People(one.announced_by for one in stops)

    def what(self, stop: PlannedStop) -> str:
        return stopped_words(stop, self.codes)

    def when(self, stop: PlannedStop) -> str:
        """The running or next occurrence, else the first: what the reader looks for."""
        window = next_occurrence(stop, self.now) or Interval(stop.starts_at, stop.ends_at)
        return span_words(window.start, window.end, stop.place.zone, self.now)


def _whens() -> tuple[tuple[str, str], ...]:
    return (
        ("now", _("正在停用")),
        ("coming", _("将要停用")),
        ("past", _("已结束、已取消")),
        ("series", _("重复的")),
    )


def _by_when(stops: QuerySet[Any], when: str) -> QuerySet[Any]:
    """By the columns that the due loop `areas.stops` keeps: at most a second behind."""
    match when:
        case "now":
            return stops.filter(running_since_at__isnull=False)
        case "coming":
            return stops.filter(running_since_at__isnull=True, next_change_at__isnull=False)
        case "past":
            return stops.filter(next_change_at__isnull=True)
        case _:
            return stops.exclude(rrule="")


@allow(OPERATING_ROLES)
def stop_list(request: HttpRequest) -> HttpResponse:
    """Every stop that the reader may see; with one area chosen, its week as a strip."""
    actor, now = reader(request), timezone.now()
    rows = _StopRows(actor, now)
    area = queries.visible_to(actor).filter(code=request.GET.get("area", "")).first()

    def areas() -> list[tuple[str, str]]:
        return list(queries.visible_to(actor).values_list("code", "name"))

    def reaching(stops: QuerySet[Any], code: str) -> QuerySet[Any]:
        place = queries.visible_to(actor).get(code=code).place
        return stops.filter(place__path__in=platform.place_chain(place.path))

    target = reverse("console:area_stop", args=[area.code]) if area else reverse("console:stop_new")
    return listing(
        request,
        title=_("计划停用"),
        note=_("事先公告的停用不算故障，期间的状态照样记录；开始以后才补的公告，对此前的时间不免责。"),
        columns=(
            Column("when", _("本次或下一次"), rows.when, sort="starts_at"),
            Column("rhythm", _("重复"), rhythm_words),
            Column("what", _("停什么"), rows.what, sort="place__path"),
            Column("kind", _("类别"), lambda stop: stop.get_kind_display(), sort="kind"),
            Column("reason", _("原因"), lambda stop: stop.reason),
            Column("state", _("状态"), lambda stop: stop_state(stop, now), kind="state"),
            Column("by", _("公告人"), lambda stop: rows.people.called(stop.announced_by), sort="announced_by"),
            Column("announced", _("公告时间"), lambda stop: stop.announced_at, sort="announced_at", kind="moment"),
        ),
        queryset=queries.stops_visible_to(actor).prefetch_related("exceptions").filter(replaced_by__isnull=True),
        filters=(
            Filter("when", _("时间"), _whens, _by_when),
            Filter("area", _("自助区"), areas, reaching),
            Filter("kind", _("类别"), lambda: PlannedStop.Kind.choices, lambda stops, kind: stops.filter(kind=kind)),
        ),
        search=("reason", "place__name", "subject", "department"),
        default_sort="-when",
        row_url=stop_url,
        empty=_("还没有计划停用。要停机维护时请事先公告，市民就不会白跑一趟。"),
        export_name=_("计划停用"),
        topic="areas",
        actions=(Action(target, _("公告计划停用"), primary=True),) if planners(actor) else (),
        prepare=rows.prepare,
        above=week_strip(actor, area, now) if area else "",
        template="console/stops/list.html",
    )


def week_strip(actor: Actor, area: Area, now: datetime) -> str:
    """The next seven days of an area, each with what stops on it, as HTML."""
    zone = ZoneInfo(area.place.zone)
    today = now.astimezone(zone).date()
    first = datetime.combine(today, time(), zone)
    found = queries.stops_over([area.pk], first, first + timedelta(days=WEEK_DAYS))[area.pk]
    rows = {one.pk: one for one in queries.stops_visible_to(actor).filter(pk__in={one.id for one in found})}
    codes = stop_targets.terminal_codes(actor, list(rows.values()))
    days = []
    for number in range(WEEK_DAYS):
        on = today + timedelta(days=number)
        begin, end = datetime.combine(on, time(), zone), datetime.combine(on + timedelta(days=1), time(), zone)
        # A window belongs to the day on which it starts; one that began before the strip is shown on its first day.
        mine = [one for one in found if begin <= one.start < end or (number == 0 and one.start < begin)]
        days.append(
            {
                "on": on,
                "today": number == 0,
                "stops": [
                    {
                        "url": reverse("console:stop", args=[one.id]),
                        "when": clock_words(one.start, one.end, area.place.zone, now),
                        "what": stopped_words(rows[one.id], codes),
                        "reason": one.reason,
                    }
                    for one in mine
                    if one.id in rows
                ],
            }
        )
    return render_to_string("console/stops/_week.html", {"days": days, "area": area})


@allow(stop_targets.PLANNING_ROLES)
def stop_new(request: HttpRequest) -> HttpResponse:
    """Choose the area in which something stops."""
    actor = reader(request)

    def planning(area: Area) -> str:
        return reverse("console:area_stop", args=[area.code])

    return listing(
        request,
        title=_("公告计划停用：在哪个自助区"),
        columns=(
            Column("name", _("自助区"), lambda area: area.name, sort="name"),
            Column("code", _("代码"), lambda area: area.code, sort="code"),
            Column("region", _("行政区划"), lambda area: area.place.parent.name, sort="place__path"),
            Column("address", _("地址"), lambda area: area.address),
        ),
        queryset=queries.visible_to(actor).select_related("place__parent"),
        search=("name", "code", "address", "place__parent__name"),
        default_sort="region",
        row_url=planning,
        empty=_("您的范围里还没有自助区，请联系主管。"),
        export_name=_("自助区"),
    )


@allow(OPERATING_ROLES)
def stop_detail(request: HttpRequest, stop_id: int) -> HttpResponse:
    """One stop: its occurrences, what may still be changed, and who did what."""
    actor, now, stop = reader(request), timezone.now(), get_stop(request, stop_id)
    zone = stop.place.zone
    coming = list(islice(occurrences(stop, now), SHOWN_AHEAD + 1))
    running = coming[0] if coming and coming[0].start <= now else None
    skipped = [one for one in stop.exceptions.all() if one.ends_at is None and one.occurrence_at > now]
    context = {
        "stop": stop,
        "now": now,
        "state": stop_state(stop, now),
        "what": stopped_words(stop, stop_targets.terminal_codes(actor, [stop])),
        "terminal": terminals.visible_to(actor).filter(pk=stop.terminal_id or 0).first(),
        "rhythm": rhythm_words(stop),
        "running": running and span_words(running.start, running.end, zone, now),
        "coming": [
            {"at": one.start.isoformat(), "words": span_words(one.start, one.end, zone, now)}
            for one in coming[:SHOWN_AHEAD]
            if one is not running
        ],
        "more": len(coming) > SHOWN_AHEAD,
        "past": [span_words(one.start, one.end, zone, now) for one in previous_occurrences(stop, now, SHOWN_BACK)],
        "skipped": [(span_words(one.occurrence_at, one.occurrence_at, zone, now), one) for one in skipped],
        "may_change": bool(coming) and stop_actions.may_change(actor, stop),
        "hushed": hushed_by(actor, [stop.pk]),
        "announced_by": People([stop.announced_by]).called(stop.announced_by),
        "history": [_line(one, zone, now) for one in queries.stop_history(stop)],
        "follower": PlannedStop.objects.filter(replaces=stop).first(),
        "today": timezone.localdate(now),
    }
    return render(request, "console/stops/detail.html", context)


def _line(line: Any, zone: str, now: datetime) -> dict[str, Any]:
    """An audit line in words."""
    what = {
        "skipped": _("跳过一次"),
        "ended_early": _("提前结束"),
        "series_ended": _("结束重复"),
        "replaced": _("改了时间、重复或原因"),
    }.get(line.details.get("what", ""), "")
    word = {"areas.stop_planned": _("公告"), "areas.stop_cancelled": _("取消")}.get(line.action, what)
    start, end = (datetime.fromisoformat(line.details[name]) for name in ("starts_at", "ends_at"))
    return {"at": line.at, "by": line.actor, "word": word, "window": span_words(start, end, zone, now)}


def _act(request: HttpRequest, act: Callable[[], PlannedStop], done: str, stop: PlannedStop) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(stop_url(stop))


@allow(stop_targets.PLANNING_ROLES)
@require_POST
def stop_cancel(request: HttpRequest, stop_id: int) -> HttpResponse:
    """Call a stop off, with all that was to come."""
    actor, stop = reader(request), get_stop(request, stop_id)
    return _act(request, lambda: stop_actions.cancel_stop(actor, stop, now=timezone.now()), _("停用已取消。"), stop)


@allow(stop_targets.PLANNING_ROLES)
@require_POST
def stop_end(request: HttpRequest, stop_id: int) -> HttpResponse:
    """End the occurrence that runs."""
    actor, stop = reader(request), get_stop(request, stop_id)
    return _act(request, lambda: stop_actions.end_now(actor, stop, now=timezone.now()), _("这一次已经提前结束。"), stop)


@allow(stop_targets.PLANNING_ROLES)
@require_POST
def stop_skip(request: HttpRequest, stop_id: int) -> HttpResponse:
    """Leave one occurrence out."""
    actor, stop = reader(request), get_stop(request, stop_id)
    try:
        at = datetime.fromisoformat(request.POST.get("at", ""))
    except ValueError as error:
        raise Http404 from error
    if at.tzinfo is None:
        raise Http404
    return _act(
        request,
        lambda: stop_actions.skip_occurrence(actor, stop, at, now=timezone.now()),
        _("这一次不停了，其他各次照旧。"),
        stop,
    )


@allow(stop_targets.PLANNING_ROLES)
@require_POST
def stop_last(request: HttpRequest, stop_id: int) -> HttpResponse:
    """End a series: the chosen day is the last on which it may start."""
    actor, stop = reader(request), get_stop(request, stop_id)
    try:
        last = datetime.fromisoformat(request.POST.get("last", "")).date()
    except ValueError:
        messages.error(request, _("请选最后一次停用的日期。"))
        return redirect(stop_url(stop))
    from_at = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(stop.place.zone))
    return _act(
        request,
        lambda: stop_actions.end_series(actor, stop, from_at=from_at, now=timezone.now()),
        _("重复停用的结束日期已记下。"),
        stop,
    )


urlpatterns = [
    path("stops/", stop_list, name="stops"),
    path("stops/new/", stop_new, name="stop_new"),
    path("stops/<int:stop_id>/", stop_detail, name="stop"),
    path("stops/<int:stop_id>/cancel/", stop_cancel, name="stop_cancel"),
    path("stops/<int:stop_id>/end/", stop_end, name="stop_end"),
    path("stops/<int:stop_id>/skip/", stop_skip, name="stop_skip"),
    path("stops/<int:stop_id>/last/", stop_last, name="stop_last"),
]
