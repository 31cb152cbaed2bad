"""Promised time against usable time as a picture: one lane a terminal, every minute in exactly one colour and word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.maintenance.responsibility import attributed
from budayang.center.platform.wording import words
from budayang.center.terminals.models import Terminal
from budayang.rules.maintenance import BUCKETS, Attributed, Bucket, UsableSummary, summarize

HOURS = 24
UNITS = 1440  # of a strip's width: minutes
# Told by pattern as well as colour: what nobody saw, what was announced, what is not settled.
HATCHED = frozenset({Bucket.MONITORING_LOST, Bucket.PLANNED, Bucket.UNDETERMINED, Bucket.SITE})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a lane, in minutes from the strip's start. `word` says what it is and when."""

    x: float
    width: float
    css: str
    hatched: bool
    word: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One terminal's day."""

    code: str
    y: float
    height: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """The last 24 hours of an area or a terminal. `usable_s` and `promised_s` add up its terminals."""

    title: str
    url: str
    lanes: tuple[Lane, ...]
    height: int
    promised_s: float
    usable_s: float
    counted_s: float
    buckets: tuple[Bucket, ...]
    words: str

    @property
    def share(self) -> float | None:
        """Usable share of the time that is judged: announced stops and lost monitoring count for and against nobody."""
        return self.usable_s / self.counted_s if self.counted_s > 0 else None

    @property
    def usable_h(self) -> str:
        """Usable hours of all terminals together."""
        return f"{self.usable_s / 3600:.1f}"

    @property
    def promised_h(self) -> str:
        """Promised hours of all terminals together."""
        return f"{self.promised_s / 3600:.1f}"


def _piece(one: Attributed, start: datetime) -> Piece:
    x = (one.interval.start - start).total_seconds() / 60
    word = words(BUCKETS[one.bucket].name) if one.bucket else _("可用")
    since, until = timezone.localtime(one.interval.start), timezone.localtime(one.interval.end)
    return Piece(
        x=round(x, 2),
        width=round(one.interval.seconds / 60, 2),
        css=f"k-{one.bucket.value}" if one.bucket else "k-usable",
        hatched=one.bucket in HATCHED,
        word=f"{word} {since:%H:%M}—{until:%H:%M}",
    )


def terminal_strip(machine: Terminal, now: datetime) -> Strip | None:
    """The strip of one terminal up to `now`."""
    return _strip(f"{machine.code} {machine.name}", reverse("console:terminal", args=[machine.code]), [machine], now)


def _strip(title: str, url: str, machines: Sequence[Terminal], now: datetime) -> Strip | None:
    start = now - timedelta(hours=HOURS)
    found = [(one.code, attributed(one.pk, start, now)) for one in machines if one.enrolled_at is not None]
    found = [(code, pieces) for code, pieces in found if pieces]
    if not found:
        return None
    height = max(20, 7 * len(found))
    step = height / len(found)
    gap = 1 if len(found) > 1 else 0
    lanes = tuple(
        Lane(code, round(number * step, 2), round(step - gap, 2), tuple(_piece(one, start) for one in pieces))
        for number, (code, pieces) in enumerate(found)
    )
    total = summarize(one for _code, pieces in found for one in pieces)
    return Strip(
        title=title,
        url=url,
        lanes=lanes,
        height=height,
        promised_s=total.promised_s,
        usable_s=total.usable_s,
        counted_s=total.counted_s,
        buckets=tuple(bucket for bucket in Bucket if bucket in total.by_bucket),
        words=_words(title, total),
    )


def _words(title: str, total: UsableSummary) -> str:
    """The strip for those who do not see it."""
    parts = [
        _("%(name)s：承诺 %(promised).1f 台时，可用 %(usable).1f 台时")
        % {"name": title, "promised": total.promised_s / 3600, "usable": total.usable_s / 3600}
    ]
    parts += [
        _("%(cause)s %(hours).1f 台时") % {"cause": words(BUCKETS[bucket].name), "hours": seconds / 3600}
        for bucket, seconds in total.by_bucket.items()
    ]
    return "，".join(parts)


def legend(strips: Sequence[Strip]) -> list[tuple[str, str, bool]]:
    """(css, word, hatched) of the causes that occur in the strips, in the house's order."""
    occurring = {bucket for strip in strips for bucket in strip.buckets}
    return [
        (f"k-{bucket.value}", words(BUCKETS[bucket].name), bucket in HATCHED)
        for bucket in Bucket
        if bucket in occurring
    ]


def axis(now: datetime) -> list[str]:
    """Labels under the strips: 24 hours ago, every six hours, now."""
    local = timezone.localtime(now)
    return [*[f"{local - timedelta(hours=back):%H:%M}" for back in (24, 18, 12, 6)], _("现在")]
