"""Forms of the duty roster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.areas import queries as areas
from budayang.center.console.forms import DateField, MomentField
from budayang.center.maintenance import duty_queries as queries
from budayang.center.maintenance.models import DutyShift
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.wording import words
from budayang.rules import duty as rules
from budayang.rules.duty import Days, Turn

AHEAD = timedelta(days=28)


def _people(actor: Actor) -> Any:
    return platform.staff_visible_to(actor).filter(is_active=True).order_by("name", "username")


def _worded(names: Mapping[Any, str]) -> Callable[[], list[tuple[str, str]]]:
    """Choices of a table of the rules in the reader's language, asked for anew with each form."""
    return lambda: [(one.value, words(word)) for one, word in names.items()]


class _RosterForm(forms.Form):
    """A form about one body's roster of one place."""

    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=_("单位"), empty_label=_("请选择")
    )
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("范围"), empty_label=_("请选择"), help_text=_("包括它下面的全部自助区。")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies, places = self.fields["organization"], self.fields["place"]
        assert isinstance(bodies, forms.ModelChoiceField)
        assert isinstance(places, forms.ModelChoiceField)
        # A keeper plans for the unit that manages his area, which may be at home in the city.
        managers = list(areas.visible_to(actor).values_list("manager_id", flat=True))
        seen = platform.organizations_visible_to(actor).values("pk")
        bodies.queryset = Organization.objects.filter(Q(pk__in=seen) | Q(pk__in=[one for one in managers if one]))
        places.queryset = platform.places_visible_to(actor)


class ShiftForm(_RosterForm):
    """A shift that repeats."""

    name = forms.CharField(label=_("班次名称"), max_length=40, help_text=_("例如：夜班、周末白班。"))
    post = forms.ChoiceField(
        label=_("岗位"),
        choices=_worded(rules.POST_NAMES),
        help_text=_("备班在家待命，不算有人在岗。"),
    )
    days = forms.ChoiceField(label=_("哪些天"), choices=_worded(rules.DAYS_NAMES))
    weekdays = forms.MultipleChoiceField(
        label=_("每周固定哪几天"),
        choices=lambda: [(str(number), words(word)) for number, word in enumerate(rules.WEEKDAY_NAMES)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("只在上面选了“每周固定几天”时填写。"),
    )
    opens = forms.TimeField(label=_("开始"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    closes = forms.TimeField(
        label=_("结束"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("不晚于开始的，算到第二天；夜班算在开始的那一天。"),
    )
    turn = forms.ChoiceField(label=_("轮换"), choices=_worded(rules.TURN_NAMES))
    starts_on = DateField(label=_("从哪天起"))
    ends_on = DateField(label=_("到哪天止"), required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        names = [(str(one.pk), one.name) for one in _people(actor)]
        for number in range(1, 7):
            self.fields[f"person_{number}"] = forms.ChoiceField(
                label=gettext("第 %(number)s 位") % {"number": number},
                choices=[("", gettext("请选择") if number == 1 else gettext("没有")), *names],
                required=number == 1,
                help_text=gettext("按这个顺序轮流，第一位值第一天的班。") if number == 1 else "",
            )
        self.order_fields(["organization", "place", "name", *(f"person_{number}" for number in range(1, 7))])

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        ids = [found[name] for name in (f"person_{number}" for number in range(1, 7)) if found.get(name)]
        if len(ids) != len(set(ids)):
            raise forms.ValidationError(gettext("同一个人只能排一位。"))
        by_id = {str(one.pk): one for one in Staff.objects.filter(pk__in=ids)}
        found["people"] = [by_id[pk] for pk in ids]
        if found.get("days") == Days.WEEKDAYS and not found.get("weekdays"):
            self.add_error("weekdays", gettext("请勾选每周哪几天。"))
        found.setdefault("turn", Turn.SHIFT.value)
        return found


class ExtraForm(_RosterForm):
    """One more person for a stretch."""

    person: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=_("值班人"), empty_label=_("请选择")
    )
    post = forms.ChoiceField(label=_("岗位"), choices=_worded(rules.POST_NAMES))
    starts_at = MomentField(label=_("开始"))
    ends_at = MomentField(label=_("结束"))
    reason = forms.CharField(label=_("原因"), max_length=80, help_text=_("例如：补空档、重大活动。"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = _people(actor)


class StandInForm(forms.Form):
    """Somebody else for one day."""

    person: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=_("由谁来值"), required=False, empty_label=_("没有人，留作空档")
    )
    reason = forms.CharField(label=_("原因"), max_length=80, help_text=_("例如：请假、出差。"))

    def __init__(self, actor: Actor, shift: DutyShift, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = _people(actor)


class SwapForm(forms.Form):
    """Ask a colleague of the same roster to take the shift."""

    answerer: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=_("请谁来值"), empty_label=_("请选择")
    )
    back = forms.ChoiceField(label=_("我替对方值哪个班"), required=False, help_text=_("可以不还班。"))
    reason = forms.CharField(label=_("原因"), max_length=80, required=False)

    def __init__(self, actor: Actor, shift: DutyShift, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shifts, duties, _zone = queries.read_roster(shift.organization_id, shift.place.path, now, now + AHEAD)
        ids = {person for one in shifts for person in one.people} - {actor.staff_id}
        names = dict(Staff.objects.filter(pk__in=ids, is_active=True).values_list("pk", "name"))
        people, back = self.fields["answerer"], self.fields["back"]
        assert isinstance(people, forms.ModelChoiceField)
        assert isinstance(back, forms.ChoiceField)
        people.queryset = Staff.objects.filter(pk__in=names)
        choices = [
            (f"{one.shift}/{one.on.isoformat()}", f"{names[one.person]} {one.on:%m-%d}")
            for one in duties
            if one.shift and one.person in names
        ]
        back.choices = [("", gettext("不还班")), *choices]

    def in_return(self) -> tuple[DutyShift | None, date | None]:
        """The shift and day that the asker takes in return, or (None, None)."""
        key, _slash, on = self.cleaned_data["back"].partition("/")
        if not key:
            return None, None
        return DutyShift.objects.select_related("place").get(pk=int(key)), date.fromisoformat(on)
