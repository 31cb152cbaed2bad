"""Pages of software roll-outs: ring by ring, why one waits or stopped itself, and what a person may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.commands import run_state
from budayang.center.console.listing import Action, Column, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.center.terminals import command_queries, profile_queries, rollout_actions
from budayang.center.terminals.models import Package, Rollout
from budayang.rules.commands import BY_NAME, RING_NAMES, ROLLOUT_NAMES, ROLLOUT_TRANSITIONS, SOAK_S, STATES, reason_text

KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})
READERS = KEEPERS | {Role.INSPECTOR}
TONES: dict[str, Tone] = {"running": "hand", "paused": "stop", "done": "ok", "cancelled": "ask"}
STEER_WORDS = {"pause": gettext_lazy("停下"), "resume": gettext_lazy("继续下一批"), "cancel": gettext_lazy("取消升级")}


def rollout_state(rollout: Rollout) -> State:
    """Where a roll-out stands, as word and shape."""
    return State(TONES[rollout.state], words(ROLLOUT_NAMES[rollout.state]))


@allow(READERS)
def rollout_list(request: HttpRequest) -> HttpResponse:
    """Every roll-out that reaches the reader's places."""
    actor = reader(request)
    new = (Action(reverse("console:rollout_new"), _("开始升级"), primary=True),) if actor.may(*KEEPERS) else ()
    return listing(
        request,
        title=_("分批升级"),
        note=_("先一台，再十分之一，最后全部。前两批有一台失败，或最后一批失败超过二十分之一，就自己停下。"),
        columns=(
            Column("at", _("开始"), lambda one: one.created_at, sort="created_at", kind="moment"),
            Column("version", _("版本"), lambda one: one.package.version, sort="package__version"),
            Column("state", _("现在"), rollout_state, kind="state"),
            Column("ring", _("批次"), lambda one: words(RING_NAMES[one.ring]), sort="ring"),
            Column("why", _("说明"), lambda one: one.why),
            Column("reason", _("为什么升级"), lambda one: one.reason),
        ),
        queryset=command_queries.rollouts_visible_to(actor),
        search=("package__version", "reason"),
        default_sort="-at",
        row_url=lambda one: reverse("console:rollout", args=[one.pk]),
        empty=_("还没有升级过。先用 budayang release add 收下签过名的升级包，再点“开始升级”。"),
        export_name=_("分批升级"),
        topic="commands",
        actions=new,
    )


class RolloutForm(forms.Form):
    """What to bring where."""

    package: forms.ModelChoiceField[Package] = forms.ModelChoiceField(
        Package.objects.none(), label=gettext_lazy("升级到哪个版本"), empty_label=gettext_lazy("请选择")
    )
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=gettext_lazy("范围"), empty_label=gettext_lazy("请选择"),
        help_text=gettext_lazy("包括它下面的全部在用一体机；谁先升级由“升级次序”设置决定。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("为什么升级"), max_length=120, help_text=gettext_lazy("升级前会显示在每台终端的屏幕上。")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, found in (("package", command_queries.packages()), ("place", profile_queries.place_rows(actor))):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = found


@allow(KEEPERS)
def rollout_new(request: HttpRequest) -> HttpResponse:
    """Begin a roll-out with its first terminal."""
    actor = reader(request)
    form = RolloutForm(actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wanted = command_queries.orderable(actor, BY_NAME["update_software"])
        wanted = wanted.filter(area__place__path__startswith=given["place"].path)
        try:
            rollout = rollout_actions.start_rollout(
                actor, given["package"], list(wanted), reason=given["reason"], now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("第一台已经收到升级指令，等没有人办理时升级。"))
            return redirect("console:rollout", rollout.pk)
    context = {
        "form": form,
        "title": _("开始升级"),
        "note": words(BY_NAME["update_software"].effect),
        "submit": _("从第一台开始"),
        "back_url": reverse("console:rollouts"),
        "back_word": _("分批升级"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _rollout(request: HttpRequest, pk: int) -> Rollout:
    found = command_queries.rollouts_visible_to(reader(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@allow(READERS)
def rollout_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One roll-out, live: its rings, and each terminal that has an answer or is asked now."""
    actor, rollout = reader(request), _rollout(request, pk)
    counts, sizes = command_queries.ring_counts(rollout), command_queries.ring_sizes(rollout)
    rings = [
        {
            "name": RING_NAMES[ring], "size": sizes[ring],
            "counts": dict.fromkeys(STATES, 0) | counts.get(ring, {}),
            "soak_s": SOAK_S[ring],
            "now": ring == rollout.ring and rollout.state in ("running", "paused"), "begun": ring in counts,
        }
        for ring in sorted(sizes)
    ]  # fmt: skip
    runs = command_queries.runs_visible_to(actor).filter(command__rollout=rollout).order_by("command_id", "terminal")
    steps = [event for (state, event) in ROLLOUT_TRANSITIONS if state == rollout.state and event in STEER_WORDS]
    context = {
        "rollout": rollout, "state": rollout_state(rollout), "rings": rings,
        "rows": [{"run": run, "state": run_state(run), "why": words(reason_text(run.reason))} for run in runs[:300]],
        "steps": [(event, STEER_WORDS[event]) for event in steps] if actor.may(*KEEPERS) else [],
    }  # fmt: skip
    whole = request.headers.get("HX-Request") is None
    return render(request, "console/commands/rollout.html" if whole else "console/commands/_rollout.html", context)


@allow(KEEPERS)
@require_POST
def rollout_steer(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it, go on with the next ring, or end it."""
    event = request.POST.get("event", "")
    if event not in STEER_WORDS:
        raise Http404
    note = request.POST.get("note", "").strip()[:80]
    rollout_actions.steer(reader(request), _rollout(request, pk), event, now=timezone.now(), note=note)
    messages.success(request, _("已记下。"))
    return redirect("console:rollout", pk)


urlpatterns = [
    path("rollouts/", rollout_list, name="rollouts"),
    path("rollouts/new/", rollout_new, name="rollout_new"),
    path("rollouts/<int:pk>/", rollout_detail, name="rollout"),
    path("rollouts/<int:pk>/steer/", rollout_steer, name="rollout_steer"),
]
