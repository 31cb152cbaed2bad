"""Forms of the console that belong to areas. A form that is refused comes back with everything that was typed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.areas.hours_text import BadHours, describe, parse_hours
from budayang.center.areas.models import Area, Facility
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.rules.calendars import WeeklyWindow


class DateField(forms.DateField):
    """A day, with the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MomentField(forms.DateTimeField):
    """A moment in the city's zone, with the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class AreaForm(forms.ModelForm[Area]):
    """Facts of an area."""

    class Meta:
        model = Area
        fields = [
            "name",
            "kind",
            "address",
            "manager",
            "keeper",
            "keeper_phone",
            "helper_phone",
            "helper_hours",
            "latitude",
            "longitude",
            "has_windows",
        ]
        labels = {
            "name": _("名称"),
            "kind": _("类别"),
            "address": _("地址"),
            "manager": _("综合管理单位"),
            "keeper": _("自助区管理员"),
            "keeper_phone": _("管理员电话"),
            "helper_phone": _("帮办电话"),
            "helper_hours": _("帮办时段"),
            "latitude": _("纬度"),
            "longitude": _("经度"),
            "has_windows": _("同一地点有人工窗口"),
        }
        help_texts = {
            "keeper_phone": _("公开给市民，贴在每台终端旁。"),
            "helper_hours": _("例如：每天 08:30—22:00。"),
            "latitude": _("度，例如 39.60；“现在哪里能办”按它算远近。"),
        }

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = self.fields["manager"]
        people = self.fields["keeper"]
        assert isinstance(bodies, forms.ModelChoiceField)
        assert isinstance(people, forms.ModelChoiceField)
        bodies.queryset = platform.organizations_visible_to(actor).filter(kind=Organization.Kind.MANAGER)
        people.queryset = platform.staff_visible_to(actor).filter(is_active=True)
        bodies.empty_label = people.empty_label = gettext("未指定")


class NewAreaForm(AreaForm):
    """Facts of an area, its code and its region."""

    code = forms.RegexField(
        r"^[A-Z0-9]{2,12}$",
        label=_("代码"),
        help_text=_("2 到 12 位大写字母和数字，定了不再改，例如 KBS。"),
        error_messages={"invalid": _("代码用 2 到 12 位大写字母和数字，例如 KBS。")},
    )
    region: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("所属行政区划"), empty_label=_("请选择")
    )
    field_order = ["code", "name", "region"]

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        regions = self.fields["region"]
        assert isinstance(regions, forms.ModelChoiceField)
        regions.queryset = platform.places_visible_to(actor).filter(kind=Place.Kind.REGION)


class HoursForm(forms.Form):
    """Promised hours in words; they are read back in words before anybody relies on them."""

    hours = forms.CharField(
        label=_("承诺开放时间"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写“全天”，或每行一段：周一至周五 08:30-22:00；周六 09:00-12:00。过夜写 20:00-次日08:00。"),
    )
    valid_from = DateField(label=_("从哪天起"), help_text=_("以前的承诺保留，过去的可用率不会被改写。"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.windows: tuple[WeeklyWindow, ...] = ()

    def clean_hours(self) -> str:
        text: str = self.cleaned_data["hours"]
        try:
            self.windows = parse_hours(text)
        except BadHours as error:
            raise forms.ValidationError(str(error)) from error
        return describe(self.windows)

    def clean_valid_from(self) -> date:
        on: date = self.cleaned_data["valid_from"]
        if on < self.today:
            raise forms.ValidationError(gettext("承诺不能改到过去，请选今天或以后。"))
        return on


class ExceptionForm(forms.Form):
    """One day that differs."""

    on = DateField(label=_("日期"))
    closed = forms.BooleanField(label=_("全天关闭"), required=False)
    opens = forms.TimeField(label=_("开放"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    closes = forms.TimeField(label=_("关闭"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    reason = forms.CharField(label=_("原因"), max_length=120, help_text=_("市民会看到，例如：春节放假、消防演练。"))

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if not found.get("closed") and not (found.get("opens") and found.get("closes")):
            raise forms.ValidationError(gettext("请勾选“全天关闭”，或写明开放和关闭时刻。"))
        return found


class FacilityForm(forms.Form):
    """A facility of an area."""

    kind = forms.ChoiceField(label=_("类别"), choices=Facility.Kind.choices)
    name = forms.CharField(label=_("名称"), max_length=60)
    count = forms.IntegerField(label=_("数量"), min_value=1, max_value=999, initial=1)
    note = forms.CharField(label=_("说明"), max_length=120, required=False)


class PersonForm(forms.Form):
    """A new person."""

    username = forms.RegexField(
        r"^[a-z][a-z0-9._-]{1,39}$",
        label=_("用户名"),
        help_text=_("小写字母开头，登录时输入。"),
        error_messages={"invalid": _("用户名用小写字母开头，可含数字、点和连字符。")},
    )
    name = forms.CharField(label=_("姓名"), max_length=40)
    phone = forms.CharField(label=_("电话"), max_length=32, required=False)
    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(), label=_("单位"), required=False
    )
    password = forms.CharField(
        label=_("初始密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("至少 12 位。请当面交给本人，并请他登录后修改。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = self.fields["organization"]
        assert isinstance(bodies, forms.ModelChoiceField)
        bodies.queryset = platform.organizations_visible_to(actor)
        bodies.empty_label = gettext("未指定")


class GrantForm(forms.Form):
    """A role within a place, and for bodies' own people within their organization."""

    role = forms.ChoiceField(label=_("角色"), choices=[(role.value, role.label) for role in Role])
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("范围"), empty_label=_("请选择"), help_text=_("包括它下面的全部自助区。")
    )
    organization: forms.ModelChoiceField[Organization] = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("代表单位"),
        required=False,
        help_text=_("设备归属单位人员和运维工程师须填。"),
    )

    def __init__(self, actor: Actor, person: Staff, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places, bodies = self.fields["place"], self.fields["organization"]
        assert isinstance(places, forms.ModelChoiceField)
        assert isinstance(bodies, forms.ModelChoiceField)
        places.queryset = platform.places_visible_to(actor)
        bodies.queryset = platform.organizations_visible_to(actor)
        bodies.empty_label = gettext("不代表单位")
        bodies.initial = person.organization
