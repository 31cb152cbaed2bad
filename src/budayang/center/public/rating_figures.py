"""好差评 in figures, for everybody: the six indicators by month, area and owner unit, defined; JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from budayang.center.evaluation.indicator_queries import By, month_rows, months_back
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.exports import DEMO_MARK, Column, csv_file
from budayang.center.platform.wording import words
from budayang.center.public.open_data import for_a_while, kept
from budayang.rules.evaluation import INDICATORS, LEFT_OUT, Ratio

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """An area, an owner unit, or (code "") the whole, with what page and files say of it."""

    code: str
    name: str
    done: int
    ratings: int
    negative: int
    ratios: Mapping[str, Ratio]


def _asked(request: HttpRequest) -> tuple[date, By]:
    """The month, the last whole one by default, and by what it is split."""
    known = months_back(timezone.localdate(), SHOWN + 1)
    month = next((one for one in known if f"{one:%Y-%m}" == request.GET.get("month")), known[1])
    return month, "owner" if request.GET.get("by") == "owner" else "area"


def _lines(month: date, by: By) -> tuple[str, list[Line]]:
    """When the figures of a month were made, and its lines, the whole first: one making for page and files."""
    body = json.loads(kept(f"ratings:{month:%Y-%m}:{by}", lambda: _made(month, by)))
    return body["made_at"], [
        Line(code, name, done, ratings, negative, {key: Ratio(*parts) for key, parts in ratios.items()})
        for code, name, done, ratings, negative, ratios in body["lines"]
    ]


def _made(month: date, by: By) -> bytes:
    lines = [
        (
            row.code, row.name, row.counts.done, row.counts.total, row.counts.negative,
            {code: (one.numerator, one.denominator) for code, one in row.ratios.items()},
        )
        for row in month_rows(month, "/", by)
    ]  # fmt: skip
    return json.dumps({"made_at": timezone.now().isoformat(), "lines": lines}).encode()


@allow(PUBLIC)
def page(request: HttpRequest) -> HttpResponse:
    """The figures of a month, each with its sample."""
    month, by = _asked(request)
    _made_at, lines = _lines(month, by)
    context = {
        "month": f"{month:%Y-%m}",
        "by": by,
        "months": [f"{one:%Y-%m}" for one in months_back(timezone.localdate(), SHOWN + 1)],
        "running": month == months_back(timezone.localdate(), 1)[0],
        "whole": lines[0],
        "lines": [(line, [line.ratios[one.code] for one in INDICATORS]) for line in lines],
        "indicators": [(words(one.name), words(one.definition)) for one in INDICATORS],
        "left_out": words(LEFT_OUT),
    }
    return render(request, "public/rating_figures.html", context)


def _record(row: Line, month: date, by: By) -> dict[str, Any]:
    found: dict[str, Any] = {"month": f"{month:%Y-%m}", "by": by if row.code else "all", "code": row.code}
    found |= {"name": row.name, "done": row.done, "ratings": row.ratings, "negative": row.negative}
    for one in INDICATORS:
        ratio = row.ratios[one.code]
        found |= {one.code: ratio.value, f"{one.code}_of": ratio.denominator}
    return found


@allow(PUBLIC)
def as_json(request: HttpRequest) -> HttpResponse:
    """The same with the definitions; a rate without a sample is null, not zero."""
    month, by = _asked(request)
    made_at, lines = _lines(month, by)
    body = {
        "made_at": made_at,
        "demonstration": settings.BUDAYANG.demo,
        "mark": DEMO_MARK if settings.BUDAYANG.demo else "",
        "definitions": {one.code: {"name": words(one.name), "definition": words(one.definition)} for one in INDICATORS},
        "left_out": words(LEFT_OUT),
        "rows": [_record(line, month, by) for line in lines],
    }
    answer = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@allow(PUBLIC)
def as_csv(request: HttpRequest) -> HttpResponse:
    """The same rows as CSV with a byte order mark."""
    month, by = _asked(request)
    records = [_record(line, month, by) for line in _lines(month, by)[1]]
    columns = [Column(key, lambda row, key=key: row[key]) for key in records[0]]  # type: ignore[misc]
    answer = HttpResponse(
        csv_file(columns, records, demo=settings.BUDAYANG.demo), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="ratings-{month:%Y-%m}.csv"'
    return for_a_while(answer)
