"""Keys outside the database and the sealing of personal fields.

Fields: SM4-GCM (GB/T 32907-2016) with key id, random nonce and table/row/column as associated data, so that a value
cannot be moved to another row. Look-up: HMAC-SM3 with a key of its own, so that equal values can be found, not read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

from budayang.center.platform.keyfiles import read_or_make

NONCE_BYTES = 12
TAG_BYTES = 16


class CannotOpen(Exception):
    """A sealed field that was changed, moved, or sealed with a key that is not here."""


@dataclass(frozen=True, slots=True)
class CenterKeys:
    """The center's keys. `field` and `lookup` are 16 and 32 bytes."""

    field: bytes
    lookup: bytes
    seal_private: X25519PrivateKey
    audit_private: Ed25519PrivateKey

    @property
    def seal_public(self) -> bytes:
        return self.seal_private.public_key().public_bytes_raw()

    @property
    def audit_public(self) -> bytes:
        return self.audit_private.public_key().public_bytes_raw()


@cache
def _keys(folder: Path) -> CenterKeys:
    return CenterKeys(
        field=read_or_make(folder / "field-1", os.urandom(16)),
        lookup=read_or_make(folder / "lookup-1", os.urandom(32)),
        seal_private=X25519PrivateKey.from_private_bytes(read_or_make(folder / "seal-1", os.urandom(32))),
        audit_private=Ed25519PrivateKey.from_private_bytes(read_or_make(folder / "audit-1", os.urandom(32))),
    )


def center_keys() -> CenterKeys:
    """The keys of this center, made at the first call, mode 0600, one file each under `keys/` of the data folder."""
    return _keys(settings.BUDAYANG.data_dir / "keys")


def seal_field(table: str, row_key: str, column: str, text: str) -> bytes:
    """Seal one personal field: key id (1 byte) + nonce (12) + tag (16) + ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(center_keys().field), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(_place_of(table, row_key, column))
    body = encryptor.update(text.encode()) + encryptor.finalize()
    return b"\x01" + nonce + encryptor.tag + body


def open_field(table: str, row_key: str, column: str, sealed: bytes) -> str:
    """The text of a sealed field.

    Raises:
        CannotOpen: when it was changed or belongs to another row or column.
    """
    blob = bytes(sealed)
    if blob[:1] != b"\x01" or len(blob) < 1 + NONCE_BYTES + TAG_BYTES:
        raise CannotOpen("unknown key id or cut field")
    nonce, tag, body = blob[1:13], blob[13:29], blob[29:]
    decryptor = Cipher(algorithms.SM4(center_keys().field), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(_place_of(table, row_key, column))
    try:
        return (decryptor.update(body) + decryptor.finalize()).decode()
    except Exception as error:  # cryptography raises InvalidTag; a decode error means the same to the caller
        raise CannotOpen(f"{table}.{column} does not open here") from error


def lookup_hash(kind: str, text: str) -> str:
    """A value to find equal texts of one kind by, without the text (HMAC-SM3, hex)."""
    mac = hmac.HMAC(center_keys().lookup, hashes.SM3())
    mac.update(f"{kind}\n{text}".encode())
    return mac.finalize().hex()


def _place_of(table: str, row_key: str, column: str) -> bytes:
    return f"{table}/{row_key}/{column}".encode()
