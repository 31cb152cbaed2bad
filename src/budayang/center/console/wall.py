"""大屏: the four answers on a wall, 1920×1080, dark, without the frame, to be read from five metres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.hours_pictures import share_text
from budayang.center.console.listing import Tone
from budayang.center.console.reader import reader
from budayang.center.console.situation import severity_words, situation
from budayang.center.maintenance import board_queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.hours_queries import hours_today
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.rules.hours import Tally

INCIDENTS, STRIPS, SUPPLIES, STOPS = 5, 4, 4, 3
MOST_DIVISIONS = 16
TILE_W, TILE_H, GAP = 386, 150, 16


@dataclass(frozen=True, slots=True)
class Division:
    """A child region of the reader's scope as a tile: where it is drawn, its state in word and shape, its numbers."""

    name: str
    x: int
    y: int
    tone: Tone
    word: str
    terminals: int
    silent: int
    causes: int
    share: str

    @property
    def words(self) -> str:
        """The tile for those who do not see it."""
        text = _("%(name)s：%(word)s，终端 %(terminals)d 台，失联 %(silent)d 台")
        return text % {"name": self.name, "word": self.word, "terminals": self.terminals, "silent": self.silent}


@dataclass(frozen=True, slots=True)
class Map:
    """The tiles and the size of the picture. `placed`: by coordinates, not only in order of their codes."""

    divisions: tuple[Division, ...]
    width: int
    height: int
    placed: bool


def _scope(actor: Actor) -> Place | None:
    """The widest region that the actor works in."""
    paths = sorted({grant.place_path for grant in actor.grants if grant.role in OPERATING_ROLES}, key=len)
    return platform.find_place_by_path(paths[0]) if paths else None


def grid_of(points: Sequence[tuple[float, float] | None], columns: int) -> list[tuple[int, int]]:
    """(column, row) of each point (latitude, longitude): rows from north to south, in each row from west to east.

    Ranks, not distances: every tile has a place of its own. What has no coordinates comes last, in the given order.
    """
    order = sorted(
        range(len(points)), key=lambda n: (points[n] is None, -(points[n] or (0.0, 0.0))[0] if points[n] else 0.0, n)
    )
    found = [(0, 0)] * len(points)
    for row in range(0, len(order), columns):
        line = order[row : row + columns]
        line.sort(key=lambda n: (points[n] is None, (points[n] or (0.0, 0.0))[1], n))
        for column, number in enumerate(line):
            found[number] = (column, row // columns)
    return found


def _state(terminals: int, counts: Mapping[str, int], severities: Mapping[str, int]) -> tuple[Tone, str]:
    causes = sum(severities.values())
    if severities.get("urgent"):
        return "stop", _("紧急 %(n)d 起") % {"n": severities["urgent"]}
    if causes:
        return "warn", _("故障 %(n)d 起") % {"n": causes}
    if counts["silent"]:
        return "warn", _("失联 %(n)d 台") % {"n": counts["silent"]}
    if not terminals:
        return "ask", _("没有终端")
    if counts["unknown"]:
        return "ask", _("未知 %(n)d 台") % {"n": counts["unknown"]}
    return "ok", _("正常")


def _map(actor: Actor, scope: Place | None, by_area: Mapping[int, Mapping[str, int]], kept: Mapping[int, Tally]) -> Map:
    """Five queries, whatever the number of areas."""
    if scope is None:
        return Map((), 0, 0, False)
    regions = list(platform.places_visible_to(actor).filter(parent=scope, kind=Place.Kind.REGION)[:MOST_DIVISIONS])
    regions = regions or [scope]
    found = list(areas.visible_to(actor).select_related(None).values_list("pk", "place__path", "latitude", "longitude"))
    open_ones = board_queries.open_by_place(actor)
    columns = 3 if len(regions) <= 9 else 4
    mine = [[row for row in found if row[1].startswith(one.path)] for one in regions]
    places = grid_of([_middle(rows) for rows in mine], columns)
    tiles = []
    for one, rows, (column, line) in zip(regions, mine, places, strict=True):
        counts: dict[str, int] = {"silent": 0, "unknown": 0, "total": 0}
        hours = Tally()
        for area_id, *_rest in rows:
            here = by_area.get(area_id, {})
            counts["silent"] += here.get("silent", 0)
            counts["unknown"] += here.get("unknown", 0)
            counts["total"] += sum(here.values())
            if area_id in kept:
                hours.add(kept[area_id])
        severities: dict[str, int] = {}
        for place_path, severity, count in open_ones:
            if place_path.startswith(one.path):
                severities[severity] = severities.get(severity, 0) + count
        tone, word = _state(counts["total"], counts, severities)
        tiles.append(
            Division(
                name=one.name, x=column * (TILE_W + GAP), y=line * (TILE_H + GAP), tone=tone, word=word,
                terminals=counts["total"], silent=counts["silent"], causes=sum(severities.values()),
                share=share_text(hours),
            )
        )  # fmt: skip
    lines = -(-len(tiles) // columns)
    wide = min(columns, len(tiles))
    placed = any(_middle(rows) for rows in mine)
    return Map(tuple(tiles), wide * (TILE_W + GAP) - GAP, lines * (TILE_H + GAP) - GAP, placed)


def _middle(rows: Sequence[tuple[Any, ...]]) -> tuple[float, float] | None:
    """The middle of a region's areas whose coordinates are known."""
    known = [(row[2], row[3]) for row in rows if row[2] is not None and row[3] is not None]
    return (sum(a for a, _b in known) / len(known), sum(b for _a, b in known) / len(known)) if known else None


def _context(request: HttpRequest) -> dict[str, Any]:
    actor, now = reader(request), timezone.now()
    found = situation(actor, now, strips=STRIPS, supplies=SUPPLIES, stops=STOPS)
    kept = hours_today(actor, now)
    today = Tally()
    for one in kept.values():
        today.add(one)
    scope = _scope(actor)
    return {
        **found,
        "scope": scope,
        "map": _map(actor, scope, found["by_area"], kept),
        "today": share_text(today),
        "incidents": maintenance.open_incidents(actor, INCIDENTS, now=now, newest=True),
        "incidents_left_out": max(0, found["open"].causes - INCIDENTS),
        "severities": severity_words(),
    }


@allow(OPERATING_ROLES)
def wall(request: HttpRequest) -> HttpResponse:
    """The wall."""
    return render(request, "console/wall.html", _context(request))


@allow(OPERATING_ROLES)
def wall_live(request: HttpRequest) -> HttpResponse:
    """What changes on it: everything below the clock."""
    return render(request, "console/_wall.html", _context(request))


urlpatterns = [
    path("wall/", wall, name="wall"),
    path("wall/live/", wall_live, name="wall_live"),
]
