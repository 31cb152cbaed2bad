"""Numbers of promises (出门前保障): random, short enough to write down, the right to look and to cancel."""

from __future__ import annotations

import secrets

from budayang.center.services.codes import ALPHABET

LENGTH, GROUP = 12, 4
"""60 random bits: who does not hold the number does not find it."""
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "－": None, "—": None})


def make_number() -> str:
    """A new number, grouped for reading: "7Q2M-4XTD-9HWR"."""
    return _group("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def read_number(text: str) -> str | None:
    """The number as it is kept (small letters, blanks, missing hyphens, O for 0 are forgiven), or None."""
    plain = text.strip().upper().translate(_FORGIVEN)
    if len(plain) != LENGTH or any(one not in ALPHABET for one in plain):
        return None
    return _group(plain)


def _group(plain: str) -> str:
    return "-".join(plain[start : start + GROUP] for start in range(0, LENGTH, GROUP))
