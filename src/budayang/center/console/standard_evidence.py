"""Evidence for revision: for each clause how many areas meet it and where their numbers lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import answer_state
from budayang.center.platform.access import allow
from budayang.center.platform.wording import words
from budayang.center.standard import queries, revising_queries
from budayang.center.standard.models import Clause
from budayang.center.standard.revising_queries import AREAS_AT_ONCE, EVIDENCE_MONTHS, ClauseEvidence, months_over
from budayang.rules.standard.revising import ADVICE_NAMES, ADVICE_WHY

TONES: dict[str, Tone] = {
    "out_of_reach": "stop", "low": "warn", "apart": "warn", "fits": "ok", "few": "ask", "no_number": "ok",
    "none": "ask", "new": "ask",
}  # fmt: skip
SPANS = ("1", "3", "6", "12")


def _months(request: HttpRequest) -> tuple[date, date, int]:
    """First and last month, and how many; the last three that are over where nothing is asked."""
    asked = request.GET.get("months", "")
    count = int(asked) if asked in SPANS else EVIDENCE_MONTHS
    return *months_over(timezone.now(), count), count


def _span(first: date, last: date) -> str:
    return _("%(from)s 至 %(to)s") % {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}


@allow(queries.READERS)
def evidence(request: HttpRequest) -> HttpResponse:
    """All clauses of the edition in force with what the areas of this reader say."""
    edition = queries.current_edition()
    if edition is None:
        raise Http404(_("还没有载入标准。"))
    first, last, _count = _months(request)
    found: dict[str, ClauseEvidence] = {}

    def read(codes: Iterable[str]) -> None:
        wanted = [code for code in codes if code not in found]
        if wanted:
            found.update(revising_queries.evidence(reader(request), edition, first, last, codes=wanted))

    def by_advice(rows: QuerySet[Clause], value: str) -> QuerySet[Clause]:
        read(rows.values_list("code", flat=True))
        return rows.filter(code__in=[code for code, one in found.items() if one.spread.advice == value])

    def advice(row: Clause) -> State:
        key = found[row.code].spread.advice
        return State(TONES[key], words(ADVICE_NAMES[key]))

    def met(row: Clause) -> str:
        spread = found[row.code].spread
        return f"{spread.met}/{spread.judged}" if spread.judged else ""

    mark = _("参照版，不是已发布标准的文本。") if edition.is_reference else ""
    return listing(
        request,
        title=_("条款实施证据"),
        note=mark
        + _(
            "%(span)s，只算已经过完的月份。自助区只计一次，有一个月不符合就算不符合；数值是各区各月的。没有证据和没有接入的条款不下结论。"
        )
        % {"span": _span(first, last)},
        columns=(
            Column("number", _("章条"), lambda row: found[row.code].number, sort="position"),
            Column("code", _("代码"), lambda row: row.code, sort="code", kind="code"),
            Column("text", _("条文"), lambda row: found[row.code].text),
            Column("threshold", _("要求值"), lambda row: "、".join(words(x) for x in found[row.code].thresholds)),
            Column("met", _("符合/判定"), met),
            Column("least", _("最低"), lambda row: words(found[row.code].said(found[row.code].spread.least))),
            Column("middle", _("中位"), lambda row: words(found[row.code].said(found[row.code].spread.middle))),
            Column("most", _("最高"), lambda row: words(found[row.code].said(found[row.code].spread.most))),
            Column("sample", _("样本"), lambda row: found[row.code].spread.sample or None, kind="number"),
            Column("advice", _("看法"), advice, kind="state"),
            Column("grade", _("依据等级"), lambda row: row.grade, sort="grade"),
        ),
        queryset=queries.clauses(edition),
        prepare=lambda rows: read(row.code for row in rows),
        filters=(
            Filter("advice", _("看法"), lambda: [(k, words(v)) for k, v in ADVICE_NAMES.items()], by_advice),
            Filter(
                "months", _("期间"), lambda: [(n, _("最近 %(n)s 个月") % {"n": n}) for n in SPANS], lambda rows, v: rows
            ),
        ),
        search=("code", "requirement", "criterion"),
        default_sort="number",
        row_url=lambda row: reverse("console:standard_evidence_clause", args=[row.code]) + f"?months={_count}",
        empty=_("没有这样的条款。"),
        export_name=_("条款实施证据"),
        topic="standard",
        actions=(Action(reverse("console:conformity"), _("条款符合性")),),
        definitions=[(words(ADVICE_NAMES[key]), words(why)) for key, why in ADVICE_WHY.items()],
    )


@allow(queries.READERS)
def evidence_clause(request: HttpRequest, clause_code: str) -> HttpResponse:
    """One clause: the spread of its number, and each area's months behind it."""
    edition = queries.current_edition()
    clause = queries.clauses(edition).filter(code=clause_code).first() if edition else None
    if edition is None or clause is None:
        raise Http404
    first, last, count = _months(request)
    actor = reader(request)
    found = revising_queries.evidence(actor, edition, first, last, codes=[clause.code])[clause.code]
    asked = request.GET.get("page", "")
    page = max(1, int(asked)) if asked.isdecimal() and len(asked) < 5 else 1
    shown = revising_queries.readings_of(actor, edition, clause.code, first, last, skip=(page - 1) * AREAS_AT_ONCE)
    places = [rows[0].place_id for rows in shown.areas]
    codes = dict(areas.visible_to(actor).filter(place_id__in=places).values_list("place_id", "code"))
    query = f"?months={count}&page="
    context = {
        "edition": edition,
        "clause": clause,
        "found": found,
        "thresholds": [words(one) for one in found.thresholds],
        "advice": State(TONES[found.spread.advice], words(ADVICE_NAMES[found.spread.advice])),
        "why": words(ADVICE_WHY[found.spread.advice]),
        "span": _span(first, last),
        "months": count,
        "numbers": [
            (word, words(found.said(value)))
            for word, value in (
                (_("最低"), found.spread.least),
                (_("十分之一低于"), found.spread.low),
                (_("中位"), found.spread.middle),
                (_("十分之九低于"), found.spread.high),
                (_("最高"), found.spread.most),
            )
            if value is not None
        ],
        "areas": [
            (
                rows[0].place.name,
                codes.get(rows[0].place_id, ""),
                [
                    (
                        one,
                        queries.month_of(one.period_start),
                        answer_state(one, clause),
                        words(queries.number_text(one)),
                    )
                    for one in rows
                ],
            )
            for rows in shown.areas
        ],
        "total": shown.total,
        "start": (page - 1) * AREAS_AT_ONCE + 1,
        "end": (page - 1) * AREAS_AT_ONCE + len(shown.areas),
        "previous_url": f"{query}{page - 1}" if page > 1 else "",
        "next_url": f"{query}{page + 1}" if page * AREAS_AT_ONCE < shown.total else "",
    }
    return render(request, "console/standard/evidence_clause.html", context)


urlpatterns = [
    path("clause-evidence/", evidence, name="standard_evidence"),
    path("clause-evidence/<slug:clause_code>/", evidence_clause, name="standard_evidence_clause"),
]
