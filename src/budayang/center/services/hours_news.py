"""News of departments' hours and of the calendar, for what counts promised time above: both speak for days that are
over, because neither has a history.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from budayang.center.platform.actions import emit
from budayang.center.services.models import Department


def tell_hours(department: Department, now: datetime) -> None:
    """The hours of a department, or whether they are confirmed, are not what they were."""
    code = department.code
    emit(
        "services.hours_changed",
        subject=f"department:{code}",
        place_path="",
        payload={"department": code},
        occurred_at=now,
        now=now,
    )


def tell_calendar(days: Iterable[date], now: datetime) -> None:
    """These days count as something else now. A window that begins on the last of a month may end in the next."""
    touched = {one.replace(day=1) for day in days for one in (day, day + timedelta(days=1))}
    if touched:
        months = [one.isoformat() for one in sorted(touched)]
        emit(
            "services.calendar_changed",
            subject="calendar",
            place_path="",
            payload={"months": months},
            occurred_at=now,
            now=now,
        )
