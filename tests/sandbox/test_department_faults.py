"""The departments go wrong on demand: each switch does what it says, and it is known whether they acted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.sandbox.test_department_flows import Town

from budayang.sandbox.app import DEMO_KEYS, Sandbox, SandboxSettings
from budayang.sandbox.citizens import find_citizen

BODY: dict[str, Any] = {
    "case": "T-1",
    "item": "ZZ001",
    "person": {"name": "测试甲", "id_number": "999999199003070012"},
    "form": {"insurance": "all", "months": "12"},
    "paper": {"code": "K7QM-4XTD-9HWR-2PZA", "verify_url": "http://127.0.0.1:8800/verify/K7QM"},
}


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def send(town: Town, body: dict[str, Any] = BODY) -> httpx.Response:
    return town.ask("POST", "RS", "matters", body, str(body["case"]))


def acts(town: Town, number: str = "T-1") -> int:
    record = town.departments.ledger.record("RS", number)
    return record.acts if record else 0


@pytest.mark.parametrize(
    ("switch", "status", "acted"),
    [
        ({"down": True}, 503, 0),
        ({"closed": True}, 503, 0),
        ({"flaky": 1.0}, 500, 0),
        ({"fail": 1}, 500, 0),
        ({"lose_answers": 1}, 504, 1),
        ({"malformed": 1}, 200, 1),
        ({"not_json": 1}, 200, 1),
        ({"wrong_person": 1}, 200, 1),
    ],
)
def test_a_switch_says_whether_it_acted(town: Town, switch: dict[str, Any], status: int, acted: int) -> None:
    for name, value in switch.items():
        setattr(town.departments.switches["RS"], name, value)
    answer = send(town)
    assert (answer.status_code, acts(town)) == (status, acted)
    if "not_json" in switch:
        assert answer.text.startswith("<html>")
    if "malformed" in switch:
        assert answer.json()["outcome"] == "maybe"


def test_a_wrong_person_is_somebody_elses_whole_record(town: Town) -> None:
    town.departments.switches["RS"].wrong_person = 1
    said = send(town).json()
    assert said["for"]["name"] == "测试乙"
    other = find_citizen("乙")
    assert other is not None
    assert said["rows"][0][0] == "企业职工基本养老保险"
    assert "121" in said["rows"][0][1]


def test_swapped_answers_are_those_of_the_matter_before(town: Town) -> None:
    first = send(town)
    town.departments.switches["RS"].swap = 1
    other = find_citizen("乙")
    assert other is not None
    second = send(town, {**BODY, "case": "T-2", "person": {"name": other.name, "id_number": other.id_number}})
    assert second.content == first.content
    assert (second.json()["for"]["name"], second.json()["for"]["case"]) == ("测试甲", "T-1")


def test_a_department_that_forgets_its_keys_acts_as_often_as_it_is_told(town: Town) -> None:
    town.departments.switches["RS"].forget_keys = True
    send(town)
    send(town)
    assert acts(town) == 2


def test_cut_and_hanging_answers_leave_the_department_having_acted(tmp_path: Path) -> None:
    """Over a real socket: half an answer, and none at all."""

    async def go() -> tuple[int, int]:
        box = Sandbox(SandboxSettings(0, tmp_path, (), ()))
        await box.start()
        try:
            url = f"http://127.0.0.1:{box.port}/dept/RS/v1/matters"
            headers = {"Authorization": f"Bearer {DEMO_KEYS['RS']}"}
            async with httpx.AsyncClient(timeout=1.0, trust_env=False) as client:
                await switch(client, box.port, {"cut": 1})
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.post(url, json=BODY, headers={**headers, "Idempotency-Key": "T-1"})
                await switch(client, box.port, {"hang": 1})
                with pytest.raises(httpx.ReadTimeout):
                    await client.post(url, json={**BODY, "case": "T-2"}, headers={**headers, "Idempotency-Key": "T-2"})
                shown = (await client.get(f"http://127.0.0.1:{box.port}/control/departments/RS/matters")).json()
                again = await client.post(url, json=BODY, headers={**headers, "Idempotency-Key": "T-1"})
                assert again.json()["outcome"] == "done"
        finally:
            await box.stop()
        counts = {one["number"]: one["acts"] for one in shown["matters"]}
        return counts["T-1"], counts["T-2"]

    assert asyncio.run(go()) == (1, 1)


async def switch(client: httpx.AsyncClient, port: int, order: dict[str, Any]) -> None:
    answer = await client.post(f"http://127.0.0.1:{port}/control/departments/RS", json=order)
    assert answer.status_code == 200
    shown = answer.json()["departments"]["RS"]
    assert all(shown[name] == value for name, value in order.items())
