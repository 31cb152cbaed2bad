"""One person's journey: a state machine as one table, and the memory that ends with it.

    attract → choose → consent → identity → (resume) → fill → confirm → submit → print → take → rate → clear

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
from budayang.wire.mac import public_text
from budayang.wire.messages import CasePrivate, CaseResult


class State(StrEnum):
    """The screen the person is at."""

    ATTRACT = "attract"
    CHOOSE = "choose"
    CONSENT = "consent"
    IDENTITY = "identity"
    RESUME = "resume"
    FILL = "fill"
    CONFIRM = "confirm"
    SUBMIT = "submit"
    PRINT = "print"
    TAKE = "take"
    OUTCOME = "outcome"
    RATE = "rate"
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
    REPRINT = "reprint"
    FILLED = "filled"
    BACK = "back"
    EDIT = "edit"
    SUBMIT = "submit"
    DONE = "done"  # the result is here, with papers
    ENDED = "ended"  # the case came to an end without a paper, or cannot be followed now
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
    (S.FILL, E.FILLED): S.CONFIRM,
    (S.FILL, E.BACK): S.CHOOSE,
    (S.CONFIRM, E.EDIT): S.FILL,
    (S.CONFIRM, E.BACK): S.CHOOSE,
    (S.CONFIRM, E.SUBMIT): S.SUBMIT,
    (S.SUBMIT, E.DONE): S.PRINT,
    (S.SUBMIT, E.ENDED): S.OUTCOME,
    (S.PRINT, E.CONFIRMED): S.TAKE,
    (S.PRINT, E.LEAVE_PAPER): S.RATE,
    (S.TAKE, E.TAKEN): S.RATE,
    (S.TAKE, E.MISPRINT): S.PRINT,
    (S.OUTCOME, E.AGAIN): S.CONFIRM,
    (S.OUTCOME, E.FINISH): S.RATE,
    (S.RATE, E.RATED): S.CLEAR,
    (S.RATE, E.SKIP): S.CLEAR,
    (S.CLEAR, E.START): S.CHOOSE,
    (S.CLEAR, E.CHOOSE): S.CONSENT,
    (S.CLEAR, E.CLEARED): S.ATTRACT,
}
RESTING = frozenset({S.ATTRACT, S.CLEAR})
for _state in State:
    if _state not in RESTING:
        TRANSITIONS[_state, E.EXIT] = S.CLEAR
    if _state not in RESTING | {S.SUBMIT}:
        # While the case is on its way the screen stays: the person looks at the department's work, not at a dead
        # machine.
        TRANSITIONS[_state, E.IDLE] = S.CLEAR
for _state in (S.CHOOSE, S.CONSENT, S.IDENTITY, S.RESUME, S.FILL, S.CONFIRM, S.OUTCOME):
    TRANSITIONS[_state, E.HOME] = S.CHOOSE

IDLE_S: dict[State, float] = {
    S.CHOOSE: 60,
    S.CONSENT: 60,
    S.IDENTITY: 60,
    S.RESUME: 60,
    S.FILL: 90,
    S.CONFIRM: 60,
    S.PRINT: 90,
    S.TAKE: 90,
    S.OUTCOME: 45,
    S.RATE: 35,
}
WARNING_S = 20.0
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

    def private(self, form: dict[str, Any]) -> CasePrivate:
        """As it travels, sealed."""
        name = "" if self.by_code else self.name
        return CasePrivate(name=name, id_number=self.id_number, id_kind=self.id_kind, form=form)

    def __repr__(self) -> str:
        return "Person(…)"


class ReplyKey:
    """The key pair of one journey: what the center sends back can be opened by this memory only."""

    def __init__(self) -> None:
        self.private = X25519PrivateKey.generate()
        self.public = public_text(self.private)


@dataclass(slots=True)
class Outcome:
    """How a case ended that leads to no paper now."""

    kind: str
    title: str
    text: str
    safe: str
    again: bool = False


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
    error: str = ""
    number: str = ""
    submitted: bool = False
    submit_phase: str = "saving"
    submit_text: str = ""
    since: datetime | None = None
    result: CaseResult | None = None
    outcome: Outcome | None = None
    identity_phase: str = "waiting"
    code_tries: int = 0
    steps: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Journey(…)"


def move(state: State, event: Event) -> State | None:
    """The next state; None when the event does not fit the state."""
    return TRANSITIONS.get((state, event))


def idle_limit(state: State, prefs: Prefs) -> float | None:
    """Seconds without a touch after which the journey ends; None where it does not."""
    limit = IDLE_S.get(state)
    return None if limit is None else limit * (CARE_FACTOR if prefs.care else 1.0)
