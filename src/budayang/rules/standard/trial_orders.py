"""What becomes of a fault with measures, and so of its work order: it would not have been, or been later, or been over
sooner. Faults are told apart by the references of their claims; times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from budayang.rules.hours import Span, merge, moment
from budayang.rules.orders import OrderEvent
from budayang.rules.standard.trials import Troubles

INCIDENT = "incident:"
"""How the reference of a claim begins that is an incident's."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A fault that measures change: when it troubled machines, before and after; sorted and disjoint."""

    was: tuple[Span, ...]
    left: tuple[Span, ...]

    @property
    def later(self) -> timedelta:
        """How much later it would have begun. Only of a fault of which something is left."""
        return timedelta(microseconds=self.left[0][0] - self.was[0][0])

    @property
    def over_at(self) -> datetime | None:
        """When it would have been over, if sooner than it was."""
        return moment(self.left[-1][1]) if self.left[-1][1] < self.was[-1][1] else None

    def holds(self, at: int) -> bool:
        """Whether it would have stood at a moment."""
        return any(start <= at < end for start, end in self.left)


def fates(before: Troubles, after: Troubles, now: int) -> dict[int, Fate]:
    """By the incident's number, the faults of an area that measures change; what would begin after `now` has not."""
    was, would = _spans(before), _spans(after)
    found: dict[int, Fate] = {}
    for number, spans in was.items():
        left = would.get(number, ())
        if left != spans:
            found[number] = Fate(spans, tuple(one for one in left if one[0] < now))
    return found


def _spans(troubles: Troubles) -> dict[int, tuple[Span, ...]]:
    """All machines together: one cut of the area's power is one fault."""
    found: dict[int, list[Span]] = {}
    for rows in troubles.values():
        for one in rows:
            if one.claim.ref.startswith(INCIDENT):
                found.setdefault(int(one.claim.ref.removeprefix(INCIDENT)), []).append(one.span)
    return {number: tuple(merge(spans)) for number, spans in found.items()}


def replayed_order(events: Sequence[OrderEvent], fate: Fate) -> list[OrderEvent] | None:
    """The events of an order as they would have been; None: nobody would have written it.

    The report comes as long after the beginning of the fault as it did, and nothing is done before it. The repair is at
    the latest where the fault is over. What is over, or was repaired, by the time of the report has no order. Times in
    between in which the measure held are counted: that favours the measure least.
    """
    if not fate.left:
        return None
    reported, repaired, over = events[0].at + fate.later, _repaired_at(events), fate.over_at
    if over is not None and over <= reported:
        return None
    if fate.later and repaired is not None and repaired <= reported:
        return None
    moved = [replace(one, at=max(reported, one.at if over is None else min(one.at, over))) for one in events]
    return [*moved, OrderEvent("repaired", over)] if over is not None and repaired is None else moved


def _repaired_at(events: Iterable[OrderEvent]) -> datetime | None:
    """The last repair that was not rejected or reopened."""
    found: datetime | None = None
    for one in events:
        if one.kind == "repaired":
            found = one.at
        elif one.kind in ("rejected", "reopened"):
            found = None
    return found


def still_troubled(standing: Mapping[int, set[int]], changed: Mapping[int, Fate], at: int) -> dict[int, set[int]]:
    """Of the faults that stood on machines at a moment (machine → incidents), those that would have stood with the
    measures; machines with none are left out.
    """
    found = {
        terminal: {one for one in numbers if one not in changed or changed[one].holds(at)}
        for terminal, numbers in standing.items()
    }
    return {terminal: numbers for terminal, numbers in found.items() if numbers}
