"""What one command comes to: the seam between the loop that obeys and the acts that do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from budayang.wire.commands import Command


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is a word of rules.commands.REASONS, "" when it is done. `facts` are kept in the transaction of the end.

    `later`: not over yet; the next start of the program tells how it went (restart, update).
    """

    reason: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    later: bool = False


Act = Callable[[Command], Awaitable[Outcome]]
Acts = Mapping[str, Act]
