"""Everything that decides whose minutes they are, for many terminals and one period, with a fixed number of queries.

The ledger holds claims (`rules.hours.Claim`) by what they take away: everything in an area, one terminal, one part of a
terminal, or a department's items. A terminal is usable while none of its claims holds; an item while none of those
that it needs does. Each rule of precedence lives in `rules.hours`, none here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db.models import Q

from budayang.center.areas import queries as areas
from budayang.center.maintenance.models import Incident
from budayang.center.platform.heap import no_cycles
from budayang.center.platform.moments import Micros
from budayang.center.services.queries import departments
from budayang.center.terminals import history_queries
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.history_queries import MOST_NAMED, Machine
from budayang.center.terminals.watching_queries import timelines
from budayang.rules.causes import ANY, CAUSES, Bucket, IncidentKind, NodeLevel, Source, cause_of, get_cause
from budayang.rules.hours import (
    EVER,
    Claim,
    Piece,
    Span,
    claim,
    divide,
    merge,
    micros,
    outside,
    overlap,
    spans_of,
    unseen,
)
from budayang.rules.watching import Counts, Evidence, WatchVerdict

PART_CAUSES = tuple(
    one for one in CAUSES if one.level is NodeLevel.PERIPHERAL and one.source is Source.STATE and one.affects
)
PART_STATES = frozenset(state for one in PART_CAUSES for state in one.states)
# A full bin takes a part away; a full tray is what is usual, and there are as many of them as of all faults together.
USUAL = "full"
USUAL_OF = frozenset(one.prop for one in PART_CAUSES if USUAL in one.states)
PART_KINDS = frozenset(one.kind for one in PART_CAUSES)
WATCHED = "watch"
"""Kind of the conditions that `rules.watching` judges: their own timeline says when they held."""


@lru_cache(maxsize=4096)
def part_cause(kind: str, prop: str, state: str) -> IncidentKind | None:
    """The cause that takes a part away from people, or None."""
    found = cause_of(kind, prop, state)
    return found if found in PART_CAUSES else None


@dataclass(slots=True)
class Ledger:
    """Claims of many terminals over [start, end). Give `end` at most now: what lies ahead has no facts yet."""

    start: datetime
    end: datetime
    machines: dict[int, Machine] = field(default_factory=dict)
    promised: dict[int, list[Span]] = field(default_factory=dict)
    everywhere: list[Claim] = field(default_factory=list)
    by_area: dict[int, list[Claim]] = field(default_factory=dict)
    by_terminal: dict[int, list[Claim]] = field(default_factory=dict)
    parts: dict[int, list[tuple[str, Claim]]] = field(default_factory=dict)
    """Claims by terminal, each with the kind of peripheral that it takes away."""
    area_parts: dict[int, list[tuple[str, Claim]]] = field(default_factory=dict)
    by_department: dict[str, list[Claim]] = field(default_factory=dict)
    area_departments: dict[tuple[int, str], list[Claim]] = field(default_factory=dict)
    """Planned stops of a department's items, by area."""
    terminal_departments: dict[tuple[int, str], list[Claim]] = field(default_factory=dict)
    """A department that cannot be reached from one terminal alone."""
    owned: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The departments behind which an organization stands."""
    seen: dict[int, list[Span]] = field(default_factory=dict)
    """Of machines that are watched from beside: when a source could tell."""

    def promise_of(self, terminal_id: int) -> list[Span]:
        """What a terminal promised: its area's windows, from its first enrolment on until it was retired."""
        machine = self.machines[terminal_id]
        promised = self.promised.get(machine.area_id, [])
        if machine.since_us is None:
            return []
        until = EVER if machine.until_us is None else machine.until_us
        if not promised or (machine.since_us <= promised[0][0] and until >= promised[-1][1]):
            return promised
        return overlap(promised, [(machine.since_us, until)]) if machine.since_us < until else []

    def claims_of(self, terminal_id: int) -> list[Claim]:
        """Everything that makes the terminal unusable as a whole."""
        machine = self.machines[terminal_id]
        found = [
            *self.everywhere,
            *self.by_area.get(machine.area_id, ()),
            *self.by_terminal.get(terminal_id, ()),
        ]
        if terminal_id in self.parts:
            found += [one for _kind, one in self.parts[terminal_id]]
        if self.area_parts:
            found += [one for _kind, one in self.area_parts.get(machine.area_id, ())]
        for code in self.owned.get(machine.owner_id, ()):
            found += self.by_department.get(code, ())
            found += self.terminal_departments.get((terminal_id, code), ())
        return found

    def pieces_of(self, terminal_id: int) -> list[Piece]:
        """The terminal's promised time, divided."""
        return self._divide(terminal_id, self.promise_of(terminal_id), self.claims_of(terminal_id))

    def item_pieces(
        self, terminal_id: int, promised: list[Span], needs: Collection[str], department: str, live: list[Span] | None
    ) -> list[Piece]:
        """The promised time of an item on a terminal, divided by what the item needs.

        Args:
            promised: when the item is promised here, as `hours_items` computes it.
            needs: kinds of peripheral; faults of other parts do not touch this item.
            department: code of the department whose system must answer.
            live: when it must answer; None: always; empty: never.
        """
        machine = self.machines[terminal_id]
        found = [
            *self.everywhere,
            *self.by_area.get(machine.area_id, ()),
            *self.by_terminal.get(terminal_id, ()),
            *self.area_departments.get((machine.area_id, department), ()),
        ]
        found += [one for kind, one in self.parts.get(terminal_id, ()) if kind in needs]
        found += [one for kind, one in self.area_parts.get(machine.area_id, ()) if kind in needs]
        silent = self.terminal_departments.get((terminal_id, department), ())
        for one in (*self.by_department.get(department, ()), *silent):
            spans = [(one.start, one.end)] if live is None else overlap([(one.start, one.end)], live)
            found += [one._replace(start=start, end=end) for start, end in spans]
        return self._divide(terminal_id, promised, found)

    def _divide(self, terminal_id: int, promised: list[Span], claims: list[Claim]) -> list[Piece]:
        if terminal_id in self.seen:
            claims = claims + unseen(promised, self.seen[terminal_id])
        return divide(promised, claims)


def load(terminal_ids: Iterable[int], start: datetime, end: datetime) -> Ledger:
    """Read what is known of these terminals in [start, end). Terminals that do not exist are left out."""
    ledger = Ledger(start, end)
    ledger.machines = history_queries.machines(set(terminal_ids))
    area_ids = {one.area_id for one in ledger.machines.values()}
    if not area_ids or start >= end:
        return ledger
    windows = areas.promised_by_area(area_ids, start, end)
    known: dict[int, list[Span]] = {}
    for area_id, found in windows.items():
        # Areas with the same promise share one tuple, and so one list of spans.
        if id(found) not in known:
            known[id(found)] = spans_of(found)
        ledger.promised[area_id] = known[id(found)]
    ledger.everywhere = [
        claim(Bucket.MONITORING_LOST, "gap", micros(since), micros(until))
        for since, until in terminals.monitoring_gaps(start, end)
    ]
    _add_stops(ledger, area_ids)
    for code, organization_id in departments().values_list("code", "organization_id"):
        if organization_id is not None:
            ledger.owned[organization_id] = (*ledger.owned.get(organization_id, ()), code)
    with no_cycles():
        settled, watched = _add_incidents(ledger, area_ids)
        _add_states(ledger, settled)
    _add_sight(ledger, watched)
    return ledger


def _add_stops(ledger: Ledger, area_ids: Collection[int]) -> None:
    """Only what was announced before it began counts as planned; a notice written afterwards excuses nothing."""
    for area_id, stops in areas.stops_over(area_ids, ledger.start, ledger.end).items():
        for stop in stops:
            if stop.announced_at >= stop.end:
                continue
            start = max(micros(stop.start), micros(stop.announced_at))
            one = claim(Bucket.PLANNED, f"stop:{stop.id}", start, micros(stop.end))
            part = stop.component or stop.subject.partition("-")[0]
            if stop.department:
                ledger.area_departments.setdefault((area_id, stop.department), []).append(one)
            elif part and ANY not in PART_KINDS and part not in PART_KINDS:
                continue  # nobody loses anything by this part
            elif part and stop.terminal_id is not None:
                ledger.parts.setdefault(stop.terminal_id, []).append((part, one))
            elif part:
                ledger.area_parts.setdefault(area_id, []).append((part, one))
            elif stop.terminal_id is not None:
                ledger.by_terminal.setdefault(stop.terminal_id, []).append(one)
            else:
                ledger.by_area.setdefault(area_id, []).append(one)


PartIncident = tuple[int, int, int, str]
"""Opened, closed (EVER: open), number, bucket."""


def _add_incidents(
    ledger: Ledger, area_ids: Collection[int]
) -> tuple[dict[tuple[int, str, str], list[PartIncident]], dict[int, list[PartIncident]]]:
    """Causes above the parts: the terminal's silence, its area, its department. Returned, to settle what intervals and
    sources claim: incidents of parts by terminal, component and kind; those of watched machines by terminal.
    """
    rows = Incident.objects.filter(opened_at__lt=ledger.end).order_by()
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=ledger.start))
    if len(ledger.machines) <= MOST_NAMED:
        here = Q(terminal_id__in=list(ledger.machines)) | Q(area_id__in=list(area_ids), terminal__isnull=True)
        # A department's own faults belong to no area: by that the index finds them.
        rows = rows.filter(here | Q(area__isnull=True, terminal__isnull=True))
    settled: dict[tuple[int, str, str], list[PartIncident]] = {}
    watched: dict[int, list[PartIncident]] = {}
    joint: dict[int, list[PartIncident]] = {}
    silences: list[tuple[int, int, int]] = []
    for pk, code, bucket, area_id, terminal_id, department, component, opened, closed in rows.values_list(
        "pk", "kind", "bucket", "area_id", "terminal_id", "department", "component", Micros("opened_at"),
        Micros("closed_at"),
    ):  # fmt: skip
        kind = get_cause(code)
        if not kind.affects or kind.prop == "probe":  # a try of one item says nothing of the department's others
            continue
        if kind.source is Source.STATE and kind.level is NodeLevel.PERIPHERAL:
            found = settled.setdefault((terminal_id, component, code), [])
            found.append((opened, EVER if closed is None else closed, pk, bucket))
            continue
        if kind.kind == WATCHED:
            watched.setdefault(terminal_id, []).append((opened, EVER if closed is None else closed, pk, bucket))
            continue
        one = claim(bucket, f"incident:{pk}", opened, closed)
        if department and terminal_id is not None:
            ledger.terminal_departments.setdefault((terminal_id, department), []).append(one)
        elif department:
            ledger.by_department.setdefault(department, []).append(one)
        elif terminal_id is not None:
            ledger.by_terminal.setdefault(terminal_id, []).append(one)
            if kind.code == "terminal_silent":
                silences.append((terminal_id, opened, EVER if closed is None else closed))
        elif area_id is not None and kind.source is Source.INFERENCE:
            joint.setdefault(area_id, []).append((opened, EVER if closed is None else closed, pk, bucket))
        elif area_id is not None:
            ledger.by_area.setdefault(area_id, []).append(one)
    _add_joint(ledger, joint, silences)
    return settled, watched


def _add_joint(ledger: Ledger, joint: dict[int, list[PartIncident]], silences: list[tuple[int, int, int]]) -> None:
    """A fault of an area that was inferred from silences takes a terminal only while that terminal was silent."""
    for terminal_id, since, until in silences:
        machine = ledger.machines.get(terminal_id)
        for opened, closed, pk, bucket in joint.get(machine.area_id, ()) if machine else ():
            start, end = max(opened, since), min(closed, until)
            if start < end:
                one = claim(bucket, f"incident:{pk}", start, end)
                ledger.by_terminal.setdefault(terminal_id, []).append(one)


def _add_states(ledger: Ledger, settled: dict[tuple[int, str, str], list[PartIncident]]) -> None:
    """The terminals' own parts, from the intervals themselves: late data corrects them, incidents it does not.

    What evidence settled of the incident over an interval (damage, say) is taken from it; else the kind's own bucket.
    """
    machines, parts = ledger.machines, ledger.parts
    for terminal_id, subject, kind, prop, state, since, until in history_queries.rows_in_states(
        machines, PART_STATES, ledger.start, ledger.end, usual=USUAL, of=USUAL_OF
    ):
        cause = part_cause(kind, prop, state) if terminal_id in machines else None
        if cause is None:
            continue
        bucket: str = cause.bucket
        ref = ""
        incidents = settled.get((terminal_id, subject, cause.code))
        if incidents is not None:
            end = EVER if until is None else until
            over = [one for one in incidents if one[0] < end and one[1] > since]
            if over:
                _opened, _closed, number, bucket = max(over)
                ref = f"incident:{number}"
        found = claim(bucket, ref or f"status:{subject}/{prop}", since, until)
        parts.setdefault(terminal_id, []).append((kind, found))


def _add_sight(ledger: Ledger, incidents: dict[int, list[PartIncident]]) -> None:
    """Machines that cannot tell of themselves: what their sources prove together, and nothing beyond it.

    Known to serve is usable, known to fail is lost, to the bucket that the sources or the incident settle. While the
    relay was away the time is lost monitoring unless a settled cause explains it; what no source can tell is unknown.
    """
    watched = [one.id for one in ledger.machines.values() if one.watched]
    if not watched:
        return
    for terminal_id, placed in timelines(watched, ledger.start, ledger.end, ledger.end).items():
        seen: list[Span] = []
        blind: list[Span] = []
        claims = ledger.by_terminal.setdefault(terminal_id, [])
        for one in placed:
            start, end = micros(one.start), micros(one.end)
            if one.verdict.counts is Counts.USABLE:
                seen.append((start, end))
            elif one.verdict.counts is Counts.UNUSABLE:
                claims.append(_seen_to_fail(one.verdict, start, end, incidents.get(terminal_id, ())))
            elif one.verdict.evidence is Evidence.MONITORING_LOST:
                blind.append((start, end))
                claims.append(claim(Bucket.MONITORING_LOST, "relay", start, end, yields=True))
        ledger.seen[terminal_id] = merge(seen)
        if terminal_id in ledger.parts:
            # An interval stays open while nobody listens: it says nothing of that time.
            ledger.parts[terminal_id] = [
                (kind, one._replace(start=start, end=end))
                for kind, one in ledger.parts[terminal_id]
                for start, end in outside([(one.start, one.end)], merge(blind))
            ]


def _seen_to_fail(verdict: WatchVerdict, start: int, end: int, incidents: Iterable[PartIncident]) -> Claim:
    over = [one for one in incidents if one[0] < end and one[1] > start]
    bucket, ref = Bucket.UNDETERMINED, "watch"
    if over:
        _opened, _closed, number, word = max(over)
        bucket, ref = Bucket(word), f"incident:{number}"
    if verdict.evidence is not Evidence.NONE:
        bucket = Bucket(verdict.evidence.value)
    return claim(bucket, ref, start, end)
