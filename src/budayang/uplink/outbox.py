"""What a machine must not forget, in SQLite (WAL, synchronous FULL): written before it is sent, kept after it was
acknowledged.

Nothing here names a person: an event carries codes and counts. All writes are short transactions in the event loop's
thread; two things that must happen together share one.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from budayang.uplink.clock import Clock, boot_id, milliseconds
from budayang.wire.messages import MAX_EVENTS, Event

KEEP_MS = 7 * 24 * 3600 * 1000
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, boot TEXT NOT NULL, monotonic_s REAL NOT NULL,
  body TEXT NOT NULL, acked_at_ms INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS heads (day TEXT PRIMARY KEY, head TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  kind TEXT NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, received_at_ms INTEGER NOT NULL,
  done INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """The message in force of its kind and key; a command's key is its id."""

    kind: str
    key: str
    id: int
    body: dict[str, Any]


class EventOutbox:
    """The store of one terminal. Opened once a process; a second process on it waits up to five seconds, then fails.

    A program that keeps more (cases, acts) adds its tables in `TABLES` and takes part in `_forget` and
    `_center_changed`, which run inside the transaction of what calls them.
    """

    TABLES = ""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        os.chmod(path, 0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(SCHEMA + self.TABLES)
        with self._write():
            for key, value in (("epoch", secrets.token_hex(8)), ("counter", "0"), ("last_seq", "0")):
                self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _write(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _get(self, key: str, default: str = "0") -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    def _set(self, key: str, value: str | int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(value)))

    def _now_ms(self) -> int:
        return milliseconds(self._clock.now())

    # Epoch and counter

    @property
    def epoch(self) -> str:
        """16 hex digits, random when the outbox was made: tells a new outbox from an old one of the same terminal."""
        return self._get("epoch")

    @property
    def center_epoch(self) -> int:
        """The center's epoch as last seen."""
        return int(self._get("center_epoch"))

    def next_counter(self) -> int:
        """A counter never used before, durable before it is used: a kill between the two skips one, and repeats
        none.
        """
        with self._write():
            value = int(self._get("counter")) + 1
            self._set("counter", value)
        return value

    def raise_counter(self, floor: int) -> None:
        """Continue above `floor`, the highest counter that the center has seen."""
        with self._write():
            if int(self._get("counter")) < floor:
                self._set("counter", floor)

    # Events

    def _append(self, kind: str, body: Mapping[str, Any]) -> int:
        seq = int(self._get("last_seq")) + 1
        self._set("last_seq", seq)
        self._db.execute(
            "INSERT INTO events (seq, kind, at_ms, boot, monotonic_s, body) VALUES (?, ?, ?, ?, ?, ?)",
            (seq, kind, self._now_ms(), boot_id(), self._clock.monotonic(), _json(body)),
        )
        return seq

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Write one event, give its seq. Durable on return."""
        with self._write():
            return self._append(kind, body)

    def append_all(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Write several events in one transaction."""
        with self._write():
            for kind, body in events:
                self._append(kind, body)

    def unsent(self, limit: int = MAX_EVENTS) -> list[Event]:
        """The oldest events that the center has not acknowledged, in order, with their ages now.

        Monotonic readings of an earlier run of the machine say nothing: the wall clock's difference stands in for them.
        """
        rows = self._db.execute(
            "SELECT seq, kind, at_ms, boot, monotonic_s, body FROM events"
            " WHERE acked_at_ms IS NULL ORDER BY seq LIMIT ?",
            (limit,),
        ).fetchall()
        boot, monotonic, now_ms = boot_id(), self._clock.monotonic(), self._now_ms()
        return [
            Event(
                seq=seq,
                kind=kind,
                at_ms=at_ms,
                age_ms=max(0, int((monotonic - then) * 1000) if boot == of and monotonic >= then else now_ms - at_ms),
                body=json.loads(body),
            )
            for seq, kind, at_ms, of, then, body in rows
        ]

    def waiting(self) -> int:
        """How many events the center has not acknowledged."""
        return int(self._db.execute("SELECT count(*) FROM events WHERE acked_at_ms IS NULL").fetchone()[0])

    @property
    def next_seq(self) -> int:
        """The seq of the next event to be written."""
        return int(self._get("last_seq")) + 1

    @property
    def lost_seq(self) -> int:
        """Events up to this seq are kept no longer."""
        first = self._db.execute("SELECT min(seq) FROM events").fetchone()[0]
        oldest = int(first) - 1 if first is not None else self.next_seq - 1
        return max(oldest, int(self._get("dropped_seq")))

    def drop(self, seq: int) -> None:
        """Give up an event that the center can never read, so that those behind it get through."""
        with self._write():
            self._db.execute("DELETE FROM events WHERE seq = ?", (seq,))
            self._set("dropped_seq", max(seq, int(self._get("dropped_seq"))))

    def acknowledge(self, seq: int) -> None:
        """The center has committed everything up to `seq`."""
        with self._write():
            self._db.execute(
                "UPDATE events SET acked_at_ms = ? WHERE seq <= ? AND acked_at_ms IS NULL", (self._now_ms(), seq)
            )

    def rewind(self, seq: int, center_epoch: int) -> None:
        """The center has nothing behind `seq` (it was restored from a copy): what is kept after it counts as unsent."""
        with self._write():
            self._db.execute("UPDATE events SET acked_at_ms = NULL WHERE seq > ?", (seq,))
            self._adopt(center_epoch)

    def see_center_epoch(self, center_epoch: int) -> bool:
        """Note the center's epoch; True when it is another than before (its data may have gone back in time)."""
        if self._get("center_epoch", "") == str(center_epoch):
            return False
        with self._write():
            return self._adopt(center_epoch)

    def _adopt(self, center_epoch: int) -> bool:
        before = self._get("center_epoch", "")
        if before == str(center_epoch):
            return False
        self._set("center_epoch", center_epoch)
        if before:
            self._center_changed()
        return bool(before)

    def _center_changed(self) -> None:
        """The center went back in time: it may number its messages anew."""
        self._db.execute("UPDATE messages SET id = 0")

    def prune(self) -> int:
        """Drop what was acknowledged more than seven days ago; give how many rows."""
        with self._write():
            return self._forget(self._now_ms() - KEEP_MS)

    def shed(self, older_than_s: float, most: int) -> int:
        """Give up the oldest events, sent or not, beyond an age or a number: a store that nobody empties must not fill
        the disk. The center is told by `lost_seq`. Returns how many that were never acknowledged.
        """
        limit, floor = self._now_ms() - int(older_than_s * 1000), self.next_seq - 1 - most
        with self._write():
            given_up = "(at_ms < ? OR seq <= ?)"
            unsent = f"SELECT count(*), max(seq) FROM events WHERE acked_at_ms IS NULL AND {given_up}"
            count, last = self._db.execute(unsent, (limit, floor)).fetchone()
            if count:
                self._db.execute("DELETE FROM events WHERE seq <= ?", (last,))
        return int(count)

    def _forget(self, limit_ms: int) -> int:
        """Drop what may go because it is older than `limit_ms`; give how many rows."""
        gone = self._db.execute("DELETE FROM events WHERE acked_at_ms < ?", (limit_ms,)).rowcount
        gone += self._db.execute(
            "DELETE FROM messages WHERE kind = 'command' AND received_at_ms < ?", (limit_ms,)
        ).rowcount
        return gone

    # Messages from the center

    def take_messages(self, rows: Iterable[MessageRow]) -> None:
        """Store messages and their acknowledgement in one transaction; an older message never replaces a newer one."""
        ids: list[int] = []
        with self._write():
            for row in rows:
                self._db.execute(
                    "INSERT INTO messages (kind, key, id, body, received_at_ms) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (kind, key) DO UPDATE SET id = excluded.id, body = excluded.body,"
                    " received_at_ms = excluded.received_at_ms, done = 0 WHERE excluded.id > messages.id",
                    (row.kind, row.key, row.id, _json(row.body), self._now_ms()),
                )
                ids.append(row.id)
            if ids:
                self._append("outgoing.ack", {"ids": ids})

    def messages(self, kind: str) -> list[MessageRow]:
        """The messages in force of a kind, oldest first."""
        rows = self._db.execute("SELECT kind, key, id, body FROM messages WHERE kind = ? ORDER BY id", (kind,))
        return [MessageRow(k, key, id_, json.loads(body)) for k, key, id_, body in rows]

    def open_commands(self) -> list[MessageRow]:
        """Commands received and not yet carried out."""
        rows = self._db.execute(
            "SELECT kind, key, id, body FROM messages WHERE kind = 'command' AND done = 0 ORDER BY id"
        )
        return [MessageRow(k, key, id_, json.loads(body)) for k, key, id_, body in rows]

    def finish_command(
        self,
        key: str,
        events: Iterable[tuple[str, Mapping[str, Any]]] = (),
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """A command was carried out; its events and the lasting facts that follow are written in the same
        transaction.
        """
        with self._write():
            self._db.execute("UPDATE messages SET done = 1 WHERE kind = 'command' AND key = ?", (key,))
            self._note(events, facts or {})

    def note(self, events: Iterable[tuple[str, Mapping[str, Any]]], facts: Mapping[str, object]) -> None:
        """Write events and the lasting facts that belong to them together."""
        with self._write():
            self._note(events, facts)

    def _note(self, events: Iterable[tuple[str, Mapping[str, Any]]], facts: Mapping[str, object]) -> None:
        for kind, body in events:
            self._append(kind, body)
        for name, value in facts.items():
            self._set(f"x.{name}", json.dumps(value, ensure_ascii=False))

    # Small lasting facts (suspension, last states told)

    def remember(self, key: str, value: object) -> None:
        """Keep a small JSON value over a restart."""
        with self._write():
            self._set(f"x.{key}", json.dumps(value, ensure_ascii=False))

    def recall(self, key: str) -> Any:
        """The value kept under that key; None when there is none."""
        return json.loads(self._get(f"x.{key}", "null"))

    def keep_head(self, head: Mapping[str, Any]) -> None:
        """Keep a signed head of the center's audit chain, the newest of each day for a year: a witness outside the
        center.
        """
        newest = self.recall("head")
        if newest is not None and newest.get("seq") == head.get("seq"):
            return
        with self._write():
            self._set("x.head", _json(head))
            self._db.execute(
                "INSERT OR REPLACE INTO heads VALUES (?, ?)", (self._clock.now().date().isoformat(), _json(head))
            )
            self._db.execute(
                "DELETE FROM heads WHERE day < date(?, '-400 days')", (self._clock.now().date().isoformat(),)
            )

    def heads(self) -> list[dict[str, Any]]:
        """The kept heads, oldest first."""
        return [json.loads(head) for (head,) in self._db.execute("SELECT head FROM heads ORDER BY day")]

    def note_states(self, changes: Iterable[Mapping[str, Any]], snapshot: object) -> None:
        """Write status events and the snapshot that they lead to together, so that a restart repeats none."""
        with self._write():
            for body in changes:
                self._append("status", body)
            self._set("x.states", json.dumps(snapshot))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
