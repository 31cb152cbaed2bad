"""How terminals are now, from their TerminalNow: no roll-up, whatever the number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When
from django.db.models.functions import Coalesce

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.platform.roles import BODY_ROLES
from budayang.center.terminals import queries
from budayang.center.terminals.models import GRAVITY, Terminal, TerminalNow
from budayang.rules.terminals import Code, Health, Level, Reason, StateMeaning, meaning

MOST_CHOICES = 60
WORDS = ("registered", "suspended", "silent", *(level.value for level in Level))


def summary_of(ids: Iterable[int]) -> dict[int, TerminalNow]:
    """The summaries of these terminals with one query; one that is not there yet is made within a minute."""
    return TerminalNow.objects.in_bulk(list(ids))


def count_by_level(actor: Actor) -> dict[str, int]:
    """How many of the actor's terminals are in each of WORDS, with one aggregated query; each counts once.

    Life comes first, then the link, then the devices: of a silent terminal nobody knows its devices. Retired ones are
    not counted.
    """
    word = Case(
        When(state=Terminal.State.REGISTERED, then=Value("registered")),
        When(state=Terminal.State.SUSPENDED, then=Value("suspended")),
        When(silent_since__isnull=False, then=Value("silent")),
        default=Coalesce(F("now__level"), Value(Level.UNKNOWN.value)),
        output_field=CharField(),
    )
    mine = queries.visible_to(actor).exclude(state=Terminal.State.RETIRED).select_related(None).order_by()
    counted = mine.annotate(word=word).values("word").annotate(count=Count("pk"))
    return {**dict.fromkeys(WORDS, 0), **{row["word"]: row["count"] for row in counted}}


def health_of_summary(row: TerminalNow | None) -> tuple[Health, StateMeaning | None]:
    """(devices, program) as pages word them, with the worst reasons only; (unknown, None) without a summary."""
    if row is None:
        return Health(Level.UNKNOWN, ()), None
    reasons = tuple(
        Reason(
            one["subject"], one["property"], one["state"], Level(one["level"]), one["text"], one.get("action", ""),
            Code(one.get("code", "")),
        )
        for one in row.reasons
    )  # fmt: skip
    program = meaning("terminal", "application", row.application) if row.application else None
    return Health(Level(row.level), reasons), program


def count_by_area(actor: Actor) -> dict[int, dict[str, int]]:
    """area id → word of GRAVITY → how many of the actor's terminals, retired ones left out. Two queries.

    Who sees whole places is counted by the index over area and gravity alone, and other people's areas are dropped
    here: asking for the place of each of a hundred thousand rows would cost ten times as much. Bodies' people have
    few machines, which are looked up one by one.
    """
    seen = set(areas.visible_to(actor).select_related(None).order_by().values_list("pk", flat=True))
    if any(grant.role in BODY_ROLES for grant in actor.grants):
        mine = queries.visible_to(actor).select_related(None).order_by()
        rows: QuerySet[Any, Any] = mine.filter(now__area__isnull=False).values_list("now__area_id", "now__gravity")
    else:
        rows = TerminalNow.objects.filter(area__isnull=False).values_list("area_id", "gravity")
    found: dict[int, dict[str, int]] = {}
    for area_id, gravity, count in rows.annotate(count=Count("pk")):
        if area_id in seen and GRAVITY[gravity] != "retired":
            found.setdefault(area_id, dict.fromkeys(GRAVITY, 0))[GRAVITY[gravity]] += count
    return found


class Choices(NamedTuple):
    """What terminals can be filtered by, in order, MOST_CHOICES of each at most."""

    software: list[str]
    makes: list[str]


def choices_of(actor: Actor) -> Choices:
    """Software versions and models to choose from. Bodies' people get those of their machines, in one reading of them.

    Who sees whole places gets them from their indexes and may be offered one that no terminal of theirs has: neither is
    a secret, and looking up each terminal's place would cost more than the page.
    """
    if not any(grant.role in BODY_ROLES for grant in actor.grants):
        return Choices(_distinct("software"), _distinct("make"))
    mine = queries.visible_to(actor).select_related(None).order_by()
    pairs = set(mine.values_list("software", "make").distinct())
    software, makes = sorted({one for one, _make in pairs} - {""}), sorted({one for _software, one in pairs} - {""})
    return Choices(software[:MOST_CHOICES], makes[:MOST_CHOICES])


def _distinct(column: str) -> list[str]:
    rows = Terminal.objects.exclude(**{column: ""}).order_by(column)
    return list(rows.values_list(column, flat=True).distinct()[:MOST_CHOICES])
