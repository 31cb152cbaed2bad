"""The built-in line: the contract over HTTP, to the connector's address and nowhere else."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache

import httpx

from budayang.center.services.lines.addresses import BadAddress, check_address
from budayang.center.services.lines.answers import MAX_ANSWER
from budayang.center.services.lines.calls import Call, NoAnswer, NotSent, Reply

LONGEST_CONNECT_S = 5.0


def make_client(timeout_s: float) -> httpx.AsyncClient:
    """A client that follows no redirect, reads no proxy from the environment and never takes up an old connection.

    A department may close a kept connection at the moment we write to it; that cannot be told from an act whose answer
    was lost, and would send a matter to a person for nothing.
    """
    return httpx.AsyncClient(
        verify=_trusted(),
        timeout=httpx.Timeout(timeout_s, connect=min(LONGEST_CONNECT_S, timeout_s / 2)),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the bundle of certificates takes tens of milliseconds; it is the same for every client."""
    return httpx.create_ssl_context(trust_env=False)


class HttpConnection:
    """Implements `Connection`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, call: Call) -> Reply:
        """One request; its answer is read up to the contract's limit and not a byte further."""
        try:
            url = f"{check_address(call.address)}{call.path}"
        except BadAddress:
            raise NotSent("bad address") from None
        headers = {"Content-Type": "application/json"} if call.body is not None else {}
        if call.key:
            headers["Authorization"] = f"Bearer {call.key}"
        if call.idempotency:
            headers["Idempotency-Key"] = call.idempotency
        method = "GET" if call.body is None else "POST"
        try:
            # The client's own limits are per read; a department that drips one byte a second would hold us for ever.
            async with (
                asyncio.timeout(call.timeout_s),
                self._client.stream(method, url, content=call.body, headers=headers) as response,
            ):
                return Reply(response.status_code, await _read(response), _retry_after(response))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(type(error).__name__) from None
        except (httpx.TimeoutException, TimeoutError):
            raise NoAnswer("no answer in time", timeout=True) from None
        except httpx.HTTPError as error:
            raise NoAnswer(type(error).__name__) from None


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > MAX_ANSWER:
            break  # whoever reads it sees that it is too large
    return bytes(content)


def _retry_after(response: httpx.Response) -> float | None:
    wait = response.headers.get("retry-after", "")
    return float(wait) if wait.isdecimal() and len(wait) < 8 else None
