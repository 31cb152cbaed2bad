"""End-to-end tries (拨测): what the newest prove of each item, the log of all, one try step by step, and a try now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform import queries as platform
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.wording import words
from budayang.center.services import probe_actions, probe_queries, queries
from budayang.center.services.models import Item, Probe, ProbeStanding
from budayang.rules.probes import ASKED_NAMES, BY_CODE, OPEN_STATES, STATE_NAMES, ProbeState

TRIERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT})
TONES: dict[ProbeState, Tone] = {
    ProbeState.WAITING: "hand",
    ProbeState.RUNNING: "hand",
    ProbeState.PASSED: "ok",
    ProbeState.PARTIAL: "warn",
    ProbeState.FAILED: "stop",
    ProbeState.DROPPED: "ask",
}


def probe_state(state: str) -> State:
    return State(TONES[ProbeState(state)], words(STATE_NAMES[ProbeState(state)]))


def _standing_state(row: ProbeStanding) -> State:
    if row.failed_at is not None:
        return State("stop", _("没有通过"))
    if row.last is not None:
        return probe_state(row.last.state)
    return State("ask", _("还没有拨测"))


def _where(row: Probe | ProbeStanding) -> str:
    return f"{row.terminal.area.name} · {row.terminal.code}" if row.terminal else _("部门（各处通用）")


def _step_word(code: str) -> str:
    return words(BY_CODE[code].name) if code in BY_CODE else ""


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


def _trouble(rows: Any, value: str) -> Any:
    return rows.filter(failed_at__isnull=False) if value == "1" else rows.filter(failed_at__isnull=True)


@allow(ANY_STAFF)
def probes(request: HttpRequest) -> HttpResponse:
    """What the newest tries prove: of the department's answer everywhere, and of the machines that failed."""
    actor = reader(request)
    return listing(
        request,
        title=_("拨测"),
        columns=(
            Column("item", _("事项"), lambda row: row.item.name, "item__name"),
            Column("department", _("部门"), lambda row: row.item.department.name, "item__department__name"),
            Column("where", _("在哪里"), _where, "terminal__code"),
            Column("state", _("结果"), _standing_state, "failed_at", "state"),
            Column("step", _("卡在哪一步"), lambda row: _step_word(row.failed_step), "failed_step"),
            Column("text", _("说明"), lambda row: words(row.text) if row.text else ""),
            Column("passed", _("最近一次通过"), lambda row: row.passed_at, "passed_at", "moment"),
            Column("next", _("下次拨测"), lambda row: row.next_at, "next_at", "moment"),
        ),
        queryset=probe_queries.standings_visible_to(actor),
        filters=(
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(item__department__code=code)),
            Filter("trouble", _("结果"), lambda: [("1", _("没有通过")), ("0", _("没有不通过"))], _trouble),
        ),
        search=("item__name", "item__code", "terminal__code"),
        default_sort="-state",
        row_url=lambda row: reverse("console:probe_item", args=[row.item.code]),
        empty=_("还没有拨测过。部门在接口里给出测试身份后自动按计划拨测；也可以现在拨测一件事。"),
        export_name="probes",
        topic="services",
        actions=(
            Action(reverse("console:probe_new"), _("现在拨测"), primary=True),
            Action(reverse("console:probe_log"), _("拨测记录")),
        ),
        note=_(
            "拨测用部门给出的测试身份把事项从头到尾办一遍：终端在线、自检、此刻能开始、部门应答。"
            "不打印、不产生办件，也不计入任何办件和评价数字。"
        ),
    )


def _asked_word(row: Probe) -> str:
    word = words(ASKED_NAMES[row.asked_by])
    return f"{word} · {row.asked_label}" if row.asked_label else word


@allow(ANY_STAFF)
def probe_log(request: HttpRequest) -> HttpResponse:
    """Every try with its time, how long it took and where it stopped."""
    return listing(
        request,
        title=_("拨测记录"),
        columns=(
            Column("at", _("时间"), lambda row: row.asked_at, "asked_at", "moment"),
            Column("item", _("事项"), lambda row: row.item.name, "item__name"),
            Column("where", _("在哪里"), _where, "terminal__code"),
            Column("state", _("结果"), lambda row: probe_state(row.state), "state", "state"),
            Column("step", _("卡在哪一步"), lambda row: _step_word(row.failed_step), "failed_step"),
            Column("text", _("说明"), lambda row: words(row.text) if row.text else ""),
            Column("took", _("用时（毫秒）"), lambda row: row.took_ms, "took_ms", "number"),
            Column("by", _("由谁发起"), _asked_word, "asked_by"),
        ),
        queryset=probe_queries.probes_visible_to(reader(request)),
        filters=(
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(item__department__code=code)),
            Filter(
                "state",
                _("结果"),
                lambda: [(state.value, words(word)) for state, word in STATE_NAMES.items()],
                lambda rows, value: rows.filter(state=value),
            ),
            Filter(
                "by",
                _("由谁发起"),
                lambda: [(code, words(word)) for code, word in ASKED_NAMES.items()],
                lambda rows, value: rows.filter(asked_by=value),
            ),
        ),
        search=("item__name", "item__code", "terminal__code", "text"),
        default_sort="-at",
        row_url=lambda row: reverse("console:probe", args=[row.pk]),
        empty=_("还没有拨测过。"),
        export_name="probe-log",
        topic="services",
    )


@allow(ANY_STAFF)
def probe(request: HttpRequest, probe_id: int) -> HttpResponse:
    """One try, step by step."""
    found = probe_queries.find_probe(reader(request), probe_id)
    if found is None:
        raise Http404
    steps = [
        {
            "name": _step_word(str(one["step"])),
            "state": State("ok", _("通过")) if one["ok"] else State("stop", _("没有通过")),
            "skipped": one["ok"] is None,
            "text": words(one["text"]) if one["text"] else "",
            "ms": one["ms"],
        }
        for one in found.steps
    ]
    context = {
        "probe": found,
        "state": probe_state(found.state),
        "steps": steps,
        "where": _where(found),
        "asked": _asked_word(found),
        "open": found.state in OPEN_STATES,
        "may_try": probe_actions.may_probe(reader(request), found.item, found.terminal),
    }
    return render(request, "console/probes/probe.html", context)


@allow(ANY_STAFF)
def probe_item(request: HttpRequest, code: str) -> HttpResponse:
    """An item's tries: what they prove, the machines that offer it, and a try of any of them now."""
    item = Item.objects.select_related("department").filter(code=code).first()
    if item is None:
        raise Http404
    actor = reader(request)
    standings = probe_queries.standings_visible_to(actor).filter(item=item).order_by("terminal__code")
    known = {row.terminal.code if row.terminal else "": row for row in standings}
    places = [("", _("部门（各处通用）")), *probe_queries.offered_pairs(actor, code)]
    rows = [
        {"code": terminal, "name": name, "standing": known.get(terminal), "state": _standing_state(known[terminal])}
        if terminal in known
        else {"code": terminal, "name": name, "standing": None, "state": State("ask", _("还没有拨测"))}
        for terminal, name in places
    ]
    top = platform.places_visible_to(actor).order_by("path").first()
    context = {
        "item": item,
        "rows": rows,
        "identity": probe_queries.has_test_identity(code),
        "fresh_h": round(platform.parameter("probe_every_s", top.path if top else "", timezone.now()) / 3600),
        "recent": [
            (row, probe_state(row.state), _where(row), _step_word(row.failed_step))
            for row in probe_queries.probes_visible_to(actor).filter(item=item).order_by("-asked_at")[:12]
        ],
        "may_try": actor.may(*TRIERS),
    }
    return render(request, "console/probes/item.html", context)


@allow(TRIERS)
def probe_new(request: HttpRequest) -> HttpResponse:
    """Choose an item to try, or try one now: POST {item, terminal}."""
    if request.method != "POST":
        items = queries.items().filter(offerings__active=True, driven=True).distinct()
        return render(request, "console/probes/new.html", {"items": items})
    code, terminal = request.POST.get("item", "")[:64], request.POST.get("terminal", "")[:40]
    try:
        made = probe_actions.ask_probe(
            reader(request), code, terminal_code=terminal, asked_by="hand", now=timezone.now()
        )
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("console:probe_item", code)
    messages.success(request, _("开始拨测，结果会出现在这里。"))
    return redirect("console:probe", made.pk)


urlpatterns = [
    path("probes/", probes, name="probes"),
    path("probes/log/", probe_log, name="probe_log"),
    path("probes/new/", probe_new, name="probe_new"),
    path("probes/items/<str:code>/", probe_item, name="probe_item"),
    path("probes/<int:probe_id>/", probe, name="probe"),
]
