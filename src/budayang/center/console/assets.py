"""Pages of the register of assets: the list, a new one, the import."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console import table_import
from budayang.center.console.asset_forms import NewAssetForm, contract_words
from budayang.center.console.incidents import places
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.table_import import Import
from budayang.center.maintenance import asset_actions, asset_imports, asset_queries
from budayang.center.maintenance.asset_imports import AssetPlan
from budayang.center.maintenance.models import Asset, WorkOrder
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.uploads import UploadedTable
from budayang.center.platform.wording import words
from budayang.rules.assets import KIND_NAMES, STATE_NAMES, WARRANTY_NAMES, Warranty

KEEPERS = frozenset(asset_actions.KEEPERS)
TONES: dict[str, Tone] = {
    "waiting": "hand", "in_use": "ok", "stopped": "warn", "scrapped": "ask", "returned": "ask",
}  # fmt: skip
WARRANTY_TONES: dict[Warranty, Tone] = {Warranty.UNKNOWN: "ask", Warranty.COVERED: "ok", Warranty.ENDED: "warn"}
EXAMPLE = (
    "ZC-0001", "凭条打印机", "终端部件", "KBS", "RS", "KBS-01", "printer", "凭条口", "示例供应商", "型号甲", "SN-0001",
    "2026-01-15", "2028-01-14", "2031-01-14", "",
)  # fmt: skip


def asset_state(row: Asset) -> State:
    """The state by word and shape."""
    return State(TONES[row.state], words(STATE_NAMES[row.state]))


def warranty_state(row: Asset) -> State:
    """Whether the supplier still answers for it."""
    found = asset_queries.warranty_of(row, timezone.now())
    return State(WARRANTY_TONES[found], words(WARRANTY_NAMES[found]))


def where(row: Asset) -> str:
    """康巴什区自助区 KBS-01 printer."""
    parts = (row.area.name, row.terminal.code if row.terminal else "", row.component, row.spot)
    return " ".join(part for part in parts if part)


def _choices(names: dict[str, str]) -> list[tuple[str, str]]:
    return [(code, words(word)) for code, word in names.items()]


@allow(OPERATING_ROLES)
def asset_list(request: HttpRequest) -> HttpResponse:
    """Every asset that the reader may see."""
    actor = reader(request)
    keeps = actor.may(*asset_actions.KEEPERS)
    actions = (
        Action(reverse("console:asset_new"), _("登记资产"), primary=True),
        Action(reverse("console:asset_import"), _("导入")),
    )
    return listing(
        request,
        title=_("资产"),
        note=_("一机一档：终端、部件和其他设施各一条，验收、移动、工单、用料和停机都能从它查到。"),
        columns=(
            Column("code", _("编号"), lambda row: row.code, sort="code", kind="code"),
            Column("name", _("名称"), lambda row: row.name, sort="name"),
            Column("kind", _("类别"), lambda row: words(KIND_NAMES[row.kind]), sort="kind"),
            Column("where", _("位置"), where, sort="area__name"),
            Column("owner", _("归属单位"), lambda row: row.owner.name, sort="owner__name"),
            Column("make", _("型号"), lambda row: row.make, sort="make"),
            Column("serial", _("序列号"), lambda row: row.serial, sort="serial"),
            Column("bought", _("购置日期"), lambda row: row.bought_on, sort="bought_on"),
            Column("warranty", _("质保到"), lambda row: row.warranty_until, sort="warranty_until"),
            Column("covered", _("质保"), warranty_state, kind="state"),
            Column("life", _("预计报废"), lambda row: row.life_until, sort="life_until"),
            Column("contract", _("合同编号"), lambda row: row.contract.number if row.contract else ""),
            Column("state", _("状态"), asset_state, sort="state", kind="state"),
        ),
        queryset=asset_queries.assets_visible_to(actor),
        filters=(
            Filter("kind", _("类别"), lambda: _choices(KIND_NAMES), lambda rows, v: rows.filter(kind=v)),
            Filter("state", _("状态"), lambda: _choices(STATE_NAMES), lambda rows, v: rows.filter(state=v)),
            Filter(
                "place",
                _("地区"),
                lambda: places(actor),
                lambda rows, v: rows.filter(area__place__path__startswith=v),
            ),
        ),
        search=("code", "name", "serial", "make", "terminal__code", "owner__name"),
        default_sort="code",
        row_url=lambda row: reverse("console:asset", args=[row.pk]),
        empty=_("还没有登记资产。点“登记资产”写一件，或用“导入”一次装入整张表。"),
        export_name=_("资产"),
        actions=actions if keeps else (),
    )


@allow(KEEPERS)
def asset_new(request: HttpRequest) -> HttpResponse:
    """Write a thing down."""
    form = NewAssetForm(reader(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            row = asset_actions.register(
                reader(request), code=typed["code"], kind=typed["kind"], place=form.place, facts=form.facts,
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("owner", _("您只能登记自己管理范围内的资产。"))
        else:
            messages.success(request, _("已登记，等待验收。"))
            return redirect("console:asset", row.pk)
    context = {
        "form": form,
        "title": _("登记资产"),
        "back_url": reverse("console:assets"),
        "back_word": _("资产"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _check(actor: Actor, table: UploadedTable) -> Any:
    return asset_imports.check_assets(actor, table, timezone.now())


def _load(actor: Actor, table: UploadedTable, _name: str) -> tuple[int, int]:
    return asset_imports.load_assets(actor, table, timezone.now())


def _show(plan: AssetPlan) -> tuple[str, ...]:
    where_ = " ".join(part for part in (plan.place.area, plan.place.terminal, plan.place.component) if part)
    return plan.code, plan.facts.name, words(KIND_NAMES[plan.kind]), where_, plan.facts.owner.name


IMPORT = Import(
    key="assets",
    title=gettext_lazy("资产"),
    needs=asset_imports.COLUMNS,
    optional=asset_imports.OPTIONAL,
    example=lambda: EXAMPLE,
    read=asset_imports.read_assets,
    check=_check,
    load=_load,
    show=_show,
    heads=(
        gettext_lazy("编号"),
        gettext_lazy("名称"),
        gettext_lazy("类别"),
        gettext_lazy("位置"),
        gettext_lazy("归属单位"),
    ),
    crumbs=(("console:assets", gettext_lazy("资产")),),
    template="console:asset_import_template",
    done="console:assets",
    help=gettext_lazy("导入的资产都是“待验收”。编号已经登记过的不改。日期写成 2026-11-26。"),
)


@allow(KEEPERS)
def asset_import(request: HttpRequest) -> HttpResponse:
    """Upload a table, see what it would do, load it."""
    return table_import.import_page(request, IMPORT)


@allow(KEEPERS)
def asset_import_template(_request: HttpRequest) -> HttpResponse:
    """An empty table with one example row."""
    return table_import.template_file(IMPORT)


def assets_context(actor: Actor, order: WorkOrder) -> list[tuple[Asset, State, str]]:
    """(asset, warranty, contract) of the things that an order is about, for the order's page."""
    return [
        (one, warranty_state(one), contract_words(one.contract) if one.contract else "")
        for one in asset_queries.assets_of_order(actor, order)
    ]


urlpatterns = [
    path("assets/", asset_list, name="assets"),
    path("assets/new/", asset_new, name="asset_new"),
    path("assets/import/", asset_import, name="asset_import"),
    path("assets/import/template.csv", asset_import_template, name="asset_import_template"),
]
