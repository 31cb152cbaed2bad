"""Monthly reports (月报): by place and month, made now or by plan, read, opened down to rows, taken away, published."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.monthly_pages import line_url, report_context, row_url, state_of
from budayang.center.console.reader import reader
from budayang.center.evaluation import monthly_actions as actions
from budayang.center.evaluation import monthly_queries as queries
from budayang.center.evaluation.models import MonthlyReport
from budayang.center.evaluation.monthly_opened import SHOWN, opened
from budayang.center.evaluation.monthly_papers import MEDIA, paper
from budayang.center.evaluation.monthly_queries import READERS
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.platform.wording import words
from budayang.rules.monthly import Report, figures_of, month_of, tables_of

MAKERS = frozenset(actions.MAKERS)
PUBLISHERS = frozenset(actions.PUBLISHERS)


def _month(text: str) -> date | None:
    try:
        return month_of(text)
    except ValueError:
        return None


@allow(READERS)
def monthly_reports(request: HttpRequest) -> HttpResponse:
    """Reports by place and month, a form that makes one, and the places whose reports are made by themselves."""
    actor, now = reader(request), timezone.now()
    places = list(queries.places_to_report(actor))
    months = queries.months_to_choose(now, timezone.get_current_timezone_name())

    named: list[tuple[str, str]] = [
        (f"{one:%Y-%m}", _("%(year)d年%(month)d月") % {"year": one.year, "month": one.month}) for one in months
    ]

    def kinds() -> list[tuple[str, str]]:
        return [("area", _("自助区")), ("region", _("地区"))]

    def states() -> list[tuple[str, str]]:
        return [("published", _("已发布")), ("draft", _("草稿")), ("making", _("没有做成或正在制作"))]

    extra = {
        "places": [one for one in places if actor.may(*MAKERS, place_path=one.path)],
        "plan_places": [one for one in places if actor.may(*PUBLISHERS, place_path=one.path)],
        "months": named,
        "last_month": f"{months[1]:%Y-%m}",
        "plans": [(one, actor.may(*PUBLISHERS, place_path=one.place.path)) for one in queries.plans_visible_to(actor)],
        "busy": queries.reports_visible_to(actor).filter(work__state__in=queries.ON_THE_WAY).exists(),
    }
    return listing(
        request,
        title=_("月报"),
        note=_("每个自助区、旗区、市一份，从平台的记录算出，没有人填数。发布后内容不再改动，后来的不同单列为更正。"),
        columns=(
            Column("month", _("月份"), lambda row: f"{row.month:%Y-%m}", sort="month", kind="code"),
            Column("place", _("地点"), lambda row: row.place.name, sort="place__name"),
            Column(
                "kind",
                _("范围"),
                lambda row: _("自助区") if row.place.kind == "area" else _("地区"),
                sort="place__kind",
            ),
            Column("state", _("状态"), state_of, kind="state"),
            Column("made", _("数据截至"), lambda row: row.made_at, sort="made_at", kind="moment"),
            Column("published", _("发布"), lambda row: row.published_at, sort="published_at", kind="moment"),
            Column("by", _("发布人"), lambda row: row.published_by, sort="published_by"),
            Column("corrected", _("更正"), _corrected, kind="state"),
        ),
        queryset=queries.reports_visible_to(actor).prefetch_related("corrections"),
        filters=(
            Filter("month", _("月份"), lambda: named, lambda q, v: q.filter(month=month_of(v))),
            Filter("kind", _("范围"), kinds, lambda q, v: q.filter(place__kind=v)),
            Filter("state", _("状态"), states, lambda q, v: q.filter(state=v)),
        ),
        search=("place__name", "place__code"),
        default_sort="-month",
        row_url=lambda row: reverse("console:monthly_report", args=[row.pk]),
        empty=_("还没有月报。选地点和月份，点“制作”；或安排每月自动制作。"),
        export_name=_("月报"),
        template="console/monthly/list.html",
        extra=extra,
    )


def _corrected(row: MonthlyReport) -> State | None:
    last = next(iter(row.corrections.all()), None)
    return State("warn", _("发布后有更正")) if last is not None and last.changes else None


@allow(MAKERS)
@require_POST
def monthly_new(request: HttpRequest) -> HttpResponse:
    """Make a report now."""
    actor = reader(request)
    place = queries.places_to_report(actor).filter(code=request.POST.get("place", "")).first()
    month = _month(request.POST.get("month", ""))
    if place is None or month is None:
        messages.error(request, _("请选择地点和月份。"))
        return redirect("console:monthly_reports")
    try:
        row = actions.ask(actor, place, month, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:monthly_reports")
    return redirect("console:monthly_report", row.pk)


@allow(PUBLISHERS)
@require_POST
def monthly_plan(request: HttpRequest) -> HttpResponse:
    """Have the reports of a place and everything below it made each month."""
    actor = reader(request)
    place = queries.places_to_report(actor).filter(code=request.POST.get("place", "")).first()
    if place is None:
        messages.error(request, _("请选择地点。"))
        return redirect("console:monthly_reports")
    try:
        row = actions.plan(actor, place, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已安排，下一次 %(at)s。") % {"at": moment(row.due_at)})
    return redirect("console:monthly_reports")


@allow(PUBLISHERS)
@require_POST
def monthly_unplan(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop making them by themselves."""
    actor = reader(request)
    row = get_object_or_404(queries.plans_visible_to(actor), pk=pk)
    actions.unplan(actor, row, now=timezone.now())
    messages.success(request, _("已取消每月自动制作。"))
    return redirect("console:monthly_reports")


def _row(request: HttpRequest, pk: int) -> MonthlyReport:
    """The report with its content, within the reader's scope."""
    return get_object_or_404(queries.reports_visible_to(reader(request)).defer(None), pk=pk)


@allow(READERS)
def monthly_report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: progress while it is made, then its figures and tables, each line opening its rows."""
    actor, row = reader(request), _row(request, pk)
    context = report_context(row) | {
        "may_make": actor.may(*MAKERS, place_path=row.place_path),
        "may_publish": actor.may(*PUBLISHERS, place_path=row.place_path),
    }
    return render(request, "console/monthly/report.html", context)


def _report(row: MonthlyReport) -> Report:
    report = queries.content_of(row)
    if report is None:
        raise Http404
    return report


@allow(READERS)
def monthly_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows behind one figure or line, as they stand now. Only what stands in the report can be asked for."""
    row = _row(request, pk)
    report, asked = _report(row), request.GET.get("of", "")
    title = next((one.title for one in figures_of(report) if one.opens == asked), "")
    told: tuple[Any, ...] = ()
    for _section, table in tables_of(report):
        for line in table.lines:
            if line.opens == asked and not title:
                title, told = table.title, line.cells
    if not title or line_url(row, asked) is None:
        raise Http404
    found = opened(queries.month_of(row), asked)
    improve_url = f"{reverse('console:improvement_new')}?{urlencode({'report': str(row.pk), 'of': asked})}"
    context = {
        "row": row,
        "title": " · ".join(words(one) for one in (title, str(told[0]) if told else "") if one),
        "rows": [(one, row_url(one.ref)) for one in found.rows],
        "total": found.total,
        "left": max(0, found.total - SHOWN),
        "published": row.state == "published",
        "improve_url": improve_url if reader(request).may(*MAKERS, place_path=row.place_path) else "",
    }
    return render(request, "console/monthly/rows.html", context)


@allow(READERS)
def monthly_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The report as PDF, Word or Excel."""
    row = _row(request, pk)
    if form not in MEDIA:
        raise Http404
    report = _report(row)
    name, content = paper(
        report, form, zone=row.place.zone, published=published_words(row), sha256=row.sha256,
        corrections=[
            (f"{one.found_at:%Y-%m-%d}", change) for one, found in queries.corrections_of(row)[:1] for change in found
        ],
    )  # fmt: skip
    actions.note_download(reader(request), row, form, now=timezone.now())
    answer = HttpResponse(content, content_type=MEDIA[form])
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def published_words(row: MonthlyReport) -> str:
    """Who published it and when, or that it is a draft: a paper must say which of both it is."""
    if row.published_at is None:
        return "草稿，还没有发布"
    local = timezone.localtime(row.published_at)
    return f"{local:%Y-%m-%d %H:%M} 由{row.published_by}发布"


@allow(PUBLISHERS)
@require_POST
def monthly_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze what the reader has on the screen, and send it."""
    row = _row(request, pk)
    try:
        actions.publish(reader(request), row, sha256=request.POST.get("sha256", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已发布，并通知了有权看这里月报的人。"))
    return redirect("console:monthly_report", pk)


@allow(MAKERS)
@require_POST
def monthly_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it anew: after a failure, or because more was recorded meanwhile."""
    row = _row(request, pk)
    try:
        actions.ask(reader(request), row.place, row.month, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:monthly_report", pk)


@allow(MAKERS)
@require_POST
def monthly_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop making it."""
    try:
        actions.cancel(reader(request), _row(request, pk), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已取消。"))
    return redirect("console:monthly_report", pk)


@allow(READERS)
@require_POST
def monthly_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold a published report against the rows of now."""
    try:
        actions.ask_check(reader(request), _row(request, pk), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:monthly_report", pk)


urlpatterns = [
    path("monthly-reports/", monthly_reports, name="monthly_reports"),
    path("monthly-reports/new/", monthly_new, name="monthly_new"),
    path("monthly-reports/plans/", monthly_plan, name="monthly_plan"),
    path("monthly-reports/plans/<int:pk>/stop/", monthly_unplan, name="monthly_unplan"),
    path("monthly-reports/<int:pk>/", monthly_report, name="monthly_report"),
    path("monthly-reports/<int:pk>/rows/", monthly_rows, name="monthly_rows"),
    path("monthly-reports/<int:pk>/files/<slug:form>/", monthly_file, name="monthly_file"),
    path("monthly-reports/<int:pk>/publish/", monthly_publish, name="monthly_publish"),
    path("monthly-reports/<int:pk>/again/", monthly_again, name="monthly_again"),
    path("monthly-reports/<int:pk>/cancel/", monthly_cancel, name="monthly_cancel"),
    path("monthly-reports/<int:pk>/check/", monthly_check, name="monthly_check"),
]
