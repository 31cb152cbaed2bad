"""The page of one call for help, with the finder asked from where the caller stands; and 人证核对 before a terminal.

The finder answers by the one index of terminals, public page and console. Here it is asked for a terminal: what the
item is there now, and the nearest place at which it can be finished.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.finder import find
from budayang.center.console.help_calls import call_state
from budayang.center.console.reader import reader
from budayang.center.maintenance import help_calls as calls
from budayang.center.maintenance.models import HelpCall
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.center.services import caller_queries, queries, staff_checks
from budayang.rules.help_calls import CALL_NAMES
from budayang.rules.trip_words import STEP_NAMES
from budayang.wire.presence import read_presence

CODE_LONGEST = 200


def _call(request: HttpRequest, number: int) -> HelpCall:
    found = calls.calls_visible_to(reader(request)).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@allow(calls.READERS)
def help_call(request: HttpRequest, number: int) -> HttpResponse:
    """One call: from where, over what, and what the caller's words (?q=) mean there."""
    call, now = _call(request, number), timezone.now()
    context = find(request, at=call.terminal) | {
        "call": call,
        "kind": words(CALL_NAMES[call.kind]),
        "state": call_state(call, now),
        "step": words(STEP_NAMES.get(call.step, "")) or _("还没有开始办"),
        "item_name": queries.item_names({call.item}).get(call.item, call.item),
        "may": call.answered_at is None
        and call.ended_at is None
        and reader(request).may(*calls.ANSWERERS, place_path=call.area.place.path),
    }
    return render(request, "console/help/call.html", context)


@allow(calls.READERS)
def help_rows(request: HttpRequest, number: int) -> HttpResponse:
    """What was found, alone: fetched while somebody types."""
    return render(request, "console/finder/_rows.html", find(request, at=_call(request, number).terminal))


@allow(*staff_checks.CHECKERS)
def person_check(request: HttpRequest) -> HttpResponse:
    """Where the code on a terminal's screen leads a member of the staff: is it the person of the card?"""
    actor, now = reader(request), timezone.now()
    code = request.POST.get("c", request.GET.get("c", ""))[:CODE_LONGEST]
    read = read_presence(code)
    check = caller_queries.waiting_at(actor, read.terminal, now) if read is not None else None
    refused = ""
    if request.method == "POST" and check is not None:
        same = request.POST.get("same") == "1"
        try:
            staff_checks.answer(actor, check, code=code, same=same, now=now)
        except Refused as problem:
            refused = str(problem)
        else:
            messages.success(request, _("已记下，终端上会接着办。") if same else _("已记下，终端上不会接着办。"))
            return redirect("console:person_check")
    item = queries.item_names({check.item_code}).get(check.item_code, "") if check is not None else ""
    context = {"check": check, "code": code, "item": item, "refused": refused, "asked": bool(code)}
    return render(request, "console/help/check.html", context)


urlpatterns = [
    path("help/check/", person_check, name="person_check"),
    path("help-calls/<int:number>/", help_call, name="help_call"),
    path("help-calls/<int:number>/rows/", help_rows, name="help_call_rows"),
]
