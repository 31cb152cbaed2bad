"""Replaying the hours of terminals with other troubles than they had: the ledger as it was, and as it would have been.

Nothing is written. What troubled each machine is handed out with what it was (`rules.standard.trials.Trouble`), and
what comes back takes its place; stops of departments, lost monitoring and what sources could see stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from budayang.center.maintenance import hours_ledger
from budayang.center.maintenance.hours_items import item_pieces as item_pieces
from budayang.center.maintenance.hours_ledger import Ledger
from budayang.center.maintenance.models import Incident
from budayang.rules.causes import get_cause
from budayang.rules.hours import Attributed, Claim, Piece, attributed
from budayang.rules.standard.trials import Trouble, Troubles

Change = Callable[[int, Troubles], Troubles]
"""(area, what troubled its machines) → what would have troubled them."""
CHUNK = 900


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same terminals and period before and after."""

    before: Ledger
    after: Ledger

    def pieces(self, terminal_id: int) -> tuple[list[Piece], list[Piece]]:
        """The terminal's promised time, divided, before and after."""
        return self.before.pieces_of(terminal_id), self.after.pieces_of(terminal_id)

    def divided(self) -> dict[int, list[Attributed]]:
        """The promised time of every terminal as clauses read it, after."""
        return {one: [attributed(piece) for piece in self.after.pieces_of(one)] for one in self.after.machines}


def replayed(terminal_ids: Collection[int], start: datetime, end: datetime, change: Change) -> Replayed:
    """Read what is known of these terminals in [start, end), and change what troubled them, area by area."""
    before = hours_ledger.load(terminal_ids, start, end)
    by_area: dict[int, list[int]] = {}
    for terminal_id, machine in before.machines.items():
        by_area.setdefault(machine.area_id, []).append(terminal_id)
    kinds = _kinds(before)
    after = replace(before, by_area={}, by_terminal={}, parts={})
    for area_id, machines in by_area.items():
        changed = change(area_id, {one: _troubles(before, one, kinds) for one in machines})
        for terminal_id, rows in changed.items():
            after.by_terminal[terminal_id] = [one.claim for one in rows if not one.part]
            parts = [(one.part, one.claim) for one in rows if one.part]
            if parts:
                after.parts[terminal_id] = parts
    return Replayed(before, after)


def _troubles(ledger: Ledger, terminal_id: int, kinds: dict[str, str]) -> list[Trouble]:
    area_id = ledger.machines[terminal_id].area_id
    whole = (*ledger.by_area.get(area_id, ()), *ledger.by_terminal.get(terminal_id, ()))
    return [
        *(Trouble(one, kinds.get(one.ref, "")) for one in whole),
        *(_part_trouble(part, one, kinds) for part, one in ledger.parts.get(terminal_id, ())),
    ]


def _part_trouble(part: str, one: Claim, kinds: dict[str, str]) -> Trouble:
    """A part's trouble: its property by the incident's kind, or as the interval itself names it."""
    code = kinds.get(one.ref, "")
    if code:
        return Trouble(one, code, part, get_cause(code).prop)
    _status, _colon, rest = one.ref.partition(":")
    return Trouble(one, "", part, rest.partition("/")[2] if one.ref.startswith("status:") else "")


def _kinds(ledger: Ledger) -> dict[str, str]:
    """Kind of every incident that claims something, by reference."""
    claims = [one for rows in (*ledger.by_area.values(), *ledger.by_terminal.values()) for one in rows]
    claims += [one for rows in ledger.parts.values() for _part, one in rows]
    numbers = sorted({int(one.ref.partition(":")[2]) for one in claims if one.ref.startswith("incident:")})
    found: dict[str, str] = {}
    for first in range(0, len(numbers), CHUNK):
        rows = Incident.objects.filter(pk__in=numbers[first : first + CHUNK]).values_list("pk", "kind")
        found |= {f"incident:{pk}": kind for pk, kind in rows}
    return found
