"""Keeping TerminalNow: recomputed from the open intervals whenever news says that they may have changed.

A message is never believed, only taken as a reason to look: repeated, late or out of order it leads to the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from budayang.center.platform.models import Transition
from budayang.center.terminals.models import GRAVITY, Terminal, TerminalNow
from budayang.center.terminals.news import told_codes
from budayang.center.terminals.queries import Facts, facts_of
from budayang.rules.terminals import RANK, Level, kind_of

SHOWN_REASONS = 3
REBUILD_AT_ONCE = 1000
NEWS = (
    "terminals.status",
    "terminals.reported",
    "terminals.corrected",
    "terminals.heard",
    "terminals.silent",
    "terminals.suspended",
    "terminals.resumed",
    "terminals.enrolled",
)
BY_RANK = {rank: level for level, rank in RANK.items()}
_FIELDS = (
    "level", "reasons", "reason_count", "troubled", "application", "application_level", "rank", "gravity",
    "area_id",
)  # fmt: skip


def take_news(news: Sequence[Transition], now: datetime) -> None:
    """Recompute each terminal that the news is about once, in six queries whatever the number of messages."""
    recompute(list(Terminal.objects.filter(code__in=told_codes(news)).values_list("pk", flat=True)), now)


def recompute(ids: Iterable[int], now: datetime) -> int:
    """Write what is the case now for these terminals; returns how many rows changed.

    The rows are locked before the intervals are read, always in the order of their ids: a second worker that handles
    other news of the same terminal waits, and then reads what is newer. Otherwise the slower of the two would write
    the older picture last.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return 0
    with transaction.atomic():
        TerminalNow.objects.bulk_create(
            [TerminalNow(terminal_id=one, updated_at=now) for one in wanted], ignore_conflicts=True
        )
        rows = list(TerminalNow.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
        facts = facts_of(wanted)
        lives = Terminal.objects.only("state", "silent_since", "area_id", "kind").in_bulk(wanted)
        changed = [row for row in rows if _take(row, facts[row.pk], lives[row.pk])]
        for row in changed:
            row.updated_at = now
        TerminalNow.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["terminal"], update_fields=[*_FIELDS, "updated_at"]
        )
    return len(changed)


def repair(now: datetime, limit: int = REBUILD_AT_ONCE) -> int:
    """Make the rows that are missing (imported terminals, an upgrade); returns how many."""
    unplaced = Q(now__area__isnull=True) & ~Q(kind=Terminal.Kind.RELAY)
    missing = (
        Terminal.objects.filter(Q(now__isnull=True) | unplaced).order_by("pk").values_list("pk", flat=True)[:limit]
    )
    return recompute(list(missing), now)


def rebuild(now: datetime) -> int:
    """Recompute every terminal after an import or new rules, a thousand a transaction; returns how many changed."""
    changed, after = 0, 0
    while True:
        following = Terminal.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        ids = list(following[:REBUILD_AT_ONCE])
        if not ids:
            return changed
        changed, after = changed + recompute(ids, now), ids[-1]


def _take(row: TerminalNow, facts: Facts, terminal: Terminal) -> bool:
    """Put the facts into the row; whether that changed anything."""
    found = _values(facts)
    found["gravity"] = GRAVITY.index(_first_of_all(terminal, BY_RANK[found["rank"]]))
    found["area_id"] = counted_in(terminal)
    if all(getattr(row, name) == found[name] for name in _FIELDS):
        return False
    for name in _FIELDS:
        setattr(row, name, found[name])
    return True


def _values(facts: Facts) -> dict[str, Any]:
    health, application = facts.health, facts.application
    levels = [health.level, application.level] if facts.application_told else [health.level]
    return {
        "level": health.level.value,
        "reasons": [
            {
                "subject": one.subject, "property": one.property, "state": one.state, "level": one.level.value,
                "text": one.text, "action": one.action, "code": one.code.value,
            }
            for one in health.reasons[:SHOWN_REASONS]
        ],
        "reason_count": len(health.reasons),
        "troubled": _kinds(one.subject for one in health.reasons),
        "application": application.state if facts.application_told else "",
        "application_level": application.level.value,
        "rank": min(RANK[level] for level in levels),
    }  # fmt: skip


def _kinds(subjects: Iterable[str]) -> str:
    """Kinds as one text in which " printer " can be looked for; empty when all is well."""
    found = sorted({kind_of(one) for one in subjects})
    return f" {' '.join(found)} "[:400] if found else ""


def _first_of_all(terminal: Terminal, level: Level) -> str:
    """The word of GRAVITY for a terminal whose program and devices are at worst at `level`."""
    if terminal.state != Terminal.State.ACTIVE:
        return terminal.state
    if terminal.silent_since is not None:
        return "silent"
    return Level.OK.value if level is Level.BUSY else level.value


def counted_in(terminal: Terminal) -> int | None:
    """The area in which it is counted: relays are nobody's machine to use."""
    return None if terminal.kind == Terminal.Kind.RELAY else terminal.area_id
