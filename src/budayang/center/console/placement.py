"""布局与使用建议 at the desk: suggestions with their numbers, the table of thresholds, one with the rows behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import placement_actions as actions
from budayang.center.evaluation import placement_queries as queries
from budayang.center.evaluation.improvement_queries import bodies_for
from budayang.center.evaluation.models import PlacementSuggestion
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.wording import words
from budayang.rules.parameters import PARAMETERS
from budayang.rules.placement import KIND_NAMES, STATE_NAMES, THRESHOLDS

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR})
JUDGES = frozenset(actions.JUDGES)
TONES = {"open": "hand", "accepted": "ok", "aside": "ask", "snoozed": "ask", "gone": "ask"}
LABELS = {one.name: (one.label, one.unit) for one in PARAMETERS}


class AcceptForm(forms.Form):
    """What will be done, by whom, by when."""

    plan = forms.CharField(label=gettext_lazy("打算怎么改"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    owner = forms.ChoiceField(label=gettext_lazy("责任单位"))
    due_on = DateField(label=gettext_lazy("完成日期"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = self.fields["owner"]
        assert isinstance(bodies, forms.ChoiceField)
        bodies.choices = [("", _("请选择")), *bodies_for(actor).values_list("code", "name")]


def suggestion_state(row: PlacementSuggestion) -> State:
    word = words(STATE_NAMES[row.state])
    if row.state == "snoozed":
        word = _("%(on)s 再看") % {"on": row.snoozed_until}
    return State(TONES[row.state], word)  # type: ignore[arg-type]  # a literal of the table above


def with_unit(name: str, value: float) -> str:
    """A threshold as people read it."""
    unit = LABELS[name][1]
    if unit == "ratio":
        return f"{value:.0%}"
    number = f"{value:g}"
    if unit == "s":
        return _("%(seconds)s 秒") % {"seconds": number}
    return _("%(days)s 天") % {"days": number} if unit == "d" else number


def _period(row: PlacementSuggestion) -> str:
    return f"{row.first_on:%m-%d} – {row.last_on:%m-%d}"


def told(row: PlacementSuggestion) -> str:
    """The numbers of a suggestion in a sentence."""
    numbers = {key: round(value, 2) if isinstance(value, float) else value for key, value in row.numbers.items()}
    if row.kind == "idle":
        return _("%(days)s 天里来了 %(trips)s 趟，平均每天 %(a_day)s 趟") % numbers
    if row.kind == "overlap":
        return _("两台都有 %(shared)s 个事项，其中 %(little)s 个用得少，一共办了 %(done)s 件") % numbers
    if row.kind == "queue":
        return _("这个时段办了 %(starts)s 件，%(together)s 件是前一件刚完就开始") % numbers
    if row.kind == "missing":
        return _("找了 %(searches)s 次，这里没有终端能办") % numbers
    return _("找了 %(searches)s 次，没有对应的事项") % numbers


@allow(VIEWERS)
def suggestions(request: HttpRequest) -> HttpResponse:
    """Every suggestion, above them what each kind is held against."""
    actor = reader(request)
    here = list(areas.visible_to(actor).values_list("code", "name"))
    may = actor.may(*actions.JUDGES)
    table = [
        (words(KIND_NAMES[kind]), [(words(LABELS[name][0]), name) for name in names])
        for kind, names in THRESHOLDS.items()
    ]
    now = timezone.now()
    values = {name: platform.parameter(name, _path(actor), now) for names in THRESHOLDS.values() for name in names}
    days = int(platform.parameter("placement_days", _path(actor), now))
    above = render_to_string(
        "console/placement/_thresholds.html",
        {
            "table": [(kind, [(label, with_unit(name, values[name])) for label, name in rows]) for kind, rows in table],
            "days": days,
            "areas": here if may else [],
        },
        request=request,
    )  # fmt: skip
    return listing(
        request,
        title=_("布局与使用建议"),
        note=_(
            "每月一号由平台按最近一段时间的数字算出，只是建议：采纳的转为改进事项，不采纳的写明理由。"
            "搜索只记次数，不记谁搜的。"
        ),
        columns=(
            Column("title", _("建议"), lambda row: row.title, sort="title"),
            Column("kind", _("种类"), lambda row: words(KIND_NAMES[row.kind]), sort="kind"),
            Column("area", _("自助区"), lambda row: row.area.name, sort="area__name"),
            Column("told", _("数字"), told),
            Column("sample", _("样本"), lambda row: row.sample, sort="sample", kind="number"),
            Column("period", _("时段"), _period, sort="last_on", kind="code"),
            Column("state", _("状态"), suggestion_state, sort="state", kind="state"),
            Column("found", _("提出"), lambda row: row.found_at, sort="found_at", kind="moment"),
        ),
        queryset=queries.suggestions_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: [(key, words(name)) for key, name in STATE_NAMES.items()],
                   lambda rows, v: rows.filter(state=v)),
            Filter("kind", _("种类"), lambda: [(key, words(name)) for key, name in KIND_NAMES.items()],
                   lambda rows, v: rows.filter(kind=v)),
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("title", "area__name"),
        default_sort="-found",
        row_url=lambda row: reverse("console:placement_suggestion", args=[row.pk]),
        empty=_("现在没有建议：按上面的门槛，没有终端、事项或时段需要调整；或者还没有算过。"),
        export_name=_("布局与使用建议"),
        above=above,
    )  # fmt: skip


def _path(actor: Actor) -> str:
    """The place whose thresholds are shown: the highest that the reader sees."""
    return str(platform.places_visible_to(actor).order_by("path").values_list("path", flat=True).first() or "/")


def _row(request: HttpRequest, pk: int) -> PlacementSuggestion:
    return get_object_or_404(queries.suggestions_visible_to(reader(request)), pk=pk)


@allow(VIEWERS)
def suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    """One suggestion: numbers, thresholds, rows, and what the reader may decide."""
    return _show(request, _row(request, pk))


def _show(request: HttpRequest, row: PlacementSuggestion, *, form: AcceptForm | None = None) -> HttpResponse:
    actor, found = reader(request), queries.behind(row)
    may = actor.may(*actions.JUDGES, place_path=row.place_path)
    first = {"due_on": timezone.localdate() + timedelta(days=30)}
    context = {
        "row": row,
        "state": suggestion_state(row),
        "kind": words(KIND_NAMES[row.kind]),
        "told": told(row),
        "thresholds": [(words(LABELS[name][0]), with_unit(name, value)) for name, value in row.thresholds.items()],
        "behind": found,
        "left_out": found.total - len(found.rows),
        "form": form or AcceptForm(actor, initial=first),
        "may_judge": may and row.state == "open",
        "may_reopen": may and row.state in ("aside", "snoozed"),
        "next_quarter": timezone.localdate() + timedelta(days=90),
    }
    return render(request, "console/placement/suggestion.html", context, status=422 if form and form.errors else 200)


@allow(JUDGES)
@require_POST
def suggestion_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """It becomes an improvement item."""
    actor, row = reader(request), _row(request, pk)
    form = AcceptForm(actor, request.POST)
    if form.is_valid():
        owner = bodies_for(actor).get(code=form.cleaned_data["owner"])
        told_of = {"kind": words(KIND_NAMES[row.kind]), "title": row.title, "told": told(row)}
        problem = _("%(kind)s：%(title)s。%(told)s") % told_of
        try:
            item = actions.accept(
                actor, row, plan=form.cleaned_data["plan"], owner=owner, due_on=form.cleaned_data["due_on"],
                problem=problem[:300], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已采纳，转为改进事项。"))
            return redirect("console:improvement", item.pk)
    return _show(request, row, form=form)


@allow(JUDGES)
@require_POST
def suggestion_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Set aside with a reason, look again later, judge anew."""
    actor, row, now = reader(request), _row(request, pk), timezone.now()
    try:
        if step == "aside":
            actions.set_aside(actor, row, reason=request.POST.get("reason", ""), now=now)
        elif step == "snooze":
            actions.snooze(actor, row, until=forms.DateField().clean(request.POST.get("until", "")), now=now)
        elif step == "reopen":
            actions.reopen(actor, row, now)
        else:
            raise Http404
    except forms.ValidationError:
        messages.error(request, _("请选一年以内、今天以后的日期。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:placement_suggestion", pk)


@allow(JUDGES)
@require_POST
def compute_again(request: HttpRequest) -> HttpResponse:
    """Have an area computed by the worker's next turn."""
    actor = reader(request)
    area = get_object_or_404(areas.visible_to(actor), code=request.POST.get("area", ""))
    actions.ask_again(actor, area, timezone.now())
    messages.success(request, _("已排队，一两分钟后刷新看结果。"))
    return redirect("console:placement")


urlpatterns = [
    path("placement/", suggestions, name="placement"),
    path("placement/compute/", compute_again, name="placement_compute"),
    path("placement/<int:pk>/", suggestion, name="placement_suggestion"),
    path("placement/<int:pk>/accept/", suggestion_accept, name="placement_accept"),
    path("placement/<int:pk>/<slug:step>/", suggestion_step, name="placement_step"),
]
