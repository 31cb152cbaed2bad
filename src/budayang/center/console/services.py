"""Pages of departments' hours and connectors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.center.services import actions, hours_text, queries
from budayang.center.services.models import Department, DepartmentHours
from budayang.rules.services import TRUTH_NAMES, Truth

TRUTH_TONES: dict[Truth, Tone] = {
    Truth.DOABLE: "ok",
    Truth.SUBMITTABLE: "hand",
    Truth.STOPPED: "stop",
    Truth.UNCONFIRMED: "ask",
    Truth.MACHINE: "ask",
}
CONNECTOR_STATES: dict[str, State] = {
    "ok": State("ok", "正常"),
    "down": State("stop", "没有应答"),
    "unknown": State("ask", "未知"),
}


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
    path("departments/", departments, name="departments"),
    path("departments/<str:code>/hours/", department_hours, name="department_hours"),
    path("departments/<str:code>/hours/<int:hours_id>/confirm/", department_confirm, name="department_confirm"),
]
