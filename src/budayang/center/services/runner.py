"""Works off accepted cases: claims one, asks the department, stores the outcome.

Web process and worker may run it at once, and each may be killed at any line: the claim is a counted UPDATE with a
lease, the key for the department is the case number, and the outcome is one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.utils import timezone

from budayang.center.services import case_actions
from budayang.center.services.case_actions import Taken
from budayang.center.services.connector_queries import find_address
from budayang.center.services.receipts import newest_witness
from budayang.center.services.sending import Answer, DepartmentLine
from budayang.center.services.threads import in_thread

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class CaseRunner:
    """`finished` is called with the number of each case that reached a final state in this process."""

    line: DepartmentLine
    finished: Callable[[str], None] = lambda number: None
    clock: Callable[[], datetime] = timezone.now
    _running: dict[str, asyncio.Task[Any]] = field(default_factory=dict)

    def start(self, number: str) -> None:
        """Work on a case in the background; at most one task per number in this process."""
        if number in self._running:
            return
        task = asyncio.create_task(self.run(number), name=f"case {number}")
        self._running[number] = task
        task.add_done_callback(lambda done: self._ended(number, done))

    def _ended(self, number: str, task: asyncio.Task[Any]) -> None:
        self._running.pop(number, None)
        if not task.cancelled() and task.exception() is not None:
            # The case keeps its lease and is taken up again when that runs out.
            log.error("case run failed", case=number, error=type(task.exception()).__name__)
        self.finished(number)

    async def take_up(self) -> int:
        """Start every case that waits or was left behind; returns how many."""
        numbers = await in_thread(case_actions.waiting_numbers, self.clock())
        for number in numbers:
            self.start(number)
        return len(numbers)

    async def take_up_and_wait(self) -> int:
        """The same for a process without a loop of its own: returns when all are done."""
        count = await self.take_up()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        return count

    async def close(self) -> None:
        """Stop; what is under way is taken up again after its lease, under the same key."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def run(self, number: str) -> None:
        """Claim a case and carry it to a final state, unless somebody else has it."""
        taken = await in_thread(case_actions.take_case, number, self.clock())
        if taken is None:
            return
        answer = await self._ask(taken)
        if answer is None:
            return
        head = await in_thread(newest_witness)
        await in_thread(case_actions.complete_case, number, taken.worker, answer, head=head, now=self.clock())

    async def _ask(self, taken: Taken) -> Answer | None:
        if not taken.body:
            # The sealed body does not open (keys were lost): nobody can ask, a person has to look.
            return Answer("unclear")
        address = await in_thread(find_address, taken.department)
        if address is None:
            return Answer("unclear") if taken.unclear else Answer("not_reached")

        async def still_ours(unclear: bool) -> bool:
            return await in_thread(
                case_actions.renew_lease, taken.number, taken.worker, unclear=unclear, now=self.clock()
            )

        return await self.line.ask(
            taken.department,
            address[0],
            address[1],
            number=taken.number,
            body=taken.body,
            unclear=taken.unclear,
            still_ours=still_ours,
        )
