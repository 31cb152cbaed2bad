"""Forms of consumables and of the stock book, for a phone beside the machine: few fields, big, said in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.areas.models import Area
from budayang.center.platform.models import Organization
from budayang.center.platform.wording import words
from budayang.center.terminals.models import Stock, SupplyLevel
from budayang.rules.consumables import CONSUMABLES, SHEET_EVENT_NAMES, get_consumable

WHOLE = {"inputmode": "numeric", "pattern": "[0-9]*", "autocomplete": "off"}
NUMBER = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class RefillForm(forms.Form):
    """How much went into the machine, and from which stock."""

    added = forms.IntegerField(label=_("加了多少"), min_value=1, max_value=100_000, widget=forms.NumberInput(WHOLE))
    full = forms.BooleanField(label=_("加完后是满的"), required=False)
    stock = forms.ChoiceField(label=_("从哪里拿的"), required=False)
    first = forms.CharField(label=_("起号"), max_length=20, widget=forms.TextInput(NUMBER))
    last = forms.CharField(label=_("止号"), max_length=20, widget=forms.TextInput(NUMBER))
    note = forms.CharField(label=_("备注"), max_length=120, required=False)

    def __init__(self, supply: SupplyLevel, stocks: Sequence[Stock], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = get_consumable(supply.consumable)
        self.fields["added"].label = gettext("加了多少（%(unit)s）") % {"unit": words(kind.unit)}
        self.fields["added"].help_text = gettext("一次最多 %(n)d %(unit)s。") % {
            "n": supply.capacity,
            "unit": words(kind.unit),
        }
        choice = self.fields["stock"]
        assert isinstance(choice, forms.ChoiceField)
        choices = [
            (str(one.pk), f"{one.organization.name}{gettext('：')}{one.balance} {words(kind.unit)}") for one in stocks
        ]
        choice.choices = [*choices, ("", gettext("不走库存"))]
        choice.initial = choices[0][0] if choices else ""
        if not kind.numbered:
            del self.fields["first"], self.fields["last"]
        if not stocks:
            choice.help_text = gettext("这个自助区的库存里没有，登记入库后可以从库存扣减。")


class CapacityForm(forms.Form):
    """How much one fill is."""

    capacity = forms.IntegerField(label=_("容量"), min_value=1, max_value=100_000, widget=forms.NumberInput(WHOLE))


class ReceiveForm(forms.Form):
    """What came in."""

    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=_("单位"), to_field_name="code", empty_label=_("请选择")
    )
    area: forms.ModelChoiceField[Area] = forms.ModelChoiceField(
        Area.objects.none(), label=_("放在哪个自助区"), to_field_name="code", empty_label=_("请选择")
    )
    consumable = forms.ChoiceField(label=_("耗材"))
    amount = forms.IntegerField(
        label=_("数量"), min_value=1, max_value=100_000, required=False, widget=forms.NumberInput(WHOLE),
        help_text=_("A4 打印纸按张填，一包通常 500 张；带编号的不填。"),
    )  # fmt: skip
    first = forms.CharField(
        label=_("起号"), max_length=20, required=False, widget=forms.TextInput(NUMBER),
        help_text=_("只有带编号的纸要填，照纸上印的写，例如 NM0001200。"),
    )  # fmt: skip
    last = forms.CharField(label=_("止号"), max_length=20, required=False, widget=forms.TextInput(NUMBER))
    why = forms.CharField(
        label=_("说明"), max_length=120, required=False, help_text=_("送货单号；编号不连续时写明原因。")
    )

    def __init__(self, bodies: Any, areas: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, found in (("organization", bodies), ("area", areas)):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = found
        kinds = self.fields["consumable"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [
            (one.code, gettext("%(name)s（%(unit)s）") % {"name": words(one.name), "unit": words(one.unit)})
            for one in CONSUMABLES
        ]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        kind = get_consumable(found["consumable"]) if found.get("consumable") else None
        if kind is not None and kind.numbered and not found.get("first"):
            self.add_error("first", gettext("%(name)s按编号入库，请写起止编号。") % {"name": words(kind.name)})
        if kind is not None and not kind.numbered and not found.get("amount") and "amount" not in self.errors:
            self.add_error("amount", gettext("请写明数量。"))
        return found


class TakeOutForm(forms.Form):
    """What went out to elsewhere than a machine."""

    amount = forms.IntegerField(label=_("数量"), min_value=1, max_value=100_000, widget=forms.NumberInput(WHOLE))
    why = forms.CharField(label=_("原因"), max_length=120, help_text=_("例如：调往东胜区自助区。"))


class AdjustForm(forms.Form):
    """What was really there."""

    counted = forms.IntegerField(label=_("实际数量"), min_value=0, max_value=100_000, widget=forms.NumberInput(WHOLE))
    why = forms.CharField(label=_("原因"), max_length=120, required=False, help_text=_("和账面不一致时要写明。"))


class CorrectForm(forms.Form):
    """Why a line is taken back."""

    why = forms.CharField(label=_("为什么更正"), max_length=120)


class SheetsForm(forms.Form):
    """What became of a span of numbered sheets."""

    event = forms.ChoiceField(
        label=_("登记什么"), choices=[(key, _(name)) for key, name in SHEET_EVENT_NAMES.items() if key != "issue"]
    )
    first = forms.CharField(label=_("起号"), max_length=20, widget=forms.TextInput(NUMBER))
    last = forms.CharField(
        label=_("止号"), max_length=20, required=False, widget=forms.TextInput(NUMBER), help_text=_("只有一张时不填。")
    )
    why = forms.CharField(label=_("原因"), max_length=120, required=False, help_text=_("作废、短缺、找回要写明。"))
