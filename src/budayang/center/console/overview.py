"""总览: what is wrong now and who is on it, which promise is broken, what will run out, which rounds are due. And the
search of the frame.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from budayang.center.areas import queries as areas
from budayang.center.console.reader import reader
from budayang.center.console.rounds import round_state
from budayang.center.console.situation import severity_words, situation
from budayang.center.console.states import terminal_state
from budayang.center.evaluation.queries import open_negatives
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.round_queries import rounds_waiting
from budayang.center.platform import queries as platform
from budayang.center.platform.access import ANY_STAFF, SIGNED_IN, allow
from budayang.center.platform.actors import Role
from budayang.center.platform.roles import FIELD_ROLES, OPERATING_ROLES
from budayang.center.terminals import queries as terminals

INCIDENTS, STRIPS, SUPPLIES, STOPS, ROUNDS = 5, 8, 4, 3, 3  # what can be seen without scrolling at 1440×1000
SEARCH_ROWS = 20


def _context(request: HttpRequest) -> dict[str, Any]:
    actor, now = reader(request), timezone.now()
    if not actor.roles & OPERATING_ROLES:
        return {"operating": False}
    rounds, more_rounds = rounds_waiting(actor, now, ROUNDS)
    found = situation(actor, now, strips=STRIPS, supplies=SUPPLIES, stops=STOPS)
    return {
        **found,
        "operating": True,
        "negatives": open_negatives(actor, now),
        "areas_count": areas.visible_to(actor).count(),
        "incidents": maintenance.open_incidents(actor, INCIDENTS, now=now),
        "incidents_left_out": max(0, found["open"].causes - INCIDENTS),
        "severities": severity_words(),
        "rounds": [(one, round_state(one)) for one in rounds],
        "rounds_left_out": more_rounds,
    }


@allow(SIGNED_IN)
def overview(request: HttpRequest) -> HttpResponse:
    """The first page after sign-in; who only works at a window begins at the queue of the window, who only walks tasks
    at the tasks.
    """
    roles = reader(request).roles
    if roles == {Role.WINDOW_CLERK}:
        return redirect("console:windows")
    if roles and roles <= FIELD_ROLES:
        return redirect("console:my_rounds")
    return render(request, "console/overview.html", _context(request))


@allow(ANY_STAFF)
def overview_live(request: HttpRequest) -> HttpResponse:
    """The part of the first page that changes by itself: all of it; nothing for those who see no areas."""
    context = _context(request)
    return render(request, "console/_overview.html", context) if context["operating"] else HttpResponse()


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
        facts = terminals.facts_of([one.pk for one in machines])
        context["areas"] = areas.visible_to(actor).filter(Q(name__icontains=text) | Q(code__icontains=text))[
            :SEARCH_ROWS
        ]
        context["machines"] = [(one, terminal_state(one.state, alive[one.pk], *facts[one.pk].pair)) for one in machines]
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
