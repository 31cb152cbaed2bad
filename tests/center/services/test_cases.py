"""One matter, one paper: from the terminal's request to the department and back, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction
from tests.center.services.the_bank import promise
from tests.center.services.the_counter import (
    DONE,
    EPOCH,
    KEY,
    PDF,
    PERSON,
    Clock,
    Counter,
    Department,
    Kiosk,
    give_session,
)

from budayang.center.evaluation import actions as evaluation
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.sealing import seal_field
from budayang.center.services import actions, case_actions, jobs
from budayang.center.services.models import Case, Paper
from budayang.center.terminals.models import Inbox, Terminal

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = (PERSON["name"], PERSON["id_number"])


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def department() -> Department:
    return Department()


@pytest.fixture
def counter(transactional_db: None, judged: datetime, clock: Clock, department: Department) -> Iterator[Counter]:
    running = Counter(clock, department)
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


def test_a_case_is_done_and_its_paper_is_entitled_once(kiosk: Kiosk, department: Department) -> None:
    accepted = kiosk.submit()
    assert accepted.status_code == 202
    answer = kiosk.wait()
    assert answer.json()["state"] == "done"
    result = kiosk.open(answer)
    assert base64.b64decode(result["paper_pdf"]) == PDF
    assert base64.b64decode(result["receipt_pdf"]).startswith(b"%PDF-")
    assert result["rows"] == [["参保状态", "正常"]]
    case = Case.objects.get()
    assert (case.state, case.department_ref, case.request_sealed) == ("done", "RS-1", None)
    paper = Paper.objects.get()
    assert paper.state == "entitled"
    assert case.masked == {"name": "测**", "id_number": "9999**********1234"}
    assert Transition.objects.filter(kind="services.case_done", payload__number=case.number).count() == 1
    sent = department.asked[0]
    assert sent.headers["idempotency-key"] == case.number
    assert sent.headers["authorization"] == "Bearer key-RS"
    assert str(sent.url) == "http://127.0.0.1:8810/dept/RS/v1/matters"
    assert json.loads(sent.content)["paper"]["code"] == result["receipt_code"]


def test_the_same_number_again_is_the_same_case(kiosk: Kiosk, department: Department) -> None:
    body = kiosk.submit_body(kiosk.number())
    first = kiosk.post("/wire/v1/cases/", body)
    kiosk.wait()
    again = kiosk.post("/wire/v1/cases/", body)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["state"] == "done"
    assert (Case.objects.count(), Paper.objects.count(), len(department.asked)) == (1, 1, 1)


def test_many_at_the_same_moment_are_one_case(kiosk: Kiosk, department: Department) -> None:
    body = kiosk.submit_body(kiosk.number())
    answers = [future.result(30) for future in [kiosk.later("/wire/v1/cases/", body) for _one in range(6)]]
    assert {answer.status_code for answer in answers} == {202}
    assert kiosk.wait().json()["state"] == "done"
    assert (Case.objects.count(), Paper.objects.count(), len(department.asked)) == (1, 1, 1)


def test_a_number_belongs_to_one_person_and_one_item(kiosk: Kiosk) -> None:
    kiosk.submit()
    stranger = {**PERSON, "id_number": "999999199001015678"}
    assert kiosk.submit(person=stranger).json()["error"] == "number_in_use"
    assert kiosk.submit(item="ZZ031").json()["error"] == "number_in_use"


def test_a_number_of_another_terminal_is_refused(kiosk: Kiosk) -> None:
    body = kiosk.submit_body("YJHL01-0000-000001-0")
    assert kiosk.post("/wire/v1/cases/", body).json()["error"] == "bad_number"
    from_other = kiosk.submit_body(Kiosk.number(Kiosk(kiosk.counter, type("T", (), {"code": "YJHL-01"}))))
    assert kiosk.post("/wire/v1/cases/", from_other).json()["error"] == "bad_number"
    assert not Case.objects.exists()


def test_an_item_that_is_not_offered_is_refused(kiosk: Kiosk, jia: Terminal) -> None:
    actions.offer_item(Actor.system(), jia.code, "ZZ001", active=False)
    answer = kiosk.submit()
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_item")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"Budayang-Mac": "00"}, "bad_mac"),
        ({"Budayang-Mac": "é"}, "bad_mac"),
        ({"Budayang-Terminal": "NO-99"}, "no_session"),
        ({"Budayang-Time": "1"}, "clock_off"),
        ({"Budayang-Time": "soon"}, "bad_mac"),
    ],
)
def test_who_cannot_prove_the_key_is_refused(kiosk: Kiosk, change: dict[str, str], error: str) -> None:
    body = kiosk.submit_body(kiosk.number())
    headers = {name: value.encode("latin-1") for name, value in change.items()}
    answer = kiosk.post("/wire/v1/cases/", body, **headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert not Case.objects.exists()


def test_a_suspended_terminal_is_refused(kiosk: Kiosk, jia: Terminal) -> None:
    Terminal.objects.filter(pk=jia.pk).update(state="suspended")
    assert kiosk.submit().json()["error"] == "no_session"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"number":1}'])
def test_a_body_that_is_none_is_answered_precisely(kiosk: Kiosk, body: bytes) -> None:
    assert kiosk.post("/wire/v1/cases/", body).json()["error"] == "malformed"


def test_a_body_too_large_is_refused(kiosk: Kiosk) -> None:
    assert kiosk.post("/wire/v1/cases/", b"x" * 70_000).status_code == 413


def test_what_is_sealed_for_another_number_does_not_open(kiosk: Kiosk) -> None:
    body = json.loads(kiosk.submit_body(kiosk.number(1)))
    body["number"] = kiosk.number(2)
    assert kiosk.post("/wire/v1/cases/", json.dumps(body).encode()).json()["error"] == "malformed"


def test_a_strangers_reply_key_gets_nothing(kiosk: Kiosk, other_kiosk: Kiosk) -> None:
    kiosk.submit()
    kiosk.wait()
    assert other_kiosk.wait(number=kiosk.number()).json()["error"] == "unknown_reply_key"
    kiosk.new_journey()
    assert kiosk.wait().json()["error"] == "unknown_reply_key"


def test_the_person_gets_the_paper_at_another_terminal(kiosk: Kiosk, other_kiosk: Kiosk) -> None:
    kiosk.submit()
    kiosk.wait()
    assert other_kiosk.pending(id_number="999999199001015678").json() == {"cases": []}
    listed = other_kiosk.pending().json()["cases"]
    assert [(one["number"], one["paper_state"]) for one in listed] == [(kiosk.number(), "entitled")]
    result = other_kiosk.open(other_kiosk.wait(number=kiosk.number()), kiosk.number())
    assert base64.b64decode(result["paper_pdf"]) == PDF
    assert Paper.objects.count() == 1


def test_a_case_under_way_is_offered_to_its_person_only(
    kiosk: Kiosk, other_kiosk: Kiosk, department: Department
) -> None:
    go_on = threading.Event()

    async def slowly(_request: httpx.Request) -> httpx.Response:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return httpx.Response(200, json=DONE)

    department.script = [slowly]
    kiosk.submit()
    try:
        assert other_kiosk.pending(id_number="999999199001015678").json()["cases"] == []
        listed = other_kiosk.pending().json()["cases"]
        assert [(one["number"], one["paper_state"]) for one in listed] == [(kiosk.number(), "under_way")]
    finally:
        go_on.set()
    result = other_kiosk.open(other_kiosk.wait(number=kiosk.number()), kiosk.number())
    assert base64.b64decode(result["paper_pdf"]) == PDF
    assert Case.objects.count() == 1


def test_whoever_was_asked_how_it_went_is_not_asked_again_at_another_terminal(
    kiosk: Kiosk, other_kiosk: Kiosk, now: datetime
) -> None:
    kiosk.submit()
    assert kiosk.wait().json()["asked"] is False
    evaluation.record_invitation(
        Actor.job("test"), number=kiosk.number(), terminal_code="KBS-01", shown_at=now, now=now, channel="qr"
    )
    other_kiosk.pending()
    assert other_kiosk.wait(number=kiosk.number()).json()["asked"] is False, "a page at home that nobody answered"
    evaluation.record_invitation(
        Actor.job("test"), number=kiosk.number(), terminal_code="KBS-01", shown_at=now, now=now
    )
    assert other_kiosk.wait(number=kiosk.number()).json()["asked"] is True
    assert kiosk.wait().json()["asked"] is True


def test_whoever_rated_it_at_home_is_not_asked_at_the_terminal(kiosk: Kiosk, now: datetime) -> None:
    kiosk.submit()
    kiosk.wait()
    evaluation.record_rating(
        Actor.public(), number=kiosk.number(), level="satisfied", reasons=(), terminal_code="KBS-01", at=now, now=now,
        channel="qr",
    )  # fmt: skip
    kiosk.new_journey()
    kiosk.pending()
    assert kiosk.wait().json()["asked"] is True


def test_nobody_is_nobody(kiosk: Kiosk) -> None:
    answer = kiosk.pending(id_number=" ")
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_person")


def test_a_taken_paper_is_not_kept(kiosk: Kiosk, now: datetime) -> None:
    kiosk.submit()
    kiosk.wait()
    for state in ("sent", "confirmed", "taken", "taken", "sent"):
        actor = Actor.terminal("KBS-01", "/150600/A-KBS/")
        case_actions.record_paper(actor, kiosk.number(), state, now=now)
    paper = Paper.objects.get()
    assert (paper.state, paper.prints) == ("taken", 1)
    assert Case.objects.get().result_sealed is None
    assert kiosk.pending().json() == {"cases": []}
    assert kiosk.wait().json()["result"] is None


@pytest.mark.parametrize(
    "told",
    [
        ("sent", "confirmed", "failed", "sent", "confirmed", "taken"),  # the person said that it is not whole
        ("sent", "confirmed", "sent", "confirmed", "taken"),  # the terminal was killed before the person took it
    ],
)
def test_a_paper_that_came_out_twice_is_counted_twice(told: tuple[str, ...], kiosk: Kiosk, now: datetime) -> None:
    kiosk.submit()
    kiosk.wait()
    for state in told:
        paper = case_actions.record_paper(Actor.terminal("KBS-01", "/150600/A-KBS/"), kiosk.number(), state, now=now)
        assert paper is not None
        assert paper.state == state
    assert Paper.objects.get().prints == 2


def test_a_jam_keeps_the_right_to_print(kiosk: Kiosk, jia: Terminal, now: datetime) -> None:
    kiosk.submit()
    kiosk.wait()
    for seq, state in enumerate(("sent", "failed", "sent", "confirmed"), start=1):
        body = {"number": kiosk.number(), "state": state, "reason": "media-jam" if state == "failed" else ""}
        Inbox.objects.create(terminal=jia, epoch=EPOCH, seq=seq, kind="case.paper", body=body, at=now, received_at=now)
    assert jobs.read_inbox(now) == 4
    assert jobs.read_inbox(now) == 0
    paper = Paper.objects.get()
    assert (paper.state, paper.prints) == ("confirmed", 2)


def test_an_event_of_an_unknown_case_hurts_nobody(kiosk: Kiosk, jia: Terminal, now: datetime) -> None:
    body = {"number": "KBS01-0000-000009-X", "state": "sent"}
    Inbox.objects.create(terminal=jia, epoch=EPOCH, seq=1, kind="case.paper", body=body, at=now, received_at=now)
    assert jobs.read_inbox(now) == 1


def test_handed_in_has_a_receipt_and_no_paper(kiosk: Kiosk, department: Department) -> None:
    department.script = [{"outcome": "handed_in", "message": "工作日审核", "rows": []}]
    kiosk.submit(item="ZZ130")
    answer = kiosk.wait()
    assert answer.json()["state"] == "handed_in"
    assert kiosk.open(answer)["paper_pdf"] is None
    assert not Paper.objects.exists()


def test_refused_by_the_department_is_failed_with_its_words(kiosk: Kiosk, department: Department) -> None:
    department.script = [{"outcome": "refused", "message": "未查到记录"}]
    kiosk.submit()
    answer = kiosk.wait().json()
    assert (answer["state"], answer["message"], answer["result"]) == ("failed", "未查到记录", None)


def test_a_lost_answer_is_asked_for_again_under_the_same_key(kiosk: Kiosk, department: Department) -> None:
    department.script = [httpx.ReadTimeout("lost"), (502, {}), DONE]
    kiosk.submit()
    assert kiosk.wait().json()["state"] == "done"
    assert len({request.headers["idempotency-key"] for request in department.asked}) == 1
    assert len({request.content for request in department.asked}) == 1
    assert Paper.objects.count() == 1


@pytest.mark.parametrize(
    "step", [httpx.ReadTimeout("lost"), (504, {}), (409, {}), b"not json", b'{"outcome":"perhaps"}', b"[]"], ids=repr
)
def test_what_stays_unclear_goes_to_a_person(kiosk: Kiosk, department: Department, step: Any) -> None:
    department.script = [step]
    kiosk.submit()
    assert kiosk.wait().json()["state"] == "review"
    assert Transition.objects.filter(kind="services.case_review").count() == 1
    assert not Paper.objects.exists()
    assert Case.objects.get().request_sealed is not None


@pytest.mark.parametrize("step", [httpx.ConnectError("no"), (503, {"Retry-After": "9999"}), (400, {})], ids=repr)
def test_what_never_got_through_is_failed_plainly(kiosk: Kiosk, department: Department, step: Any) -> None:
    department.script = [step]
    kiosk.submit()
    answer = kiosk.wait().json()
    assert answer["state"] == "failed"
    assert "没有办成" in answer["message"]


def test_unclear_once_is_unclear_to_the_end(kiosk: Kiosk, department: Department) -> None:
    department.script = [httpx.ReadTimeout("lost"), (503, {})]
    kiosk.submit()
    assert kiosk.wait().json()["state"] == "review"


def test_a_person_has_a_case_asked_again(kiosk: Kiosk, department: Department, counter: Counter) -> None:
    department.script = [(504, {})]
    kiosk.submit()
    kiosk.wait()
    department.script = [DONE]
    actions.ask_again(Actor.system(), kiosk.number(), counter.clock.now)
    assert kiosk.wait().json()["state"] == "done"
    assert Paper.objects.count() == 1


def test_what_a_killed_process_left_is_taken_up(kiosk: Kiosk, department: Department, now: datetime) -> None:
    dead = killed_in_the_middle(kiosk, now)
    assert case_actions.take_case(kiosk.number(), now + timedelta(seconds=5)) is None
    assert kiosk.wait(wait_s=0).json()["state"] == "working"
    assert not department.asked
    kiosk.counter.clock.pass_s(case_actions.LEASE_S + 1)
    assert kiosk.wait().json()["state"] == "done"
    assert case_actions.complete_case(kiosk.number(), dead.worker, _answer(), head=None, now=now) is None
    assert (Paper.objects.count(), len(department.asked)) == (1, 1)


def test_a_taken_over_case_that_cannot_be_reached_is_unclear(
    kiosk: Kiosk, now: datetime, department: Department
) -> None:
    department.script = [httpx.ConnectError("no")]
    killed_in_the_middle(kiosk, now, calling=True)
    kiosk.counter.clock.pass_s(case_actions.LEASE_S + 1)
    assert kiosk.wait().json()["state"] == "review"


def test_a_case_that_only_waited_its_turn_cannot_have_arrived(
    kiosk: Kiosk, now: datetime, department: Department
) -> None:
    """A queue longer than the lease: taken over before the first attempt, at a department that is never asked twice."""
    promise("ZZ001", honours_key=False)
    killed_in_the_middle(kiosk, now)
    kiosk.counter.clock.pass_s(case_actions.LEASE_S + 1)
    assert kiosk.wait().json()["state"] == "done"
    assert len(department.asked) == 1
    kiosk.new_journey()
    department.script = [httpx.ConnectError("no")]
    killed_in_the_middle(kiosk, kiosk.counter.clock.now, count=2)
    kiosk.counter.clock.pass_s(case_actions.LEASE_S + 1)
    assert kiosk.wait(number=kiosk.number(2)).json()["state"] == "failed", "nobody was reached, and it is said so"


def test_no_personal_datum_lies_open_anywhere(kiosk: Kiosk, capfd: Callable[..., Any], tmp_path: Path) -> None:
    kiosk.submit()
    kiosk.wait()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            text = repr(cursor.fetchall())
            assert not [secret for secret in SECRETS if str(secret) in text], table
    assert AuditLine.objects.filter(action="services.accept_case").exists()
    printed = "".join(capfd.readouterr())  # type: ignore[attr-defined]
    assert not [secret for secret in SECRETS if str(secret) in printed]
    assert settings.BUDAYANG.demo


def killed_in_the_middle(kiosk: Kiosk, now: datetime, *, calling: bool = False, count: int = 1) -> case_actions.Taken:
    """A case accepted and claimed by a process that dies here, before or in its first call. One transaction: the
    running application sees both."""
    number = kiosk.number(count)
    with transaction.atomic():
        case_actions.accept_case(
            Actor.terminal("KBS-01", "/150600/A-KBS/"),
            number=number,
            terminal_id=kiosk.terminal.pk,
            item_code="ZZ001",
            person=case_actions.CasePrivate(**PERSON),  # type: ignore[arg-type]
            reply_key=kiosk.reply_key,
            consent=("1", ""),
            lang="zh",
            now=now,
        )
        taken = case_actions.take_case(number, now)
        assert taken is not None
        if calling:
            assert case_actions.renew_lease(number, taken.worker, unclear=False, now=now)
    return taken


def _answer() -> Any:
    return case_actions.Answer("done", "late", (), PDF, "X")
