"""The scanner of payers' codes, over the sandbox's own and over a pseudo terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import tty
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.sandbox.devices.payerscanner import PayerScanner as SandboxScanner
from budayang.terminal.devices.payerscanner import driver
from budayang.terminal.devices.payerscanner.driver import Codes, PayerScanner
from budayang.terminal.devices.table import build
from budayang.terminal.errors import BadSetting
from budayang.terminal.settings import Settings, load
from budayang.uplink.clock import SystemClock

CODE = "281234567890123456"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "AGAIN_S", 0.1)


@given(st.lists(st.integers(1, 24), max_size=8), st.sampled_from([b"\r\n", b"\r", b"\n", b"\t"]))
def test_codes_are_whole_however_they_come_in_pieces(cuts: list[int], end: bytes) -> None:
    line = (CODE.encode() + end) * 2
    parser, found, at = Codes(), list[str](), 0
    for cut in [*cuts, len(line)]:
        if piece := line[at : at + cut]:
            found += parser.feed(piece)
        at += cut
    assert found == [CODE, CODE]


def test_a_pause_ends_a_code_and_noise_is_none() -> None:
    parser = Codes()
    assert parser.feed(CODE.encode()) == []
    assert parser.feed(b"") == [CODE]
    assert parser.feed(b"") == []
    assert parser.feed(b"9" * 200 + b"\r\n") == [], "no code is as long"
    assert parser.feed(b"\x00\x07\r\n") == []
    assert parser.feed(b"\r\n\r\n") == []


@asynccontextmanager
async def running(scanner: PayerScanner) -> Any:
    task = asyncio.create_task(scanner.run())
    try:
        yield scanner
    finally:
        task.cancel()
        await asyncio.wait({task})
        await scanner.close()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(300):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not within six seconds")


async def device(scanner: PayerScanner) -> str:
    return (await scanner.poll())["device"].state


def test_it_reads_what_the_sandbox_shows_and_only_while_somebody_waits() -> None:
    async def scene() -> None:
        box = SandboxScanner(socket.create_server(("127.0.0.1", 0)))
        await box.start()
        async with running(PayerScanner(f"tcp://127.0.0.1:{box.port}")) as scanner:
            await until(lambda: _is(scanner, "online"))
            assert (await scanner.poll())["scanner"].state == "off"
            await box.show("289999999999999999")  # nobody waits: it is thrown away
            await asyncio.sleep(0.4)
            waiting = asyncio.create_task(scanner.next_code())
            await asyncio.sleep(0.05)
            assert (await scanner.poll())["scanner"].state == "on"
            await box.show(CODE)
            assert await asyncio.wait_for(waiting, 5) == CODE
            with pytest.raises(ValueError, match="code"):
                await box.show("")
            await box.stop()
            await until(lambda: _is(scanner, "offline"))

    asyncio.run(scene())


async def _is(scanner: PayerScanner, state: str) -> bool:
    return await device(scanner) == state


def test_a_serial_scanner_that_is_unplugged_is_missing_and_comes_back(tmp_path: Path) -> None:
    async def scene() -> None:
        link = tmp_path / "scanner"
        async with running(PayerScanner(f"pty:{link}")) as scanner:
            await until(lambda: _is(scanner, "noDevice"))
            near, far = pty.openpty()
            tty.setraw(near)
            tty.setraw(far)
            link.symlink_to(os.ttyname(far))
            await until(lambda: _is(scanner, "online"))
            waiting = asyncio.create_task(scanner.next_code())
            await asyncio.sleep(0.05)
            os.write(near, CODE.encode())  # without a suffix
            assert await asyncio.wait_for(waiting, 5) == CODE
            os.close(near)
            os.close(far)

    asyncio.run(scene())


def test_it_is_there_when_it_is_configured() -> None:
    assert "payment" not in build(Settings(), SystemClock())
    with pytest.raises(BadSetting, match="payer_scanner_url"):
        load({}, payer_scanner_url="http://127.0.0.1/")
    assert load({}, payer_scanner_url="/dev/ttyACM0").payer_scanner_url == "/dev/ttyACM0"
