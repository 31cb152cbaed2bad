"""Pages of cases: the list, one case with all that is known of it, and what a person may do about it. No personal
datum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.services import case_actions, case_queries, material_queries, queries, window_actions
from budayang.center.services.case_papers import is_interrupted
from budayang.center.services.models import Case, CaseCorrection, Payment, PersonCheck, WindowTask
from budayang.center.services.person_viewing import can_be_viewed
from budayang.center.services.states import CASE_WORDS, PAPER_WORDS, CaseState, PaperState
from budayang.rules.cases import LAW_NOTES
from budayang.rules.person_check import SCORE_NAMES, WAY_NAMES, Way

CASE_TONES: dict[CaseState, Tone] = {
    CaseState.ACCEPTED: "hand",
    CaseState.DEFERRED: "hand",
    CaseState.WORKING: "hand",
    CaseState.DUE: "ask",
    CaseState.PAID: "hand",
    CaseState.HANDED_IN: "ok",
    CaseState.IN_PROCESS: "ok",
    CaseState.CORRECTION: "ask",
    CaseState.WINDOW: "hand",
    CaseState.DONE: "ok",
    CaseState.FAILED: "stop",
    CaseState.REVIEW: "warn",
    CaseState.WITHDRAWN: "stop",
}
KEEPERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})
PROVED_WORDS = {
    "": gettext_lazy("没有下文：程序在这一步中断"),
    "nothing_sent": gettext_lazy("没有连上，什么也没有送到"),
    "took_nothing": gettext_lazy("部门没有收下"),
    "answered": gettext_lazy("部门已答复"),
    "unclear": gettext_lazy("可能已经送到，没有得到答复"),
}
TRY_WORDS = {
    "send": gettext_lazy("提交"),
    "ask": gettext_lazy("询问"),
    "paid": gettext_lazy("告知已缴费"),
    "correct": gettext_lazy("补正"),
    "withdraw": gettext_lazy("撤回"),
}
FOUND_WORDS = (
    ("done", gettext_lazy("部门已经办好")),
    ("handed_in", gettext_lazy("部门已收件，还在办")),
    ("refused", gettext_lazy("部门没有办，或没有收到")),
)


def case_state(case: Case) -> State:
    """A case's state as word and shape."""
    state = CaseState(case.state)
    return State(CASE_TONES[state], str(CASE_WORDS[state]))


def _paper_word(case: Case) -> str:
    paper = getattr(case, "paper", None)
    return str(PAPER_WORDS[PaperState(paper.state)]) if paper is not None else ""


def _took(case: Case) -> float | None:
    return (case.finished_at - case.accepted_at).total_seconds() if case.finished_at else None


def _case_states() -> list[tuple[str, str]]:
    return [(state.value, str(word)) for state, word in CASE_WORDS.items()]


def _departments() -> list[tuple[str, str]]:
    return list(queries.departments().values_list("code", "name"))


def _lately(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "interrupted":
        return rows.exclude(paper__interrupted="").filter(paper__isnull=False)
    return rows.filter(payments__isnull=False).distinct()


@allow(OPERATING_ROLES)
def cases(request: HttpRequest) -> HttpResponse:
    """Cases of the reader's places. Numbers, items and states; no person appears here."""
    return listing(
        request,
        title=_("办件"),
        columns=(
            Column("number", _("办件编号"), lambda row: row.number, "number", "code"),
            Column("item", _("事项"), lambda row: row.item.name, "item__name"),
            Column("department", _("部门"), lambda row: row.item.department.name, "item__department__name"),
            Column("area", _("自助区"), lambda row: row.terminal.area.name, "terminal__area__name"),
            Column("terminal", _("终端"), lambda row: row.terminal.code, "terminal__code"),
            Column("state", _("状态"), case_state, "state", "state"),
            Column("paper", _("打印件"), _paper_word),
            Column("at", _("收件时间"), lambda row: row.accepted_at, "accepted_at", "moment"),
            Column("took", _("用时"), _took, None, "duration"),
        ),
        queryset=queries.cases_visible_to(reader(request)),
        filters=(
            Filter("state", _("状态"), _case_states, lambda rows, value: rows.filter(state=value)),
            Filter("department", _("部门"), _departments, lambda rows, code: rows.filter(item__department__code=code)),
            Filter(
                "about",
                _("情形"),
                lambda: [("interrupted", _("中断，须补办")), ("paid", _("有缴费"))],
                _lately,
            ),
        ),
        search=("number", "official_number", "item__name", "terminal__code"),
        default_sort="-at",
        row_url=lambda row: reverse("console:case", args=[row.number]),
        empty=_("还没有办件。"),
        export_name="cases",
        topic="services",
        note=_(
            "这里不显示、也不导出任何个人信息。“平台已收件”“部门已收件”都不是受理；“待核”是部门没有说清结果的办件，须由人核实。"
        ),
    )


def _case(request: HttpRequest, number: str) -> Case:
    found = queries.cases_visible_to(reader(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return found


@allow(OPERATING_ROLES)
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One case without the person: its steps, each attempt and what it proved, paper, payments, and what may be
    done.
    """
    return render(request, "console/cases/case.html", _context(request, _case(request, number)))


def _context(request: HttpRequest, found: Case, **more: Any) -> dict[str, Any]:
    keeps = reader(request).may(*KEEPERS, place_path=found.place_path)
    state = CaseState(found.state)
    return {
        "case": found,
        "state": case_state(found),
        "law": words(LAW_NOTES[state.value]),
        "paper": getattr(found, "paper", None),
        "paper_word": _paper_word(found),
        "took": _took(found),
        "steps": case_queries.steps_of(found),
        "tries": [(TRY_WORDS[one.kind], one, PROVED_WORDS[one.proved]) for one in case_queries.tries_of(found)],
        "calls": case_queries.calls_of(found),
        "correction": CaseCorrection.objects.filter(case=found).first(),
        "payments": Payment.objects.filter(case=found).order_by("created_at"),
        "beside": material_queries.beside(found),
        "check": _check(found),
        "window": WindowTask.objects.filter(case=found).first(),
        "repeatable": case_queries.may_be_asked_again(found),
        "reviewing": state is CaseState.REVIEW and keeps,
        "found_words": FOUND_WORDS,
        "may_view": keeps and can_be_viewed(found.number),
        "may_make_good": keeps and is_interrupted(found),
        "may_window": keeps and state in (CaseState.FAILED, CaseState.CORRECTION),
        **more,
    }


def _check(found: Case) -> dict[str, Any] | None:
    """How it was made sure that the person is the one of the card, in words; None where nobody asked for it."""
    row = PersonCheck.objects.filter(case=found).first()
    if row is None:
        return None
    score = words(SCORE_NAMES[row.score_class]) if row.score_class else ""
    return {"row": row, "way": words(WAY_NAMES[Way(row.way)]), "score": score}


def _do(request: HttpRequest, number: str, act: Callable[[Actor, Case], object], told: str, name: str) -> HttpResponse:
    """Do it and say so; a refusal comes back on the same page, with what was typed."""
    found = _case(request, number)
    try:
        act(reader(request), found)
    except Refused as refused:
        typed = {"refused": str(refused), "refused_at": name, "typed": request.POST}
        return render(request, "console/cases/case.html", _context(request, found, **typed), status=422)
    messages.success(request, told)
    return redirect("console:case", number=number)


@allow(*KEEPERS)
@require_POST
def case_ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the department once more about a case under review; the same key, so nothing is done twice."""
    told = _("已再次向部门核实，结果会更新在这里。")
    return _do(request, number, lambda who, row: case_actions.ask_again(who, row.number, timezone.now()), told, "ask")


@allow(*KEEPERS)
@require_POST
def case_settle(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what the department did, after a person asked it."""
    found, note = request.POST.get("found", ""), request.POST.get("note", "")

    def settle(who: Actor, row: Case) -> object:
        return case_actions.settle_review(who, row.number, found, note=note, now=timezone.now())

    return _do(request, number, settle, _("已登记核实结果，本人查进度时会看到。"), "settle")


@allow(*KEEPERS)
@require_POST
def case_make_good(request: HttpRequest, number: str) -> HttpResponse:
    """补办: the person got what they had come for."""
    note = request.POST.get("note", "")

    def made(who: Actor, row: Case) -> object:
        return case_actions.make_good(who, row.number, note=note, now=timezone.now())

    return _do(request, number, made, _("已登记补办，对应的工单等待验收。"), "make_good")


@allow(*KEEPERS)
@require_POST
def case_window(request: HttpRequest, number: str) -> HttpResponse:
    """Send it to the window, with what the person has to bring."""
    missing = [line for line in request.POST.get("missing", "").splitlines() if line.strip()]
    reason = request.POST.get("reason", "")

    def send(who: Actor, row: Case) -> object:
        now = timezone.now()
        return window_actions.send_to_window(who, row.number, reason=reason, missing=missing or None, now=now)

    return _do(request, number, send, _("已转到窗口队列。"), "window")


urlpatterns = [
    path("cases/", cases, name="cases"),
    path("cases/<str:number>/", case, name="case"),
    path("cases/<str:number>/ask/", case_ask, name="case_ask"),
    path("cases/<str:number>/settle/", case_settle, name="case_settle"),
    path("cases/<str:number>/make-good/", case_make_good, name="case_make_good"),
    path("cases/<str:number>/window/", case_window, name="case_window"),
]
