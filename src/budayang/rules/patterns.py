"""Regular absences of a machine: switched off each night, dark at weekends, on too late each morning.

A pattern is named, it blames nobody: whose the minutes are is decided by evidence (rules/hours), never by regularity.
The numbers that a name needs are the columns of one table, PATTERNS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from budayang.rules.causes import Bucket

DARK = frozenset(
    {Bucket.SITE, Bucket.SWITCHED_OFF, Bucket.POWER, Bucket.NETWORK, Bucket.DEPARTMENT, Bucket.UNDETERMINED}
)
"""Buckets of a machine that gives nothing at all, for whatever reason."""
JOIN_S = 300.0
"""Absences with less than this between them are one: a machine that starts says a word and restarts once."""
DAY_MINUTES = 1440
NOON = 720


@dataclass(frozen=True)
class Absence:
    """The machine was not usable during [start, end), in whole or in part for the bucket's reason."""

    start: datetime
    end: datetime
    bucket: Bucket


@dataclass(frozen=True)
class PatternKind:
    """One row: what must be there before a regularity is given a name.

    ``nights``: which nights are looked at, by the weekday on which they begin. ``min_days`` looked at, ``min_share`` of
    them alike, ``spread_m`` minutes by which both ends of a night may differ from the median, ``min_m`` the shortest
    absence that counts.
    """

    code: str
    nights: Callable[[int], bool]
    when: str
    min_days: int
    min_share: float
    spread_m: int
    min_m: int


PATTERNS: tuple[PatternKind, ...] = (
    PatternKind("daily", lambda weekday: True, "天", min_days=7, min_share=0.8, spread_m=45, min_m=15),
    PatternKind("workdays", lambda weekday: weekday < 4, "个周一至周四的夜里", 5, 0.8, 45, 15),
    PatternKind("weekend", lambda weekday: weekday in (5, 6), "个周末日", 4, 0.75, DAY_MINUTES, 1296),
)
"""In order of precedence between daily and workdays; the weekend is named beside either. A weekend day counts when nine
tenths of it (1,296 minutes) were dark.
"""

GUESSES: Mapping[str, str] = {
    Bucket.SWITCHED_OFF: "疑似每日人工关机/开机",
    Bucket.SITE: "疑似夜间锁门或关闭场所",
    Bucket.POWER: "疑似定时断电",
    Bucket.NETWORK: "疑似定时断网",
    Bucket.DEPARTMENT: "部门系统定时关闭",
    Bucket.UNDETERMINED: "疑似每日人工关机/开机",
}
WEEKEND_GUESSES: Mapping[str, str] = {
    **GUESSES,
    Bucket.SWITCHED_OFF: "疑似周末关机",
    Bucket.UNDETERMINED: "疑似周末关机",
}
NO_EVIDENCE = "没有现场证据，只说明规律，不归责"


@dataclass(frozen=True)
class Pattern:
    """``off_m`` and ``on_m``: medians, minutes of the local day. ``alike`` of ``days`` nights match; ``evidence`` of
    those rest on a settled bucket, ``bucket`` the one most of them have. ``spread_m``: the median distance from them.
    """

    code: str
    off_m: int
    on_m: int
    alike: int
    days: int
    evidence: int
    bucket: Bucket
    spread_m: int

    @property
    def sentence(self) -> str:
        """What the numbers say and no more: "28 天中 26 天 22:31—08:29 不可用：疑似每日人工关机/开机…"."""
        kind = next(one for one in PATTERNS if one.code == self.code)
        guess = (WEEKEND_GUESSES if self.code == "weekend" else GUESSES)[self.bucket]
        proof = f"现场证据 {self.evidence} 次" if self.evidence else NO_EVIDENCE
        hours = "整天不可用" if self.code == "weekend" else f" {clock(self.off_m)}—{clock(self.on_m)} 不可用"
        return f"{self.days} {kind.when}中 {self.alike} {kind.when[0]}{hours}：{guess}（{proof}）"


def clock(minute: int) -> str:
    """ "22:31" of minutes since midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"


def find_patterns(absences: Sequence[Absence], first: date, last: date, zone: str) -> list[Pattern]:
    """The patterns of the days [first, last] (both included), in the order of PATTERNS; none when numbers are too few.

    Args:
        absences: promised time that was dark (DARK), sorted, disjoint; other losses are left out by the caller.
    """
    place = ZoneInfo(zone)
    joined = _join(absences)
    found: list[Pattern] = []
    for kind in PATTERNS:
        if kind.code == "workdays" and any(one.code == "daily" for one in found):
            continue
        one = _weekend(kind, joined, first, last, place) if kind.code == "weekend" else _nightly(
            kind, joined, first, last, place
        )  # fmt: skip
        if one is not None:
            found.append(one)
    return found


@dataclass(frozen=True)
class _Dark:
    start: datetime
    end: datetime
    buckets: tuple[Bucket, ...]


def _join(absences: Sequence[Absence]) -> list[_Dark]:
    out: list[_Dark] = []
    for one in sorted(absences, key=lambda x: x.start):
        if one.bucket not in DARK:
            continue
        if out and (one.start - out[-1].end).total_seconds() < JOIN_S:
            last = out[-1]
            out[-1] = _Dark(last.start, max(last.end, one.end), (*last.buckets, one.bucket))
        else:
            out.append(_Dark(one.start, one.end, (one.bucket,)))
    return out


def _nightly(kind: PatternKind, dark: Sequence[_Dark], first: date, last: date, place: ZoneInfo) -> Pattern | None:
    """Nights from noon to noon, each named by the day on which it begins; the first and the last are cut by the period
    and left out.
    """
    nights = [on for on in _days(first, last - timedelta(days=1)) if kind.nights(on.weekday())]
    if len(nights) < kind.min_days:
        return None
    by_night: dict[date, list[tuple[int, int, tuple[Bucket, ...]]]] = {}
    for one in dark:
        start, end = one.start.astimezone(place), one.end.astimezone(place)
        if (end - start).total_seconds() < kind.min_m * 60:
            continue
        night = (start - timedelta(hours=12)).date()
        noon = datetime(night.year, night.month, night.day, 12, tzinfo=place)
        off, on = (round((at - noon).total_seconds() / 60) for at in (start, end))
        by_night.setdefault(night, []).append((off, on, one.buckets))
    longest = [max(by_night[on], key=lambda x: x[1] - x[0]) for on in nights if on in by_night]
    if not longest:
        return None
    off_m, on_m = round(median(x[0] for x in longest)), round(median(x[1] for x in longest))
    alike = []
    for night in nights:
        near = [
            x
            for x in by_night.get(night, ())
            if abs(x[0] - off_m) <= kind.spread_m and abs(x[1] - on_m) <= kind.spread_m
        ]
        alike += near[:1]
    if len(alike) < kind.min_share * len(nights):
        return None
    spread = round(median(max(abs(x[0] - off_m), abs(x[1] - on_m)) for x in alike))
    return _pattern(kind, [x[2] for x in alike], len(nights), (off_m + NOON, on_m + NOON, spread))


def _weekend(kind: PatternKind, dark: Sequence[_Dark], first: date, last: date, place: ZoneInfo) -> Pattern | None:
    days = [on for on in _days(first, last) if kind.nights(on.weekday())]
    if len(days) < kind.min_days:
        return None
    alike = []
    for on in days:
        start = datetime(on.year, on.month, on.day, tzinfo=place)
        end = datetime.combine(on + timedelta(days=1), start.timetz())
        minutes = 0.0
        buckets: tuple[Bucket, ...] = ()
        for one in dark:
            lost = (min(one.end, end) - max(one.start, start)).total_seconds() / 60
            if lost > 0:
                minutes += lost
                buckets += one.buckets
        if minutes >= kind.min_m:
            alike.append(buckets)
    if len(alike) < kind.min_share * len(days):
        return None
    return _pattern(kind, alike, len(days), (0, 0, 0))


def _pattern(kind: PatternKind, alike: Sequence[tuple[Bucket, ...]], days: int, times: tuple[int, int, int]) -> Pattern:
    settled: dict[Bucket, int] = {}
    evidence = 0
    for buckets in alike:
        known = {one for one in buckets if one is not Bucket.UNDETERMINED}
        evidence += bool(known)
        for one in known:
            settled[one] = settled.get(one, 0) + 1
    bucket = max(settled, key=lambda one: (settled[one], one.value)) if settled else Bucket.UNDETERMINED
    off_m, on_m, spread = times
    return Pattern(kind.code, off_m % DAY_MINUTES, on_m % DAY_MINUTES, len(alike), days, evidence, bucket, spread)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
