"""Whether a PDF holds something that runs or opens by itself, also where names are written with escapes or lie packed
in object streams (ISO 32000-1, 7.3.5 and 7.5.7).

All names of a file stand in its bytes, but for those in object streams: these are unpacked by pypdf. One that cannot be
unpacked may hold anything.
"""

from __future__ import annotations

import io
import re
from bisect import bisect

from pypdf import PdfReader
from pypdf.generic import IndirectObject, StreamObject

_BLANK = rb"[\x00\t\n\f\r ]"
# A short name comes by chance in packed pictures: of /JS what must follow it is asked for, too. An array behind
# /OpenAction is a place in the file to be shown first, as office programs write it: nothing runs by it.
_RUNS = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile)|/OpenAction(?!%(b)s*\[)|/JS%(b)s*(?:[(<]|\d+%(b)s+\d)" % {b"b": _BLANK}
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"(\d{1,10})%(b)s+(\d{1,5})%(b)s+obj\b" % {b"b": _BLANK})
_PACKED = b"/ObjStm"
MOST_PACKED = 2000


class CannotLook(Exception):
    """An object stream that cannot be unpacked: sealed with a password, broken, or there more than once."""


def runs_by_itself(content: bytes) -> bool:
    """Whether some name in the file is of an action that starts by itself, of a script, a program or a packed file.

    Raises:
        CannotLook: what lies packed in it cannot be read.
    """
    plain = _unescaped(content)
    return _RUNS.search(plain) is not None or any(_RUNS.search(_unescaped(one)) for one in _packed(content, plain))


def _unescaped(content: bytes) -> bytes:
    """Names as they are meant: /J#61vaScript is /JavaScript."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)


def _packed(content: bytes, plain: bytes) -> list[bytes]:
    """What the object streams hold, unpacked. Each that stands in the bytes is asked for, whatever the file's own table
    of objects says: a reader that mends broken files finds it, too.
    """
    numbers = _numbers(plain)
    if not numbers:
        return []
    if len(set(numbers)) < len(numbers) or len(numbers) > MOST_PACKED:
        raise CannotLook("object streams with one number, or too many")
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise CannotLook("sealed with a password")
        found = [reader.get_object(IndirectObject(*one, reader)) for one in numbers]
        if not all(isinstance(one, StreamObject) and one.get("/Type") == _PACKED.decode() for one in found):
            raise CannotLook("an object stream that the file's table does not name")
        return [_whole(one) for one in found if isinstance(one, StreamObject)]
    except CannotLook:
        raise
    except Exception as error:  # pypdf raises whatever a broken file leads it to
        raise CannotLook(str(error)) from error


def _whole(stream: StreamObject) -> bytes:
    """What an object stream holds. Of a broken one pypdf gives what it could unpack, maybe nothing: each object that
    the stream's head names must begin in it.
    """
    data, first, count = stream.get_data(), int(str(stream["/First"])), int(str(stream["/N"]))
    offsets = [int(one) for one in data[:first].split()][1 : 2 * count : 2]
    if len(offsets) < count or first + max(offsets, default=-1) >= len(data):
        raise CannotLook("an object stream that is cut off")
    return data


def _numbers(plain: bytes) -> list[tuple[int, int]]:
    """Number and generation of each object stream: those of the object that began last before its type is named."""
    places = [found.start() for found in re.finditer(_PACKED, plain)]
    begun = list(_OBJECT.finditer(plain)) if places else []
    starts = [found.start() for found in begun]
    last = [bisect(starts, at) - 1 for at in places]
    if any(one < 0 for one in last):
        raise CannotLook("an object stream outside of any object")
    return [(int(begun[one][1]), int(begun[one][2])) for one in last]
