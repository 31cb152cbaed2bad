"""The last 24 hours by area and hour, so that the overview of a city is one cheap query and not a division a terminal.

The running hour and the one before are computed each minute, all 24 again each half hour: late data and settled
evidence change the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.db import connection, transaction
from django.utils import timezone

from budayang.center.maintenance import hours_ledger
from budayang.center.maintenance.models import FIGURES, Divided, HoursHour, HoursLatest
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.history_queries import promising
from budayang.rules.hours import Tally, by_slots, micros

JOB = Actor.job("maintenance.hours_recent")
HOUR = timedelta(hours=1)
SHOWN = 24 * HOUR
KEPT = 48 * HOUR
NEWEST = 2 * HOUR
ALL_AGAIN = timedelta(minutes=30)
AT_ONCE = 5000
BATCH = 500
Key = tuple[int, int, int | None]


def hour_of(at: datetime) -> datetime:
    """The full hour in UTC that holds a moment."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def compute_recent(now: datetime) -> int:
    """Bring the hours up to now; returns how many rows were written."""
    first = hour_of(now) - SHOWN
    rows = HoursHour.objects.filter(hour_at__gte=first)
    oldest = rows.order_by("computed_at").values_list("computed_at", flat=True).first()
    # "computed_at" of a row moves only when its figures do; the mark of a whole pass is the row of the oldest hour.
    whole = oldest is None or not rows.filter(hour_at=first + HOUR, computed_at__gt=now - ALL_AGAIN).exists()
    start = first if whole else hour_of(now) - (NEWEST - HOUR)
    written = sum(_compute(ids, start, now, whole) for ids in _chunks())
    if whole:
        HoursHour.objects.filter(hour_at__lt=now - KEPT).delete()
    add_up(now)
    return written


def add_up(now: datetime) -> None:
    """HoursLatest from the hours, within the database: fetching a city's sums to write them back would take ten times
    as long. Readers see the sums of a minute ago until the transaction ends.
    """
    local = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    keys = "key, area_id, owner_id, vendor_id, place_path"
    figures, sums = ", ".join(FIGURES), ", ".join(f"SUM({one})" for one in FIGURES)
    latest, hours = HoursLatest._meta.db_table, HoursHour._meta.db_table
    for span, start in (("day", hour_of(now) - SHOWN + HOUR), ("today", local)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {latest} WHERE span = %s", [span])
            cursor.execute(
                f"INSERT INTO {latest} (span, computed_at, {keys}, {figures}) SELECT %s, %s, {keys}, {sums} "
                f"FROM {hours} WHERE hour_at >= %s AND hour_at <= %s GROUP BY {keys}",
                [span, *(connection.ops.adapt_datetimefield_value(one) for one in (now, start, now))],
            )


def _chunks() -> Iterator[list[int]]:
    """Terminals at work, area by area: the terminals of one area are never counted apart."""
    machines = promising().order_by("area_id", "pk")
    chunk: list[int] = []
    for _area, rows in groupby(machines.values_list("area_id", "pk"), key=itemgetter(0)):
        here = [pk for _area_id, pk in rows]
        if chunk and len(chunk) + len(here) > AT_ONCE:
            yield chunk
            chunk = []
        chunk += here
    if chunk:
        yield chunk


def _compute(terminal_ids: Iterable[int], start: datetime, now: datetime, whole: bool) -> int:
    ids = list(terminal_ids)
    rows = terminals.visible_to(JOB).filter(pk__in=ids)
    keys: dict[int, Key] = {}
    paths: dict[Key, str] = {}
    for pk, area_id, owner_id, vendor_id, path in rows.values_list(
        "pk", "area_id", "owner_id", "vendor_id", "area__place__path"
    ):
        keys[pk] = (area_id, owner_id, vendor_id)
        paths[keys[pk]] = path
    hours = [start]
    while hours[-1] + HOUR < now:
        hours.append(hours[-1] + HOUR)
    edges = [*(micros(one) for one in hours), micros(now)]
    ledger = hours_ledger.load(ids, start, now)
    sums: dict[tuple[Key, int], Tally] = {}
    for pk in ledger.machines:
        for place, found in enumerate(by_slots(ledger.pieces_of(pk), edges)):
            if found.promised:
                sums.setdefault((keys[pk], place), Tally()).add(found)
    return _store(sums, hours, paths, now, whole)


def _store(
    sums: dict[tuple[Key, int], Tally], hours: list[datetime], paths: dict[Key, str], now: datetime, whole: bool
) -> int:
    """Write what differs. In a whole pass every row is written, so that its age says when it was last looked at."""
    made = [
        HoursHour(
            key=f"{area_id}:{owner_id}:{vendor_id or 0}",
            hour_at=hours[place],
            area_id=area_id,
            owner_id=owner_id,
            vendor_id=vendor_id,
            place_path=paths[area_id, owner_id, vendor_id],
            computed_at=now,
            **Divided.columns_of(found),
        )
        for ((area_id, owner_id, vendor_id), place), found in sums.items()
    ]
    gone = HoursHour.objects.filter(area__in={key[0] for key in paths}, hour_at__in=hours)
    with transaction.atomic():
        if whole:
            gone.exclude(key__in={one.key for one in made}).delete()
        HoursHour.objects.bulk_create(
            made,
            update_conflicts=True,
            unique_fields=["key", "hour_at"],
            update_fields=[*FIGURES, "area", "owner", "vendor", "place_path", "computed_at"],
            batch_size=BATCH,
        )
    return len(made)
