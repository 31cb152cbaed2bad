"""Improvement items (改进事项): what is late, a form (free or from a line of a monthly report), one item."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.forms import DateField
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.monthly_pages import line_url, told_of
from budayang.center.console.reader import reader
from budayang.center.evaluation import improvement_actions as actions
from budayang.center.evaluation import improvement_queries as queries
from budayang.center.evaluation import monthly_queries
from budayang.center.evaluation.models import Improvement, MonthlyReport
from budayang.center.platform import queries as platform
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.templatetags.platform_format import percent
from budayang.center.platform.wording import words
from budayang.rules.improvements import ACTIVE, EVENT_NAMES, STATE_NAMES, late_days

MAKERS, DOERS, CHECKERS = frozenset(actions.MAKERS), frozenset(actions.DOERS), frozenset(actions.CHECKERS)
TONES = {"open": "hand", "proved": "warn", "closed": "ok", "cancelled": "ask"}


class ImprovementForm(forms.Form):
    """What is wrong, what will be done, by whom, by when."""

    place = forms.ChoiceField(label=gettext_lazy("地点"))
    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    problem = forms.CharField(label=gettext_lazy("问题"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    plan = forms.CharField(label=gettext_lazy("打算怎么改"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    owner = forms.ChoiceField(label=gettext_lazy("责任单位"))
    due_on = DateField(label=gettext_lazy("完成日期"))

    def __init__(self, actor: Actor, *args: Any, report: MonthlyReport | None = None, **kwargs: Any) -> None:
        """`report`: an item from a line of it is about the report's place, and no other can be chosen."""
        super().__init__(*args, **kwargs)
        places, bodies = self.fields["place"], self.fields["owner"]
        assert isinstance(places, forms.ChoiceField)
        assert isinstance(bodies, forms.ChoiceField)
        found = platform.places_visible_to(actor).order_by("path")
        if report is not None:
            found = found.filter(pk=report.place_id)
        places.choices = [(one.code, one.name) for one in found if actor.may(*MAKERS, place_path=one.path)]
        bodies.choices = [("", _("请选择")), *queries.bodies_for(actor).values_list("code", "name")]


def state_of(row: Improvement) -> State:
    """The state by word and shape, late or in time."""
    late = late_days(row.state, row.due_on, timezone.localdate())
    word = words(STATE_NAMES[row.state])
    if late:
        return State("stop", _("%(word)s，超期 %(n)d 天") % {"word": word, "n": late})
    if row.overdue_at is not None:
        tone = "warn" if row.state in ACTIVE else TONES[row.state]
        return State(tone, _("%(word)s，曾超期") % {"word": word})  # type: ignore[arg-type]  # a literal of the table
    return State(TONES[row.state], word)  # type: ignore[arg-type]  # a literal of the table above


@allow(OPERATING_ROLES)
def improvements(request: HttpRequest) -> HttpResponse:
    """Every item, the nearest date first; above them how many are late."""
    actor, today = reader(request), timezone.localdate()
    rows = queries.improvements_visible_to(actor)
    late = queries.overdue(rows, today).count()

    def by_state(found: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "missed":
            return found.filter(overdue_at__isnull=False)
        return queries.overdue(found, today) if value == "late" else found.filter(state=value)

    note = _("从月报的一行提出，或自己写；谁负责、哪天完成、有什么证明、谁检查，都留痕。")
    if late:
        note += _("现在有 %(n)d 件超期。") % {"n": late}
    told = [ok for found in queries.closing_of(rows, timezone.now()).values() for _pk, ok in found]
    if told:
        share = {"n": len(told), "good": sum(told), "share": percent(sum(told) / len(told))}
        note += _("一年内该闭环的 %(n)d 件，按期 %(good)d 件（%(share)s）。") % share
    return listing(
        request,
        title=_("改进事项"),
        note=note,
        columns=(
            Column("title", _("标题"), lambda row: row.title, sort="title"),
            Column("place", _("地点"), lambda row: row.place.name, sort="place__name"),
            Column("owner", _("责任单位"), lambda row: row.owner.name, sort="owner__name"),
            Column("due", _("完成日期"), lambda row: row.due_on.isoformat(), sort="due_on", kind="code"),
            Column("state", _("状态"), state_of, sort="state", kind="state"),
            Column("made", _("提出"), lambda row: row.made_at, sort="made_at", kind="moment"),
        ),
        queryset=rows,
        filters=(
            Filter(
                "state", _("状态"),
                lambda: [
                    ("late", _("超期")), ("missed", _("曾超期")),
                    *((key, words(name)) for key, name in STATE_NAMES.items()),
                ], by_state,
            ),
            Filter(
                "place", _("地区"), lambda: list(platform.places_visible_to(actor).values_list("path", "name")),
                lambda found, value: found.filter(place_path__startswith=value),
            ),
        ),
        search=("title", "problem", "owner__name"),
        default_sort="due",
        row_url=lambda row: reverse("console:improvement", args=[row.pk]),
        empty=_("还没有改进事项。在月报里点开一行，点“提出改进”；或点“提出”自己写。"),
        export_name=_("改进事项"),
        actions=(Action(reverse("console:improvement_new"), _("提出"), primary=True),) if actor.may(*MAKERS) else (),
    )  # fmt: skip


def _from(request: HttpRequest) -> tuple[MonthlyReport | None, str, str, str]:
    """(report, opens, title, what the line says) when the form was opened from a line of a report."""
    asked = request.GET.get("report", "")
    if not asked.isdecimal():
        return None, "", "", ""
    row = get_object_or_404(monthly_queries.reports_visible_to(reader(request)).defer(None), pk=int(asked[:12]))
    opens = request.GET.get("of", "")
    told = told_of(row, opens)
    if told is None:
        raise Http404
    return row, opens, *told


@allow(MAKERS)
def improvement_new(request: HttpRequest) -> HttpResponse:
    """Propose an item."""
    actor = reader(request)
    report, opens, title, said = _from(request)
    first = {"place": report.place.code, "title": title[:80], "problem": said[:300]} if report else {}
    form = ImprovementForm(actor, request.POST or None, initial=first, report=report)
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        place = platform.places_visible_to(actor).get(code=typed.pop("place"))
        owner = queries.bodies_for(actor).get(code=typed.pop("owner"))
        try:
            row = actions.propose(
                actor, place, owner=owner, now=timezone.now(), report=report, opens=opens, source=said, **typed
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提出。"))
            return redirect("console:improvement", row.pk)
    context = {
        "form": form,
        "title": _("提出改进事项"),
        "note": said,
        "back_url": reverse("console:improvements"),
        "back_word": _("改进事项"),
        "submit": _("提出"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _item(request: HttpRequest, pk: int) -> Improvement:
    return get_object_or_404(queries.improvements_visible_to(reader(request)), pk=pk)


@allow(OPERATING_ROLES)
def improvement(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: what, who, by when, every step with its proof, and what the reader may do now."""
    actor, row = reader(request), _item(request, pk)
    kept = queries.with_photo(row)
    report = row.report
    reads = report is not None and monthly_queries.reports_visible_to(actor).filter(pk=report.pk).exists()
    context = {
        "row": row,
        "state": state_of(row),
        "events": [(one, words(EVENT_NAMES[one.what]), one.pk in kept) for one in queries.events_of(row)],
        "report": report if reads else None,
        "source_url": line_url(report, row.opens) if report is not None and reads else None,
        "may_prove": row.state == "open"
        and actor.may(*DOERS, place_path=row.place_path, organizations=(row.owner_id,)),
        "may_check": row.state == "proved" and actor.may(*CHECKERS, place_path=row.place_path),
        "may_change": row.state == "open" and actor.may(*MAKERS, place_path=row.place_path),
    }
    return render(request, "console/improvements/item.html", context)


@allow(DOERS | CHECKERS)
@require_POST
def improvement_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Prove, accept, reject, cancel."""
    row, photo = _item(request, pk), request.FILES.get("photo")
    try:
        content = photo.read() if photo is not None else b""
        actions.move(reader(request), row, step, note=request.POST.get("note", ""), photo=content, now=timezone.now())
    except KeyError as error:
        raise Http404 from error
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已记下。"))
    return redirect("console:improvement", pk)


@allow(MAKERS)
@require_POST
def improvement_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another plan or date."""
    row = _item(request, pk)
    try:
        due_on = forms.DateField().clean(request.POST.get("due_on", ""))
        actions.change(reader(request), row, plan=request.POST.get("plan", ""), due_on=due_on, now=timezone.now())
    except forms.ValidationError:
        messages.error(request, _("请填写完成日期，如 2026-12-31。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已改。"))
    return redirect("console:improvement", pk)


@allow(OPERATING_ROLES)
def improvement_photo(request: HttpRequest, pk: int, event: int) -> HttpResponse:
    """The photograph of a proof."""
    found = _item(request, pk).events.filter(pk=event).first()
    content = actions.read_photo(found) if found is not None else None
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


urlpatterns = [
    path("improvements/", improvements, name="improvements"),
    path("improvements/new/", improvement_new, name="improvement_new"),
    path("improvements/<int:pk>/", improvement, name="improvement"),
    path("improvements/<int:pk>/change/", improvement_change, name="improvement_change"),
    path("improvements/<int:pk>/photos/<int:event>.jpg", improvement_photo, name="improvement_photo"),
    path("improvements/<int:pk>/<slug:step>/", improvement_step, name="improvement_step"),
]
