"""A terminal's devices as cards, and its last 24 hours as one lane a device property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.listing import State
from budayang.center.console.states import LEVEL_TONES, level_state
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.platform.wording import words
from budayang.center.terminals.models import Peripheral
from budayang.center.terminals.queries import LINK, StateNow, StateRow
from budayang.rules.terminals import KINDS, RANK, Level, kind_of, meaning

HOURS = 24
WIDTH = 1440  # of a lane's picture, whatever its time
LINK_WORDS = {"online": (Level.OK, "在线"), "silent": (Level.FAULT, "失联")}


@dataclass(frozen=True, slots=True)
class Reading:
    """One property of a device now. `raw` is the device's own code, as it came."""

    label: str
    state: State
    code: str
    raw: str
    since: datetime
    action: str


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One device with its readings, the worst first. `gone_since`: the terminal no longer reports it."""

    subject: str
    name: str
    state: State
    readings: tuple[Reading, ...]
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LanePiece:
    """A stretch of one state, in WIDTH-ths of the lane's time."""

    x: float
    width: float
    css: str
    word: str


@dataclass(frozen=True, slots=True)
class DeviceLane:
    """One property of one device over 24 hours."""

    name: str
    words: str
    pieces: tuple[LanePiece, ...]


def _judged(kind: str, subject: str, prop: str, state: str) -> tuple[Level, str, str]:
    """(level, word, what to do) of a state."""
    if (subject, prop) == LINK:
        level, word = LINK_WORDS.get(state, (Level.UNKNOWN, state))
        return level, words(word), ""
    found = meaning(kind or kind_of(subject), prop, state)
    return found.level, words(found.text), words(found.action)


def _label(kind: str, subject: str, prop: str) -> str:
    if (subject, prop) == LINK:
        return _("与管理平台的联系")
    known = KINDS.get(kind or kind_of(subject))
    found = known.get_property(prop) if known else None
    return words(found.label) if found else prop


def _device_name(kind: str, subject: str) -> str:
    known = KINDS.get(kind or kind_of(subject))
    return words(known.name) if known else (kind or subject)


def device_cards(states: Mapping[tuple[str, str], StateNow], peripherals: Sequence[Peripheral]) -> list[DeviceCard]:
    """Every device that the terminal reported; one that has said nothing is there too, as unknown, and one that is
    gone until it retires.
    """
    kinds = {one.subject: one.kind for one in peripherals}
    gone = {one.subject: one.gone_since for one in peripherals if one.gone_since is not None}
    by_subject: dict[str, list[tuple[Level, Reading]]] = {one.subject: [] for one in peripherals}
    for (subject, prop), now in states.items():
        kind = now.kind or kinds.get(subject, "")
        kinds.setdefault(subject, kind)
        level, word, action = _judged(kind, subject, prop, now.state)
        reading = Reading(
            label=_label(kind, subject, prop),
            state=State(LEVEL_TONES[level], word),
            code=f"{prop}={now.state}",
            raw=now.raw,
            since=now.since,
            action=action,
        )
        by_subject.setdefault(subject, []).append((level, reading))
    cards = []
    for subject, readings in by_subject.items():
        readings.sort(key=lambda pair: (RANK[pair[0]], pair[1].code))
        level = readings[0][0] if readings else Level.UNKNOWN
        name = _device_name(kinds.get(subject, ""), subject)
        state = State("ask", _("不再上报")) if subject in gone else level_state(level)
        told = tuple(one for _level, one in readings)
        cards.append((level, DeviceCard(subject, name, state, told, gone.get(subject))))
    cards.sort(key=lambda pair: (RANK[pair[0]], pair[1].subject))
    return [card for _level, card in cards]


def lanes(history: Sequence[StateRow], now: datetime, *, hours: int = HOURS) -> list[DeviceLane]:
    """One lane for each property that was anything but well in the last `hours`, and the link always."""
    start = now - timedelta(hours=hours)
    grouped: dict[tuple[str, str], list[StateRow]] = {}
    for row in history:
        grouped.setdefault((row.subject, row.property), []).append(row)
    found: list[tuple[int, DeviceLane]] = []
    for (subject, prop), rows in grouped.items():
        judged = [(row, *_judged(row.kind, subject, prop, row.state)[:2]) for row in rows]
        worst = min(RANK[level] for _row, level, _word in judged)
        if (subject, prop) != LINK and worst == RANK[Level.OK]:
            continue
        kind, name = rows[-1].kind, _label(rows[-1].kind, subject, prop)
        if (subject, prop) != LINK:
            name = f"{_device_name(kind, subject)} · {name}"
        pieces = tuple(_piece(row, level, word, start, now) for row, level, word in judged)
        found.append((-1 if (subject, prop) == LINK else worst, DeviceLane(name, _words(name, pieces), pieces)))
    return [lane for _rank, lane in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def _piece(row: StateRow, level: Level, word: str, start: datetime, now: datetime) -> LanePiece:
    since, until = max(row.since, start), min(row.until or now, now)
    hours = (now - start).total_seconds() / 3600
    told = _clock if hours <= HOURS else moment
    spoken = (
        f"{word} {told(row.since)}—{told(until)}"
        if row.until
        else (_("%(word)s，%(time)s 起") % {"word": word, "time": told(row.since)})
    )
    scale = WIDTH / hours / 3600
    return LanePiece(
        x=round((since - start).total_seconds() * scale, 2),
        # What lasted a minute is still seen in the picture of a month.
        width=round(max(0.0 if hours <= HOURS else 1.5, (until - since).total_seconds() * scale), 2),
        css=f"t-{level.value}",
        word=spoken,
    )


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def _words(name: str, pieces: Sequence[LanePiece]) -> str:
    """The lane for those who do not see it; long histories are cut, the table below has every row."""
    told = "；".join(piece.word for piece in pieces[-6:])
    return f"{name}：{told}"
