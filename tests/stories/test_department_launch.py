"""An item that is done on its department's own page, from the terminal's first page to the next person's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from house import Citizen, Facts, Stage, nothing_left, order, wait_for

pytestmark = pytest.mark.processes

ITEM = "ZZ122"
TRIED_S = 300
"""The item's hours count as true once it was tried end to end, and the tries of all departments take turns."""
NAME = "草原小店的名字"


def window(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{stage.sandbox}/control/state", timeout=20).json()
    return {**found["windows"]["1"], **found["site"]}


def touch(stage: Stage, path: str, form: dict[str, str] | None = None) -> httpx.Response:
    """A touch on the department's page, as whoever stands there makes it."""
    return httpx.post(f"{stage.sandbox}/control/windows/1/visit", json={"path": path, "form": form}, timeout=20)


def begin(stage: Stage, person: Citizen) -> None:
    found = wait_for("the item can be begun", lambda: startable(person), TRIED_S)
    assert (found["launch"], found["truth_word"]) == (True, "可办")
    person.post("choose", item=ITEM, width="1080", height="1920")
    person.until("launch")
    wait_for("the department's page is open", lambda: window(stage)["open"])


def startable(person: Citizen) -> dict[str, Any] | None:
    return next((one for one in person.find("企业名称") if one["code"] == ITEM and one["can_start"]), None)


def test_a_matter_on_the_departments_own_page(stage: Stage) -> None:
    facts = Facts(stage)
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲")
    person.begin()
    try:
        begin(stage, person)
        assert "结束并清除" in person.page(), "our own strip stays above it"
        shown = touch(stage, "/names/declare", {"name": NAME}).json()["text"]
        assert "保留号" in shown
        person.post("exit")
        person.until("attract", within_s=20)
        wait_for("the page is gone with the person", lambda: not window(stage)["open"])
        assert touch(stage, "/names/").status_code == 409
        assert window(stage)["declared"] == 1

        begin(stage, person)
        shown = touch(stage, "/names/").json()["text"]
        assert NAME not in shown, "the next person finds nothing of the one before"
        assert "窗口就要关闭" in touch(stage, "/names/bye").json()["text"]
        person.until("attract", within_s=20)
        assert window(stage)["ended"] == 1, "logged out at the department too"

        assert facts.count("SELECT count(*) FROM services_case") == 0, "no matter of ours"
        logs = "".join(path.read_text() for path in (stage.folder / "logs").iterdir())
        assert NAME not in logs
        nothing_left(stage)
    finally:
        person.close()


def test_a_window_that_breaks_takes_the_item_off_the_screen(stage: Stage) -> None:
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲")
    person.begin()
    try:
        wait_for("the item can be begun", lambda: startable(person), TRIED_S)
        order(stage, "windows/1", why="no rights for namespaces")
        wait_for("it cannot be begun", lambda: startable(person) is None, 60)
        row = next(one for one in person.find("企业名称") if one["code"] == ITEM)
        assert row["text"] == "本机不能隔离地打开部门网页"
        order(stage, "windows/1", why="")
        wait_for("it can be begun again", lambda: startable(person), 60)
    finally:
        person.close()
