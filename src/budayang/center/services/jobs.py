"""Work of the services room with a due time, and the news it listens to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from django.db.models import Q

from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.services import (
    actions,
    case_actions,
    case_jobs,
    connector_jobs,
    joint_actions,
    judging,
    marks,
    offering_actions,
    privacy,
    publishing,
    staff_checks,
    truth_jobs,
)
from budayang.center.services.models import Offering
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.news import told_codes

log = structlog.get_logger(__name__)

# Long work is known by name once its module is loaded.
LONG_WORK = (offering_actions,)

JUDGE_AT_ONCE = 500
TURN_S = 1.0  # of one turn of judging, where much is due: the other work of the lane waits for it
TELL_OF_DEVICES = frozenset({"terminals.enrolled", "terminals.reported"})


class News(Protocol):
    """What a consumer reads of a transition."""

    kind: str
    payload: dict[str, Any]
    place_path: str


def judge_due(now: datetime) -> int:
    """Judge again what time, new hours or a lost word may have changed; returns how many were looked at."""
    ends, done = time.monotonic() + TURN_S, 0
    due = Offering.objects.filter(active=True).filter(Q(judge_at__isnull=True) | Q(judge_at__lte=now))
    while wanted := list(due.order_by("judge_at").values_list("pk", flat=True)[:JUDGE_AT_ONCE]):
        judging.refresh(judging.active_offerings(pk__in=wanted), now)
        done += len(wanted)
        if time.monotonic() > ends:
            break
    return done


def publish_due(now: datetime) -> int:
    """Send terminals at work what they do not have yet."""
    return publishing.publish_due(now)


def read_inbox(now: datetime) -> int:
    """What terminals say of papers, of journeys that people left, and of who waits to be looked at by the staff."""
    done = terminal_actions.consume_inbox(("case.paper", "case.abandoned"), _handle_event, now)
    return done + terminal_actions.consume_inbox((staff_checks.EVENT,), staff_checks.take, now)


def _handle_event(row: terminal_actions.InboxRow) -> None:
    if row.kind == "case.abandoned":
        return  # counted by its inbox row; a case that was handed in goes on without the person
    number, event = str(row.body.get("number", "")), str(row.body.get("state", ""))
    actor = Actor.terminal(row.terminal, row.place_path)
    reason = str(row.body.get("reason") or "")
    # A joint matter is printed as one act: what the terminal says of it holds for the paper of each part.
    known = [
        case_actions.record_paper(actor, one, event, reason=reason, now=row.at, terminal_code=row.terminal)
        for one in joint_actions.part_numbers(number) or [number]
    ]
    if not any(known):
        log.warning("paper event of an unknown case", terminal=row.terminal)


def hear_terminals(news: Sequence[News], now: datetime) -> None:
    """A terminal's state changed: offer what it can do, and judge its items again."""
    codes = told_codes(news)
    new_devices = {str(one.payload["terminal"]) for one in news if one.kind in TELL_OF_DEVICES}
    actions.derive_offerings(
        list(terminals.in_service().filter(code__in=new_devices).values_list("pk", flat=True)), now
    )
    enrolled = {str(one.payload["terminal"]) for one in news if one.kind == "terminals.enrolled"}
    marks.forget(terminals.in_service().filter(code__in=enrolled).values_list("pk", flat=True), now)
    judging.refresh(judging.active_offerings(terminal__code__in=codes), now)


def _judge_soon(**where: Any) -> None:
    """Tens of thousands of offerings in a city: `judge_due` takes them some at a time."""
    Offering.objects.filter(active=True, **where).update(judge_at=None)


def hear_connectors(news: Sequence[News], now: datetime) -> None:
    """A department's system went down or came back: judge its items again everywhere."""
    codes = {str(one.payload["department"]) for one in news}
    marks.mark(marks.AVAILABILITY, now)
    _judge_soon(item__department__code__in=codes)


def hear_areas(news: Sequence[News], now: datetime) -> None:
    """An area's promised hours or a planned stop changed: judge again what stands there, and tell the terminals."""
    for path in {one.place_path for one in news if one.place_path}:
        _judge_soon(terminal__area__place__path__startswith=path)
    marks.mark(marks.AVAILABILITY, now)


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("services.areas", ("areas.",), hear_areas),
    Consumer("services.terminals", ("terminals.",), hear_terminals, at_once=10),
    Consumer("services.connectors", ("services.connector",), hear_connectors),
)
DUES: tuple[Due, ...] = (
    *connector_jobs.DUES,
    Due("services.judge", 1.0, judge_due),
    Due("services.publish", 1.0, publish_due),
    Due("services.notices", privacy.LOOK.total_seconds(), privacy.announce_started),
    Due("services.inbox", 0.2, read_inbox),
    *case_jobs.DUES,
    *truth_jobs.DUES,
)
