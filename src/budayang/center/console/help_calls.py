"""求助呼叫: who called for help, how long they have waited, and the answer."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import help_calls as calls
from budayang.center.maintenance.models import HelpCall
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.rules.help_calls import CALL_NAMES, VERDICT_NAMES, Waited, waited

TONES: dict[str, Tone] = {
    "answered": "ok", "answered_late": "warn", "waiting": "hand", "overdue": "stop", "unanswered": "stop",
    "heard_late": "ask",
}  # fmt: skip


def _waited(row: HelpCall, now: datetime) -> Waited:
    return waited(row.pressed_at, row.answered_at, limit_s=row.limit_s, late=row.late, now=now, ended_at=row.ended_at)


def call_state(row: HelpCall, now: datetime) -> State:
    """How a call stands, as word and shape."""
    verdict = _waited(row, now).verdict
    return State(TONES[verdict], words(VERDICT_NAMES[verdict]))


def _by_state(rows: QuerySet[HelpCall], value: str) -> QuerySet[HelpCall]:
    return rows.filter(answered_at__isnull=value == "open")


@allow(calls.READERS)
def call_list(request: HttpRequest) -> HttpResponse:
    """Those that wait, with the button that answers them, and all that were."""
    actor, now = reader(request), timezone.now()
    may = actor.may(*calls.ANSWERERS)
    waiting = [(row, _waited(row, now)) for row in calls.open_calls(actor)[:20]]
    above = {"waiting": [(row, one, words(CALL_NAMES[row.kind])) for row, one in waiting], "may": may}

    return listing(
        request,
        title=_("求助呼叫"),
        note=_("按下求助按钮或点了“呼叫帮办”“紧急求助”，几秒内到这里；紧急的同时通知值班和保安。只记哪台机器、哪一步，不记是谁。"),
        columns=(
            Column("kind", _("怎么呼叫"), lambda row: words(CALL_NAMES[row.kind]), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("terminal", _("终端"), lambda row: row.terminal.name, sort="terminal__code"),
            Column("state", _("状态"), lambda row: call_state(row, now), kind="state"),
            Column("waited", _("等了（秒）"), lambda row: round(_waited(row, now).seconds), kind="number"),
            Column("limit", _("时限（秒）"), lambda row: round(row.limit_s), kind="number"),
            Column("pressed", _("按下"), lambda row: row.pressed_at, sort="pressed_at", kind="moment"),
            Column("answered", _("应答"), lambda row: row.answered_at, sort="answered_at", kind="moment"),
            Column("by", _("应答人"), lambda row: row.answered_by),
            Column("test", _("测试"), lambda row: State("hand", _("测试")) if row.test_id else None, kind="state"),
        ),
        queryset=calls.calls_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: [("open", _("没有应答")), ("answered", _("已应答"))], _by_state),
            Filter("kind", _("怎么呼叫"), lambda: [(code, words(name)) for code, name in CALL_NAMES.items()],
                   lambda rows, v: rows.filter(kind=v)),
            Filter(
                "place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(area__place__path__startswith=v)
            ),
        ),
        search=("terminal__code", "terminal__name", "area__name"),
        default_sort="-pressed",
        row_url=lambda row: reverse("console:help_call", args=[row.pk]),
        empty=_("还没有人呼叫。终端屏幕下方的“呼叫帮办”“紧急求助”点一下，这里就会出现。"),
        export_name=_("求助呼叫"),
        topic="maintenance",
        above=render_to_string("console/safety/_waiting_calls.html", above, request=request),
    )  # fmt: skip


@allow(frozenset(calls.ANSWERERS))
@require_POST
def call_answer(request: HttpRequest, number: int) -> HttpResponse:
    """The reader speaks with who called, or goes there."""
    actor = reader(request)
    row = calls.calls_visible_to(actor).filter(pk=number).first()
    if row is None:
        raise Http404
    try:
        calls.answer(actor, row, note=request.POST.get("note", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下您应答了。"))
    return redirect("console:help_call", number)


urlpatterns = [
    path("help-calls/", call_list, name="help_calls"),
    path("help-calls/<int:number>/answer/", call_answer, name="help_call_answer"),
]
