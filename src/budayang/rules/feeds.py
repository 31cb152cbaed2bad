"""What stands in a person's calendar: plain entries, before anything is written as iCalendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

BACK, AHEAD = timedelta(days=31), timedelta(days=92)
"""What a feed reaches: a month back, a quarter ahead."""
HOST = "budayang"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``uid`` stays the same for the same thing, whatever changes about it; ``cancelled``: it was in the
    calendar and will not be. ``where`` and ``title`` name machines and places, no person."""

    uid: str
    start: datetime
    end: datetime
    title: str
    where: str = ""
    text: str = ""
    url: str = ""
    cancelled: bool = False


def uid(kind: str, *parts: object) -> str:
    """``shift-12-20261123@budayang``."""
    return "-".join([kind, *(str(part) for part in parts)]) + f"@{HOST}"


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By time; of two with one uid the one that stands wins over the cancelled one."""
    found: dict[str, Entry] = {}
    for one in entries:
        held = found.get(one.uid)
        if held is None or held.cancelled:
            found[one.uid] = one
    return sorted(found.values(), key=lambda one: (one.start, one.uid))
