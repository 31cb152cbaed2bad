"""What a payment provider is asked, and what its answers prove. The contract is docs/mechanisms/payments.md.

An order is known by our number: placing it again is the same order, and whatever outcome was lost is asked for. Nothing
here decides what an answer means for a case.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import structlog
from django.conf import settings

from budayang.center.services.lines.addresses import check_address

log = structlog.get_logger(__name__)

TIMEOUT_S = 8.0
MAX_STATEMENT = 32 * 1024 * 1024
ORDER_STATES = frozenset({"open", "paid", "closed"})
REFUND_STATES = frozenset({"working", "refunded", "refused"})
TOLERANCE_S = 300


class ProviderUnclear(Exception):
    """Nothing can be said of what the provider did: it is asked again. The message is one word for the log."""


class ProviderRefused(Exception):
    """The provider said plainly that it did nothing. The message is its word for why, of the contract's list."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order at the provider. `state`: open, paid, closed. `amount_fen` is what the provider has, not what we
    asked.
    """

    state: str
    amount_fen: int
    qr: str = ""
    transaction: str = ""
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund at the provider. `state`: working, refunded, refused."""

    state: str
    amount_fen: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a day's statement. `kind`: pay or refund; `number` is ours: of the payment, or of the refund."""

    kind: str
    number: str
    amount_fen: int
    at: datetime
    transaction: str = ""


class Provider(Protocol):
    """A way to take money. Each method raises ProviderUnclear or ProviderRefused, and nothing else."""

    async def place(self, number: str, amount_fen: int, title: str, expires_at: datetime, payer_code: str) -> Order: ...
    async def order(self, number: str) -> Order | None: ...
    async def close(self, number: str) -> Order: ...
    async def refund(self, number: str, refund: str, amount_fen: int) -> Refund: ...
    async def find_refund(self, refund: str) -> Refund | None: ...
    async def statement(self, on: date) -> list[Movement] | None: ...


class HttpProvider:
    """The built-in provider: the contract over HTTP. Requests are signed; no redirect is followed."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._url = check_address(url)
        self._key = key.encode()
        self._clock = clock

    async def place(self, number: str, amount_fen: int, title: str, expires_at: datetime, payer_code: str) -> Order:
        """Make the order, or find the one that this number has. `payer_code`: scanned from the payer's phone, or ""."""
        body: dict[str, Any] = {"number": number, "amount_fen": amount_fen, "title": title}
        body |= {"expires_at": expires_at.isoformat(timespec="seconds"), "notify_url": notify_url()}
        if payer_code:
            body["payer_code"] = payer_code
        return _order(await self._ask("POST", "/v1/orders", body, number))

    async def order(self, number: str) -> Order | None:
        """The order under this number; None when the provider never had one."""
        try:
            return _order(await self._ask("GET", f"/v1/orders/{quote(number)}"))
        except ProviderRefused as refused:
            if str(refused) == "unknown_order":
                return None
            raise ProviderUnclear(str(refused)) from refused

    async def close(self, number: str) -> Order:
        """Close an order so that it can be paid no more; the answer may be that it is paid already."""
        return _order(await self._ask("POST", f"/v1/orders/{quote(number)}/close", {}, f"{number}-close"))

    async def refund(self, number: str, refund: str, amount_fen: int) -> Refund:
        """Give an order's money back under the refund's own number."""
        body = {"refund": refund, "amount_fen": amount_fen}
        return _refund(await self._ask("POST", f"/v1/orders/{quote(number)}/refunds", body, refund))

    async def find_refund(self, refund: str) -> Refund | None:
        """The refund under this number; None when the provider never had one."""
        try:
            return _refund(await self._ask("GET", f"/v1/refunds/{quote(refund)}"))
        except ProviderRefused as refused:
            if str(refused) == "unknown_refund":
                return None
            raise ProviderUnclear(str(refused)) from refused

    async def statement(self, on: date) -> list[Movement] | None:
        """All money that moved on a day; None while the provider has not closed the day."""
        try:
            body = await self._ask("GET", f"/v1/statements/{on.isoformat()}", limit=MAX_STATEMENT)
        except ProviderRefused as refused:
            if str(refused) == "not_ready":
                return None
            raise ProviderUnclear(str(refused)) from refused
        return _movements(body)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "", limit: int = 256 * 1024
    ) -> dict[str, Any]:
        content = b"" if body is None else httpx.Request("POST", "http://x", json=body).content
        time_text = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Budayang-Time": time_text,
            "Budayang-Signature": signature(self._key, time_text, f"{method} {path}".encode(), content),
        }
        if key:
            headers["Idempotency-Key"] = key
        try:
            response = await self._client.request(
                method, f"{self._url}{path}", content=content, headers=headers, timeout=TIMEOUT_S
            )
        except httpx.HTTPError as error:
            raise ProviderUnclear(type(error).__name__) from error
        if len(response.content) > limit:
            raise ProviderUnclear("too large")
        try:
            answer = response.json()
        except ValueError as error:
            raise ProviderUnclear("not JSON") from error
        if not isinstance(answer, dict):
            raise ProviderUnclear("not an object")
        if response.status_code == 200:
            return answer
        log.warning("provider refused", path=path.split("/")[2], status=response.status_code)
        if 400 <= response.status_code < 500 and isinstance(answer.get("error"), str):
            raise ProviderRefused(answer["error"][:40])
        raise ProviderUnclear(f"HTTP {response.status_code}")


def notify_url() -> str:
    """Where the provider may call back; it learns nothing from the answer."""
    return f"{settings.BUDAYANG.public_url}/pay/notify/"


def signature(key: bytes, time_text: str, subject: bytes, body: bytes) -> str:
    """HMAC-SHA256 over time, subject ("POST /v1/orders", or "callback") and body, each on a line of its own; hex."""
    return hmac.new(key, b"\n".join((time_text.encode(), subject, body)), hashlib.sha256).hexdigest()


def check_callback(key: str, time_text: str, given: str, body: bytes, now: datetime) -> bool:
    """Whether a callback is the provider's and of now. Even a true one is no more than a hint to ask."""
    if not time_text.isdecimal() or len(time_text) > 12 or abs(now.timestamp() - int(time_text)) > TOLERANCE_S:
        return False
    return hmac.compare_digest(signature(key.encode(), time_text, b"callback", body), given.lower())


def _order(body: dict[str, Any]) -> Order:
    try:
        state, amount, paid = body["state"], body["amount_fen"], body.get("paid_at")
        if state not in ORDER_STATES or not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
            raise ValueError("no order")
        qr, transaction = str(body.get("qr") or ""), str(body.get("transaction") or "")[:80]
        if len(qr) > 300:
            raise ValueError("qr too long")
        return Order(state, amount, qr, transaction, _moment(paid) if paid else None)
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnclear("unreadable order") from error


def _refund(body: dict[str, Any]) -> Refund:
    try:
        state, amount, at = body["state"], body["amount_fen"], body.get("at")
        if state not in REFUND_STATES or not isinstance(amount, int) or isinstance(amount, bool):
            raise ValueError("no refund")
        return Refund(state, amount, _moment(at) if at else None)
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnclear("unreadable refund") from error


def _movements(body: dict[str, Any]) -> list[Movement]:
    try:
        found = [
            Movement(
                str(row["kind"]),
                str(row["number"])[:60],
                int(row["amount_fen"]),
                _moment(row["at"]),
                str(row.get("transaction") or "")[:80],
            )
            for row in body["movements"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnclear("unreadable statement") from error
    if any(one.kind not in ("pay", "refund") or one.amount_fen <= 0 for one in found):
        raise ProviderUnclear("unreadable statement")
    return found


def _moment(text: Any) -> datetime:
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at
