"""When a department's items are open, in the words of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from budayang import data
from budayang.rules.calendars import WeeklyWindow, next_opening, open_windows, weekly_window

_LOOK_AHEAD = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class OpenHours:
    """opens and closes as "08:30" and "17:30" ("24:00" is the midnight that ends the day); 0 is Monday."""

    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    opens: str = "00:00"
    closes: str = "24:00"
    follows_workdays: bool = False

    def _weekly(self) -> tuple[WeeklyWindow, ...]:
        return tuple(weekly_window(day, self.opens, self.closes) for day in self.weekdays)

    def opens_at(self, now: datetime) -> datetime | None:
        """`now` when open, else the next opening."""
        windows = open_windows(
            self._weekly(),
            (),
            now - timedelta(days=1),
            now + _LOOK_AHEAD,
            table=data.day_table(),
            follows_workdays=self.follows_workdays,
        )
        return next_opening(windows, now)

    def is_open(self, now: datetime) -> bool:
        return self.opens_at(now) == now

    def as_contract(self) -> dict[str, Any]:
        return {
            "weekly": [[day, self.opens, self.closes] for day in self.weekdays],
            "exceptions": [],
            "follows_workdays": self.follows_workdays,
        }


ALWAYS = OpenHours()
OFFICE = OpenHours(weekdays=(0, 1, 2, 3, 4), opens="08:30", closes="17:30", follows_workdays=True)
EVENING = OpenHours(opens="07:00", closes="23:00")
