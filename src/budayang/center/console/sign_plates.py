"""Pages of plates that hang: what each says, and what of it is no longer true."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.signage import plate_actions, plate_queries
from budayang.center.signage.plate_data import DRAWN, OF_TERMINAL
from budayang.center.signage.plate_queries import Plate
from budayang.center.terminals import queries as terminals
from budayang.rules.signs.plates import PLATE_KINDS

HANGERS = frozenset(plate_actions.HANGERS)


class HangForm(forms.Form):
    """Which plate was hung where."""

    kind = forms.ChoiceField(
        label=_("哪种标牌"),
        choices=lambda: [(code, words(one.name)) for code, one in PLATE_KINDS.items() if code in DRAWN],
    )
    area: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        areas.visible_to(Actor.job("console.plates")), label=_("自助区"), empty_label=_("请选择")
    )
    terminal = forms.CharField(
        label=_("终端编号"), required=False, max_length=20, help_text=_("设备上的标牌才填；例如 KBS-01。")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ModelChoiceField)
        area.queryset = areas.visible_to(actor)
        self._actor = actor

    def clean(self) -> dict[str, Any]:
        """The terminal's code becomes the terminal."""
        found = super().clean() or {}
        code = str(found.get("terminal") or "").strip().upper()
        found["terminal"] = terminals.find_terminal(self._actor, code) if code else None
        if code and found["terminal"] is None:
            self.add_error("terminal", _("没有编号为“%(code)s”的终端，请核对。") % {"code": code})
        if not code and found.get("kind") in OF_TERMINAL:
            self.add_error("terminal", _("这种标牌挂在设备上，请填写终端编号。"))
        return found


def _standing(row: Plate) -> State:
    return State("ok", gettext("属实")) if row.stale_since is None else State("stop", gettext("与事实不符"))


def _by_truth(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(stale_since__isnull=value != "stale")


@allow(OPERATING_ROLES)
def plate_list(request: HttpRequest) -> HttpResponse:
    """Every plate that hangs."""
    actor = reader(request)
    hang = (Action(reverse("console:plate_hang"), gettext("登记挂上"), primary=True),)
    return listing(
        request,
        title=gettext("标牌核对"),
        note=gettext(
            "标牌上的电话、时间、事项来自平台的数据。数据变了，挂着的牌子就不属实：自动派单更换，终端屏幕先显示正确的内容。"
        ),
        columns=(
            Column("kind", gettext("标牌"), plate_queries.kind_name, sort="kind"),
            Column("area", gettext("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("terminal", gettext("终端"), lambda row: row.terminal.code if row.terminal else "", sort="terminal"),
            Column("truth", gettext("内容"), _standing, kind="state", sort="stale_since"),
            Column("differs", gettext("哪里不符"), lambda row: "；".join(plate_queries.difference_lines(row))),
            Column("since", gettext("不符起于"), lambda row: row.stale_since, sort="stale_since", kind="moment"),
            Column("hung", gettext("挂上"), lambda row: row.hung_at, sort="hung_at", kind="moment"),
        ),
        queryset=plate_queries.plates_visible_to(actor),
        filters=(
            Filter(
                "truth",
                gettext("内容"),
                lambda: [("stale", gettext("与事实不符")), ("true", gettext("属实"))],
                _by_truth,
            ),
            Filter(
                "kind",
                gettext("标牌"),
                lambda: [(code, words(one.name)) for code, one in PLATE_KINDS.items() if code in DRAWN],
                lambda rows, v: rows.filter(kind=v),
            ),
            Filter(
                "place",
                gettext("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=("area__name", "terminal__code", "terminal__name"),
        default_sort="-since",
        row_url=lambda row: reverse("console:plate", args=[row.pk]),
        empty=gettext("还没有登记挂着的标牌。挂上一块就登记一块，以后由平台核对它是否属实。"),
        export_name=gettext("标牌核对"),
        topic="signage",
        actions=hang if actor.may(*plate_actions.HANGERS) else (),
    )


@allow(HANGERS)
def plate_hang(request: HttpRequest) -> HttpResponse:
    """A plate that was printed from today's data hangs now."""
    actor = reader(request)
    form = HangForm(actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            row = plate_actions.hang(actor, found["area"], found["terminal"], found["kind"], now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("area", gettext("这里的标牌不归您登记。"))
        else:
            messages.success(request, gettext("已登记。"))
            return redirect("console:plate", row.pk)
    context = {"title": gettext("登记挂上的标牌"), "form": form, "back_url": reverse("console:plates")}
    return render(request, "console/signs/plate_hang.html", context, status=422 if request.method == "POST" else 200)


def _get(request: HttpRequest, number: int) -> Plate:
    row = plate_queries.plates_visible_to(reader(request)).filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def plate_detail(request: HttpRequest, number: int) -> HttpResponse:
    """What a plate says, and what is true."""
    row, actor = _get(request, number), reader(request)
    context = {
        "row": row,
        "title": plate_queries.kind_name(row),
        "said": plate_queries.said(row),
        "state": _standing(row),
        "lines": plate_queries.difference_lines(row),
        "may_hang": actor.may(*plate_actions.HANGERS),
        "back_url": reverse("console:plates"),
    }
    return render(request, "console/signs/plate.html", context)


@allow(HANGERS)
@require_POST
def plate_replace(request: HttpRequest, number: int) -> HttpResponse:
    """A new one hangs in its place, with what is true today."""
    row = _get(request, number)
    try:
        new = plate_actions.hang(reader(request), row.area, row.terminal, row.kind, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:plate", row.pk)
    messages.success(request, gettext("已登记：新牌挂上，旧牌取下。"))
    return redirect("console:plate", new.pk)


@allow(HANGERS)
@require_POST
def plate_take_down(request: HttpRequest, number: int) -> HttpResponse:
    """It does not hang any more."""
    plate_actions.take_down(reader(request), _get(request, number), now=timezone.now())
    messages.success(request, gettext("已登记取下。"))
    return redirect("console:plates")


urlpatterns = [
    path("plates/", plate_list, name="plates"),
    path("plates/hang/", plate_hang, name="plate_hang"),
    path("plates/<int:number>/", plate_detail, name="plate"),
    path("plates/<int:number>/replace/", plate_replace, name="plate_replace"),
    path("plates/<int:number>/take-down/", plate_take_down, name="plate_take_down"),
]
