"""What ingest knows of each terminal, so that a heartbeat needs no query: keys, counters, last states, silence."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from budayang.center.ingest.batch import LinkRow
from budayang.center.ingest.store import Pending, Profile
from budayang.center.terminals.queries import LINK
from budayang.rules.terminals import state_hash
from budayang.wire.messages import AuditWitness, OutgoingMessage

WINDOW: Final = 64  # counters that may arrive out of order
_WINDOW_MASK: Final = (1 << WINDOW) - 1
PREVIOUS_KEY_MS: Final = 60_000  # for syncs that were under way while a session was renewed
RESEND_MS: Final = 20_000
MAX_OUTGOING_BYTES: Final = 700_000
MAX_CELLS: Final = 2048  # properties of one terminal


@dataclass(slots=True)
class Known:
    """One terminal in memory. `commit` is the commit that its latest change waits for."""

    id: int
    code: str
    place_path: str = ""
    state: str = "registered"
    plan_ms: int = 30_000
    grace_ms: int = 30_000
    credential_id: int | None = None
    key: bytes | None = None
    key_until_ms: int = 0
    previous_key: bytes | None = None
    previous_until_ms: int = 0
    epoch: str = ""
    past_epochs: list[str] = field(default_factory=list)
    acked_seq: int = 0
    counter: int = 0
    window: int = _WINDOW_MASK
    software: str = ""
    last_seen_ms: int | None = None
    grace_from_ms: int = 0  # not silent before this plus plan and grace
    silent: bool = False
    linked: bool = False  # an interval terminal/link is open
    carried: bool = False  # speaks by its relay: it has no link of its own and never falls silent by itself
    unsaved: bool = False  # last_seen and counter are newer than the row
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)  # subjects that the whole state no longer named
    outgoing: dict[int, tuple[OutgoingMessage, int | None]] = field(default_factory=dict)  # with expiry
    sent: dict[int, int] = field(default_factory=dict)
    waiters: set[asyncio.Event] = field(default_factory=set)
    commit: asyncio.Future[None] | None = None
    _hash: str | None = None
    agreed_hash: str = ""  # what the terminal called the whole state that we took over
    state_digest: bytes = b""  # of the whole state's bytes as they came last; empty after any other change

    def state_hash(self) -> str:
        if self._hash is None:
            self._hash = state_hash(self.states)
        return self._hash

    def set_state(self, subject: str, prop: str, state: str, since_ms: int) -> None:
        self.states.setdefault(subject, {})[prop] = state
        self.since[subject, prop] = since_ms
        self._hash, self.agreed_hash, self.state_digest = None, "", b""

    def drop_state(self, subject: str, prop: str) -> None:
        del self.states[subject][prop]
        if not self.states[subject]:
            del self.states[subject]
        del self.since[subject, prop]
        self._hash, self.agreed_hash, self.state_digest = None, "", b""

    def use_counter(self, counter: int) -> bool:
        """False when it was used before, or is so old that nobody knows."""
        ahead = counter - self.counter
        if ahead > 0:
            self.window = ((self.window << ahead) | 1) & _WINDOW_MASK if ahead < WINDOW else 1
            self.counter = counter
            return True
        bit = 1 << -ahead
        if -ahead >= WINDOW or self.window & bit:
            return False
        self.window |= bit
        return True

    def due_ms(self) -> int:
        """When it counts as silent if it says nothing more."""
        return max(self.last_seen_ms or 0, self.grace_from_ms) + self.plan_ms + self.grace_ms

    def link_row(self) -> LinkRow:
        past = msgspec.json.encode(self.past_epochs).decode()
        return LinkRow(
            self.id, self.last_seen_ms or 0, self.counter, self.acked_seq, self.epoch, past, self.software
        )  # fmt: skip

    def new_session(self, key: bytes, until_ms: int, now_ms: int) -> None:
        self.previous_key, self.previous_until_ms = self.key, now_ms + PREVIOUS_KEY_MS
        self.key, self.key_until_ms = key, until_ms
        self.sent.clear()

    def to_send(self, now_ms: int) -> list[OutgoingMessage]:
        """Messages that were not sent in the last 20 s, oldest first, as many as fit."""
        if not self.outgoing:
            return []
        chosen: list[OutgoingMessage] = []
        size = 0
        for message, expires_ms in list(self.outgoing.values()):
            if expires_ms is not None and expires_ms <= now_ms:
                del self.outgoing[message.id]
                continue
            if now_ms - self.sent.get(message.id, -RESEND_MS) < RESEND_MS:
                continue
            size += len(bytes(message.body))
            if chosen and size > MAX_OUTGOING_BYTES:
                break
            chosen.append(message)
        return chosen

    def wake(self) -> None:
        for waiter in self.waiters:
            waiter.set()


class Memory:
    """All terminals, by code and by id, and the order of due times."""

    def __init__(self) -> None:
        self.by_code: dict[str, Known] = {}
        self.by_id: dict[int, Known] = {}
        self.center_epoch = 1
        self.head: AuditWitness | None = None
        self.due: list[tuple[int, int]] = []

    def load(
        self,
        profiles: Iterable[Profile],
        states: Iterable[tuple[int, str, str, str, str, int]],
        peripherals: Iterable[tuple[int, str, str, bool]],
        pending: Sequence[Pending],
        now_ms: int,
    ) -> None:
        """Fill an empty memory from the database. Every terminal gets a fresh grace: until now nobody listened."""
        for profile in profiles:
            known = self._take(profile, now_ms)
            known.epoch, known.acked_seq, known.counter = profile.epoch, profile.acked_seq, profile.counter
            known.past_epochs = msgspec.json.decode(profile.past_epochs, type=list[str])
            known.software, known.last_seen_ms = profile.software, profile.last_seen_ms
            known.silent = profile.silent_ms is not None
            known.grace_from_ms = now_ms
            self.watch(known)
        for terminal_id, subject, prop, kind, state, since_ms in states:
            known = self.by_id[terminal_id]
            if (subject, prop) == LINK:
                known.linked = True
            else:
                known.set_state(subject, prop, state, since_ms)
                known.kinds.setdefault(subject, kind)
        for terminal_id, subject, kind, gone in peripherals:
            self.by_id[terminal_id].kinds[subject] = kind
            if gone:
                self.by_id[terminal_id].gone.add(subject)
        self._take_pending(list(self.by_id), pending)

    def refresh(
        self,
        ids: Sequence[int],
        profiles: Sequence[Profile],
        pending: Sequence[Pending],
        now_ms: int,
        *,
        lost: bool = False,
    ) -> None:
        """Take over what the console changed; what ingest itself keeps (counter, sequence, states, silence) stays.

        Only ingest writes silence, and a row may have been read before a silence that waits for its commit. The row
        counts for terminals whose silence the database refused (`lost`): they were suspended meanwhile.
        """
        for profile in profiles:
            known = self._take(profile, now_ms)
            if lost:
                known.silent = profile.silent_ms is not None and known.silent
            self.watch(known)
        self._take_pending(ids, pending)

    def _take(self, profile: Profile, now_ms: int) -> Known:
        known = self.by_id.get(profile.id)
        if known is None:
            known = self.by_id[profile.id] = self.by_code[profile.code] = Known(profile.id, profile.code)
            known.counter = profile.counter
        if known.state != profile.state:
            known.grace_from_ms = now_ms  # it was not expected to speak until now
        known.place_path, known.state, known.carried = profile.place_path, profile.state, profile.carried
        known.plan_ms, known.grace_ms = profile.plan_s * 1000, profile.grace_s * 1000
        if profile.credential_id != known.credential_id:
            # Revoked, or enrolled again: a key agreed under the former credential is worth nothing.
            known.credential_id = profile.credential_id
            known.key = known.previous_key = None
        return known

    def _take_pending(self, ids: Iterable[int], pending: Sequence[Pending]) -> None:
        found: dict[int, dict[int, tuple[OutgoingMessage, int | None]]] = {one: {} for one in ids}
        for row in pending:
            message = OutgoingMessage(id=row.id, kind=row.kind, body=msgspec.Raw(row.body.encode()))
            found.setdefault(row.terminal_id, {})[row.id] = (message, row.expires_ms)
        for terminal_id, messages in found.items():
            known = self.by_id.get(terminal_id)
            if known is None:
                continue
            fresh = messages.keys() - known.outgoing.keys()
            known.outgoing = messages
            known.sent = {one: at for one, at in known.sent.items() if one in messages}
            if fresh:
                known.wake()

    def watch(self, known: Known) -> None:
        """Put a terminal into the order of due times. Twice is harmless: a popped entry is judged by the present."""
        if known.state == "active" and known.last_seen_ms is not None and not known.silent and not known.carried:
            heapq.heappush(self.due, (known.due_ms(), known.id))

    def grant_grace(self, now_ms: int) -> None:
        """Nobody listened for a while: one more plan and grace for everybody."""
        for known in self.by_id.values():
            known.grace_from_ms = now_ms

    def fall_silent(self, now_ms: int, limit: int) -> list[tuple[Known, int]]:
        """Up to `limit` terminals whose time has passed, with the computed moment; each is watched until it speaks."""
        silent: list[tuple[Known, int]] = []
        while self.due and self.due[0][0] <= now_ms and len(silent) < limit:
            _due, terminal_id = heapq.heappop(self.due)
            known = self.by_id[terminal_id]
            if known.state != "active" or known.silent or known.last_seen_ms is None:
                continue
            due_ms = known.due_ms()
            if due_ms > now_ms:
                heapq.heappush(self.due, (due_ms, terminal_id))
            elif not known.waiters:  # a held request is a sign of life until it is answered
                known.silent = True
                silent.append((known, due_ms))
            else:
                heapq.heappush(self.due, (now_ms + 1000, terminal_id))
        return silent
