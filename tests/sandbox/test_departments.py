from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from starlette.applications import Starlette
from stdnum.cn import ric
from stdnum.iso7064 import mod_37_36

from budayang import data
from budayang.forms import validate
from budayang.sandbox.citizens import check_character, check_digit, citizens, find_citizen
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger

NIGHT = datetime(2026, 1, 6, 18, 0, tzinfo=UTC)  # Wednesday 2 a.m. in Shanghai
NOON = datetime(2026, 1, 7, 4, 0, tzinfo=UTC)
KEYS = {code: f"key-{code}" for code in OFFICES}
FORMS: dict[str, dict[str, Any]] = {
    "ZZ001": {"insurance": "all", "months": "all"},
    "ZZ054": {"tax": "all", "from": "2023-01-01", "to": "2026-01-05"},
    "ZZ031": {"kind": "employee", "purpose": "proof"},
    "ZZ037": {"province": "11", "city": "北京市", "start": "2026-01-10", "phone": "13800000000", "promise": True},
    "ZZ130": {
        "matter": "wages",
        "other_party": "演示公司",
        "story": "2025年10月起拖欠工资，要求支付。",
        "income": 800,
        "phone": "13800000000",
        "promise": True,
    },
}
HOME = {item: office.code for office in OFFICES.values() for item in (desk.item for desk in office.desks)}


class Town:
    """The departments behind an in-process client; `again` opens the same data once more, as after a restart."""

    def __init__(self, folder: Path, at: datetime = NIGHT) -> None:
        self.departments = Departments(Ledger(folder / "answers.sqlite3"), Clock(start=at), KEYS)
        self._app = Starlette(routes=self.departments.routes())

    def ask(self, *requests: httpx.Request) -> list[httpx.Response]:
        async def all_at_once() -> list[httpx.Response]:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app)) as client:
                return list(await asyncio.gather(*(client.send(request) for request in requests)))

        return asyncio.run(all_at_once())

    def hand_in(self, item: str, who: str = "甲", **change: Any) -> httpx.Response:
        return self.ask(post(matter(item, who, **change)))[0]

    def get(self, code: str, what: str) -> httpx.Response:
        return self.ask(httpx.Request("GET", f"http://sandbox/dept/{code}/v1/{what}", headers=bearer(code)))[0]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def bearer(code: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[code]}"}


def matter(item: str, who: str = "甲", **change: Any) -> dict[str, Any]:
    citizen = find_citizen(who)
    assert citizen is not None
    return {
        "case": "KBS01-7F3A-000017-C",
        "item": item,
        "person": {"name": citizen.name, "id_number": citizen.id_number},
        "form": FORMS[item],
        "paper": {"code": "K7QM-4XTD-9HWR-2PZA", "verify_url": "http://127.0.0.1:8800/verify/K7QM-4XTD-9HWR-2PZA"},
        **change,
    }


def post(body: dict[str, Any], key: str | None = None, **headers: str) -> httpx.Request:
    code = HOME.get(body["item"], "RS")
    given = {"Idempotency-Key": body["case"] if key is None else key, **bearer(code), **headers}
    return httpx.Request("POST", f"http://sandbox/dept/{code}/v1/matters", json=body, headers=given)


def paper(answer: httpx.Response) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(base64.b64decode(answer.json()["paper_pdf"], validate=True)))


def test_the_forms_used_here_are_the_forms_that_people_fill() -> None:
    assert set(FORMS) == set(data.DEMO_ITEMS) <= set(HOME)
    for item, form in FORMS.items():
        assert validate(data.form(item), form) == {}, item


@pytest.mark.parametrize("item", ["ZZ001", "ZZ031"])
def test_a_print_is_done_at_night_with_its_paper(town: Town, item: str) -> None:
    answer = town.hand_in(item)
    assert answer.status_code == 200
    body = answer.json()
    assert body["outcome"] == "done"
    assert body["rows"]
    assert all(len(row) == 2 for row in body["rows"])
    text = re.sub(r"\s", "", paper(answer).pages[0].extract_text())
    for expected in ("测试甲", "999999199003070012", "K7QM-4XTD-9HWR-2PZA", "演示数据", "KBS01-7F3A-000017-C"):
        assert expected in text


def test_a_long_tax_record_has_two_pages_and_a_sum(tmp_path: Path) -> None:
    answer = Town(tmp_path, NOON).hand_in("ZZ054", "戊")
    pages = paper(answer).pages
    assert len(pages) == 2
    text = "".join(page.extract_text() for page in pages)
    citizen = find_citizen("戊")
    assert citizen is not None
    total = sum(float(row[4]) for row in citizen.records.SW if row[3] <= FORMS["ZZ054"]["to"])
    assert f"{total:,.2f}" in text


def test_a_tax_paper_holds_only_the_days_that_were_asked_for(tmp_path: Path) -> None:
    town = Town(tmp_path, NOON)
    some = town.hand_in("ZZ054", form={"tax": "deed", "from": "2025-01-01", "to": "2025-12-31"})
    assert dict(some.json()["rows"])["笔数"] == "1"
    none = town.hand_in("ZZ054", case="X-2", form={"tax": "deed", "from": "2024-01-01", "to": "2024-12-31"})
    assert none.json()["outcome"] == "refused"


def test_the_tax_system_sleeps_at_night_and_says_until_when(town: Town) -> None:
    answer = town.hand_in("ZZ054")
    assert answer.status_code == 503
    assert abs(int(answer.headers["Retry-After"]) - 5 * 3600) <= 2
    town.departments.switches["SW"].always_open = True
    assert town.hand_in("ZZ054").json()["outcome"] == "done"


def test_what_needs_a_clerk_is_handed_in_at_night(town: Town) -> None:
    for item in ("ZZ037", "ZZ130"):
        body = town.hand_in(item).json()
        assert body["outcome"] == "handed_in"
        assert body["paper_pdf"] is None
        assert body["department_ref"]
        assert body["department_ref"] == dict(body["rows"])["收件编号"]


def test_a_filing_is_done_at_once_in_office_hours_and_legal_aid_never(tmp_path: Path) -> None:
    town = Town(tmp_path, NOON)
    assert town.hand_in("ZZ037").json()["outcome"] == "done"
    assert town.hand_in("ZZ130").json()["outcome"] == "handed_in"


def test_a_public_holiday_is_not_office_hours(tmp_path: Path) -> None:
    new_year = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)  # a Thursday at noon
    assert Town(tmp_path, new_year).hand_in("ZZ037").json()["outcome"] == "handed_in"


@pytest.mark.parametrize(
    ("item", "who"), [("ZZ001", "庚"), ("ZZ031", "庚"), ("ZZ037", "庚"), ("ZZ054", "丁"), ("ZZ054", "庚")]
)
def test_who_has_no_record_is_refused(tmp_path: Path, item: str, who: str) -> None:
    body = Town(tmp_path, NOON).hand_in(item, who).json()
    assert (body["outcome"], body["message"], body["paper_pdf"]) == ("refused", "未查到记录", None)


def test_a_stranger_or_a_wrong_name_is_refused(town: Town) -> None:
    for number, person in enumerate(
        (
            {"name": "测试甲", "id_number": "999999199003070020"},
            {"name": "测试乙", "id_number": "999999199003070012"},
            {"name": "甲", "id_number": "甲"},
        )
    ):
        body = town.hand_in("ZZ001", case=f"X-{number}", person=person).json()
        assert (body["outcome"], body["message"]) == ("refused", "未查到记录")


def test_the_same_key_gets_the_same_bytes_also_after_a_restart(tmp_path: Path) -> None:
    first = Town(tmp_path, NIGHT).hand_in("ZZ001")
    reborn = Town(tmp_path, NOON)
    again = reborn.hand_in("ZZ001")
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert reborn.departments.ledger.count("RS") == 1


def test_the_order_of_a_bodys_fields_does_not_matter(town: Town) -> None:
    body = matter("ZZ001")
    one, two = town.ask(post(body))[0], town.ask(post(dict(reversed(body.items()))))[0]
    assert one.content == two.content


def test_twenty_at_once_get_one_answer(town: Town) -> None:
    answers = town.ask(*(post(matter("ZZ001")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert town.departments.ledger.count("RS") == 1


def test_of_two_answers_to_one_key_the_first_one_stays(tmp_path: Path) -> None:
    one, two = Ledger(tmp_path / "x.sqlite3"), Ledger(tmp_path / "x.sqlite3")
    assert one.keep("RS", "K", "f", b"first", "t").answer == b"first"
    assert two.keep("RS", "K", "g", b"second", "t").answer == b"first"
    assert two.keep("YB", "K", "g", b"second", "t").answer == b"second"
    one.close()
    two.close()


def test_another_body_with_the_same_key_is_a_conflict(town: Town) -> None:
    first = town.hand_in("ZZ001")
    assert town.hand_in("ZZ001", "乙").status_code == 409
    assert town.hand_in("ZZ001", form={"insurance": "pension", "months": "12"}).status_code == 409
    assert town.hand_in("ZZ001").content == first.content


def test_a_lost_answer_is_there_when_asked_again(town: Town) -> None:
    town.departments.switches["RS"].lose_answers = 1
    assert town.hand_in("ZZ001").status_code == 504
    assert town.departments.ledger.count("RS") == 1
    assert town.hand_in("ZZ001").json()["outcome"] == "done"
    assert town.departments.ledger.count("RS") == 1


def test_a_department_that_is_down_keeps_nothing(town: Town) -> None:
    town.departments.switches["RS"].down = True
    answer = town.hand_in("ZZ001")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert town.get("RS", "health").status_code == 503
    assert town.hand_in("ZZ031").status_code == 200
    town.departments.switches["RS"].down = False
    assert town.hand_in("ZZ001").json()["outcome"] == "done"


def test_a_slow_department_answers_late(town: Town) -> None:
    town.departments.switches["RS"].delay_s = 0.3

    async def measured() -> float:
        started = asyncio.get_running_loop().time()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=town._app)) as client:
            await client.get("http://sandbox/dept/RS/v1/health", headers=bearer("RS"))
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(measured()) >= 0.3


def test_a_caller_that_hung_up_has_handed_in_nothing(town: Town) -> None:
    town.departments.switches["RS"].delay_s = 0.05
    scope = {
        "type": "http", "method": "POST", "path": "/dept/RS/v1/matters", "query_string": b"",
        "headers": [(b"authorization", b"Bearer key-RS"), (b"idempotency-key", b"X")],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None: ...

    asyncio.run(Starlette(routes=town.departments.routes())(scope, receive, send))
    assert town.departments.ledger.count("RS") == 0


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(matter("ZZ001"), key=""), 400),
        (post(matter("ZZ001"), key="another"), 400),
        (post({**matter("ZZ001"), "item": "ZZ999"}), 404),
        (post(matter("ZZ001"), Authorization="Bearer wrong"), 401),
        (post(matter("ZZ001"), Authorization=""), 401),
        (post({**matter("ZZ001"), "person": {"name": "测试甲"}}), 400),
        (post({**matter("ZZ001"), "form": "x"}), 400),
        (post({**matter("ZZ001"), "form": {"x": "y" * 13_000_000}}), 413),
        (httpx.Request("GET", "http://sandbox/dept/XX/v1/health"), 404),
    ],
)
def test_each_wrong_call_has_its_status(town: Town, request_: httpx.Request, status: int) -> None:
    (answer,) = town.ask(request_)
    assert answer.status_code == status
    assert "测试甲" not in answer.text
    assert all(town.departments.ledger.count(code) == 0 for code in OFFICES)


def test_each_department_publishes_and_confirms_its_hours(town: Town) -> None:
    for code, office in OFFICES.items():
        assert town.get(code, "health").json() == {"status": "ok", "items": [desk.item for desk in office.desks]}
        body = town.get(code, "hours").json()
        assert office.name in body["confirmed_by"]
        assert set(body["items"]) == {desk.item for desk in office.desks}
    always = town.get("RS", "hours").json()["items"]["ZZ001"]
    assert always["weekly"] == [[day, "00:00", "24:00"] for day in range(7)]
    office_hours = town.get("SF", "hours").json()["items"]["ZZ130"]
    assert (len(office_hours["weekly"]), office_hours["follows_workdays"]) == (5, True)


def test_citizens_are_impossible_people_with_right_check_digits() -> None:
    everyone = citizens()
    assert len({one.id_number for one in everyone}) == len({one.key for one in everyone}) == len(everyone) == 8
    for one in everyone:
        assert one.id_number.startswith("999999")
        assert one.id_number[6:14] == one.birth
        assert int(one.id_number[16]) % 2 == int(one.sex) % 2
        assert one.id_number[17] == check_digit(one.id_number[:17]) == ric.calc_check_digit(one.id_number)
        assert one.card().text[122:158].decode("utf-16-le") == one.id_number
    assert check_digit("11010519491231002") == "X"


def test_the_clock_jumps_and_runs() -> None:
    clock = Clock(start=NIGHT, factor=1000)
    assert (clock.now() - NIGHT).total_seconds() < 60

    async def a_minute() -> float:
        before = clock.now()
        await clock.sleep(60)
        return (clock.now() - before).total_seconds()

    assert 60 <= asyncio.run(a_minute()) < 600
    clock.set(at=NOON, factor=1)
    assert abs((clock.now() - NOON).total_seconds()) < 1
    for wrong in ({"factor": 0.0}, {"at": datetime(2026, 1, 1)}):  # noqa: DTZ001
        with pytest.raises(ValueError, match=r"factor|aware"):
            clock.set(**wrong)


def card(code: str, body: Any, department: str = "RS", **headers: str) -> httpx.Request:
    address = f"http://sandbox/dept/{department}/v1/identify"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Request("POST", address, content=content, headers={**bearer(code), **headers})


def test_codes_of_cards_are_each_anothers_and_find_a_slip() -> None:
    codes = [one.card_code for one in citizens()]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert len(code) == 12
        assert code.startswith("YS")
        assert mod_37_36.is_valid(code)
        assert check_character(code[:11]) == code[11]


def test_the_issuer_says_whose_card_it_is(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    citizen = find_citizen("乙")
    assert citizen is not None
    known, unknown = town.ask(card("RS", {"card_code": citizen.card_code}), card("RS", {"card_code": "YS0000000000"}))
    assert (known.status_code, known.json()) == (200, {"name": citizen.name, "id_number": citizen.id_number})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_card")
    told = "".join(capfd.readouterr()) + unknown.text
    assert not any(secret in told for secret in (citizen.card_code, citizen.id_number, "YS0000000000"))


def test_a_card_is_asked_for_by_the_contract_only(town: Town) -> None:
    asked = {"card_code": "YS0000000000"}
    answers = town.ask(
        card("RS", asked, Authorization="Bearer wrong"),
        card("SW", asked, department="SW"),
        card("RS", {"card": "YS0000000000"}),
        card("RS", b"x" * 300_000),
    )
    assert [one.status_code for one in answers] == [401, 404, 400, 413]
    assert answers[1].json()["error"] == "no_cards"
    assert not any("YS0000000000" in one.text for one in answers)
    town.departments.switches["RS"].down = True
    assert town.ask(card("RS", asked))[0].status_code == 503
