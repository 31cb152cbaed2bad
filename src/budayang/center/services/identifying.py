"""Whose card is it? A code typed at a terminal is resolved by the department that issued the card, and by nobody else.

The contract is docs/mechanisms/department-contract.md: `POST {url}/v1/identify`. The code travels in bodies only;
neither it nor the answer is stored, logged or put into an error. (A case then seals the person as after a read card.)
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from budayang.center.platform.sealing import lookup_hash
from budayang.center.services.case_actions import CaseRefused
from budayang.center.services.connector_queries import find_address
from budayang.center.services.models import VerificationAttempt
from budayang.center.services.sending import UNKNOWN_CARD, DepartmentLine
from budayang.center.services.threads import in_thread

log = structlog.get_logger(__name__)

CARD_CODE = "card_code"
ISSUER = "RS"  # social security cards
HOLDER_KIND = "resident"  # the number is the one on the holder's identity card: one person, one hash
ASK_S = 4.0  # shorter than a terminal waits, so that it never gives up on a request that is still at work
SHORTEST, LONGEST = 4, 32
WINDOW = timedelta(minutes=10)
MISSES_ALLOWED = 5
_NOT_READ = str.maketrans("", "", "- －—")


@dataclass(frozen=True, slots=True)
class Holder:
    """The person to whom the department issued the card."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)


class IssuerSilent(Exception):
    """The department did not say whose card it is. The message holds neither code nor answer."""


def read_code(typed: str) -> str | None:
    """The code as the issuer knows it (small letters, blanks and hyphens are forgiven), or None."""
    code = typed.upper().translate(_NOT_READ)
    return code if SHORTEST <= len(code) <= LONGEST and code.isascii() and code.isalnum() else None


async def find_holder(line: DepartmentLine, terminal_code: str, typed: str, now: datetime) -> Holder:
    """Resolve a code; only codes that no card bears count against the terminal.

    Raises:
        CaseRefused: unknown_person, too_many_codes (five misses in ten minutes), identity_unavailable (the issuer does
            not answer: nothing is known of the code, and nothing was done).
    """
    code = read_code(typed)
    if code is None:
        raise CaseRefused("unknown_person")
    attempt = await in_thread(begin_attempt, terminal_code, now)
    try:
        address = await in_thread(find_address, ISSUER)
        if address is None:
            raise IssuerSilent("no connector")
        async with asyncio.timeout(ASK_S):
            holder = await ask_issuer(line, *address, code)
    except (IssuerSilent, TimeoutError) as error:
        log.warning("card cannot be identified", department=ISSUER, why=str(error) or "no answer in time")
        await in_thread(forget_attempt, attempt)
        raise CaseRefused("identity_unavailable") from None
    if holder is None:
        log.warning("card code is not known", terminal=terminal_code)
        raise CaseRefused("unknown_person")
    await in_thread(forget_attempt, attempt)
    return holder


async def ask_issuer(line: DepartmentLine, url: str, key: str, code: str) -> Holder | None:
    """One call, without repetition: a person waits for it. None when no card bears the code.

    Raises:
        IssuerSilent: anything but the contract's two answers.
    """
    body = json.dumps({"card_code": code}).encode()
    said = await line.read(ISSUER, url, key, kind="identify", path="/v1/identify", body=body)
    if said is None:
        raise IssuerSilent("no answer of the contract")
    if said.get("error") == UNKNOWN_CARD:
        return None
    name, number = said.get("name"), said.get("id_number")
    if not isinstance(name, str) or not isinstance(number, str) or not name.strip() or not number.strip():
        raise IssuerSilent("the answer is not of the contract")
    return Holder(name.strip()[:80], number.strip().upper()[:32])


def begin_attempt(terminal_code: str, now: datetime) -> int:
    """Count a miss before asking, so that many requests at one moment are not more tries than one after another.

    Raises:
        CaseRefused: too_many_codes.
    """
    who = lookup_hash("services.card_code", terminal_code)
    attempt = VerificationAttempt.objects.create(client=who, at=now, found=False)
    # No transaction around both: rivals must see each other's lines.
    if VerificationAttempt.objects.filter(client=who, at__gt=now - WINDOW, found=False).count() > MISSES_ALLOWED:
        attempt.delete()
        log.warning("too many unknown card codes", terminal=terminal_code)
        raise CaseRefused("too_many_codes")
    return attempt.pk


def forget_attempt(attempt: int) -> None:
    """It was no miss."""
    VerificationAttempt.objects.filter(pk=attempt).delete()
