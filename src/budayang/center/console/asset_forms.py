"""Forms of the register of assets and of its acceptance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.forms import DateField
from budayang.center.maintenance import asset_queries
from budayang.center.maintenance.asset_actions import JOB, Facts, Place
from budayang.center.maintenance.models import Asset, Contract
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.models import Terminal
from budayang.rules.assets import ANSWER_NAMES, KIND_NAMES, check_items


class TerminalField(forms.ModelChoiceField[Terminal]):
    """A terminal, by code and name."""

    def label_from_instance(self, obj: Terminal) -> str:
        return f"{obj.code} {obj.name}"


class ContractField(forms.ModelChoiceField[Contract]):
    """A contract, by number, name and body."""

    def label_from_instance(self, obj: Contract) -> str:
        return contract_words(obj)


class ActorForm(forms.Form):
    """A form whose choices are what one reader may see; each part of a form narrows its own in `narrow`."""

    def __init__(self, actor: Actor, *args: Any, asset: Asset | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.narrow(actor, asset)

    def narrow(self, actor: Actor, asset: Asset | None) -> None:
        """Leave in the choices what the actor may choose for the asset (None: a new one)."""


class PlaceForm(ActorForm):
    """Where a thing is."""

    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        areas.visible_to(JOB), label=_("自助区"), empty_label=_("请选择")
    )
    terminal: forms.ModelChoiceField[Terminal] = TerminalField(
        Terminal.objects.none(), label=_("终端"), required=False, empty_label=_("不在终端上"),
        help_text=_("自助终端选它自己，终端部件选它所在的那台，其他设施不选。"),
    )  # fmt: skip
    component = forms.CharField(
        label=_("部件"),
        max_length=64,
        required=False,
        help_text=_("终端部件写它在终端里的名字，例如 printer、scanner-2。"),
    )
    spot = forms.CharField(label=_("具体位置"), max_length=80, required=False, help_text=_("例如：入口左侧。"))

    def narrow(self, actor: Actor, asset: Asset | None) -> None:
        super().narrow(actor, asset)
        _narrow(self, "area", areas.visible_to(actor))
        _narrow(self, "terminal", terminals.visible_to(actor).select_related("area").order_by("code"))

    @property
    def place(self) -> Place:
        typed = self.cleaned_data
        terminal = typed["terminal"].code if typed["terminal"] else ""
        return Place(typed["area"].code, terminal, typed["component"], typed["spot"])


class FactsForm(ActorForm):
    """What is written down of a thing."""

    name = forms.CharField(label=_("名称"), max_length=80)
    owner: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=_("归属单位"), empty_label=_("请选择")
    )
    supplier = forms.CharField(label=_("供应商"), max_length=80, required=False)
    make = forms.CharField(label=_("型号"), max_length=80, required=False)
    serial = forms.CharField(label=_("序列号"), max_length=80, required=False)
    bought_on = DateField(
        label=_("购置日期"), required=False, help_text=_("从这天起，它所在位置的故障和工单算它的；不填就从登记时算。")
    )
    warranty_until = DateField(label=_("质保到"), required=False, help_text=_("含当天；到期前 60 天派单提醒归属单位。"))
    life_until = DateField(label=_("预计报废"), required=False, help_text=_("使用年限到的那天；提前 60 天提醒。"))
    contract: forms.ModelChoiceField[Contract] = ContractField(
        Contract.objects.none(), label=_("维修合同"), required=False, empty_label=_("没有合同")
    )

    def narrow(self, actor: Actor, asset: Asset | None) -> None:
        super().narrow(actor, asset)
        _narrow(self, "owner", platform.organizations_visible_to(actor).order_by("name"))
        if asset is not None:
            rows = asset_queries.contracts_for(asset.area.place.path, asset.owner_id)
        else:
            rows = asset_queries.contracts_seen_by(actor)
        _narrow(self, "contract", rows)

    @property
    def facts(self) -> Facts:
        names = ("name", "owner", "supplier", "make", "serial", "bought_on", "warranty_until", "life_until", "contract")
        return Facts(**{name: self.cleaned_data[name] for name in names})


class NewAssetForm(FactsForm, PlaceForm):
    """A thing that is written down."""

    code = forms.CharField(label=_("资产编号"), max_length=40, help_text=_("按本单位的编法，定了不再改。"))
    kind = forms.ChoiceField(
        label=_("类别"), choices=lambda: [(code, words(word)) for code, word in KIND_NAMES.items()]
    )
    field_order = ["code", "kind", "name", "area", "terminal", "component", "spot", "owner"]


class AcceptanceForm(forms.Form):
    """An acceptance: an answer and, where something is wrong, words for each item of the kind's list."""

    accepted_on = DateField(label=_("验收日期"))
    people = forms.CharField(
        label=_("参加验收的人"), max_length=120, help_text=_("例如：王某（归属单位）、李某（供应商）。")
    )
    passed = forms.ChoiceField(
        label=_("结论"), choices=[("yes", _("验收合格")), ("no", _("验收不合格，整改后再验"))], widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, asset: Asset, *args: Any, now: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"accepted_on": asset_queries.today(asset, now)})
        super().__init__(*args, **kwargs)
        self.items = check_items(asset.kind)
        answers = [(code, words(word)) for code, word in ANSWER_NAMES.items()]
        for item in self.items:
            self.fields[f"answer_{item.code}"] = forms.ChoiceField(
                label=words(item.words), choices=answers, widget=forms.RadioSelect,
                error_messages={"required": _t("请选一个结果。")},
            )  # fmt: skip
            self.fields[f"note_{item.code}"] = forms.CharField(
                label=_t("“%(item)s”的情况") % {"item": words(item.words)}, max_length=200, required=False
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """(answer, note) of each item in order."""
        return [(self[f"answer_{item.code}"], self[f"note_{item.code}"]) for item in self.items]

    @property
    def answers(self) -> dict[str, str]:
        return {item.code: self.cleaned_data[f"answer_{item.code}"] for item in self.items}

    @property
    def notes(self) -> dict[str, str]:
        return {item.code: self.cleaned_data[f"note_{item.code}"] for item in self.items}


def contract_words(row: Contract) -> str:
    """HT-1 年度维修（测试运维公司）."""
    return f"{row.number} {row.name}（{row.organization.name}）"


def _narrow(form: forms.Form, name: str, rows: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
