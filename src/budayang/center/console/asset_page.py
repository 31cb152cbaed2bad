"""The page of one asset: what it is, where it was, what happened to it, its orders; and its acceptance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.asset_forms import AcceptanceForm, FactsForm, PlaceForm, contract_words
from budayang.center.console.assets import KEEPERS, asset_state, warranty_state, where
from budayang.center.console.incidents import order_state
from budayang.center.console.reader import reader
from budayang.center.maintenance import asset_acceptance, asset_actions, asset_queries
from budayang.center.maintenance.models import Asset, AssetFile
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.assets import ANSWER_NAMES, EVENT_NAMES, KIND_NAMES, TRANSITIONS
from budayang.rules.cases import yuan

SHOWN_ORDERS = 20
STEPS = ("stop", "start", "scrap", "return")


def _asset(request: HttpRequest, pk: int) -> Asset:
    try:
        return asset_queries.get_asset(reader(request), pk)
    except Asset.DoesNotExist as error:
        raise Http404 from error


def _may_change(actor: Actor, row: Asset) -> bool:
    return actor.may(*asset_actions.KEEPERS, place_path=row.area.place.path, organizations=(row.owner_id,))


@allow(OPERATING_ROLES)
def asset(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one asset."""
    actor, now, row = reader(request), timezone.now(), _asset(request, pk)
    totals = asset_queries.totals_of(actor, row, now)
    orders = [(one, order_state(one.state)) for one in asset_queries.orders_of(actor, row)[:SHOWN_ORDERS]]
    acceptances = [
        (one, [(found, words(ANSWER_NAMES[found["answer"]])) for found in one.findings])
        for one in row.acceptances.order_by("-at", "-pk")
    ]
    context = {
        "row": row,
        "kind": words(KIND_NAMES[row.kind]),
        "state": asset_state(row),
        "warranty": warranty_state(row),
        "where": where(row),
        "contract": contract_words(row.contract) if row.contract else "",
        "totals": totals,
        "cost": yuan(totals.cost_fen),
        "orders": orders,
        "acceptances": acceptances,
        "events": [(one, words(EVENT_NAMES[one.event])) for one in row.events.order_by("-at", "-pk")],
        "stays": row.stays.select_related("area", "terminal").order_by("-since_at"),
        "files": row.files.defer("content_sealed").order_by("pk"),
        "steps": [(event, words(EVENT_NAMES[event])) for event in STEPS if (row.state, event) in TRANSITIONS],
        "accepts": (row.state, "accept") in TRANSITIONS,
        "may_change": _may_change(actor, row),
    }
    return render(request, "console/assets/asset.html", context)


def _answer(request: HttpRequest, row: Asset, form: forms.Form, title: str) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "back_url": reverse("console:asset", args=[row.pk]),
        "back_word": row.code,
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
def asset_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what is written down."""
    row = _asset(request, pk)
    names = ("name", "supplier", "make", "serial", "bought_on", "warranty_until", "life_until")
    initial = {name: getattr(row, name) for name in names} | {"owner": row.owner_id, "contract": row.contract_id}
    form = FactsForm(reader(request), request.POST or None, initial=initial, asset=row)
    if request.method == "POST" and form.is_valid():
        try:
            asset_actions.change(reader(request), row, form.facts, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("owner", _("您只能登记自己管理范围内的资产。"))
        else:
            messages.success(request, _("已保存。"))
            return redirect("console:asset", pk)
    return _answer(request, row, form, _("更改资料：%(code)s") % {"code": row.code})


@allow(KEEPERS)
def asset_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Say where it stands from now on."""
    row = _asset(request, pk)
    initial = {"area": row.area_id, "terminal": row.terminal_id, "component": row.component, "spot": row.spot}
    form = PlaceForm(reader(request), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            asset_actions.move(reader(request), row, form.place, note="", now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("area", _("那里不在您的管理范围内。"))
        else:
            messages.success(request, _("已移动。以前的工单还算在原来的位置。"))
            return redirect("console:asset", pk)
    return _answer(request, row, form, _("移动：%(code)s") % {"code": row.code})


@allow(KEEPERS)
def asset_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """验收: item by item, with photographs and papers."""
    row, now = _asset(request, pk), timezone.now()
    form = AcceptanceForm(row, request.POST or None, now=now)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        files = [(one.name or "", one.read()) for one in request.FILES.getlist("files")]
        try:
            asset_acceptance.accept(
                reader(request), row, accepted_on=typed["accepted_on"], passed=typed["passed"] == "yes",
                answers=form.answers, notes=form.notes, people=typed["people"], note=typed["note"], files=files,
                now=now,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记下验收。"))
            return redirect("console:asset", pk)
    status = 422 if form.errors else 200
    return render(request, "console/assets/accept.html", {"form": form, "row": row}, status=status)


@allow(KEEPERS)
@require_POST
def asset_step(request: HttpRequest, pk: int) -> HttpResponse:
    """停用, 恢复使用, 报废, 退回."""
    row = _asset(request, pk)
    event = request.POST.get("event", "")
    if event not in STEPS:
        raise Http404
    return _done(request, row, lambda who, now: asset_actions.step(
        who, row, event, note=request.POST.get("note", ""), now=now
    ))  # fmt: skip


@allow(KEEPERS)
@require_POST
def asset_tie(request: HttpRequest, pk: int) -> HttpResponse:
    """Tie an order by its number."""
    row = _asset(request, pk)
    number = request.POST.get("number", "")
    return _done(request, row, lambda who, now: asset_actions.tie_order(who, row, number, now=now))


@allow(KEEPERS)
@require_POST
def asset_file_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a photograph or a PDF."""
    row = _asset(request, pk)
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, _("请选一个文件。"))
        return redirect("console:asset", pk)
    name, content = upload.name or "", upload.read()
    return _done(
        request, row, lambda who, now: asset_acceptance.add_file(who, row, name=name, content=content, now=now)
    )


def _done(request: HttpRequest, row: Asset, act: Any) -> HttpResponse:
    try:
        act(reader(request), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已保存。"))
    return redirect("console:asset", row.pk)


@allow(OPERATING_ROLES)
def asset_file(request: HttpRequest, pk: int, ref: str) -> HttpResponse:
    """The content, for whoever may see the asset."""
    row = AssetFile.objects.filter(asset=_asset(request, pk), ref=ref).first()
    content = asset_queries.read_file(row) if row is not None else None
    if row is None or content is None:
        raise Http404
    answer = HttpResponse(content, content_type=row.media)
    as_file = row.media != "image/jpeg"
    answer["Content-Disposition"] = content_disposition_header(as_file, row.name) or "attachment"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("assets/<int:pk>/", asset, name="asset"),
    path("assets/<int:pk>/edit/", asset_edit, name="asset_edit"),
    path("assets/<int:pk>/move/", asset_move, name="asset_move"),
    path("assets/<int:pk>/accept/", asset_accept, name="asset_accept"),
    path("assets/<int:pk>/step/", asset_step, name="asset_step"),
    path("assets/<int:pk>/orders/", asset_tie, name="asset_tie"),
    path("assets/<int:pk>/files/", asset_file_add, name="asset_file_add"),
    path("assets/<int:pk>/files/<slug:ref>/", asset_file, name="asset_file"),
]
