"""All SQL that differs between SQLite and PostgreSQL, and the two connections that speak it.

The same tests run on both. Everything here blocks; the application calls it from one thread.
"""

from __future__ import annotations

import fcntl
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import psycopg

from budayang.center.ingest.batch import News

ADVISORY_LOCK: Final = (0x627564, 1)  # "bud", ingest
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class LockHeld(Exception):
    """Another process is the writer."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One INSERT or UPDATE for many rows. `types`: i bigint, x text, j JSON text, t time in ms (None is NULL)."""

    types: str
    sqlite: str
    postgres: str  # reads its rows as v(a, b, c, …)


_STATUS: Final = "terminals_statusinterval"
_OPEN_COLUMNS: Final = "terminal_id, subject, property, kind, state, raw, since, until, received_at"
_INBOX_COLUMNS: Final = "terminal_id, epoch, seq, kind, body, at, received_at, attempts, error"

CLOSE: Final = Statement(
    "tixx",
    f"UPDATE {_STATUS} SET until=? WHERE terminal_id=? AND subject=? AND property=? AND until IS NULL",
    f"UPDATE {_STATUS} s SET until=v.a FROM v WHERE s.terminal_id=v.b AND s.subject=v.c AND s.property=v.d"
    " AND s.until IS NULL",
)
OPEN: Final = Statement(
    "ixxxxxttt",
    f"INSERT INTO {_STATUS} ({_OPEN_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)",
    f"INSERT INTO {_STATUS} ({_OPEN_COLUMNS}) SELECT * FROM v",
)
INBOX: Final = Statement(
    "ixixjtt",
    f"INSERT INTO terminals_inbox ({_INBOX_COLUMNS}) VALUES (?,?,?,?,?,?,?,0,'') ON CONFLICT DO NOTHING",
    f"INSERT INTO terminals_inbox ({_INBOX_COLUMNS}) SELECT *, 0, '' FROM v ON CONFLICT DO NOTHING",
)
ACK: Final = Statement(
    "tii",
    "UPDATE terminals_outgoing SET acked_at=? WHERE id=? AND terminal_id=? AND acked_at IS NULL",
    "UPDATE terminals_outgoing o SET acked_at=v.a FROM v WHERE o.id=v.b AND o.terminal_id=v.c AND o.acked_at IS NULL",
)
PERIPHERAL: Final = Statement(
    "ixxt",
    "INSERT INTO terminals_peripheral (terminal_id, subject, kind, first_seen_at) VALUES (?,?,?,?)"
    " ON CONFLICT (terminal_id, subject) DO UPDATE SET kind=excluded.kind",
    "INSERT INTO terminals_peripheral (terminal_id, subject, kind, first_seen_at) SELECT * FROM v"
    " ON CONFLICT (terminal_id, subject) DO UPDATE SET kind=excluded.kind",
)
LINK: Final = Statement(
    "tiixjxi",
    "UPDATE terminals_terminal SET last_seen_at=?, counter=?, acked_seq=?, epoch=?, past_epochs=?, software=?"
    " WHERE id=?",
    "UPDATE terminals_terminal t SET last_seen_at=v.a, counter=v.b, acked_seq=v.c, epoch=v.d, past_epochs=v.e,"
    " software=v.f FROM v WHERE t.id=v.g",
)
SILENT: Final = Statement(
    "tti",
    "UPDATE terminals_terminal SET silent_since=?, last_seen_at=? WHERE id=?",
    "UPDATE terminals_terminal t SET silent_since=v.a, last_seen_at=v.b FROM v WHERE t.id=v.c",
)
HEARD: Final = Statement(
    "ti",
    "UPDATE terminals_terminal SET silent_since=NULL, last_seen_at=? WHERE id=?",
    "UPDATE terminals_terminal t SET silent_since=NULL, last_seen_at=v.a FROM v WHERE t.id=v.b",
)
CLONE: Final = Statement(
    "ti",
    "UPDATE terminals_terminal SET state='suspended', state_reason='clone', last_seen_at=? WHERE id=?",
    "UPDATE terminals_terminal t SET state='suspended', state_reason='clone', last_seen_at=v.a FROM v WHERE t.id=v.b",
)
DELIVERY: Final = Statement(
    "ix",
    "INSERT INTO platform_delivery (transition_id, consumer, lease_by, attempts, error) VALUES (?,?,'',0,'')",
    "INSERT INTO platform_delivery (transition_id, consumer, lease_by, attempts, error) SELECT *, '', 0, '' FROM v",
)
_NEWS_COLUMNS: Final = "kind, subject, place_path, payload, occurred_at, recorded_at"
_FENCE: Final = "SELECT fence, center_epoch, beat_at FROM terminals_ingestlease WHERE id=1"


class Connection(ABC):
    """A connection of its own, outside Django's. SQL given to `rows` and `change` is the same for both databases."""

    identity: str  # tells one database from another
    fence_select: str
    for_update: str  # holds rows that a compare-and-set has compared

    @abstractmethod
    def lock(self) -> None:
        """Become the only writer or raise LockHeld; harmless when we are."""

    @abstractmethod
    def close(self) -> None:
        """Give lock and connection back; harmless twice."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""

    @abstractmethod
    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """A SELECT with %s places."""

    @abstractmethod
    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """One statement with %s places; the number of rows."""

    @abstractmethod
    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        """A statement for many rows; nothing for none."""

    @abstractmethod
    def insert_news(self, news: Sequence[News]) -> list[int]:
        """Insert transitions; their ids in the same order."""

    @abstractmethod
    def time(self, ms: int) -> object:
        """A time as the database wants it."""

    @abstractmethod
    def moment(self, value: Any) -> datetime:
        """A time as the database gives it."""

    @abstractmethod
    def among(self, column: str, ids: Sequence[int]) -> tuple[str, list[object]]:
        """The condition `column in ids` and its values."""

    def ms(self, value: Any) -> int | None:
        return None if value is None else (self.moment(value) - _EPOCH) // timedelta(milliseconds=1)


def _to_time(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def _sqlite_time(ms: Any) -> str | None:
    """As Django writes times into SQLite: text in UTC without zone, microseconds only where there are some."""
    return None if ms is None else str(_to_time(ms).replace(tzinfo=None))


class SqliteConnection(Connection):
    """SQLite in WAL mode, synchronous FULL; the lock is a file lock beside the database."""

    fence_select = _FENCE
    for_update = ""  # BEGIN IMMEDIATE already keeps other writers out

    def __init__(self, database: str) -> None:
        self.identity = database
        self._lock_file: IO[bytes] | None = None
        self._lock_path = Path(f"{database}.ingest-lock")
        self._db = sqlite3.connect(database, timeout=5, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")

    def lock(self) -> None:
        if self._lock_file is not None:
            return
        file = self._lock_path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise LockHeld(str(self._lock_path)) from error
        self._lock_file = file

    def close(self) -> None:
        self._db.close()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")  # waits up to 5 s for the console's writer instead of failing half-way
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(sql.replace("%s", "?"), tuple(values)).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        return self._db.execute(sql.replace("%s", "?"), tuple(values)).rowcount

    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        if not rows:
            return
        times = [index for index, one in enumerate(statement.types) if one == "t"]
        ready = []
        for row in rows:
            values = list(row)
            for index in times:
                values[index] = _sqlite_time(values[index])
            ready.append(values)
        self._db.executemany(statement.sqlite, ready)

    def insert_news(self, news: Sequence[News]) -> list[int]:
        sql = f"INSERT INTO platform_transition ({_NEWS_COLUMNS}) VALUES (?,?,?,?,?,?)"
        ids = []
        for one in news:
            moments = (_sqlite_time(one.occurred_ms), _sqlite_time(one.recorded_ms))
            cursor = self._db.execute(sql, (one.kind, one.subject, one.place_path, one.payload, *moments))
            ids.append(int(cursor.lastrowid or 0))
        return ids

    def time(self, ms: int) -> object:
        return _sqlite_time(ms)

    def moment(self, value: Any) -> datetime:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)

    def among(self, column: str, ids: Sequence[int]) -> tuple[str, list[object]]:
        return f"{column} IN ({','.join(str(int(one)) for one in ids)})", []


class PostgresConnection(Connection):
    """PostgreSQL with synchronous commit; the lock is an advisory lock of this connection, many rows are arrays."""

    # A rival's take-over changes the row: it waits until our commit is through, or we see its fence.
    fence_select = _FENCE + " FOR SHARE"
    for_update = " FOR UPDATE"
    _ARRAYS: Final = {"i": "bigint[]", "x": "text[]", "j": "text[]", "t": "timestamptz[]"}

    def __init__(self, **conninfo: Any) -> None:
        self.identity = "{host}:{port}/{dbname}".format_map({"host": "", "port": "", **conninfo})
        self._db = psycopg.connect(**conninfo, autocommit=True, connect_timeout=5)
        self._db.execute("SET synchronous_commit=on")
        self._db.execute("SET TIME ZONE 'UTC'")
        self._db.execute("SET lock_timeout='5s'")

    def lock(self) -> None:
        found = self._db.execute("SELECT pg_try_advisory_lock(%s, %s)", ADVISORY_LOCK).fetchone()
        if not found or not found[0]:
            raise LockHeld("advisory lock")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._db.transaction():
            yield

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(sql.encode(), values).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        return self._db.execute(sql.encode(), values).rowcount

    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        values = [
            [None if one is None else _to_time(one) for one in column] if kind == "t" else list(column)
            for kind, column in zip(statement.types, columns, strict=True)
        ]
        names = [chr(ord("a") + index) for index in range(len(columns))]
        arrays = ", ".join(f"%s::{self._ARRAYS[kind]}" for kind in statement.types)
        shown = ", ".join(f"{n}::jsonb AS {n}" if k == "j" else n for n, k in zip(names, statement.types, strict=True))
        sql = f"WITH v AS (SELECT {shown} FROM unnest({arrays}) AS u({', '.join(names)})) {statement.postgres}"
        self._db.execute(sql.encode(), values)

    def insert_news(self, news: Sequence[News]) -> list[int]:
        # Ids are drawn first: the order of RETURNING is not promised, and deliveries need the right one.
        sequence = "nextval(pg_get_serial_sequence('platform_transition', 'id'))"
        ids = [int(r[0]) for r in self.rows(f"SELECT {sequence} FROM generate_series(1, %s)", (len(news),))]
        columns = f"id, {_NEWS_COLUMNS}"
        sql = f"INSERT INTO platform_transition ({columns}) SELECT * FROM v"
        rows = [
            (one, n.kind, n.subject, n.place_path, n.payload, n.occurred_ms, n.recorded_ms)
            for one, n in zip(ids, news, strict=True)
        ]
        self.many(Statement("ixxxjtt", "", sql), rows)
        return ids

    def time(self, ms: int) -> object:
        return _to_time(ms)

    def moment(self, value: Any) -> datetime:
        assert isinstance(value, datetime)
        return value.astimezone(UTC)

    def among(self, column: str, ids: Sequence[int]) -> tuple[str, list[object]]:
        return f"{column} = ANY(%s)", [list(ids)]


def connect(engine: str, settings: dict[str, Any]) -> Connection:
    """The connection for a Django database: `engine` is Django's ENGINE, `settings` its settings_dict."""
    if engine.endswith("sqlite3"):
        return SqliteConnection(str(settings["NAME"]))
    places = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return PostgresConnection(**{name: settings[key] for name, key in places.items() if settings.get(key)})
