"""Pages of opinions on a draft: the summary table, one opinion with its decision, typing in, Excel out and in."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.registers import choices
from budayang.center.console.standard_forms import DecisionForm, OpinionForm
from budayang.center.console.standard_projects import form_page, opinion_tally, project_of
from budayang.center.console.table_import import Import, import_page, template_file
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.standard import opinion_actions, opinion_imports, opinion_queries, project_queries
from budayang.center.standard.models import Opinion, Project
from budayang.center.standard.opinion_actions import Said
from budayang.rules.standard.opinions import (
    DECISION_NAMES,
    KIND_NAMES,
    NEEDED,
    OPTIONAL,
    SOURCE_NAMES,
    STATE_NAMES,
    TABLE_TITLES,
)

TONES: dict[str, Tone] = {"held": "warn", "open": "hand", "decided": "ok", "set_aside": "ask"}
DECISION_TONES: dict[str, Tone] = {"accepted": "ok", "partly": "warn", "rejected": "ask"}


def opinion_state(row: Opinion) -> State:
    """How an opinion stands, by word and shape."""
    if row.decision:
        return State(DECISION_TONES[row.decision], words(DECISION_NAMES[row.decision]))
    return State(TONES[row.state], words(STATE_NAMES[row.state]))


def _summary(row: Project, kind: str) -> str:
    """How many opinions, and how they were handled, in the reader's language."""
    tally = opinion_tally(row, kind)
    total = sum(project_queries.decided_tally(row, kind).values())
    told = _("，").join(f"{word} {count}" for word, count in tally)
    return _("列入 %(n)d 条：%(told)s。") % {"n": total, "told": told}


def _kind(kind: str) -> str:
    if kind not in KIND_NAMES:
        raise Http404
    return kind


@allow(OPERATING_ROLES)
def opinions(request: HttpRequest, project: str, kind: str) -> HttpResponse:
    """The summary table of a project."""
    row, kind = project_of(request, project), _kind(kind)
    actor = reader(request)
    here = [row.code, kind]
    drafts = project_queries.drafts(actor, row)
    earlier = project_queries.earlier_opinions(row).filter(kind=kind)
    rows = earlier if request.GET.get("of") == "earlier" else project_queries.opinions_of(row).filter(kind=kind)
    return listing(
        request,
        title=_("%(table)s：%(project)s") % {"table": words(TABLE_TITLES[kind]), "project": row.title},
        note=_summary(row, kind),
        columns=(
            Column("number", _("编号"), lambda one: one.number, kind="code"),
            Column("clause", _("标准章条编号"), lambda one: one.clause_number or _("全文"), sort="clause_number"),
            Column("text", _("意见内容"), lambda one: one.text),
            Column("wish", _("修改建议"), lambda one: one.wish),
            Column("unit", _("提出单位"), lambda one: one.unit or _("公众"), sort="unit"),
            Column("state", _("处理意见"), opinion_state, sort="state", kind="state"),
            Column("reason", _("处理理由"), lambda one: one.reason),
            Column("made", _("收到"), lambda one: one.made_at, sort="made_at", kind="moment"),
        ),
        queryset=opinion_queries.opinions_visible_to(actor).filter(pk__in=rows.values("pk")),
        filters=(
            *(
                (Filter("of", _("哪一版"), lambda: [("earlier", _("修订以前的"))], lambda rows, v: rows),)
                if earlier.exists()
                else ()
            ),
            Filter("state", _("状态"), choices(STATE_NAMES), lambda rows, v: rows.filter(state=v)),
            Filter("decision", _("处理意见"), choices(DECISION_NAMES), lambda rows, v: rows.filter(decision=v)),
            Filter("source", _("来源"), choices(SOURCE_NAMES), lambda rows, v: rows.filter(source=v)),
        ),
        search=("number", "clause_number", "text", "unit"),
        default_sort="made",
        row_url=lambda one: reverse("console:standard_opinion", args=[row.code, one.pk]),
        empty=_("还没有意见。公开征求意见页收到的会自动列在这里，也可以录入或从 Excel 导入。"),
        export_name=words(TABLE_TITLES[kind]),
        topic="standard",
        actions=(
            *(
                (
                    Action(reverse("console:standard_opinion_new", args=here), _("录入一条"), primary=True),
                    Action(reverse("console:standard_opinion_import", args=here), _("从 Excel 导入")),
                )
                if drafts
                else ()
            ),
            Action(reverse("console:standard_project", args=[row.code]), _("回到项目")),
        ),
    )


@allow(OPERATING_ROLES)
def opinion_new(request: HttpRequest, project: str, kind: str) -> HttpResponse:
    """Type an opinion in."""
    row, kind = project_of(request, project), _kind(kind)
    form = OpinionForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = opinion_actions.add_opinion(reader(request), row, kind, Said(**form.cleaned_data), timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已录入。"))
            return redirect("console:standard_opinion", row.code, made.pk)
    return form_page(request, form, _("录入%(kind)s") % {"kind": words(KIND_NAMES[kind])}, row)


def _opinion(request: HttpRequest, row: Project, pk: int) -> Opinion:
    found = opinion_queries.opinions_visible_to(reader(request)).filter(project=row, pk=pk).first()
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def opinion(request: HttpRequest, project: str, pk: int) -> HttpResponse:
    """One opinion beside the clause that it is about, and how it is handled."""
    row = project_of(request, project)
    one = _opinion(request, row, pk)
    drafts = project_queries.drafts(reader(request), row)
    initial = {"decision": one.decision, "reason": one.reason, "note": one.note, "major": one.major}
    form = DecisionForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if not drafts:
            raise Forbidden("only the drafting group decides")
        if form.is_valid():
            typed = form.cleaned_data
            try:
                opinion_actions.decide(
                    reader(request), one, typed["decision"], typed["reason"], timezone.now(), note=typed["note"],
                    major=typed["major"],
                )  # fmt: skip
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("已保存处理意见。"))
                return redirect("console:standard_opinions", row.code, one.kind)
    context = {
        "project": row,
        "one": one,
        "state": opinion_state(one),
        "by": People([one.decided_by]).called(one.decided_by),
        "table": words(TABLE_TITLES[one.kind]),
        "source": words(SOURCE_NAMES[one.source]),
        "about": opinion_queries.about(one),
        "form": form,
        "may_decide": drafts and one.state in {"open", "decided"},
        "may_admit": drafts and one.state in {"held", "set_aside"},
        "may_set_aside": drafts and one.state in {"held", "open"},
    }
    return render(request, "console/standard/opinion.html", context, status=422 if form.errors else 200)


@allow(OPERATING_ROLES)
@require_POST
def opinion_move(request: HttpRequest, project: str, pk: int) -> HttpResponse:
    """Let one in, or set it aside with the reason."""
    row = project_of(request, project)
    one = _opinion(request, row, pk)
    try:
        if request.POST.get("event") == "admit":
            opinion_actions.admit(reader(request), one, timezone.now())
        else:
            opinion_actions.set_aside(reader(request), one, request.POST.get("why", ""), timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:standard_opinion", row.code, one.pk)


def _import(row: Project, kind: str) -> Import:
    return Import(
        key=f"opinions:{row.code}:{kind}",
        title=words(TABLE_TITLES[kind]),
        needs=NEEDED,
        optional=OPTIONAL,
        example=opinion_imports.example,
        read=opinion_imports.read,
        check=opinion_imports.checker(row, kind),
        load=opinion_imports.loader(row, kind),
        show=opinion_imports.show,
        heads=(
            gettext_lazy("做什么"),
            gettext_lazy("标准章条编号"),
            gettext_lazy("意见内容"),
            gettext_lazy("提出单位"),
            gettext_lazy("处理意见"),
        ),
        crumbs=(("console:standard_projects", gettext_lazy("标准项目")),),
        template=reverse("console:standard_opinion_template", args=[row.code, kind]),
        done=reverse("console:standard_opinions", args=[row.code, kind]),
        texts=frozenset((*NEEDED, *OPTIONAL)),
        help=gettext_lazy(
            "编号空着的是新意见；有编号的更新处理意见。先在项目页生成 Excel，在里面填处理意见，再传回来。"
        ),
    )


@allow(OPERATING_ROLES)
def opinion_import(request: HttpRequest, project: str, kind: str) -> HttpResponse:
    """The table back from Excel."""
    row = project_of(request, project)
    if not project_queries.drafts(reader(request), row):
        raise Forbidden("only the drafting group imports")
    return import_page(request, _import(row, _kind(kind)))


@allow(OPERATING_ROLES)
def opinion_template(request: HttpRequest, project: str, kind: str) -> HttpResponse:
    """An empty table with one example row."""
    return template_file(_import(project_of(request, project), _kind(kind)))


_AT = "standard-projects/<slug:project>/opinions"
urlpatterns = [
    path(f"{_AT}/<int:pk>/", opinion, name="standard_opinion"),
    path(f"{_AT}/<int:pk>/move/", opinion_move, name="standard_opinion_move"),
    path(f"{_AT}/<slug:kind>/", opinions, name="standard_opinions"),
    path(f"{_AT}/<slug:kind>/new/", opinion_new, name="standard_opinion_new"),
    path(f"{_AT}/<slug:kind>/import/", opinion_import, name="standard_opinion_import"),
    path(f"{_AT}/<slug:kind>/template/", opinion_template, name="standard_opinion_template"),
]
