"""What stands in the picture of an area: causes that components report, silences, and components that flap.

Pure, like :mod:`deciding`, which says what has to be written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.picture import DOOR, LINK, RELAY, SILENT, WATCHED, Key, Picture, department_of
from budayang.center.terminals.area_queries import AreaMachine, AreaState
from budayang.rules.causes import Bucket, IncidentKind, cause_of, get_cause
from budayang.rules.evidence import Line, settle_terminal
from budayang.rules.inference import NUMBER
from budayang.rules.intervals import find_at
from budayang.rules.terminals import KINDS

UNSTABLE, LINE_DOWN = get_cause("unstable"), get_cause("department_link_down")
SILENCE, CLONED = get_cause("terminal_silent"), get_cause("terminal_cloned")
RECHECK_S = 30.0
UNUSABLE, RELAY_SILENT = get_cause("machine_unusable"), get_cause("relay_silent")


@dataclass(frozen=True, slots=True)
class Seen:
    """A cause that stands. `machine` None: it belongs to the area."""

    kind: IncidentKind
    subject: str
    component: str
    since: datetime
    machine: AreaMachine | None
    bucket: Bucket
    title: str = ""
    lines: tuple[Line, ...] = ()
    heard_since: datetime | None = None
    """Since when its terminal has been heard without a silence."""

    @property
    def key(self) -> Key:
        return self.subject, self.kind.code


def standing_now(picture: Picture, due: list[datetime], departments: set[str]) -> tuple[dict[Key, Seen], set[Key]]:
    """What stands and can be seen, and what stood when the terminal that told of it fell silent.

    Appended to `due`: moments at which time alone changes it; to `departments`: those that a terminal cannot reach.
    """
    standing: dict[Key, Seen] = {}
    unseen: set[Key] = set()
    for machine in picture.machines:
        found = _watched(picture, machine, unseen) if machine.kind == WATCHED else _link(picture, machine)
        if found is not None:
            standing[found.key] = found
    for state in picture.faults:
        machine_now = picture.by_id.get(state.terminal_id)
        kind = cause_of(state.kind, state.property, state.state)
        if kind is None or machine_now is None:
            continue
        if state.kind == "department":
            kind = LINE_DOWN
            departments.add(department_of(state.subject))
        seen = seen_of(picture, kind, state, machine_now)
        if kind.code == DOOR:
            seen_or_none = _while_promised(picture, seen, due)
            if seen_or_none is None:
                continue
            seen = seen_or_none
        if state.terminal_id in picture.frozen:
            unseen.add(seen.key)
        elif seen.key not in standing or seen.since < standing[seen.key].since:
            # Several terminals may tell of the same area: the earliest moment is when it began.
            standing[seen.key] = seen
    return standing, unseen


def _link(picture: Picture, machine: AreaMachine) -> Seen | None:
    """How the terminal itself stands with the center."""
    subject = f"terminal:{machine.code}"
    if machine.state == "suspended" and machine.state_reason == "clone":
        return Seen(CLONED, subject, "", machine.last_seen_at or picture.now, machine, CLONED.bucket)
    if machine.pk not in picture.silent or machine.silent_since is None:
        return None
    if machine.kind == RELAY:
        return Seen(RELAY_SILENT, subject, "", machine.silent_since, machine, RELAY_SILENT.bucket)
    lines: tuple[Line, ...] = ()
    word = picture.last_words.get(machine.pk)
    last_at = machine.silent_since - timedelta(seconds=machine.plan_s + machine.grace_s + NUMBER["slack_s"])
    if word is not None and word.at >= last_at:
        lines = (word,)
    return Seen(SILENCE, subject, "", machine.silent_since, machine, settle_terminal(lines).bucket, lines=lines)


def _watched(picture: Picture, machine: AreaMachine, unseen: set[Key]) -> Seen | None:
    """What its sources prove of a machine that cannot run our program. Unknown is no recovery and no fault."""
    verdict, subject = picture.watched.get(machine.pk), f"terminal:{machine.code}/watch"
    if verdict is None or verdict.usable == "unknown":
        unseen.add((subject, UNUSABLE.code))
        return None
    if verdict.usable not in UNUSABLE.states:
        return None
    bucket = Bucket(verdict.evidence) if verdict.evidence else Bucket.UNDETERMINED
    line = Line(verdict.since, "watch", f"{verdict.usable}:{verdict.evidence}", verdict.text)
    return Seen(UNUSABLE, subject, "watch", verdict.since, machine, bucket, lines=(line,))


def seen_of(picture: Picture, kind: IncidentKind, state: AreaState, machine: AreaMachine) -> Seen:
    heard = picture.heard_since.get(machine.pk)
    if kind.at_area:
        subject, of = f"area:{picture.area.code}/{state.kind}", None
    else:
        subject, of = f"terminal:{machine.code}/{state.subject}", machine
    return Seen(kind, subject, state.subject, state.since, of, kind.bucket, heard_since=heard)


def _while_promised(picture: Picture, seen: Seen, due: list[datetime]) -> Seen | None:
    """A locked door is a fault only while the area is promised to be open."""
    window = find_at(picture.promised, picture.now)
    if window is not None:
        due.append(window.end)
        return replace(seen, since=max(seen.since, window.start))
    due += [one.start for one in picture.promised if one.start > picture.now][:1]
    return None


def unstable_now(picture: Picture, due: list[datetime]) -> list[Seen]:
    """Components of which one property went bad again and again."""
    limits, now = picture.limits, picture.now
    onsets: dict[tuple[str, str], list[AreaState]] = {}
    names: dict[tuple[str, str], tuple[IncidentKind, AreaMachine]] = {}
    for state in picture.recent:
        machine = picture.by_id.get(state.terminal_id)
        kind = _kind_of(state)
        if kind is None or machine is None:
            continue
        subject = seen_of(picture, kind, state, machine).subject if kind is not SILENCE else f"terminal:{machine.code}"
        onsets.setdefault((subject, state.property), []).append(state)
        names[subject, state.property] = kind, machine
    found: dict[str, Seen] = {}
    for (subject, prop), states in onsets.items():
        last = max(state.until or state.since for state in states)
        window = [one for one in states if one.since >= now - timedelta(seconds=limits.flap_window_s)]
        changes = _turns(window)
        is_open = (subject, UNSTABLE.code) in picture.open
        calm_at = last + timedelta(seconds=limits.flap_calm_s)
        if changes < limits.flap_changes and not (is_open and now < calm_at):
            continue
        due.append(max(calm_at, now + timedelta(seconds=RECHECK_S)))
        kind, machine = names[subject, prop]
        component = "" if kind is SILENCE else states[0].subject
        name = KINDS[states[0].kind].name if states[0].kind in KINDS else states[0].subject
        title = "与自助终端的联系反复中断" if kind is SILENCE else f"{name}反复异常，状态不稳定"
        line = Line(
            now, "rule", "flapping",
            f"{limits.flap_window_s / 60:.0f}分钟内变化{changes}次（规则：不少于{limits.flap_changes:g}次；"
            f"平稳{limits.flap_calm_s / 60:.0f}分钟后结束）",
        )  # fmt: skip
        seen = Seen(
            UNSTABLE,
            subject,
            component,
            states[0].since,
            None if kind.at_area else machine,
            kind.bucket,
            title,
            (line,),
        )
        if subject not in found or seen.since < found[subject].since:
            found[subject] = seen
    return list(found.values())


def _turns(states: list[AreaState]) -> int:
    """How often a property turned bad, or well again. From "low" straight to "out" is no turn: a tray that is emptied
    and filled twice in ten minutes does not flap.
    """
    starts, ends = {one.since for one in states}, {one.until for one in states}
    return sum(one.since not in ends for one in states) + sum(
        one.until is not None and one.until not in starts for one in states
    )


def _kind_of(state: AreaState) -> IncidentKind | None:
    if state.property == LINK:
        return SILENCE if state.state == SILENT else None
    if state.kind == "department":
        return None
    return cause_of(state.kind, state.property, state.state)


def last_change(picture: Picture, incident: Incident) -> datetime:
    moments = [incident.opened_at]
    for state in picture.recent:
        machine, kind = picture.by_id.get(state.terminal_id), _kind_of(state)
        if machine is None or kind is None:
            continue
        subject = f"terminal:{machine.code}" if kind is SILENCE else seen_of(picture, kind, state, machine).subject
        if subject == incident.subject:
            moments.append(state.until or state.since)
    return max(moments)
