"""Pages of the maintenance room: incidents, and work orders with their steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import actions, queries
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder, WorkOrderEvent
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.maintenance import (
    BUCKETS,
    CAUSES,
    EVENT_NAMES,
    PAUSE_REASONS,
    STATE_NAMES,
    Bucket,
    Clock,
    Severity,
    allowed_events,
    get_cause,
)
from budayang.rules.maintenance import SEVERITY_NAMES as SEVERITIES

DOERS = frozenset(actions.DOERS)
SEVERITY_TONES: dict[Severity, Tone] = {Severity.GENERAL: "hand", Severity.SERIOUS: "warn", Severity.URGENT: "stop"}
ORDER_TONES: dict[str, Tone] = {
    "reported": "stop",
    "repaired": "warn",
    "verified": "ok",
    "closed": "ok",
    "cancelled": "ask",
}
OWN_EVENTS = {
    "note": "补充说明",
    "test_asked": "请终端试打",
    "test_passed": "试打成功",
    "test_failed": "试打失败",
    "warned": "时限预警",
    "overdue": "超过时限",
}
ANSWERS = {
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
    "department": "部门系统",
    "center": "本平台",
    "nobody": "不归责",
}
PROOFS = {
    "test_print": "试打一页成功",
    "card_read": "读一次身份证成功",
    "heartbeat": "终端恢复联系",
    "probe": "部门系统拨测通过",
    "state": "状态恢复正常",
}


@dataclass(frozen=True, slots=True)
class ShownClock:
    """One clock of an order as the page tells it."""

    name: str
    tone: str
    word: str
    due_at: datetime | None
    met_at: datetime | None
    used_s: float
    limit_s: float
    share: int


@dataclass(frozen=True, slots=True)
class Button:
    """One step that this reader may take now."""

    step: str
    word: str
    note: str
    primary: bool
    required: bool
    reasons: tuple[tuple[str, str], ...] = ()


def incident_state(incident: Incident) -> State:
    """Open, hidden below its cause, or over."""
    if incident.state == "closed":
        return State("ok", _("已恢复"))
    return State("ask", _("随上级故障")) if incident.cause_id else State("stop", _("未恢复"))


def severity_state(severity: str) -> State:
    """How grave, by word and shape."""
    return State(SEVERITY_TONES[Severity(severity)], words(SEVERITIES[Severity(severity)]))


def order_state(state: str) -> State:
    """Where an order stands, by word and shape."""
    tone: Tone = "ask" if state.endswith("_paused") else ORDER_TONES.get(state, "hand")
    return State(tone, words(STATE_NAMES[state]))


def where(incident: Incident) -> str:
    """Terminal, area or department of an incident, in words."""
    if incident.terminal is not None:
        return f"{incident.area.name if incident.area else ''} {incident.terminal.name}".strip()
    return incident.area.name if incident.area else (incident.owner.name if incident.owner else incident.department)


def _places(actor: Actor) -> list[tuple[str, str]]:
    return [(one.path, one.name) for one in platform.places_visible_to(actor)]


@allow(OPERATING_ROLES)
def incident_list(request: HttpRequest) -> HttpResponse:
    """Every incident that the reader may see, the open ones first."""
    actor = reader(request)
    return listing(
        request,
        title=_("故障"),
        note=_("开始时间是故障本身发生的时刻，不是发现的时刻；上级故障未恢复时，它下面的现象不单独派单、不计责任。"),
        columns=(
            Column("title", _("故障"), lambda row: words(row.title), sort="title"),
            Column("where", _("地点"), where, sort="place_path"),
            Column("state", _("状态"), incident_state, sort="state", kind="state"),
            Column("severity", _("等级"), lambda row: severity_state(row.severity), sort="severity", kind="state"),
            Column("bucket", _("归因"), lambda row: words(BUCKETS[Bucket(row.bucket)].name), sort="bucket"),
            Column("opened", _("开始"), lambda row: row.opened_at, sort="opened_at", kind="moment"),
            Column("closed", _("恢复"), lambda row: row.closed_at, sort="closed_at", kind="moment"),
            Column("lasted", _("持续"), _lasted, kind="duration"),
        ),
        queryset=queries.incidents_visible_to(actor),
        filters=(
            Filter("state", _("状态"), _incident_states, _by_incident_state),
            Filter("kind", _("原因"), _kinds, lambda rows, v: rows.filter(kind=v)),
            Filter("bucket", _("归因"), lambda: [(b.value, words(BUCKETS[b].name)) for b in Bucket], _by_bucket),
            Filter("place", _("地区"), lambda: _places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("title", "subject", "terminal__name", "terminal__code", "area__name"),
        default_sort="-opened",
        row_url=lambda row: reverse("console:incident", args=[row.pk]),
        empty=_("没有故障。终端报告异常、失去联系或部门系统不应答时，会自动列在这里。"),
        export_name=_("故障"),
        topic="maintenance",
    )


def _lasted(row: Incident) -> float | None:
    return (row.closed_at - row.opened_at).total_seconds() if row.closed_at else None


def _kinds() -> list[tuple[str, str]]:
    return [(one.code, words(one.title)) for one in CAUSES]


def _incident_states() -> list[tuple[str, str]]:
    return [("open", _("未恢复")), ("symptom", _("随上级故障")), ("closed", _("已恢复"))]


def _by_incident_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "closed":
        return rows.filter(state="closed")
    return rows.filter(state="open", cause__isnull=value == "open")


def _by_bucket(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(bucket=value)


@allow(OPERATING_ROLES)
def incident_detail(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: cause, symptoms, times, whose minutes they are, and its orders."""
    actor = reader(request)
    incident = queries.incidents_visible_to(actor).filter(pk=incident_id).first()
    if incident is None:
        raise Http404
    kind, bucket = get_cause(incident.kind), BUCKETS[Bucket(incident.bucket)]
    now = timezone.now()
    context = {
        "incident": incident,
        "state": incident_state(incident),
        "severity": severity_state(incident.severity),
        "where": where(incident),
        "affects": words(queries.affects_text(incident.kind)),
        "bucket": words(bucket.name),
        "answers": words(ANSWERS[bucket.answers]),
        "proof": words(PROOFS[kind.proof]),
        "lasted_s": ((incident.closed_at or now) - incident.opened_at).total_seconds(),
        "symptoms": [
            (one, incident_state(one))
            for one in queries.incidents_visible_to(actor).filter(cause=incident).order_by("-opened_at")[:100]
        ],
        "orders": [(one, order_state(one.state)) for one in queries.orders_visible_to(actor).filter(incident=incident)],
    }
    fragment = request.headers.get("HX-Request") == "true"
    name = "console/maintenance/_incident.html" if fragment else "console/maintenance/incident.html"
    return render(request, name, context)


@allow(OPERATING_ROLES)
def order_list(request: HttpRequest) -> HttpResponse:
    """Every order that the reader may see."""
    actor, now = reader(request), timezone.now()
    return listing(
        request,
        title=_("工单"),
        note=_("时限昼夜连续计算，节假日不停；暂停须有原因。验收通过才算结束。"),
        columns=(
            Column("number", _("工单"), lambda row: row.number, sort="number"),
            Column("title", _("故障"), lambda row: words(row.incident.title), sort="incident__title"),
            Column("where", _("地点"), lambda row: where(row.incident), sort="place_path"),
            Column("state", _("状态"), lambda row: order_state(row.state), sort="state", kind="state"),
            Column("clock", _("下一时限"), lambda row: _next_clock(row, now), kind="state"),
            Column("who", _("承办"), queries.who, sort="organization__name"),
            Column("opened", _("派单"), lambda row: row.opened_at, sort="opened_at", kind="moment"),
        ),
        queryset=queries.orders_visible_to(actor).prefetch_related("events"),
        filters=(
            Filter("state", _("状态"), _order_states, _by_order_state),
            Filter("place", _("地区"), lambda: _places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("number", "incident__title", "incident__terminal__name", "organization__name", "assignee__name"),
        default_sort="-opened",
        row_url=lambda row: reverse("console:order", args=[row.number]),
        empty=_("没有工单。有故障需要人处理时，会自动派给负责的单位。"),
        export_name=_("工单"),
        topic="maintenance",
    )


def _order_states() -> list[tuple[str, str]]:
    return [("active", _("未结束")), *((state, words(word)) for state, word in STATE_NAMES.items())]


def _by_order_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.exclude(state__in=FINAL_ORDER_STATES) if value == "active" else rows.filter(state=value)


def _next_clock(order: WorkOrder, now: datetime) -> State | None:
    if order.state in FINAL_ORDER_STATES:
        return None
    clocks = queries.order_clocks(order, now)
    late = [name for name, clock in queries.named_clocks(clocks) if clock.met_at is None and clock.overdue]
    if late:
        return State("stop", _("%(clock)s已超时") % {"clock": words(queries.CLOCK_NAMES[late[-1]])})
    found = queries.next_clock(clocks)
    if found is None or found[1].due_at is None:
        return None
    due = timezone.localtime(found[1].due_at)
    word = _("%(clock)s %(at)s 前") % {"clock": words(queries.CLOCK_NAMES[found[0]]), "at": f"{due:%m-%d %H:%M}"}
    return State("hand", word)


def shown_clock(name: str, clock: Clock, ended: bool) -> ShownClock:
    """A clock in words: met in time or late, running until when, standing still, or no longer asked."""
    share = min(100, round(clock.used_s / clock.limit_s * 100)) if clock.limit_s else 100
    if clock.met_at is not None:
        tone, word = ("stop", _("超时完成")) if clock.overdue else ("ok", _("按时完成"))
    elif clock.overdue:
        tone, word = "stop", _("已超时")
    elif ended:
        tone, word = "ask", _("未发生")
    elif clock.due_at is None:
        tone, word = "ask", _("暂停计时")
    else:
        tone, word = "hand", _("计时中")
    return ShownClock(
        words(queries.CLOCK_NAMES[name]), tone, word, clock.due_at, clock.met_at, clock.used_s, clock.limit_s, share
    )


def _buttons(actor: Actor, order: WorkOrder) -> list[Button]:
    """What this reader may do with the order now. The actions check all of it again."""
    bodies = (order.organization_id, order.incident.owner_id, order.incident.vendor_id)
    may_do = actor.may(*actions.DOERS, place_path=order.place_path, organizations=bodies)
    may_accept = actor.may(*actions.ACCEPTERS, place_path=order.place_path, organizations=bodies)
    events, proof = allowed_events(order.state), get_cause(order.incident.kind).proof
    consumable = order.incident.bucket == Bucket.CONSUMABLES.value
    found: list[Button] = []
    if may_do and "accepted" in events:
        found.append(Button("accept", _("受理"), "", True, False))
    if may_do and "arrived" in events:
        found.append(Button("arrive", _("我已到场"), "", True, False))
    if may_do and order.state in ("accepted", "on_site", "repaired"):
        word = _("已补充耗材") if consumable else _("已修复")
        hint = _("做了什么，例如：已补 A4 纸一包") if consumable else _("做了什么，例如：已取出卡纸、清洁搓纸轮")
        found.append(Button("repair", word, hint, order.state == "on_site", True))
    if may_do and proof == "test_print" and order.state in ("accepted", "on_site", "repaired"):
        found.append(Button("test", _("请终端试打一页"), "", order.state == "repaired", False))
    if may_accept and "verified" in events:
        found.append(
            Button("verify", _("验收通过并关闭"), _("怎样验收的，例如：现场看过"), proof != "test_print", False)
        )
        found.append(Button("reject", _("验收不通过"), _("哪里没有修好"), False, True))
    if may_do and "paused" in events:
        found.append(Button("pause", _("暂停计时"), _("说明"), False, False, _pause_reasons()))
    if may_do and "resumed" in events:
        found.append(Button("resume", _("恢复计时"), "", True, False))
    return found


def _pause_reasons() -> tuple[tuple[str, str], ...]:
    return tuple((reason, words(word)) for reason, word in PAUSE_REASONS.items())


def event_word(row: WorkOrderEvent) -> str:
    """What happened, in words."""
    word = words(EVENT_NAMES.get(row.event) or OWN_EVENTS[row.event])
    if row.event in ("warned", "overdue"):
        return _("%(clock)s%(word)s") % {"clock": words(queries.CLOCK_NAMES[row.reason]), "word": word}
    if not row.reason:
        return word
    return _("%(word)s（%(reason)s）") % {"word": word, "reason": words(PAUSE_REASONS.get(row.reason, row.reason))}


def event_author(row: WorkOrderEvent) -> str:
    """Who did it. Parts of the platform sign with their module's name, which tells a reader nothing."""
    return _("平台自动") if row.by == "system" or row.by.startswith("maintenance.") else row.by


def _order(request: HttpRequest, number: str) -> WorkOrder:
    try:
        return queries.get_order(reader(request), number)
    except WorkOrder.DoesNotExist as error:
        raise Http404 from error


@allow(OPERATING_ROLES)
def order_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One order: who, by when, what happened, and what this reader may do next."""
    actor, order, now = reader(request), _order(request, number), timezone.now()
    clocks = queries.order_clocks(order, now)
    events = queries.events_of(order)
    asked = any(row.event == "test_asked" for row in events)
    answered = [row for row in events if row.event in ("test_passed", "test_failed")]
    context = {
        "order": order,
        "incident": order.incident,
        "state": order_state(order.state),
        "incident_state": incident_state(order.incident),
        "severity": severity_state(order.incident.severity),
        "where": where(order.incident),
        "affects": words(queries.affects_text(order.incident.kind)),
        "proof": words(PROOFS[get_cause(order.incident.kind).proof]),
        "clocks": [
            shown_clock(name, clock, order.state in FINAL_ORDER_STATES) for name, clock in queries.named_clocks(clocks)
        ],
        "events": [(row, event_word(row), event_author(row)) for row in reversed(events)],
        "buttons": _buttons(actor, order),
        "waiting_for_print": asked and not answered and order.state not in FINAL_ORDER_STATES,
    }
    fragment = request.headers.get("HX-Request") == "true"
    name = "console/maintenance/_order.html" if fragment else "console/maintenance/order.html"
    return render(request, name, context)


Step = Callable[[Actor, WorkOrder, str, str, datetime], object]
STEPS: dict[str, Step] = {
    "accept": lambda actor, order, note, reason, now: actions.accept_order(actor, order, now=now, note=note),
    "arrive": lambda actor, order, note, reason, now: actions.arrive(actor, order, now=now, note=note),
    "repair": lambda actor, order, note, reason, now: actions.repair(actor, order, note=note, now=now),
    "test": lambda actor, order, note, reason, now: actions.ask_test_print(actor, order, now=now),
    "verify": lambda actor, order, note, reason, now: actions.verify(actor, order, now=now, note=note),
    "reject": lambda actor, order, note, reason, now: actions.reject(actor, order, note=note, now=now),
    "pause": lambda actor, order, note, reason, now: actions.pause(actor, order, reason=reason, note=note, now=now),
    "resume": lambda actor, order, note, reason, now: actions.resume(actor, order, now=now, note=note),
}


@allow(DOERS)
@require_POST
def order_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take one step with an order. What cannot be done is told on the order's page, and nothing is changed."""
    order = _order(request, number)
    run = STEPS.get(step)
    if run is None:
        raise Http404
    note = request.POST.get(f"note_{step}", request.POST.get("note", ""))
    try:
        run(reader(request), order, note, request.POST.get("reason", ""), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:order", number)


urlpatterns = [
    path("incidents/", incident_list, name="incidents"),
    path("incidents/<int:incident_id>/", incident_detail, name="incident"),
    path("orders/", order_list, name="orders"),
    path("orders/<slug:number>/", order_detail, name="order"),
    path("orders/<slug:number>/<slug:step>/", order_step, name="order_step"),
]
