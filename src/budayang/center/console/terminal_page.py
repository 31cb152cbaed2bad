"""One terminal: the three facts, its devices, what was not well over time, its faults and orders, what was ordered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console import commands, supplies
from budayang.center.console.device_pages import device_cards
from budayang.center.console.incidents import incident_state, order_state, severity_state
from budayang.center.console.listing import State
from budayang.center.console.notices import run_state
from budayang.center.console.reader import reader
from budayang.center.console.states import LEVEL_TONES, level_state, terminal_state
from budayang.center.console.strips import axis, legend, terminal_strip
from budayang.center.console.terminals import rights_of, terminal_of
from budayang.center.console.timeline import MOST_ROWS, SPANS, mark_lanes, span_of, timeline
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.notice_queries import notices_visible_to
from budayang.center.platform.access import allow
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries
from budayang.center.terminals.models import Terminal

OPEN, NOTICES = 8, 5
MARK_TITLES = ("incident", "stop", "command")


def _liveness(alive: str) -> State:
    match alive:
        case "online":
            return State("ok", _("听得到"))
        case "silent":
            return State("stop", _("失联"))
        case "suspended":
            return State("stop", _("停用"))
        case _:
            return State("ask", _("未知"))


def _facts(alive: str, facts: queries.Facts) -> dict[str, State]:
    """Link, program, devices: none follows from another."""
    program = facts.application
    return {
        "link": _liveness(alive),
        "program": State(LEVEL_TONES[program.level], words(program.text))
        if facts.application_told
        else State("ask", _("没有报过")),
        "devices": level_state(facts.health.level),
    }


def _live(request: HttpRequest, terminal: Terminal) -> dict[str, Any]:
    """What changes by itself on a terminal's page. A fixed number of queries, whatever happened to it."""
    actor, now = reader(request), timezone.now()
    states = queries.current_states([terminal.pk])[terminal.pk]
    alive = queries.liveness_of([terminal], now)[terminal.pk]
    facts = queries.facts_of([terminal.pk])[terminal.pk]
    span = span_of(request.GET.get("span", ""))
    page = request.GET.get("rows", "1")
    drawn = timeline(actor, terminal, now, span, int(page) if page.isdigit() else 1)
    titles = {"incident": _("故障"), "stop": _("计划停用"), "command": _("指令")}
    strip = terminal_strip(terminal, now)
    strips = [strip] if strip else []
    return {
        "terminal": terminal,
        "now": now,
        "state": terminal_state(terminal.state, alive, *facts.pair),
        "facts": _facts(alive, facts),
        "alive": alive,
        "devices": device_cards(states, queries.peripherals(terminal.pk)),
        "line": drawn,
        "most_rows": MOST_ROWS,
        "mark_lanes": [
            (kind, titles[kind], drawn.marks[kind], f"{titles[kind]}：{mark_lanes(drawn.marks[kind])}")
            for kind in MARK_TITLES
            if drawn.marks[kind]
        ],
        "spans": [(key, word, key == span) for key, (_hours, word) in SPANS.items()],
        "hours_strips": strips,
        "hours_legend": legend(strips),
        "hours_axis": axis(now),
        **_trouble(request, terminal, now),
    }


def _trouble(request: HttpRequest, terminal: Terminal, now: datetime) -> dict[str, Any]:
    """Open incidents with their orders, and who was told lately."""
    actor = reader(request)
    found = maintenance.incidents_of_terminal(actor, terminal.pk, now, OPEN)
    orders: dict[int, list[Any]] = {}
    for order in maintenance.active_orders_of_terminal(actor, terminal.pk):
        orders.setdefault(order.incident_id, []).append((order, order_state(order.state), maintenance.who(order)))
    notices = notices_visible_to(actor).filter(incident__terminal_id=terminal.pk).order_by("-began_at")[:NOTICES]
    return {
        "troubles": [
            (one, incident_state(one), severity_state(one.severity), orders.get(one.pk, [])) for one in reversed(found)
        ],
        "notices": [(one, run_state(one)) for one in notices],
    }


@allow(OPERATING_ROLES)
def terminal_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One terminal."""
    terminal = terminal_of(request, code)
    blocks = {**commands.on_terminal(request, terminal), **supplies.on_terminal(request, terminal)}
    return render(
        request, "console/terminal.html", {**blocks, **_live(request, terminal), **rights_of(request, terminal)}
    )


@allow(OPERATING_ROLES)
def terminal_live(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "console/_terminal_live.html", _live(request, terminal_of(request, code)))


urlpatterns = [
    path("terminals/<slug:code>/", terminal_detail, name="terminal"),
    path("terminals/<slug:code>/live/", terminal_live, name="terminal_live"),
]
