"""How a transaction on SQLite waits for the write lock."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from budayang.center.platform.sqlite_lock import begin_immediate


@pytest.fixture
def file(tmp_path: Path) -> str:
    name = str(tmp_path / "one.sqlite3")
    with sqlite3.connect(name) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE words (word TEXT)")
    db.close()
    return name


def connect(file: str) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, timeout=7, check_same_thread=False)


def test_it_begins_in_the_gap_that_another_writer_leaves(file: str) -> None:
    other, mine = connect(file), connect(file)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    begin_immediate(mine, 10, busy_timeout_s=7)
    assert mine.in_transaction
    mine.execute("INSERT INTO words VALUES ('mine')")
    mine.execute("COMMIT")
    release.join()
    assert other.execute("SELECT word FROM words").fetchall() == [("mine",)]
    other.close()
    mine.close()


def test_it_gives_up_when_its_patience_is_over_and_leaves_the_connection_as_it_was(file: str) -> None:
    other, mine = connect(file), connect(file)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        begin_immediate(mine, 0.05, busy_timeout_s=7)
    assert not mine.in_transaction
    assert mine.execute("PRAGMA busy_timeout").fetchone() == (7000,)
    other.execute("ROLLBACK")
    begin_immediate(mine, 0, busy_timeout_s=7)
    mine.execute("ROLLBACK")
    other.close()
    mine.close()


def test_another_error_is_not_waited_for(file: str) -> None:
    mine = connect(file)
    begin_immediate(mine, 60, busy_timeout_s=7)
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin_immediate(mine, 60, busy_timeout_s=7)
    mine.close()
