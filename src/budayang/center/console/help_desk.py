"""帮办台: who called from a terminal, from where and over what; and what the caller's words mean at that terminal.

The finder answers by the one index of terminals, public page and console. Here it is asked from where the caller
stands: what the item is at that terminal now, and the nearest place at which it can be finished.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.finder import find
from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import help_actions, help_queries, queries
from budayang.rules.trip_words import STEP_NAMES
from budayang.wire.presence import read_presence

HELPERS = frozenset(help_actions.HELPERS)
CHECKERS = frozenset(help_actions.CHECKERS)
KIND_NAMES = {"sos": gettext_lazy("紧急求助"), "help": gettext_lazy("呼叫帮办"), "check": gettext_lazy("人证核对")}
STATES: dict[str, tuple[Tone, Any]] = {
    "waiting": ("ask", gettext_lazy("等人接")),
    "answered": ("hand", gettext_lazy("有人在帮")),
    "ended": ("ok", gettext_lazy("已结束")),
}
CODE_LONGEST = 200


def call_state(call: Any) -> State:
    """A call's state as word and shape; an emergency that nobody took on is the gravest there is."""
    tone, word = STATES[call.state]
    return State("stop" if call.kind == "sos" and call.state == "waiting" else tone, str(word))


def step_word(call: Any) -> str:
    """At which step the caller stood."""
    return words(STEP_NAMES.get(call.step, "")) or _("还没有开始办")


@allow(OPERATING_ROLES)
def help_desk(request: HttpRequest) -> HttpResponse:
    """The calls, those that wait first."""
    who = reader(request)
    names = queries.item_names(set(help_queries.calls_visible_to(who).values_list("item_code", flat=True)[:500]))
    return listing(
        request,
        title=_("帮办台"),
        columns=(
            Column("kind", _("呼叫"), lambda row: str(KIND_NAMES[row.kind]), "kind"),
            Column("area", _("自助区"), lambda row: row.terminal.area.name, "terminal__area__name"),
            Column("terminal", _("终端"), lambda row: row.terminal.code, "terminal__code", "code"),
            Column("item", _("正在办"), lambda row: names.get(row.item_code, row.item_code)),
            Column("step", _("到了哪一步"), step_word),
            Column("state", _("状态"), call_state, "state", "state"),
            Column("by", _("经办"), lambda row: row.answered_by, "answered_by"),
            Column("at", _("呼叫时间"), lambda row: row.called_at, "called_at", "moment"),
        ),
        queryset=help_queries.calls_visible_to(who),
        filters=(
            Filter(
                "state",
                _("状态"),
                lambda: [(code, str(word)) for code, (_tone, word) in STATES.items()],
                lambda rows, value: rows.filter(state=value),
            ),
            Filter(
                "kind",
                _("呼叫"),
                lambda: [(code, str(word)) for code, word in KIND_NAMES.items()],
                lambda rows, value: rows.filter(kind=value),
            ),
        ),
        search=("terminal__code", "terminal__area__name"),
        default_sort="-at",
        row_url=lambda row: reverse("console:help_call", args=[row.pk]),
        empty=_("还没有人从终端呼叫。终端屏幕下方的“呼叫帮办”“紧急求助”点一下，这里就会出现。"),
        export_name="help-calls",
        topic="services",
        note=_("只有地点、步骤和事项，没有姓名和证件号码。"),
    )


def _call(request: HttpRequest, call_id: int) -> Any:
    found = help_queries.find_call(reader(request), call_id)
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def help_call(request: HttpRequest, call_id: int) -> HttpResponse:
    """One call, with the finder asked from where the caller stands; ?q= are the caller's words."""
    return _page(request, _call(request, call_id))


@allow(OPERATING_ROLES)
def help_rows(request: HttpRequest, call_id: int) -> HttpResponse:
    """What was found, alone: fetched while somebody types."""
    return render(request, "console/finder/_rows.html", find(request, at=_call(request, call_id).terminal))


def _page(request: HttpRequest, call: Any, refused: str = "") -> HttpResponse:
    found = find(request, at=call.terminal)
    names = queries.item_names({call.item_code})
    context = found | {
        "call": call,
        "kind": KIND_NAMES[call.kind],
        "state": call_state(call),
        "step": step_word(call),
        "item_name": names.get(call.item_code, call.item_code),
        "refused": refused,
        "may_help": reader(request).may(*HELPERS, place_path=call.place_path, organizations=(call.terminal.owner_id,)),
    }
    return render(request, "console/help/call.html", context)


def _act(request: HttpRequest, call_id: int, act: Callable[[Actor, int, Any], Any]) -> HttpResponse:
    call = _call(request, call_id)
    try:
        act(reader(request), call_id, timezone.now())
    except Refused as problem:
        call.refresh_from_db()
        return _page(request, call, str(problem))
    return redirect("console:help_call", call_id=call_id)


@require_POST
@allow(*HELPERS)
def help_answer(request: HttpRequest, call_id: int) -> HttpResponse:
    """Take a call on."""
    return _act(request, call_id, help_actions.answer_call)


@require_POST
@allow(*HELPERS)
def help_end(request: HttpRequest, call_id: int) -> HttpResponse:
    """The person was helped."""
    return _act(request, call_id, help_actions.end_call)


@allow(*CHECKERS)
def person_check(request: HttpRequest) -> HttpResponse:
    """Where the code on a terminal's screen leads a member of the staff: is it the person of the card?"""
    actor, now = reader(request), timezone.now()
    code = request.POST.get("c", request.GET.get("c", ""))[:CODE_LONGEST]
    read = read_presence(code)
    call = help_queries.check_waiting_at(actor, read.terminal, now) if read is not None else None
    refused = ""
    if request.method == "POST" and call is not None:
        same = request.POST.get("same") == "1"
        try:
            help_actions.answer_check(actor, call.pk, code=code, same=same, now=now)
        except Refused as problem:
            refused = str(problem)
        else:
            messages.success(request, _("已记下，终端上会接着办。") if same else _("已记下，终端上不会接着办。"))
            return redirect("console:person_check")
    item = queries.item_names({call.item_code}).get(call.item_code, "") if call is not None else ""
    context = {"call": call, "code": code, "item": item, "refused": refused, "asked": bool(code)}
    return render(request, "console/help/check.html", context)


urlpatterns = [
    path("help/", help_desk, name="help_desk"),
    path("help/check/", person_check, name="person_check"),
    path("help/<int:call_id>/", help_call, name="help_call"),
    path("help/<int:call_id>/rows/", help_rows, name="help_rows"),
    path("help/<int:call_id>/answer/", help_answer, name="help_answer"),
    path("help/<int:call_id>/end/", help_end, name="help_end"),
]
