"""The 256-byte text block of identity cards (GA/T 490 fields), UTF-16LE, padded with blanks."""

from __future__ import annotations

from collections.abc import Mapping

TEXT_BYTES = 256

# (field, offset, length in bytes) by the type flag at offset 248.
_RESIDENT = (
    ("name", 0, 30),
    ("sex", 30, 2),
    ("nation", 32, 4),
    ("birth", 36, 16),
    ("address", 52, 70),
    ("id_number", 122, 36),
    ("authority", 158, 30),
    ("valid_from", 188, 16),
    ("valid_until", 204, 16),
)
LAYOUTS: Mapping[str, tuple[tuple[str, int, int], ...]] = {
    "": _RESIDENT,
    "J": (
        *(field for field in _RESIDENT if field[0] != "nation"),
        ("pass_number", 220, 18),
        ("issue_count", 238, 4),
        ("type", 248, 2),
    ),
    "Y": (
        ("chinese_name", 0, 30),
        ("sex", 30, 2),
        ("renewals", 32, 4),
        ("birth", 36, 16),
        ("english_name", 52, 70),
        ("id_number", 122, 36),
        ("valid_from", 188, 16),
        ("valid_until", 204, 16),
        ("english_name_rest", 220, 22),
        ("nationality", 242, 6),
        ("type", 248, 2),
        ("previous", 250, 6),
    ),
    "I": (
        ("english_name", 0, 120),
        ("sex", 120, 2),
        ("id_number", 122, 30),
        ("nationality", 152, 6),
        ("chinese_name", 158, 30),
        ("valid_from", 188, 16),
        ("valid_until", 204, 16),
        ("birth", 220, 16),
        ("version", 236, 4),
        ("authority", 240, 8),
        ("type", 248, 2),
    ),
}


def text_block(fields: Mapping[str, str], *, kind: str = "") -> bytes:
    """The block of one card.

    kind: "" resident, "J" Hong Kong, Macau or Taiwan resident, "Y" foreigner 2023, "I" foreigner 2017.
    Raises ValueError for an unknown kind or field, or a value that does not fit.
    """
    if kind not in LAYOUTS:
        raise ValueError(f"unknown card kind {kind!r}")
    block = bytearray(" ".encode("utf-16-le") * (TEXT_BYTES // 2))
    given = {**fields, "type": kind} if kind else dict(fields)
    places = {name: (offset, length) for name, offset, length in LAYOUTS[kind]}
    if unknown := sorted(set(given) - set(places)):
        raise ValueError(f"a card of kind {kind!r} has no field {', '.join(unknown)}")
    for name, value in given.items():
        offset, length = places[name]
        encoded = value.encode("utf-16-le")
        if len(encoded) > length:
            raise ValueError(f"{name} takes {length} bytes at most")
        block[offset : offset + len(encoded)] = encoded
    return bytes(block)
