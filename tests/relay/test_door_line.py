"""An access controller's line at the relay: heard with its token only, read to the words that are known."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from budayang.relay import beats
from budayang.relay.beats import MOST_FAILURES, MOST_LINE, Beats
from budayang.relay.machine import Machine
from budayang.relay.sources.table import Plan
from budayang.rules.doors import DoorSays
from budayang.rules.watch_settings import check
from budayang.sandbox.devices.door_controller import INVENTED, DoorController
from budayang.uplink.clock import ManualClock
from budayang.wire.messages import StateValue

NOW = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
TOKEN = "tuer-token"
Story = Callable[[Machine, httpx.AsyncClient, ManualClock], Coroutine[None, None, None]]


def play(folder: Path, story: Story) -> None:
    async def run() -> None:
        clock, asleep = ManualClock(NOW), asyncio.Event()
        settings = check("door", {"token_hash": hashlib.sha256(TOKEN.encode()).hexdigest()})
        plan = Plan("KBS-11", "door-1", "door", settings, 5, 60, {})
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as line:
            machine = Machine(
                folder, line, clock, software="test", changed=lambda: None, sleep=lambda _seconds: asleep.wait()
            )
            await machine.follow({"door-1": plan})
            listener = httpx.ASGITransport(app=Beats({"KBS-11": machine}.get, clock))
            async with httpx.AsyncClient(transport=listener, base_url="http://relay.test") as client:
                try:
                    await story(machine, client, clock)
                finally:
                    await machine.close()

    asyncio.run(run())


def kept(machine: Machine) -> list[tuple[str, dict[str, object]]]:
    return [(one.kind, one.body) for one in machine.outbox.unsent(50)]


def test_openings_are_written_and_nothing_else_of_the_line(tmp_path: Path) -> None:
    async def story(machine: Machine, client: httpx.AsyncClient, _clock: ManualClock) -> None:
        controller = DoorController(client, "KBS-11", TOKEN)
        assert await controller.someone_enters("card") == [204, 204]
        assert await controller.refuse("face") == 204
        events = kept(machine)
        assert ("door.opened", {"subject": "door-1", "by": "card"}) in events
        assert ("door.refused", {"subject": "door-1", "by": "face"}) in events
        assert not any(word in json.dumps(events, ensure_ascii=False) for word in INVENTED.values())

    play(tmp_path, story)


def test_a_press_of_the_help_button_is_told_as_a_terminal_tells_it(tmp_path: Path) -> None:
    async def story(machine: Machine, client: httpx.AsyncClient, _clock: ManualClock) -> None:
        controller = DoorController(client, "KBS-11", TOKEN)
        assert await controller.press() == 204
        assert kept(machine) == [("help", {"kind": "button", "step": "", "item": ""})]
        assert await controller.tell(pressed="light") == 400
        assert len(kept(machine)) == 1

    play(tmp_path, story)


def test_the_state_holds_as_long_as_it_is_fresh_and_no_longer(tmp_path: Path) -> None:
    """By the watch of the machine, whose own count of what was not learned must not come on top of the door's."""

    async def run() -> None:
        clock, told = ManualClock(NOW), dict[float, object]()
        settings = check("door", {"token_hash": hashlib.sha256(TOKEN.encode()).hexdigest()})
        plan = Plan("KBS-11", "door-1", "door", settings, 5, 60, {})

        async def sleep(seconds: float) -> None:
            if seconds == plan.interval_s:
                told[clock.monotonic() - begun] = (machine.told.whole().get("door-1") or {}).get("entrance")
                clock.advance(seconds)
            if clock.monotonic() - begun == 20:
                machine.tell_door("door-1", DoorSays("locked"))
            if clock.monotonic() - begun > 90:
                await asyncio.Event().wait()
            await asyncio.sleep(0)

        begun = clock.monotonic()
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as line:
            machine = Machine(tmp_path, line, clock, software="test", changed=lambda: None, sleep=sleep)
            await machine.follow({"door-1": plan})
            try:
                async with asyncio.timeout(20):
                    while 90 not in told:
                        await asyncio.sleep(0)
            finally:
                await machine.close()
        states = {after: one.s if isinstance(one, StateValue) else "" for after, one in told.items()}
        assert (states[15], states[20], states[75], states[80]) == ("", "locked", "locked", "unknown")

    asyncio.run(run())


def test_who_has_no_token_or_says_nothing_known_is_refused(tmp_path: Path) -> None:
    async def story(machine: Machine, client: httpx.AsyncClient, _clock: ManualClock) -> None:
        assert await DoorController(client, "KBS-11", "falsch").lock() == 403
        assert await DoorController(client, "KBS-99", TOKEN).lock() == 403
        good = DoorController(client, "KBS-11", TOKEN)
        assert await good.tell(state="ajar") == 400
        assert await good.tell(state="locked", note="x" * MOST_LINE) == 413
        assert await good.tell(note="x" * 5000) == 400, "nothing known in it"
        assert not kept(machine)
        assert await good.tell(opened="card", picture="x" * 500_000) == 204, "a picture is no reason not to hear it"
        assert kept(machine) == [("door.opened", {"subject": "door-1", "by": "card"})]
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.post("/door/KBS-11", content=b"[" * 2000, headers=bearer)).status_code == 400
        assert (await client.get("/door/KBS-11", headers=bearer)).status_code == 404
        assert len(kept(machine)) == 1

    play(tmp_path, story)


def test_a_body_is_read_of_nobody_unknown_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "BODY_S", 0.01)
    read: list[int] = []

    async def story(machine: Machine, _client: httpx.AsyncClient, clock: ManualClock) -> None:
        listener = Beats({"KBS-11": machine}.get, clock)

        async def call(token: str, method: str = "POST") -> int:
            sent: list[MutableMapping[str, Any]] = []

            async def receive() -> MutableMapping[str, Any]:
                read.append(1)
                if len(read) > 1:
                    await asyncio.Event().wait()
                return {"type": "http.request", "body": b"{", "more_body": True}

            async def send(message: MutableMapping[str, Any]) -> None:
                sent.append(message)

            headers = [(b"authorization", b"Bearer " + token.encode())]
            scope = {
                "type": "http", "method": method, "path": "/door/KBS-11", "headers": headers, "client": ("10.0.0.9", 1)
            }  # fmt: skip
            read.clear()
            await listener(scope, receive, send)
            return int(sent[0]["status"])

        assert (await call(TOKEN), len(read)) == (408, 2), "the rest of it never comes"
        assert (await call(TOKEN, "PUT"), len(read)) == (404, 0)
        for _one in range(MOST_FAILURES):
            assert (await call("falsch"), len(read)) == (403, 0)
        assert (await call(TOKEN), len(read)) == (429, 0)

    play(tmp_path, story)
