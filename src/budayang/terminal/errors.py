"""The terminal's own errors; those of the line are in `uplink.errors`. What a person reads is written by the screens;
these are for the log and the caller.
"""

from __future__ import annotations


class TerminalError(Exception):
    """Base of all that the terminal raises itself."""


class BadSetting(TerminalError):
    """A setting that stops the start. The message says the repair."""


class DeviceError(TerminalError):
    """A peripheral did not do what it was asked. `reason` is one word of the driver's table."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail
