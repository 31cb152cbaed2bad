"""The papers that people take home: PDF by typst, QR codes by segno. The only package that calls either."""

from __future__ import annotations

from budayang.papers.glyphs import missing_glyphs
from budayang.papers.qr import qr_svg
from budayang.papers.rendering import TEMPLATES, PaperError, preview, render

__all__ = ["TEMPLATES", "PaperError", "missing_glyphs", "preview", "qr_svg", "render"]
