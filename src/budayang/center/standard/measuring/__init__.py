"""The numbers that the checks read, counted from the rows of the other rooms, with the rows that show them.

Everything is counted for one area and one period [start, end); `now` bounds what can be known. A number that no room
can count yet is left out: its clause then answers "no evidence", never "met".
"""

from __future__ import annotations

from datetime import datetime

from budayang.center.areas import queries as areas
from budayang.center.standard.measuring import basics, hardware, ratings, upkeep
from budayang.center.standard.measuring.gathered import (
    EVIDENCE_ROWS,
    JOB,
    VALUES,
    Evidence,
    Gathering,
    Measured,
    Together,
    digest,
    evidence,
)

__all__ = [
    "EVIDENCE_ROWS",
    "VALUES",
    "Evidence",
    "Gathering",
    "Measured",
    "Together",
    "digest",
    "evidence",
    "measure",
    "measure_area",
]


def measure(area_id: int, start: datetime, end: datetime, now: datetime) -> Measured:
    """Count everything for one area and one period. Raises Area.DoesNotExist."""
    area = areas.visible_to(JOB).select_related("place").get(pk=area_id)
    return measure_area(Gathering(area, start, min(end, now), now))


def measure_area(seen: Gathering) -> Measured:
    """The same with what was gathered already."""
    out = Measured()
    for part in (basics, hardware, upkeep, ratings):
        part.measure(seen, out)
    return out
