"""What rounds said of the signs that hang: rates of each area by the last look of half a year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance.round_signs import HALF_YEAR, answers_about_signs
from budayang.center.platform.access import allow
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.templatetags.platform_format import percent
from budayang.center.signage.sign_queries import planned_signs
from budayang.rules.signs.audits import GONE, WRONG, Rates, SignSeen, is_well, rates


def look_state(value: str) -> State:
    """What the last look at a sign said, in the words of the check list."""
    if is_well(value):
        return State("ok", value)
    return State("stop" if value in (GONE, WRONG) else "warn", value)


def last_looks(area_id: int) -> dict[str, SignSeen]:
    """The last look at each sign of an area within half a year, by the sign's id on the plan."""
    now = timezone.now()
    return {one.sign: one for one in answers_about_signs([area_id], now - HALF_YEAR, now)}


def _rate(row: Any, name: str) -> str:
    """A share with what it is of. Nothing looked at is not zero: the cell stays empty."""
    found: Rates | None = row.rates
    if found is None or not found.seen:
        return ""
    right = int(getattr(found, name))
    return _("%(share)s（%(right)d/%(seen)d）") % {
        "share": percent(right / found.seen),
        "right": right,
        "seen": found.seen,
    }


def _state(row: Any) -> State:
    found: Rates | None = row.rates
    if found is None:
        return State("ask", _("还没有平面图"))
    if not found.seen:
        return State("ask", _("还没有检查过"))
    if found.intact < found.seen:
        return State("stop", _("%(n)d 块有问题") % {"n": found.seen - found.intact})
    if found.seen < found.planned:
        return State("warn", _("%(n)d 块没有看到") % {"n": found.planned - found.seen})
    return State("ok", _("都完好"))


@allow(OPERATING_ROLES)
def look_list(request: HttpRequest) -> HttpResponse:
    """Every area with what was seen of its signs."""
    actor, now = reader(request), timezone.now()

    def prepare(rows: Sequence[Any]) -> None:
        planned = planned_signs([row.pk for row in rows])
        seen: dict[int, list[SignSeen]] = {pk: [] for pk in planned}
        for one in answers_about_signs(list(planned), now - HALF_YEAR, now):
            seen[one.area_id].append(one)
        for row in rows:
            signs = planned.get(row.pk)
            row.rates = rates([(row.pk, one) for one in signs], seen[row.pk]) if signs is not None else None
            row.looked_at = seen[row.pk][-1].at if seen.get(row.pk) else None

    return listing(
        request,
        title=_("标志检查"),
        note=_("半年内每块标志最近一次检查的结果：在位、完好、文字正确各占看过的几成。没有看过的不算好也不算坏。"),
        columns=(
            Column("area", _("自助区"), lambda row: row.name, sort="name"),
            Column("state", _("现状"), _state, kind="state"),
            Column("planned", _("图上的标志"), lambda row: row.rates.planned if row.rates else None, kind="number"),
            Column("seen", _("看过"), lambda row: row.rates.seen if row.rates else None, kind="number"),
            Column("present", _("在位"), lambda row: _rate(row, "present"), kind="number"),
            Column("intact", _("完好"), lambda row: _rate(row, "intact"), kind="number"),
            Column("right", _("文字正确"), lambda row: _rate(row, "right"), kind="number"),
            Column("at", _("最近检查"), lambda row: row.looked_at, kind="moment"),
        ),
        queryset=areas.visible_to(actor),
        filters=(
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place__path__startswith=v)),
        ),
        search=("name", "code"),
        default_sort="area",
        row_url=lambda row: reverse("console:sign_plan", args=[row.code]) + "#signs",
        empty=_("这里还没有自助区。先到“自助区”里登记，再画它的平面图；巡查会逐块检查图上的标志。"),
        export_name=_("标志检查"),
        prepare=prepare,
    )


urlpatterns = [path("sign-looks/", look_list, name="sign_looks")]
