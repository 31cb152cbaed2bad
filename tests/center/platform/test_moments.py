"""Times as whole microseconds by the database: the same numbers as by the rule, on both databases and by both ways."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from budayang.center.platform import moments
from budayang.center.platform.models import Transition
from budayang.center.platform.moments import Micros
from budayang.rules.hours import micros

NEW = pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 38), reason="this SQLite has no unixepoch()")
TIMES = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 23, 18, 14, tzinfo=UTC),  # no fraction is stored
    datetime(2026, 11, 23, 18, 14, 0, 120000, tzinfo=UTC),
    datetime(2026, 11, 23, 18, 14, 0, 1, tzinfo=UTC),
    datetime(2096, 2, 29, 12, 0, 59, 500000, tzinfo=UTC),
)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["SQLITE_STRFTIME", pytest.param("SQLITE_UNIXEPOCH", marks=NEW)])
def test_micros_are_exact(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "SQLITE", getattr(moments, way))
    for at in TIMES:
        later = at + timedelta(days=1)
        Transition.objects.create(kind="x", subject="x", payload={}, occurred_at=at, recorded_at=later)
    found = Transition.objects.order_by("pk").values_list(Micros("occurred_at"), Micros("recorded_at"))
    assert list(found) == [(micros(at), micros(at) + 86_400_000_000) for at in TIMES]
