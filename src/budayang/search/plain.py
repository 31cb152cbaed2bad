"""What is typed, made plain: the only form in which texts are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DROP = re.compile(r"[^0-9a-z\u3400-\u9fff]")
_LETTERS = re.compile(r"[a-z]")
_DIGITS, _CHINESE = re.compile(r"[0-9]"), re.compile(r"[\u3400-\u9fff]")
SHORTEST, LONGEST = 2, 24


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Full-width letters made narrow, small letters, everything but letters, digits and Chinese characters removed."""
    return _DROP.sub("", unicodedata.normalize("NFKC", text).lower())


def has_letters(text: str) -> bool:
    """Whether some of it may be pinyin or initials."""
    return _LETTERS.search(text) is not None


def is_chinese(text: str) -> bool:
    return bool(text) and all("\u3400" <= char <= "\u9fff" for char in text)


def countable(text: str) -> str:
    """A question as it may be counted, plain; "" for what is none yet (letters half typed), is a story, or holds a
    digit: numbers are people's.
    """
    found = plain(text)
    if _DIGITS.search(found) or len(_CHINESE.findall(found)) < SHORTEST or len(found) > LONGEST:
        return ""
    return found
