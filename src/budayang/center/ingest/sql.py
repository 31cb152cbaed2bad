"""All SQL that differs between SQLite and PostgreSQL, and the two connections that speak it.

The same tests run on both. Everything here blocks; the application calls it from one thread.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_lowercase
from typing import IO, Any, Final

import psycopg

from budayang.center.ingest.batch import News
from budayang.center.platform.sqlite_lock import begin_immediate

ADVISORY_LOCK: Final = (0x627564, 1)  # "bud", ingest
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


DRIVER_ERRORS: Final = (sqlite3.OperationalError, psycopg.OperationalError)
"""What either driver raises when its database cannot be asked now."""


class LockHeld(Exception):
    """Another process is the writer."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One INSERT or UPDATE for many rows, which it reads as v(a, b, c, …), in words that both databases understand.

    `types`: i bigint, x text, j JSON text, t time in ms (None is NULL). Many rows are one statement: row by row, the
    thread that writes would ask for the interpreter's lock at each of them and get it when the event loop rests.
    """

    types: str
    sql: str

    @property
    def names(self) -> str:
        return ascii_lowercase[: len(self.types)]


_STATUS: Final = "terminals_statusinterval"
_OPEN_COLUMNS: Final = "terminal_id, subject, property, kind, state, raw, since, until, received_at"
_PERIPHERAL_COLUMNS: Final = "terminal_id, subject, kind, first_seen_at, gone_since"
# A row is written when a component is new, vanished or came back: each of the three ends a retirement.
_PERIPHERAL_KNOWN: Final = (
    "ON CONFLICT (terminal_id, subject) DO UPDATE SET kind=excluded.kind, gone_since=excluded.gone_since,"
    " retired_at=NULL"
)
_INBOX_COLUMNS: Final = "terminal_id, epoch, seq, kind, body, at, received_at, attempts, error"

CLOSE: Final = Statement(
    "tixx",
    f"UPDATE {_STATUS} AS s SET until=v.a FROM v WHERE s.terminal_id=v.b AND s.subject=v.c AND s.property=v.d"
    " AND s.until IS NULL",
)
OPEN: Final = Statement("ixxxxxttt", f"INSERT INTO {_STATUS} ({_OPEN_COLUMNS}) SELECT * FROM v")
INBOX: Final = Statement(
    "ixixjtt",
    f"INSERT INTO terminals_inbox ({_INBOX_COLUMNS}) SELECT v.*, 0, '' FROM v WHERE true ON CONFLICT DO NOTHING",
)
ACK: Final = Statement(
    "tii",
    "UPDATE terminals_outgoing AS o SET acked_at=v.a FROM v"
    " WHERE o.id=v.b AND o.terminal_id=v.c AND o.acked_at IS NULL",
)
PERIPHERAL: Final = Statement(
    "ixxtt",
    f"INSERT INTO terminals_peripheral ({_PERIPHERAL_COLUMNS}) SELECT * FROM v WHERE true {_PERIPHERAL_KNOWN}",
)
_TERMINAL: Final = "UPDATE terminals_terminal AS t SET"
LINK: Final = Statement(
    "tiixjxi",
    f"{_TERMINAL} last_seen_at=v.a, counter=v.b, acked_seq=v.c, epoch=v.d, past_epochs=v.e, software=v.f FROM v"
    " WHERE t.id=v.g",
)
# Compared and set at once: whoever is not as expected (the end of each) is left as it is and not returned.
SILENT: Final = Statement(
    "tti",
    f"{_TERMINAL} silent_since=v.a, last_seen_at=v.b FROM v WHERE t.id=v.c"
    " AND t.silent_since IS NULL AND t.state='active' RETURNING id",
)
HEARD: Final = Statement(
    "ti",
    f"{_TERMINAL} silent_since=NULL, last_seen_at=v.a FROM v WHERE t.id=v.b"
    " AND t.silent_since IS NOT NULL RETURNING id",
)
CLONE: Final = Statement(
    "ti",
    f"{_TERMINAL} state='suspended', state_reason='clone', last_seen_at=v.a FROM v WHERE t.id=v.b"
    " AND t.state='active' RETURNING id",
)
_DELIVERY_COLUMNS: Final = "transition_id, consumer, lease_by, attempts, error"
DELIVERY: Final = Statement("ix", f"INSERT INTO platform_delivery ({_DELIVERY_COLUMNS}) SELECT v.*, '', 0, '' FROM v")
_NEWS: Final = Statement(
    "ixxxjtt",
    "INSERT INTO platform_transition (id, kind, subject, place_path, payload, occurred_at, recorded_at)"
    " SELECT * FROM v",
)
BUSY_S: Final = 60
"""How long a commit waits while another program writes. It is no loss of the database: what was judged is kept, who
waits for its answer waits, and what terminals say meanwhile is heard."""
TIMEOUT_S: Final = 5.0
_FENCE: Final = "SELECT fence, center_epoch, beat_at FROM terminals_ingestlease WHERE id=1"


class Connection(ABC):
    """A connection of its own, outside Django's. SQL given to `rows` and `change` is the same for both databases."""

    identity: str  # tells one database from another
    patience_s: float = BUSY_S  # shorter when the process is to end
    fence_select: str

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
    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> list[tuple[Any, ...]]:
        """A statement for many rows, and what it returns; nothing for none."""

    @abstractmethod
    def draw_ids(self, count: int) -> list[int]:
        """That many ids for transitions, which only this transaction has."""

    def insert_news(self, news: Sequence[News]) -> list[int]:
        """Insert transitions; their ids in the same order. Drawn first: no database promises the order in which it
        returns what it inserted, and deliveries need the right one.
        """
        ids = self.draw_ids(len(news))
        self.many(
            _NEWS,
            [
                (one, row.kind, row.subject, row.place_path, row.payload, row.occurred_ms, row.recorded_ms)
                for one, row in zip(ids, news, strict=True)
            ],
        )
        return ids

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

    def __init__(self, database: str) -> None:
        self.identity = database
        self._lock_file: IO[bytes] | None = None
        self._lock_path = Path(f"{database}.ingest-lock")
        self._db = sqlite3.connect(database, timeout=TIMEOUT_S, isolation_level=None, check_same_thread=False)
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
        # Only after this is the fence read: whoever took over while we waited is seen.
        begin_immediate(self._db, self.patience_s, busy_timeout_s=TIMEOUT_S)
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

    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> list[tuple[Any, ...]]:
        if not rows:
            return []
        times = [index for index, one in enumerate(statement.types) if one == "t"]
        ready = []
        for row in rows:
            values = list(row)
            for index in times:
                values[index] = _sqlite_time(values[index])
            ready.append(values)
        columns = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(statement.names))
        sql = f"WITH v AS MATERIALIZED (SELECT {columns} FROM json_each(?)) {statement.sql}"
        return self._db.execute(sql, (json.dumps(ready, ensure_ascii=False),)).fetchall()

    def draw_ids(self, count: int) -> list[int]:
        # Ours alone: an immediate transaction keeps every other writer out.
        found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name='platform_transition'").fetchone()
        last = int(found[0]) if found else 0
        return list(range(last + 1, last + count + 1))

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
    _ARRAYS: Final = {"i": "bigint[]", "x": "text[]", "j": "text[]", "t": "timestamptz[]"}

    def __init__(self, **conninfo: Any) -> None:
        self.identity = "{host}:{port}/{dbname}".format_map({"host": "", "port": "", **conninfo})
        self._db = psycopg.connect(**conninfo, autocommit=True, connect_timeout=5)
        self._db.execute("SET synchronous_commit=on")
        self._db.execute("SET TIME ZONE 'UTC'")
        self._db.execute(f"SET lock_timeout='{BUSY_S}s'".encode())

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

    def many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> list[tuple[Any, ...]]:
        if not rows:
            return []
        columns = list(zip(*rows, strict=True))
        values = [
            [None if one is None else _to_time(one) for one in column] if kind == "t" else list(column)
            for kind, column in zip(statement.types, columns, strict=True)
        ]
        names = statement.names
        arrays = ", ".join(f"%s::{self._ARRAYS[kind]}" for kind in statement.types)
        shown = ", ".join(f"{n}::jsonb AS {n}" if k == "j" else n for n, k in zip(names, statement.types, strict=True))
        sql = f"WITH v AS (SELECT {shown} FROM unnest({arrays}) AS u({', '.join(names)})) {statement.sql}"
        done = self._db.execute(sql.encode(), values)
        return done.fetchall() if done.description else []

    def draw_ids(self, count: int) -> list[int]:
        sequence = "nextval(pg_get_serial_sequence('platform_transition', 'id'))"
        return [int(row[0]) for row in self.rows(f"SELECT {sequence} FROM generate_series(1, %s)", (count,))]

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
