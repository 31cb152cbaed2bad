"""Secrets outside the database: one file each, readable by the owner alone, made at the first start."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def read_or_make(path: Path, make: bytes) -> bytes:
    """The bytes of `path`; written with `make` when the file is not there yet.

    Two processes may start at once: the file is written aside, complete, and linked into place; the slower one's link
    fails and it reads the winner's.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()


def secret_key(data_dir: Path) -> str:
    """Django's signing key (sessions, CSRF)."""
    return read_or_make(data_dir / "keys" / "django", secrets.token_urlsafe(48).encode()).decode()
