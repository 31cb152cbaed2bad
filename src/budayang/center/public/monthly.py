"""公开数据: published monthly figures with definitions and history, as a page, CSV and JSON with a schema; the daily
digest of the audit chain, by which whoever keeps one can hold us to the past.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from budayang.center.evaluation import digests, monthly_public
from budayang.center.evaluation.monthly_public import PublicFigure
from budayang.center.evaluation.monthly_words import change_words, interval_words, sample_words, value_words
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.exports import DEMO_MARK, Column, csv_file
from budayang.center.platform.wording import words
from budayang.center.public.open_data import for_a_while, kept

FIELDS: tuple[tuple[str, str, Any], ...] = (
    ("place_code", "地点编码", {"type": "string"}),
    ("place", "地点", {"type": "string"}),
    ("kind", "范围：area 自助区，region 地区", {"enum": ["area", "region"]}),
    ("month", "月份", {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}),
    ("code", "指标代码", {"type": "string"}),
    ("title", "指标", {"type": "string"}),
    ("definition", "口径", {"type": "string"}),
    ("unit", "单位；share 为 0 到 1 的比例", {"enum": ["share", "count", "hours", "minutes", "seconds"]}),
    ("value", "数值；null 为没有数，不是 0", {"type": ["number", "null"]}),
    ("low", "95 % 区间下限", {"type": ["number", "null"]}),
    ("high", "95 % 区间上限", {"type": ["number", "null"]}),
    ("sample", "样本", {"type": "integer", "minimum": 0}),
    ("sample_of", "样本是什么", {"type": "string"}),
    ("why", "没有数的原因", {"type": "string"}),
    ("published_at", "发布时间", {"type": "string", "format": "date-time"}),
    ("report_sha256", "月报内容的校验值", {"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    ("corrected", "发布后有更正", {"type": "boolean"}),
    ("corrected_value", "更正后的数值", {"type": ["number", "null"]}),
)


@dataclass(frozen=True, slots=True)
class History:
    """One figure with its months, newest first: (month, value, interval, sample, corrected value or "")."""

    title: str
    definition: str
    months: list[tuple[date, str, str, str, str]]
    change: str


def _record(one: PublicFigure) -> dict[str, Any]:
    figure = one.figure
    return {
        "place_code": one.place_code,
        "place": one.place,
        "kind": one.kind,
        "month": f"{one.month:%Y-%m}",
        "code": figure.code,
        "title": figure.title,
        "definition": figure.definition,
        "unit": figure.unit,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "sample": figure.sample,
        "sample_of": figure.of,
        "why": figure.why,
        "published_at": one.published_at.isoformat(),
        "report_sha256": one.sha256,
        "corrected": one.corrected,
        "corrected_value": one.corrected_value,
    }


def _histories(found: list[PublicFigure]) -> list[History]:
    by_code: dict[str, list[PublicFigure]] = {}
    for one in found:
        by_code.setdefault(one.figure.code, []).append(one)
    return [
        History(
            words(rows[0].figure.title),
            words(rows[0].figure.definition),
            [
                (
                    one.month, value_words(one.figure.unit, one.figure.value), interval_words(one.figure),
                    sample_words(one.figure),
                    value_words(one.figure.unit, one.corrected_value) if one.corrected else "",
                )
                for one in rows
            ],
            change_words(rows[0].figure),
        )
        for rows in by_code.values()
    ]  # fmt: skip


@allow(PUBLIC)
def monthly(request: HttpRequest) -> HttpResponse:
    """The figures of one place, month by month, with their definitions."""
    places = monthly_public.places()
    asked = request.GET.get("place", "")
    chosen = asked if asked in dict(places) else (places[0][0] if places else "")
    context = {
        "places": places,
        "place": chosen,
        "histories": _histories(monthly_public.figures(chosen)) if chosen else [],
        "fields": [(key, words(title)) for key, title, _shape in FIELDS],
    }
    return render(request, "public/monthly.html", context)


@allow(PUBLIC)
def monthly_json(request: HttpRequest) -> HttpResponse:
    """Every published public figure as JSON; `/open/monthly.schema.json` says its shape."""
    return for_a_while(_open(HttpResponse(kept("monthly.json", _json), content_type="application/json")))


def _json() -> bytes:
    body = {
        "made_at": timezone.now().isoformat(),
        "demonstration": settings.BUDAYANG.demo,
        "mark": DEMO_MARK if settings.BUDAYANG.demo else "",
        "rows": [_record(one) for one in monthly_public.figures()],
    }
    return json.dumps(body, ensure_ascii=False).encode()


@allow(PUBLIC)
def monthly_csv(request: HttpRequest) -> HttpResponse:
    """The same rows as CSV with a byte order mark; what is not known is an empty cell."""
    answer = HttpResponse(kept("monthly.csv", _csv), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="monthly.csv"'
    return for_a_while(_open(answer))


def _csv() -> bytes:
    columns = [Column(key, itemgetter(key)) for key, _title, _shape in FIELDS]
    rows = [_record(one) for one in monthly_public.figures()]
    return csv_file(columns, rows, demo=settings.BUDAYANG.demo)


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the JSON file."""
    row = {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, _title, _shape in FIELDS],
        "properties": {key: {"title": title, **shape} for key, title, shape in FIELDS},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "不打烊 月度公开数据",
        "type": "object",
        "required": ["made_at", "demonstration", "mark", "rows"],
        "properties": {
            "made_at": {"type": "string", "format": "date-time"},
            "demonstration": {"type": "boolean"},
            "mark": {"type": "string"},
            "rows": {"type": "array", "items": row},
        },
    }


@allow(PUBLIC)
def monthly_schema(request: HttpRequest) -> HttpResponse:
    """The schema of the JSON file."""
    text = json.dumps(schema(), ensure_ascii=False, indent=2)
    return _open(HttpResponse(text, content_type="application/schema+json; charset=utf-8"))


@allow(PUBLIC)
def chain(request: HttpRequest) -> HttpResponse:
    """The head of the audit chain at the end of each day."""
    return render(request, "public/chain.html", {"days": digests.shown()})


@allow(PUBLIC)
def chain_csv(request: HttpRequest) -> HttpResponse:
    """All digests, to be kept by whoever wants to hold us to them."""
    columns = [
        Column("on", lambda row: row.on), Column("seq", lambda row: row.seq), Column("sm3", lambda row: row.hash),
    ]  # fmt: skip
    content = csv_file(columns, digests.shown(3660), demo=settings.BUDAYANG.demo)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="chain.csv"'
    return _open(answer)


def _open(answer: HttpResponse) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
