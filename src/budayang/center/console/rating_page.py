"""One rating: what was said, what the person lived through, and the handling of a negative one, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.console.evaluation import level_state, negative_state
from budayang.center.console.incidents import incident_state, order_state
from budayang.center.console.listing import State
from budayang.center.console.reader import reader
from budayang.center.evaluation import lived, queries
from budayang.center.evaluation import negative_actions as actions
from budayang.center.evaluation.models import NegativeCase, NegativeStep, Rating
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services.queries import item_names
from budayang.rules.evaluation import CHANNELS
from budayang.rules.evaluation.integrity import FLAG_KINDS, FLAG_STATES
from budayang.rules.evaluation.negative import (
    APPEAL_REASONS,
    APPEALED,
    CALL_OUTCOMES,
    CLOCK_NAMES,
    CONTACT_OUTCOMES,
    EVENT_NAMES,
    FIX_OUTCOMES,
    RERATE_LEVELS,
    SET_ASIDE_REASONS,
    may_appeal,
    phone_outcomes,
)

HANDLERS, JUDGES = frozenset(actions.HANDLERS), frozenset(actions.JUDGES)
OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "contact": CONTACT_OUTCOMES,
    "fix": FIX_OUTCOMES,
    "try_again": CALL_OUTCOMES,
    "call_back": CALL_OUTCOMES,
    "send_back": CALL_OUTCOMES,
    "rerate_good": RERATE_LEVELS,
    "rerate_bad": RERATE_LEVELS,
    "appeal": APPEAL_REASONS,
    "set_aside": SET_ASIDE_REASONS,
}


@dataclass(frozen=True, slots=True)
class Form:
    """One step that this reader may take. `asks`: what is chosen; `reply`: words for the person are asked for, too;
    `more`: it is seldom needed and stands folded.
    """

    step: str
    word: str
    hint: str = ""
    asks: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    reply: bool = False
    required: bool = True
    primary: bool = False
    more: bool = False


def _choices(table: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((code, words(name)) for code, name in table.items())


def forms_for(actor: Actor, rating: Rating, case: NegativeCase | None, now: datetime) -> list[Form]:
    """What this reader may do now, the usual first. The actions check all of it again."""
    found: list[Form] = []
    body = (rating.owner_id,)
    handles = actor.may(*actions.HANDLERS, place_path=rating.place_path, organizations=body)
    judges = actor.may(*actions.JUDGES, place_path=rating.place_path)
    if case is not None and handles:
        found += _handling(case)
    if case is not None and judges and case.state in APPEALED:
        decided = (("uphold", _("申诉成立，剔除")), ("refuse", _("申诉不成立，继续办理")))
        found.append(Form("decide", _("裁定申诉"), _("裁定的理由"), _("裁定"), decided, primary=True))
    owns = actor.may(Role.OWNER_UNIT, place_path=rating.place_path, organizations=body)
    if case is not None and owns and may_appeal(case.state, case.appeal_until, case.appealed_at is not None, now):
        hint = _("依据是什么，例如：本人当面说点错了")
        found.append(Form("appeal", _("申诉"), hint, _("申诉理由"), _choices(APPEAL_REASONS), more=True))
    if judges and rating.set_aside_at is None and (case is None or case.state not in APPEALED):
        hint = _("依据是什么；会和评价一起留存")
        found.append(Form("aside", _("剔除，不计入"), hint, _("剔除理由"), _choices(SET_ASIDE_REASONS), more=True))
    if judges and rating.set_aside_at is not None:
        found.append(Form("restore", _("恢复计入"), _("为什么恢复"), more=True))
    return found


def _handling(case: NegativeCase) -> list[Form]:
    phone = bool(case.phone_sealed)
    if case.state == "open":
        choices = _choices(phone_outcomes(CONTACT_OUTCOMES, left=case.left_phone, kept=phone))
        hint = _("核实到什么，例如：21:10 到 21:40 缺纸")
        return [Form("contact", _("核实完毕"), hint, _("怎样核实的"), choices, primary=True)]
    if case.state == "verified":
        hint = _("怎样整改的，例如：已增加周末备纸")
        return [Form("fix", _("整改完毕"), hint, _("结果"), _choices(FIX_OUTCOMES), reply=True, primary=True)]
    if case.state == "fixed":
        choices = _choices(phone_outcomes(CALL_OUTCOMES, left=case.left_phone, kept=phone))
        hint = _("本人怎么说的")
        return [Form("call", _("记下回访"), hint, _("回访结果"), choices, required=False, primary=True)]
    return []


def _rating(request: HttpRequest, number: str) -> Rating:
    rating = queries.ratings_visible_to(reader(request)).filter(case_number=number).first()
    if rating is None:
        raise Http404
    return rating


@allow(OPERATING_ROLES)
@never_cache
def rating_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One rating and, when it is negative, its clocks, its trail and what to do."""
    return _show(request, _rating(request, number))


def _show(request: HttpRequest, rating: Rating, *, status: int = 200, step: str = "", phone: str = "") -> HttpResponse:
    actor, now = reader(request), timezone.now()
    case = actions.find_negative_case(rating)
    handles = case is not None and actor.may(
        *actions.HANDLERS, place_path=rating.place_path, organizations=(rating.owner_id,)
    )
    through = lived.lived_through(actor, rating, now) if case is not None else None
    refused = status != 200
    context = {
        "rating": rating,
        "level": level_state(rating.level),
        "reasons": queries.reasons_of(rating),
        "channel": words(CHANNELS[rating.channel]),
        "item": item_names([rating.item_code]).get(rating.item_code, rating.item_code),
        "aside": words(SET_ASIDE_REASONS.get(rating.set_aside_for, rating.set_aside_for)),
        "case": case,
        "case_state": negative_state(case, now) if case is not None else None,
        "clocks": _clocks(case, now) if case is not None else [],
        "rerated": words(RERATE_LEVELS.get(case.rerated_level, "")) if case is not None else "",
        "steps": [_step(one) for one in reversed(queries.steps_of(case))] if case is not None else [],
        "lived": through,
        "incidents": [(one, incident_state(one)) for one in through.incidents] if through else [],
        "order": case.order if case is not None else None,
        "order_state": order_state(case.order.state) if case is not None and case.order else None,
        "may_order": handles and case is not None and case.order_id is None and case.closed_at is None,
        "may_call": handles and case is not None and case.phone_hint and case.closed_at is None,
        "phone": phone,
        "forms": forms_for(actor, rating, case, now),
        "failed": step,
        "typed": {key: request.POST.get(key, "") for key in ("note", "reply", "outcome")} if refused else {},
        "flags": [
            (one, words(FLAG_KINDS[one.kind]), _flag_state(one.state)) for one in rating.flags.order_by("found_at")
        ],
    }  # fmt: skip
    return render(request, "console/evaluation/rating.html", context, status=status)


def _flag_state(state: str) -> State:
    return State("warn" if state == "open" else "ask", words(FLAG_STATES[state]))


def _clocks(case: NegativeCase, now: datetime) -> list[tuple[str, State, datetime | None]]:
    """The clocks of a case: met, running or not begun, each with its moment."""
    found: list[tuple[str, State, datetime | None]] = []
    # A call before the last fix sent it back, and met another clock than the one that runs since.
    again = case.called_at is not None and case.fixed_at is not None and case.called_at < case.fixed_at
    rows = (
        ("verify", case.verify_due_at, case.verified_at),
        ("fix", case.close_due_at, case.fixed_at if case.state not in ("open", "verified") else None),
        ("call_back", case.call_due_at, None if again else case.called_at),
        ("decide", case.decide_due_at, None),
    )
    for name, due, met in rows:
        if due is None or (name == "decide" and case.state not in APPEALED):
            continue
        if met is not None:
            state = State("warn", _("超期完成")) if met > due else State("ok", _("按时完成"))
        elif case.closed_at is not None:
            state = State("ask", _("不用再办"))
        else:
            state = State("stop", _("已超期")) if due <= now else State("hand", _("进行中"))
        found.append((words(CLOCK_NAMES[name]), state, due))
    return found


def _step(one: NegativeStep) -> dict[str, object]:
    outcome = OUTCOMES.get(one.event, {}).get(one.outcome, "")
    late = one.due_at is not None and one.at > one.due_at and one.event not in queries.NOT_STEPS
    by = one.by or _("评价人")
    return {
        "at": one.at,
        "word": words(EVENT_NAMES[one.event]),
        "outcome": words(outcome) if outcome else "",
        "note": one.note,
        "by": _("平台自动") if one.by.startswith("evaluation.") else by,
        "late": late,
    }


Run = Callable[[Actor, NegativeCase, HttpRequest, datetime], object]


def _said(request: HttpRequest, name: str = "note") -> str:
    return request.POST.get(name, "")[:1000]


STEPS: dict[str, Run] = {
    "contact": lambda actor, case, request, now: actions.contact(
        actor, case, outcome=_said(request, "outcome"), note=_said(request), now=now
    ),
    "fix": lambda actor, case, request, now: actions.fix(
        actor, case, outcome=_said(request, "outcome"), note=_said(request), reply=_said(request, "reply"), now=now
    ),
    "call": lambda actor, case, request, now: actions.call_back(
        actor, case, outcome=_said(request, "outcome"), note=_said(request), now=now
    ),
    "appeal": lambda actor, case, request, now: actions.appeal(
        actor, case, reason=_said(request, "outcome"), note=_said(request), now=now
    ),
    "decide": lambda actor, case, request, now: actions.decide_appeal(
        actor, case, uphold=_decision(request), note=_said(request), now=now
    ),
    "order": lambda actor, case, request, now: actions.open_order(actor, case, now=now),
}


def _decision(request: HttpRequest) -> bool:
    chosen = request.POST.get("outcome", "")
    if chosen not in ("uphold", "refuse"):
        raise Refused(_("请选择裁定的结果。"))
    return chosen == "uphold"


@allow(HANDLERS)
@require_POST
@never_cache
def negative_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """One step. What cannot be done is told on the rating's page, with what was typed."""
    rating, actor, now = _rating(request, number), reader(request), timezone.now()
    case, run = actions.find_negative_case(rating), STEPS.get(step)
    try:
        if step == "aside":
            actions.set_aside_rating(actor, rating, reason=_said(request, "outcome"), note=_said(request), now=now)
        elif step == "restore":
            actions.restore_rating(actor, rating, note=_said(request), now=now)
        elif run is None or case is None:
            raise Http404
        else:
            run(actor, case, request, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _rating(request, number), status=422, step=step)
    if step == "order":
        made = actions.find_negative_case(rating)
        if made is not None and made.order is not None:
            messages.success(request, _("已派工单 %(number)s。") % {"number": made.order.number})
            return redirect(f"{reverse('console:rating', args=[number])}#order")
    messages.success(request, _("已记下。"))
    return redirect("console:rating", number)


@allow(HANDLERS)
@require_POST
@never_cache
def negative_phone(request: HttpRequest, number: str) -> HttpResponse:
    """The telephone number, this once, for the call-back; the trail says who looked."""
    rating = _rating(request, number)
    case = actions.find_negative_case(rating)
    if case is None:
        raise Http404
    phone = actions.show_phone(reader(request), case, timezone.now())
    return _show(request, rating, phone=phone or _("已经删除"))


urlpatterns = [
    path("ratings/<slug:number>/", rating_detail, name="rating"),
    path("ratings/<slug:number>/phone/", negative_phone, name="negative_phone"),
    path("ratings/<slug:number>/<slug:step>/", negative_step, name="negative_step"),
]
