"""The form of a trial (试算): place and months, measures with what has to be set for each, a draft edition, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from budayang.center.console.standard_forms import EditionField
from budayang.center.console.standard_words import months
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.center.services.queries import departments
from budayang.center.standard.models import Edition
from budayang.center.standard.trial_actions import MAKERS
from budayang.center.standard.trial_queries import editions_to_try
from budayang.rules.monthly import month_of
from budayang.rules.standard.trial_measures import MEASURES, WEEKDAYS, Ask, BadValue, Measure, read_values
from budayang.rules.standard.trials import Chosen

MOST_YUAN = 100_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """A measure with its fields, as the page shows it."""

    measure: Measure
    name: str
    what: str
    use: forms.BoundField
    fields: list[forms.BoundField]


class TrialForm(forms.Form):
    """What is tried, where, over which months, at what cost."""

    title = forms.CharField(label=_("名称"), max_length=80, help_text=_("例如：给全市自助区装不间断电源。"))
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("哪里"), empty_label=_("请选择"), help_text=_("地区包括下面的全部自助区。")
    )
    first = forms.ChoiceField(label=_("从哪个月"))
    last = forms.ChoiceField(label=_("到哪个月"))
    edition: forms.ModelChoiceField[Edition] = EditionField(
        Edition.objects.none(), label=_("换一个标准版本来判断"), required=False, empty_label=_("不换，用现在的"),
        help_text=_("例如草案：条款的限值不同，结论会变成什么。"),
    )  # fmt: skip
    once = forms.FloatField(label=_("一次投入（元）"), min_value=0, max_value=MOST_YUAN, initial=0)
    monthly = forms.FloatField(label=_("每月费用（元）"), min_value=0, max_value=MOST_YUAN, initial=0)
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place, edition = self.fields["place"], self.fields["edition"]
        assert isinstance(place, forms.ModelChoiceField)
        assert isinstance(edition, forms.ModelChoiceField)
        paths = [grant.place_path for grant in actor.grants if grant.role in MAKERS]
        seen = [one.pk for one in platform.places_visible_to(actor) if any(one.path.startswith(at) for at in paths)]
        place.queryset = platform.places_visible_to(actor).filter(pk__in=seen)
        edition.queryset = editions_to_try()
        known = months(timezone.now())
        for name, usual in (("first", known[min(3, len(known) - 1)][0]), ("last", known[1][0])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices, field.initial = known, usual
        for measure in MEASURES:
            self.fields[f"use_{measure.code}"] = forms.BooleanField(label=words(measure.name), required=False)
            for ask in measure.asks:
                self.fields[f"{measure.code}-{ask.name}"] = _field(ask)

    @property
    def groups(self) -> list[Group]:
        """Measures with their fields, in the order of the catalogue."""
        return [
            Group(
                one, words(one.name), words(one.what), self[f"use_{one.code}"],
                [self[f"{one.code}-{ask.name}"] for ask in one.asks],
            )
            for one in MEASURES
        ]  # fmt: skip

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """The fields that belong to no measure."""
        return [self[name] for name in ("title", "place", "first", "last", "edition", "once", "monthly", "note")]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        chosen = []
        for measure in MEASURES:
            if not found.get(f"use_{measure.code}"):
                continue
            given = {ask.name: _text(found.get(f"{measure.code}-{ask.name}")) for ask in measure.asks}
            try:
                chosen.append(Chosen(measure.code, read_values(measure, given)))
            except BadValue as problem:
                self.add_error(f"{measure.code}-{problem.name}", words(problem.message))
                continue
            if any(ask.kind == "department" and not given[ask.name] for ask in measure.asks):
                self.add_error(f"{measure.code}-department", _t("请选部门。"))
        found["measures"] = chosen
        if found.get("first") and found.get("last"):
            found["months"] = (month_of(found["first"]), month_of(found["last"]))
        return found


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(str(one) for one in value)
    return "" if value is None else str(value)


def _field(ask: Ask) -> forms.Field:
    unit = words(ask.unit) if ask.unit else ""
    label = f"{words(ask.label)}（{unit}）" if unit else words(ask.label)
    match ask.kind:
        case "number":
            return forms.FloatField(label=label, required=False, initial=ask.usual)
        case "weekdays":
            return forms.MultipleChoiceField(
                label=label, required=False, initial=str(ask.usual).split(), choices=_named(WEEKDAYS),
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
        case "time":
            widget = forms.TimeInput(attrs={"type": "time"})
            return forms.CharField(label=label, required=False, initial=ask.usual, widget=widget)
        case "choice":
            return forms.ChoiceField(label=label, initial=ask.usual, choices=_named(ask.choices or {}), required=False)
        case _:
            known = [("", _t("请选择")), *departments().order_by("name").values_list("code", "name")]
            return forms.ChoiceField(label=label, required=False, choices=known)


def _named(choices: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return [(value, words(word)) for value, word in choices.items()]


def initial_of(row: Any) -> dict[str, Any]:
    """A trial as the beginning of another: the same question, to be changed."""
    found: dict[str, Any] = {
        "title": row.title, "place": row.place_id, "first": f"{row.first_month:%Y-%m}",
        "last": f"{row.last_month:%Y-%m}", "edition": row.edition_id,
        "once": f"{row.once:g}", "monthly": f"{row.monthly:g}",
        "note": row.note,
    }  # fmt: skip
    for one in row.measures:
        found[f"use_{one['code']}"] = True
        for name, value in one["values"].items():
            shown = f"{value:g}" if isinstance(value, float) else value
            found[f"{one['code']}-{name}"] = value.split() if name == "weekdays" else shown
    return found
