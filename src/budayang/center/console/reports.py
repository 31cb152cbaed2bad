"""Pages of 报修: what anybody reported, one report with its answer, and the plates that lead there."""

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
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import incident_state, places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import queries, report_actions, report_following, report_queries
from budayang.center.maintenance.models import Report
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.report_addresses import address_of
from budayang.papers import qr_svg
from budayang.rules.reports import ABUSE_REASONS, KINDS, OPEN_STATES, STATE_NAMES

ANSWERERS, JUDGES = frozenset(report_actions.ANSWERERS), frozenset(report_actions.JUDGES)
VIEWERS = ANSWERERS | {Role.VENDOR_ENGINEER}
TONES: dict[str, Tone] = {
    "held": "warn",
    "received": "stop",
    "working": "hand",
    "fixed": "ok",
    "checked": "ok",
    "withdrawn": "ask",
    "set_aside": "ask",
}
STEP_NAMES: dict[str, str] = {
    "made": "报修",
    "joined": "并入",
    "admit": "受理",
    "work": "开始处理",
    "give_back": "退回待处理",
    "answered": "答复",
    "fix": "已修好",
    "find_nothing": "没有发现问题",
    "withdraw": "本人撤回",
    "set_aside": "不作处理",
    "overdue": "答复超时",
}


def report_state(report: Report) -> State:
    """Where a report stands, by word and shape."""
    return State(TONES[report.state], words(STATE_NAMES[report.state]))


def answer_state(report: Report, now: datetime) -> State:
    """Whether the person has an answer, and if not, whether it is late."""
    if report.answered_at is not None:
        return State("ok", _("已答复"))
    if report.state not in OPEN_STATES:
        return State("ask", _("不用答复"))
    late = report.overdue_at is not None or (report.answer_due_at is not None and report.answer_due_at <= now)
    return State("stop", _("答复超时")) if late else State("hand", _("等答复"))


def _where(report: Report) -> str:
    return f"{report.area.name} {report.terminal.name if report.terminal else ''}".strip()


@allow(OPERATING_ROLES)
def report_list(request: HttpRequest) -> HttpResponse:
    """Every report that the reader may see, the newest first."""
    actor, now = reader(request), timezone.now()
    return listing(
        request,
        title=_("群众报修"),
        note=_(
            "扫机器上的二维码就能报，不用登录。报修是没有核实的话：不计谁的责任，派人看过才算。意见和建议在“评价”里。"
        ),
        columns=(
            Column("number", _("号码"), lambda row: row.number, kind="code"),
            Column("kind", _("哪里不对"), lambda row: words(KINDS[row.kind].label), sort="kind"),
            Column("where", _("地点"), _where, sort="place_path"),
            Column("state", _("状态"), report_state, sort="state", kind="state"),
            Column("answer", _("答复"), lambda row: answer_state(row, now), kind="state"),
            Column("made", _("报修时间"), lambda row: row.made_at, sort="made_at", kind="moment"),
            Column("due", _("答复期限"), lambda row: row.answer_due_at, sort="answer_due_at", kind="moment"),
        ),
        queryset=report_queries.reports_visible_to(actor),
        filters=(
            Filter("state", _("状态"), _states, _by_state),
            Filter("kind", _("哪里不对"), _kinds, lambda rows, v: rows.filter(kind=v)),
            Filter("incident", _("故障"), lambda: _incidents(actor), lambda rows, v: rows.filter(incident_id=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("number", "terminal__name", "terminal__code", "area__name"),
        default_sort="-made",
        row_url=lambda row: reverse("console:report", args=[row.number]),
        actions=(Action(reverse("console:report_plates"), _("二维码牌")),),
        empty=_("没有报修。把二维码牌贴到机器上，群众扫码就能报，报来的会列在这里。"),
        export_name=_("群众报修"),
        topic="maintenance",
    )


def _incidents(actor: Actor) -> list[tuple[str, str]]:
    """Open incidents behind reports."""
    rows = report_queries.reports_visible_to(actor).filter(incident__state="open").order_by("-incident_id")
    found = {str(row.incident_id): words(row.incident.title) for row in rows[:200] if row.incident is not None}
    return list(found.items())


def _states() -> list[tuple[str, str]]:
    own = [("open", _("没有结束的")), ("late", _("答复超时的"))]
    return own + [(code, words(name)) for code, name in STATE_NAMES.items()]


def _by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "open":
        return rows.filter(state__in=OPEN_STATES)
    if value == "late":
        return rows.filter(state__in=OPEN_STATES, overdue_at__isnull=False, answered_at__isnull=True)
    return rows.filter(state=value)


def _kinds() -> list[tuple[str, str]]:
    return [(code, words(one.label)) for code, one in KINDS.items()]


def _report(request: HttpRequest, number: str) -> Report:
    try:
        return report_queries.get_report(reader(request), number)
    except Report.DoesNotExist as error:
        raise Http404 from error


@allow(OPERATING_ROLES)
@never_cache
def report_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One report: what was said, how it stands, and what this reader may do."""
    return _show(request, _report(request, number))


def _show(request: HttpRequest, report: Report, *, status: int = 200, phone: str = "") -> HttpResponse:
    actor, now = reader(request), timezone.now()
    may_answer, may_judge = (_may(actor, report, roles) for roles in (report_actions.ANSWERERS, report_actions.JUDGES))
    incident = report.incident
    orders = queries.orders_visible_to(actor).filter(incident=incident) if incident else []
    context = {
        "report": report,
        "kind": words(KINDS[report.kind].label),
        "state": report_state(report),
        "answer": answer_state(report, now),
        "where": _where(report),
        "note": report_queries.opened(report, "note") if _may(actor, report, tuple(VIEWERS)) else "",
        "has_photo": hasattr(report, "photo") and _may(actor, report, tuple(VIEWERS)),
        "phone": phone,
        "incident": incident,
        "incident_state": incident_state(incident) if incident else None,
        "orders": orders,
        "voices": [(one, report_state(one)) for one in report_queries.voices_of(actor, report)],
        "events": [
            (row, words(STEP_NAMES[row.event]), _author(row.by)) for row in reversed(report_queries.events_of(report))
        ],
        "may_answer": may_answer and report.state not in ("withdrawn", "set_aside"),
        "may_judge": may_judge and report.state in OPEN_STATES,
        "held": report.state == "held",
        "joinable": list(report_following.joinable(report)[:50]) if may_judge and report.state in OPEN_STATES else [],
        "reasons": [(code, words(name)) for code, name in ABUSE_REASONS.items()],
        "set_aside_for": words(ABUSE_REASONS[report.set_aside_for]) if report.set_aside_for else "",
        "typed": request.POST.get("answer", "") if status != 200 else "",
    }
    return render(request, "console/reports/report.html", context, status=status)


def _author(by: str) -> str:
    """Who took a step: a person by name, the one who reported, or the software by itself."""
    if not by:
        return _("报修人")
    return _("平台自动") if by.startswith("maintenance.") else by


def _may(actor: Actor, report: Report, roles: tuple[Role, ...]) -> bool:
    bodies = (report.terminal.owner_id, report.terminal.vendor_id) if report.terminal else ()
    return actor.may(*roles, place_path=report.place_path, organizations=bodies)


Step = Callable[[Actor, Report, HttpRequest, datetime], object]
STEPS: dict[str, Step] = {
    "answer": lambda actor, report, request, now: report_actions.answer_report(
        actor, report, request.POST.get("answer", ""), now, all_voices=request.POST.get("all") == "1"
    ),
    "admit": lambda actor, report, request, now: report_actions.admit_report(actor, report, now),
    "aside": lambda actor, report, request, now: report_actions.set_aside(
        actor, report, request.POST.get("reason", ""), now
    ),
    "join": lambda actor, report, request, now: report_actions.join_report(
        actor, report, _number(request.POST.get("incident", "")), now
    ),
}


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise Refused(_("请选择要并入的故障。"))
    return int(text)


@allow(ANSWERERS)
@require_POST
@never_cache
def report_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Answer, admit, set aside or join. What cannot be done is told on the report's page with what was typed."""
    report, run = _report(request, number), STEPS.get(step)
    if run is None:
        raise Http404
    try:
        run(reader(request), report, request, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _report(request, number), status=422)
    messages.success(request, _("已记下。"))
    return redirect("console:report", number)


@allow(ANSWERERS)
@require_POST
@never_cache
def report_phone(request: HttpRequest, number: str) -> HttpResponse:
    """The telephone number, this once, for answering; the audit says who looked."""
    report = _report(request, number)
    phone = report_actions.show_phone(reader(request), report, timezone.now())
    return _show(request, report, phone=phone or _("已经删除"))


@allow(VIEWERS)
@never_cache
def report_photo(request: HttpRequest, number: str) -> HttpResponse:
    """The photo; the audit says who looked."""
    content = report_actions.show_photo(reader(request), _report(request, number), timezone.now())
    if not content:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@dataclass(frozen=True, slots=True)
class Plate:
    """What is stuck to a machine or a door: its name, its code, where the QR code leads."""

    name: str
    code: str
    address: str
    svg: SafeString


def _plate(what: Any, name: str, code: str) -> Plate:
    address = address_of(what, code)
    # The drawing is segno's; the address becomes modules of a path, never text.
    return Plate(name, code, address, mark_safe(qr_svg(address, quiet_zone=4)))


@allow(OPERATING_ROLES)
def report_plates(request: HttpRequest) -> HttpResponse:
    """The QR codes of an area and of each machine in it, to be printed and stuck on; ?area= chooses it."""
    actor = reader(request)
    choices = list(areas.visible_to(actor).order_by("name"))
    chosen = next((one for one in choices if one.code == request.GET.get("area", "")), choices[0] if choices else None)
    plates: list[Plate] = []
    if chosen is not None:
        plates.append(_plate("area", chosen.name, chosen.code))
        machines = terminals.visible_to(actor).filter(area=chosen).exclude(state="retired").order_by("code")
        plates += [_plate("terminal", one.name, one.code) for one in machines]
    context = {"choices": choices, "chosen": chosen, "plates": plates}
    return render(request, "console/reports/plates.html", context)


urlpatterns = [
    path("reports/", report_list, name="reports"),
    path("reports/plates/", report_plates, name="report_plates"),
    path("reports/<str:number>/", report_detail, name="report"),
    path("reports/<str:number>/phone/", report_phone, name="report_phone"),
    path("reports/<str:number>/photo.jpg", report_photo, name="report_photo"),
    path("reports/<str:number>/<slug:step>/", report_step, name="report_step"),
]
