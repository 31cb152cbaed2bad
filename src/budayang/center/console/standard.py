"""Pages of the standard room: conformity of areas by clause. Whatever shows the reference edition says 参照版."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.listing import Action, Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.center.standard import actions, queries
from budayang.center.standard.models import Clause, ClauseVerdict, Edition
from budayang.rules.standard import CHECK_BY_CLAUSE, METRICS
from budayang.rules.standard.answers import ANSWER_NAMES, Answer

MONTHS_BACK = 12
TONES = {"met": "ok", "not_met": "stop", "not_applicable": "ask", "no_evidence": "ask"}
GRADES = {
    "A": "直接读到的法律法规或官方制度",
    "B": "二手资料",
    "C": "凭一般知识，未核实",
    "D": "工程默认值",
}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One area with its answers to the connected clauses and the tally of all."""

    area: Area
    cells: tuple[tuple[Clause, State, str, str], ...]
    tally: queries.AreaTally
    computed_at: datetime | None


def answer_state(verdict: ClauseVerdict | None, code: str) -> State:
    """The answer by word and shape. A clause that no check judges is 未接入, never met."""
    if not queries.is_connected(clause):
        return State("ask", _("未接入"))
    if verdict is None:
        return State("ask", _("未计算"))
    return State(TONES[verdict.answer], words(ANSWER_NAMES[Answer(verdict.answer)]))  # type: ignore[arg-type]


def _month(request: HttpRequest, now: datetime) -> date:
    """The month asked for by ?month=2026-11; this one when it is missing, malformed or still ahead."""
    current = queries.month_of(now)
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return current
    return min(asked, current)


def _months(now: datetime) -> list[tuple[str, str]]:
    month, found = queries.month_of(now), []
    for _count in range(MONTHS_BACK):
        found.append((f"{month:%Y-%m}", _("%(year)d年%(month)d月") % {"year": month.year, "month": month.month}))
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _areas(actor: Actor) -> QuerySet[Area]:
    """Areas whose conformity this reader may read: those of the places of a reading role."""
    paths = [grant.place_path for grant in actor.grants if grant.role in queries.READERS]
    found = areas.visible_to(actor)
    wanted = [one.pk for one in found if any(one.place.path.startswith(path_) for path_ in paths)]
    return found.filter(pk__in=wanted)


def _edition() -> Edition:
    edition = queries.current_edition()
    if edition is None:
        raise Http404(_("还没有载入标准。"))
    return edition


@allow(queries.READERS)
def conformity(request: HttpRequest) -> HttpResponse:
    """Areas × the clauses that facts judge, and the tally of all clauses."""
    actor, now = reader(request), timezone.now()
    month, edition = _month(request, now), queries.current_edition()
    context: dict[str, Any] = {"edition": edition, "month": f"{month:%Y-%m}", "months": _months(now), "now": now}
    if edition is not None:
        all_clauses = list(queries.clauses(edition))
        # A column each for those with a number of their own; chapter 6 is read in the list of an area.
        connected = [one for one in all_clauses if one.code in CHECK_BY_CLAUSE]
        start, _end = queries.month_bounds(month)
        by_place: dict[int, list[ClauseVerdict]] = {}
        for verdict in queries.verdicts_visible_to(actor).filter(period_start=start, clause__edition=edition):
            by_place.setdefault(verdict.place_id, []).append(verdict)
        moments = queries.computed_at(month)
        context |= {
            "connected": [(one, words(CHECK_BY_CLAUSE[one.code].metric)) for one in connected],
            "rows": [
                _matrix_row(area, connected, all_clauses, by_place.get(area.place_id, []), moments)
                for area in _areas(actor)
            ],
            "total": len(all_clauses),
            "open_count": sum(not queries.is_connected(one.code) for one in all_clauses),
            "may_compute": actor.may(*queries.READERS),
        }
    fragment = request.headers.get("HX-Request") == "true"
    name = "console/standard/_conformity.html" if fragment else "console/standard/conformity.html"
    return render(request, name, context)


def _matrix_row(
    area: Area,
    connected: list[Clause],
    all_clauses: list[Clause],
    found: list[ClauseVerdict],
    moments: Mapping[int, datetime | None],
) -> MatrixRow:
    by_clause = {verdict.clause_id: verdict for verdict in found}
    cells = tuple(
        (
            one,
            answer_state(by_clause.get(one.pk), one.code),
            _number(by_clause.get(one.pk)),
            words(CHECK_BY_CLAUSE[one.code].metric),
        )
        for one in connected
    )
    return MatrixRow(area, cells, queries.tally(all_clauses, found), moments.get(area.place_id))


def _number(verdict: ClauseVerdict | None) -> str:
    return words(queries.number_text(verdict)) if verdict is not None else ""


def _area(request: HttpRequest, code: str) -> Area:
    area = _areas(reader(request)).filter(code=code).first()
    if area is None:
        raise Http404
    return area


@allow(queries.READERS)
def conformity_area(request: HttpRequest, code: str) -> HttpResponse:
    """Every clause of the edition for one area and month, with what the facts answer."""
    area, now, edition = _area(request, code), timezone.now(), _edition()
    month = _month(request, now)
    start, _end = queries.month_bounds(month)
    found = {
        one.clause_id: one
        for one in queries.verdicts_visible_to(reader(request)).filter(place=area.place, period_start=start)
    }
    suffix = f"?month={month:%Y-%m}"

    def by_answer(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == queries.NOT_CONNECTED:
            return rows.exclude(code__in=list(METRICS))
        answered = [one.clause_id for one in found.values() if one.answer == value]
        return rows.filter(pk__in=answered)

    def threshold(row: Clause) -> str:
        verdict = found.get(row.pk)
        return words(queries.threshold_text(verdict)) if verdict is not None else row.criterion

    def sample(row: Clause) -> int | None:
        verdict = found.get(row.pk)
        return verdict.sample if verdict is not None else None

    return listing(
        request,
        title=_("%(area)s：条款符合性（%(mark)s）") % {"area": area.name, "mark": _mark(edition)},
        note=_area_note(edition, month),
        columns=(
            Column("code", _("条款"), lambda row: row.code, sort="position"),
            Column("chapter", _("章"), lambda row: row.chapter_title, sort="chapter"),
            Column("requirement", _("要求"), lambda row: row.requirement),
            Column("answer", _("结论"), lambda row: answer_state(found.get(row.pk), row.code), kind="state"),
            Column("number", _("数值"), lambda row: _number(found.get(row.pk)), kind="number"),
            Column("threshold", _("要求值"), threshold),
            Column("sample", _("样本"), sample, kind="number"),
            Column("grade", _("依据等级"), lambda row: row.grade, sort="grade"),
            Column("edition", _("版本"), lambda row: _mark(edition)),
        ),
        queryset=queries.clauses(edition),
        filters=(
            Filter("chapter", _("章"), lambda: _chapters(edition), lambda rows, v: rows.filter(chapter=int(v))),
            Filter("answer", _("结论"), _answers, by_answer),
            Filter("month", _("月份"), lambda: _months(now), lambda rows, v: rows),
        ),
        search=("code", "requirement", "criterion", "basis"),
        default_sort="code",
        row_url=lambda row: reverse("console:conformity_clause", args=[area.code, row.code]) + suffix,
        empty=_("这个版本没有条款。"),
        export_name=_("条款符合性（%(mark)s）") % {"mark": _mark(edition)},
        topic="standard",
        actions=(Action(reverse("console:conformity") + suffix, _("全部自助区")),),
        template="console/standard/area.html",
        extra={"tallies": _tallies(edition, list(found.values())), "edition": edition, "month": f"{month:%Y-%m}"},
    )


def _tallies(edition: Edition, found: list[ClauseVerdict]) -> list[tuple[int, str, queries.AreaTally]]:
    """(number, title, tally) of each chapter."""
    chapters: dict[tuple[int, str], list[Clause]] = {}
    for clause in queries.clauses(edition):
        chapters.setdefault((clause.chapter, clause.chapter_title), []).append(clause)
    return [(number, title, queries.tally(rows, found)) for (number, title), rows in chapters.items()]


def _mark(edition: Edition) -> str:
    return _("参照版") if edition.is_reference else edition.title


def _area_note(edition: Edition, month: date) -> str:
    period = _("%(year)d年%(month)d月") % {"year": month.year, "month": month.month}
    if not edition.is_reference:
        return period
    return period + _(
        "。参照版：由多种法规和制度整理而成，不是任何已发布标准的条文；“未接入”的条款还不能由数据判断，不算符合。"
    )


def _answers() -> list[tuple[str, str]]:
    return [*((one.value, words(ANSWER_NAMES[one])) for one in Answer), (queries.NOT_CONNECTED, _("未接入"))]


def _chapters(edition: Edition) -> list[tuple[str, str]]:
    found = queries.clauses(edition).order_by("chapter").values_list("chapter", "chapter_title").distinct()
    return [(str(number), f"{number} {title}") for number, title in found]


@allow(queries.READERS)
def conformity_clause(request: HttpRequest, code: str, clause_code: str) -> HttpResponse:
    """One clause for one area and month: its number, threshold, sample, evidence, and the grade of its basis."""
    area, now, edition = _area(request, code), timezone.now(), _edition()
    month = _month(request, now)
    try:
        clause = queries.get_clause(edition, clause_code)
    except Clause.DoesNotExist as error:
        raise Http404 from error
    start, end = queries.month_bounds(month)
    rows = queries.verdicts_visible_to(reader(request)).filter(place=area.place, clause=clause)
    verdict = rows.filter(period_start=start).first()
    metric = METRICS.get(clause.code, "")
    context = {
        "area": area,
        "edition": edition,
        "clause": clause,
        "verdict": verdict,
        "state": answer_state(verdict, clause.code),
        "number": _number(verdict),
        "threshold": words(queries.threshold_text(verdict)) if verdict is not None else "",
        "metric": words(metric),
        "connected": bool(metric),
        "period_start": start,
        "period_end": min(end, verdict.computed_at) if verdict is not None else end,
        "grades": [(one, words(GRADES[one])) for one in clause.grade.split("/") if one in GRADES],
        "month": f"{month:%Y-%m}",
        "earlier": [
            (one, answer_state(one, clause.code), words(queries.number_text(one)))
            for one in rows.filter(period_start__lt=start).order_by("-period_start")[:6]
        ],
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "console/standard/_clause.html" if fragment else "console/standard/clause.html", context)


@allow(queries.READERS)
@require_POST
def conformity_recompute(request: HttpRequest) -> HttpResponse:
    """Ask for a new computation of the areas of this reader's places, as long work."""
    actor, now = reader(request), timezone.now()
    month = _month(request, now)
    asked = [actions.ask_assessment(actor, one.place, month, now) for one in _areas(actor)]
    messages.success(request, _("已安排重新计算 %(n)d 个自助区，算完后本页会自动更新。") % {"n": len(asked)})
    return redirect(f"{reverse('console:conformity')}?month={month:%Y-%m}")


urlpatterns = [
    path("conformity/", conformity, name="conformity"),
    path("conformity/recompute/", conformity_recompute, name="conformity_recompute"),
    path("conformity/<slug:code>/", conformity_area, name="conformity_area"),
    path("conformity/<slug:code>/<slug:clause_code>/", conformity_clause, name="conformity_clause"),
]
