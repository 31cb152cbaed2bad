"""Frames of the SAM_V module (GA 450, GA 467): build requests, find answers in a noisy stream.

    request : AA AA AA 96 69 | LEN_H LEN_L | CMD PARA [DATA…]          | CHK
    response: AA AA AA 96 69 | LEN_H LEN_L | SW1 SW2 SW3 [DATA…]       | CHK

LEN counts the bytes after it, CHK included; CHK is the XOR of every byte from LEN_H to the byte before CHK.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

PREAMBLE = bytes.fromhex("AAAAAA9669")
MAX_LENGTH = 2400  # the longest published answer (text, photo and fingerprints) is 2314 bytes
MIN_LENGTH = 4  # SW1 SW2 SW3 CHK


class Command(IntEnum):
    """CMD and PARA as one number; only what a terminal that keeps no photo and no fingerprint needs."""

    RESET = 0x10FF
    STATUS = 0x11FF
    SAM_ID = 0x12FF
    FIND = 0x2001
    SELECT = 0x2002
    READ_BASE = 0x3001
    READ_ADDRESS = 0x3003


class Word(IntEnum):
    """SW3, the module's answer. SW1 SW2 are the card's own and are kept for the log only."""

    SUCCESS = 0x90
    FOUND = 0x9F
    NO_CONTENT = 0x91
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    NOT_PERMITTED = 0x23
    UNKNOWN = 0x24
    CARD_REFUSED_SAM = 0x31
    SAM_REFUSED_CARD = 0x32
    BAD_INFORMATION = 0x33
    UNKNOWN_CARD = 0x40
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66
    FIND_FAILED = 0x80
    SELECT_FAILED = 0x81


LINK_ERRORS = frozenset({Word.BAD_CHECKSUM, Word.BAD_LENGTH})
MODULE_FAULTS = frozenset({Word.SELF_TEST_FAILED, Word.NOT_AUTHORISED})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response frame that passed its checks: `word` is SW3, `card_words` SW1 SW2, `data` what follows."""

    word: int
    card_words: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """A frame that began and cannot be used: `why` is length or checksum."""

    why: str


def checksum(body: bytes) -> int:
    """XOR of all bytes."""
    return reduce(xor, body, 0)


def request(command: Command, data: bytes = b"") -> bytes:
    """A whole request frame."""
    body = (3 + len(data)).to_bytes(2, "big") + int(command).to_bytes(2, "big") + data
    return PREAMBLE + body + bytes([checksum(body)])


class Parser:
    """Finds response frames in whatever the line brings: noise, pieces, several at once.

    After a damaged frame the hunt goes on one byte behind its preamble, so that a frame hidden in the damage is found.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Answer | Damaged]:
        """Take bytes, give the frames (or damages) that they completed, in order."""
        self._buffer += data
        found: list[Answer | Damaged] = []
        while True:
            item = self._next()
            if item is None:
                return found
            found.append(item)

    def reset(self) -> None:
        """Forget a half-received frame (the inter-byte time is over)."""
        self._buffer.clear()

    @property
    def pending(self) -> bool:
        """Whether a frame has begun and is not yet whole."""
        return len(self._buffer) >= len(PREAMBLE) and self._buffer.startswith(PREAMBLE)

    def _next(self) -> Answer | Damaged | None:
        buffer, head = self._buffer, len(PREAMBLE)
        start = buffer.find(PREAMBLE)
        if start < 0:
            # Keep what may be the beginning of a preamble, drop the noise before it.
            del buffer[: max(0, len(buffer) - head + 1)]
            return None
        del buffer[:start]
        if len(buffer) < head + 2:
            return None
        length = int.from_bytes(buffer[head : head + 2], "big")
        if not MIN_LENGTH <= length <= MAX_LENGTH:
            del buffer[:1]
            return Damaged("length")
        end = head + 2 + length
        if len(buffer) < end:
            return None
        body = bytes(buffer[head : end - 1])
        if checksum(body) != buffer[end - 1]:
            del buffer[:1]
            return Damaged("checksum")
        del buffer[:end]
        return Answer(word=body[4], card_words=body[2:4], data=body[5:])


def split_base(data: bytes) -> tuple[bytes, bytes]:
    """Text block and photo of an answer to READ_BASE: TL and PL, two bytes each, then the parts.

    Raises:
        ValueError: the lengths do not fit the data.
    """
    if len(data) < 4:
        raise ValueError("no lengths")
    text_length, photo_length = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if len(data) != 4 + text_length + photo_length:
        raise ValueError("lengths do not fit the data")
    return data[4 : 4 + text_length], data[4 + text_length :]


def sam_id_text(data: bytes) -> str:
    """The module's own number, as printed on it, from the 16 bytes of an answer to SAM_ID."""
    if len(data) != 16:
        raise ValueError("a SAM id has 16 bytes")
    parts = (data[0:2], data[2:4], data[4:8], data[8:12], data[12:16])
    a, b, c, d, e = (int.from_bytes(part, "little") for part in parts)
    return f"{a:02d}.{b:02d}-{c:08d}-{d:010d}-{e:010d}"
