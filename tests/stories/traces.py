"""Looking for people where none may be: in files, in cells of databases, in addresses."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from budayang.sandbox.citizens import citizens

TRACES: tuple[str, ...] = tuple(word for one in citizens() for word in (one.id_number, one.name))


def forms(text: str) -> set[bytes]:
    """The bytes in which a text could lie in a file: encodings, escapes, base64 at each alignment, bare digests."""
    found = {text.encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "unicode_escape")}
    raw = text.encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        # The first characters mix with what stands before, the last one with what follows.
        found |= {coded[4 if shift else 0 : -1], coded[4 if shift else 0 : -1].translate(bytes.maketrans(b"+/", b"-_"))}
    for digest in ("md5", "sha1", "sha256"):
        # Eighteen digits are soon guessed: a digest without a key is as good as the number.
        found |= {hashlib.new(digest, raw).digest(), hashlib.new(digest, raw).hexdigest().encode()}
    return found


NEEDLES: tuple[tuple[str, bytes], ...] = tuple((text, form) for text in TRACES for form in forms(text))


def in_bytes(content: bytes) -> set[str]:
    """The traces in some bytes."""
    return {text for text, form in NEEDLES if form in content}


def in_files(folder: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    """Files and database cells below `folder` that hold a trace; `but`: names of folders in it that may."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.relative_to(folder).parts[0] in but:
            continue
        found += [f"{path.relative_to(folder)}: {text}" for text in in_bytes(path.read_bytes())]
        if path.suffix == ".sqlite3":
            # A long cell is cut over pages of the file, where a scan of the bytes could miss what lies on the cut.
            found += [f"{path.name} {where}: {text}" for where, cell in cells(path) for text in in_bytes(cell)]
    return sorted(set(found))


def cells(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every cell of text or bytes of a database, with its table and column."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str | bytes):
                        yield f"{table}.{name}", value.encode() if isinstance(value, str) else value
