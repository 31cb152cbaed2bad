"""The test page: one A4 page of plain PDF, written by hand so that a terminal needs no typesetter for it."""

from __future__ import annotations

from collections.abc import Sequence

A4 = (595, 842)
LEFT, TOP, LINE = 56, 780, 22


def test_page(lines: Sequence[str]) -> bytes:
    """A PDF with the lines in a built-in font; what is not ASCII is shown as a question mark."""
    shown = [line.encode("ascii", "replace").decode() for line in lines]
    escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in shown]
    text = "".join(f"BT /F1 13 Tf {LEFT} {TOP - LINE * n} Td ({line}) Tj ET\n" for n, line in enumerate(escaped))
    # A grey wedge and a frame: streaks, weak toner and a crooked feed show on them.
    wedge = "".join(f"{n / 10:.1f} g {LEFT + n * 44} 120 44 60 re f\n" for n in range(11))
    stream = f"{text}{wedge}0 G 1 w 36 36 523 770 re S\n".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
        % A4,
        b"<< /Length %d >>\nstream\n%bendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
