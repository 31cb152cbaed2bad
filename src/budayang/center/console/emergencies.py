"""Pages of emergency cards (应急卡): the cards to read, a card at work with its steps, drills, and the review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.drills import drill_verdict
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import drill_halls as drills
from budayang.center.maintenance import emergency_actions as actions
from budayang.center.maintenance import emergency_queries as queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.drill_queries import play_now
from budayang.center.maintenance.models import Emergency, Incident
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.data.emergency_cards import emergency_cards
from budayang.rules.emergencies import RUN_STATE_NAMES, WHATS, WHO_NAMES

DOERS = frozenset(actions.DOERS)
TONES: dict[str, Tone] = {"planned": "hand", "running": "stop", "ended": "warn", "reviewed": "ok", "called_off": "ask"}


class StartForm(forms.Form):
    """Which card, where."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(actions.JOB), label=gettext_lazy("自助区"), empty_label=gettext_lazy("请选择")
    )
    card = forms.ChoiceField(
        label=gettext_lazy("应急卡"), choices=lambda: [(one.code, words(one.name)) for one in emergency_cards()]
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor).order_by("name")


class DrillForm(StartForm):
    """Which card is rehearsed, where and when."""

    on = DateField(label=gettext_lazy("哪一天演练"))


def run_state(run: Emergency) -> State:
    """Where it stands, by word and shape."""
    return State(TONES[run.state], words(RUN_STATE_NAMES[run.state]))


def _states() -> list[tuple[str, str]]:
    return [(code, words(name)) for code, name in RUN_STATE_NAMES.items()]


def _by_kind(rows: QuerySet[Emergency], value: str) -> QuerySet[Emergency]:
    return rows.filter(drill=value == "drill")


@allow(OPERATING_ROLES)
def run_list(request: HttpRequest) -> HttpResponse:
    """Cards at work, those that are over, and drills, the newest first."""
    actor = reader(request)
    does = actor.may(*actions.DOERS)
    context = {"suggested": queries.suggested(actor, timezone.now()) if does else []}
    return listing(
        request,
        title=_("应急处置"),
        note=_("出事时启动一张应急卡，照着一步步做、一步步记；演练走同样的步骤，不惊动任何人。记下的不能改。"),
        columns=(
            Column("name", _("应急卡"), lambda row: words(row.name), sort="name"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("kind", _("性质"), lambda row: State("hand", _("演练")) if row.drill else State("stop", _("真实")),
                   sort="drill", kind="state"),
            Column("state", _("状态"), run_state, sort="state", kind="state"),
            Column("planned", _("计划日期"), lambda row: row.planned_on, sort="planned_on"),
            Column("started", _("启动"), lambda row: row.started_at, sort="started_at", kind="moment"),
            Column("ended", _("结束"), lambda row: row.ended_at, sort="ended_at", kind="moment"),
        ),
        queryset=queries.emergencies_visible_to(actor),
        filters=(
            Filter("state", _("状态"), _states, lambda rows, v: rows.filter(state=v)),
            Filter("kind", _("性质"), lambda: [("real", _("真实")), ("drill", _("演练"))], _by_kind),
            Filter(
                "place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(area__place__path__startswith=v)
            ),
        ),
        search=("name", "area__name"),
        default_sort="-made",
        row_url=lambda row: reverse("console:emergency", args=[row.pk]),
        empty=_("还没有处置或演练。先看一遍应急卡，再计划一次演练。"),
        export_name=_("应急处置"),
        topic="maintenance",
        actions=(
            Action(reverse("console:emergency_new"), _("启动应急卡"), primary=True),
            Action(reverse("console:drill_new"), _("计划演练")),
            *((Action(reverse("console:drill_sandbox"), _("沙盒演练")),) if drills.has_sandbox() else ()),
        )
        if does
        else (),
        above=render_to_string("console/emergencies/_suggested.html", context, request=request),
    )  # fmt: skip


def _get(request: HttpRequest, number: int) -> Emergency:
    row = queries.emergencies_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


def _cause(actor: Actor, number: str) -> Incident | None:
    if not number.isdecimal() or len(number) > 15:
        return None
    return maintenance.incidents_visible_to(actor).filter(pk=int(number), area__isnull=False).first()


@allow(DOERS)
def run_new(request: HttpRequest) -> HttpResponse:
    """Start a card; ?incident= and ?card= come from the incident that suggests it."""
    actor = reader(request)
    cause = _cause(actor, request.POST.get("incident", "") or request.GET.get("incident", ""))
    initial = {"area": cause.area_id if cause else None, "card": request.GET.get("card", "")}
    form = StartForm(actor, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        area, code = form.cleaned_data["area"], form.cleaned_data["card"]
        try:
            run = actions.start(actor, area, code, cause=cause, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("console:emergency", run.pk)
    context = {
        "form": form,
        "title": _("启动应急卡"),
        "submit": _("现在启动"),
        "cause": cause,
        "note": _("启动后通知值班的人，步骤开始计时。有人有危险时先打电话，再点这里。"),
    }
    return _form(request, context)


@allow(DOERS)
def drill_new(request: HttpRequest) -> HttpResponse:
    """Plan a drill."""
    actor = reader(request)
    form = DrillForm(actor, request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            run = actions.plan_drill(actor, found["area"], found["card"], on=found["on"], now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已计划。到那天打开它，点“开始演练”。"))
            return redirect("console:emergency", run.pk)
    note = _("演练走真卡的步骤和时限，不开故障、不发通知；复盘里的问题一样派单。")
    return _form(request, {"form": form, "title": _("计划演练"), "submit": _("保存计划"), "note": note})


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "console/emergencies/form.html", context, status=status)


@allow(OPERATING_ROLES)
def run_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One run: its steps, what was done, and what this reader may do."""
    return _show(request, _get(request, number))


def _show(request: HttpRequest, run: Emergency, *, status: int = 200) -> HttpResponse:
    actor, now = reader(request), timezone.now()
    events = queries.events_of(run)
    steps = queries.steps_now(run, now, events)
    may = actor.may(*actions.DOERS, place_path=run.area.place.path)
    play = drills.find_play(run) if run.drill else None
    played = play_now(play, now) if play is not None else None
    context = {
        "played": played,
        "lines": [(one, drill_verdict(one)) for one in played.lines] if played else [],
        "run": run,
        "state": run_state(run),
        "steps": [(one, words(WHO_NAMES[one.step.who])) for one in steps],
        "plain": [] if steps else [(one, words(WHO_NAMES[one["who"]])) for one in run.steps],
        "open_steps": sum(not one.done for one in steps),
        "late_steps": sum(one.late for one in steps),
        "events": [(one, words(WHATS[one.what])) for one in reversed(events)],
        "may": may,
        "typed": {key: request.POST.get(key, "") for key in ("note", "text", "findings")} if status != 200 else {},
    }
    fragment = request.headers.get("HX-Request") == "true"
    template = "console/emergencies/_run.html" if fragment else "console/emergencies/run.html"
    return render(request, template, context, status=status)


Do = Callable[[Actor, Emergency, HttpRequest, datetime], object]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else -1


STEPS: dict[str, Do] = {
    "start": lambda actor, run, request, now: drills.start_drill(actor, run, now=now),
    "calloff": lambda actor, run, request, now: actions.call_off_drill(actor, run, now=now),
    "done": lambda actor, run, request, now: actions.tick(
        actor, run, _number(request.POST.get("step", "")), note=request.POST.get("note", ""), now=now
    ),
    "skip": lambda actor, run, request, now: actions.tick(
        actor, run, _number(request.POST.get("step", "")), skip=True, note=request.POST.get("note", ""), now=now
    ),
    "note": lambda actor, run, request, now: actions.add_note(actor, run, note=request.POST.get("note", ""), now=now),
    "end": lambda actor, run, request, now: drills.end_drill(actor, run, note=request.POST.get("note", ""), now=now),
    "review": lambda actor, run, request, now: actions.review(
        actor, run, text=request.POST.get("text", ""), findings=request.POST.get("findings", "").splitlines(), now=now
    ),
}


@allow(DOERS)
@require_POST
def run_step(request: HttpRequest, number: int, step: str) -> HttpResponse:
    """Start, tick, note, end or review. What cannot be done is told on its page, with what was typed."""
    run, do = _get(request, number), STEPS.get(step)
    if do is None:
        raise Http404
    try:
        do(reader(request), run, request, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _get(request, number), status=422)
    messages.success(request, _("已记下。"))
    return redirect("console:emergency", run.pk)


urlpatterns = [
    path("emergencies/", run_list, name="emergencies"),
    path("emergencies/new/", run_new, name="emergency_new"),
    path("emergencies/drill/", drill_new, name="drill_new"),
    path("emergencies/<int:number>/", run_detail, name="emergency"),
    path("emergencies/<int:number>/<slug:step>/", run_step, name="emergency_step"),
]
