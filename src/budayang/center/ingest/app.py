"""The terminals' door as a bare ASGI application: /wire/v1/sync, /wire/v1/enrol, /wire/v1/session.

    ingest = IngestApplication()
    await ingest.startup()
    await ingest(scope, receive, send)
    await ingest.shutdown()

It also understands a lifespan scope, to be run alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from budayang.center.ingest.decode import decode
from budayang.center.ingest.http import Gone, Receive, Refuse, Scope, Send, answer, read_body
from budayang.center.ingest.judge import Verdict, judge
from budayang.center.ingest.limits import Failures
from budayang.center.ingest.memory import Known
from budayang.center.ingest.sql import DRIVER_ERRORS
from budayang.center.ingest.store import Fenced
from budayang.center.ingest.writer import TryAgain, Writer
from budayang.center.terminals import actions
from budayang.wire import messages as wire

log = structlog.get_logger(__name__)

PREFIX: Final = "/wire/v1/"
MAX_SMALL_BODY: Final = 16 * 1024
_ENROL: Final = msgspec.json.Decoder(wire.Enrol)
_SESSION: Final = msgspec.json.Decoder(wire.SessionRequest)
_UNAVAILABLE: Final = (TryAgain, Fenced, OperationalError, InterfaceError, *DRIVER_ERRORS)
_encode = msgspec.json.Encoder().encode
_STATUS: Final = {"unknown_terminal": 404, "revoked": 403, "suspended": 403, "bad_signature": 403, "clock_off": 403}


class IngestApplication:
    """One of these at work in the whole center; a second one stands by and answers 503."""

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        window_ms: int | None = None,
        clock_ms: Callable[[], int] | None = None,
    ) -> None:
        self._data_dir = data_dir or settings.BUDAYANG.data_dir
        self._window_s = (settings.BUDAYANG.ingest_window_ms if window_ms is None else window_ms) / 1000
        self.clock_ms = clock_ms or (lambda: time.time_ns() // 1_000_000)
        self._writer: Writer | None = None
        self._enrol_by_address = Failures(10, 600)
        self._enrol_by_all = Failures(200, 600)
        self._sessions = Failures(20, 600)

    async def startup(self) -> None:
        """Returns when this process is the writer, or stands by for another."""
        self._writer = Writer(self._data_dir, self._window_s, self.clock_ms)
        await self._writer.start()

    async def shutdown(self) -> None:
        """Answers what is held, commits what waits, gives the lock back."""
        if self._writer is not None:
            await self._writer.stop()

    @property
    def writer(self) -> Writer:
        if self._writer is None:
            raise TryAgain("not started")
        return self._writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            body = await self._route(scope, receive)
        except Gone:
            return
        except Refuse as refused:
            await answer(send, refused.status, _encode(wire.Refusal(error=refused.error, detail=refused.detail)))
        except _UNAVAILABLE:
            # Among them: SQLite written by others for too long, PostgreSQL restarting. Nothing was taken over.
            await answer(send, 503, _encode(wire.Refusal(error="try_again")), retry_after_s=2)
        else:
            await answer(send, 200, body)

    async def _route(self, scope: Scope, receive: Receive) -> bytes:
        path = scope["path"]
        if not path.startswith(PREFIX) or path[len(PREFIX) :] not in ("sync", "enrol", "session"):
            raise Refuse(404, "unknown_path")
        if scope["method"] != "POST":
            raise Refuse(405, "method", "POST")
        if not self.writer.ready or self.writer.stopping:
            raise TryAgain("not the writer")
        if path == "/wire/v1/sync":
            return await self._sync(await read_body(scope, receive), receive)
        small = await read_body(scope, receive, MAX_SMALL_BODY)
        address = str((scope.get("client") or ("?",))[0])
        if path == "/wire/v1/enrol":
            return await self._enrol(small, address)
        return await self._session(small, address)

    # Sync ------------------------------------------------------------------------------------------------------------

    async def _sync(self, body: bytes, receive: Receive) -> bytes:
        writer = self.writer
        now_ms = self.clock_ms()
        verdicts: list[Verdict] = []
        waiting: asyncio.Future[None] | None = None
        size = writer.batch.size()
        for one in decode(body):
            if isinstance(one, str):
                verdicts.append(Verdict(one, error=wire.MALFORMED))
                continue
            verdict = judge(one, writer.memory, writer.batch, now_ms)
            verdicts.append(verdict)
            known = verdict.known
            if known is None:
                continue
            grown = writer.batch.size()
            if grown != size:
                size, known.commit = grown, writer.committed()
            if known.commit is not None and not known.commit.done():
                waiting = known.commit
        # Commits happen in order, so the latest future is enough: nothing is acknowledged before it is durable.
        if waiting is not None:
            await asyncio.shield(waiting)
        for verdict in verdicts:
            if verdict.known is None or verdict.known.commit is None:
                continue
            # Nearly always done; another request of the same terminal may have begun a newer one meanwhile.
            if not verdict.known.commit.done():
                await asyncio.shield(verdict.known.commit)
            elif verdict.known.commit.exception() is None:
                verdict.known.commit = None
            else:
                verdict.known.commit.result()  # raises: that commit failed, and nothing of it is answered for
        messages = self._collect(verdicts)
        held = min((one.wait_s for one in verdicts), default=0)
        if held and not any(messages) and all(one.error is None and not one.want_state for one in verdicts):
            await self._hold([one.known for one in verdicts if one.known], held, receive)
            messages = self._collect(verdicts)
        return self._answers(verdicts, messages)

    def _collect(self, verdicts: list[Verdict]) -> list[list[wire.OutgoingMessage]]:
        now_ms = self.clock_ms()
        return [one.known.to_send(now_ms) if one.known and one.error is None else [] for one in verdicts]

    async def _hold(self, terminals: list[Known], wait_s: int, receive: Receive) -> None:
        """Wait for news for one of the terminals, for the end of `wait_s`, or for the client to hang up."""
        event = asyncio.Event()
        for known in terminals:
            known.wake()  # at most one held request a terminal: the newer one takes the place
            known.waiters.add(event)
        gone = asyncio.ensure_future(receive())
        news = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((gone, news), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not news.done():
                raise Gone
        finally:
            for known in terminals:
                known.waiters.discard(event)
            for task in (gone, news):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await news
        if not self.writer.ready and not self.writer.stopping:
            raise TryAgain("the writer stopped")

    def _answers(self, verdicts: list[Verdict], messages: list[list[wire.OutgoingMessage]]) -> bytes:
        memory, now_ms = self.writer.memory, self.clock_ms()
        answers = []
        for verdict, outgoing in zip(verdicts, messages, strict=True):
            known = verdict.known
            if known is None:
                answers.append(
                    wire.Answer(
                        terminal=verdict.terminal, ok=False, error=verdict.error, center_epoch=memory.center_epoch,
                        clock_ms=now_ms,
                    )
                )  # fmt: skip
                continue
            for message in outgoing:
                known.sent[message.id] = now_ms
            # Who holds a request comes again at once, a little spread; who does not comes by its plan.
            pause_s = random.uniform(0, 1) if verdict.wait_s else known.plan_ms / 1000 * random.uniform(0.85, 1.0)
            answers.append(
                wire.Answer(
                    terminal=known.code, ok=verdict.error is None, error=verdict.error, acked_seq=known.acked_seq,
                    outgoing=outgoing, center_epoch=memory.center_epoch, audit_head=memory.head, clock_ms=now_ms,
                    next_in_s=round(pause_s, 3), want_state=verdict.want_state,
                )
            )  # fmt: skip
        return _encode(wire.AnswerBody(v=wire.VERSION, answers=answers))

    # Enrolment and session -------------------------------------------------------------------------------------------

    async def _enrol(self, body: bytes, address: str) -> bytes:
        now_s = self.clock_ms() / 1000
        if self._enrol_by_address.too_many(address, now_s) or self._enrol_by_all.too_many("", now_s):
            raise Refuse(429, "too_many_attempts", "wait ten minutes")
        request = _small(_ENROL, body)
        now = self._now()
        try:
            enrolled = await self.writer.in_django(lambda: actions.enrol(request, now))
        except actions.CannotEnrol as error:
            log.info("enrolment refused", reason=str(error))
            self._enrol_by_address.count(address, now_s)
            self._enrol_by_all.count("", now_s)
            raise Refuse(403, "bad_code", "unknown, used or expired code, or a proof that does not fit") from error
        await self.writer.pulse()
        return _encode(enrolled)

    async def _session(self, body: bytes, address: str) -> bytes:
        request = _small(_SESSION, body)
        guest, now_s = f"{address} {request.terminal}", self.clock_ms() / 1000
        if self._sessions.too_many(guest, now_s):
            raise Refuse(429, "too_many_attempts", "wait ten minutes")
        known = self.writer.memory.by_code.get(request.terminal)
        if known is None or known.credential_id is None or known.state != "active":
            await self.writer.pulse()  # enrolled or resumed a moment ago
            known = self.writer.memory.by_code.get(request.terminal)
        now, floor = self._now(), known.counter if known else 0
        try:
            agreed, terminal_id, key = await self.writer.in_django(lambda: actions.agree_session(request, now, floor))
        except actions.CannotAgree as error:
            self._sessions.count(guest, now_s)
            raise Refuse(_STATUS[error.error], error.error) from error
        known = self.writer.memory.by_id.get(terminal_id)
        if known is None:
            raise TryAgain("registered a moment ago")
        until_ms = int(datetime.fromisoformat(agreed.expires_at).timestamp() * 1000)
        known.new_session(key, until_ms, self.clock_ms())
        return _encode(agreed)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock_ms() / 1000, UTC)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.startup()
        except Exception as error:
            log.exception("ingest cannot start")
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.shutdown()
        await send({"type": "lifespan.shutdown.complete"})


def _small(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    if b"\\u0000" in body:
        raise Refuse(400, wire.MALFORMED)
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError) as error:
        raise Refuse(400, wire.MALFORMED) from error
