"""Writes of the hours: a day is closed once, late data marks it, and what changed stays traceable.

Two workers may run this at once: a day is unique, a changed day is locked before it is compared, a mark that comes
while its day is computed has a later `due_at` and survives. Computing twice gives the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Sum

from budayang.center.areas import queries as areas
from budayang.center.maintenance import hours_ledger
from budayang.center.maintenance.models import (
    FIGURES,
    Divided,
    HoursClosing,
    HoursCorrection,
    HoursDay,
    HoursDirty,
    HoursItemsDue,
    HoursMonth,
    HoursPattern,
)
from budayang.center.platform.actions import emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.history_queries import promised_after, promising, since_of
from budayang.rules.hours import BUCKET_ORDER, moment, tally
from budayang.rules.patterns import DARK, Absence, find_patterns

JOB = Actor.job("maintenance.hours")
BATCH = 500
DAY = timedelta(days=1)
PATTERN_DAYS = 28
ITEMS_AFTER = timedelta(minutes=10)
NEVER = date(1970, 1, 2)


def bounds(on: date, zone: str) -> tuple[datetime, datetime]:
    """[start, end) of a local day; a day on which the clock moves has 23 or 25 hours."""
    place = ZoneInfo(zone)
    return datetime.combine(on, time(), place), datetime.combine(on + DAY, time(), place)


def begin_closing(now: datetime) -> int:
    """Give each area with an enrolled terminal its row: the first day is that of its first enrolment, but no further
    back than `hours_back_d`.
    """
    known = HoursClosing.objects.values_list("area_id", flat=True)
    first: dict[int, tuple[datetime, str, str]] = {}
    for one in sorted(promising().exclude(area__in=known), key=since_of):
        first.setdefault(one.area_id, (since_of(one), one.area.place.zone, one.area.place.path))
    made = []
    for area_id, (at, zone, path) in first.items():
        earliest = now - timedelta(days=parameter("hours_back_d", path, now))
        on = max(at, earliest).astimezone(ZoneInfo(zone)).date()
        made.append(HoursClosing(area_id=area_id, next_on=on, due_at=_close_at(on, zone, path, now)))
    HoursClosing.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _close_at(on: date, zone: str, path: str, now: datetime) -> datetime:
    return bounds(on, zone)[1] + timedelta(seconds=parameter("hours_close_s", path, now))


def close_days(now: datetime) -> int:
    """Close the oldest day that is due, for as many areas as fit a batch; returns how many terminals were computed."""
    due = HoursClosing.objects.filter(due_at__lte=now).order_by("next_on", "pk").select_related("area__place")
    rows = list(due[:BATCH])
    if not rows:
        return 0
    on, zone = rows[0].next_on, rows[0].area.place.zone
    rows = [one for one in rows if (one.next_on, one.area.place.zone) == (on, zone)]
    # Also those that were retired since: their last day is theirs until that moment.
    machines = promised_after(bounds(on, zone)[0]).filter(area__in=[one.area_id for one in rows])
    by_area: dict[int, list[int]] = {}
    gone: set[int] = set()
    for pk, area_id, retired_at in machines.values_list("pk", "area_id", "retired_at").order_by("pk"):
        by_area.setdefault(area_id, []).append(pk)
        if retired_at is not None:
            gone.add(pk)
    taken: list[HoursClosing] = []
    ids: list[int] = []
    for row in rows:
        here = by_area.get(row.area_id, [])
        if taken and len(ids) + len(here) > BATCH:
            break
        taken.append(row)
        ids += here
    with transaction.atomic():
        due_at = _close_at(on + DAY, zone, taken[0].area.place.path, now)
        # Taken by a compare-and-set: a rival that read the same rows in this moment waits, and finds them moved on.
        wanted = HoursClosing.objects.filter(pk__in=[row.pk for row in taken], next_on=on)
        if wanted.update(next_on=on + DAY, due_at=due_at) != len(taken):
            transaction.set_rollback(True)
            return 0
        compute_days(ids, on, zone, now, reason="")
        if due_at > now:  # the newest day: older ones are closed in its wake and name nothing
            find_regularities([one for one in ids if one not in gone], on, zone, now)
    return max(len(ids), 1)


def correct_days(now: datetime) -> int:
    """Compute the oldest marked day again, for as many terminals as fit a batch; returns how many."""
    due = HoursDirty.objects.filter(due_at__lte=now).order_by("on", "pk").select_related("terminal__area__place")
    rows = list(due[:BATCH])
    if not rows:
        return 0
    on, zone = rows[0].on, rows[0].terminal.area.place.zone
    rows = [one for one in rows if (one.on, one.terminal.area.place.zone) == (on, zone)]
    reasons = {one.terminal_id: one.reason for one in rows}
    with transaction.atomic():
        # The mark goes first: one that is set while we compute is a new row or has a later time, and stays.
        HoursDirty.objects.filter(pk__in=[one.pk for one in rows], due_at__lte=now).delete()
        compute_days(list(reasons), on, zone, now, reason=reasons)
    return len(rows)


@transaction.atomic
def compute_days(
    terminal_ids: Sequence[int], on: date, zone: str, now: datetime, *, reason: str | Mapping[int, str]
) -> int:
    """Compute one day of many terminals and store what differs; returns how many days were changed or made.

    A fixed number of queries, whatever the number of terminals. `reason`: why closed days are computed again.
    """
    start, end = bounds(on, zone)
    ledger = hours_ledger.load(terminal_ids, start, min(end, now))
    found = {one: Divided.columns_of(tally(ledger.pieces_of(one))) for one in ledger.machines}
    before = {one.terminal_id: one for one in HoursDay.objects.select_for_update().filter(terminal__in=found, on=on)}
    changed = [one for pk, one in before.items() if one.figures() != found[pk]]
    missing = [pk for pk in found if pk not in before]
    if before:
        same = [one.pk for one in before.values() if one.figures() == found[one.terminal_id]]
        HoursDay.objects.filter(pk__in=same).update(computed_at=now)
    if missing:
        _make(missing, on, found, now)
    if changed:
        _change(changed, found, reason, now)
    touched = [*missing, *(one.terminal_id for one in changed)]
    if touched:
        roll_months(touched, on.replace(day=1))
        area_ids = {ledger.machines[one].area_id for one in touched}
        mark_items(area_ids, on.replace(day=1), now)
    return len(touched)


def _make(terminal_ids: Sequence[int], on: date, found: Mapping[int, dict[str, Any]], now: datetime) -> None:
    machines = terminals.visible_to(JOB).filter(pk__in=list(terminal_ids))
    HoursDay.objects.bulk_create(
        (
            HoursDay(
                terminal_id=one.pk,
                area_id=one.area_id,
                owner_id=one.owner_id,
                vendor_id=one.vendor_id,
                place_path=one.area.place.path,
                on=on,
                computed_at=now,
                **found[one.pk],
            )
            for one in machines
        ),
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def _change(
    rows: Sequence[HoursDay], found: Mapping[int, dict[str, Any]], reason: str | Mapping[int, str], now: datetime
) -> None:
    """Keep what a day said before, and say it anew."""
    HoursCorrection.objects.bulk_create(
        HoursCorrection(
            day=row,
            version=row.version,
            before=row.figures() | {"computed_at": row.computed_at.isoformat()},
            reason=reason if isinstance(reason, str) else reason.get(row.terminal_id, ""),
            changed_at=now,
        )
        for row in rows
    )
    for row in rows:
        for name, value in found[row.terminal_id].items():
            setattr(row, name, value)
        row.version += 1
        row.computed_at = now
    HoursDay.objects.bulk_update(rows, [*FIGURES, "version", "computed_at"], batch_size=BATCH)
    for place_path, group in groupby(sorted(rows, key=lambda x: x.place_path), key=lambda x: x.place_path):
        here = list(group)
        details = {"on": f"{here[0].on}", "terminals": len(here)}
        subject = f"area:{here[0].area_id}"
        record(JOB, "maintenance.hours_corrected", subject=subject, place_path=place_path, details=details, at=now)
        emit(
            "maintenance.hours_corrected",
            subject=subject,
            place_path=place_path,
            payload=details,
            occurred_at=bounds(here[0].on, "UTC")[0],
            now=now,
        )


def roll_months(terminal_ids: Sequence[int], month: date) -> None:
    """Add up the days of a month again. The rows are locked first, so that a rival's day is seen or waits for us."""
    days = HoursDay.objects.filter(terminal__in=list(terminal_ids), on__range=(month, last_of(month)))
    keys = ("terminal_id", "area_id", "owner_id", "vendor_id", "place_path")
    HoursMonth.objects.bulk_create(
        (HoursMonth(month=month, **one) for one in days.values(*keys).distinct().order_by()),
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    rows = HoursMonth.objects.select_for_update().filter(terminal__in=list(terminal_ids), month=month)
    locked = {(one.terminal_id, one.area_id, one.owner_id): one for one in rows.order_by("pk")}
    sums = days.values("terminal_id", "area_id", "owner_id").annotate(
        count=Count("pk"), **{f"sum_{name}": Sum(name) for name in FIGURES}
    )
    summed: Iterable[Mapping[str, Any]] = sums.order_by().iterator()
    for one in summed:
        row = locked[one["terminal_id"], one["area_id"], one["owner_id"]]
        row.days = one["count"]
        for name in FIGURES:
            setattr(row, name, one[f"sum_{name}"])
    HoursMonth.objects.bulk_update(locked.values(), ["days", *FIGURES], batch_size=BATCH)


def last_of(month: date) -> date:
    """The last day of a month, from its first."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY


def mark_items(area_ids: Iterable[int], month: date, now: datetime) -> None:
    """Note that the items of these areas are to be computed again for a month, some minutes from now."""
    HoursItemsDue.objects.bulk_create(
        (HoursItemsDue(area_id=one, month=month, due_at=now + ITEMS_AFTER) for one in sorted(area_ids)),
        ignore_conflicts=True,
    )


def mark_days(spans: Mapping[int, tuple[datetime, datetime]], now: datetime, *, reason: str) -> int:
    """Mark the closed days that each terminal's [start, end) touches as to be computed again; returns how many.

    Days that are not closed yet need no mark: closing them reads everything. A mark that is there moves behind the
    newest news, so that a burst of corrections is computed once.
    """
    closings = {one.area_id: one.next_on for one in HoursClosing.objects.all()}
    policy: dict[str, tuple[timedelta, timedelta]] = {}
    marks = []
    earliest = min((start for start, _end in spans.values()), default=now)
    for one in promised_after(earliest).filter(pk__in=list(spans)):
        start, end = spans[one.pk]
        end = min(end, one.retired_at or end)
        zone, path = ZoneInfo(one.area.place.zone), one.area.place.path
        if path not in policy:
            back = timedelta(days=parameter("hours_back_d", path, now))
            policy[path] = (back, timedelta(seconds=parameter("hours_settle_s", path, now)))
        back, wait = policy[path]
        on = max(start, since_of(one), now - back).astimezone(zone).date()
        last = min((end - timedelta(microseconds=1)).astimezone(zone).date(), closings.get(one.area_id, NEVER) - DAY)
        while on <= last:
            marks.append(HoursDirty(terminal=one, on=on, reason=reason[:80], due_at=now + wait))
            on += DAY
    HoursDirty.objects.bulk_create(
        marks,
        update_conflicts=True,
        unique_fields=["terminal", "on"],
        update_fields=["due_at", "reason"],
        batch_size=BATCH,
    )
    return len(marks)


def find_regularities(terminal_ids: Sequence[int], through: date, zone: str, now: datetime) -> int:
    """Name the regular absences of these terminals over four weeks; returns how many have one."""
    first = through - timedelta(days=PATTERN_DAYS)
    start, end = bounds(first, zone)[0], min(bounds(through, zone)[1], now)
    ledger = hours_ledger.load(terminal_ids, start, end)
    made = []
    for one, machine in ledger.machines.items():
        if machine.since_us is None:
            continue
        born = moment(machine.since_us).astimezone(ZoneInfo(zone)).date()
        dark = [
            Absence(moment(piece[0]), moment(piece[1]), BUCKET_ORDER[piece[2].bucket])
            for piece in ledger.pieces_of(one)
            if piece[2] is not None and BUCKET_ORDER[piece[2].bucket] in DARK
        ]
        found = find_patterns(dark, max(first, born), through, zone) if dark else []
        if found:
            rows = [asdict(pattern) for pattern in found]
            made.append(
                HoursPattern(terminal_id=one, kind=found[0].code, found=rows, through_on=through, computed_at=now)
            )
    with transaction.atomic():
        HoursPattern.objects.filter(terminal__in=list(terminal_ids), through_on__lte=through).delete()
        HoursPattern.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def area_terminals(place_path: str, since: datetime) -> list[int]:
    """Terminals at and below a place that promised something after a moment."""
    here = areas.visible_to(JOB).filter(place__path__startswith=place_path)
    rows = promised_after(since).filter(area__in=here)
    return list(rows.values_list("pk", flat=True))
