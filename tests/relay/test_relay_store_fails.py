"""A relay whose store fails for a moment: no source dies of it, and what could not be written is written later."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from budayang.relay import machine as machines
from budayang.relay.app import Relay
from budayang.relay.machine import Machine
from budayang.relay.settings import Settings
from budayang.relay.sources.table import Plan, Said
from budayang.relay.told import Told
from budayang.uplink.clock import ManualClock
from budayang.uplink.outbox import EventOutbox

NOW = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
PLAN = Plan("KBS-11", "plug-1", "plug", {}, 5, 60, {})


def failing_once(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, the first time with the error of a full disk."""
    left = [sqlite3.OperationalError("database or disk is full")]

    def do(*words: object) -> Any:
        if left:
            raise left.pop()
        return work(*words)

    return do


class Looks:
    """A source that always says the same."""

    def __init__(self) -> None:
        self.looked = 0

    async def check(self) -> list[Said]:
        self.looked += 1
        return [PLAN.said("off", "0 W")]

    async def close(self) -> None: ...


def test_a_source_goes_on_and_tells_later_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Looks()
    monkeypatch.setattr(machines, "build", lambda _plan, _clock: source)

    async def run() -> list[tuple[str, dict[str, Any]]]:
        woken: list[None] = []
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as line:
            machine = Machine(
                tmp_path, line, ManualClock(NOW), software="test", changed=lambda: woken.append(None),
                sleep=lambda _seconds: asyncio.sleep(0),
            )  # fmt: skip
            monkeypatch.setattr(machine.outbox, "note_states", failing_once(machine.outbox.note_states))
            await machine.follow({"plug-1": PLAN})
            try:
                async with asyncio.timeout(10):
                    while source.looked < 3:
                        await asyncio.sleep(0)
                assert len(woken) == 1
                return [(one.kind, dict(one.body)) for one in machine.outbox.unsent(50)]
            finally:
                await machine.close()

    ((kind, body),) = asyncio.run(run())
    assert (kind, body["subject"], body["state"]) == ("status", "plug-1", "off")


def test_what_was_not_written_was_not_told_and_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = EventOutbox(tmp_path / "outbox.sqlite3", ManualClock(NOW))
    told = Told(outbox)
    monkeypatch.setattr(outbox, "note_states", failing_once(outbox.note_states))
    with pytest.raises(sqlite3.OperationalError):
        told.take([PLAN.said("off")])
    assert told.whole() == {}
    assert told.take([PLAN.said("off")])
    monkeypatch.setattr(outbox, "remember", failing_once(outbox.remember))
    with pytest.raises(sqlite3.OperationalError):
        told.forget("plug-1")
    assert told.subjects() == {"plug-1"}
    told.forget("plug-1")
    assert Told(outbox).subjects() == frozenset()
    outbox.close()


def test_what_the_center_wants_watched_is_done_again_when_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        relay = Relay(Settings(center_url="http://127.0.0.1:9", data_dir=tmp_path), clock=ManualClock(NOW))
        try:
            monkeypatch.setattr(relay.outbox, "messages", failing_once(relay.outbox.messages))
            relay._news.set()
            with pytest.raises(sqlite3.OperationalError):
                await relay._follow()
            assert relay._news.is_set()
        finally:
            await relay.close()

    asyncio.run(run())
