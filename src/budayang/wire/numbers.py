"""Case numbers: unique offline, readable aloud, never an access key.

"KBS01-7Q2M-000017-C": terminal code without hyphens, four characters of the outbox' epoch (20 bits, Crockford base 32),
the counter, and a check character by ISO 7064 MOD 37,36 over the letters and digits before it, which finds every
single wrong character and nearly all swapped neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_BASE36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPE: Final = re.compile(r"([A-Z0-9]{2,20})-([0-9A-HJKMNP-TV-Z]{4})-([0-9]{6,12})-([0-9A-Z])", re.ASCII)
_EPOCH: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


class BadNumber(ValueError):
    """Not a case number: wrong shape or wrong check character."""


@dataclass(frozen=True, slots=True)
class CaseNumber:
    terminal: str  # code without hyphens, "KBS01"
    epoch: str  # four characters
    counter: int

    def __str__(self) -> str:
        stem = f"{self.terminal}-{self.epoch}-{self.counter:06d}"
        return f"{stem}-{check_character(stem.replace('-', ''))}"


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 check character of letters and digits."""
    check = 18
    for one in text:
        check = ((check or 36) * 2 % 37 + _BASE36.index(one)) % 36
    return _BASE36[(1 - (check or 36) * 2 % 37) % 36]


def epoch_mark(epoch: str) -> str:
    """Four characters of an outbox' epoch (16 hex digits)."""
    if not _EPOCH.fullmatch(epoch):
        raise BadNumber("epoch is 16 hex digits")
    value = int(epoch[:5], 16)
    return "".join(_BASE32[value >> shift & 31] for shift in (15, 10, 5, 0))


def make_number(terminal: str, epoch: str, counter: int) -> str:
    """The case number of the `counter`-th case (from 1) of this outbox. Raises BadNumber for an impossible part."""
    number = str(CaseNumber(terminal.replace("-", "").upper(), epoch_mark(epoch), counter))
    parse_number(number)
    return number


def parse_number(text: str) -> CaseNumber:
    """The parts of a case number as typed: blanks around it and small letters are forgiven. Raises BadNumber."""
    shape = _SHAPE.fullmatch(text.strip().upper())
    if shape is None:
        raise BadNumber("not the shape of a case number")
    terminal, epoch, counter, check = shape.groups()
    if check_character(terminal + epoch + counter) != check:
        raise BadNumber("check character does not fit")
    number = CaseNumber(terminal, epoch, int(counter))
    if number.counter < 1 or str(number) != shape.group(0):
        raise BadNumber("not a canonical case number")
    return number


def is_number(text: str) -> bool:
    try:
        parse_number(text)
    except BadNumber:
        return False
    return True
