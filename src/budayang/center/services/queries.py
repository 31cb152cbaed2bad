"""Reads of the services room. Cases start at `cases_visible_to(actor)`; nothing here opens a sealed field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services import judging
from budayang.center.services.alternatives import Alternative, Alternatives
from budayang.center.services.models import Case, CaseGrant, Connector, Department, DepartmentHours, Item, Offering
from budayang.center.services.places import STALE_S, Point, point_of
from budayang.center.services.places import distance_km as distance_km
from budayang.center.services.states import DONE_STATES, CaseState
from budayang.center.terminals import queries as terminals
from budayang.rules.calendars import DEFAULT_ZONE, DayKind, add_workdays
from budayang.rules.services import Truth, Verdict

# Nearest first within each of these; what cannot be done comes after what can.
RETIRED = "retired"
ORDER = (Truth.DOABLE, Truth.SUBMITTABLE, Truth.UNCONFIRMED, Truth.MACHINE, Truth.STOPPED)


@dataclass(frozen=True, slots=True)
class PlaceWhere:
    """Where an item can be done: `distance_km` is the straight line from the asked place, None when not known.

    `area` and `terminal` are rows of the rooms below (areas.Area, terminals.Terminal), whose models stay there.
    """

    area: Any
    terminal: Any
    verdict: Verdict
    distance_km: float | None
    item: Item
    stale: bool


def items() -> QuerySet[Item]:
    """The catalogue in force. It is public."""
    return Item.objects.filter(in_force=True).select_related("department").order_by("code")


def find_item(code: str) -> Item | None:
    """An item, also one that is not in force any more."""
    return Item.objects.select_related("department").filter(code=code).first()


def item_names(codes: Iterable[str]) -> dict[str, str]:
    return dict(Item.objects.filter(code__in=list(codes)).values_list("code", "name"))


def offerings_on(terminals_seen: QuerySet[Any]) -> QuerySet[Offering]:
    """What these terminals offer, with the verdict last judged."""
    rows = Offering.objects.filter(active=True, terminal__in=terminals_seen)
    return rows.select_related("item", "terminal__area")


def offerings_on_ids(terminal_ids: Iterable[int]) -> list[Item]:
    """Each item that any of these terminals offers, once, by code."""
    return list(
        Item.objects.filter(offerings__active=True, offerings__terminal__in=terminal_ids).distinct().order_by("code")
    )


def departments() -> QuerySet[Department]:
    return Department.objects.order_by("pk")


def department_name(code: str) -> str:
    """The department's name, or the code itself for a department that is not known."""
    return Department.objects.filter(code=code).values_list("name", flat=True).first() or code


def department_organization_id(code: str) -> int | None:
    return Department.objects.filter(code=code).values_list("organization_id", flat=True).first()


def connectors() -> QuerySet[Connector]:
    return Connector.objects.select_related("department").order_by("department_id")


def hours_of(department_code: str) -> list[DepartmentHours]:
    """A department's hours, those of the whole department first."""
    rows = DepartmentHours.objects.filter(department__code=department_code).select_related("department", "item")
    return sorted(rows, key=lambda row: row.item.code if row.item else "")


def verdicts(terminal_id: int, now: datetime) -> dict[str, Verdict]:
    """What is true of each item offered on a terminal, judged now: item code -> Verdict."""
    offerings = judging.active_offerings(terminal_id=terminal_id)
    if not offerings:
        return {}
    facts = judging.Facts.load(offerings, now)
    return {row.item.code: judging.judge(row, facts) for row in offerings}


def stored_verdict(offering: Offering) -> Verdict:
    """The verdict last judged. An offering that was never judged is not known: unconfirmed."""
    if not offering.truth:
        return Verdict(Truth.UNCONFIRMED, "not_judged", _("还没有判定"))
    truth, notes = Truth(offering.truth), tuple(offering.notes)
    return Verdict(truth, offering.reason, offering.text, offering.until_at, notes=notes)


def where(
    item_code: str | None = None,
    now: datetime | None = None,
    from_area: Any | None = None,
    *,
    area_code: str | None = None,
    point: tuple[float, float] | None = None,
) -> list[PlaceWhere]:
    """Where an item (or, in one area, everything) can be done: what can be finished now first, nearest first.

    Reads the verdicts as stored by the jobs. `point` is (latitude, longitude) in degrees and wins over `from_area`.
    """
    rows = Offering.objects.filter(active=True).exclude(terminal__state=RETIRED)
    if item_code is not None:
        rows = rows.filter(item__code=item_code)
    if area_code is not None:
        rows = rows.filter(terminal__area__code=area_code)
    return sorted(_places(rows, now, point or _point(from_area)), key=rank)


def _places(rows: QuerySet[Offering], now: datetime | None, start: tuple[float, float] | None) -> list[PlaceWhere]:
    found = []
    for row in rows.select_related("item__department", "terminal__area__place"):
        stale = now is not None and (row.judged_at is None or (now - row.judged_at).total_seconds() > STALE_S)
        km = distance_km(start, _point(row.terminal.area))
        found.append(PlaceWhere(row.terminal.area, row.terminal, stored_verdict(row), km, row.item, stale))
    return found


def rank(place: PlaceWhere) -> tuple[int, float, float, str, str]:
    """What can be done first, then nearest; of places that stopped, the one whose end is known and soonest."""
    far = float("inf")
    truth, until = place.verdict.truth, place.verdict.until
    ends = (until.timestamp() if until else far) if truth is Truth.STOPPED else 0.0
    km = place.distance_km if place.distance_km is not None else far
    return (ORDER.index(truth) + (10 if place.stale else 0), km, ends, place.terminal.code, place.item.code)


def _point(area: Any | None) -> Point | None:
    return None if area is None else point_of(area.latitude, area.longitude)


def alternatives(item_code: str, terminal_id: int, now: datetime, limit: int = 3) -> list[Alternative]:
    """Other terminals at which the item can be finished now, those of the same area first, then nearest first."""
    here = terminals.in_service().select_related("area").get(pk=terminal_id)
    return Alternatives.load(now, [item_code]).of([item_code], here, limit)[item_code]


def truth_counts(area_id: int | None = None) -> dict[int, dict[str, int]]:
    """Area id -> truth -> number of different items that have this as their best truth in the area; of one area
    alone when it is named.
    """
    rows = Offering.objects.filter(active=True).exclude(truth="").exclude(terminal__state=RETIRED)
    if area_id is not None:
        rows = rows.filter(terminal__area_id=area_id)
    # Counted by the database, one row an area: items that are this good or better, each step less the one before it.
    upto: dict[str, Any] = {
        truth.value: Count("item_id", distinct=True, filter=Q(truth__in=[one.value for one in ORDER[: place + 1]]))
        for place, truth in enumerate(ORDER)
    }
    counts: dict[int, dict[str, int]] = {}
    found: Iterable[Any] = rows.order_by().values("terminal__area_id").annotate(**upto)
    for row in found:
        before, mine = 0, {}
        for truth in ORDER:
            if row[truth.value] > before:
                mine[truth.value] = row[truth.value] - before
            before = row[truth.value]
        counts[row["terminal__area_id"]] = mine
    return counts


def items_not_doable(
    *, terminal_ids: Sequence[int] | None = None, department: str = "", truths: Sequence[str], limit: int = 40
) -> list[tuple[str, int]]:
    """(item, number of terminals) of offerings with one of these truths now, the most widespread first."""
    rows = Offering.objects.filter(active=True, truth__in=list(truths))
    if terminal_ids is not None:
        rows = rows.filter(terminal_id__in=list(terminal_ids))
    if department:
        rows = rows.filter(item__department__code=department)
    counted = rows.values_list("item__name").annotate(count=Count("pk")).order_by("-count", "item__name")
    return [(name, count) for name, count in counted[:limit]]


def cases_visible_to(actor: Actor) -> QuerySet[Case]:
    """Cases of the actor's places; an owner unit sees those done at its own machines."""
    rows = Case.objects.select_related("item__department", "terminal__area", "paper")
    # What is sealed stays out of lists altogether: a page cannot show what it never loaded.
    rows = rows.defer("request_sealed", "result_sealed", "masked", "identity_hash", "code_hash")
    return rows.filter(scope_q(actor, place="place_path", organizations=("terminal__owner_id",)))


def find_case(number: str) -> Case | None:
    """The case with this number, for other rooms; its sealed columns are not loaded."""
    rows = Case.objects.select_related("item__department", "terminal__area__place")
    return rows.defer("request_sealed", "result_sealed").filter(number=number).first()


def was_opened_at(number: str, terminal_id: int) -> bool:
    """Whether a journey on this terminal was let at the case within a month: its own, or one that proved the same
    identity on another machine (a paper printed again, what was missing handed in).
    """
    return CaseGrant.objects.filter(case__number=number, terminal_id=terminal_id).exists()


def known_numbers(numbers: Sequence[str]) -> set[str]:
    """Which of these are numbers of cases that are here."""
    found: set[str] = set()
    for start in range(0, len(numbers), 500):
        found |= set(Case.objects.filter(number__in=numbers[start : start + 500]).values_list("number", flat=True))
    return found


def cases_numbered(numbers: Sequence[str]) -> dict[str, Case]:
    """Cases by number, with item and department; nothing sealed is loaded."""
    rows = Case.objects.select_related("item__department").defer("request_sealed", "result_sealed")
    found: dict[str, Case] = {}
    for start in range(0, len(numbers), 500):
        found |= {one.number: one for one in rows.filter(number__in=list(numbers)[start : start + 500])}
    return found


def case_counts(start: datetime, end: datetime, place_path: str = "/") -> dict[str, int]:
    """State -> number of cases accepted in [start, end) at and below a place."""
    rows = Case.objects.filter(accepted_at__gte=start, accepted_at__lt=end, place_path__startswith=place_path)
    counts = dict(rows.values_list("state").annotate(n=Count("pk")).order_by())
    return {state.value: counts.get(state.value, 0) for state in CaseState}


def finished_at_places(paths: Collection[str], start: datetime, end: datetime) -> dict[str, list[tuple[str, datetime]]]:
    """Place path → (number, when) of the cases done or handed in during [start, end) just there, oldest first."""
    rows = _finished(start, end).filter(place_path__in=list(paths))
    found: dict[str, list[tuple[str, datetime]]] = {}
    for path, number, at in rows.order_by("here_at").values_list("place_path", "number", "here_at"):
        found.setdefault(path, []).append((number, at))
    return found


def _finished(start: datetime, end: datetime, place_path: str = "/") -> QuerySet[Any]:
    """Cases of which what could be done at the terminal was done in [start, end). One that was handed in counts then,
    however far its department has come with it since, and not again when that is done. The first one first.
    """
    rows = Case.objects.filter(state__in=DONE_STATES, place_path__startswith=place_path)
    here = Coalesce("department_received_at", "finished_at")
    return rows.annotate(here_at=here).filter(here_at__gte=start, here_at__lt=end).order_by("here_at")


def finished_counts(
    start: datetime, end: datetime, place_path: str, *, by: str, among: Any = None, without: Any = None
) -> dict[int, int]:
    """How many cases were done or handed in during [start, end), by "area" or by "owner" of the terminal (ids).

    `among`, `without`: queries of case numbers of a room above; only those in it, those not in it.
    """
    rows = _finished(start, end, place_path)
    if among is not None:
        rows = rows.filter(number__in=among)
    if without is not None:
        rows = rows.exclude(number__in=without)
    column = {"area": "terminal__area_id", "owner": "terminal__owner_id"}[by]
    return dict(rows.order_by().values_list(column).annotate(n=Count("pk")))


def working_days_after(start: datetime, days: int, zone: str = DEFAULT_ZONE) -> datetime:
    """The end (24:00 local) of the `days`-th working day after the day of `start`, by the calendar table."""
    place = ZoneInfo(zone)
    last = add_workdays(start.astimezone(place).date(), days, judging.calendar_table())
    return datetime.combine(last + timedelta(days=1), time(0), place)


def calendar_days() -> dict[date, DayKind]:
    """What the editable calendar says of each day that it knows: holidays and make-up workdays."""
    return judging.calendar_table()


def item_facts() -> list[tuple[int, str, str, str, str]]:
    """(key, code, name, audience, department) of every item that ever was, for reports of the past."""
    return list(Item.objects.order_by("code").values_list("pk", "code", "name", "audience", "department__name"))
