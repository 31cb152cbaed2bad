"""What can go wrong between a machine and the center: for the log and the caller; a person reads other words."""

from __future__ import annotations


class UplinkError(Exception):
    """Base of all that the line raises itself."""


class NotEnrolled(UplinkError):
    """The machine has no credential yet: it needs a one-time enrolment code from the center."""


class CenterUnreachable(UplinkError):
    """No answer, or none that can be used: the network, the center, or something between them."""


class CenterRefused(UplinkError):
    """The center answered and said no; `code` is the wire's error word, `status` the HTTP status, `text` what it says
    to the person ("" when it says nothing).
    """

    def __init__(self, code: str, status: int = 0, text: str = "") -> None:
        super().__init__(f"{code} (HTTP {status})")
        self.code = code
        self.status = status
        self.text = text
