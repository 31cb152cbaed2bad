"""Setting profiles and handing them down: one row is written, every terminal below it hears of it within seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Parameter, Place
from budayang.center.terminals import profile_queries, sending
from budayang.center.terminals.models import IngestNotice, Terminal
from budayang.center.terminals.profile_queries import subject_of
from budayang.rules.profiles import BY_NAME

SETTERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
TERMINALS_AT_ONCE = 500
PATHS_AT_ONCE = 50


@transaction.atomic
def set_value(
    actor: Actor,
    name: str,
    value: Any,
    *,
    now: datetime,
    place: Place | None = None,
    terminal: Terminal | None = None,
    valid_from: datetime | None = None,
    withdraw: bool = False,
) -> Parameter:
    """Set a setting for a place or for one terminal, from now or from a later moment on; `withdraw` lets it inherit.

    Raises:
        Refused: an unknown name, a value out of bounds, or a moment that has passed.
    """
    assert (place is None) != (terminal is None), "a profile's value belongs to a place or to a terminal"
    if name not in BY_NAME:
        raise Refused(_("没有名为 %(name)s 的设置。") % {"name": name})
    if valid_from is not None and valid_from < now:
        raise Refused(_("不能改到过去，请选现在或以后。"))
    where = place if place is not None else terminal.area.place if terminal is not None else None
    assert where is not None
    return set_parameter(
        actor,
        name,
        where,
        value,
        valid_from=valid_from or now,
        subject=subject_of(terminal.code) if terminal is not None else "",
        roles=SETTERS,
        withdraw=withdraw,
    )


@transaction.atomic
def push(terminals: Iterable[Terminal], now: datetime) -> int:
    """Hand the values in force to these terminals, and the two that ingest judges by to their rows; gives how many."""
    chosen = list(terminals)
    values = keep_link_values(chosen, now)
    own = [one for one in chosen if one.kind == Terminal.Kind.OWN]
    sending.put([(one.pk, {"values": values[one.pk], "at": now.isoformat()}) for one in own], "profile", now)
    return len(chosen)


def keep_link_values(terminals: Sequence[Terminal], now: datetime) -> dict[int, dict[str, Any]]:
    """Write `plan_s` and `grace_s` of terminals for which others are in force; gives all values in force.

    Ingest, which must not climb the places at each heartbeat, finds there what is in force; nothing else writes them.
    """
    values = profile_queries.values_of(terminals, now)
    for one in terminals:
        plan_s, grace_s = int(values[one.pk]["heartbeat_plan_s"]), int(values[one.pk]["silence_grace_s"])
        if (one.plan_s, one.grace_s) != (plan_s, grace_s):
            Terminal.objects.filter(pk=one.pk).update(plan_s=plan_s, grace_s=grace_s)
            IngestNotice.objects.create(terminal=one)
            one.plan_s, one.grace_s = plan_s, grace_s
    return values


def hand_on(now: datetime) -> int:
    """Hand on what was set or came into force since the last look; the due loop `terminals.profiles`."""
    due = list(Parameter.objects.filter(due_at__lte=now).select_related("place").order_by("id")[:PATHS_AT_ONCE])
    if not due:
        return 0
    # A rival worker that read the same rows hands the same values on once more: harmless, only the newest waits.
    ids = _reached(due)
    for start in range(0, len(ids), TERMINALS_AT_ONCE):
        part = Terminal.objects.filter(pk__in=ids[start : start + TERMINALS_AT_ONCE]).select_related("area__place")
        push(part, now)
    # Marked only now: a process that dies in between leaves the rows due, and they are handed on again.
    for row in due:
        Parameter.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=None)
    return len(due)


def _reached(rows: Sequence[Parameter]) -> list[int]:
    """The terminals at work below the places of these rows, or named by them."""
    below = Q(pk__in=[])
    for row in rows:
        code = row.subject.partition(":")[2]
        below |= Q(code=code) if code else Q(area__place__path__startswith=row.place.path)
    wanted = Terminal.objects.filter(below).exclude(state=Terminal.State.RETIRED).order_by("pk")
    return list(wanted.values_list("pk", flat=True))
