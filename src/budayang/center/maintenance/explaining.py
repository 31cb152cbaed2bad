"""Why an incident is judged to be what it is: its place in the tree, its evidence, its neighbours at that moment, and
the numbers of the rule. For the incident's page; nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from budayang.center.maintenance.models import Incident
from budayang.center.maintenance.queries import incidents_visible_to
from budayang.center.maintenance.settling import JOINT
from budayang.center.platform.actors import Actor
from budayang.center.services import queries as services
from budayang.center.terminals import area_queries
from budayang.rules.causes import Bucket, NodeLevel, Source, get_cause
from budayang.rules.evidence import Line, line_of, settle_area, settle_terminal
from budayang.rules.inference import NUMBER, NUMBERS, Number
from budayang.rules.services import Truth

LEVEL_NAMES: dict[NodeLevel, str] = {
    NodeLevel.SITE: "场所",
    NodeLevel.POWER: "供电",
    NodeLevel.NETWORK: "网络",
    NodeLevel.TERMINAL: "终端",
    NodeLevel.PERIPHERAL: "外设",
    NodeLevel.DEPARTMENT: "部门系统",
    NodeLevel.ITEM: "办件与钱款",
}
ABOVE: dict[NodeLevel, tuple[NodeLevel, ...]] = {
    NodeLevel.SITE: (),
    NodeLevel.POWER: (NodeLevel.SITE,),
    NodeLevel.NETWORK: (NodeLevel.SITE, NodeLevel.POWER),
    NodeLevel.TERMINAL: (NodeLevel.SITE, NodeLevel.POWER, NodeLevel.NETWORK),
    NodeLevel.PERIPHERAL: (NodeLevel.SITE, NodeLevel.POWER, NodeLevel.NETWORK, NodeLevel.TERMINAL),
    NodeLevel.DEPARTMENT: (),
    NodeLevel.ITEM: (),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the tree: what stood there while the incident began; empty `found` when nothing did."""

    name: str
    found: tuple[Incident, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another terminal of the area when the incident began."""

    code: str
    kind: str
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`verdict`: why the bucket is what it is. `numbers`: the rule's, when one was applied."""

    rungs: tuple[Rung, ...]
    lines: tuple[Line, ...]
    verdict: str
    neighbours: tuple[Neighbour, ...]
    numbers: tuple[Number, ...]
    open_after_s: float
    clear_after_s: float

    @property
    def silent_count(self) -> int:
        return sum(one.silent_since is not None for one in self.neighbours)


def explain(actor: Actor, incident: Incident) -> Explanation:
    """See the module. Five queries, however many terminals the area has."""
    kind = get_cause(incident.kind)
    lines = tuple(line_of(one) for one in incident.evidence)
    judged = kind.source in (Source.LINK, Source.INFERENCE) and incident.kind not in ("unstable", "relay_silent")
    return Explanation(
        rungs=_rungs(actor, incident),
        lines=lines,
        verdict=_verdict(incident, lines),
        neighbours=_neighbours(incident) if judged and incident.area_id is not None else (),
        numbers=NUMBERS if judged else (),
        open_after_s=kind.open_after_s,
        clear_after_s=kind.clear_after_s,
    )


def _standing_with(incident: Incident) -> Q:
    """Whatever stood when the incident began, or in the time by which it was noticed."""
    return Q(opened_at__lte=incident.noticed_at) & (Q(closed_at__isnull=True) | Q(closed_at__gt=incident.opened_at))


def _rungs(actor: Actor, incident: Incident) -> tuple[Rung, ...]:
    level = get_cause(incident.kind).level
    above = ABOVE[level]
    rows: list[Incident] = []
    if above and incident.area_id is not None:
        same_place = Q(terminal__isnull=True) | Q(terminal_id=incident.terminal_id)
        found = incidents_visible_to(actor).filter(_standing_with(incident), same_place, area_id=incident.area_id)
        rows = list(found.exclude(pk=incident.pk).order_by("opened_at")[:200])
    by_level: dict[NodeLevel, list[Incident]] = {}
    for row in rows:
        by_level.setdefault(get_cause(row.kind).level, []).append(row)
    rungs = [Rung(LEVEL_NAMES[one], tuple(by_level.get(one, ())), False) for one in above]
    return (*rungs, Rung(LEVEL_NAMES[level], (incident,), True))


def _verdict(incident: Incident, lines: Collection[Line]) -> str:
    kind = get_cause(incident.kind)
    if incident.kind == "terminal_silent":
        return settle_terminal(list(lines)).text
    if incident.kind in JOINT:
        return settle_area(list(lines), members_of(incident), NUMBER).text
    if kind.bucket is Bucket.UNDETERMINED and not lines:
        return "没有说明原因的证据"
    return "由部件自己报告的状态得出" if kind.source is Source.STATE else ""


def members_of(incident: Incident) -> int:
    """How many terminals of the area were silent during an inferred fault."""
    rows = Incident.objects.filter(area_id=incident.area_id or 0, kind="terminal_silent")
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=incident.opened_at))
    if incident.closed_at is not None:
        rows = rows.filter(opened_at__lte=incident.closed_at)
    return rows.values("terminal_id").distinct().count()


def _neighbours(incident: Incident) -> tuple[Neighbour, ...]:
    """The area's terminals, those that were silent when this began first."""
    silent = Incident.objects.filter(_standing_with(incident), area_id=incident.area_id or 0, kind="terminal_silent")
    since = dict(silent.values_list("terminal_id", "opened_at"))
    machines = area_queries.machines_of([incident.area_id or 0])
    found = [Neighbour(one.code, one.kind, since.get(one.pk)) for one in machines]
    return tuple(sorted(found, key=lambda one: (one.silent_since is None, one.code)))


def stopped_items(incident: Incident) -> list[tuple[str, int]]:
    """Items that cannot be done now where the incident stands, with the number of terminals; none once it is over.

    What people can do follows from the services room, as the public pages tell it; it is asked, never stored.
    """
    kind = get_cause(incident.kind)
    if incident.state != "open" or not kind.affects:
        return []
    if incident.terminal_id is not None:
        return services.items_not_doable(terminal_ids=[incident.terminal_id], truths=(Truth.STOPPED.value,))
    if incident.department:
        return services.items_not_doable(department=incident.department, truths=(Truth.STOPPED.value,))
    if incident.area_id is None:
        return []
    ids = [one.pk for one in area_queries.machines_of([incident.area_id])]
    return services.items_not_doable(terminal_ids=ids, truths=(Truth.STOPPED.value,))
