"""What the news of terminals says: which they are, and what became of their properties, whichever of the two kinds.

`terminals.status`: one property changed. `terminals.reported`: properties of which the center hears for the first time,
all of one sync together, because a terminal that joins has dozens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

REPORTED = "terminals.reported"


class News(Protocol):
    """What is read of a transition."""

    kind: str
    payload: dict[str, Any]


def told_of(news: News) -> list[Mapping[str, Any]]:
    """Each property that it is about: subject, kind, property, state, raw, and "before" where it is known."""
    if news.kind != REPORTED:
        return [news.payload]
    told = news.payload.get("told")
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def codes_of(news: News) -> list[str]:
    """The terminals that the news is about: ``terminal``, or ``terminals`` of one place that fell silent together."""
    if one := news.payload.get("terminal"):
        return [str(one)]
    many = news.payload.get("terminals")
    return [str(one) for one in many] if isinstance(many, list) else []


def told_codes(news: Iterable[News]) -> set[str]:
    """All terminals that any of the news is about."""
    return {code for one in news for code in codes_of(one)}
