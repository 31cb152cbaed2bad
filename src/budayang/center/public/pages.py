"""What works now: first page, 现在哪里能办, and the guide of each item. For phones first; works without scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.maintenance import fault_notice_queries
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.center.public import choosing, finding
from budayang.center.services import (
    catalogue_queries,
    hours_text,
    item_words,
    later_queries,
    queries,
    search_actions,
    stop_notices,
    trip_actions,
)
from budayang.center.services.queries import PlaceWhere
from budayang.rules.catalogue import NOTHING_TO_BRING
from budayang.rules.search import SearchVerdict
from budayang.rules.services import Truth

log = structlog.get_logger(__name__)

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
    notes: tuple[str, ...] = ()
    at: str = ""
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


def make_rows(places: list[PlaceWhere], now: datetime, at: datetime | None = None) -> list[Row]:
    """Rows with the area's promised hours beside the machine's state. `at`: the later hour they were judged for."""
    moment = at or now
    promises = areas.promises_now({place.area.pk for place in places}, moment)
    rows = []
    for place in places:
        promise = promises[place.area.pk]
        known = promise.open or promise.until is not None
        rows.append(
            Row(
                place=place,
                word=word_of(place, moment),
                css="ask" if place.stale else CLASS_OF[place.verdict.truth],
                text=_("有一段时间没有收到这里的状态，请以现场为准")
                if place.stale
                else _text(place, later=at is not None),
                works=not place.stale and place.verdict.truth in WORKS,
                area_open=promise.open if known else None,
                area_until=promise.until,
                notes=() if place.stale else tuple(words(note) for note in place.verdict.notes),
                at=at.astimezone(choosing.ZONE).strftime(choosing.FORM) if at is not None else "",
            )
        )
    return rows


# What the clock decides is as true of a later hour as of now; of machines and lines only now is known.
BY_THE_CLOCK = frozenset({"planned_stop", "department_closed", "own_machine", "hours_unconfirmed"})


def _text(place: PlaceWhere, *, later: bool) -> str:
    """The reason in words; of a later hour without claiming to know what a machine will be like."""
    verdict = place.verdict
    if place.stale:
        return _("有一段时间没有收到这里的状态，请以现场为准")
    if not later:
        return words(verdict.text)
    if verdict.truth in WORKS:
        return _("照现在的情况，到那时能办") if verdict.truth is Truth.DOABLE else _("照现在的情况，到那时能提交")
    if verdict.reason in BY_THE_CLOCK:
        return words(verdict.text)
    return _("现在的情况：%(text)s") % {"text": words(verdict.text)}


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
    listed = list(areas.list_public())
    promises = areas.promises_now([area.pk for area in listed], now)
    for area in listed:
        mine = counts.get(area.pk, {})
        promise = promises[area.pk]
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
    context = _where_context(request)
    _note_search(request, context)
    return render(request, "public/where.html", context)


def _note_search(request: HttpRequest, context: dict[str, Any]) -> None:
    """Count what was asked, without who asked. The list that fetches itself again asks nothing new. A count is not
    worth the page: with a locked database it is lost.
    """
    answer = context["answer"]
    if answer is None or answer.verdict is SearchVerdict.REFUSED or (context["area"] and not answer.hits):
        return
    try:
        search_actions.note_public(
            context["near"] or context["area"],
            item_code=answer.hits[0].item_code if answer.hits else "",
            words=context["query"],
            client=str(request.META.get("REMOTE_ADDR", "")),
            now=context["now"],
        )
    except OperationalError:
        log.warning("database not available, a search was not counted")


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
    answer = None
    if item is None and query:
        hits, answer, named = finding.find(query)
        if area is None and not hits:
            area = named
        if len(hits) == 1:
            item, hits = hits[0], []
    at = choosing.read(request.GET.get("when", ""), now)
    places: list[PlaceWhere] = []
    if item is not None or (area is not None and not hits):
        code, area_code = item.code if item else None, area.code if area else None
        if at is None:
            places = queries.where(code, now, near, area_code=area_code)
        else:
            places = later_queries.where_at(at, now, item_code=code, area_code=area_code, from_area=near)
    rows = make_rows(places, now, at)
    if item is None:
        rows = by_item(rows)
    shown = [row for row in rows if row.works] if only else rows
    parameters = request.GET.copy()
    return {
        "query": query,
        "only": only,
        "item": item,
        "area": area,
        "near": near,
        "areas": every_area,
        "hits": [_hit(one, now) for one in hits],
        "answer": answer,
        "rows": shown,
        "hidden": len(rows) - len(shown),
        "planned": [one for one in stop_notices.stop_notices(area.pk, area.place, now) if one.show_from <= now]
        if area is not None and not hits
        else [],
        "faults": fault_notice_queries.standing(area.pk) if area is not None and not hits else [],
        "works": sum(row.works for row in rows),
        "when": at.astimezone(choosing.ZONE).strftime(choosing.FORM) if at else "",
        "when_word": clock_word(at, now, choosing.ZONE.key) if at else "",
        "hours": choosing.choices(now),
        "asked": bool(query or item or area),
        "now": now,
        "again": parameters.urlencode(),
    }


def _hit(item: Any, now: datetime) -> dict[str, Any]:
    places = queries.where(item.code, now)
    best = make_rows(places[:1], now)
    return {"item": item, "best": best[0] if best else None, "places": _working(places) if places else ""}


@allow(PUBLIC)
@require_POST
def locked(request: HttpRequest) -> HttpResponse:
    """Somebody stands before a locked door and says so."""
    area = areas.list_public().filter(code=request.POST.get("area", "")[:12]).first()
    if area is None:
        raise Http404
    client = trip_actions.client_of(str(request.META.get("REMOTE_ADDR", "")))
    try:
        trip_actions.note_locked(area, at=timezone.now(), client=client)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("记下了，谢谢您。自助区管理员会看到；急事请打管理员电话。"))
    return redirect(f"{reverse('public:where')}?{urlencode({'area': area.code})}")


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
    found = queries.find_item(code)
    if found is None:
        raise Http404
    now = timezone.now()
    hours = [row for row in queries.hours_of(found.department.code) if row.item_id in (None, found.pk)]
    own = next((row for row in hours if row.item_id == found.pk), hours[0] if hours else None)
    context = {
        "item": found,
        "fields": {one.key: one for one in item_words.shown_fields(found)},
        "materials": [(one, item_words.material_words(one)) for one in found.material_list],
        "nothing_to_bring": found.materials.strip() == NOTHING_TO_BRING,
        "edition": catalogue_queries.edition_in_force(),
        "rows": make_rows(queries.where(found.code, now), now),
        "hours": own,
        "weekly": hours_text.weekly_words(own.weekly) if own else [],
        "now": now,
    }
    return render(request, "public/item.html", context)
