"""补正 at a terminal: opened by number, code and card; handed in once; told to the department under the case's key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.center.services.the_bank import promise
from tests.center.services.the_counter import FORMS, KEY, PERSON, Clock, Counter, Department, Kiosk, give_session
from tests.center.services.the_journey import ROOT, contents, hand_in, picture, refs, send_sheet

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.sealing import center_keys, open_field, seal_field
from budayang.center.services import case_actions, case_queries, corrections
from budayang.center.services.case_results import code_of
from budayang.center.services.models import Case, CaseCorrection, Errand, Sheet, VerificationAttempt
from budayang.center.services.sending import Correction, Standing
from budayang.center.terminals.models import Terminal
from budayang.wire.sealing import identity_info, seal_text

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = ("经济困难状况说明", "对方的全称")
SYSTEM = Actor.system()
ITEM, STRANGER = "ZZ130", "999999199001011242"


class Office(Department):
    """Takes the matter in, then what was missing. `corrected`: its answers to that."""

    corrected: Any = None

    def __init__(self) -> None:
        super().__init__([{"outcome": "handed_in", "message": "已收件", "department_ref": "SF-1"}])
        self.told: list[httpx.Request] = []
        self.says: list[Any] = [httpx.Response(200, json={"outcome": "handed_in", "message": "补正材料已收到"})]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/correct"):
            self.told.append(request)
            step = self.says.pop(0) if len(self.says) > 1 else self.says[0]
            if isinstance(step, Exception):
                raise step
            return httpx.Response(step.status_code, content=step.content, headers=dict(step.headers))
        if request.method == "GET":
            return httpx.Response(500)
        return await super().__call__(request)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def counter(transactional_db: None, judged: datetime, clock: Clock, office: Office) -> Iterator[Counter]:
    running = Counter(clock, office)
    yield running
    running.stop()


@pytest.fixture
def kiosk(counter: Counter, jia: Terminal, now: datetime) -> Kiosk:
    give_session(jia, KEY, now, seal_field)
    return Kiosk(counter, jia)


@pytest.fixture
def elsewhere(counter: Counter, yi: Terminal, now: datetime) -> Kiosk:
    give_session(yi, KEY, now, seal_field)
    return Kiosk(counter, yi)


def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.025)
    raise AssertionError("not within ten seconds")


def in_correction(kiosk: Kiosk, clock: Clock, *, until_on: date | None = None) -> Case:
    """A case that its department sent back, once and whole."""
    assert kiosk.submit(item=ITEM).status_code == 202
    assert kiosk.wait().json()["state"] == "handed_in"
    at = clock.now
    told = Correction(at, ITEMS, until_on or (at + timedelta(days=8)).date(), ("", "other_party"))
    case_actions.take_standing(kiosk.number(), Standing("correction", at, correction=told), head=None, now=at)
    case = Case.objects.select_related("item", "terminal__area__place").get()
    assert case.state == "correction"
    return case


def open_it(kiosk: Kiosk, case: Case, id_number: str = PERSON["id_number"], code: str = "") -> httpx.Response:  # type: ignore[assignment]
    plain = json.dumps({"id_number": id_number, "id_kind": "resident"}).encode()
    sealed = seal_text(center_keys().seal_public, plain, identity_info(kiosk.terminal.code))
    asked = {"number": case.number, "code": code or code_of(case), "sealed": sealed, "reply_key": kiosk.reply_key}
    return kiosk.post(f"{ROOT}correction", json.dumps(asked).encode())


def bring(kiosk: Kiosk, case: Case, count: int = 7, **more: Any) -> httpx.Response:
    """Hand in one sheet and the answer under a number of the terminal's own."""
    number, sheet = kiosk.number(count), picture("说明")
    assert send_sheet(kiosk, number, 0, "c1", sheet).status_code == 200
    form = {"other_party": "演示建筑有限公司", **more.pop("form", {})}
    return hand_in(kiosk, number, ITEM, form, materials=refs(sheet), corrects=case.number, **more)


def test_it_is_opened_for_the_card_of_the_case_at_any_terminal(
    kiosk: Kiosk, elsewhere: Kiosk, clock: Clock, office: Office
) -> None:
    case = in_correction(kiosk, clock)
    told = open_it(elsewhere, case).json()
    assert (told["number"], told["item"], told["items"]) == (case.number, ITEM, list(ITEMS))
    assert told["until"] == (clock.now + timedelta(days=8)).date().isoformat()
    schema = told["schema"]
    assert [(one["kind"], one["title"], one["required"]) for one in schema["x-materials"]] == [("c1", ITEMS[0], True)]
    assert schema["required"] == ["other_party"]
    assert schema["properties"]["other_party"]["title"] == "对方是谁"
    assert schema["properties"]["other_party"]["description"] == ITEMS[1]
    assert "测试" not in json.dumps(told, ensure_ascii=False)
    assert office.told == []


def test_number_and_code_alone_open_nothing(kiosk: Kiosk, clock: Clock) -> None:
    case = in_correction(kiosk, clock)
    refused = open_it(kiosk, case, STRANGER)
    assert (refused.status_code, refused.json()["error"]) == (403, "not_yours")
    assert open_it(kiosk, case, code="7KQ2M-9XD7K-Q2M9X-D7KQ2").json()["error"] == "unknown_code"
    assert VerificationAttempt.objects.filter(found=False).count() == 2, "a wrong card is a wrong guess"
    for _ in range(8):
        open_it(kiosk, case, STRANGER)
    assert open_it(kiosk, case).json()["error"] == "too_many_codes"


def test_what_was_missing_reaches_the_department_once_and_the_case_goes_on(
    kiosk: Kiosk, elsewhere: Kiosk, clock: Clock, office: Office
) -> None:
    case = in_correction(kiosk, clock)
    assert open_it(elsewhere, case).status_code == 200
    answer = bring(elsewhere, case)
    assert (answer.status_code, answer.json()["number"]) == (202, case.number)
    again = bring(elsewhere, case)
    assert again.status_code == 202, "our answer was lost: the same number is the same handing in"
    told = elsewhere.wait(number=case.number)
    assert told.json()["state"] == "handed_in"
    receipt = elsewhere.open(told, case.number)
    assert receipt["receipt_pdf"]
    (asked,) = office.told
    assert asked.headers["idempotency-key"] == f"{case.number}-C"
    body = json.loads(asked.content)
    assert body["form"] == {"other_party": "演示建筑有限公司"}
    assert [(one["kind"], one["media"]) for one in body["materials"]] == [("c1", "image/jpeg")]
    assert contents(body["materials"]) == [picture("说明")]
    row = CaseCorrection.objects.get()
    assert (row.handed_number, row.corrected_at) == (elsewhere.number(7), clock.now)
    assert Sheet.objects.filter(content_sealed__isnull=False).count() == 0
    steps = list(Case.objects.get().steps.values_list("step", flat=True))
    assert "corrected" in steps
    line = AuditLine.objects.get(action="services.hand_in_correction")
    assert "演示建筑" not in json.dumps(line.details, ensure_ascii=False)


def test_two_terminals_with_one_receipt_hand_it_in_once(
    kiosk: Kiosk, elsewhere: Kiosk, clock: Clock, office: Office
) -> None:
    case = in_correction(kiosk, clock)
    assert open_it(elsewhere, case).status_code == 200
    assert open_it(kiosk, case).status_code == 200
    assert bring(elsewhere, case).status_code == 202
    refused = bring(kiosk, case, 8)
    assert (refused.status_code, refused.json()["error"]) == (409, "nothing_to_correct")
    until(lambda: Case.objects.get().state == "handed_in")
    assert Errand.objects.filter(kind="correct").count() == 1
    assert len(office.told) == 1


def test_a_lost_answer_is_told_again_under_the_same_key(kiosk: Kiosk, clock: Clock, office: Office) -> None:
    office.says = [httpx.ReadTimeout("lost"), httpx.Response(200, json={"outcome": "handed_in", "message": "收到"})]
    case = in_correction(kiosk, clock)
    assert open_it(kiosk, case).status_code == 200
    assert bring(kiosk, case).status_code == 202
    assert kiosk.wait(number=case.number).json()["state"] == "handed_in"
    assert {one.headers["idempotency-key"] for one in office.told} == {f"{case.number}-C"}
    assert len({one.content for one in office.told}) == 1, "the same bytes"


def unclear_correction(kiosk: Kiosk, clock: Clock, office: Office) -> Case:
    """A case whose correction the department answered without saying whether it has it."""
    office.says = [httpx.Response(500)]
    case = in_correction(kiosk, clock)
    assert open_it(kiosk, case).status_code == 200
    assert bring(kiosk, case).status_code == 202
    told = kiosk.wait(number=case.number).json()
    assert told["state"] == "review"
    assert "工作人员会核实" in told["message"]
    return Case.objects.get()


def test_an_unclear_answer_to_it_is_a_persons_who_has_it_told_again(kiosk: Kiosk, clock: Clock, office: Office) -> None:
    case = unclear_correction(kiosk, clock, office)
    assert Transition.objects.filter(kind="services.case_review", payload__number=case.number).count() == 1
    assert case.steps.filter(step="unclear").exists()
    before = len(office.told)
    office.says = [httpx.Response(200, json={"outcome": "handed_in", "message": "补正材料已收到"})]
    case_actions.ask_again(SYSTEM, case.number, clock.now)
    until(lambda: Case.objects.get().state == "handed_in")
    assert len(office.told) == before + 1
    assert {one.headers["idempotency-key"] for one in office.told} == {f"{case.number}-C"}
    assert len({one.content for one in office.told}) == 1, "the same bytes"
    assert Case.objects.get().wake_at is not None, "the department is asked how it stands as before"
    assert Errand.objects.get().state == "done"


def test_an_answer_about_somebody_else_is_never_used_and_is_a_persons(
    kiosk: Kiosk, clock: Clock, office: Office
) -> None:
    other = {"name": "测试乙", "id_number": STRANGER}
    office.says = [httpx.Response(200, json={"outcome": "done", "message": "乙的证明", "for": other})]
    case = in_correction(kiosk, clock)
    assert open_it(kiosk, case).status_code == 200
    assert bring(kiosk, case).status_code == 202
    assert kiosk.wait(number=case.number).json()["state"] == "review"
    assert "乙" not in Case.objects.get().message


@pytest.mark.parametrize(("found", "state"), [("handed_in", "handed_in"), ("refused", "failed")])
def test_a_person_finds_out_whether_the_department_has_it(
    kiosk: Kiosk, clock: Clock, office: Office, found: str, state: str
) -> None:
    case = unclear_correction(kiosk, clock, office)
    before = len(office.told)
    settled = case_actions.settle_review(SYSTEM, case.number, found, note="已电话核实", now=clock.now)
    assert (settled.state, Errand.objects.get().state) == (state, "cancelled")
    assert settled.steps.filter(step="corrected").exists() == (found == "handed_in")
    if found == "handed_in":
        assert settled.wake_at is not None
        result = json.loads(open_field("services_case", case.number, "result", bytes(settled.result_sealed or b"")))
        assert result["receipt_pdf"]
    assert len(office.told) == before


def test_one_that_cannot_be_told_twice_is_not_offered_to_be_asked_again(
    kiosk: Kiosk, clock: Clock, office: Office
) -> None:
    promise(ITEM, honours_key=False, can_be_asked=True)
    case = unclear_correction(kiosk, clock, office)
    assert len(office.told) == 1
    assert not case_queries.may_be_asked_again(case)


def test_while_it_is_on_its_way_the_person_waits_and_nothing_old_is_shown(
    kiosk: Kiosk, clock: Clock, office: Office
) -> None:
    office.says = [httpx.Response(503, headers={"Retry-After": "600"}, json={"error": "closed"})]
    case = in_correction(kiosk, clock)
    assert open_it(kiosk, case).status_code == 200
    assert bring(kiosk, case).status_code == 202
    assert corrections.on_its_way(Case.objects.get())
    body = json.dumps({"number": case.number, "code": code_of(case)}).encode()
    found = kiosk.post(f"{ROOT}progress", body).json()
    assert (found["state"], found["may_correct"]) == ("correction", False)
    assert "正在送交部门" in found["message"]


def test_what_is_missing_still_or_too_much_is_refused_and_nothing_is_taken(kiosk: Kiosk, clock: Clock) -> None:
    case = in_correction(kiosk, clock)
    assert open_it(kiosk, case).status_code == 200
    bare = hand_in(kiosk, kiosk.number(7), ITEM, {"other_party": "演示建筑有限公司"}, corrects=case.number)
    assert set(bare.json()["fields"]) == {"c1"}
    more = bring(kiosk, case, form={"story": "别的内容"})
    assert more.json()["error"] == "form_refused"
    stranger = bring(kiosk, case, 9, id_number=STRANGER)
    assert stranger.json()["error"] == "not_yours"
    assert CaseCorrection.objects.get().handed_number == ""
    assert not Errand.objects.exists()
    assert bring(kiosk, case).status_code == 202


def test_after_its_last_day_it_is_not_taken_in(kiosk: Kiosk, clock: Clock, now: datetime) -> None:
    case = in_correction(kiosk, clock, until_on=(now - timedelta(days=2)).date())
    assert open_it(kiosk, case).json()["error"] == "correction_late"
    body = json.dumps({"number": case.number, "code": code_of(case)}).encode()
    assert not kiosk.post(f"{ROOT}progress", body).json()["may_correct"]


def test_a_case_that_lacks_nothing_opens_nothing(kiosk: Kiosk) -> None:
    assert kiosk.submit(item=ITEM).status_code == 202
    assert kiosk.wait().json()["state"] == "handed_in"
    assert open_it(kiosk, Case.objects.get()).json()["error"] == "nothing_to_correct"
    assert hand_in(kiosk, kiosk.number(7), ITEM, FORMS[ITEM], corrects="nothing").json()["error"] == "unknown_case"
