"""Pages of drills on the sandbox (沙盒演练): the hall, and the plan of a scenario."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.forms import DateField
from budayang.center.console.listing import State, Tone
from budayang.center.console.reader import reader
from budayang.center.maintenance import drill_halls as drills
from budayang.center.maintenance.emergency_actions import DOERS
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.rules.drills import HOLD_S, SCENARIO_BY_CODE, SCENARIOS, VERDICT_NAMES, Compared

TONES: dict[str, Tone] = {"in_time": "ok", "late": "warn", "waiting": "ask", "missed": "stop"}


def drill_verdict(line: Compared) -> State:
    """How one line of planned beside happened ended, by word and shape."""
    return State(TONES[line.verdict], words(VERDICT_NAMES[line.verdict]))


class SandboxForm(forms.Form):
    """Which scenario, when, and how long its fault stands."""

    scenario = forms.ChoiceField(
        label=gettext_lazy("场景"), choices=lambda: [(one.code, words(one.title)) for one in SCENARIOS],
        widget=forms.RadioSelect,
    )  # fmt: skip
    on = DateField(label=gettext_lazy("哪一天演练"))
    hold_s = forms.IntegerField(
        label=gettext_lazy("故障保持多少秒"), initial=HOLD_S[1], min_value=HOLD_S[0], max_value=HOLD_S[2],
        help_text=gettext_lazy("到时间沙盒自己排除故障；提前结束演练，故障也马上排除。"),
    )  # fmt: skip


def _region(actor: Actor) -> Place | None:
    """Where the hall is made: the widest region in which the actor is a supervisor."""
    paths = sorted(grant.place_path for grant in actor.grants if grant.role is Role.SUPERVISOR)
    rows = platform.places_visible_to(actor).filter(kind=Place.Kind.REGION, path__in=paths)
    return rows.order_by("path").first()


@allow(frozenset(DOERS))
def drill_sandbox(request: HttpRequest) -> HttpResponse:
    """Plan a drill on the sandbox; where there is no hall yet, make one first."""
    if not drills.has_sandbox():
        raise Http404
    actor, hall = reader(request), drills.find_hall()
    form = SandboxForm(request.POST or None, initial={"on": timezone.localdate(), "hold_s": HOLD_S[1]})
    if request.method == "POST" and hall is not None and form.is_valid():
        found = form.cleaned_data
        card = SCENARIO_BY_CODE[found["scenario"]].card
        try:
            run = drills.plan_drill(
                actor, hall.area, card, on=found["on"], scenario=found["scenario"], hold_s=found["hold_s"],
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已计划。到那天打开它，点“开始演练”，沙盒就放故障。"))
            return redirect("console:emergency", run.pk)
    context = {"form": form, "hall": hall, "may_make": hall is None and _region(actor) is not None}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/emergencies/sandbox.html", context, status=status)


@allow(Role.SUPERVISOR)
@require_POST
def drill_hall_new(request: HttpRequest) -> HttpResponse:
    """Make the drill hall."""
    actor = reader(request)
    region = _region(actor)
    if not drills.has_sandbox() or region is None:
        raise Http404
    try:
        drills.make_hall(actor, region, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("沙盒演练区已建立，机器正在连上平台，几秒后可以开始演练。"))
    return redirect("console:drill_sandbox")


urlpatterns = [
    path("emergencies/sandbox/", drill_sandbox, name="drill_sandbox"),
    path("emergencies/sandbox/hall/", drill_hall_new, name="drill_hall_new"),
]
