"""Whose minutes: promised time of a terminal, divided into usable time and exactly one bucket each (归因).

Definition in this edition: a terminal is usable while nothing that it promises is missing; a minute without paper is
not usable although its questions could still be answered. A terminal promises from its first enrolment on. What the
division reads is in `hours_ledger`, how it divides in `rules.hours`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from budayang.center.maintenance import hours_ledger
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries as terminals
from budayang.rules import hours
from budayang.rules.hours import Attributed, UsableSummary

JOB = Actor.job("maintenance.responsibility")


def attributed(terminal_id: int, start: datetime, end: datetime) -> list[Attributed]:
    """Promised moments of a terminal in [start, end), each usable (`bucket` None) or in one bucket with its fact.

    `fact_ref` is "incident:<id>", "stop:<id>", "gap", "unseen" or "status:<subject>/<property>". Give `end` at most
    now: what lies ahead has no facts yet. Raises Terminal.DoesNotExist.
    """
    found = attributed_many([terminal_id], start, end)
    if terminal_id not in found:
        terminals.visible_to(JOB).get(pk=terminal_id)
    return found.get(terminal_id, [])


def attributed_many(terminal_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, list[Attributed]]:
    """The same of many terminals, with a number of queries that does not grow with them."""
    ledger = hours_ledger.load(terminal_ids, start, end)
    return {one: [hours.attributed(piece) for piece in ledger.pieces_of(one)] for one in ledger.machines}


def usable(terminal_id: int, start: datetime, end: datetime) -> UsableSummary:
    """Promised, usable and lost seconds by bucket of a terminal in [start, end)."""
    return hours.summarize(attributed(terminal_id, start, end))
