"""Pages of repair contracts (维修合同): within how long, in which hours, from when."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.areas.hours_text import BadHours, describe, parse_hours
from budayang.center.console.forms import DateField
from budayang.center.console.listing import Action, Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import contract_actions
from budayang.center.maintenance.contract_actions import Tier
from budayang.center.maintenance.models import Contract
from budayang.center.maintenance.order_limits import hours_from
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Organization
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.templatetags.platform_format import duration
from budayang.center.platform.wording import words
from budayang.rules.calendars import WeeklyWindow
from budayang.rules.causes import SEVERITY_NAMES, Severity
from budayang.rules.parameters import deadline_name

KEEPERS = frozenset(contract_actions.KEEPERS)
STEP_NAMES = {"respond": "响应", "arrive": "到场", "repair": "修复"}
_LIMIT = re.compile(r"^(?:(\d{1,3})\s*(?:小时|h))?\s*(?:(\d{1,4})\s*(?:分钟|分|min))?$")


class LimitField(forms.CharField):
    """A limit in words, 30 分钟, 4 小时, 1 小时 30 分; comes out in seconds."""

    def clean(self, value: Any) -> int:
        text = str(super().clean(value)).strip()
        match = _LIMIT.match(text)
        if match is None or not any(match.groups()):
            raise forms.ValidationError(_("请写成“30 分钟”“4 小时”或“1 小时 30 分钟”。"))
        return int(match[1] or 0) * 3600 + int(match[2] or 0) * 60


class ContractForm(forms.Form):
    """A contract. After `is_valid()`: `windows` and `tiers` as the action takes them."""

    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("单位"), empty_label=gettext_lazy("请选择")
    )
    number = forms.CharField(label=gettext_lazy("合同编号"), max_length=40)
    name = forms.CharField(label=gettext_lazy("合同名称"), max_length=80)
    hours = forms.CharField(
        label=gettext_lazy("服务时间"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写“全天”，或每行一段：周一至周五 08:30-17:30；周六 09:00-12:00。"),
    )
    follows_workdays = forms.BooleanField(
        label=gettext_lazy("法定节假日不服务，调休上班日照常"), required=False, initial=True
    )
    steps = forms.MultipleChoiceField(
        label=gettext_lazy("只在服务时间内计时的时限"),
        choices=lambda: [(step, words(word)) for step, word in STEP_NAMES.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("没有勾选的昼夜连续计时。"),
    )
    valid_from = DateField(label=gettext_lazy("从哪天起"), help_text=gettext_lazy("没结束的工单从这一刻起按它计时。"))
    valid_until = DateField(label=gettext_lazy("到哪天止"), required=False, help_text=gettext_lazy("含当天。"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = self.fields["organization"]
        assert isinstance(bodies, forms.ModelChoiceField)
        bodies.queryset = platform.organizations_visible_to(actor)
        self.windows: tuple[WeeklyWindow, ...] = ()
        for severity in Severity:
            for step, word in STEP_NAMES.items():
                label = _("%(severity)s故障%(step)s时限") % {
                    "severity": words(SEVERITY_NAMES[severity]), "step": words(word),
                }  # fmt: skip
                self.fields[f"{severity.value}_{step}"] = LimitField(
                    label=label, max_length=20, help_text=_("例如：30 分钟、4 小时。")
                )

    def clean_hours(self) -> str:
        text: str = self.cleaned_data["hours"]
        try:
            self.windows = parse_hours(text)
        except BadHours as error:
            raise forms.ValidationError(str(error)) from error
        return describe(self.windows)

    @property
    def tiers(self) -> dict[str, Tier]:
        typed = self.cleaned_data
        return {one.value: Tier(*(typed[f"{one.value}_{step}"] for step in STEP_NAMES)) for one in Severity}


class EndForm(forms.Form):
    """The last day of a contract."""

    last_day = DateField(label=gettext_lazy("有效到哪天"), help_text=gettext_lazy("含当天，最早今天。"))


def visible_to(actor: Actor) -> Any:
    """Contracts of bodies in the actor's places; bodies' people see those of their own body."""
    mine = scope_q(actor, "organization__place__path", ("organization_id",))
    return Contract.objects.filter(mine).select_related("organization").prefetch_related("tiers")


def _state(row: Contract) -> State:
    now = timezone.now()
    if row.starts_at > now:
        return State("ask", _("未开始"))
    return State("ok", _("有效")) if row.ends_at is None or row.ends_at > now else State("ask", _("已结束"))


def hours_words(row: Contract) -> str:
    """The contract's hours in words."""
    kept = {"windows": row.windows, "follows_workdays": row.follows_workdays, "zone": row.zone}
    hours = hours_from({"contract": kept})
    return describe(hours.windows) if hours else ""


def limits_text(row: Contract) -> str:
    """一般 30分/4小时/8小时; the order is response, arrival, repair."""
    tiers = {one.severity: one for one in row.tiers.all()}
    return "；".join(
        f"{words(SEVERITY_NAMES[one])} "
        + "/".join(duration(seconds) for seconds in (tier.respond_s, tier.arrive_s, tier.repair_s))
        for one in Severity
        if (tier := tiers.get(one.value))
    )


@allow(OPERATING_ROLES)
def contract_list(request: HttpRequest) -> HttpResponse:
    """Contracts of bodies, those in force first."""
    actor = reader(request)
    may_edit = actor.may(*KEEPERS)
    return listing(
        request,
        title=_("维修合同"),
        note=_("单位签的维修合同。有效期内派给它的工单按合同的时限和服务时间计时；没有合同的按规定昼夜计时。"),
        columns=(
            Column("number", _("编号"), lambda row: row.number, sort="number", kind="code"),
            Column("name", _("名称"), lambda row: row.name, sort="name"),
            Column("body", _("单位"), lambda row: row.organization.name, sort="organization__name"),
            Column("state", _("状态"), _state, kind="state"),
            Column("limits", _("响应/到场/修复"), limits_text),
            Column("hours", _("服务时间"), hours_words),
            Column("from", _("开始"), lambda row: row.starts_at, sort="starts_at", kind="moment"),
            Column("until", _("结束"), lambda row: row.ends_at, sort="ends_at", kind="moment"),
        ),
        queryset=visible_to(actor),
        search=("number", "name", "organization__name"),
        default_sort="-from",
        row_url=(lambda row: reverse("console:contract_end", args=[row.pk])) if may_edit else None,
        empty=_("还没有维修合同。签了合同的单位，点“登记合同”写明时限和服务时间。"),
        export_name=_("维修合同"),
        actions=(Action(reverse("console:contract_new"), _("登记合同"), primary=True),) if may_edit else (),
    )


def _answer(request: HttpRequest, form: forms.Form, title: str, note: str, submit: str) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "note": note,
        "submit": submit,
        "back_url": reverse("console:contracts"),
        "back_word": _("维修合同"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _suggestion() -> dict[str, Any]:
    """The edition's own limits, to be mended by what the contract says."""
    names = {f"{one.value}_{step}": deadline_name(step, one.value) for one in Severity for step in STEP_NAMES}
    limits = {field: _limit_text(int(platform.parameter(name, "/", timezone.now()))) for field, name in names.items()}
    return {"valid_from": timezone.localdate(), "steps": ["repair"], **limits}


def _limit_text(seconds: int) -> str:
    """A limit as it is typed: 4 小时, 30 分钟."""
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [_("%(n)d 小时") % {"n": hours}] if hours else []
    return " ".join([*parts, _("%(n)d 分钟") % {"n": minutes}] if minutes or not hours else parts)


@allow(KEEPERS)
def contract_new(request: HttpRequest) -> HttpResponse:
    """Note a contract. One that is in force then ends where this one begins."""
    actor = reader(request)
    form = ContractForm(actor, request.POST or None, initial=_suggestion())
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        plain = {
            name: typed[name]
            for name in ("organization", "number", "name", "steps", "follows_workdays", "valid_from", "valid_until")
        }
        try:
            row = contract_actions.add_contract(
                actor, windows=form.windows, tiers=form.tiers, now=timezone.now(), **plain
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("organization", _("您只能登记自己范围内单位的合同。"))
        else:
            messages.success(request, _("已登记：%(hours)s。") % {"hours": hours_words(row)})
            return redirect("console:contracts")
    note = _("登记后不能改；要变就登记新的一份，旧的到那天自动结束。")
    return _answer(request, form, _("登记合同"), note, _("登记"))


@allow(KEEPERS)
def contract_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Say until when a contract is in force."""
    actor = reader(request)
    row = visible_to(actor).filter(pk=pk).first()
    if row is None:
        raise Http404
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        last_day: date = form.cleaned_data["last_day"]
        try:
            contract_actions.end_contract(actor, row, last_day=last_day, now=timezone.now())
        except Refused as refusal:
            form.add_error("last_day", str(refusal))
        else:
            messages.success(request, _("已记下。"))
            return redirect("console:contracts")
    note = f"{row.organization.name}；{limits_text(row)}；{hours_words(row)}"
    return _answer(request, form, _("结束合同 %(number)s") % {"number": row.number}, note, _("到这天结束"))


urlpatterns = [
    path("contracts/", contract_list, name="contracts"),
    path("contracts/new/", contract_new, name="contract_new"),
    path("contracts/<int:pk>/end/", contract_end, name="contract_end"),
]
