"""The link of the person who reported or complained: it alone may take the thing back.

The number is shown to whoever works on it, also to whom it may blame: with it anybody looks, nobody withdraws. The mark
is in no row, list or export; only the center can make it (HMAC-SM3 with its look-up key, 80 bits).
"""

from __future__ import annotations

from typing import Literal

from django.utils.crypto import constant_time_compare

from budayang.center.platform.sealing import lookup_hash

Handed = Literal["report", "complaint"]
MARK_CHARS = 20  # hexadecimal: 80 bits


def own_mark(what: Handed, number: str) -> str:
    """What the address carries to which the person is sent after handing in: /report/<number>/?own=<mark>."""
    return lookup_hash("platform.own_link", f"{what}:{number}")[:MARK_CHARS]


def is_own(what: Handed, number: str, mark: str) -> bool:
    """Whether this is the person's own link."""
    return constant_time_compare(mark, own_mark(what, number))
