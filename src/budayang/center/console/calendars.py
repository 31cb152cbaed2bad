"""Calendars: a year on one sheet, a day mended, a year imported as it was announced, the year as a file."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.forms import DateField
from budayang.center.console.listing import XLSX
from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.access import ANY_STAFF, allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.uploads import BadUpload
from budayang.center.platform.wording import words
from budayang.center.services import calendar_actions, calendar_queries
from budayang.center.services.models import CalendarDay
from budayang.rules.calendars import DAY_KIND_NAMES, DayKind

KEEPERS = frozenset(calendar_actions.KEEPERS)
SALT = "console.calendars"
PREVIEW_S = 3600
WEEKDAYS = (
    gettext_lazy("一"),
    gettext_lazy("二"),
    gettext_lazy("三"),
    gettext_lazy("四"),
    gettext_lazy("五"),
    gettext_lazy("六"),
    gettext_lazy("日"),
)


class DayForm(forms.Form):
    """What one day is, and who says so."""

    kind = forms.ChoiceField(
        label=gettext_lazy("这一天是"),
        required=False,
        choices=[
            ("", gettext_lazy("按星期算（不在表里）")),
            *[
                (kind.value, DAY_KIND_NAMES[kind])
                for kind in (DayKind.HOLIDAY, DayKind.MAKEUP, DayKind.RESTDAY, DayKind.WORKDAY)
            ],
        ],
    )
    name = forms.CharField(
        label=gettext_lazy("名称"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("例如：国庆节、那达慕大会放假。"),
    )
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=120, required=False, help_text=gettext_lazy("谁定的，依据哪份通知。")
    )

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("kind") and not str(found.get("source") or "").strip():
            self.add_error("source", _("请写明这一天是谁定的，依据什么。"))
        return found


class YearForm(forms.Form):
    """A year's announcement: its file, who announced it and when."""

    table = forms.FileField(
        label=gettext_lazy("CSV 或 XLSX 文件"),
        help_text=gettext_lazy("列：日期、类别、名称、来源。最大 5 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
    )
    source = forms.CharField(
        label=gettext_lazy("公布的文件"),
        max_length=120,
        help_text=gettext_lazy("例如：国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕×号）。"),
    )
    announced_on = DateField(label=gettext_lazy("公布日期"), required=False)


def _year(year: int) -> int:
    if not calendar_queries.FIRST <= year <= calendar_queries.LAST:
        raise Http404
    return year


@allow(ANY_STAFF)
def calendars(request: HttpRequest) -> HttpResponse:
    """This year's sheet."""
    return redirect("console:calendar", timezone.localdate().year)


@allow(ANY_STAFF)
def calendar(request: HttpRequest, year: int) -> HttpResponse:
    """One year on one sheet: what each day counts as, and whether the year was announced or is estimated."""
    facts = calendar_queries.year_facts(_year(year))
    months = [
        {"number": number, "blanks": range(days[0].on.weekday()), "days": days}
        for number, days in enumerate(calendar_queries.year_sheet(year), start=1)
    ]
    context = {
        "facts": facts,
        "word": calendar_queries.year_words(facts),
        "months": months,
        "weekdays": WEEKDAYS,
        "years": calendar_queries.known_years(timezone.now()),
        "rows": calendar_queries.year_rows(year),
        "kinds": {kind.value: words(DAY_KIND_NAMES[kind]) for kind in DayKind},
        "today": timezone.localdate(),
        "may_edit": reader(request).may(*KEEPERS),
    }
    return render(request, "console/calendars/year.html", context)


@allow(KEEPERS)
def calendar_day(request: HttpRequest, year: int, month: int, day: int) -> HttpResponse:
    """Say what one day is. The year stays announced or estimated as it was."""
    try:
        on = date(_year(year), month, day)
    except ValueError as error:
        raise Http404 from error
    row = CalendarDay.objects.filter(on=on).first()
    initial = {"kind": row.kind, "name": row.name, "source": row.source} if row else {}
    form = DayForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            calendar_actions.set_day(
                reader(request), on, found["kind"], found["name"], source=found["source"], now=timezone.now()
            )
        except Refused as refused:
            form.add_error("kind", str(refused))
        else:
            messages.success(request, _("已保存，各终端和公众页面随即按新的日历判定。"))
            return redirect("console:calendar", year)
    context = {
        "form": form,
        "title": _("%(month)d月%(day)d日是什么日子") % {"month": month, "day": day},
        "note": _("只改这一天。%(year)d年是“已公布”还是“推算”不变。") % {"year": year},
        "back_url": reverse("console:calendar", args=[year]),
        "back_word": _("%(year)d年日历") % {"year": year},
    }
    return render(request, "console/form.html", context, status=422 if form.is_bound and form.errors else 200)


@allow(KEEPERS)
def calendar_import(request: HttpRequest, year: int) -> HttpResponse:
    """Upload the announcement, see what would change, then make the year exactly that."""
    context: dict[str, Any] = {"year": _year(year), "columns": calendar_actions.COLUMNS}
    if request.method == "POST" and "payload" in request.POST:
        return _confirm(request, year, context)
    form = YearForm(request.POST or None, request.FILES or None)
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        try:
            table = calendar_actions.read_year(form.cleaned_data["table"].read())
        except BadUpload as bad:
            form.add_error("table", str(bad))
        else:
            check = calendar_actions.check_year(year, table)
            context |= {"check": check, "names": _names(check)}
            if not check.errors:
                on = form.cleaned_data["announced_on"]
                kept = {
                    "year": year,
                    "rows": [[day.isoformat(), kind, name] for day, kind, name in check.rows],
                    "source": form.cleaned_data["source"],
                    "on": on.isoformat() if on else "",
                }
                context["payload"] = signing.dumps(kept, salt=SALT, compress=True)
    bad_page = bool(form.is_bound and form.errors) or bool(context.get("check") and context["check"].errors)
    return render(request, "console/calendars/import.html", context, status=422 if bad_page else 200)


def _names(check: calendar_actions.YearCheck) -> list[tuple[str, date, str, str]]:
    """(what happens, day, kind, name) for each day that changes."""
    rows = [(_("新增"), on, words(DAY_KIND_NAMES[DayKind(kind)]), name) for on, kind, name in check.added]
    rows += [(_("改为"), on, words(DAY_KIND_NAMES[DayKind(kind)]), name) for on, kind, name in check.changed]
    rows += [(_("去掉"), on, "", "") for on in check.removed]
    return sorted(rows, key=lambda row: row[1])


def _confirm(request: HttpRequest, year: int, context: dict[str, Any]) -> HttpResponse:
    try:
        kept = signing.loads(request.POST["payload"], salt=SALT, max_age=PREVIEW_S)
    except signing.BadSignature:
        context |= {"form": YearForm(), "error": _("预览已过期或被改动，请重新上传。什么也没有导入。")}
        return render(request, "console/calendars/import.html", context, status=422)
    if kept["year"] != year:
        raise Http404
    rows = [(date.fromisoformat(on), kind, name) for on, kind, name in kept["rows"]]
    announced_on = date.fromisoformat(kept["on"]) if kept["on"] else None
    now = timezone.now()
    calendar_actions.replace_year(
        reader(request), year, rows, source=kept["source"], announced_on=announced_on, now=now
    )
    messages.success(request, _("%(year)d年已按公布的安排更新，共 %(n)d 天。") % {"year": year, "n": len(rows)})
    return redirect("console:calendar", year)


@allow(ANY_STAFF)
def calendar_export(request: HttpRequest, year: int, kind: str) -> HttpResponse:
    """The year's days as a file that the import reads back."""
    rows = calendar_queries.year_rows(_year(year))
    with transaction.atomic():
        details = {"format": kind, "rows": len(rows)}
        record(reader(request), "console.export", subject=f"calendar:{year}", details=details)
    columns = calendar_queries.EXPORT_COLUMNS
    demo = settings.BUDAYANG.demo
    if kind == "csv":
        content, media = exports.csv_file(columns, rows, demo=demo), "text/csv; charset=utf-8"
    else:
        content, media = exports.workbook(f"{year}年日历", columns, rows, demo=demo), XLSX
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, f"calendar-{year}.{kind}") or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


urlpatterns = [
    path("calendars/", calendars, name="calendars"),
    path("calendars/<int:year>/", calendar, name="calendar"),
    path("calendars/<int:year>/import/", calendar_import, name="calendar_import"),
    path("calendars/<int:year>/calendar.xlsx", calendar_export, {"kind": "xlsx"}, name="calendar_xlsx"),
    path("calendars/<int:year>/calendar.csv", calendar_export, {"kind": "csv"}, name="calendar_csv"),
    path("calendars/<int:year>/<int:month>/<int:day>/", calendar_day, name="calendar_day"),
]
