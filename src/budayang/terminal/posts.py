"""What the screens post, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post: `error` is what the person reads when it did not fit."""

    ok: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a post in their order; a name may come several times."""

    fields: Sequence[tuple[str, str]] = ()

    def get(self, name: str) -> str:
        """The last value of that name, "" when there is none."""
        return next((value for key, value in reversed(self.fields) if key == name), "")

    def all(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for key, value in self.fields if key == name]

    def plain(self) -> dict[str, str]:
        """Name to last value."""
        return dict(self.fields)
