"""The six public indicators (好差评六项) by month, place, area and owner unit; each figure opens its ratings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _

from budayang.center.console.incidents import places
from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.evaluation import national_interface as national
from budayang.center.evaluation import queries
from budayang.center.evaluation.indicator_queries import By, Row, month_rows, month_span, months_back
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import BODY_ROLES
from budayang.center.platform.wording import words
from budayang.rules.evaluation import INDICATORS, LEFT_OUT, Ratio

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.INSPECTOR})
EXPORTERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT})
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader chose. `owner_ids`: the bodies to which a body's own person is confined; None for others."""

    month: date
    place: str
    by: By
    owner_ids: set[int] | None
    paths: tuple[str, ...]

    @property
    def query(self) -> str:
        return urlencode({"month": f"{self.month:%Y-%m}", "place": self.place, "by": self.by})


def asked_of(request: HttpRequest, actor: Actor) -> Asked:
    """The reader's choice within his scope; what is odd falls back to the last whole month and all he may see."""
    known = months_back(timezone.localdate())
    month = next((one for one in known if f"{one:%Y-%m}" == request.GET.get("month")), known[1])
    grants = [one for one in actor.grants if one.role in VIEWERS]
    wide = [one.place_path for one in grants if one.role not in BODY_ROLES]
    own = {one.organization_id for one in grants if one.role in BODY_ROLES and one.organization_id is not None}
    paths = tuple(wide) or tuple({one.place_path for one in grants})
    chosen = request.GET.get("place", "")
    place = chosen if any(chosen.startswith(one) for one in paths) else min(paths, key=len, default="/")
    by: By = "owner" if request.GET.get("by") == "owner" or not wide else "area"
    return Asked(month, place, by, None if wide else own, paths)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one line: the value, its parts and where its rows are."""

    ratio: Ratio
    url: str


def _cells(row: Row, asked: Asked) -> list[Cell]:
    found = []
    for one in INDICATORS:
        query = {"month": f"{asked.month:%Y-%m}", "place": asked.place, "aside": "no"}
        if row.code:
            query[asked.by] = row.code
        if one.code in ("negative_reply_rate", "visit_fix_rate", "visit_satisfied_rate"):
            query["negative"] = "all"
        if one.code == "active_good_rate":
            query["channel"] = "later"
        url = f"{reverse('console:ratings')}?{urlencode(query)}"
        found.append(Cell(row.ratios[one.code], "" if one.code == "unrated_rate" else url))
    return found


@allow(VIEWERS)
def indicators(request: HttpRequest) -> HttpResponse:
    """The month's figures with their parts; as Excel with the definitions on a second sheet."""
    actor = reader(request)
    asked = asked_of(request, actor)
    rows = month_rows(asked.month, asked.place, asked.by, asked.owner_ids)
    if request.GET.get("export") == "xlsx":
        return _excel(actor, asked, rows)
    context = {
        "asked": asked,
        "months": [f"{one:%Y-%m}" for one in months_back(timezone.localdate())],
        "month": f"{asked.month:%Y-%m}",
        "places": places(actor),
        "confined": asked.owner_ids is not None,
        "whole": rows[0],
        "lines": [(row, _cells(row, asked)) for row in rows],
        "indicators": [(words(one.name), words(one.definition)) for one in INDICATORS],
        "left_out": words(LEFT_OUT),
        "asked_rate": Ratio(rows[0].counts.asked, rows[0].counts.done),
        "may_export": actor.may(*EXPORTERS),
    }
    return render(request, "console/evaluation/indicators.html", context)


def _excel(actor: Actor, asked: Asked, rows: list[Row]) -> HttpResponse:
    columns = [
        exports.Column(_("代码"), lambda row: row.code),
        exports.Column(_("范围"), lambda row: row.name or _("合计")),
        exports.Column(_("办结"), lambda row: row.counts.done),
        exports.Column(_("评价"), lambda row: row.counts.total),
        exports.Column(_("差评"), lambda row: row.counts.negative),
    ]
    for one in INDICATORS:
        columns += [
            exports.Column(words(one.name), lambda row, code=one.code: row.ratios[code].value),  # type: ignore[misc]
            exports.Column(
                _("%(name)s（样本）") % {"name": words(one.name)},
                lambda row, code=one.code: row.ratios[code].denominator,  # type: ignore[misc]
            ),
        ]
    title = _("好差评六项指标")
    definitions = [*((words(one.name), words(one.definition)) for one in INDICATORS), (_("不计入"), words(LEFT_OUT))]
    with transaction.atomic():
        record(actor, "console.export", subject=f"list:{title}", details={"format": "xlsx", "rows": len(rows)})
    content = exports.workbook(title, columns, rows, demo=settings.BUDAYANG.demo, definitions=definitions)
    return _file(content, XLSX, f"{title} {asked.month:%Y-%m}.xlsx")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


@allow(EXPORTERS)
def national_export(request: HttpRequest) -> FileResponse:
    """The month's ratings in the field names of the national interface, as JSON or CSV (?format=csv)."""
    actor = reader(request)
    asked = asked_of(request, actor)
    start, end = month_span(asked.month)
    ratings = queries.ratings_visible_to(actor).filter(at__gte=start, at__lt=end, place_path__startswith=asked.place)
    rows = national.Records(ratings.order_by("at", "pk"))
    kind = "csv" if request.GET.get("format") == "csv" else "json"
    if kind == "csv":
        lines = exports.csv_lines(national.columns(), rows, demo=settings.BUDAYANG.demo)
    else:
        lines = _json_lines(asked, rows)
    content = exports.kept_whole(lines)
    with transaction.atomic():
        record(actor, "console.export", subject="list:national_ratings", details={"format": kind, "rows": rows.count})
    media = CSV if kind == "csv" else "application/json"
    name = f"evaluation-{asked.month:%Y-%m}.{kind}"
    return FileResponse(content, as_attachment=True, filename=name, content_type=media)


def _json_lines(asked: Asked, rows: national.Records) -> Iterator[str]:
    """One JSON document, a record a line; written as the records are read."""
    head = {"month": f"{asked.month:%Y-%m}", "demonstration": settings.BUDAYANG.demo, "fields": national.field_notes()}
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "records": ['
    for n, row in enumerate(rows):
        yield ("," if n else "") + "\n  " + json.dumps(row, ensure_ascii=False)
    yield "\n ]\n}\n"


urlpatterns = [
    path("rating-indicators/", indicators, name="rating_indicators"),
    path("rating-indicators/national/", national_export, name="national_export"),
]
