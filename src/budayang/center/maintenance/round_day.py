"""A person's day of rounds: those that wait and those that will fall due, with all that is needed to walk them where no
network is.

A phone names a round by plan and moment (`key_of`): it can be walked before the center has opened it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, Value, When

from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import CheckListEdition, Round, RoundPlan
from budayang.center.maintenance.round_queries import Stop
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import scope_q
from budayang.center.services.queries import calendar_days
from budayang.rules.rounds import due_rounds

DAY = timedelta(hours=24)
A_MOMENT = timedelta(microseconds=1)
MOST = 40
"""So many rounds go onto a phone: the ones that end first. Nobody walks more in a day."""
_MOMENT = "%Y%m%dT%H%M%SZ"
# Fire managers have no role of their own in this edition: the keeper answers for them, and for guards and cleaners
# where nobody has their role.
_ROLE_OF = {
    "owner": Role.OWNER_UNIT,
    "vendor": Role.VENDOR_ENGINEER,
    "inspector": Role.INSPECTOR,
}


@dataclass(frozen=True, slots=True)
class DayRound:
    """One round of the day. `row` is None while the center has not opened it."""

    plan: RoundPlan
    area: str
    zone: ZoneInfo
    edition: CheckListEdition
    opens_at: datetime
    closes_at: datetime
    stops: list[Stop]
    row: Round | None = None

    @property
    def key(self) -> str:
        return key_of(self.plan.pk, self.opens_at)

    @property
    def on(self) -> date:
        """The day of the round, by the place's clock."""
        return self.opens_at.astimezone(self.zone).date()


def key_of(plan_id: int, opens_at: datetime) -> str:
    """How a phone names a round."""
    return f"{plan_id}-{opens_at.astimezone(UTC).strftime(_MOMENT)}"


def read_key(key: str) -> tuple[int, datetime] | None:
    """(plan, moment) of a key, None when it is none."""
    plan, _dash, moment = key.partition("-")
    try:
        at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return (int(plan), at) if plan.isascii() and plan.isdigit() and len(plan) < 18 else None


def find_round(actor: Actor, key: str) -> Round | None:
    """The round that a phone means; None when it is not opened, or not for this actor."""
    read = read_key(key)
    return queries.rounds_visible_to(actor).filter(plan=read[0], opens_at=read[1]).first() if read else None


def is_to_come(actor: Actor, key: str) -> bool:
    """Whether the center will still open the round of a key."""
    read = read_key(key)
    if read is None:
        return False
    rows = queries.plans_visible_to(actor).filter(pk=read[0], next_at__lte=read[1])
    # A moment that the plan does not yield (any more) is never opened: it must not be put off for ever.
    return any(
        window.start == read[1]
        for plan in rows
        for window in due_rounds(queries.plan_of(plan), read[1], read[1] + A_MOMENT, calendar_days())
    )


def mine(actor: Actor, *, plan: str, place: str) -> Q:
    """The rows whose rounds are this person's to walk, and not only allowed, as a filter.

    Args:
        plan: prefix of the lookups of the plan, "plan__"; "" for plans themselves.
        place: lookup of the place's path.
    """
    found = Q(**{f"{plan}person__username": actor.name}) | queries.field_q(actor, plan, place)
    keepers = ~Q(**{f"{plan}who__in": list(_ROLE_OF)})
    for role, word in queries.FIELD_TASKS.items():
        for path in queries.places_with(role):
            keepers &= ~Q((f"{plan}who", word), (f"{place}__startswith", path))
    named = {role: Q(**{f"{plan}who": who}) for who, role in _ROLE_OF.items()}
    for role, who in {Role.AREA_KEEPER: keepers, **named}.items():
        here = scope_q(actor, place, (f"{plan}organization_id",), roles=frozenset({role}))
        found |= Q(**{f"{plan}person__isnull": True}) & who & here
    return found


def my_day(actor: Actor, now: datetime, *, also: Iterable[str] = ()) -> list[DayRound]:
    """The actor's rounds that wait, those of the last day that were missed or handed over, and those that begin within
    a day; the one that ends first at the head. `also` are keys of rounds that the actor takes for somebody else.
    """
    wanted = Q(state="open", opens_at__lte=now) | Q(closes_at__gt=now - DAY, opens_at__lte=now)
    handed_over = Case(When(state__in=("open", "missed"), then=Value(0)), default=Value(1))
    rows = queries.rounds_visible_to(actor).filter(wanted, mine(actor, plan="plan__", place="place_path"))
    waiting = list(rows.exclude(state="cancelled").order_by(handed_over, "closes_at", "pk")[:MOST])
    for key in also:
        taken = find_round(actor, key)
        if taken is not None and taken not in waiting and queries.may_walk(actor, taken):
            waiting.append(taken)
    shown = [_opened(one) for one in waiting]
    shown += _to_come(actor, now, {one.key for one in shown})[: max(0, MOST - len(shown))]
    return sorted(shown, key=lambda one: (one.closes_at, one.key))


def _opened(row: Round) -> DayRound:
    place = row.area.place
    return DayRound(
        row.plan, row.area.name, ZoneInfo(place.zone), row.edition, row.opens_at, row.closes_at, queries.sheet(row), row
    )


def _to_come(actor: Actor, now: datetime, there: set[str]) -> list[DayRound]:
    """Rounds of the actor's plans that nobody has opened yet."""
    days = calendar_days()
    found = []
    rows = queries.plans_visible_to(actor).filter(mine(actor, plan="", place="area__place__path"))
    # Ten times as many as are shown: some have no edition in force, others begin often.
    for plan in rows.filter(next_at__gt=now - DAY, next_at__lt=now + DAY).order_by("next_at", "pk")[:400]:
        place = plan.area.place
        if plan.next_at is None:
            continue
        for window in due_rounds(queries.plan_of(plan), plan.next_at, now + DAY, days):
            on = window.start.astimezone(ZoneInfo(place.zone)).date()
            edition = queries.edition_in_force(plan.list_code, place.path, on)
            if edition is None or key_of(plan.pk, window.start) in there:
                continue
            stops = queries.lay_out(queries.questions_of(edition), queries.stops_of(plan), {}, {}, {})
            found.append(DayRound(plan, plan.area.name, ZoneInfo(place.zone), edition, window.start, window.end, stops))
    return sorted(found, key=lambda one: (one.opens_at, one.key))
