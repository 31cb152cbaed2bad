"""One call to a department and its reply, in the words of the contract, whatever carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NotSent(Exception):
    """Nothing left this machine: the department cannot have acted. The message is one word for the log."""


class NoAnswer(Exception):
    """It was sent and no whole answer came: the department may have acted. `timeout`: our patience ended."""

    def __init__(self, why: str, *, timeout: bool = False) -> None:
        super().__init__(why)
        self.timeout = timeout


@dataclass(frozen=True, slots=True)
class Call:
    """`kind` is one of rules.connectors.CALL_KINDS, "health", "hours" or "items"; `path` begins with /v1/.

    `key` is the connector's key, `idempotency` the key of this very act (empty for reads), `body` None for a read.
    `number` is the case number for logs. `timeout_s` is the whole time of this one attempt.
    """

    kind: str
    address: str
    path: str
    key: str = ""
    number: str = ""
    idempotency: str = ""
    body: bytes | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: an HTTP status in the contract's meaning, the body, Retry-After in seconds where it was said."""

    status: int
    content: bytes = b""
    retry_after_s: float | None = None


class Connection(Protocol):
    """What carries a call: the built-in HTTP line, or a plug-in (docs/departments/README.md)."""

    async def send(self, call: Call) -> Reply:
        """Carry one call, once.

        Raises:
            NotSent: nothing was sent. NoAnswer: anything else that is not a whole answer. Nothing else is raised.
        """
        ...
