"""The boxes of a sign's page (ISO 32000-1, 14.11.2): what is cut to size, and how far colour runs over the cut.

Typst writes the MediaBox only. A print shop's software reads TrimBox and BleedBox, so they are added as an incremental
update (7.5.6): the page's object again, with two entries more, and a table that leads to it; what typst wrote stays.
"""

from __future__ import annotations

import re

_PAGE = re.compile(rb"\n(\d+) 0 obj\n(<</Type/Page/[^\n]*?/MediaBox\[[^\]]*\][^\n]*>>)\nendobj")
_TRAILER = re.compile(rb"trailer\n<<(.*)>>\nstartxref\n(\d+)\n%%EOF\s*$", re.DOTALL)
POINTS_PER_MM = 72 / 25.4

Box = tuple[float, float, float, float]


def with_boxes(pdf: bytes, trim: Box, bleed: Box) -> bytes:
    """The PDF of one page with these boxes: left, lower, right, upper in millimetres. Raises ValueError when the file
    is not laid out as typst lays it out (another version: see tests/papers/test_sign_sheets.py).
    """
    page, trailer = _PAGE.search(pdf), _TRAILER.search(pdf)
    if page is None or trailer is None or len(_PAGE.findall(pdf)) != 1:
        raise ValueError("the PDF is not laid out as expected: no page box can be added")
    number, body = page.group(1), page.group(2)
    boxes = b"/TrimBox[%s]/BleedBox[%s]" % (_points(trim), _points(bleed))
    start = len(pdf) + (0 if pdf.endswith(b"\n") else 1)
    obj = number + b" 0 obj\n" + body[:-2] + boxes + b">>\nendobj\n"
    table = b"xref\n0 1\n0000000000 65535 f \n%s 1\n%010d 00000 n \n" % (number, start)
    kept = re.sub(rb"/Prev \d+", b"", trailer.group(1))
    end = b"trailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (kept, trailer.group(2), start + len(obj))
    return pdf + (b"" if pdf.endswith(b"\n") else b"\n") + obj + table + end


def _points(box: Box) -> bytes:
    return b" ".join(b"%.4f" % (side * POINTS_PER_MM) for side in box)
