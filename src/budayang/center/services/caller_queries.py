"""Reads for who helps somebody at a terminal: what items are from where the caller stands, and who waits there to be
looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services.alternatives import Alternative, Alternatives
from budayang.center.services.models import Offering, StaffCheck
from budayang.center.services.queries import stored_verdict
from budayang.center.services.staff_checks import CHECKERS, WAIT
from budayang.center.terminals import queries as terminals
from budayang.rules.services import Verdict


def waiting_at(actor: Actor, terminal: str, now: datetime) -> StaffCheck | None:
    """The newest check that somebody waits for before a terminal; None while nobody does, or it is not the actor's."""
    mine = scope_q(actor, "place_path", ("terminal__owner_id",), roles=frozenset(CHECKERS))
    rows = StaffCheck.objects.filter(mine, terminal__code=terminal, state="waiting", asked_at__gt=now - WAIT)
    return rows.select_related("terminal__area").order_by("-asked_at").first()


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
