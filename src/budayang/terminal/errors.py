"""The terminal's one error tree. What a person reads is written by the screens; these are for the log and the
caller.
"""

from __future__ import annotations


class TerminalError(Exception):
    """Base of all that the terminal raises itself."""


class BadSetting(TerminalError):
    """A setting that stops the start. The message says the repair."""


class NotEnrolled(TerminalError):
    """The terminal has no credential yet: it needs a one-time enrolment code from the center."""


class CenterUnreachable(TerminalError):
    """No answer, or none that can be used: the network, the center, or something between them."""


class CenterRefused(TerminalError):
    """The center answered and said no; `code` is the wire's error word, `status` the HTTP status."""

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(f"{code} (HTTP {status})")
        self.code = code
        self.status = status


class DeviceError(TerminalError):
    """A peripheral did not do what it was asked. `reason` is one word of the driver's table."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail
