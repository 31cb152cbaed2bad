"""Carries payments along: places orders, asks how they stand, closes what expired, gives money back.

Web process and worker may run it at once and each may be killed at any line: what was to be done is written before
it is asked, and what may have been done is asked for before it is done again, under the same number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import structlog
from django.utils import timezone

from budayang.center.services.hearing import note_answer
from budayang.center.services.models import PaymentProvider
from budayang.center.services.payments import actions, looking
from budayang.center.services.payments.looking import Looked
from budayang.center.services.payments.provider import (
    HttpProvider,
    Order,
    Provider,
    ProviderRefused,
    ProviderUnclear,
    Refund,
)
from budayang.center.services.states import PaymentState
from budayang.center.services.threads import in_thread

log = structlog.get_logger(__name__)
REFUND_AGAIN_S = 5.0

ProviderMaker = Callable[[httpx.AsyncClient, str, str, Callable[[], datetime]], Provider]
PROVIDERS: dict[str, ProviderMaker] = {"http": HttpProvider}
"""Kind of provider (a column of its row) → how to speak to it."""


@dataclass(slots=True)
class PaymentRunner:
    """`moved` is called with the case number of each payment that changed in this process."""

    client: httpx.AsyncClient
    moved: Callable[[str], None] = lambda number: None
    clock: Callable[[], datetime] = timezone.now
    _running: dict[int, asyncio.Task[Any]] = field(default_factory=dict)

    async def take_up(self) -> int:
        """Start a look at every payment that is due; returns how many."""
        due = await in_thread(looking.due_payments, self.clock())
        for pk in due:
            if pk not in self._running:
                task = asyncio.create_task(self.run(pk), name=f"payment {pk}")
                self._running[pk] = task
                task.add_done_callback(lambda done, pk=pk: self._ended(pk, done))  # type: ignore[misc]  # binds the pk
        return len(due)

    async def take_up_and_wait(self) -> int:
        """The same for a process without a loop of its own."""
        count = await self.take_up()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        return count

    async def close(self) -> None:
        """Stop; what is under way is asked for after its lease."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _ended(self, pk: int, task: asyncio.Task[Any]) -> None:
        self._running.pop(pk, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("payment look failed", payment=pk, error=type(task.exception()).__name__)

    async def run(self, pk: int) -> None:
        """Look at one payment, once."""
        looked = await in_thread(looking.take_payment, pk, self.clock())
        if looked is None:
            return
        case = looked.payment.case.number  # read now: a row that moved is read again without what hangs on it
        provider = PROVIDERS[looked.kind](self.client, looked.url, looked.key, self.clock)
        why = ""
        try:
            await self._step(looked, provider)
        except ProviderUnclear as unclear:
            why = str(unclear) or "unclear"
            log.warning("provider unclear", payment=looked.payment.number, why=why)
            await in_thread(looking.put_off, looked.payment, looked.worker, self.clock(), failed=True)
        await in_thread(note_answer, PaymentProvider, looked.payment.provider_id, why, self.clock())
        self.moved(case)

    async def _step(self, looked: Looked, provider: Provider) -> None:
        state = PaymentState(looked.payment.state)
        if state is PaymentState.CREATED:
            await self._place(looked, provider)
        elif state is PaymentState.OPEN:
            code = "" if looked.payment.stop_at is not None else await self._payer_code(looked)
            if code:
                await self._take_by_code(looked, provider, code)
            else:
                await self._follow(looked, provider, await self._known(looked, provider))
        elif state is PaymentState.REFUND_DUE:
            if await in_thread(actions.record_refund_asked, looked.payment, looked.worker, self.clock()):
                await self._give_back(looked, provider)
        elif state is PaymentState.REFUNDING:
            found = await provider.find_refund(looked.payment.refund_number)
            await (self._give_back(looked, provider) if found is None else self._refunded(looked, found))

    async def _place(self, looked: Looked, provider: Provider) -> None:
        payment = looked.payment
        order: Order | None = None
        if payment.asked:  # an order may be there: its answer was lost, or its process was killed
            order = await provider.order(payment.number)
        elif not await in_thread(looking.note_asked, payment, looked.worker):
            return
        if order is None:
            if payment.stop_at is not None or payment.expires_at <= self.clock():
                await in_thread(actions.record_closed, payment, self.clock(), why="not_placed")
                return
            code = await in_thread(actions.open_payer_code, payment)
            try:
                order = await provider.place(
                    payment.number, payment.amount_fen, payment.title, payment.expires_at, code
                )
            except ProviderRefused as refused:
                await in_thread(actions.record_closed, payment, self.clock(), why=str(refused))
                return
        await self._follow(looked, provider, order)

    async def _payer_code(self, looked: Looked) -> str:
        payment = looked.payment
        if not payment.payer_code_sealed or payment.expires_at <= self.clock():
            return ""
        return await in_thread(actions.take_payer_code, payment, self.clock())

    async def _take_by_code(self, looked: Looked, provider: Provider, code: str) -> None:
        """The open order once more, now with what the payer's phone showed: one number, one order, paid once."""
        payment = looked.payment
        try:
            order = await provider.place(payment.number, payment.amount_fen, payment.title, payment.expires_at, code)
        except ProviderRefused as refused:
            await in_thread(actions.record_code_refused, payment, str(refused), looked.worker, self.clock())
            return
        await self._follow(looked, provider, order)

    async def _known(self, looked: Looked, provider: Provider) -> Order:
        order = await provider.order(looked.payment.number)
        if order is None:
            raise ProviderUnclear("order is gone")
        return order

    async def _follow(self, looked: Looked, provider: Provider, order: Order) -> None:
        payment, now = looked.payment, self.clock()
        if order.amount_fen != payment.amount_fen:
            raise ProviderUnclear("another amount")
        if order.state == "open" and (payment.stop_at is not None or payment.expires_at <= now):
            try:
                order = await provider.close(payment.number)
            except ProviderRefused as refused:
                raise ProviderUnclear(str(refused)) from refused
        if order.state == "paid":
            paid_at = order.paid_at or now
            await in_thread(
                actions.record_paid, payment, transaction_number=order.transaction, paid_at=paid_at, now=now
            )
        elif order.state == "closed":
            why = "stopped" if payment.stop_at is not None else "expired"
            await in_thread(actions.record_closed, payment, now, why=why)
        elif payment.state == PaymentState.CREATED:
            await in_thread(actions.record_placed, payment, order.qr, looked.worker, now)
        else:
            await in_thread(looking.put_off, payment, looked.worker, now, failed=False)

    async def _give_back(self, looked: Looked, provider: Provider) -> None:
        payment = looked.payment
        try:
            found = await provider.refund(payment.number, payment.refund_number, payment.amount_fen)
        except ProviderRefused as refused:
            await in_thread(actions.record_refund_refused, payment, str(refused), self.clock())
            return
        await self._refunded(looked, found)

    async def _refunded(self, looked: Looked, found: Refund) -> None:
        payment, now = looked.payment, self.clock()
        if found.amount_fen != payment.amount_fen:
            raise ProviderUnclear("another amount")
        if found.state == "refunded":
            await in_thread(actions.record_refunded, payment, found.at or now, now)
        elif found.state == "refused":
            await in_thread(actions.record_refund_refused, payment, "refused", now)
        else:
            await in_thread(looking.put_off, payment, looked.worker, now, failed=False, after_s=REFUND_AGAIN_S)
