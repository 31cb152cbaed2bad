"""What judging finds on the plans: the drawing, what is known of the area, and the numbers in force there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localtime

from budayang.center.areas import queries as areas
from budayang.center.platform.queries import parameters
from budayang.center.signage import queries
from budayang.center.terminals import queries as terminals
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.drawing import Drawing, read
from budayang.rules.signs.facts import NUMBERS, AreaFacts, TerminalFact
from budayang.rules.signs.findings import Finding, Severity
from budayang.rules.signs.judging import judge

Numbers = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an area apart from any drawing."""

    facilities: frozenset[str]
    terminals: tuple[str, ...]
    present: frozenset[str]
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a plan: its signs, and findings by severity."""

    signs: int
    faults: int
    advice: int
    unmeasured: int


REMEMBERED = 2_000
_judged: dict[tuple[int, datetime, Known, date], Counts] = {}


def known_of(found: Sequence[Any], now: datetime) -> dict[int, Known]:
    """What is known of each of these areas, by its key. Four queries, however many."""
    ids = [one.pk for one in found]
    kinds: dict[int, set[str]] = {pk: set() for pk in ids}
    for area_id, kind in areas.list_facilities_of(ids).values_list("area_id", "kind"):
        kinds[area_id].add(kind)
    codes: dict[int, list[str]] = {pk: [] for pk in ids}
    for area_id, code in terminals.in_service().filter(area_id__in=ids).order_by("code").values_list("area_id", "code"):
        codes[area_id].append(code)
    present = queries.present_of(ids)
    numbers = parameters(NUMBERS, [(one.place.path, "") for one in found], now)
    return {
        one.pk: Known(
            frozenset(kinds[one.pk]),
            tuple(codes[one.pk]),
            frozenset(present.get(one.pk, ())),
            tuple((name, float(held.value)) for name, held in numbers[one.place.path, ""].items()),
        )
        for one in found
    }


def judge_drawing(area: Any, drawing: Mapping[str, Any], now: datetime) -> list[Finding]:
    """Findings of a drawing of this area, saved or not. Raises NotADrawing."""
    return _judge(read(drawing), known_of([area], now)[area.pk], now)


def count_newest(found: Sequence[Any], now: datetime) -> dict[int, Counts]:
    """Of each area that has a plan, by the area's key, what judging its version in force finds."""
    known = known_of(found, now)
    newest = queries.newest_of([one.pk for one in found])
    on = localtime(now).date()
    keys = {pk: (version.pk, version.made_at, known[pk], on) for pk, version in newest.items()}
    counts = {pk: _judged[key] for pk, key in keys.items() if key in _judged}
    drawings = queries.drawings_of(version for pk, version in newest.items() if pk not in counts)
    for pk, key in keys.items():
        if pk not in counts:
            counts[pk] = _remember(key, _count(read(drawings[newest[pk].pk]), known[pk], now))
    return counts


def _remember(key: tuple[int, datetime, Known, date], counts: Counts) -> Counts:
    """A version never changes: with the same facts, numbers and day it is judged once a process."""
    if len(_judged) >= REMEMBERED:
        _judged.clear()
    _judged[key] = counts
    return counts


def _count(drawing: Drawing, known: Known, now: datetime) -> Counts:
    found = _judge(drawing, known, now)
    of = {severity: sum(one.severity is severity for one in found) for severity in Severity}
    return Counts(len(drawing.signs), of[Severity.FAULT], of[Severity.ADVICE], of[Severity.UNMEASURED])


def facts_and_numbers(area: Any, drawing: Drawing, now: datetime) -> tuple[AreaFacts, dict[str, float]]:
    """What is known of an area beside a drawing of it, and the numbers in force there."""
    known = known_of([area], now)[area.pk]
    return _facts(drawing, known, now), dict(known.numbers)


def _judge(drawing: Drawing, known: Known, now: datetime) -> list[Finding]:
    return judge(drawing, _facts(drawing, known, now), sign_kinds(), dict(known.numbers))


def _facts(drawing: Drawing, known: Known, now: datetime) -> AreaFacts:
    # Of no machine the register says how high its screen hangs: who draws the plan stands before it and says it.
    low = {thing.code for thing in drawing.things if thing.kind == "terminal" and thing.low}
    return AreaFacts(
        on=localtime(now).date(),
        facilities=known.facilities,
        terminals=tuple(TerminalFact(code, low=code in low) for code in known.terminals),
        present=known.present,
    )
