"""HPKE (RFC 9180, base mode) for personal data: X25519, HKDF-SHA256, ChaCha20-Poly1305, one message a sealing."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def case_info(number: str) -> bytes:
    """Purpose of a sealed CasePrivate."""
    return b"budayang case " + number.encode()


def result_info(number: str) -> bytes:
    """Purpose of a sealed CaseResult."""
    return b"budayang result " + number.encode()


def pay_info(number: str) -> bytes:
    """Purpose of a sealed CasePay."""
    return b"budayang pay " + number.encode()


def identity_info(terminal: str) -> bytes:
    """Purpose of a sealed identity that asks for pending papers."""
    return b"budayang identity " + terminal.encode()


def person_info(terminal: str) -> bytes:
    """Purpose of what the center tells the journey of a card's holder."""
    return b"budayang person " + terminal.encode()


def sheet_info(number: str, position: int) -> bytes:
    """Purpose of one sealed sheet of a case's materials."""
    return b"budayang sheet %s %d" % (number.encode(), position)


def upload_info(link: str) -> bytes:
    """Purpose of a picture that a phone gave to a journey."""
    return b"budayang upload " + link.encode()


def licence_info(terminal: str) -> bytes:
    """Purpose of a question for e-licences, and of its answer."""
    return b"budayang licence " + terminal.encode()


def search_info(terminal: str) -> bytes:
    """Purpose of words that somebody looked for and that meant no item."""
    return b"budayang search " + terminal.encode()


class CannotOpen(ValueError):
    """The blob is damaged, was sealed to another key, or for another purpose."""


def seal(public: bytes | X25519PublicKey, plaintext: bytes, info: bytes) -> bytes:
    """Encapsulated key and ciphertext in one blob. `public`: 32 raw bytes or the key; `info` names the purpose."""
    key = X25519PublicKey.from_public_bytes(public) if isinstance(public, bytes) else public
    return _SUITE.encrypt(plaintext, key, info)


def open_sealed(private: bytes | X25519PrivateKey, blob: bytes, info: bytes) -> bytes:
    """The plaintext of `seal`. Raises CannotOpen."""
    key = X25519PrivateKey.from_private_bytes(private) if isinstance(private, bytes) else private
    try:
        return _SUITE.decrypt(blob, key, info)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("sealed to another key or damaged") from error


def seal_text(public: bytes | X25519PublicKey, plaintext: bytes, info: bytes) -> str:
    """`seal` as base64, the form in which it travels."""
    return base64.b64encode(seal(public, plaintext, info)).decode("ascii")


def open_text(private: bytes | X25519PrivateKey, text: str, info: bytes) -> bytes:
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CannotOpen("not base64") from error
    return open_sealed(private, blob, info)
