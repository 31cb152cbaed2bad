"""The rows behind the scorecards (rules/scorecards.py), within the reader's scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.hours_queries import days_visible_to
from budayang.center.maintenance.models import BUCKET_COLUMNS, Round, WorkOrder
from budayang.center.maintenance.order_actions import holder_words
from budayang.center.maintenance.order_limits import events_of, read_clocks
from budayang.center.maintenance.queries import named_clocks, orders_visible_to
from budayang.center.maintenance.round_queries import rounds_visible_to
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.roles import BODY_ROLES
from budayang.center.services.queries import calendar_days
from budayang.center.terminals import queries as terminals
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.hours import UNCOUNTED
from budayang.rules.scorecards import Fact, answers, holder_at

LONGEST = timedelta(days=92)
MOST_ORDERS = 5000
"""Their clocks are computed one by one, a few hundred in a second: what is more asks for a smaller place or period."""
KINDS = ("owner", "vendor")
AGAIN = frozenset({"rejected", "reopened"})


@dataclass(frozen=True, slots=True)
class Period:
    """Days [first, last] of the reader's clock."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(0), tzinfo=ZoneInfo(DEFAULT_ZONE))

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=ZoneInfo(DEFAULT_ZONE))


def bodies_visible_to(actor: Actor, kind: str) -> QuerySet[Organization]:
    """Owner units or vendors that have a card here: bodies' people see their own, others every one of which they see
    rows."""
    rows = Organization.objects.filter(kind=kind).order_by("code")
    if actor.sees_all or any(grant.role not in BODY_ROLES for grant in actor.grants):
        return rows
    return rows.filter(pk__in=[grant.organization_id for grant in actor.grants if grant.organization_id])


def facts_of(actor: Actor, period: Period, place_path: str, now: datetime) -> list[Fact]:
    """Every row behind every figure of a period under a place.

    Raises:
        Refused: when the period is too long or holds too many orders; the message says what to narrow.
    """
    return [
        *order_facts_of(actor, period, place_path, now),
        *_rounds(actor, period, place_path),
        *_days(actor, period, place_path),
    ]


def order_facts_of(actor: Actor, period: Period, place_path: str, now: datetime) -> list[Fact]:
    """Of these, the rows of orders only. Raises Refused like `facts_of`."""
    if period.end - period.start > LONGEST:
        raise Refused(_("一次最多看 92 天，请选短一些的时间段。"))
    orders = orders_visible_to(actor).filter(place_path__startswith=place_path)
    orders = orders.filter(opened_at__gte=period.start, opened_at__lt=period.end)
    orders = orders.exclude(state__in=("cancelled", "merged"))
    count = orders.count()
    if count > MOST_ORDERS:
        told = {"count": count, "most": MOST_ORDERS}
        raise Refused(_("这段时间有 %(count)s 张工单，一次最多算 %(most)s 张，请选更短的时间或更小的范围。") % told)
    rows = orders.prefetch_related("events").order_by("opened_at", "pk")
    return list(_orders(rows, now))


def _orders(rows: QuerySet[WorkOrder], now: datetime) -> Iterator[Fact]:
    days = cache(calendar_days)
    for order in rows:
        ref, holders = f"order:{order.number}", _holders(order)
        clocks = read_clocks(order, now, days)
        for name, clock in named_clocks(clocks):
            at = clock.due_at if clock.overdue else clock.met_at
            if clock.overdue or clock.met_at is not None:
                moment = at or clock.met_at or order.opened_at
                yield Fact(name, holder_at(holders, moment), ref, moment, ok=not clock.overdue)
        repaired = [one for one in events_of(order) if one.event == "repaired"]
        if repaired:
            who = holder_at(holders, repaired[0].at)
            again = any(one.event in AGAIN for one in order.events.all())
            yield Fact("first_time", who, ref, repaired[0].at, ok=not again)
        if clocks.repair.met_at is not None:
            at, hours = clocks.repair.met_at, clocks.repair.used_s / 3600
            yield Fact("repair_time", holder_at(holders, at), ref, at, value=hours)


def _holders(order: WorkOrder) -> list[tuple[datetime, int]]:
    """(since, body) of who had the order from then on, as each event keeps it."""
    found: list[tuple[datetime, int]] = []
    for event in sorted(order.events.all(), key=lambda one: (one.at, one.pk)):
        body = event.holder_body_id
        if body is not None and (not found or found[-1][1] != body):
            found.append((event.at, body))
    return found or [(order.opened_at, order.organization_id)]


@dataclass(frozen=True, slots=True)
class Described:
    """A row behind a figure as people call it: what and where, and who had it or did it ("" where nobody did)."""

    name: str
    who: str = ""


def described(facts: Sequence[Fact]) -> dict[str, Described]:
    """By `Fact.ref`: orders by their fault and place, rounds by their list and area, days by their terminal. Three
    queries and one for names.
    """
    parts = [(one.ref, *one.ref.partition(":")[::2]) for one in facts]
    orders = WorkOrder.objects.filter(number__in=[rest for _ref, kind, rest in parts if kind == "order"])
    rounds = Round.objects.filter(pk__in=[int(rest) for _ref, kind, rest in parts if kind == "round"])
    codes = {rest.partition("/")[0] for _ref, kind, rest in parts if kind == "day"}
    found: dict[str, Described] = {}
    for order in orders.select_related("incident__area", "incident__terminal", "organization", "assignee"):
        where = order.incident.terminal or order.incident.area
        name = f"{order.incident.title} · {where.name}" if where else order.incident.title
        found[f"order:{order.number}"] = Described(name, holder_words(order))
    walked = list(rounds.select_related("plan", "area"))
    people = platform.names_of([row.finished_by for row in walked])
    for row in walked:
        who = people.get(row.finished_by, row.finished_by)
        found[f"round:{row.pk}"] = Described(f"{row.plan.name} · {row.area.name}", who)
    names = dict(terminals.in_service().filter(code__in=codes).values_list("code", "name"))
    for ref, kind, rest in parts:
        if kind == "day":
            code = rest.partition("/")[0]
            found[ref] = Described(f"{names[code]} {code}" if code in names else code)
    return found


def _rounds(actor: Actor, period: Period, place_path: str) -> Iterator[Fact]:
    rows = rounds_visible_to(actor).filter(place_path__startswith=place_path, plan__organization__isnull=False)
    rows = rows.filter(opens_at__gte=period.start, opens_at__lt=period.end, state__in=("done", "done_late", "missed"))
    for pk, body, at, state in rows.order_by("opens_at", "pk").values_list(
        "pk", "plan__organization_id", "opens_at", "state"
    ):
        yield Fact("rounds", body, f"round:{pk}", at, ok=state == "done")


def _days(actor: Actor, period: Period, place_path: str) -> Iterator[Fact]:
    """Terminal-days of which something is judged. Both the owner and the vendor have a row for each; the lost time is
    that of the buckets that this body answers for, nobody else's."""
    rows = days_visible_to(actor).filter(place_path__startswith=place_path, on__range=(period.first, period.last))
    columns = list(BUCKET_COLUMNS.items())
    uncounted = [columns[place][1] for place in UNCOUNTED]
    for row in rows.select_related("terminal").order_by("on", "terminal_id").iterator(chunk_size=2000):
        if row.promised_us <= sum(getattr(row, name) for name in uncounted):
            continue
        at = datetime.combine(row.on, time(0), tzinfo=ZoneInfo(DEFAULT_ZONE))
        for body in {row.owner_id, row.vendor_id or row.owner_id}:
            lost = sum(
                getattr(row, name) for bucket, name in columns if answers(bucket, row.owner_id, row.vendor_id) == body
            )
            ref = f"day:{row.terminal.code}/{row.on.isoformat()}"
            yield Fact("clean_days", body, ref, at, ok=lost == 0)
            yield Fact("hours", body, ref, at, usable=row.usable_us, lost=lost)
