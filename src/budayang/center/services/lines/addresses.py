"""Where a department may be called: an address as it stands in a connector, checked before anything goes there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


class BadAddress(ValueError):
    """A connector's address that must not be called; the message names the repair."""


def split_plugin(url: str) -> tuple[str, str]:
    """(name of the plug-in, its address). `soap-sf+https://10.1.2.3/ws` is the plug-in "soap-sf" at https://10.1.2.3/ws;
    a plain address is the built-in "http"."""
    scheme, separator, rest = url.partition("://")
    name, plus, inner = scheme.rpartition("+")
    return (name, f"{inner}{separator}{rest}") if plus and separator else ("http", url)


def check_address(url: str) -> str:
    """The connector's base address, without a slash at its end and with its plug-in's name where it has one.

    HTTPS anywhere; plain HTTP on loopback only; link-local and unspecified addresses (cloud metadata) never. The
    address of a plug-in obeys the same rule, whatever it speaks.

    Raises:
        BadAddress
    """
    name, address = split_plugin(url)
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise BadAddress("a connector's address is https://host/path without a query or a password")
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        loopback = host == "localhost"
    else:
        loopback = ip.is_loopback
        if ip.is_link_local or ip.is_unspecified or ip.is_multicast:
            raise BadAddress("link-local, unspecified and multicast addresses are never called")
    if parts.scheme == "http" and not loopback:
        raise BadAddress("plain http is for loopback only: write https://")
    plain = address.rstrip("/")
    return plain if name == "http" else f"{name}+{plain}"
