"""The four answers of overview and wall: what is wrong and who is on it, which promise is broken, what runs out before
somebody is on duty, what is planned and who is there. Every part is a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.areas.board_queries import stops_around
from budayang.center.areas.models import Area, PlannedStop
from budayang.center.areas.stop_words import span_words
from budayang.center.console.hours_pictures import css_of, losses, losses_text, share_text, word_of
from budayang.center.console.listing import State
from budayang.center.console.stop_targets import stopped_words, terminal_codes
from budayang.center.console.strips import HATCHED
from budayang.center.maintenance import board_queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.hours_queries import AreaHours, HoursStrip, area_hours
from budayang.center.maintenance.hours_recent import HOUR
from budayang.center.maintenance.runout_queries import before_duty, orders_of
from budayang.center.platform.actors import Actor
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.platform.wording import words
from budayang.center.terminals import summary_queries
from budayang.center.terminals.models import GRAVITY
from budayang.rules.causes import Bucket
from budayang.rules.consumables import get_consumable
from budayang.rules.hours import Tally
from budayang.rules.maintenance import SEVERITY_NAMES, Severity

CELL, TALL = 10, 20  # an hour in the picture


@dataclass(frozen=True, slots=True)
class Counts:
    """Terminals by what each is first of all; retired ones are left out."""

    by_word: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_word.values())

    @property
    def at_work(self) -> int:
        return sum(self.by_word[word] for word in ("silent", "fault", "warning", "unknown", "ok"))


@dataclass(frozen=True, slots=True)
class Supply:
    """A consumable that may be gone before somebody is there. `out_at`: expected (50 per cent); `duty_at`: when
    somebody is on duty again.
    """

    code: str
    area: str
    name: str
    left: str
    out_at: datetime | None
    duty_at: datetime | None
    state: State


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop that runs or begins today."""

    pk: int
    what: str
    place: str
    when: str
    running: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Shape:
    """All hours' pieces of one cause in one path: a city's strip is drawn with few elements."""

    css: str
    hatched: bool
    path: str


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour in which something was lost, for the pointer."""

    x: int
    word: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """The last 24 hours of an area, hour by hour."""

    name: str
    url: str
    share: str
    figures: str
    shapes: tuple[Shape, ...]
    hours: tuple[Hour, ...]
    words: str


def counts_of(by_area: Mapping[int, Mapping[str, int]]) -> Counts:
    """All areas together."""
    total = dict.fromkeys(GRAVITY, 0)
    for here in by_area.values():
        for word, count in here.items():
            total[word] += count
    return Counts(total)


def running_out(actor: Actor, now: datetime, limit: int) -> list[Supply]:
    """What may run out before somebody of its owner is on duty, the earliest first, by the stored forecasts."""
    rows = before_duty(actor, now, limit)
    ordered = orders_of([row.incident_id for row in rows if row.incident_id])
    found = []
    for row in rows:
        machine, known = row.supply.terminal, get_consumable(row.supply.consumable)
        amount = row.supply.amount
        order = ordered.get(row.incident_id) if row.incident_id else None
        state = State("hand", _("已派单")) if order else State("stop", _("要在他们离开前补"))
        if not order and row.leaves_at is not None and row.leaves_at > now:
            state = State("stop", _("%(at)s 前补") % {"at": moment(row.leaves_at)})
        left = "" if amount is None else f"{amount} {words(known.unit)}"
        found.append(
            Supply(
                machine.code, machine.area.name, words(known.name), left, row.supply.runs_out_at or row.early_at,
                row.back_at or row.next_duty_at, state,
            )
        )  # fmt: skip
    return found


def severity_words() -> dict[str, str]:
    """Severity → word, the gravest first."""
    return {one: words(SEVERITY_NAMES[Severity(one)]) for one in maintenance.GRAVITY}


def stops_today(actor: Actor, now: datetime, limit: int) -> tuple[list[Stop], int]:
    """(planned stops that run or begin before midnight, how many more)."""
    until = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    found = stops_around(actor, now, until)
    shown = found[:limit]
    codes = terminal_codes(actor, [row for row, _window in shown])

    def told(row: PlannedStop, start: datetime, end: datetime) -> Stop:
        return Stop(
            pk=row.pk,
            what=stopped_words(row, codes),
            place=row.place.name,
            when=span_words(start, end, row.place.zone, now),
            running=start <= now,
            reason=row.reason,
        )

    return [told(row, window.start, window.end) for row, window in shown], len(found) - len(shown)


def _shapes(hours: Sequence[Tally]) -> tuple[Shape, ...]:
    """Usable time at the bottom of each hour, what was lost above it, in parts of what was promised."""
    paths: dict[Bucket | None, list[str]] = {}
    for number, found in enumerate(hours):
        at = float(TALL)
        for bucket, us in [(None, found.usable), *losses(found)] if found.promised else []:
            if us:
                height = TALL * us / found.promised
                at -= height
                paths.setdefault(bucket, []).append(f"M{number * CELL} {at:.2f}h{CELL}v{height:.2f}h-{CELL}z")
    return tuple(Shape(css_of(bucket), bucket in HATCHED, "".join(drawn)) for bucket, drawn in paths.items())


def _hours(hours: Sequence[Tally], texts: Sequence[str]) -> tuple[Hour, ...]:
    return tuple(
        Hour(number * CELL, f"{texts[number]} {losses_text(found)}")
        for number, found in enumerate(hours)
        if found.promised > found.usable
    )


def _hour_texts(strip: HoursStrip, hours: int) -> list[str]:
    return [f"{timezone.localtime(strip.first_at + n * HOUR):%H}:00" for n in range(hours)]


def area_rows(actor: Actor, strip: HoursStrip) -> list[AreaRow]:
    """The strip's areas as pictures; one query."""
    names: dict[int, Area] = areas.visible_to(actor).in_bulk([one.area_id for one in strip.rows])
    texts = _hour_texts(strip, 24)

    def row(one: AreaHours, area: Area) -> AreaRow:
        told = losses_text(one.total, 3) or _("全部可用")
        share = share_text(one.total)
        return AreaRow(
            name=area.name,
            url=reverse("console:area", args=[area.code]),
            share=share,
            figures=f"{one.total.usable / 3_600_000_000:,.1f} / {one.total.promised / 3_600_000_000:,.1f}",
            shapes=_shapes(one.hours),
            hours=_hours(one.hours, texts),
            words=f"{area.name} {share}：{told}",
        )

    return [row(one, names[one.area_id]) for one in strip.rows if one.area_id in names]


def legend_of_rows(strip: HoursStrip) -> list[tuple[str, str, bool]]:
    """(css, word, hatched) of what was lost somewhere in the strip."""
    lost = {bucket for one in strip.rows for bucket in one.total.by_bucket()}
    return [(css_of(one), word_of(one), one in HATCHED) for one in Bucket if one in lost]


def axis_of(strip: HoursStrip) -> Sequence[str]:
    """Labels under the strip: every sixth hour, and now."""
    texts = _hour_texts(strip, 24)
    return [texts[0], texts[6], texts[12], texts[18], _("现在")]


def situation(actor: Actor, now: datetime, *, strips: int, supplies: int, stops: int) -> dict[str, Any]:
    """What both pages show, each part bounded."""
    by_area = summary_queries.count_by_area(actor)
    strip = area_hours(actor, now, limit=strips)
    planned, more_stops = stops_today(actor, now, stops)
    duty = board_queries.duty_board(actor, now)
    return {
        "now": now,
        "by_area": by_area,
        "counts": counts_of(by_area),
        "open": board_queries.open_counts(actor),
        "strip": strip,
        "strips": area_rows(actor, strip),
        "strips_left_out": max(0, strip.areas - strips),
        "legend": legend_of_rows(strip),
        "axis": axis_of(strip),
        "supplies": running_out(actor, now, supplies),
        "stops": planned,
        "stops_left_out": more_stops,
        "duty": duty,
        "duty_left_out": max(0, duty.count - len(duty.rosters)),
    }
