"""From the bytes of a POST to envelopes: all at once where all are well formed, one by one where one is not."""

from __future__ import annotations

from typing import Final

import msgspec

from budayang.center.ingest.http import Refuse, split_envelopes
from budayang.wire import messages as wire


class _FastBody(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    v: int
    syncs: list[wire.Envelope]


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    terminal: wire.Code


_FAST: Final = msgspec.json.Decoder(_FastBody)
_SLOW: Final = msgspec.json.Decoder(wire.SyncBody)
_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_NAMED: Final = msgspec.json.Decoder(_Named)


def decode(body: bytes) -> list[wire.Envelope | str]:
    """Envelopes in the order of the body; a malformed one is the name of its terminal, or "".

    Raises Refuse: 400 when the body itself is not readable, 413 for more than MAX_SYNCS.
    """
    try:
        fast = _FAST.decode(body)
    except (ValueError, RecursionError):
        return _one_by_one(body)
    if fast.v != wire.VERSION:
        raise Refuse(400, wire.MALFORMED, f"version {fast.v} is not spoken here")
    if len(fast.syncs) > wire.MAX_SYNCS:
        raise Refuse(413, wire.TOO_LARGE, f"at most {wire.MAX_SYNCS} syncs")
    return list(fast.syncs)


def _one_by_one(body: bytes) -> list[wire.Envelope | str]:
    try:
        slow = _SLOW.decode(body)
    except RecursionError:
        parts = split_envelopes(body)
    except ValueError as error:
        raise Refuse(400, wire.MALFORMED, "not a body of version 1") from error
    else:
        if slow.v != wire.VERSION:
            raise Refuse(400, wire.MALFORMED, f"version {slow.v} is not spoken here")
        parts = [bytes(one) for one in slow.syncs]
    if len(parts) > wire.MAX_SYNCS:
        raise Refuse(413, wire.TOO_LARGE, f"at most {wire.MAX_SYNCS} syncs")
    return [_envelope(part) for part in parts]


def _envelope(part: bytes) -> wire.Envelope | str:
    try:
        return _ENVELOPE.decode(part)
    except (ValueError, RecursionError):
        pass
    try:
        return _NAMED.decode(part).terminal
    except (ValueError, RecursionError):
        return ""
