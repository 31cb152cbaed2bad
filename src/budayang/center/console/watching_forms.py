"""Forms of the watched machines. The fields of a source come from the one table that relay and center check by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.console.forms import MomentField
from budayang.center.platform.wording import words
from budayang.center.terminals.models import Terminal
from budayang.center.terminals.watching_queries import PricedSource
from budayang.rules.watch_settings import FIELDS, Field
from budayang.rules.watching import FACT_NAMES, HOW_SEEN, SEEN_NAMES


def _field(row: Field) -> forms.Field:
    required = row.default is None
    common: dict[str, Any] = {"label": words(row.label), "help_text": words(row.help), "required": required}
    if row.default not in (None, ""):
        common["initial"] = row.default
    match row.kind:
        case "number":
            return forms.FloatField(**common)
        case "port":
            return forms.IntegerField(**common)
        case "yes":
            return forms.BooleanField(**{**common, "required": False})
        case "choice":
            return forms.ChoiceField(choices=row.choices, **common)
        case _:
            return forms.CharField(max_length=200, **common)


class SourceForm(forms.Form):
    """A source of one kind: its settings, what it stands for, how often it looks, what it costs."""

    def __init__(self, priced: PricedSource, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = priced.source
        self.names = [row.name for row in FIELDS[self.kind.kind] if row.kind != "hidden"]
        for row in FIELDS[self.kind.kind]:
            if row.kind != "hidden":
                self.fields[row.name] = _field(row)
        facts = [(fact.value, words(FACT_NAMES[fact])) for fact in self.kind.proves]
        several = self.kind.kind == "snmp_printer"
        self.fields["proves"] = forms.MultipleChoiceField(
            label=_("用来证明"), choices=facts, required=bool(facts), widget=forms.CheckboxSelectMultiple,
            initial=[value for value, _name in facts] if several else [value for value, _name in facts[:1]],
            help_text=_("只勾它真能证明的：ping 有应答不等于能办理。"),
        )  # fmt: skip
        if not facts:
            self.fields["proves"].widget = forms.MultipleHiddenInput()
        self.fields["interval_s"] = forms.IntegerField(
            label=_("检查间隔（秒）"), min_value=5, max_value=3600, initial=self.kind.interval_s
        )
        self.fields["keep_s"] = forms.IntegerField(
            label=_("多久没有结果算未知（秒）"), min_value=5, max_value=86400, initial=self.kind.keep_s
        )
        self.fields["price"] = forms.DecimalField(
            label=_("器材花费（元）"), min_value=0, max_digits=9, decimal_places=2, initial=priced.price,
            help_text=words(self.kind.parts) or _("不用买器材。"),
        )  # fmt: skip
        self.fields["minutes"] = forms.IntegerField(label=_("工时（分钟）"), min_value=0, initial=priced.minutes)

    def settings(self) -> dict[str, Any]:
        """The source's own settings; what was left empty takes its default."""
        found = {name: self.cleaned_data[name] for name in self.names}
        return {name: value for name, value in found.items() if value not in (None, "")}


class SeenForm(forms.Form):
    """What somebody sees at the machine, now or a little while ago."""

    what = forms.ChoiceField(
        label=_("怎么确认的"), choices=lambda: [(key, words(name)) for key, name in HOW_SEEN.items()]
    )
    state = forms.ChoiceField(
        label=_("机器怎么样"), choices=lambda: [(key.value, words(name)) for key, name in SEEN_NAMES.items()]
    )
    at = MomentField(label=_("什么时候"))
    note = forms.CharField(label=_("说明"), max_length=120, required=False)

    @staticmethod
    def suggestion(now: datetime) -> dict[str, str]:
        return {"at": f"{timezone.localtime(now):%Y-%m-%dT%H:%M}", "state": "working", "what": "test_print"}

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > timezone.now() + timedelta(minutes=1):
            raise forms.ValidationError(gettext("时间不能在将来。"))
        return at


class RelayChoiceForm(forms.Form):
    """Which relay watches a machine."""

    relay: forms.ModelChoiceField[Terminal] = forms.ModelChoiceField(
        Terminal.objects.none(), label=_("由哪个中继监测"), required=False, empty_label=_("没有中继，只靠人确认"),
        help_text=_("只能选同一个自助区里的中继。换了中继，新中继自己换上新的密钥。"),
    )  # fmt: skip

    def __init__(self, relays: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["relay"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = relays


class CostForm(forms.Form):
    """Something bought or worked for watching a machine."""

    part = forms.CharField(label=_("什么"), max_length=80, help_text=_("例如：计量插座、布网线。"))
    price = forms.DecimalField(label=_("花费（元）"), min_value=0, max_digits=9, decimal_places=2, initial=0)
    minutes = forms.IntegerField(label=_("工时（分钟）"), min_value=0, max_value=99_999, initial=0)
