"""A department on a fake transport for tries: answers by the contract, and remembers what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from budayang.center.platform.actors import Actor
from budayang.center.services.connector_actions import declare_items
from budayang.center.services.connector_queries import Capability
from budayang.center.services.probe_running import PATIENCE
from budayang.center.services.sending import DepartmentLine

IDENTITY = {"name": "拨测员", "id_number": "999999199001010015"}


class NoJournal:
    """Nothing of calls is written: the loop of a test has no second thread with a database."""

    async def capability(self, item: str) -> Capability:
        return Capability(item, "query_print")

    async def begin(self, department: str, now: datetime) -> bool:
        return True

    async def end(self, made: Any, now: datetime) -> None:
        return None


@dataclass
class Department:
    """`status` and `answer` say what it does; `slots` what it offers."""

    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"outcome": "done", "message": "好了"})
    slots: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/slots"):
            return httpx.Response(200, json={"slots": self.slots})
        self.asked.append(json.loads(request.content))
        self.keys.append(request.headers["idempotency-key"])
        return httpx.Response(self.status, headers=self.headers, json=self.answer)

    def line(self) -> DepartmentLine:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return DepartmentLine(client, PATIENCE, journal=NoJournal())


def declare(now: datetime, item: str = "ZZ001", department: str = "RS", kind: str = "query_print") -> None:
    """The department declares an item with its test identity (GET /v1/items)."""
    items = {item: {"kind": kind, "honours_key": True, "test_identity": IDENTITY}}
    declare_items(Actor.system(), department, {"contract": "1", "items": items}, now)
