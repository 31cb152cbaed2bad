"""Who calls when a proxy stands in front: every limit by network address counts this one.

A proxy writes whom it heard at the end of X-Forwarded-For; what stands before that, the caller may have written. So it
is read from its end, and only as far as our own proxies vouch for it. Scheme and host are never taken from a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from budayang.center.config.table import Network

Address = IPv4Address | IPv6Address
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")
"""Some proxies write the port, too: 203.0.113.7:50123, [2001:db8::7]:50123."""


def caller_of(
    peer: tuple[str, int], headers: Iterable[tuple[bytes, bytes]], trusted: Sequence[Network]
) -> tuple[str, int]:
    """The last hop that is none of the `trusted` proxies, with port 0; `peer` itself when it is not one of them. A hop
    that is no address ends the chain: then the proxy that passed it on counts as the caller.

    Args:
        peer: address and port of the other end of the connection.
        headers: of the request, names in small letters as ASGI gives them.
    """
    at = _address(peer[0])
    if at is None or not _is_one(at, trusted):
        return peer
    lines = [value for name, value in headers if name == b"x-forwarded-for"]
    for hop in reversed(b",".join(lines).split(b",")):
        before = _address(hop.decode("latin-1").strip())
        if before is None:
            break
        at = before
        if not _is_one(at, trusted):
            break
    return str(at), 0


def _address(text: str) -> Address | None:
    written = WITH_PORT.fullmatch(text)
    try:
        found = ip_address((written[1] or written[2]) if written else text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _is_one(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in one for one in networks)
