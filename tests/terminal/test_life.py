"""What the terminal tells of its own life: how it began, ended, was out of reach; never more than it knows."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from terminal_stage import NIGHT

from budayang.terminal.life import Life, Machine, reason_of
from budayang.terminal.outbox import Outbox
from budayang.uplink.clock import ManualClock
from budayang.uplink.errors import CenterUnreachable

BOOT_MS = 1_700_000_000_000


@dataclass
class HandMachine(Machine):
    """An operating system in the hand."""

    boot_ms: int = BOOT_MS
    down: bool = False
    key: bool = False

    def boot_at_ms(self) -> int:
        return self.boot_ms

    def going_down(self) -> bool:
        return self.down

    def power_key(self) -> bool:
        return self.key


class Run:
    """One run of the program on one data directory."""

    def __init__(self, folder: Path, machine: HandMachine, supply: str = "powerIn") -> None:
        self.clock = ManualClock(NIGHT)
        self.outbox = Outbox(folder / "outbox.sqlite3", self.clock)
        self.life = Life(folder, self.outbox, self.clock, machine=machine, supply=lambda: supply, limit_s=lambda: 60.0)

    def told(self, kind: str) -> list[dict[str, object]]:
        return [event.body for event in self.outbox.unsent() if event.kind == kind]


def test_the_first_start_knows_nothing_of_before(tmp_path: Path) -> None:
    run = Run(tmp_path, HandMachine())
    body = run.life.start()
    expected = {"cause": "boot", "boot_at_ms": BOOT_MS, "stopped": "unknown", "stopped_at_ms": None, "by": ""}
    assert body == expected
    assert run.told("started") == [expected]


@pytest.mark.parametrize(
    ("down", "key", "supply", "stopping", "by"),
    [
        (False, False, "powerIn", "system", ""),  # the supervisor ended it: nobody says by whose word
        (True, True, "powerIn", "person", "person"),  # somebody pressed the power key
        (True, False, "powerIn", "system", ""),  # shut down on purpose, by a person or by a timetable: not known
        (True, False, "powering", "system", "power"),  # the UPS shut it down
    ],
)
def test_an_orderly_end_is_told_and_remembered(
    tmp_path: Path, down: bool, key: bool, supply: str, stopping: str, by: str
) -> None:
    run = Run(tmp_path, HandMachine(down=down, key=key), supply)
    run.life.start()
    run.life.stop()
    assert run.told("stopping") == [{"by": stopping}]
    after = Run(tmp_path, HandMachine(boot_ms=BOOT_MS + 3_600_000))
    body = after.life.start()
    assert (body["cause"], body["stopped"], body["by"]) == ("boot", "clean", by)
    assert body["stopped_at_ms"] == int(NIGHT.timestamp() * 1000)


@pytest.mark.parametrize("intent", ["command", "update"])
def test_an_end_of_our_own_names_itself(tmp_path: Path, intent: str) -> None:
    run = Run(tmp_path, HandMachine())
    run.life.start()
    run.life.intent = intent
    assert run.life.stop() == intent
    body = Run(tmp_path, HandMachine()).life.start()
    assert (body["cause"], body["stopped"], body["by"]) == ("program", "clean", intent)


@pytest.mark.parametrize(
    ("supply", "boot_ms", "cause", "by"),
    [
        ("powerIn", BOOT_MS + 600_000, "boot", ""),  # cut off: a plug, a breaker and a held button look the same
        ("low", BOOT_MS + 600_000, "boot", "power"),  # on battery before: the power ran out
        ("low", BOOT_MS + 400, "program", ""),  # the same boot (its clock was set): the program alone was killed
    ],
)
def test_after_a_cut_off_only_the_evidence_speaks(
    tmp_path: Path, supply: str, boot_ms: int, cause: str, by: str
) -> None:
    run = Run(tmp_path, HandMachine(), supply)
    run.life.start()
    run.life.note_supply()
    body = Run(tmp_path, HandMachine(boot_ms=boot_ms)).life.start()
    assert (body["cause"], body["stopped"], body["stopped_at_ms"], body["by"]) == (cause, "unclean", None, by)


def test_a_long_time_out_of_reach_is_told_once_with_its_first_reason(tmp_path: Path) -> None:
    run = Run(tmp_path, HandMachine())
    run.life.heard()
    lost_ms = int(run.clock.now().timestamp() * 1000)
    run.clock.advance(20)
    run.life.unheard(unreachable(httpx.ConnectTimeout("x")))
    run.clock.advance(20)
    run.life.heard()
    assert run.told("reconnected") == [], "shorter than silence is noticed"
    lost_ms = int(run.clock.now().timestamp() * 1000)
    run.life.unheard(unreachable(httpx.ConnectTimeout("x")))
    run.clock.advance(61)
    run.life.unheard(CenterUnreachable("HTTP 503"))
    run.life.heard()
    found_ms = int(run.clock.now().timestamp() * 1000)
    assert run.told("reconnected") == [{"lost_at_ms": lost_ms, "found_at_ms": found_ms, "reason": "timeout"}]
    run.clock.advance(100)
    run.life.heard()
    assert len(run.told("reconnected")) == 1, "an idle hour is no loss"


def unreachable(cause: Exception) -> CenterUnreachable:
    error = CenterUnreachable(type(cause).__name__)
    error.__cause__ = cause
    return error


def test_reasons_are_found_below_what_is_wrapped_around_them() -> None:
    dns = httpx.ConnectError("x")
    dns.__context__ = socket.gaierror(-2, "unknown name")
    assert reason_of(unreachable(dns)) == "dns"
    assert reason_of(unreachable(httpx.ConnectError("x"))) == "connect"
    assert reason_of(unreachable(httpx.ReadTimeout("x"))) == "timeout"
    assert reason_of(unreachable(httpx.RemoteProtocolError("x"))) == "http"
    assert reason_of(CenterUnreachable("HTTP 502")) == "http"
    assert reason_of(CenterUnreachable("the answer is not for this terminal")) == "other"
