"""What is read from departments by plan: whether they are there, their hours, what they declare of their items.

All by the department contract (docs/mechanisms/department-contract.md), over the lines that also carry matters,
plug-ins included. Reads change nothing and are not repeated; the next turn comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Due
from budayang.center.services import actions
from budayang.center.services.connector_actions import declare_items, note_declaration
from budayang.center.services.connector_calls import forget_calls
from budayang.center.services.connector_queries import find_address
from budayang.center.services.lines.answers import read_json
from budayang.center.services.lines.calls import Call, NoAnswer, NotSent
from budayang.center.services.lines.over_http import make_client
from budayang.center.services.lines.plugins import Connections
from budayang.center.services.models import Connector, Item

log = structlog.get_logger(__name__)

JOB = Actor.job("services.jobs")
PROBE_S = 5.0 if settings.BUDAYANG.demo else 30.0
HOURS_S = 10.0 if settings.BUDAYANG.demo else 3600.0
READ_S = 2.0
PROBE_TIMEOUT_S = 2.0
ASKED_AT_ONCE = 8

UNREADABLE = (Refused, KeyError, TypeError, ValueError, AttributeError, DatabaseError)
"""What an answer of a wrong shape may raise where it is read or stored: that department alone has no answer then."""

Body = dict[str, Any] | str
"""What a department said, or in one word why nothing could be read."""


def probe_connectors(now: datetime) -> int:
    """Ask each department's system how it is; returns how many changed their state."""
    changed = 0
    for code, body in ask_all("health").items():
        ok, why = _health(body)
        changed += actions.note_connector(code, ok=ok, why=why, now=timezone.now())
    return changed


def _health(body: Body) -> tuple[bool, str]:
    if isinstance(body, str):
        return False, body
    return body.get("status") == "ok", "" if body.get("status") == "ok" else "status"


def ask_all(what: str, codes: Collection[str] | None = None) -> dict[str, Body]:
    """A read of each department (of those with these codes), some at the same time: one that does not answer keeps
    nobody from the others.
    """
    rows = Connector.objects.values_list("department__code", flat=True)
    addresses = {code: find_address(code) for code in rows if codes is None or code in codes}
    return asyncio.run(_ask_all(addresses, what))


async def _ask_all(addresses: dict[str, tuple[str, str] | None], what: str) -> dict[str, Body]:
    gate = asyncio.Semaphore(ASKED_AT_ONCE)
    async with make_client(PROBE_TIMEOUT_S) as client:
        lines = Connections(client)

        async def ask(address: tuple[str, str] | None) -> Body:
            async with gate:
                return await _get(lines, address, what)

        bodies = await asyncio.gather(*(ask(address) for address in addresses.values()))
    return dict(zip(addresses, bodies, strict=True))


async def _get(lines: Connections, address: tuple[str, str] | None, what: str) -> Body:
    if address is None:
        return "no address"
    try:
        reply = await lines.send(Call(what, address[0], f"/v1/{what}", address[1], timeout_s=PROBE_TIMEOUT_S))
    except (NotSent, NoAnswer) as error:
        return str(error)
    if reply.status != 200:
        return f"HTTP {reply.status}"
    try:
        return read_json(reply.content)
    except ValueError as error:
        return str(error)


def pull_hours(now: datetime, codes: Collection[str] | None = None) -> int:
    """Read the hours that departments publish and confirm themselves; returns how many rows changed.

    A department that says who confirmed its hours confirms them by saying so; anything else stays 待部门确认.
    """
    changed = 0
    for code, body in ask_all("hours", codes).items():
        if isinstance(body, str):
            continue
        try:
            changed += _take_hours(code, body, now)
        except UNREADABLE as error:
            log.warning("department's hours cannot be read", department=code, error=type(error).__name__)
    return changed


def _take_hours(code: str, body: dict[str, Any], now: datetime) -> int:
    changed = 0
    confirmed_by = str(body.get("confirmed_by") or "")
    for item_code, hours in dict(body.get("items") or {}).items():
        if not Item.objects.filter(code=item_code, department__code=code).exists():
            continue  # not in the catalogue, or another department's
        if not isinstance(hours, dict):
            raise ValueError("hours of an item are not an object")
        row = actions.set_department_hours(
            JOB,
            code,
            item_code=item_code,
            weekly=hours.get("weekly", []),
            exceptions=hours.get("exceptions", []),
            follows_workdays=bool(hours.get("follows_workdays", False)),
            after_hours=str(hours.get("after_hours") or ""),
            source=f"GET /v1/hours, {code}",
        )
        if confirmed_by and row.confirmed_at is None:
            actions.confirm_hours(JOB, row.pk, confirmed_by=confirmed_by, now=now)
            changed += 1
    return changed


def pull_items(now: datetime, codes: Collection[str] | None = None) -> int:
    """Read what departments declare of their items; returns how many rows changed."""
    changed = 0
    for code, body in ask_all("items", codes).items():
        if isinstance(body, str):
            continue
        try:
            changed += declare_items(JOB, code, body, now)
        except UNREADABLE as error:
            log.warning("department's declaration cannot be read", department=code, error=str(error)[:120])
            note_declaration(code, str(error))
    return changed


def read_wanted(now: datetime) -> int:
    """Hours and items of the lines that somebody waits for: a line that was just registered, or was asked for."""
    rows = Connector.objects.filter(read_now_at__isnull=False)
    wanted = dict(rows.values_list("department__code", "read_now_at"))
    if not wanted:
        return 0
    try:
        pull_items(now, wanted)
        pull_hours(now, wanted)
    finally:  # also when it fails: the plan's next turn reads it, not this one at once for ever
        for code, at in wanted.items():
            # Asked for again meanwhile: the moment is another, and it is read again.
            Connector.objects.filter(department__code=code, read_now_at=at).update(read_now_at=None)
    return len(wanted)


DUES: tuple[Due, ...] = (
    Due("services.probe", PROBE_S, probe_connectors, outward=True),
    Due("services.hours", HOURS_S, pull_hours, outward=True),
    Due("services.items", HOURS_S, pull_items, outward=True),
    Due("services.read_wanted", READ_S, read_wanted, outward=True),
    Due("services.calls", 600.0, forget_calls),
)
