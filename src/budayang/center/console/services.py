"""Pages of the items, of departments' hours and connectors, and of cases. Nothing on them tells who a person is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actors import Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import actions, hours_text, queries
from budayang.center.services.models import Case, Department, DepartmentHours, Item, Offering
from budayang.center.services.states import CASE_WORDS, PAPER_WORDS, CaseState, PaperState
from budayang.center.terminals import queries as terminals
from budayang.rules.services import NEED_NAMES, TRUTH_NAMES, Truth

TRUTH_TONES: dict[Truth, Tone] = {
    Truth.DOABLE: "ok",
    Truth.SUBMITTABLE: "hand",
    Truth.STOPPED: "stop",
    Truth.UNCONFIRMED: "ask",
    Truth.MACHINE: "ask",
}
CASE_TONES: dict[CaseState, Tone] = {
    CaseState.ACCEPTED: "hand",
    CaseState.WORKING: "hand",
    CaseState.DONE: "ok",
    CaseState.HANDED_IN: "ok",
    CaseState.FAILED: "stop",
    CaseState.REVIEW: "warn",
}
CONNECTOR_STATES: dict[str, State] = {
    "ok": State("ok", "正常"),
    "down": State("stop", "没有应答"),
    "unknown": State("ask", "未知"),
}
KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})


def truth_state(truth: str) -> State:
    """A truth as word and shape; an offering that was never judged says so."""
    return (
        State(TRUTH_TONES[Truth(truth)], words(TRUTH_NAMES[Truth(truth)])) if truth else State("ask", _("还没有判定"))
    )


def connector_state(state: str) -> State:
    found = CONNECTOR_STATES.get(state, CONNECTOR_STATES["unknown"])
    return State(found.tone, words(found.word))


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


def _kinds() -> list[tuple[str, str]]:
    kinds = Item.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, kind) for kind in kinds]


def _offered(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(offered__gt=0) if value == "1" else rows.filter(offered=0)


@allow(ANY_STAFF)
def items(request: HttpRequest) -> HttpResponse:
    """The catalogue, with on how many terminals each item is offered and can be done now."""
    active = Q(offerings__active=True)
    rows = queries.items().annotate(
        offered=Count("offerings", filter=active),
        doable=Count("offerings", filter=active & Q(offerings__truth__in=[Truth.DOABLE, Truth.SUBMITTABLE])),
    )
    return listing(
        request,
        title=_("事项目录"),
        columns=(
            Column("name", _("事项"), lambda row: row.name, "name"),
            Column("code", _("编码"), lambda row: row.code, "code"),
            Column("department", _("部门"), lambda row: row.department.name, "department__name"),
            Column("kind", _("类别"), lambda row: row.kind, "kind"),
            Column("after_hours", _("非工作时间"), lambda row: row.after_hours, "after_hours"),
            Column("offered", _("登记终端"), lambda row: row.offered, "offered", "number"),
            Column("doable", _("现在能办"), lambda row: row.doable, "doable", "number"),
            Column("marks", _("未核实"), _unverified),
        ),
        queryset=rows,
        filters=(
            Filter("department", _("部门"), _departments, lambda found, code: found.filter(department__code=code)),
            Filter("kind", _("类别"), _kinds, lambda found, kind: found.filter(kind=kind)),
            Filter("offered", _("终端"), lambda: [("1", _("有终端登记")), ("0", _("没有终端登记"))], _offered),
        ),
        search=("name", "code", "office"),
        default_sort="code",
        row_url=lambda row: reverse("console:item", args=[row.code]),
        empty=_("没有符合条件的事项。"),
        export_name="items",
        topic="services",
        note=_("“现在能办”按终端最近一次判定计，含可提交。“未核实”是没有与公开来源核对过的栏目。"),
    )


def _unverified(item: Item) -> str:
    marks = (
        (item.name_mark, _("名称")),
        (item.time_mark, _("时长")),
        (item.fee_mark, _("收费")),
        (item.legal_mark, _("期限")),
    )
    return "、".join(word for mark, word in marks if mark != "V")


@allow(ANY_STAFF)
def item(request: HttpRequest, code: str) -> HttpResponse:
    """One item: its guide, its hours, and what is true of it on each terminal that this reader may see."""
    found = queries.items().filter(code=code).first()
    if found is None:
        raise Http404
    mine = terminals.visible_to(reader(request))
    rows = Offering.objects.filter(item=found, active=True, terminal__in=mine)
    places = [(row, truth_state(row.truth)) for row in rows.select_related("terminal__area").order_by("terminal__code")]
    hours = [row for row in queries.hours_of(found.department.code) if row.item_id in (None, found.pk)]
    needs = "、".join(NEED_NAMES.get(need, need) for need in found.needs)
    context = {"item": found, "places": places, "hours": hours, "unverified": _unverified(found), "needs": needs}
    return render(request, "console/services/item.html", context)


@allow(OPERATING_ROLES)
def cases(request: HttpRequest) -> HttpResponse:
    """Cases of the reader's places. Numbers, items and states; no person appears here."""
    return listing(
        request,
        title=_("办件"),
        columns=(
            Column("number", _("办件编号"), lambda row: row.number, "number"),
            Column("item", _("事项"), lambda row: row.item.name, "item__name"),
            Column("department", _("部门"), lambda row: row.item.department.name, "item__department__name"),
            Column("area", _("自助区"), lambda row: row.terminal.area.name, "terminal__area__name"),
            Column("terminal", _("终端"), lambda row: row.terminal.code, "terminal__code"),
            Column("state", _("状态"), case_state, "state", "state"),
            Column("paper", _("打印件"), _paper_word),
            Column("at", _("受理时间"), lambda row: row.accepted_at, "accepted_at", "moment"),
            Column("took", _("用时"), _took, None, "duration"),
        ),
        queryset=queries.cases_visible_to(reader(request)),
        filters=(
            Filter("state", _("状态"), _case_states, lambda rows, value: rows.filter(state=value)),
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(item__department__code=code)),
        ),
        search=("number", "item__name", "terminal__code"),
        default_sort="-at",
        row_url=lambda row: reverse("console:case", args=[row.number]),
        empty=_("还没有办件。"),
        export_name="cases",
        topic="services",
        note=_("这里不显示、也不导出任何个人信息。“待核”是部门没有说清结果的办件，须由人核实。"),
    )


def case_state(case: Case) -> State:
    state = CaseState(case.state)
    return State(CASE_TONES[state], str(CASE_WORDS[state]))


def _paper_word(case: Case) -> str:
    paper = getattr(case, "paper", None)
    return str(PAPER_WORDS[PaperState(paper.state)]) if paper is not None else ""


def _took(case: Case) -> float | None:
    return (case.finished_at - case.accepted_at).total_seconds() if case.finished_at else None


def _case_states() -> list[tuple[str, str]]:
    return [(state.value, str(word)) for state, word in CASE_WORDS.items()]


def _case(request: HttpRequest, number: str) -> Case:
    found = queries.cases_visible_to(reader(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One case without the person: where it stands, how often the department was asked, its paper."""
    found = _case(request, number)
    context = {
        "case": found,
        "state": case_state(found),
        "paper": getattr(found, "paper", None),
        "paper_word": _paper_word(found),
        "took": _took(found),
        "may_ask": found.state == CaseState.REVIEW and reader(request).may(*KEEPERS, place_path=found.place_path),
    }
    return render(request, "console/services/case.html", context)


@allow(*KEEPERS)
@require_POST
def case_ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the department once more about a case under review; the same number, so nothing is done twice."""
    found = _case(request, number)
    actions.ask_again(reader(request), found.number, timezone.now())
    messages.success(request, _("已再次向部门核实，结果会更新在这里。"))
    return redirect("console:case", number=number)


@allow(ANY_STAFF)
def departments(request: HttpRequest) -> HttpResponse:
    """Departments with their connector's state and how many of their hours are confirmed."""
    rows = (
        queries.departments()
        .select_related("connector")
        .annotate(
            item_count=Count("items", distinct=True),
            confirmed=Count("hours", filter=Q(hours__confirmed_at__isnull=False), distinct=True),
            unconfirmed=Count("hours", filter=Q(hours__confirmed_at__isnull=True), distinct=True),
        )
    )
    return listing(
        request,
        title=_("部门办理时间"),
        columns=(
            Column("name", _("部门"), lambda row: row.name, "name"),
            Column("code", _("代码"), lambda row: row.code, "code"),
            Column("items", _("事项"), lambda row: row.item_count, "item_count", "number"),
            Column("connector", _("接口"), _connector_word, None, "state"),
            Column("since", _("自"), lambda row: _connector_of(row, "since_at"), None, "moment"),
            Column("confirmed", _("已确认时段"), lambda row: row.confirmed, "confirmed", "number"),
            Column("unconfirmed", _("待确认时段"), lambda row: row.unconfirmed, "unconfirmed", "number"),
        ),
        queryset=rows,
        search=("name", "code"),
        default_sort="-confirmed",
        row_url=lambda row: reverse("console:department_hours", args=[row.code]),
        empty=_("还没有导入事项，也就没有部门。"),
        export_name="departments",
        topic="services",
        note=_("没有部门确认的时段一律显示“待部门确认”，不会当作可办。"),
        above=_connector_note(),
    )


def _connector_note() -> str:
    down = [row for row in queries.connectors() if row.state == "down"]
    return render_to_string("console/services/_connectors_down.html", {"down": down}) if down else ""


def _connector_of(department: Department, name: str) -> Any:
    connector = getattr(department, "connector", None)
    return getattr(connector, name) if connector is not None else None


def _connector_word(department: Department) -> State:
    state = _connector_of(department, "state")
    return connector_state(state) if state is not None else State("ask", _("没有接口"))


@allow(ANY_STAFF)
def department_hours(request: HttpRequest, code: str) -> HttpResponse:
    """A department's hours, item by item, with who confirmed them; its own people and supervisors confirm here."""
    department = queries.departments().select_related("connector").filter(code=code).first()
    if department is None:
        raise Http404
    context = {
        "department": department,
        "connector": getattr(department, "connector", None),
        "connector_state": _connector_word(department),
        "hours": [(row, hours_text.hours_words(row.weekly)) for row in queries.hours_of(code)],
        "without": queries.items().filter(department=department, hours__isnull=True, offerings__active=True).distinct(),
        "may_confirm": actions.may_confirm(reader(request), department),
    }
    return render(request, "console/services/department_hours.html", context)


@allow(Role.SUPERVISOR, Role.OWNER_UNIT)
@require_POST
def department_confirm(request: HttpRequest, code: str, hours_id: int) -> HttpResponse:
    """Confirm one row of hours in the name of the department."""
    row = DepartmentHours.objects.filter(pk=hours_id, department__code=code).first()
    if row is None:
        raise Http404
    by = request.POST.get("confirmed_by", "")
    actions.confirm_hours(reader(request), row.pk, confirmed_by=by, now=timezone.now())
    messages.success(request, _("已记录确认，各终端和公众页面随即更新。"))
    return redirect("console:department_hours", code=code)


urlpatterns = [
    path("items/", items, name="items"),
    path("items/<str:code>/", item, name="item"),
    path("cases/", cases, name="cases"),
    path("cases/<str:number>/", case, name="case"),
    path("cases/<str:number>/ask/", case_ask, name="case_ask"),
    path("departments/", departments, name="departments"),
    path("departments/<str:code>/hours/", department_hours, name="department_hours"),
    path("departments/<str:code>/hours/<int:hours_id>/confirm/", department_confirm, name="department_confirm"),
]
