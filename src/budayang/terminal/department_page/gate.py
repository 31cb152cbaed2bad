"""The only way out of a department's page: a SOCKS5 server (RFC 1928) on a unix socket, to the page's hosts alone.

Names are resolved here, once, and the address that was judged is the address that is dialled: a name that points to
loopback, to this machine, or to link-local addresses is refused, whoever answers for it in the DNS.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Resolve = Callable[[str, int], Awaitable[list[str]]]
Dial = Callable[[str, int], Awaitable[Streams]]

VERSION, CONNECT = 5, 1
NO_AUTH, NONE_FITS = 0, 0xFF
OK, NOT_ALLOWED, UNREACHABLE, BAD_COMMAND = 0, 2, 4, 7
IPV4, NAME, IPV6 = 1, 3, 4
HANDSHAKE_S, DIAL_S = 10.0, 10.0
PIECE = 64 * 1024


def is_ours(address: str) -> bool:
    """Whether an address belongs to this machine: only then can a socket be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def may_dial(address: str) -> bool:
    """Public and private addresses of others; never loopback, this machine, link-local, unspecified or multicast."""
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    ip = mapped or ip
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip.is_reserved:
        return False
    return not is_ours(str(ip))


def hosts_of(url: str, more: Collection[str] = ()) -> frozenset[str]:
    """The hosts that a page may reach: that of its address, and those that the department named beside it.

    Raises:
        ValueError: the address is no web address.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("a page's address is http(s)://host/…")
    return frozenset({parts.hostname.lower(), *(one.lower() for one in more)})


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name by the machine's own resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def dial(address: str, port: int) -> Streams:
    return await asyncio.open_connection(address, port)


class Gate:
    """Serves one page. `hosts` and their subdomains, on `ports`. `refused` counts what the page was denied."""

    def __init__(
        self,
        hosts: Collection[str],
        ports: Collection[int] = (80, 443),
        *,
        resolve: Resolve = resolve,
        dial: Dial = dial,
    ) -> None:
        self.hosts, self.ports = frozenset(hosts), frozenset(ports)
        self.refused = 0
        self._resolve, self._dial = resolve, dial
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        self._server = await asyncio.start_unix_server(self._serve, path)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def allows(self, host: str, port: int) -> bool:
        """Whether the page may ask for a host at all."""
        name = host.lower().rstrip(".")
        return port in self.ports and any(name == one or name.endswith(f".{one}") for one in self.hosts)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_S):
                asked = await self._ask(reader, writer)
            if asked is not None:
                await self._connect(*asked, reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
        """The handshake; None when the answer was a refusal."""
        version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if version != VERSION or NO_AUTH not in methods:
            writer.write(bytes([VERSION, NONE_FITS]))
            return None
        writer.write(bytes([VERSION, NO_AUTH]))
        _version, command, _reserved, kind = await reader.readexactly(4)
        if kind == IPV4:
            host = socket.inet_ntop(socket.AF_INET, await reader.readexactly(4))
        elif kind == IPV6:
            host = socket.inet_ntop(socket.AF_INET6, await reader.readexactly(16))
        elif kind == NAME:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii", "replace")
        else:
            self._refuse(writer, BAD_COMMAND)
            return None
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        if command != CONNECT:
            self._refuse(writer, BAD_COMMAND)
            return None
        if not self.allows(host, port):
            self._refuse(writer, NOT_ALLOWED)
            return None
        return host, port

    async def _connect(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(DIAL_S):
                addresses = [one for one in await self._resolve(host, port) if may_dial(one)]
                if not addresses:
                    self._refuse(writer, NOT_ALLOWED)
                    return
                far_reader, far_writer = await self._dial(addresses[0], port)
        except (OSError, TimeoutError):
            self._answer(writer, UNREACHABLE)
            return
        self._answer(writer, OK)
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
        far_writer.close()
        with contextlib.suppress(OSError):
            await far_writer.wait_closed()

    def _refuse(self, writer: asyncio.StreamWriter, why: int) -> None:
        self.refused += 1
        self._answer(writer, why)

    def _answer(self, writer: asyncio.StreamWriter, code: int) -> None:
        writer.write(bytes([VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction until it ends; the other may go on."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
