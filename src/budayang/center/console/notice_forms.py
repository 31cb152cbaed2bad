"""Forms of notices: preferences, channels, and the steps of an escalation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.channels.kinds import KINDS
from budayang.center.maintenance.models import NoticePreference
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.wording import words
from budayang.rules.escalation import MOST_STEPS, Otherwise, Step, StepKind
from budayang.rules.maintenance import SEVERITY_NAMES, Severity
from budayang.rules.notices import NEVER


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class PreferenceForm(forms.Form):
    """How a person wants to be told."""

    quiet_from = forms.TimeField(label=_("免打扰从"), required=False, widget=_clock())
    quiet_to = forms.TimeField(
        label=_("到"),
        required=False,
        widget=_clock(),
        help_text=_("这段时间的通知到结束再发；正在值班的不受影响。"),
    )
    breaks = forms.ChoiceField(
        label=_("免打扰时仍要发"),
        choices=[
            (Severity.URGENT.value, _("只有紧急的")),
            (Severity.SERIOUS.value, _("严重和紧急的")),
            (Severity.GENERAL.value, _("全部都发")),
            (NEVER, _("都不发")),
        ],
    )
    language = forms.ChoiceField(label=_("通知的语言"), choices=[("zh", "中文"), ("en", "English")])

    @staticmethod
    def values(kept: NoticePreference | None) -> dict[str, Any]:
        """What is shown first: what is kept, else the defaults."""
        if kept is None:
            return {"breaks": Severity.URGENT.value, "language": "zh"}
        return {name: getattr(kept, name) for name in ("quiet_from", "quiet_to", "breaks", "language")}

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if bool(found.get("quiet_from")) != bool(found.get("quiet_to")):
            raise forms.ValidationError(gettext("免打扰须写明开始和结束，或都不填。"))
        return found


class ChannelForm(forms.Form):
    """A channel of one kind: its name, its place, and what the kind asks for. Sealed values are never shown again."""

    name = forms.CharField(label=_("名称"), max_length=40, help_text=_("记录里显示的名字，例如：康巴什值班群。"))
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("范围"), empty_label=_("请选择"), help_text=_("这里和下面的故障可以用它。")
    )
    per_minute = forms.IntegerField(
        label=_("每分钟最多几条"), min_value=1, max_value=600, initial=20, help_text=_("群机器人一般限每分钟 20 条。")
    )

    def __init__(self, actor: Actor, kind: str, *args: Any, changing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = KINDS[kind]
        places = self.fields["place"]
        assert isinstance(places, forms.ModelChoiceField)
        places.queryset = platform.places_visible_to(actor)
        if changing:
            del self.fields["place"]
        for one in self.kind.fields:
            label, help_text = words(one.label), words(one.help) if one.help else ""
            required = one.required and not changing
            if changing:
                help_text = gettext("不改就留空。") + help_text
            if one.choices:
                choices = [("", gettext("不改"))] * changing + [(key, words(word)) for key, word in one.choices]
                self.fields[one.name] = forms.ChoiceField(label=label, choices=choices, required=required)
            else:
                widget = forms.PasswordInput(attrs={"autocomplete": "off"}) if one.secret else forms.TextInput()
                self.fields[one.name] = forms.CharField(
                    label=label, help_text=help_text, required=required, widget=widget, max_length=500
                )

    def values(self) -> dict[str, str]:
        """What the kind asked for, as entered."""
        return {one.name: str(self.cleaned_data.get(one.name) or "") for one in self.kind.fields}


FIELDS = ("kind", "wait", "body", "role", "staff", "channel", "opens", "closes", "otherwise", "times")


def read_steps(posted: Mapping[str, Any]) -> list[Step]:
    """The steps as the page sent them: fields "kind-0", "wait-0" … in order. What cannot be read is left empty, and
    the rules then say what is missing."""
    found = []
    for number in range(MOST_STEPS + 5):
        kind = str(posted.get(f"kind-{number}", ""))
        if kind not in {one.value for one in StepKind}:
            continue

        def text(name: str, number: int = number) -> str:
            return str(posted.get(f"{name}-{number}", "")).strip()

        found.append(
            Step(
                kind=StepKind(kind),
                wait_s=_whole(text("wait")) * 60,
                body=text("body"),
                role=text("role"),
                staff=_whole(text("staff")),
                channel=_whole(text("channel")),
                opens=_time(text("opens")),
                closes=_time(text("closes")),
                otherwise=Otherwise(text("otherwise")) if text("otherwise") in set(Otherwise) else Otherwise.HOLD,
                times=_whole(text("times")),
            )
        )
    return found


def rearrange(steps: list[Step], order: str) -> list[Step]:
    """Carry out a button of the page: "add:wait", "up:3", "down:3", "remove:3"; anything else changes nothing."""
    what, _colon, which = order.partition(":")
    number = _whole(which)
    if what == "add" and which in {one.value for one in StepKind}:
        return [*steps, STARTS.get(StepKind(which), Step(StepKind(which)))]
    if not which.isdecimal() or not 0 <= number < len(steps):
        return steps
    if what == "remove":
        return steps[:number] + steps[number + 1 :]
    other = number - 1 if what == "up" else number + 1
    if what in ("up", "down") and 0 <= other < len(steps):
        moved = list(steps)
        moved[number], moved[other] = moved[other], moved[number]
        return moved
    return steps


STARTS: dict[StepKind, Step] = {
    StepKind.WAIT: Step(StepKind.WAIT, wait_s=15 * 60),
    StepKind.TELL_ON_DUTY: Step(StepKind.TELL_ON_DUTY, body="responsible"),
    StepKind.TELL_NEXT: Step(StepKind.TELL_NEXT, body="responsible"),
    StepKind.TELL_ROLE: Step(StepKind.TELL_ROLE, role="area_keeper"),
    StepKind.ONLY_BETWEEN: Step(StepKind.ONLY_BETWEEN, opens=time(7), closes=time(22)),
    StepKind.REPEAT: Step(StepKind.REPEAT, times=2),
}
"""What a new step begins with: something that works and can be corrected."""


def severity_choices() -> list[tuple[str, str]]:
    """The severities that a policy may be for, all first."""
    return [("", gettext("全部等级")), *((one.value, words(SEVERITY_NAMES[one])) for one in Severity)]


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
