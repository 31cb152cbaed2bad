"""The changing code on a terminal's screen: whoever read it stood before the screen within that minute.

``<terminal>.<minute>.<signature>``, signed with the terminal's own key (Ed25519, RFC 8032). A session's key would do
while the phone is online; a round that was walked without a network is sent hours later, when that key is gone, and the
public key of the terminal still tells.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from budayang.wire.mac import BadKey, from_text

WINDOW_S: Final = 60
_FOR_ADDRESSES: Final = str.maketrans("+/", "-_")


@dataclass(frozen=True, slots=True)
class Presence:
    """What a code says, not whether it is true."""

    terminal: str
    minute: int
    signature: bytes

    @property
    def since(self) -> datetime:
        """The beginning of the minute for which it was shown."""
        return datetime.fromtimestamp(self.minute * WINDOW_S, UTC)


def _message(terminal: str, minute: int) -> bytes:
    return f"presence:{terminal}:{minute}".encode()


def make_presence(sign: Callable[[bytes], str], terminal: str, at: datetime) -> str:
    """The code that the screen of `terminal` shows at a moment. `sign`: the signature of its key, base64."""
    minute = int(at.timestamp()) // WINDOW_S
    signature = sign(_message(terminal, minute)).translate(_FOR_ADDRESSES).rstrip("=")
    return f"{terminal}.{minute}.{signature}"


def read_presence(code: str) -> Presence | None:
    """The parts of a code, or None when it is none."""
    terminal, _dot, rest = code.strip().partition(".")
    minute, _dot, signature = rest.partition(".")
    if not terminal or not minute.isascii() or not minute.isdigit() or len(minute) > 10 or not signature.isascii():
        return None
    try:
        raw = base64.b64decode(signature + "=" * (-len(signature) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return Presence(terminal, int(minute), raw) if len(raw) == 64 else None


def is_signed(presence: Presence, public_key: str) -> bool:
    """Whether the holder of `public_key` (base64) made the code."""
    try:
        key = Ed25519PublicKey.from_public_bytes(from_text(public_key, 32))
        key.verify(presence.signature, _message(presence.terminal, presence.minute))
    except (BadKey, InvalidSignature, ValueError):
        return False
    return True


def is_of_moment(presence: Presence, at: datetime, slack_s: float) -> bool:
    """Whether the code was on the screen at `at`, give or take the difference of two clocks."""
    slack = timedelta(seconds=slack_s)
    return presence.since - slack <= at <= presence.since + timedelta(seconds=WINDOW_S) + slack
