"""Long work: progress, cancel, a lease that runs out, three attempts, and a second start that does nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from budayang.center.platform import works
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Work
from budayang.center.platform.works import Progress

pytestmark = pytest.mark.django_db
ACTOR = Actor.job("test")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def functions() -> Iterator[list[str]]:
    """Three kinds of long work; the house's own come back afterwards."""
    before = dict(works._functions)
    ran: list[str] = []

    @works.long_work("test.count")
    def count(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
        progress.begin(arguments["n"])
        for _step in range(arguments["n"]):
            progress.step()
            ran.append("step")
        return {"counted": arguments["n"]}

    @works.long_work("test.fail")
    def fail(progress: Progress, arguments: dict[str, Any]) -> None:
        raise ValueError("no")

    @works.long_work("test.stop")
    def stop(progress: Progress, arguments: dict[str, Any]) -> None:
        progress.begin(3)
        works.cancel_work(ACTOR, Work.objects.get(id=progress.work_id), NOW)
        progress.step()
        ran.append("went on")

    @works.long_work("test.slow")
    def slow(progress: Progress, arguments: dict[str, Any]) -> str:
        lease = Work.objects.get(id=progress.work_id).lease_until
        assert lease is not None
        ran.append("slow")
        works.reap(lease + timedelta(seconds=1))
        return "done"

    yield ran
    works._functions.clear()
    works._functions.update(before)


def test_the_worker_knows_every_kind_of_long_work() -> None:
    """A worker imports no page: work whose module only a page imports would be put on the queue and never run."""
    source = Path(works.__file__).parents[2]
    defined = {
        ".".join(("budayang", *path.relative_to(source).with_suffix("").parts))
        for path in source.rglob("*.py")
        if re.search(r"^@long_work\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    look = "import django, sys; django.setup(); import budayang.cli.worker; print(*sys.modules, sep='\\n')"
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert len(defined) > 8
    assert defined <= set(told)


def ask(name: str, now: datetime, **arguments: Any) -> Work:
    return works.request_work(ACTOR, name, "测试", arguments, now=now)


def test_work_is_queued_audited_and_carried_through(now: datetime) -> None:
    work = ask("test.count", now, n=3)
    assert DBTaskResult.objects.count() == 1
    assert AuditLine.objects.filter(action="platform.request_work").exists()
    works.run_work.call(work.pk)
    work.refresh_from_db()
    assert (work.state, work.done, work.total, work.result) == ("done", 3, 3, {"counted": 3})


def test_a_second_start_does_nothing(now: datetime, functions: list[str]) -> None:
    work = ask("test.count", now, n=2)
    works.run_work.call(work.pk)
    works.run_work.call(work.pk)
    assert functions == ["step", "step"]


def test_a_failure_is_kept_without_its_details(now: datetime) -> None:
    work = ask("test.fail", now)
    works.run_work.call(work.pk)
    work.refresh_from_db()
    assert (work.state, work.error) == ("failed", "failed; see the log")


def test_work_that_lost_its_database_is_started_again_and_ends_well(now: datetime, functions: list[str]) -> None:
    @works.long_work("test.locked")
    def locked(progress: Progress, arguments: dict[str, Any]) -> str:
        functions.append("try")
        if len(functions) < works.MAX_ATTEMPTS:
            raise OperationalError("database is locked")
        return "done"

    work = ask("test.locked", now)
    for _attempt in range(works.MAX_ATTEMPTS):
        works.run_work.call(work.pk)
        works.reap(timezone.now() + timedelta(seconds=works.LEASE_S + 1))
    work.refresh_from_db()
    assert (work.state, work.result, work.attempts) == ("done", "done", works.MAX_ATTEMPTS)


def test_cancel_ends_running_work_at_its_next_step(now: datetime, functions: list[str]) -> None:
    work = ask("test.stop", now)
    works.run_work.call(work.pk)
    work.refresh_from_db()
    assert (work.state, work.done, functions) == ("cancelled", 1, [])


def test_cancelled_waiting_work_never_starts(now: datetime, functions: list[str]) -> None:
    work = ask("test.count", now, n=1)
    works.cancel_work(ACTOR, work, now)
    works.run_work.call(work.pk)
    assert functions == []


def test_work_that_ends_after_its_lease_ran_out_is_not_done_again(now: datetime, functions: list[str]) -> None:
    work = ask("test.slow", now)
    works.run_work.call(work.pk)
    assert DBTaskResult.objects.count() == 2, "the reaper put it on the queue again"
    works.run_work.call(work.pk)
    work.refresh_from_db()
    assert (work.state, work.result, functions) == ("done", "done", ["slow"])


def test_the_reaper_gives_work_of_a_dead_process_back_and_gives_up_after_three(now: datetime) -> None:
    work = ask("test.count", now, n=1)
    for attempt in range(1, works.MAX_ATTEMPTS + 1):
        Work.objects.filter(id=work.pk).update(state="running", attempts=attempt, lease_until=now)
        assert works.reap(now) == 0, "the lease still holds"
        assert works.reap(now + timedelta(seconds=1)) == 1
        work.refresh_from_db()
        assert work.state == ("failed" if attempt == works.MAX_ATTEMPTS else "waiting")
    assert DBTaskResult.objects.count() == works.MAX_ATTEMPTS
