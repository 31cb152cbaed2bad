"""Pages of work orders with their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console import order_work
from budayang.center.console.forms import MomentField
from budayang.center.console.incidents import incident_state, order_state, places, severity_state, where
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.order_buttons import buttons
from budayang.center.console.order_clocks import limits_words, shown_clock
from budayang.center.console.order_work import find_order, order_work_context
from budayang.center.console.reader import reader
from budayang.center.maintenance import actions, queries
from budayang.center.maintenance.handover_actions import waiting_for
from budayang.center.maintenance.models import FINAL_ORDER_STATES, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.order_finding import orders_by_word
from budayang.center.maintenance.order_proving import merged_into
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import organizations_visible_to
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.calendars import DayKind
from budayang.rules.maintenance import EVENT_NAMES, PAUSE_REASONS, STATE_NAMES
from budayang.rules.order_proofs import DOWNTIME_REASONS

DOERS = frozenset(actions.DOERS)
OWN_EVENTS = {
    "note": "补充说明",
    "test_asked": "请终端试打",
    "test_passed": "试打成功",
    "test_failed": "试打失败",
    "warned": "时限预警",
    "overdue": "超过时限",
    "limits": "时限改变",
    "called_back": "回访",
    "photo_before": "添加修复前照片",
    "photo_after": "添加修复后照片",
    "part_used": "用料",
    "part_back": "更正用料",
    "absorbed": "合并重复工单",
}
ANSWERS = {"works": "可以用了", "fails": "还不能用"}


@allow(OPERATING_ROLES)
def order_list(request: HttpRequest) -> HttpResponse:
    """Every order that the reader may see."""
    actor, now, days = reader(request), timezone.now(), cache(queries.calendar_days)
    running = WorkOrderEvent.objects.filter(order__closed_at__isnull=True)  # the clocks of the others stand
    waiting = len(waiting_for(actor))
    handovers = _("交接班（%(n)d 份待接）") % {"n": waiting} if waiting else _("交接班")
    buttons_ = [Action(reverse("console:handovers"), handovers)]
    if actor.may(*actions.DOERS):
        buttons_.insert(0, Action(reverse("console:order_new"), _("手工开单"), primary=True))
    return listing(
        request,
        title=_("工单"),
        note=_("时限昼夜连续计算，签了维修合同的按合同的服务时间；暂停须有原因。有凭据、验收通过才算结束。"),
        columns=(
            Column("number", _("工单"), lambda row: row.number, sort="number", kind="code"),
            Column("title", _("故障"), lambda row: words(row.incident.title)),
            Column("where", _("地点"), lambda row: where(row.incident), sort="place_path"),
            Column("state", _("状态"), lambda row: order_state(row.state), kind="state"),
            Column("clock", _("下一时限"), lambda row: _next_clock(row, now, days), kind="state"),
            Column("who", _("承办"), queries.who),
            Column("opened", _("派单"), lambda row: row.opened_at, sort="opened_at", kind="moment"),
        ),
        queryset=queries.orders_visible_to(actor).prefetch_related(Prefetch("events", running)),
        filters=(
            Filter("state", _("状态"), _order_states, _by_order_state),
            Filter("who", _("承办单位"), lambda: _bodies(actor), lambda rows, v: rows.filter(organization__code=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=(lambda word: orders_by_word(actor, word),),
        default_sort="-opened",
        row_url=lambda row: reverse("console:order", args=[row.number]),
        empty=_("没有工单。有故障需要人处理时，会自动派给负责的单位。"),
        export_name=_("工单"),
        topic="maintenance",
        actions=buttons_,
    )


def _order_states() -> list[tuple[str, str]]:
    return [("active", _("未结束")), *((state, words(word)) for state, word in STATE_NAMES.items())]


def _by_order_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(closed_at__isnull=True) if value == "active" else rows.filter(state=value)


def _bodies(actor: Actor) -> list[tuple[str, str]]:
    return list(organizations_visible_to(actor).order_by("name").values_list("code", "name"))


def _next_clock(order: WorkOrder, now: datetime, days: Callable[[], Mapping[date, DayKind]]) -> State | None:
    if order.state in FINAL_ORDER_STATES:
        return None
    clocks = queries.order_clocks(order, now, days)
    late = [name for name, clock in queries.named_clocks(clocks) if clock.met_at is None and clock.overdue]
    if late:
        return State("stop", _("%(clock)s已超时") % {"clock": words(queries.CLOCK_NAMES[late[-1]])})
    found = queries.next_clock(clocks)
    if found is None or found[1].due_at is None:
        return None
    due = timezone.localtime(found[1].due_at)
    word = _("%(clock)s %(at)s 前") % {"clock": words(queries.CLOCK_NAMES[found[0]]), "at": f"{due:%m-%d %H:%M}"}
    return State("hand", word)


def event_word(row: WorkOrderEvent) -> str:
    """What happened, in words."""
    word = words(EVENT_NAMES.get(row.event) or OWN_EVENTS[row.event])
    if row.event in ("warned", "overdue"):
        return _("%(clock)s%(word)s") % {"clock": words(queries.CLOCK_NAMES[row.reason]), "word": word}
    if not row.reason:
        return word
    reasons = ANSWERS if row.event == "called_back" else PAUSE_REASONS
    return _("%(word)s（%(reason)s）") % {"word": word, "reason": words(reasons.get(row.reason, row.reason))}


def event_author(row: WorkOrderEvent) -> str:
    """Who did it. Parts of the platform sign with their module's name, which tells a reader nothing."""
    return _("平台自动") if row.by == "system" or row.by.startswith("maintenance.") else row.by


def shown_events(rows: Sequence[WorkOrderEvent]) -> list[tuple[WorkOrderEvent, str, str]]:
    """(row, what happened, by whom), the newest first."""
    return [(row, event_word(row), event_author(row)) for row in reversed(rows)]


@allow(OPERATING_ROLES)
def order_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One order: who, by when, what happened, and what this reader may do next."""
    actor, order, now = reader(request), find_order(request, number), timezone.now()
    clocks = queries.order_clocks(order, now)
    events = queries.events_of(order)
    offered = buttons(actor, order)
    asked = any(row.event == "test_asked" for row in events)
    answered = [row for row in events if row.event in ("test_passed", "test_failed")]
    context = {
        **order_work_context(actor, order),
        "order": order,
        "incident": order.incident,
        "state": order_state(order.state),
        "incident_state": incident_state(order.incident),
        "severity": severity_state(order.incident.severity),
        "where": where(order.incident),
        "affects": words(queries.affects_text(order.incident.kind)),
        "limits": limits_words(order, events),
        "clocks": [
            shown_clock(name, clock, order.state in FINAL_ORDER_STATES) for name, clock in queries.named_clocks(clocks)
        ],
        "events": shown_events(events),
        "merged": [(one, shown_events(queries.events_of(one))) for one in merged_into(order)],
        "downtime_reason": words(DOWNTIME_REASONS[order.downtime_reason]) if order.downtime_reason else "",
        "buttons": [one for one in offered if not one.more],
        "more": [one for one in offered if one.more],
        "waiting_for_print": asked and not answered and order.state not in FINAL_ORDER_STATES,
    }
    fragment = request.headers.get("HX-Request") == "true"
    name = "console/maintenance/_order.html" if fragment else "console/maintenance/order.html"
    return render(request, name, context)


Typed = Mapping[str, Any]
Step = Callable[[Actor, WorkOrder, Typed, datetime], object]
STEPS: dict[str, Step] = {
    "accept": lambda who, order, typed, now: actions.accept_order(who, order, now=now, note=typed["note"]),
    "arrive": lambda who, order, typed, now: actions.arrive(who, order, now=now, note=typed["note"], at=typed["at"]),
    "repair": lambda who, order, typed, now: actions.repair(who, order, note=typed["note"], now=now, at=typed["at"]),
    "test": lambda who, order, typed, now: actions.ask_test_print(who, order, now=now),
    "verify": lambda who, order, typed, now: actions.verify(
        who, order, now=now, note=typed["note"], downtime_reason=typed["chosen"]
    ),
    "call": lambda who, order, typed, now: actions.call_back(
        who, order, works=typed["chosen"] == "works", note=typed["note"], now=now
    ),
    "reject": lambda who, order, typed, now: actions.reject(who, order, note=typed["note"], now=now),
    "pause": lambda who, order, typed, now: actions.pause(
        who, order, reason=typed["chosen"], note=typed["note"], now=now
    ),
    "resume": lambda who, order, typed, now: actions.resume(who, order, now=now, note=typed["note"]),
    "transfer": lambda who, order, typed, now: _transfer(who, order, typed, now),
    "merge": lambda who, order, typed, now: _merge(who, order, typed, now),
    "reopen": lambda who, order, typed, now: actions.reopen(who, order, reason=typed["note"], now=now),
    "cancel": lambda who, order, typed, now: actions.call_off(who, order, reason=typed["note"], now=now),
}


def _transfer(who: Actor, order: WorkOrder, typed: Typed, now: datetime) -> WorkOrder:
    body, _colon, person = str(typed["chosen"]).partition(":")
    if not body.isdecimal() or (person and not person.isdecimal()):
        raise Refused(_("请选择转给谁。"))
    staff_id = int(person) if person else None
    return actions.transfer(who, order, organization_id=int(body), staff_id=staff_id, reason=typed["note"], now=now)


def _merge(who: Actor, order: WorkOrder, typed: Typed, now: datetime) -> WorkOrder:
    into = queries.orders_visible_to(who).filter(number=typed["chosen"]).first()
    if into is None:
        raise Refused(_("请选择并入哪一张工单。"))
    return actions.merge(who, order, into, reason=typed["note"], now=now)


def _typed(request: HttpRequest, step: str) -> Typed:
    """What was typed beside a step's button. Raises Refused for a time that is none."""
    given = request.POST.get("at", "").strip()
    try:
        at = MomentField().clean(given) if given else None
    except ValidationError as error:
        raise Refused(_("时间看不懂，请用日历选择。")) from error
    return {
        "note": request.POST.get(f"note_{step}", request.POST.get("note", "")),
        "chosen": request.POST.get("reason", ""),
        "at": at,
    }


@allow(DOERS)
@require_POST
def order_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take one step with an order. What cannot be done is told on the order's page, and nothing is changed."""
    order = find_order(request, number)
    run = STEPS.get(step)
    if run is None:
        raise Http404
    try:
        run(reader(request), order, _typed(request, step), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:order", number)


urlpatterns = [
    path("orders/", order_list, name="orders"),
    *order_work.urlpatterns,
    path("orders/<slug:number>/", order_detail, name="order"),
    path("orders/<slug:number>/<slug:step>/", order_step, name="order_step"),
]
