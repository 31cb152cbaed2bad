"""Writes calendar_days.csv from the `chinesecalendar` package, which transcribes the State Council's yearly notices.

Only days that differ from a plain weekday or weekend are written. Run again when the notice of a new year is out:
``python -m budayang.data.make_calendar 2024 2026 > calendar_days.csv``. In a center the table is rows that staff can
edit; this file seeds them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import version
from typing import TextIO

import chinese_calendar

COLUMNS = ("on", "kind", "name", "official", "source")

NAMES: dict[str, str] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}


def special_days(first_year: int, last_year: int) -> Iterator[tuple[date, str, str]]:
    """Date, kind (holiday | makeup) and the holiday's Chinese name. Raises NotImplementedError for a year the package
    does not know.
    """
    day, last = date(first_year, 1, 1), date(last_year, 12, 31)
    while day <= last:
        is_holiday, english = chinese_calendar.get_holiday_detail(day)
        if english is not None:
            yield day, "holiday" if is_holiday else "makeup", NAMES[english]
        day += timedelta(days=1)


def write(out: TextIO, first_year: int, last_year: int) -> int:
    """The number of days written."""
    source = f"国务院办公厅节假日安排通知，据 chinesecalendar {version('chinesecalendar')}"
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for on, kind, name in special_days(first_year, last_year):
        writer.writerow((on.isoformat(), kind, name if kind == "holiday" else f"{name}调休上班", "1", source))
        count += 1
    return count


if __name__ == "__main__":
    write(sys.stdout, int(sys.argv[1]), int(sys.argv[2]))
