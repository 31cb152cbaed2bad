"""Pages of profiles: the tree of places, what is in force at a place or terminal and where it comes from, a change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import MomentField
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Parameter, Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.terminals import profile_actions, profile_queries, queries
from budayang.center.terminals.models import Terminal
from budayang.rules.profiles import BY_NAME, ProfileSetting

KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})


@allow(OPERATING_ROLES)
def profile_tree(request: HttpRequest) -> HttpResponse:
    """The places of the reader from the top down, with how much is set at each."""
    places = profile_queries.places(reader(request))
    counts = profile_queries.set_below([one.path for one in places])
    top = min((one.path.count("/") for one in places), default=0)
    rows = [
        {"place": one, "depth": one.path.count("/") - top, "count": counts.get(one.path, 0)} for one in places
    ]  # fmt: skip
    return render(request, "console/commands/profiles.html", {"rows": rows})


def _place(request: HttpRequest, code: str) -> Place:
    found = profile_queries.place_rows(reader(request)).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _terminal(request: HttpRequest, code: str) -> Terminal:
    try:
        return queries.get_terminal(reader(request), code)
    except Terminal.DoesNotExist as error:
        raise Http404 from error


def _history_row(row: Parameter, people: People) -> dict[str, Any]:
    setting = BY_NAME[row.name]
    where = row.subject.partition(":")[2] or row.place.name
    shown = _("改为沿用上级") if row.withdrawn else words(setting.show(row.value))
    return {"row": row, "label": setting.label, "where": where, "shown": shown, "by": people.called(row.set_by)}


def _shown(request: HttpRequest, place: Place, terminal: Terminal | None) -> HttpResponse:
    now = timezone.now()
    code = terminal.code if terminal is not None else ""
    history = profile_queries.history(place.path, terminal=code)
    people = People(row.set_by for row in history)
    context = {
        "place": place,
        "terminal": terminal,
        "title": f"{code} {terminal.name}" if terminal is not None else place.name,
        "rows": profile_queries.effective(place.path, now, terminal=code),
        "history": [_history_row(row, people) for row in history],
        "now": now,
        "may_set": reader(request).may(*KEEPERS, place_path=place.path),
        "below": queries.visible_to(reader(request)).filter(area__place=place) if terminal is None else [],
    }
    return render(request, "console/commands/profile.html", context)


@allow(OPERATING_ROLES)
def profile_place(request: HttpRequest, code: str) -> HttpResponse:
    """What is in force at a place."""
    return _shown(request, _place(request, code), None)


@allow(OPERATING_ROLES)
def profile_terminal(request: HttpRequest, code: str) -> HttpResponse:
    """What is in force at one terminal."""
    terminal = _terminal(request, code)
    return _shown(request, terminal.area.place, terminal)


class SettingForm(forms.Form):
    """One setting's new value, or that it inherits again."""

    withdraw = forms.BooleanField(
        label=gettext_lazy("这里不单独设，沿用上级"), required=False,
        help_text=gettext_lazy("勾上以后，上面填的值不用。"),
    )  # fmt: skip
    valid_from = MomentField(
        label=gettext_lazy("从什么时候起"),
        required=False,
        help_text=gettext_lazy("不填就是现在，在线的终端几秒内生效。"),
    )

    def __init__(self, setting: ProfileSetting, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setting = setting
        self.fields = {"value": _field(setting), **self.fields}

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("withdraw"):
            self.errors.pop("value", None)
        elif "value" in found:
            found["value"] = _plain(self.setting, found["value"])
            if problem := self.setting.problem(found["value"]):
                self.add_error("value", words(f"{problem}。"))
        return found


def _field(setting: ProfileSetting) -> forms.Field:
    label, note = words(setting.label), words(setting.applies)
    choices = [(value, words(word)) for value, word in setting.choices]
    missing = {"required": f"{words(setting.problem(None))}。"}
    if setting.kind == "number":
        bounds = _("单位是秒，%(low)g 到 %(high)g。") % {"low": setting.minimum, "high": setting.maximum}
        return forms.IntegerField(label=label, help_text=f"{note}{bounds}", error_messages=missing)
    if setting.kind == "yes":
        return forms.ChoiceField(label=label, choices=[("1", _("是")), ("", _("否"))], required=False, help_text=note)
    if setting.kind == "choice":
        return forms.ChoiceField(label=label, choices=choices, help_text=note, error_messages=missing)
    if setting.kind == "choices":
        return forms.MultipleChoiceField(
            label=label, choices=choices, required=False, help_text=note, widget=forms.CheckboxSelectMultiple
        )
    window = setting.kind == "window"
    example = _("例如 18:00-06:00。") if window else _("例如 06:00 80%, 22:00 40%；留空就是不调节。")
    return forms.CharField(
        label=label, max_length=120, required=window, help_text=f"{note}{example}", error_messages=missing
    )


def _plain(setting: ProfileSetting, value: Any) -> Any:
    """The form's value as the profile keeps it."""
    if setting.kind == "yes":
        return bool(value)
    return value.strip() if isinstance(value, str) else value


def _change(request: HttpRequest, place: Place, terminal: Terminal | None, name: str, back: str) -> HttpResponse:
    setting = BY_NAME.get(name)
    if setting is None:
        raise Http404
    now = timezone.now()
    code = terminal.code if terminal is not None else ""
    present = next(one for one in profile_queries.effective(place.path, now, terminal=code) if one.setting.name == name)
    form = SettingForm(setting, request.POST or None, initial={"value": present.value})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            profile_actions.set_value(
                reader(request), name, given.get("value"), now=now, place=None if terminal else place,
                terminal=terminal, valid_from=given["valid_from"], withdraw=given["withdraw"],
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已改。在线的终端几秒内生效，离线的一上线就生效。"))
            return redirect(back)
    where = f"{code} {terminal.name}" if terminal is not None else place.name
    origin = present.origin or _("程序的默认值")
    shown = words(setting.show(present.value))
    context = {
        "form": form,
        "title": words(setting.label),
        "note": _("%(where)s 现在是“%(shown)s”，来自 %(origin)s。")
        % {"where": where, "shown": shown, "origin": origin},
        "back_url": back,
        "back_word": where,
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
def profile_place_set(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Change one setting of a place."""
    place = _place(request, code)
    return _change(request, place, None, name, reverse("console:profile_place", args=[code]))


@allow(KEEPERS)
def profile_terminal_set(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Change one setting of a terminal."""
    terminal = _terminal(request, code)
    return _change(request, terminal.area.place, terminal, name, reverse("console:profile_terminal", args=[code]))


urlpatterns = [
    path("profiles/", profile_tree, name="profiles"),
    path("profiles/terminal/<slug:code>/", profile_terminal, name="profile_terminal"),
    path("profiles/terminal/<slug:code>/<slug:name>/", profile_terminal_set, name="profile_terminal_set"),
    path("profiles/place/<slug:code>/", profile_place, name="profile_place"),
    path("profiles/place/<slug:code>/<slug:name>/", profile_place_set, name="profile_place_set"),
]
