"""The listener for machines' own heartbeats: who is heard, how often, and that the lines of the docs really work."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import shlex
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from budayang.relay import beats
from budayang.relay.beats import LEAST_PAUSE_S, MOST_FAILURES, WINDOW_S, Beats, serve
from budayang.relay.machine import Machine
from budayang.relay.settings import Settings
from budayang.relay.sources.table import Plan
from budayang.rules.watch_settings import check
from budayang.uplink.clock import ManualClock

NOW = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "mechanisms" / "watching.md"
TOKEN, SECOND = "gute-Uhr", "zweite-Uhr"
HERE, THERE = "192.168.10.21", "192.168.10.22"


@dataclass
class Scene:
    """A listener and the one machine that it knows, with two heartbeat sources."""

    beats: Beats
    machine: Machine
    clock: ManualClock
    asked: list[str] = field(default_factory=list)

    def call(self, token: str = TOKEN, *, code: str = "KBS-11", address: str = HERE, method: str = "GET") -> int:
        return self.beats.answer(method, f"/beat/{code}", {b"authorization": b"Bearer " + token.encode()}, address)

    def heard(self, subject: str = "reach-1") -> bool:
        return self.machine.heartbeats()[subject].called_before


def play(folder: Path, story: Callable[[Scene], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        clock = ManualClock(NOW)
        asleep = asyncio.Event()
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as client:
            machine = Machine(
                folder, client, clock, software="test", changed=lambda: None, sleep=lambda _seconds: asleep.wait()
            )
            await machine.follow({subject: _plan(subject, token) for subject, token in _TOKENS.items()})
            try:
                known = {"KBS-11": machine}
                await story(Scene(Beats(known.get, clock), machine, clock))
            finally:
                await machine.close()

    asyncio.run(run())


_TOKENS = {"reach-1": TOKEN, "reach-2": SECOND}


def _plan(subject: str, token: str) -> Plan:
    settings = check("heartbeat", {"every_s": 60, "token_hash": hashlib.sha256(token.encode()).hexdigest()})
    return Plan("KBS-11", subject, "heartbeat", settings, 60, 300, {})


def test_a_good_beat_is_heard_by_its_own_source_and_kept_over_a_restart(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        assert scene.call(method="POST") == 204
        assert (scene.heard("reach-1"), scene.heard("reach-2")) == (True, False)
        assert scene.machine.outbox.recall("called.reach-1") is True

    play(tmp_path, story)

    async def again(scene: Scene) -> None:
        assert scene.heard(), "an earlier run of the relay heard it"

    play(tmp_path, again)


def test_wrong_words_get_one_answer_whatever_was_wrong(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for token, code in (("falsch", "KBS-11"), ("", "KBS-11"), (TOKEN, "KBS-99"), (TOKEN, ""), (TOKEN, "../KBS-11")):
            assert scene.call(token, code=code) == 403, (token, code)
        assert scene.beats.answer("GET", "/beat/KBS-11", {}, HERE) == 403
        assert scene.beats.answer("DELETE", "/beat/KBS-11", {}, HERE) == 404
        assert scene.beats.answer("GET", "/", {}, HERE) == 404
        assert not scene.heard()

    play(tmp_path, story)


@pytest.mark.parametrize("token", [TOKEN, SECOND, "falsch"])
def test_each_token_is_compared_with_all_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """How long the answer takes says neither which source it was nor how much of a token was right."""
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    async def story(scene: Scene) -> None:
        monkeypatch.setattr(hmac, "compare_digest", compare)
        scene.call(token)
        assert compared == [(64, 64), (64, 64)], "digests of one length, all of them, whichever fits"

    play(tmp_path, story)


def test_a_source_without_a_token_hears_nobody(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        plan = Plan("KBS-11", "reach-3", "heartbeat", check("heartbeat", {"every_s": 60}), 60, 300, {})
        await scene.machine.follow({"reach-3": plan})
        assert scene.call("") == 403
        assert scene.call("-") == 403
        assert not scene.heard("reach-3")

    play(tmp_path, story)


def test_a_machine_is_heard_once_in_five_seconds(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        assert [scene.call(), scene.call()] == [204, 429]
        scene.clock.advance(LEAST_PAUSE_S - 0.1)
        assert scene.call() == 429
        scene.clock.advance(0.1)
        assert scene.call() == 204

    play(tmp_path, story)


def test_whoever_fails_ten_times_is_not_heard_for_the_rest_of_ten_minutes(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for _one in range(MOST_FAILURES):
            assert scene.call("falsch") == 403
            scene.clock.advance(1)
        assert scene.call() == 429, "also with the right token: guessing must not end in a hit"
        assert scene.call(address=THERE) == 204, "another address is heard"
        scene.clock.advance(WINDOW_S - MOST_FAILURES)
        assert scene.call() == 204

    play(tmp_path, story)


def test_addresses_that_fail_are_forgotten_when_they_are_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "MOST_ADDRESSES", 3)

    async def story(scene: Scene) -> None:
        for number in range(3):
            scene.call("falsch", address=f"10.0.0.{number}")
        scene.clock.advance(WINDOW_S + 1)
        scene.call("falsch", address="10.0.0.9")
        assert list(scene.beats._failed) == ["10.0.0.9"]

    play(tmp_path, story)


def docs_line(system: str, port: int, token: str) -> list[str]:
    """The line of the docs as a person would use it here, without its scheduler."""
    (line,) = re.findall(rf"^{system}: `(.+)`$", DOCS.read_text(), re.MULTILINE)
    if system == "Windows":
        (line,) = re.findall(r'/TR "(.+)"$', line)
        line = line.replace('\\"', '"').replace("curl.exe", "curl").replace(" NUL ", " /dev/null ")
    else:
        assert line.startswith("* * * * * ")
        line = line.removeprefix("* * * * * ")
    return shlex.split(line.replace("TOKEN", token).replace("192.168.10.5:8823", f"127.0.0.1:{port}"))


@pytest.mark.processes
def test_the_lines_of_the_docs_are_heard_over_the_network(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def curl(system: str, token: str) -> int:
        child = await asyncio.create_subprocess_exec(*docs_line(system, port, token), stderr=asyncio.subprocess.DEVNULL)
        return await child.wait()

    async def story(scene: Scene) -> None:
        listening = asyncio.create_task(serve(Settings(beat_host="127.0.0.1", beat_port=port), scene.beats))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            while True:
                try:
                    wrong = await client.get("/beat/KBS-99", headers={"Authorization": f"Bearer {TOKEN}"})
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
            assert (wrong.status_code, wrong.content, wrong.headers.get("server")) == (403, b"", None)
        assert await curl("Linux", "falsch") == 22, "curl -f says that it was refused"
        assert not scene.heard()
        assert await curl("Linux", TOKEN) == 0
        assert scene.heard()
        assert not scene.heard("reach-2")
        scene.clock.advance(LEAST_PAUSE_S)
        assert await curl("Windows", SECOND) == 0
        assert scene.heard("reach-2")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    play(tmp_path, story)


def test_nobody_listens_when_no_address_is_set(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        async with asyncio.timeout(1):
            await serve(Settings(), scene.beats)

    play(tmp_path, story)
