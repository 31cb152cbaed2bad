"""Scorecards of owner units and vendors: each figure says its rows and how sure it is, and opens the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import DateField
from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.maintenance import scorecard_queries as queries
from budayang.center.maintenance.scorecard_queries import Described, Period
from budayang.center.platform import exports
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.scorecards import BY_CODE, FIGURES, Fact, Figure, Score, Unit, card

SHOWN_ROWS = 500
LAST_DAY = date(2100, 12, 31)
KIND_WORDS = {"owner": gettext_lazy("设备归属单位"), "vendor": gettext_lazy("运维商")}


class PeriodForm(forms.Form):
    """Which days, which bodies, where."""

    kind = forms.ChoiceField(label=gettext_lazy("看谁"), choices=list(KIND_WORDS.items()))
    first = DateField(label=gettext_lazy("第一天"))
    last = DateField(label=gettext_lazy("最后一天"))
    place = forms.ChoiceField(label=gettext_lazy("范围"), required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = self.fields["place"]
        assert isinstance(places, forms.ChoiceField)
        found = platform.places_visible_to(actor).order_by("path").values_list("path", "name")
        places.choices = [("", _("您能看到的全部")), *found]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("last") and found["last"] > LAST_DAY:
            raise forms.ValidationError(_("最后一天不能晚于 2100 年。"))
        if found.get("first") and found.get("last") and found["last"] < found["first"]:
            raise forms.ValidationError(_("最后一天不能早于第一天。"))
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as the page shows it."""

    figure: Figure
    text: str
    interval: str
    rows: int
    enough: bool
    url: str


def _asked(request: HttpRequest, actor: Actor, now: datetime) -> tuple[PeriodForm, dict[str, str]]:
    """The form, filled with the last whole month when nothing was asked; and its answers as they go into links."""
    last = timezone.localdate(now).replace(day=1) - timedelta(days=1)
    given = {
        "kind": request.GET.get("kind", "owner"),
        "first": request.GET.get("first", last.replace(day=1).isoformat()),
        "last": request.GET.get("last", last.isoformat()),
        "place": request.GET.get("place", ""),
    }
    return PeriodForm(actor, given), given


def _facts(actor: Actor, form: PeriodForm, now: datetime) -> list[Fact]:
    """Rows of what was asked for; [] with the reason on the form when it is refused."""
    if not form.is_valid():
        return []
    period = Period(form.cleaned_data["first"], form.cleaned_data["last"])
    try:
        return queries.facts_of(actor, period, form.cleaned_data["place"], now)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return []


@allow(OPERATING_ROLES)
def scorecards(request: HttpRequest) -> HttpResponse:
    """One card a body. In a file: value, interval and rows of each figure, with the definitions on a second sheet."""
    actor, now = reader(request), timezone.now()
    form, given = _asked(request, actor, now)
    facts = _facts(actor, form, now)
    kind = form.cleaned_data.get("kind", "owner") if form.is_bound and form.is_valid() else "owner"
    bodies = list(queries.bodies_visible_to(actor, kind)) if not form.errors else []
    cards = [(body, card(facts, body.pk)) for body in bodies]
    cards = [(body, scores) for body, scores in cards if any(one.rows for one in scores)]
    if request.GET.get("export") == "xlsx" and not form.errors:
        return _export(actor, cards, given)
    context = {
        "title": _("单位与运维商评分"),
        "form": form,
        "cards": [(body, [_shown(one, body, given) for one in scores]) for body, scores in cards],
        "figures": [(words(one.title), words(one.definition), one.minimum, words(one.rows)) for one in FIGURES],
        "export": f"{reverse('console:scorecards')}?{urlencode({**given, 'export': 'xlsx'})}",
    }
    return render(request, "console/scorecards/cards.html", context, status=422 if form.errors else 200)


def _value(figure: Figure, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if figure.unit is Unit.MEDIAN else f"{value * 100:.1f} %"


def _shown(one: Score, body: Organization, given: dict[str, str]) -> Shown:
    interval = ""
    if one.low is not None and one.high is not None:
        interval = f"{_value(one.figure, one.low)} – {_value(one.figure, one.high)}"
    url = reverse("console:scorecard_rows", args=[body.code, one.figure.code]) + f"?{urlencode(given)}"
    return Shown(one.figure, _value(one.figure, one.value), interval, one.rows, one.value is not None, url)


def _export(actor: Actor, cards: list[tuple[Organization, list[Score]]], given: dict[str, str]) -> HttpResponse:
    columns = (
        exports.Column(_("单位"), lambda row: row[0].name),
        exports.Column(_("代码"), lambda row: row[0].code),
        exports.Column(_("指标"), lambda row: words(row[1].figure.title)),
        exports.Column(_("数值"), lambda row: row[1].value if row[1].value is not None else _("样本不足")),
        exports.Column(_("区间下限（95 %）"), lambda row: row[1].low),
        exports.Column(_("区间上限（95 %）"), lambda row: row[1].high),
        exports.Column(_("样本"), lambda row: row[1].rows),
    )
    rows = [(body, one) for body, scores in cards for one in scores]
    definitions = [(words(one.title), words(one.definition)) for one in FIGURES]
    title = _("单位与运维商评分")
    with transaction.atomic():
        record(actor, "console.export", subject=f"list:{title}", details={"format": "xlsx", "rows": len(rows)})
    content = exports.workbook(title, columns, rows, demo=settings.BUDAYANG.demo, definitions=definitions)
    answer = HttpResponse(content, content_type=XLSX)
    name = f"{title} {given['first']} {given['last']}.xlsx"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


@allow(OPERATING_ROLES)
def scorecard_rows(request: HttpRequest, code: str, figure: str) -> HttpResponse:
    """The rows behind one figure of one body, each with a link to where it comes from."""
    actor, now = reader(request), timezone.now()
    form, given = _asked(request, actor, now)
    kind = given["kind"] if given["kind"] in queries.KINDS else "owner"
    body = queries.bodies_visible_to(actor, kind).filter(code=code).first()
    if body is None or figure not in BY_CODE:
        raise Http404
    asked = BY_CODE[figure]
    facts = [one for one in _facts(actor, form, now) if one.body == body.pk and one.figure == figure]
    score = next(one for one in card(facts, body.pk) if one.figure.code == figure)
    # What counts against the body first: that is what somebody looks for.
    facts.sort(key=lambda one: (one.ok and not one.lost, -one.value, -one.lost, one.at, one.ref))
    context = {
        "title": f"{body.name} · {words(asked.title)}",
        "definition": words(asked.definition),
        "form": form,
        "score": _shown(score, body, given),
        "rows": _rows(facts[:SHOWN_ROWS], asked),
        "left": max(0, len(facts) - SHOWN_ROWS),
        "minimum": asked.minimum,
        "back": f"{reverse('console:scorecards')}?{urlencode(given)}",
    }
    return render(request, "console/scorecards/rows.html", context, status=422 if form.errors else 200)


def _rows(facts: list[Fact], figure: Figure) -> list[dict[str, Any]]:
    told = queries.described(facts)
    return [_row(one, figure, told.get(one.ref, Described(""))) for one in facts]


def _row(one: Fact, figure: Figure, told: Described) -> dict[str, Any]:
    kind, _colon, rest = one.ref.partition(":")
    match kind:
        case "order":
            name, url = rest, reverse("console:order", args=[rest])
        case "round":
            name, url = _("巡查 %(number)s") % {"number": rest}, reverse("console:round", args=[int(rest)])
        case _:
            terminal, _slash, on = rest.partition("/")
            name = f"{terminal} {date.fromisoformat(on):%Y-%m-%d}"
            url = reverse("console:hours_day_of", args=[terminal, on])
    if figure.unit is Unit.MEDIAN:
        word = _("%(n)s 小时") % {"n": f"{one.value:.1f}"}
    elif figure.unit is Unit.TIME:
        spans = {"usable": f"{one.usable / 3.6e9:.2f}", "lost": f"{one.lost / 3.6e9:.2f}"}
        word = _("可用 %(usable)s 小时，因本单位损失 %(lost)s 小时") % spans
    else:
        word = ""
    if kind == "day" and told.name:
        name = f"{told.name} {date.fromisoformat(rest.partition('/')[2]):%Y-%m-%d}"
    elif told.name:
        name = f"{name} {words(told.name)}"
    return {
        "name": name,
        "who": told.who,
        "url": url,
        "at": one.at,
        "word": word,
        "ok": one.ok,
        "is_share": figure.unit is Unit.SHARE,
    }


urlpatterns = [
    path("scorecards/", scorecards, name="scorecards"),
    path("scorecards/<str:code>/<slug:figure>/", scorecard_rows, name="scorecard_rows"),
]
