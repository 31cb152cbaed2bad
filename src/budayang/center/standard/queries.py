"""Reads of the standard room: the edition in force, and what each clause answers where and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import Role
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict, Edition, InForce
from budayang.rules.standard import Answer
from budayang.rules.standard.answers import show

ZONE = "Asia/Shanghai"
NOT_CONNECTED = "not_connected"
# Bodies' people read their own orders and machines; what an area as a whole does is its managers' and inspectors'.
READERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR})


@dataclass(frozen=True, slots=True)
class AreaTally:
    """How many clauses of an edition answer how for one area and month; the sum is all clauses."""

    met: int
    not_met: int
    not_applicable: int
    no_evidence: int
    not_connected: int


def current_edition() -> Edition | None:
    """The adopted edition, else the newest loaded one, else None."""
    adopted = Edition.objects.filter(adoption="adopted").first()
    return adopted or Edition.objects.filter(adoption="loaded").order_by("-loaded_at").first()


def edition_of(month: date) -> Edition | None:
    """The edition that a month is judged by: the one in force at its end by the platform's clock, or now while it runs.
    Months before anything was adopted are judged by what was adopted first.
    """
    end = month_bounds(month)[1]
    rows = InForce.objects.select_related("edition").order_by("-at", "-pk")
    found = rows.filter(at__lt=end).first() or rows.last()
    return found.edition if found is not None else current_edition()


def clauses(edition: Edition) -> QuerySet[Clause]:
    """All clauses of an edition, in its order."""
    return Clause.objects.filter(edition=edition).order_by("position")


def get_clause(edition: Edition, code: str) -> Clause:
    """Raises Clause.DoesNotExist."""
    return Clause.objects.get(edition=edition, code=code)


def is_connected(clause: Clause) -> bool:
    """Whether the edition says how this clause is judged. What is not connected (未接入) is shown so, never as met."""
    return bool(clause.parts)


def verdicts_visible_to(actor: Actor) -> QuerySet[ClauseVerdict]:
    """Verdicts on areas inside the actor's places."""
    mine = scope_q(actor, "place_path", roles=READERS)
    return ClauseVerdict.objects.filter(mine).select_related("clause", "place")


def verdicts(place_path: str, month: date) -> list[ClauseVerdict]:
    """Everything computed for the areas at and below a place in a month, by the month's edition."""
    start, _end = month_bounds(month)
    rows = ClauseVerdict.objects.filter(
        place_path__startswith=place_path, period_start=start, clause__edition=edition_of(month)
    )
    return list(rows.select_related("clause", "place").order_by("place_path", "clause__position"))


def month_bounds(month: date, zone: str = ZONE) -> tuple[datetime, datetime]:
    """[first moment of the month, first moment of the next), in UTC, by the clocks of the place."""
    first = month.replace(day=1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    here = ZoneInfo(zone)
    return tuple(datetime.combine(day, time(), here).astimezone(UTC) for day in (first, after))  # type: ignore[return-value]


def month_of(moment: datetime, zone: str = ZONE) -> date:
    """The first day of the month in which a moment lies at the place."""
    return moment.astimezone(ZoneInfo(zone)).date().replace(day=1)


def day_of(moment: datetime, zone: str = ZONE) -> date:
    """The day of a place's clock."""
    return moment.astimezone(ZoneInfo(zone)).date()


def tally(all_clauses: Iterable[Clause], found: Iterable[ClauseVerdict]) -> AreaTally:
    """Count the answers of one area; a connected clause without a verdict has no evidence yet."""
    answers = {verdict.clause_id: verdict.answer for verdict in found}
    counts: Counter[str] = Counter(
        answers.get(clause.pk, Answer.NO_EVIDENCE.value if is_connected(clause) else NOT_CONNECTED)
        for clause in all_clauses
    )
    return AreaTally(
        met=counts[Answer.MET.value],
        not_met=counts[Answer.NOT_MET.value],
        not_applicable=counts[Answer.NOT_APPLICABLE.value],
        no_evidence=counts[Answer.NO_EVIDENCE.value],
        not_connected=counts[NOT_CONNECTED],
    )


def number_text(verdict: ClauseVerdict) -> str:
    """The number as people read it, "98.21%"; empty when nothing was counted."""
    return "" if verdict.number is None else show(verdict.number, verdict.unit)


def threshold_text(verdict: ClauseVerdict) -> str:
    """What the clause asks, "≥ 98%"; empty for a clause without a number."""
    return "" if verdict.threshold is None else asked_text(verdict.threshold, verdict.comparison, verdict.unit)


def asked_text(threshold: float, comparison: str, unit: str) -> str:
    """A threshold as people read it, "≥ 98%"."""
    sign = {">=": "≥", "<=": "≤"}.get(comparison, comparison)
    return f"{sign} {show(threshold, unit)}"


def computed_at(month: date) -> dict[int, datetime | None]:
    """Place id → when its conformity of a month was last computed."""
    return dict(Assessment.objects.filter(month=month.replace(day=1)).values_list("place_id", "computed_at"))
