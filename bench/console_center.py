"""The center's side of bench/console: asks for each page of the database that is configured, one JSON line a page.

python bench/console_center.py ROUNDS      (BENCH_SQL=1 prints the slowest statements too)
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")

import django

django.setup()

from django.db import connection  # noqa: E402  # Django must be set up first
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from budayang.center.platform import heap  # noqa: E402
from budayang.center.platform.models import Staff  # noqa: E402
from budayang.center.terminals.models import Terminal  # noqa: E402

LIMIT_MS = 200.0
PAGES = (
    ("总览", "zhu", "/console/"),
    ("总览, live part", "zhu", "/console/live/"),
    ("总览, owner unit", "dan", "/console/"),
    ("wall", "zhu", "/console/wall/"),
    ("fleet", "zhu", "/console/terminals/"),
    ("fleet, page 100", "zhu", "/console/terminals/?page=100"),
    ("fleet, silent", "zhu", "/console/terminals/?now=silent"),
    ("fleet, printers in trouble of a banner", "zhu", "/console/terminals/?region=150603&part=printer"),
    ("fleet, by last word", "zhu", "/console/terminals/?sort=seen"),
    ("fleet, one version", "zhu", "/console/terminals/?software=1.1.0"),
    ("fleet, search", "zhu", "/console/terminals/?q=T0012"),
    ("fleet, owner unit", "dan", "/console/terminals/"),
    ("terminal", "zhu", "/console/terminals/{code}/"),
    ("terminal, 7 days", "zhu", "/console/terminals/{code}/?span=7d"),
    ("terminal, 30 days", "zhu", "/console/terminals/{code}/?span=30d"),
    ("terminal, live part", "zhu", "/console/terminals/{code}/live/"),
)  # fmt: skip


def timed(asked: list[tuple[float, str]]) -> Callable[..., Any]:
    """Notes each statement with its seconds."""

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            asked.append((time.perf_counter() - began, sql))

    return run


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure(rounds: int, pages: Iterable[tuple[str, str, str]], codes: Sequence[str], table: type[Model]) -> None:
    """One JSON line a page: (title, who asks, address); {code} is another of `codes` each time. `table` is where the
    bare limit is read from.
    """
    get_resolver().url_patterns  # noqa: B018  # the server too has its pages before the first request
    heap.settle()
    keys = list(table._default_manager.order_by("pk").values_list("pk", flat=True)[1000:1050])
    bare = []
    for _round in range(rounds):
        began = time.perf_counter()
        list(table._default_manager.filter(pk__in=keys))
        bare.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"page": "bare: 50 rows", "p50_ms": round(percentile(bare, 0.5), 1),
                      "p95_ms": round(percentile(bare, 0.95), 1)}))  # fmt: skip
    clients = {}
    for name in ("zhu", "dan"):
        clients[name] = Client(headers={"host": "127.0.0.1"})
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        clients[name].force_login(Staff.objects.get(username=name), backend=backend)
    for title, who, address in pages:
        ask: Any = clients[who].get
        asked: list[tuple[float, str]] = []
        with connection.execute_wrapper(timed(asked)):
            answer = ask(address.format(code=codes[0]))
        if answer.status_code != 200:
            raise SystemExit(f"{title}: status {answer.status_code}")
        took = []
        for number in range(rounds):
            began = time.perf_counter()
            ask(address.format(code=codes[number]))
            took.append((time.perf_counter() - began) * 1000)
        row = {
            "page": title, "queries": len(asked), "bytes": len(answer.content),
            "p50_ms": round(percentile(took, 0.5), 1), "p95_ms": round(percentile(took, 0.95), 1),
            "limit_ms": LIMIT_MS,
        }  # fmt: skip
        slow = sorted(asked, reverse=True)[:3]
        row["slowest_ms"] = [round(took_s * 1000, 1) for took_s, _sql in slow]
        if os.environ.get("BENCH_SQL"):
            row["sql"] = [sql[:1500] for _took_s, sql in slow]
        print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    asked_for = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    first = list(Terminal.objects.order_by("pk").values_list("code", flat=True)[: asked_for + 1])
    measure(asked_for, PAGES, first, Terminal)
