"""The shapes of the department contract."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec

MAX_BODY = 256 * 1024

_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Person(msgspec.Struct, frozen=True):
    name: _Short
    id_number: _Short


class PaperOrder(msgspec.Struct, frozen=True):
    """What the center reserved for the paper: its verification code and the address that verifies it."""

    code: _Short
    verify_url: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    authority: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Matter(msgspec.Struct, frozen=True):
    """What a terminal hands in through the center."""

    case: _Short
    item: _Short
    person: Person
    form: dict[str, Any]
    paper: PaperOrder


class Outcome(msgspec.Struct, frozen=True):
    """outcome: done, handed_in or refused. rows are shown to the person; the paper is base64 of a PDF."""

    outcome: str
    message: str
    rows: list[tuple[str, str]] = []
    paper_pdf: str | None = None
    department_ref: str = ""


class CardAsked(msgspec.Struct, frozen=True):
    """POST identify: the code as printed on the card, capitals and digits without blanks."""

    card_code: str


def read_card(body: bytes) -> CardAsked:
    """Raises msgspec.DecodeError with the field at fault, never its value."""
    return msgspec.json.decode(body, type=CardAsked)


def read_matter(body: bytes) -> Matter:
    """Raises msgspec.DecodeError with the field at fault."""
    return msgspec.json.decode(body, type=Matter)


def fingerprint(matter: Matter) -> str:
    """The same for bodies that say the same, however they were written down."""
    return hashlib.sha256(msgspec.json.encode(matter, order="sorted")).hexdigest()
