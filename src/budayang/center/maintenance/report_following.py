"""How a report and the incident behind it go together: found known, opened, joined, followed, called off."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance.citizen_messages import REPORT_KEY
from budayang.center.maintenance.incident_actions import NewIncident, close_incident, close_many, open_incident
from budayang.center.maintenance.models import (
    FINAL_ORDER_STATES,
    CitizenMessage,
    Incident,
    Report,
    ReportEvent,
    WorkOrder,
)
from budayang.center.maintenance.order_actions import step
from budayang.center.maintenance.settling import add_lines
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.report_addresses import What
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line
from budayang.rules.orders import FIRST_STATE
from budayang.rules.reports import (
    KINDS,
    OPEN_STATES,
    OTHER,
    REPORT_CAUSES,
    UNANSWERED,
    ReportKind,
    event_of,
    is_of_area,
    knows,
    next_state,
)

JOB = Actor.job("maintenance.reports")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a person stands: a machine, or an area as a whole."""

    what: What
    code: str
    name: str
    area_id: int
    area_code: str
    area_name: str
    place_path: str
    manager_id: int | None
    terminal_id: int | None = None
    owner_id: int | None = None
    vendor_id: int | None = None


def find_spot(what: What, code: str) -> Spot | None:
    """The machine or the area of a reporting address; None when it is there no more."""
    if what == "area":
        area = areas.visible_to(JOB).filter(code=code).first()
        return None if area is None else _spot(area)
    machine = terminals.in_service().select_related("area__place", "area__manager").filter(code=code).first()
    if machine is None:
        return None
    return _spot(machine.area, machine)


def _spot(area: Any, machine: Any = None) -> Spot:
    """Of rows of lower rooms, whose models have no name here."""
    what: What = "area" if machine is None else "terminal"
    thing = machine or area
    return Spot(
        what,
        thing.code,
        thing.name,
        area_id=area.pk,
        area_code=area.code,
        area_name=area.name,
        place_path=area.place.path,
        manager_id=area.manager_id,
        terminal_id=machine.pk if machine else None,
        owner_id=machine.owner_id if machine else None,
        vendor_id=machine.vendor_id if machine else None,
    )


def spot_of(report: Report) -> Spot:
    """Where a report was made."""
    return _spot(report.area, report.terminal)


def open_here(spot: Spot) -> QuerySet[Incident]:
    """What is open at a spot: of its machine, and of its area as a whole."""
    mine = Q(terminal_id=spot.terminal_id) if spot.terminal_id else Q()
    whole = Q(area_id=spot.area_id, terminal__isnull=True)
    rows = Incident.objects.filter((mine | whole) if spot.terminal_id else whole, state="open")
    return rows.exclude(kind=UNANSWERED).select_related("terminal", "area").order_by("opened_at", "pk")


def joinable(report: Report) -> QuerySet[Incident]:
    """What a person may join a report to: everything open in its area but what it is joined to."""
    rows = Incident.objects.filter(area_id=report.area_id, state="open").exclude(kind=UNANSWERED)
    rows = rows.exclude(pk=report.incident_id) if report.incident_id else rows
    return rows.select_related("terminal").order_by("-opened_at")


def find_known(spot: Spot, kind: ReportKind | None, chosen: int | None, now: datetime) -> Incident | None:
    """The open incident that a report is about: the one that the person chose, else one of the same kind of report,
    else what a device or judging says already. The cause rather than its symptom.
    """
    rows = list(open_here(spot))
    if chosen is not None:
        return next((row for row in rows if row.pk == chosen), None)
    if kind is None or kind is OTHER:
        return None
    same = next((row for row in rows if row.kind in REPORT_CAUSES and row.component == kind.code), None)
    told = [row for row in rows if knows(kind, row.kind)]
    return next((row for row in told if row.cause_id is None), None) or next(iter(told), None) or same


def kind_of(incident: Incident) -> ReportKind:
    """The chip of an incident: its own where reports opened it, else the first whose matter it is."""
    if incident.kind in REPORT_CAUSES:
        return KINDS.get(incident.component, OTHER)
    return next((one for one in KINDS.values() if knows(one, incident.kind)), OTHER)


def open_own(spot: Spot, kind: ReportKind, now: datetime) -> Incident:
    """The incident of a report that nothing explains yet: one a place and kind, however many voices.

    Each "other" (其他) is one of its own: nobody can tell that two of them are the same.
    """
    of_machine = spot.terminal_id is not None and not is_of_area(kind)
    what = f"report:{kind.code}" + (f":{secrets.token_hex(4)}" if kind is OTHER else "")
    found = NewIncident(
        kind=get_cause(kind.cause),
        subject=f"terminal:{spot.code}/{what}" if of_machine else f"area:{spot.area_code}/{what}",
        component=kind.code,
        opened_at=now,
        place_path=spot.place_path,
        area_id=spot.area_id,
        terminal_id=spot.terminal_id if of_machine else None,
        terminal=spot.code if of_machine else "",
        owner_id=spot.owner_id if of_machine else spot.manager_id,
        vendor_id=spot.vendor_id if of_machine else None,
        responsible_id=spot.manager_id or spot.owner_id,
        title=(_("群众报修：%(what)s") % {"what": words(kind.label)})[:80],
    )
    return open_incident(JOB, found, cause=None, now=now)


def join(report: Report, incident: Incident, *, joined: bool, now: datetime, actor: Actor = JOB) -> None:
    """Put a report behind an incident, with a line of evidence there, and let it learn how that one stands."""
    report.incident, report.joined = incident, joined
    report.save(update_fields=["incident", "joined"])
    told = _("群众报修：%(what)s") % {"what": words(KINDS[report.kind].label)}
    add_lines(incident, [Line(report.made_at, report.number, "report", told)])
    if joined:
        write(actor, report, "joined", now, details={"incident": incident.pk})
    follow([incident.pk], now)
    report.refresh_from_db()


def write(
    actor: Actor, report: Report, event: str, now: datetime, *, details: Mapping[str, object] | None = None
) -> None:
    """A step's row and its audit line."""
    by = "" if actor.kind == "public" else actor.label or actor.name
    ReportEvent.objects.create(report=report, event=event, state=report.state, at=now, by=by[:80])
    record(
        actor,
        f"maintenance.report_{event}",
        subject=f"report:{report.number}",
        place_path=report.place_path,
        details={"state": report.state, **(details or {})},
        at=now,
    )


def move(
    actor: Actor,
    report: Report,
    event: str,
    now: datetime,
    *,
    details: Mapping[str, object] | None = None,
    **also: object,
) -> None:
    """One step of the table; one that ends it waits for no answer any more. Raises Refused when its state forbids it,
    or a rival was first.
    """
    after = next_state(report.state, event)
    if after is None:
        raise Refused(_("这件报修现在不能这样做，请刷新页面再看。"))
    ended = after not in OPEN_STATES
    if ended:
        days = float(platform.parameter("report_phone_d", report.place_path, now))
        also |= {"ended_at": now, "answer_due_at": None, "erase_at": min(report.erase_at, now + timedelta(days=days))}
    if not Report.objects.filter(pk=report.pk, state=report.state).update(state=after, **also):
        raise Refused(_("这件报修刚刚已被别人处理，请刷新页面再看。"))
    report.refresh_from_db()
    write(actor, report, event, now, details=details)
    if ended:
        settle_unanswered(report.area_id, now)


@transaction.atomic
def follow(incident_ids: Iterable[int], now: datetime) -> int:
    """Let the open reports of some incidents learn how these and their orders stand; returns how many moved."""
    rows = Report.objects.filter(incident_id__in=set(incident_ids), state__in=OPEN_STATES - {"held"})
    moved = 0
    for report in rows.select_related("incident").order_by("pk"):
        assert report.incident is not None
        own = report.incident.kind in REPORT_CAUSES
        order = _order_of(report.incident)
        event = event_of(
            report.state,
            own=own,
            incident_open=report.incident.state == "open",
            order_state=order.state if order else None,
        )
        if event is None:
            continue
        # A rival who moved this one first has told it; the other voices are not kept waiting by that.
        with contextlib.suppress(Refused):
            move(JOB, report, event, now)
            moved += 1
            if event == "fix":
                text_person(report, now)
    return moved


def _order_of(incident: Incident) -> WorkOrder | None:
    """The order that decides: the open one, else the newest; of one that was merged, the one into which it was."""
    rows = WorkOrder.objects.filter(incident_id=incident.cause_id or incident.pk).order_by("-pk")
    order = rows.exclude(state__in=FINAL_ORDER_STATES).first() or rows.first()
    while order is not None and order.merged_into is not None:
        order = order.merged_into
    return order


def take_over(incident: Incident, now: datetime) -> int:
    """A device says now what people said before: their reports go over to its incident, and theirs is called off.

    Returns how many reports went over.
    """
    if incident.area_id is None:
        return 0
    same = Incident.objects.filter(kind__in=REPORT_CAUSES, state="open", area_id=incident.area_id)
    if incident.terminal_id is not None:
        same = same.filter(terminal_id=incident.terminal_id)
    gone = [row for row in same if row.component in KINDS and knows(KINDS[row.component], incident.kind)]
    moved = 0
    for row in gone:
        for report in Report.objects.filter(incident=row, state__in=OPEN_STATES):
            join(report, incident, joined=True, now=now)
            moved += 1
        close_many(JOB, [(row, now, get_cause(incident.kind))], now)
    return moved


def call_off_if_alone(report: Report, now: datetime) -> None:
    """Nobody stands behind a report's own incident any more, and nobody began: the order is called off."""
    row = report.incident
    if row is None or row.kind not in REPORT_CAUSES or row.state != "open":
        return
    if Report.objects.filter(incident=row, state__in=OPEN_STATES).exists():
        return
    order = _order_of(row)
    if order is not None and order.state != FIRST_STATE:
        return
    if order is not None:
        step(JOB, order, "cancelled", note=_("报修的人撤回，或已不作处理"), at=now, now=now)
    close_incident(JOB, row, closed_at=now, now=now)


def text_person(report: Report, now: datetime) -> None:
    """Have a text message written to who left a number. The words are asked for when it goes (`report_queries`)."""
    if report.phone_sealed:
        CitizenMessage.objects.create(
            key=f"{REPORT_KEY}{secrets.token_hex(8)}",
            reference=report.number,
            place_path=report.place_path,
            made_at=now,
            next_at=now,
        )


# The clock of the answer


def escalate_unanswered(now: datetime, limit: int = 100) -> int:
    """Reports whose answer is overdue: one incident an area, told and escalated as every other. Returns how many."""
    due = Report.objects.filter(answer_due_at__lte=now).select_related("area__place").order_by("answer_due_at")
    done = 0
    for report in due[:limit]:
        with transaction.atomic():
            mine = Report.objects.filter(pk=report.pk, answer_due_at=report.answer_due_at)
            if not mine.update(answer_due_at=None, overdue_at=report.answer_due_at):
                continue
            report.refresh_from_db()
            write(JOB, report, "overdue", now)
            _open_unanswered(spot_of(report), report, now)
            done += 1
    return done


def _open_unanswered(spot: Spot, report: Report, now: datetime) -> None:
    found = NewIncident(
        kind=get_cause(UNANSWERED),
        subject=_unanswered_of(spot.area_code),
        component="report",
        opened_at=report.overdue_at or now,
        place_path=spot.place_path,
        area_id=spot.area_id,
        owner_id=spot.manager_id,
        responsible_id=spot.manager_id or spot.owner_id,
    )
    row = open_incident(JOB, found, cause=None, now=now)
    add_lines(row, [Line(report.overdue_at or now, report.number, "report", words(KINDS[report.kind].label))])


def _unanswered_of(area_code: str) -> str:
    return f"area:{area_code}/report:unanswered"


def settle_unanswered(area_id: int, now: datetime) -> None:
    """Close the area's incident of overdue answers once none is overdue any more."""
    late = Report.objects.filter(
        area_id=area_id, overdue_at__isnull=False, answered_at__isnull=True, state__in=OPEN_STATES
    )
    if late.exists():
        return
    for row in Incident.objects.filter(area_id=area_id, kind=UNANSWERED, state="open"):
        close_incident(JOB, row, closed_at=now, now=now)


def follow_orders(numbers: Sequence[str], now: datetime) -> int:
    """`follow` for the incidents of some orders and for what was merged into them."""
    rows = WorkOrder.objects.filter(Q(number__in=numbers) | Q(merged_into__number__in=numbers))
    return follow(rows.values_list("incident_id", flat=True), now)
