"""A department and a provider that keep books and obey a plan of faults, and a carrier that runs in the test's own
thread.

Faults are names: "ok", "lost" (it acts, the answer is lost), "broken" (500 before it acts), "unreachable", "closed"
(503 with Retry-After). A `Killed` is raised at a chosen step of the database work: before it is done, or after its
commit.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.center.services.the_counter import PDF, Clock

from budayang.center.platform.actors import Actor
from budayang.center.services import carrying, case_actions, connector_calls, runner
from budayang.center.services.carrying import Carrier
from budayang.center.services.models import Case, ConnectorItem, Item, Payment
from budayang.center.services.payments import actions as payments
from budayang.center.services.payments import provider as provider_module
from budayang.center.services.payments import runner as payment_runner
from budayang.center.services.sending import DepartmentLine, Patience
from budayang.wire.messages import CasePrivate
from budayang.wire.numbers import make_number

KEY = "till-key"
EPOCH = "0123456789abcdef"
IN_THREADS = (runner, carrying, connector_calls, payment_runner)
PERSON = CasePrivate(name="测试甲", id_number="999999199001011234", id_kind="resident", form={"months": "12"})


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fate:
    """Where the next process dies: in the n-th piece of database work, before or after its commit. None: it lives."""

    at: int | None = None
    after: bool = True

    async def in_thread(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.at is not None:
            self.at -= 1
            if self.at <= 0 and not self.after:
                raise Killed
        done = in_step(work, *args, **kwargs)
        if self.at is not None and self.at <= 0:
            raise Killed
        return done


def in_step(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Do database work in this thread as if no loop ran: on the test's own connection, inside its transaction."""
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return work(*args, **kwargs)
    finally:
        asyncio._set_running_loop(loop)


@dataclass
class Faults:
    """What happens to the next calls, in order; after that all goes well."""

    plan: list[str] = field(default_factory=list)

    def next(self) -> str:
        return self.plan.pop(0) if self.plan else "ok"


@dataclass
class Office:
    """A department. `effects`: how often it acted on each case; `honours_of`: items by whether the same key gets the
    same answer."""

    first: str = "done"
    after_pay: str = "done"
    honours_of: dict[str, bool] = field(default_factory=dict)
    lets_go: bool = True
    faults: Faults = field(default_factory=Faults)
    effects: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    fen: int = 1250
    whose: dict[str, str] | None = None  # what its outcomes say of whose record they are, when they do
    asked: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        fault = self.faults.next()
        if fault == "unreachable":
            raise httpx.ConnectError("no line")
        if fault == "closed":
            return httpx.Response(503, headers={"Retry-After": "7200"}, json={"error": "closed"})
        if fault == "broken":
            return httpx.Response(500, json={})
        response = self._act(request)
        if fault == "lost":
            raise httpx.ReadTimeout("lost")
        return response

    def _act(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.split("/v1/")[1]
        parts = path.split("/")
        if parts == ["matters"]:
            return self._matter(json.loads(request.content), request.headers["idempotency-key"])
        number = parts[1]
        if request.method == "GET":
            return self._stand(number)
        if parts[2] == "paid":
            return self._paid(number, json.loads(request.content), request.headers["idempotency-key"])
        if parts[2] == "withdraw":
            if not self.lets_go or self.outputs.get(number):
                return httpx.Response(409, json={"error": "too_late"})
            self.withdrawn.add(number)
            return httpx.Response(200, json={"withdrawn": True})
        return httpx.Response(404, json={"error": "unknown"})

    def _matter(self, body: dict[str, Any], key: str) -> httpx.Response:
        number = body["case"]
        if not (self.honours_of.get(body["item"], True) and key in self.answers):
            self.effects[number] = self.effects.get(number, 0) + 1
            self.answers[key] = self._outcome(self.first, number)
        return httpx.Response(200, json=self.answers[key])

    def has_taken_in(self, number: str) -> bool:
        """It holds the matter and has not come to an end with it."""
        answers = [one for key, one in self.answers.items() if key == number or key.startswith(f"{number}-P")]
        over = number in self.withdrawn | self.refused or bool(self.outputs.get(number))
        return bool(answers) and answers[-1]["outcome"] == "handed_in" and not over

    def decide(self, number: str, word: str) -> None:
        """What it says from now on when it is asked how a matter stands that it has taken in: done, refused, due (a
        further bill), withdrawn, or "denied": it knows nothing of it.
        """
        if word == "denied":
            self.standing[number] = {"denied": True}
            return
        if word == "refused":
            self.refused.add(number)
        elif word == "withdrawn":
            self.withdrawn.add(number)
        found = self._outcome(word, number) if word != "withdrawn" else None
        if word == "due" and found is not None:
            found["due"]["bill"] = f"B{len(self.answers)}-{number}"
        self.standing[number] = {"state": word, "at": "2026-11-23T18:14:00+00:00", "outcome": found, "steps": []}

    def _outcome(self, word: str, number: str) -> dict[str, Any]:
        if word == "done":
            self.outputs[number] = self.outputs.get(number, 0) + 1
        found = outcome(word, number, self.fen)
        return found if self.whose is None else {**found, "for": {**self.whose, "case": number}}

    def _paid(self, number: str, body: dict[str, Any], key: str) -> httpx.Response:
        assert body["amount_fen"] == self.fen
        if key not in self.answers:
            over = number in self.withdrawn | self.refused
            self.answers[key] = self._outcome("refused" if over else self.after_pay, number)
        return httpx.Response(200, json=self.answers[key])

    def _stand(self, number: str) -> httpx.Response:
        if number in self.standing:
            if self.standing[number].get("denied"):
                return httpx.Response(404, json={"error": "unknown_case"})
            return httpx.Response(200, json=self.standing[number])
        answer = self.answers.get(number)
        if answer is None:
            return httpx.Response(404, json={"error": "unknown_case"})
        at = "2026-11-23T18:14:00+00:00"
        return httpx.Response(200, json={"state": answer["outcome"], "at": at, "outcome": answer, "steps": []})


def outcome(word: str, number: str, fen: int = 1250) -> dict[str, Any]:
    """An outcome as the contract has it."""

    found: dict[str, Any] = {"outcome": word, "message": f"{word}", "rows": [], "department_ref": f"R-{number}"}
    if word == "done":
        found["paper_pdf"] = base64.b64encode(PDF).decode()
    if word == "due":
        found["due"] = {"bill": f"B-{number}", "amount_fen": fen, "title": "工本费"}
    return found


@dataclass
class Till:
    """A provider by the contract of docs/mechanisms/payments.md, which checks each signature."""

    clock: Clock
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse_refunds: bool = False
    asked: list[httpx.Request] = field(default_factory=list)
    ready: bool = True

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        time_text = request.headers["budayang-time"]
        path = request.url.raw_path.decode().removeprefix("/pay")
        subject = f"{request.method} {path}".encode()
        signed = provider_module.signature(KEY.encode(), time_text, subject, request.content)
        assert request.headers["budayang-signature"] == signed
        fault = self.faults.next()
        if fault == "unreachable":
            raise httpx.ConnectError("no line")
        if fault in ("broken", "closed"):
            return httpx.Response(503, json={"detail": "down"})
        response = self._act(request.method, path.split("/")[2:], request)
        if fault == "lost":
            raise httpx.ReadTimeout("lost")
        return response

    def _act(self, method: str, parts: list[str], request: httpx.Request) -> httpx.Response:
        if parts[0] == "statements":
            if not self.ready:
                return httpx.Response(404, json={"error": "not_ready"})
            return httpx.Response(200, json={"movements": self.movements()})
        if parts[0] == "refunds":
            found = self.refunds.get(parts[1])
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={"error": "unknown_refund"})
        if len(parts) == 1:
            return self._place(json.loads(request.content))
        order = self.orders.get(parts[1])
        if order is None:
            return httpx.Response(404, json={"error": "unknown_order"})
        if method == "POST" and parts[2] == "close" and order["state"] == "open":
            order["state"] = "closed"
        if method == "POST" and parts[2] == "refunds":
            return self._refund(order, json.loads(request.content))
        return httpx.Response(200, json=order)

    def _place(self, body: dict[str, Any]) -> httpx.Response:
        if body.get("payer_code") == "empty":
            return httpx.Response(402, json={"error": "payer_refused"})
        fresh = {
            "number": body["number"],
            "state": "open",
            "amount_fen": body["amount_fen"],
            "qr": f"https://pay.example/{body['number']}",
        }
        order = self.orders.setdefault(body["number"], fresh)
        if body.get("payer_code"):
            self.pay(body["number"])
        return httpx.Response(200, json=order)

    def _refund(self, order: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
        if self.refuse_refunds:
            return httpx.Response(409, json={"error": "not_allowed"})
        if order["state"] != "paid":
            return httpx.Response(409, json={"error": "not_paid"})
        fresh = {
            "refund": body["refund"], "state": "refunded", "amount_fen": body["amount_fen"], "number": order["number"],
            "at": self.clock.now.isoformat(),
        }  # fmt: skip
        known = [one for one in self.refunds.values() if one["number"] == order["number"]]
        assert not known or known[0]["refund"] == body["refund"], "money goes back under one number"
        return httpx.Response(200, json=self.refunds.setdefault(body["refund"], fresh))

    def pay(self, number: str, *, even_closed: bool = False) -> bool:
        """The payer pays; an order that is closed or paid takes nothing."""
        order = self.orders.get(number)
        if order is None or order["state"] not in (("open", "closed") if even_closed else ("open",)):
            return False
        order |= {"state": "paid", "paid_at": self.clock.now.isoformat(), "transaction": f"T-{number}"}
        return True

    def movements(self) -> list[dict[str, Any]]:
        paid = [
            {"kind": "pay", "number": n, "amount_fen": o["amount_fen"], "at": o["paid_at"]}
            for n, o in self.orders.items()
            if o["state"] == "paid"
        ]
        given = [
            {"kind": "refund", "number": n, "amount_fen": r["amount_fen"], "at": r["at"]}
            for n, r in self.refunds.items()
        ]
        return paid + given

    def held_fen(self, case: str) -> int:
        """What the provider took for a case and did not give back."""
        taken = sum(o["amount_fen"] for n, o in self.orders.items() if n.startswith(case) and o["state"] == "paid")
        return taken - sum(r["amount_fen"] for r in self.refunds.values() if r["number"].startswith(case))


@dataclass
class Hall:
    """All of it together: cases are accepted by action and carried in this thread."""

    terminal: Any
    clock: Clock
    office: Office
    till: Till
    fate: Fate
    count: int = 0

    def accept(self, item: str = "ZZ001") -> str:
        self.count += 1
        number = make_number(self.terminal.code, EPOCH, self.count)
        case_actions.accept_case(
            Actor.terminal(self.terminal.code, self.terminal.area.place.path),
            number=number,
            terminal_id=self.terminal.pk,
            item_code=item,
            person=PERSON,
            reply_key="key",
            consent=("1", ""),
            lang="zh",
            now=self.clock.now,
        )
        return number

    def carry(self, turns: int = 1) -> None:
        """A process carries all that is due; it may be killed on the way."""
        for _turn in range(turns):
            try:
                asyncio.run(self._carry())
            except Killed:
                self.fate.at = None

    async def _carry(self) -> None:
        async def no_sleep(_seconds: float) -> None:
            return None

        line = DepartmentLine(
            httpx.AsyncClient(transport=httpx.MockTransport(self.office)),
            Patience(timeout_s=1, pauses_s=(0.0, 0.0), settle_s=0.0),
            sleep=no_sleep,
            clock=self.clock,
        )
        money = httpx.AsyncClient(transport=httpx.MockTransport(self.till))
        carrier = Carrier(line, money, clock=self.clock)
        now = self.clock.now
        for number in in_step(case_actions.waiting_numbers, now):
            await carrier.cases.run(number)
        for pk in in_step(carrying.errands.due_errands, now):
            await carrier.errands._errand(pk)
        for asked in in_step(carrying.case_progress.take_polls, now):
            await carrier.errands._poll(asked)
        for pk in in_step(payment_runner.looking.due_payments, now):
            await carrier.payments.run(pk)

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)

    def case(self, number: str) -> Case:
        return Case.objects.select_related("item__department", "terminal__area__place").get(number=number)

    def payment(self, number: str) -> Payment:
        return Payment.objects.select_related("provider", "case").filter(case__number=number).latest("pk")


def promise(item: str, *, honours_key: bool = True, can_be_asked: bool = False, can_withdraw: bool = False) -> None:
    """What a department declared of an item."""
    ConnectorItem.objects.update_or_create(
        item=Item.objects.get(code=item),
        defaults={
            "kind": "apply",
            "honours_key": honours_key,
            "can_be_asked": can_be_asked,
            "can_withdraw": can_withdraw,
            "declared_at": datetime(2026, 11, 23, tzinfo=UTC),
        },
    )


@contextmanager
def open_hall(terminal: Any, now: datetime) -> Iterator[Hall]:
    """A hall with a provider, whose database work is done in this thread and dies where its fate says."""
    clock, fate = Clock(now), Fate()
    with pytest.MonkeyPatch.context() as patch:
        for module in IN_THREADS:
            patch.setattr(module, "in_thread", fate.in_thread)
        payments.set_provider(
            Actor.system(),
            "TILL",
            name="测试收银",
            url="http://127.0.0.1:9/pay",
            key=KEY,
            place_path="/150600/",
            now=now - timedelta(days=3),
        )
        yield Hall(terminal, clock, Office(), Till(clock), fate)
