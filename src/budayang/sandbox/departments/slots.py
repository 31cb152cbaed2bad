"""The times that departments let people book: on each of the next working days, a few seats an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from budayang import data
from budayang.rules.appointments import appointment_words
from budayang.rules.calendars import add_workdays
from budayang.sandbox.departments.counter import ZONE
from budayang.sandbox.departments.matters import Appointment

HOURS = ("09:00", "10:00", "14:30", "15:30")
DAYS, SEATS = 5, 2
LENGTH = timedelta(minutes=50)


def slots(now: datetime) -> list[tuple[str, datetime, datetime]]:
    """What can be booked from tomorrow on: (id, start, end). The id is the start as written on the slip."""
    found, day = [], now.astimezone(ZONE).date()
    for _ in range(DAYS):
        day = add_workdays(day, 1, data.day_table())
        for hour in HOURS:
            name = f"{day.isoformat()} {hour}"
            start = slot_start(name)
            found.append((name, start, start + LENGTH))
    return found


def slot_start(slot: str) -> datetime:
    """Raises ValueError for what is not an id of a slot."""
    return datetime.strptime(slot, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def slot_words(slot: str) -> str:
    """The time of a slot as it stands on the slip."""
    start = slot_start(slot).astimezone(ZONE)
    return appointment_words(start, start + LENGTH)


def appointment(slot: str, place: str) -> Appointment:
    """A booked slot as the contract's answer has it."""
    start = slot_start(slot)
    return Appointment(start.isoformat(), (start + LENGTH).isoformat(), place)
