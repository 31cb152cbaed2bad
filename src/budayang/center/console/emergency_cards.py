"""Pages of the emergency cards themselves: to read before it is needed, and a place's own edition of one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import DateField
from budayang.center.console.reader import reader
from budayang.center.maintenance import emergency_actions as actions
from budayang.center.maintenance import emergency_queries as queries
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.emergencies import WHO_NAMES, Step, stored_steps

EDITORS = frozenset(actions.EDITORS)
BY_WORD = {name: code for code, name in WHO_NAMES.items()}
LINE = "自助区管理员 | 5分钟 | 95598 | 问供电单位什么时候来电"


def _places(actor: Actor) -> list[Place]:
    return list(platform.places_visible_to(actor).order_by("path"))


def _today(place: Place) -> date:
    """An edition begins at the place's midnight, wherever its reader sits."""
    return timezone.localdate(timezone=ZoneInfo(place.zone))


def _chosen(request: HttpRequest, found: list[Place]) -> Place | None:
    """The place that is asked for, one of the reader's."""
    wanted = request.POST.get("place", "") or request.GET.get("place", "")
    if not wanted:
        return found[0] if found else None
    place = platform.places_visible_to(reader(request)).filter(path=wanted).first()
    if place is None:
        raise Http404  # never another place's numbers under this one's address
    return place


@allow(OPERATING_ROLES)
def card_list(request: HttpRequest) -> HttpResponse:
    """Every card as it is in force at a place, with its steps: made to be read on a phone, and printed."""
    actor = reader(request)
    found = _places(actor)
    place = _chosen(request, found)
    cards = queries.cards_at(place.path, _today(place)) if place is not None else []
    context = {
        "places": found,
        "place": place,
        "cards": [(one, [(step, words(WHO_NAMES[step.who])) for step in one.steps]) for one in cards],
        "may_write": place is not None and actor.may(*actions.EDITORS, place_path=place.path),
    }
    return render(request, "console/emergencies/cards.html", context)


def line_of(step: Step) -> str:
    """A step as a line of the form."""
    within = f"{step.within_s // 60}分钟" if step.within_s and step.within_s % 60 == 0 else f"{step.within_s}秒"
    return " | ".join((WHO_NAMES[step.who], within, step.phone or "-", step.text))


def read_line(text: str) -> dict[str, object]:
    """A line of the form as a row. Raises ValueError with the repair."""
    parts = [one.strip() for one in text.split("|", 3)]
    if len(parts) != 4:
        raise ValueError(_("每一步写一行，四项用竖线隔开，例如：%(line)s") % {"line": LINE})
    who, within, phone, what = parts
    unit = 60 if within.endswith("分钟") else 1
    number = within.removesuffix("分钟").removesuffix("秒").strip()
    if not number.isdecimal():
        raise ValueError(_("时限写成“5分钟”或“30秒”：%(line)s") % {"line": text})
    phone = "" if phone in ("", "-") else phone
    return {"who": BY_WORD.get(who, who), "within_s": int(number) * unit, "phone": phone, "text": what}


class CardForm(forms.Form):
    """A place's own steps of a card, one a line."""

    lines = forms.CharField(
        label=gettext_lazy("步骤"),
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy(
            "每行一步：由谁做 | 多久以内 | 电话（没有写 -） | 做什么。"
            "由谁做：最先到场的人、自助区管理员、安保、综合管理单位、设备归属单位、运维商。"
        ),
    )  # fmt: skip
    valid_from = DateField(label=gettext_lazy("从哪天起"))

    def clean_lines(self) -> list[dict[str, object]]:
        try:
            return [read_line(one) for one in self.cleaned_data["lines"].splitlines() if one.strip()]
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@allow(EDITORS)
def card_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Write a place's own edition; ?place= says whose."""
    actor, now = reader(request), timezone.now()
    place = _chosen(request, _places(actor))
    if place is None:
        raise Http404
    today = _today(place)
    card = queries.card_at(code, place.path, today)
    if card is None:
        raise Http404
    pending = queries.pending_edition(code, place, today)
    initial: dict[str, Any] = {
        "lines": "\n".join(line_of(one) for one in (stored_steps(pending.steps) if pending else card.steps)),
        "valid_from": pending.valid_from if pending else _first_day(today),
    }
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_edition(
                actor, place=place, card=card, rows=form.cleaned_data["lines"],
                valid_from=form.cleaned_data["valid_from"], today=today, now=now,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存，从那天起在这里和下级地区用这一版。"))
            return redirect(f"{reverse('console:emergency_cards')}?place={place.path}")
    context = {"form": form, "card": card, "place": place, "pending": pending}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/emergencies/card.html", context, status=status)


def _first_day(today: date) -> date:
    return today + timedelta(days=1)


urlpatterns = [
    path("emergency-cards/", card_list, name="emergency_cards"),
    path("emergency-cards/<slug:code>/", card_edit, name="emergency_card"),
]
