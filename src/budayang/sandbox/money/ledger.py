"""The provider's book: orders and refunds by our numbers, on disk, the same after any restart. Amounts in fen."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
  number TEXT PRIMARY KEY, amount_fen INTEGER NOT NULL, title TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'closed')), made_at TEXT NOT NULL, expires_at TEXT NOT NULL,
  notify_url TEXT NOT NULL, paid_at TEXT, trade TEXT, asked INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
  refund TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, amount_fen INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('working', 'refunded', 'refused')), at TEXT NOT NULL,
  asked INTEGER NOT NULL DEFAULT 1) STRICT;
"""
ZONE = ZoneInfo("Asia/Shanghai")
_ORDER = "number, amount_fen, title, token, state, expires_at, notify_url, paid_at, trade"
_REFUND = "refund, number, amount_fen, state, at"


@dataclass(frozen=True, slots=True)
class Order:
    """`token` is what the QR code leads to; `trade` is the provider's own number of the payment."""

    number: str
    amount_fen: int
    title: str
    token: str
    state: str
    expires_at: str
    notify_url: str
    paid_at: str | None
    trade: str | None


@dataclass(frozen=True, slots=True)
class Refund:
    refund: str
    number: str
    amount_fen: int
    state: str
    at: str


class Differs(ValueError):
    """The number is known with another amount."""


class MoneyLedger:
    """One SQLite file. Each method is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def place(self, number: str, amount_fen: int, title: str, expires_at: datetime, notify_url: str) -> Order:
        """The order under this number, made when it is new. Raises Differs for another amount."""
        with self._lock:
            now = datetime.now(UTC).isoformat()
            self._db.execute(
                "INSERT INTO orders (number, amount_fen, title, token, state, made_at, expires_at, notify_url)"
                " VALUES (?, ?, ?, ?, 'open', ?, ?, ?) ON CONFLICT (number) DO UPDATE SET asked = asked + 1",
                (number, amount_fen, title, secrets.token_urlsafe(16), now, expires_at.isoformat(), notify_url),
            )
            order = self.order(number)
            assert order is not None
            if order.amount_fen != amount_fen:
                raise Differs(number)
            return order

    def order(self, number: str) -> Order | None:
        """The order as it is now; one past its time is closed."""
        with self._lock:
            now = datetime.now(UTC)
            row = self._db.execute(f"SELECT {_ORDER} FROM orders WHERE number = ?", (number,)).fetchone()
            if row is None:
                return None
            order = Order(*row)
            if order.state == "open" and datetime.fromisoformat(order.expires_at) <= now:
                return self.shut(number)
            return order

    def find_token(self, token: str) -> Order | None:
        with self._lock:
            row = self._db.execute("SELECT number FROM orders WHERE token = ?", (token,)).fetchone()
            return self.order(row[0]) if row else None

    def shut(self, number: str) -> Order | None:
        """Close an open order; one that is paid stays paid."""
        with self._lock:
            self._db.execute("UPDATE orders SET state = 'closed' WHERE number = ? AND state = 'open'", (number,))
            row = self._db.execute(f"SELECT {_ORDER} FROM orders WHERE number = ?", (number,)).fetchone()
            return Order(*row) if row else None

    def pay(self, number: str, *, even_closed: bool = False) -> Order | None:
        """The payer pays. An order is paid once. `even_closed`: the fault of money that comes after the closing."""
        with self._lock:
            self.order(number)
            states = "('open', 'closed')" if even_closed else "('open')"
            now = datetime.now(UTC).isoformat()
            self._db.execute(
                f"UPDATE orders SET state = 'paid', paid_at = ?, trade = ? WHERE number = ? AND state IN {states}",
                (now, f"SB{secrets.token_hex(8).upper()}", number),
            )
            return self.order(number)

    def refund(self, number: str, refund: str, amount_fen: int, state: str) -> Refund | None:
        """Give an order's money back under the refund's number, once; None when the order is not paid."""
        with self._lock:
            order = self.order(number)
            known = self.find_refund(refund)
            if known is None and (order is None or order.state != "paid" or order.amount_fen != amount_fen):
                return None
            now = datetime.now(UTC).isoformat()
            self._db.execute(
                "INSERT INTO refunds VALUES (?, ?, ?, ?, ?, 1)"
                " ON CONFLICT (refund) DO UPDATE SET asked = asked + 1 ON CONFLICT (number) DO NOTHING",
                (refund, number, amount_fen, state, now),
            )
            return self.find_refund(refund)

    def find_refund(self, refund: str) -> Refund | None:
        with self._lock:
            row = self._db.execute(f"SELECT {_REFUND} FROM refunds WHERE refund = ?", (refund,)).fetchone()
            return Refund(*row) if row else None

    def movements(self, on: date) -> list[dict[str, object]]:
        """All money that moved on a day in China's zone."""
        start = datetime.combine(on, datetime.min.time(), ZONE).astimezone(UTC)
        span = (start.isoformat(), (start + timedelta(days=1)).isoformat())
        with self._lock:
            paid = self._db.execute(
                "SELECT number, amount_fen, paid_at, trade FROM orders WHERE paid_at >= ? AND paid_at < ?", span
            ).fetchall()
            given = self._db.execute(
                "SELECT refund, amount_fen, at, '' FROM refunds WHERE state = 'refunded' AND at >= ? AND at < ?", span
            ).fetchall()
        return [
            {"kind": kind, "number": number, "amount_fen": fen, "at": at, "transaction": trade or ""}
            for kind, rows in (("pay", paid), ("refund", given))
            for number, fen, at, trade in rows
        ]

    def orders(self) -> list[Order]:
        """The newest orders, for the box's page."""
        with self._lock:
            rows = self._db.execute(f"SELECT {_ORDER} FROM orders ORDER BY made_at DESC LIMIT 20").fetchall()
        return [Order(*row) for row in rows]

    def totals(self) -> dict[str, int]:
        """How much was paid and given back in all, and how often: what a story counts."""
        with self._lock:
            paid = self._db.execute("SELECT count(*), coalesce(sum(amount_fen), 0) FROM orders WHERE paid_at NOTNULL")
            paid_n, paid_fen = paid.fetchone()
            given = self._db.execute(
                "SELECT count(*), coalesce(sum(amount_fen), 0) FROM refunds WHERE state = 'refunded'"
            ).fetchone()
        return {"paid": paid_n, "paid_fen": paid_fen, "refunded": given[0], "refunded_fen": given[1]}
