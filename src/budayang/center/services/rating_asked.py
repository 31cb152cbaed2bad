"""Which matters' people were asked already how it went. A room above this one keeps ratings; config hands its answer
down, so that a terminal asks once per matter, at whichever machine its person comes back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

Asked = Callable[[Sequence[str]], Set[str]]
_ASKED: list[Asked] = []


def install(asked: Asked) -> None:
    """Take the query that knows."""
    _ASKED[:] = [asked]


def asked_about(numbers: Sequence[str]) -> Set[str]:
    """Those of a few case numbers whose people were asked, or have said it unasked."""
    return _ASKED[0](numbers) if _ASKED and numbers else frozenset()
