"""The 256-byte text block of an identity card (GA/T 490 and its later kinds) and the id number's check digit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

TEXT_LENGTH = 256
LONG_TERM = "长期"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Card:
    """What the terminal takes from a card. Lives in memory only, for one journey.

    `photo`: 1,024 bytes that only a licensed engine can read; dropped unopened unless the item asks for person and card
    to be compared, and then with the comparison.

    `kind` is resident (居民身份证), J (港澳台居民居住证), Y (2023 外国人永久居留证) or I (2017 one).
    `valid_until` is None where the card says 长期.
    """

    kind: str
    name: str
    id_number: str
    sex: str
    birth_on: date | None
    address: str = ""
    nation: str = ""
    authority: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    english_name: str = ""
    nationality: str = ""
    pass_number: str = ""
    photo: bytes = field(default=b"", compare=False)

    def __repr__(self) -> str:
        # A card that lands in a traceback or a log line must not bring its owner along.
        return f"Card(kind={self.kind!r}, …)"


class BadCard(Exception):
    """The block cannot be a card's: `why` is length, empty, number or text."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    read: Callable[[_Block], Card]


class _Block:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def text(self, *fields: int) -> str:
        """One or several fields (offset, length, …) joined before the padding goes: a name may be cut at its blank."""
        raw = b"".join(self._raw[at : at + length] for at, length in zip(fields[::2], fields[1::2], strict=True))
        try:
            return raw.decode("utf-16-le").strip(" \0")
        except UnicodeDecodeError:
            raise BadCard("text") from None

    def day(self, offset: int) -> date | None:
        text = self.text(offset, 16)
        if len(text) != 8 or not text.isdecimal():
            return None
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None


def _resident(block: _Block) -> Card:
    return Card(
        kind="resident",
        name=block.text(0, 30),
        sex=block.text(30, 2),
        nation=block.text(32, 4),
        birth_on=block.day(36),
        address=block.text(52, 70),
        id_number=block.text(122, 36),
        authority=block.text(158, 30),
        valid_from=block.day(188),
        valid_until=block.day(204),
    )


def _hong_kong_macao_taiwan(block: _Block) -> Card:
    return Card(
        kind="J",
        name=block.text(0, 30),
        sex=block.text(30, 2),
        birth_on=block.day(36),
        address=block.text(52, 70),
        id_number=block.text(122, 36),
        authority=block.text(158, 30),
        valid_from=block.day(188),
        valid_until=block.day(204),
        pass_number=block.text(220, 18),
    )


def _foreigner_2023(block: _Block) -> Card:
    return Card(
        kind="Y",
        name=block.text(0, 30),
        sex=block.text(30, 2),
        birth_on=block.day(36),
        english_name=block.text(52, 70, 220, 22),
        id_number=block.text(122, 36),
        valid_from=block.day(188),
        valid_until=block.day(204),
        nationality=block.text(242, 6),
    )


def _foreigner_2017(block: _Block) -> Card:
    return Card(
        kind="I",
        english_name=block.text(0, 120),
        sex=block.text(120, 2),
        id_number=block.text(122, 30),
        nationality=block.text(152, 6),
        name=block.text(158, 30),
        valid_from=block.day(188),
        valid_until=block.day(204),
        birth_on=block.day(220),
    )


KINDS: dict[str, _Kind] = {
    "J": _Kind("港澳台居民居住证", _hong_kong_macao_taiwan),
    "Y": _Kind("外国人永久居留身份证", _foreigner_2023),
    "I": _Kind("外国人永久居留身份证", _foreigner_2017),
}
RESIDENT = _Kind("居民身份证", _resident)


def label(kind: str) -> str:
    """The card's name as people say it."""
    return KINDS.get(kind, RESIDENT).name


def decode(raw: bytes) -> Card:
    """The card of a text block.

    The 2017 foreigner's number has another check rule, which is not published: it is taken as it stands.

    Raises:
        BadCard: wrong length, not UTF-16, no name or number, or a number whose check digit is wrong.
    """
    if len(raw) != TEXT_LENGTH:
        raise BadCard("length")
    block = _Block(raw)
    flag = block.text(248, 2)
    card = KINDS.get(flag, RESIDENT).read(block)
    if not card.id_number or not (card.name or card.english_name):
        raise BadCard("empty")
    if card.kind != "I" and not is_id_number(card.id_number):
        raise BadCard("number")
    return card


def is_id_number(text: str) -> bool:
    """Whether the 18 characters carry the right check digit (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if len(text) != 18 or not (text[:17].isascii() and text[:17].isdecimal()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, text[:17], strict=True))
    return CHECK_DIGITS[total % 11] == text[17].upper()


def expired(card: Card, on: date) -> bool:
    """Whether the card's last day lies before `on`."""
    return card.valid_until is not None and card.valid_until < on


def mask_number(number: str) -> str:
    """The number as a screen may show it: 999999********002X; the first and last characters only when it is short."""
    if len(number) >= 15:
        return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"
    if len(number) > 4:
        return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"
    return "*" * len(number)


def mask_name(name: str) -> str:
    """The first character and stars."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""
