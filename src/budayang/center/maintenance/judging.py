"""From facts to incidents: lock the areas, look, decide, write.

The lock (AreaWatch) is what keeps two workers from judging one area from two moments: the one that saw the silence and
the one that saw the terminal come back. Whoever comes second looks after the first has written.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance import probing, settling
from budayang.center.maintenance.assigning import manager_of, responsible_id
from budayang.center.maintenance.deciding import Decision, decide
from budayang.center.maintenance.incident_actions import (
    NewIncident,
    close_incident,
    close_many,
    hang_many,
    open_incident,
    open_many,
)
from budayang.center.maintenance.models import AreaWatch, Hush, Incident
from budayang.center.maintenance.picture import Key, Picture, look
from budayang.center.maintenance.standing import LINE_DOWN, SILENCE, Seen
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.services.queries import department_name, department_organization_id
from budayang.center.terminals import area_queries
from budayang.center.terminals import queries as terminals
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line
from budayang.rules.inference import NUMBER, department_is_down

JOB = Actor.job("maintenance.judging")
AT_ONCE = 10
"""Areas of one transaction: bounds the memory of a storm and the time for which the console's writer waits."""
TERMINALS_SAY = "terminals_say"


def judge_area(area_id: int, now: datetime) -> int:
    """Open, close and hang below each other the incidents of an area so that they match its facts. Returns changes."""
    return judge_areas([area_id], now)


def judge_areas(area_ids: Collection[int], now: datetime) -> int:
    """`judge_area` of many: a number of queries that grows with what changes, not with areas or terminals."""
    ordered = sorted(set(area_ids))
    changed = 0
    for first in range(0, len(ordered), AT_ONCE):
        with transaction.atomic():
            changed += _judge(ordered[first : first + AT_ONCE], now)
    return changed


def judge_due(now: datetime) -> int:
    """Judge the areas whose verdict time alone may have changed by now."""
    due = AreaWatch.objects.filter(due_at__lte=now).order_by("due_at").values_list("area_id", flat=True)
    ids = list(due[:AT_ONCE])
    judge_areas(ids, now)
    return len(ids)


def _judge(area_ids: list[int], now: datetime) -> int:
    watches = _hold(area_ids)
    pictures = look(area_ids, now)
    decisions = {area_id: decide(picture) for area_id, picture in pictures.items()}
    changed = _write_closings(decisions, now)
    changed += _write_openings(pictures, decisions, now)
    changed += _write_parents(pictures, decisions, now)
    _write_hushes(pictures, decisions, now)
    for incident, line in [pair for one in decisions.values() for pair in one.evidence]:
        settling.add_evidence(incident, [line], now)
    for area_id, decision in decisions.items():
        due_at = min((moment for moment in decision.due if moment > now), default=None)
        if watches[area_id].due_at != due_at:
            AreaWatch.objects.filter(area_id=area_id).update(due_at=due_at)
    _judge_by_terminals({code for one in decisions.values() for code in one.departments}, now)
    return changed


def _hold(area_ids: list[int]) -> dict[int, AreaWatch]:
    """Lock the areas, always in the same order. SQLite locks as a whole when the transaction begins."""
    held = AreaWatch.objects.select_for_update().filter(area_id__in=area_ids).order_by("area_id")
    found = {row.area_id: row for row in held}
    missing = [one for one in area_ids if one not in found]
    if missing:
        known = areas.visible_to(JOB).filter(pk__in=missing).values_list("pk", flat=True)
        AreaWatch.objects.bulk_create([AreaWatch(area_id=one) for one in known], ignore_conflicts=True)
        found = {row.area_id: row for row in held.all()}
    return found


def _write_closings(decisions: dict[int, Decision], now: datetime) -> int:
    closings = [(one.incident, one.closed_at, one.worse) for each in decisions.values() for one in each.closing]
    if not closings:
        return 0
    own = [one.incident.pk for each in decisions.values() for one in each.closing if one.frees]
    if own:
        Incident.objects.filter(pk__in=own).update(cause=None)
    return close_many(JOB, closings, now)


def _write_openings(pictures: dict[int, Picture], decisions: dict[int, Decision], now: datetime) -> int:
    """Parents before children, all areas together: at most one round a level of the tree."""
    waiting = [(area_id, seen) for area_id, decision in decisions.items() for seen in decision.opening]
    if not waiting:
        return 0
    total = len(waiting)
    late = _Lateness([seen for _area_id, seen in waiting], now)
    opened = {area_id: dict(picture.open) for area_id, picture in pictures.items()}
    while waiting:
        ready: list[tuple[NewIncident, Incident | None]] = []
        where: list[int] = []
        later: list[tuple[int, Seen]] = []
        for area_id, seen in waiting:
            parent = decisions[area_id].parents[seen.key]
            if parent is not None and parent not in opened[area_id]:
                later.append((area_id, seen))
                continue
            cause = opened[area_id][parent] if parent is not None else _department_above(pictures[area_id], seen)
            ready.append((_new(pictures[area_id], decisions[area_id], seen, late, now), cause))
            where.append(area_id)
        for area_id, row in zip(where, open_many(JOB, ready, now), strict=True):
            opened[area_id][row.subject, row.kind] = row
        assert len(later) < len(waiting), "the tree of causes has no root"
        waiting = later
    for area_id, picture in pictures.items():
        picture.open = opened[area_id]
    return total


def _department_above(picture: Picture, seen: Seen) -> Incident | None:
    return picture.departments.get(seen.component.partition("-")[2]) if seen.kind.prop == "line" else None


def _new(picture: Picture, decision: Decision, seen: Seen, late: _Lateness, now: datetime) -> NewIncident:
    machine, area = seen.machine, picture.area
    # Who manages the region answers for an area that has no unit of its own: a fault without an order is nobody's.
    manager_id = area.manager_id or manager_of(area.path)
    bodies = {
        "manager": manager_id,
        "owner": machine.owner_id if machine else None,
        "vendor": machine.vendor_id if machine else None,
    }
    waits = seen.kind in (SILENCE, LINE_DOWN) and decision.hold_s
    return NewIncident(
        kind=seen.kind,
        subject=seen.subject,
        component=seen.component,
        opened_at=seen.since,
        place_path=area.path,
        area_id=area.pk,
        terminal_id=machine.pk if machine else None,
        terminal=machine.code if machine else "",
        owner_id=machine.owner_id if machine else manager_id,
        vendor_id=machine.vendor_id if machine else None,
        responsible_id=responsible_id(seen.bucket, bodies),
        alarm_s=late.alarm_s(seen),
        title=seen.title,
        bucket=seen.bucket,
        evidence=seen.lines,
        order_due_at=now + timedelta(seconds=decision.hold_s) if waits else None,
    )


class _Lateness:
    """How long each fact took to be noticed; two reads for all that opens."""

    def __init__(self, opening: list[Seen], now: datetime) -> None:
        self.now = now
        told = [one for one in opening if one.kind is not SILENCE]
        first = min((one.since for one in told), default=now)
        self.gaps = terminals.monitoring_gaps(first, now) if told else []
        self.silences: dict[int, datetime | None] = {}
        ids = {one.machine.pk for one in told if one.machine is not None}
        if ids:
            rows = Incident.objects.filter(terminal_id__in=ids, kind=SILENCE.code).exclude(closed_at__lte=first)
            for terminal_id, closed_at in rows.order_by("opened_at").values_list("terminal_id", "closed_at"):
                if terminal_id is not None:
                    self.silences[terminal_id] = closed_at

    def alarm_s(self, seen: Seen) -> float | None:
        """Seconds from the fact to now; None when nobody could hear of it meanwhile, so that it came late."""
        passed = (self.now - seen.since).total_seconds()
        if seen.kind is SILENCE and seen.machine is not None:
            return passed + seen.machine.plan_s + seen.machine.grace_s
        if any(until > seen.since for _since, until in self.gaps):
            return None
        if seen.machine is not None and seen.machine.pk in self.silences:
            closed_at = self.silences[seen.machine.pk]
            if closed_at is None or closed_at > seen.since:
                return None
        return max(passed, 0.0)


def _write_parents(pictures: dict[int, Picture], decisions: dict[int, Decision], now: datetime) -> int:
    moves: list[tuple[Incident, Incident | None]] = []
    for area_id, decision in decisions.items():
        opened = pictures[area_id].open
        for key, parent in decision.parents.items():
            row = opened[key]
            cause = opened[parent] if parent is not None else _line_above(pictures[area_id], key, row)
            if row.cause_id != (cause.pk if cause else None):
                moves.append((row, cause))
    return hang_many(JOB, moves, now, order_due_at=now + timedelta(seconds=NUMBER["free_hold_s"]))


def _line_above(picture: Picture, key: Key, row: Incident) -> Incident | None:
    """A terminal that cannot reach a department hangs below the department's own incident."""
    if get_cause(key[1]).prop != "line":
        return None
    return picture.departments.get(row.component.partition("-")[2])


def _write_hushes(pictures: dict[int, Picture], decisions: dict[int, Decision], now: datetime) -> None:
    rows = [
        Hush(
            stop_id=stop.id,
            area_id=area_id,
            terminal_id=seen.machine.pk if seen.machine else None,
            subject=seen.subject,
            component=seen.component,
            kind=seen.kind.code,
            title=seen.title or seen.kind.title,
            since_at=max(seen.since, stop.start),
        )
        for area_id, decision in decisions.items()
        for seen, stop in decision.hushed
    ]
    if rows:
        Hush.objects.bulk_create(rows)
    ended = [row.pk for decision in decisions.values() for row in decision.unhushed]
    if ended:
        Hush.objects.filter(pk__in=ended).update(until_at=now)


# Departments ---------------------------------------------------------------------------------------------------------


def judge_department(
    code: str, state: str, place_path: str, since: datetime, now: datetime, *, evidence: tuple[Line, ...] = ()
) -> Incident | None:
    """Open or close the incident of a department's system, and hang below it what tries of its items prove.

    "unknown" changes nothing: nobody is blamed for it.
    """
    row = _judge_system(code, state, place_path, since, now, evidence)
    probing.judge_probes(code, place_path, now)
    return row


def _judge_system(
    code: str, state: str, place_path: str, since: datetime, now: datetime, evidence: tuple[Line, ...]
) -> Incident | None:
    kind = get_cause("department_down")
    subject = f"department:{code}"
    open_one = Incident.objects.filter(subject=subject, kind=kind.code, state="open").first()
    if state == "ok" and open_one is not None:
        return close_incident(JOB, open_one, closed_at=since, now=now)
    if state != "down" or open_one is not None:
        return open_one
    if areas.planned_stops(now, now + timedelta(seconds=1), department=code):
        return None
    organization_id = department_organization_id(code)
    body = platform.organizations_visible_to(JOB).filter(pk=organization_id or 0).select_related("place").first()
    found = NewIncident(
        kind=kind,
        subject=subject,
        component="connector",
        opened_at=since,
        place_path=place_path or (body.place.path if body else "/"),
        department=code,
        owner_id=organization_id,
        responsible_id=organization_id,
        alarm_s=max((now - since).total_seconds(), 0.0),
        title=_("%(department)s系统没有应答") % {"department": department_name(code)},
        evidence=evidence,
    )
    return open_incident(JOB, found, cause=None, now=now)


def _judge_by_terminals(codes: set[str], now: datetime) -> None:
    """A department that most terminals cannot reach is down, although the center's own probe may still reach it."""
    by_terminals = Incident.objects.filter(kind="department_down", state="open", component=TERMINALS_SAY)
    codes = codes | set(by_terminals.values_list("department", flat=True))
    if not codes:
        return
    told = area_queries.states_of_subjects([f"department-{code}" for code in codes], ["connector"])
    for code in sorted(codes):
        mine = [one for one in told if one.subject == f"department-{code}"]
        down = [one for one in mine if one.state == "down"]
        if department_is_down(len(down), len(mine)):
            since = sorted(one.since for one in down)[-1]
            line = Line(since, "rule", TERMINALS_SAY, f"报告过该部门系统的{len(mine)}台终端中，{len(down)}台都连不上")
            opened = judge_department(code, "down", "", since, now, evidence=(line,))
            if opened is not None and opened.noticed_at == now:
                Incident.objects.filter(pk=opened.pk).update(component=TERMINALS_SAY)
        else:
            for row in by_terminals.filter(department=code):
                back = max((one.since for one in mine if one.state != "down"), default=now)
                close_incident(JOB, row, closed_at=back, now=now)
                probing.judge_probes(code, row.place_path, now)


# Which areas ---------------------------------------------------------------------------------------------------------


def area_ids_below(place_path: str) -> list[int]:
    """The areas at or below a place."""
    return list(areas.visible_to(JOB).filter(place__path__startswith=place_path).values_list("pk", flat=True))
