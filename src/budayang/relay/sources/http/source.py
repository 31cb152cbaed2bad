"""A page over HTTP(S): status, a text that must be on it, and when its certificate ends."""

from __future__ import annotations

import ssl
from datetime import timedelta

import httpx
from cryptography import x509

from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

ANSWER_S = 10.0
MOST_BYTES = 512 * 1024
CERTIFICATE = "certificate"


class Http:
    """One GET a check. No redirects are followed: they would answer for another place than the one that was named."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._client = httpx.AsyncClient(verify=bool(plan.settings["verify"]), timeout=ANSWER_S, trust_env=False)

    async def check(self) -> list[Said]:
        wanted = self._plan.settings
        try:
            async with self._client.stream("GET", wanted["url"]) as response:
                certificate = self._certificate(response)
                page = await _read(response)
        except httpx.HTTPError as error:
            said = self._plan.said("error" if _is_certificate(error) else "down", str(error) or type(error).__name__)
            return [said]
        expected = int(wanted["status"])
        if (response.status_code != expected) if expected else response.status_code >= 400:
            word, raw = "error", f"HTTP {response.status_code}"
        elif wanted["text"] and wanted["text"] not in page:
            word, raw = "error", f"HTTP {response.status_code}, text missing"
        else:
            word, raw = "ok", f"HTTP {response.status_code}"
        return [self._plan.said(word, raw), *certificate]

    async def close(self) -> None:
        await self._client.aclose()

    def _certificate(self, response: httpx.Response) -> list[Said]:
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        if not isinstance(tls, ssl.SSLObject | ssl.SSLSocket):
            return []
        der = tls.getpeercert(binary_form=True)
        if der is None:
            return []
        ends_at = x509.load_der_x509_certificate(der).not_valid_after_utc
        now = self._clock.now()
        soon = now + timedelta(days=float(self._plan.settings["certificate_days"]))
        word = "expired" if ends_at <= now else "expiring" if ends_at <= soon else "ok"
        return [self._plan.said(word, f"until {ends_at:%Y-%m-%d}", CERTIFICATE)]


async def _read(response: httpx.Response) -> str:
    """The page's beginning: a machine that sends without end must not fill the relay."""
    found = bytearray()
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) >= MOST_BYTES:
            break
    return bytes(found[:MOST_BYTES]).decode(response.encoding or "utf-8", errors="replace")


def _is_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def make(plan: Plan, clock: Clock) -> Http:
    """The source of a plan."""
    return Http(plan, clock)
