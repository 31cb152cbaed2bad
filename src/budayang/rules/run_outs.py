"""When a supply runs out, how sure that is, and whether somebody is on duty then.

The model, in the words that a page can say: use differs by the hour of the week; each of the 168 hours has the mean of
the weeks seen, drawn towards the overall mean while the weeks are few. How much real use scatters around that is
measured from the same history (over-dispersion), and so is how little the history tells of the level itself. From both
follow three moments: with probability 10, 50 and 90 per cent it is used up by then. Nothing is simulated: the same
history gives the same moments.

Use is taken to happen in promised hours only: nobody prints in a hall that is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf, sqrt
from zoneinfo import ZoneInfo

from budayang.rules.intervals import Interval, clip

HOURS = 168
HOUR = timedelta(hours=1)
HISTORY = timedelta(weeks=8)
HORIZON = timedelta(days=60)
PULL_WEEKS = 1.5
"""How many weeks of the overall mean each hour of the week starts from."""
PLANNED_AHEAD = timedelta(days=14)
"""The longest holidays with the days around them are shorter: beyond it a roster that ends has ended."""
FEWEST_DAYS = 7
FEWEST_USED = 30
Z = 1.2815515655446004
"""The 90 per cent point of the normal distribution."""


class Why(StrEnum):
    """Why there are no moments."""

    KNOWN = ""
    NO_LEVEL = "no_level"
    NO_HISTORY = "no_history"
    BEYOND = "beyond"
    OUT = "out"


WHY_TEXTS: dict[Why, str] = {
    Why.KNOWN: "",
    Why.NO_LEVEL: "不知道还剩多少，没有预测",
    Why.NO_HISTORY: "用量记录不足一周或太少，还不能预测",
    Why.BEYOND: "60天内用不完",
    Why.OUT: "已经用完",
}


def hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    """0 is Monday 00:00—01:00 by the clock of the place."""
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


@dataclass(frozen=True, slots=True)
class Profile:
    """What the history tells of the use of one supply.

    ``rates``: units per open hour, by hour of the week. ``dispersion``: variance over mean of an hour's use, at least 1
    (a Poisson process has 1). ``doubt``: relative variance of the level itself. ``days``: open days seen.
    """

    rates: tuple[float, ...]
    dispersion: float
    doubt: float
    used: float
    days: float

    @property
    def enough(self) -> bool:
        return self.days >= FEWEST_DAYS and self.used >= FEWEST_USED


def learn(uses: Mapping[datetime, float], watched: Sequence[Interval], zone: ZoneInfo) -> Profile:
    """The profile.

    Args:
        uses: units by the hour in which they were used (its start); hours without use may be left out.
        watched: open hours in which use was counted; an hour without use inside them is a zero, outside it is nothing.
    """
    exposure: dict[datetime, float] = {}
    for span in watched:
        for start, share in _hours(span):
            exposure[start] = exposure.get(start, 0.0) + share
    for start, amount in uses.items():
        if amount > 0:
            exposure[start] = max(exposure.get(start, 0.0), 1.0)
    seen, taken = [0.0] * HOURS, [0.0] * HOURS
    for start, share in exposure.items():
        slot = hour_of_week(start, zone)
        seen[slot] += share
        taken[slot] += max(uses.get(start, 0.0), 0.0)
    total, whole = sum(taken), sum(seen)
    if not total or not whole:
        return Profile((0.0,) * HOURS, 1.0, 0.0, 0.0, whole / 24)
    mean = total / whole
    rates = tuple((taken[k] + PULL_WEEKS * mean) / (seen[k] + PULL_WEEKS) for k in range(HOURS))
    squares = sum(
        (max(uses.get(start, 0.0), 0.0) - expected) ** 2 / expected
        for start, share in exposure.items()
        if (expected := rates[hour_of_week(start, zone)] * min(share, 1.0)) > 0
    )
    dispersion = max(1.0, squares / len(exposure))
    return Profile(rates, dispersion, dispersion / total, total, whole / 24)


def _hours(span: Interval) -> list[tuple[datetime, float]]:
    """(start of the hour, share of it that the span covers) for each hour that it touches."""
    found = []
    start = span.start.replace(minute=0, second=0, microsecond=0)
    while start < span.end:
        covered = (min(span.end, start + HOUR) - max(span.start, start)).total_seconds()
        found.append((start, covered / 3600))
        start += HOUR
    return found


@dataclass(frozen=True, slots=True)
class Forecast:
    """Moments by which the supply is used up with probability 10, 50 and 90 per cent; None: not within the horizon.

    ``why`` says why there are none at all; ``per_day``: mean units of a day as it is promised now.
    """

    p10: datetime | None
    p50: datetime | None
    p90: datetime | None
    why: Why
    per_day: float | None = None

    @property
    def known(self) -> bool:
        return self.why is Why.KNOWN


def forecast(
    level: int | None, profile: Profile, now: datetime, open_hours: Sequence[Interval], zone: ZoneInfo
) -> Forecast:
    """When ``level`` units are used up. ``open_hours``: promised hours from now on; beyond 60 days nothing is said."""
    if level is None:
        return Forecast(None, None, None, Why.NO_LEVEL)
    if level <= 0:
        return Forecast(now, now, now, Why.OUT)
    if not profile.enough:
        return Forecast(None, None, None, Why.NO_HISTORY)
    needs = needed_means(level, profile.dispersion, profile.doubt)
    horizon = now + HORIZON
    moments: list[datetime | None] = [None, None, None]
    mean = 0.0
    week = 0.0
    # The level of a count is whole units: the last one has to be gone, so nothing is used up before some use.
    for span in clip(open_hours, Interval(now, horizon)):
        start = span.start
        while start < span.end:
            end = min(span.end, start.replace(minute=0, second=0, microsecond=0) + HOUR)
            grown = profile.rates[hour_of_week(start, zone)] * (end - start).total_seconds() / 3600
            for place, need in enumerate(needs):
                if moments[place] is None and grown > 0 and mean + grown >= need:
                    share = min(max((need - mean) / grown, 0.0), 1.0)
                    moments[place] = start + (end - start) * share
            mean += grown
            week += grown if start < now + timedelta(days=7) else 0.0
            start = end
    p10, p50, p90 = moments
    per_day = week / 7
    if p10 is None:
        return Forecast(None, None, None, Why.BEYOND, per_day)
    return Forecast(p10, p50, p90, Why.KNOWN, per_day)


def needed_means(level: float, dispersion: float, doubt: float) -> tuple[float, float, float]:
    """The mean use at which ``level`` units are gone with probability 10, 50 and 90 per cent.

    Use N with mean M has the variance ``dispersion * M + doubt * M²``; "gone with probability p" is P(N ≥ level) = p by
    the normal distribution, whose quadratic in M has one root on each side of the level.
    """
    if level <= 0:
        return 0.0, 0.0, 0.0
    a = 1 - Z * Z * doubt
    b = 2 * level + Z * Z * dispersion
    if abs(a) < 1e-12:
        return level * level / b, level, inf
    root = sqrt(max(b * b - 4 * a * level * level, 0.0))
    # The stable form of the smaller root: 2c / (b + root).
    low = 2 * level * level / (b + root)
    high = (b + root) / (2 * a) if a > 0 else inf
    return min(low, level), level, max(high, level)


# Against duty --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unattended:
    """A time without anybody on duty that the run-out may fall into.

    ``leaves_at``: when the last one on duty before it goes, None when nobody is there before. ``back_at``: when the
    next comes, None when nobody is planned within the horizon. ``order_at``: when the order has to be written, so that
    it is done by somebody on duty.
    """

    leaves_at: datetime | None
    back_at: datetime | None
    order_at: datetime


def unattended(found: Forecast, duty: Sequence[Interval], now: datetime, lead: timedelta) -> Unattended | None:
    """The first time without duty that the band from 10 to 90 per cent touches; None when there is none, or when what
    happens falls into hours in which somebody is there.

    The order is due ``lead`` before the last one on duty leaves, at the earliest when that duty begins; at once when
    that is over already.
    """
    if not found.known or found.p10 is None:
        return None
    late = found.p90 or (now + HORIZON)
    coming = [one for one in sorted(duty) if one.end > now]
    before: Interval | None = None
    for after in [*coming, None]:
        since = before.end if before else now
        if after is None and before is not None and now + HORIZON - before.end < PLANNED_AHEAD:
            break  # where the roster is cut off nobody knows that nobody comes
        until = after.start if after else now + HORIZON
        if since < until and found.p10 < until and late >= since:
            return _order_for(before, after, now, lead, found.p10)
        if after is None or late < since:
            break
        before = after
    return None


def _order_for(
    before: Interval | None, after: Interval | None, now: datetime, lead: timedelta, risk_at: datetime
) -> Unattended:
    back_at = after.start if after else None
    if before is None:
        # Nobody is there before. With nobody planned at all it is said when it comes near, else it stands for weeks.
        order_at = now if after else max(now, risk_at - max(lead, timedelta(days=2)))
        return Unattended(None, back_at, order_at)
    return Unattended(before.end, back_at, max(before.start, before.end - lead, now))


def safe_again(found: Forecast, duty: Sequence[Interval], now: datetime) -> bool:
    """Whether an order that was written for a run-out is no longer needed: what is there outlasts the next duty.

    What cannot be forecast is not called safe.
    """
    if found.why is Why.BEYOND:
        return True
    if not found.known or found.p10 is None:
        return False
    coming = next((one for one in sorted(duty) if one.start > now), None)
    return found.p10 >= coming.end if coming is not None else found.p10 >= now + timedelta(days=7)


def floor_hour(at: datetime) -> datetime:
    """The start of the hour of a moment, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
