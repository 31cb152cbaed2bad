"""The page of one clause for one area and month: its answer, how each part of it is judged, evidence, what people
gave.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone

from budayang.center.areas.models import Area
from budayang.center.console.listing import State
from budayang.center.console.reader import reader
from budayang.center.console.standard_words import (
    TONES,
    answer_state,
    area_of,
    edition_of,
    month_asked,
    number_word,
    source_word,
)
from budayang.center.platform.access import allow
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import place_chain
from budayang.center.platform.wording import words
from budayang.center.standard import given_queries, queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.given_actions import EXEMPTERS, GIVERS
from budayang.center.standard.models import Clause, ClauseVerdict, GivenDocument
from budayang.rules.standard import METRICS, OF_NOW
from budayang.rules.standard.answers import ANSWER_NAMES, Answer
from budayang.rules.standard.parts import BY_HAND, ENTERED, KIND_NAMES, Kind, Part

GIVEN_SHOWN = 12
GRADES = {
    "A": "直接读到的法律法规或官方制度",
    "B": "二手资料",
    "C": "凭一般知识，未核实",
    "D": "工程默认值",
}


@allow(queries.READERS)
def conformity_clause(request: HttpRequest, code: str, clause_code: str) -> HttpResponse:
    """One clause for one area and month: its number, threshold, sample, evidence, and the grade of its basis."""
    area, now = area_of(request, code), timezone.now()
    month = month_asked(request, now)
    edition = edition_of(month)
    try:
        clause = queries.get_clause(edition, clause_code)
    except Clause.DoesNotExist as error:
        raise Http404 from error
    start, end = queries.month_bounds(month)
    rows = queries.verdicts_visible_to(reader(request)).filter(place=area.place, clause=clause)
    verdict = rows.filter(period_start=start).first()
    actor, parts, standing = reader(request), parts_of(clause), given_queries.Standing(edition)
    metrics = [METRICS[one.metric] for one in parts if one.metric in METRICS]
    context = {
        "area": area,
        "edition": edition,
        "clause": clause,
        "verdict": verdict,
        "state": answer_state(verdict, clause),
        "source": source_word(verdict, clause),
        "number": number_word(verdict),
        "threshold": words(queries.threshold_text(verdict)) if verdict is not None else "",
        "metric": "；".join(dict.fromkeys(words(one) for one in metrics)),
        "connected": bool(parts),
        "parts": [_part_row(one) for one in parts],
        "part_answers": _part_answers(verdict),
        "may_give": actor.may(*GIVERS, place_path=area.place.path),
        "may_exempt": actor.may(*EXEMPTERS, place_path=area.place.path),
        "given": _given(actor, area, clause, standing),
        "exceptions": [(one, standing.counts(one)) for one in _exceptions(actor, area, clause)],
        "period_start": start,
        "period_end": min(end, verdict.computed_at) if verdict is not None else end,
        "grades": [(one, words(GRADES[one])) for one in GRADES if one in clause.grade],
        "month": f"{month:%Y-%m}",
        "earlier": [
            (one, answer_state(one, clause), words(queries.number_text(one)))
            for one in rows.filter(period_start__lt=start).order_by("-period_start")[:6]
        ],
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "console/standard/_clause.html" if fragment else "console/standard/clause.html", context)


def _part_row(part: Part) -> dict[str, Any]:
    """A part of the check as the page says it; `give`: whether people give it on a form."""
    asked = "；".join(f"{words(one.label)} {words(one.asked)}" for one in part.fields)
    metric = words(METRICS[part.metric]) if part.metric in METRICS else ""
    return {
        "kind": part.kind.value,
        "name": words(KIND_NAMES[part.kind]),
        "by_hand": part.kind in BY_HAND,
        "what": words(part.what) or metric or asked,
        "asked": asked if part.what else "",
        "system": words(part.system),
        "give": part.kind in ENTERED or part.kind is Kind.DOCUMENT,
        "days": part.days,
        "of_now": part.metric in OF_NOW,
    }


def _part_answers(verdict: ClauseVerdict | None) -> list[tuple[str, State, str]]:
    if verdict is None:
        return []
    return [
        (
            words(KIND_NAMES[Kind(one["kind"])]),
            State(TONES[one["answer"]], words(ANSWER_NAMES[Answer(one["answer"])])),  # type: ignore[arg-type]
            words(one["why"]),
        )
        for one in verdict.parts
    ]


def _given(actor: Actor, area: Area, clause: Clause, standing: given_queries.Standing) -> list[dict[str, Any]]:
    """What people gave for this code here or above, the newest first, with what was withdrawn; `counts`: under the
    month's edition.
    """
    chain = place_chain(area.place.path)
    rows: list[Any] = [
        *given_queries.numbers_visible_to(actor).filter(place_path__in=chain, clause_code=clause.code),
        *given_queries.documents_visible_to(actor).filter(place_path__in=chain, clause_code=clause.code),
    ]
    labels = {field.name: field for part in parts_of(clause) for field in part.fields}
    found = []
    for row in sorted(rows, key=lambda one: (one.on, one.at), reverse=True)[:GIVEN_SHOWN]:
        document = isinstance(row, GivenDocument)
        numbers = {} if document else row.values
        said = "；".join(
            f"{words(labels[name].label) if name in labels else name} {value:.10g}"
            f"{words(labels[name].unit) if name in labels else ''}"
            for name, value in numbers.items()
        )
        found.append(
            {
                "row": row,
                "counts": standing.counts(row),
                "kind": words(KIND_NAMES[Kind.DOCUMENT if document else Kind(row.kind)]),
                "said": row.title if document else said,
                "document": document,
                "url": reverse("console:clause_document", args=[row.ref]) if document and row.content_sealed else "",
                "withdraw": reverse("console:given_withdraw", args=["document" if document else "numbers", row.pk]),
            }
        )
    return found


def _exceptions(actor: Actor, area: Area, clause: Clause) -> list[Any]:
    rows = given_queries.exceptions_visible_to(actor).filter(
        place_path__in=place_chain(area.place.path), clause_code=clause.code
    )
    return list(rows.order_by("-from_on", "-pk")[:GIVEN_SHOWN])


urlpatterns = [
    path("conformity/<slug:code>/<str:clause_code>/", conformity_clause, name="conformity_clause"),
]
