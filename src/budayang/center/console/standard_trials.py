"""Pages of trials (试算): the list, a new question, its result, two or more side by side, the file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import XLSX, Action, Column, listing
from budayang.center.console.reader import reader
from budayang.center.console.trial_forms import TrialForm, initial_of
from budayang.center.console.trial_pages import context_of, sheets_of, state_of
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.wording import words
from budayang.center.standard import trial_actions, trial_queries
from budayang.center.standard.models import Trial
from budayang.center.standard.queries import READERS
from budayang.center.standard.trial_papers import MEDIA, paper
from budayang.center.standard.trial_words import asked_of, facts_of
from budayang.rules.standard.trial_measures import BY_CODE

MAKERS = frozenset(trial_actions.MAKERS)
FORMS = {**MEDIA, "xlsx": XLSX}
MOST_COMPARED = 4


def _trial(request: HttpRequest, pk: int) -> Trial:
    """The trial with its result, within the reader's scope."""
    return get_object_or_404(trial_queries.trials_visible_to(reader(request)).defer(None), pk=pk)


def _measures(row: Trial) -> str:
    names = [words(BY_CODE[one["code"]].name) for one in row.measures]
    if row.edition is not None:
        names.append(row.edition.code)
    return "、".join(names)


@allow(READERS)
def trials(request: HttpRequest) -> HttpResponse:
    """All trials that the reader sees."""
    actor = reader(request)
    return listing(
        request,
        title=_("试算"),
        note=_("把一项措施或一个标准草案放回已经过去的月份：哪些条款的结论会变，多少趟本可不白跑，花多少钱。"),
        columns=(
            Column("title", _("名称"), lambda row: row.title, sort="title"),
            Column("place", _("哪里"), lambda row: row.place.name, sort="place__name"),
            Column(
                "months", _("月份"), lambda row: f"{row.first_month:%Y-%m}—{row.last_month:%Y-%m}", sort="first_month"
            ),
            Column("measures", _("试什么"), _measures),
            Column("state", _("状态"), state_of, kind="state"),
            Column("made", _("数据截至"), lambda row: row.made_at, sort="made_at", kind="moment"),
            Column("by", _("谁"), lambda row: row.asked_by, sort="asked_by"),
            Column("asked", _("提交"), lambda row: row.asked_at, sort="asked_at", kind="moment"),
        ),
        queryset=trial_queries.trials_visible_to(actor),
        search=("title", "place__name", "note"),
        default_sort="-asked",
        row_url=lambda row: reverse("console:trial", args=[row.pk]),
        empty=_("还没有试算。点“新的试算”，选一项措施和几个月。"),
        export_name=_("试算"),
        actions=(Action(reverse("console:trial_new"), _("新的试算"), primary=True),) if actor.may(*MAKERS) else (),
    )


@allow(MAKERS)
def trial_new(request: HttpRequest) -> HttpResponse:
    """A new question; ?like=<number> begins with that of another trial."""
    actor, like = reader(request), request.GET.get("like", "")
    start = initial_of(_trial(request, int(like))) if like.isdecimal() else None
    form = TrialForm(actor, request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        names = ("title", "months", "measures", "edition", "once", "monthly", "note")
        try:
            row = trial_actions.ask_trial(
                actor, told["place"], **{name: told[name] for name in names}, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("console:trial", row.pk)
    return render(request, "console/standard/trial_new.html", {"form": form}, status=422 if form.errors else 200)


@allow(READERS)
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """One trial: progress while it runs, then before and after; ?export=pdf, docx or xlsx is its file."""
    row, actor = _trial(request, pk), reader(request)
    told = trial_queries.told(row)
    form = request.GET.get("export", "")
    if form in FORMS:
        return _file(request, told, form)
    others = trial_queries.trials_visible_to(actor).filter(made_at__isnull=False).exclude(pk=pk)
    context = context_of(told) | {
        "may_make": actor.may(*MAKERS, place_path=row.place_path),
        "others": others.order_by("-asked_at")[:30],
    }
    return render(request, "console/standard/trial.html", context)


def _file(request: HttpRequest, told: trial_queries.Told, form: str) -> HttpResponse:
    if told.result is None:
        raise Http404
    row, demo = told.row, settings.BUDAYANG.demo
    with transaction.atomic():
        details = {"format": form, "rows": len(told.result.areas)}
        record(reader(request), "console.export", subject=f"trial:{row.pk}", place_path=row.place_path, details=details)
    if form == "xlsx":
        content = exports.book_of(sheets_of(told), demo=demo)
    else:
        content = paper(told, form, demo=demo, now=timezone.now())
    answer = HttpResponse(content, content_type=FORMS[form])
    name = _("试算") + f"_{row.title}.{form}"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(READERS)
def trial_compare(request: HttpRequest) -> HttpResponse:
    """Several trials side by side: ?of=1&of=2 …"""
    wanted = [int(one) for one in request.GET.getlist("of") if one.isdecimal()][:MOST_COMPARED]
    seen = trial_queries.trials_visible_to(reader(request)).defer(None).filter(pk__in=wanted)
    told = [one for one in map(trial_queries.told, sorted(seen, key=lambda row: wanted.index(row.pk))) if one.result]
    if not told:
        raise Http404
    columns = [facts_of(one) for one in told]
    rows: list[tuple[str, list[tuple[str, str]]]] = [
        (facts[0].title, [(fact.before, fact.after) for fact in facts]) for facts in zip(*columns, strict=True)
    ]
    same = len({(one.row.place_id, one.row.first_month, one.row.last_month) for one in told}) == 1
    context = {"trials": [(one.row, asked_of(one.row)) for one in told], "rows": rows, "same": same}
    return render(request, "console/standard/trial_compare.html", context)


@allow(MAKERS)
@require_POST
def trial_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Run it again over the rows of now."""
    return _do(request, pk, trial_actions.run_again)


@allow(MAKERS)
@require_POST
def trial_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop it; an earlier result stays."""
    return _do(request, pk, trial_actions.cancel_trial)


def _do(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    try:
        act(reader(request), _trial(request, pk), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:trial", pk)


urlpatterns = [
    path("trials/", trials, name="trials"),
    path("trials/new/", trial_new, name="trial_new"),
    path("trials/compare/", trial_compare, name="trial_compare"),
    path("trials/<int:pk>/", trial, name="trial"),
    path("trials/<int:pk>/again/", trial_again, name="trial_again"),
    path("trials/<int:pk>/cancel/", trial_cancel, name="trial_cancel"),
]
