"""The address at which a matter is rated afterwards (补评): on the receipt's QR code, and after number and code.

It names the case by its number, which is about nobody, and carries a mark that only the center can make (HMAC-SM3, 80
bits): who knows one address cannot write another's. The letter says from where the person came.
"""

from __future__ import annotations

from typing import Literal

from django.conf import settings
from django.utils.crypto import constant_time_compare

from budayang.center.platform.sealing import lookup_hash
from budayang.center.terminals.report_addresses import DEMO_ORIGIN

Channel = Literal["qr", "public"]
MARK_CHARS = 20  # hexadecimal: 80 bits
LETTERS: dict[Channel, str] = {"qr": "q", "public": "p"}
_CHANNELS: dict[str, Channel] = {letter: channel for channel, letter in LETTERS.items()}


def _mark_of(channel: Channel, number: str) -> str:
    return lookup_hash("services.rating_address", f"{channel}:{number}")[:MARK_CHARS]


def rating_path(channel: Channel, number: str) -> str:
    """The address without its origin: /rate/q/KBS01-7F3A-000017-C/<mark>/."""
    return f"/rate/{LETTERS[channel]}/{number}/{_mark_of(channel, number)}/"


def rating_address(channel: Channel, number: str) -> str:
    """The whole address, as the receipt's QR code holds it."""
    return f"{settings.BUDAYANG.public_url or DEMO_ORIGIN}{rating_path(channel, number)}"


def read_rating_address(letter: str, number: str, mark: str) -> Channel | None:
    """From where the person comes, or None when the center never gave this address out."""
    channel = _CHANNELS.get(letter)
    if channel is None or not constant_time_compare(mark, _mark_of(channel, number)):
        return None
    return channel
