"""kill -9 and lost answers in the middle of paying: the case is there once, the money once, the paper is true.

Each story kills one program, or loses one answer, at one step of apply and pay; then everybody finishes what they came
for. Counted is what the department and the provider themselves have in their books.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest
from house import Citizen, Clerk, Facts, Stage, clerk, nothing_left, order, wait_for

from budayang.cli.visitors import Astray

pytestmark = pytest.mark.processes

TERMINAL = "KBS-01"
ITEM, WORDS, OFFICE = "ZZ095", "交通违法罚款缴纳", "GAJG"
SETTLED_S = 90
AWAY_S = 1.0
LOST = "an answer"


class Fine:
    """One citizen's fine at one terminal, and what everybody's books held before it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.facts = stage, Facts(stage)
        self.person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲")
        self.case_before = self.facts.count("SELECT coalesce(max(id), 0) FROM services_case")
        self.money_before = self.money()

    def money(self) -> dict[str, Any]:
        told: dict[str, Any] = httpx.get(f"{self.stage.sandbox}/control/money", timeout=20).json()
        return told

    def kill(self, name: str) -> None:
        self.stage.programs[name].kill()

    def restart(self, name: str) -> None:
        time.sleep(AWAY_S)
        self.stage.restart(name)

    def come(self) -> None:
        self.person.begin()
        self.person.lay_card(None)
        if self.person.live()["state"] not in ("attract", "clear"):
            self.person.post("exit")
        self.person.until("attract", within_s=20)
        wait_for("the fine can be paid here", self.startable, 90)

    def startable(self) -> bool:
        return any(one["code"] == ITEM and one["can_start"] for one in self.person.find(WORDS))

    def hand_in(self) -> None:
        self.come()
        self.person.hand_in(ITEM, {"decision": ""})

    def at_the_code(self) -> None:
        """Handed in, and the code to scan is on the screen."""
        self.hand_in()
        self.see_the_code()

    def see_the_code(self) -> None:
        self.person.until("pay", within_s=SETTLED_S)
        wait_for("the code is shown", lambda: "请用手机扫码付款" in self.person.page(), 60)

    def pay(self) -> None:
        order(self.stage, "money", pay="last")

    def come_back(self) -> None:
        """Another time, the same card: what waits is offered."""
        self.come()
        self.person.post("choose", item=ITEM)
        self.person.post("agree")
        assert self.person.show_card("resume", "fill", "confirm") == "resume", "nothing is offered"
        self.person.post("reprint", number=self.number())

    def take(self) -> None:
        self.person.until("take", within_s=SETTLED_S)
        self.person.post("taken")
        self.person.post("rated", level="satisfied")

    def cases(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = self.facts.center(
            "SELECT number, state FROM services_case WHERE id > ? ORDER BY id", self.case_before
        )
        return found

    def number(self) -> str:
        return self.cases()[0][0]

    def state(self) -> str:
        return self.cases()[0][1] if self.cases() else ""

    def payments(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = self.facts.center(
            "SELECT p.number, p.state FROM services_payment p JOIN services_case c ON c.id = case_id"
            " WHERE c.number = ?",
            self.number(),
        )
        return found

    def payment(self, column: str) -> Any:
        """A column of the case's newest payment; None while there is none."""
        sql = (
            f"SELECT p.{column} FROM services_payment p JOIN services_case c ON c.id = case_id WHERE c.number = ?"
            " ORDER BY p.id DESC"
        )
        rows = self.facts.center(sql, self.number()) if self.cases() else []
        return rows[0] if rows else None

    def booked(self) -> list[tuple[int, int]]:
        """How often the department acted on the case, and how many payments it heard of."""
        path = self.stage.folder / "sandbox" / "departments.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as books:
            found = books.execute("SELECT acts, payments FROM matters WHERE number = ?", (self.number(),))
            return found.fetchall()

    def check_once(self) -> None:
        """The department has the case once, the money is there once, and the paper is in the person's hand."""
        wait_for("the fine is settled", lambda: self.state() == "done" and self.facts.quiet(), SETTLED_S)
        assert len(self.cases()) == 1
        assert [state for _number, state in self.payments()] == ["settled"]
        assert self.booked() == [(1, 1)]
        money = self.money()
        assert money["paid"] == self.money_before["paid"] + 1
        assert money["refunded"] == self.money_before["refunded"]
        paper = "SELECT paper.state FROM services_paper paper JOIN services_case c ON c.id = case_id WHERE number = ?"
        assert self.facts.center(paper, self.number()) == ["taken"]
        steps = self.facts.center(
            "SELECT step FROM services_casestep s JOIN services_case c ON c.id = case_id"
            " WHERE number = ? ORDER BY s.id",
            self.number(),
        )
        assert [step for step in steps if step in ("kept", "due", "paid", "done")] == ["kept", "due", "paid", "done"]
        nothing_left(self.stage)


def all_well(stage: Stage) -> None:
    order(stage, "printers/1", paper=200, toner=80, jam=False, page_s=0.3)
    order(stage, f"departments/{OFFICE}", delay_s=0, lose_answers=0, down=False, always_open=True)
    order(stage, "money", down=False, delay_s=0, lose_answers=0, silent=False)


@pytest.fixture
def fine(stage: Stage) -> Iterator[Fine]:
    all_well(stage)
    begun = Fine(stage)
    yield begun
    all_well(stage)
    for program in stage.programs.values():
        assert program.process is not None
        if program.process.poll() is not None:
            stage.restart(program.name)
    with suppress(Astray):
        begun.come()
    begun.person.lay_card(None)
    begun.person.close()


@pytest.fixture(scope="module")
def supervisor(stage: Stage) -> Iterator[Clerk]:
    person = clerk(stage, "zhu")
    yield person
    person.close()


def test_the_departments_first_answer_is_lost(fine: Fine, stage: Stage) -> None:
    fine.come()
    order(stage, f"departments/{OFFICE}", lose_answers=1)
    fine.person.hand_in(ITEM, {"decision": ""})
    fine.see_the_code()
    fine.pay()
    fine.take()
    fine.check_once()


def test_the_providers_answers_are_lost(fine: Fine, stage: Stage) -> None:
    fine.come()
    order(stage, "money", lose_answers=2, silent=True)
    fine.person.hand_in(ITEM, {"decision": ""})
    fine.see_the_code()
    fine.pay()
    fine.take()
    fine.check_once()


@pytest.mark.parametrize("victim", ["web", TERMINAL])
def test_killed_while_the_order_is_placed(fine: Fine, stage: Stage, victim: str) -> None:
    fine.come()
    order(stage, "money", delay_s=4)
    fine.person.hand_in(ITEM, {"decision": ""})
    wait_for("the provider is asked for the order", lambda: fine.payment("asked"), 30)
    fine.kill(victim)
    assert fine.payment("state") == "created", "too late: the order was there"
    order(stage, "money", delay_s=0)
    fine.restart(victim)
    if victim == TERMINAL:
        fine.come_back()
    fine.see_the_code()
    fine.pay()
    fine.take()
    fine.check_once()


def test_the_departments_answer_to_the_payment_is_lost(fine: Fine, stage: Stage) -> None:
    fine.at_the_code()
    order(stage, f"departments/{OFFICE}", lose_answers=1)
    fine.pay()
    fine.take()
    fine.check_once()


def test_the_center_is_killed_while_the_code_is_shown_and_the_payer_pays(fine: Fine) -> None:
    fine.at_the_code()
    fine.kill("web")
    fine.pay()
    fine.restart("web")
    fine.take()
    fine.check_once()


@pytest.mark.parametrize("victim", ["web", TERMINAL])
def test_killed_while_the_department_hears_of_the_payment(fine: Fine, stage: Stage, victim: str) -> None:
    fine.at_the_code()
    order(stage, f"departments/{OFFICE}", delay_s=4)
    fine.pay()
    wait_for("the money is here", lambda: fine.state() == "paid", 30)
    fine.kill(victim)
    order(stage, f"departments/{OFFICE}", delay_s=0)
    fine.restart(victim)
    if victim == TERMINAL:
        wait_for("it is done without the person", lambda: fine.state() == "done", SETTLED_S)
        fine.come_back()
    fine.take()
    fine.check_once()


def test_the_terminal_is_killed_while_the_code_is_shown(fine: Fine) -> None:
    fine.at_the_code()
    fine.kill(TERMINAL)
    fine.pay()
    fine.restart(TERMINAL)
    wait_for("it is done without the person", lambda: fine.state() == "done", SETTLED_S)
    fine.come_back()
    fine.take()
    fine.check_once()


def test_who_comes_back_before_paying_pays_then(fine: Fine) -> None:
    fine.at_the_code()
    fine.kill(TERMINAL)
    fine.restart(TERMINAL)
    fine.come_back()
    fine.person.until("pay", within_s=30)
    fine.pay()
    fine.take()
    fine.check_once()


def test_the_terminal_is_killed_while_the_receipt_is_printed(fine: Fine, stage: Stage) -> None:
    order(stage, "printers/1", page_s=3)
    fine.at_the_code()
    fine.pay()
    wait_for("paper is on its way", lambda: fine.person.live()["state"] == "print", 60)
    fine.kill(TERMINAL)
    fine.restart(TERMINAL)
    order(stage, "printers/1", page_s=0.3)
    settled = "SELECT state FROM acts WHERE number = ?"
    ends = {"failed", "confirmed"}
    wait_for("the printer was asked", lambda: fine.facts.outbox(TERMINAL, settled, fine.number())[0] in ends, 40)
    fine.come_back()
    fine.take()
    fine.check_once()


@pytest.mark.parametrize("lost", ["", LOST, "web", TERMINAL])
def test_who_does_not_pay_owes_nothing(fine: Fine, stage: Stage, lost: str) -> None:
    fine.at_the_code()
    if lost == LOST:
        order(stage, "money", lose_answers=1)
    elif lost:
        order(stage, "money", delay_s=4)
    fine.person.post("stop_paying")
    if lost in ("web", TERMINAL):
        wait_for("the order is to be closed", lambda: fine.payment("stop_at"), 20)
        fine.kill(lost)
        order(stage, "money", delay_s=0)
        fine.restart(lost)
    if lost != TERMINAL:
        fine.person.until("outcome", within_s=SETTLED_S)
        assert "没有收任何钱" in fine.person.page()
    wait_for("it is over", lambda: fine.state() == "withdrawn", SETTLED_S)
    assert fine.money()["paid"] == fine.money_before["paid"]
    assert [state for _number, state in fine.payments()] == ["closed"]


@pytest.mark.parametrize("lost", [LOST, "web"])
def test_what_comes_to_nothing_goes_back_once(fine: Fine, stage: Stage, supervisor: Clerk, lost: str) -> None:
    """Paid, and the department cannot be told: a clerk gives it back, and the person is told so."""
    fine.at_the_code()
    order(stage, f"departments/{OFFICE}", down=True)
    fine.pay()
    wait_for("the money is here", lambda: fine.state() == "paid", 30)
    order(stage, "money", **({"lose_answers": 1} if lost == LOST else {"delay_s": 4}))
    page = f"/console/payments/{fine.payment('number')}/"

    def given_back() -> bool:
        with suppress(Astray):  # for as long as the department is being told, it is refused
            supervisor.send(page, f"{page}refund/", note="部门系统不通，本人不等了")
        return str(fine.payment("state")).startswith("refund")

    wait_for("a clerk gives it back", given_back, SETTLED_S)
    if lost == "web":
        wait_for("the provider is asked to give it back", lambda: fine.payment("state") == "refunding", 20)
        fine.kill("web")
        order(stage, "money", delay_s=0)
        fine.restart("web")
    wait_for("the money is back", lambda: fine.payment("state") == "refunded", SETTLED_S)
    assert fine.booked() == [(1, 0)], "the department never heard of it"
    money = fine.money()
    assert (money["paid"], money["refunded"]) == (fine.money_before["paid"] + 1, fine.money_before["refunded"] + 1)
    fine.person.until("outcome", within_s=SETTLED_S)
    assert "原路退回" in fine.person.page()
    assert fine.state() == "failed"
