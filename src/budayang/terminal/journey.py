"""One person's journey: a state machine as one table, and the memory that ends with it.

    attract → choose → consent → identity → (resume) → (agent) → (check) → (licences) → fill → (sheets) → confirm
    → submit (→ pay → submit) → print → take → rate → clear

A live journey exists in memory only. Ending it, however it ends, drops the one object that holds everything of the
person.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.terminal.devices.idreader.card import Card, label, mask_name, mask_number
from budayang.terminal.holding import Booking, Check, Correction, Launch, Licences, PhoneLink, Sheet
from budayang.wire.mac import public_text
from budayang.wire.messages import CasePrivate, CaseResult
from budayang.wire.paying import CasePay, Progress


class State(StrEnum):
    """The screen the person is at."""

    ATTRACT = "attract"
    CHOOSE = "choose"
    CONSENT = "consent"
    IDENTITY = "identity"
    RESUME = "resume"
    AGENT = "agent"  # who acts for the person: the agent's card, the person's signature
    CHECK = "check"  # is it the person of the card? (人证核对)
    LICENCES = "licences"  # may e-licences spare questions?
    FILL = "fill"
    SHEETS = "sheets"  # materials by document camera or phone
    CONFIRM = "confirm"
    SUBMIT = "submit"
    PAY = "pay"
    PRINT = "print"
    TAKE = "take"
    OUTCOME = "outcome"
    RATE = "rate"
    PROGRESS = "progress"
    CORRECT = "correct"  # what a department asks for, before it is handed in (补正)
    LAUNCH = "launch"  # a department's own page stands over the screen
    CLEAR = "clear"


class Event(StrEnum):
    """What moves the journey: a touch, a card, a device, the center, the clock."""

    START = "start"
    CHOOSE = "choose"
    AGREE = "agree"
    DECLINE = "decline"
    HAS_PAPERS = "has_papers"  # identified, and papers of an earlier case wait
    HAS_FORM = "has_form"  # identified, the item asks questions
    NO_FORM = "no_form"  # identified, nothing to ask
    ACTS_FOR = "acts_for"  # somebody acts for the person whose card was read
    NEEDS_CHECK = "needs_check"  # the department wants to be sure that it is the person of the card
    HAS_LICENCES = "has_licences"  # e-licences may know answers
    NEEDS_SHEETS = "needs_sheets"  # the answers ask for materials
    SHEETS_READY = "sheets_ready"
    REPRINT = "reprint"
    FILLED = "filled"
    BACK = "back"
    EDIT = "edit"
    SUBMIT = "submit"
    DONE = "done"  # the result is here, with papers
    ENDED = "ended"  # the case came to an end without a paper, or cannot be followed now
    DUE = "due"  # the department goes on when this is paid
    PAID = "paid"  # the money came: back to waiting for the result
    PROGRESS = "progress"  # how does a matter stand, by number and code
    CORRECT = "correct"  # from the progress: hand in what is missing
    ASKED = "asked"  # identified, and this is what the department asks for
    SLOT_GONE = "slot_gone"  # the chosen time went; others are left
    LAUNCH = "launch"  # the item is the department's own page
    CLOSED = "closed"  # that page is closed, by the person, by its time or by itself
    CONFIRMED = "confirmed"  # the device put all pages out
    LEAVE_PAPER = "leave_paper"
    TAKEN = "taken"
    MISPRINT = "misprint"
    AGAIN = "again"
    FINISH = "finish"
    RATED = "rated"
    SKIP = "skip"
    EXIT = "exit"
    HOME = "home"
    IDLE = "idle"
    CLEARED = "cleared"


S, E = State, Event
TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.ATTRACT, E.START): S.CHOOSE,
    (S.ATTRACT, E.CHOOSE): S.CONSENT,
    (S.CHOOSE, E.CHOOSE): S.CONSENT,
    (S.CONSENT, E.AGREE): S.IDENTITY,
    (S.CONSENT, E.DECLINE): S.CHOOSE,
    (S.IDENTITY, E.DECLINE): S.CHOOSE,
    (S.IDENTITY, E.HAS_PAPERS): S.RESUME,
    (S.IDENTITY, E.HAS_FORM): S.FILL,
    (S.IDENTITY, E.NO_FORM): S.CONFIRM,
    (S.RESUME, E.REPRINT): S.SUBMIT,
    (S.RESUME, E.HAS_FORM): S.FILL,
    (S.RESUME, E.NO_FORM): S.CONFIRM,
    (S.IDENTITY, E.ACTS_FOR): S.AGENT,
    (S.RESUME, E.ACTS_FOR): S.AGENT,
    (S.AGENT, E.DECLINE): S.CHOOSE,
    (S.FILL, E.FILLED): S.CONFIRM,
    (S.FILL, E.NEEDS_SHEETS): S.SHEETS,
    (S.SHEETS, E.SHEETS_READY): S.CONFIRM,
    (S.SHEETS, E.EDIT): S.FILL,
    (S.SHEETS, E.BACK): S.CHOOSE,
    (S.CONFIRM, E.NEEDS_SHEETS): S.SHEETS,
    (S.FILL, E.BACK): S.CHOOSE,
    (S.CONFIRM, E.EDIT): S.FILL,
    (S.CONFIRM, E.BACK): S.CHOOSE,
    (S.CONFIRM, E.SUBMIT): S.SUBMIT,
    (S.SUBMIT, E.DONE): S.PRINT,
    (S.SUBMIT, E.ENDED): S.OUTCOME,
    (S.SUBMIT, E.DUE): S.PAY,
    (S.PAY, E.PAID): S.SUBMIT,
    (S.PAY, E.ENDED): S.OUTCOME,
    (S.PRINT, E.CONFIRMED): S.TAKE,
    (S.PRINT, E.LEAVE_PAPER): S.RATE,
    (S.TAKE, E.TAKEN): S.RATE,
    (S.TAKE, E.MISPRINT): S.PRINT,
    (S.OUTCOME, E.AGAIN): S.CONFIRM,
    (S.OUTCOME, E.FINISH): S.RATE,
    (S.OUTCOME, E.REPRINT): S.SUBMIT,  # the slip for the window
    (S.ATTRACT, E.PROGRESS): S.PROGRESS,
    (S.CHOOSE, E.PROGRESS): S.PROGRESS,
    (S.PROGRESS, E.CORRECT): S.CONSENT,
    (S.IDENTITY, E.ASKED): S.CORRECT,
    (S.CORRECT, E.HAS_FORM): S.FILL,
    (S.CORRECT, E.NEEDS_SHEETS): S.SHEETS,
    (S.FILL, E.ASKED): S.CORRECT,
    (S.SHEETS, E.ASKED): S.CORRECT,
    (S.SUBMIT, E.SLOT_GONE): S.FILL,
    (S.ATTRACT, E.LAUNCH): S.LAUNCH,
    (S.CHOOSE, E.LAUNCH): S.LAUNCH,
    (S.LAUNCH, E.CLOSED): S.CLEAR,
    (S.LAUNCH, E.DECLINE): S.CHOOSE,  # it could not be opened
    (S.RATE, E.RATED): S.CLEAR,
    (S.RATE, E.SKIP): S.CLEAR,
    (S.CLEAR, E.START): S.CHOOSE,
    (S.CLEAR, E.CHOOSE): S.CONSENT,
    (S.CLEAR, E.CLEARED): S.ATTRACT,
}
TRANSITIONS |= {(S.CHECK, E.DECLINE): S.CHOOSE, (S.CONFIRM, E.NEEDS_CHECK): S.CHECK}  # the latter: consent withdrawn
for _state in (S.IDENTITY, S.RESUME, S.AGENT):
    TRANSITIONS[_state, E.NEEDS_CHECK] = S.CHECK
for _state in (S.IDENTITY, S.RESUME, S.AGENT, S.CHECK):
    TRANSITIONS[_state, E.HAS_LICENCES] = S.LICENCES
for _state in (S.AGENT, S.CHECK, S.LICENCES):
    TRANSITIONS |= {(_state, E.HAS_FORM): S.FILL, (_state, E.NO_FORM): S.CONFIRM}
for _state in (S.IDENTITY, S.RESUME, S.AGENT, S.CHECK, S.LICENCES):
    TRANSITIONS[_state, E.NEEDS_SHEETS] = S.SHEETS  # nothing to ask, but materials to give
RESTING = frozenset({S.ATTRACT, S.CLEAR})
for _state in State:
    if _state not in RESTING:
        TRANSITIONS[_state, E.EXIT] = S.CLEAR
    if _state not in RESTING | {S.SUBMIT}:
        # While the case is on its way the screen stays: the person looks at the department's work, not at a dead
        # machine.
        TRANSITIONS[_state, E.IDLE] = S.CLEAR
for _state in (
    S.CHOOSE,
    S.CONSENT,
    S.IDENTITY,
    S.RESUME,
    S.AGENT,
    S.CHECK,
    S.LICENCES,
    S.FILL,
    S.SHEETS,
    S.CONFIRM,
    S.OUTCOME,
    S.PROGRESS,
    S.CORRECT,
):
    TRANSITIONS[_state, E.HOME] = S.CHOOSE

# How much longer or shorter than elsewhere a person may be still, as a share of `idle_warn_s`.
IDLE_SHARE: dict[State, float] = {
    S.CHOOSE: 1.0,
    S.CONSENT: 1.0,
    S.IDENTITY: 1.0,
    S.RESUME: 1.0,
    S.AGENT: 1.5,
    S.CHECK: 3.0,  # somebody has to come over
    S.LICENCES: 1.0,
    S.FILL: 1.5,
    S.SHEETS: 3.0,  # paper is turned over, a phone is looked for
    S.CONFIRM: 1.0,
    # With the payer's phone in hand nobody touches the screen; the code itself expires.
    S.PAY: 4.0,
    S.PROGRESS: 1.5,
    S.CORRECT: 1.5,
    S.LAUNCH: 2.0,
    S.PRINT: 1.5,
    S.TAKE: 1.5,
    S.OUTCOME: 0.75,
    S.RATE: 0.6,
}
CLEAR_S = 3.0
CARE_FACTOR = 2.0
# States in which nothing of the person may be held any more.
FORGETTING = frozenset({S.ATTRACT, S.CHOOSE, S.CLEAR})


@dataclass(frozen=True, slots=True)
class Prefs:
    """A person's settings of the screens; gone with the person. `theme` is that of the hour."""

    care: bool = False
    low: bool = False
    voice: bool = False
    lang: str = "zh"

    def changed(self, name: str, value: str) -> Prefs:
        """With one setting changed. Raises ValueError for an unknown name or value."""
        if name == "lang" and value in {"zh", "en", "mn"}:
            return replace(self, lang=value)
        if name in {"care", "low", "voice"} and value in {"on", "off", "toggle"}:
            on = not getattr(self, name) if value == "toggle" else value == "on"
            changes: dict[str, Any] = {name: on}
            return replace(self, **changes)
        raise ValueError(name)


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands here, by a read card or by a code on a card. Of a code's holder `name` is masked by the center."""

    name: str
    id_number: str
    id_kind: str
    address: str = ""

    @classmethod
    def of_card(cls, card: Card) -> Person:
        """The holder of a read card."""
        return cls(card.name or card.english_name, card.id_number, card.kind, card.address)

    @classmethod
    def of_code(cls, code: str) -> Person:
        """The holder of a card with a code: who that is, the center knows."""
        return cls("", code, "card_code")

    @property
    def by_code(self) -> bool:
        return self.id_kind == "card_code"

    @property
    def label(self) -> str:
        return "演示身份卡" if self.by_code else label(self.id_kind)

    def masked(self) -> dict[str, str]:
        """What a screen may show unasked."""
        kind = "card_code" if self.by_code else "id_card"
        name, number = self.name if self.by_code else mask_name(self.name), mask_number(self.id_number)
        return {"name_masked": name, "id_masked": number, "kind": kind, "label": self.label}

    def clear(self) -> dict[str, str]:
        """What the person sees while pressing."""
        return {"name": self.name, "id_number": self.id_number, "address": self.address, "label": self.label}

    def private(self, form: dict[str, Any], **more: Any) -> CasePrivate:
        """As it travels, sealed; `more` are the other fields of CasePrivate."""
        name = "" if self.by_code else self.name
        return CasePrivate(name=name, id_number=self.id_number, id_kind=self.id_kind, form=form, **more)

    def facts(self) -> dict[str, str]:
        """What the card says that a form may want (`x-prefill`); nothing for a code, whose holder only the center
        knows. Sex and birth stand in the number (GB 11643).
        """
        number = self.id_number
        if self.by_code:
            return {}
        known = {"name": self.name, "id_number": number, "address": self.address}
        if len(number) == 18 and number[:17].isdecimal():
            known |= {
                "birth": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
                "sex": "1" if int(number[16]) % 2 else "2",
            }
        return known

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(slots=True)
class Agent:
    """Who acts for the person (帮办代办), while it is being made sure: the relation, the person's signature as PNG, the
    agent's card.
    """

    relation: str = ""
    signature: bytes = b""
    signed_at: datetime | None = None
    person: Person | None = None

    def __repr__(self) -> str:
        return "Agent(…)"


class ReplyKey:
    """The key pair of one journey: what the center sends back can be opened by this memory only."""

    def __init__(self) -> None:
        self.private = X25519PrivateKey.generate()
        self.public = public_text(self.private)


@dataclass(slots=True)
class Outcome:
    """How a case ended that leads to no paper now. `window`: a clerk at the window may finish it."""

    kind: str
    title: str
    text: str
    safe: str
    again: bool = False
    window: bool = False


@dataclass(slots=True)
class Journey:
    """Everything that is held of one person. A new one is made when the person is gone; nothing is carried over."""

    started_at: datetime
    started_s: float = 0.0  # the same moment on the monotonic clock
    item: str = ""
    consented_at: datetime | None = None
    person: Person | None = None
    reply_key: ReplyKey = field(default_factory=ReplyKey)
    papers: list[dict[str, Any]] = field(default_factory=list)
    form: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    at: str = ""  # the page of the form
    visited: set[str] = field(default_factory=set)
    returning: bool = False  # one answer is being changed: then back to the summary
    acting: bool = False  # somebody acts for the person
    agent: Agent | None = None
    check: Check | None = None
    licences: Licences = field(default_factory=Licences)
    sheets: list[Sheet] = field(default_factory=list)
    sheet_kind: str = ""  # the kind of material whose page is shown
    link: PhoneLink | None = None
    rating: list[tuple[str, str]] = field(default_factory=list)  # (number, part) still to be asked about; "": no part
    error: str = ""
    number: str = ""
    submitted: bool = False
    submit_phase: str = "saving"
    submit_text: str = ""
    since: datetime | None = None
    result: CaseResult | None = None
    case_state: str = ""
    outcome: Outcome | None = None
    pay: CasePay | None = None
    pay_mark: str = ""
    pay_text: str = ""
    scan_text: str = ""  # what became of the last payer's code
    paid: bool = False
    progress: Progress | None = None
    booking: Booking = field(default_factory=Booking)
    correction: Correction | None = None
    launch: Launch | None = None
    asked: tuple[str, str] = ("", "")
    identity_phase: str = "waiting"
    code_tries: int = 0
    steps: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Journey(…)"


def move(state: State, event: Event) -> State | None:
    """The next state; None when the event does not fit the state."""
    return TRANSITIONS.get((state, event))


def idle_limits(state: State, prefs: Prefs, warn_s: float, clear_s: float) -> tuple[float, float] | None:
    """Seconds without a touch until the warning, and until the journey ends; None where it does not.

    `warn_s` and `clear_s` are the place's (`rules.profiles`); in care mode both are doubled.
    """
    share = IDLE_SHARE.get(state)
    if share is None:
        return None
    factor = CARE_FACTOR if prefs.care else 1.0
    return warn_s * share * factor, (warn_s * share + clear_s) * factor
