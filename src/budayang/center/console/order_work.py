"""Pages about the work of an order: photos, parts and costs, and an order opened by hand."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.assets import assets_context
from budayang.center.console.reader import reader
from budayang.center.maintenance import actions, manual_orders, queries, work_actions
from budayang.center.maintenance.models import FINAL_ORDER_STATES, PHOTO_MOMENTS, OrderPhoto, WorkOrder
from budayang.center.maintenance.order_proving import enough_for, missing_proof, proofs_of
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.uploads import PHOTO_BYTES
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.models import Terminal
from budayang.rules.cases import yuan
from budayang.rules.causes import SEVERITY_NAMES, Severity
from budayang.rules.consumables import get_consumable
from budayang.rules.order_proofs import PROOF_NAMES

DOERS = frozenset(actions.DOERS)
MOST_AT_ONCE = 10
_YUAN = re.compile(r"^\d{1,7}(\.\d{1,2})?$")


def find_order(request: HttpRequest, number: str) -> WorkOrder:
    """The order, or 404 when it is not there or not this reader's."""
    try:
        return queries.get_order(reader(request), number)
    except WorkOrder.DoesNotExist as error:
        raise Http404 from error


def order_work_context(actor: Actor, order: WorkOrder) -> dict[str, Any]:
    """What the order's page shows of proof, photos and parts."""
    bodies = (order.organization_id, order.incident.owner_id, order.incident.vendor_id)
    may_work = actor.may(*actions.DOERS, place_path=order.place_path, organizations=bodies)
    works = may_work and order.state not in FINAL_ORDER_STATES
    enough, given = enough_for(order), proofs_of(order)
    parts = list(order.parts.all())
    kept = ExpressionWrapper(Q(content_sealed__isnull=False), BooleanField())
    photos = list(order.photos.defer("content_sealed").annotate(kept=kept).order_by("pk"))
    return {
        "assets": assets_context(actor, order),
        "works": works,
        "enough": [words(PROOF_NAMES[one]) for one in enough],
        "given": [words(PROOF_NAMES[one]) for one in enough if one in given],
        "lacks_proof": bool(missing_proof(order)),
        "photos": [
            (moment, words(word), [one for one in photos if one.moment == moment])
            for moment, word in PHOTO_MOMENTS.items()
        ],
        "photo_default": "after" if order.state in ("on_site", "repaired") else "before",
        "parts": [(part, yuan(part.cost_fen)) for part in parts],
        "cost": yuan(work_actions.cost_fen(order)),
        "stocks": [
            (one.pk, f"{words(get_consumable(one.consumable).name)}，{one.organization.name}", one.balance)
            for one in (work_actions.stocks_for(actor, order) if works else [])
        ],
    }


@allow(DOERS)
@require_POST
def photo_add(request: HttpRequest, number: str) -> HttpResponse:
    """Keep photographs. Each is looked at by itself: one that cannot be taken does not keep the others back."""
    order, actor, now = find_order(request, number), reader(request), timezone.now()
    files = request.FILES.getlist("files")
    if not files:
        messages.error(request, _("还没有选照片。请点“拍照或选照片”。"))
    kept = 0
    for file in files[:MOST_AT_ONCE]:
        try:
            content = b"" if (file.size or 0) > PHOTO_BYTES else file.read()
            if not content:
                raise Refused(_("这张照片超过 20 MB 或是空的，请缩小后再上传。"))
            work_actions.add_photo(actor, order, moment=request.POST.get("moment", ""), content=content, now=now)
            kept += 1
        except Refused as refusal:
            messages.error(request, str(refusal))
    if len(files) > MOST_AT_ONCE:
        messages.error(request, _("一次最多传 %(most)d 张，后面的请再传一次。") % {"most": MOST_AT_ONCE})
    if kept:
        messages.success(request, _("已收下 %(n)d 张照片。") % {"n": kept})
    return redirect("console:order", number)


@allow(OPERATING_ROLES)
def photo(request: HttpRequest, number: str, ref: str) -> HttpResponse:
    """One photograph, for whoever may see its order."""
    row = OrderPhoto.objects.filter(order=find_order(request, number), ref=ref).first()
    content = work_actions.read_photo(row) if row is not None else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _fen(text: str) -> int:
    """Fen of an amount typed in yuan; empty is nothing. Raises Refused."""
    if not text.strip():
        return 0
    if not _YUAN.match(text.strip()):
        raise Refused(_("金额写元，最多两位小数，例如 35 或 35.50。"))
    return int(Decimal(text.strip()) * 100)


def _count(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 6:
        raise Refused(_("数量写整数，例如 1。"))
    return int(text)


@allow(DOERS)
@require_POST
def part_add(request: HttpRequest, number: str) -> HttpResponse:
    """Note a part that was used: out of a stock of the area, or by name."""
    order, actor, typed, now = find_order(request, number), reader(request), request.POST, timezone.now()
    try:
        amount, cost_fen = _count(typed.get("amount", "")), _fen(typed.get("yuan", ""))
        if "stock" in typed:
            if not typed["stock"].isdecimal():
                raise Refused(_("请选择用了哪一种库存。"))
            work_actions.use_stock(
                actor, order, stock_id=int(typed["stock"]), amount=amount, cost_fen=cost_fen, now=now
            )
        else:
            work_actions.use_part(
                actor, order, name=typed.get("name", ""), unit=typed.get("unit", ""), amount=amount,
                cost_fen=cost_fen, now=now,
            )  # fmt: skip
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:order", number)


@allow(DOERS)
@require_POST
def part_back(request: HttpRequest, number: str, part: int) -> HttpResponse:
    """Take a line back, with the reason."""
    row = find_order(request, number).parts.filter(pk=part).first()
    if row is None:
        raise Http404
    try:
        work_actions.take_back_part(reader(request), row, why=request.POST.get("note", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已更正。"))
    return redirect("console:order", number)


class ManualForm(forms.Form):
    """What is wrong, where, how grave."""

    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("自助区"), empty_label=gettext_lazy("请选择")
    )
    terminal: forms.ModelChoiceField[Terminal] = forms.ModelChoiceField(
        Terminal.objects.none(),
        label=gettext_lazy("终端"),
        required=False,
        help_text=gettext_lazy("是场所的问题就不选；选了就派给它的归属单位。"),
    )
    title = forms.CharField(
        label=gettext_lazy("什么问题"), max_length=80, help_text=gettext_lazy("一句话，例如：二号机屏幕有裂纹。")
    )
    note = forms.CharField(
        label=gettext_lazy("详细情况"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("等级"),
        choices=lambda: [(one.value, words(SEVERITY_NAMES[one])) for one in Severity],
        help_text=gettext_lazy("等级决定响应、到场、修复的时限。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places, machines = self.fields["area"], self.fields["terminal"]
        assert isinstance(places, forms.ModelChoiceField)
        assert isinstance(machines, forms.ModelChoiceField)
        places.queryset = areas.visible_to(actor)
        machines.queryset = terminals.visible_to(actor).exclude(state=Terminal.State.RETIRED).order_by("code")
        machines.empty_label = _("不是某一台终端")


def _open(actor: Actor, typed: dict[str, Any]) -> WorkOrder:
    machine = typed["terminal"]
    return manual_orders.open_manual(
        actor, area=typed["area"].code, terminal=machine.code if machine else "", title=typed["title"],
        note=typed["note"], severity=typed["severity"], now=timezone.now(),
    )  # fmt: skip


@allow(DOERS)
def order_new(request: HttpRequest) -> HttpResponse:
    """手工开单."""
    actor = reader(request)
    form = ManualForm(actor, request.POST or None, initial=_asked(request, actor))
    if request.method == "POST" and form.is_valid():
        try:
            order = _open(actor, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("area", _("您只能为自己负责的终端和自助区开单。"))
        else:
            messages.success(request, _("已开单，派给%(who)s。") % {"who": queries.who(order)})
            return redirect("console:order", order.number)
    context = {
        "form": form,
        "title": _("手工开单"),
        "note": _("终端自己报告的故障会自动派单；这里开的是人看到、机器说不出来的。"),
        "submit": _("开单"),
        "back_url": reverse("console:orders"),
        "back_word": _("工单"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The terminal that the address names, with its area."""
    machine = terminals.find_terminal(actor, request.GET.get("terminal", ""))
    return {"terminal": machine, "area": machine.area} if machine is not None else {}


urlpatterns = [
    path("orders/new/", order_new, name="order_new"),
    path("orders/<slug:number>/photos/", photo_add, name="order_photo_add"),
    path("orders/<slug:number>/photos/<slug:ref>.jpg", photo, name="order_photo"),
    path("orders/<slug:number>/parts/", part_add, name="order_part_add"),
    path("orders/<slug:number>/parts/<int:part>/back/", part_back, name="order_part_back"),
]
