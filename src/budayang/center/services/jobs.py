"""Work of the services room with a due time, and the news it listens to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.services import actions, case_actions, judging, marks, publishing
from budayang.center.services.models import Connector, Item, Offering, VerificationAttempt
from budayang.center.services.runner import CaseRunner, find_address
from budayang.center.services.sending import BadAddress, DepartmentLine, Patience, check_address, make_client
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals

log = structlog.get_logger(__name__)

JOB = Actor.job("services.jobs")
PROBE_S = 5.0 if settings.BUDAYANG.demo else 30.0
HOURS_S = 10.0 if settings.BUDAYANG.demo else 3600.0
PROBE_TIMEOUT_S = 2.0
JUDGE_AT_ONCE = 500
ATTEMPTS_KEPT_D = 30


class News(Protocol):
    """What a consumer reads of a transition."""

    kind: str
    payload: dict[str, Any]
    place_path: str


def probe_connectors(now: datetime) -> int:
    """Ask each department's system how it is; returns how many changed their state."""
    changed = 0
    with httpx.Client(timeout=PROBE_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
        for code in Connector.objects.values_list("department__code", flat=True):
            ok, why = _probe(client, code)
            changed += actions.note_connector(code, ok=ok, why=why, now=timezone.now())
    return changed


def _probe(client: httpx.Client, code: str) -> tuple[bool, str]:
    body = _get(client, code, "health")
    if isinstance(body, str):
        return False, body
    return body.get("status") == "ok", "" if body.get("status") == "ok" else "status"


def _get(client: httpx.Client, code: str, what: str) -> dict[str, Any] | str:
    """The JSON of a department's GET, or in one word why there is none."""
    address = find_address(code)
    if address is None:
        return "no address"
    url, key = address
    try:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = client.get(f"{check_address(url)}/v1/{what}", headers=headers)
    except httpx.HTTPError as error:
        return type(error).__name__
    except BadAddress:
        return "bad address"
    if answer.status_code != 200:
        return f"HTTP {answer.status_code}"
    try:
        body = answer.json()
    except ValueError:
        return "not JSON"
    return body if isinstance(body, dict) else "not an object"


def pull_hours(now: datetime) -> int:
    """Read the hours that departments publish and confirm themselves; returns how many rows changed.

    A department that says who confirmed its hours confirms them by saying so; anything else stays 待部门确认.
    """
    changed = 0
    with httpx.Client(timeout=PROBE_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
        for code in Connector.objects.values_list("department__code", flat=True):
            body = _get(client, code, "hours")
            if isinstance(body, str):
                continue
            try:
                changed += _take_hours(code, body, now)
            except (Refused, KeyError, TypeError, ValueError) as error:
                log.warning("department's hours cannot be read", department=code, error=type(error).__name__)
    return changed


def _take_hours(code: str, body: dict[str, Any], now: datetime) -> int:
    changed = 0
    confirmed_by = str(body.get("confirmed_by") or "")
    for item_code, hours in dict(body.get("items") or {}).items():
        if not Item.objects.filter(code=item_code, department__code=code).exists():
            continue  # not in the catalogue, or another department's
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


def judge_due(now: datetime) -> int:
    """Judge again what time, new hours or a lost word may have changed; returns how many were looked at."""
    due = Offering.objects.filter(active=True).filter(Q(judge_at__isnull=True) | Q(judge_at__lte=now))
    wanted = list(due.order_by("judge_at").values_list("pk", flat=True)[:JUDGE_AT_ONCE])
    judging.refresh(judging.active_offerings(pk__in=wanted), now)
    return len(wanted)


def publish_due(now: datetime) -> int:
    """Send terminals at work what they do not have yet."""
    return publishing.publish_due(now)


def take_up_cases(now: datetime) -> int:
    """Carry on cases that a killed web process left behind, for the time in which no web process runs."""
    late = now - timedelta(seconds=case_actions.LEASE_S)
    numbers = case_actions.waiting_numbers(now, accepted_before=late)
    return asyncio.run(_carry_on(numbers)) if numbers else 0


async def _carry_on(numbers: Sequence[str]) -> int:
    patience = Patience()
    async with make_client(patience) as client:
        runner = CaseRunner(DepartmentLine(client, patience))
        await asyncio.gather(*(runner.run(number) for number in numbers))
    return len(numbers)


def read_inbox(now: datetime) -> int:
    """What terminals say of papers and of journeys that people left."""
    return terminal_actions.consume_inbox(("case.paper", "case.abandoned"), _handle_event, now)


def _handle_event(row: terminal_actions.InboxRow) -> None:
    if row.kind == "case.abandoned":
        return  # counted by its inbox row; a case that was handed in goes on without the person
    number, event = str(row.body.get("number", "")), str(row.body.get("state", ""))
    actor = Actor.terminal(row.terminal, row.place_path)
    reason = str(row.body.get("reason") or "")
    paper = case_actions.record_paper(actor, number, event, reason=reason, now=row.at, terminal_code=row.terminal)
    if paper is None:
        log.warning("paper event of an unknown case", terminal=row.terminal)


def forget(now: datetime) -> int:
    """Retention of results, grants and verification attempts."""
    old = VerificationAttempt.objects.filter(at__lt=now - timedelta(days=ATTEMPTS_KEPT_D))
    return case_actions.forget_results(now) + old.delete()[0]


def hear_terminals(news: Sequence[News], now: datetime) -> None:
    """A terminal's state changed: offer what it can do, and judge its items again."""
    codes = {str(one.payload["terminal"]) for one in news if one.payload.get("terminal")}
    new_devices = {str(one.payload["terminal"]) for one in news if one.kind == "terminals.enrolled" or _is_new(one)}
    for terminal_id in terminals.in_service().filter(code__in=new_devices).values_list("pk", flat=True):
        actions.derive_offerings(terminal_id, now)
    enrolled = {str(one.payload["terminal"]) for one in news if one.kind == "terminals.enrolled"}
    marks.forget(terminals.in_service().filter(code__in=enrolled).values_list("pk", flat=True), now)
    judging.refresh(judging.active_offerings(terminal__code__in=codes), now)


def _is_new(one: News) -> bool:
    return one.kind == "terminals.status" and not one.payload.get("before")


def hear_connectors(news: Sequence[News], now: datetime) -> None:
    """A department's system went down or came back: judge its items again everywhere."""
    codes = {str(one.payload["department"]) for one in news}
    marks.mark(marks.AVAILABILITY, now)
    judging.refresh(judging.active_offerings(item__department__code__in=codes), now)


def hear_areas(news: Sequence[News], now: datetime) -> None:
    """An area's promised hours or a planned stop changed: judge again what stands there, and tell the terminals."""
    for path in {one.place_path for one in news if one.place_path}:
        judging.refresh(judging.active_offerings(terminal__area__place__path__startswith=path), now)
    marks.mark(marks.AVAILABILITY, now)


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("services.areas", ("areas.",), hear_areas),
    Consumer("services.terminals", ("terminals.",), hear_terminals),
    Consumer("services.connectors", ("services.connector",), hear_connectors),
)
DUES: tuple[Due, ...] = (
    Due("services.probe", PROBE_S, probe_connectors),
    Due("services.hours", HOURS_S, pull_hours),
    Due("services.judge", 1.0, judge_due),
    Due("services.publish", 1.0, publish_due),
    Due("services.inbox", 0.2, read_inbox),
    Due("services.cases", 5.0, take_up_cases),
    Due("services.forget", 600.0, forget),
)
