"""Forms of publicity and training, questions, and the adoption register."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.console.forms import DateField
from budayang.center.console.registers import choices
from budayang.center.console.standard_forms import EditionField
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.standard.models import Edition, SpreadEvent
from budayang.center.standard.text_queries import clause_texts
from budayang.center.standard.training_actions import KEEPERS
from budayang.rules.standard.spreading import ADOPTION_NAMES, EVENT_KINDS, WITH_PEOPLE


def _own_places(actor: Actor) -> list[int]:
    """Places at which the actor keeps the register."""
    paths = [grant.place_path for grant in actor.grants if grant.role in KEEPERS]
    return [one.pk for one in platform.places_visible_to(actor) if any(one.path.startswith(at) for at in paths)]


class PlaceForm(forms.Form):
    """A form with a place that the actor keeps."""

    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("地区或自助区"), empty_label=_("请选择")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = _own_places(actor)
        place = self.fields["place"]
        assert isinstance(place, forms.ModelChoiceField)
        place.queryset = platform.places_visible_to(actor).filter(pk__in=self.own)


class EventForm(PlaceForm):
    """An event that is planned."""

    kind = forms.ChoiceField(label=_("方式"), choices=choices(EVENT_KINDS))
    subject = forms.CharField(label=_("主题"), max_length=120)
    edition: forms.ModelChoiceField[Edition] = EditionField(
        Edition.objects.none(), label=_("哪个标准"), empty_label=None, required=False,
        help_text=_("已发布、还没有实施的标准，宣贯要排在实施日期以前。"),
    )  # fmt: skip
    planned_on = DateField(label=_("计划日期"))
    areas: forms.ModelMultipleChoiceField[Place] = forms.ModelMultipleChoiceField(
        Place.objects.none(), label=_("面向哪些自助区"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("公众号、官网、期刊可以不选。"),
    )  # fmt: skip
    field_order = ["kind", "subject", "edition", "place", "areas", "planned_on"]

    def __init__(self, actor: Actor, editions: QuerySet[Edition], *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        edition, areas = self.fields["edition"], self.fields["areas"]
        assert isinstance(edition, forms.ModelChoiceField)
        edition.queryset = editions
        assert isinstance(areas, forms.ModelMultipleChoiceField)
        areas.queryset = platform.places_visible_to(actor).filter(pk__in=self.own, kind=Place.Kind.AREA)


class HeldForm(forms.Form):
    """What came of an event."""

    held_on = DateField(label=_("哪天办的"))
    invited = forms.IntegerField(label=_("应到人数"), min_value=0, max_value=100_000, required=False)
    present = forms.IntegerField(
        label=_("参加人数"), min_value=0, max_value=100_000, required=False, help_text=_("只记人数，不记姓名。")
    )
    proof = forms.CharField(
        label=_("凭证"), max_length=200, required=False, help_text=_("网址、刊名和期号、签到表的存放处。")
    )

    def __init__(self, row: SpreadEvent, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row.kind not in WITH_PEOPLE:
            del self.fields["invited"], self.fields["present"]
            self.fields["proof"].required = True


class QuestionForm(forms.Form):
    """A question that a person makes of a clause."""

    clause = forms.ChoiceField(label=_("按哪一条出题"))
    text = forms.CharField(label=_("题目"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    options = forms.CharField(
        label=_("选项"), max_length=1200, widget=forms.Textarea(attrs={"rows": 4}), help_text=_("一行一个，2 到 6 个。")
    )
    right = forms.IntegerField(label=_("第几个对"), min_value=1, max_value=6)

    def __init__(self, edition: Edition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clause = self.fields["clause"]
        assert isinstance(clause, forms.ChoiceField)
        clause.choices = [(one.code, f"{one.number} {one.text[:30]}") for one in clause_texts(edition)]


class AdoptionForm(PlaceForm):
    """How a place takes the standard."""

    kind = forms.ChoiceField(label=_("怎样采用"), choices=choices(ADOPTION_NAMES))
    since_on = DateField(label=_("从哪天起"))
    until_on = DateField(label=_("过渡到哪天"), required=False, help_text=_("只有过渡要写。"))
    paper = forms.CharField(label=_("依据的文件和文号"), max_length=120, required=False)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)
