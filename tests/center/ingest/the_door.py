"""The door under test: the real application on a loop of its own thread, over in-process ASGI, and a machine that
speaks to it as a terminal does. The clock is a fake, the database is real (SQLite or PostgreSQL, as the run says)."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.center.ingest.app import IngestApplication
from budayang.center.platform.actors import Actor
from budayang.center.terminals import actions
from budayang.center.terminals.models import IngestNotice, Outgoing, Terminal
from budayang.rules.terminals import state_hash
from budayang.wire import mac
from budayang.wire import messages as wire

SYSTEM = Actor.system()


class Clock:
    """Time that a test moves."""

    def __init__(self, start: datetime) -> None:
        self.ms = int(start.timestamp() * 1000)

    def __call__(self) -> int:
        return self.ms

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.ms / 1000, UTC)

    def pass_s(self, seconds: float) -> datetime:
        self.ms += int(seconds * 1000)
        return self.now


class Door:
    """A running IngestApplication; `post` is synchronous so that tests may use the ORM beside it."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self.clock = clock
        self.app = IngestApplication(data_dir=data_dir, window_ms=2, clock_ms=clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door")
        self._thread.start()
        self.run(self.app.startup())

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def call(self, work: Callable[[], Any]) -> Any:
        """Run a function on the door's loop."""

        async def go() -> Any:
            return work()

        return self.run(go())

    def later(self, path: str, body: bytes) -> Future[tuple[int, bytes]]:
        return asyncio.run_coroutine_threadsafe(self._ask(path, body), self._loop)

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        return self.later(path, body).result(30)

    def pulse(self) -> None:
        """Let the door hear what the console changed, now and not in half a second."""
        self.run(self.app.writer.pulse())

    def listen_s(self, seconds: float) -> list[str]:
        """Let time pass while the door listens; codes of the terminals that fell silent."""
        before = self.silent()
        while seconds > 0:
            self.clock.pass_s(min(seconds, 5))
            seconds -= 5
            self.run(self.app.writer.beat())
            self.call(self.app.writer.find_silent)  # unless the door's own loop was quicker
        return sorted(self.silent() - before)

    def silent(self) -> set[str]:
        return {known.code for known in self.app.writer.memory.by_id.values() if known.silent}

    def wait_for(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 10
        while not true():
            assert time.monotonic() < end, f"did not happen: {what}"
            time.sleep(0.02)

    def stop(self) -> None:
        self.run(self.app.shutdown())
        self.end_loop()

    def end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _ask(self, path: str, body: bytes) -> tuple[int, bytes]:
        scope = {
            "type": "http", "method": "POST", "path": path, "client": ("127.0.0.1", 1),
            "headers": [(b"content-length", str(len(body)).encode())],
        }  # fmt: skip
        asked = False
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": body, "more_body": False}
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]


class Machine:
    """A terminal as the wire sees it: key pair, session, counter, outbox in memory."""

    def __init__(self, door: Door, terminal: Terminal) -> None:
        self.door, self.terminal, self.code = door, terminal, terminal.code
        self.private = Ed25519PrivateKey.generate()
        self.epoch = secrets.token_hex(8)
        self.key = b""
        self.counter = self.seq = 0
        self.center_epoch = 1
        self.states: dict[str, dict[str, str]] = {}

    def enrol(self, code: str) -> tuple[int, bytes]:
        request = wire.Enrol(
            code=code, public_key=mac.public_text(self.private), proof=mac.sign(self.private, code.encode())
        )
        return self.door.post("/wire/v1/enrol", msgspec.json.encode(request))

    def ask_session(self) -> tuple[int, bytes]:
        private = X25519PrivateKey.generate()
        ephemeral, at_ms = mac.public_text(private), self.door.clock()
        signature = mac.sign(self.private, mac.session_request_message(self.code, ephemeral, at_ms))
        request = wire.SessionRequest(terminal=self.code, ephemeral=ephemeral, at_ms=at_ms, signature=signature)
        status, body = self.door.post("/wire/v1/session", msgspec.json.encode(request))
        if status == 200:
            answer = msgspec.json.decode(body, type=wire.SessionAnswer)
            self.key = mac.agree(private, answer.ephemeral, self.code)
            self.counter = max(self.counter, answer.counter_floor)
        return status, body

    def join(self) -> Machine:
        code = actions.issue_enrolment_code(SYSTEM, self.terminal.pk, self.door.clock.now)
        assert self.enrol(code)[0] == 200
        assert self.ask_session()[0] == 200
        # These tests are about what they send themselves: the profile that waits for the first sync counts as taken.
        profile = Outgoing.objects.filter(terminal=self.terminal, kind="profile")
        assert profile.filter(acked_at=None, replaced_at=None).update(acked_at=self.door.clock.now) == 1
        IngestNotice.objects.create(terminal=self.terminal)
        self.door.pulse()
        return self

    def event(self, kind: str, body: dict[str, Any] | None = None, age_s: float = 0) -> wire.Event:
        self.seq += 1
        at_ms = self.door.clock() - int(age_s * 1000)
        return wire.Event(seq=self.seq, kind=kind, at_ms=at_ms, age_ms=int(age_s * 1000), body=body or {})

    def status(self, subject: str, prop: str, state: str, age_s: float = 0) -> wire.Event:
        self.states.setdefault(subject, {})[prop] = state
        body = {"subject": subject, "kind": subject, "property": prop, "state": state, "raw": f"raw {state}"}
        return self.event("status", body, age_s)

    def envelope(self, *events: wire.Event, counter: int | None = None, key: bytes | None = None, **more: Any) -> bytes:
        fields: dict[str, Any] = {
            "center_epoch": self.center_epoch, "clock_ms": self.door.clock(), "events": list(events),
            "first_seq": events[0].seq if events else self.seq + 1, "state_hash": state_hash(self.states),
        }  # fmt: skip
        return self.seal(msgspec.json.encode(wire.Sync(**fields | more)), counter, key)

    def seal(self, raw: bytes, counter: int | None = None, key: bytes | None = None) -> bytes:
        if counter is None:
            self.counter += 1
            counter = self.counter
        made = mac.sync_mac(key or self.key, self.epoch, counter, raw)
        return wire.seal_sync(terminal=self.code, epoch=self.epoch, counter=counter, mac=made, raw=raw)

    def sync(self, *events: wire.Event, **more: Any) -> wire.Answer:
        return send(self.door, self.envelope(*events, **more))[0]

    def full(self) -> dict[str, dict[str, wire.StateValue]]:
        return {s: {p: wire.StateValue(s=state) for p, state in props.items()} for s, props in self.states.items()}

    def row(self) -> Terminal:
        return Terminal.objects.get(pk=self.terminal.pk)


def send(door: Door, *envelopes: bytes) -> list[wire.Answer]:
    """Post envelopes in one body; the answers in their order."""
    status, body = door.post("/wire/v1/sync", wire.sync_body(list(envelopes)))
    assert status == 200, (status, body)
    return msgspec.json.decode(body, type=wire.AnswerBody).answers
