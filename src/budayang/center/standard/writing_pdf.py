"""Documents as PDF: the same blocks as the Word file, set by the papers package."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from budayang.center.standard.writing_blocks import (
    Block,
    Heading,
    Item,
    Note,
    Paragraph,
    TableBlock,
    TermEntry,
    Written,
)
from budayang.center.standard.writing_word import heading_text
from budayang.papers import drawable, render

_KINDS: dict[type, str] = {
    Heading: "heading",
    Paragraph: "paragraph",
    Item: "item",
    Note: "note",
    TermEntry: "term",
    TableBlock: "table",
}


def pdf_document(written: Written, *, at: datetime) -> bytes:
    """The PDF. `at` is written into the file; with it the same document gives the same bytes."""
    data = {
        "title": written.title,
        "cover": asdict(written.cover) if written.cover else None,
        "lines": list(written.lines),
        "front": [_block(one) for one in written.front],
        "blocks": [_block(one) for one in written.blocks],
        "mark": written.mark,
        "demo": written.demo,
    }
    mended, _lacking = drawable(data)
    return render("standard", mended, at=at)


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, TableBlock):
        return {
            "type": "table",
            "title": block.title,
            "heads": [one.title for one in block.columns],
            "widths": [one.width for one in block.columns],
            "rows": [list(row) for row in block.rows],
        }
    found = asdict(block) | {"type": _KINDS[type(block)]}
    if isinstance(block, Heading):
        found["contents"] = heading_text(block)
    return found
