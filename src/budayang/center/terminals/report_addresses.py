"""The address at which anybody reports what is wrong (报修) with one machine or one area: on its screen, on its plate.

The address names the machine and carries a mark that only the center can make (HMAC-SM3 with its look-up key, 80 bits):
who knows one machine's address cannot write another's. The key does not change, so a plate on the wall stays good.
"""

from __future__ import annotations

from typing import Literal

from django.conf import settings
from django.utils.crypto import constant_time_compare

from budayang.center.platform.sealing import lookup_hash

What = Literal["terminal", "area"]
MARK_CHARS = 20  # hexadecimal: 80 bits
LETTERS: dict[What, str] = {"terminal": "t", "area": "a"}
_WHATS: dict[str, What] = {letter: what for what, letter in LETTERS.items()}
DEMO_ORIGIN = "http://127.0.0.1:8800"
"""The demonstration's own address, where none was set."""


def mark_of(what: What, code: str) -> str:
    """The mark of a machine's or an area's address."""
    return lookup_hash("terminals.report_address", f"{what}:{code}")[:MARK_CHARS]


def path_of(what: What, code: str) -> str:
    """The address without its origin: /r/t/KBS-01/<mark>/."""
    return f"/r/{LETTERS[what]}/{code}/{mark_of(what, code)}/"


def address_of(what: What, code: str) -> str:
    """The whole address, as its QR code holds it."""
    return f"{settings.BUDAYANG.public_url or DEMO_ORIGIN}{path_of(what, code)}"


def read_address(letter: str, code: str, mark: str) -> What | None:
    """What an address is of, or None when the center never gave it out."""
    what = _WHATS.get(letter)
    if what is None or not constant_time_compare(mark, mark_of(what, code)):
        return None
    return what
