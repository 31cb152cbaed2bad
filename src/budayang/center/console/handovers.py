"""Pages of the hand-over between shifts (交接班)."""

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

from budayang.center.areas import queries as areas
from budayang.center.console.incidents import order_state
from budayang.center.console.listing import Action, Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import handover_actions as actions
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.models import Handover
from budayang.center.maintenance.order_actions import DOERS as DOING
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.roles import BODY_ROLES, OPERATING_ROLES

DOERS = frozenset(DOING)


def shifts_of(actor: Actor) -> list[tuple[str, str, Organization, Place]]:
    """("<organization>:<place>", words, body, place) of each duty that this person may hand over: bodies' people that
    of their body in their place, keepers that of each area's managing unit.
    """
    found: dict[str, tuple[str, str, Organization, Place]] = {}

    def add(body: Organization, place: Place) -> None:
        key = f"{body.pk}:{place.pk}"
        found[key] = (key, f"{body.name}，{place.name}", body, place)

    for grant in actor.grants:
        if grant.role in BODY_ROLES and grant.organization_id is not None:
            body = Organization.objects.filter(pk=grant.organization_id).first()
            place = platform.find_place_by_path(grant.place_path)
            if body is not None and place is not None:
                add(body, place)
    for area in areas.visible_to(actor).select_related("manager", "place"):
        if area.manager is not None and actor.may(*DOING, place_path=area.place.path):
            add(area.manager, area.place)
    return list(found.values())


class HandoverForm(forms.Form):
    """To whom, and what there is to say."""

    taker: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=gettext_lazy("接班人"), empty_label=gettext_lazy("请选择")
    )
    note = forms.CharField(
        label=gettext_lazy("交代的事"),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("没有特别的事就写“无异常”。没结束的工单会自动附上。"),
    )

    def __init__(self, people: list[Staff], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = self.fields["taker"]
        assert isinstance(takers, forms.ModelChoiceField)
        takers.queryset = Staff.objects.filter(pk__in=[one.pk for one in people])


def _state(row: Handover) -> State:
    return State("ok", _("已接班")) if row.taken_at else State("hand", _("待接班"))


@allow(OPERATING_ROLES)
def handover_list(request: HttpRequest) -> HttpResponse:
    """Who handed what over to whom."""
    actor = reader(request)
    offers = [
        Action(f"{reverse('console:handover_new')}?shift={key}", _("交班：%(shift)s") % {"shift": word})
        for key, word, _body, _place in shifts_of(actor)[:4]
    ]
    return listing(
        request,
        title=_("交接班"),
        note=_("交班时附上没结束的工单；接班人本人确认了才算接班。"),
        columns=(
            Column("given", _("交班"), lambda row: row.given_at, sort="given_at", kind="moment"),
            Column("giver", _("交班人"), lambda row: row.giver.name, sort="giver__name"),
            Column("taker", _("接班人"), lambda row: row.taker.name, sort="taker__name"),
            Column("state", _("状态"), _state, kind="state"),
            Column("body", _("单位"), lambda row: row.organization.name, sort="organization__name"),
            Column("place", _("范围"), lambda row: row.place.name, sort="place__path"),
            Column("orders", _("未结束工单"), lambda row: len(row.orders) + row.left_out, kind="number"),
            Column("taken", _("接班时间"), lambda row: row.taken_at, sort="taken_at", kind="moment"),
        ),
        queryset=actions.handovers_visible_to(actor),
        search=("giver__name", "taker__name", "note"),
        default_sort="-given",
        row_url=lambda row: reverse("console:handover", args=[row.pk]),
        empty=_("还没有交接班记录。下班前点“交班”，把没结束的事交给下一位。"),
        export_name=_("交接班"),
        actions=offers,
    )


@allow(DOERS)
def handover_new(request: HttpRequest) -> HttpResponse:
    """交班: the note, to the next on duty, with the open orders as they stand."""
    actor, now = reader(request), timezone.now()
    wanted = request.GET.get("shift", "")
    shift = next((one for one in shifts_of(actor) if one[0] == wanted), None)
    if shift is None:
        raise Http404
    _key, word, body, place = shift
    people = actions.people_for(body, place, actor.staff_id)
    following = actions.next_on_duty(body.pk, place.path, now, actor.staff_id)
    form = HandoverForm(people, request.POST or None, initial={"taker": following})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            row = actions.hand_over(
                actor, organization=body, place=place, taker=typed["taker"], note=typed["note"], now=now
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error(None, _("您不在这个班次，不能代别人交班。"))
        else:
            messages.success(request, _("已交班，等%(name)s确认。") % {"name": row.taker.name})
            return redirect("console:handover", row.pk)
    found, left_out = actions.open_orders(body, place)
    orders = [(one, order_state(one.state), maintenance.who(one)) for one in found]
    context = {
        "form": form, "word": word, "orders": orders, "left_out": left_out, "all": len(orders) + left_out,
        "has_people": bool(people), "roster": following,
    }  # fmt: skip
    return render(request, "console/maintenance/handover_new.html", context, status=422 if form.errors else 200)


def _row(request: HttpRequest, pk: int) -> Handover:
    row = actions.handovers_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """One hand-over: the note and the orders as they stood then; its taker says here that it is taken."""
    row = _row(request, pk)
    orders = [(one, order_state(one["state"])) for one in row.orders]
    context = {
        "row": row,
        "state": _state(row),
        "orders": orders,
        "all": len(orders) + row.left_out,
        "may_take": row.taken_at is None and reader(request).staff_id == row.taker_id,
    }
    return render(request, "console/maintenance/handover.html", context)


@allow(OPERATING_ROLES)
@require_POST
def handover_take(request: HttpRequest, pk: int) -> HttpResponse:
    """接班."""
    row = _row(request, pk)
    try:
        actions.take_over(reader(request), row, answer=request.POST.get("answer", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已接班。"))
    return redirect("console:handover", pk)


urlpatterns = [
    path("handovers/", handover_list, name="handovers"),
    path("handovers/new/", handover_new, name="handover_new"),
    path("handovers/<int:pk>/", handover, name="handover"),
    path("handovers/<int:pk>/take/", handover_take, name="handover_take"),
]
