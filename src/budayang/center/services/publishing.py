"""What terminals are told: the catalogue (items, hours, calendar, search index) and the availability
(connectors, stops, where else). Sent as Outgoing when changed; the terminal judges by the same rule and the same facts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import StopFact
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.services import hours_text, judging, marks, searching, stop_notices
from budayang.center.services.alternatives import Alternatives
from budayang.center.services.calendar_queries import estimated_from
from budayang.center.services.connector_queries import items_with_person_check, launch_addresses
from budayang.center.services.item_forms import forms_of
from budayang.center.services.joint_publishing import journeys_of
from budayang.center.services.models import Connector, DepartmentHours, Item, Offering, Published
from budayang.center.services.privacy import FACE, notice_in_force
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.report_addresses import address_of
from budayang.center.terminals.supply_queries import tells_of
from budayang.rules.areas import covers
from budayang.rules.catalogue import FIELDS, Mark

JOB = Actor.job("services.publish")
CALENDAR_DAYS_BACK = 7
CALENDAR_DAYS_AHEAD = 400
AT_ONCE = 50
# Planned stops and the calendar's edges move without news of ours.
LOOK_AGAIN = {marks.CATALOGUE: timedelta(hours=1), marks.AVAILABILITY: timedelta(seconds=60)}
# With many terminals the look without news comes round less often: it never takes more than a fifth of a processor.
A_TURN_EACH = timedelta(seconds=0.1)
# Words of the catalogue's life events, as the terminal names them on its first page.
LIFE_EVENT_WORDS: dict[str, tuple[str, ...]] = {
    "print": ("打印",),
    "job": ("参保", "失业", "就业", "社保", "养老"),
    "birth": ("生育", "新生儿", "出生"),
    "retire": ("退休", "养老"),
    "house": ("不动产", "公积金", "购房", "契税", "完税"),
    "shop": ("营业执照", "税务登记", "发票", "企业"),
    "school": ("入学", "上学", "学籍"),
    "card": ("身份证", "居住证", "社保卡", "驾驶证", "出入境"),
}


def calendar_key(hours: DepartmentHours) -> str:
    """Name of a department's hours on the wire: "YB:*" for the whole department, "YB:ZZ031" for one item."""
    return f"{hours.department.code}:{hours.item.code if hours.item else '*'}"


def catalogue_of(terminal_id: int, now: datetime) -> dict[str, Any]:
    """The body of the message "catalogue" for one terminal."""
    offerings = judging.active_offerings(terminal_id=terminal_id)
    terminal = terminals.in_service().select_related("area__place").get(pk=terminal_id)
    rows = DepartmentHours.objects.select_related("department", "item")
    hours = {(row.department_id, row.item_id): row for row in rows}
    used: dict[str, DepartmentHours] = {}
    forms, pages = forms_of([offering.item.code for offering in offerings]), launch_addresses()
    checked = items_with_person_check()
    items = []
    for rank, offering in enumerate(offerings):
        row = hours.get((offering.item.department_id, offering.item_id)) or hours.get(
            (offering.item.department_id, None)
        )
        if row is not None:
            used[calendar_key(row)] = row
        one = _item_of(offering, row, rank, forms.get(offering.item.code))
        if (page := pages.get(offering.item_id)) is not None:
            one |= {"launch": {"url": page.url, "hosts": list(page.hosts)}, "schema": None}
        if offering.item_id in checked:
            one |= {"person_check": True}
        items.append(one)
    return {
        "zone": terminal.area.place.zone,
        "demo": settings.BUDAYANG.demo,
        "terminal": {
            "name": terminal.name,
            "number": terminal.code,
            "area": terminal.area.name,
            "place": terminal.area.place.path,
            "address": terminal.area.address,
            "keeper_phone": terminal.area.keeper_phone,
            "helper_hours": terminal.area.helper_hours,
            "report_url": address_of("terminal", terminal.code),
        },
        "items": items,
        "calendars": {key: _calendar_of(row) for key, row in used.items()},
        "day_kinds": _day_kinds(now),
        "estimated_from": estimated_from(now, terminal.area.place.zone).isoformat(),
        "index": searching.shipped_index() if offerings else None,
        "consent": notice_in_force(now).as_message(),
        "face_consent": notice_in_force(now, FACE).as_message(),
        **journeys_of(terminal.area.place.path, offerings, now),
        "carry_over_s": platform.parameter("stop_carry_over_s", terminal.area.place.path, now),
    }


def _item_of(
    offering: Offering, hours: DepartmentHours | None, rank: int, form: Mapping[str, Any] | None
) -> dict[str, Any]:
    item = offering.item
    needs = judging.needs_of(offering, hours)
    return {
        "code": item.code,
        "name": item.name,
        "short": item.name,
        "department": item.department.code,
        "department_name": item.department.name,
        "minutes": item.typical_minutes,
        "fee": item.fee,
        "bring": _("带%(materials)s") % {"materials": item.materials} if item.materials else "",
        "needs": sorted(needs.needs),
        "after_hours": needs.after_hours,
        "needs_live": needs.needs_live,
        "driven": needs.driven,
        "calendar": calendar_key(hours) if hours else "",
        "hot": rank if needs.driven else None,
        "life_events": life_events(item),
        "aliases": [alias for alias, _kind in item.aliases],
        "schema": form,
        **guide_of(item, hours),
    }


def guide_of(item: Item, hours: DepartmentHours | None) -> dict[str, Any]:
    """What a person reads of the item beyond its name. `marks`: field -> V, C or R, as `rules.catalogue` names them;
    `hours` are the department's, in words, once it confirmed them.
    """
    confirmed = hours is not None and hours.confirmed_at is not None
    marks_of = {field.key: item.mark(field.key) for field in FIELDS}
    marks_of["hours"] = (Mark.CONFIRMED if confirmed else Mark.UNVERIFIED).value
    return {
        "summary": item.summary,
        "materials": item.materials,
        "material_list": item.material_list,
        "output": item.output,
        "output_kind": item.output_kind,
        "output_medium": item.output_medium,
        "who_acts": item.who_acts,
        "who_may": item.who_may,
        "legal_limit": item.legal_limit,
        "legal_basis": item.legal_basis,
        "promised_limit": item.promised_limit,
        "fee_basis": item.fee_basis,
        "guide_steps": item.steps,
        "hours": hours_text.hours_words(hours.weekly) if hours is not None and confirmed else _("待部门确认"),
        "marks": marks_of,
        "unverified": item.open_fields > 0,
    }


def life_events(item: Item) -> list[str]:
    """The life events (一件事) under which a person may look for the item."""
    text = " ".join([item.name, *(alias for alias, _kind in item.aliases)])
    return [event for event, words in LIFE_EVENT_WORDS.items() if any(word in text for word in words)]


def _calendar_of(row: DepartmentHours) -> dict[str, Any]:
    return {
        "confirmed": row.confirmed_at is not None,
        "weekly": row.weekly,
        "exceptions": row.exceptions,
        "follows_workdays": row.follows_workdays,
        "probe_passed_at": row.probe_passed_at.isoformat() if row.probe_passed_at else None,
    }


def _day_kinds(now: datetime) -> dict[str, str]:
    first, last = now - timedelta(days=CALENDAR_DAYS_BACK), now + timedelta(days=CALENDAR_DAYS_AHEAD)
    table = judging.calendar_table()
    return {on.isoformat(): kind.value for on, kind in sorted(table.items()) if first.date() <= on <= last.date()}


def availability_of(terminal_id: int, now: datetime, near: Alternatives | None = None) -> dict[str, Any]:
    """The body of the message "availability" for one terminal. `near`: read already for the terminals of this turn."""
    offerings = judging.active_offerings(terminal_id=terminal_id)
    rows = Connector.objects.select_related("department")
    return {
        "connectors": {
            row.department.code: {
                "state": row.state,
                "cut": row.state == "down" and row.circuit in judging.CUT,
                "since": row.since_at.isoformat(),
            }
            for row in rows
        },
        "stops": _stops_of(offerings, now),
        "planned": _planned(offerings, now),
        "probes": {},
        "probed": _probed(offerings, now),
        "supplies": tells_of([terminal_id])[terminal_id],
        "alternatives": _alternatives_of(offerings, near or Alternatives.load(now)),
    }


def _probed(offerings: Sequence[Offering], now: datetime) -> dict[str, dict[str, str]]:
    """What tries (拨测) prove of the items here: item code -> when the last one passed, why the newest failed."""
    facts = judging.Facts(now=now, probes=judging.probes_of(offerings, now))
    found = {}
    for row in offerings:
        one = facts.probe_of(row)
        if one.passed_at is not None or one.failed:
            passed_at = one.passed_at.isoformat() if one.passed_at else ""
            found[row.item.code] = {"passed_at": passed_at, "failed": one.failed}
    return found


def _stops_of(offerings: Sequence[Offering], now: datetime) -> list[dict[str, Any]]:
    if not offerings:
        return []
    terminal = offerings[0].terminal
    stops: list[dict[str, Any]] = []
    states = terminals.current_states([terminal.pk])[terminal.pk]
    kinds = {subject: state.kind for (subject, _prop), state in states.items()}
    for stop in areas.stops_over([terminal.area_id], now, now + judging.AHEAD)[terminal.area_id]:
        for scope, code in _scopes(stop, offerings, kinds):
            stops.append(
                {
                    "scope": scope,
                    "code": code,
                    "start": stop.start.isoformat(),
                    "end": stop.end.isoformat(),
                    "reason": stop.reason,
                }
            )
    for window in judging.site_stops(terminal.area_id, now):
        # A gap that reaches the end of the look-ahead has no end yet: its moving edge would be news at each look.
        if window.end_at is None or window.end_at > now:
            start, end = window.start_at.isoformat(), window.end_at.isoformat() if window.end_at else None
            stops.append(
                {"scope": "terminal", "code": terminal.code, "start": start, "end": end, "reason": window.reason}
            )
    return stops


def _planned(offerings: Sequence[Offering], now: datetime) -> list[dict[str, str]]:
    """Stops to come in words, each with the moments between which the terminal shows it."""
    if not offerings:
        return []
    terminal = offerings[0].terminal
    found = stop_notices.stop_notices(terminal.area_id, terminal.area.place, now, terminal_id=terminal.pk)
    return [{"from": one.show_from.isoformat(), "until": one.start.isoformat(), "text": one.text} for one in found]


def _scopes(stop: StopFact, offerings: Sequence[Offering], kinds: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a stop takes here, in the terminal's own words: its items one by one when only a component is stopped."""
    terminal = offerings[0].terminal
    if stop.department:
        return [("department", stop.department)]
    if not stop.part_only:
        return [("terminal", terminal.code)] if covers(stop, terminal_id=terminal.pk) else []
    return [("item", one.item.code) for one in offerings if judging.stops_item(stop, one, kinds)]


def _alternatives_of(offerings: Sequence[Offering], near: Alternatives) -> dict[str, list[dict[str, Any]]]:
    if not offerings:
        return {}
    found = near.of([row.item.code for row in offerings], offerings[0].terminal)
    return {code: [asdict(one) for one in places] for code, places in found.items() if places}


Builder = Callable[[int, datetime], dict[str, Any]]


def publish(row: Published, now: datetime, build: Builder | None = None, look_again: timedelta | None = None) -> bool:
    """Send a terminal its catalogue or availability unless it is what it was last sent."""
    body = (build or BUILDERS[row.kind])(row.terminal_id, now)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    changed = digest != row.digest
    with transaction.atomic():
        if changed:
            Published.objects.filter(pk=row.pk).update(digest=digest, sent_at=now)
            terminal_actions.send(JOB, row.terminal_id, row.kind, body | {"revision": digest[:12]}, now)
        # News that came while we built has moved due_at: then it stays due.
        Published.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + (look_again or LOOK_AGAIN[row.kind]))
    return changed


BUILDERS: Mapping[str, Builder] = {
    marks.CATALOGUE: catalogue_of,
    marks.AVAILABILITY: availability_of,
}


def publish_due(now: datetime, limit: int = AT_ONCE) -> int:
    """Send what is due, terminals that never got anything first; returns the number of messages."""
    # A department's own machine reads none of it, and its relay would carry it in vain.
    active = terminals.in_service().filter(state="active", kind="own")
    for kind in BUILDERS:
        known = Published.objects.filter(kind=kind).values("terminal_id")
        new = active.exclude(pk__in=known).values_list("pk", flat=True)[:limit]
        fresh = [Published(terminal_id=terminal_id, kind=kind, due_at=now) for terminal_id in new]
        Published.objects.bulk_create(fresh, ignore_conflicts=True)
    due = list(Published.objects.filter(due_at__lte=now, terminal__in=active).order_by("due_at")[:limit])
    if not due:
        return 0
    builders: dict[str, Builder] = {
        **BUILDERS,
        marks.AVAILABILITY: partial(availability_of, near=Alternatives.load(now)),
    }
    again = {kind: max(pause, active.count() * A_TURN_EACH) for kind, pause in LOOK_AGAIN.items()}
    return sum(publish(row, now, builders[row.kind], again[row.kind]) for row in due)


def publish_catalogue(actor: Actor, now: datetime) -> int:
    """Have every terminal looked at now; returns the number of messages sent in this turn."""
    actor.require(Role.SYSTEM_ADMIN, Role.SUPERVISOR)
    for kind in BUILDERS:
        marks.mark(kind, now)
    return publish_due(now)
