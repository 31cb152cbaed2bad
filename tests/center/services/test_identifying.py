"""A code on a card: whose it is, only the issuer says; what nobody could check is not handed in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import translation
from starlette.applications import Starlette
from tests.center.services.test_sending import Notes
from tests.center.services.the_counter import DONE, KEY, PERSON, Clock, Counter, Department, Kiosk, give_session

from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import seal_field
from budayang.center.services import actions, identifying
from budayang.center.services.models import Case, Connector, Offering, VerificationAttempt
from budayang.center.services.sending import DepartmentLine
from budayang.center.terminals.models import Peripheral, Terminal
from budayang.sandbox.citizens import find_citizen
from budayang.sandbox.clock import Clock as SandboxClock
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger
from budayang.wire.sealing import open_text, person_info

pytestmark = pytest.mark.django_db(transaction=True)
CODE, NAME, NUMBER = "YSTY586VC4K4", "测试甲", "999999199003070012"
BY_CODE = {"name": "", "id_number": "ysty-586v c4k4", "id_kind": "card_code", "form": PERSON["form"]}
HOLDER = {"name": NAME, "id_number": NUMBER}
UNKNOWN = httpx.Response(404, json={"error": "unknown_card"})


class Issuer(Department):
    """A department that also knows cards; `says` is its answer to the next codes."""

    says: Any = httpx.Response(200, json=HOLDER)

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/v1/identify"):
            return await super().__call__(request)
        self.cards.append(request)
        if isinstance(self.says, Exception):
            raise self.says
        if self.says is None:
            await asyncio.sleep(60)
        return httpx.Response(self.says.status_code, content=self.says.content)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def counter(transactional_db: None, judged: datetime, clock: Clock, issuer: Issuer) -> Iterator[Counter]:
    running = Counter(clock, issuer)
    yield running
    running.stop()


@pytest.fixture
def kiosk(counter: Counter, jia: Terminal, now: datetime) -> Kiosk:
    give_session(jia, KEY, now, seal_field)
    return Kiosk(counter, jia)


@pytest.fixture
def other_kiosk(counter: Counter, yi: Terminal, now: datetime) -> Kiosk:
    give_session(yi, KEY, now, seal_field)
    return Kiosk(counter, yi)


def ask(kiosk: Kiosk, code: str = CODE) -> httpx.Response:
    return kiosk.pending(id_number=code, id_kind="card_code")


def test_the_issuer_is_asked_and_the_name_comes_back_masked(kiosk: Kiosk, issuer: Issuer) -> None:
    answer = ask(kiosk, " ysty-586v c4k4").json()
    assert answer["cases"] == []
    shown = open_text(kiosk.reply, answer["person"], person_info(kiosk.terminal.code))
    assert json.loads(shown) == {"name": "测**"}
    (sent,) = issuer.cards
    assert str(sent.url) == "http://127.0.0.1:8810/dept/RS/v1/identify"
    assert sent.headers["authorization"] == "Bearer key-RS"
    assert json.loads(sent.content) == {"card_code": CODE}


def test_card_and_code_are_the_same_person(kiosk: Kiosk, other_kiosk: Kiosk, issuer: Issuer) -> None:
    assert kiosk.submit(person=BY_CODE).status_code == 202
    assert kiosk.wait().json()["state"] == "done"
    assert json.loads(issuer.asked[0].content)["person"] == HOLDER
    assert Case.objects.get().masked == {"name": "测**", "id_number": "9999**********0012"}
    for found in (other_kiosk.pending(NUMBER), ask(other_kiosk)):
        assert [one["number"] for one in found.json()["cases"]] == [kiosk.number()]


def test_nobody_holds_the_card(kiosk: Kiosk, issuer: Issuer) -> None:
    issuer.says = UNKNOWN
    answer, handed_in = ask(kiosk), kiosk.submit(person=BY_CODE)
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_person")
    assert (handed_in.status_code, handed_in.json()["error"]) == (422, "unknown_person")
    assert not Case.objects.exists()


@pytest.mark.parametrize("typed", ["?", "ABC", "Y" * 33, "甲乙丙丁戊己"])
def test_what_can_be_no_code_is_not_asked_for(kiosk: Kiosk, issuer: Issuer, typed: str) -> None:
    assert ask(kiosk, typed).status_code == 422
    assert (issuer.cards, VerificationAttempt.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "says",
    [
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        httpx.Response(503),
        httpx.Response(401),
        httpx.Response(404, json={"detail": "Not Found"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"name": NAME}),
        httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
    ],
    ids=lambda says: str(getattr(says, "status_code", says)),
)
def test_a_silent_issuer_means_that_nothing_is_done(kiosk: Kiosk, issuer: Issuer, says: Any) -> None:
    issuer.says = says
    with translation.override("zh-hans"):
        answers = (ask(kiosk), kiosk.submit(person=BY_CODE))
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (424, "identity_unavailable")
        assert "没有提交" in answer.json()["message"]
    assert not Case.objects.exists()
    for _again in range(6):
        ask(kiosk)
    issuer.says = Issuer.says
    assert ask(kiosk).status_code == 200, "silence is no wrong code"


def test_an_issuer_that_hangs_is_not_waited_for(kiosk: Kiosk, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifying, "ASK_S", 0.05)
    issuer.says = None
    assert ask(kiosk).json()["error"] == "identity_unavailable"


def test_an_issuer_without_connector_is_silent(kiosk: Kiosk, issuer: Issuer) -> None:
    Connector.objects.filter(department__code="RS").delete()
    assert ask(kiosk).json()["error"] == "identity_unavailable"


def test_guessing_is_stopped_at_this_terminal_for_a_while(
    kiosk: Kiosk, other_kiosk: Kiosk, issuer: Issuer, clock: Clock
) -> None:
    issuer.says = UNKNOWN
    assert [ask(kiosk).status_code for _try in range(7)] == [422] * 5 + [429, 429]
    assert len(issuer.cards) == 5
    issuer.says = Issuer.says
    limited = kiosk.submit(person=BY_CODE)
    assert (limited.status_code, limited.json()["error"]) == (429, "too_many_codes")
    assert not Case.objects.exists()
    assert kiosk.pending(NUMBER).status_code == 200, "a card is read as ever"
    assert ask(other_kiosk).status_code == 200
    clock.pass_s(601)
    assert ask(kiosk).status_code == 200


def test_many_guesses_at_one_moment_are_no_more_than_one_after_another(kiosk: Kiosk, issuer: Issuer) -> None:
    issuer.says = UNKNOWN
    body = {"id_number": CODE, "id_kind": "card_code"}
    sealed = kiosk.pending_body(**body)
    answers = [one.result(30) for one in [kiosk.later("/wire/v1/cases/pending", sealed) for _try in range(12)]]
    assert {one.status_code for one in answers} <= {422, 429}
    assert len(issuer.cards) <= 5


def test_a_word_that_comes_again_is_the_stored_case_though_the_issuer_is_silent_now(
    kiosk: Kiosk, issuer: Issuer
) -> None:
    body = kiosk.submit_body(kiosk.number(), person=BY_CODE)
    assert kiosk.post("/wire/v1/cases/", body).status_code == 202
    kiosk.wait()
    issuer.says = httpx.ConnectError("down")
    again = kiosk.post("/wire/v1/cases/", body)
    assert (again.status_code, again.json()["state"]) == (202, "done")
    kiosk.new_journey()
    other = kiosk.post("/wire/v1/cases/", kiosk.submit_body(kiosk.number(), person=BY_CODE))
    assert other.json()["error"] == "identity_unavailable"
    assert (Case.objects.count(), len(issuer.asked)) == (1, 1)


def test_no_code_lies_open_anywhere(kiosk: Kiosk, issuer: Issuer, capfd: pytest.CaptureFixture[str]) -> None:
    texts = [ask(kiosk).text, kiosk.submit(person=BY_CODE).text, kiosk.wait().text]
    for says in (UNKNOWN, httpx.ConnectError(f"no {CODE}"), httpx.Response(500, text=CODE)):
        issuer.says = says
        texts.append(ask(kiosk).text)
    told = "".join(capfd.readouterr()) + "".join(texts) + "".join(str(one.details) for one in AuditLine.objects.all())
    rows = str(list(Case.objects.values())) + str(list(VerificationAttempt.objects.values()))
    for secret in (CODE, NUMBER, NAME):
        assert secret not in told
        assert secret not in rows
    assert NUMBER not in repr(identifying.Holder(NAME, NUMBER))


def test_the_sandboxes_issuer_keeps_the_contract(transactional_db: None, tmp_path: Path, now: datetime) -> None:
    citizen = find_citizen("甲")
    assert citizen is not None
    departments = Departments(Ledger(tmp_path / "answers.sqlite3"), SandboxClock(start=now), {"RS": "key"})
    address = "http://127.0.0.1/dept/RS"

    async def talk() -> None:
        transport = httpx.ASGITransport(app=Starlette(routes=departments.routes()))
        async with httpx.AsyncClient(transport=transport) as client:
            line = DepartmentLine(client, journal=Notes())
            holder = await identifying.ask_issuer(line, address, "key", citizen.card_code)
            assert holder == identifying.Holder(citizen.name, citizen.id_number)
            assert await identifying.ask_issuer(line, address, "key", "YS0000000000") is None
            with pytest.raises(identifying.IssuerSilent, match="no answer"):
                await identifying.ask_issuer(line, address, "wrong", citizen.card_code)
            departments.switches["RS"].down = True
            with pytest.raises(identifying.IssuerSilent, match="no answer"):
                await identifying.ask_issuer(line, address, "key", citizen.card_code)

    asyncio.run(talk())
    departments.ledger.close()


def test_a_terminal_without_a_reader_offers_items_by_code(jia: Terminal, now: datetime) -> None:
    Peripheral.objects.filter(terminal=jia, kind="idReader").delete()
    assert actions.derive_offerings([jia.pk], now) > 0
    assert Offering.objects.get(terminal=jia, item__code="ZZ001").needs == ["printer"]
    assert actions.derive_offerings([jia.pk], now) == 0
    Peripheral.objects.create(terminal=jia, subject="idReader", kind="idReader", first_seen_at=now)
    actions.derive_offerings([jia.pk], now)
    row = Offering.objects.get(terminal=jia, item__code="ZZ001")
    assert (row.active, row.needs) == (True, None)


def test_done_is_what_the_department_says(kiosk: Kiosk, issuer: Issuer) -> None:
    kiosk.submit(person=BY_CODE)
    assert kiosk.open(kiosk.wait())["message"] == DONE["message"]
