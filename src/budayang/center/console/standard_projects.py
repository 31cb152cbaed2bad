"""Pages of the standard as a project: the list, one project with its timeline, and the step to the next stage."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.console.registers import choices
from budayang.center.console.standard_forms import EditionForm, ProjectForm, StepForm, TextsForm
from budayang.center.console.standard_words import mark
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.standard import project_actions, project_queries, writing_actions
from budayang.center.standard.models import Project, WrittenFile
from budayang.center.standard.project_actions import Step
from budayang.center.standard.writing_note import fact_word, missing_parts
from budayang.rules.standard.drafting import (
    FINDING_NAMES,
    FORM_NAMES,
    FORMS_OF,
    MEETING_NAMES,
    STAGE_DOCUMENTS,
    UNIT_ROLE_NAMES,
    WHAT_NAMES,
)
from budayang.rules.standard.opinions import DECISION_NAMES, TABLE_TITLES
from budayang.rules.standard.stages import ENDED, STAGE_NAMES, WORDED, events_from

LEADERS = frozenset({Role.SUPERVISOR})
FILES_SHOWN = 10
TONES: dict[str, Tone] = {"in_force": "ok", "published": "ok", "abolished": "ask", "stopped": "ask"}


def project_of(request: HttpRequest, code: str) -> Project:
    """The project of an address, within the reader's scope."""
    try:
        return project_queries.get_project(reader(request), code)
    except Project.DoesNotExist as error:
        raise Http404 from error


def stage_state(stage: str) -> State:
    """A stage by word and shape."""
    return State(TONES.get(stage, "hand"), words(STAGE_NAMES[stage]))


def form_page(
    request: HttpRequest, form: Any, title: str, project: Project | None, *, note: str = "", submit: str = ""
) -> HttpResponse:
    """The one form page of this subject; the way back is the project, or the list."""
    back = (
        {"back_url": reverse("console:standard_project", args=[project.code]), "back_word": project.title}
        if project
        else {"back_url": reverse("console:standard_projects"), "back_word": _("标准项目")}
    )
    context = {"form": form, "title": title, "note": note, **back} | ({"submit": submit} if submit else {})
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(OPERATING_ROLES)
def projects(request: HttpRequest) -> HttpResponse:
    """All projects that the reader sees."""
    actor = reader(request)
    today = timezone.localdate()
    late = set(project_queries.late_milestones(today).values_list("project_id", flat=True))

    def by_ended(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(stage__in=ENDED) if value == "ended" else rows.exclude(stage__in=ENDED)

    def due(row: Project) -> State | None:
        return State("stop", _("有逾期")) if row.pk in late else None

    return listing(
        request,
        title=_("标准项目"),
        note=_("一个地方标准从申请立项到复审：单位、起草组、会议、调研、意见和每一稿都在这里，编制说明由它们写成。"),
        columns=(
            Column("title", _("标准名称"), lambda row: row.title, sort="title"),
            Column("code", _("代号"), lambda row: row.code, sort="code", kind="code"),
            Column("place", _("地区"), lambda row: row.place.name, sort="place__name"),
            Column("stage", _("阶段"), lambda row: stage_state(row.stage), sort="stage", kind="state"),
            Column("late", _("进度"), due, kind="state"),
            Column("applied", _("申请日期"), lambda row: row.applied_on.isoformat(), sort="applied_on"),
            Column("edition", _("文本"), lambda row: edition_word(row)),
            Column("number", _("标准号"), lambda row: row.number),
        ),
        queryset=project_queries.projects_visible_to(actor),
        filters=(
            Filter("stage", _("阶段"), choices(STAGE_NAMES), lambda rows, v: rows.filter(stage=v)),
            Filter("ended", _("状态"), lambda: [("running", _("进行中")), ("ended", _("已结束"))], by_ended),
        ),
        search=("title", "code", "plan_paper", "number"),
        default_sort="-applied",
        row_url=lambda row: reverse("console:standard_project", args=[row.code]),
        empty=_("还没有标准项目。点“申请立项”开始一个。"),
        export_name=_("标准项目"),
        topic="standard",
        actions=(
            *((Action(reverse("console:standard_project_new"), _("申请立项"), primary=True),) if _may(actor) else ()),
            *((Action(reverse("console:standard_text"), _("标准文本")),) if actor.may(*TEXT_READERS) else ()),
        ),
    )


TEXT_READERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR)


def edition_word(row: Project) -> str:
    """The project's text; a reference edition says so."""
    return f"{row.edition.code}（{mark(row.edition)}）" if row.edition.is_reference else row.edition.code


def _may(actor: Actor) -> bool:
    return actor.may(*LEADERS)


@allow(LEADERS)
def project_new(request: HttpRequest) -> HttpResponse:
    """An application."""
    now = timezone.now()
    form = ProjectForm(reader(request), request.POST or None, initial={"applied_on": timezone.localdate(now)})
    if request.method == "POST" and form.is_valid():
        try:
            row = project_actions.begin_project(reader(request), now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except Forbidden:
            form.add_error("place", _("那里不在您的管理范围内。"))
        else:
            messages.success(request, _("已登记。"))
            return redirect("console:standard_project", row.code)
    return form_page(request, form, _("申请立项"), None, note=_("推荐性地方标准。"))


@allow(OPERATING_ROLES)
def project(request: HttpRequest, project: str) -> HttpResponse:
    """Everything about one project."""
    actor, row = reader(request), project_of(request, project)
    today = timezone.localdate()
    context = {
        "row": row,
        "state": stage_state(row.stage),
        "reference": row.edition.is_reference,
        "edition_word": edition_word(row),
        "since_last": project_queries.edition_at_last_step(row),
        "may_choose": project_queries.leads(actor, row) and row.stage in WORDED,
        "timeline": _timeline(row, today),
        "units": [(words(UNIT_ROLE_NAMES[one.role]), one) for one in row.units.all()],
        "members": row.members.select_related("staff"),
        "meetings": [(one, words(MEETING_NAMES[one.kind])) for one in row.meetings.all()],
        "findings": [
            (one, words(FINDING_NAMES[one.kind]), project_queries.fact_address(actor, one), fact_word(one))
            for one in row.findings.select_related("place")
        ],
        "rounds": [(one, one.opens_on <= today <= one.closes_on) for one in row.consultations.all()],
        "tables": [(kind, words(title), opinion_tally(row, kind)) for kind, title in TABLE_TITLES.items()],
        "missing": [words(one) for one in missing_parts(row)],
        "leads": project_queries.leads(actor, row),
        "drafts": project_queries.drafts(actor, row),
        "ended": not events_from(row.stage),
        "keeps": row.stage in STAGE_DOCUMENTS,
        "consulting": row.stage == "consulting",
    } | documents(actor, row)
    return render(request, "console/standard/project.html", context)


def _timeline(row: Project, today: date) -> list[dict[str, Any]]:
    """Each line with its words, the name of who took the step, and what became of the text since the step before."""
    lines = project_queries.timeline(row, today)
    people = People([one.by for one in lines])
    return [
        {
            "row": one,
            "what": words(one.what),
            "by": people.called(one.by) if one.by else "",
            "difference": f"{reverse('console:edition_compare', args=[one.edition.code])}?with={one.before.code}"
            if one.edition and one.before
            else "",
        }
        for one in lines
    ]


@allow(LEADERS)
def project_edition(request: HttpRequest, project: str) -> HttpResponse:
    """Take another edition as the project's text."""
    row, now = project_of(request, project), timezone.now()
    form = EditionForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project_actions.choose_edition(reader(request), row, form.cleaned_data["edition"], now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已换文本，它的状态从此随项目的阶段。"))
            return redirect("console:standard_project", row.code)
    note = _("现在的文本：%(edition)s。换上的版本，状态从此随项目的阶段。") % {"edition": edition_word(row)}
    return form_page(request, form, _("换文本"), row, note=note, submit=_("换上"))


def opinion_tally(row: Project, kind: str) -> list[tuple[str, int]]:
    """(word, count) of the opinions of a kind."""
    counts = project_queries.decided_tally(row, kind)
    waiting = project_queries.opinion_counts(row).get((kind, "held"), 0)
    found = [(words(DECISION_NAMES[code]), counts.get(code, 0)) for code in DECISION_NAMES]
    return [*found, (_("待处理"), counts.get("", 0)), *([(_("待查看"), waiting)] if waiting else [])]


def documents(actor: Actor, row: Project | None) -> dict[str, Any]:
    """What a page shows of documents: what can be made, what is being made, what was kept."""
    files = writing_actions.files_visible_to(actor).filter(project=row)
    shown = [_shown(one) for one in files.filter(kept=False)[:FILES_SHOWN]]
    whats = [what for what in FORMS_OF if row is not None or what in {"standard", "evidence"}]
    return {
        "project": row,
        "whats": [(what, words(WHAT_NAMES[what]), [(f, FORM_NAMES[f]) for f in FORMS_OF[what]]) for what in whats],
        "files": shown,
        "kept_files": [_shown(one) for one in files.filter(kept=True)] if row else [],
        "busy": files.filter(work__state__in=writing_actions.ON_THE_WAY).exists(),
    }


WORK_WORDS = {
    "waiting": "等待生成",
    "running": "正在生成",
    "done": "已生成",
    "failed": "没有生成成，请再试一次",
    "cancelled": "已取消",
}


def _shown(one: WrittenFile) -> dict[str, Any]:
    running = bool(one.work and one.work.state in writing_actions.ON_THE_WAY)
    return {
        "row": one,
        "what": words(WHAT_NAMES[one.what]),
        "form": FORM_NAMES[one.form],
        "stage": words(STAGE_NAMES[one.stage]) if one.stage else "",
        "told": words(WORK_WORDS[one.work.state]) if one.work else "",
        "running": running,
    }


@allow(LEADERS)
def project_step(request: HttpRequest, project: str) -> HttpResponse:
    """Move the project on."""
    row, now = project_of(request, project), timezone.now()
    form = StepForm(row, request.POST or None, initial={"on": timezone.localdate(now)})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        step = Step(
            typed["event"], typed["on"], typed.get("paper", ""), typed["note"], typed.get("number", ""),
            typed.get("effective_on"),
        )  # fmt: skip
        try:
            project_actions.take_step(reader(request), row, step, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已进入下一阶段。"))
            return redirect("console:standard_project", row.code)
    note = _("现在的阶段：%(stage)s。") % {"stage": words(STAGE_NAMES[row.stage])}
    return form_page(request, form, _("推进阶段"), row, note=note, submit=_("推进"))


@allow(OPERATING_ROLES)
def project_texts(request: HttpRequest, project: str) -> HttpResponse:
    """The texts of the explanatory note."""
    row, now = project_of(request, project), timezone.now()
    if not project_queries.drafts(reader(request), row):
        raise Forbidden("only the drafting group writes")
    initial = {name: getattr(row, name) for name in project_actions.TEXTS}
    form = TextsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        project_actions.write_texts(reader(request), row, form.cleaned_data, now)
        messages.success(request, _("已保存。"))
        return redirect("console:standard_project", row.code)
    note = _("编制说明的文字部分；单位、人员、会议、调研、意见由平台的记录自动写入。")
    return form_page(request, form, _("编制说明的文字"), row, note=note)


urlpatterns = [
    path("standard-projects/", projects, name="standard_projects"),
    path("standard-projects/new/", project_new, name="standard_project_new"),
    path("standard-projects/<slug:project>/", project, name="standard_project"),
    path("standard-projects/<slug:project>/step/", project_step, name="standard_project_step"),
    path("standard-projects/<slug:project>/edition/", project_edition, name="standard_project_edition"),
    path("standard-projects/<slug:project>/texts/", project_texts, name="standard_project_texts"),
]
