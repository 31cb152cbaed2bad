"""Pages of the window: the queue of matters that came from terminals, one matter, and the share taken off the
windows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.contrib import messages
from django.db.models import Case, IntegerField, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console import table_import
from budayang.center.console.cases import case_state
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.table_import import Import
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.uploads import UploadedTable
from budayang.center.services import case_queries, queries, window_actions, window_figures
from budayang.center.services.models import WindowTask
from budayang.center.services.states import WINDOW_WORDS, WindowState

CLERKS = frozenset(window_actions.CLERKS)
IMPORTERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})
FIGURE_READERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.INSPECTOR})
TONES: dict[WindowState, Tone] = {
    WindowState.WAITING: "ask",
    WindowState.TAKEN: "hand",
    WindowState.FINISHED: "ok",
    WindowState.RETURNED: "stop",
}
# What waits for a clerk stands above what a clerk has, and that above what is over.
TURN = Case(
    When(state=WindowState.WAITING, then=0),
    When(state=WindowState.TAKEN, then=1),
    default=2,
    output_field=IntegerField(),
)
DAYS = 30


def task_state(task: WindowTask) -> State:
    """A task's state as word and shape."""
    state = WindowState(task.state)
    return State(TONES[state], str(WINDOW_WORDS[state]))


def _states() -> list[tuple[str, str]]:
    return [(state.value, str(word)) for state, word in WINDOW_WORDS.items()]


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


@allow(*CLERKS)
def windows(request: HttpRequest) -> HttpResponse:
    """What was handed in at a terminal and waits for a window, the longest waiting first; a department's own people see
    their department's.
    """
    who = reader(request)
    return listing(
        request,
        title=_("转窗口"),
        columns=(
            Column("number", _("办件编号"), lambda row: row.case.number, "case__number", "code"),
            Column("item", _("事项"), lambda row: row.case.item.name, "case__item__name"),
            Column("department", _("部门"), lambda row: row.department.name, "department__name"),
            Column("area", _("自助区"), lambda row: row.case.terminal.area.name, "case__terminal__area__name"),
            Column("missing", _("要带的材料"), lambda row: "、".join(row.missing)[:60]),
            Column("state", _("状态"), task_state, "turn", "state"),
            Column("by", _("经办"), lambda row: row.taken_by, "taken_by"),
            Column("at", _("转来"), lambda row: row.queued_at, "queued_at", "moment"),
        ),
        queryset=case_queries.tasks_visible_to(who).annotate(turn=TURN),
        filters=(
            Filter("state", _("状态"), _states, lambda rows, value: rows.filter(state=value)),
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(department__code=code)),
        ),
        search=("case__number", "case__official_number", "case__item__name"),
        default_sort="state",
        row_url=lambda row: reverse("console:window", args=[row.case.number]),
        empty=_("没有转到窗口的办件。自助终端上没有办成、要补材料的，会出现在这里。"),
        export_name="windows",
        topic="services",
        note=_("本人带着打印的单子来窗口，单子上有办件编号和要带的材料。这里不显示姓名和证件号码。"),
        actions=(Action(reverse("console:window_share"), _("分流率")),) if who.may(*FIGURE_READERS) else (),
    )


def _task(request: HttpRequest, number: str) -> WindowTask:
    found = case_queries.tasks_visible_to(reader(request)).filter(case__number=number).first()
    if found is None:
        raise Http404
    return found


@allow(*CLERKS)
def window(request: HttpRequest, number: str) -> HttpResponse:
    """One matter at the window."""
    return _page(request, _task(request, number))


def _page(request: HttpRequest, task: WindowTask, refused: str = "") -> HttpResponse:
    context = {
        "task": task,
        "case": task.case,
        "state": task_state(task),
        "case_state": case_state(task.case),
        "steps": case_queries.steps_of(task.case),
        "refused": refused,
        "typed": request.POST.get("note", ""),
    }
    return render(request, "console/windows/window.html", context, status=422 if refused else 200)


def _do(request: HttpRequest, number: str, act: Callable[[Actor, str], object], told: str) -> HttpResponse:
    task = _task(request, number)
    try:
        act(reader(request), request.POST.get("note", ""))
    except Refused as refused:
        return _page(request, task, str(refused))
    messages.success(request, told)
    return redirect("console:window", number=number)


@allow(*CLERKS)
@require_POST
def window_take(request: HttpRequest, number: str) -> HttpResponse:
    """Take it on."""
    told = _("已接手，办完后请登记结果。")
    return _do(request, number, lambda who, _note: window_actions.take_task(who, number, timezone.now()), told)


@allow(*CLERKS)
@require_POST
def window_release(request: HttpRequest, number: str) -> HttpResponse:
    """Put it back into the queue."""
    told = _("已放回队列。")
    return _do(request, number, lambda who, _note: window_actions.release_task(who, number, timezone.now()), told)


@allow(*CLERKS)
@require_POST
def window_finish(request: HttpRequest, number: str) -> HttpResponse:
    """It is done."""

    def act(who: Actor, note: str) -> object:
        return window_actions.finish_task(who, number, note=note, now=timezone.now())

    return _do(request, number, act, _("已登记办结，本人查进度时会看到。"))


@allow(*CLERKS)
@require_POST
def window_return(request: HttpRequest, number: str) -> HttpResponse:
    """It could not be done, and why."""

    def act(who: Actor, note: str) -> object:
        return window_actions.return_task(who, number, note=note, now=timezone.now())

    return _do(request, number, act, _("已退回，原因会显示给本人。"))


# --- the share taken off the windows ------------------------------------------------------------------------------


def _period(request: HttpRequest, newest: date | None) -> tuple[date, date]:
    """[start, end) that the page shows: what was asked for, else the month that ends with the newest figures."""
    today = timezone.localdate()
    last = newest or today
    try:
        start = date.fromisoformat(request.GET["from"])
        end = date.fromisoformat(request.GET["to"]) + timedelta(days=1)
    except (KeyError, ValueError):
        return last - timedelta(days=DAYS - 1), last + timedelta(days=1)
    return (start, end) if start < end else (end - timedelta(days=1), start + timedelta(days=1))


@allow(*FIGURE_READERS)
def window_share(request: HttpRequest) -> HttpResponse:
    """How much the areas take off the windows, by department, with its definition."""
    who = reader(request)
    start, end = _period(request, window_figures.latest_day(who))
    rows = window_figures.shares(who, start, end)
    context = {
        "rows": rows,
        "total": window_figures.totals(rows),
        "start": start,
        "last": end - timedelta(days=1),
        "may_import": who.may(*IMPORTERS),
    }
    return render(request, "console/windows/share.html", context)


def _load_figures(actor: Actor, table: UploadedTable, name: str) -> tuple[int, int]:
    return window_figures.import_figures(actor, table, source=name, now=timezone.now())


def _check_figures(actor: Actor, table: UploadedTable) -> window_figures.FiguresCheck:
    return window_figures.check_figures(actor, table, timezone.localdate())


def _show_figure(plan: window_figures.FigurePlan) -> tuple[str, ...]:
    before = "—" if plan.before is None else str(plan.before)
    return plan.on.isoformat(), plan.place.name, plan.department.name, str(plan.called), before


FIGURES = Import(
    key="window_figures",
    title=gettext_lazy("窗口叫号数"),
    needs=window_figures.COLUMNS,
    optional=(),
    example=lambda: (timezone.localdate().isoformat(), "150603", "人社", "120"),
    read=window_figures.read_figures,
    check=_check_figures,
    load=_load_figures,
    show=_show_figure,
    heads=(
        gettext_lazy("日期"),
        gettext_lazy("地点"),
        gettext_lazy("部门"),
        gettext_lazy("叫号数"),
        gettext_lazy("原来"),
    ),
    crumbs=(("console:windows", gettext_lazy("转窗口")), ("console:window_share", gettext_lazy("分流率"))),
    template="console:window_template",
    done="console:window_share",
    help=gettext_lazy("同一天、同一地点、同一部门再导入，以新的为准。"),
)


@allow(*IMPORTERS)
def window_import(request: HttpRequest) -> HttpResponse:
    """Upload the queueing machine's numbers, see what they would do, load them."""
    return table_import.import_page(request, FIGURES)


@allow(*IMPORTERS)
def window_template(request: HttpRequest) -> HttpResponse:
    """An empty table with one example row."""
    return table_import.template_file(FIGURES)


urlpatterns = [
    path("windows/", windows, name="windows"),
    path("windows/share/", window_share, name="window_share"),
    path("windows/import/", window_import, name="window_import"),
    path("windows/import/template.csv", window_template, name="window_template"),
    path("windows/<str:number>/", window, name="window"),
    path("windows/<str:number>/take/", window_take, name="window_take"),
    path("windows/<str:number>/release/", window_release, name="window_release"),
    path("windows/<str:number>/finish/", window_finish, name="window_finish"),
    path("windows/<str:number>/return/", window_return, name="window_return"),
]
