"""What a matter goes through behind the counters: acceptance, correction, decision, money, slots, papers to fetch."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from budayang import data
from budayang.forms.checking import form_problems
from budayang.sandbox.app import DEMO_KEYS
from budayang.sandbox.citizens import find_citizen
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger

NOON = datetime(2026, 1, 7, 4, 0, tzinfo=UTC)  # a Wednesday
HOME = {desk.item: office.code for office in OFFICES.values() for desk in office.desks}
SHEET = {"kind": "proof", "name": "证明", "sha256": "0" * 64, "media": "image/jpeg", "content": "/9j/"}


class Town:
    """The departments behind an in-process client, at a time that a test sets."""

    def __init__(self, folder: Path) -> None:
        self.departments = Departments(Ledger(folder / "answers.sqlite3"), Clock(start=NOON), dict(DEMO_KEYS))
        self._app = Starlette(routes=self.departments.routes())

    def at(self, later: timedelta) -> None:
        self.departments.clock.set(at=NOON + later)

    def ask(self, method: str, code: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {DEMO_KEYS[code]}", **({"Idempotency-Key": key} if key else {})}

        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app)) as client:
                return await client.request(method, f"http://x/dept/{code}/v1/{path}", json=body, headers=headers)

        return asyncio.run(go())

    def hand_in(self, item: str, number: str = "T-1", who: str = "", form: Any = None, **more: Any) -> dict[str, Any]:
        code = HOME[item]
        citizen = find_citizen(who or OFFICES[code].by_item[item].tried_by)
        assert citizen is not None
        body = {
            "case": number,
            "item": item,
            "person": {"name": citizen.name, "id_number": citizen.id_number},
            "form": form or {},
            "paper": {"code": "K7QM-4XTD-9HWR-2PZA", "verify_url": "http://127.0.0.1:8800/verify/K7QM"},
            **more,
        }
        answer = self.ask("POST", code, "matters", body, number)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def standing(self, item: str, number: str = "T-1") -> dict[str, Any]:
        answer = self.ask("GET", HOME[item], f"matters/{number}")
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def slot(self, item: str) -> str:
        answer = self.ask("GET", HOME[item], f"slots?item={item}")
        return next(str(one["id"]) for one in answer.json()["slots"] if one["left"])

    def acts(self, code: str, number: str = "T-1") -> tuple[int, int]:
        record = self.departments.ledger.record(code, number)
        assert record is not None
        return record.acts, record.payments


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def steps(standing: dict[str, Any]) -> list[str]:
    return [one["step"] for one in standing["steps"]]


def test_ten_departments_offer_more_than_forty_items_of_the_catalogue() -> None:
    items = {item.code: item for item in data.service_items()}
    assert len(HOME) == sum(len(office.desks) for office in OFFICES.values()) > 40
    assert set(DEMO_KEYS) == set(OFFICES)
    for item, code in HOME.items():
        assert items[item].department_code == code, item
        desk = OFFICES[code].by_item[item]
        assert desk.name.replace("（", "(").replace("）", ")") == items[item].name
    kinds = {desk.kind for office in OFFICES.values() for desk in office.desks}
    assert kinds == {"query_print", "apply", "pay", "book", "collect", "launch"}


def test_every_form_that_ships_is_in_order_and_belongs_to_an_item() -> None:
    items = {item.code: item for item in data.service_items()}
    forms = sorted(path.name.removesuffix(".json") for path in data.table_path("forms").iterdir())
    assert len(forms) > 40
    for code in forms:
        assert form_problems(data.form(code)) == [], code
        assert data.form(code)["title"] == items[code].name


def test_what_is_done_on_the_departments_own_page_is_declared_where_there_is_one(town: Town) -> None:
    assert "ZZ122" not in town.ask("GET", "SJ", "items").json()["items"], "a page that nobody serves is not promised"
    assert town.hand_in("ZZ122")["outcome"] == "refused"


@pytest.mark.parametrize("item", sorted(set(HOME) - {"ZZ122"}))
def test_a_try_with_the_declared_identity_is_never_refused_and_has_no_effect(town: Town, item: str) -> None:
    code = HOME[item]
    declared = town.ask("GET", code, "items").json()["items"][item]
    identity = declared["test_identity"]
    form: dict[str, Any] = {}
    if declared["kind"] == "book":
        form = {"slot": town.slot(item)}
    who = next(one for one in "甲乙丙丁戊己庚辛" if find_citizen(one).id_number == identity["id_number"])  # type: ignore[union-attr]
    said = town.hand_in(item, who=who, form=form, test=True)
    assert said["outcome"] != "refused", said["message"]
    assert said["message"].startswith("拨测：")
    assert said["for"] == {**identity, "case": "T-1"}
    assert town.acts(code) == (0, 0)


def test_an_application_is_received_accepted_on_a_working_day_and_decided(town: Town) -> None:
    saturday = timedelta(days=3, hours=10)
    town.at(saturday)
    said = town.hand_in("ZZ078", form={"purpose": "job"})
    assert (said["outcome"], said["expected_on"]) == ("handed_in", "2026-01-15")
    assert steps(town.standing("ZZ078")) == ["received"]
    town.at(timedelta(days=5, hours=1))
    accepted = town.standing("ZZ078")
    assert (accepted["state"], steps(accepted)) == ("accepted", ["received", "accepted"])
    assert accepted["steps"][1]["at"] == "2026-01-12T00:30:00+00:00"
    town.at(timedelta(days=8))
    decided = town.standing("ZZ078")
    assert (decided["state"], steps(decided)) == ("done", ["received", "accepted", "decided"])
    assert decided["outcome"]["paper_pdf"].startswith("JVBERi")
    assert town.standing("ZZ078") == decided


def test_what_is_missing_is_told_once_and_the_clock_starts_after_it_came(town: Town) -> None:
    town.hand_in("ZZ042", form={"illness": "diabetes"})
    town.at(timedelta(hours=1))
    asked = town.standing("ZZ042")
    assert asked["state"] == "correction"
    assert asked["correction"]["items"] == ["二级以上医院的诊断证明", "近两年的住院病历或检查报告"]
    assert asked["correction"]["until"] == "2026-01-14"
    sent = {"materials": [SHEET], "form": {}}
    assert town.ask("POST", "YB", "matters/T-1/correct", sent, "T-1").status_code == 400
    first = town.ask("POST", "YB", "matters/T-1/correct", sent, "T-1-C")
    assert first.json()["outcome"] == "handed_in"
    assert town.ask("POST", "YB", "matters/T-1/correct", sent, "T-1-C").content == first.content
    town.at(timedelta(hours=3))
    accepted = town.standing("ZZ042")
    assert (accepted["state"], steps(accepted)) == ("accepted", ["received", "correction", "accepted"])
    town.at(timedelta(days=20))
    assert town.standing("ZZ042")["outcome"]["rows"][1] == ["病种", "糖尿病"]


def test_who_does_not_correct_in_time_is_refused(town: Town) -> None:
    town.hand_in("ZZ137", form={"organ": "演示局"})
    town.at(timedelta(days=30))
    late = town.standing("ZZ137")
    assert (late["state"], late["outcome"]["outcome"]) == ("refused", "refused")
    nothing_to_correct = town.ask("POST", "SF", "matters/T-1/correct", {"materials": [SHEET]}, "T-1-C")
    assert nothing_to_correct.json()["outcome"] == "refused"


def test_an_application_may_be_taken_back_until_it_is_decided(town: Town) -> None:
    town.hand_in("ZZ134", form={"dispute": "debt"})
    why = {"reason": "自己谈好了"}
    assert town.ask("POST", "SF", "matters/T-1/withdraw", why, "T-1-W").json() == {"withdrawn": True}
    assert town.ask("POST", "SF", "matters/T-1/withdraw", why, "T-1-W").json() == {"withdrawn": True}
    assert town.standing("ZZ134")["state"] == "withdrawn"
    town.hand_in("ZZ134", "T-2", form={"dispute": "debt"})
    town.at(timedelta(days=30))
    late = town.ask("POST", "SF", "matters/T-2/withdraw", why, "T-2-W")
    assert (late.status_code, late.json()["error"]) == (409, "too_late")
    town.hand_in("ZZ001", "T-3")
    assert town.ask("POST", "RS", "matters/T-3/withdraw", why, "T-3-W").status_code == 404


def test_a_bill_is_paid_once_and_its_paper_comes_after_the_money(town: Town) -> None:
    due = town.hand_in("ZZ106")
    assert (due["outcome"], due["due"]["amount_fen"], due["paper_pdf"]) == ("due", 8000, None)
    assert town.standing("ZZ106")["state"] == "due"
    money = {"payment": "P-1", "bill": due["due"]["bill"], "amount_fen": 8000, "paid_at": "2026-01-07T04:01:00+00:00"}
    wrong = town.ask("POST", "BDC", "matters/T-1/paid", {**money, "payment": "P-0", "amount_fen": 1}, "P-0")
    assert wrong.json()["outcome"] == "refused"
    done = town.ask("POST", "BDC", "matters/T-1/paid", money, "P-1")
    assert done.json()["outcome"] == "done"
    assert done.json()["paper_pdf"].startswith("JVBERi")
    assert town.ask("POST", "BDC", "matters/T-1/paid", money, "P-1").content == done.content
    again = town.ask("POST", "BDC", "matters/T-1/paid", {**money, "payment": "P-2"}, "P-2")
    assert (again.json()["outcome"], again.json()["message"]) == ("refused", "这张账单已经缴过，请退款")
    assert town.acts("BDC") == (1, 1)
    assert town.standing("ZZ106")["state"] == "done"


def test_a_slot_has_two_seats_and_a_withdrawn_booking_frees_its_own(town: Town) -> None:
    slot = town.slot("ZZ132")
    for number in ("T-1", "T-2"):
        assert town.hand_in("ZZ132", number, form={"slot": slot, "subject": "委托"})["outcome"] == "done"
    full = town.hand_in("ZZ132", "T-3", form={"slot": slot})
    assert (full["outcome"], full["message"]) == ("refused", "这个时间已经约满，请另选一个时间")
    assert town.ask("POST", "SF", "matters/T-1/withdraw", {"reason": "有事"}, "T-1-W").status_code == 200
    assert town.hand_in("ZZ132", "T-4", form={"slot": slot})["outcome"] == "done"
    assert town.hand_in("ZZ132", "T-5", form={"slot": "2026-01-01 09:00"})["outcome"] == "refused"


def test_a_case_that_never_came_is_unknown_and_a_blind_desk_cannot_be_asked(town: Town) -> None:
    never = town.ask("GET", "RS", "matters/T-404")
    assert (never.status_code, never.json()["error"]) == (404, "unknown_case")
    town.hand_in("ZZ129", form={"shop": "演示商店"})
    blind = town.ask("GET", "SJ", "matters/T-1")
    assert (blind.status_code, blind.json()["error"]) == (404, "not_served")


def test_a_desk_that_does_not_honour_keys_acts_again(town: Town) -> None:
    for _ in range(2):
        town.hand_in("ZZ073", form={"place": "市场"})
        town.hand_in("ZZ001", "T-2")
    assert town.acts("GAHZ")[0] == 2
    assert town.acts("RS", "T-2")[0] == 1


def test_agent_joint_and_materials_belong_to_the_contract(town: Town) -> None:
    said = town.hand_in(
        "ZZ030",
        form={"employer": "演示公司", "claim": "wages"},
        materials=[SHEET],
        agent={"name": "测试乙", "id_number": "999999198511200026", "relation": "配偶"},
        joint={"number": "L-1", "part": 1, "of": 2},
    )
    assert ["请求事项", "支付工资"] in said["rows"]
    record = town.departments.ledger.record("RS", "T-1")
    assert record is not None
    assert json.loads(record.body)["agent"]["relation"] == "配偶"
