"""Pages of lost things (遗失物): found, kept, and where each went."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.forms import MomentField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.registers import KEEPERS, READERS, choices, person_page
from budayang.center.maintenance import book_actions, lost_actions
from budayang.center.maintenance.models import LostThing
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.wording import words
from budayang.rules.ledgers import LOOK_REASONS, LOST_EVENT_NAMES, LOST_KINDS, LOST_STATE_NAMES, LOST_TRANSITIONS

TONES: dict[str, Tone] = {"kept": "hand", "claimed": "ok", "police": "ok", "returned": "ok", "disposed": "ask"}


class LostForm(forms.Form):
    """A thing that was found."""

    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        areas.visible_to(Actor.system()), label=_("自助区"), empty_label=_("请选择")
    )
    kind = forms.ChoiceField(label=_("哪一类"), choices=choices(LOST_KINDS))
    what = forms.CharField(
        label=_("是什么"), max_length=80, help_text=_("写样子，不写姓名和号码，例如：黑色双肩包、身份证一张。")
    )
    found_at = MomentField(label=_("什么时候捡到"))
    found_where = forms.CharField(label=_("在哪里捡到"), max_length=80)
    found_by = forms.CharField(label=_("谁捡到"), max_length=40, help_text=_("工作人员写姓名，群众写“群众”即可。"))
    kept_where = forms.CharField(label=_("放在哪里"), max_length=80)
    kept_by = forms.CharField(label=_("谁保管"), max_length=40)
    owner = forms.CharField(
        label=_("失主信息"), max_length=200, required=False,
        help_text=_("证件上的姓名、号码，用来找失主；加密保存，不打印，物品离开后 180 天删除。"),
    )  # fmt: skip

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor)


class EndForm(forms.Form):
    """Where it goes."""

    event = forms.ChoiceField(label=_("去向"), choices=choices(LOST_EVENT_NAMES))
    name = forms.CharField(
        label=_("领取人或接收单位"), max_length=40, required=False, help_text=_("领取人的姓名加密保存，台账里只见姓。")
    )
    document = forms.CharField(
        label=_("领取人的证件和号码"), max_length=60, required=False, help_text=_("失主领回时要写，加密保存。")
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))


def lost_state(row: LostThing) -> State:
    """The state by word and shape."""
    return State(TONES[row.state], words(LOST_STATE_NAMES[row.state]))


@allow(READERS)
def lost_list(request: HttpRequest) -> HttpResponse:
    """What was found, the newest first."""
    actor = reader(request)
    keeps = actor.may(*book_actions.KEEPERS)
    return listing(
        request,
        title=_t("遗失物"),
        note=_t("捡到的东西先登记再找失主。失主和领取人的信息加密保存，每次查看都有审计记录，到期删除。"),
        columns=(
            Column("found", _t("捡到"), lambda row: row.found_at, sort="found_at", kind="moment"),
            Column("what", _t("是什么"), lambda row: row.what, sort="what"),
            Column("kind", _t("哪一类"), lambda row: words(LOST_KINDS[row.kind]), sort="kind"),
            Column("area", _t("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("where", _t("在哪里捡到"), lambda row: row.found_where),
            Column("kept", _t("放在哪里"), lambda row: row.kept_where),
            Column("keeper", _t("谁保管"), lambda row: row.kept_by),
            Column("state", _t("状态"), lost_state, sort="state", kind="state"),
            Column("ended", _t("离开"), lambda row: row.ended_at, sort="ended_at", kind="moment"),
            Column("to", _t("交给谁"), lambda row: row.claimant_mark),
        ),
        queryset=lost_actions.things_visible_to(actor),
        filters=(
            Filter("state", _t("状态"), choices(LOST_STATE_NAMES), lambda rows, v: rows.filter(state=v)),
            Filter("kind", _t("哪一类"), choices(LOST_KINDS), lambda rows, v: rows.filter(kind=v)),
            Filter(
                "place",
                _t("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=("what", "found_where", "kept_where"),
        default_sort="-found",
        row_url=lambda row: reverse("console:lost_thing", args=[row.pk]),
        empty=_t("还没有遗失物。捡到东西就点“登记”。"),
        export_name=_t("遗失物"),
        actions=(
            *((Action(reverse("console:lost_new"), _t("登记"), primary=True),) if keeps else ()),
            Action(reverse("console:ledgers"), _t("台账")),
        ),
    )


@allow(KEEPERS)
def lost_new(request: HttpRequest) -> HttpResponse:
    """Write down what was found."""
    now = timezone.now()
    form = LostForm(reader(request), request.POST or None, initial={"found_at": timezone.localtime(now)})
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        area = typed.pop("area")
        try:
            row = lost_actions.register(reader(request), area, now=now, **typed)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("area", _t("那里不在您的管理范围内。"))
        else:
            messages.success(request, _t("已登记。"))
            return redirect("console:lost_thing", row.pk)
    context = {
        "form": form,
        "title": _t("登记遗失物"),
        "back_url": reverse("console:lost_things"),
        "back_word": _t("遗失物"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _thing(request: HttpRequest, pk: int) -> LostThing:
    row = lost_actions.things_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(READERS)
def lost_thing(request: HttpRequest, pk: int) -> HttpResponse:
    """One thing; who keeps it says here where it goes."""
    actor, row = reader(request), _thing(request, pk)
    keeps = actor.may(*book_actions.KEEPERS, place_path=row.area.place.path)
    may_end = keeps and any(state == row.state for state, _event in LOST_TRANSITIONS)
    form = EndForm(request.POST or None)
    if request.method == "POST":
        if not keeps:
            raise Forbidden("only keepers give a thing away")
        if form.is_valid():
            try:
                lost_actions.end(actor, row, now=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _t("已登记去向。"))
                return redirect("console:lost_thing", pk)
    context = {
        "row": row,
        "kind": words(LOST_KINDS[row.kind]),
        "state": lost_state(row),
        "form": form,
        "keeps": keeps,
        "may_end": may_end,
        "reasons": choices(LOOK_REASONS)(),
    }
    return render(request, "console/ledgers/lost.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
@require_POST
def lost_person(request: HttpRequest, pk: int) -> HttpResponse:
    """What is sealed: shown once, not cached; the look is an audit line."""
    row = _thing(request, pk)
    try:
        found = lost_actions.view_person(
            reader(request), row, reason=request.POST.get("reason", ""), now=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:lost_thing", pk)
    facts = [
        (_t("失主信息"), found.get("owner")),
        (_t("领取人"), found.get("name")),
        (_t("领取人的证件和号码"), found.get("document")),
    ]
    return person_page(request, facts, reverse("console:lost_thing", args=[pk]))


urlpatterns = [
    path("ledgers/lost/", lost_list, name="lost_things"),
    path("ledgers/lost/new/", lost_new, name="lost_new"),
    path("ledgers/lost/<int:pk>/", lost_thing, name="lost_thing"),
    path("ledgers/lost/<int:pk>/person/", lost_person, name="lost_person"),
]
