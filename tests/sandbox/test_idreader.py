from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from budayang.sandbox.devices.cardtext import LAYOUTS, text_block
from budayang.sandbox.devices.idreader import Card, Fault, IdReader, LineParser, Sam, Write, frame
from budayang.sandbox.devices.lines import PtyLine, TcpLine

# Published frames of SAM_V readers, typed in from the documents; shared with nobody's code.
RESET, STATUS, SAM_ID = "AAAAAA96690003 10FF EC", "AAAAAA96690003 11FF ED", "AAAAAA96690003 12FF EE"
FIND, SELECT, BASE = "AAAAAA96690003 2001 22", "AAAAAA96690003 2002 21", "AAAAAA96690003 3001 32"
FINGER, ADDRESS, MAX_RF = "AAAAAA96690003 3010 23", "AAAAAA96690003 3003 30", "AAAAAA96690004 61FF50 CA"
SUCCESS, FOUND = "AAAAAA96690004 000090 94", "AAAAAA96690008 00009F 00000000 97"
SELECTED = "AAAAAA9669000C 000090 0000000000000000 9C"
NOT_FOUND, NOT_SELECTED, NOT_READ = "AAAAAA96690004 000080 84", "AAAAAA96690004 000081 85", "AAAAAA96690004 000041 45"

PERSON = {
    "name": "测试甲",
    "sex": "1",
    "nation": "01",
    "birth": "19900307",
    "address": "演示自治区演示市演示路1号",
    "id_number": "999999199003070019",
    "authority": "演示公安局",
    "valid_from": "20200101",
    "valid_until": "20400101",
}
CARD = Card(text_block(PERSON), photo=bytes(range(256)) * 4)


def raw(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def ask(reader: IdReader, *requests: str) -> list[bytes]:
    """What the line carries for whole requests, one after the other."""
    answers = []
    for request in requests:
        (found,) = LineParser().feed(raw(request), 0.0)
        writes = reader.writes(found) if isinstance(found, bytes) else reader.refuse(found)
        answers.append(b"".join(write.data for write in writes))
    return answers


@pytest.mark.parametrize("request_", [RESET, STATUS, MAX_RF, "AAAAAA96690003 6000 63"])
def test_published_success(request_: str) -> None:
    assert ask(IdReader(), request_) == [raw(SUCCESS)]


def test_published_answers_without_a_card() -> None:
    assert ask(IdReader(), FIND, SELECT, BASE) == [raw(NOT_FOUND), raw(NOT_SELECTED), raw(NOT_READ)]


def test_published_reading_sequence() -> None:
    reader = IdReader(card=CARD)
    find, select, base = ask(reader, FIND, SELECT, BASE)
    assert (find, select) == (raw(FOUND), raw(SELECTED))
    assert base.startswith(raw("AAAAAA9669 0508 000090 0100 0400"))
    assert len(base) == 1295
    assert base[14:270] == CARD.text
    assert base[270:1294] == CARD.photo
    assert reader.reads == 1


@pytest.mark.parametrize(("prints", "head", "size"), [(b"", "050A", 1297), (bytes(1024), "090A", 2321)])
def test_published_lengths_with_fingerprints(prints: bytes, head: str, size: int) -> None:
    *_, answer = ask(IdReader(card=Card(CARD.text, fingerprints=prints)), FIND, SELECT, FINGER)
    assert answer.startswith(raw("AAAAAA9669" + head + "000090 0100 0400" + ("0400" if prints else "0000")))
    assert len(answer) == size


def test_sam_id_is_the_published_text() -> None:
    (answer,) = ask(IdReader(), SAM_ID)
    assert answer.startswith(raw("AAAAAA9669 0014 000090"))
    body = answer[10:26]
    numbers = [int.from_bytes(body[a:b], "little") for a, b in ((0, 2), (2, 4), (4, 8), (8, 12), (12, 16))]
    assert "{:02d}.{:02d}-{:08d}-{:010d}-{:010d}".format(*numbers) == "05.01-20160318-0001234567-0123456789"


def test_new_address() -> None:
    *_, none = ask(IdReader(card=CARD), FIND, SELECT, ADDRESS)
    assert none == raw("AAAAAA96690004 000091 95")
    *_, some = ask(IdReader(card=Card(CARD.text, new_address="演示路2号")), FIND, SELECT, BASE, ADDRESS)
    assert some[5:10] == raw("004A 000090")
    assert some[10:80].decode("utf-16-le").rstrip() == "演示路2号"


def test_a_card_that_was_read_is_not_found_until_it_is_put_back() -> None:
    reader = IdReader(card=CARD)
    ask(reader, FIND, SELECT, BASE)
    assert ask(reader, FIND, SELECT) == [raw(NOT_FOUND), raw(NOT_SELECTED)]
    reader.remove()
    reader.insert(CARD)
    assert ask(reader, FIND) == [raw(FOUND)]


@pytest.mark.parametrize(("sam", "word"), [(Sam.SELFTEST, 0x60), (Sam.UNAUTH, 0x66)])
def test_a_broken_module_refuses_everything(sam: Sam, word: int) -> None:
    reader = IdReader(card=CARD, sam=sam)
    assert ask(reader, RESET, STATUS, FIND) == [frame(bytes([0, 0, word]))] * 3


def test_wrong_requests_are_told_apart() -> None:
    assert ask(IdReader(), "AAAAAA96690003 2001 23") == [raw("AAAAAA96690004 000010 14")]
    assert ask(IdReader(), "AAAAAA96690002 22 20") == [raw("AAAAAA96690004 000011 15")]
    assert ask(IdReader(), "AAAAAA96690003 7777 03") == [raw("AAAAAA96690004 000021 25")]


def test_text_block_has_each_field_where_the_standard_puts_it() -> None:
    block = text_block(PERSON)
    assert len(block) == 256
    assert block[0:30].decode("utf-16-le") == "测试甲".ljust(15)
    assert block[122:158].decode("utf-16-le") == "999999199003070019"
    assert block[204:220].decode("utf-16-le") == "20400101"
    assert block[248:250] == b" \0"


@pytest.mark.parametrize("kind", sorted(set(LAYOUTS) - {""}))
def test_other_cards_carry_their_flag(kind: str) -> None:
    assert text_block({"sex": "1"}, kind=kind)[248:250].decode("utf-16-le") == kind


def test_layouts_do_not_overlap() -> None:
    for kind, layout in LAYOUTS.items():
        end = 0
        for name, offset, length in sorted(layout, key=lambda one: one[1]):
            assert offset >= end, (kind, name)
            end = offset + length
        assert end <= 256


def test_what_does_not_fit_is_refused() -> None:
    for fields, kind in (({"name": "长" * 16}, ""), ({"colour": "1"}, ""), ({}, "Z")):
        with pytest.raises(ValueError, match=r"kind|field|bytes"):
            text_block(fields, kind=kind)


@given(st.lists(st.integers(0, 8), max_size=8), st.binary(max_size=20))
def test_requests_are_found_in_any_pieces_and_after_noise(cuts: list[int], noise: bytes) -> None:
    stream = noise.replace(b"\xaa", b"") + raw(FIND) + raw(STATUS)
    parser, found, at = LineParser(), [], 0
    for step in [*cuts, len(stream)]:
        found += list(parser.feed(stream[at : at + step], 0.0))
        at += step
    assert found == [raw("2001"), raw("11FF")]


def test_a_frame_that_pauses_is_thrown_away() -> None:
    parser = LineParser()
    assert list(parser.feed(raw(FIND)[:7], 0.0)) == []
    assert list(parser.feed(raw(FIND)[7:], 0.3)) == []
    assert list(parser.feed(raw(FIND), 0.4)) == [raw("2001")]


def test_each_fault_spoils_the_answer_in_its_own_way_and_then_passes() -> None:
    def once(fault: Fault) -> list[Write]:
        reader = IdReader()
        reader.inject(fault)
        spoilt = reader.writes(raw("11FF"))
        assert reader.faults() == {}
        assert reader.writes(raw("11FF")) == [Write(raw(SUCCESS))]
        return spoilt

    right = raw(SUCCESS)
    assert once(Fault.NO_ANSWER) == []
    assert once(Fault.BAD_CHECKSUM)[0].data == right[:-1] + bytes([right[-1] ^ 0xFF])
    assert len(once(Fault.DROP_BYTE)[0].data) == len(right) - 1
    assert once(Fault.DELAY) == [Write(right, 3.0)]
    noisy = once(Fault.NOISE)[0].data
    assert noisy.endswith(right)
    assert len(noisy) > len(right)
    pieces = once(Fault.SPLIT)
    assert len(pieces) > 3
    assert b"".join(piece.data for piece in pieces) == right


def test_a_fault_may_last() -> None:
    reader = IdReader()
    reader.inject(Fault.NO_ANSWER, -1)
    assert [reader.writes(raw("11FF")) for _ in range(3)] == [[], [], []]
    reader.inject(Fault.NO_ANSWER, 0)
    assert reader.writes(raw("11FF"))


async def _over_tcp(reader: IdReader, talk: Callable[[str], Awaitable[None]]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    line = TcpLine(reader, listener)
    await line.start()
    try:
        await talk(f"socket://127.0.0.1:{line.port}")
    finally:
        await line.stop()


async def _over_pty(reader: IdReader, talk: Callable[[str], Awaitable[None]]) -> None:
    line = PtyLine(reader)
    await line.start()
    try:
        await talk(line.path)
    finally:
        await line.stop()


@pytest.mark.parametrize("over", [_over_tcp, _over_pty])
def test_a_serial_client_reads_a_card_over_a_real_line(
    over: Callable[[IdReader, Callable[[str], Awaitable[None]]], Coroutine[Any, Any, None]],
) -> None:
    reader = IdReader(card=CARD)
    reader.inject(Fault.SPLIT, 3)

    def client(url: str) -> list[bytes]:
        with serial.serial_for_url(url, baudrate=115200, timeout=3) as port:
            answers = []
            for request, size in ((FIND, 15), (SELECT, 19), (BASE, 1295)):
                port.write(raw(request))
                answers.append(bytes(port.read(size)))
            return answers

    async def talk(url: str) -> None:
        find, select, base = await asyncio.to_thread(client, url)
        assert (find, select) == (raw(FOUND), raw(SELECTED))
        assert base[14:270] == CARD.text

    started = time.monotonic()
    asyncio.run(over(reader, talk))
    assert time.monotonic() - started < 3


def test_a_line_that_is_open_at_the_end_ends_quietly() -> None:
    troubles: list[dict[str, Any]] = []

    async def program() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, trouble: troubles.append(trouble))
        line = TcpLine(IdReader(card=CARD), socket.create_server(("127.0.0.1", 0)))
        await line.start()
        incoming, outgoing = await asyncio.open_connection("127.0.0.1", line.port)
        outgoing.write(raw(FIND))
        await incoming.readexactly(15)
        await line.stop()
        outgoing.close()
        # What still serves the line is cancelled with the loop, after its listener was closed.

    asyncio.run(program())
    assert troubles == []
