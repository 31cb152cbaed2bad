"""What departments say, read strictly: an answer that breaks the contract is no answer.

The contract is docs/mechanisms/department-contract.md. Nothing here logs, and no error holds a word of an answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from budayang.center.services.codes import mask_id_number, mask_name

MAX_ANSWER = 8 * 1024 * 1024
OUTCOMES = frozenset({"done", "handed_in", "refused", "due"})
STANDINGS = frozenset({"working", "handed_in", "accepted", "correction", "due", "done", "refused", "withdrawn"})
STEPS = frozenset({"received", "accepted", "correction", "decided", "delivered"})
UNKNOWN_CASE = "unknown_case"
LARGEST_FEN = 10_000_000_00

Whose = Callable[[str, str], bool]
"""Whether (name, id number), as the department's record has them, are the person of the case."""


class WrongPerson(ValueError):
    """The department answered with the record of somebody else. Nothing of it may be shown or kept."""


@dataclass(frozen=True, slots=True)
class Booked:
    """When and where the person is expected, by the department's own book."""

    start: datetime
    end: datetime | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after asking. `event` is one of states.CASE_TRANSITIONS' events for a working case:
    done, handed_in, refused, due, not_reached (nothing was taken), unclear (it may have been).

    `due_amount_fen`: what is to be paid before it goes on, in fen. `issuer_url`: where the issuer verifies its paper.
    `retry_after_s`: with not_reached, when the department said that it is closed, the seconds until it opens.
    """

    event: str
    message: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    paper_pdf: bytes | None = None
    department_ref: str = ""
    due_bill: str = ""
    due_amount_fen: int = 0
    due_title: str = ""
    expected_on: date | None = None
    issuer_name: str = ""
    issuer_url: str = ""
    retry_after_s: int = 0
    booked: Booked | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the law: received (收件), accepted (受理), correction (一次性补正告知), decided, delivered."""

    step: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What is missing, told once and whole (一次性补正告知). `asks`: for each item the field of the form that is to be
    answered anew, "" where it is a sheet.
    """

    asked_at: datetime
    items: tuple[str, ...]
    until: date | None
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a matter stands at the department. `state` "unknown_case" is knowledge: this department never took it."""

    state: str
    at: datetime | None = None
    outcome: Answer | None = None
    steps: tuple[Step, ...] = ()
    correction: Correction | None = None


class Withdrawal(StrEnum):
    """What became of the wish to withdraw. `not_reached`: nobody heard it. `unclear`: it may have been heard."""

    WITHDRAWN = "withdrawn"
    TOO_LATE = "too_late"
    NOT_OFFERED = "not_offered"
    NOT_REACHED = "not_reached"
    UNCLEAR = "unclear"


def same_person(name: str, id_number: str) -> Whose:
    """The test for an answer's person: blanks, width of letters and a small x do not make another person."""
    wanted = _plain(name), _plain(id_number)
    return lambda said, number: (_plain(said), _plain(number)) == wanted


def same_masks(masked: Mapping[str, str]) -> Whose | None:
    """The test where only the masks of name and number are left, after the request was deleted; None without them."""
    if not masked.get("name") or not masked.get("id_number"):
        return None
    wanted = _plain(masked["name"]), _plain(masked["id_number"])
    return lambda said, number: (mask_name(_plain(said)), mask_id_number(_plain(number))) == wanted


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("•", "·").upper()


def read_json(content: bytes) -> dict[str, Any]:
    """Raises ValueError: too large, not JSON, not an object."""
    if len(content) > MAX_ANSWER:
        raise ValueError("answer too large")
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


@dataclass(frozen=True, slots=True)
class Binding:
    """To what an answer is bound: the case, its person, and whether the item declared that answers say both (`for`)."""

    number: str = ""
    whose: Whose | None = None
    must_name: bool = False


FREE = Binding()


def read_answer(content: bytes, bound: Binding = FREE) -> Answer:
    """A department's 200 answer to matters, paid and correct.

    Raises:
        WrongPerson: it is about somebody else, or about another case.
        ValueError: the answer breaks the contract; the message holds none of it.
    """
    return _answer(read_json(content), bound)


def _answer(body: Mapping[str, Any], bound: Binding) -> Answer:
    event = body.get("outcome")
    if event not in OUTCOMES:
        raise ValueError("no known outcome")
    _check_bound(body.get("for"), bound, must_name=bound.must_name and event != "refused")
    rows = body.get("rows") or []
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 2 for row in rows):
        raise ValueError("rows are not pairs")
    bill, amount_fen, title = _due(body.get("due")) if event == "due" else ("", 0, "")
    issuer_name, issuer_url = _issuer(body.get("issuer"))
    return Answer(
        event=str(event),
        message=str(body.get("message") or "")[:300],
        rows=tuple((str(label)[:80], str(value)[:300]) for label, value in rows[:60]),
        paper_pdf=_paper(body.get("paper_pdf")),
        department_ref=str(body.get("department_ref") or "")[:80],
        due_bill=bill,
        due_amount_fen=amount_fen,
        due_title=title,
        expected_on=_day(body.get("expected_on"), "expected_on"),
        issuer_name=issuer_name,
        issuer_url=issuer_url,
        booked=_booked(body.get("appointment")),
    )


def _booked(told: Any) -> Booked | None:
    if told is None:
        return None
    if not isinstance(told, dict):
        raise ValueError("appointment is not an object")
    end = _moment(told["end"], "appointment.end") if told.get("end") else None
    return Booked(_moment(told.get("start"), "appointment.start"), end, str(told.get("place") or "")[:120])


def _check_bound(named: Any, bound: Binding, *, must_name: bool) -> None:
    if named is None:
        if must_name:
            raise ValueError("for is missing, which the item declared")
        return
    name, number = (named.get("name"), named.get("id_number")) if isinstance(named, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(number, str):
        raise ValueError("for is not a name and a number")
    if bound.whose is not None and not bound.whose(name, number):
        raise WrongPerson("the answer is about another person")
    if bound.number and named.get("case", bound.number) != bound.number:
        raise WrongPerson("the answer is about another case")


def _paper(text: Any) -> bytes | None:
    if not text:
        return None
    try:
        paper = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("paper_pdf is not base64") from error
    if not paper.startswith(b"%PDF-"):
        raise ValueError("paper_pdf is not a PDF")
    return paper


def _due(due: Any) -> tuple[str, int, str]:
    if not isinstance(due, dict):
        raise ValueError("due is missing")
    bill, amount, title = due.get("bill"), due.get("amount_fen"), due.get("title")
    if not isinstance(bill, str) or not 1 <= len(bill) <= 64:
        raise ValueError("due.bill is not a number of a bill")
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= LARGEST_FEN:
        raise ValueError("due.amount_fen is not an amount in fen")
    return bill, amount, str(title or "")[:80]


def _issuer(issuer: Any) -> tuple[str, str]:
    """Shown to people as the address to trust: https only."""
    if issuer is None:
        return "", ""
    if not isinstance(issuer, dict) or not isinstance(issuer.get("name"), str):
        raise ValueError("issuer has no name")
    url = str(issuer.get("verify_url") or "")
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not parts.hostname or parts.username or len(url) > 300):
        raise ValueError("issuer.verify_url is not an https address")
    return issuer["name"][:80], url


def _day(value: Any, field: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{field} is not a date") from error


def _moment(value: Any, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{field} is not a moment") from error
    if at.tzinfo is None:
        raise ValueError(f"{field} has no zone")
    return at


def read_standing(content: bytes, bound: Binding = FREE) -> Standing:
    """A department's 200 answer to GET /v1/matters/{case}.

    Raises:
        WrongPerson, ValueError: as `read_answer`.
    """
    body = read_json(content)
    if body.get("state") not in STANDINGS:
        raise ValueError("no known state")
    outcome, steps, correction = body.get("outcome"), body.get("steps") or [], body.get("correction")
    if outcome is not None and not isinstance(outcome, dict):
        raise ValueError("outcome is not an object")
    if not isinstance(steps, list):
        raise ValueError("steps are not a list")
    return Standing(
        state=str(body["state"]),
        at=_moment(body.get("at"), "at"),
        outcome=_answer(outcome, bound) if outcome is not None else None,
        steps=tuple(_step(one) for one in steps[:40]),
        correction=_correction(correction) if correction is not None else None,
    )


def _step(step: Any) -> Step:
    if not isinstance(step, dict) or step.get("step") not in STEPS:
        raise ValueError("no known step")
    return Step(step["step"], _moment(step.get("at"), "steps.at"), str(step.get("text") or "")[:200])


def _correction(correction: Any) -> Correction:
    if not isinstance(correction, dict) or not isinstance(correction.get("items"), list):
        raise ValueError("correction has no items")
    items = tuple(str(item)[:200] for item in correction["items"][:40])
    if not items:
        raise ValueError("correction has no items")
    asked_at = _moment(correction.get("asked_at"), "correction.asked_at")
    asks = correction.get("asks")
    if asks is not None and (not isinstance(asks, list) or len(asks) != len(correction["items"])):
        raise ValueError("correction.asks has not one word for each item")
    fields = tuple(str(one)[:64] if one and one != "sheet" else "" for one in (asks or ())[:40])
    return Correction(asked_at, items, _day(correction.get("until"), "correction.until"), fields)
