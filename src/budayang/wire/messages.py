"""The wire, version 1: JSON bodies as frozen structs (ARCHITECTURE 'The wire').

Unknown fields are ignored and unknown words of an enumeration are kept as text, so that an older center understands a
newer terminal and the other way round. Times on the wire are milliseconds since 1970 (`_ms`) of the sender's clock.
`gc=False`: decoded messages hold no cycles, and there are very many of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

VERSION: Final = 1

MAX_BODY: Final = 1024 * 1024  # bytes of one POST
MAX_SYNCS: Final = 200  # envelopes in one body
MAX_EVENTS: Final = 500  # events in one sync
MAX_SUBJECTS: Final = 64  # subjects in one state
MAX_PROPERTIES: Final = 32  # properties of one subject
MAX_EVENT_BODY: Final = 64 * 1024  # bytes of one event's body as stored
MAX_DEPTH: Final = 12  # nesting of one event's body
MAX_WAIT_S: Final = 25  # how long a sync may be held
CLOCK_TOLERANCE_MS: Final = 2000  # beyond it the center trusts ages, not clocks

# Answers' errors. An error concerns one envelope; the others of the body are answered on their own.
UNKNOWN_TERMINAL: Final = "unknown_terminal"
REVOKED: Final = "revoked"
SUSPENDED: Final = "suspended"
BAD_MAC: Final = "bad_mac"
NO_SESSION: Final = "no_session"
COUNTER_REUSED: Final = "counter_reused"
MALFORMED: Final = "malformed"
TOO_LARGE: Final = "too_large"
OLDER_EPOCH: Final = "older_epoch"
GAP: Final = "gap"
ERRORS: Final = frozenset(
    {
        UNKNOWN_TERMINAL, REVOKED, SUSPENDED, BAD_MAC, NO_SESSION,
        COUNTER_REUSED, MALFORMED, TOO_LARGE, OLDER_EPOCH, GAP,
    }
)  # fmt: skip

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]  # exact in JSON for every reader
Millis = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Raw = Annotated[str, msgspec.Meta(max_length=200)]
Epoch = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class StateValue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One property's state word (XFS4IoT spelling) and what the device itself said."""

    s: Word
    r: Raw = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened at the terminal. `seq` counts from 1 in an outbox' epoch without holes.

    `at_ms` is the terminal's clock at the event, `age_ms` the monotonic time from the event to this sending.
    A kind "status" has the body of `StatusBody`; all other kinds go to the inbox of the room that owns them.
    """

    seq: Count
    kind: Word
    at_ms: Millis
    age_ms: Count = 0
    body: dict[str, Any] = {}


class StatusBody(msgspec.Struct, frozen=True, kw_only=True):
    subject: Word
    property: Word
    state: Word
    kind: Short = ""
    raw: Raw = ""


State = dict[Word, dict[Word, StateValue]]


class Sync(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one terminal says. Without events it is a heartbeat.

    `first_seq` is the seq of the first event, or of the next one to come. `state` is the whole state and replaces what
    the center holds; it is sent when the center asked by `want_state`. `lost_seq`: events up to this seq are no longer
    kept by the terminal; a gap before it is accepted.
    """

    center_epoch: Count = 0
    first_seq: Count = 1
    events: list[Event] = []  # at most MAX_EVENTS
    state_hash: Short = ""
    clock_ms: Millis = 0
    software: Short = ""
    wait_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_WAIT_S)] = 0
    state: State | None = None
    kinds: dict[Word, Short] | None = None
    lost_seq: Count = 0


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sync under its MAC: HMAC-SHA256(session key, epoch ":" counter ":" raw sync bytes), lower-case hex."""

    terminal: Code
    epoch: Epoch
    counter: Count
    mac: Short
    sync: msgspec.Raw


class SyncBody(msgspec.Struct, frozen=True, kw_only=True):
    """One POST to /wire/v1/sync. Envelopes stay raw so that one malformed envelope does not break the others."""

    v: int
    syncs: list[msgspec.Raw]  # at most MAX_SYNCS


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Policy, news or a command for a terminal; acknowledged by an event "outgoing.ack" {"ids": [id]}."""

    id: int
    kind: str
    body: msgspec.Raw

    def content(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any])


class AuditWitness(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A signed head of the center's audit chain; whoever holds it can prove later tidying."""

    seq: int
    hash: str
    signature: str
    at: str


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`acked_seq` is committed. With the error "gap" it is the last seq the center has: send from acked_seq + 1."""

    terminal: str
    ok: bool
    error: str | None = None
    acked_seq: int = 0
    outgoing: list[OutgoingMessage] = []
    versions: dict[str, str] = {}
    center_epoch: int = 0
    audit_head: AuditWitness | None = None
    clock_ms: int = 0
    next_in_s: float = 30.0
    want_state: bool = False


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    answers: list[Answer]


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """`proof` is the Ed25519 signature of the new key over the code's bytes: whoever enrols holds the private key."""

    code: Code
    public_key: Short
    proof: Short
    hardware: dict[str, Any] = {}


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    terminal: str
    name: str
    area: str
    place: str
    center_epoch: int
    seal_key: str  # X25519 public, base64: seal personal data to it
    audit_key: str  # Ed25519 public, base64: verifies heads and session answers
    zone: str
    demo: bool


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    terminal: Code
    ephemeral: Short
    at_ms: Millis
    signature: Short


class SessionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`counter_floor`: the next counter must be above it. `center_signature`: keys.session_answer_message."""

    ephemeral: str
    expires_at: str
    counter_floor: int
    center_signature: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a 4xx/5xx of the wire: a code for the program, a sentence for the log. Of a form that was not taken:
    `message` for the person, and `fields`, each with its repair.
    """

    error: str
    detail: str = ""
    message: str = ""
    fields: dict[str, str] = {}


class CaseConsent(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    at: str


class CaseSubmit(msgspec.Struct, frozen=True, kw_only=True):
    """POST /wire/v1/cases/. `sealed`: base64 HPKE of CasePrivate; `reply_key`: base64 X25519 made for the journey."""

    number: Code
    item: Code
    sealed: str
    reply_key: Short
    consent: CaseConsent
    lang: Short = "zh"


class SheetRef(msgspec.Struct, frozen=True, kw_only=True):
    """One sheet of the materials, sent before the case: its place in the order and what its content hashes to."""

    position: Count
    sha256: Short


class CaseAgent(msgspec.Struct, frozen=True, kw_only=True):
    """帮办代办: who acts for the person, by the agent's own card, and what the person agreed to.

    `signature`: the sha256 of the sheet that holds the person's signature; "" when the agreement was ticked.
    """

    name: str
    id_number: str
    id_kind: str
    relation: Short
    consent: CaseConsent
    signature: Short = ""


class CaseCheck(msgspec.Struct, frozen=True, kw_only=True):
    """人证核对: how it was made sure that the person is the one of the card. No picture and no template ever travels.

    `way`: face, staff or window. Of a face the consent of its own (`consent`) and the class of the score; of the staff
    the `mark` under which the center knows who looked.
    """

    way: Short
    at: str
    consent: CaseConsent | None = None
    score: Short = ""
    mark: Short = ""


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`pay`: what is to be paid (paying.CasePay), sealed to the journey. `mark`: names what is told here, for
    CaseWait. `paid`: money was paid for this case, whatever became of it. `asked`: its person was asked already how it
    went, or has said so.
    """

    number: str
    state: str
    message: str = ""
    result: str | None = None
    pay: str | None = None
    mark: str = ""
    paid: bool = False
    asked: bool = False


class CaseWait(msgspec.Struct, frozen=True, kw_only=True):
    """`seen`: the mark of what the screen shows already; the wait is held until there is something else to tell."""

    wait_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_WAIT_S)] = 0
    reply_key: Short = ""
    seen: Short = ""


class CasePrivate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    id_number: str
    id_kind: str
    form: dict[str, Any] = {}
    agent: CaseAgent | None = None
    materials: list[SheetRef] = []
    parts: dict[Code, Code] = {}  # of a joint matter (联办): item → the number its case gets
    corrects: Short = ""  # what is handed in is what this case lacked (补正), no case of its own
    check: CaseCheck | None = None


class CasePart(msgspec.Struct, frozen=True, kw_only=True):
    """How one part of a joint matter stands. `number` is "" for a part that is done at a window; `todo` says what the
    person does about it, `asked` is that of CaseAnswer.
    """

    item: str
    name: str
    department: str
    number: str = ""
    state: str
    word: str
    message: str = ""
    todo: str = ""
    asked: bool = False


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    rows: list[tuple[str, str]] = []
    paper_pdf: str | None = None
    receipt_pdf: str = ""
    receipt_code: str = ""
    verify_url: str = ""
    head: dict[str, Any] = {}
    papers: list[str] = []  # of a joint matter: the parts' papers in their order
    parts: list[CasePart] = []


def seal_sync(*, terminal: str, epoch: str, counter: int, mac: str, raw: bytes) -> bytes:
    """The bytes of one envelope around `raw`, which the MAC covers byte for byte."""
    return msgspec.json.encode(
        Envelope(terminal=terminal, epoch=epoch, counter=counter, mac=mac, sync=msgspec.Raw(raw))
    )


def sync_body(envelopes: list[bytes]) -> bytes:
    """One POST body of ready envelopes; their bytes are not touched."""
    return b'{"v":%d,"syncs":[%s]}' % (VERSION, b",".join(envelopes))


def depth(value: object, limit: int = MAX_DEPTH) -> int:
    """Nesting of a decoded JSON value, counted up to `limit` + 1; a scalar is 0."""
    level, layer = 0, [value]
    while layer and level <= limit:
        inner: list[object] = []
        for one in layer:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        if not any(isinstance(one, (dict, list)) for one in layer):
            break
        level, layer = level + 1, inner
    return level
