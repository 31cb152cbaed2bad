"""Traditional Mongolian set in columns: a text as pieces that a template sets one under the other.

Typst sets no vertical text. A Mongolian word is therefore shaped as a line and turned a quarter clockwise, while
Chinese characters and digits stand upright, each in a square of its own; columns are broken between pieces and run from
left to right (`templates/vertical.typ`). Where a column may end is decided here, as UAX #14 has it for these scripts.
"""

from __future__ import annotations

import re

TURNED, UPRIGHT, SPACE = "turned", "upright", "space"
# What stands upright: Han, kana and their marks, full-width forms, and digits one by one.
_UPRIGHT = r"[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff0-9]"
# U+202F joins a suffix to its word and ends no column; U+180E and the variation selectors are part of the word.
_SPACE = r"[ \t\n\u3000]"
_PIECES = re.compile(rf"(?P<upright>{_UPRIGHT})|(?P<space>{_SPACE}+)|(?P<turned>(?:(?!{_UPRIGHT})(?!{_SPACE}).)+)")
_NOT_FIRST = frozenset("，。、；：！？）》」』”’")
"""Marks that no column begins with (禁则)."""


def pieces(text: str) -> list[list[str]]:
    """The text as [kind, text, glue]: kind TURNED, UPRIGHT or SPACE; glue "1" where a piece stays with the one before.

    >>> [kind for kind, _text, _glue in pieces("24 小时")]
    ['upright', 'upright', 'space', 'upright', 'upright']
    """
    found: list[list[str]] = []
    for match in _PIECES.finditer(text.strip()):
        kind = str(match.lastgroup)
        before = found[-1] if found else None
        number = match.group().isdigit() and before is not None and before[1].isdigit()
        mark = match.group() in _NOT_FIRST
        # Between a letter and a digit there is no break, between a letter and a Chinese character there is.
        word = before is not None and {kind, before[0]} == {TURNED, UPRIGHT} and _digit(match.group(), before[1])
        found.append([kind, " " if kind == SPACE else match.group(), "1" if number or mark or word else ""])
    return found


def _digit(*texts: str) -> bool:
    return any(text.isdigit() for text in texts)
