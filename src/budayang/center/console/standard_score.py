"""The score of one area and month: by chapter, what each clause costs, what would lift it most, what is listed
apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from budayang.center.console.listing import XLSX, State
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import (
    TONES,
    area_of,
    edition_of,
    mark,
    month_asked,
    months,
    percent,
    points,
)
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import record
from budayang.center.platform.wording import words
from budayang.center.standard import queries, score_queries
from budayang.center.standard.models import Clause, ClauseVerdict, Edition
from budayang.center.standard.score_queries import AreaScore
from budayang.rules.standard.answers import ANSWER_NAMES, Answer
from budayang.rules.standard.scoring import Loss, Row, Score

SHOWN = 12
"""Clauses that would lift the score most; all of them are in the file."""


@dataclass(frozen=True, slots=True)
class Line:
    """A clause with what it costs or would bring, as the page says it."""

    clause: Clause
    state: State
    points: str
    why: str
    url: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Everything that page and file are made of."""

    edition: Edition
    area: Any
    month: str
    score: AreaScore
    clauses: dict[str, Clause]
    verdicts: dict[int, ClauseVerdict]

    def line(self, code: str, answer: Answer, value: str) -> Line:
        """A clause of the score."""
        clause = self.clauses[code]
        verdict = self.verdicts.get(clause.pk)
        url = reverse("console:conformity_clause", args=[self.area.code, code]) + f"?month={self.month}"
        state = State(TONES[answer.value], words(ANSWER_NAMES[answer]))  # type: ignore[arg-type]
        return Line(clause, state, value, words(verdict.why) if verdict is not None else "", url)

    def losses(self, rows: Iterable[Loss], sign: str) -> list[Line]:
        """Deductions ("−") or lifts ("+")."""
        return [self.line(one.code, one.answer, f"{sign}{one.points:.2f}") for one in rows]

    def apart(self) -> list[Line]:
        """What is listed apart, what is not met first."""
        order = (Answer.NOT_MET, Answer.NO_EVIDENCE, Answer.MET, Answer.NOT_APPLICABLE)
        rows = sorted(self.score.apart_rows, key=lambda one: order.index(one.answer))
        return [self.line(one.code, one.answer, _reason(one)) for one in rows]


def _reason(row: Row) -> str:
    """Why a clause is listed apart."""
    return _("模板值") if row.template else _("等级 %(grade)s") % {"grade": row.grade}


def _scored(request: HttpRequest, code: str) -> Scored:
    area, now = area_of(request, code), timezone.now()
    month = month_asked(request, now)
    edition = edition_of(month)
    start, _end = queries.month_bounds(month)
    rows = queries.verdicts_visible_to(reader(request)).filter(
        place=area.place, period_start=start, clause__edition=edition
    )
    verdicts = list(rows)
    clauses = list(queries.clauses(edition))
    score = score_queries.score_of(score_queries.rows_of(clauses, verdicts))
    return Scored(
        edition,
        area,
        f"{month:%Y-%m}",
        score,
        {one.code: one for one in clauses},
        {one.clause_id: one for one in verdicts},
    )


def _figures(score: Score) -> list[tuple[str, str, str]]:
    """(title, value, what it is)."""
    between = f"{points(score.floor)} — {points(score.ceiling)}"
    return [
        (_("得分"), points(score.value), _("符合的权重 ÷ 有结论的权重，满分 100")),
        (_("有证据"), percent(score.coverage), _("有结论的权重占应判断的比例")),
        (_("可能的范围"), between, _("没有证据的条款全不符合、全符合时的得分")),
    ]


def _chapters(found: Scored) -> list[dict[str, Any]]:
    titles = {one.chapter: one.chapter_title for one in found.clauses.values()}
    return [
        {
            "number": number,
            "title": titles[number],
            "value": points(one.value),
            "coverage": percent(one.coverage),
            "between": f"{points(one.floor)} — {points(one.ceiling)}",
            "counts": [one.counts[answer] for answer in Answer],
            "transitions": len(one.transitions),
        }
        for number, one in found.score.chapters
    ]


@allow(queries.READERS)
def conformity_score(request: HttpRequest, code: str) -> HttpResponse:
    """The page, or its file (?export=xlsx)."""
    found = _scored(request, code)
    if request.GET.get("export") == "xlsx":
        return _file(request, found)
    score = found.score
    context = {
        "area": found.area,
        "edition": found.edition,
        "month": found.month,
        "months": months(timezone.now()),
        "figures": _figures(score.counted),
        "by_chapter": _chapters(found),
        "deductions": found.losses(score.counted.deductions, "−"),
        "lifts": found.losses(score.counted.lifts[:SHOWN], "+"),
        "lift_count": len(score.counted.lifts),
        "transitions": [(found.line(one, Answer.NOT_MET, ""), _until(found, one)) for one in score.counted.transitions],
        "apart": found.apart(),
        "apart_value": points(score.apart.value),
    }
    return render(request, "console/standard/score.html", context)


def _until(found: Scored, code: str) -> date | None:
    verdict = found.verdicts.get(found.clauses[code].pk)
    return verdict.transition_until if verdict is not None else None


def _file(request: HttpRequest, found: Scored) -> HttpResponse:
    score, name = found.score, mark(found.edition)
    heads = [_("条款"), _("章"), _("要求"), _("结论"), _("分值"), _("理由"), _("依据等级"), _("权重"), _("版本")]

    def rows(lines: Iterable[Line]) -> list[list[object]]:
        return [
            [
                one.clause.code, one.clause.chapter_title, one.clause.requirement, one.state.word, one.points, one.why,
                one.clause.grade, one.clause.weight, name,
            ]
            for one in lines
        ]  # fmt: skip

    title = _("%(area)s %(month)s 得分（%(mark)s）") % {"area": found.area.name, "month": found.month, "mark": name}
    sheets = [
        exports.Sheet(_("得分"), [title, _("数值"), _("口径")], _figures(score.counted)),
        exports.Sheet(
            _("各章"),
            [
                _("章"),
                _("标题"),
                _("得分"),
                _("有证据"),
                _("可能的范围"),
                *(words(ANSWER_NAMES[one]) for one in Answer),
            ],
            [
                [one["number"], one["title"], one["value"], one["coverage"], one["between"], *one["counts"]]
                for one in _chapters(found)
            ],
        ),
        exports.Sheet(_("扣分"), heads, rows(found.losses(score.counted.deductions, "−"))),
        exports.Sheet(_("提升"), heads, rows(found.losses(score.counted.lifts, "+"))),
        exports.Sheet(
            _("逐步过渡"), heads, rows(found.line(one, Answer.NOT_MET, "") for one in score.counted.transitions)
        ),
        exports.Sheet(_("另列"), heads, rows(found.apart())),
    ]
    content = exports.book_of(sheets, demo=settings.BUDAYANG.demo)
    with transaction.atomic():
        record(
            reader(request), "console.export", subject=f"conformity:{found.area.code}",
            place_path=found.area.place.path, details={"month": found.month}, at=timezone.now(),
        )  # fmt: skip
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx") or "attachment"
    return answer


urlpatterns = [path("conformity/<slug:code>/score/", conformity_score, name="conformity_score")]
