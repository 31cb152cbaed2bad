"""The terminals' side of bench/ingest: bodies made beforehand, sent over raw keep-alive connections by one process.

Making a body costs about as much as judging it, so all are made before the clock starts; each connection has terminals
of its own, so that counters arrive in order.
"""

from __future__ import annotations

import asyncio
import hmac
import random
import time
from collections import deque
from dataclasses import dataclass, field

# A terminal with nine peripherals: (subject, properties).
PERIPHERALS = (
    ("printer", ("device", "paper.upper", "paper.lower", "toner", "media", "x-printer.outputBin", "x-printer.waste")),
    ("receiptPrinter", ("device", "paper.upper", "media")),
    ("idReader", ("device", "media", "security", "chipModule")),
    ("camera", ("device", "person", "room")),
    ("documentCamera", ("device", "document")),
    ("barcodeReader", ("device", "scanner")),
    ("ups", ("device", "supply", "battery")),
    ("door", ("cabinet",)),
    ("network", ("uplink",)),
)
PROPERTIES = tuple((subject, name) for subject, names in PERIPHERALS for name in names)
VALUES = len(PROPERTIES)
EPOCH = "7f3a9c0012345678"
WORDS = (b"ok", b"low")


@dataclass(slots=True)
class Terminal:
    code: bytes
    key: bytes
    counter: int = 0
    values: list[int] = field(default_factory=lambda: [0] * VALUES)


@dataclass(slots=True)
class Request:
    """One POST, and the values that it changes."""

    data: bytes
    changes: list[tuple[Terminal, int]]


@dataclass(slots=True)
class Load:
    """Requests of one connection."""

    requests: deque[Request]

    def drop(self) -> None:
        """Take back what was not sent: the values are what the center last heard."""
        for request in self.requests:
            for terminal, value in request.changes:
                terminal.values[value] ^= 1
        self.requests.clear()


@dataclass(slots=True)
class Outcome:
    """What was answered in `elapsed_s`."""

    elapsed_s: float
    requests: int = 0
    accepted: int = 0
    refused: int = 0
    changes: int = 0
    waits_s: list[float] = field(default_factory=list)

    def percentile_ms(self, share: float) -> float:
        waits = sorted(self.waits_s)
        return waits[min(len(waits) - 1, int(len(waits) * share))] * 1000 if waits else 0.0


def whole_state(terminal: Terminal) -> bytes:
    values = iter(terminal.values)
    subjects = b",".join(
        b'"%b":{%b}'
        % (subject.encode(), b",".join(b'"%b":{"s":"%b"}' % (name.encode(), WORDS[next(values)]) for name in names))
        for subject, names in PERIPHERALS
    )
    return b'"state":{%b},' % subjects


def envelope(terminal: Terminal, clock_ms: int, *, state: bool) -> bytes:
    """One sync under its MAC: a bare heartbeat, or one with the whole state of its nine peripherals."""
    terminal.counter += 1
    body = whole_state(terminal) if state else b""
    raw = b'{"center_epoch":1,"first_seq":1,%b"state_hash":"","clock_ms":%d,"software":"bench"}' % (body, clock_ms)
    made = hmac.digest(terminal.key, b"%b:%d:%b" % (EPOCH.encode(), terminal.counter, raw), "sha256").hex()
    return b'{"terminal":"%b","epoch":"%b","counter":%d,"mac":"%b","sync":%b}' % (
        terminal.code, EPOCH.encode(), terminal.counter, made.encode(), raw,
    )  # fmt: skip


def post(envelopes: list[bytes]) -> bytes:
    body = b'{"v":1,"syncs":[%b]}' % b",".join(envelopes)
    head = b"POST /wire/v1/sync HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def make_loads(
    terminals: list[Terminal], connections: int, requests: int, batch: int, *, state: bool, change_rate: float
) -> list[Load]:
    """`requests` POSTs of `batch` syncs, spread over connections; each value changes with `change_rate`.

    With `requests` 0 each terminal speaks once.
    """
    clock_ms = time.time_ns() // 1_000_000
    loads = []
    for number in range(connections):
        mine = terminals[number::connections]
        load, at = Load(deque()), 0
        for _request in range(requests // connections or len(mine)):
            envelopes: list[bytes] = []
            changes: list[tuple[Terminal, int]] = []
            for _one in range(batch):
                terminal = mine[at % len(mine)]
                at += 1
                if state and change_rate:
                    for value in range(VALUES):
                        if random.random() < change_rate:
                            terminal.values[value] ^= 1
                            changes.append((terminal, value))
                envelopes.append(envelope(terminal, clock_ms, state=state))
            load.requests.append(Request(post(envelopes), changes))
        loads.append(load)
    return loads


class _Connection(asyncio.Protocol):
    """Sends its requests one after the other, each when the one before was answered."""

    def __init__(self, load: Load, outcome: Outcome, done: asyncio.Future[None]) -> None:
        self.load, self.outcome, self.done = load, outcome, done
        self.buffer = bytearray()
        self.sent_at = 0.0
        self.changing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.next()

    def next(self) -> None:
        if not self.load.requests:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.sent_at = time.perf_counter()
        request = self.load.requests.popleft()
        self.changing = len(request.changes)
        self.transport.write(request.data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        at = head.index(b"content-length:") + 15
        size = int(head[at:].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + size:
            return
        body = bytes(self.buffer[end + 4 : end + 4 + size])
        self.buffer.clear()
        self.outcome.waits_s.append(time.perf_counter() - self.sent_at)
        self.outcome.requests += 1
        self.outcome.changes += self.changing
        self.outcome.accepted += body.count(b'"ok":true')
        self.outcome.refused += body.count(b'"ok":false') + (b" 200 " not in head[:20])
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))


async def run(port: int, loads: list[Load], limit_s: float) -> Outcome:
    """Send everything, at most for `limit_s`: then each connection ends with the answer that it waits for."""
    outcome = Outcome(0.0)
    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _load in loads]
    begun = time.perf_counter()
    for load, done in zip(loads, waiting, strict=True):
        await loop.create_connection(lambda load=load, done=done: _Connection(load, outcome, done), "127.0.0.1", port)
    stop = loop.call_later(limit_s, lambda: [load.drop() for load in loads])
    await asyncio.gather(*waiting)
    stop.cancel()
    outcome.elapsed_s = time.perf_counter() - begun
    return outcome
