"""Lines to departments: whether they answer, what they promise, every call, and the release of a held line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.services import connector_state
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.center.services import connector_actions, connector_queries, item_forms, queries
from budayang.center.services.lines.addresses import split_plugin
from budayang.center.services.lines.plugins import installed
from budayang.center.services.models import Connector, ConnectorItem
from budayang.rules.connectors import (
    CALL_CLASS_NAMES,
    CALL_KIND_NAMES,
    CIRCUIT_NAMES,
    ITEM_KIND_NAMES,
    CallClass,
    CircuitState,
)

READERS = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR, Role.OWNER_UNIT})
RELEASERS = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR})
CIRCUIT_TONES: dict[CircuitState, Tone] = {
    CircuitState.CLOSED: "ok",
    CircuitState.OPEN: "stop",
    CircuitState.HALF_OPEN: "warn",
    CircuitState.HELD: "stop",
}
CLASS_TONES: dict[CallClass, Tone] = {
    CallClass.ANSWERED: "ok",
    CallClass.CLOSED: "hand",
    CallClass.REFUSED: "hand",
    CallClass.CONFLICT: "warn",
    CallClass.NOT_CALLED: "ask",
}
RECENT = 12


def circuit_state(circuit: str) -> State:
    found = CircuitState(circuit)
    return State(CIRCUIT_TONES[found], words(CIRCUIT_NAMES[found]))


def call_state(result: str) -> State:
    found = CallClass(result)
    return State(CLASS_TONES.get(found, "stop"), words(CALL_CLASS_NAMES[found]))


def health_state(row: Connector) -> State:
    """The health check by itself: a line that is held or pauses may be in good health."""
    if row.checked_at is None:
        return connector_state("unknown")
    stopped_by_calls = row.circuit != CircuitState.CLOSED and row.failures == 0
    return connector_state("ok" if stopped_by_calls else row.state)


def _plugin(row: Connector) -> str:
    name, address = split_plugin(row.url)
    return address if name == "http" else f"{address}（{name}）"


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


@allow(READERS)
def connectors(request: HttpRequest) -> HttpResponse:
    """Each department's line: health, circuit, and how the calls of the last day went."""
    actor = reader(request)
    rows = connector_queries.connectors_visible_to(actor)
    figures = connector_queries.call_figures(rows.values_list("department_id", flat=True), timezone.now())
    none = connector_queries.CallFigures()

    buttons = [Action(reverse("console:connector_calls"), _("调用记录"))]
    if actor.may(Role.SYSTEM_ADMIN):
        buttons.append(Action(reverse("console:connector_new"), _("登记接口"), primary=True))

    def of(row: Connector) -> connector_queries.CallFigures:
        return figures.get(row.department_id, none)

    return listing(
        request,
        title=_("部门接口"),
        columns=(
            Column("department", _("部门"), lambda row: row.department.name, "department__name"),
            Column("state", _("健康检查"), health_state, "state", "state"),
            Column("circuit", _("调用"), lambda row: circuit_state(row.circuit), "circuit", "state"),
            Column("calls", _("24小时调用"), lambda row: of(row).calls, None, "number"),
            Column("failed", _("其中失败"), lambda row: of(row).failed, None, "number"),
            Column("ms", _("平均毫秒"), lambda row: of(row).mean_ms, None, "number"),
            Column("checked", _("最近检查"), lambda row: row.checked_at, "checked_at", "moment"),
            Column("address", _("地址"), _plugin, "url", "code"),
        ),
        queryset=rows,
        filters=(
            Filter(
                "state",
                _("健康检查"),
                lambda: [(code, str(connector_state(code))) for code in ("ok", "down", "unknown")],
                lambda found, value: found.filter(state=value),
            ),
            Filter(
                "circuit",
                _("调用"),
                lambda: [(state.value, words(word)) for state, word in CIRCUIT_NAMES.items()],
                lambda found, value: found.filter(circuit=value),
            ),
        ),
        search=("department__name", "department__code", "url"),
        default_sort="department",
        row_url=lambda row: reverse("console:connector", args=[row.department.code]),
        empty=_("还没有连接部门的系统。部门准备好接口后，由系统管理员在这里登记地址和密钥。"),
        export_name="connectors",
        topic="services",
        actions=tuple(buttons),
        note=_("连续失败的接口暂停调用，隔一段时间试一次；答复是别人的，立即停下，等人查清。"),
    )


@allow(READERS)
def connector_calls(request: HttpRequest) -> HttpResponse:
    """Every call to a department: kind, case, time taken, how it went. No word of what was said."""
    return listing(
        request,
        title=_("部门接口调用记录"),
        columns=(
            Column("at", _("时间"), lambda row: row.at, "at", "moment"),
            Column("department", _("部门"), lambda row: row.department.name, "department__name"),
            Column("kind", _("做什么"), lambda row: words(CALL_KIND_NAMES[row.kind]), "kind"),
            Column("result", _("结果"), lambda row: call_state(row.result), "result", "state"),
            Column("status", _("状态码"), lambda row: row.status, "status", "number"),
            Column("ms", _("毫秒"), lambda row: row.ms, "ms", "number"),
            Column("item", _("事项编码"), lambda row: row.item_code, "item_code", "code"),
            Column("number", _("办件编号"), lambda row: row.number, "number", "code"),
        ),
        queryset=connector_queries.calls_visible_to(reader(request)),
        filters=(
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(department__code=code)),
            Filter(
                "kind",
                _("做什么"),
                lambda: [(code, words(word)) for code, word in CALL_KIND_NAMES.items()],
                lambda rows, value: rows.filter(kind=value),
            ),
            Filter(
                "result",
                _("结果"),
                lambda: [(one.value, words(word)) for one, word in CALL_CLASS_NAMES.items()],
                lambda rows, value: rows.filter(result=value),
            ),
        ),
        search=("number", "item_code"),
        default_sort="-at",
        row_url=lambda row: reverse("console:connector", args=[row.department.code]),
        empty=_("还没有调用过部门的系统。有办件、查进展、缴费时，每次调用在这里有一行。"),
        export_name="connector-calls",
        topic="services",
        note=_("只记时间、做什么、办件编号和结果，不记姓名、证件号和答复内容。"),
    )


def _find(request: HttpRequest, code: str) -> Connector:
    row = connector_queries.connectors_visible_to(reader(request)).filter(department__code=code).first()
    if row is None:
        raise Http404
    return row


@allow(READERS)
def connector(request: HttpRequest, code: str) -> HttpResponse:
    """One line: its state in words, what each item promises, the newest calls."""
    row, actor = _find(request, code), reader(request)
    items = list(connector_queries.declared_items(code))
    forms = item_forms.items_with_forms()
    calls = connector_queries.calls_visible_to(actor).filter(department=row.department)[:RECENT]
    context = {
        "connector": row,
        "state": health_state(row),
        "circuit": circuit_state(row.circuit),
        "circuit_why": words(CALL_CLASS_NAMES[CallClass(row.circuit_why)]) if row.circuit_why else "",
        "held": row.circuit == CircuitState.HELD,
        "closed": row.circuit == CircuitState.CLOSED,
        "address": _plugin(row),
        "items": [(one, words(ITEM_KIND_NAMES[one.kind]), _form_word(one, forms)) for one in items],
        "unnamed": [one for one in items if not one.names_person and one.kind not in ("launch", "guide")],
        "unasked": [one for one in items if not one.honours_key and not one.can_be_asked],
        "calls": [(one, words(CALL_KIND_NAMES[one.kind]), call_state(one.result)) for one in calls],
        "figures": connector_queries.call_figures([row.department_id], timezone.now()).get(
            row.department_id, connector_queries.CallFigures()
        ),
        "may_release": actor.may(*RELEASERS),
        "may_set": actor.may(Role.SYSTEM_ADMIN),
    }
    return render(request, "console/connectors/connector.html", context)


def _form_word(one: ConnectorItem, forms: Collection[str]) -> State:
    """Where the questions of an item come from; without a form no terminal of ours offers it."""
    if one.kind in ("launch", "guide"):
        return State("ask", _("不用"))
    if one.form is not None:
        return State("ok", _("部门给出"))
    return State("ok", _("随软件")) if one.item.code in forms else State("stop", _("没有，终端办不了"))


@allow(READERS)
@require_POST
def connector_read(request: HttpRequest, code: str) -> HttpResponse:
    """Read hours and items now."""
    _find(request, code)
    connector_actions.ask_reading(reader(request), code, timezone.now())
    messages.success(request, _("几秒内读取办理时间和事项说明，请刷新页面看结果。"))
    return redirect("console:connector", code)


@allow(RELEASERS)
@require_POST
def connector_release(request: HttpRequest, code: str) -> HttpResponse:
    """Close a line again after a person looked into it."""
    _find(request, code)
    try:
        connector_actions.release_connector(
            reader(request), code, reason=request.POST.get("reason", ""), now=timezone.now()
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("已恢复调用，下一次健康检查通过后，事项随即恢复。"))
    return redirect("console:connector", code)


@allow(Role.SYSTEM_ADMIN)
def connector_new(request: HttpRequest) -> HttpResponse:
    """Register a department's address and key, or change them: POST {department, url, key}."""
    given = {name: request.POST.get(name, "").strip() for name in ("department", "url", "key")}
    given["department"] = given["department"] or request.GET.get("department", "")[:16]
    problem = ""
    if request.method == "POST":
        known = queries.departments().filter(code=given["department"]).exists()
        try:
            if not known:
                raise Refused(_("请选择部门。"))
            connector_actions.set_connector(
                reader(request), given["department"], url=given["url"], key=given["key"], now=timezone.now()
            )
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("已登记。几秒内开始健康检查，并读取办理时间和事项说明。"))
            return redirect("console:connector", given["department"])
    context: dict[str, Any] = {
        "given": given,
        "problem": problem,
        "departments": queries.departments(),
        "plugins": sorted(installed()),
    }
    return render(request, "console/connectors/new.html", context, status=400 if problem else 200)


urlpatterns = [
    path("connectors/", connectors, name="connectors"),
    path("connectors/calls/", connector_calls, name="connector_calls"),
    path("connectors/new/", connector_new, name="connector_new"),
    path("connectors/<str:code>/", connector, name="connector"),
    path("connectors/<str:code>/read/", connector_read, name="connector_read"),
    path("connectors/<str:code>/release/", connector_release, name="connector_release"),
]
