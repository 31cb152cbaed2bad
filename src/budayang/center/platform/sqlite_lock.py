"""How a transaction on SQLite gets the write lock beside other processes that write."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

LOOK_S: Final = 0.003


def begin_immediate(connection: sqlite3.Connection, patience_s: float, *, busy_timeout_s: float) -> None:
    """BEGIN IMMEDIATE, asked for each few milliseconds for up to `patience_s` seconds.

    SQLite's own waiting (`busy_timeout_s`, kept for all other statements) looks each 100 ms after a while. Beside
    writers whose gaps are shorter than that it waits in vain. To ask again is safe: nothing has begun.

    Raises:
        sqlite3.OperationalError: locked for longer than that, or something else is wrong.
    """
    began = time.monotonic()
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() - began > patience_s:
                    raise
                time.sleep(LOOK_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={int(busy_timeout_s * 1000)}")
