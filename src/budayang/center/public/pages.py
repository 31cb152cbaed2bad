"""What works now: first page, 现在哪里能办, and the guide of each item. For phones first; works without scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from budayang.center.areas import queries as areas
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.wording import words
from budayang.center.public import finding
from budayang.center.services import hours_text, queries
from budayang.center.services.queries import PlaceWhere
from budayang.rules.services import Truth

CLASS_OF = {
    Truth.DOABLE: "ok",
    Truth.SUBMITTABLE: "hand",
    Truth.STOPPED: "stop",
    Truth.UNCONFIRMED: "ask",
    Truth.MACHINE: "ask",
}
WORKS = (Truth.DOABLE, Truth.SUBMITTABLE)
LONGEST_QUERY = 60
FREQUENT = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One place in a list, ready to be shown."""

    place: PlaceWhere
    word: str
    css: str
    text: str
    works: bool
    area_open: bool | None
    area_until: datetime | None
    others: tuple[Row, ...] = ()


def word_of(place: PlaceWhere, now: datetime) -> str:
    """The state in words: 可办, 可提交, 暂停至 23:00, 暂停服务, 待部门确认, 专机办理."""
    if place.stale:
        return _("状态待更新")
    truth, until = place.verdict.truth, place.verdict.until
    if truth is Truth.STOPPED and until is not None:
        return _("暂停至 %(until)s") % {"until": clock_word(until, now, place.area.place.zone)}
    words = {
        Truth.DOABLE: _("可办"),
        Truth.SUBMITTABLE: _("可提交"),
        Truth.STOPPED: _("暂停服务"),
        Truth.UNCONFIRMED: _("待部门确认"),
        Truth.MACHINE: _("专机办理"),
    }
    return words[truth]


def clock_word(at: datetime, now: datetime, zone: str) -> str:
    """23:00 today, 明天 08:30 tomorrow, 11月25日 08:30 later, in the area's zone."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return _("明天 %(clock)s") % {"clock": f"{local:%H:%M}"}
    return _("%(month)d月%(day)d日 %(clock)s") % {"month": local.month, "day": local.day, "clock": f"{local:%H:%M}"}


def make_rows(places: list[PlaceWhere], now: datetime) -> list[Row]:
    """Rows with the area's promised hours beside the machine's state."""
    promises = {place.area.pk: areas.promise_now(place.area.pk, now) for place in places}
    rows = []
    for place in places:
        promise = promises[place.area.pk]
        known = promise.open or promise.until is not None
        rows.append(
            Row(
                place=place,
                word=word_of(place, now),
                css="ask" if place.stale else CLASS_OF[place.verdict.truth],
                text=_("有一段时间没有收到这里的状态，请以现场为准") if place.stale else words(place.verdict.text),
                works=not place.stale and place.verdict.truth in WORKS,
                area_open=promise.open if known else None,
                area_until=promise.until,
            )
        )
    return rows


def by_item(rows: list[Row]) -> list[Row]:
    """One row an item: its best terminal in front, the others of the same area below it."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.place.item.code, []).append(row)
    return [replace(first, others=tuple(others)) for first, *others in groups.values()]


@allow(PUBLIC)
def home(request: HttpRequest) -> HttpResponse:
    """Search first; then what works now, area by area, and what people often do."""
    now = timezone.now()
    counts = queries.truth_counts()
    halls: list[dict[str, Any]] = []
    for area in areas.list_public():
        mine = counts.get(area.pk, {})
        promise = areas.promise_now(area.pk, now)
        halls.append(
            {
                "area": area,
                "doable": mine.get(Truth.DOABLE, 0),
                "submittable": mine.get(Truth.SUBMITTABLE, 0),
                "stopped": mine.get(Truth.STOPPED, 0),
                "other": mine.get(Truth.UNCONFIRMED, 0) + mine.get(Truth.MACHINE, 0),
                "any": bool(mine),
                "open": promise.open,
                "known": promise.open or promise.until is not None,
                "until": promise.until,
            }
        )
    halls.sort(key=lambda hall: (-(hall["doable"] + hall["submittable"]), hall["area"].code))
    context = {"halls": halls, "frequent": _frequent(now), "greeting": greeting(now), "now": now}
    return render(request, "public/home.html", context)


def greeting(now: datetime) -> str:
    """A greeting by the hour in Ordos."""
    hour = now.astimezone(ZoneInfo("Asia/Shanghai")).hour
    if hour < 6:
        return _("夜深了，")
    if hour < 12:
        return _("早上好，")
    return _("下午好，") if hour < 18 else _("晚上好，")


def _frequent(now: datetime) -> list[dict[str, Any]]:
    """Items that our terminals carry through, each with its best place now."""
    found = []
    for item in queries.items().filter(driven=True, offerings__active=True).distinct()[:FREQUENT]:
        places = queries.where(item.code, now)
        found.append({"item": item, "best": make_rows(places[:1], now)[0], "places": _working(places)})
    return found


def _working(places: list[PlaceWhere]) -> str:
    fresh = [place for place in places if not place.stale]
    done = len({place.area.pk for place in fresh if place.verdict.truth is Truth.DOABLE})
    if done:
        return ngettext("%(n)d处自助区现在能办", "%(n)d处自助区现在能办", done) % {"n": done}
    taken = len({place.area.pk for place in fresh if place.verdict.truth is Truth.SUBMITTABLE})
    if taken:
        return ngettext("%(n)d处自助区现在能提交", "%(n)d处自助区现在能提交", taken) % {"n": taken}
    return _("现在没有地方能办")


@allow(PUBLIC)
def where(request: HttpRequest) -> HttpResponse:
    """现在哪里能办: an item's places, a place's items, or the items that a query may mean."""
    return render(request, "public/where.html", _where_context(request))


@allow(PUBLIC)
def where_rows(request: HttpRequest) -> HttpResponse:
    """The list alone, fetched again by the page every few seconds."""
    return render(request, "public/_where_rows.html", _where_context(request))


def _where_context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    only = request.GET.get("only") == "1"
    every_area = list(areas.list_public())
    area = next((one for one in every_area if one.code == request.GET.get("area", "")), None)
    near = next((one for one in every_area if one.code == request.GET.get("near", "")), None)
    item = queries.items().filter(code=request.GET.get("item", "")[:64]).first()
    hits: list[Any] = []
    if item is None and query:
        hits = finding.find_items(query)
        if not hits and area is None:
            area = next(iter(finding.find_areas(query)), None)
        if len(hits) == 1:
            item, hits = hits[0], []
    places: list[PlaceWhere] = []
    if item is not None:
        places = queries.where(item.code, now, near, area_code=area.code if area else None)
    elif area is not None and not hits:
        places = queries.where(None, now, near, area_code=area.code)
    rows = make_rows(places, now)
    if item is None:
        rows = by_item(rows)
    shown = [row for row in rows if row.works] if only else rows
    parameters = request.GET.copy()
    # What can be done somewhere comes first; within that the search's own order stays.
    found = sorted((_hit(one, now) for one in hits), key=lambda hit: hit["best"] is None)
    return {
        "query": query,
        "only": only,
        "item": item,
        "area": area,
        "near": near,
        "areas": every_area,
        "hits": found,
        "rows": shown,
        "hidden": len(rows) - len(shown),
        "works": sum(row.works for row in rows),
        "asked": bool(query or item or area),
        "now": now,
        "again": parameters.urlencode(),
    }


def _hit(item: Any, now: datetime) -> dict[str, Any]:
    places = queries.where(item.code, now)
    best = make_rows(places[:1], now)
    return {"item": item, "best": best[0] if best else None, "places": _working(places) if places else ""}


@allow(PUBLIC)
def items(request: HttpRequest) -> HttpResponse:
    """The whole catalogue by department."""
    groups: dict[Any, list[Any]] = {}
    for item in queries.items():
        groups.setdefault(item.department, []).append(item)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0].pk))
    return render(request, "public/items.html", {"groups": ordered, "total": sum(len(rows) for _d, rows in ordered)})


@allow(PUBLIC)
def item(request: HttpRequest, code: str) -> HttpResponse:
    """The guide of one item: what to bring, how long, what it costs, and which of these figures are checked."""
    found = queries.items().filter(code=code).first()
    if found is None:
        raise Http404
    now = timezone.now()
    hours = [row for row in queries.hours_of(found.department.code) if row.item_id in (None, found.pk)]
    own = next((row for row in hours if row.item_id == found.pk), hours[0] if hours else None)
    context = {
        "item": found,
        "rows": make_rows(queries.where(found.code, now), now),
        "hours": own,
        "weekly": hours_text.weekly_words(own.weekly) if own else [],
        "now": now,
    }
    return render(request, "public/item.html", context)
