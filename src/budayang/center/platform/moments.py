"""Times as whole microseconds since 1970, computed by the database: exact, and without a Python object a row."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler

# SQLite keeps "2026-11-23 18:14:00.123456" (the fraction may be short or missing). The seconds are read without the
# fraction, which SQLite would round; the fraction is read as text. PostgreSQL's EXTRACT is exact (numeric since 14).
_FRACTION = "CAST(substr(%(expressions)s || '000000', 21, 6) AS INTEGER)"
SQLITE_STRFTIME = f"(CAST(strftime('%%%%s', substr(%(expressions)s, 1, 19)) AS INTEGER) * 1000000 + {_FRACTION})"
# Since SQLite 3.38; it spares the text between, half of what a value costs.
SQLITE_UNIXEPOCH = f"(unixepoch(substr(%(expressions)s, 1, 19)) * 1000000 + {_FRACTION})"
SQLITE = SQLITE_UNIXEPOCH if sqlite3.sqlite_version_info >= (3, 38) else SQLITE_STRFTIME
POSTGRESQL = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"


class Micros(Func):
    """Microseconds since 1970 of a column of times; NULL stays NULL. `rules.hours.micros` says the same of a time."""

    output_field = BigIntegerField()
    template = POSTGRESQL

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """None: both databases give whole numbers, and a call a value would cost more than the query."""
        return []

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        """SQLite keeps times as text."""
        sql, params = self.as_sql(compiler, connection, template=SQLITE, **extra)
        return sql, (*params, *params)
