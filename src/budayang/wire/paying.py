"""What terminal and center say of a payment, of the window, and of a case's progress. Amounts in fen."""

from __future__ import annotations

import msgspec

from budayang.wire.messages import Code, Short


class CasePay(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid before a case goes on, sealed to the journey.

    `state`: opening (the code is being made), open (`qr` may be scanned), closed (expired or cancelled: another may be
    begun), none (nobody takes money here). `left_s`: seconds until the code expires. `refused`: how many payer's codes
    were shown with which nothing could be taken.
    """

    payment: str = ""
    title: str
    amount_fen: int
    state: str
    qr: str = ""
    left_s: int = 0
    refused: int = 0


class PayAsk(msgspec.Struct, frozen=True, kw_only=True):
    """POST {number}/pay: begin (again) to pay. POST {number}/stop and {number}/window take the same without a code.

    `payer_code`: what the payer's phone shows, read by a scanner; empty for a code that people scan.
    """

    reply_key: Short
    payer_code: Short = ""


class ProgressAsk(msgspec.Struct, frozen=True, kw_only=True):
    """POST progress, POST progress/withdraw: number and code as typed from a receipt."""

    number: Short
    code: Short
    lang: Code = "zh"


class ProgressStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step in words; `at_ms` since 1970, `by`: platform, department, person, staff."""

    word: str
    at_ms: int
    by: str


class ProgressPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment of a case and where its money is, in the language asked for."""

    fen: int
    word: str


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case stands. No name, no identity number. Days are "2026-12-01" or empty.

    `appointment`: the booked time in words; `may_correct`: what is missing may be handed in at a terminal now.
    """

    number: str
    official_number: str = ""
    item: str
    department: str
    state: str
    word: str
    law: str
    message: str = ""
    steps: list[ProgressStep] = []
    statutory_on: str = ""
    promised_on: str = ""
    legal_workdays: int = 0
    missing: list[str] = []
    missing_until: str = ""
    payments: list[ProgressPayment] = []
    paper: str = ""
    may_withdraw: bool = False
    appointment: str = ""
    appointment_place: str = ""
    may_correct: bool = False
