"""满意度问卷 at the desk: the list, a new one, the results by area with sample and interval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import DateField
from budayang.center.console.incidents import places
from budayang.center.console.listing import XLSX, Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.evaluation import survey_actions as actions
from budayang.center.evaluation import survey_queries as queries
from budayang.center.evaluation.models import Survey
from budayang.center.evaluation.survey_queries import AreaResult
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.wording import words
from budayang.center.terminals.report_addresses import DEMO_ORIGIN
from budayang.papers import qr_svg
from budayang.rules.evaluation.surveys import GROUPS, QUESTIONS, WISHES, Share, half_of

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR})
OPENERS = frozenset(actions.OPENERS)


class SurveyForm(forms.Form):
    """Where, when, and what it is called."""

    place = forms.ChoiceField(label=gettext_lazy("地区"))
    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    opens_on = DateField(label=gettext_lazy("开始"))
    closes_on = DateField(label=gettext_lazy("结束"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = places(actor)


def survey_state(row: Survey) -> State:
    """Not begun, open, over."""
    today = timezone.localdate()
    if today < row.opens_on:
        return State("ask", _("还没有开始"))
    return State("hand", _("正在收")) if today <= row.closes_on else State("ok", _("已结束"))


@allow(VIEWERS)
def survey_list(request: HttpRequest) -> HttpResponse:
    """Every survey that the reader may see, the newest first."""
    actor = reader(request)
    may = actor.may(*actions.OPENERS)
    return listing(
        request,
        title=_("满意度问卷"),
        note=_("每半年一次。每个自助区要收多少份，由它的办件数算出；服务、环境、无障碍的满意率分开算。"),
        columns=(
            Column("title", _("问卷"), lambda row: row.title, sort="title"),
            Column("state", _("状态"), survey_state, kind="state"),
            Column("opens", _("开始"), lambda row: row.opens_on, sort="opens_on"),
            Column("closes", _("结束"), lambda row: row.closes_on, sort="closes_on"),
            Column("needed", _("要收"), lambda row: row.needed, kind="number"),
        ),
        queryset=queries.surveys_visible_to(actor),
        filters=(
            Filter("place", _("地区"), lambda: places(actor), lambda rows, v: rows.filter(place_path__startswith=v)),
        ),
        search=("title", "code"),
        default_sort="-opens",
        row_url=lambda row: reverse("console:survey", args=[row.code]),
        actions=(Action(reverse("console:survey_new"), _("新的问卷"), primary=True),) if may else (),
        empty=_("还没有问卷。点“新的问卷”，公众页面上就能填。"),
        export_name=_("满意度问卷"),
    )


@allow(OPENERS)
def survey_new(request: HttpRequest) -> HttpResponse:
    """Open one; the half-year's own days are filled in."""
    actor, now = reader(request), timezone.now()
    first, last = half_of(timezone.localdate())
    half = _("%(year)s 年上半年满意度问卷") if first.month == 1 else _("%(year)s 年下半年满意度问卷")
    today = timezone.localdate()
    given = {
        "title": half % {"year": first.year},
        "opens_on": today,
        "closes_on": min(last, today + timedelta(days=30)),
    }
    form = SurveyForm(actor, request.POST) if request.method == "POST" else SurveyForm(actor, initial=given)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            made = actions.open_survey(
                actor,
                place_path=found["place"],
                title=found["title"],
                opens_on=found["opens_on"],
                closes_on=found["closes_on"],
                now=now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("console:survey", made.code)
    context = {
        "title": _("新的问卷"),
        "form": form,
        "submit": _("开始收"),
        "note": _("问题是固定的一套，全市一致，才能比较。"),
        "back_url": reverse("console:surveys"),
        "back_word": _("满意度问卷"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(VIEWERS)
def survey_detail(request: HttpRequest, code: str) -> HttpResponse:
    """What was answered; as Excel with the definitions on a second sheet."""
    actor = reader(request)
    row = queries.surveys_visible_to(actor).filter(code=code).first()
    if row is None:
        raise Http404
    whole, parts, wishes = queries.results_of(row)
    if request.GET.get("export") == "xlsx":
        return _excel(actor, row, whole, parts)
    address = f"{settings.BUDAYANG.public_url or DEMO_ORIGIN}{reverse('public:survey', args=[row.code])}"
    context = {
        "survey": row,
        "state": survey_state(row),
        "address": address,
        # The drawing is segno's; the address becomes modules of a path, never text.
        "qr": mark_safe(qr_svg(address, quiet_zone=4)),
        "whole": whole,
        "groups": [words(name) for name in GROUPS.values()],
        "lines": [(one, [one.groups[group] for group in GROUPS]) for one in (whole, *parts)],
        "questions": [(words(one.text), whole.questions[one.code]) for one in QUESTIONS],
        "wishes": [(words(WISHES[key]), n) for key, n in wishes],
    }
    return render(request, "console/evaluation/survey.html", context)


def _excel(actor: Actor, row: Survey, whole: AreaResult, parts: list[AreaResult]) -> HttpResponse:
    columns = [
        exports.Column(_("自助区"), lambda one: one.area.name if one.area else _("合计")),
        exports.Column(_("办件"), lambda one: one.population),
        exports.Column(_("要收"), lambda one: one.needed),
        exports.Column(_("收到"), lambda one: one.reached),
        exports.Column(_("超出限量，不计"), lambda one: one.beyond),
    ]

    for kind, key, name in (
        *(("groups", key, words(name)) for key, name in GROUPS.items()),
        *(("questions", one.code, words(one.text)) for one in QUESTIONS),
    ):
        columns += _share_columns(kind, key, name)
    meaning = _("使满意率在 ±%(margin)s 之内（95 %% 把握）的份数，按半年办件数作有限总体校正")
    definitions = [
        (_("满意率"), _("前三级的回答 ÷ 全部回答；一份问卷在一类里只算一次，有一项不满意就算不满意")),
        (_("要收"), meaning % {"margin": f"{row.margin:.0%}"}),
    ]
    told = {"format": "xlsx", "rows": len(parts) + 1}
    with transaction.atomic():
        record(actor, "console.export", subject=f"survey:{row.code}", details=told)
    content = exports.workbook(
        row.title, columns, [whole, *parts], demo=settings.BUDAYANG.demo, definitions=definitions
    )
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{row.title}.xlsx") or "attachment"
    return answer


def _share_columns(kind: str, key: str, name: str) -> list[exports.Column]:
    """A share with its sample and interval. `kind`: "groups" or "questions" of AreaResult."""

    def share(one: AreaResult) -> Share:
        found: Share = getattr(one, kind)[key]
        return found

    return [
        exports.Column(name, lambda one: share(one).value),
        exports.Column(_("%(name)s（样本）") % {"name": name}, lambda one: share(one).total),
        exports.Column(_("%(name)s（95 %% 下限）") % {"name": name}, lambda one: share(one).low),
        exports.Column(_("%(name)s（95 %% 上限）") % {"name": name}, lambda one: share(one).high),
    ]


urlpatterns = [
    path("surveys/", survey_list, name="surveys"),
    path("surveys/new/", survey_new, name="survey_new"),
    path("surveys/<str:code>/", survey_detail, name="survey"),
]
