"""Reads of the help desk (帮办台): calls, and what the items that a caller may mean are at the caller's terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import OPERATING_ROLES, Role
from budayang.center.services.alternatives import Alternative, Alternatives
from budayang.center.services.models import HelpCall, Offering
from budayang.center.services.queries import stored_verdict
from budayang.center.terminals import queries as terminals
from budayang.rules.person_check import STAFF_WAIT_S
from budayang.rules.services import Verdict


def calls_visible_to(actor: Actor) -> QuerySet[HelpCall]:
    """Calls from the actor's places and machines."""
    roles = OPERATING_ROLES | {Role.WINDOW_CLERK}
    mine = scope_q(actor, "place_path", ("terminal__owner_id",), roles=roles)
    return HelpCall.objects.filter(mine).select_related("terminal__area")


def find_call(actor: Actor, call_id: int) -> HelpCall | None:
    return calls_visible_to(actor).filter(pk=call_id).first()


def check_waiting_at(actor: Actor, terminal: str, now: datetime) -> HelpCall | None:
    """The newest call of a terminal to have person and card compared, while the person still waits there."""
    rows = calls_visible_to(actor).filter(terminal__code=terminal, kind="check", state="waiting")
    return rows.filter(called_at__gt=now - timedelta(seconds=STAFF_WAIT_S)).order_by("-called_at").first()


@dataclass(frozen=True, slots=True)
class Here:
    """An item from where the caller stands: what it is at that terminal (None: not offered there), and where else it
    can be finished now, nearest first.
    """

    verdict: Verdict | None
    elsewhere: tuple[Alternative, ...]


def seen_from(terminal_id: int, item_codes: Iterable[str], now: datetime) -> dict[str, Here]:
    """Item code -> how it is for somebody who stands at the terminal."""
    codes = list(item_codes)
    rows = Offering.objects.filter(terminal_id=terminal_id, item__code__in=codes, active=True).select_related("item")
    verdicts = {row.item.code: stored_verdict(row) for row in rows}
    machine = terminals.in_service().select_related("area").filter(pk=terminal_id).first()
    near = Alternatives.load(now, codes).of(codes, machine) if machine is not None else {}
    return {code: Here(verdicts.get(code), tuple(near.get(code, ()))) for code in codes}
