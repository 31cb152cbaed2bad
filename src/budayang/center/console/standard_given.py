"""Forms by which people give evidence for a clause, exempt an area or give it time; lists of what was given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.forms import DateField
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import area_of, edition_of, mark, month_asked
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import parameter, place_chain
from budayang.center.platform.wording import words
from budayang.center.standard import given_actions, given_queries, queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.given_actions import EXEMPTERS, GIVERS
from budayang.center.standard.models import Clause, ClauseException, GivenDocument, GivenNumbers
from budayang.rules.standard.parts import ENTERED, KIND_HELP, KIND_NAMES, Field, Kind, Part

EXCEPTION_NAMES = {"exemption": gettext_lazy("不适用"), "transition": gettext_lazy("逐步过渡")}


class PlaceForm(forms.Form):
    """Where it counts: the area itself, or a region above it for which the actor may say so."""

    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(),
        label=gettext_lazy("用于"),
        empty_label=None,
        help_text=gettext_lazy("选上级地区时，它下面的每个自助区都算有这份证据。"),
    )

    def __init__(self, actor: Actor, area: Any, roles: tuple[Any, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        paths = [one for one in place_chain(area.place.path) if actor.may(*roles, place_path=one)]
        field = self.fields["place"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Place.objects.filter(path__in=paths).order_by("-path")
        field.label_from_instance = lambda obj: str(obj.name)  # type: ignore[method-assign]
        self.initial.setdefault("place", area.place_id)


class NumbersForm(PlaceForm):
    """The numbers of a part, when and how they were found."""

    on = DateField(label=gettext_lazy("哪天量的（查的）"))
    source = forms.CharField(label=gettext_lazy("用什么量的，或从哪里来"), max_length=160)
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)

    def __init__(self, actor: Actor, area: Any, part: Part, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, area, GIVERS, *args, **kwargs)
        for one in part.fields:
            label = f"{words(one.label)}（{words(one.unit)}）"
            self.fields[f"v_{one.name}"] = forms.FloatField(label=label, help_text=words(one.asked))
        self.order_fields(["place", *(f"v_{one.name}" for one in part.fields), "on", "source", "note"])
        self.part = part

    def values(self) -> dict[str, float]:
        return {one.name: self.cleaned_data[f"v_{one.name}"] for one in self.part.fields}


class DocumentForm(PlaceForm):
    """A document, its day and its end."""

    title = forms.CharField(label=gettext_lazy("文件名称"), max_length=120)
    on = DateField(label=gettext_lazy("文件日期"))
    until_on = DateField(
        label=gettext_lazy("有效期至"),
        required=False,
        help_text=gettext_lazy("文件上写明的；没有写就按这一条的有效天数算。"),
    )
    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy("PDF（最大 5 MB）或照片（最大 20 MB）。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.webp"}),
        error_messages={"required": gettext_lazy("请选一个 PDF 或照片。")},
    )

    def __init__(self, actor: Actor, area: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, area, GIVERS, *args, **kwargs)
        self.order_fields(["place", "title", "on", "until_on", "file"])


class ExceptionForm(PlaceForm):
    """Why a clause does not count as usual."""

    kind = forms.ChoiceField(
        label=gettext_lazy("哪一种"),
        choices=[
            ("exemption", gettext_lazy("不适用：这里没有这一条说的东西")),
            ("transition", gettext_lazy("逐步过渡：适用，还没有做到，到期前另列不扣分")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如：自助区不在有消防控制室的建筑里。"),
    )  # fmt: skip
    plan = forms.CharField(
        label=gettext_lazy("怎样做到"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("逐步过渡必填：做什么、谁负责。"),
    )  # fmt: skip
    from_on = DateField(label=gettext_lazy("从哪天起"))
    until_on = DateField(label=gettext_lazy("到哪天"), required=False, help_text=gettext_lazy("逐步过渡必填。"))

    def __init__(self, actor: Actor, area: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, area, EXEMPTERS, *args, **kwargs)
        self.order_fields(["place", "kind", "reason", "plan", "from_on", "until_on"])


def _month(request: HttpRequest) -> str:
    """The month that the page was about, for the way back."""
    return f"?month={month_asked(request, timezone.now()):%Y-%m}" if "month" in request.GET else ""


def _clause(request: HttpRequest, clause_code: str) -> Clause:
    """The clause of the edition of the month that the page was about: what is given late is given for its text."""
    try:
        return queries.get_clause(edition_of(month_asked(request, timezone.now())), clause_code)
    except Clause.DoesNotExist as error:
        raise Http404 from error


@allow(frozenset(GIVERS))
def clause_give(request: HttpRequest, code: str, clause_code: str, kind: str) -> HttpResponse:
    """Give numbers or a document for one part of a clause."""
    area, clause, actor = area_of(request, code), _clause(request, clause_code), reader(request)
    try:
        part = given_actions.part_for(clause, Kind(kind))
    except (ValueError, Refused) as error:
        raise Http404 from error
    numbers = part.kind in ENTERED
    if not numbers and part.kind is not Kind.DOCUMENT:
        raise Http404
    today = queries.day_of(timezone.now(), area.place.zone)
    initial = {"on": today, "source": words(part.system)}
    form: Any = (
        NumbersForm(actor, area, part, request.POST or None, initial=initial)
        if numbers
        else DocumentForm(actor, area, request.POST or None, request.FILES or None, initial={"on": today})
    )
    back = reverse("console:conformity_clause", args=[area.code, clause.code]) + _month(request)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            if numbers:
                given_actions.give_numbers(
                    actor, found["place"], clause, part.kind, values=form.values(), on=found["on"],
                    source=found["source"], note=found["note"], now=timezone.now(),
                )  # fmt: skip
            else:
                given_actions.give_document(
                    actor, found["place"], clause, title=found["title"], on=found["on"], until_on=found["until_on"],
                    name=found["file"].name, content=found["file"].read(), now=timezone.now(),
                )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记下，结论随后重算。"))
            return redirect(back)
    context = {
        "title": _("%(code)s：%(kind)s") % {"code": clause.code, "kind": words(KIND_NAMES[part.kind])},
        "note": words(KIND_HELP[part.kind]),
        "clause": clause,
        "area": area,
        "edition": clause.edition,
        "part": part,
        "what": words(part.what),
        "form": form,
        "back_url": back,
    }
    return render(request, "console/standard/give.html", context, status=422 if form.is_bound else 200)


@allow(frozenset(EXEMPTERS))
def clause_except(request: HttpRequest, code: str, clause_code: str) -> HttpResponse:
    """Say that a clause does not apply, or give the area time."""
    area, clause, actor = area_of(request, code), _clause(request, clause_code), reader(request)
    today = queries.day_of(timezone.now(), area.place.zone)
    form = ExceptionForm(actor, area, request.POST or None, initial={"from_on": today, "kind": "exemption"})
    back = reverse("console:conformity_clause", args=[area.code, clause.code]) + _month(request)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            given_actions.set_exception(
                actor, found["place"], clause, kind=found["kind"], reason=found["reason"], plan=found["plan"],
                from_on=found["from_on"], until_on=found["until_on"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已登记，结论随后重算。"))
            return redirect(back)
    context = {
        "title": _("%(code)s：不适用或逐步过渡") % {"code": clause.code},
        "note": _("由主管登记，写明理由和起止日期；登记以前各天的结论不变。"),
        "clause": clause,
        "area": area,
        "edition": clause.edition,
        "form": form,
        "back_url": back,
    }
    return render(request, "console/standard/give.html", context, status=422 if form.is_bound else 200)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page of the clause that the button stood on."""
    area, clause = request.POST.get("area", ""), request.POST.get("clause", "")
    if area and clause:
        return redirect("console:conformity_clause", area, clause)
    return redirect("console:clause_given")


@allow(frozenset(GIVERS))
@require_POST
def given_withdraw(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Take back what was given."""
    actor = reader(request)
    rows: QuerySet[Any]
    if kind == "numbers":
        rows = given_queries.numbers_visible_to(actor)
    elif kind == "document":
        rows = given_queries.documents_visible_to(actor)
    else:
        raise Http404
    row = rows.filter(pk=number).first()
    if row is None:
        raise Http404
    try:
        given_actions.withdraw(actor, row, why=request.POST.get("why", ""), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤回，结论随后重算。"))
    return _back(request)


@allow(frozenset(EXEMPTERS))
@require_POST
def exception_end(request: HttpRequest, number: int) -> HttpResponse:
    """It ends today."""
    actor, now = reader(request), timezone.now()
    row = given_queries.exceptions_visible_to(actor).filter(pk=number).first()
    if row is None:
        raise Http404
    on = queries.day_of(now, row.place.zone) - timedelta(days=1)
    try:
        given_actions.end_exception(actor, row, on=max(on, row.from_on - timedelta(days=1)), now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已结束，结论随后重算。"))
    return _back(request)


@allow(queries.READERS)
def clause_document(request: HttpRequest, ref: str) -> HttpResponse:
    """The content of a document."""
    row = given_queries.documents_visible_to(reader(request)).filter(ref=ref).first()
    content = given_queries.content_of(row) if row is not None else None
    if row is None or content is None:
        raise Http404
    answer = HttpResponse(content, content_type=row.media)
    answer["Content-Disposition"] = content_disposition_header(row.media != "image/jpeg", row.name) or "attachment"
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@allow(queries.READERS)
def clause_given(request: HttpRequest) -> HttpResponse:
    """Documents with their ends, what ends first at the head."""
    actor, now = reader(request), timezone.now()
    today = queries.day_of(now)
    warn_d = int(parameter("due_warn_d", "/", now))

    def standing(row: GivenDocument) -> State:
        if row.withdrawn_at is not None:
            return State("ask", _("已撤回"))
        if row.until_on is None or row.until_on > today + timedelta(days=warn_d):
            return State("ok", _("有效"))
        return State("stop", _("已到期")) if row.until_on < today else State("warn", _("快到期"))

    def by_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        soon = today + timedelta(days=warn_d)
        if value == "withdrawn":
            return rows.filter(withdrawn_at__isnull=False)
        rows = rows.filter(withdrawn_at__isnull=True)
        if value == "over":
            return rows.filter(until_on__lt=today)
        if value == "soon":
            return rows.filter(until_on__gte=today, until_on__lte=soon)
        return rows.filter(Q(until_on__isnull=True) | Q(until_on__gt=soon))

    states = [("fine", _("有效")), ("soon", _("快到期")), ("over", _("已到期")), ("withdrawn", _("已撤回"))]
    return listing(
        request,
        title=_("条款文件"),
        note=_("证明条款做到的文件和有效期；自助区的文件到期前 60 天派单提醒。在条款的页面上传。"),
        columns=(
            Column("title", _("文件"), lambda row: row.title, sort="title"),
            Column("clause", _("条款"), lambda row: row.clause_code, sort="clause_code"),
            Column("place", _("用于"), lambda row: row.place.name, sort="place_path"),
            Column("state", _("状态"), standing, kind="state"),
            Column("on", _("文件日期"), lambda row: row.on, sort="on"),
            Column("until", _("有效期至"), lambda row: row.until_on or _("长期"), sort="until_on"),
            Column("by", _("登记人"), lambda row: row.by, sort="by"),
            Column("edition", _("版本"), lambda row: mark(row.edition)),
        ),
        queryset=given_queries.documents_visible_to(actor),
        filters=(Filter("state", _("状态"), lambda: states, by_state),),
        search=("title", "clause_code", "place__name"),
        default_sort="until",
        row_url=lambda row: reverse("console:clause_document", args=[row.ref]) if row.content_sealed else "",
        empty=_("还没有上传文件。打开一条要文件的条款，在“怎样判断”里上传。"),
        export_name=_("条款文件"),
        actions=(Action(reverse("console:clause_numbers"), _("量测和人工填报")),),
    )


def _labels() -> dict[tuple[int, str, str], Field]:
    """(edition, clause, name of a number) → what it is."""
    given = GivenNumbers.objects.order_by().values_list("edition", "clause_code").distinct()
    wanted = set(given)
    rows = Clause.objects.filter(edition__in={one for one, _code in wanted}, code__in={code for _one, code in wanted})
    return {
        (clause.edition_id, clause.code, field.name): field
        for clause in rows
        for part in parts_of(clause)
        for field in part.fields
    }


def _number_said(field: Field | None, name: str, value: float) -> str:
    """净宽 1200 毫米; the bare name of a number that the edition knows no more."""
    return f"{words(field.label)} {value:.10g} {words(field.unit)}" if field else f"{name} {value:.10g}"


@allow(queries.READERS)
def clause_numbers(request: HttpRequest) -> HttpResponse:
    """Numbers that people entered: measurements, and what they copied from other systems and surveys."""

    labels = _labels()

    def said(row: GivenNumbers) -> str:
        known = {name: labels.get((row.edition_id, row.clause_code, name)) for name in row.values}
        return "；".join(_number_said(known[name], name, value) for name, value in row.values.items())

    kinds = [(one.value, words(KIND_NAMES[one])) for one in ENTERED]
    return listing(
        request,
        title=_("量测和人工填报"),
        note=_("人填的数：现场量测，和从其他系统、调查抄来的数（人工填报）。"),
        columns=(
            Column("clause", _("条款"), lambda row: row.clause_code, sort="clause_code"),
            Column("kind", _("哪一种"), lambda row: words(KIND_NAMES[Kind(row.kind)]), sort="kind"),
            Column("place", _("用于"), lambda row: row.place.name, sort="place_path"),
            Column("values", _("数值"), said),
            Column("on", _("日期"), lambda row: row.on, sort="on"),
            Column("until", _("有效至"), lambda row: row.until_on or _("长期"), sort="until_on"),
            Column("source", _("来源"), lambda row: row.source, sort="source"),
            Column("by", _("登记人"), lambda row: row.by, sort="by"),
            Column("withdrawn", _("撤回"), lambda row: row.withdrawn_why),
            Column("edition", _("版本"), lambda row: mark(row.edition)),
        ),
        queryset=given_queries.numbers_visible_to(reader(request)),
        filters=(Filter("kind", _("哪一种"), lambda: kinds, lambda rows, v: rows.filter(kind=v)),),
        search=("clause_code", "source", "place__name"),
        default_sort="-on",
        row_url=None,
        empty=_("还没有人填数。打开一条要量测或填报的条款，在“怎样判断”里填写。"),
        export_name=_("量测和人工填报"),
        actions=(Action(reverse("console:clause_given"), _("条款文件")),),
    )


@allow(queries.READERS)
def clause_exceptions(request: HttpRequest) -> HttpResponse:
    """Exemptions and transition plans."""
    today = queries.day_of(timezone.now())

    def standing(row: ClauseException) -> State:
        ends = [day for day in (row.until_on, row.ended_on) if day is not None]
        if row.from_on > today:
            return State("ask", _("还没有开始"))
        return State("ask", _("已结束")) if any(day < today for day in ends) else State("hand", _("进行中"))

    return listing(
        request,
        title=_("不适用与过渡计划"),
        note=_("主管登记的不适用（有理由和日期）和逐步过渡计划；过渡期内不符合的条款另列，到期前不扣分。"),
        columns=(
            Column("clause", _("条款"), lambda row: row.clause_code, sort="clause_code"),
            Column("kind", _("哪一种"), lambda row: str(EXCEPTION_NAMES[row.kind]), sort="kind"),
            Column("place", _("用于"), lambda row: row.place.name, sort="place_path"),
            Column("state", _("状态"), standing, kind="state"),
            Column("reason", _("理由"), lambda row: row.reason),
            Column("plan", _("怎样做到"), lambda row: row.plan),
            Column("from", _("从"), lambda row: row.from_on, sort="from_on"),
            Column("until", _("到"), lambda row: row.ended_on or row.until_on or _("另行通知"), sort="until_on"),
            Column("by", _("登记人"), lambda row: row.by, sort="by"),
            Column("edition", _("版本"), lambda row: mark(row.edition)),
        ),
        queryset=given_queries.exceptions_visible_to(reader(request)),
        filters=(
            Filter(
                "kind",
                _("哪一种"),
                lambda: [(key, str(word)) for key, word in EXCEPTION_NAMES.items()],
                lambda rows, v: rows.filter(kind=v),
            ),
        ),
        search=("clause_code", "reason", "plan", "place__name"),
        default_sort="until",
        row_url=None,
        empty=_("还没有登记。打开一个自助区的一条条款，由主管登记。"),
        export_name=_("不适用与过渡计划"),
    )


urlpatterns = [
    path("conformity/<slug:code>/<str:clause_code>/give/<slug:kind>/", clause_give, name="clause_give"),
    path("conformity/<slug:code>/<str:clause_code>/exception/", clause_except, name="clause_except"),
    path("clause-given/", clause_given, name="clause_given"),
    path("clause-given/numbers/", clause_numbers, name="clause_numbers"),
    path("clause-given/<slug:kind>/<int:number>/withdraw/", given_withdraw, name="given_withdraw"),
    path("clause-documents/<slug:ref>/", clause_document, name="clause_document"),
    path("clause-exceptions/", clause_exceptions, name="clause_exceptions"),
    path("clause-exceptions/<int:number>/end/", exception_end, name="exception_end"),
]
