"""The sandbox's departments behind the line of a counter, with a clock of their own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import httpx
from starlette.applications import Starlette
from tests.center.services.the_counter import Department

from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger


class Town(Department):
    """Stands where the script of a department stands; every request goes to the sandbox itself."""

    def __init__(self, folder: Path, now: datetime) -> None:
        super().__init__([])
        keys = {code: f"key-{code}" for code in OFFICES}
        self.departments = Departments(Ledger(folder / "answers.sqlite3"), Clock(start=now), keys)
        self._transport = httpx.ASGITransport(app=Starlette(routes=self.departments.routes()))

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = await self._transport.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    def at(self, now: datetime) -> None:
        self.departments.clock.set(at=now)
