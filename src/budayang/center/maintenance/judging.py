"""From facts to incidents.

Judged is what stands now, not the message that told of it: a message that comes twice, or late and out of date, finds
nothing to open, and whatever a parent hid is found again when the parent has recovered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance.actions import NewIncident, close_incident, hang_below, open_incident
from budayang.center.maintenance.assigning import responsible_id
from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.queries import GRAVITY
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.services.queries import department_name, department_organization_id
from budayang.center.terminals import queries as terminals
from budayang.rules.maintenance import CAUSES, IncidentKind, Node, NodeLevel, cause_above, cause_of, get_cause

JOB = Actor.job("maintenance.judging")
AREA_LEVELS = frozenset({NodeLevel.SITE, NodeLevel.POWER, NodeLevel.NETWORK})


@dataclass(slots=True)
class Picture:
    """An area as it is now: the causes that stand, and since when each component is well again."""

    standing: dict[tuple[str, str], NewIncident] = field(default_factory=dict)
    well_since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    """Terminals whose peripherals nobody can see now: what is open stays open, nothing new is opened."""
    untold: set[int] = field(default_factory=set)
    """Terminals of which it is not known whether they can be heard: their silence is neither opened nor closed."""


def node_of(kind: IncidentKind, area: str, terminal: str, component: str, department: str) -> Node:
    """Where an incident sits in the tree site > power > network > terminal > peripheral."""
    match kind.level:
        case NodeLevel.PERIPHERAL:
            return Node(kind.level, area, terminal, component)
        case NodeLevel.TERMINAL:
            return Node(kind.level, area, terminal)
        case NodeLevel.DEPARTMENT:
            return Node(kind.level, department=department)
        case _:
            return Node(kind.level, area)


def judge_area(area_id: int, now: datetime) -> int:
    """Open, close and hang below each other the incidents of an area so that they match its facts. Returns changes."""
    picture = _look(area_id, now)
    before = list(Incident.objects.filter(area_id=area_id, state="open").select_related("terminal", "area"))
    changed = 0
    for incident in before:
        key = (incident.subject, incident.kind)
        if key in picture.standing or _unseen(incident, picture):
            continue
        worse = _worse(incident, picture)
        close_incident(JOB, incident, closed_at=picture.well_since.get(key, now), now=now, worse=worse)
        changed += 1
    changed += _open_missing(area_id, picture, now)
    return changed + _hang(area_id, now)


def _worse(incident: Incident, picture: Picture) -> IncidentKind | None:
    """The graver cause that the same property of the same component turned into, if it did."""
    old = get_cause(incident.kind)
    for (subject, _kind), found in picture.standing.items():
        new = found.kind
        same = subject == incident.subject and (new.kind, new.prop) == (old.kind, old.prop)
        if same and (len(new.affects), -GRAVITY[new.severity]) > (len(old.affects), -GRAVITY[old.severity]):
            return new
    return None


def _unseen(incident: Incident, picture: Picture) -> bool:
    if get_cause(incident.kind).code == "terminal_silent":
        return incident.terminal_id in picture.untold
    return incident.terminal_id in picture.frozen


def _look(area_id: int, now: datetime) -> Picture:
    picture = Picture()
    area = areas.visible_to(JOB).get(pk=area_id)
    here = list(terminals.visible_to(JOB).filter(area_id=area_id))
    alive = terminals.liveness_of(here, now)
    states = terminals.current_states([one.pk for one in here])
    for terminal in here:
        bodies = {"manager": area.manager_id, "owner": terminal.owner_id, "vendor": terminal.vendor_id}
        stopped = bool(areas.planned_stops(now, now + timedelta(seconds=1), area_id=area_id, terminal_id=terminal.pk))
        known = alive[terminal.pk]
        if known == "unknown":
            picture.untold.add(terminal.pk)
        if known in ("silent", "suspended") or stopped:
            picture.frozen.add(terminal.pk)
        if known == "silent" and not stopped and terminal.silent_since is not None:
            kind = get_cause("terminal_silent")
            base = terminal.plan_s + terminal.grace_s
            _stand(
                picture,
                NewIncident(
                    kind=kind,
                    subject=f"terminal:{terminal.code}",
                    component="",
                    opened_at=terminal.silent_since,
                    place_path=area.place.path,
                    area_id=area_id,
                    terminal_id=terminal.pk,
                    owner_id=terminal.owner_id,
                    vendor_id=terminal.vendor_id,
                    responsible_id=responsible_id(kind.bucket, bodies),
                    alarm_s=(now - terminal.silent_since).total_seconds() + base,
                ),
            )
        for (subject, prop), state in states[terminal.pk].items():
            if (subject, prop, state.state) == ("terminal", "link", "online"):
                picture.well_since[f"terminal:{terminal.code}", "terminal_silent"] = state.since
            kind_now = cause_of(state.kind, prop, state.state)
            for kind in KINDS_BY_PROPERTY.get((state.kind, prop), ()):
                at_area = kind.level in AREA_LEVELS
                name = f"area:{area.code}/{state.kind}" if at_area else f"terminal:{terminal.code}/{subject}"
                if kind is not kind_now:
                    picture.well_since[name, kind.code] = max(
                        state.since, picture.well_since.get((name, kind.code), state.since)
                    )
                elif terminal.pk not in picture.frozen:
                    _stand(
                        picture,
                        NewIncident(
                            kind=kind,
                            subject=name,
                            component=subject,
                            opened_at=state.since,
                            place_path=area.place.path,
                            area_id=area_id,
                            terminal_id=None if at_area else terminal.pk,
                            owner_id=area.manager_id if at_area else terminal.owner_id,
                            vendor_id=None if at_area else terminal.vendor_id,
                            responsible_id=responsible_id(kind.bucket, bodies),
                            alarm_s=_alarm_s(terminal.pk, state.since, now),
                        ),
                    )
    return picture


def _stand(picture: Picture, found: NewIncident) -> None:
    """Several terminals may tell of the same area: the earliest moment is when it began."""
    key = (found.subject, found.kind.code)
    other = picture.standing.get(key)
    if other is None or found.opened_at < other.opened_at:
        picture.standing[key] = found


def _by_property() -> dict[tuple[str, str], tuple[IncidentKind, ...]]:
    found: dict[tuple[str, str], tuple[IncidentKind, ...]] = {}
    for kind in CAUSES:
        found[kind.kind, kind.prop] = (*found.get((kind.kind, kind.prop), ()), kind)
    return found


KINDS_BY_PROPERTY = _by_property()


def _alarm_s(terminal_id: int, since: datetime, now: datetime) -> float | None:
    """Seconds from the fact to now; None when the terminal could not be heard meanwhile, so that it came late."""
    if terminals.monitoring_gaps(since, now):
        return None
    over_later = Q(closed_at__isnull=True) | Q(closed_at__gt=since)
    silent = Incident.objects.filter(over_later, terminal_id=terminal_id, kind="terminal_silent")
    return None if silent.exists() else max((now - since).total_seconds(), 0.0)


def _open_missing(area_id: int, picture: Picture, now: datetime) -> int:
    open_now = set(Incident.objects.filter(area_id=area_id, state="open").values_list("subject", "kind"))
    missing = [found for key, found in picture.standing.items() if key not in open_now]
    # Parents first, so that what hangs below them never gets an order of its own.
    missing.sort(key=lambda found: list(NodeLevel).index(found.kind.level))
    for found in missing:
        parent = _parent(found.kind, area_id, found.terminal_id, found.component)
        open_incident(JOB, found, cause=parent, now=now)
    return len(missing)


def _parent(kind: IncidentKind, area_id: int, terminal_id: int | None, component: str) -> Incident | None:
    """The highest open incident above a place in the tree, if any."""
    rows = Incident.objects.filter(area_id=area_id, state="open").order_by("opened_at", "pk")
    nodes: dict[Node, Incident] = {}
    for row in rows:
        above = get_cause(row.kind)
        # What takes nothing from people yet (power by battery, paper low) explains no other fault.
        if above.affects:
            nodes.setdefault(node_of(above, str(area_id), str(row.terminal_id or ""), row.component, ""), row)
    me = node_of(kind, str(area_id), str(terminal_id or ""), component, "")
    found = cause_above(me, nodes.keys() - {me})
    return nodes[found] if found else None


def _hang(area_id: int, now: datetime) -> int:
    """Hang what is open below the parents that are down now, and free what has none any more."""
    changed = 0
    for row in Incident.objects.filter(area_id=area_id, state="open").order_by("pk"):
        parent = _parent(get_cause(row.kind), area_id, row.terminal_id, row.component)
        if row.cause_id != (parent.pk if parent else None):
            hang_below(JOB, row, parent, now)
            changed += 1
    return changed


def judge_department(code: str, state: str, place_path: str, since: datetime, now: datetime) -> Incident | None:
    """Open or close the incident of a department's system. "unknown" changes nothing: nobody is blamed for it."""
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
    )
    return open_incident(JOB, found, cause=None, now=now)


def judge_ended_stops(since: datetime, now: datetime) -> int:
    """Judge again what stood under a planned stop that ended in [since, now]."""
    ended = [stop for stop in areas.planned_stops(since, now) if stop.end <= now]
    changed = 0
    for area_id in {one for stop in ended for one in _areas_of(stop.place_path)}:
        changed += judge_area(area_id, now)
    return changed


def _areas_of(place_path: str) -> list[int]:
    return list(areas.visible_to(JOB).filter(place__path__startswith=place_path).values_list("pk", flat=True))


def area_ids_of(codes: Iterable[str]) -> set[int]:
    """The areas in which these terminals stand."""
    return set(terminals.visible_to(JOB).filter(code__in=list(codes)).values_list("area_id", flat=True))
