"""A stop's questions as a form: each stands alone, so that one that is refused does not hold back the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from budayang.center.console.people import People
from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance.models import Round
from budayang.center.maintenance.round_actions import Given
from budayang.center.maintenance.round_queries import Asked, Stop
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.rules.round_lists import Answer, Photo, Question
from budayang.rules.rounds import NO, NOT_HERE, YES


@dataclass(frozen=True, slots=True)
class Typed:
    """What came for one question, and why it was not taken."""

    value: str
    note: str
    problem: str = ""


def value_words(value: str) -> str:
    """An answer as people say it."""
    return {YES: _("正常"), NO: _("异常"), NOT_HERE: _("不适用")}.get(value, value)


def shown_question(asked: Asked, typed: Typed | None = None, *, people: People | None = None) -> dict[str, Any]:
    """A question with its answer, for the round's page and for the form."""
    question, current = asked.question, asked.current
    value = typed.value if typed else current.value if current else ""
    return {
        "code": question.code,
        "text": question.text,
        "kind": question.kind.value,
        "hint": _hint(question),
        "options": _options(question, value),
        "value": value,
        "note": typed.note if typed else current.note if current else "",
        "problem": typed.problem if typed else "",
        "client_id": actions.new_client_id(),
        "replaces": current.client_id if current else "",
        "answer": current,
        "word": value_words(current.value) if current else "",
        "unit": question.unit,
        "known": current is not None and current.source == "telemetry",
        "conflicts": [(one, value_words(one.value), (people or People()).called(one.by)) for one in asked.conflicts],
        "photos": asked.photos,
        "wants_photo": asked.wants_photo,
        "photo": question.photo is not Photo.NO,
    }


def _hint(question: Question) -> str:
    parts = bounds_words(question)
    if question.photo is Photo.ALWAYS:
        parts.append(_("要拍照"))
    if question.photo is Photo.ON_FAULT:
        parts.append(_("异常时要拍照"))
    return "；".join(parts)


def bounds_words(question: Question) -> list[str]:
    """What is no fault, in words; nothing for a question without bounds."""
    parts = []
    if question.kind is Answer.NUMBER and (question.low is not None or question.high is not None):
        low = "" if question.low is None else f"{question.low:g}"
        high = "" if question.high is None else f"{question.high:g}"
        if not low:
            parts.append(_("正常：不超过 %(most)s") % {"most": f"{high} {question.unit}".strip()})
        elif not high:
            parts.append(_("正常：不低于 %(least)s") % {"least": f"{low} {question.unit}".strip()})
        else:
            parts.append(_("正常范围 %(span)s") % {"span": f"{low}–{high} {question.unit}".strip()})
    if question.kind is Answer.DATE and question.low is not None:
        days = f"{abs(question.low):g}"
        word = _("不足 %(days)s 天算异常") if question.low > 0 else _("早于 %(days)s 天以前算异常")
        parts.append(word % {"days": days})
    if question.kind is Answer.DATE and question.high is not None:
        parts.append(_("应能看到 %(days)s 天以前") % {"days": f"{-question.high:g}"})
    return parts


def _options(question: Question, value: str) -> list[tuple[str, str, bool]]:
    """(value, word, chosen) of the big buttons; every question can be answered "does not apply"."""
    if question.kind is Answer.YES_NO:
        values = [YES, NO]
    else:
        values = list(question.choices)
    if question.kind not in (Answer.YES_NO, Answer.CHOICE):
        return [(NOT_HERE, words("不适用"), value == NOT_HERE)]
    return [(one, value_words(one), one == value) for one in (*values, NOT_HERE)]


def save_sheet(
    request: HttpRequest, actor: Actor, row: Round, stop: Stop, now: datetime
) -> tuple[dict[str, Typed], int]:
    """Take what was filled in; returns what was typed by question, and how many answers and photographs were kept."""
    typed: dict[str, Typed] = {}
    kept = 0
    for asked in stop.asked:
        code, current = asked.question.code, asked.current
        value = _value(request, asked.question)
        note = request.POST.get(f"n-{code}", "").strip()
        problem = ""
        # What the form was made from, not what counts by now: an answer that came meanwhile is not this person's.
        seen = request.POST.get(f"r-{code}", "")
        same = current is not None and seen == current.client_id and (value, note) == (current.value, current.note)
        # What telemetry filled in and nobody touched stays telemetry's word, marked so.
        if value and not same:
            given = Given(request.POST.get(f"id-{code}", ""), stop.code, code, value, now, note, seen, "console")
            try:
                actions.record_answer(actor, row, given, now=now)
                kept += 1
            except Refused as refusal:
                problem = str(refusal)
        upload = request.FILES.get(f"p-{code}")
        if upload is not None and not problem:
            try:
                actions.add_photo(
                    actor, row, client_id=f"p{request.POST.get(f'id-{code}', '')}", stop=stop.code, question=code,
                    content=upload.read(), taken_at=now, now=now,
                )  # fmt: skip
                kept += 1
            except Refused as refusal:
                problem = str(refusal)
        typed[code] = Typed(value, note, problem)
    return typed, kept


def _value(request: HttpRequest, question: Question) -> str:
    """A number, date or text, unless "does not apply" was chosen for it."""
    chosen = request.POST.get(f"v-{question.code}", "").strip()
    written = request.POST.get(f"w-{question.code}", "").strip()
    return written or chosen
