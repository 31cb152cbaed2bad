"""Run-outs against duty: "runs out on Saturday at 03:00, nobody on duty until Monday" gives an order on Friday.

For each supply the stored forecast of the terminals room is held against the duty roster of the owner unit. When the
band from 10 to 90 per cent touches a time without duty, the order is due before the last one on duty leaves
(`rules.run_outs.unattended`). Without a roster the owner's office hours on workdays stand in for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import duty_queries
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident, RunOutWatch, WorkOrder
from budayang.center.maintenance.order_actions import active_order, step
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.platform.queries import parameters
from budayang.center.services.queries import calendar_days
from budayang.center.terminals import supply_queries
from budayang.center.terminals.supply_queries import SupplyFact
from budayang.rules.calendars import DayKind, day_kind
from budayang.rules.causes import CAUSES, IncidentKind, get_cause
from budayang.rules.consumables import Tell, get_consumable
from budayang.rules.evidence import Line
from budayang.rules.intervals import Interval
from budayang.rules.run_out_words import explain, office_hours
from budayang.rules.run_outs import HORIZON, Unattended, safe_again, unattended

JOB = Actor.job("maintenance.runouts")
KIND = get_cause("run_out_ahead")
NEWS = ("supplies.changed", "supplies.filled", "maintenance.duty_changed", "maintenance.incident_opened")
AGAIN = timedelta(hours=1)
AT_ONCE = 100
IN_ONE = 20
"""Supplies of one transaction: on SQLite everybody else waits for it."""
WORKED = frozenset({DayKind.WORKDAY, DayKind.MAKEUP})
NUMBERS = ("supply_lead_s", "office_opens_s", "office_closes_s")


def take_news(news: Sequence[Transition], now: datetime) -> None:
    """A forecast, a roster or a fault changed: the supplies concerned are judged again at the loop's next turn."""
    ids = {int(one.payload["supply"]) for one in news if "supply" in one.payload}
    rosters = {one.place_path for one in news if one.kind == "maintenance.duty_changed"}
    ids |= set(supply_queries.ids_of_places(rosters)) if rosters else set()
    codes = {str(one.payload.get("terminal")) for one in news if one.payload.get("kind") in WORSE}
    ids |= set(supply_queries.ids_of_terminals(codes)) if codes else set()
    mark(ids, now)


def mark(ids: Collection[int], now: datetime) -> None:
    """Ask for a judgement of these supplies."""
    RunOutWatch.objects.bulk_create([RunOutWatch(supply_id=one, due_at=now) for one in ids], ignore_conflicts=True)
    RunOutWatch.objects.filter(supply_id__in=list(ids)).update(due_at=now)


def judge_due(now: datetime) -> int:
    """Judge the supplies whose time has come, some at once; returns how many."""
    due = RunOutWatch.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", "supply_id")
    found = list(due[:AT_ONCE])
    duties = _duties([supply_id for _pk, supply_id in found], now)
    for first in range(0, len(found), IN_ONE):
        _judge([pk for pk, _supply_id in found[first : first + IN_ONE]], duties, now)
    return len(found)


@dataclass(frozen=True, slots=True)
class _Duty:
    """When somebody of a body is there for a place."""

    windows: list[Interval]
    rostered: bool
    lead: timedelta


Duties = dict[tuple[int, str], _Duty]


def _duties(supply_ids: Collection[int], now: datetime) -> Duties:
    """By owner and place. Rosters and office hours of two weeks are the long part, hence read before anything is held;
    a roster that changes meanwhile asks for another judgement.
    """
    found: Duties = {}
    for fact in supply_queries.facts_of(supply_ids).values():
        key = fact.owner_id, fact.place_path
        if key not in found:
            found[key] = duty_of(fact.owner_id, fact.place_path, fact.zone, now)
    return found


@transaction.atomic
def _judge(ids: Collection[int], duties: Duties, now: datetime) -> None:
    watches = list(RunOutWatch.objects.select_for_update(of=("self",)).filter(pk__in=sorted(ids)).order_by("pk"))
    facts = supply_queries.facts_of([one.supply_id for one in watches])
    standing = _standing(facts.values())
    for watch in watches:
        fact = facts[watch.supply_id]
        key = fact.owner_id, fact.place_path
        duty = duties.get(key) or duty_of(fact.owner_id, fact.place_path, fact.zone, now)
        _judge_one(watch, fact, duty, standing, now)
    fields = [
        "early_at", "late_at", "leaves_at", "back_at", "next_duty_at", "order_at", "rostered", "text", "incident",
        "due_at",
    ]  # fmt: skip
    # As in supply_forecasts: bulk_update's CASE for each row and column is the dearest way to write held rows.
    RunOutWatch.objects.bulk_create(watches, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def duty_of(organization_id: int, place_path: str, zone: str, now: datetime) -> _Duty:
    """The windows of duty within the horizon: by roster, else by office hours on workdays."""
    numbers = parameters(NUMBERS, [(place_path, "")], now)[place_path, ""]
    lead = timedelta(seconds=float(numbers["supply_lead_s"].value))
    end = now + HORIZON
    if duty_queries.has_roster(organization_id, place_path):
        return _Duty(duty_queries.duty_windows(organization_id, place_path, now, end), True, lead)
    days = calendar_days()
    opens, closes = (float(numbers[name].value) for name in NUMBERS[1:])
    return _Duty(
        office_hours(now, end, zone, opens_s=opens, closes_s=closes, worked=lambda on: day_kind(on, days) in WORKED),
        False,
        lead,
    )


def _standing(facts: Collection[SupplyFact]) -> dict[tuple[int, str], list[Incident]]:
    """Open faults of the components concerned: (terminal, component) → incidents."""
    rows = Incident.objects.filter(terminal_id__in={one.terminal_id for one in facts}, state="open")
    found: dict[tuple[int, str], list[Incident]] = {}
    for row in rows:
        if row.terminal_id is not None:
            found.setdefault((row.terminal_id, row.component), []).append(row)
    return found


def worse_kinds(consumable: str) -> tuple[IncidentKind, ...]:
    """The causes by which the device itself says that it is low or gone: they have an order of their own."""
    kind = get_consumable(consumable)
    return tuple(
        one
        for one in CAUSES
        if kind.prop
        and (one.kind, one.prop) == (kind.device, kind.prop)
        and any(kind.word(state) in ("low", "out") for state in one.states)
    )


WORSE: frozenset[str] = frozenset(
    one.code for code in ("a4", "a4_lower", "toner", "receipt_roll", "cards", "stamp_ink") for one in worse_kinds(code)
)


def _judge_one(
    watch: RunOutWatch,
    fact: SupplyFact,
    duty: _Duty,
    standing: dict[tuple[int, str], list[Incident]],
    now: datetime,
) -> None:
    found = unattended(fact.forecast, duty.windows, now, duty.lead) if fact.in_use else None
    watch.early_at, watch.late_at, watch.rostered = fact.forecast.p10, fact.forecast.p90, duty.rostered
    watch.leaves_at, watch.back_at = (found.leaves_at, found.back_at) if found else (None, None)
    watch.order_at = found.order_at if found else None
    watch.next_duty_at = next((one.start if one.start > now else now for one in duty.windows if one.end > now), None)
    watch.text = _words(fact, found, duty, now) if found else ""
    here = standing.get((fact.terminal_id, fact.subject), [])
    codes = {one.code for one in worse_kinds(fact.consumable)}
    graver = next((one for one in here if one.kind in codes), None)
    subject = _subject(fact)
    mine = next((one for one in here if one.kind == KIND.code and one.subject == subject), None)
    if mine is not None:
        watch.incident = mine
        _maybe_close(mine, fact, duty, graver, now)
    elif found is not None and graver is None and found.order_at <= now:
        watch.incident = _open(fact, found, watch.text, now)
    watch.due_at = min(found.order_at, now + AGAIN) if found and found.order_at > now else now + AGAIN
    if not fact.forecast.known and mine is None:
        watch.due_at = None  # the next forecast wakes it


def _words(fact: SupplyFact, found: Unattended, duty: _Duty, now: datetime) -> str:
    name = get_consumable(fact.consumable).name
    return explain(name, fact.forecast, found, fact.zone, rostered=duty.rostered, now=now)[:300]


def _subject(fact: SupplyFact) -> str:
    return f"terminal:{fact.terminal}/{fact.subject}#{fact.consumable}"


def _open(fact: SupplyFact, found: Unattended, text: str, now: datetime) -> Incident:
    name = get_consumable(fact.consumable).name
    new = NewIncident(
        kind=KIND,
        subject=_subject(fact),
        component=fact.subject,
        opened_at=now,
        place_path=fact.place_path,
        area_id=fact.area_id,
        terminal_id=fact.terminal_id,
        terminal=fact.terminal,
        owner_id=fact.owner_id,
        vendor_id=fact.vendor_id,
        responsible_id=fact.owner_id,
        title=_("%(name)s预计在无人值守时用完") % {"name": name},
        evidence=(Line(now, "forecast", "forecast", text),),
    )
    incident = open_incident(JOB, new, cause=None, now=now)
    order = active_order(incident)
    if order is not None:
        _note(order, text)
    return incident


def _note(order: WorkOrder, text: str) -> None:
    """The words of the forecast on the order's first line: whoever gets it reads why, and until when."""
    first = order.events.order_by("id").first()
    if first is not None and not first.note:
        order.events.filter(pk=first.pk).update(note=text[:300])


def _maybe_close(mine: Incident, fact: SupplyFact, duty: _Duty, graver: Incident | None, now: datetime) -> None:
    """Close when it is filled up, when it lasts beyond the next duty, or when the device itself says worse."""
    if graver is not None:
        close_incident(JOB, mine, closed_at=graver.opened_at, now=now, worse=get_cause(graver.kind))
        return
    if not fact.in_use or fact.tell == Tell.OUT or not safe_again(fact.forecast, duty.windows, now):
        return
    filled = fact.fill_at is not None and fact.fill_at > mine.opened_at
    at = fact.fill_at if filled and fact.fill_at else now
    order = active_order(mine)
    close_incident(JOB, mine, closed_at=at, now=now)
    if order is not None and filled and fact.fill_source == "person" and fact.word == "full":
        order.refresh_from_db()
        if order.state == "repaired":
            # Two witnesses: a person wrote down the refill, and the device sees a full tray.
            step(JOB, order, "verified", note=_("已登记补充，设备报告充足，自动验收"), at=now, now=now)
            step(JOB, order, "closed", at=now, now=now)
