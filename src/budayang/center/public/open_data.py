"""Open data: what can be done where, right now, as JSON and CSV. The same rows as the page 现在哪里能办."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.exports import DEMO_MARK, Column, csv_file
from budayang.center.services import queries
from budayang.center.services.queries import PlaceWhere

FIELDS: tuple[tuple[str, str, str], ...] = (
    ("item", "事项编码", "演示编码；正式编码原样导入"),
    ("item_name", "事项", "事项名称"),
    ("department", "部门", "办理部门"),
    ("area", "自助区", "自助区编码"),
    ("area_name", "自助区名称", "自助区名称"),
    ("address", "地址", "自助区地址"),
    ("latitude", "纬度", "WGS 84，度"),
    ("longitude", "经度", "WGS 84，度"),
    ("terminal", "终端", "自助终端编码"),
    ("truth", "状态", "doable 可办 · submittable 可提交 · stopped 暂停服务 · unconfirmed 待确认 · machine 专机办理"),
    ("reason", "原因代码", "判定的原因，与终端所用规则相同"),
    ("text", "原因", "给人看的原因"),
    ("until", "预计恢复或变化", "UTC，ISO 8601；空为未知"),
    ("stale", "状态待更新", "超过25分钟没有重新判定"),
)


KEPT_S, OLD_S, MAKING_S = 5, 60, 60


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """A file that anybody may ask for, made at most once in five seconds for all processes together: it reads the whole
    city. While one process makes it anew the others give the former one, at most a minute old.
    """
    now, key = timezone.now(), f"open:{name}"
    found = cache.get(key)
    if found is not None:
        made_at, body = found
        age_s = (now - made_at).total_seconds()
        if 0 <= age_s < KEPT_S or (age_s < OLD_S and not cache.add(f"{key}:making", True, MAKING_S)):
            return zlib.decompress(body)
    try:
        made = make()
        cache.set(key, (now, zlib.compress(made)), OLD_S)
    finally:
        cache.delete(f"{key}:making")
    return made


def _records() -> list[dict[str, Any]]:
    now = timezone.now()
    return [_record(place) for place in queries.where(None, now)]


def _record(place: PlaceWhere) -> dict[str, Any]:
    verdict = place.verdict
    return {
        "item": place.item.code,
        "item_name": place.item.name,
        "department": place.item.department.name,
        "area": place.area.code,
        "area_name": place.area.name,
        "address": place.area.address,
        "latitude": place.area.latitude,
        "longitude": place.area.longitude,
        "terminal": place.terminal.code,
        "truth": verdict.truth.value,
        "reason": verdict.reason,
        "text": verdict.text,
        "until": verdict.until.isoformat() if verdict.until else None,
        "stale": place.stale,
    }


@allow(PUBLIC)
def about(request: HttpRequest) -> HttpResponse:
    """What the files hold, field by field."""
    return render(request, "public/open.html", {"fields": FIELDS})


@allow(PUBLIC)
def availability_json(request: HttpRequest) -> HttpResponse:
    """Everything as JSON."""
    response = HttpResponse(kept("availability.json", _json), content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"
    return for_a_while(response)


def _json() -> bytes:
    body = {
        "made_at": timezone.now().isoformat(),
        "demonstration": settings.BUDAYANG.demo,
        "mark": DEMO_MARK if settings.BUDAYANG.demo else "",
        "rows": _records(),
    }
    return json.dumps(body, ensure_ascii=False).encode()


@allow(PUBLIC)
def availability_csv(request: HttpRequest) -> HttpResponse:
    """Everything as CSV with a byte order mark."""
    response = HttpResponse(kept("availability.csv", _csv), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="availability.csv"'
    return for_a_while(response)


def _csv() -> bytes:
    columns = [Column(key, itemgetter(key)) for key, _title, _help in FIELDS]
    return csv_file(columns, _records(), demo=settings.BUDAYANG.demo)


def for_a_while(response: HttpResponse) -> HttpResponse:
    """A proxy may keep it for as long as we do: it is everybody's, and holds nobody's session."""
    response["Cache-Control"] = f"public, max-age={KEPT_S}"
    return response
