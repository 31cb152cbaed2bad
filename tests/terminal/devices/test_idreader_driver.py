from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from budayang.sandbox.devices.cardtext import text_block
from budayang.sandbox.devices.idreader import Card as SimulatedCard
from budayang.sandbox.devices.idreader import Fault, Sam
from budayang.sandbox.devices.idreader import IdReader as Simulator
from budayang.sandbox.devices.lines import PtyLine, TcpLine
from budayang.terminal.devices.idreader.card import Card
from budayang.terminal.devices.idreader.driver import IdReader, Phase, SamV
from budayang.uplink.clock import ManualClock

PERSON = {
    "name": "测试甲",
    "sex": "1",
    "nation": "01",
    "birth": "19900307",
    "address": "演示市演示路1号",
    "id_number": "999999199003070012",
    "authority": "演示公安局",
    "valid_from": "20200101",
    "valid_until": "20400101",
}
CARD = SimulatedCard(text_block(PERSON), photo=bytes(1024))
EXPIRED = SimulatedCard(text_block(PERSON | {"valid_until": "20261122"}), photo=bytes(1024))
OTHER = SimulatedCard(text_block(PERSON | {"name": "测试乙", "id_number": "999999199003070020"}), photo=bytes(1024))
WRONG = SimulatedCard(text_block(PERSON | {"id_number": "999999199003070013"}), photo=bytes(1024))
NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)


@contextmanager
def scripted(script: dict[str, str]) -> Iterator[str]:
    """A reader that answers published requests with published frames, byte for byte, and nothing else."""
    answers = {bytes.fromhex(k): bytes.fromhex(v) for k, v in script.items()}
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                line, _ = server.accept()
                with line:
                    while data := line.recv(64):
                        if data in answers:
                            line.sendall(answers[data])
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(2)


STATUS, FIND = "AAAAAA9669000311FFED", "AAAAAA96690003200122"


def states_of(url: str) -> dict[str, str]:
    async def main() -> dict[str, str]:
        reader = IdReader(url, ManualClock(NIGHT))
        try:
            return {name: reading.state for name, reading in (await reader.poll()).items()}
        finally:
            await reader.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "device", "security"),
    [
        ("AAAAAA9669000400009094", "online", "open"),
        ("AAAAAA9669000400006064", "hardwareError", "notReady"),
        ("AAAAAA9669000400006662", "hardwareError", "notReady"),
        ("AAAAAA9669000400001014", "hardwareError", "notReady"),
    ],
)
def test_health_in_xfs_words(answer: str, device: str, security: str) -> None:
    with scripted({STATUS: answer}) as url:
        assert states_of(url) == {"device": device, "security": security}


def test_a_reader_that_says_nothing_is_offline() -> None:
    with scripted({}) as url:
        assert states_of(url)["device"] == "offline"


def test_nobody_listens_is_offline_and_no_path_is_no_device(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert states_of(f"tcp://127.0.0.1:{port}")["device"] == "offline"
    assert states_of(f"pty:{tmp_path}/ttyNONE")["device"] == "noDevice"


def test_find_on_the_published_frames() -> None:
    with scripted({FIND: "AAAAAA9669000800009F0000000097"}) as url:
        sam = SamV(url)
        assert sam.find()
        sam.close()
    with scripted({FIND: "AAAAAA9669000400008084"}) as url:
        sam = SamV(url)
        assert not sam.find()
        sam.close()


async def read_one(reader: IdReader, seconds: float = 8.0) -> Card:
    return await asyncio.wait_for(reader.next_card(0.0), seconds)


def with_simulator(work, *, line: str = "tcp") -> None:  # type: ignore[no-untyped-def]
    async def main() -> None:
        simulator = Simulator()
        if line == "tcp":
            tcp = TcpLine(simulator, socket.create_server(("127.0.0.1", 0)))
            await tcp.start()
            url, stop = f"tcp://127.0.0.1:{tcp.port}", tcp.stop
        else:
            pty = PtyLine(simulator)
            await pty.start()
            url, stop = f"pty:{pty.path}", pty.stop
        reader = IdReader(url, ManualClock(NIGHT))
        try:
            await work(simulator, reader)
        finally:
            await reader.close()
            await stop()

    asyncio.run(main())


@pytest.mark.parametrize("line", ["tcp", "pty"])
def test_a_card_is_read_over_the_line(line: str) -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        simulator.insert(CARD)
        card = await read_one(reader)
        assert (card.name, card.id_number, card.address) == ("测试甲", "999999199003070012", "演示市演示路1号")
        assert reader.phase is Phase.OFF

    with_simulator(work, line=line)


@pytest.mark.parametrize("fault", [Fault.NOISE, Fault.SPLIT, Fault.BAD_CHECKSUM, Fault.DROP_BYTE])
def test_a_bad_line_costs_time_and_no_card(fault: Fault) -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        simulator.insert(CARD)
        simulator.inject(fault, times=1)
        assert (await read_one(reader, 15)).name == "测试甲"

    with_simulator(work)


def watched(work: Callable[[Simulator, IdReader, ManualClock], Awaitable[None]]) -> None:
    """With the watch running, as in the terminal."""

    async def main(simulator: Simulator, reader: IdReader) -> None:
        watching = asyncio.ensure_future(reader.run())
        try:
            await work(simulator, reader, cast(ManualClock, reader._clock))
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    with_simulator(main)


def test_a_card_left_on_the_reader_never_opens_the_next_journey() -> None:
    async def work(simulator: Simulator, reader: IdReader, clock: ManualClock) -> None:
        simulator.insert(CARD)
        await read_one(reader)
        simulator.remove()
        await asyncio.sleep(1.2)
        simulator.insert(CARD)  # put back and forgotten there, before the next journey begins
        await asyncio.sleep(1.0)
        clock.advance(60)
        seen: list[Phase] = []
        reader.on_phase = lambda: seen.append(reader.phase)
        waiting = asyncio.ensure_future(reader.next_card(clock.monotonic()))
        await asyncio.sleep(1.2)
        assert not waiting.done()
        assert seen == [Phase.LIFT]
        simulator.remove()
        await asyncio.sleep(1.2)
        simulator.insert(CARD)
        assert (await asyncio.wait_for(waiting, 5)).name == "测试甲"

    watched(work)


def test_the_next_person_need_not_wait_for_anything() -> None:
    async def work(simulator: Simulator, reader: IdReader, clock: ManualClock) -> None:
        simulator.insert(CARD)
        await read_one(reader)
        await asyncio.sleep(1.2)  # the journey goes on with the card lying there
        simulator.remove()
        clock.advance(60)
        simulator.insert(OTHER)  # at once, before anybody could have seen the reader empty
        assert (await asyncio.wait_for(reader.next_card(clock.monotonic()), 3)).name == "测试乙"

    watched(work)


def test_a_card_laid_while_choosing_is_read_at_once() -> None:
    async def work(simulator: Simulator, reader: IdReader, clock: ManualClock) -> None:
        began = clock.monotonic()
        clock.advance(5)
        simulator.insert(CARD)
        await asyncio.sleep(1.0)
        clock.advance(20)
        assert (await asyncio.wait_for(reader.next_card(began), 3)).name == "测试甲"

    watched(work)


def test_an_expired_card_is_told_and_not_given() -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        seen: list[Phase] = []
        reader.on_phase = lambda: seen.append(reader.phase)
        simulator.insert(EXPIRED)
        with pytest.raises(TimeoutError):
            await read_one(reader, 2.0)
        assert Phase.EXPIRED in seen

    with_simulator(work)


def test_a_card_with_a_wrong_check_digit_is_told_and_not_given() -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        seen: list[Phase] = []
        reader.on_phase = lambda: seen.append(reader.phase)
        simulator.insert(WRONG)
        with pytest.raises(TimeoutError):
            await read_one(reader, 3.0)
        assert seen[-1] is Phase.FAILED

    with_simulator(work)


def test_a_module_that_is_not_authorised_reads_nothing() -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        simulator.sam = Sam.UNAUTH
        simulator.insert(CARD)
        assert (await reader.poll())["device"].state == "hardwareError"
        with pytest.raises(TimeoutError):
            await read_one(reader, 1.0)

    with_simulator(work)


def test_a_line_that_was_cut_is_opened_again() -> None:
    async def work(simulator: Simulator, reader: IdReader) -> None:
        assert (await reader.poll())["device"].state == "online"
        reader._sam.close()  # as after a pulled cable
        simulator.insert(CARD)
        assert (await read_one(reader)).name == "测试甲"

    with_simulator(work)


def test_a_reader_that_went_away_is_told_at_once() -> None:
    async def main() -> None:
        line = TcpLine(Simulator(), socket.create_server(("127.0.0.1", 0)))
        await line.start()
        reader = IdReader(f"tcp://127.0.0.1:{line.port}", ManualClock(NIGHT))
        assert (await reader.poll())["device"].state == "online"
        await line.stop()
        assert (await reader.poll())["device"].state == "offline"
        await reader.close()

    asyncio.run(main())
