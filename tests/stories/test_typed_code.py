"""A terminal without a card reader: a matter from the code on the card to the paper, and the issuer that is down."""

from __future__ import annotations

import json

import pytest
from house import FORM, ITEM, Citizen, Facts, Stage, nothing_left, order, wait_for

from budayang.cli.visitors import Astray
from budayang.sandbox.citizens import find_citizen

pytestmark = pytest.mark.processes

TERMINAL = "KBS-01"


def at_the_code(person: Citizen) -> None:
    if person.live()["state"] not in ("attract", "clear"):
        person.post("exit")
    person.until("attract", within_s=20)
    wait_for("the item can be done here", lambda: startable(person))
    person.post("choose", item=ITEM)
    person.post("agree")
    person.until("identity")


def startable(person: Citizen) -> bool:
    return any(item["code"] == ITEM and item["can_start"] for item in person.find("参保证明"))


def test_a_matter_is_finished_by_the_code_of_a_card(stage: Stage) -> None:
    citizen = find_citizen("丙")
    assert citizen is not None
    terminal = stage.programs[TERMINAL]
    terminal.kill()
    terminal.environment = {**terminal.environment, "BUDAYANG_TERMINAL_READER_URL": ""}
    stage.restart(TERMINAL)
    facts = Facts(stage)
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "丙")
    person.begin()
    try:
        at_the_code(person)
        order(stage, "departments/RS", down=True)
        person.post("card_code", code=citizen.card_code)
        wait_for("the page says so", lambda: "什么都没有提交" in person.page())
        order(stage, "departments/RS", down=False)
        assert facts.count("SELECT count(*) FROM services_case") == 0
        at_the_code(person)
        person.post("card_code", code="YS0000000000")
        wait_for("the page says so", lambda: "还可以再输两次" in person.page())
        person.post("card_code", code=f"{citizen.card_code[:4]} {citizen.card_code[4:].lower()}")
        assert person.until("fill")["state"] == "fill"
        person.post("filled", **FORM)
        person.until("confirm")
        assert "测**" in person.page()
        person.post("submit")
        person.until("take", within_s=90)
        person.post("taken")
        with pytest.raises(Astray):
            person.post("card_code", code=citizen.card_code)
        person.post("exit")
        assert facts.center("SELECT state FROM services_case") == ["done"]
        assert json.loads(facts.center("SELECT masked FROM services_case")[0])["name"] == "测**"
        wait_for("the paper is taken", lambda: facts.center("SELECT state FROM services_paper") == ["taken"])
        logs = "".join(path.read_text() for path in (stage.folder / "logs").iterdir())
        assert citizen.card_code not in logs.upper()
        nothing_left(stage)
    finally:
        person.close()
