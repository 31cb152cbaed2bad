"""A resident-identity-card reader with a SAM_V module (GA 450 / GA 467 family), as seen from its line.

Written from the published frames, independent of the terminal's driver.
Request `AA AA AA 96 69 | LEN | CMD PARA data | CHK`, answer `AA AA AA 96 69 | LEN | SW1 SW2 SW3 data | CHK`; LEN counts
what follows it, CHK is the XOR from LEN on.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

PREAMBLE = bytes.fromhex("AAAAAA9669")
INTER_BYTE_S = 0.2
_MAX_LENGTH = 2400
_SAM_ID = struct.pack("<HHIII", 5, 1, 20160318, 1234567, 123456789)

# SW3 words of the answers.
OK, FOUND, NO_CONTENT = 0x90, 0x9F, 0x91
BAD_CHECKSUM, BAD_LENGTH, BAD_COMMAND = 0x10, 0x11, 0x21
READ_FAILED, SELF_TEST_FAILED, NOT_AUTHORISED = 0x41, 0x60, 0x66
NOT_FOUND, NOT_SELECTED = 0x80, 0x81


class Sam(StrEnum):
    """State of the security module."""

    OK = "ok"
    SELFTEST = "selftest"
    UNAUTH = "unauth"


class Fault(StrEnum):
    """What can go wrong on the line, each for the next answer or answers."""

    DROP_BYTE = "drop_byte"
    BAD_CHECKSUM = "bad_checksum"
    SPLIT = "split"
    DELAY = "delay"
    NOISE = "noise"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Card:
    """What lies on the reader. text: 256 bytes; photo: 1,024 opaque bytes (WLT); fingerprints: 1,024 bytes or none."""

    text: bytes
    photo: bytes = bytes(1024)
    fingerprints: bytes = b""
    new_address: str = ""

    def __post_init__(self) -> None:
        if len(self.text) != 256 or len(self.photo) != 1024 or len(self.fingerprints) not in (0, 1024):
            raise ValueError("a card holds 256 bytes of text, 1,024 of photo and 0 or 1,024 of fingerprints")


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes for the line, to be written `after_s` seconds after the ones before."""

    data: bytes
    after_s: float = 0.0


def checksum(body: bytes) -> int:
    """XOR of all bytes from LEN on."""
    value = 0
    for byte in body:
        value ^= byte
    return value


def frame(body: bytes) -> bytes:
    """A whole frame around CMD PARA data or SW1 SW2 SW3 data."""
    counted = struct.pack(">H", len(body) + 1) + body
    return PREAMBLE + counted + bytes([checksum(counted)])


@dataclass
class IdReader:
    """State and behaviour of one reader; knows nothing of sockets.

    After a successful read the module answers 80 until the card is lifted and put back, as the real ones do.
    """

    card: Card | None = None
    last: Card | None = None
    sam: Sam = Sam.OK
    reads: int = 0
    delay_s: float = 3.0
    _found: bool = False
    _selected: bool = False
    _spent: bool = False
    _faults: dict[Fault, int] = field(default_factory=dict)

    def insert(self, card: Card) -> None:
        self.card, self.last, self._spent = card, card, False
        self._found = self._selected = False

    def remove(self) -> None:
        self.card, self._spent = None, False
        self._found = self._selected = False

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Spoil the next `times` answers; -1 until `inject(fault, 0)`."""
        self._faults.pop(fault, None)
        if times:
            self._faults[fault] = times

    def faults(self) -> dict[str, int]:
        return {str(fault): times for fault, times in self._faults.items()}

    # The protocol.

    def answer(self, body: bytes) -> bytes:
        """SW1 SW2 SW3 data for CMD PARA data; the frame around either is not part of it."""
        if self.sam is not Sam.OK:
            return bytes([0, 0, SELF_TEST_FAILED if self.sam is Sam.SELFTEST else NOT_AUTHORISED])
        command, data = bytes(body[:2]), body[2:]
        match command:
            case b"\x10\xff":
                self._found = self._selected = False
                return _status(OK)
            case b"\x11\xff":
                return _status(OK)
            case b"\x12\xff":
                return _status(OK) + _SAM_ID
            case b"\x20\x01":
                return self._find()
            case b"\x20\x02":
                return self._select()
            case b"\x30\x01" | b"\x30\x10" | b"\x30\x03":
                return self._read(command[1])
            case b"\x60\x00" | b"\x60\x01" | b"\x60\x02" | b"\x60\x03" | b"\x60\x04":
                return _status(OK)
            case b"\x61\xff" if len(data) == 1:
                return _status(OK)
        return _status(BAD_COMMAND)

    def _find(self) -> bytes:
        self._found = self.card is not None and not self._spent
        self._selected = False
        return _status(FOUND) + bytes(4) if self._found else _status(NOT_FOUND)

    def _select(self) -> bytes:
        self._selected = self._found and self.card is not None
        return _status(OK) + bytes(8) if self._selected else _status(NOT_SELECTED)

    def _read(self, what: int) -> bytes:
        card = self.card
        if card is None or not self._selected:
            return _status(READ_FAILED)
        if what == 0x03:
            address = card.new_address.encode("utf-16-le")[:70]
            blank = " ".encode("utf-16-le") * 35
            return _status(OK) + address + blank[len(address) :] if address else _status(NO_CONTENT)
        self.reads += 1
        # The card stays selected for 30 03 (appended address); the next search does not find it again.
        self._spent = True
        lengths = struct.pack(">HH", len(card.text), len(card.photo))
        if what == 0x10:
            lengths += struct.pack(">H", len(card.fingerprints))
            return _status(OK) + lengths + card.text + card.photo + card.fingerprints
        return _status(OK) + lengths + card.text + card.photo

    def writes(self, body: bytes) -> list[Write]:
        """The answer's frame as it reaches the line, spoilt by the faults that are on."""
        return self._spoil(frame(self.answer(body)))

    def refuse(self, word: int) -> list[Write]:
        return self._spoil(frame(_status(word)))

    def _spoil(self, whole: bytes) -> list[Write]:
        due = {fault for fault in Fault if self._take(fault)}
        if Fault.NO_ANSWER in due:
            return []
        if Fault.BAD_CHECKSUM in due:
            whole = whole[:-1] + bytes([whole[-1] ^ 0xFF])
        if Fault.DROP_BYTE in due:
            whole = whole[: len(whole) // 2] + whole[len(whole) // 2 + 1 :]
        if Fault.NOISE in due:
            whole = bytes.fromhex("00FFAAAA13AA9669AA") + whole
        pieces = [whole]
        if Fault.SPLIT in due:
            cuts = (0, 1, 4, 6, 9, max(10, len(whole) - 1), len(whole))
            pieces = [whole[a:b] for a, b in itertools.pairwise(cuts) if whole[a:b]]
        start = self.delay_s if Fault.DELAY in due else 0.0
        return [Write(piece, start if i == 0 else 0.03) for i, piece in enumerate(pieces)]

    def _take(self, fault: Fault) -> bool:
        left = self._faults.get(fault, 0)
        if left == 1:
            del self._faults[fault]
        elif left > 1:
            self._faults[fault] = left - 1
        return left != 0


class LineParser:
    """Finds request frames in what arrives in any pieces. One per connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_at = 0.0

    def feed(self, data: bytes, at: float) -> Iterator[bytes | int]:
        """Bodies (CMD PARA data) of right frames; for a wrong one the SW3 word to refuse it with.

        at: monotonic seconds. A frame that pauses for longer than 200 ms is thrown away.
        """
        if self._buffer and at - self._last_at > INTER_BYTE_S:
            self._buffer.clear()
        self._last_at = at
        self._buffer += data
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> bytes | int | None:
        start = self._buffer.find(PREAMBLE)
        if start < 0:
            # Keep what may be the first bytes of a preamble.
            del self._buffer[: max(0, len(self._buffer) - len(PREAMBLE) + 1)]
            return None
        del self._buffer[:start]
        if len(self._buffer) < 7:
            return None
        length = struct.unpack_from(">H", self._buffer, 5)[0]
        if not 3 <= length <= _MAX_LENGTH:
            del self._buffer[:7]
            return BAD_LENGTH
        if len(self._buffer) < 7 + length:
            return None
        counted = bytes(self._buffer[5 : 7 + length])
        del self._buffer[: 7 + length]
        return counted[2:-1] if checksum(counted[:-1]) == counted[-1] else BAD_CHECKSUM


def _status(sw3: int) -> bytes:
    return bytes([0, 0, sw3])
