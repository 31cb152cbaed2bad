"""门口屏: what a display at an area's door shows. Read-only and without a token: nothing on it is not public already.

The page asks for itself again every three seconds; a display that cannot reach the center says so by itself (door.js),
since a picture of an hour ago must not look like now.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache

from budayang.center.areas import queries as areas
from budayang.center.maintenance import fault_notice_queries
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.services import queries, stop_notices
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.report_addresses import address_of
from budayang.papers import qr_svg
from budayang.rules.areas import helper_until
from budayang.rules.causes import get_cause
from budayang.rules.services import Truth

MOST_FAULTS = 4


@allow(PUBLIC)
@never_cache
def door(request: HttpRequest, code: str) -> HttpResponse:
    """The display's page."""
    return _page(request, code, "public/door.html")


@allow(PUBLIC)
@never_cache
def door_now(request: HttpRequest, code: str) -> HttpResponse:
    """Its changing part alone."""
    return _page(request, code, "public/_door.html")


def _page(request: HttpRequest, code: str, template: str) -> HttpResponse:
    area = areas.list_public().select_related("place").filter(code=code[:12]).first()
    if area is None:
        raise Http404
    # Its clock and its hours are those of the wall on which it hangs.
    with timezone.override(ZoneInfo(area.place.zone)):
        return render(request, template, _context(area))


def _context(area: Any) -> dict[str, Any]:
    now = timezone.now()
    promise = areas.promise_now(area.pk, now)
    counts = queries.truth_counts(area.pk).get(area.pk, {})
    faults = fault_notice_queries.standing(area.pk)
    stops = stop_notices.stop_notices(area.pk, area.place, now, running=True)
    return {
        "area": area,
        "now": now,
        "today": timezone.localdate(now),
        "open": promise.open,
        "known": promise.open or promise.until is not None,
        "until": promise.until,
        "shut": any("entry" in get_cause(one.kind).affects for one in faults),
        "doable": counts.get(Truth.DOABLE, 0),
        "submittable": counts.get(Truth.SUBMITTABLE, 0),
        "faults": faults[:MOST_FAULTS],
        "more": max(0, len(faults) - MOST_FAULTS),
        "running": [one for one in stops if one.start <= now],
        "planned": [one for one in stops if one.show_from <= now < one.start],
        "suspended": list(terminals.in_service().filter(area=area.pk, state="suspended").order_by("code")),
        "helper_until": helper_until(area.helper_hours, now.astimezone(ZoneInfo(area.place.zone)).time()),
        # The drawing is segno's; the address becomes modules of a path, never text.
        "qr": mark_safe(qr_svg(address_of("area", area.code), quiet_zone=4)),
    }
