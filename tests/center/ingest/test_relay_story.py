"""A relay and three departments' machines over the real door: one is switched off each night, one loses its cable, then
the relay itself is silent. Plugs and pages are real HTTP servers; time is the test's.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from the_door import SYSTEM, Clock, Door

from budayang.center.config.wiring import CONSUMERS
from budayang.center.platform.deliveries import deliver
from budayang.center.platform.models import Transition
from budayang.center.terminals import actions, jobs, queries, watching_actions, watching_verdicts
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import Credential, StatusInterval, Terminal, WatchNow
from budayang.relay.app import Relay
from budayang.relay.settings import Settings
from budayang.rules.watching import Counts, Evidence, Usable

CODES = ("KBS-11", "KBS-12", "KBS-13")
WAIT_S = 60


class _Hall(BaseHTTPRequestHandler):
    """/plug/CODE tells watts, /page/CODE is the machine's own page."""

    watts: dict[str, float]
    pages: dict[str, bool]

    def do_GET(self) -> None:
        _empty, what, code = self.path.split("/")
        if what == "page" and not self.pages[code]:
            self.close_connection = True
            return
        body = json.dumps({"power": self.watts[code]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None: ...


@dataclass
class Hall:
    """The devices beside the machines, in the test's hand."""

    base: str
    watts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CODES, 60.0))
    pages: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CODES, True))

    def switch_off(self, code: str) -> None:
        self.watts[code], self.pages[code] = 0.0, False

    def switch_on(self, code: str) -> None:
        self.watts[code], self.pages[code] = 60.0, True


@pytest.fixture
def devices() -> Iterator[Hall]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hall)
    thread = threading.Thread(target=server.serve_forever, name="hall", kwargs={"poll_interval": 0.05})
    thread.start()
    hall = Hall(f"http://127.0.0.1:{server.server_port}")
    _Hall.watts, _Hall.pages = hall.watts, hall.pages
    yield hall
    server.shutdown()
    thread.join()
    server.server_close()


class DoorsClock:
    """The door's clock as a relay reads one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now

    def monotonic(self) -> float:
        return self._clock.ms / 1000

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while self.monotonic() < until:
            await asyncio.sleep(0.005)


class ToTheDoor(httpx.AsyncBaseTransport):
    """Requests reach the real application on its own loop; the line can be cut."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut")
        status, body = await asyncio.wrap_future(self.door.later(request.url.path, request.content))
        return httpx.Response(status, content=body)


class Play:
    """A relay that runs on a loop of its own, the worker's jobs, and time."""

    def __init__(self, door: Door, clock: Clock, folder: Path, code: str) -> None:
        self.door, self.clock, self.folder, self.code = door, clock, folder, code
        self.line = ToTheDoor(door)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")
        self._thread.start()
        self.relay: Relay | None = None
        self._task: Any = None

    def start(self) -> None:
        async def begin() -> None:
            seam = DoorsClock(self.clock)
            settings = Settings(data_dir=self.folder, enrolment_code=self.code, wait_s=0, heartbeat_s=0.05)
            self.relay = Relay(settings, clock=seam, transport=self.line, sleep=seam.sleep)
            self._task = asyncio.create_task(self.relay.run())

        asyncio.run_coroutine_threadsafe(begin(), self._loop).result(10)

    def stop(self) -> None:
        """The program ends; what it did not send waits in its outboxes."""

        async def end() -> None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            assert self.relay is not None
            await self.relay.close()
            self.relay = None

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)

    def close(self) -> None:
        if self.relay is not None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def work(self) -> None:
        """What the worker does, once."""
        now = self.clock.now
        # What the door writes each half minute, it writes now: a minute passes here in a second.
        self.door.call(lambda: self.door.app.writer._collect_unsaved(100))
        jobs.read_relays(now)
        for consumer in CONSUMERS:
            if consumer.name.startswith("terminals."):
                while deliver(consumer, now):
                    pass
        watching_verdicts.judge_due(now)

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Let things happen, a second of theirs at a time, until it is so. The relay beside runs in real time, so what
        it needs on a busy machine is measured in that.
        """
        ends = time.monotonic() + WAIT_S
        while not true():
            assert time.monotonic() < ends, f"did not happen within {WAIT_S} s: {what}"
            self.door.listen_s(1)
            self.work()
            threading.Event().wait(0.03)

    def usable(self) -> dict[str, str]:
        rows = WatchNow.objects.filter(terminal__code__in=CODES).select_related("terminal")
        return {row.terminal.code: row.usable for row in rows}

    def reach(self, **wanted: str) -> None:
        """Until the machines are so; by the last two digits of their code."""
        so = {f"KBS-{key[1:]}": word for key, word in wanted.items()}
        self.until(lambda: so.items() <= self.usable().items(), f"{so}")


@pytest.fixture
def play(
    hall: Any, door: Door, clock: Clock, devices: Hall, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Play]:
    monkeypatch.setattr("budayang.uplink.uplink.BACK_OFF_S", (0.05, 0.2))
    with _playing(hall, door, clock, devices, tmp_path, now) as running:
        yield running


@contextmanager
def _playing(hall: Any, door: Door, clock: Clock, devices: Hall, tmp_path: Path, now: datetime) -> Iterator[Play]:
    relay = actions.register_terminal(
        SYSTEM, code="KBS-R1", name="中继", area=hall.code, owner="RS", kind="relay", now=now, is_demo=True
    )
    for code in CODES:
        machine = actions.register_terminal(
            SYSTEM, code=code, name=code, area=hall.code, owner="RS", kind="watched", now=now, is_demo=True
        )
        watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, now)
        for kind, settings in (
            ("plug", {"url": f"{devices.base}/plug/{code}"}),
            ("http", {"url": f"{devices.base}/page/{code}"}),
        ):
            watching_actions.add_source(
                SYSTEM, machine.pk, kind=kind, settings=settings, now=now, interval_s=5, keep_s=60
            )
    running = Play(door, clock, tmp_path / "relay", actions.issue_enrolment_code(SYSTEM, relay.pk, now))
    running.start()
    try:
        yield running
    finally:
        running.close()


def _id(code: str) -> int:
    return Terminal.objects.get(code=code).pk


def test_one_code_brings_the_relay_and_all_its_machines(play: Play) -> None:
    play.reach(_11="ok", _12="ok", _13="ok")
    assert Terminal.objects.filter(code__in=CODES, state="active").count() == 3
    assert Credential.objects.filter(terminal__code__in=CODES, revoked_at=None).count() == 3
    facts = StatusInterval.objects.filter(terminal__code="KBS-11", until=None)
    assert {(row.kind, row.property, row.state) for row in facts} == {
        ("power", "load", "drawing"), ("reach", "http", "ok"),
    }  # fmt: skip
    told = Transition.objects.filter(kind="terminals.watched", payload__usable="ok")
    assert {row.payload["terminal"] for row in told} == set(CODES)


def test_switched_off_unplugged_and_the_relay_itself_silent(play: Play, devices: Hall) -> None:
    play.reach(_11="ok", _12="ok", _13="ok")
    began = play.clock.now
    devices.switch_off("KBS-11")  # by hand, as each night
    devices.pages["KBS-12"] = False  # its cable is out: it draws and does not answer
    play.reach(_11="off", _12="unreachable", _13="ok")
    found = watching.verdicts_of([_id(code) for code in CODES], play.clock.now)
    assert found[_id("KBS-11")].evidence is Evidence.SWITCHED_OFF
    assert found[_id("KBS-12")].evidence is Evidence.NONE, "a plug and a page cannot tell cable from system"
    assert queries.liveness(_id("KBS-11"), play.clock.now) == "silent"

    play.door.listen_s(5)  # off for a while before the line goes: times are kept in whole seconds
    play.line.cut = True
    cut_at = play.clock.now
    play.until(lambda: Terminal.objects.get(code="KBS-R1").silent_since is not None, "the relay is silent")
    play.reach(_11="unknown", _12="unknown", _13="unknown")
    assert {row.evidence for row in WatchNow.objects.all()} == {"monitoring_lost"}
    assert not Terminal.objects.filter(code__in=CODES, silent_since__isnull=False).exists()
    assert {row.payload["terminal"] for row in Transition.objects.filter(kind="terminals.silent")} == {"KBS-R1"}
    assert watching.relay_gaps(_id("KBS-11"), began, play.clock.now)

    # Meanwhile the relay went on watching; what it brings afterwards is true, and the gap is none any more.
    devices.switch_on("KBS-11")
    play.door.listen_s(60)
    threading.Event().wait(1.0)
    play.line.cut = False
    play.reach(_11="ok", _12="unreachable", _13="ok")
    play.until(lambda: not watching.relay_gaps(_id("KBS-11"), began, play.clock.now), "the relay explained itself")
    placed = watching.timelines([_id("KBS-11")], began, play.clock.now, play.clock.now)[_id("KBS-11")]
    # Between the looks of plug and page it draws and does not answer; the two never contradict each other.
    told = [one.verdict.usable for one in placed]
    assert [one for one in told if one is not Usable.UNREACHABLE] == [Usable.OK, Usable.OFF, Usable.OK]
    off = next(one for one in placed if one.verdict.usable is Usable.OFF)
    assert off.start < cut_at < off.end, "it came on while nobody could hear, and the time of that is known"


def test_a_relay_that_did_not_run_leaves_a_gap_that_blames_nobody(play: Play) -> None:
    play.reach(_11="ok")
    play.until(lambda: Terminal.objects.get(code="KBS-11").last_seen_at is not None, "flushed")
    began = play.clock.now
    play.stop()
    play.door.listen_s(400)
    play.work()
    assert play.usable()["KBS-11"] == "unknown"
    play.start()
    play.reach(_11="ok", _12="ok", _13="ok")
    play.until(
        lambda: sum(one.seconds for one in watching.relay_gaps(_id("KBS-11"), began, play.clock.now)) >= 380,
        "the relay said that it was away",
    )

    def placed() -> list[Any]:
        return watching.timelines([_id("KBS-11")], began, play.clock.now, play.clock.now)[_id("KBS-11")]

    # What it found after it came back may have begun in this very second, which is no time yet.
    play.until(lambda: any(one.verdict.counts is Counts.USABLE for one in placed()), "time that counts goes on")
    assert {one.verdict.counts for one in placed()} == {Counts.USABLE, Counts.UNKNOWN}
    lost = [one for one in placed() if one.verdict.evidence is Evidence.MONITORING_LOST]
    assert sum((one.end - one.start).total_seconds() for one in lost) >= 380


def test_a_machine_taken_from_the_relay_is_no_longer_its_own(play: Play) -> None:
    play.reach(_11="ok")
    watching_actions.set_relay(SYSTEM, _id("KBS-11"), None, play.clock.now)
    folder = play.folder / "machines" / "KBS-11"
    play.until(lambda: not folder.exists(), "the relay dropped its key")
    assert Credential.objects.filter(terminal__code="KBS-11", revoked_at=None).count() == 0
    play.reach(_11="unknown", _12="ok")


def test_a_source_that_went_quiet_is_unknown_not_well(play: Play, devices: Hall) -> None:
    play.reach(_11="ok")
    source = next(one for one in watching.sources_of(watching.profile_of(_id("KBS-11"))) if one.kind == "http")
    watching_actions.remove_source(SYSTEM, source.pk, play.clock.now)
    play.until(lambda: play.usable()["KBS-11"] == "on", "only the plug is left")
    devices.watts.pop("KBS-11")  # the plug answers with an error from now on
    play.until(lambda: play.usable()["KBS-11"] == "unknown", "nothing is known for keep_s")
