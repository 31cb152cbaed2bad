"""总览: what is wrong now and who is on it, which promise is broken, what will run out. And the search of the frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from budayang.center.areas import queries as areas
from budayang.center.console.listing import State
from budayang.center.console.reader import reader
from budayang.center.console.states import LEVEL_TONES, terminal_state
from budayang.center.console.strips import Strip, area_strip, axis, legend
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform import queries as platform
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.models import StatusInterval, Terminal
from budayang.rules.maintenance import SEVERITY_NAMES
from budayang.rules.terminals import kind_of, meaning

INCIDENTS = 5  # the strips below must be seen without scrolling
STRIP_AREAS = 12
STRIP_TERMINALS = 36
SUPPLIES = ("paper.upper", "paper.lower", "toner")
SEARCH_ROWS = 20


@dataclass(frozen=True, slots=True)
class Supply:
    """A consumable that a terminal says is low or gone."""

    terminal: Terminal
    state: State
    since: datetime
    action: str


def _supplies(machines: list[Terminal]) -> list[Supply]:
    """What the printers themselves call low, the longest first; what is out is an incident and stands there."""
    by_id = {one.pk: one for one in machines}
    rows = StatusInterval.objects.filter(
        terminal_id__in=list(by_id), until__isnull=True, property__in=SUPPLIES, state="low"
    ).order_by("since")
    found = []
    for row in rows[:INCIDENTS]:
        known = meaning(row.kind or kind_of(row.subject), row.property, row.state)
        state = State(LEVEL_TONES[known.level], words(known.text))
        found.append(Supply(by_id[row.terminal_id], state, row.since, known.action))
    return found


def _strips(actor: Actor, machines: list[Terminal], now: datetime) -> tuple[list[Strip], int]:
    """(strips, areas left out), the worst first. Bounded: a page must not grow with the city."""
    by_area: dict[int, list[Terminal]] = {}
    for one in machines:
        if one.enrolled_at is not None:
            by_area.setdefault(one.area_id, []).append(one)
    found: list[Strip] = []
    left_out = budget = 0
    for area in areas.visible_to(actor).filter(pk__in=list(by_area)).order_by("place__path"):
        here = by_area[area.pk]
        if len(found) >= STRIP_AREAS or budget + len(here) > STRIP_TERMINALS:
            left_out += 1
            continue
        budget += len(here)
        strip = area_strip(area, here, now)
        if strip:
            found.append(strip)
    found.sort(key=lambda strip: strip.share if strip.share is not None else 2.0)
    return found, left_out


def _context(request: HttpRequest) -> dict[str, Any]:
    actor, now = reader(request), timezone.now()
    machines = list(terminals.visible_to(actor).exclude(state="retired"))
    alive = terminals.liveness_of(machines, now)
    strips, left_out = _strips(actor, machines, now)
    heard, open_count = list(alive.values()), maintenance.open_incident_count(actor)
    return {
        "now": now,
        "operating": bool(actor.roles & OPERATING_ROLES),
        "areas_count": areas.visible_to(actor).count(),
        "machines_count": len(machines),
        "online": heard.count("online"),
        "silent": heard.count("silent"),
        "unknown": heard.count("unknown"),
        "incidents": maintenance.open_incidents(actor, INCIDENTS, now=now),
        "incident_count": open_count,
        "incidents_left_out": max(0, open_count - INCIDENTS),
        "supplies": _supplies(machines),
        "severities": {one.value: words(word) for one, word in SEVERITY_NAMES.items()},
        "strips": strips,
        "strips_left_out": left_out,
        "legend": legend(strips),
        "axis": axis(now),
    }


@allow(ANY_STAFF)
def overview(request: HttpRequest) -> HttpResponse:
    """The first page."""
    return render(request, "console/overview.html", _context(request))


@allow(ANY_STAFF)
def overview_live(request: HttpRequest) -> HttpResponse:
    """The part of the first page that changes by itself: all of it."""
    return render(request, "console/_overview.html", _context(request))


@allow(ANY_STAFF)
def search(request: HttpRequest) -> HttpResponse:
    """One search over areas, terminals, work orders and people, within what the reader may see."""
    actor, text, now = reader(request), request.GET.get("q", "").replace("\x00", "").strip()[:60], timezone.now()
    context: dict[str, Any] = {"find": text, "areas": [], "machines": [], "orders": [], "people": []}
    if text:
        machines = list(
            terminals.visible_to(actor).filter(Q(code__icontains=text) | Q(name__icontains=text))[:SEARCH_ROWS]
        )
        alive = terminals.liveness_of(machines, now)
        health = terminals.health_of([one.pk for one in machines])
        context["areas"] = areas.visible_to(actor).filter(Q(name__icontains=text) | Q(code__icontains=text))[
            :SEARCH_ROWS
        ]
        context["machines"] = [(one, terminal_state(one.state, alive[one.pk], health[one.pk])) for one in machines]
        context["orders"] = maintenance.orders_visible_to(actor).filter(number__icontains=text)[:SEARCH_ROWS]
        if actor.may(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.SUPERVISOR, Role.AREA_KEEPER):
            context["people"] = platform.staff_visible_to(actor).filter(name__icontains=text)[:SEARCH_ROWS]
    context["none"] = not any(context[key] for key in ("areas", "machines", "orders", "people"))
    return render(request, "console/search.html", context)


urlpatterns = [
    path("", overview, name="overview"),
    path("live/", overview_live, name="overview_live"),
    path("search/", search, name="search"),
]
