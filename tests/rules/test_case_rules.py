"""The law's steps: what starts the clock, when it ends, what an interruption is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from budayang.rules.calendars import DayKind
from budayang.rules.cases import INTERRUPTIONS, LAW_NOTES, STEP_NAMES, clock_starts, interruption, last_day, yuan

ZONE = "Asia/Shanghai"
# 2026: the National Day holiday with its make-up workday.
TABLE = {date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)} | {date(2026, 10, 10): DayKind.MAKEUP}


@pytest.mark.parametrize(
    ("accepted_at", "starts", "ends"),
    [
        (datetime(2026, 9, 29, 2, 0, tzinfo=UTC), date(2026, 9, 29), date(2026, 10, 8)),  # two days over the holiday
        (datetime(2026, 9, 29, 17, 0, tzinfo=UTC), date(2026, 9, 30), date(2026, 10, 9)),  # 01:00 of the next day here
        (datetime(2026, 10, 2, 3, 0, tzinfo=UTC), date(2026, 10, 8), date(2026, 10, 10)),  # accepted on a holiday
        (datetime(2026, 10, 10, 3, 0, tzinfo=UTC), date(2026, 10, 10), date(2026, 10, 13)),  # a Saturday that is worked
        (datetime(2026, 10, 17, 3, 0, tzinfo=UTC), date(2026, 10, 19), date(2026, 10, 21)),  # a plain Saturday
    ],
)
def test_the_clock_starts_on_a_working_day_and_counts_working_days(
    accepted_at: datetime, starts: date, ends: date
) -> None:
    assert clock_starts(accepted_at, ZONE, TABLE) == starts
    assert last_day(accepted_at, 2, ZONE, TABLE) == ends


@pytest.mark.parametrize(
    ("state", "paid", "what"),
    [
        ("failed", False, "paper_failed"),
        ("sent", False, "paper_failed"),
        ("failed", True, "paper_failed"),
        ("entitled", True, "paid_not_taken"),
        ("entitled", False, ""),
        ("confirmed", True, ""),
        ("taken", True, ""),
    ],
)
def test_who_went_without(state: str, paid: bool, what: str) -> None:
    assert interruption(state, paid=paid) == what
    assert not what or what in INTERRUPTIONS


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (123456789, "1,234,567.89"), (-70, "-0.70")]
)
def test_fen_as_people_read_them(fen: int, text: str) -> None:
    assert yuan(fen) == text


def test_taken_in_is_never_called_accepted() -> None:
    for step in ("kept", "deferred", "sent", "received"):
        assert "受理" not in STEP_NAMES[step]
    for state in ("accepted", "deferred"):
        assert "更不是受理" in LAW_NOTES[state]
    assert "收件不是受理" in LAW_NOTES["handed_in"]
