"""An area as it stands now, read with a fixed number of queries for any number of areas and terminals.

Nothing is decided here: `deciding` says what follows from a picture, `judging` writes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import StopFact
from budayang.center.maintenance.models import Hush, Incident, LastWords
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameters
from budayang.center.terminals import area_queries as terminals
from budayang.center.terminals.area_queries import AreaMachine, AreaState, AreaWatched
from budayang.rules.causes import CAUSES, Source, cause_of, get_cause
from budayang.rules.evidence import Line, line_of
from budayang.rules.intervals import Interval

JOB = Actor.job("maintenance.judging")
Key = tuple[str, str]
"""Subject and kind: what is one incident at a time."""

_TOLD = tuple(one for one in CAUSES if one.source is Source.STATE)
PROPERTIES = frozenset(one.prop for one in _TOLD)
STATES = frozenset(state for one in _TOLD for state in one.states)
LINK, SILENT = "link", "silent"
JUDGED = frozenset({Source.STATE, Source.LINK, Source.INFERENCE, Source.MESSAGE})
DOOR, DOWN = "door_locked", "department_down"
OWN, WATCHED, RELAY = "own", "watched", "relay"
PROMISE_BACK, PROMISE_AHEAD = timedelta(days=2), timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Limits:
    """Parameters in force at the area."""

    settle_s: float
    flap_changes: float
    flap_window_s: float
    flap_calm_s: float


@dataclass(frozen=True, slots=True)
class Site:
    """The area itself: where it lies and who manages it."""

    pk: int
    code: str
    path: str
    manager_id: int | None


@dataclass
class Picture:
    """Everything that the causes of one area follow from."""

    area: Site
    now: datetime
    machines: list[AreaMachine] = field(default_factory=list)
    faults: list[AreaState] = field(default_factory=list)
    """What stands and is a cause."""
    present: list[AreaState] = field(default_factory=list)
    """What the properties of open incidents are now, in whatever state."""
    recent: list[AreaState] = field(default_factory=list)
    """Onsets of faults within the time in which flapping is looked for."""
    stops: list[StopFact] = field(default_factory=list)
    open: dict[Key, Incident] = field(default_factory=dict)
    hushes: dict[Key, Hush] = field(default_factory=dict)
    promised: list[Interval] = field(default_factory=list)
    """Promised hours around now; read only when a door is locked."""
    departments: dict[str, Incident] = field(default_factory=dict)
    """Open incidents of departments' systems, by code; read only when a terminal says that one does not answer."""
    last_words: dict[int, Line] = field(default_factory=dict)
    heard_since: dict[int, datetime] = field(default_factory=dict)
    """Since when terminals have been heard without a silence; read only of those that tell of what has to last."""
    watched: dict[int, AreaWatched] = field(default_factory=dict)
    """Verdicts on departments' own machines."""
    limits: Limits = field(default_factory=lambda: Limits(0, 6, 600, 900))

    @cached_property
    def by_id(self) -> dict[int, AreaMachine]:
        return {one.pk: one for one in self.machines}

    @cached_property
    def silent(self) -> set[int]:
        """Machines in use that say nothing. Whether ingest is up now does not matter: it wrote the silence itself."""
        return {one.pk for one in self.machines if one.state == "active" and one.silent_since is not None}

    @cached_property
    def gateway_at(self) -> datetime | None:
        """The last word of a relay of the area that can be heard: then the area has power, and a line to us."""
        words = [
            one.last_seen_at
            for one in self.machines
            if one.kind == RELAY and one.state == "active" and one.pk not in self.silent and one.last_seen_at
        ]
        return max(words, default=None)

    @cached_property
    def frozen(self) -> set[int]:
        """Machines of which nobody can see more: what is open stays open, nothing new is opened."""
        return self.silent | {one.pk for one in self.machines if one.state == "suspended"}


def look(area_ids: Collection[int], now: datetime) -> dict[int, Picture]:
    """The pictures of some areas; areas that are not there are missing."""
    rows = areas.visible_to(JOB).filter(pk__in=area_ids).values_list("pk", "code", "place__path", "manager_id")
    found = {row[0]: Picture(Site(*row), now) for row in rows}
    for machine in terminals.machines_of(found):
        found[machine.area_id].machines.append(machine)
    for verdict in terminals.watched_of(found):
        found[verdict.area_id].watched[verdict.terminal_id] = verdict
    for state in terminals.standing_states(found, PROPERTIES, STATES):
        found[state.area_id].faults.append(state)
    standing = list(Incident.objects.filter(area_id__in=found, state="open").order_by("opened_at", "pk"))
    # Most hang below one of the others: only causes that are over already are read besides.
    causes = {row.pk: row for row in standing}
    causes |= Incident.objects.in_bulk({row.cause_id for row in standing if row.cause_id} - causes.keys())
    for row in standing:
        if row.cause_id is not None:
            row.cause = causes[row.cause_id]
        if get_cause(row.kind).source in JUDGED and row.area_id is not None:
            found[row.area_id].open[row.subject, row.kind] = row
    for hush in Hush.objects.filter(area_id__in=found, until_at__isnull=True):
        found[hush.area_id].hushes[hush.subject, hush.kind] = hush
    for area_id, stops in areas.stops_over(found, now, now + timedelta(seconds=1)).items():
        found[area_id].stops = stops
    _limits(list(found.values()), now)
    _present(found)
    back_s = max((one.limits.flap_window_s + one.limits.flap_calm_s for one in found.values()), default=0.0)
    onsets = terminals.recent_states(found, PROPERTIES | {LINK}, STATES | {SILENT}, now - timedelta(seconds=back_s))
    for state in onsets:
        found[state.area_id].recent.append(state)
    _rare(found)
    _hear(found)
    return found


def _hear(found: dict[int, Picture]) -> None:
    """Of what must have held for a while before it is a fault: since when anybody could see that it holds."""
    telling: dict[int, int] = {}
    for area_id, picture in found.items():
        for state in picture.faults:
            kind = cause_of(state.kind, state.property, state.state)
            if kind is not None and kind.open_after_s:
                telling[state.terminal_id] = area_id
    if telling:
        for terminal_id, since in terminals.heard_since(telling).items():
            found[telling[terminal_id]].heard_since[terminal_id] = since


def _limits(pictures: Collection[Picture], now: datetime) -> None:
    names = ("settle_s", "flap_changes", "flap_window_s", "flap_calm_s")
    held = parameters(names, [(one.area.path, "") for one in pictures], now)
    for one in pictures:
        mine = held[one.area.path, ""]
        one.limits = Limits(*(float(mine[name].value) for name in names))


def _present(found: dict[int, Picture]) -> None:
    """What the properties of open incidents are now, so that a closing has the moment at which the fault went."""
    wanted: set[int] = set()
    properties: set[str] = set()
    for area_id, picture in found.items():
        for row in picture.open.values():
            kind = get_cause(row.kind)
            wanted.add(area_id)
            properties.add(LINK if kind.source in (Source.LINK, Source.INFERENCE) else kind.prop)
    if wanted:
        for state in terminals.standing_states(wanted, properties):
            found[state.area_id].present.append(state)


def _rare(found: dict[int, Picture]) -> None:
    """What only some areas need: promised hours for a locked door, departments for lines that are down, last words."""
    codes: set[str] = set()
    for area_id, picture in found.items():
        if any(state.property == "entrance" for state in picture.faults) or any(k == DOOR for _s, k in picture.open):
            picture.promised = areas.promised_windows(area_id, picture.now - PROMISE_BACK, picture.now + PROMISE_AHEAD)
        codes |= {department_of(one.subject) for one in picture.faults if one.kind == "department"}
    if codes:
        down = {row.department: row for row in Incident.objects.filter(state="open", kind=DOWN, department__in=codes)}
        for picture in found.values():
            picture.departments = down
    fresh: dict[int, int] = {}
    for area_id, picture in found.items():
        told = {row.terminal_id for (_subject, kind), row in picture.open.items() if kind == "terminal_silent"}
        fresh |= dict.fromkeys(picture.silent - told, area_id)
    if fresh:
        words: dict[int, dict[int, Line]] = defaultdict(dict)
        for last in LastWords.objects.filter(terminal_id__in=fresh):
            words[fresh[last.terminal_id]][last.terminal_id] = line_of(last.line)
        for area_id, lines in words.items():
            found[area_id].last_words = lines


def department_of(subject: str) -> str:
    """ "department-RS" → "RS"."""
    return subject.partition("-")[2]
