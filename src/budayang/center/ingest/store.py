"""What ingest reads and writes: take-over with fence, group commit, beats, the pulse of others' changes.

The rival processes: the console and the worker (Django) write other rows of the same database at the same time; a
second ingest process waits for the lock. A writer that lost its lock without knowing is stopped by the fence: each
commit checks that the lease still carries its number.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from budayang.center.ingest.batch import Batch, LinkRow, News, OpenRow, Swap, joined
from budayang.center.ingest.sql import (
    ACK,
    CLONE,
    CLOSE,
    DELIVERY,
    HEARD,
    INBOX,
    LINK,
    OPEN,
    PERIPHERAL,
    SILENT,
    Connection,
)
from budayang.wire.messages import AuditWitness

GAP_AFTER_MS: Final = 15_000  # between two beats; more means that nobody was listening


class Fenced(Exception):
    """Another process took over; nothing of this commit was written."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A terminal as the console keeps it, and (at the start) where its link stands."""

    id: int
    code: str
    place_path: str
    state: str
    plan_s: int
    grace_s: int
    credential_id: int | None
    last_seen_ms: int | None
    silent_ms: int | None
    epoch: str
    past_epochs: str
    acked_seq: int
    counter: int
    software: str
    carried: bool  # a watched machine: its syncs ride with its relay's, whose silence is the one that counts


@dataclass(frozen=True, slots=True)
class Pending:
    id: int
    terminal_id: int
    kind: str
    body: str
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class Start:
    """What the writer found when it took over."""

    center_epoch: int
    restored: bool
    down_since_ms: int | None  # last beat of the writer before, when it lies back too far


@dataclass(frozen=True, slots=True)
class Pulse:
    """News for the memory: terminals to read again, the center's epoch, the audit head."""

    terminals: list[int]
    center_epoch: int
    head: AuditWitness | None


_PROFILE: Final = """
    SELECT t.id, t.code, p.path, t.state, t.plan_s, t.grace_s,
           (SELECT c.id FROM terminals_credential c WHERE c.terminal_id = t.id AND c.revoked_at IS NULL),
           t.last_seen_at, t.silent_since, t.epoch, CAST(t.past_epochs AS text), t.acked_seq, t.counter, t.software,
           t.kind
    FROM terminals_terminal t JOIN areas_area a ON a.id = t.area_id JOIN platform_place p ON p.id = a.place_id"""
_SWAPS: Final = {"heard": HEARD, "clone": CLONE}


class Store:
    """One writer. `take_over` comes before anything else; all methods block and belong to one thread."""

    def __init__(self, db: Connection, data_dir: Path, holder: str) -> None:
        self.db = db
        self.holder = holder
        self.fence = 0
        self._fence_file = data_dir / f"ingest-{hashlib.sha256(db.identity.encode()).hexdigest()[:12]}.fence"

    def close(self) -> None:
        self.db.close()

    def take_over(self, now_ms: int) -> Start:
        """Lock, raise the fence, notice a restored database and the time in which nobody listened."""
        self.db.lock()
        with self.db.transaction():
            found = self.db.rows(self.db.fence_select)
            if not found:
                self.db.change(
                    "INSERT INTO terminals_ingestlease (id, fence, holder, center_epoch) VALUES (1, 0, '', 1)"
                )
                found = [(0, 1, None)]
            fence, epoch, beat = int(found[0][0]), int(found[0][1]), self.db.ms(found[0][2])
            # The file is written after each take-over: a database that knows less than the file is an older copy.
            remembered = self._remembered_fence()
            restored = fence < remembered
            self.fence, epoch = max(fence, remembered) + 1, epoch + restored
            self.db.change(
                "UPDATE terminals_ingestlease SET fence=%s, holder=%s, center_epoch=%s, beat_at=%s WHERE id=1",
                (self.fence, self.holder[:80], epoch, self.db.time(now_ms)),
            )
            down = beat if beat is not None and now_ms - beat > GAP_AFTER_MS else None
            if down is not None:
                self._gap(down, now_ms, "restored" if restored else "ingest_down")
        self._remember_fence()
        return Start(epoch, restored, down)

    def commit(self, batch: Batch, readers: Mapping[str, Sequence[str]], now_ms: int) -> set[int]:
        """Write a whole batch or nothing; returns the ids of swaps' terminals that lost their compare-and-set."""
        lost: set[int] = set()
        with self.db.transaction():
            self._check_fence()
            news = list(batch.news)
            closes, opens = list(batch.closes), [*batch.passed, *batch.opens.values()]
            self.db.many(CLOSE, closes)
            self.db.many(OPEN, [_open_values(row) for row in opens])
            for _what, swaps in groupby(batch.swaps, key=lambda one: one.what):
                lost |= self._swap(list(swaps), news, now_ms)
            self.db.many(INBOX, batch.inbox)
            self.db.many(ACK, batch.acks)
            self.db.many(PERIPHERAL, list(batch.peripherals.values()))
            self.db.many(LINK, [_link_values(row) for row in batch.links.values()])
            ids = self.db.insert_news(news) if news else []
            deliveries = [(one, name) for one, row in zip(ids, news, strict=True) for name in readers.get(row.kind, ())]
            self.db.many(DELIVERY, deliveries)
        return lost

    def beat(self, now_ms: int, *, deaf: bool) -> int | None:
        """Say that we listen. Returns the last beat when terminals went unheard since.

        `deaf`: this process stood still. That the last beat lies far back is not enough: a beat that waited while
        another program wrote is late too, and all that time we heard whoever spoke.
        """
        with self.db.transaction():
            before = self._check_fence()
            self.db.change("UPDATE terminals_ingestlease SET beat_at=%s WHERE id=1", (self.db.time(now_ms),))
            if not deaf or before is None or now_ms - before <= GAP_AFTER_MS:
                return None
            self._gap(before, now_ms, "ingest_stalled")
            return before

    def pulse(self) -> Pulse:
        """Read what others changed since the last pulse. A notice is deleted in the transaction that read it."""
        epoch = self.db.rows(self.db.fence_select.replace(" FOR SHARE", ""))[0][1]
        heads = self.db.rows("SELECT seq, hash, signature, at FROM platform_audithead ORDER BY seq DESC LIMIT 1")
        head = None
        if heads:
            seq, digest, signature, at = heads[0]
            head = AuditWitness(seq=seq, hash=digest, signature=signature, at=self.db.moment(at).isoformat())
        notices = self.db.rows("SELECT id, terminal_id FROM terminals_ingestnotice ORDER BY id LIMIT 5000")
        if notices:
            with self.db.transaction():
                self._check_fence()
                condition, values = self.db.among("id", [int(row[0]) for row in notices])
                self.db.change(f"DELETE FROM terminals_ingestnotice WHERE {condition}", values)
        return Pulse(sorted({int(row[1]) for row in notices}), int(epoch), head)

    def profiles(self, ids: Sequence[int] | None = None) -> list[Profile]:
        rows = self._chosen(_PROFILE, "t.id", ids)
        return [
            Profile(
                int(r[0]), r[1], r[2], r[3], int(r[4]), int(r[5]), r[6], self.db.ms(r[7]), self.db.ms(r[8]), r[9],
                r[10], int(r[11]), int(r[12]), r[13], r[14] == "watched",
            )
            for r in rows
        ]  # fmt: skip

    def open_states(self) -> Iterable[tuple[int, str, str, str, str, int]]:
        """Every open interval: terminal, subject, property, kind, state, since in ms."""
        columns = "terminal_id, subject, property, kind, state, since"
        for r in self.db.rows(f"SELECT {columns} FROM terminals_statusinterval WHERE until IS NULL"):
            yield int(r[0]), r[1], r[2], r[3], r[4], self.db.ms(r[5]) or 0

    def peripherals(self) -> list[tuple[int, str, str, bool]]:
        """Every component that was ever reported: terminal, subject, kind, whether it is gone."""
        rows = self.db.rows("SELECT terminal_id, subject, kind, gone_since FROM terminals_peripheral")
        return [(int(r[0]), r[1], r[2], r[3] is not None) for r in rows]

    def pending(self, ids: Sequence[int] | None = None) -> list[Pending]:
        """What terminals have not acknowledged, oldest first."""
        sql = "SELECT id, terminal_id, kind, CAST(body AS text), expires_at FROM terminals_outgoing"
        rows = self._chosen(sql, "terminal_id", ids, "acked_at IS NULL AND replaced_at IS NULL", " ORDER BY id")
        return [Pending(int(r[0]), int(r[1]), r[2], r[3], self.db.ms(r[4])) for r in rows]

    def _chosen(
        self, sql: str, column: str, ids: Sequence[int] | None, condition: str = "", order: str = ""
    ) -> list[tuple[Any, ...]]:
        conditions, values = [condition] if condition else [], list[object]()
        if ids is not None:
            among, values = self.db.among(column, ids)
            conditions.append(among)
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        return self.db.rows(sql + where + order, values)

    def _check_fence(self) -> int | None:
        found = self.db.rows(self.db.fence_select)
        if not found or int(found[0][0]) != self.fence:
            raise Fenced(f"fence {self.fence} is not in force")
        return self.db.ms(found[0][2])

    def _swap(self, swaps: list[Swap], news: list[News], now_ms: int) -> set[int]:
        """Compare and set a run of swaps of one kind; adds the news of those that held, returns the ids of the others.

        A terminal is in a run at most once: it cannot fall silent twice without being heard in between.
        """
        what = swaps[0].what
        if what == "silent":
            rows = self.db.many(SILENT, [(swap.at_ms, swap.last_seen_ms, swap.terminal_id) for swap in swaps])
        else:
            rows = self.db.many(_SWAPS[what], [(swap.last_seen_ms, swap.terminal_id) for swap in swaps])
        as_expected = {int(row[0]) for row in rows}
        held = [swap for swap in swaps if swap.terminal_id in as_expected]
        linked = [swap for swap in held if swap.link_state]
        self.db.many(CLOSE, [(swap.at_ms, swap.terminal_id, "terminal", "link") for swap in linked])
        self.db.many(
            OPEN,
            [
                (swap.terminal_id, "terminal", "link", "terminal", swap.link_state, "", swap.at_ms, None, now_ms)
                for swap in linked
            ],
        )
        news += _joined(held) if what == "silent" else [swap.news for swap in held]
        return {swap.terminal_id for swap in swaps} - as_expected

    def _gap(self, since_ms: int, until_ms: int, cause: str) -> None:
        self.db.change(
            "INSERT INTO terminals_monitoringgap (since, until, cause) VALUES (%s, %s, %s)",
            (self.db.time(since_ms), self.db.time(until_ms), cause),
        )

    def _remembered_fence(self) -> int:
        try:
            return int(self._fence_file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _remember_fence(self) -> None:
        draft = self._fence_file.with_suffix(".draft")
        with draft.open("w", encoding="ascii") as file:
            file.write(str(self.fence))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._fence_file)


def _joined(silent: list[Swap]) -> list[News]:
    """The news of terminals that fell silent, one piece for each place: dated to the first of them."""
    by_place: dict[str, list[News]] = {}
    for swap in silent:
        by_place.setdefault(swap.news.place_path, []).append(swap.news)
    return [joined(some) for some in by_place.values()]


def _open_values(row: OpenRow) -> tuple[object, ...]:
    return (
        row.terminal_id, row.subject, row.property, row.kind, row.state, row.raw, row.since_ms, row.until_ms,
        row.received_ms,
    )  # fmt: skip


def _link_values(row: LinkRow) -> tuple[object, ...]:
    return (
        row.last_seen_ms, row.counter, row.acked_seq, row.epoch, row.past_epochs, row.software, row.terminal_id,
    )  # fmt: skip
