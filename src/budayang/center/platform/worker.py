"""The worker: deliveries every 200 ms, due times, the audit seal, and long work in a thread of its own.

It works in lanes, each a loop of its own: what people wait for (that a fault is seen) is never behind what may take
minutes (thousands of catalogues after a change), and neither is behind a department's machine that does not answer.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import structlog
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME
from django_tasks_db.management.commands.db_worker import Worker

from budayang.center.platform import deliveries
from budayang.center.platform.deliveries import Consumer, Due

log = structlog.get_logger(__name__)

TICK_S = 0.2
GAP_S = 0.01
"""After each part that moved something: on SQLite the other lane, the door and the pages write in the gap."""


class Lane(StrEnum):
    """Which parts a loop runs."""

    ALL = "all"
    PROMPT = "prompt"
    STEADY = "steady"
    OUTWARD = "outward"

    def takes(self, part: Consumer | Due) -> bool:
        return self in (Lane.ALL, lane_of(part))


def lane_of(part: Consumer | Due) -> Lane:
    """The one lane in which a part runs when lanes run apart."""
    if part.prompt:
        return Lane.PROMPT
    return Lane.OUTWARD if isinstance(part, Due) and part.outward else Lane.STEADY


@dataclass(slots=True)
class Loop:
    """Runs consumers and due work until `stopping` is set. A failure of one part never stops the others."""

    lane: Lane = Lane.ALL
    stopping: threading.Event = field(default_factory=threading.Event)
    _next: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Until stopped; sleeps only when nothing was waiting."""
        while not self.stopping.is_set():
            if not self.turn():
                self.stopping.wait(TICK_S)

    def turn(self) -> int:
        """One round of everything; returns how many rows moved."""
        close_old_connections()
        moved = 0
        consumers = [consumer for consumer in deliveries.consumers() if self.lane.takes(consumer)]
        if self._guard("deliveries", partial(_anything_waits, consumers)):
            moved += sum(self._part(consumer.name, partial(_deliver, consumer)) for consumer in consumers)
        for due in filter(self.lane.takes, deliveries.dues()):
            if time.monotonic() >= self._next.get(due.name, 0.0):
                moved += self._run_due(due)
        return moved

    def _run_due(self, due: Due) -> int:
        count = self._part(due.name, partial(_run, due))
        self._next[due.name] = time.monotonic() + due.every_s
        return count

    def _part(self, name: str, work: Callable[[], int]) -> int:
        moved = self._guard(name, work)
        if moved and connection.vendor == "sqlite":
            self.stopping.wait(GAP_S)
        return moved

    def _guard(self, name: str, work: Callable[[], int]) -> int:
        try:
            return work()
        except OperationalError:
            # SQLite locked for longer than its timeout, or PostgreSQL restarted: the rows wait, we try again.
            log.warning("database not available, will try again", part=name)
            connection.close()
        except Exception:
            log.exception("a part of the worker failed", part=name)
        return 0


def _anything_waits(consumers: Sequence[Consumer]) -> bool:
    return bool(consumers) and deliveries.anything_waits(consumers, timezone.now())


def _deliver(consumer: Consumer) -> int:
    return deliveries.deliver(consumer, timezone.now())


def _run(due: Due) -> int:
    return due.run(timezone.now())


class OutwardThread(threading.Thread):
    """The outward lane beside the steady one: it mostly waits, so it needs no process of its own."""

    def __init__(self) -> None:
        super().__init__(name="outward", daemon=True)
        self._loop = Loop(Lane.OUTWARD)

    def run(self) -> None:
        """Until `stop`."""
        self._loop.run()

    def stop(self) -> None:
        """Ask for an end after the part at hand."""
        self._loop.stopping.set()


class TaskThread(threading.Thread):
    """django-tasks-db's own worker, kept running through a locked database."""

    def __init__(self) -> None:
        super().__init__(name="long-work", daemon=True)
        self._worker: Worker | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`; a database error costs a second, not the worker."""
        while not self._stopping.is_set():
            self._worker = Worker(
                queue_names=[DEFAULT_TASK_QUEUE_NAME],
                interval=1.0,
                batch=False,
                backend_name=DEFAULT_TASK_BACKEND_ALIAS,
                startup_delay=False,
                max_tasks=None,
                worker_id=f"budayang-{secrets.token_hex(4)}",
                excluded_queue_names=[],
            )
            try:
                self._worker.run()
            except OperationalError:
                log.warning("database not available, long work will try again")
                connection.close()
                self._stopping.wait(1.0)

    def stop(self) -> None:
        """Ask for an end after the task at hand."""
        self._stopping.set()
        if self._worker:
            self._worker.running = False
