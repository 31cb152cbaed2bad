"""人证核对 in the whole house: by the face after a consent of its own, and at the window without any face."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from house import Citizen, Facts, Stage, nothing_left, order, wait_for

from budayang.sandbox.citizens import find_citizen

pytestmark = pytest.mark.processes

ITEM = "ZZ088"
FORM = {"years": "5"}


def begin(stage: Stage, person: Citizen) -> None:
    wait_for("the item can be begun", lambda: startable(person), 90)
    person.post("choose", item=ITEM)
    person.post("agree")
    person.show_card("check")


def fill_in(person: Citizen) -> None:
    if person.until("fill", "confirm")["state"] == "fill":
        person.post("filled", **FORM)
        person.until("confirm")


def startable(person: Citizen) -> dict[str, Any] | None:
    return next((one for one in person.find("出入境记录") if one["code"] == ITEM and one["can_start"]), None)


def test_by_the_face_and_at_the_window(stage: Stage) -> None:
    citizen = find_citizen("甲")
    assert citizen is not None
    facts = Facts(stage)
    person = Citizen(stage.screen(stage.terminals[0]), stage.sandbox, 1, "甲")
    person.begin()
    try:
        begin(stage, person)
        taken = httpx.get(f"{stage.sandbox}/control/state", timeout=20).json()["faces"]["1"]["taken"]
        assert taken == 0, "nobody was looked at before the consent"
        order(stage, "faces/1", who="乙")
        person.post("check_face")
        person.post("check_agree", agree="1")
        wait_for("it is somebody else", lambda: "不像" in person.page())
        order(stage, "faces/1", who=None)
        person.post("check_face")
        person.post("check_agree", agree="1")
        fill_in(person)
        person.post("submit")
        person.until("take", within_s=90)
        person.post("taken")
        person.post("exit")
        person.until("attract", within_s=20)
        row = facts.center(
            "SELECT way, score_class, notice_version, consented_at <> '' FROM services_personcheck ORDER BY id"
        )
        assert row == [("face", "high", "face-2026-11", 1)]

        begin(stage, person)
        person.post("check_window")
        fill_in(person)
        person.post("submit")
        wait_for("the slip is printed", lambda: person.live()["state"] in ("take", "rate"), 90)
        person.post("exit")
        assert facts.center("SELECT way FROM services_personcheck ORDER BY id") == ["face", "window"]
        assert facts.center("SELECT state FROM services_case ORDER BY id") == ["done", "window"]
        assert facts.count("SELECT count(*) FROM services_windowtask") == 1

        nothing_left(stage)
        photo = citizen.card().photo
        for path in stage.folder.rglob("*"):
            if path.is_file() and "sandbox" not in path.parts:
                held = path.read_bytes()
                assert photo[:40] not in held, path
                assert base64.b64encode(photo)[:40] not in held, path
    finally:
        person.close()
