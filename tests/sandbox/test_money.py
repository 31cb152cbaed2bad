"""The sandbox's provider: orders once, signed, paid by a payer, given back once, with a statement of each day."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from budayang.sandbox.money.door import DEMO_KEY, Money, sign
from budayang.sandbox.money.ledger import ZONE, MoneyLedger


class Caller:
    """Asks an application in process, each request on a loop of its own."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, url, **more)

        return asyncio.run(go())

    def get(self, url: str) -> httpx.Response:
        return self.request("GET", url)

    def post(self, url: str, **more: Any) -> httpx.Response:
        return self.request("POST", url, **more)


class Shop:
    """Signs what it sends."""

    def __init__(self, client: Caller, money: Money) -> None:
        self.client, self.money = client, money

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = DEMO_KEY) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        stamp = str(int(datetime.now(UTC).timestamp()))
        headers = {"Budayang-Time": stamp, "Budayang-Signature": sign(key, stamp, f"{method} {path}".encode(), content)}
        return self.client.request(method, f"/pay{path}", content=content, headers=headers)

    def place(self, number: str = "A-P1", fen: int = 1250, **more: Any) -> Any:
        expires = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        body = {"number": number, "amount_fen": fen, "title": "工本费", "expires_at": expires, **more}
        return self.ask("POST", "/v1/orders", body)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    money = Money(MoneyLedger(tmp_path / "money.sqlite3"), base="http://127.0.0.1:1")
    yield Shop(Caller(Starlette(routes=money.routes())), money)
    money.ledger.close()


def test_an_order_is_one_however_often_it_is_placed(shop: Shop) -> None:
    first, second = shop.place().json(), shop.place().json()
    assert first == second
    assert first["state"] == "open"
    assert shop.place(fen=1).status_code == 409
    assert shop.ask("GET", "/v1/orders/B").json()["error"] == "unknown_order"


def test_who_does_not_sign_is_refused(shop: Shop) -> None:
    assert shop.ask("GET", "/v1/orders/A", key="another").status_code == 401


def test_the_payer_pays_once_by_the_code(shop: Shop) -> None:
    page = shop.place().json()["qr"].removeprefix("http://127.0.0.1:1")
    assert "付款" in shop.client.get(page).text
    shop.client.post(page)
    paid = shop.ask("GET", "/v1/orders/A-P1").json()
    shop.client.post(page)
    assert shop.ask("GET", "/v1/orders/A-P1").json() == paid
    assert paid["state"] == "paid"
    assert shop.ask("POST", "/v1/orders/A-P1/close", {}).json()["state"] == "paid"


def test_a_closed_order_takes_nothing(shop: Shop) -> None:
    shop.place()
    assert shop.ask("POST", "/v1/orders/A-P1/close", {}).json()["state"] == "closed"
    shop.client.post("/control/money", json={"pay": "A-P1"})
    assert shop.ask("GET", "/v1/orders/A-P1").json()["state"] == "closed"
    shop.client.post("/control/money", json={"pay_closed": "A-P1"})
    assert shop.ask("GET", "/v1/orders/A-P1").json()["state"] == "paid"


def test_money_goes_back_once(shop: Shop) -> None:
    shop.place()
    body = {"refund": "A-P1-R", "amount_fen": 1250}
    assert shop.ask("POST", "/v1/orders/A-P1/refunds", body).json()["error"] == "not_paid"
    shop.client.post("/control/money", json={"pay": "last"})
    first = shop.ask("POST", "/v1/orders/A-P1/refunds", body).json()
    assert first == shop.ask("POST", "/v1/orders/A-P1/refunds", body).json()
    assert first == shop.ask("GET", "/v1/refunds/A-P1-R").json()
    assert shop.client.get("/control/money").json()["refunded_fen"] == 1250


def test_an_answer_that_is_lost_was_an_act(shop: Shop) -> None:
    shop.client.post("/control/money", json={"lose_answers": 1})
    assert shop.place().status_code == 504
    assert shop.ask("GET", "/v1/orders/A-P1").json()["state"] == "open"


def test_a_scanned_code_pays_or_is_refused(shop: Shop) -> None:
    assert shop.place(payer_code="28123").json()["state"] == "paid"
    assert shop.place("B-P1", payer_code="13123").status_code == 402


def test_a_day_has_a_statement_when_it_is_over(shop: Shop) -> None:
    shop.place()
    shop.client.post("/control/money", json={"pay": "last"})
    today = datetime.now(ZONE).date().isoformat()
    assert shop.ask("GET", f"/v1/statements/{today}").json()["error"] == "not_ready"
    shop.client.post("/control/money", json={"close_days": True})
    found = shop.ask("GET", f"/v1/statements/{today}").json()["movements"]
    assert [(one["kind"], one["number"], one["amount_fen"]) for one in found] == [("pay", "A-P1", 1250)]


def test_only_json_handles_the_box(shop: Shop) -> None:
    assert shop.client.post("/control/money", content=b"{}").status_code == 415
    assert shop.client.post("/control/money", json={"nonsense": 1}).status_code == 400
