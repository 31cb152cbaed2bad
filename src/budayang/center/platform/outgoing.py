"""The one place that makes outgoing requests for rooms that send: checked address, no redirect, no proxy from the
environment, a bounded answer, a time-out for everything.

Addresses come from rows that an administrator wrote, never from a message. Link-local (cloud metadata), unspecified and
multicast addresses are never called, also when a name resolves to them; this machine itself only in the demonstration.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from django.conf import settings

CONNECT_S = 5.0
READ_S = 10.0
MOST_ANSWER = 64 * 1024


class BadAddress(ValueError):
    """An address that must not be called. The message is for people and names the repair."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `status` 0: nothing did, and `error` is its class ("timeout", "connect", ...)."""

    status: int
    body: bytes = b""
    error: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def check_host(host: str, *, resolve: bool = False) -> None:
    """Refuse hosts that nobody may be sent to. With `resolve`, what the name stands for now is checked too.

    Raises:
        BadAddress
    """
    found = [host]
    if resolve:
        try:
            found += [str(one[4][0]) for one in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)]
        except (OSError, UnicodeError) as error:
            raise BadAddress("地址的主机名查不到") from error
    for text in found:
        try:
            address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
        except ValueError:
            if text == "localhost" and not settings.BUDAYANG.demo:
                raise BadAddress("不能发往本机，请写通知服务的地址") from None
            continue
        mapped = getattr(address, "ipv4_mapped", None) or address
        if mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast:
            raise BadAddress("不能发往链路本地、未指定或组播地址")
        if mapped.is_loopback and not settings.BUDAYANG.demo:
            raise BadAddress("不能发往本机，请写通知服务的地址")


def check_url(url: str, *, hosts: Collection[str] | None = None) -> str:
    """The address when it may be called: https anywhere, http on loopback only; no password, no fragment.

    Args:
        hosts: when given, the only hosts that are allowed.

    Raises:
        BadAddress
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        port = parts.port
    except ValueError as error:
        raise BadAddress("地址看不懂，请写 https://主机/路径") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.fragment or port == 0:
        raise BadAddress("地址须写成 https://主机/路径，不带密码")
    if hosts is not None and host not in hosts:
        raise BadAddress(f"只能发往 {'、'.join(sorted(hosts))}")
    check_host(host)
    if parts.scheme == "http" and host not in {"localhost", "127.0.0.1", "::1"}:
        raise BadAddress("请用 https:// 地址")
    return url.strip()


def post(url: str, body: bytes, headers: Mapping[str, str], *, transport: httpx.BaseTransport | None = None) -> Reply:
    """POST and read at most 64 KiB of the answer. Never raises for what the network does."""
    try:
        check_url(url)
        check_host(urlsplit(url).hostname or "", resolve=transport is None)
    except BadAddress:
        return Reply(0, error="address")
    limits = httpx.Timeout(READ_S, connect=CONNECT_S)
    try:
        with (
            httpx.Client(timeout=limits, follow_redirects=False, trust_env=False, transport=transport) as client,
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            return Reply(answer.status_code, _read(answer))
    except httpx.TimeoutException:
        return Reply(0, error="timeout")
    except (httpx.ConnectError, httpx.UnsupportedProtocol):
        return Reply(0, error="connect")
    except httpx.HTTPError:
        return Reply(0, error="broken")


def _read(answer: httpx.Response) -> bytes:
    found = b""
    for piece in answer.iter_bytes():
        found += piece
        if len(found) >= MOST_ANSWER:
            break
    return found[:MOST_ANSWER]


class RequestsDoor:
    """Stands where a library's module has `requests`, so that its calls go through this place too.

    Only `post` goes out, only to `hosts`, with our time-outs; everything else is the library's own `requests`, except
    that no other verb is left.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self.hosts = frozenset(hosts)
        # The tests' seam: an adapter that carries the request to a server of theirs.
        self.adapter: requests.adapters.BaseAdapter | None = None

    def __getattr__(self, name: str) -> Any:
        if name in {"get", "put", "patch", "delete", "head", "options", "request", "Session", "session"}:
            raise AttributeError(f"only post goes out here, not {name}")
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        """As requests.post, within the walls. Raises requests.RequestException."""
        try:
            check_url(url, hosts=self.hosts)
            if self.adapter is None:
                check_host(urlsplit(url).hostname or "", resolve=True)
        except BadAddress as error:
            raise requests.exceptions.InvalidURL("this address is not on the list") from error
        options |= {"timeout": (CONNECT_S, READ_S), "allow_redirects": False, "stream": True, "verify": True}
        with requests.Session() as session:
            session.trust_env = False
            if self.adapter is not None:
                session.mount("https://", self.adapter)
            answer = session.post(url, **options)
            answer._content = answer.raw.read(MOST_ANSWER, decode_content=True)
            return answer
