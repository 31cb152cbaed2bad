"""Keys of the wire: MAC of a sync and of a case request, session agreement, enrolment proof.

HMAC-SHA256 (RFC 2104), HKDF-SHA256 (RFC 5869), X25519 (RFC 7748), Ed25519 (RFC 8032). Keys travel as base64.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CASE_CLOCK_TOLERANCE_MS: Final = 5 * 60 * 1000
SESSION_CLOCK_TOLERANCE_MS: Final = 48 * 3600 * 1000  # a kiosk whose clock is a day off must still get in


class BadKey(ValueError):
    """A key or signature on the wire that is not what it should be."""


def sync_mac(session_key: bytes, epoch: str, counter: int, raw: bytes) -> str:
    """Lower-case hex MAC of a sync's raw bytes."""
    return hmac.digest(session_key, b"%b:%d:%b" % (epoch.encode("ascii"), counter, raw), "sha256").hex()


def check_sync_mac(session_key: bytes, epoch: str, counter: int, raw: bytes, mac: str) -> bool:
    return mac.isascii() and hmac.compare_digest(sync_mac(session_key, epoch, counter, raw), mac)


def case_mac(session_key: bytes, method: str, path: str, time_ms: int, body: bytes) -> str:
    """Lower-case hex MAC of a live case request: METHOD path time body, joined by one space."""
    head = f"{method} {path} {time_ms} ".encode()
    return hmac.digest(session_key, head + body, "sha256").hex()


def check_case_mac(
    session_key: bytes, method: str, path: str, time_ms: int, body: bytes, mac: str, *, now_ms: int
) -> bool:
    """True when the MAC is right and the request is not older or younger than five minutes."""
    if abs(now_ms - time_ms) > CASE_CLOCK_TOLERANCE_MS or not mac.isascii():
        return False
    return hmac.compare_digest(case_mac(session_key, method, path, time_ms, body), mac)


def to_text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def from_text(text: str, size: int) -> bytes:
    """Bytes of a base64 text; raises BadKey unless there are exactly `size` of them."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKey("not base64") from error
    if len(key) != size:
        raise BadKey(f"{len(key)} bytes, expected {size}")
    return key


def public_text(key: Ed25519PrivateKey | X25519PrivateKey) -> str:
    return to_text(key.public_key().public_bytes_raw())


def session_request_message(terminal: str, ephemeral: str, at_ms: int) -> bytes:
    return f"session:{terminal}:{ephemeral}:{at_ms}".encode()


def session_answer_message(
    terminal: str, terminal_ephemeral: str, center_ephemeral: str, expires_at: str, counter_floor: int
) -> bytes:
    """What the center signs with its audit key, so that a relay cannot put itself in the middle."""
    return f"session-answer:{terminal}:{terminal_ephemeral}:{center_ephemeral}:{expires_at}:{counter_floor}".encode()


def machine_key_message(relay: str, terminal: str, public_key: str) -> bytes:
    """What the key of a watched machine signs: it belongs to this machine and is held by this relay."""
    return f"machine-key:{relay}:{terminal}:{public_key}".encode()


def sign(private: Ed25519PrivateKey, message: bytes) -> str:
    return to_text(private.sign(message))


def check_signature(public_key: str, message: bytes, signature: str) -> bool:
    """True when `signature` (base64) of `message` was made by the owner of `public_key` (base64 Ed25519)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(from_text(public_key, 32))
        key.verify(from_text(signature, 64), message)
    except (BadKey, InvalidSignature, ValueError):
        return False
    return True


def agree(private: X25519PrivateKey, peer_ephemeral: str, terminal: str) -> bytes:
    """The 32-byte session key of both sides. Raises BadKey for a peer key of low order or wrong length."""
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(from_text(peer_ephemeral, 32)))
    except BadKey:
        raise
    except ValueError as error:
        raise BadKey("unusable X25519 key") from error
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"budayang wire v1 " + terminal.encode()).derive(shared)
