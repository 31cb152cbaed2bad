"""How news travels up: consumers claim their deliveries by a counted UPDATE with a lease.

No id cursor (it misses transactions that commit late), no Django signal, no save() override. Two processes may run this
at once: the UPDATE that claims says how many rows it got, and a lease that runs out gives them back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from budayang.center.platform.models import Delivery, Transition

log = structlog.get_logger(__name__)

BATCH = 500
LEASE_S = 60
RETRY_S = (1, 5, 30, 120, 600)


@dataclass(frozen=True, slots=True)
class Consumer:
    """One reader of news. `handle` runs inside a transaction together with the mark "done", so it happens once.

    `prompt`: what people wait for; it runs in the worker's prompt lane, where nothing long delays it. `at_once`: news
    of one turn, instead of BATCH; fewer for a reader that writes much, because on SQLite everybody else waits for its
    transaction. `by_place`: the news of each place is handled in a transaction of its own, so that many may be taken at
    once and yet nobody waits long; for a reader that does the same work for one message of a place as for a hundred.
    """

    name: str
    kinds: tuple[str, ...]
    handle: Callable[[Sequence[Transition], datetime], None]
    prompt: bool = False
    at_once: int | None = None
    by_place: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Work with a due time: `run(now)` looks at its own indexed column and returns how many rows it moved.

    `prompt`: as of Consumer. `outward`: it asks machines of others and may wait for their answers for seconds; it runs
    in a lane of its own, so that nothing of ours waits for them.
    """

    name: str
    every_s: float
    run: Callable[[datetime], int]
    prompt: bool = False
    outward: bool = False


@dataclass(slots=True)
class _Wiring:
    consumers: tuple[Consumer, ...] = ()
    dues: tuple[Due, ...] = ()


_wiring = _Wiring()


def install(consumers: Sequence[Consumer], dues: Sequence[Due]) -> None:
    """Called once by config, the only place that knows every room."""
    names = [consumer.name for consumer in consumers]
    assert len(names) == len(set(names)), "a consumer's name is its mailbox"
    _wiring.consumers, _wiring.dues = tuple(consumers), tuple(dues)


def consumers_of(kind: str) -> list[str]:
    """Names of the consumers that asked for this kind; a prefix such as "terminals." asks for all below it."""
    return [consumer.name for consumer in _wiring.consumers if kind.startswith(consumer.kinds)]


def consumers() -> tuple[Consumer, ...]:
    return _wiring.consumers


def dues() -> tuple[Due, ...]:
    return _wiring.dues


def anything_waits(consumers: Iterable[Consumer], now: datetime) -> bool:
    """Whether one of these consumers has something to handle: one question for all of them, for when nothing has."""
    return _waiting(now).filter(consumer__in=[consumer.name for consumer in consumers]).exists()


def _waiting(now: datetime) -> QuerySet[Delivery]:
    """Not done, and nobody's at the moment."""
    return Delivery.objects.filter(done_at__isnull=True).filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))


def deliver(consumer: Consumer, now: datetime) -> int:
    """Claim and handle the next waiting deliveries of one consumer, oldest first; returns how many were done."""
    mine = secrets.token_hex(8)
    waiting = _waiting(now).filter(consumer=consumer.name).order_by("id")
    wanted = list(waiting.values_list("id", flat=True)[: consumer.at_once or BATCH])
    if not wanted:
        return 0
    # The condition stands again in the UPDATE: a rival that read the same ids a moment ago gets the rest, or nothing.
    claimed = (
        _waiting(now)
        .filter(id__in=wanted)
        .update(lease_until=now + timedelta(seconds=LEASE_S), lease_by=mine, attempts=F("attempts") + 1)
    )
    if not claimed:
        return 0
    mine_rows = list(
        Delivery.objects.filter(lease_by=mine, id__in=wanted).select_related("transition").order_by("transition_id")
    )
    began = time.monotonic()
    # Each part by its own clock: what is noticed late in a long turn was not noticed at its beginning.
    return sum(
        _handle_all(consumer, mine, rows, now + timedelta(seconds=time.monotonic() - began))
        for rows in _apart(consumer, mine_rows)
    )


def _apart(consumer: Consumer, rows: list[Delivery]) -> list[list[Delivery]]:
    """What is handled in one transaction."""
    if not consumer.by_place:
        return [rows] if rows else []
    places: dict[str, list[Delivery]] = {}
    for row in rows:
        places.setdefault(row.transition.place_path, []).append(row)
    return list(places.values())


def _handle_all(consumer: Consumer, mine: str, rows: list[Delivery], now: datetime) -> int:
    try:
        _handle(consumer, mine, rows, now)
    except LeaseLost:
        return _taken_over(consumer, len(rows))
    except Exception:
        if len(rows) == 1:
            _set_aside(rows[0], now)
            return 0
        # One bad row must not hold up the others: handle the batch again row by row.
        return sum(_handle_one(consumer, mine, row, now) for row in rows)
    return len(rows)


def _handle(consumer: Consumer, mine: str, rows: Sequence[Delivery], now: datetime) -> None:
    with transaction.atomic():
        consumer.handle([row.transition for row in rows], now)
        done = Delivery.objects.filter(id__in=[row.id for row in rows], lease_by=mine, done_at__isnull=True)
        if done.update(done_at=now, error="") != len(rows):
            # Our lease ran out while we worked and a rival took the rows over: its work stands, ours is rolled back.
            raise LeaseLost(consumer.name)


def _handle_one(consumer: Consumer, mine: str, row: Delivery, now: datetime) -> int:
    try:
        _handle(consumer, mine, [row], now)
    except LeaseLost:
        return _taken_over(consumer, 1)
    except Exception:
        _set_aside(row, now)
        return 0
    return 1


def _taken_over(consumer: Consumer, count: int) -> int:
    """What is a rival's now is not tried again here: the rest of these rows waits until our lease is over."""
    log.warning("lease lost", consumer=consumer.name, rows=count)
    return 0


def _set_aside(row: Delivery, now: datetime) -> None:
    """Keep a failed delivery for later; it is never dropped, and `doctor` lists what fails again and again."""
    wait_s = RETRY_S[min(row.attempts, len(RETRY_S) - 1)]
    log.exception("delivery failed", consumer=row.consumer, transition=row.transition_id, kind=row.transition.kind)
    # Only what is still ours: a rival that took it over meanwhile keeps its lease.
    Delivery.objects.filter(id=row.id, lease_by=row.lease_by, done_at__isnull=True).update(
        lease_until=now + timedelta(seconds=wait_s), lease_by="", error="failed; see the log"
    )


class LeaseLost(Exception):
    """Another process took the deliveries over because this one was too slow."""
