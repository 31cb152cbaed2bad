"""Pages of the relays, and what watching costs: the price list of a place and the sum of each area."""

from __future__ import annotations

from collections.abc import Sequence
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
from budayang.center.console.listing import Action, Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.watching import KEEPERS, usable_state
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.models import Organization
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import actions, queries, watching_actions
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import Terminal
from budayang.rules.watching import BY_KIND, FACT_NAMES


def _relay(request: HttpRequest, code: str) -> Terminal:
    found = watching.relays_visible_to(reader(request)).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _state(relay: Terminal, alive: str) -> State:
    if relay.state == Terminal.State.REGISTERED:
        return State("ask", _("未入网"))
    word = {"online": _("在线"), "silent": _("失联"), "suspended": _("停用")}.get(alive, _("未知"))
    return State("ok" if alive == "online" else "ask" if alive == "unknown" else "stop", word)


@allow(OPERATING_ROLES)
def relay_list(request: HttpRequest) -> HttpResponse:
    """Every relay, whether it is heard, and how many machines it watches."""
    actor, now = reader(request), timezone.now()
    alive: dict[int, queries.Liveness] = {}

    def prepare(relays: Sequence[Terminal]) -> None:
        alive.update(queries.liveness_of(relays, now))

    may_add = actor.may(*KEEPERS)
    return listing(
        request,
        title=_("中继"),
        note=_(
            "中继是装在自助区任意一台电脑上的小程序，从旁边看部门专机。它自己失联时，它看的机器都是“未知”，不算谁的责任。"
        ),
        columns=(
            Column("code", _("编号"), lambda one: one.code, sort="code", kind="code"),
            Column("name", _("名称"), lambda one: one.name, sort="name"),
            Column("state", _("现在"), lambda one: _state(one, alive[one.pk]), kind="state"),
            Column("area", _("自助区"), lambda one: one.area.name, sort="area__name"),
            Column("machines", _("监测几台"), lambda one: one.machines, sort="machines", kind="number"),
            Column("seen", _("最近一次听到"), lambda one: one.last_seen_at, sort="last_seen_at", kind="moment"),
        ),
        queryset=watching.relays_with_counts(actor),
        filters=(),
        search=("code", "name", "area__name"),
        default_sort="code",
        row_url=lambda one: reverse("console:relay", args=[one.code]),
        empty=_("还没有中继。登记一个，再到自助区的一台电脑上用入网码启动 budayang relay。"),
        export_name=_("中继"),
        topic="terminals",
        actions=(Action(reverse("console:relay_new"), _("登记中继"), primary=True),) if may_add else (),
        prepare=prepare,
    )


class RelayForm(forms.Form):
    """A relay to register."""

    code = forms.RegexField(
        r"^[A-Z0-9][A-Z0-9-]{2,19}$", label=gettext_lazy("编号"), help_text=gettext_lazy("例如 KBS-R1。"),
        error_messages={"invalid": gettext_lazy("编号用大写字母、数字和连字符，例如 KBS-R1。")},
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=80, help_text=gettext_lazy("例如：值班室电脑上的中继。")
    )
    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("自助区"), to_field_name="code", empty_label=gettext_lazy("请选择")
    )
    owner: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=gettext_lazy("电脑归谁管"), to_field_name="code",
        empty_label=gettext_lazy("请选择"),
    )  # fmt: skip

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, found in (
            ("area", areas.visible_to(reader(request))),
            ("owner", platform.organizations_visible_to(reader(request))),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = found


@allow(KEEPERS)
def relay_new(request: HttpRequest) -> HttpResponse:
    """Register a relay."""
    form = RelayForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            relay = actions.register_terminal(
                reader(request), code=found["code"], name=found["name"], area=found["area"].code,
                owner=found["owner"].code, kind="relay", now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记。接着发入网码，启动中继时用它。"))
            return redirect(reverse("console:relay", args=[relay.code]))
    context = {
        "form": form, "title": _("登记中继"), "submit": _("登记"), "back_url": reverse("console:relays"),
        "back_word": _("中继"),
    }  # fmt: skip
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(OPERATING_ROLES)
def relay(request: HttpRequest, code: str) -> HttpResponse:
    """One relay: the machines that it watches, and what was found in its hall."""
    row, now = _relay(request, code), timezone.now()
    found = [
        {"row": one, "offers": [{**offer, "name": words(BY_KIND[offer["kind"]].name)} for offer in one.sources]}
        for one in watching.found_by(row.pk)
    ]
    context = {
        "relay": row,
        "state": _state(row, queries.liveness_of([row], now)[row.pk]),
        "machines": [
            {"row": one, "state": usable_state(getattr(one, "watch_now", None))}
            for one in watching.watched_visible_to(reader(request)).filter(watch__relay=row).order_by("code")
        ],
        "found": found,
        "keeps": reader(request).may(*KEEPERS, place_path=row.area.place.path),
    }
    return render(request, "console/watching/relay.html", context)


@allow(KEEPERS)
@require_POST
def relay_code(request: HttpRequest, code: str) -> HttpResponse:
    """A one-time code for the relay; its machines need none."""
    row, now = _relay(request, code), timezone.now()
    secret = actions.issue_enrolment_code(reader(request), row.pk, now)
    context = {"relay": row, "secret": secret, "expires_at": now + timedelta(hours=1)}
    answer = render(request, "console/watching/relay_code.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@allow(KEEPERS)
@require_POST
def found_settle(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take what was found over for a machine, or put it aside (no machine given)."""
    row = _relay(request, code)
    machine = watching.watched_visible_to(reader(request)).filter(code=request.POST.get("machine", "")).first()
    try:
        added = watching_actions.settle_found(
            reader(request), row.pk, number, machine.pk if machine else None, timezone.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if machine:
            messages.success(request, _("已给 %(code)s 添加 %(n)d 个来源。") % {"code": machine.code, "n": len(added)})
        else:
            messages.success(request, _("已搁置。"))
    return redirect(reverse("console:relay", args=[code]))


@allow(OPERATING_ROLES)
def prices(request: HttpRequest) -> HttpResponse:
    """What each kind of source proves and costs, and what watching cost in each area."""
    actor = reader(request)
    sums = watching.costs_by_area(actor)
    first = areas.visible_to(actor).select_related("place").first()
    place = first.place.path if first else "/"
    sources = [
        {
            "name": words(one.source.name),
            "proves": words("、".join(FACT_NAMES[fact] for fact in one.source.proves)),
            "settles": words(one.source.settles),
            "parts": words(one.source.parts) or _("不用买"),
            "price": one.price,
            "minutes": one.minutes,
        }
        for one in watching.price_list(place, timezone.now())
    ]
    total = sum((one.cost for one in sums), watching.NOTHING)
    context = {"sources": sources, "sums": sums, "total": total, "count": sum(one.machines for one in sums)}
    return render(request, "console/watching/prices.html", context)


urlpatterns = [
    path("relays/", relay_list, name="relays"),
    path("relays/new/", relay_new, name="relay_new"),
    path("relays/<slug:code>/", relay, name="relay"),
    path("relays/<slug:code>/enrolment/", relay_code, name="relay_code"),
    path("relays/<slug:code>/found/<int:number>/", found_settle, name="relay_found"),
    path("watching/costs/", prices, name="watch_prices"),
]
