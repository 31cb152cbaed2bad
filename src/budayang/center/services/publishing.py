"""What terminals are told: the catalogue (items, hours, calendar, search index) and the availability
(connectors, stops, where else). Sent as Outgoing when changed; the terminal judges by the same rule and the same facts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from budayang import data
from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor, Role
from budayang.center.services import judging, marks, queries
from budayang.center.services.models import Connector, DepartmentHours, Item, Offering, Published
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals
from budayang.search import SearchItem
from budayang.search.building import build_index

JOB = Actor.job("services.publish")
CONSENT_VERSION = "2026-11"
CALENDAR_DAYS_BACK = 7
CALENDAR_DAYS_AHEAD = 400
AT_ONCE = 50
# Planned stops and the calendar's edges move without news of ours.
LOOK_AGAIN = {marks.CATALOGUE: timedelta(hours=1), marks.AVAILABILITY: timedelta(seconds=60)}
# Words of the catalogue's life events, as the terminal names them on its first page.
LIFE_EVENT_WORDS: dict[str, tuple[str, ...]] = {
    "print": ("打印",),
    "job": ("参保", "失业", "就业", "社保", "养老"),
    "birth": ("生育", "新生儿", "出生"),
    "retire": ("退休", "养老"),
    "house": ("不动产", "公积金", "购房", "契税", "完税"),
    "shop": ("营业执照", "税务登记", "发票", "企业"),
    "card": ("身份证", "居住证", "社保卡", "驾驶证", "出入境"),
}


def calendar_key(hours: DepartmentHours) -> str:
    """Name of a department's hours on the wire: "YB:*" for the whole department, "YB:ZZ031" for one item."""
    return f"{hours.department.code}:{hours.item.code if hours.item else '*'}"


def index_of(items: Iterable[Item]) -> str:
    """The search index of these items as JSON text: names, other words, pinyin, initials."""
    rows = [
        SearchItem(
            item_code=item.code,
            name=item.name,
            aliases=tuple(alias for alias, _kind in item.aliases),
            words=(item.department.name, item.office, item.materials),
            rank=1 if item.driven else 0,
        )
        for item in items
    ]
    return json.dumps(_plain(build_index(rows).to_json()), ensure_ascii=False)


def _plain(index: Any) -> Any:
    return json.loads(index) if isinstance(index, str | bytes) else index


def catalogue_of(terminal_id: int, now: datetime) -> dict[str, Any]:
    """The body of the message "catalogue" for one terminal."""
    offerings = judging.active_offerings(terminal_id=terminal_id)
    terminal = terminals.in_service().select_related("area__place").get(pk=terminal_id)
    rows = DepartmentHours.objects.select_related("department", "item")
    hours = {(row.department_id, row.item_id): row for row in rows}
    used: dict[str, DepartmentHours] = {}
    items = []
    for rank, offering in enumerate(offerings):
        row = hours.get((offering.item.department_id, offering.item_id)) or hours.get(
            (offering.item.department_id, None)
        )
        if row is not None:
            used[calendar_key(row)] = row
        items.append(_item_of(offering, row, rank))
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
        },
        "items": items,
        "calendars": {key: _calendar_of(row) for key, row in used.items()},
        "day_kinds": _day_kinds(now),
        "index": json.loads(index_of([row.item for row in offerings])) if offerings else None,
        "consent": consent(),
    }


def _item_of(offering: Offering, hours: DepartmentHours | None, rank: int) -> dict[str, Any]:
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
        "schema": data.find_form(item.code),
        "materials": item.materials,
        "output": item.output,
        "who_acts": item.who_acts,
        "legal_limit": item.legal_limit,
        "legal_basis": item.legal_basis,
        "unverified": "R" in (item.name_mark, item.time_mark, item.fee_mark, item.legal_mark),
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


def consent() -> dict[str, Any]:
    """What a person agrees to before the first personal datum is read."""
    return {
        "version": CONSENT_VERSION,
        "title": _("办理前请您知情"),
        "lines": [
            _("为办理这件事，需要读取您的身份信息，并把它和您填写的内容交给办理部门。"),
            _("身份信息在终端上立即加密，只有管理平台能打开；终端不保存。"),
            _("您可以随时退出，退出后终端上不留您的任何信息。"),
        ],
        "keeps": _("办理结果最多保存7天供您重打，取走后立即删除。"),
    }


def availability_of(terminal_id: int, now: datetime) -> dict[str, Any]:
    """The body of the message "availability" for one terminal."""
    offerings = judging.active_offerings(terminal_id=terminal_id)
    rows = Connector.objects.select_related("department")
    return {
        "connectors": {row.department.code: {"state": row.state, "since": row.since_at.isoformat()} for row in rows},
        "stops": _stops_of(offerings, now),
        "probes": {},
        "alternatives": _alternatives_of(offerings, terminal_id, now),
    }


def _stops_of(offerings: Sequence[Offering], now: datetime) -> list[dict[str, Any]]:
    if not offerings:
        return []
    terminal = offerings[0].terminal
    path: str = terminal.area.place.path
    stops: list[dict[str, Any]] = []
    for stop in areas.planned_stops(now, now + judging.AHEAD):
        mine = stop.terminal_id == terminal.pk
        if not mine and not (stop.terminal_id is None and path.startswith(stop.place_path)):
            continue
        scope = "department" if stop.department else "terminal"
        stops.append(
            {
                "scope": scope,
                "code": stop.department or terminal.code,
                "start": stop.start.isoformat(),
                "end": stop.end.isoformat(),
                "reason": stop.reason,
            }
        )
    for window in judging.site_stops(terminal.area_id, now):
        # Cut to whole gaps that are still to come or last: the moving edges of the look-ahead are not news.
        if window.end_at is not None and window.end_at > now and window.end_at < now + judging.AHEAD:
            start, end = window.start_at.isoformat(), window.end_at.isoformat()
            stops.append(
                {"scope": "terminal", "code": terminal.code, "start": start, "end": end, "reason": window.reason}
            )
    return stops


def _alternatives_of(offerings: Sequence[Offering], terminal_id: int, now: datetime) -> dict[str, list[dict[str, Any]]]:
    found = queries.alternatives_of([row.item.code for row in offerings], terminal_id, now)
    return {code: [asdict(one) for one in places] for code, places in found.items() if places}


def publish(row: Published, now: datetime) -> bool:
    """Send a terminal its catalogue or availability unless it is what it was last sent."""
    body = BUILDERS[row.kind](row.terminal_id, now)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    changed = digest != row.digest
    with transaction.atomic():
        if changed:
            Published.objects.filter(pk=row.pk).update(digest=digest, sent_at=now)
            terminal_actions.send(JOB, row.terminal_id, row.kind, body | {"revision": digest[:12]}, now)
        # News that came while we built has moved due_at: then it stays due.
        Published.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + LOOK_AGAIN[row.kind])
    return changed


BUILDERS: Mapping[str, Callable[[int, datetime], dict[str, Any]]] = {
    marks.CATALOGUE: catalogue_of,
    marks.AVAILABILITY: availability_of,
}


def publish_due(now: datetime, limit: int = AT_ONCE) -> int:
    """Send what is due, terminals that never got anything first; returns the number of messages."""
    active = terminals.in_service().filter(state="active")
    for kind in BUILDERS:
        known = Published.objects.filter(kind=kind).values("terminal_id")
        new = active.exclude(pk__in=known).values_list("pk", flat=True)[:limit]
        fresh = [Published(terminal_id=terminal_id, kind=kind, due_at=now) for terminal_id in new]
        Published.objects.bulk_create(fresh, ignore_conflicts=True)
    due = Published.objects.filter(due_at__lte=now, terminal__state="active").order_by("due_at")
    return sum(publish(row, now) for row in due[:limit])


def publish_catalogue(actor: Actor, now: datetime) -> int:
    """Have every terminal looked at now; returns the number of messages sent in this turn."""
    actor.require(Role.SYSTEM_ADMIN, Role.SUPERVISOR)
    for kind in BUILDERS:
        marks.mark(kind, now)
    return publish_due(now)
