"""白跑率 by area and month, with its exact definition beside it and the reasons behind it."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import record
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import queries, trip_queries
from budayang.center.services.trip_queries import AreaRate
from budayang.rules.trip_words import STEP_NAMES, WHY_NAMES
from budayang.rules.trips import DEFINITION, RESULT_NAMES

MONTHS_BACK = 12


def _months(today: date) -> list[date]:
    """This month and those before it, the newest first."""
    found, month = [], today.replace(day=1)
    for _back in range(MONTHS_BACK):
        found.append(month)
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return found


def _month(request: HttpRequest, today: date) -> date:
    text = request.GET.get("month", "")
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return asked if asked in _months(today) else today.replace(day=1)


@allow(OPERATING_ROLES)
def trips(request: HttpRequest) -> HttpResponse:
    """One month, area by area; ?export=xlsx|csv gives the twelve months of all areas as a file."""
    today = timezone.localdate()
    kind = request.GET.get("export", "")
    if kind in {"xlsx", "csv"}:
        return _export(request, kind, trip_queries.rates(reader(request), _months(today)))
    month = _month(request, today)
    rows = trip_queries.rates(reader(request), [month])
    found = trip_queries.causes(reader(request), month)
    names = queries.item_names({one.item_code for one in found})
    context = {
        "month": month,
        "months": _months(today),
        "rows": sorted(rows, key=lambda row: (-(row.rate.value or 0), row.area.code)),
        "total": trip_queries.together(rows),
        "causes": [
            (
                words(RESULT_NAMES[one.result]),
                words(STEP_NAMES.get(one.step, one.step)),
                words(WHY_NAMES.get(one.why, one.why)),
                names.get(one.item_code, ""),
                one.trips,
            )
            for one in found
        ],
        "definition": [(words(term), words(meaning)) for term, meaning in DEFINITION],
    }
    return render(request, "console/trips/trips.html", context)


COLUMNS = (
    exports.Column("月份", lambda row: f"{row.month:%Y-%m}"),
    exports.Column("自助区", lambda row: row.area.name),
    exports.Column("代码", lambda row: row.area.code),
    exports.Column("全部趟数", lambda row: row.rate.trips),
    exports.Column("办成", lambda row: row.rate.finished),
    exports.Column("开始了没办成", lambda row: row.rate.unfinished),
    exports.Column("不让开始", lambda row: row.rate.refused),
    exports.Column("门没开", lambda row: row.rate.locked),
    exports.Column("白跑率", lambda row: round(row.rate.value, 4) if row.rate.value is not None else "无"),
)


def _export(request: HttpRequest, kind: str, rows: list[AreaRate]) -> HttpResponse:
    with transaction.atomic():
        record(reader(request), "console.export", subject="list:trips", details={"format": kind, "rows": len(rows)})
    demo = settings.BUDAYANG.demo
    if kind == "csv":
        content, media = exports.csv_file(COLUMNS, rows, demo=demo), "text/csv; charset=utf-8"
    else:
        content = exports.workbook(_("白跑率"), COLUMNS, rows, demo=demo, definitions=DEFINITION)
        media = XLSX
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, f"trips.{kind}") or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [path("trips/", trips, name="trips")]
