"""事项检索: whoever helps types what the person says and reads out what it is, what to bring and where it can be done
now. The same index answers as at the terminals and on the public page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from budayang.center.console.listing import State
from budayang.center.console.services import truth_state
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.services import caller_queries, queries, searching

LONGEST = 60
ROWS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One item that may be meant. `place`: where it can best be done now; None when no terminal offers it. `here`: how
    it is at the terminal from which somebody called, with `here_state`; None where nobody called.
    """

    item: Any
    place: queries.PlaceWhere | None
    state: State | None
    places: int
    here: caller_queries.Here | None = None

    @property
    def here_state(self) -> State | None:
        """What it is at the caller's terminal; None where it is not offered there."""
        verdict = self.here.verdict if self.here is not None else None
        return truth_state(verdict.truth.value) if verdict is not None else None


def _row(item: Any, now: datetime, here: caller_queries.Here | None) -> Row:
    places = queries.where(item.code, now)
    if not places:
        return Row(item, None, None, 0, here)
    return Row(item, places[0], truth_state(places[0].verdict.truth.value), len(places), here)


def find(request: HttpRequest, *, at: Any | None = None) -> dict[str, Any]:
    """What the words of `?q=` mean, for the template of the rows. `at`: the terminal at which the person stands."""
    now, query = timezone.now(), request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    answer = searching.ask(query, ROWS) if query else None
    hits = answer.hits if answer else ()
    items = {row.code: row for row in queries.items().filter(code__in=[hit.item_code for hit in hits])}
    here = caller_queries.seen_from(at.pk, items, now) if at is not None else {}
    rows = [_row(items[hit.item_code], now, here.get(hit.item_code)) for hit in hits if hit.item_code in items]
    return {"query": query, "answer": answer, "rows": rows, "now": now, "at": at}


@allow(ANY_STAFF)
def finder(request: HttpRequest) -> HttpResponse:
    """The page, with what was found for `?q=`."""
    return render(request, "console/finder/finder.html", find(request))


@allow(ANY_STAFF)
def finder_rows(request: HttpRequest) -> HttpResponse:
    """What was found, alone: fetched while somebody types."""
    return render(request, "console/finder/_rows.html", find(request))


urlpatterns = [
    path("finder/", finder, name="finder"),
    path("finder/rows/", finder_rows, name="finder_rows"),
]
