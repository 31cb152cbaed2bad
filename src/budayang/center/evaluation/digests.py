"""The daily digest of the audit chain: written once a day has ended, read by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from budayang.center.evaluation.models import ChainDigest
from budayang.center.platform import queries as platform
from budayang.rules.calendars import DEFAULT_ZONE

MOST_DAYS = 31
"""Days that are made up at most, after the worker was away."""
SHOWN = 90


@dataclass(frozen=True, slots=True)
class Shown:
    """A day's digest. `same`: our chain still holds it; `new`: how many lines the day brought, None for the first."""

    on: date
    seq: int
    hash: str
    same: bool
    new: int | None


def write_digests(now: datetime) -> int:
    """Write the digests of the days that have ended and have none, oldest first; returns how many. A day before the
    first sealed line has none.
    """
    zone = ZoneInfo(DEFAULT_ZONE)
    today = now.astimezone(zone).date()
    last = ChainDigest.objects.order_by("-on").values_list("on", flat=True).first()
    on = max(last + timedelta(days=1), today - timedelta(days=MOST_DAYS)) if last else today - timedelta(days=1)
    made = 0
    while on < today:
        head = platform.head_before(datetime.combine(on + timedelta(days=1), time(0), zone))
        if head is not None:
            kept = {"seq": head["seq"], "hash": head["hash"], "at": datetime.fromisoformat(head["at"])}
            made += ChainDigest.objects.get_or_create(on=on, defaults=kept)[1]
        on += timedelta(days=1)
    return made


def shown(most: int = SHOWN) -> list[Shown]:
    """The newest digests, each held against the chain of now: two queries."""
    rows = list(ChainDigest.objects.all()[: most + 1])
    ours = platform.hashes_at([row.seq for row in rows])
    before = [*(row.seq for row in rows[1:]), None][: len(rows)]
    return [
        Shown(row.on, row.seq, row.hash, ours.get(row.seq) == row.hash, row.seq - seq if seq is not None else None)
        for row, seq in zip(rows, before, strict=True)
    ][:most]
