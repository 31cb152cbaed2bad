"""SQLite for several writing processes: the door, two lanes of the worker, and whoever works at the pages.

Django's own, but for how a transaction begins: it is always one that will write (so that it waits at its start instead
of failing half-way), and it waits as `platform.sqlite_lock` does.
"""

from __future__ import annotations

from django.db.backends.sqlite3 import base

from budayang.center.platform.sqlite_lock import begin_immediate


class DatabaseWrapper(base.DatabaseWrapper):
    """The class that Django looks for under this name."""

    def _start_transaction_under_autocommit(self) -> None:
        patience_s = float(self.settings_dict["OPTIONS"]["timeout"])
        with self.wrap_database_errors:
            begin_immediate(self.connection, patience_s, busy_timeout_s=patience_s)
