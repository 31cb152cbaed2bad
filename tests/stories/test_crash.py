"""kill -9 in the middle of a matter: of the terminal, of the center, of the worker, each at several points.

Whatever was killed, the citizen and the clerk finish what they came for; then the case exists once, its paper is
entitled once, its rating counts once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from house import FORM, ITEM, Citizen, Facts, Stage, clerk, nothing_left, order, wait_for

from budayang.cli.visitors import Astray, Clerk

pytestmark = pytest.mark.processes

TERMINAL = "KBS-01"
OTHER_ITEM = "ZZ031"  # of another department
AWAY_S = 1.0
PAGE_ASKS_S = 5.0
# Who was killed while it held a lease is waited for: 30 s for a case, 60 s for a piece of news.
SETTLED_S = 120
LEVEL = "unsatisfied"


class Matter:
    """One citizen's matter at one terminal, and what the house held before it."""

    def __init__(self, stage: Stage, key: str) -> None:
        self.stage = stage
        self.facts = Facts(stage)
        self.person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, key)
        self.case_before = self.facts.count("SELECT coalesce(max(id), 0) FROM services_case")
        self.stored_before = self.facts.outbox(TERMINAL, "SELECT count(*) FROM cases")[0]
        self.answered_before = self.facts.answered()

    def kill(self, name: str) -> None:
        self.stage.programs[name].kill()

    def come(self) -> None:
        """Stand before the terminal; whatever a journey before this one left on the screen is left."""
        self.person.begin()
        self.person.lay_card(None)
        if self.person.live()["state"] not in ("attract", "clear"):
            self.person.post("exit")
        self.person.until("attract", within_s=20)

    def hand_in(self, *, delay_s: float = 0) -> None:
        """Everything up to 提交. `delay_s`: so long the department then takes, which leaves time for a kill."""
        self.come()
        wait_for("the item can be done here", self.startable, 60)
        # Not before: a department that takes too long for its probe has its items out of service.
        order(self.stage, "departments/RS", delay_s=delay_s)
        self.person.hand_in(ITEM, FORM)

    def startable(self, code: str = ITEM) -> bool:
        return any(item["code"] == code and item["can_start"] for item in self.person.find("参保"))

    def come_back_for_the_paper(self, item: str = ITEM) -> None:
        """Another time, the same card, whatever is chosen: the paper that was not taken is offered and printed."""
        self.come()
        wait_for("the item can be done here", lambda: self.startable(item), 60)
        self.person.post("choose", item=item)
        self.person.post("agree")
        assert self.person.show_card("resume", "fill", "confirm") == "resume", "the paper is not offered"
        self.person.post("reprint", number=self.number())

    def take_and_rate(self) -> None:
        self.person.until("take", within_s=90)
        self.person.post("taken")
        self.person.post("rated", level=LEVEL, reasons=["device_broken"])

    def leave(self) -> None:
        self.person.lay_card(None)
        self.person.close()

    def cases(self) -> list[tuple[str, str]]:
        """Numbers and states of the cases that came since."""
        found: list[tuple[str, str]] = self.facts.center(
            "SELECT number, state FROM services_case WHERE id > ? ORDER BY id", self.case_before
        )
        return found

    def number(self) -> str:
        return self.cases()[0][0]

    def stored(self) -> bool:
        """Whether the terminal wrote the case down."""
        return bool(self.facts.outbox(TERMINAL, "SELECT count(*) FROM cases")[0] > self.stored_before)

    def done(self) -> bool:
        return [state for _number, state in self.cases()] == ["done"]

    def printing(self) -> bool:
        live = self.person.live()
        return bool(live["state"] == "print" and live["printing"]["phase"] == "sent")

    def settled(self) -> bool:
        """The person's last word has arrived and all of it is dealt with."""
        rated = "SELECT count(*) FROM terminals_inbox WHERE kind = 'rating' AND json_extract(body, '$.number') = ?"
        return self.done() and bool(self.facts.count(rated, self.number())) and self.facts.quiet()

    def check_once(self) -> None:
        """The case exists once, the paper is entitled once, the rating counts once, no event stands twice."""
        wait_for("the matter is settled", self.settled, SETTLED_S)
        facts, number = self.facts, self.number()
        subject = f"case:{number}"
        assert self.cases() == [(number, "done")]
        assert facts.outbox(TERMINAL, "SELECT count(*) FROM cases")[0] == self.stored_before + 1
        assert facts.answered() == self.answered_before + 1, "the department was asked under one key only"
        news = "SELECT count(*) FROM platform_transition WHERE subject = ? AND kind = ?"
        for kind in ("services.case_done", "evaluation.invited", "evaluation.rated"):
            assert facts.count(news, subject, kind) == 1, kind
        lines = "SELECT count(*) FROM platform_auditline WHERE subject = ? AND action = ?"
        for action in ("services.accept_case", "services.complete_case"):
            assert facts.count(lines, subject, action) == 1, action
        paper = "SELECT paper.state FROM services_paper paper JOIN services_case c ON c.id = case_id WHERE number = ?"
        assert facts.center(paper, number) == ["taken"]
        told = "SELECT body FROM terminals_inbox WHERE kind = ? AND json_extract(body, '$.number') = ?"
        entitled = told + " AND json_extract(body, '$.state') = 'entitled'"
        assert len(facts.center(entitled, "case.paper", number)) == 1, "the terminal gives the right once"
        assert len(facts.center(told, "rating", number)) == 1
        assert facts.center("SELECT level FROM evaluation_rating WHERE case_number = ?", number) == [LEVEL]
        negative = (
            "SELECT count(*) FROM evaluation_negativecase n JOIN evaluation_rating r ON r.id = rating_id"
            " WHERE case_number = ?"
        )
        assert facts.count(negative, number) == 1
        facts.inbox_is_what_was_sent()
        nothing_left(self.stage)


@pytest.fixture(scope="module")
def supervisor(stage: Stage) -> Iterator[Clerk]:
    person = clerk(stage, "zhu")
    yield person
    person.close()


@pytest.fixture
def matter(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Matter]:
    """A matter in a house in which everything runs, with a department and a printer that leave time for a kill."""
    order(stage, "printers/1", paper=200, toner=80, jam=False, page_s=0.6)
    order(stage, "departments/RS", delay_s=0)
    begun = Matter(stage, "甲")
    yield begun
    for program in stage.programs.values():
        assert program.process is not None
        if program.process.poll() is not None:
            stage.restart(program.name)
    with suppress(Astray):
        begun.come()
    begun.leave()


def check_export(supervisor: Clerk, number: str) -> None:
    """The console's own list says it too."""
    rows = [row for row in supervisor.table("/console/cases/") if number in row.values()]
    assert len(rows) == 1
    rated = [row for row in supervisor.table("/console/ratings/") if number in row.values()]
    assert len(rated) == 1


def test_the_terminal_is_killed_right_after_submitting(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in(delay_s=3)
    wait_for("the case is written down", matter.stored, 10)
    matter.kill(TERMINAL)
    assert not matter.done(), "too late: nothing was left to survive"
    time.sleep(AWAY_S)
    stage.restart(TERMINAL)
    order(stage, "departments/RS", delay_s=0)
    wait_for("the case is done without the person", matter.done, SETTLED_S)
    matter.person.begin()
    assert matter.person.live()["state"] == "attract"
    assert "测**" not in matter.person.page(), "nobody's journey is taken up again"
    matter.come_back_for_the_paper()
    matter.take_and_rate()
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_person_who_comes_back_at_once_is_not_served_twice(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in(delay_s=60)
    wait_for("the case is under way", lambda: [s for _n, s in matter.cases()] == ["working"], 15)
    matter.kill(TERMINAL)
    stage.restart(TERMINAL)
    # The department does not answer, so its own items are out of service: the person touches another one.
    matter.come_back_for_the_paper(item=OTHER_ITEM)
    assert not matter.done(), "too late: the paper was there"
    order(stage, "departments/RS", delay_s=0)
    matter.take_and_rate()
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_terminal_is_killed_while_printing(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    order(stage, "printers/1", page_s=3)
    matter.hand_in()
    wait_for("paper is on its way", matter.printing, 30)
    matter.kill(TERMINAL)
    time.sleep(AWAY_S)
    stage.restart(TERMINAL)
    order(stage, "printers/1", page_s=0.6)
    state = "SELECT state FROM acts WHERE number = ?"
    settled = {"failed", "confirmed"}
    wait_for("the printer was asked", lambda: matter.facts.outbox(TERMINAL, state, matter.number())[0] in settled, 40)
    matter.come_back_for_the_paper()
    matter.take_and_rate()
    matter.check_once()
    prints = "SELECT prints FROM services_paper paper JOIN services_case c ON c.id = case_id WHERE number = ?"
    assert matter.facts.center(prints, matter.number()) == [2], "one right, and both times of sending are told"
    check_export(supervisor, matter.number())


def test_the_terminal_is_killed_right_after_the_rating(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in()
    matter.take_and_rate()
    matter.kill(TERMINAL)
    time.sleep(AWAY_S)
    stage.restart(TERMINAL)
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_center_is_killed_while_the_department_works(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in(delay_s=4)
    wait_for("the case is under way", lambda: [s for _n, s in matter.cases()] == ["working"], 15)
    matter.kill("web")
    time.sleep(AWAY_S)
    stage.restart("web")
    order(stage, "departments/RS", delay_s=0)
    matter.take_and_rate()
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_center_is_away_when_the_case_is_handed_in(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.come()
    wait_for("the item can be done here", matter.startable, 60)
    matter.person.post("choose", item=ITEM)
    matter.person.post("agree")
    assert matter.person.show_card("fill") == "fill"
    matter.person.post("filled", **FORM)
    matter.kill("web")
    matter.person.post("submit")
    wait_for("the person is told", lambda: "网络不通" in matter.person.page(), 20)
    assert matter.stored()
    assert not matter.cases()
    stage.restart("web")
    matter.take_and_rate()
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_center_is_killed_while_printing(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    order(stage, "printers/1", page_s=2)
    matter.hand_in()
    wait_for("paper is on its way", matter.printing, 30)
    matter.kill("web")
    matter.person.until("take", within_s=40)
    stage.restart("web")
    matter.take_and_rate()
    matter.check_once()
    check_export(supervisor, matter.number())


def test_the_center_is_killed_right_after_the_rating(matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in()
    matter.take_and_rate()
    matter.kill("web")
    time.sleep(AWAY_S)
    stage.restart("web")
    matter.check_once()
    check_export(supervisor, matter.number())


@pytest.mark.parametrize("point", ["submitted", "printing", "rated"])
def test_the_worker_is_killed(point: str, matter: Matter, stage: Stage, supervisor: Clerk) -> None:
    matter.hand_in()
    if point == "submitted":
        matter.kill("worker")
    wait_for("paper is on its way", matter.printing, 30)
    if point == "printing":
        matter.kill("worker")
    matter.take_and_rate()
    if point == "rated":
        matter.kill("worker")
    time.sleep(AWAY_S)
    stage.restart("worker")
    matter.check_once()
    check_export(supervisor, matter.number())


@pytest.fixture
def page(stage: Stage) -> Iterator[None]:
    """The first terminal's browser asks on while a clerk works: a page that was seen and falls silent is a fault."""
    person, gone = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲"), threading.Event()
    person.begin()
    person.live()

    def ask() -> None:
        while not gone.wait(PAGE_ASKS_S):
            with suppress(httpx.HTTPError, ValueError):  # the terminal itself may be away
                person.live()

    asking = threading.Thread(target=ask)
    asking.start()
    yield
    gone.set()
    asking.join()
    person.close()


class Repair:
    """Paper has run out in one of the sandbox's printers, and a clerk of the owner unit works the order."""

    def __init__(self, stage: Stage, clerk_: Clerk, printer: int) -> None:
        self.stage = stage
        self.printer = f"printers/{printer}"
        self.facts = Facts(stage)
        self.clerk = clerk_
        self.before = self.facts.count("SELECT coalesce(max(id), 0) FROM maintenance_incident")
        order(stage, self.printer, paper=0, toner=80, jam=False, page_s=0.6)
        self.number: str = wait_for("an order", self._order, SETTLED_S)

    def _order(self) -> str | None:
        found = self.facts.center(
            "SELECT number FROM maintenance_workorder o JOIN maintenance_incident i ON i.id = incident_id"
            " WHERE i.id > ? AND i.kind = 'paper_out'",
            self.before,
        )
        return found[0] if found else None

    def step(self, name: str, **fields: str) -> None:
        page = f"/console/orders/{self.number}/"
        assert "已记下" in self.clerk.send(page, f"{page}{name}/", **fields).text

    def state(self) -> str:
        return str(self.facts.center("SELECT state FROM maintenance_workorder WHERE number = ?", self.number)[0])

    def fill(self) -> None:
        order(self.stage, self.printer, paper=200)
        wait_for("the printer says that it has paper", lambda: self.state() == "repaired", SETTLED_S)

    def check_once(self) -> None:
        """One incident, one order, each of its steps once, one test print that counted."""
        wait_for("the order is closed", lambda: self.state() == "closed" and self.facts.quiet(), SETTLED_S)
        kinds = self.facts.center("SELECT kind, state FROM maintenance_incident WHERE id > ?", self.before)
        assert kinds == [("paper_out", "closed")]
        incident = self.facts.center("SELECT max(id) FROM maintenance_incident")[0]
        assert self.facts.count("SELECT count(*) FROM maintenance_workorder WHERE incident_id = ?", incident) == 1
        events = self.facts.center(
            "SELECT event FROM maintenance_workorderevent e JOIN maintenance_workorder o ON o.id = order_id"
            " WHERE number = ? ORDER BY e.id",
            self.number,
        )
        expected = ["reported", "accepted", "arrived", "repaired", "note", "test_asked", "test_passed"]
        assert events == [*expected, "verified", "closed"]
        news = "SELECT kind FROM platform_transition WHERE subject = ? ORDER BY id"
        told = self.facts.center(news, f"order:{self.number}")
        assert told == [f"maintenance.order_{event}" for event in events]
        assert self.facts.center(news, f"incident:{incident}") == [
            "maintenance.incident_opened",
            "maintenance.incident_closed",
        ]
        tests = (
            "SELECT count(*) FROM terminals_inbox WHERE kind = 'command.state'"
            " AND json_extract(body, '$.state') = 'done' AND json_extract(body, '$.result.order') = ?"
        )
        assert self.facts.count(tests, self.number) == 1
        self.facts.inbox_is_what_was_sent()


@pytest.fixture(scope="module")
def owner(stage: Stage) -> Iterator[Clerk]:
    person = clerk(stage, "ren")
    yield person
    person.close()


# Not all at one printer: a tray that is emptied and filled three times within ten minutes is 不稳定, and rightly so.
@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(("victim", "printer"), [("worker", 3), ("web", 1), (TERMINAL, 1)])
def test_killed_while_the_order_is_worked(
    victim: str, printer: int, matter: Matter, stage: Stage, owner: Clerk
) -> None:
    repair = Repair(stage, owner, printer)
    repair.step("accept")
    if victim != TERMINAL:
        stage.programs[victim].kill()
    if victim == "web":
        time.sleep(AWAY_S)
        stage.restart("web")
    repair.step("arrive")
    if victim == "worker":
        order(stage, repair.printer, paper=200)
        time.sleep(AWAY_S)
        stage.restart("worker")
    repair.fill()
    repair.step("repair", note_repair="已补 A4 纸一包（演示）")
    if victim == TERMINAL:
        order(stage, "printers/1", page_s=3)
    repair.step("test")
    if victim == TERMINAL:
        command = "SELECT count(*) FROM messages WHERE kind = 'command' AND done = 0"
        wait_for("the terminal prints the test page", lambda: repair.facts.outbox(TERMINAL, command)[0] == 1, 30)
        stage.programs[TERMINAL].kill()
        time.sleep(AWAY_S)
        stage.restart(TERMINAL)
        order(stage, "printers/1", page_s=0.6)
    repair.check_once()
