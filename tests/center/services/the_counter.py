"""The cases application on a loop of its own, a terminal that speaks to it, and a department with a script."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.center.platform.sealing import center_keys
from budayang.center.services.cases_app import CasesApplication
from budayang.center.services.sending import DepartmentLine, Patience
from budayang.center.terminals.models import Credential, Session
from budayang.wire import mac
from budayang.wire.numbers import make_number
from budayang.wire.sealing import case_info, identity_info, open_text, result_info, seal_text

KEY = bytes(range(32))
EPOCH = "0123456789abcdef"
PDF = b"%PDF-1.7 a paper"
PERSON = {
    "name": "测试甲",
    "id_number": "999999199001011234",
    "id_kind": "resident",
    "form": {"insurance": "all", "months": "12"},
}
# What each item's own form asks, right as the center looks at it again.
FORMS: dict[str, dict[str, Any]] = {
    "ZZ001": {"insurance": "all", "months": "12"},
    "ZZ031": {"kind": "employee", "purpose": "proof"},
    "ZZ037": {
        "province": "11",
        "city": "北京市",
        "start": "2026-12-01",
        "phone": "13800000000",
        "promise": True,
    },
    "ZZ054": {"tax": "all", "from": "2026-01-01", "to": "2026-06-30"},
    "ZZ130": {
        "matter": "wages",
        "other_party": "演示公司",
        "story": "拖欠工资三个月，要求支付。",
        "income": 1200,
        "phone": "13800000000",
        "promise": True,
    },
}
DONE = {
    "outcome": "done",
    "message": "已打印",
    "rows": [["参保状态", "正常"]],
    "paper_pdf": base64.b64encode(PDF).decode(),
    "department_ref": "RS-1",
}


class Clock:
    """Time that a test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class Department:
    """Answers by a script; keeps every request. The last step of the script repeats."""

    script: list[Any] = field(default_factory=lambda: [DONE])
    asked: list[httpx.Request] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, tuple):
            status, headers = step
            return httpx.Response(status, headers=headers, json={"error": "x"})
        if isinstance(step, bytes):
            return httpx.Response(200, content=step)
        if callable(step):
            return await step(request)  # type: ignore[no-any-return]
        return httpx.Response(200, json=step)


class Counter:
    """The running application. `post` is synchronous so that tests may use the ORM beside it."""

    def __init__(self, clock: Clock, department: Department) -> None:
        self.clock, self.department = clock, department
        self.slept: list[float] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="counter")
        self._thread.start()
        client = httpx.AsyncClient(transport=httpx.MockTransport(department))
        line = DepartmentLine(client, Patience(timeout_s=1.0), sleep=self._sleep)
        self.app = CasesApplication(line, clock=clock)
        self.run(self.app.startup())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def stop(self) -> None:
        self.run(self.app.shutdown())
        # A statement of a task that was cancelled goes on in its thread; the tables are emptied only after it.
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def later(self, path: str, body: bytes, headers: dict[str, str]) -> Future[httpx.Response]:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://center") as client:
                return await client.post(path, content=body, headers=headers)

        return asyncio.run_coroutine_threadsafe(go(), self._loop)


def filled(item: str, person: dict[str, Any]) -> dict[str, Any]:
    """The person with a form that fits the item, unless a test gave one of its own."""
    given = person.get("form")
    return {**person, "form": FORMS.get(item, {})} if given in (PERSON["form"], None) else person


class Kiosk:
    """A terminal with a session key, one person's journey at a time."""

    def __init__(self, counter: Counter, terminal: Any) -> None:
        self.counter, self.terminal = counter, terminal
        self.reply = X25519PrivateKey.generate()
        self.key = KEY

    @property
    def reply_key(self) -> str:
        return mac.public_text(self.reply)

    def new_journey(self) -> None:
        self.reply = X25519PrivateKey.generate()

    def number(self, count: int = 1) -> str:
        return make_number(self.terminal.code, EPOCH, count)

    def sealed(self, number: str, person: dict[str, Any]) -> str:
        return seal_text(center_keys().seal_public, msgspec.json.encode(person), case_info(number))

    def submit_body(self, number: str, item: str = "ZZ001", person: dict[str, Any] | None = None) -> bytes:
        return json.dumps(
            {
                "number": number,
                "item": item,
                "sealed": self.sealed(number, filled(item, person or PERSON)),
                "reply_key": self.reply_key,
                "consent": {"version": "2026-11", "at": "2026-11-23T18:14:00Z"},
            }
        ).encode()

    def post(self, path: str, body: bytes, **changes: str) -> httpx.Response:
        return self.later(path, body, **changes).result(30)

    def later(self, path: str, body: bytes, **changes: str) -> Future[httpx.Response]:
        time_ms = int(self.counter.clock.now.timestamp() * 1000)
        headers = {
            "Budayang-Terminal": self.terminal.code,
            "Budayang-Time": str(time_ms),
            "Budayang-Mac": mac.case_mac(self.key, "POST", path, time_ms, body),
        }
        return self.counter.later(path, body, headers | changes)

    def submit(self, count: int = 1, item: str = "ZZ001", person: dict[str, Any] | None = None) -> httpx.Response:
        return self.post("/wire/v1/cases/", self.submit_body(self.number(count), item, person))

    def wait(self, count: int = 1, *, wait_s: int = 10, number: str = "") -> httpx.Response:
        body = json.dumps({"wait_s": wait_s, "reply_key": self.reply_key}).encode()
        return self.post(f"/wire/v1/cases/{number or self.number(count)}/wait", body)

    def pending(self, id_number: str = PERSON["id_number"], id_kind: str = "resident") -> httpx.Response:  # type: ignore[assignment]
        return self.post("/wire/v1/cases/pending", self.pending_body(id_number, id_kind))

    def pending_body(self, id_number: str, id_kind: str) -> bytes:
        plain = json.dumps({"id_number": id_number, "id_kind": id_kind}).encode()
        sealed = seal_text(center_keys().seal_public, plain, identity_info(self.terminal.code))
        return json.dumps({"sealed": sealed, "reply_key": self.reply_key}).encode()

    def open(self, answer: httpx.Response, number: str = "") -> dict[str, Any]:
        plain = open_text(self.reply, answer.json()["result"], result_info(number or self.number()))
        opened: dict[str, Any] = json.loads(plain)
        return opened


def give_session(terminal: Any, key: bytes, now: datetime, seal: Callable[..., bytes]) -> None:
    """What enrolment and agreement leave behind."""
    Credential.objects.create(terminal=terminal, public_key="x", enrolled_at=now)
    Session.objects.create(
        terminal=terminal,
        sealed_key=seal("terminals_session", str(terminal.pk), "sealed_key", key.hex()),
        agreed_at=now,
        expires_at=now + timedelta(days=1),
    )
