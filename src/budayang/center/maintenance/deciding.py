"""What follows from the picture of an area: which incidents open, close, hang below others, and which a stop hushes.

Pure: no query, no clock. Judged is what stands, never the message that told of it, so that news that comes twice, late
or in another order decides nothing differently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from budayang.center.areas.queries import StopFact
from budayang.center.maintenance.models import Hush, Incident
from budayang.center.maintenance.picture import DOOR, LINK, OWN, SILENT, Key, Picture
from budayang.center.maintenance.standing import (
    LINE_DOWN,
    UNSTABLE,
    UNUSABLE,
    Seen,
    last_change,
    standing_now,
    unstable_now,
)
from budayang.center.terminals.area_queries import AreaMachine, AreaState
from budayang.rules.areas import covers
from budayang.rules.causes import GRAVITY, Bucket, IncidentKind, NodeLevel, Source, get_cause, hushes
from budayang.rules.evidence import PROOF, Line
from budayang.rules.inference import NUMBER, AreaFacts, Silent, can_join, goes_on, hold_s, join
from budayang.rules.intervals import find_at
from budayang.rules.tree import Standing, find_cause

LEVELS = list(NodeLevel)
GATEWAY_S = 15.0


@dataclass(frozen=True, slots=True)
class Closing:
    """`worse`: the graver cause that the same property of the same component turned into."""

    incident: Incident
    closed_at: datetime
    worse: IncidentKind | None
    frees: bool = False
    """It began before the cause that it hangs below: a fault of its own, although both ended together."""


@dataclass(slots=True)
class Decision:
    """What has to be written so that the incidents of the area match its facts."""

    opening: list[Seen] = field(default_factory=list)
    closing: list[Closing] = field(default_factory=list)
    parents: dict[Key, Key | None] = field(default_factory=dict)
    """Of everything that is open afterwards: what it hangs below."""
    hushed: list[tuple[Seen, StopFact]] = field(default_factory=list)
    unhushed: list[Hush] = field(default_factory=list)
    hold_s: float = 0.0
    """How long the order of a silence waits for the silences of its neighbours."""
    due: list[datetime] = field(default_factory=list)
    """Moments at which time alone changes the verdict."""
    evidence: list[tuple[Incident, Line]] = field(default_factory=list)
    """What was learnt of incidents that are open already."""
    departments: set[str] = field(default_factory=set)
    """Departments that a terminal of the area says do not answer."""


def decide(picture: Picture) -> Decision:
    """See the module."""
    decision = Decision()
    standing, unseen = standing_now(picture, decision.due, decision.departments)
    standing = _hush(picture, standing, decision)
    for found in _inferred(picture, standing, unseen, decision):
        standing[found.key] = found
    _learn(picture, standing, decision)
    _close(picture, standing, unseen, decision)
    _open(picture, standing, decision)
    _hang(picture, decision)
    return decision


# What a planned stop hushes -----------------------------------------------------------------------------------------


def _hush(picture: Picture, standing: dict[Key, Seen], decision: Decision) -> dict[Key, Seen]:
    """Take out what a planned stop covers and is not open yet; the stop's page shows it."""
    left: dict[Key, Seen] = {}
    hushed: set[Key] = set()
    for key, seen in standing.items():
        stop = None if key in picture.open else _stop_over(picture, seen)
        if stop is None:
            left[key] = seen
            continue
        hushed.add(key)
        decision.due.append(stop.end)
        if key not in picture.hushes:
            decision.hushed.append((seen, stop))
    decision.unhushed = [row for key, row in picture.hushes.items() if key not in hushed]
    return left


def _stop_over(picture: Picture, seen: Seen) -> StopFact | None:
    terminal_id = seen.machine.pk if seen.machine else None
    return next(
        (one for one in picture.stops if hushes(one, seen.kind, terminal_id=terminal_id, subject=seen.component)), None
    )


def _covered(picture: Picture, incident: Incident) -> bool:
    """Whether a stop runs over the thing of an open incident: then it stays as it is until the stop is over."""
    if get_cause(incident.kind).source is not Source.STATE:
        return False
    kind = incident.component.partition("-")[0]
    ids = {"terminal_id": incident.terminal_id, "subject": incident.component, "component": kind}
    return any(covers(stop, **ids) for stop in picture.stops)  # type: ignore[arg-type]  # one mapping for three types


# What is inferred ----------------------------------------------------------------------------------------------------


def _inferred(picture: Picture, standing: dict[Key, Seen], unseen: set[Key], decision: Decision) -> list[Seen]:
    """The area's joint silence, and components that change too often."""
    found = unstable_now(picture, decision.due)
    joint = _joint_silence(picture, standing, unseen, decision)
    return [*found, joint] if joint is not None else found


def own_machines(picture: Picture) -> list[AreaMachine]:
    """Terminals that speak for the area: in use, running our program, heard at least once, under no stop."""
    return [
        one
        for one in picture.machines
        if one.kind == OWN
        and one.state == "active"
        and one.last_seen_at is not None
        and not any(covers(stop, terminal_id=one.pk) for stop in picture.stops)
    ]


def _joint_silence(picture: Picture, standing: dict[Key, Seen], unseen: set[Key], decision: Decision) -> Seen | None:
    mine = own_machines(picture)
    decision.hold_s = hold_s([one.plan_s for one in mine])
    silent = [
        Silent(one.code, one.silent_since, one.plan_s, one.grace_s)
        for one in mine
        if one.pk in picture.silent and one.silent_since is not None
    ]
    subject = f"area:{picture.area.code}/silence"
    open_one = next((row for (where, _kind), row in picture.open.items() if where == subject), None)
    if open_one is not None:
        if not goes_on(len(silent), len(mine)):
            return None
        _ask_gateway(picture, open_one, decision)
        kind = get_cause(open_one.kind)
        return Seen(kind, subject, "silence", open_one.opened_at, None, Bucket(open_one.bucket))
    if not can_join(len(mine)) or _explained(picture, {*standing, *unseen}):
        return None
    battery = [state.since for state in picture.faults if (state.kind, state.property) == ("ups", "supply")]
    heard = [one.code for one in mine if one.pk not in picture.silent]
    joint = join(AreaFacts(silent, heard, min(battery, default=None), picture.gateway_at))
    if joint is None:
        return None
    kind = get_cause(joint.code)
    return Seen(kind, subject, "silence", joint.since, None, kind.bucket, lines=joint.lines)


def _ask_gateway(picture: Picture, incident: Incident, decision: Decision) -> None:
    """A relay's last word is known up to half a minute late: ask again while the fault is not settled."""
    at = picture.gateway_at
    if at is None or incident.bucket != Bucket.UNDETERMINED:
        return
    if at > incident.opened_at:
        decision.evidence.append((incident, Line(at, "gateway", "gateway", PROOF["gateway"].text)))
    else:
        decision.due.append(picture.now + timedelta(seconds=GATEWAY_S))


def _explained(picture: Picture, keys: Iterable[Key]) -> bool:
    """Whether a cause of the area that is open already takes its terminals: their silence is its symptom."""
    kinds = [get_cause(code) for subject, code in {*picture.open, *keys} if subject.startswith("area:")]
    return any("terminal" in kind.affects and kind.source is Source.STATE for kind in kinds)


def _learn(picture: Picture, standing: dict[Key, Seen], decision: Decision) -> None:
    """Sources that say something else now of a machine that is watched from beside."""
    for key, seen in standing.items():
        incident = picture.open.get(key) if seen.kind is UNUSABLE else None
        if incident is not None and incident.bucket != seen.bucket:
            decision.evidence += [(incident, line) for line in seen.lines]


# What is written -----------------------------------------------------------------------------------------------------


def _close(picture: Picture, standing: dict[Key, Seen], unseen: set[Key], decision: Decision) -> None:
    for key, incident in picture.open.items():
        kind = get_cause(incident.kind)
        if key in standing or _stays(picture, incident, kind, key in unseen):
            continue
        if kind.code == DOOR and _untold(_told_of(picture, incident, kind)):
            window = find_at(picture.promised, picture.now)
            if window is not None:
                decision.due.append(window.end)
                continue  # that nobody tells of it any more does not unlock it
        well_at = _well_since(picture, incident, kind)
        clear_s = picture.limits.flap_calm_s if kind is UNSTABLE else kind.clear_after_s
        due = well_at + timedelta(seconds=clear_s)
        if due > picture.now:
            decision.due.append(due)
            continue
        decision.closing.append(
            Closing(incident, well_at, _worse(incident, kind, standing), _began_before(incident, kind))
        )


def _began_before(incident: Incident, kind: IncidentKind) -> bool:
    above = incident.cause
    part = kind.level is NodeLevel.PERIPHERAL and kind is not LINE_DOWN
    return above is not None and part and incident.opened_at < above.opened_at


def _stays(picture: Picture, incident: Incident, kind: IncidentKind, unseen: bool) -> bool:
    """What nobody can see now stays as it was, also while a stop is being worked in."""
    if kind is UNUSABLE:
        return unseen
    if kind.source in (Source.LINK, Source.INFERENCE) and kind is not LINE_DOWN:
        return False
    if incident.terminal_id is not None and incident.terminal_id in picture.frozen:
        return True
    return unseen or _covered(picture, incident)


def _well_since(picture: Picture, incident: Incident, kind: IncidentKind) -> datetime:
    """The moment at which the fault went, by the facts; now where they do not say."""
    if kind.source is Source.MESSAGE:
        return incident.opened_at
    if kind is UNSTABLE:
        return last_change(picture, incident)
    if kind is UNUSABLE:
        verdict = picture.watched.get(incident.terminal_id or 0)
        return max(verdict.since, incident.opened_at) if verdict is not None else picture.now
    if kind.source is Source.INFERENCE and kind.at_area:
        return _most_back_at(picture, incident)
    told = _told_of(picture, incident, kind)
    well = [] if kind.code == DOOR and _untold(told) else [state.since for state in told]
    moment = max(well, default=picture.now)
    if kind.code == DOOR:
        past = [window.end for window in picture.promised if window.end <= picture.now]
        moment = min(moment, max(past, default=moment)) if find_at(picture.promised, picture.now) is None else moment
    return max(moment, incident.opened_at)


def _told_of(picture: Picture, incident: Incident, kind: IncidentKind) -> list[AreaState]:
    """What is told now of the property that the incident is about."""
    if kind.source is Source.LINK:
        mine = [one for one in picture.present if one.terminal_id == incident.terminal_id]
        return [one for one in mine if one.property == LINK and one.state != SILENT]
    return [one for one in picture.present if one.property == kind.prop and _fits(picture, incident, kind, one)]


def _untold(states: list[AreaState]) -> bool:
    return bool(states) and all(one.state == "unknown" for one in states)


def _fits(picture: Picture, incident: Incident, kind: IncidentKind, state: AreaState) -> bool:
    if kind.at_area:
        return f"area:{picture.area.code}/{state.kind}" == incident.subject
    return state.terminal_id == incident.terminal_id and state.subject == incident.component


def _most_back_at(picture: Picture, incident: Incident) -> datetime:
    """When so many terminals were back that the area's fault was over."""
    mine = {one.pk for one in own_machines(picture)}
    silent = len(mine & picture.silent)
    backs = sorted(
        state.since
        for state in picture.present
        if state.property == LINK and state.terminal_id in mine - picture.silent and state.since > incident.opened_at
    )
    for number, at in enumerate(backs, 1):
        if not goes_on(silent + len(backs) - number, len(mine)):
            return at
    return picture.now


def _worse(incident: Incident, old: IncidentKind, standing: dict[Key, Seen]) -> IncidentKind | None:
    for (subject, _code), found in standing.items():
        new = found.kind
        same = subject == incident.subject and (new.kind, new.prop) == (old.kind, old.prop)
        if same and _weight(new) > _weight(old):
            return new
    return None


def _weight(kind: IncidentKind) -> tuple[int, int]:
    return len(kind.affects), -GRAVITY[kind.severity]


def _open(picture: Picture, standing: dict[Key, Seen], decision: Decision) -> None:
    over = {(one.incident.subject, one.incident.kind) for one in decision.closing}
    unstable = {subject for subject, code in {*standing, *picture.open} - over if code == UNSTABLE.code}
    for key, seen in standing.items():
        if key in picture.open:
            continue
        single = seen.kind is not UNSTABLE and seen.subject in unstable
        if single and seen.kind.level is NodeLevel.PERIPHERAL:
            continue  # the unstable component stands for it; its minutes follow from the states themselves
        after_s = seen.kind.open_after_s
        if seen.kind.source is Source.STATE:
            after_s = max(after_s, picture.limits.settle_s)
        # What must have lasted must have been seen to last: a terminal that comes back tells what was, before its
        # devices were read again (a UPS on battery, when the power is back).
        due = max(seen.since, seen.heard_since or seen.since) + timedelta(seconds=after_s)
        if due > picture.now:
            decision.due.append(due)
        else:
            decision.opening.append(seen)
    # Parents first, so that what hangs below them never gets an order of its own.
    decision.opening.sort(key=lambda seen: (LEVELS.index(seen.kind.level), seen.since, seen.subject))


def _hang(picture: Picture, decision: Decision) -> None:
    """What each incident that is open after this hangs below."""
    closed = {(one.incident.subject, one.incident.kind) for one in decision.closing}
    entries = [
        Standing(key, get_cause(row.kind), str(row.terminal_id or ""), row.component, row.opened_at)
        for key, row in picture.open.items()
        if key not in closed
    ]
    entries += [
        Standing(one.key, one.kind, str(one.machine.pk) if one.machine else "", one.component, one.since)
        for one in decision.opening
    ]
    silent = {str(one) for one in picture.silent}
    decision.parents = find_cause(entries, silent)
    ended = {one.incident.pk: one.closed_at for one in decision.closing}
    for key, row in picture.open.items():
        if key not in closed and decision.parents[key] is None and _still_returning(picture, row, ended, decision):
            del decision.parents[key]


def _still_returning(picture: Picture, row: Incident, ended: dict[int, datetime], decision: Decision) -> bool:
    """After the fault of an area is over its last terminals come back one by one, and its signs go one by one: for a
    while they are left below it, before they count as faults of their own.
    """
    above, kind = row.cause, get_cause(row.kind)
    if above is None or not get_cause(above.kind).at_area or not (kind.source is Source.LINK or kind.at_area):
        return False
    closed_at = ended.get(above.pk, above.closed_at)
    if closed_at is None:
        return False
    until = closed_at + timedelta(seconds=NUMBER["free_hold_s"])
    if until > picture.now:
        decision.due.append(until)
    return until > picture.now
