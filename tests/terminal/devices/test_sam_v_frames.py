from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.terminal.devices.idreader.frames import (
    MAX_LENGTH,
    PREAMBLE,
    Answer,
    Command,
    Damaged,
    Parser,
    Word,
    checksum,
    request,
    sam_id_text,
    split_base,
)

# Published frames of SAM_V readers (GA 450 family), as they stand in the documents.
REQUESTS = {
    Command.RESET: "AAAAAA9669 0003 10FF EC",
    Command.STATUS: "AAAAAA9669 0003 11FF ED",
    Command.SAM_ID: "AAAAAA9669 0003 12FF EE",
    Command.FIND: "AAAAAA9669 0003 2001 22",
    Command.SELECT: "AAAAAA9669 0003 2002 21",
    Command.READ_BASE: "AAAAAA9669 0003 3001 32",
    Command.READ_ADDRESS: "AAAAAA9669 0003 3003 30",
}
SUCCESS = bytes.fromhex("AAAAAA9669 0004 000090 94")
FOUND = bytes.fromhex("AAAAAA9669 0008 00009F 00000000 97")
SELECTED = bytes.fromhex("AAAAAA9669 000C 000090 0000000000000000 9C")
NOT_FOUND = bytes.fromhex("AAAAAA9669 0004 000080 84")


def response(word: int, data: bytes = b"") -> bytes:
    body = (4 + len(data)).to_bytes(2, "big") + bytes([0, 0, word]) + data
    return PREAMBLE + body + bytes([checksum(body)])


@pytest.mark.parametrize(("command", "published"), REQUESTS.items(), ids=lambda x: getattr(x, "name", ""))
def test_requests_are_the_published_ones_byte_for_byte(command: Command, published: str) -> None:
    assert request(command) == bytes.fromhex(published)


def test_published_answers_are_understood() -> None:
    parser = Parser()
    assert parser.feed(SUCCESS) == [Answer(Word.SUCCESS, b"\0\0", b"")]
    assert parser.feed(FOUND) == [Answer(Word.FOUND, b"\0\0", bytes(4))]
    assert parser.feed(SELECTED) == [Answer(Word.SUCCESS, b"\0\0", bytes(8))]
    assert parser.feed(NOT_FOUND) == [Answer(Word.FIND_FAILED, b"\0\0", b"")]


def test_a_base_answer_of_1295_bytes() -> None:
    data = bytes.fromhex("01000400") + bytes(256) + b"\x11" * 1024
    whole = response(Word.SUCCESS, data)
    assert len(whole) == 1295
    assert whole.startswith(bytes.fromhex("AAAAAA9669 0508 000090 0100 0400"))
    (answer,) = Parser().feed(whole)
    assert isinstance(answer, Answer)
    text, photo = split_base(answer.data)
    assert (len(text), len(photo)) == (256, 1024)


@pytest.mark.parametrize("data", [b"", b"\x01\x00\x04", bytes.fromhex("01000400") + bytes(256), bytes(5)])
def test_lengths_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        split_base(data)


def test_a_wrong_checksum_is_damage_and_the_next_frame_is_found() -> None:
    spoilt = SUCCESS[:-1] + bytes([SUCCESS[-1] ^ 1])
    assert Parser().feed(spoilt + FOUND) == [Damaged("checksum"), Answer(Word.FOUND, b"\0\0", bytes(4))]


@pytest.mark.parametrize("length", [0, 3, MAX_LENGTH + 1, 0xFFFF])
def test_an_impossible_length_does_not_make_the_parser_wait(length: int) -> None:
    found = Parser().feed(PREAMBLE + length.to_bytes(2, "big") + bytes(3) + SUCCESS)
    assert found[0] == Damaged("length")
    assert found[-1] == Answer(Word.SUCCESS, b"\0\0", b"")


def test_a_repeated_aa_before_the_preamble_does_not_hide_it() -> None:
    assert Parser().feed(b"\xaa\xaa" + SUCCESS) == [Answer(Word.SUCCESS, b"\0\0", b"")]


@given(
    noise=st.binary(max_size=40).filter(lambda b: PREAMBLE not in b + PREAMBLE[:4]),
    datas=st.lists(st.binary(max_size=60), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
def test_frames_come_out_whole_however_the_line_cuts_them(noise: bytes, datas: list[bytes], cuts: list[int]) -> None:
    stream = noise + b"".join(response(0x90, data) for data in datas)
    parser, found, at = Parser(), [], 0
    for n in range(10_000):
        if at >= len(stream):
            break
        step = cuts[n % len(cuts)]
        found += parser.feed(stream[at : at + step])
        at += step
    assert [a.data for a in found if isinstance(a, Answer)][-len(datas) :] == datas
    assert not parser.pending


@given(st.binary(max_size=600))
def test_the_parser_survives_anything(data: bytes) -> None:
    parser = Parser()
    parser.feed(data)
    parser.feed(data + PREAMBLE)
    parser.reset()
    assert parser.feed(SUCCESS) == [Answer(Word.SUCCESS, b"\0\0", b"")]


def test_sam_id_as_printed_on_the_module() -> None:
    numbers = (5, 1, 20160318, 1234567, 123456789)
    data = b"".join(n.to_bytes(w, "little") for n, w in zip(numbers, (2, 2, 4, 4, 4), strict=True))
    assert sam_id_text(data) == "05.01-20160318-0001234567-0123456789"
