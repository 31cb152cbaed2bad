"""停用告示: the one place that builds what people are told of faults that stand, and hands it to the area's terminals.

News of incidents and orders marks areas; `post_due` builds a marked area's notices, writes what changed and sends the
whole list to its own terminals, so that what is withdrawn is simply not in it any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import Prefetch, Q

from budayang.center.areas import queries as areas
from budayang.center.maintenance.fault_notice_places import Places
from budayang.center.maintenance.models import FINAL_ORDER_STATES, FaultNotice, Incident, NoticeBoard, WorkOrder
from budayang.center.maintenance.order_limits import events_of, read_clocks
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.terminals import actions as terminal_actions
from budayang.center.terminals import area_queries
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.news import told_codes
from budayang.rules.causes import GRAVITY, Severity, get_cause
from budayang.rules.fault_notices import STAGE_OF, NoticeFacts, write_notice
from budayang.rules.orders import PAUSE_REASONS

log = structlog.get_logger(__name__)

JOB = Actor.job("maintenance.fault_notices")
MESSAGE = "notices"
NEWS = ("maintenance.incident_", "maintenance.order_", "terminals.enrolled", "terminals.resumed")
AFRESH = frozenset({"terminals.enrolled", "terminals.resumed"})
AT_ONCE = 20
# A merged order goes on in another one.
ENDED = tuple(one for one in FINAL_ORDER_STATES if one != "merged")
# Whether the nearest place still works is no news of this area's: it is asked again.
LOOK_AGAIN = timedelta(minutes=5)
AFTER_FAILURE = timedelta(minutes=1)
ALL_AGAIN_S = 6 * 3600.0
SENT_AFRESH = "afresh"
"""In place of a digest: what the terminals have is not known, so even an empty list goes out once."""


def hear(news: Sequence[Transition], now: datetime) -> None:
    """Mark the areas that the news is about. Thousands of rows of news are one UPDATE; the due loop builds."""
    incidents = {int(one.payload["incident"]) for one in news if "incident" in one.payload}
    orders = {str(one.payload["order"]) for one in news if "order" in one.payload}
    rows = Incident.objects.filter(Q(pk__in=incidents) | Q(orders__in=_with_merged(orders)), area__isnull=False)
    touched = set(rows.values_list("area_id", flat=True).distinct())
    fresh = set(area_queries.area_ids_of(told_codes(one for one in news if one.kind in AFRESH)))
    mark(touched | fresh, now)
    # A terminal that begins anew holds no notices, one that was suspended may hold those that ended meanwhile: the
    # area's list goes out again although nothing in it changed, and also when it is empty.
    NoticeBoard.objects.filter(area__in=fresh).update(sent=SENT_AFRESH)


def _with_merged(numbers: Iterable[str]) -> set[int]:
    """These orders and the duplicates that were merged into them, and theirs: who comes for one comes for all."""
    look = set(WorkOrder.objects.filter(number__in=numbers).values_list("pk", flat=True))
    found = set(look)
    while look:
        look = set(WorkOrder.objects.filter(merged_into__in=look).values_list("pk", flat=True)) - found
        found |= look
    return found


def mark(area_ids: Iterable[int], now: datetime) -> None:
    """Build these areas' notices at the next turn."""
    wanted = sorted(set(area_ids))
    if not wanted:
        return
    NoticeBoard.objects.bulk_create([NoticeBoard(area_id=one) for one in wanted], ignore_conflicts=True)
    NoticeBoard.objects.filter(area__in=wanted).update(due_at=now)


def post_due(now: datetime, limit: int = AT_ONCE) -> int:
    """Build the notices of the areas that are due; returns how many areas."""
    boards = list(NoticeBoard.objects.filter(due_at__lte=now).select_related("area__place").order_by("due_at")[:limit])
    if not boards:
        return 0
    places = Places.load(now)
    for board in boards:
        try:
            _post(board, places, now)
        except OperationalError:
            raise
        except Exception:
            # One that cannot be built must not stand first in every turn and keep all others from being told.
            log.exception("the notices of an area could not be built", area=board.area.code)
            NoticeBoard.objects.filter(pk=board.pk, due_at=board.due_at).update(due_at=now + AFTER_FAILURE)
    return len(boards)


def _post(board: NoticeBoard, places: Places, now: datetime) -> None:
    # Read and composed before the transaction: on SQLite everybody else waits while one runs.
    found = _standing(board.area_id)
    texts = {row.pk: _text(row, board.area, places, now) for row in found}
    faults = [{"id": str(row.pk), "terminal": _code(row), **texts[row.pk]} for row in found]
    body = {"area": board.area.code, "faults": faults}
    digest = hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    again = min((one for row in found if (one := _turns_late_at(row, now)) is not None), default=now + LOOK_AGAIN)
    due_at = min(again, now + LOOK_AGAIN) if found else None
    with transaction.atomic():
        # News that came meanwhile has moved due_at, or a rival built it: then it stays due, or is done.
        if not NoticeBoard.objects.filter(pk=board.pk, due_at=board.due_at).update(due_at=due_at):
            return
        _keep(board.area_id, texts, now)
        if digest != board.sent and (found or board.sent):
            NoticeBoard.objects.filter(pk=board.pk).update(sent=digest if found else "")
            _send(board.area_id, body, now)


def _keep(area_id: int, texts: dict[int, dict[str, Any]], now: datetime) -> None:
    """Write what is shown from now on, and what is not any more."""
    kept = {row.incident_id: row for row in FaultNotice.objects.filter(incident__in=texts)}
    shown = FaultNotice.objects.filter(area=area_id, withdrawn_at__isnull=True)
    shown.exclude(incident__in=texts).update(withdrawn_at=now)
    for pk, text in texts.items():
        row = kept.get(pk)
        if row is None:
            FaultNotice.objects.create(incident_id=pk, area_id=area_id, text=text, shown_at=now, changed_at=now)
        elif row.text != text or row.withdrawn_at is not None:
            FaultNotice.objects.filter(pk=row.pk).update(text=text, changed_at=now, withdrawn_at=None)


def _send(area_id: int, body: dict[str, Any], now: datetime) -> None:
    own = terminals.in_service().filter(area=area_id, kind="own", state="active").values_list("pk", flat=True)
    terminal_actions.send_to_many(JOB, list(own), MESSAGE, body, now)


def _standing(area_id: int) -> list[Incident]:
    """Causes of the area that people are told of, gravest first. Symptoms are told by their cause."""
    living = WorkOrder.objects.exclude(state__in=ENDED).select_related("organization").order_by("-pk")
    rows = Incident.objects.filter(area_id=area_id, state="open", cause__isnull=True).select_related("terminal")
    rows = rows.prefetch_related(
        Prefetch("orders", queryset=living.prefetch_related("events"), to_attr="living_orders")
    )
    told = [row for row in rows if get_cause(row.kind).citizen]
    return sorted(told, key=lambda row: (GRAVITY[Severity(row.severity)], row.opened_at, row.pk))


def _order(row: Incident) -> WorkOrder | None:
    """The order by which somebody comes: its own, or the one into which it was merged."""
    orders: list[WorkOrder] = row.living_orders  # type: ignore[attr-defined]  # to_attr of the prefetch above
    order = next((one for one in orders if one.merged_into_id is None), orders[0] if orders else None)
    while order is not None and order.merged_into is not None:
        order = order.merged_into
    return None if order is None or order.state in ENDED else order


def _code(row: Incident) -> str:
    return row.terminal.code if row.terminal is not None else ""


def _turns_late_at(row: Incident, now: datetime) -> datetime | None:
    order = _order(row)
    due_at = read_clocks(order, now).repair.due_at if order is not None else None
    return due_at + timedelta(seconds=1) if due_at is not None and due_at >= now else None


def facts_of(row: Incident, area: Any, places: Places, now: datetime) -> NoticeFacts:
    """What is known of an incident that people may be told."""
    order = _order(row)
    machines = (row.terminal.name,) if row.terminal is not None else ()
    kind = get_cause(row.kind)
    near = places.near(area, row.terminal, row.noticed_at) if kind.affects else None
    facts = NoticeFacts(kind.citizen, row.opened_at, area.place.zone, machines, near=near, stops=bool(kind.affects))
    if order is None:
        return facts
    repair = read_clocks(order, now).repair
    paused = [one.reason for one in events_of(order) if one.event == "paused"]
    return replace(
        facts,
        stage=STAGE_OF[order.state],
        body=order.organization.name,
        due_at=repair.due_at,
        late=repair.overdue,
        paused_for=PAUSE_REASONS.get(paused[-1], "") if paused else "",
    )


def _text(row: Incident, area: Any, places: Places, now: datetime) -> dict[str, Any]:
    return write_notice(facts_of(row, area, places, now)).plain()


def rebuild(now: datetime) -> int:
    """Mark every area that has a notice or should have one; returns how many. The due loop runs it when the worker
    starts: of faults from before an upgrade no news comes any more, and the words of a notice may be new.
    """
    ids = set(Incident.objects.filter(state="open", area__isnull=False).values_list("area_id", flat=True).distinct())
    ids |= set(FaultNotice.objects.filter(withdrawn_at__isnull=True).values_list("area_id", flat=True))
    known = areas.visible_to(JOB).filter(pk__in=ids).values_list("pk", flat=True)
    mark(known, now)
    return len(ids)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.fault_notices", NEWS, hear, prompt=True, at_once=500),)
DUES: tuple[Due, ...] = (
    Due("maintenance.fault_notices", 0.3, post_due, prompt=True),
    Due("maintenance.fault_notices_again", ALL_AGAIN_S, rebuild),
)
