"""The receipt (回执) of a case, with the head of the audit chain on it (回执作证)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.platform.queries import latest_head
from budayang.center.platform.templatetags.platform_format import day_and_clock
from budayang.papers import PaperError, render

# So much of the head's hash is printed: 96 bits, nobody makes a second chain that fits them.
PRINTED_HASH = 24


@dataclass(frozen=True, slots=True)
class Witness:
    """The newest signed head of the audit chain."""

    seq: int
    hash: str
    signature: str
    at: str

    def as_dict(self) -> dict[str, Any]:
        return {"seq": self.seq, "hash": self.hash, "signature": self.signature, "at": self.at}

    @property
    def mark(self) -> str:
        """What the receipt's QR code carries and the page /receipt/ reads: "3041-9f86d081884c7d659a2feaa0"."""
        return f"{self.seq}-{self.hash[:PRINTED_HASH]}"


def newest_witness() -> Witness | None:
    """The newest signed head, for a receipt; None before the first line was sealed."""
    head = latest_head()
    return Witness(head["seq"], head["hash"], head["signature"], head["at"]) if head else None


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What a receipt says. No name and no identity number. `rate_url`: where the matter may be rated afterwards.

    `law`: what this step is and is not, in one sentence. `extra`: rows of limits, payments and what is missing.
    """

    number: str
    item: str
    department: str
    area: str
    terminal: str
    zone: str
    outcome: str
    message: str
    code: str
    verify_url: str
    demo: bool
    official_number: str = ""
    law: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    progress_url: str = ""
    title: str = ""
    rate_url: str = ""


def receipt_pdf(outcome: CaseOutcome, head: Witness | None, now: datetime) -> bytes:
    """The receipt as PDF. Its QR code leads to the verification page and carries the head."""
    local = now.astimezone(ZoneInfo(outcome.zone))
    data = {
        "number": outcome.number,
        "item": outcome.item,
        "department": outcome.department,
        "area": outcome.area,
        "terminal": outcome.terminal,
        "at": day_and_clock(local),
        "outcome": outcome.outcome,
        "next": outcome.message,
        "code": outcome.code,
        "verify_url": f"{outcome.verify_url}?w={head.mark}" if head else outcome.verify_url,
        "head_seq": str(head.seq) if head else _("尚无"),
        "head_hash": head.hash[:PRINTED_HASH] if head else _("尚无"),
        "law": outcome.law,
        "progress_url": outcome.progress_url,
        "rate_url": outcome.rate_url,
        "demo": outcome.demo,
    }
    official = [(_("办件流水号"), outcome.official_number)] if outcome.official_number else []
    data["rows"] = [list(row) for row in (*official, *outcome.extra)]
    if outcome.title:
        data["title"] = outcome.title
    try:
        return render("receipt", data, at=now)
    except PaperError:
        # A department's message may hold a character that the packaged font lacks; the receipt stands without it.
        return render("receipt", {name: value for name, value in data.items() if name != "next"}, at=now)
