"""A day of rounds as a phone keeps it: plain JSON with everything that is asked, in words, so that the phone needs no
rule of its own and no network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from budayang.center.console.people import People
from budayang.center.console.round_sheet import shown_question
from budayang.center.maintenance.round_day import DayRound
from budayang.center.maintenance.round_queries import Asked, Stop
from budayang.center.platform.wording import words
from budayang.center.terminals import watching_queries as watching
from budayang.rules.round_lists import Answer, Question
from budayang.rules.rounds import NO, PROOF_NAMES, STATE_NAMES


def plain_day(day: Sequence[DayRound]) -> list[dict[str, Any]]:
    """All rounds of a day."""
    people = People(_names_in(day))
    watched = {stop.code for one in day for stop in one.stops if stop.kind == "watched"}
    labels = {code: hashlib.sha256(qr.encode()).hexdigest() for code, qr in watching.labels_of(watched).items()}
    return [_plain_round(one, people, labels) for one in day]


def _plain_round(one: DayRound, people: People, labels: Mapping[str, str]) -> dict[str, Any]:
    """A round with its stops. `word` and `number` are empty while the center has not opened it."""
    row = one.row
    return {
        "key": one.key,
        "number": row.pk if row else None,
        "name": one.plan.name,
        "area": one.area,
        "span": _span(one),
        "opens_at": one.opens_at.isoformat(),
        "closes_at": one.closes_at.isoformat(),
        "state": row.state if row else "open",
        "word": words(STATE_NAMES[row.state]) if row else "",
        "note": row.note if row else "",
        "conflicts": row.conflicts if row else 0,
        "stops": [_plain_stop(stop, one.on, people, labels) for stop in one.stops],
    }


def _span(one: DayRound) -> str:
    start, end = one.opens_at.astimezone(one.zone), one.closes_at.astimezone(one.zone)
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
    return f"{start:%m-%d %H:%M}–{last}"


def _plain_stop(stop: Stop, on: date, people: People, labels: Mapping[str, str]) -> dict[str, Any]:
    # Of a fixed label the hash: the phone knows it again when it is read, and cannot say it by itself.
    best = min((one.verdict for one in stop.presences), key=list(PROOF_NAMES).index, default="")
    return {
        "code": stop.code,
        "name": stop.name,
        "watched": stop.kind == "watched",
        "label": labels.get(stop.code, ""),
        "proof": best,
        "proof_word": words(PROOF_NAMES[best]) if best else "",
        "asked": [_plain_question(one, on, people) for one in stop.asked],
    }


def _plain_question(asked: Asked, on: date, people: People) -> dict[str, Any]:
    question, shown, current = asked.question, shown_question(asked, people=people), asked.current
    return {
        "code": question.code,
        "text": question.text,
        "kind": question.kind.value,
        "hint": shown["hint"],
        "unit": question.unit,
        "options": [{"value": value, "word": word} for value, word, _chosen in shown["options"]],
        "photo": question.photo.value,
        "bounds": _bounds(question, on),
        "photos": len(asked.photos),
        "answer": None
        if current is None
        else {
            "id": current.client_id,
            "value": current.value,
            "note": current.note,
            "at": current.answered_at.isoformat(),
            "by": "" if shown["known"] else people.called(current.by),
            "known": shown["known"],
        },
        "conflicts": [{"word": word, "by": name} for _one, word, name in shown["conflicts"]],
    }


def _bounds(question: Question, on: date) -> dict[str, Any]:
    """What is a fault, for the phone to ask for a photograph at once; what counts is judged by the center."""
    if question.kind is Answer.YES_NO:
        return {"bad": [NO]}
    if question.kind is Answer.CHOICE:
        return {"bad": list(question.bad)}
    if question.kind is Answer.DATE:
        return {"low": _day(on, question.low), "high": _day(on, question.high)}
    return {"low": question.low, "high": question.high}


def _day(on: date, ahead: float | None) -> str | None:
    return None if ahead is None else (on + timedelta(days=ahead)).isoformat()


def _names_in(day: Sequence[DayRound]) -> list[str]:
    """Whose names the day needs."""
    asked = [one for row in day for stop in row.stops for one in stop.asked]
    found = [one.current.by for one in asked if one.current is not None]
    return [*found, *(other.by for one in asked for other in one.conflicts)]
