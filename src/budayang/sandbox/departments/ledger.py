"""What a department answered to which key, and what it has of each matter, on disk: the same after any restart."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    department TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer BLOB NOT NULL,
    answered_at TEXT NOT NULL,
    PRIMARY KEY (department, key)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS matters (
    department TEXT NOT NULL, number TEXT NOT NULL, item TEXT NOT NULL, body BLOB NOT NULL, received_at TEXT NOT NULL,
    acts INTEGER NOT NULL DEFAULT 0, payments INTEGER NOT NULL DEFAULT 0, payment TEXT, paid_at TEXT, corrected_at TEXT,
    correction BLOB, withdrawn_at TEXT,
    PRIMARY KEY (department, number)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS bookings (
    department TEXT NOT NULL, slot TEXT NOT NULL, seat INTEGER NOT NULL, number TEXT NOT NULL,
    PRIMARY KEY (department, slot, seat), UNIQUE (department, number)
) WITHOUT ROWID, STRICT;
"""
_FIELDS = "number, item, body, received_at, acts, payments, paid_at, corrected_at, correction, withdrawn_at"
_EVENTS = frozenset({"corrected_at", "withdrawn_at"})


@dataclass(frozen=True, slots=True)
class Answered:
    fingerprint: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A matter as the department has it. Times are ISO texts. `acts`: how often it acted on it; once is right."""

    number: str
    item: str
    body: bytes
    received_at: str
    acts: int
    payments: int
    paid_at: str | None
    corrected_at: str | None
    correction: bytes | None
    withdrawn_at: str | None


class Ledger:
    """One SQLite file. Calls block for the time of one commit; the first answer to a key stays for ever."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_TABLES)

    def find(self, department: str, key: str) -> Answered | None:
        row = self._one("SELECT fingerprint, answer FROM answers WHERE department = ? AND key = ?", department, key)
        return Answered(row[0], row[1]) if row else None

    def keep(
        self, department: str, key: str, fingerprint: str, answer: bytes, answered_at: str, *, acted: str = ""
    ) -> Answered:
        """Store the answer unless the key has one already; what is stored afterwards is returned.

        `acted`: the matter on which the department acted with this answer; counted in the same commit, once a key.
        """
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            stored = self._db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (department, key, fingerprint, answer, answered_at),
            )
            if stored.rowcount == 1 and acted:
                self._count(department, key, acted)
        found = self.find(department, key)
        assert found is not None
        return found

    def replace(
        self, department: str, key: str, fingerprint: str, answer: bytes, answered_at: str, *, acted: str = ""
    ) -> Answered:
        """Store over what was there: a department that does not honour keys forgets what it said, and acts again."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (department, key, fingerprint, answer, answered_at),
            )
            if acted:
                self._count(department, key, acted)
        return Answered(fingerprint, answer)

    def _count(self, department: str, key: str, number: str) -> None:
        """A key of a payment counts money, any other an act."""
        column = "payments" if ":paid:" in key else "acts"
        self._db.execute(
            f"UPDATE matters SET {column} = {column} + 1 WHERE department = ? AND number = ?", (department, number)
        )

    def receive(self, department: str, number: str, item: str, body: bytes, at: str) -> None:
        """Note that a matter came in, before anything is done with it."""
        with self._lock:
            self._db.execute(
                "INSERT INTO matters (department, number, item, body, received_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (department, number, item, body, at),
            )

    def mark(self, department: str, number: str, event: str, at: str, correction: bytes | None = None) -> bool:
        """Note when a matter was corrected or withdrawn; False when it had been before."""
        if event not in _EVENTS:
            raise ValueError(event)
        extra = ", correction = ?" if correction is not None else ""
        values = (at, *((correction,) if correction is not None else ()), department, number)
        with self._lock:
            done = self._db.execute(
                f"UPDATE matters SET {event} = ?{extra} WHERE department = ? AND number = ? AND {event} IS NULL", values
            )
        return done.rowcount == 1

    def take_money(self, department: str, number: str, payment: str, at: str) -> bool:
        """Let one payment settle a matter's bill; False when another one did. The same payment again is the same."""
        with self._lock:
            self._db.execute(
                "UPDATE matters SET payment = ?, paid_at = ? WHERE department = ? AND number = ? AND payment IS NULL",
                (payment, at, department, number),
            )
            row = self._db.execute(
                "SELECT payment FROM matters WHERE department = ? AND number = ?", (department, number)
            ).fetchone()
        return row is not None and row[0] == payment

    def record(self, department: str, number: str) -> Record | None:
        row = self._one(f"SELECT {_FIELDS} FROM matters WHERE department = ? AND number = ?", department, number)
        return Record(*row) if row else None

    def records(self, department: str) -> list[Record]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT {_FIELDS} FROM matters WHERE department = ? ORDER BY received_at, number", (department,)
            ).fetchall()
        return [Record(*row) for row in rows]

    def book(self, department: str, slot: str, number: str, seats: int) -> bool:
        """Take a seat of a slot for a matter, once; False when all are taken. The same matter keeps the seat it has."""
        with self._lock:
            held = self._db.execute(
                "SELECT slot FROM bookings WHERE department = ? AND number = ?", (department, number)
            ).fetchone()
            if held is not None:
                return bool(held[0] == slot)
            for seat in range(seats):
                done = self._db.execute(
                    "INSERT INTO bookings VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (department, slot, seat, number)
                )
                if done.rowcount == 1:
                    return True
        return False

    def unbook(self, department: str, number: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM bookings WHERE department = ? AND number = ?", (department, number))

    def booked(self, department: str, slot: str) -> int:
        row = self._one("SELECT count(*) FROM bookings WHERE department = ? AND slot = ?", department, slot)
        return int(row[0])

    def count(self, department: str) -> int:
        """How many matters it answered by acting on them. A try (拨测) is answered too, and is no act."""
        sql = "SELECT count(*) FROM matters WHERE department = ? AND acts > 0"
        return int(self._one(sql, department)[0])

    def close(self) -> None:
        self._db.close()

    def _one(self, sql: str, *values: str) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchone()
