"""The provider's HTTP door, /pay/v1/…, the payer's page, and the switches that make it fail."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import html
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.money.ledger import ZONE, Differs, MoneyLedger, Order, Refund

log = structlog.get_logger(__name__)

DEMO_KEY = "demo-pay-key"
PAYER_CODE_OK = "28"  # the codes of the sandbox's payers begin so; others have no money
TOLERANCE_S = 300


class OrderBody(msgspec.Struct, frozen=True):
    """POST orders. Amounts in fen; `payer_code` is scanned from the payer's phone."""

    number: str
    amount_fen: int
    title: str
    expires_at: datetime
    notify_url: str = ""
    payer_code: str = ""


class RefundBody(msgspec.Struct, frozen=True):
    """POST orders/{number}/refunds."""

    refund: str
    amount_fen: int


class MoneyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /control/money. `pay`: the number of an order that its payer now pays, or "last"."""

    down: bool | None = None
    delay_s: float | None = None
    lose_answers: int | None = None
    refuse_refunds: bool | None = None
    silent: bool | None = None
    close_days: bool | None = None
    pay: str | None = None
    pay_closed: str | None = None


@dataclass
class MoneySwitches:
    """What is wrong. lose_answers: so many next acts are done but not answered; silent: no callbacks are sent."""

    down: bool = False
    delay_s: float = 0.0
    lose_answers: int = 0
    refuse_refunds: bool = False
    silent: bool = False
    close_days: bool = False


@dataclass
class Money:
    """The provider. `base`: where people's phones reach its pages."""

    ledger: MoneyLedger
    key: str = DEMO_KEY
    base: str = ""
    switches: MoneySwitches = field(default_factory=MoneySwitches)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    def routes(self) -> list[Route]:
        return [
            Route("/pay/v1/orders", self._place, methods=["POST"]),
            Route("/pay/v1/orders/{number}", self._order, methods=["GET"]),
            Route("/pay/v1/orders/{number}/close", self._close, methods=["POST"]),
            Route("/pay/v1/orders/{number}/refunds", self._refund, methods=["POST"]),
            Route("/pay/v1/refunds/{refund}", self._find_refund, methods=["GET"]),
            Route("/pay/v1/statements/{on}", self._statement, methods=["GET"]),
            Route("/pay/p/{token}", self._page, methods=["GET", "POST"]),
            Route("/control/money", self._control, methods=["GET", "POST"]),
        ]

    # --- the contract -------------------------------------------------------------------------------------------

    async def _place(self, request: Request) -> Response:
        body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        try:
            asked = msgspec.json.decode(body, type=OrderBody)
        except msgspec.DecodeError as error:
            return _problem(400, "malformed", str(error))
        if asked.amount_fen <= 0 or asked.expires_at.tzinfo is None:
            return _problem(400, "malformed", "amount_fen must be above 0, expires_at must have a zone")
        if asked.payer_code and not asked.payer_code.startswith(PAYER_CODE_OK):
            return _problem(402, "payer_refused", "the payer's bank said no")
        try:
            order = self.ledger.place(asked.number, asked.amount_fen, asked.title, asked.expires_at, asked.notify_url)
        except Differs:
            return _problem(409, "number_used", "the number is known with another amount")
        if asked.payer_code:
            order = self._paid(order.number) or order
        return self._answer(self._shown(order))

    async def _order(self, request: Request) -> Response:
        _body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        order = self.ledger.order(request.path_params["number"])
        return JSONResponse(self._shown(order)) if order else _problem(404, "unknown_order", "no such order")

    async def _close(self, request: Request) -> Response:
        _body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        order = self.ledger.shut(request.path_params["number"])
        return self._answer(self._shown(order)) if order else _problem(404, "unknown_order", "no such order")

    async def _refund(self, request: Request) -> Response:
        body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        try:
            asked = msgspec.json.decode(body, type=RefundBody)
        except msgspec.DecodeError as error:
            return _problem(400, "malformed", str(error))
        state = "refused" if self.switches.refuse_refunds else "refunded"
        found = self.ledger.refund(request.path_params["number"], asked.refund, asked.amount_fen, state)
        if found is None:
            return _problem(409, "not_paid", "there is nothing to give back under this number and amount")
        return self._answer(_refund_shown(found))

    async def _find_refund(self, request: Request) -> Response:
        _body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        found = self.ledger.find_refund(request.path_params["refund"])
        return JSONResponse(_refund_shown(found)) if found else _problem(404, "unknown_refund", "no such refund")

    async def _statement(self, request: Request) -> Response:
        _body, refusal = await self._enter(request)
        if refusal is not None:
            return refusal
        try:
            on = date.fromisoformat(request.path_params["on"])
        except ValueError:
            return _problem(400, "malformed", "write a day as 2026-11-25")
        over = datetime.combine(on + timedelta(days=1), datetime.min.time(), ZONE)
        if datetime.now(UTC) < over and not self.switches.close_days:
            return _problem(404, "not_ready", "the day is not closed yet")
        return JSONResponse({"on": on.isoformat(), "movements": self.ledger.movements(on)})

    async def _enter(self, request: Request) -> tuple[bytes, Response | None]:
        """The body of a signed request, or the refusal."""
        body = await request.body()
        time_text = request.headers.get("budayang-time", "")
        subject = f"{request.method} {request.url.path.removeprefix('/pay')}".encode()
        expected = sign(self.key, time_text, subject, body)
        fresh = time_text.isdecimal() and abs(datetime.now(UTC).timestamp() - int(time_text)) <= TOLERANCE_S
        if not fresh or not hmac.compare_digest(expected, request.headers.get("budayang-signature", "")):
            return b"", _problem(401, "unauthorized", "Budayang-Time and Budayang-Signature")
        if self.switches.delay_s > 0:
            await asyncio.sleep(self.switches.delay_s)
        if self.switches.down:
            return b"", JSONResponse({"detail": "down"}, 503)
        return body, None

    def _answer(self, body: dict[str, Any]) -> Response:
        if self.switches.lose_answers > 0:
            self.switches.lose_answers -= 1
            return JSONResponse({"detail": "the answer was lost on its way"}, 504)
        return JSONResponse(body)

    def _shown(self, order: Order) -> dict[str, Any]:
        qr = f"{self.base}/pay/p/{order.token}" if order.state == "open" else ""
        return {
            "number": order.number, "state": order.state, "amount_fen": order.amount_fen, "qr": qr,
            "transaction": order.trade or "", "paid_at": order.paid_at,
        }  # fmt: skip

    # --- the payer ----------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        """What the payer's phone shows after scanning; the button pays."""
        order = self.ledger.find_token(request.path_params["token"])
        if order is None:
            return HTMLResponse(_PAGE.format(text="没有这个缴费单。"), 404)
        if request.method == "POST" and order.state == "open":
            order = self._paid(order.number) or order
        words = {"paid": "已付款，请看自助终端的屏幕。", "closed": "缴费单已关闭，没有扣款。"}
        button = '<form method="post"><button>付款（演示，不扣钱）</button></form>'
        amount = f"{order.amount_fen / 100:.2f} 元"
        text = f"<h1>{html.escape(order.title)}</h1><p>{amount}</p>{words.get(order.state, button)}"
        return HTMLResponse(_PAGE.format(text=text))

    def _paid(self, number: str, *, even_closed: bool = False) -> Order | None:
        order = self.ledger.pay(number, even_closed=even_closed)
        if order is not None and order.state == "paid" and order.notify_url and not self.switches.silent:
            task = asyncio.get_running_loop().create_task(self._call_back(order))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        return order

    async def _call_back(self, order: Order) -> None:
        """Tell the center, twice, as providers do; what it says is no more than a hint."""
        body = json.dumps({"number": order.number, "state": order.state}).encode()
        async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
            for _again in range(2):
                time_text = str(int(datetime.now(UTC).timestamp()))
                headers = {
                    "Content-Type": "application/json",
                    "Budayang-Time": time_text,
                    "Budayang-Signature": sign(self.key, time_text, b"callback", body),
                }
                try:
                    await client.post(order.notify_url, content=body, headers=headers)
                except httpx.HTTPError as error:
                    log.info("callback_lost", number=order.number, why=type(error).__name__)

    # --- the hand in the box ------------------------------------------------------------------------------------

    async def _control(self, request: Request) -> Response:
        if request.method == "POST":
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                return _problem(415, "json", "application/json only")
            try:
                told = msgspec.json.decode(await request.body(), type=MoneyOrder)
            except msgspec.DecodeError as error:
                return _problem(400, "malformed", str(error))
            for name in ("down", "delay_s", "lose_answers", "refuse_refunds", "silent", "close_days"):
                if getattr(told, name) is not None:
                    setattr(self.switches, name, getattr(told, name))
            for number, closed in ((told.pay, False), (told.pay_closed, True)):
                wanted = self._last() if number == "last" else number
                if wanted and self._paid(wanted, even_closed=closed) is None:
                    return _problem(404, "unknown_order", "no such order")
        orders = [{**self._shown(order), "title": order.title} for order in self.ledger.orders()]
        return JSONResponse({**vars(self.switches), **self.ledger.totals(), "orders": orders})

    def _last(self) -> str:
        return next((order.number for order in self.ledger.orders() if order.state == "open"), "")


_PAGE = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>演示付款</title><body><p>演示数据：没有真的钱。</p>{text}</body></html>"
)


def sign(key: str, time_text: str, subject: bytes, body: bytes) -> str:
    """HMAC-SHA256 over time, subject and body, each on a line of its own; hex."""
    return hmac.new(key.encode(), b"\n".join((time_text.encode(), subject, body)), hashlib.sha256).hexdigest()


def _refund_shown(found: Refund) -> dict[str, Any]:
    return {"refund": found.refund, "state": found.state, "amount_fen": found.amount_fen, "at": found.at}


def _problem(status: int, error: str, detail: str) -> JSONResponse:
    return JSONResponse({"error": error, "detail": detail}, status)
