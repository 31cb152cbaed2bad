"""Rules of areas: when a helper can be reached, out of the words that the area wrote down."""

from __future__ import annotations

import re
from datetime import time

_WINDOW = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-—–~～至到]+\s*(?:次日)?(\d{1,2})[:：](\d{2})")


def helper_until(words: str, local: time) -> str:
    """Until when a helper is there now, "22:00"; "" when nobody is, or when the words name no hours.

    Args:
        words: the area's own words, "每天 08:30—22:00"; several windows may stand in them, also over midnight.
        local: time of day in the area's zone.
    """
    now = local.hour * 60 + local.minute
    for match in _WINDOW.finditer(words):
        opens, closes = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
        inside = opens <= now < closes if opens < closes else now >= opens or now < closes
        if inside:
            return f"{int(match[3]):02}:{match[4]}"
    return ""
