"""Everything of cases that moves without a person: cases to departments, errands, questions how a case stands,
payments.

One `Carrier` a process. The web process carries what people wait for; the worker carries all of it, slowly, for the
time in which no web process runs.
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

from budayang.center.services import case_progress, errand_outcomes, errands
from budayang.center.services.case_progress import Asked
from budayang.center.services.connector_queries import find_address
from budayang.center.services.errands import ErrandTaken
from budayang.center.services.payments.runner import PaymentRunner
from budayang.center.services.receipts import newest_witness
from budayang.center.services.runner import CaseRunner
from budayang.center.services.sending import Answer, DepartmentLine, Withdrawal, same_masks
from budayang.center.services.threads import in_thread

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ErrandRunner:
    """Tells departments what they must hear of cases, and asks how cases stand."""

    line: DepartmentLine
    moved: Callable[[str], None] = lambda number: None
    clock: Callable[[], datetime] = timezone.now
    _running: dict[str, asyncio.Task[Any]] = field(default_factory=dict)

    async def take_up(self) -> int:
        """Start every errand and question that is due; returns how many."""
        now = self.clock()
        due = await in_thread(errands.due_errands, now)
        for pk in due:
            self._start(f"errand {pk}", self._errand, pk)
        polls = await in_thread(case_progress.take_polls, now)
        for asked in polls:
            self._start(f"poll {asked.number}", self._poll, asked)
        return len(due) + len(polls)

    async def wait(self) -> None:
        """Until what was started is done."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop; what is under way is taken up again after its lease, under the same key."""
        for task in list(self._running.values()):
            task.cancel()
        await self.wait()

    def _start(self, name: str, work: Callable[[Any], Any], about: Any) -> None:
        if name in self._running:
            return
        task = asyncio.create_task(work(about), name=name)
        self._running[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))

    def _ended(self, name: str, task: asyncio.Task[Any]) -> None:
        self._running.pop(name, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("errand failed", what=name, error=type(task.exception()).__name__)

    async def _errand(self, pk: int) -> None:
        taken = await in_thread(errands.take_errand, pk, self.clock())
        if taken is None:
            return
        if taken.kind == "withdraw":
            said = await self._withdraw(taken)
            await in_thread(errand_outcomes.finish_withdrawal, taken, said, self.clock())
        else:
            answer = await self._tell(taken)
            if answer is None:
                return  # a rival has it
            head = await in_thread(newest_witness)
            finish = errand_outcomes.finish_paid if taken.kind == "paid" else errand_outcomes.finish_correction
            await in_thread(finish, taken, answer, head=head, now=self.clock())
        self.moved(taken.number)

    async def _tell(self, taken: ErrandTaken) -> Answer | None:
        address = await in_thread(find_address, taken.department)
        if not taken.body:
            return Answer("unclear")  # its keys were lost: nobody can tell it any more
        if address is None:
            return Answer("unclear") if taken.unclear else Answer("not_reached")

        async def still_ours(unclear: bool) -> bool:
            return await in_thread(errands.renew_errand, taken, self.clock(), unclear=unclear)

        if taken.kind == "paid":
            return await self.line.paid(
                taken.department,
                *address,
                number=taken.number,
                item=taken.item,
                payment=str(taken.body["payment"]),
                bill=str(taken.body["bill"]),
                amount_fen=int(taken.body["amount_fen"]),
                paid_at=datetime.fromisoformat(taken.body["paid_at"]),
                whose=same_masks(taken.masked),
                unclear=taken.unclear,
                still_ours=still_ours,
            )
        return await self.line.correct(
            taken.department,
            *address,
            number=taken.number,
            item=taken.item,
            body=errands.correction_body(taken),
            whose=same_masks(taken.masked),
            unclear=taken.unclear,
            still_ours=still_ours,
        )

    async def _withdraw(self, taken: ErrandTaken) -> Withdrawal:
        address = await in_thread(find_address, taken.department)
        if address is None or not await in_thread(errands.renew_errand, taken, self.clock()):
            return Withdrawal.NOT_REACHED
        reason = str(taken.body.get("reason", ""))
        return await self.line.withdraw(taken.department, *address, number=taken.number, item=taken.item, reason=reason)

    async def _poll(self, asked: Asked) -> None:
        address = await in_thread(find_address, asked.department)
        if address is None:
            return
        whose = same_masks(asked.masked)
        standing = await self.line.asked(asked.department, *address, number=asked.number, item=asked.item, whose=whose)
        if standing is None:
            return
        head = await in_thread(newest_witness)
        await in_thread(case_progress.take_standing, asked.number, standing, head=head, now=self.clock())
        self.moved(asked.number)


@dataclass(slots=True)
class Carrier:
    """The three runners of a process. `moved`: the number of each case that got somewhere here."""

    line: DepartmentLine
    money: httpx.AsyncClient
    moved: Callable[[str], None] = lambda number: None
    clock: Callable[[], datetime] = timezone.now
    cases: CaseRunner = field(init=False)
    errands: ErrandRunner = field(init=False)
    payments: PaymentRunner = field(init=False)

    def __post_init__(self) -> None:
        self.cases = CaseRunner(self.line, finished=self.moved, clock=self.clock)
        self.errands = ErrandRunner(self.line, moved=self.moved, clock=self.clock)
        self.payments = PaymentRunner(self.money, moved=self.moved, clock=self.clock)

    async def take_up(self) -> int:
        """Start everything that is due; returns how much."""
        return await self.cases.take_up() + await self.errands.take_up() + await self.payments.take_up()

    async def take_up_and_wait(self) -> int:
        """The same, until it is done; for a process without a loop of its own and for tests."""
        count = await self.cases.take_up_and_wait()
        count += await self.errands.take_up()
        await self.errands.wait()
        return count + await self.payments.take_up_and_wait()

    async def close(self) -> None:
        """Stop; the next process goes on with what is under way."""
        await asyncio.gather(self.cases.close(), self.errands.close(), self.payments.close())
