"""Booking (预约): the free times of a department, asked now, and the appointment that a case ended in.

The slot is taken by the matter that names it, under the case's own key: nothing is held before, and nothing twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import structlog
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from budayang.center.services.case_accepting import CaseRefused
from budayang.center.services.connector_queries import capability, find_address
from budayang.center.services.models import Appointment, Case, Offering
from budayang.center.services.sending import Booked, DepartmentLine
from budayang.center.services.threads import in_thread
from budayang.rules.appointments import appointment_words
from budayang.wire.journeys import Slot, SlotsTold

log = structlog.get_logger(__name__)

MOST_SLOTS = 400


async def free_slots(line: DepartmentLine, terminal_id: int, item_code: str) -> SlotsTold:
    """The times that the department has now; "silent" when it could not be asked, or answered what is no list of times.

    Raises:
        CaseRefused: unknown_item (not offered here, or nothing to be booked).
    """
    department, address = await in_thread(_address_of, terminal_id, item_code)
    if address is None:
        return SlotsTold(state="silent")
    path = f"/v1/slots?item={quote(item_code, safe='')}"
    found = await line.read(department, *address, kind="slots", path=path)
    if found is None:
        return SlotsTold(state="silent")
    try:
        return SlotsTold(state="known", slots=read_slots(found))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        log.error("department's slots cannot be read", department=department, error=type(error).__name__)
        return SlotsTold(state="silent")


def _address_of(terminal_id: int, item_code: str) -> tuple[str, tuple[str, str] | None]:
    offered = Offering.objects.filter(terminal_id=terminal_id, item__code=item_code, active=True)
    row = offered.select_related("item__department").first()
    if row is None or capability(item_code).kind != "book":
        raise CaseRefused("unknown_item")
    code = row.item.department.code
    return code, find_address(code)


def read_slots(body: dict[str, Any]) -> list[Slot]:
    """The slots of a department's answer, in their order in time. Raises what a wrong shape raises."""
    found: list[tuple[datetime, Slot]] = []
    for one in body["slots"][:MOST_SLOTS]:
        name, start = str(one["id"]), datetime.fromisoformat(one["start"])
        end = str(one.get("end") or "")
        if start.tzinfo is None or (end and datetime.fromisoformat(end).tzinfo is None) or not 0 < len(name) <= 64:
            raise ValueError("a slot without zone or name")
        place = str(one.get("place") or "")[:120]
        found.append((start, Slot(id=name, start=one["start"], end=end, left=max(0, int(one["left"])), place=place)))
    return [slot for _start, slot in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def keep_appointment(case: Case, booked: Booked | None) -> None:
    """Write down what the department's answer says, in the transaction that stores the answer."""
    if booked is not None:
        facts = {"start_at": booked.start, "end_at": booked.end, "place": booked.place, "cancelled_at": None}
        Appointment.objects.update_or_create(case=case, defaults=facts)


def cancel_appointment(case: Case, now: datetime) -> bool:
    """The department let the booking go."""
    return bool(Appointment.objects.filter(case=case, cancelled_at__isnull=True).update(cancelled_at=now))


def standing_appointments(now: datetime) -> QuerySet[Appointment]:
    """Appointments whose time has not come and that nobody took back."""
    return Appointment.objects.filter(cancelled_at__isnull=True, start_at__gt=now)


def time_words(start: datetime, end: datetime | None, zone: str) -> str:
    """2026年11月30日（星期一）上午9:00至9:50, in the zone of the area and the language of the reader."""
    here = ZoneInfo(zone)
    lang = "en" if (get_language() or "").startswith("en") else "zh"
    return appointment_words(start.astimezone(here), end.astimezone(here) if end else None, lang)


def rows_of(booked: Booked | None, zone: str) -> tuple[tuple[str, str], ...]:
    """The appointment as rows of a receipt."""
    if booked is None:
        return ()
    found = [(_("预约时间"), time_words(booked.start, booked.end, zone))]
    if booked.place:
        found.append((_("预约地点"), booked.place))
    return tuple(found)


def appointment_of(case: Case) -> Appointment | None:
    """The appointment of a case, also one that was cancelled."""
    return Appointment.objects.filter(case=case).first()
