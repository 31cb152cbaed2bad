"""Pages of absence (请假、补休): one's own balance and requests, and those that wait for a planner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.forms import MomentField
from budayang.center.console.reader import reader
from budayang.center.maintenance import duty_actions, leave_actions, leave_queries
from budayang.center.maintenance.models import DutyLeave
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.duty import when_words
from budayang.rules.duty_time import LEAVE_KIND_NAMES, LEAVE_NAMES, LeaveKind

SHOWN = 60
TONES = {"granted": "ok", "refused": "stop", "withdrawn": "ask"}


class LeaveForm(forms.Form):
    """When somebody wants to be away."""

    roster = forms.ChoiceField(label=gettext_lazy("值班表"), help_text=gettext_lazy("由这份值班表的管理员来同意。"))
    kind = forms.ChoiceField(
        label=gettext_lazy("类别"),
        choices=lambda: [(one.value, words(name)) for one, name in LEAVE_KIND_NAMES.items()],
        help_text=gettext_lazy("补休从您积下的余额里扣；请假不扣，也不问原因。"),
    )
    starts_at = MomentField(label=gettext_lazy("开始"))
    ends_at = MomentField(label=gettext_lazy("结束"))

    def __init__(self, rosters: list[tuple[Organization, Place]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {f"{body.code}/{place.code}": (body, place) for body, place in rosters}
        choice = self.fields["roster"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(key, f"{body.name} · {place.name}") for key, (body, place) in self.by_key.items()]


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


def _shown(actor: Actor, row: DutyLeave, now: datetime) -> dict[str, Any]:
    zone, mine = row.place.zone, row.staff_id == actor.staff_id
    duties = leave_queries.touched(row) if row.state in ("asked", "granted") and row.ends_at > now else []
    may_decide = duty_actions.may_plan(actor, row.organization_id, row.place.path) and not mine
    steps = []
    if row.state == "asked" and may_decide:
        steps = [("grant", _("同意"), True), ("refuse", _("不同意"), False)]
    if mine and (row.state == "asked" or (row.state == "granted" and row.starts_at > now)):
        steps = [("withdraw", _("撤回"), False)]
    return {
        "row": row,
        "kind": words(LEAVE_KIND_NAMES[LeaveKind(row.kind)]),
        "hours": _hours(row.minutes) if row.minutes else "",
        "state": words(LEAVE_NAMES[row.state]),
        "tone": TONES.get(row.state, "hand"),
        "duties": [words(when_words(one.interval, zone)) for one in duties],
        "steps": steps,
    }


@allow(OPERATING_ROLES)
def leave(request: HttpRequest) -> HttpResponse:
    """One's balance and requests, the form, and what waits for the reader's word."""
    actor, now = reader(request), timezone.now()
    rosters = leave_queries.rosters_of(actor.staff_id, now.date()) if actor.staff_id else []
    form = LeaveForm(rosters, request.POST or None) if rosters else None
    if form is not None and form.is_valid():
        body, place = form.by_key[form.cleaned_data["roster"]]
        try:
            leave_actions.ask_leave(
                actor,
                organization=body,
                place=place,
                kind=LeaveKind(form.cleaned_data["kind"]),
                starts_at=form.cleaned_data["starts_at"],
                ends_at=form.cleaned_data["ends_at"],
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提交，等管理员同意；同意之前值班表不变。"))
            return redirect("console:duty_leave")
    seen = leave_queries.leaves_visible_to(actor)
    # What waits is shown whole: a request behind sixty later absences would never be answered.
    waiting = seen.filter(state="asked", ends_at__gt=now).exclude(staff_id=actor.staff_id or 0)
    rows = [_shown(actor, row, now) for row in seen[:SHOWN]]
    context = {
        "title": _("请假与补休"),
        "form": form,
        "balance": _balance(actor, rosters[0][1], now) if rosters else None,
        "waiting": [_shown(actor, row, now) for row in waiting],
        "mine": [one for one in rows if one["row"].staff_id == actor.staff_id],
        "others": [one for one in rows if one["row"].state != "asked" and one["row"].staff_id != actor.staff_id],
    }
    return render(request, "console/duty/leave.html", context, status=422 if form and form.errors else 200)


def _balance(actor: Actor, place: Place, now: datetime) -> dict[str, str]:
    found = leave_queries.balance_of(actor.staff_id or 0, place, now)
    return {name: _hours(getattr(found, name)) for name in ("earned", "taken", "expired", "left")}


@allow(OPERATING_ROLES)
@require_POST
def leave_step(request: HttpRequest, leave_id: int, step: str) -> HttpResponse:
    """Grant, refuse or take back."""
    actor, now = reader(request), timezone.now()
    row = leave_queries.leaves_visible_to(actor).filter(pk=leave_id).first()
    if row is None or step not in {"grant", "refuse", "withdraw"}:
        raise Http404
    try:
        if step == "withdraw":
            leave_actions.withdraw_leave(actor, row, now=now)
        else:
            leave_actions.decide_leave(actor, row, grant=step == "grant", now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下，值班表随之改变。"))
    return redirect("console:duty_leave")


urlpatterns = [
    path("duty/leave/", leave, name="duty_leave"),
    path("duty/leave/<int:leave_id>/<slug:step>/", leave_step, name="duty_leave_step"),
]
