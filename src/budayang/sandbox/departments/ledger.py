"""What a department answered to which key, on disk, so that the same key gets the same bytes after any restart."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    department TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer BLOB NOT NULL,
    answered_at TEXT NOT NULL,
    PRIMARY KEY (department, key)
) WITHOUT ROWID, STRICT
"""


@dataclass(frozen=True, slots=True)
class Answered:
    fingerprint: str
    answer: bytes


class Ledger:
    """One SQLite file. Calls block for the time of one commit; the first answer to a key stays for ever."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_TABLE)

    def find(self, department: str, key: str) -> Answered | None:
        with self._lock:
            row = self._db.execute(
                "SELECT fingerprint, answer FROM answers WHERE department = ? AND key = ?", (department, key)
            ).fetchone()
        return Answered(row[0], row[1]) if row else None

    def keep(self, department: str, key: str, fingerprint: str, answer: bytes, answered_at: str) -> Answered:
        """Store the answer unless the key has one already; what is stored afterwards is returned."""
        with self._lock:
            self._db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (department, key, fingerprint, answer, answered_at),
            )
        found = self.find(department, key)
        assert found is not None
        return found

    def count(self, department: str) -> int:
        with self._lock:
            return int(
                self._db.execute("SELECT count(*) FROM answers WHERE department = ?", (department,)).fetchone()[0]
            )

    def close(self) -> None:
        self._db.close()
