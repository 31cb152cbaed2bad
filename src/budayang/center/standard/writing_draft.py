"""The written standard as the wording check reads it: its paragraphs, and every number that stands in the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from budayang.center.standard.models import Edition, Project
from budayang.center.standard.writing_blocks import Block, Heading, Item, Note, Paragraph, TableBlock, TermEntry
from budayang.center.standard.writing_standard import Body, body_of
from budayang.rules.standard.wording import Draft, Piece

SCOPE = "1"


def as_draft(edition: Edition, project: Project | None = None) -> Draft:
    """The document's own blocks for the wording check: what is not in the document is not there to point at."""
    body = body_of(edition, project)
    pieces = [
        *(Piece("foreword", "前言", one.text) for one in body.front if isinstance(one, Paragraph)),
        *_of_blocks(body),
        *(Piece("annex", f"表{one.table}", f"{one.item}：{one.criterion}", one.clause) for one in body.lines),
    ]
    references = tuple(one.code for one in body.cited if not one.is_law)
    return Draft(tuple(pieces), references, frozenset(_numbers(body.blocks)))


def _of_blocks(body: Body) -> Iterator[Piece]:
    by_number = {one.number: one for one in body.texts}
    chapter = number = ""
    for block in body.blocks:
        if isinstance(block, Heading):
            chapter = block.number
        elif isinstance(block, Paragraph) and chapter == SCOPE:
            yield Piece("scope", SCOPE, block.text)
        elif isinstance(block, TermEntry):
            yield Piece("term", block.number, block.definition)
        elif isinstance(block, Item):
            number = block.number
            clause = by_number[number]
            yield Piece("clause", number, block.text, clause.code, clause.criterion)
        elif isinstance(block, Note):
            yield Piece("note", number, block.text, by_number[number].code)


def _numbers(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, (Heading, Item, TermEntry, TableBlock)) and block.number:
            yield block.number
