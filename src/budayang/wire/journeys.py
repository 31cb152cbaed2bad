"""What a journey asks the center beside its case: to keep sheets of materials, to let a phone bring some, to ask for
e-licences, how a joint matter stands, which times are free, what has to be corrected. All below ``/wire/v1/cases/``,
under the terminal's session key.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from budayang.wire.messages import MAX_WAIT_S, CaseConsent, Code, Count, Short, Word

SHEETS: Final = "sheets/"  # + number/position; the body is the sealed sheet itself
UPLOADS: Final = "uploads/"  # + open | <name>/next | <name>/close
LICENCES: Final = "licences"
JOINT: Final = "joint/"  # + number/wait
SLOTS: Final = "slots"
CORRECTION: Final = "correction"

MAX_SHEET_BODY: Final = 9 * 1024 * 1024  # bytes of one sealed sheet; what a place allows is less (a parameter)

Wait = Annotated[int, msgspec.Meta(ge=0, le=MAX_WAIT_S)]


class SheetHead(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a sheet's plain bytes; the content follows after one line feed."""

    kind: Word
    name: Short
    media: Short


class SheetKept(msgspec.Struct, frozen=True, kw_only=True):
    """The center has the sheet; it answers with what it hashed."""

    sha256: str


class UploadKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of material that a phone may bring, and how many sheets of it."""

    kind: Word
    title: Short
    most: Count


class UploadOpen(msgspec.Struct, frozen=True, kw_only=True):
    """A new one-time link for this journey; an earlier one is closed."""

    reply_key: Short
    item_name: Short
    kinds: list[UploadKind]


class UploadOpened(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is the link for the terminal, `url` what the QR code holds for the phone."""

    name: str
    url: str
    valid_s: int


class UploadNext(msgspec.Struct, frozen=True, kw_only=True):
    """`have`: the position of the last sheet that arrived here, 0 for none; the center deletes up to it."""

    reply_key: Short
    have: Count = 0
    wait_s: Wait = 0


class UploadedOne(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: waiting (no phone came yet) | held (one is there) | over. `sealed` opens with the journey's key only."""

    state: str
    position: int = 0
    kind: str = ""
    media: str = ""
    problems: list[str] = []
    sealed: str = ""


class UploadClose(msgspec.Struct, frozen=True, kw_only=True):
    reply_key: Short


class LicenceAsk(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed`: base64 HPKE of {"name", "id_number", "id_kind"}; the answer is sealed to `reply_key`."""

    sealed: str
    reply_key: Short
    item: Code
    kinds: list[Word]
    consent: CaseConsent


class LicenceGot(msgspec.Struct, frozen=True, kw_only=True):
    """`sealed`: base64 HPKE of {"licences": [...]}, each with kind, title, issuer, issued_on, facts and source."""

    sealed: str


class SlotsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which times of an item are free, asked of its department now."""

    item: Code


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A time that may be booked; `left` places of it are free. Moments are ISO 8601 with their offset."""

    id: Word
    start: str
    end: str = ""
    left: int = 0
    place: str = ""


class SlotsTold(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: known (the department said so a moment ago) | silent (it could not be asked: nothing is known)."""

    state: str
    slots: list[Slot] = []


class CorrectionAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants to hand in what a case lacks: number and code from the receipt, and who stands here.

    `sealed`: base64 HPKE of {"id_number", "id_kind"}; later waits with `reply_key` are that person's.
    """

    number: Short
    code: Short
    sealed: str
    reply_key: Short


class CorrectionTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the department asked for, all at once. `schema`: the form of what is handed in now (`forms`): a kind of
    material for each thing that is asked on paper, a question for each answer. `until` is a day, "" when none was said.
    """

    number: Code
    item: Code
    item_name: str
    department: str
    items: list[str]
    asked_at_ms: int
    until: str = ""
    schema: dict[str, Any] = {}


class Empty(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool = True


def pack_sheet(head: SheetHead, content: bytes) -> bytes:
    """The plain bytes of a sheet."""
    return msgspec.json.encode(head) + b"\n" + content


def unpack_sheet(plain: bytes) -> tuple[SheetHead, bytes]:
    """Raises msgspec.DecodeError for anything that `pack_sheet` did not make."""
    line, _feed, content = plain.partition(b"\n")
    return msgspec.json.decode(line, type=SheetHead), content


def licences_of(plain: bytes) -> list[dict[str, Any]]:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(plain, type=dict[str, list[dict[str, Any]]]).get("licences", [])
