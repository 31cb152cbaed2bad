"""The last lines of this program's log, in memory, for diagnostics; and whether the detailed ones are written at all.

The log never holds personal data (see `main`): what is kept here needs no cleaning before it is handed up.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import structlog

KEPT = 500


class LogTail:
    """A processor of structlog. `detailed` lets debug lines through."""

    def __init__(self) -> None:
        self.detailed = False
        self._lines: deque[str] = deque(maxlen=KEPT)

    def gate(self, _logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Drop what is too detailed."""
        if method == "debug" and not self.detailed:
            raise structlog.DropEvent
        return event

    def keep(self, _logger: Any, _method: str, line: Any) -> Any:
        """The last processor: the line as it is written."""
        self._lines.append(line)
        return line

    def lines(self) -> list[str]:
        """Oldest first."""
        return list(self._lines)


TAIL = LogTail()
