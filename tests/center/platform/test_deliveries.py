"""News reaches each consumer once: with two consumers, two processes, failures, and a process killed in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from budayang.center.platform import deliveries
from budayang.center.platform.actions import emit
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Delivery, Transition


@pytest.fixture
def wired() -> Iterator[list[str]]:
    """Two consumers that note what they got; the house's own wiring comes back afterwards."""
    before = (deliveries.consumers(), deliveries.dues())
    got: list[str] = []

    def note(rows: Sequence[Transition], now: datetime) -> None:
        got.extend(row.subject for row in rows)

    def refuse_odd(rows: Sequence[Transition], now: datetime) -> None:
        if any(row.payload["n"] % 2 for row in rows):
            raise ValueError("odd")

    deliveries.install((Consumer("a", ("x.",), note), Consumer("b", ("x.odd",), refuse_odd)), ())
    yield got
    deliveries.install(*before)


def tell(kind: str, count: int, now: datetime) -> None:
    with transaction.atomic():
        for number in range(count):
            emit(kind, subject=f"s{number}", place_path="", payload={"n": number}, occurred_at=now, now=now)


@pytest.mark.django_db
def test_each_consumer_gets_what_it_asked_for(wired: list[str], now: datetime) -> None:
    tell("x.even", 2, now)
    tell("y.other", 1, now)
    assert set(Delivery.objects.values_list("consumer", flat=True)) == {"a"}
    assert deliveries.deliver(deliveries.consumers()[0], now) == 2
    assert deliveries.deliver(deliveries.consumers()[0], now) == 0
    assert wired == ["s0", "s1"]


@pytest.mark.django_db
def test_one_bad_row_does_not_hold_up_the_others_and_is_tried_again(wired: list[str], now: datetime) -> None:
    tell("x.odd", 4, now)
    consumer = deliveries.consumers()[1]
    assert deliveries.deliver(consumer, now) == 2
    waiting = Delivery.objects.filter(consumer="b", done_at__isnull=True)
    assert waiting.count() == 2
    assert deliveries.deliver(consumer, now) == 0
    assert {row.attempts for row in waiting} == {1}
    deliveries.deliver(consumer, now + timedelta(minutes=1))
    assert {row.attempts for row in waiting.all()} == {2}


@pytest.mark.django_db
def test_a_lease_that_ran_out_gives_the_row_back(wired: list[str], now: datetime) -> None:
    tell("x.even", 1, now)
    Delivery.objects.update(lease_until=now + timedelta(seconds=30), lease_by="a process that died", attempts=1)
    assert deliveries.deliver(deliveries.consumers()[0], now) == 0
    assert deliveries.deliver(deliveries.consumers()[0], now + timedelta(seconds=31)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("fails", [True, False])
def test_who_was_too_slow_takes_nothing_from_the_rival_that_holds_it_now(
    wired: list[str], now: datetime, count: int, fails: bool
) -> None:
    calls: list[int] = []

    def slow(rows: Sequence[Transition], _now: datetime) -> None:
        calls.append(len(rows))
        if fails:
            raise ValueError("and then it fails")

    def lost(consumer: Consumer, mine: str, rows: Sequence[Delivery], at: datetime) -> None:
        Delivery.objects.filter(id__in=[row.id for row in rows]).update(lease_by="rival", lease_until=until)
        handle(consumer, mine, rows, at)

    until, handle = now + timedelta(minutes=5), deliveries._handle
    tell("x.even", count, now)
    consumer = Consumer("a", ("x.",), slow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliveries, "_handle", lost)
        assert deliveries.deliver(consumer, now) == 0
    assert set(Delivery.objects.values_list("lease_by", "lease_until", "error")) == {("rival", until, "")}
    if not fails:
        assert calls == [count], "what is a rival's is not tried row by row"


CHILD = """
import sys, time
import django
django.setup()
from django.core.management import call_command
from django.db import transaction, OperationalError
from django.utils import timezone
from budayang.center.platform import deliveries
from budayang.center.platform.actions import emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer

def note(name):
    def handle(rows, now):
        for row in rows:
            record(Actor.job(name), "test.got", subject=row.subject)
        time.sleep(0.05)
    return handle

deliveries.BATCH = 10
deliveries.LEASE_S = 2
deliveries.install((Consumer("one", ("x.",), note("one")), Consumer("two", ("x.",), note("two"))), ())
if sys.argv[1] == "prepare":
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        for n in range(200):
            emit("x.y", subject=f"s{n}", place_path="", payload={}, occurred_at=timezone.now(), now=timezone.now())
    sys.exit()
idle = 0
print("ready", flush=True)
while idle < 30:
    done = 0
    for consumer in deliveries.consumers():
        try:
            done += deliveries.deliver(consumer, timezone.now())
        except OperationalError:
            pass
    idle = 0 if done else idle + 1
    time.sleep(0 if done else 0.1)
"""
COUNT = """
import collections, django
django.setup()
from budayang.center.platform.models import AuditLine
lines = AuditLine.objects.filter(action="test.got").values_list("actor", "subject")
print(len(lines), len(set(lines)))
"""


@pytest.mark.processes
def test_two_processes_and_a_kill_handle_each_row_once(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings",
        "BUDAYANG_DATA_DIR": str(tmp_path),
        "BUDAYANG_DATABASE_URL": "",
    }

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", *arguments]
        return processes.enter_context(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))

    with contextlib.ExitStack() as processes:
        assert start(CHILD, "prepare").wait(60) == 0
        children = [start(CHILD, "work") for _ in range(2)]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        time.sleep(0.4)
        children[0].send_signal(signal.SIGKILL)
        children.append(start(CHILD, "work"))
        assert [child.wait(60) for child in children] == [-signal.SIGKILL, 0, 0]
        out, _err = start(COUNT).communicate(timeout=60)
    assert out.split() == ["400", "400"]
