"""The worker's lanes: what people wait for runs apart from what may take long, and nothing is left out."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from django.db import transaction

from budayang.center.config.wiring import CONSUMERS, DUES
from budayang.center.platform import deliveries
from budayang.center.platform.actions import emit
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.platform.worker import Lane, Loop, lane_of


def test_every_part_runs_in_exactly_one_lane() -> None:
    for part in (*CONSUMERS, *DUES):
        assert [lane.takes(part) for lane in (Lane.PROMPT, Lane.STEADY, Lane.OUTWARD)].count(True) == 1
        assert Lane.ALL.takes(part)


def test_that_a_fault_is_seen_waits_for_nothing_long() -> None:
    prompt = {part.name for part in (*CONSUMERS, *DUES) if part.prompt}
    assert {"maintenance.facts", "maintenance.due", "maintenance.evidence"} <= prompt
    assert not prompt & {"services.publish", "services.terminals", "services.probe", "standard.recompute"}


def test_nothing_of_ours_waits_for_machines_of_others() -> None:
    outward = {part.name for part in DUES if lane_of(part) is Lane.OUTWARD}
    assert outward >= {"services.probe", "services.hours", "services.cases"}


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []

    def hear(name: str) -> Consumer:
        def handle(news: Sequence[Transition], now: datetime) -> None:
            told.append(f"{name} {len(news)}")

        return Consumer(name, ("x.",), handle, prompt=name == "quick", at_once=2 if name == "slow" else None)

    def due(name: str) -> Due:
        return Due(name, 60, lambda _now: told.append(name) or 1, prompt=name == "quick due")  # type: ignore[func-returns-value]

    before = deliveries._wiring
    monkeypatch.setattr(deliveries, "_wiring", deliveries._Wiring())
    deliveries.install((hear("quick"), hear("slow")), (due("quick due"), due("slow due")))
    yield told  # type: ignore[misc]
    monkeypatch.setattr(deliveries, "_wiring", before)


@pytest.mark.django_db(transaction=True)
def test_a_lane_leaves_the_others_work_waiting(heard: list[str], now: datetime) -> None:
    with transaction.atomic():
        for number in range(3):
            emit("x.y", subject=f"s{number}", place_path="", payload={}, occurred_at=now, now=now)
    Loop(Lane.PROMPT).turn()
    assert heard == ["quick 3", "quick due"]
    heard.clear()
    steady = Loop(Lane.STEADY)
    steady.turn()
    steady.turn()
    # Two of one transaction at most, as it asked.
    assert heard == ["slow 2", "slow due", "slow 1"]


@pytest.mark.django_db(transaction=True)
def test_a_turn_without_news_asks_once_for_all_readers(
    heard: list[str], now: datetime, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    with django_assert_num_queries(1):
        Loop(Lane.ALL).turn()
    assert heard == ["quick due", "slow due"]


@pytest.mark.processes
def test_the_prompt_lane_is_started_again_and_ends_with_its_worker(tmp_path: Path) -> None:
    environment = {
        "BUDAYANG_DEMO": "1",
        "BUDAYANG_DATA_DIR": str(tmp_path),
        "BUDAYANG_DATABASE_URL": "",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "budayang.cli.main", "worker"]
    with open(tmp_path / "log", "wb") as log:
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        first = _child(worker.pid, 0)
        psutil.Process(first).send_signal(signal.SIGKILL)
        second = _child(worker.pid, first)
    finally:
        worker.terminate()
        worker.wait(30)
    _gone, alive = psutil.wait_procs([psutil.Process(one) for one in [second] if psutil.pid_exists(one)], timeout=20)
    assert not alive


def _child(pid: int, other_than: int) -> int:
    """The worker's own child, another one than before; its log says that it is the prompt lane."""
    for _attempt in range(300):
        for child in psutil.Process(pid).children():
            if child.pid != other_than and child.status() != psutil.STATUS_ZOMBIE and "prompt" in child.cmdline():
                return child.pid
        time.sleep(0.1)
    raise AssertionError("no prompt lane")


@pytest.mark.django_db(transaction=True)
def test_news_of_each_place_is_a_transaction_of_its_own(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[list[str]] = []

    def handle(news: Sequence[Transition], _now: datetime) -> None:
        turns.append([one.subject for one in news])
        if news[0].place_path == "/bad/":
            raise ValueError("this place cannot be judged")

    reader = Consumer("places", ("x.",), handle, by_place=True, at_once=100)
    monkeypatch.setattr(deliveries, "_wiring", deliveries._Wiring((reader,), ()))
    with transaction.atomic():
        for number, path in enumerate(("/a/", "/bad/", "/a/", "/b/")):
            emit("x.y", subject=f"s{number}", place_path=path, payload={}, occurred_at=now, now=now)
    # One place that fails holds up no other.
    assert deliveries.deliver(reader, now) == 3
    assert turns == [["s0", "s2"], ["s1"], ["s3"]]
    assert deliveries.deliver(reader, now) == 0
