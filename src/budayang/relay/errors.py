"""The relay's own errors; those of the line are in `uplink.errors`."""

from __future__ import annotations


class RelayError(Exception):
    """Base of all that the relay raises itself."""


class BadSetting(RelayError):
    """A setting that stops the start. The message says the repair."""


class NoResult(RelayError):
    """A source learned nothing this time: neither that it is so nor that it is not. The message is for the log."""
