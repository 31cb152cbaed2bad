"""Status history of many terminals at once, as plain tuples with times in microseconds: for hours, not for pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from budayang.center.platform.moments import Micros
from budayang.center.terminals.models import StatusInterval, Terminal

# More terminals than this are not named one by one in the query: everything is read and the caller keeps its own.
MOST_NAMED = 1000


class Machine(NamedTuple):
    """A terminal as hours are counted for it. `since_us` None: it promised nothing. `until_us`: it was retired then."""

    id: int
    code: str
    area_id: int
    owner_id: int
    watched: bool
    since_us: int | None
    until_us: int | None


class StateRow(NamedTuple):
    """An interval that touches the period, uncut. `until_us` None: it lasts."""

    terminal_id: int
    subject: str
    kind: str
    property: str
    state: str
    since_us: int
    until_us: int | None


def promising() -> QuerySet[Terminal]:
    """Terminals whose hours are counted: at work, and enrolled once or watched from beside. Relays serve nobody."""
    return _ever_promised().exclude(state=Terminal.State.RETIRED)


def promised_after(at: datetime) -> QuerySet[Terminal]:
    """The same, and those that were retired after `at`: until then they promised. Of one that was retired before
    moments were kept nothing is known.
    """
    return _ever_promised().filter(~Q(state=Terminal.State.RETIRED) | Q(retired_at__gt=at))


def _ever_promised() -> QuerySet[Terminal]:
    rows = Terminal.objects.exclude(kind=Terminal.Kind.RELAY)
    return rows.filter(Q(enrolled_at__isnull=False) | Q(kind=Terminal.Kind.WATCHED)).select_related("area__place")


def since_of(terminal: Terminal) -> datetime:
    """From when on a terminal promises: its first enrolment; a machine that only others watch, its registration."""
    return terminal.enrolled_at or terminal.registered_at


def machines(terminal_ids: Collection[int]) -> dict[int, Machine]:
    """The terminals with these ids, one query; those that do not exist are missing."""
    rows = Terminal.objects.order_by()
    if len(terminal_ids) <= MOST_NAMED:
        rows = rows.filter(pk__in=list(terminal_ids))
    wanted = set(terminal_ids)
    moments = (Micros("enrolled_at"), Micros("registered_at"), Micros("retired_at"))
    found = rows.values_list("pk", "code", "area_id", "owner_id", "kind", *moments)
    return {row[0]: _machine(*row) for row in found if row[0] in wanted}


def _machine(
    pk: int,
    code: str,
    area_id: int,
    owner_id: int,
    kind: str,
    enrolled_us: int | None,
    registered_us: int,
    retired_us: int | None,
) -> Machine:
    watched = kind == Terminal.Kind.WATCHED
    since_us = registered_us if watched and enrolled_us is None else enrolled_us
    since_us = None if kind == Terminal.Kind.RELAY else since_us
    return Machine(pk, code, area_id, owner_id, watched, since_us, retired_us)


def rows_in_states(
    terminal_ids: Collection[int],
    states: Collection[str],
    start: datetime,
    end: datetime,
    *,
    usual: str = "",
    of: Collection[str] = (),
) -> list[tuple[int, str, str, str, str, int, int | None]]:
    """Intervals in one of `states` that touch [start, end): the fields of StateRow, as bare tuples. One query.

    `usual`: the one of the states that most components are in while all is well; of it only the properties `of`.
    """
    rows = StatusInterval.objects.filter(state__in=sorted(states), since__lt=end).order_by()
    if usual:
        rows = rows.filter(~Q(state=usual) | Q(property__in=sorted(of)))
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=start))
    if len(terminal_ids) <= MOST_NAMED:
        rows = rows.filter(terminal_id__in=list(terminal_ids))
    return list(
        rows.values_list("terminal_id", "subject", "kind", "property", "state", Micros("since"), Micros("until"))
    )
