"""The shapes of the department contract."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec

MAX_BODY = 12 * 1024 * 1024
MAX_CARD_BODY = 256 * 1024

_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Case = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
_Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_Moment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$")]
_Fen = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class Person(msgspec.Struct, frozen=True):
    name: _Short
    id_number: _Short


class PaperOrder(msgspec.Struct, frozen=True):
    """What the center reserved for the paper: its verification code and the address that verifies it."""

    code: Annotated[str, msgspec.Meta(max_length=64, pattern="^[0-9A-Za-z-]+$")]
    verify_url: Annotated[str, msgspec.Meta(max_length=300, pattern="^https?://[!-~]+$")]
    authority: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Material(msgspec.Struct, frozen=True):
    """One sheet or document that was scanned or uploaded; `content` is base64, `sha256` that of what it decodes to."""

    kind: _Short
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    media: Annotated[str, msgspec.Meta(pattern="^(application/pdf|image/jpeg)$")]
    content: str


class Agent(msgspec.Struct, frozen=True):
    """Who acts for the person (帮办代办)."""

    name: _Short
    id_number: _Short
    relation: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class PersonCheck(msgspec.Struct, frozen=True):
    """How it was made sure that the person is the one of the card (人证核对)."""

    way: Annotated[str, msgspec.Meta(pattern="^(face|staff)$")]
    at: _Moment


class Joint(msgspec.Struct, frozen=True):
    """A part of one thing done once (联办)."""

    number: _Short
    part: Annotated[int, msgspec.Meta(ge=1)]
    of: Annotated[int, msgspec.Meta(ge=1)]


_Materials = Annotated[list[Material], msgspec.Meta(max_length=40)]


class Matter(msgspec.Struct, frozen=True):
    """What a terminal hands in through the center. `test`: everything is done, and nothing comes of it (拨测)."""

    case: _Case
    item: _Short
    person: Person
    form: dict[str, Any]
    paper: PaperOrder
    materials: _Materials = []
    agent: Agent | None = None
    joint: Joint | None = None
    person_check: PersonCheck | None = None
    test: bool = False


class Due(msgspec.Struct, frozen=True):
    bill: _Short
    amount_fen: _Fen
    title: str


class Issuer(msgspec.Struct, frozen=True):
    name: str
    verify_url: str


class AnswerFor(msgspec.Struct, frozen=True):
    """Of what an answer is: the person of the record that was looked into, and the case that was asked."""

    name: str
    id_number: str
    case: str


class Appointment(msgspec.Struct, frozen=True):
    """When and where the person is expected."""

    start: str
    end: str
    place: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """outcome: done, handed_in, refused or due. rows are shown to the person; the paper is base64 of a PDF."""

    outcome: str
    message: str
    rows: list[tuple[str, str]] = []
    paper_pdf: str | None = None
    department_ref: str = ""
    due: Due | None = None
    expected_on: str | None = None
    issuer: Issuer | None = None
    appointment: Appointment | None = None
    for_: AnswerFor | None = msgspec.field(default=None, name="for")


class Paid(msgspec.Struct, frozen=True):
    """POST paid: the center took the money."""

    payment: _Short
    bill: _Short
    amount_fen: _Fen
    paid_at: _Moment


class Correcting(msgspec.Struct, frozen=True):
    """POST correct: what was missing."""

    materials: _Materials = []
    form: dict[str, Any] = {}


class Withdrawing(msgspec.Struct, frozen=True):
    reason: Annotated[str, msgspec.Meta(max_length=300)]


class CardAsked(msgspec.Struct, frozen=True):
    """POST identify: the code as printed on the card, capitals and digits without blanks."""

    card_code: Annotated[str, msgspec.Meta(min_length=4, max_length=32, pattern="^[A-Z0-9]+$")]


def read_card(body: bytes) -> CardAsked:
    """Raises msgspec.DecodeError with the field at fault, never its value."""
    return msgspec.json.decode(body, type=CardAsked)


def read_matter(body: bytes) -> Matter:
    """Raises msgspec.DecodeError with the field at fault."""
    return msgspec.json.decode(body, type=Matter)


def fingerprint(said: msgspec.Struct) -> str:
    """The same for bodies that say the same, however they were written down."""
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
