"""Pages of 投诉、表扬、建议: the list, and one with its five steps."""

from __future__ import annotations

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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import complaint_actions as actions
from budayang.center.evaluation import complaint_queries as queries
from budayang.center.evaluation.models import Complaint, ComplaintStep
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.wording import words
from budayang.rules.evaluation.complaints import (
    DECLINE_REASONS,
    EVENT_NAMES,
    FINAL_STATES,
    KIND_NAMES,
    SHORT_KINDS,
    STATE_NAMES,
    STEPS,
    allowed,
    state_name,
)

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.INSPECTOR})
HANDLERS, DECIDERS = frozenset(actions.HANDLERS), frozenset(actions.DECIDERS)


def complaint_state(row: Complaint, now: datetime) -> State:
    """Where it stands, late or in time."""
    word = words(state_name(row.kind, row.state))
    if row.state in FINAL_STATES:
        return State("ok" if row.state == "filed" else "ask", word)
    if row.due_at is not None and row.due_at <= now:
        return State("stop", _("%(word)s，已超期") % {"word": word})
    return State("warn" if row.state == "held" else "hand", word)


@allow(VIEWERS)
def complaint_list(request: HttpRequest) -> HttpResponse:
    """Everything that the reader may see, the newest first."""
    actor, now = reader(request), timezone.now()
    return listing(
        request,
        title=_("投诉、表扬、建议"),
        note=_(
            "投诉按受理、调查、处置、反馈、归档五步走，各步留痕；表扬和建议受理后直接反馈。时限从收到起按工作日算。"
        ),
        columns=(
            Column("number", _("号码"), lambda row: row.number, kind="code"),
            Column("kind", _("种类"), lambda row: words(KIND_NAMES[row.kind]), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("owner", _("归属单位"), lambda row: row.owner.name if row.owner else "", sort="owner__name"),
            Column("state", _("状态"), lambda row: complaint_state(row, now), sort="state", kind="state"),
            Column("made", _("收到"), lambda row: row.made_at, sort="made_at", kind="moment"),
            Column("due", _("本步期限"), lambda row: row.due_at, sort="due_at", kind="moment"),
        ),
        queryset=queries.complaints_visible_to(actor),
        filters=(
            Filter("state", _("状态"), _states, lambda rows, v: _by_state(rows, v, now)),
            Filter("kind", _("种类"), _kinds, lambda rows, v: rows.filter(kind=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("number", "area__name", "owner__name"),
        default_sort="-made",
        row_url=lambda row: reverse("console:complaint", args=[row.number]),
        empty=_("没有投诉、表扬、建议。群众在公众页面上交，会列在这里。"),
        export_name=_("投诉、表扬、建议"),
        topic="evaluation",
    )


def _states() -> list[tuple[str, str]]:
    own = [("waiting", _("没有结束的")), ("late", _("超期的"))]
    return own + [(code, words(name)) for code, name in STATE_NAMES.items()]


def _kinds() -> list[tuple[str, str]]:
    return [(code, words(name)) for code, name in KIND_NAMES.items()]


def _by_state(rows: QuerySet[Any], value: str, now: datetime) -> QuerySet[Any]:
    if value == "waiting":
        return rows.exclude(state__in=FINAL_STATES)
    return rows.filter(due_at__lte=now) if value == "late" else rows.filter(state=value)


@dataclass(frozen=True, slots=True)
class Form:
    """One step that this reader may take."""

    step: str
    word: str
    hint: str
    choices: tuple[tuple[str, str], ...] = ()
    primary: bool = True


def forms_for(actor: Actor, row: Complaint) -> list[Form]:
    """What this reader may do now. The actions check all of it again."""
    bodies = (row.owner_id,) if row.owner_id else ()
    handles = actor.may(*actions.HANDLERS, place_path=row.place_path, organizations=bodies)
    decides = actor.may(*actions.DECIDERS, place_path=row.place_path)
    may = allowed(row.kind, row.state)
    hints = {
        "accept": _("怎样安排的，例如：转给张工核实"),
        "investigate": _("查到什么，例如：调看录像，当晚无人接听"),
        "handle": _("怎样处置的，例如：已调整夜间值守"),
        "file": _("归档说明，例如：本人满意"),
    }
    found = [
        Form(step, words(EVENT_NAMES[step]), hint)
        for step, hint in hints.items()
        if step in may and (decides if step == "file" else handles)
    ]
    if "answer" in may and handles:
        found.append(Form("answer", words(EVENT_NAMES["answer"]), _("写给本人看，公开显示在进度页上，不要写个人信息")))
    if "admit" in may and decides:
        found.append(Form("admit", words(EVENT_NAMES["admit"]), ""))
    if "decline" in may and decides:
        reasons = tuple((code, words(name)) for code, name in DECLINE_REASONS.items())
        hint = _("写给本人看，例如该去哪里办")
        found.append(Form("decline", words(EVENT_NAMES["decline"]), hint, reasons, primary=False))
    return found


def _row(request: HttpRequest, number: str) -> Complaint:
    row = queries.complaints_visible_to(reader(request)).filter(number=number).first()
    if row is None:
        raise Http404
    return row


@allow(VIEWERS)
@never_cache
def complaint_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One of them: what was said, its five steps with their limits, and what this reader may do."""
    return _show(request, _row(request, number))


def _show(request: HttpRequest, row: Complaint, *, status: int = 200, step: str = "", phone: str = "") -> HttpResponse:
    actor, now = reader(request), timezone.now()
    bodies = (row.owner_id,) if row.owner_id else ()
    handles = actor.may(*actions.HANDLERS, place_path=row.place_path, organizations=bodies)
    steps = queries.steps_of(row)
    context = {
        "row": row,
        "kind": words(KIND_NAMES[row.kind]),
        "state": complaint_state(row, now),
        "text": actions.opened(row, "words") if handles else "",
        "hidden": not handles,
        "phone": phone,
        "may_call": handles and row.phone_hint,
        "declined": words(DECLINE_REASONS.get(row.declined_for, "")),
        "line": _line(row, steps, now),
        "steps": [(one, words(EVENT_NAMES[one.event]), _by(one), _late(one)) for one in reversed(steps)],
        "same": [(one, complaint_state(one, now)) for one in queries.same_words(actor, row)],
        "forms": forms_for(actor, row),
        "failed": step,
        "typed": {key: request.POST.get(key, "") for key in ("note", "reason")} if status != 200 else {},
    }
    return render(request, "console/evaluation/complaint.html", context, status=status)


def _late(one: ComplaintStep) -> bool:
    return one.due_at is not None and one.at > one.due_at


def _by(one: ComplaintStep) -> str:
    if not one.by:
        return _("本人")
    return _("平台自动") if one.by.startswith("evaluation.") else one.by


def _line(row: Complaint, steps: list[ComplaintStep], now: datetime) -> list[tuple[str, State, datetime]]:
    """The steps in order: done, running, late, still to come; each with its limit."""
    limits, done = actions.limits_of(row), {one.event: one for one in steps}
    found = []
    for name in STEPS:
        if row.kind in SHORT_KINDS and name in ("investigate", "handle"):
            continue
        due: datetime = getattr(limits, name)
        if name in done:
            state = State("warn", _("超期完成")) if done[name].at > due else State("ok", _("按时完成"))
        elif row.state in FINAL_STATES:
            state = State("ask", _("不用再办"))
        else:
            state = State("stop", _("已超期")) if due <= now else State("hand", _("未到期"))
        found.append((words(EVENT_NAMES[name]), state, due))
    return found


@allow(HANDLERS)
@require_POST
@never_cache
def complaint_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """One step. What cannot be done is told on the page, with what was typed."""
    row, actor, now = _row(request, number), reader(request), timezone.now()
    note = request.POST.get("note", "")[:1000]
    try:
        if step in ("accept", "investigate", "handle", "file"):
            actions.take_step(actor, row, step, note=note, now=now)
        elif step == "answer":
            actions.answer(actor, row, text=note, now=now)
        elif step == "decline":
            actions.decline(actor, row, reason=request.POST.get("reason", ""), note=note, now=now)
        elif step == "admit":
            actions.admit(actor, row, now)
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _row(request, number), status=422, step=step)
    messages.success(request, _("已记下。"))
    return redirect("console:complaint", number)


@allow(HANDLERS)
@require_POST
@never_cache
def complaint_phone(request: HttpRequest, number: str) -> HttpResponse:
    """The telephone number, this once, for the answer; the trail says who looked."""
    row = _row(request, number)
    phone = actions.show_phone(reader(request), row, timezone.now())
    return _show(request, row, phone=phone or _("已经删除"))


urlpatterns = [
    path("complaints/", complaint_list, name="complaints"),
    path("complaints/<str:number>/", complaint_detail, name="complaint"),
    path("complaints/<str:number>/phone/", complaint_phone, name="complaint_phone"),
    path("complaints/<str:number>/<slug:step>/", complaint_step, name="complaint_step"),
]
