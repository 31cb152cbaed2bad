"""The papers that people take home and the sheets of signs: PDF by typst, QR codes by segno.

The only package that calls either.
"""

from __future__ import annotations

from budayang.papers.glyphs import NO_GLYPH, drawable, missing_glyphs
from budayang.papers.qr import qr_svg
from budayang.papers.rendering import TEMPLATES, PaperError, preview, render
from budayang.papers.sheets import DoesNotFit, Sheet, SheetText, draw_sheet

__all__ = [
    "NO_GLYPH",
    "TEMPLATES",
    "DoesNotFit",
    "PaperError",
    "Sheet",
    "SheetText",
    "draw_sheet",
    "drawable",
    "missing_glyphs",
    "preview",
    "qr_svg",
    "render",
]
