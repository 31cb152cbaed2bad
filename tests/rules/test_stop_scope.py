"""What a planned stop covers, and the moments of its wall-clock window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pytest

from budayang.rules.areas import covers, wall_window
from budayang.rules.intervals import Interval

ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Scope:
    terminal_id: int | None = None
    subject: str = ""
    component: str = ""
    department: str = ""


AREA, TERMINAL = Scope(), Scope(terminal_id=7)
SECOND_PRINTER, PRINTERS = Scope(terminal_id=7, subject="printer-2"), Scope(component="printer")
ITS_PRINTERS, TAX = Scope(terminal_id=7, component="printer"), Scope(department="SW")


@pytest.mark.parametrize(
    ("stop", "terminal_id", "subject", "component", "expected"),
    [
        (AREA, None, "", "", True),
        (AREA, 7, "", "", True),
        (AREA, 7, "printer", "printer", True),
        (AREA, None, "door", "door", True),
        (TERMINAL, 7, "", "", True),
        (TERMINAL, 7, "printer", "printer", True),
        (TERMINAL, 8, "", "", False),
        (TERMINAL, None, "", "", False),
        (SECOND_PRINTER, 7, "printer-2", "printer", True),
        (SECOND_PRINTER, 7, "printer", "printer", False),
        (SECOND_PRINTER, 8, "printer-2", "printer", False),
        (SECOND_PRINTER, 7, "", "", False),
        (PRINTERS, 8, "printer-2", "printer", True),
        (PRINTERS, 8, "camera", "camera", False),
        (PRINTERS, 8, "", "", False),
        (ITS_PRINTERS, 7, "printer", "printer", True),
        (ITS_PRINTERS, 8, "printer", "printer", False),
        (TAX, 7, "", "", False),
        (TAX, 7, "printer", "printer", False),
    ],
)
def test_what_a_stop_covers(stop: Scope, terminal_id: int | None, subject: str, component: str, expected: bool) -> None:
    assert covers(stop, terminal_id=terminal_id, subject=subject, component=component) is expected


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "opens", "days", "closes", "zone", "start", "end"),
    [
        ("2026-11-25", "02:00", 0, "04:00", ZONE, "2026-11-24 18:00", "2026-11-24 20:00"),
        ("2026-11-27", "22:00", 1, "06:00", ZONE, "2026-11-27 14:00", "2026-11-27 22:00"),
        ("2026-11-27", "00:00", 1, "00:00", ZONE, "2026-11-26 16:00", "2026-11-27 16:00"),
        ("2026-11-27", "22:00", 1, "00:00", ZONE, "2026-11-27 14:00", "2026-11-27 16:00"),
        ("2026-12-31", "23:00", 1, "01:00", ZONE, "2026-12-31 15:00", "2026-12-31 17:00"),
        ("2028-02-28", "23:00", 1, "01:00", ZONE, "2028-02-28 15:00", "2028-02-28 17:00"),
        ("2026-11-27", "18:00", 3, "08:00", ZONE, "2026-11-27 10:00", "2026-11-30 00:00"),
        # the night in which Berlin's clock goes forward at 02:00, and the one in which it goes back at 03:00
        ("2027-03-28", "01:00", 0, "04:00", "Europe/Berlin", "2027-03-28 00:00", "2027-03-28 02:00"),
        ("2027-03-28", "02:30", 0, "04:00", "Europe/Berlin", "2027-03-28 01:30", "2027-03-28 02:00"),
        ("2026-10-25", "01:00", 0, "04:00", "Europe/Berlin", "2026-10-24 23:00", "2026-10-25 03:00"),
        ("2026-10-25", "02:30", 0, "04:00", "Europe/Berlin", "2026-10-25 00:30", "2026-10-25 03:00"),
    ],
)
def test_moments_of_a_wall_clock_window(
    on: str, opens: str, days: int, closes: str, zone: str, start: str, end: str
) -> None:
    found = wall_window(date.fromisoformat(on), time.fromisoformat(opens), days, time.fromisoformat(closes), zone)
    assert found == Interval(utc(start), utc(end))


def test_a_window_inside_the_skipped_hour_is_none() -> None:
    assert wall_window(date(2027, 3, 28), time(2, 30), 0, time(3, 10), "Europe/Berlin") is None
