"""The door (门禁) as a fact: what controllers tell of openings, how each door is now, and when each way last worked.

A door that is locked while the area is promised to be open is the incident `door_locked`, judged from the property
`entrance` like every state; what is here is the rest: the ways.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from budayang.center.maintenance.models import DoorEvent, RoundAnswer
from budayang.center.platform.deliveries import Due
from budayang.center.terminals import area_queries, inbox
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.area_queries import AreaState
from budayang.center.terminals.inbox import InboxRow
from budayang.rules.doors import QUESTION_WAYS, WAYS

KINDS = ("door.opened", "door.refused")
WORST_FIRST = ("locked", "open", "closed")
"""Of several doors of an area: who cannot get in matters more than a door that stands open."""
KEPT_D = 180
"""JB: logs are kept half a year. The rows name nobody."""


@dataclass(frozen=True, slots=True)
class DoorNow:
    """`state`: open, closed, locked, unknown, or "" when nothing tells of it; `since` of that state.

    `worked`: way -> when it was last seen to work, by the controller or by who walked a round; `by_round`: the ways for
    which that word is a round's.
    """

    state: str
    since: datetime | None
    worked: dict[str, datetime]
    by_round: frozenset[str]


def read_openings(now: datetime) -> int:
    """Take what controllers tell of openings from the inbox."""
    return inbox.consume_inbox(KINDS, _take, now)


def _take(row: InboxRow) -> None:
    way = str(row.body.get("by", ""))
    area_id = terminals.in_service().filter(pk=row.terminal_id).values_list("area_id", flat=True).first()
    if way in WAYS and area_id is not None:
        DoorEvent.objects.create(
            area_id=area_id, terminal_id=row.terminal_id, by=way, ok=row.kind == "door.opened", at=row.at
        )


def tidy(now: datetime) -> int:
    """Remove openings past their term; returns how many."""
    return DoorEvent.objects.filter(at__lt=now - timedelta(days=KEPT_D)).delete()[0]


def doors_of(area_ids: Collection[int]) -> dict[int, DoorNow]:
    """How the doors of areas are now, and their ways. An area with several doors is as its worst one."""
    states: dict[int, AreaState] = {}
    for one in area_queries.standing_states(area_ids, ["entrance"]):
        if one.area_id not in states or _rank(one) < _rank(states[one.area_id]):
            states[one.area_id] = one
    worked: dict[int, dict[str, datetime]] = {area: {} for area in area_ids}
    by_round: dict[int, set[str]] = {area: set() for area in area_ids}
    opened = DoorEvent.objects.filter(area__in=area_ids, ok=True).order_by().values_list("area_id", "by")
    for area_id, way, at in opened.annotate(last=Max("at")):
        worked[area_id][way] = at
    answers = RoundAnswer.objects.filter(
        round__area__in=area_ids, question__in=QUESTION_WAYS, value="yes", state="current"
    ).order_by()
    for area_id, question, at in answers.values_list("round__area_id", "question").annotate(last=Max("answered_at")):
        way = QUESTION_WAYS[question]
        if at > worked[area_id].get(way, at - timedelta(seconds=1)):
            worked[area_id][way] = at
            by_round[area_id].add(way)
    return {
        area: DoorNow(
            states[area].state if area in states else "",
            states[area].since if area in states else None,
            worked[area],
            frozenset(by_round[area]),
        )
        for area in area_ids
    }


def _rank(one: AreaState) -> tuple[int, datetime]:
    """The worst first; of those that are alike the one that stands longest."""
    known = WORST_FIRST.index(one.state) if one.state in WORST_FIRST else len(WORST_FIRST)
    return known, one.since


DUES: tuple[Due, ...] = (Due("maintenance.doors", 1.0, read_openings), Due("maintenance.doors_tidy", 3600.0, tidy))
