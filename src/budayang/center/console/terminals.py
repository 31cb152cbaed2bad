"""What is done to a terminal: register, enrolment code, suspend, resume, revoke. Its page is `terminal_page`."""

from __future__ import annotations

from datetime import timedelta
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

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.reader import reader
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Organization
from budayang.center.terminals import actions, queries
from budayang.center.terminals.models import Terminal

KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})


def _url(terminal: Terminal) -> str:
    return reverse("console:terminal", args=[terminal.code])


def terminal_of(request: HttpRequest, code: str) -> Terminal:
    """The terminal, or 404 when it is not there or not this reader's."""
    try:
        return queries.get_terminal(reader(request), code)
    except Terminal.DoesNotExist as error:
        raise Http404 from error


def rights_of(request: HttpRequest, terminal: Terminal) -> dict[str, Any]:
    """What this reader may do to it."""
    actor = reader(request)
    keeps = actor.may(*KEEPERS, place_path=terminal.area.place.path)
    credential = queries.valid_credential(terminal.pk)
    return {
        "keeps": keeps,
        "credential": credential,
        "may_issue": keeps and terminal.state != Terminal.State.RETIRED,
        "may_suspend": keeps and terminal.state == Terminal.State.ACTIVE,
        "may_resume": keeps and terminal.state == Terminal.State.SUSPENDED,
        "may_revoke": keeps and credential is not None,
    }


@allow(KEEPERS)
@require_POST
def terminal_code(request: HttpRequest, code: str) -> HttpResponse:
    """Issue a one-time enrolment code and show it once; it is stored as a keyed hash only."""
    terminal, now = terminal_of(request, code), timezone.now()
    secret = actions.issue_enrolment_code(reader(request), terminal.pk, now)
    context = {"terminal": terminal, "secret": secret, "expires_at": now + timedelta(hours=1)}
    answer = render(request, "console/terminal_code.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


class SuspendForm(forms.Form):
    """Why a terminal is taken out of service."""

    reason = forms.CharField(label=gettext_lazy("原因"), max_length=40, help_text=gettext_lazy("终端屏幕上会显示。"))


@allow(KEEPERS)
def terminal_suspend(request: HttpRequest, code: str) -> HttpResponse:
    """Take a terminal out of service."""
    terminal = terminal_of(request, code)
    form = SuspendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.suspend(reader(request), terminal.pk, timezone.now(), reason=form.cleaned_data["reason"])
        messages.success(request, _("已停用。终端几秒内显示“暂停服务”。"))
        return redirect(_url(terminal))
    context = {
        "form": form,
        "title": _("停用 %(code)s") % {"code": terminal.code},
        "submit": _("停用"),
        "back_url": _url(terminal),
        "back_word": terminal.code,
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
@require_POST
def terminal_resume(request: HttpRequest, code: str) -> HttpResponse:
    """Put a suspended terminal back into service."""
    terminal = terminal_of(request, code)
    actions.resume(reader(request), terminal.pk, timezone.now())
    messages.success(request, _("已恢复服务。"))
    return redirect(_url(terminal))


@allow(KEEPERS)
@require_POST
def terminal_revoke(request: HttpRequest, code: str) -> HttpResponse:
    """Take the credential back."""
    terminal = terminal_of(request, code)
    actions.revoke(reader(request), terminal.pk, timezone.now(), why="by staff")
    messages.success(request, _("凭证已吊销。要再用这台终端，请发新的入网码。"))
    return redirect(_url(terminal))


class TerminalForm(forms.Form):
    """A machine to register."""

    code = forms.RegexField(
        r"^[A-Z0-9][A-Z0-9-]{2,19}$",
        label=gettext_lazy("编号"),
        help_text=gettext_lazy("大写字母、数字和连字符，例如 KBS-04。"),
        error_messages={"invalid": gettext_lazy("编号用大写字母、数字和连字符，例如 KBS-04。")},
    )
    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("自助区"), to_field_name="code", empty_label=gettext_lazy("请选择")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("类别"), choices=[one for one in Terminal.Kind.choices if one[0] != Terminal.Kind.RELAY]
    )
    owner: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(),
        label=gettext_lazy("设备归属单位"),
        to_field_name="code",
        empty_label=gettext_lazy("请选择"),
    )
    vendor: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("运维商"), to_field_name="code", required=False
    )
    make = forms.CharField(label=gettext_lazy("品牌型号"), max_length=80, required=False)
    serial = forms.CharField(label=gettext_lazy("序列号"), max_length=80, required=False)
    spot = forms.CharField(
        label=gettext_lazy("在厅里的位置"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("例如：进门左手第二台。"),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = platform.organizations_visible_to(reader(request))
        for name, found in (
            ("area", areas.visible_to(reader(request))),
            ("owner", bodies.filter(kind=Organization.Kind.OWNER)),
            ("vendor", bodies.filter(kind=Organization.Kind.VENDOR)),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = found


@allow(KEEPERS)
def terminal_new(request: HttpRequest) -> HttpResponse:
    """Register a machine; it works once it has enrolled with a code."""
    form = TerminalForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            terminal = actions.register_terminal(
                reader(request),
                code=found["code"],
                name=found["name"],
                area=found["area"].code,
                owner=found["owner"].code,
                vendor=found["vendor"].code if found["vendor"] else None,
                kind=found["kind"],
                make=found["make"],
                serial=found["serial"],
                spot=found["spot"],
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。接着发入网码，在终端上输入后它就能工作。"))
            return redirect(_url(terminal))
    context = {
        "form": form,
        "title": _("登记终端"),
        "back_url": reverse("console:terminals"),
        "back_word": _("自助终端"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("terminals/new/", terminal_new, name="terminal_new"),
    path("terminals/<slug:code>/enrolment/", terminal_code, name="terminal_code"),
    path("terminals/<slug:code>/suspend/", terminal_suspend, name="terminal_suspend"),
    path("terminals/<slug:code>/resume/", terminal_resume, name="terminal_resume"),
    path("terminals/<slug:code>/revoke/", terminal_revoke, name="terminal_revoke"),
]
