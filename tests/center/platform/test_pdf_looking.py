"""A PDF that runs something by itself is found however its names are written or packed; an ordinary one is taken."""

from __future__ import annotations

import random
import zlib

import pytest

from budayang.center.platform.pdf_looking import CannotLook, runs_by_itself
from budayang.center.platform.uploads import BadUpload, read_sheet

SCRIPT = (
    b"<< /Type /Catalog /Pages 2 0 R "
    b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (app.alert(1)) >>] >> >> >>"
)
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [] /Count 0 >>"


def plain(catalog: bytes) -> bytes:
    """A file with all its objects in the open."""
    parts, offsets = b"%PDF-1.7\n", []
    for number, one in enumerate((catalog, PAGES), 1):
        offsets.append(len(parts))
        parts += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    rows = b"".join(b"%010d 00000 n \n" % one for one in offsets)
    return parts + (
        b"xref\n0 3\n0000000000 65535 f \n%strailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (rows, len(parts))
    )


def predicted(data: bytes, width: int) -> bytes:
    """PNG's predictor Up: each row as its difference to the one above."""
    data += b" " * (-len(data) % width)
    rows = [data[at : at + width] for at in range(0, len(data), width)]
    above, out = bytes(width), b""
    for row in rows:
        out += b"\x02" + bytes((a - b) % 256 for a, b in zip(row, above, strict=True))
        above = row
    return out


def packed(
    catalog: bytes, *, predictor: bool = False, broken: bool = False, twice: bool = False, type_: bytes = b"/ObjStm"
) -> bytes:
    """A file of PDF 1.5 whose catalog and pages lie in an object stream."""
    head = b"1 0 2 %d " % (len(catalog) + 1)
    data = head + catalog + b" " + PAGES
    more = b""
    if predictor:
        data, more = predicted(data, 16), b" /DecodeParms << /Predictor 12 /Columns 16 >>"
    body = zlib.compress(data)
    if broken:
        body = bytes(len(body))
    about = b"/Type %s /N 2 /First %d /Filter /FlateDecode /Length %d%s" % (type_, len(head), len(body), more)
    stream = b"3 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n" % (about, body)
    parts = b"%PDF-1.7\n"
    at = len(parts)
    parts += stream * (2 if twice else 1)
    rows = b"".join(
        kind.to_bytes(1) + first.to_bytes(4) + second.to_bytes(2)
        for kind, first, second in ((0, 0, 65535), (2, 3, 0), (2, 3, 1), (1, at, 0), (1, len(parts), 0))
    )
    table = zlib.compress(rows)
    return parts + (
        b"4 0 obj\n<< /Type /XRef /Size 5 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode /Length %d >>\nstream\n%s\n"
        b"endstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (len(table), table, len(parts))
    )


@pytest.mark.parametrize(
    "content",
    [
        plain(SCRIPT),
        plain(SCRIPT.replace(b"/JavaScript", b"/J#61vaScript")),
        plain(SCRIPT.replace(b"/JavaScript", b"/X").replace(b"/JS", b"/#4a#53")),
        plain(SCRIPT.replace(b"/JavaScript", b"/X").replace(b"/JS (", b"/JS\n(")),
        plain(SCRIPT.replace(b"/JavaScript", b"/X").replace(b"/JS (app.alert(1))", b"/JS 9 0 R")),
        plain(CATALOG.replace(b" >>", b" /OpenAction 9 0 R >>")),
        plain(CATALOG.replace(b" >>", b" /#4FpenAction << /S /Launch >> >>")),
        packed(SCRIPT),
        packed(SCRIPT.replace(b"/JavaScript", b"/#4Aava#53cript").replace(b"/JS", b"/#4aS")),
        packed(SCRIPT, predictor=True),
        packed(SCRIPT, type_=b"/Obj#53tm"),
        packed(SCRIPT).replace(b"3 0 obj", b"7 0 obj"),  # the file's table does not name it
    ],
)
def test_what_runs_is_found(content: bytes) -> None:
    assert runs_by_itself(content)
    with pytest.raises(BadUpload, match="自动运行"):
        read_sheet(content)


@pytest.mark.parametrize(
    "content",
    [
        plain(CATALOG),
        plain(CATALOG.replace(b" >>", b" /OpenAction [1 0 R /XYZ null null 0] >>")),
        packed(CATALOG),
        packed(CATALOG, predictor=True),
        b"%PDF-1.7 a broken one",
    ],
)
def test_what_does_not_is_taken(content: bytes) -> None:
    assert read_sheet(content).content == content


@pytest.mark.parametrize(
    "content",
    [
        packed(CATALOG, broken=True),
        packed(CATALOG, twice=True),
        packed(CATALOG).replace(b"startxref", b"startxxxx"),
        b"%PDF-1.7 /ObjStm",
    ],
)
def test_what_cannot_be_looked_into_is_not_taken(content: bytes) -> None:
    """A viewer that mends broken files might find what this one does not."""
    with pytest.raises(CannotLook):
        runs_by_itself(content)
    with pytest.raises(BadUpload, match="看不清"):
        read_sheet(content)


def test_packed_pictures_are_not_taken_for_names() -> None:
    noise = random.Random(7).randbytes(4_000_000)
    assert read_sheet(plain(CATALOG) + noise).media == "application/pdf"
