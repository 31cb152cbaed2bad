"""Calls to departments: what may be repeated, what is cut off, what is written down, and whose answer it is."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.center.services.the_counter import DONE, PDF, Department

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.services import connector_actions, connector_jobs, connector_queries
from budayang.center.services.connector_calls import Made, begin_call, forget_calls, note_call
from budayang.center.services.connector_queries import Capability
from budayang.center.services.lines.addresses import BadAddress, check_address, split_plugin
from budayang.center.services.lines.answers import Binding, WrongPerson, read_answer, read_standing, same_person
from budayang.center.services.lines.calls import Call, Connection, NoAnswer, Reply
from budayang.center.services.lines.plugins import Connections
from budayang.center.services.models import Connector, ConnectorCall, ConnectorItem
from budayang.center.services.sending import Answer, DepartmentLine, Patience, Standing, Withdrawal
from budayang.rules.connectors import CallClass

NOW = datetime(2026, 1, 7, 4, 0, tzinfo=UTC)
NUMBER = "KBS01-7F3A-000017-C"
NAME, ID = "测试甲", "999999199003070012"
MINE = {"name": NAME, "id_number": ID, "case": NUMBER}
OTHER = {"name": "测试乙", "id_number": "999999198511200026"}
BODY = json.dumps({"case": NUMBER, "item": "ZZ001", "person": {"name": NAME, "id_number": ID}, "form": {}}).encode()
LOST = httpx.ReadTimeout("late")
NEVER_SENT = httpx.ConnectError("no")


class Notes:
    """A journal without a database. `promised` of every item, calls as they went."""

    def __init__(self, promised: Capability | None = None) -> None:
        self.promised = promised or Capability("ZZ001", "apply")
        self.made: list[Made] = []
        self.open = True

    async def capability(self, item: str) -> Capability:
        return self.promised

    async def begin(self, department: str, now: datetime) -> bool:
        return self.open

    async def end(self, made: Made, now: datetime) -> None:
        self.made.append(made)

    @property
    def results(self) -> list[str]:
        return [one.result.value for one in self.made]


class Phone:
    """A line to a scripted department; `slept` holds the pauses."""

    def __init__(self, script: list[Any], promised: Capability | None = None, **patience: Any) -> None:
        self.department, self.notes, self.slept = Department(script), Notes(promised), []
        self.patience = Patience(timeout_s=1.0, **patience)
        self.slept: list[float] = []

    def run(self, work: Callable[[DepartmentLine], Awaitable[Any]]) -> Any:
        async def go() -> Any:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self.department)) as client:
                return await work(DepartmentLine(client, self.patience, self._sleep, self.notes))

        return asyncio.run(go())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def ask(self, *, unclear: bool = False) -> Answer:
        async def ours(_unclear: bool) -> bool:
            return True

        answer = self.run(
            lambda line: line.ask(
                "RS", "http://127.0.0.1:1", "key", number=NUMBER, body=BODY, unclear=unclear, still_ours=ours
            )
        )
        assert isinstance(answer, Answer)
        return answer

    @property
    def methods(self) -> list[str]:
        return [one.method for one in self.department.asked]


def promised(**what: bool) -> Capability:
    return Capability("ZZ001", "apply", declared=True, **what)


# what may be repeated


def test_an_item_that_honours_the_key_is_asked_again_with_the_same_bytes() -> None:
    phone = Phone([LOST, (504, {}), DONE])
    assert phone.ask().event == "done"
    assert {(one.headers["idempotency-key"], one.content) for one in phone.department.asked} == {(NUMBER, BODY)}
    assert phone.notes.results == ["timeout", "error", "answered"]


def test_an_unclear_attempt_is_never_repeated_where_the_item_promises_nothing() -> None:
    phone = Phone([LOST, DONE], promised(honours_key=False))
    assert phone.ask().event == "unclear"
    assert len(phone.department.asked) == 1


def test_a_case_taken_over_is_not_sent_at_all_where_the_item_promises_nothing() -> None:
    phone = Phone([DONE], promised(honours_key=False))
    assert phone.ask(unclear=True).event == "unclear"
    assert phone.department.asked == []


@pytest.mark.parametrize("nothing_done", [NEVER_SENT, (503, {}), (503, {"Retry-After": "1"})])
def test_what_surely_did_nothing_may_be_repeated_at_any_item(nothing_done: Any) -> None:
    phone = Phone([nothing_done, DONE], promised(honours_key=False))
    assert phone.ask().event == "done"


def test_before_repeating_the_department_is_asked_whether_it_has_the_case() -> None:
    async def unknown(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"error": "unknown_case"})

    phone = Phone([LOST, unknown, DONE], promised(honours_key=False, can_be_asked=True))
    assert phone.ask().event == "done"
    assert phone.methods == ["POST", "GET", "POST"]
    assert phone.slept == [0.5, 5.0]  # the pause, then the time within which it has to know
    assert str(phone.department.asked[1].url).endswith(f"/v1/matters/{NUMBER}")


def test_the_answer_that_was_lost_is_found_by_asking() -> None:
    standing = {"state": "done", "at": "2026-01-07T12:00:00+08:00", "outcome": {**DONE, "for": MINE}}
    phone = Phone([LOST, standing], promised(honours_key=False, can_be_asked=True))
    answer = phone.ask()
    assert (answer.event, answer.paper_pdf) == ("done", PDF)
    assert phone.methods == ["POST", "GET"]


@pytest.mark.parametrize(
    "said",
    [
        (500, {}),
        (404, {}),  # an adapter that does not serve the question
        {"state": "working", "at": "2026-01-07T12:00:00+08:00"},
        {"state": "done", "at": "2026-01-07T12:00:00+08:00", "outcome": {**DONE, "for": OTHER}},
        LOST,
    ],
)
def test_what_is_not_a_plain_no_is_not_repeated(said: Any) -> None:
    phone = Phone([LOST, said], promised(honours_key=False, can_be_asked=True))
    assert phone.ask().event == "unclear"
    assert phone.methods.count("POST") == 1


def test_patience_ends_by_the_deadline_too() -> None:
    phone = Phone([LOST], deadline_s=-1.0)
    assert phone.ask().event == "unclear"
    assert len(phone.department.asked) == 1


def test_a_dripping_answer_ends_with_the_attempts_time() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield b" "
                await asyncio.sleep(0.05)

    async def drip(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    phone = Phone([drip], promised(honours_key=False))
    phone.patience = Patience(timeout_s=0.3)
    assert phone.ask().event == "unclear"
    assert phone.notes.results == ["timeout"]


def test_a_closed_department_says_until_when() -> None:
    phone = Phone([(503, {"Retry-After": "18000"})])
    answer = phone.ask()
    assert (answer.event, answer.retry_after_s) == ("not_reached", 18000)
    assert phone.notes.results == ["closed"]


def test_an_open_circuit_sends_nothing_and_says_so() -> None:
    phone = Phone([DONE])
    phone.notes.open = False
    assert phone.ask().event == "not_reached"
    assert phone.department.asked == []
    assert set(phone.notes.results) == {"not_called"}


# the wrong person


@pytest.mark.parametrize("whose", [OTHER, {**MINE, "case": "ANOTHER-1"}, {**MINE, "id_number": OTHER["id_number"]}])
def test_an_answer_about_somebody_else_is_never_used(whose: dict[str, str]) -> None:
    phone = Phone([{**DONE, "for": whose}, {**DONE, "for": MINE}])
    answer = phone.ask()
    assert (answer.event, answer.rows, answer.paper_pdf) == ("unclear", (), None)
    assert phone.notes.results == ["wrong_person"]


def test_blanks_width_and_a_small_x_make_nobody_else() -> None:
    whose = same_person("测试 甲", "99999919900307001x")
    assert whose("测试甲", "99999919900307001X")
    assert whose("测试　甲", "９９９９９９19900307001X")
    assert not whose("测试乙", "99999919900307001X")


def test_an_item_that_promised_to_name_the_person_must() -> None:
    bound = Binding(NUMBER, same_person(NAME, ID), must_name=True)
    with pytest.raises(ValueError, match="for is missing"):
        read_answer(json.dumps(DONE).encode(), bound)
    assert read_answer(json.dumps({**DONE, "for": MINE}).encode(), bound).event == "done"
    assert read_answer(b'{"outcome": "refused", "message": "x"}', bound).event == "refused"
    with pytest.raises(WrongPerson):
        read_answer(json.dumps({**DONE, "for": OTHER}).encode(), Binding(NUMBER, same_person(NAME, ID)))


# the other acts


def test_a_payment_is_told_under_its_own_number_and_repeated_whatever_the_item_promises() -> None:
    phone = Phone([LOST, DONE], promised(honours_key=False))

    async def ours(_unclear: bool) -> bool:
        return True

    answer = phone.run(
        lambda line: line.paid(
            "RS", "http://127.0.0.1:1", "key", number=NUMBER, item="ZZ049", payment="P-1", bill="B-1",
            amount_fen=40000, paid_at=NOW, whose=None, unclear=False, still_ours=ours,
        )
    )  # fmt: skip
    assert answer.event == "done"
    first, second = phone.department.asked
    assert first.content == second.content
    assert first.headers["idempotency-key"] == "P-1"
    assert json.loads(first.content) == {
        "payment": "P-1", "bill": "B-1", "amount_fen": 40000, "paid_at": "2026-01-07T04:00:00+00:00"
    }  # fmt: skip
    assert str(first.url).endswith(f"/v1/matters/{NUMBER}/paid")


def test_a_correction_has_its_own_key() -> None:
    phone = Phone([{"outcome": "handed_in", "message": "收到"}])

    async def ours(_unclear: bool) -> bool:
        return True

    answer = phone.run(
        lambda line: line.correct(
            "RS", "http://127.0.0.1:1", "key", number=NUMBER, item="ZZ030", body=b'{"materials": [], "form": {}}',
            whose=None, unclear=False, still_ours=ours,
        )
    )  # fmt: skip
    assert answer.event == "handed_in"
    assert phone.department.asked[0].headers["idempotency-key"] == f"{NUMBER}-C"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([{"withdrawn": True}], Withdrawal.WITHDRAWN),
        ([LOST, {"withdrawn": True}], Withdrawal.WITHDRAWN),
        ([(404, {})], Withdrawal.NOT_OFFERED),
        ([NEVER_SENT], Withdrawal.NOT_REACHED),
        ([LOST, NEVER_SENT], Withdrawal.UNCLEAR),
        ([{"withdrawn": "yes"}], Withdrawal.UNCLEAR),
    ],
)
def test_what_became_of_a_withdrawal(script: list[Any], expected: Withdrawal) -> None:
    phone = Phone(script)
    found = phone.run(lambda line: line.withdraw("RS", "http://127.0.0.1:1", "key", number=NUMBER, reason="不办了"))
    assert found is expected
    assert {one.headers["idempotency-key"] for one in phone.department.asked} == {f"{NUMBER}-W"}


def test_too_late_to_withdraw() -> None:
    async def late(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(409, json={"error": "too_late"})

    phone = Phone([late])
    found = phone.run(lambda line: line.withdraw("RS", "http://127.0.0.1:1", "key", number=NUMBER, reason="不办了"))
    assert found is Withdrawal.TOO_LATE


def test_standing_is_read_as_the_contract_has_it() -> None:
    said = {
        "state": "correction",
        "at": "2026-01-07T12:00:00+08:00",
        "outcome": {"outcome": "handed_in", "message": "收到"},
        "steps": [{"step": "received", "at": "2026-01-07T11:00:00+08:00", "text": "已收到"}],
        "correction": {"asked_at": "2026-01-07T12:00:00+08:00", "items": ["诊断证明"], "until": "2026-01-14"},
    }
    phone = Phone([said])
    standing = phone.run(lambda line: line.asked("RS", "http://127.0.0.1:1", "key", number=NUMBER))
    assert isinstance(standing, Standing)
    assert standing.correction is not None
    assert (standing.state, standing.correction.items, standing.correction.until) == (
        "correction", ("诊断证明",), date(2026, 1, 14)
    )  # fmt: skip
    for wrong in (
        {**said, "state": "x"}, {**said, "at": "2026-01-07"}, {**said, "steps": [{"step": "x"}]},
        {**said, "correction": {"asked_at": "2026-01-07T12:00:00+08:00", "items": []}}, {**said, "outcome": []},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            read_standing(json.dumps(wrong).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "due"}, {"outcome": "due", "due": {"bill": "", "amount_fen": 1}},
        {"outcome": "due", "due": {"bill": "B", "amount_fen": 0}},
        {"outcome": "due", "due": {"bill": "B", "amount_fen": 1.5}},
        {"outcome": "due", "due": {"bill": "B", "amount_fen": True}},
        {"expected_on": "soon"}, {"issuer": {"name": "x", "verify_url": "http://plain.example"}}, {"for": "甲"},
        {"paper_pdf": base64.b64encode(b"GIF89a").decode()}, {"rows": [["one"]]}, {"outcome": "maybe"},
    ],
)  # fmt: skip
def test_an_answer_that_breaks_the_contract_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        read_answer(json.dumps({**DONE, **change}).encode())
    assert NAME not in str(caught.value)


def test_due_expected_and_issuer_are_read() -> None:
    said = {
        "outcome": "due", "message": "请缴费", "due": {"bill": "B-1", "amount_fen": 8000, "title": "登记费"},
        "expected_on": "2026-01-15", "issuer": {"name": "演示局", "verify_url": "https://v.example/x"},
    }  # fmt: skip
    answer = read_answer(json.dumps(said).encode())
    assert (answer.due_bill, answer.due_amount_fen, answer.due_title) == ("B-1", 8000, "登记费")
    assert (answer.expected_on, answer.issuer_url) == (date(2026, 1, 15), "https://v.example/x")


# plug-ins


class Telex:
    """A department that is reached by something else than HTTP."""

    def __init__(self, _client: httpx.AsyncClient) -> None:
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.kind == "health":
            raise RuntimeError("a secret of the plug-in")
        return Reply(200, json.dumps({**DONE, "for": MINE}).encode())


def test_a_plugin_carries_calls_and_everything_else_is_the_same() -> None:
    made: list[Telex] = []

    def maker(client: httpx.AsyncClient) -> Connection:
        made.append(Telex(client))
        return made[-1]

    async def go() -> tuple[Answer | None, Notes]:
        notes = Notes(promised(names_person=True))
        async with httpx.AsyncClient() as client:
            line = DepartmentLine(client, journal=notes, connections=Connections(client, {"telex-rs": maker}))

            async def ours(_unclear: bool) -> bool:
                return True

            answer = await line.ask(
                "RS", "telex-rs+https://10.1.2.3/x", "k", number=NUMBER, body=BODY, unclear=False, still_ours=ours
            )
            with pytest.raises(NoAnswer, match="plug-in failed"):
                await line.connections.send(Call("health", "telex-rs+https://10.1.2.3/x", "/v1/health"))  # type: ignore[union-attr]
            return answer, notes

    answer, notes = asyncio.run(go())
    assert answer is not None
    assert (answer.event, notes.results) == ("done", ["answered"])
    assert (made[0].calls[0].address, made[0].calls[0].idempotency) == ("https://10.1.2.3/x", NUMBER)


def test_a_plugin_that_is_not_installed_sends_nothing() -> None:
    phone = Phone([DONE])
    answer = phone.run(lambda line: line.asked("RS", "no-such-plugin+https://10.1.2.3/x", "key", number=NUMBER))
    assert answer is None
    assert phone.notes.results == ["no_connection"]


def test_addresses_of_plugins_obey_the_same_rule() -> None:
    assert check_address("soap-sf+https://10.1.2.3/ws/") == "soap-sf+https://10.1.2.3/ws"
    assert split_plugin("https://10.1.2.3/a+b://c") == ("http", "https://10.1.2.3/a+b://c")
    for wrong in ("soap+http://10.1.2.3", "soap+https://169.254.169.254/x", "soap+https://u:p@h/x", "+https://h"):
        if wrong != "+https://h":
            with pytest.raises(BadAddress):
                check_address(wrong)


# the journal that all processes share


def made(result: CallClass, number: str = "", kind: str = "matter") -> Made:
    return Made("RS", kind, "ZZ001", number, result, None, 12)


@pytest.fixture
def line(judged: datetime) -> Connector:
    return Connector.objects.get(department__code="RS")


@pytest.mark.django_db
def test_a_line_opens_after_failures_of_different_people_and_one_call_tries(line: Connector, now: datetime) -> None:
    note_call(made(CallClass.TIMEOUT, "A"), now)
    for _ in range(9):
        note_call(made(CallClass.TIMEOUT, "A"), now)  # one person's record is what it stumbles over
    line.refresh_from_db()
    assert (line.circuit, line.circuit_failures, line.state) == ("closed", 1, "ok")
    for number in "BCDE":
        note_call(made(CallClass.ERROR, number), now)
    line.refresh_from_db()
    assert (line.circuit, line.state, line.why) == ("open", "down", "error")
    told = Transition.objects.filter(kind="services.connector").order_by("pk").last()
    assert told is not None
    assert (told.payload["department"], told.payload["state"]) == ("RS", "down")
    assert not begin_call("RS", now + timedelta(seconds=29))
    assert connector_actions.note_connector("RS", ok=True, why="", now=now + timedelta(seconds=20)) is False
    later = now + timedelta(seconds=31)
    assert connector_actions.note_connector("RS", ok=True, why="", now=later)
    line.refresh_from_db()
    assert (line.circuit, line.state) == ("open", "ok")  # somebody may come; their call is the trial
    assert begin_call("RS", later)
    assert not begin_call("RS", later)
    note_call(made(CallClass.TIMEOUT, "F"), later)
    line.refresh_from_db()
    assert (line.circuit, line.circuit_until_at) == ("open", later + timedelta(seconds=60))
    last = later + timedelta(seconds=61)
    assert begin_call("RS", last)
    note_call(made(CallClass.ANSWERED, "G"), last)
    line.refresh_from_db()
    assert (line.circuit, line.circuit_failures, line.circuit_opened, line.state) == ("closed", 0, 0, "ok")


@pytest.mark.django_db
def test_a_wrong_person_holds_the_line_until_a_person_releases_it(line: Connector, now: datetime) -> None:
    note_call(made(CallClass.WRONG_PERSON, "A"), now)
    line.refresh_from_db()
    assert (line.circuit, line.state, line.circuit_why) == ("held", "down", "wrong_person")
    much_later = now + timedelta(days=3)
    assert not begin_call("RS", much_later)
    connector_actions.note_connector("RS", ok=True, why="", now=much_later)
    line.refresh_from_db()
    assert line.state == "down"
    with pytest.raises(Refused):
        connector_actions.release_connector(Actor.system(), "RS", reason=" ", now=much_later)
    connector_actions.release_connector(Actor.system(), "RS", reason="部门已更正", now=much_later)
    line.refresh_from_db()
    assert (line.circuit, line.state) == ("closed", "ok")
    audited = AuditLine.objects.filter(action="services.release_connector").get()
    assert audited.details["reason"] == "部门已更正"
    with pytest.raises(Refused):
        connector_actions.release_connector(Actor.system(), "RS", reason="再来", now=much_later)


@pytest.mark.django_db
def test_calls_are_written_down_without_a_word_and_go_after_their_time(line: Connector, now: datetime) -> None:
    note_call(made(CallClass.CLOSED, NUMBER), now)
    row = ConnectorCall.objects.get()
    assert (row.department.code, row.kind, row.number, row.result, row.ms) == ("RS", "matter", NUMBER, "closed", 12)
    figures = connector_queries.call_figures([row.department_id], now)
    assert (figures[row.department_id].calls, figures[row.department_id].failed) == (1, 0)
    assert forget_calls(now + timedelta(days=179)) == 0
    assert forget_calls(now + timedelta(days=181)) == 1


@pytest.mark.django_db
def test_a_department_declares_its_items_and_only_its_own(line: Connector, now: datetime) -> None:
    job = Actor.job("services.jobs")
    item = {
        "kind": "apply", "honours_key": False, "can_be_asked": True, "can_withdraw": True, "names_person": True,
        "test_identity": {"name": NAME, "id_number": ID}, "launch_url": None,
    }  # fmt: skip
    said = {"contract": "1", "items": {"ZZ001": item, "ZZ054": item, "NO": {"kind": "guide"}}}
    assert connector_queries.capability("ZZ001") == Capability("ZZ001", "query_print")
    assert connector_actions.declare_items(job, "RS", said, now) == 1
    found = connector_queries.capability("ZZ001")
    assert (found.kind, found.honours_key, found.can_be_asked, found.declared) == ("apply", False, True, True)
    row = ConnectorItem.objects.get()
    assert NAME.encode() not in bytes(row.test_identity_sealed or b"")
    assert connector_actions.open_test_identity(row) == {"name": NAME, "id_number": ID}
    assert connector_actions.declare_items(job, "RS", said, now) == 0
    for wrong in (
        {**said, "contract": "2"},
        {"contract": "1", "items": {"ZZ001": {"kind": "x"}}},
        {"contract": "1", "items": {"ZZ001": {"kind": "launch"}}},
        {"contract": "1", "items": {"ZZ001": {"kind": "apply", "honours_key": "yes"}}},
    ):
        with pytest.raises(ValueError, match=r".+"):
            connector_actions.declare_items(job, "RS", wrong, now)
    assert connector_actions.declare_items(job, "RS", {"contract": "1", "items": {}}, now) == 1
    assert not ConnectorItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_journal_of_the_database_is_the_lines_own(
    transactional_db: None, line: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    department = Department([{**DONE, "for": OTHER}])

    async def go() -> Answer | None:
        async def ours(_unclear: bool) -> bool:
            return True

        async with httpx.AsyncClient(transport=httpx.MockTransport(department)) as client:
            return await DepartmentLine(client).ask(
                "RS", "http://127.0.0.1:1", "k", number=NUMBER, body=BODY, unclear=False, still_ours=ours
            )

    answer = asyncio.run(go())
    assert answer == Answer("unclear")
    row = ConnectorCall.objects.get()
    assert (row.result, row.status, row.item_code) == ("wrong_person", 200, "ZZ001")
    line.refresh_from_db()
    assert line.circuit == "held"
    assert OTHER["name"] not in caplog.text
    assert ID not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_departments_are_read_over_their_lines(
    transactional_db: None, line: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if "/dept/RS/" in request.url.path:
            return httpx.Response(200, json={"contract": "1", "items": {"ZZ001": {"kind": "query_print"}}})
        return httpx.Response(500)

    monkeypatch.setattr(
        connector_jobs, "make_client", lambda _s: httpx.AsyncClient(transport=httpx.MockTransport(answer))
    )
    assert connector_jobs.pull_items(NOW) == 1
    assert ConnectorItem.objects.get().item.code == "ZZ001"
    assert len(asked) == Connector.objects.count()
