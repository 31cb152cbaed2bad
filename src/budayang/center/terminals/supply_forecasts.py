"""Levels and forecasts, computed from fills, counts and words, kept in the row for lists: `rules.consumables` and
`rules.run_outs` with what the database knows.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from budayang.center.areas.queries import promised_by_area
from budayang.center.platform.actions import emit_many
from budayang.center.platform.models import Transition
from budayang.center.platform.queries import parameters
from budayang.center.terminals.models import SupplyCount, SupplyLevel, Terminal
from budayang.rules.consumables import Level, get_consumable, level_now
from budayang.rules.intervals import Interval, clip
from budayang.rules.run_outs import HISTORY, HORIZON, Forecast, Profile, floor_hour, forecast, learn

LOW = "paper_low_ratio"
AGAIN = timedelta(hours=6)
AT_ONCE = 100
MOVED = timedelta(minutes=30)
"""A forecast that moves less than this is no news."""
_FIELDS = [
    "amount", "tell", "grade", "mismatch", "runs_out_at", "early_at", "late_at", "why", "per_day", "judged_at",
    "due_at",
]  # fmt: skip


@transaction.atomic
def judge(ids: Collection[int], now: datetime) -> int:
    """Compute level and forecast of these supplies; tells `supplies.changed` of those that moved. Returns how many.

    The rows are locked first: a reading that comes meanwhile waits, and asks for another judgement.
    """
    if not ids:
        return 0
    rows = list(
        SupplyLevel.objects.select_for_update(of=("self",))
        .filter(pk__in=sorted(ids))
        .select_related("terminal__area__place")
        .order_by("pk")
    )
    places = {row.terminal.area.place.path for row in rows}
    ratios = parameters([LOW], [(path, "") for path in places], now)
    open_hours = promised_by_area({row.terminal.area_id for row in rows}, now - HISTORY, now + HORIZON)
    uses = _uses([row.pk for row in rows if row.counted_since is not None], now)
    moved: list[SupplyLevel] = []
    for row in rows:
        place = row.terminal.area.place
        level = _level(row, float(ratios[place.path, ""][LOW].value))
        found = _forecast(row, level, uses.get(row.pk, {}), open_hours[row.terminal.area_id], place.zone, now)
        if _take(row, level, found, now):
            moved.append(row)
    # Not bulk_update: its CASE for each row and column costs more than all the rest. Held rows are always there.
    SupplyLevel.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=_FIELDS)
    emit_many([_news(row, row.terminal, now) for row in moved])
    return len(moved)


def judge_due(now: datetime) -> int:
    """Judge the supplies whose time has come, some at once."""
    due = SupplyLevel.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    ids = list(due[:AT_ONCE])
    judge(ids, now)
    return len(ids)


def profile_of(supply: SupplyLevel, now: datetime) -> Profile:
    """What the use of one supply was like, for its page."""
    area = supply.terminal.area
    open_hours = promised_by_area([area.pk], now - HISTORY, now)[area.pk]
    return _profile(supply, _uses([supply.pk], now).get(supply.pk, {}), open_hours, area.place.zone, now)


def _uses(ids: Collection[int], now: datetime) -> dict[int, dict[datetime, float]]:
    found: dict[int, dict[datetime, float]] = {}
    rows = SupplyCount.objects.filter(supply_id__in=list(ids), hour_at__gte=now - HISTORY, hour_at__lte=now)
    for supply_id, hour_at, amount in rows.values_list("supply_id", "hour_at", "amount"):
        found.setdefault(supply_id, {})[floor_hour(hour_at)] = amount
    return found


def _level(row: SupplyLevel, low_ratio: float) -> Level:
    return level_now(
        capacity=row.capacity,
        filled=row.filled if row.counted_since is not None else None,
        used=row.used,
        gap=row.gap,
        word=row.word,
        low_ratio=low_ratio,
        unit=get_consumable(row.consumable).unit,
    )


def _profile(
    row: SupplyLevel, uses: dict[datetime, float], open_hours: Collection[Interval], zone: str, now: datetime
) -> Profile:
    since = max(row.counted_since or now, now - HISTORY)
    # The hour that runs is not over: what it will have used is not known yet.
    until = floor_hour(now)
    watched = clip(_open_since(since, open_hours), Interval(since, until)) if since < until else []
    return learn({at: amount for at, amount in uses.items() if at < until}, watched, ZoneInfo(zone))


def _open_since(since: datetime, open_hours: Collection[Interval]) -> list[Interval]:
    """Before the first promise of an area that is known, its machine stood open: else its idle hours would vanish and
    only the busy ones be left.
    """
    first = min((one.start for one in open_hours), default=None)
    return [*open_hours, Interval(since, first)] if first is not None and since < first else list(open_hours)


def _forecast(
    row: SupplyLevel,
    level: Level,
    uses: dict[datetime, float],
    open_hours: Collection[Interval],
    zone: str,
    now: datetime,
) -> Forecast:
    profile = _profile(row, uses, open_hours, zone, now)
    return forecast(level.amount, profile, now, sorted(open_hours), ZoneInfo(zone))


def _take(row: SupplyLevel, level: Level, found: Forecast, now: datetime) -> bool:
    """Put both into the row; whether anybody should hear of it."""
    before = (row.tell, row.grade, row.why, row.early_at, row.late_at, row.judged_at)
    row.amount, row.tell, row.grade, row.mismatch = level.amount, level.tell.value, level.grade.value, level.mismatch
    row.early_at, row.runs_out_at, row.late_at = found.p10, found.p50, found.p90
    row.why, row.per_day, row.judged_at = found.why.value, found.per_day, now
    row.due_at = now + AGAIN if row.counted_since is not None else None
    same = before[:3] == (row.tell, row.grade, row.why) and before[5] is not None
    return not (same and _near(before[3], row.early_at) and _near(before[4], row.late_at))


def _near(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < MOVED


def _news(row: SupplyLevel, terminal: Terminal, now: datetime) -> Transition:
    return Transition(
        kind="supplies.changed",
        subject=f"terminal:{terminal.code}/{row.subject}",
        place_path=terminal.area.place.path,
        payload={"terminal": terminal.code, "supply": row.pk, "consumable": row.consumable, "tell": row.tell},
        occurred_at=now,
        recorded_at=now,
    )
