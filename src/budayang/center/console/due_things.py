"""Pages of things with a day by which they have to be renewed: extinguishers, tests, certificates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import due_things
from budayang.center.maintenance.models import DueThing
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.due_dates import OF_ASSETS, STAGE_NAMES, THING_NAMES, Stage

KEEPERS = frozenset(due_things.KEEPERS)
TONES: dict[Stage, Tone] = {Stage.FINE: "ok", Stage.SOON: "warn", Stage.OVER: "stop"}


class ThingForm(forms.Form):
    """A thing and its day."""

    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(due_things.JOB), label=_("自助区"), empty_label=_("请选择")
    )
    kind = forms.ChoiceField(
        label=_("哪一类"),
        choices=lambda: [(code, words(word)) for code, word in THING_NAMES.items() if code not in OF_ASSETS],
    )
    name = forms.CharField(label=_("哪一件"), max_length=60, help_text=_("例如：入口左侧 4 公斤干粉。"))
    due_on = DateField(label=_("到期日"), help_text=_("更换、检测或续期以后，在这里写新的日期，工单就等待验收。"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor)


@allow(OPERATING_ROLES)
def thing_list(request: HttpRequest) -> HttpResponse:
    """Everything with a day, what is due first at the head."""
    actor, now = reader(request), timezone.now()
    keeps = actor.may(*due_things.KEEPERS)

    def standing(row: DueThing) -> State:
        found = due_things.stage_of(row, now)
        return State(TONES[found], words(STAGE_NAMES[found]))

    return listing(
        request,
        title=gettext("到期事项"),
        note=gettext(
            "灭火器、检测、证照按到期日列出；提前 60 天派单，过期再派更急的单。资产的质保期和使用年限从资产登记来。"
        ),
        columns=(
            Column("name", gettext("哪一件"), lambda row: row.name, sort="name"),
            Column("kind", gettext("哪一类"), lambda row: words(THING_NAMES[row.kind]), sort="kind"),
            Column("area", gettext("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("due", gettext("到期日"), lambda row: row.due_on, sort="due_on"),
            Column("state", gettext("状态"), standing, kind="state"),
        ),
        queryset=due_things.things_visible_to(actor),
        filters=(
            Filter(
                "kind",
                gettext("哪一类"),
                lambda: [(code, words(word)) for code, word in THING_NAMES.items()],
                lambda rows, v: rows.filter(kind=v),
            ),
            Filter(
                "place",
                gettext("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=("name", "area__name"),
        default_sort="due",
        row_url=(lambda row: reverse("console:due_thing", args=[row.pk])) if keeps else None,
        empty=gettext("还没有登记。请把每具灭火器、每项检测和证照的到期日登记进来。"),
        export_name=gettext("到期事项"),
        actions=(Action(reverse("console:due_thing_new"), gettext("登记"), primary=True),) if keeps else (),
    )


@allow(KEEPERS)
def thing_new(request: HttpRequest) -> HttpResponse:
    """Write down a thing."""
    return _edit(request, None)


@allow(KEEPERS)
def thing_change(request: HttpRequest, number: int) -> HttpResponse:
    """Write down its new day; that of an asset is written down with the asset."""
    row = _get(request, number)
    if row.asset_id is not None:
        return redirect("console:asset_edit", row.asset_id)
    return _edit(request, row)


def _get(request: HttpRequest, number: int) -> DueThing:
    row = due_things.things_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


def _edit(request: HttpRequest, row: DueThing | None) -> HttpResponse:
    actor = reader(request)
    initial = {"area": row.area_id, "kind": row.kind, "name": row.name, "due_on": row.due_on} if row else {}
    form = ThingForm(actor, request.POST or None, initial=initial)
    if row is not None:
        form.fields["area"].disabled = True
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            due_things.keep_thing(
                actor, row or DueThing(area=found["area"]), kind=found["kind"], name=found["name"],
                due_on=found["due_on"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("已保存。"))
            return redirect("console:due_things")
    context = {"title": gettext("到期事项"), "form": form, "row": row, "back_url": reverse("console:due_things")}
    return render(request, "console/rounds/due.html", context, status=422 if request.method == "POST" else 200)


@allow(KEEPERS)
@require_POST
def thing_retire(request: HttpRequest, number: int) -> HttpResponse:
    """It is not there any more."""
    row = _get(request, number)
    if row.asset_id is not None:
        return redirect("console:asset_edit", row.asset_id)
    due_things.retire_thing(reader(request), row, now=timezone.now())
    messages.success(request, gettext("已注销。"))
    return redirect("console:due_things")


urlpatterns = [
    path("due/", thing_list, name="due_things"),
    path("due/new/", thing_new, name="due_thing_new"),
    path("due/<int:number>/", thing_change, name="due_thing"),
    path("due/<int:number>/retire/", thing_retire, name="due_thing_retire"),
]
