"""What the pages of the standard share: answers, sources and scores in words, the month asked for, the areas of a
reader. Whatever shows the reference edition says 参照版.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.areas.models import Area
from budayang.center.console.listing import State
from budayang.center.console.reader import reader
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.center.standard import queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.models import Clause, ClauseVerdict, Edition
from budayang.rules.standard.answers import ANSWER_NAMES, Answer
from budayang.rules.standard.parts import KIND_NAMES, Kind

MONTHS_BACK = 12
TONES = {"met": "ok", "not_met": "stop", "not_applicable": "ask", "no_evidence": "ask"}


def answer_state(verdict: ClauseVerdict | None, clause: Clause) -> State:
    """The answer by word and shape. A clause that no check judges is 未接入, never met."""
    if not queries.is_connected(clause):
        return State("ask", _("未接入"))
    if verdict is None:
        return State("ask", _("未计算"))
    return State(TONES[verdict.answer], words(ANSWER_NAMES[Answer(verdict.answer)]))  # type: ignore[arg-type]


def source_word(verdict: ClauseVerdict | None, clause: Clause) -> str:
    """What the answer comes from; what somebody copied from elsewhere says 人工填报."""
    if verdict is None or verdict.source == "exception":
        kinds = [words(KIND_NAMES[one.kind]) for one in parts_of(clause)]
        return "、".join(dict.fromkeys(kinds))
    word = words(KIND_NAMES[Kind(verdict.source)])
    return _("%(kind)s（人工填报）") % {"kind": word} if verdict.by_hand else word


def month_asked(request: HttpRequest, now: datetime) -> date:
    """The month asked for by ?month=2026-11; this one when it is missing, malformed or still ahead."""
    current = queries.month_of(now)
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return current
    return min(asked, current)


def months(now: datetime) -> list[tuple[str, str]]:
    month, found = queries.month_of(now), []
    for _count in range(MONTHS_BACK):
        found.append((f"{month:%Y-%m}", _("%(year)d年%(month)d月") % {"year": month.year, "month": month.month}))
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def areas_of(actor: Actor) -> QuerySet[Area]:
    """Areas whose conformity this reader may read: those of the places of a reading role."""
    paths = [grant.place_path for grant in actor.grants if grant.role in queries.READERS]
    found = areas.visible_to(actor)
    wanted = [one.pk for one in found if any(one.place.path.startswith(path_) for path_ in paths)]
    return found.filter(pk__in=wanted)


def area_of(request: HttpRequest, code: str) -> Area:
    area = areas_of(reader(request)).filter(code=code).first()
    if area is None:
        raise Http404
    return area


def edition_of(month: date) -> Edition:
    """The edition that a month is judged by; 404 while none is loaded."""
    edition = queries.edition_of(month)
    if edition is None:
        raise Http404(_("还没有载入标准。"))
    return edition


def mark(edition: Edition) -> str:
    return _("参照版") if edition.is_reference else edition.title


def title_word(edition: Edition) -> str:
    """Its code and title; a reference edition says what it is in the reader's language too."""
    name = mark(edition)
    said = f"（{name}）" if edition.is_reference and name not in edition.title else ""
    return f"{edition.code} {edition.title}{said}"


def number_word(verdict: ClauseVerdict | None) -> str:
    return words(queries.number_text(verdict)) if verdict is not None else ""


def points(value: float | None) -> str:
    """A score as people read it; "—" while nothing was judged. Never rounded up to 100."""
    if value is None:
        return "—"
    text = f"{value:.1f}"
    return "99.9" if text == "100.0" and value < 100 else text.removesuffix(".0")


def percent(value: float | None) -> str:
    """A share as people read it; "—" while unknown."""
    return "—" if value is None else f"{points(value * 100)}%"
