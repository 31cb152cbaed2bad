"""Keys outside the database and the sealing of personal fields.

Fields: SM4-GCM (GB/T 32907-2016) with key id, random nonce and table/row/column as associated data, so that a value
cannot be moved to another row. Look-up: HMAC-SM3 with a key of its own, so that equal values can be found, not read.

The key of fields is changed by `budayang keys rotate`: the newest seals, every one that is here opens, and `resealing`
moves the rows. The look-up key stays: only whoever holds the plain texts could compute the new hashes, and the house
does not keep them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

from budayang.center.platform.keyfiles import read_or_make

NONCE_BYTES = 12
TAG_BYTES = 16
FIELD_KEY = "field-{}"
NEWEST_POSSIBLE = 255
"""The key id is one byte of the sealed field."""


class CannotOpen(Exception):
    """A sealed field that was changed, moved, or sealed with a key that is not here."""


@dataclass(frozen=True, slots=True)
class CenterKeys:
    """The center's keys. `fields`: key id → 16 bytes; `lookup` is 32 bytes."""

    fields: Mapping[int, bytes]
    lookup: bytes
    seal_private: X25519PrivateKey
    audit_private: Ed25519PrivateKey

    @property
    def newest_field(self) -> int:
        """Id of the key that seals."""
        return max(self.fields)

    @property
    def seal_public(self) -> bytes:
        return self.seal_private.public_key().public_bytes_raw()

    @property
    def audit_public(self) -> bytes:
        return self.audit_private.public_key().public_bytes_raw()


@lru_cache(maxsize=4)
def _keys(folder: Path, changed_ns: int) -> CenterKeys:
    field_ids = field_key_ids(folder) or [1]
    return CenterKeys(
        fields={one: read_or_make(folder / FIELD_KEY.format(one), os.urandom(16)) for one in field_ids},
        lookup=read_or_make(folder / "lookup-1", os.urandom(32)),
        seal_private=X25519PrivateKey.from_private_bytes(read_or_make(folder / "seal-1", os.urandom(32))),
        audit_private=Ed25519PrivateKey.from_private_bytes(read_or_make(folder / "audit-1", os.urandom(32))),
    )


def keys_folder() -> Path:
    """Where the center's keys lie: one file each, mode 0600, outside the database."""
    folder: Path = settings.BUDAYANG.data_dir / "keys"
    return folder


def field_key_ids(folder: Path) -> list[int]:
    """Ids of the field keys in a folder, oldest first."""
    names = (path.name.removeprefix("field-") for path in folder.glob("field-*"))
    return sorted(int(name) for name in names if name.isdecimal())


def center_keys() -> CenterKeys:
    """The keys of this center, made at the first call. A key that the command line added is seen at the next call:
    the folder's own time tells, so that no program has to be started again.
    """
    folder = keys_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _keys(folder, folder.stat().st_mtime_ns)


def seal_field(table: str, row_key: str, column: str, text: str) -> bytes:
    """Seal one personal field: key id (1 byte) + nonce (12) + tag (16) + ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    keys = center_keys()
    key_id = keys.newest_field
    encryptor = Cipher(algorithms.SM4(keys.fields[key_id]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(_place_of(table, row_key, column))
    body = encryptor.update(text.encode()) + encryptor.finalize()
    return bytes([key_id]) + nonce + encryptor.tag + body


def open_field(table: str, row_key: str, column: str, sealed: bytes) -> str:
    """The text of a sealed field.

    Raises:
        CannotOpen: when it was changed, belongs to another row or column, or its key is not here.
    """
    blob = bytes(sealed)
    if len(blob) < 1 + NONCE_BYTES + TAG_BYTES:
        raise CannotOpen("cut field")
    key = center_keys().fields.get(blob[0])
    if key is None:
        raise CannotOpen(f"the key {blob[0]} of {table}.{column} is not here")
    nonce, tag, body = blob[1:13], blob[13:29], blob[29:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
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
