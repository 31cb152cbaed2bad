"""Pages of the standard room: conformity of areas by clause. Whatever shows the reference edition says 参照版."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Action, Column, Filter, listing
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import (
    answer_state,
    area_of,
    areas_of,
    edition_of,
    mark,
    month_asked,
    months,
    number_word,
    percent,
    points,
    source_word,
)
from budayang.center.platform.access import allow
from budayang.center.platform.queries import places_visible_to
from budayang.center.platform.wording import words
from budayang.center.standard import actions, queries, score_queries
from budayang.center.standard.models import Clause, ClauseVerdict, Edition
from budayang.rules.standard.answers import ANSWER_NAMES, Answer
from budayang.rules.standard.parts import KIND_NAMES


@allow(queries.READERS)
def conformity(request: HttpRequest) -> HttpResponse:
    """Areas with their scores of a month, chapter by chapter, and how many clauses answer how."""
    actor, now = reader(request), timezone.now()
    month = month_asked(request, now)
    edition = queries.edition_of(month)
    suffix = f"?month={month:%Y-%m}"
    chapters = _judged_chapters(edition) if edition is not None else []

    def chapter_column(number: int, title: str) -> Column:
        return Column(
            f"chapter{number}", title, lambda row: points((row.of_chapters or {}).get(str(number))), kind="number"
        )

    def count_column(name: str, title: str) -> Column:
        return Column(name, title, lambda row: getattr(row, f"of_{name}"), sort=f"of_{name}", kind="number")

    actions_shown = [Action(reverse("console:editions"), _("标准版本"))] if edition is not None else []
    return listing(
        request,
        title=_("条款符合性"),
        note=_city_note(edition, month),
        columns=(
            Column("area", _("自助区"), lambda row: row.name, sort="name"),
            Column("score", _("得分"), lambda row: points(row.of_score), sort="of_score", kind="number"),
            *(chapter_column(number, title) for number, title in chapters),
            Column("coverage", _("有证据"), lambda row: percent(row.of_coverage), sort="of_coverage", kind="number"),
            count_column("met", _("符合")),
            count_column("not_met", _("不符合")),
            count_column("not_applicable", _("不适用")),
            count_column("no_evidence", _("没有证据")),
            Column("computed", _("计算于"), lambda row: row.of_computed_at, sort="of_computed_at", kind="moment"),
            Column("edition", _("版本"), lambda row: mark(edition) if edition is not None else ""),
        ),
        queryset=score_queries.with_scores(areas_of(actor), month, edition),
        filters=(Filter("month", _("月份"), lambda: months(now), lambda rows, _v: rows, everything=False),),
        search=("name", "code"),
        default_sort="area",
        row_url=lambda row: reverse("console:conformity_area", args=[row.code]) + suffix,
        empty=_("还没有载入标准，或您的范围内没有自助区。"),
        export_name=_("条款符合性（%(mark)s）") % {"mark": mark(edition) if edition is not None else "—"},
        topic="standard",
        actions=actions_shown,
        template="console/standard/conformity.html",
        extra={"edition": edition, "month": f"{month:%Y-%m}", "may_compute": actor.may(*queries.READERS)},
        definitions=_definitions(),
    )


def _judged_chapters(edition: Edition) -> list[tuple[int, str]]:
    return [(number, f"{number} {title}") for number, title in _chapter_rows(edition)]


def _city_note(edition: Edition | None, month: date) -> str:
    if edition is None:
        return _("还没有载入标准。请管理人员载入参照版或正式条文。")
    return f"{edition.title} · {_area_note(edition, month)}"


def _definitions() -> list[tuple[str, str]]:
    return [
        (
            _("得分"),
            _("符合的条款权重 ÷（符合与不符合的条款权重），满分 100；只计依据等级全为 A、B 且不是模板值的条款"),
        ),
        (_("有证据"), _("有结论的条款权重占应判断的比例；没有证据的条款既不算符合，也不算不符合")),
        (_("逐步过渡"), _("过渡计划期内不符合的条款另列，到期前不扣分")),
    ]


@allow(queries.READERS)
def conformity_area(request: HttpRequest, code: str) -> HttpResponse:
    """Every clause of the edition for one area and month, with what the facts answer."""
    area, now = area_of(request, code), timezone.now()
    month = month_asked(request, now)
    edition = edition_of(month)
    start, _end = queries.month_bounds(month)
    rows = queries.verdicts_visible_to(reader(request)).filter(place=area.place, period_start=start)
    found = {one.clause_id: one for one in rows.filter(clause__edition=edition)}
    suffix = f"?month={month:%Y-%m}"

    def by_answer(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == queries.NOT_CONNECTED:
            return rows.filter(parts=[])
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
        title=_("%(area)s：条款符合性（%(mark)s）") % {"area": area.name, "mark": mark(edition)},
        note=f"{edition.title} · {_area_note(edition, month)}",
        columns=(
            Column("code", _("条款"), lambda row: row.code, sort="position", kind="code"),
            Column("chapter", _("章"), lambda row: row.chapter_title, sort="chapter"),
            Column("requirement", _("要求"), lambda row: row.requirement),
            Column("answer", _("结论"), lambda row: answer_state(found.get(row.pk), row), kind="state"),
            Column("number", _("数值"), lambda row: number_word(found.get(row.pk)), kind="number"),
            Column("threshold", _("要求值"), threshold),
            Column("sample", _("样本"), sample, kind="number"),
            Column("source", _("由什么判断"), lambda row: source_word(found.get(row.pk), row)),
            Column("grade", _("依据等级"), lambda row: row.grade, sort="grade"),
            Column("edition", _("版本"), lambda row: mark(edition)),
        ),
        queryset=queries.clauses(edition),
        filters=(
            Filter("chapter", _("章"), lambda: _chapters(edition), lambda rows, v: rows.filter(chapter=int(v))),
            Filter("answer", _("结论"), _answers, by_answer),
            Filter("kind", _("由什么判断"), _kinds, _by_kind),
            Filter("month", _("月份"), lambda: months(now), lambda rows, v: rows),
        ),
        search=("code", "requirement", "criterion", "basis"),
        default_sort="code",
        row_url=lambda row: reverse("console:conformity_clause", args=[area.code, row.code]) + suffix,
        empty=_("这个版本没有条款。"),
        export_name=_("条款符合性（%(mark)s）") % {"mark": mark(edition)},
        topic="standard",
        actions=(
            Action(reverse("console:conformity") + suffix, _("全部自助区")),
            Action(reverse("console:conformity_score", args=[area.code]) + suffix, _("得分和扣分")),
        ),
        template="console/standard/area.html",
        extra={
            "tallies": _tallies(edition, list(found.values())),
            "edition": edition,
            "month": f"{month:%Y-%m}",
            "area": area,
            "counted": _score(edition, list(found.values())),
        },
    )


def _tallies(edition: Edition, found: list[ClauseVerdict]) -> list[tuple[int, str, queries.AreaTally]]:
    """(number, title, tally) of each chapter."""
    chapters: dict[tuple[int, str], list[Clause]] = {}
    for clause in queries.clauses(edition):
        chapters.setdefault((clause.chapter, clause.chapter_title), []).append(clause)
    return [(number, title, queries.tally(rows, found)) for (number, title), rows in chapters.items()]


def _score(edition: Edition, found: list[ClauseVerdict]) -> dict[str, str]:
    """The score as the area's page says it."""
    rows = score_queries.rows_of(queries.clauses(edition), found)
    counted = score_queries.score_of(rows).counted
    return {
        "value": points(counted.value),
        "floor": points(counted.floor),
        "ceiling": points(counted.ceiling),
        "coverage": percent(counted.coverage),
    }


def _kinds() -> list[tuple[str, str]]:
    return [(one.value, words(name)) for one, name in KIND_NAMES.items()]


def _by_kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    wanted = [one.pk for one in rows if any(part["kind"] == value for part in one.parts)]
    return rows.filter(pk__in=wanted)


def _area_note(edition: Edition, month: date) -> str:
    period = _("%(year)d年%(month)d月") % {"year": month.year, "month": month.month}
    if not edition.is_reference:
        return period
    return period + _(
        "。参照版：由多种法规和制度整理而成，不是任何已发布标准的条文；“未接入”的条款还不能由数据判断，不算符合。"
    )


def _answers() -> list[tuple[str, str]]:
    return [*((one.value, words(ANSWER_NAMES[one])) for one in Answer), (queries.NOT_CONNECTED, _("未接入"))]


def _chapter_rows(edition: Edition) -> list[tuple[int, str]]:
    found = queries.clauses(edition).order_by("chapter").values_list("chapter", "chapter_title").distinct()
    return list(found)


def _chapters(edition: Edition) -> list[tuple[str, str]]:
    return [(str(number), f"{number} {title}") for number, title in _chapter_rows(edition)]


@allow(queries.READERS)
@require_POST
def conformity_recompute(request: HttpRequest) -> HttpResponse:
    """Ask for a new computation of the areas of this reader's places, as one long work for each place."""
    actor, now = reader(request), timezone.now()
    month = month_asked(request, now)
    paths = {grant.place_path for grant in actor.grants if grant.role in queries.READERS}
    topmost = [path for path in paths if not any(path != one and path.startswith(one) for one in paths)]
    for place in places_visible_to(actor).filter(path__in=topmost):
        actions.ask_assessment(actor, place, month, now)
    count = areas_of(actor).count()
    messages.success(request, _("已安排重新计算 %(n)d 个自助区，算完后本页会自动更新。") % {"n": count})
    return redirect(f"{reverse('console:conformity')}?month={month:%Y-%m}")


urlpatterns = [
    path("conformity/", conformity, name="conformity"),
    path("conformity/recompute/", conformity_recompute, name="conformity_recompute"),
    path("conformity/<slug:code>/", conformity_area, name="conformity_area"),
]
