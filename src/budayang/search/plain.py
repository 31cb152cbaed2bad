"""What is typed, made plain: the only form in which texts are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DROP = re.compile(r"[^0-9a-z\u3400-\u9fff]")
_LETTERS = re.compile(r"[a-z]")
_DIGIT, _CHINESE = re.compile(r"[0-9]"), re.compile(r"[\u3400-\u9fff]")
SHORTEST, LONGEST = 2, 24
# A number spoken sign by sign (幺二三一五, 五二零): three signs or more. 十 and 百 count, and are no signs of it.
_SPOKEN = re.compile("[零一二三四五六七八九幺]{3,}")
_DIGITS = str.maketrans("零一二三四五六七八九幺", "01234567891")


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Full-width letters made narrow, small letters, spoken numbers in digits, everything but letters, digits and
    Chinese characters removed.
    """
    kept = _DROP.sub("", unicodedata.normalize("NFKC", text).lower().replace("〇", "零"))
    return _SPOKEN.sub(lambda found: found[0].translate(_DIGITS), kept)


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
    if _DIGIT.search(found) or len(_CHINESE.findall(found)) < SHORTEST or len(found) > LONGEST:
        return ""
    return found
