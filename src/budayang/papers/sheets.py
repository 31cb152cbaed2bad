"""Sheets of signs (制作稿): one sign at true size with bleed and cut marks, as PDF, SVG or PNG.

Signs are not papers: each has its own size, its figure comes as an SVG drawing, and texts are set as large as their box
allows. What does not fit above the smallest letter is refused, never cut off.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import typst

from budayang.papers.glyphs import missing_glyphs
from budayang.papers.page_boxes import with_boxes
from budayang.papers.qr import qr_svg
from budayang.papers.rendering import PaperError, set_pages, template_source
from budayang.papers.vertical import pieces

BLEED_MM = 3
SLUG_MM = 14
"""Around the sign: bleed, cut marks, and what is said outside the cut."""
SIDE_MM = (30, 4_800)
"""Least and most side of a sign; with the slug it stays below the longest page that PDF readers take (5,080 mm)."""
_DOES_NOT_FIT = re.compile(r"does not fit: ([a-z ]+)")
_MAX_DATA_BYTES = 64 * 1024
_MAX_DRAWING_BYTES = 2 * 1024 * 1024

Form = Literal["pdf", "svg", "png"]
Parts = tuple[float, float, float, float]


class DoesNotFit(PaperError):
    """A part of the sign has no room even in the smallest letters. `part`: title, rows, note, steps or symbol."""

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} of the sign does not fit at the smallest letter size")
        self.part = part


@dataclass(frozen=True, slots=True)
class SheetText:
    """One text of the sign. `box`: x, y, width, height in parts of the room for texts. `size`: letter height against
    the Chinese text's. `downwards`: in columns from left to right. `unapproved`: 未审定 is set beside it.
    """

    text: str
    language: str
    box: Parts
    size: float = 1.0
    downwards: bool = False
    unapproved: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a sheet shows. Lengths in millimetres; colours as #rrggbb.

    symbol: SVG of the figure, "" for none; `symbol_mm`: its square side, on top or (``beside``) at the left. texts: the
    message in its languages. title, rows, steps, qr, picture, note: of plates, each may be empty. outside: what is said
    beyond the cut. demo: 演示数据 is set on the face and outside.
    """

    code: str
    width_mm: int
    height_mm: int
    ground: str
    ink: str
    accent: str
    texts: tuple[SheetText, ...] = ()
    symbol: str = ""
    symbol_mm: float = 0.0
    beside: bool = False
    rows: tuple[tuple[str, str], ...] = ()
    numbered: bool = False
    qr: str = ""
    qr_word: str = ""
    picture: str = ""
    note: str = ""
    outside: str = ""
    least_mm: float = 2.5
    demo: bool = True


def draw_sheet(sheet: Sheet, form: Form = "pdf", *, at: datetime | None = None, ppi: float = 96.0) -> bytes:
    """The sheet as one page. PDF: fonts embedded, with TrimBox and BleedBox; `at` as in `render`. SVG: letters as
    outlines. Raises DoesNotFit, PaperError.
    """
    made_at = at.astimezone(UTC).replace(microsecond=0) if at else None
    try:
        (page,) = set_pages(_source(), _inputs(sheet), form, at=made_at, ppi=ppi if form == "png" else None)
    except typst.TypstError as error:
        if found := _DOES_NOT_FIT.search(error.message):
            raise DoesNotFit(found.group(1).strip()) from None
        raise PaperError(f"typst could not set the sign {sheet.code!r}: {error.message[:120]}") from None
    if form != "pdf":
        return page
    right, upper = SLUG_MM + sheet.width_mm, SLUG_MM + sheet.height_mm
    trim = (SLUG_MM, SLUG_MM, right, upper)
    inner = SLUG_MM - BLEED_MM
    return with_boxes(page, trim, (inner, inner, right + BLEED_MM, upper + BLEED_MM))


def _inputs(sheet: Sheet) -> Mapping[str, str]:
    low, high = SIDE_MM
    if not (low <= sheet.width_mm <= high and low <= sheet.height_mm <= high):
        raise PaperError(f"a sign has sides of {low} to {high} mm, got {sheet.width_mm} x {sheet.height_mm}")
    data: dict[str, Any] = asdict(sheet) | {"bleed": BLEED_MM, "slug": SLUG_MM}
    drawings = {name: data.pop(name) for name in ("symbol", "picture")}
    data["texts"] = [one | {"pieces": pieces(one["text"]) if one["downwards"] else []} for one in data["texts"]]
    data["words"] = [one.text.split() for one in sheet.texts]
    data |= {f"has_{name}": bool(svg) for name, svg in drawings.items()}
    text = json.dumps(data, ensure_ascii=False)
    if missing := missing_glyphs(text):
        raise PaperError(f"the fonts have no glyph for {', '.join(f'U+{ord(c):04X}' for c in missing)}")
    if len(text.encode()) > _MAX_DATA_BYTES or any(len(svg.encode()) > _MAX_DRAWING_BYTES for svg in drawings.values()):
        raise PaperError(f"the data of the sign {sheet.code!r} are too large")
    codes = {"qr": qr_svg(sheet.qr, quiet_zone=4, dark="#000000")} if sheet.qr else {}
    return {"data": text, **{name: svg for name, svg in drawings.items() if svg}, **codes}


@functools.cache
def _source() -> bytes:
    return template_source("vertical", "fitting", "sign")
