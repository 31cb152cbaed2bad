"""A terminal without screens or devices that speaks the wire: for tests, stories and the benchmark.

    terminal = SimulatedTerminal("http://127.0.0.1:8800")
    await terminal.enrol("ABCD-EFGH-JKLM")
    await terminal.agree()
    terminal.set_state("printer-1", "paper.upper", "out", kind="printer")
    answer = await terminal.sync()

`transport` takes an httpx transport, so that it meets a center in process; `post` takes a door that many terminals
share (sandbox/fleet/door.py). It behaves as a real terminal does unless told otherwise; the ways in which it
misbehaves are named: `replay`, `sync(mac=…)`, `skip_events`, `clone`, `go_offline`, `lose_outbox`.
"""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.rules.terminals import state_hash
from budayang.wire import mac as keys
from budayang.wire import messages as wire

SOFTWARE = "simulated"

Post = Callable[[str, bytes, float], Awaitable[tuple[int, bytes]]]
"""(path, JSON body, time-out in s) -> (HTTP status, body)."""


class Refused(RuntimeError):
    """The center answered with an HTTP error; `error` is its word."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(f"HTTP {status}: {error}")
        self.status = status
        self.error = error


class Offline(RuntimeError):
    """The terminal was told to be offline; nothing was sent."""


class BadCenter(RuntimeError):
    """The center's signature of a session does not fit the key it gave at enrolment."""


@dataclass(frozen=True, slots=True)
class _Pending:
    seq: int
    kind: str
    body: dict[str, Any]
    at_ms: int
    monotonic: float


class SimulatedTerminal:
    """One terminal with an outbox in memory. Use it as an async context manager, or `await close()` at the end."""

    def __init__(
        self,
        center_url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock_offset_ms: int = 0,
        private: Ed25519PrivateKey | None = None,
        post: Post | None = None,
    ) -> None:
        self.code = ""
        self.enrolled: wire.Enrolled | None = None
        self.session_key = b""
        self.epoch = secrets.token_hex(8)
        self.counter = 0
        self.acked_seq = 0
        self.center_epoch = 0
        self.clock_offset_ms = clock_offset_ms
        self.received: list[wire.OutgoingMessage] = []
        self.heads: list[wire.AuditWitness] = []
        self.last_body = b""
        self._private = private or Ed25519PrivateKey.generate()
        self._center_url, self._transport, self._door = center_url, transport, post
        self._client = None if post else self._connect()
        self._offline = False
        self._pending: list[_Pending] = []
        self._next_seq = 1
        self._lost_seq = 0
        self._states: dict[str, dict[str, wire.StateValue]] = {}
        self._kinds: dict[str, str] = {}
        self._want_state = False
        self._hash = state_hash({})

    async def __aenter__(self) -> SimulatedTerminal:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    # Joining the center.

    async def enrol(self, one_time_code: str, hardware: Mapping[str, Any] | None = None) -> wire.Enrolled:
        """Show the code and prove the possession of a fresh key. Raises Refused."""
        proof = keys.sign(self._private, one_time_code.encode())
        body = wire.Enrol(
            code=one_time_code,
            public_key=keys.public_text(self._private),
            proof=proof,
            hardware=dict(hardware or {"simulated": True}),
        )
        self.enrolled = msgspec.json.decode(await self._post("enrol", msgspec.json.encode(body)), type=wire.Enrolled)
        self.code, self.center_epoch = self.enrolled.terminal, self.enrolled.center_epoch
        return self.enrolled

    def adopt(self, code: str, area: str, audit_key: str, seal_key: str, zone: str) -> None:
        """What an enrolment would have told, for a machine whose key was handed to the center beforehand."""
        self.code = code
        self.enrolled = wire.Enrolled(
            terminal=code, name=code, area=area, place="", center_epoch=0, seal_key=seal_key, audit_key=audit_key,
            zone=zone, demo=True,
        )  # fmt: skip

    async def agree(self) -> wire.SessionAnswer:
        """Agree a session key; goes on from the center's counter floor. Raises Refused or BadCenter."""
        ephemeral = X25519PrivateKey.generate()
        own, at_ms = keys.public_text(ephemeral), self.clock_ms()
        signature = keys.sign(self._private, keys.session_request_message(self.code, own, at_ms))
        request = wire.SessionRequest(terminal=self.code, ephemeral=own, at_ms=at_ms, signature=signature)
        raw = await self._post("session", msgspec.json.encode(request))
        answer = msgspec.json.decode(raw, type=wire.SessionAnswer)
        if self.enrolled is not None:
            said = keys.session_answer_message(
                self.code, own, answer.ephemeral, answer.expires_at, answer.counter_floor
            )
            if not keys.check_signature(self.enrolled.audit_key, said, answer.center_signature):
                raise BadCenter("the session answer is not signed by the center of the enrolment")
        self.session_key = keys.agree(ephemeral, answer.ephemeral, self.code)
        self.counter = max(self.counter, answer.counter_floor)
        return answer

    # What happens at the terminal.

    def clock_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.clock_offset_ms

    def set_state(
        self, subject: str, prop: str, state: str, *, raw: str = "", kind: str = "", age_s: float = 0.0
    ) -> None:
        """A component's property changed, `age_s` ago: it becomes a status event. An unchanged one is no event."""
        value = wire.StateValue(s=state, r=raw)
        if self._states.get(subject, {}).get(prop) == value:
            return
        self._states.setdefault(subject, {})[prop] = value
        self._hash = ""
        self._kinds[subject] = kind or self._kinds.get(subject) or subject.rstrip("0123456789").rstrip("-")
        status = {"subject": subject, "kind": self._kinds[subject], "property": prop, "state": state, "raw": raw}
        self.add_event("status", status, age_s=age_s)

    def state(self, subject: str, prop: str) -> str:
        """The word under which a property stands, empty when it never was told."""
        value = self._states.get(subject, {}).get(prop)
        return value.s if value else ""

    def add_event(self, kind: str, body: Mapping[str, Any], *, age_s: float = 0.0) -> int:
        """Put an event into the outbox; returns its seq. `age_s`: how long ago it happened, days for one kept long."""
        at_ms, monotonic = self.clock_ms() - round(age_s * 1000), time.monotonic() - age_s
        self._pending.append(_Pending(self._next_seq, kind, dict(body), at_ms, monotonic))
        self._next_seq += 1
        return self._next_seq - 1

    def started(
        self, cause: str, *, stopped: str = "unknown", by: str = "", boot_age_s: float = 0.0, stop_age_s: float = -1.0
    ) -> int:
        """The program started. cause: boot or program; stopped: clean, unclean or unknown; by: whose word.

        `boot_age_s`: since the machine's boot. `stop_age_s`: since the program's end; negative: nobody noted it.
        """
        body = {
            "cause": cause,
            "boot_at_ms": self.clock_ms() - round(boot_age_s * 1000),
            "stopped": stopped,
            "stopped_at_ms": self.clock_ms() - round(stop_age_s * 1000) if stop_age_s >= 0 else None,
            "by": by,
        }
        return self.add_event("started", body)

    def stopping(self, by: str) -> int:
        """The program is going down on somebody's word: person, command, update or system."""
        return self.add_event("stopping", {"by": by})

    def reconnected(self, lost_age_s: float, reason: str) -> int:
        """The program kept running and could not reach the center. reason: dns, connect, timeout, http or other."""
        now = self.clock_ms()
        body = {"lost_at_ms": now - round(lost_age_s * 1000), "found_at_ms": now, "reason": reason}
        return self.add_event("reconnected", body)

    def count(self, subject: str, counter: str, value: int) -> int:
        """A meter reading, e.g. pages of the printer; it never falls."""
        return self.add_event("counts", {"counts": [{"subject": subject, "counter": counter, "value": value}]})

    def unacknowledged(self) -> int:
        return sum(event.seq > self.acked_seq for event in self._pending)

    # Talking.

    async def sync(self, *, wait_s: int = 0, mac: str | None = None, whole_state: bool | None = None) -> wire.Answer:
        """One sync with what is not acknowledged yet; without anything it is a heartbeat.

        The whole state goes along when the center asked for it in its last answer, or as `whole_state` says. Messages
        of the center are put into `received` and acknowledged by the next sync. mac: sent instead of the right one.
        Raises Offline, Refused, httpx.TransportError; an answer with `ok` false is returned, not raised.
        """
        return await self._exchange(self.build(wait_s=wait_s, mac=mac, whole_state=whole_state), wait_s)

    async def sync_unanswered(self) -> None:
        """A sync whose answer is lost on its way back: the center took it, and the terminal does not know."""
        self.last_body = self.build()
        await self._post("sync", self.last_body)

    async def settle(self, *, rounds: int = 10) -> wire.Answer:
        """Sync until nothing is left to say and the center asks for nothing."""
        for _ in range(rounds):
            answer = await self.sync()
            if not answer.ok or (not self.unacknowledged() and not self._want_state):
                return answer
        raise RuntimeError(f"{self.code} did not settle in {rounds} syncs")

    def build(self, *, wait_s: int = 0, mac: str | None = None, whole_state: bool | None = None) -> bytes:
        """The body of the next POST. Takes a new counter each time, as it must never be used twice."""
        return wire.sync_body([self.envelope(wait_s=wait_s, mac=mac, whole_state=whole_state)])

    def envelope(self, *, wait_s: int = 0, mac: str | None = None, whole_state: bool | None = None) -> bytes:
        """One sync under its MAC, for a body that a relay makes of several."""
        self.counter += 1
        raw = msgspec.json.encode(self._next_sync(wait_s, self._want_state if whole_state is None else whole_state))
        right = keys.sync_mac(self.session_key, self.epoch, self.counter, raw)
        return wire.seal_sync(terminal=self.code, epoch=self.epoch, counter=self.counter, mac=mac or right, raw=raw)

    async def replay(self) -> wire.Answer:
        """Send the last body once more, byte for byte: a counter used twice."""
        return await self._exchange(self.last_body, 0)

    def _next_sync(self, wait_s: int, whole_state: bool) -> wire.Sync:
        now = time.monotonic()
        waiting = [event for event in self._pending if event.seq > self.acked_seq][: wire.MAX_EVENTS]
        return wire.Sync(
            center_epoch=self.center_epoch,
            first_seq=waiting[0].seq if waiting else self._next_seq,
            events=[
                wire.Event(
                    seq=event.seq,
                    kind=event.kind,
                    at_ms=event.at_ms,
                    age_ms=max(0, round((now - event.monotonic) * 1000)),
                    body=event.body,
                )
                for event in waiting
            ],
            state_hash=self._state_hash(),
            clock_ms=self.clock_ms(),
            software=SOFTWARE,
            wait_s=wait_s,
            state=self._states if whole_state else None,
            kinds=self._kinds if whole_state else None,
            lost_seq=self._lost_seq,
        )

    def _state_hash(self) -> str:
        if not self._hash:
            plain = {subject: {p: v.s for p, v in props.items()} for subject, props in self._states.items()}
            self._hash = state_hash(plain)
        return self._hash

    async def _exchange(self, body: bytes, wait_s: int) -> wire.Answer:
        self.last_body = body
        raw = await self._post("sync", body, timeout_s=10.0 + wait_s)
        (answer,) = msgspec.json.decode(raw, type=wire.AnswerBody).answers
        self.take(answer)
        return answer

    def take(self, answer: wire.Answer) -> None:
        """Obey an answer. `sync` does it by itself; a relay hands each of its terminals its own."""
        self._want_state = answer.want_state
        if answer.ok or answer.error == wire.GAP:
            # After a gap the center says what it has: that may be less than what it had acknowledged before a restore.
            self.acked_seq = answer.acked_seq
            self.center_epoch = answer.center_epoch
        if answer.audit_head is not None:
            self.heads.append(answer.audit_head)
        if answer.ok and answer.outgoing:
            known = {message.id for message in self.received}
            self.received += [message for message in answer.outgoing if message.id not in known]
            self.add_event("outgoing.ack", {"ids": [message.id for message in answer.outgoing]})

    async def _post(self, what: str, body: bytes, *, timeout_s: float = 10.0) -> bytes:
        if self._offline:
            raise Offline(f"{self.code or 'the terminal'} is offline")
        if self._door is not None:
            status, content = await self._door(f"/wire/v1/{what}", body, timeout_s)
        else:
            assert self._client is not None
            headers = {"Content-Type": "application/json"}
            answer = await self._client.post(f"/wire/v1/{what}", content=body, headers=headers, timeout=timeout_s)
            status, content = answer.status_code, answer.content
        if status != 200:
            raise Refused(status, _error_of(content))
        return content

    # Ways to misbehave.

    def go_offline(self) -> None:
        self._offline = True

    def go_online(self) -> None:
        self._offline = False

    def skip_events(self, count: int) -> None:
        """Lose numbers: the next event leaves a gap of `count` behind it."""
        self._next_seq += count

    def forget_unacknowledged(self) -> None:
        """As after the outbox was pruned: events that were never acknowledged are gone, and the terminal says so."""
        self._lost_seq = self._next_seq - 1
        self._pending.clear()

    def lose_outbox(self) -> None:
        """As after a new disk: another epoch, numbering from 1; the keys survive."""
        self.epoch, self.counter, self.acked_seq = secrets.token_hex(8), 0, 0
        self._pending, self._next_seq, self._lost_seq = [], 1, 0

    def clone(self) -> SimulatedTerminal:
        """A second machine with the same keys, epoch and counter."""
        twin = copy.copy(self)
        twin._client = self._connect() if self._door is None else None
        twin._pending, twin.received, twin.heads = list(self._pending), list(self.received), list(self.heads)
        twin._states = {subject: dict(props) for subject, props in self._states.items()}
        twin._kinds = dict(self._kinds)
        return twin

    def _connect(self) -> httpx.AsyncClient:
        # No proxy of the environment: the wire goes to the center and nowhere else.
        return httpx.AsyncClient(base_url=self._center_url, transport=self._transport, trust_env=False)


async def sync_together(carrier: SimulatedTerminal, terminals: Sequence[SimulatedTerminal]) -> list[wire.Answer]:
    """The syncs of several machines in one body, as a relay sends them over its own line (`carrier`'s).

    Each is judged by itself and gets its own answer, in the same order. Raises Offline, Refused, httpx.TransportError.
    """
    body = wire.sync_body([one.envelope() for one in terminals])
    raw = await carrier._post("sync", body)
    answers = msgspec.json.decode(raw, type=wire.AnswerBody).answers
    for terminal, answer in zip(terminals, answers, strict=True):
        terminal.take(answer)
    return answers


def _error_of(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=wire.Refusal).error
    except msgspec.DecodeError:
        return "unreadable"
