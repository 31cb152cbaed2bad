"""The way of a case beyond the terminal: kept at night, the law's steps, withdrawal, review, window, interruption."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import Workbook
from tests.center.services.the_bank import Hall, open_hall, outcome, promise

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.platform.uploads import TableRefused
from budayang.center.services import case_actions, case_jobs, case_papers, case_queries, window_actions, window_figures
from budayang.center.services.case_numbers import official_number
from budayang.center.services.case_results import code_of
from budayang.center.services.case_reviewing import settle_review
from budayang.center.services.models import Case, CaseAttempt, CaseCorrection, Item, Paper, VerificationAttempt
from budayang.center.services.states import (
    CASE_TRANSITIONS,
    CASE_WORDS,
    ENDED_CASE_STATES,
    CaseState,
)
from budayang.center.services.verification import TooManyAttempts, verify
from budayang.rules.cases import LAW_NOTES

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
NIGHT_ITEM = "ZZ130"  # 夜间可提交、工作日审核


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        yield found


def told(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in Transition.objects.filter(kind=kind)]


def steps(hall: Hall, number: str) -> list[str]:
    return list(hall.case(number).steps.values_list("step", flat=True))


def test_every_state_has_words_and_a_way_to_an_end() -> None:
    assert set(CASE_WORDS) == set(CaseState)
    assert set(LAW_NOTES) == {state.value for state in CaseState}
    ends = {state: {state} for state in ENDED_CASE_STATES}
    reach: dict[CaseState, set[CaseState]] = dict(ends)
    for _turn in CaseState:
        for (before, _event), after in CASE_TRANSITIONS.items():
            reach.setdefault(before, set()).update(reach.get(after, set()))
    assert all(reach.get(state) for state in CaseState)
    assert set(CaseState) == {CaseState.ACCEPTED, *CASE_TRANSITIONS.values()}


def test_a_series_gives_each_number_once(db: None, now: datetime) -> None:
    numbers = [official_number("11150600MB0001", now, "Asia/Shanghai") for _one in range(3)]
    assert numbers == [f"11150600MB000120261124{count:06d}" for count in (1, 2, 3)]
    assert official_number("", now, "Asia/Shanghai") == ""
    assert official_number("X", now + timedelta(days=1), "Asia/Shanghai").endswith("20261125000001")


def test_a_case_has_both_numbers_where_a_code_exists(hall: Hall) -> None:
    Item.objects.filter(code="ZZ001").update(official_code="1115060000152014001000")
    number = hall.accept()
    assert hall.case(number).official_number == "111506000015201400100020261124000001"
    assert hall.case(hall.accept("ZZ031")).official_number == ""


# --- kept at night -------------------------------------------------------------------------------------------------


def test_a_closed_department_leaves_the_case_with_us_and_says_so(hall: Hall) -> None:
    hall.office.faults.plan = ["closed"]
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    case = hall.case(number)
    assert (case.state, hall.office.effects) == ("deferred", {})
    assert case.result_sealed, "there is a receipt"
    assert "平台替您保管" in case.message
    assert case.wake_at is not None
    assert case.wake_at > hall.clock.now
    hall.office.first = "handed_in"
    hall.clock.now = case.wake_at
    case_jobs.wake_cases(hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.office.effects[number]) == ("handed_in", 1)
    assert steps(hall, number) == ["kept", "deferred", "received"]


def test_an_item_that_may_not_wait_is_not_kept(hall: Hall) -> None:
    hall.office.faults.plan = ["closed"]
    number = hall.accept("ZZ001")
    hall.carry()
    assert hall.case(number).state == "failed"


def test_a_department_that_is_open_and_away_has_not_taken_it(hall: Hall) -> None:
    hall.office.faults.plan = ["unreachable"] * 9
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    assert hall.case(number).state == "failed"
    assert steps(hall, number) == ["kept", "not_reached"]


def test_what_was_kept_too_long_ends_and_somebody_makes_it_good(hall: Hall) -> None:
    hall.office.faults.plan = ["closed"] * 999
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    for _turn in range(12):
        hall.pass_s(24 * 3600)
        case_jobs.wake_cases(hall.clock.now)
        hall.carry()
    assert hall.case(number).state == "failed"
    assert [one["what"] for one in told("services.case_interrupted")] == ["deferred_lapsed"]
    assert case_papers.is_interrupted(hall.case(number))
    with pytest.raises(Refused):
        case_papers.make_good(SYSTEM, number, note=" ", now=hall.clock.now)
    case_papers.make_good(SYSTEM, number, note="已请本人到窗口办好", now=hall.clock.now)
    assert not case_papers.is_interrupted(hall.case(number))
    with pytest.raises(Refused):
        case_papers.make_good(SYSTEM, number, note="再来一次", now=hall.clock.now)


# --- the law's steps -----------------------------------------------------------------------------------------------


@pytest.fixture
def at_department(hall: Hall) -> str:
    """A case that its department took in, and that can be asked about."""
    promise(NIGHT_ITEM, can_be_asked=True, can_withdraw=True)
    Item.objects.filter(code=NIGHT_ITEM).update(legal_workdays=7)
    hall.office.first = "handed_in"
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    assert hall.case(number).state == "handed_in"
    return number


def said(state: str, *law: tuple[str, str], **more: Any) -> dict[str, Any]:
    parts = [{"step": step, "at": at, "text": "不给人看"} for step, at in law]
    return {"state": state, "at": "2026-11-24T02:00:00+00:00", "outcome": None, "steps": parts, **more}


def ask(hall: Hall) -> None:
    hall.pass_s(3600)
    hall.carry()


def test_taken_in_starts_no_clock_and_acceptance_does(hall: Hall, at_department: str) -> None:
    number = at_department
    hall.office.standing[number] = said("handed_in", ("received", "2026-11-23T18:15:00+00:00"))
    ask(hall)
    case = hall.case(number)
    assert (case.state, case.statutory_on, case.department_accepted_at) == ("handed_in", None, None)
    accepted = ("accepted", "2026-11-24T02:00:00+00:00")
    hall.office.standing[number] = said("accepted", ("received", "2026-11-23T18:15:00+00:00"), accepted)
    ask(hall)
    ask(hall)
    case = hall.case(number)
    assert case.state == "in_process"
    assert case.statutory_on == date(2026, 12, 3)  # seven working days after Tuesday the 24th
    assert steps(hall, number) == ["kept", "received", "accepted"]
    found = case_queries.progress_of(case, hall.clock.now)
    assert (found.word, found.statutory_on) == ("部门已受理", date(2026, 12, 3))
    assert "不给人看" not in str(found)


def test_a_correction_is_told_once_and_whole(hall: Hall, at_department: str) -> None:
    number = at_department
    told_once = {"asked_at": "2026-11-24T03:00:00+00:00", "items": ["户口簿", "收入证明"], "until": "2026-12-01"}
    hall.office.standing[number] = said("correction", ("correction", "2026-11-24T03:00:00+00:00"), correction=told_once)
    ask(hall)
    ask(hall)
    case = hall.case(number)
    row = CaseCorrection.objects.get()
    assert (case.state, row.items, row.until, row.repeated) == (
        "correction", ["户口簿", "收入证明"], date(2026, 12, 1), 0
    )  # fmt: skip
    assert case_queries.progress_of(case, hall.clock.now).missing == ("户口簿", "收入证明")
    again = {"asked_at": "2026-11-25T03:00:00+00:00", "items": ["户口簿", "收入证明", "照片"], "until": None}
    hall.office.standing[number] = said("correction", correction=again)
    ask(hall)
    assert CaseCorrection.objects.get().repeated == 1, "the law allows one notice"


def test_the_departments_decision_ends_it_with_its_paper(hall: Hall, at_department: str) -> None:
    number = at_department
    hall.office.standing[number] = said(
        "done", ("decided", "2026-11-24T05:00:00+00:00"), outcome=outcome("done", number)
    )
    ask(hall)
    case = hall.case(number)
    assert (case.state, Paper.objects.get().case_id) == ("done", case.pk)
    assert len(told("services.case_done")) == 2, "handed in, and done"


def test_what_the_department_denies_is_a_persons(hall: Hall, at_department: str) -> None:
    hall.office.answers.clear()
    ask(hall)
    assert hall.case(at_department).state == "review"


def test_a_department_that_cannot_be_asked_is_left_alone(hall: Hall) -> None:
    hall.office.first = "handed_in"
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    count = len(hall.office.asked)
    ask(hall)
    ask(hall)
    assert len(hall.office.asked) == count
    assert hall.case(number).wake_at is None


# --- withdrawal ----------------------------------------------------------------------------------------------------


def test_what_has_not_left_us_is_taken_back_at_once(hall: Hall) -> None:
    number = hall.accept()
    case_actions.withdraw(SYSTEM, hall.case(number), hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.office.effects) == ("withdrawn", {})


@pytest.mark.parametrize(("lets_go", "state"), [(True, "withdrawn"), (False, "handed_in")])
def test_the_department_decides_whether_it_lets_go(hall: Hall, at_department: str, lets_go: bool, state: str) -> None:
    hall.office.lets_go = lets_go
    hall.office.faults.plan = ["lost"]
    case_actions.withdraw(SYSTEM, hall.case(at_department), hall.clock.now)
    assert hall.case(at_department).state == "handed_in", "not before the department says so"
    hall.carry()
    assert hall.case(at_department).state == state
    assert ("withdraw_late" in steps(hall, at_department)) == (not lets_go)
    with pytest.raises(Refused):
        case_actions.withdraw(SYSTEM, hall.case(at_department), hall.clock.now)


# --- review --------------------------------------------------------------------------------------------------------


def test_where_nothing_can_be_repeated_a_person_sees_what_is_known(hall: Hall) -> None:
    promise("ZZ001", honours_key=False)
    hall.office.honours_of["ZZ001"] = False
    hall.office.faults.plan = ["lost"]
    number = hall.accept()
    hall.carry()
    assert (hall.case(number).state, hall.office.effects[number]) == ("review", 1)
    case_actions.ask_again(SYSTEM, number, hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.office.effects[number]) == ("review", 1), "nothing was sent again"
    tries = [(one.kind, one.proved) for one in CaseAttempt.objects.all()]
    assert ("send", "unclear") in tries
    settled = settle_review(SYSTEM, number, "done", note="电话核实：已办好", now=hall.clock.now)
    assert settled.state == "done"
    assert not Paper.objects.exists(), "nobody made a paper up"
    with pytest.raises(Refused):
        settle_review(SYSTEM, number, "done", note="再登记一次", now=hall.clock.now)


# --- interruption --------------------------------------------------------------------------------------------------


def test_a_jam_that_nobody_came_back_for_is_made_good(hall: Hall) -> None:
    number = hall.accept()
    hall.carry()
    actor = Actor.terminal("KBS-01", hall.case(number).place_path)
    for word in ("sent", "failed"):
        case_papers.record_paper(actor, number, word, reason="jam", now=hall.clock.now)
    assert case_papers.look_at_papers(hall.clock.now) == 0
    hall.pass_s(601)
    assert case_papers.look_at_papers(hall.clock.now) == 1
    assert case_papers.look_at_papers(hall.clock.now) == 0
    assert [one["what"] for one in told("services.case_interrupted")] == ["paper_failed"]
    for word in ("sent", "confirmed"):
        case_papers.record_paper(actor, number, word, now=hall.clock.now)
    assert told("services.case_made_good")
    assert Paper.objects.get().interrupted == ""


def test_a_paper_that_came_out_interrupts_nobody(hall: Hall) -> None:
    number = hall.accept()
    hall.carry()
    actor = Actor.terminal("KBS-01", hall.case(number).place_path)
    for word in ("sent", "confirmed"):
        case_papers.record_paper(actor, number, word, now=hall.clock.now)
    hall.pass_s(10_000)
    assert case_papers.look_at_papers(hall.clock.now) == 0


# --- progress and verification -------------------------------------------------------------------------------------


def test_progress_is_for_who_holds_number_and_code(hall: Hall, client: Client) -> None:
    number = hall.accept()
    hall.carry()
    code = code_of(hall.case(number))
    typed = number.replace("-", "").lower()
    found = case_queries.find_progress(typed, code, "phone", hall.clock.now)
    assert found is not None
    assert found[1].word == "已办结"
    assert "999999199001011234" not in repr(found[1])
    other = hall.accept()
    assert case_queries.find_progress(other, code, "phone", hall.clock.now) is None
    page = client.post("/progress/", {"number": number, "code": code})
    assert page.status_code == 200
    assert "已办结" in page.content.decode()
    assert "测" not in page.content.decode().replace("测试", "")
    wrong = client.post("/progress/", {"number": number, "code": "0" * 20})
    assert wrong.status_code == 404
    assert number in wrong.content.decode(), "what was typed stays"
    assert client.post("/progress/", {"number": "", "code": ""}).status_code == 400


def test_guessing_is_limited(hall: Hall) -> None:
    for _one in range(10):
        assert case_queries.find_progress("X", "0" * 20, "guesser", hall.clock.now) is None
    with pytest.raises(TooManyAttempts):
        case_queries.find_progress("X", "0" * 20, "guesser", hall.clock.now)
    assert VerificationAttempt.objects.count() == 10


def test_a_person_withdraws_on_the_public_page(hall: Hall, client: Client) -> None:
    hall.office.faults.plan = ["closed"]
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    fields = {"number": number, "code": code_of(hall.case(number)), "act": "withdraw"}
    assert "请先勾选" in client.post("/progress/", fields).content.decode()
    assert hall.case(number).state == "deferred"
    client.post("/progress/", fields | {"sure": "1"})
    assert hall.case(number).state == "withdrawn"


def test_a_paper_says_what_a_clerk_elsewhere_needs(hall: Hall) -> None:
    number = hall.accept()
    hall.carry()
    Case.objects.update(issuer_name="自治区人社厅", issuer_url="https://rst.example/verify")
    case_papers.record_paper(SYSTEM, number, "sent", now=hall.clock.now)
    found = verify(code_of(hall.case(number)), "clerk", hall.clock.now)
    assert found is not None
    assert (found.issuer_name, found.issuer_url, found.prints) == ("自治区人社厅", "https://rst.example/verify", 1)
    assert found.valid
    assert len(found.document_sha256) == 64


def test_a_receipt_of_what_was_taken_back_is_not_valid(hall: Hall) -> None:
    hall.office.faults.plan = ["closed"]
    number = hall.accept(NIGHT_ITEM)
    hall.carry()
    code = code_of(hall.case(number))
    case_actions.withdraw(SYSTEM, hall.case(number), hall.clock.now)
    found = verify(code, "clerk", hall.clock.now)
    assert found is not None
    assert not found.valid


# --- the window ----------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(hall: Hall) -> str:
    hall.office.first = "refused"
    number = hall.accept()
    hall.carry()
    assert hall.case(number).state == "failed"
    return number


def test_a_matter_goes_to_the_window_and_comes_to_an_end_there(hall: Hall, refused: str) -> None:
    task = window_actions.send_to_window(SYSTEM, refused, now=hall.clock.now)
    assert window_actions.send_to_window(SYSTEM, refused, now=hall.clock.now).pk == task.pk
    assert task.missing, "the catalogue's materials"
    case = hall.case(refused)
    assert (case.state, bool(case.result_sealed)) == ("window", True)
    window_actions.take_task(SYSTEM, refused, hall.clock.now)
    with pytest.raises(Refused):
        window_actions.take_task(SYSTEM, refused, hall.clock.now)
    with pytest.raises(Refused):
        window_actions.return_task(SYSTEM, refused, note="", now=hall.clock.now)
    window_actions.finish_task(SYSTEM, refused, note="", now=hall.clock.now)
    assert hall.case(refused).state == "done"
    assert steps(hall, refused) == ["kept", "refused", "to_window", "window_taken", "window_done"]


def test_a_clerk_who_cannot_says_why(hall: Hall, refused: str) -> None:
    window_actions.send_to_window(SYSTEM, refused, missing=["户口簿"], now=hall.clock.now)
    window_actions.take_task(SYSTEM, refused, hall.clock.now)
    window_actions.release_task(SYSTEM, refused, hall.clock.now)
    window_actions.take_task(SYSTEM, refused, hall.clock.now)
    window_actions.return_task(SYSTEM, refused, note="户口簿过期", now=hall.clock.now)
    case = hall.case(refused)
    assert (case.state, "户口簿过期" in case.message) == ("failed", True)


def test_what_is_done_needs_no_window(hall: Hall) -> None:
    number = hall.accept()
    hall.carry()
    with pytest.raises(Refused):
        window_actions.send_to_window(SYSTEM, number, now=hall.clock.now)


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in (window_figures.COLUMNS, *rows):
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_windows_numbers_are_imported_whole_or_not_at_all(hall: Hall) -> None:
    today = date(2026, 11, 24)
    bad = window_figures.read_figures(
        sheet(
            ("2026-11-23", "150600", "人社", 40),
            ("yesterday", "150600", "人社", 40),
            ("2026-12-24", "150600", "人社", 40),
            ("2026-11-22", "XX", "人社", 40),
            ("2026-11-22", "150600", "没有", 40),
            ("2026-11-22", "150600", "人社", -3),
            ("2026-11-23", "150600", "人社", 41),
        )
    )
    check = window_figures.check_figures(SYSTEM, bad, today)
    assert [line for line, _message in check.errors] == [3, 4, 5, 6, 7, 8]
    with pytest.raises(TableRefused):
        window_figures.import_figures(SYSTEM, bad, source="x", now=hall.clock.now)
    assert window_figures.latest_day(SYSTEM) is None
    good = window_figures.read_figures(sheet(("2026-11-24", "150600", "人社", 3), ("2026-11-24", "150600", "RS", 3)))
    assert len(window_figures.check_figures(SYSTEM, good, today).errors) == 1, "one department, by name and by code"


def test_the_share_counts_only_days_with_numbers(hall: Hall) -> None:
    number = hall.accept()
    hall.carry()
    assert hall.case(number).state == "done"
    table = window_figures.read_figures(sheet(("2026-11-24", "150600", "人社", 3), ("2026-11-20", "150600", "税务", 9)))
    assert window_figures.import_figures(SYSTEM, table, source="叫号机", now=hall.clock.now) == (2, 0)
    assert window_figures.import_figures(SYSTEM, table, source="叫号机", now=hall.clock.now) == (0, 2)
    rows = {row.department: row for row in window_figures.shares(SYSTEM, date(2026, 11, 1), date(2026, 12, 1))}
    assert (rows["人社"].done, rows["人社"].called, rows["人社"].share) == (1, 3, 0.25)
    assert (rows["税务"].done, rows["税务"].share) == (0, 0.0)
    assert window_figures.totals(list(rows.values())).called == 12
    assert window_figures.shares(SYSTEM, date(2026, 1, 1), date(2026, 2, 1)) == []
