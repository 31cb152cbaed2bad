"""Verification codes of papers, and what of a person may be shown to whoever holds a paper."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 20  # 100 random bits
GROUP = 5
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "－": None, "—": None})


def make_code() -> str:
    """A new code, grouped for reading: "7Q2MX-…"."""
    return group("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def group(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(text: str) -> str | None:
    """The canonical code in what somebody typed (small letters, blanks, O for 0 are forgiven), or None."""
    code = text.strip().upper().translate(_FORGIVEN)
    if len(code) != LENGTH or any(one not in ALPHABET for one in code):
        return None
    return group(code)


def document_digest(document: bytes) -> str:
    """SHA-256 of the paper's file, hex: whoever has the file can compare."""
    return hashlib.sha256(document).hexdigest()


def mask_name(name: str) -> str:
    """测试甲 -> 测**; two characters: 王五 -> 王*. The first character alone is shown."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_id_number(number: str) -> str:
    """The first four and last four characters of an identity number; shorter numbers show the last two only."""
    if len(number) >= 15:
        return number[:4] + "*" * (len(number) - 8) + number[-4:]
    return "*" * max(len(number) - 2, 2) + number[-2:]
