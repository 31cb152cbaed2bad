"""Which characters the packaged fonts can draw.

Typst sets a character without a glyph as an empty box and says nothing. On an official paper that would be a person's
name with a hole in it, so the characters are looked up first, in the fonts' own character maps (OpenType `cmap`,
formats 4 and 12).
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn

MONGOLIAN = Path(__file__).parent / "fonts" / "NotoSansMongolian-Regular.ttf"
"""Traditional Mongolian, shipped with this package: no package of fonts brings it."""
NO_GLYPH = "〓"
"""Printers' mark for a character that the type case lacks."""
# Set by the line breaker or shaped away, never drawn.
_NOT_DRAWN = frozenset("\n\r\t\u200b\u200c\u200d\u2060\ufeff")


def missing_glyphs(text: str) -> list[str]:
    """The characters of `text` that no packaged font has, in order of code point."""
    return sorted(set(text) - _drawable() - _NOT_DRAWN)


def drawable(data: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The data of a paper with `NO_GLYPH` for each character that no font has, and whether there were any."""
    lacking = missing_glyphs("".join(_texts(data)))
    if not lacking:
        return dict(data), False
    table = str.maketrans(dict.fromkeys(lacking, NO_GLYPH))

    def mend(value: object) -> Any:
        if isinstance(value, str):
            return value.translate(table)
        if isinstance(value, dict):
            return {key: mend(one) for key, one in value.items()}
        return [mend(one) for one in value] if isinstance(value, list | tuple) else value

    return mend(dict(data)), True


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


@functools.cache
def _drawable() -> frozenset[str]:
    sans, serif = pylopdf_fonts_zh_cn.sans_path(), pylopdf_fonts_zh_cn.serif_path()
    return frozenset().union(*(_characters(Path(one).read_bytes()) for one in (sans, serif, MONGOLIAN)))


def _characters(font: bytes) -> set[str]:
    tables = struct.unpack_from(">H", font, 4)[0]
    for i in range(tables):
        tag, _checksum, offset, _length = struct.unpack_from(">4sIII", font, 12 + 16 * i)
        if tag == b"cmap":
            return _read_cmap(font, offset)
    raise ValueError("the font has no character map")


def _read_cmap(font: bytes, start: int) -> set[str]:
    found: set[str] = set()
    for i in range(struct.unpack_from(">H", font, start + 2)[0]):
        table = start + struct.unpack_from(">HHI", font, start + 4 + 8 * i)[2]
        form = struct.unpack_from(">H", font, table)[0]
        if form == 12:
            for group in range(struct.unpack_from(">I", font, table + 12)[0]):
                first, last, _glyph = struct.unpack_from(">III", font, table + 16 + 12 * group)
                found.update(map(chr, range(first, last + 1)))
        elif form == 4:
            segments = struct.unpack_from(">H", font, table + 6)[0] // 2
            ends = struct.unpack_from(f">{segments}H", font, table + 14)
            starts = struct.unpack_from(f">{segments}H", font, table + 16 + 2 * segments)
            for first, last in zip(starts, ends, strict=True):
                found.update(map(chr, range(first, min(last, 0xFFFE) + 1)))
    return found
