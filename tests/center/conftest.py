"""What all tests of the center share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.management.color import Style
from django.db import connection
from django.db.models import signals

from budayang.center.console.audit_words import ACTION_WORDS
from budayang.center.platform.models import AuditLine


@pytest.fixture(scope="session", autouse=True)
def _every_action_has_a_word() -> Iterator[None]:
    """An audit line says what was done in words that people read: a name without words turns its test red."""

    def look(kwargs: dict[str, Any], **_more: object) -> None:
        action = str(kwargs.get("action", ""))
        assert not action or action in ACTION_WORDS or action.startswith("test."), (
            f"{action}: no word in audit_words.py"
        )

    signals.pre_init.connect(look, sender=AuditLine, weak=False)
    yield
    signals.pre_init.disconnect(look, sender=AuditLine)


@pytest.fixture(scope="session", autouse=True)
def _only_what_holds_rows_is_emptied() -> Iterator[None]:
    """PostgreSQL takes a third of a second to truncate every table after each test that commits; few hold anything."""
    operations = type(connection.ops)

    def sql_flush(
        self: object, style: Style, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        names = [connection.ops.quote_name(table) for table in tables]
        asked = (f"SELECT {place} WHERE EXISTS (SELECT 1 FROM {name})" for place, name in enumerate(names))
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(asked))
            filled = [names[row[0]] for row in cursor.fetchall()]
        return [f"DELETE FROM {name};" for name in filled]  # keys between them are looked at when all are gone

    with pytest.MonkeyPatch.context() as patched:
        if connection.vendor == "postgresql":
            patched.setattr(operations, "sql_flush", sql_flush)
        yield
