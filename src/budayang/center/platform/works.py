"""Long work: queued by django-tasks-db, with progress, cancel, a heartbeat lease and a reaper of our own.

The queue knows whether a task was started; only the lease knows whether its process still lives. The reaper gives work
whose lease ran out back to the queue, up to `MAX_ATTEMPTS` times: functions must bear being started again. So does work
that lost its database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import task

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place, Work

log = structlog.get_logger(__name__)

LEASE_S = 30
MAX_ATTEMPTS = 3


class Cancelled(Exception):
    """Somebody asked to stop; the function ends at its next `step`."""


@dataclass(slots=True)
class Progress:
    """Handed to the function: tell how far it is, and learn whether to stop."""

    work_id: int

    def begin(self, total: int) -> None:
        """Say how many steps there will be."""
        Work.objects.filter(id=self.work_id).update(total=total, done=0)

    def step(self, count: int = 1) -> None:
        """Count steps, renew the lease. Raises Cancelled."""
        now = timezone.now()
        Work.objects.filter(id=self.work_id).update(
            done=F("done") + count, lease_until=now + timedelta(seconds=LEASE_S)
        )
        if Work.objects.filter(id=self.work_id, cancel_requested_at__isnull=False).exists():
            raise Cancelled


Function = Callable[[Progress, dict[str, Any]], Any]
_functions: dict[str, Function] = {}


def long_work(name: str) -> Callable[[Function], Function]:
    """Register the function of a kind of long work under a name that stays."""

    def register(function: Function) -> Function:
        assert name not in _functions, f"long work {name} is defined twice"
        _functions[name] = function
        return function

    return register


@transaction.atomic
def request_work(
    actor: Actor, name: str, title: str, arguments: dict[str, Any], *, now: datetime, place: Place | None = None
) -> Work:
    """Put long work on the queue. `arguments` carries ids only: by the time it runs the rows may have changed."""
    assert name in _functions, f"no long work named {name}"
    work = Work.objects.create(
        name=name, title=title, arguments=arguments, requested_by=actor.name, requested_at=now, place=place
    )
    record(
        actor,
        "platform.request_work",
        subject=f"work:{work.pk}",
        place_path=place.path if place else "",
        details={"name": name},
    )
    run_work.enqueue(work.pk)
    return work


@transaction.atomic
def cancel_work(actor: Actor, work: Work, now: datetime) -> None:
    """Ask running work to stop at its next step; waiting work never starts."""
    Work.objects.filter(id=work.pk, state=Work.State.WAITING).update(state=Work.State.CANCELLED, finished_at=now)
    Work.objects.filter(id=work.pk, state=Work.State.RUNNING).update(cancel_requested_at=now)
    record(actor, "platform.cancel_work", subject=f"work:{work.pk}")


@task()
def run_work(work_id: int) -> None:
    """What the queue calls. A second call for work that runs or ended does nothing."""
    now = timezone.now()
    mine = Work.objects.filter(id=work_id, state=Work.State.WAITING).update(
        state=Work.State.RUNNING, lease_until=now + timedelta(seconds=LEASE_S), attempts=F("attempts") + 1
    )
    if mine != 1:
        return
    work = Work.objects.get(id=work_id)
    try:
        result = _functions[work.name](Progress(work_id), work.arguments)
    except Cancelled:
        _finish(work_id, Work.State.CANCELLED)
    except OperationalError:
        # Away or locked, which is not the work's fault: its lease runs out, and the reaper starts it again.
        log.exception("long work lost its database", work=work_id, name=work.name)
    except Exception:
        log.exception("long work failed", work=work_id, name=work.name)
        _finish(work_id, Work.State.FAILED, error="failed; see the log")
    else:
        _finish(work_id, Work.State.DONE, result=result)


def _finish(work_id: int, state: str, *, result: Any = None, error: str = "") -> None:
    # What ended after its lease ran out has ended all the same: given back, not started again, it needs no second run.
    Work.objects.filter(id=work_id, state__in=(Work.State.RUNNING, Work.State.WAITING)).update(
        state=state, result=result, error=error, finished_at=timezone.now(), lease_until=None
    )


def reap(now: datetime) -> int:
    """Give work whose process died back to the queue, or end it after `MAX_ATTEMPTS`; returns how many rows moved."""
    moved = 0
    for work in Work.objects.filter(state=Work.State.RUNNING, lease_until__lt=now):
        stale = Work.objects.filter(id=work.pk, state=Work.State.RUNNING, lease_until=work.lease_until)
        if work.attempts >= MAX_ATTEMPTS:
            why = "its process died or its database was away, again and again"
            moved += stale.update(state=Work.State.FAILED, error=why, finished_at=now, lease_until=None)
            continue
        with transaction.atomic():
            if stale.update(state=Work.State.WAITING, lease_until=None) == 1:
                run_work.enqueue(work.pk)
                moved += 1
    return moved
