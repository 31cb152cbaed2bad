"""Reads of the machines that are watched from beside: what is known of each now and was known then, from the facts' own
times. Every bulk read is a fixed number of queries, however many machines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.terminals.models import (
    IngestLease,
    RelaySpan,
    StatusInterval,
    Terminal,
    WatchFound,
    WatchNow,
    WatchProfile,
    WatchSeen,
    WatchSource,
)
from budayang.center.terminals.queries import BEAT_LATE_S, LINK
from budayang.rules.intervals import Interval, maybe, subtract, union
from budayang.rules.watch_times import PlacedVerdict, SaidSpan, Span, looks_again_s, timeline
from budayang.rules.watching import (
    SOURCES,
    Fact,
    SourceKind,
    WatchVerdict,
    Word,
    words_of,
)

UNHEARD_S = 90  # last_seen_at is flushed each 30 s and a sync is held 25 s: less would call a well machine unheard
MAINS_SAYS = {
    ("ups", "supply"): {"powerIn": "on", "recovered": "on", "powering": "off", "low": "off"},
    ("power", "load"): {"drawing": "on", "standby": "on", "off": "on"},  # a plug that measures has power itself
    LINK: {"online": "on"},
}


def watched_visible_to(actor: Actor) -> QuerySet[Terminal]:
    """Departments' own machines of the actor's places and bodies."""
    mine = scope_q(actor, place="area__place__path", organizations=("owner_id", "vendor_id"))
    rows = Terminal.objects.filter(mine, kind=Terminal.Kind.WATCHED)
    return rows.select_related("area__place", "owner", "watch__relay", "watch_now")


def relays_visible_to(actor: Actor) -> QuerySet[Terminal]:
    """Relays of the actor's places."""
    mine = scope_q(actor, place="area__place__path", organizations=("owner_id", "vendor_id"))
    return Terminal.objects.filter(mine, kind=Terminal.Kind.RELAY).select_related("area__place", "owner")


def relays_with_counts(actor: Actor) -> QuerySet[Terminal]:
    """Relays that are not retired, each with `machines`, how many it watches."""
    watched = WatchProfile.objects.filter(relay=OuterRef("pk")).order_by().values("relay")
    counted = watched.annotate(count=Count("pk")).values("count")
    rows = relays_visible_to(actor).exclude(state=Terminal.State.RETIRED)
    return rows.annotate(machines=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def found_by(relay_id: int) -> list[WatchFound]:
    """What was handed up from the hall of a relay and nobody has settled."""
    return list(WatchFound.objects.filter(relay_id=relay_id, settled_at__isnull=True))


def profile_of(terminal_id: int) -> WatchProfile | None:
    """How a machine is watched; None when nobody has said so yet."""
    return WatchProfile.objects.select_related("relay", "terminal").filter(terminal_id=terminal_id).first()


def sources_of(profile: WatchProfile | None) -> list[WatchSource]:
    """The sources in force."""
    return list(profile.sources.filter(removed_at__isnull=True)) if profile else []


def seen_of(terminal_id: int, limit: int = 20) -> list[WatchSeen]:
    """What people saw at the machine, newest first."""
    return list(WatchSeen.objects.filter(terminal_id=terminal_id)[:limit])


def terminal_of_qr(qr: str) -> Terminal | None:
    """The machine whose label was read."""
    profile = WatchProfile.objects.select_related("terminal").filter(qr=qr).first()
    return profile.terminal if profile else None


def labels_of(codes: Iterable[str]) -> dict[str, str]:
    """What the fixed labels of some machines say, by the machine's code."""
    rows = WatchProfile.objects.filter(terminal__code__in=list(codes))
    return dict(rows.values_list("terminal__code", "qr"))


def area_of(terminal_ids: Iterable[int]) -> dict[int, int]:
    return dict(Terminal.objects.filter(pk__in=list(terminal_ids)).values_list("pk", "area_id"))


# --- verdicts


def verdicts_of(terminal_ids: Iterable[int], now: datetime) -> dict[int, WatchVerdict]:
    """What is known of each machine now, in nine queries. Who is not a watched machine is left out.

    While nobody listens at the center, or the relay cannot be heard, it is unknown and blames nobody.
    """
    found = timelines(terminal_ids, now, now + timedelta(milliseconds=1), now)
    return {one: placed[0].verdict for one, placed in found.items()}


def timelines(
    terminal_ids: Iterable[int], start: datetime, end: datetime, now: datetime
) -> dict[int, list[PlacedVerdict]]:
    """The verdicts of [start, end) of each watched machine, without holes, in nine queries."""
    facts = _load(list(terminal_ids), start, end, now)
    return {
        one: timeline(
            start, end, said=facts.said[one], seen=facts.seen[one], silent=facts.silent.get(one, ()),
            has_relay=one in facts.relayed, mains=facts.mains.get(area_id, ()), now=now,
        )
        for one, area_id in facts.areas.items()
    }  # fmt: skip


def relay_gaps(terminal_id: int, start: datetime, end: datetime, now: datetime | None = None) -> list[Interval]:
    """When the relay of a machine could not be heard and did not say afterwards that it watched all the same: lost
    monitoring, sorted and disjoint, within [start, end). `now` (default `end`) is when it is asked.
    """
    return gaps_of([terminal_id], start, end, now).get(terminal_id, [])


def gaps_of(
    terminal_ids: Iterable[int], start: datetime, end: datetime, now: datetime | None = None
) -> dict[int, list[Interval]]:
    """`relay_gaps` of many machines in three queries; machines without a relay are left out."""
    profiles = WatchProfile.objects.filter(terminal_id__in=list(terminal_ids), relay__isnull=False)
    relay_of = dict(profiles.values_list("terminal_id", "relay_id"))
    lost = _lost(set(relay_of.values()), start, end, now or end)
    return {one: lost[relay] for one, relay in relay_of.items()}


@dataclass(slots=True)
class _Facts:
    areas: dict[int, int] = field(default_factory=dict)  # watched machines only
    relayed: set[int] = field(default_factory=set)
    said: dict[int, list[SaidSpan]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[int, list[SaidSpan]] = field(default_factory=lambda: defaultdict(list))
    silent: dict[int, list[Span]] = field(default_factory=dict)
    mains: dict[int, list[SaidSpan]] = field(default_factory=lambda: defaultdict(list))


def _load(ids: list[int], start: datetime, end: datetime, now: datetime) -> _Facts:
    facts = _Facts()
    machines = Terminal.objects.filter(pk__in=ids, kind=Terminal.Kind.WATCHED).select_related("watch")
    relay_of: dict[int, int] = {}
    unheard: dict[int, datetime | None] = {}
    for one in machines:
        facts.areas[one.pk] = one.area_id
        profile = getattr(one, "watch", None)
        if profile is not None and profile.relay_id is not None:
            relay_of[one.pk] = profile.relay_id
            limit = now - timedelta(seconds=one.plan_s + one.grace_s + UNHEARD_S)
            if one.state != Terminal.State.ACTIVE or one.last_seen_at is None or one.last_seen_at < limit:
                unheard[one.pk] = one.last_seen_at
    facts.relayed = set(relay_of)
    _add_said(facts, start, end, unheard)
    _add_seen(facts, start, end)
    _add_mains(facts, start, end)
    lost = _lost(set(relay_of.values()), start, end, now)
    deaf = _deaf_since(now)
    for machine_id, relay in relay_of.items():
        gaps = [*lost[relay], *(maybe(max(deaf, start), end) if deaf is not None else ())]
        facts.silent[machine_id] = [Span(gap.start, gap.end) for gap in union(gaps)]
    return facts


def _add_said(facts: _Facts, start: datetime, end: datetime, unheard: Mapping[int, datetime | None]) -> None:
    """What each source said. A machine whose own syncs stopped while its relay speaks is known up to its last one."""
    sources = WatchSource.objects.filter(profile__terminal_id__in=list(facts.areas))
    by_subject: dict[tuple[int, str, str], list[WatchSource]] = defaultdict(list)
    for source in sources.select_related("profile"):
        for prop in {_prop_of(source, Fact(word)) for word in source.proves}:
            by_subject[source.profile.terminal_id, source.subject, prop].append(source)
    rows = StatusInterval.objects.filter(terminal_id__in=list(facts.areas), since__lt=end)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=start)).order_by()
    fields = ("terminal_id", "subject", "property", "state", "since", "until")
    for one, subject, prop, state, since, until in rows.values_list(*fields):
        if one in unheard and until is None:
            until = unheard[one] or since
            if until <= since:
                continue
        for source in by_subject.get((one, subject, prop), ()):
            here = [fact for fact in map(Fact, source.proves) if _prop_of(source, fact) == prop]
            again_s = looks_again_s(source.kind, source.settings, source.interval_s, source.keep_s)
            for word in words_of(subject, source.kind, here, {prop: state}, since):
                facts.said[one].append(SaidSpan(since, until, word, again_s))


def _prop_of(source: WatchSource, fact: Fact) -> str:
    return "paper.upper" if fact is Fact.PAPER else _KINDS[source.kind].prop


def _add_seen(facts: _Facts, start: datetime, end: datetime) -> None:
    """Each word of a person until it is too old; of several in force the newest counts."""
    rows = WatchSeen.objects.filter(terminal_id__in=list(facts.areas), at__lt=end, keep_until__gt=start)
    for row in rows:
        word = Word("seen", Fact.APPLICATION, row.state, row.at)
        facts.seen[row.terminal_id].append(SaidSpan(row.at, row.keep_until, word))


def _add_mains(facts: _Facts, start: datetime, end: datetime) -> None:
    """Whether each area has power: a UPS says so, a plug measures, an own terminal speaks; a UPS on battery outweighs
    all. A relay proves nothing: it may be a portable computer.
    """
    speaks = Q(subject=LINK[0], property=LINK[1], state="online", terminal__kind=Terminal.Kind.OWN)
    wanted = speaks | Q(property__in=("supply", "load"))
    rows = StatusInterval.objects.filter(wanted, terminal__area_id__in=set(facts.areas.values()), since__lt=end)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=start)).order_by()
    fields = ("terminal__area_id", "subject", "property", "kind", "state", "since", "until")
    for area_id, subject, prop, kind, state, since, until in rows.values_list(*fields):
        key = LINK if (subject, prop) == LINK else (kind or subject.split("-", 1)[0], prop)
        word = MAINS_SAYS.get(key, {}).get(state)
        if word is not None:
            facts.mains[area_id].append(SaidSpan(since, until, Word("mains", Fact.POWER, word, since)))


def _lost(relays: Collection[int], start: datetime, end: datetime, now: datetime) -> dict[int, list[Interval]]:
    """When each relay could not be heard, as far as it did not say afterwards that it ran and watched meanwhile."""
    lost: dict[int, list[Interval]] = {one: [] for one in relays}
    told: dict[int, list[Interval]] = {one: [] for one in relays}
    for relay in Terminal.objects.filter(pk__in=relays):
        lost[relay.pk] += _lost_now(relay, start, end, now)
    silent = StatusInterval.objects.filter(
        terminal_id__in=relays, subject=LINK[0], property=LINK[1], state="silent", since__lt=end, until__gt=start
    )
    for one, since, until in silent.values_list("terminal_id", "since", "until"):
        lost[one] += maybe(max(since, start), min(until or end, end))
    down: dict[int, list[Interval]] = {one: [] for one in relays}
    for row in RelaySpan.objects.filter(relay_id__in=relays, since__lt=end, until__gt=start):
        (down if row.what == "down" else told)[row.relay_id] += maybe(max(row.since, start), min(row.until, end))
    return {one: union([*subtract(union(lost[one]), union(told[one])), *down[one]]) for one in relays}


def _lost_now(relay: Terminal, start: datetime, end: datetime, now: datetime) -> list[Interval]:
    """A relay that is silent, suspended or was never heard: nothing is known from its last word on."""
    if relay.last_seen_at is None:
        return maybe(start, end)
    if relay.state == Terminal.State.ACTIVE and relay.silent_since is None:
        return []
    return maybe(max(start, min(relay.last_seen_at, now)), end)


def _deaf_since(now: datetime) -> datetime | None:
    """Since when nobody listens at the center: ingest is away."""
    lease = IngestLease.objects.first()
    if lease is None or lease.beat_at is None:
        return datetime.min.replace(tzinfo=now.tzinfo)
    return lease.beat_at if now - lease.beat_at > timedelta(seconds=BEAT_LATE_S) else None


_KINDS: dict[str, SourceKind] = {one.kind: one for one in SOURCES}


# --- cost


@dataclass(frozen=True, slots=True)
class Cost:
    """What watching costs once: parts in yuan, work in minutes."""

    price: Decimal
    minutes: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.price + other.price, self.minutes + other.minutes)


NOTHING = Cost(Decimal(0), 0)


def costs_of(terminal_ids: Iterable[int]) -> dict[int, Cost]:
    """What watching each machine cost, with one query."""
    rows = WatchProfile.objects.filter(terminal_id__in=list(terminal_ids)).values("terminal_id")
    summed = rows.annotate(price=Sum("costs__price"), minutes=Sum("costs__minutes"))
    return {row["terminal_id"]: Cost(row["price"] or Decimal(0), row["minutes"] or 0) for row in summed}


@dataclass(frozen=True, slots=True)
class AreaCost:
    """An area's watched machines and what watching them cost."""

    code: str
    name: str
    machines: int
    cost: Cost


def costs_by_area(actor: Actor) -> list[AreaCost]:
    """The sum of each area that the actor sees, with two queries."""
    machines = watched_visible_to(actor).exclude(state=Terminal.State.RETIRED).select_related(None).order_by()
    counted = {
        row["area__code"]: row["count"]
        for row in machines.values("area__code").annotate(count=Count("pk"))
    }  # fmt: skip
    rows = machines.values("area__code", "area__name")
    summed = rows.annotate(price=Sum("watch__costs__price"), minutes=Sum("watch__costs__minutes"))
    return sorted(
        (
            AreaCost(
                row["area__code"], row["area__name"], counted[row["area__code"]],
                Cost(row["price"] or Decimal(0), row["minutes"] or 0),
            )
            for row in summed
        ),
        key=lambda one: one.code,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PricedSource:
    """A kind of source with what it costs in a place."""

    source: SourceKind
    price: Decimal
    minutes: int


def price_list(place_path: str, at: datetime) -> list[PricedSource]:
    """Every kind of source with its price and minutes in force for a place, with one query."""
    names = [*(f"watch_{one.kind}_minutes" for one in SOURCES), *(f"watch_{one.kind}_price" for one in _BOUGHT)]
    found = platform.parameters(names, [(place_path, "")], at)[place_path, ""]
    return [
        PricedSource(
            one,
            Decimal(str(found[f"watch_{one.kind}_price"].value)) if one in _BOUGHT else Decimal(0),
            int(found[f"watch_{one.kind}_minutes"].value),
        )
        for one in SOURCES
    ]


_BOUGHT = tuple(one for one in SOURCES if one.price)


def told_of(ids: Iterable[int]) -> dict[int, WatchNow]:
    """The verdicts that were last told, with one query."""
    return WatchNow.objects.in_bulk(list(ids))
