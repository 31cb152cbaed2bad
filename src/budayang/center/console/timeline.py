"""A terminal's components over time: a lane for each property that was not well, with faults, stops and commands marked
on it; and the same as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.areas.queries import planned_stops
from budayang.center.console.device_pages import DeviceLane, lanes
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.models import Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.platform.wording import words
from budayang.center.terminals import command_queries, queries
from budayang.center.terminals.models import Terminal
from budayang.rules import commands

SPANS: dict[str, tuple[int, str | Promise]] = {
    "24h": (24, gettext_lazy("24 小时")),
    "7d": (24 * 7, gettext_lazy("7 天")),
    "30d": (24 * 30, gettext_lazy("30 天")),
}
MOST_ROWS = 4000
"""Intervals that are drawn: a flapping part may have more in a month, and the newest are what is looked for."""
MOST_LANES, MOST_MARKS, PAGE = 14, 60, 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch above the lanes: a fault, a planned stop, a command. In minutes of the picture."""

    kind: str
    x: float
    width: float
    word: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One interval as the table below tells it."""

    part: str
    word: str
    raw: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What was not well in the chosen time. `left_out`: intervals too old to be drawn."""

    span: str
    title: str
    start: datetime
    lanes: tuple[DeviceLane, ...]
    more_lanes: int
    marks: Mapping[str, tuple[Mark, ...]]
    rows: tuple[Row, ...]
    page: int
    pages: int
    left_out: bool
    axis: tuple[str, ...]


def span_of(asked: str) -> str:
    """24h unless another one is chosen."""
    return asked if asked in SPANS else "24h"


def timeline(actor: Actor, terminal: Terminal, now: datetime, span: str, page: int) -> Timeline:
    """Five queries, whatever happened."""
    hours, title = SPANS[span]
    start = now - timedelta(hours=hours)
    history = queries.recent_history(terminal.pk, start, now, MOST_ROWS + 1)
    cut, history = len(history) > MOST_ROWS, history[-MOST_ROWS:]
    drawn = lanes(history, now, hours=hours)
    shown = list(reversed(history))
    pages = max(1, -(-len(shown) // PAGE))
    page = min(max(1, page), pages)
    return Timeline(
        span=span,
        title=str(title),
        start=start,
        lanes=tuple(drawn[:MOST_LANES]),
        more_lanes=max(0, len(drawn) - MOST_LANES),
        marks=_marks(actor, terminal, start, now),
        rows=tuple(
            Row(f"{one.subject} {one.property}", one.state, one.raw, one.since, one.until)
            for one in shown[(page - 1) * PAGE : page * PAGE]
        ),
        page=page,
        pages=pages,
        left_out=cut,
        axis=_axis(start, now, hours),
    )


def _axis(start: datetime, now: datetime, hours: int) -> tuple[str, ...]:
    steps = [timezone.localtime(start + (now - start) * part / 4) for part in range(4)]
    texts = [f"{one:%H:%M}" if hours <= 24 else words(f"{one.month}月{one.day}日") for one in steps]
    return (*texts, _("现在"))


def _place(start: datetime, now: datetime, since: datetime, until: datetime | None) -> tuple[float, float]:
    """(x, width) in a picture 1440 wide; never narrower than can be pointed at."""
    scale = 1440 / (now - start).total_seconds()
    left = max(0.0, (since - start).total_seconds() * scale)
    right = min(1440.0, ((until or now) - start).total_seconds() * scale)
    return round(min(left, 1434.0), 1), round(max(6.0, right - left), 1)


def _marks(actor: Actor, terminal: Terminal, start: datetime, now: datetime) -> dict[str, tuple[Mark, ...]]:
    found: dict[str, list[Mark]] = {"incident": [], "stop": [], "command": []}
    for one in maintenance.incidents_of_terminal(actor, terminal.pk, start, MOST_MARKS):
        x, width = _place(start, now, one.opened_at, one.closed_at)
        found["incident"].append(Mark("incident", x, width, _told(one), reverse("console:incident", args=[one.pk])))
    for stop in planned_stops(start, now, area_id=terminal.area_id, terminal_id=terminal.pk)[-MOST_MARKS:]:
        x, width = _place(start, now, stop.start, stop.end)
        word = _("%(reason)s %(since)s—%(until)s") % {
            "reason": stop.reason, "since": moment(stop.start), "until": moment(stop.end),
        }  # fmt: skip
        found["stop"].append(Mark("stop", x, width, word, reverse("console:stop", args=[stop.id])))
    for run in command_queries.recent_runs(actor, terminal.pk, MOST_MARKS):
        if run.changed_at >= start:
            x, width = _place(start, now, run.command.created_at, run.ended_at or run.changed_at)
            word = (
                f"{_command_name(run.command.name)} {words(commands.STATE_NAMES[run.state])} {moment(run.changed_at)}"
            )
            found["command"].append(Mark("command", x, width, word, reverse("console:command", args=[run.command_id])))
    return {kind: tuple(marks) for kind, marks in found.items()}


def _told(one: Incident) -> str:
    until = moment(one.closed_at) if one.closed_at else _("至今")
    return f"{words(one.title)} {moment(one.opened_at)}—{until}"


def _command_name(name: str) -> str:
    known = commands.BY_NAME.get(name)
    return words(known.label) if known else name


def mark_lanes(found: Sequence[Mark]) -> str:
    """All marks of a lane in words, for those who do not see it."""
    return "；".join(one.word for one in found)
