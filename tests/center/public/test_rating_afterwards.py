"""补评 on the public page: who holds the receipt rates once, in time, unforced; and sees how a bad rating went on."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.center.evaluation.the_rater import PHONE, finished_case, rate
from tests.center.hall import Hall, build, number

from budayang.center.evaluation import negative_actions as negative
from budayang.center.evaluation import queries
from budayang.center.evaluation.models import Invitation, NegativeCase, Rating
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.public import open_data
from budayang.center.services import case_results
from budayang.center.services.case_results import Shown
from budayang.center.services.models import Case
from budayang.center.services.rating_addresses import rating_address, rating_path, read_rating_address
from budayang.center.services.receipts import CaseOutcome
from budayang.center.services.states import CaseState
from budayang.rules.evaluation import REASONS

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def hall(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """The pages read the clock: it stands still."""
    made = build(now)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return made


@pytest.fixture
def case(hall: Hall, now: datetime) -> Case:
    return finished_case(hall.terminal, 1, now - DAY)[0]


@pytest.fixture
def page(case: Case) -> str:
    return rating_path("qr", case.number)


def bad(**more: object) -> dict[str, object]:
    return {"level": "unsatisfied", "reasons-unsatisfied": ["no_paper", "too_slow"], **more}


def test_an_address_is_of_one_case_and_one_channel(page: str) -> None:
    _empty, _rate, letter, found, mark, _end = page.split("/")
    assert read_rating_address(letter, found, mark) == "qr"
    assert read_rating_address("p", found, mark) is None
    assert read_rating_address(letter, number(2), mark) is None
    assert read_rating_address("x", found, mark) is None


def test_nothing_is_chosen_beforehand_and_the_showing_is_recorded(client: Client, page: str, now: datetime) -> None:
    shown = client.get(page).content.decode()
    assert len(re.findall(r'type="radio" name="level"', shown)) == 5
    assert "checked" not in shown
    assert "评不评全凭自愿" in shown
    assert client.get(page).status_code == 200
    invitation = Invitation.objects.get()
    assert (invitation.channel, invitation.shown_at) == ("qr", now)
    assert queries.invited_numbers([number(1)]) == set(), "PJ-01 is of the machine itself"


def test_a_matter_is_rated_once_whatever_the_channel(client: Client, hall: Hall, page: str, now: datetime) -> None:
    answer = client.post(page, {"level": "very_satisfied"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    rating = Rating.objects.get()
    assert (rating.level, rating.channel, rating.item_code) == ("very_satisfied", "qr", "ZZ001")
    assert "您的评价：非常满意" in client.get(page).content.decode()
    client.post(rating_path("public", number(1)), bad())
    rate(hall, 1, "unsatisfied", now, reasons=("no_paper",))
    assert Rating.objects.get().level == "very_satisfied"
    assert not NegativeCase.objects.exists()


def test_one_given_at_the_machine_is_shown_and_not_asked_again(
    client: Client, hall: Hall, page: str, now: datetime
) -> None:
    rate(hall, 1, "satisfied", now)
    assert "您的评价：满意" in client.get(page).content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "请先选满意程度"),
        ({"level": "wonderful"}, "五级"),
        ({"level": "unsatisfied"}, "至少一个不满意的原因"),
        ({"level": "unsatisfied", "reasons-very_unsatisfied": ["privacy"]}, "至少一个不满意的原因"),
        ({"level": "unsatisfied", "reasons-unsatisfied": ["privacy"]}, "不在本级"),
        (bad(phone="110"), "11 位数字"),
    ],
)
def test_what_is_refused_says_the_repair_and_keeps_what_was_typed(
    client: Client, page: str, form: dict[str, object], said: str
) -> None:
    answer = client.post(page, form)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert said in shown
    if form.get("level") == "unsatisfied":
        assert re.search(r'value="unsatisfied" required checked', shown)
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    ("days", "state", "asked"),
    [
        (1, "done", True),
        (6.9, "done", True),
        (7, "done", False),
        (1, "handed_in", True),
        (1, "failed", False),
        (1, "in_process", True),
        (6.9, "correction", True),
        (7, "in_process", False),
        (1, "withdrawn", False),
    ],
)
def test_only_what_is_done_and_in_time(
    client: Client, hall: Hall, now: datetime, days: float, state: str, asked: bool
) -> None:
    finished_case(hall.terminal, 5, now - days * DAY, state=state)
    path = rating_path("public", number(5))
    assert ('name="level"' in client.get(path).content.decode()) is asked
    client.post(path, {"level": "satisfied"})
    assert Rating.objects.exists() is asked


def test_number_and_code_lead_to_the_page_and_neither_alone(client: Client, hall: Hall, now: datetime) -> None:
    made, code = finished_case(hall.terminal, 3, now - DAY)
    answer = client.post("/rate/", {"number": made.number, "code": code})
    assert answer["Location"] == rating_path("public", made.number)
    assert client.post("/rate/", {"number": made.number, "code": code[::-1]}).status_code == 404
    assert client.post("/rate/", {"number": number(9), "code": code}).status_code == 404
    shown = client.post("/progress/", {"number": made.number, "code": code}).content.decode()
    assert rating_path("public", made.number) in shown


def test_a_bad_rating_is_followed_and_rated_again(client: Client, hall: Hall, page: str, now: datetime) -> None:
    client.post(page, bad(phone=PHONE))
    case = NegativeCase.objects.select_related("rating__terminal__area").get()
    shown = client.get(page).content.decode()
    assert "最迟" in shown
    assert "139****1234" in shown
    assert PHONE not in shown
    assert 'name="level"' not in shown, "nothing to rate again yet"
    lin = hall.actor("lin")
    negative.contact(lin, case, outcome="reached", note="内部的话", now=now)
    negative.fix(lin, case, outcome="fixed", note="内部的做法", reply="已加了备纸。", now=now)
    shown = client.get(page).content.decode()
    assert "已加了备纸。" in shown
    assert "内部的" not in shown, "the desk's words are the desk's"
    assert lin.label not in shown, "nobody is named"
    assert "checked" not in shown
    again = client.post(page + "again/", {"level": ""})
    assert (again.status_code, "请先选满意程度" in again.content.decode()) == (422, True)
    assert client.post(page + "again/", {"level": "satisfied"}).status_code == 302
    assert NegativeCase.objects.get().state == "closed"
    assert client.post(page + "again/", {"level": "unsatisfied"}).status_code == 422
    assert "您的再评价：满意" in client.get(page).content.decode()


def test_a_removed_rating_is_told_to_the_person(client: Client, hall: Hall, page: str, now: datetime) -> None:
    client.post(page, bad())
    case = NegativeCase.objects.select_related("rating__terminal__area").get()
    negative.appeal(hall.actor("ren"), case, reason="mistaken", note="x", now=now)
    shown = client.get(page).content.decode()
    assert "有人会核实并整改" in shown, "an appeal is the house's own until it is decided"


def test_no_number_lies_open(client: Client, page: str) -> None:
    client.post(page, bad(phone=PHONE))
    said = str([list(model.objects.values()) for model in (Rating, AuditLine, Transition)])
    assert PHONE not in said
    assert PHONE.encode() not in bytes(NegativeCase.objects.get().phone_sealed or b"")


def test_a_forged_address_is_answered_without_a_form(client: Client, page: str) -> None:
    forged = page.replace(number(1), number(2))
    answer = client.get(forged)
    assert answer.status_code == 404
    assert "网址不对" in answer.content.decode()
    assert client.post(forged + "again/", {"level": "satisfied"}).status_code == 404


def test_the_public_figures_say_what_they_mean(client: Client, hall: Hall, page: str, now: datetime) -> None:
    client.post(page, bad())
    month = f"{now.astimezone():%Y-%m}"
    shown = client.get(f"/open/ratings/?month={month}").content.decode()
    for said in ("好评率", "主动评价好评率", "未评率", "差评回复率", "回访整改率", "回访整改满意率", "没有样本", "0/1"):
        assert said in shown, said
    found = json.loads(client.get(f"/open/ratings.json?month={month}").content)
    whole, area = found["rows"]
    assert (whole["good_rate"], whole["good_rate_of"], whole["visit_fix_rate"]) == (0.0, 1, None)
    assert (area["by"], area["code"], area["done"]) == ("area", "KBS", 1)
    assert found["definitions"]["unrated_rate"]["definition"]
    owner = json.loads(client.get(f"/open/ratings.json?month={month}&by=owner").content)["rows"][1]
    assert (owner["by"], owner["code"]) == ("owner", "RS")
    file = client.get(f"/open/ratings.csv?month={month}").content.decode("utf-8-sig")
    assert "good_rate,good_rate_of" in file
    for odd in ("month=x", "month=2031-01", "by=z"):
        assert client.get(f"/open/ratings/?{odd}").status_code == 200


def test_the_public_figures_are_counted_once_for_whoever_asks_in_the_same_seconds(
    client: Client, hall: Hall, page: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(page, bad())
    month, clock = f"{now.astimezone():%Y-%m}", [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])

    def counted(address: str) -> tuple[str, int]:
        with CaptureQueriesContext(connection) as queries:
            content = client.get(f"{address}?month={month}").content.decode()
        return content, sum("evaluation_rating" in one["sql"] for one in queries)

    shown, read = counted("/open/ratings/")
    assert read
    assert "0/1" in shown
    for address in ("/open/ratings/", "/open/ratings.json", "/open/ratings.csv"):
        assert counted(address)[1] == 0, address
    finished_case(hall.terminal, 2, now)
    rate(hall, 2, "satisfied", now)
    assert "1/2" not in counted("/open/ratings/")[0]
    clock[0] += timedelta(seconds=open_data.KEPT_S)
    shown, read = counted("/open/ratings/")
    assert read
    assert "1/2" in shown, "then what came since is counted"
    assert json.loads(counted("/open/ratings.json")[0])["made_at"] == clock[0].isoformat()


@pytest.mark.parametrize(
    ("state", "bears"), [(CaseState.DONE, True), (CaseState.HANDED_IN, True), (CaseState.DEFERRED, False)]
)
def test_the_receipt_of_what_is_done_bears_the_address(
    case: Case, now: datetime, monkeypatch: pytest.MonkeyPatch, state: CaseState, bears: bool
) -> None:
    told: list[CaseOutcome] = []

    def print_it(outcome: CaseOutcome, head: object, at: datetime) -> bytes:
        told.append(outcome)
        return b"%PDF"

    monkeypatch.setattr(case_results, "receipt_pdf", print_it)
    case_results.seal_result(case, Shown(state, "好了"), None, now)
    assert [one.rate_url for one in told] == [rating_address("qr", number(1)) if bears else ""]


def test_a_removed_rating_says_so_good_or_answered(client: Client, hall: Hall, page: str, now: datetime) -> None:
    supervisor = Actor.system()
    client.post(page, bad())
    case = NegativeCase.objects.select_related("rating__terminal__area").get()
    negative.contact(hall.actor("lin"), case, outcome="no_phone", note="x", now=now)
    negative.fix(hall.actor("lin"), case, outcome="fixed", note="x", reply="已加了备纸。", now=now)
    negative.set_aside_rating(supervisor, case.rating, reason="mistaken", note="x", now=now)
    shown = client.get(page).content.decode()
    assert "没有计入" in shown
    assert "最迟" not in shown
    finished_case(hall.terminal, 2, now - DAY)
    good = rate(hall, 2, "satisfied", now)
    negative.set_aside_rating(supervisor, good, reason="trial", note="x", now=now)
    shown = client.get(rating_path("public", number(2))).content.decode()
    assert "没有计入" in shown
    assert "评价已经记下" not in shown


@pytest.mark.parametrize("reason", [one.code for one in REASONS if "unsatisfied" in one.levels])
def test_reasons_are_said_in_the_readers_language(client: Client, page: str, reason: str) -> None:
    client.post(page, bad(**{"reasons-unsatisfied": [reason, "other"]}))
    shown = client.get(page, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    said = re.search(r'<p class="muted">([^<]*)</p>', shown)
    assert said is not None
    assert said[1].isascii(), said[1]
    assert said[1].split(", ")[-1] == "Other"
