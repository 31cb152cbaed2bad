"""联办: one number, a part per department, told part by part; and the papers of all parts once."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from tests.center.services.the_counter import KEY, PDF, Clock, Counter, Department, Kiosk, give_session
from tests.center.services.the_journey import (
    agent,
    ask,
    hand_in,
    joint_items,
    offer_more,
    picture,
    refs,
    send_sheet,
    sent_to,
)

from budayang import data
from budayang.center.evaluation import actions as evaluation
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import make_pack
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import seal_field
from budayang.center.services import jobs, joint_queries
from budayang.center.services.joint_publishing import journeys_of
from budayang.center.services.models import Case, JointCase, Offering, Paper
from budayang.center.services.rating_addresses import rating_path
from budayang.center.terminals.evidence import about_area
from budayang.center.terminals.models import Inbox, Terminal
from budayang.data.joint_matters import joint_matters
from budayang.forms import validate
from budayang.forms.checking import form_problems
from budayang.forms.conditions import holds
from budayang.forms.joint import facts_of, part_form
from budayang.rules.joint import PartClass, judge_joint, part_class

pytestmark = pytest.mark.django_db(transaction=True)
WORK = {"how": "hired", "left_before": "yes", "fund": "no", "phone": "13800000000", "promise": True}
PARTS = ("ZZ001", "ZZ012", "ZZ031")


def by_item(outcomes: dict[str, dict[str, Any]]) -> Callable[[httpx.Request], Any]:
    """A department that answers by item; done with a paper where nothing else is said."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if not request.content:
            return httpx.Response(404, json={"error": "unknown_case"})
        body = json.loads(request.content)
        done = {
            "outcome": "done", "message": f"{body['item']}已办好", "rows": [], "department_ref": body["item"],
            "paper_pdf": base64.b64encode(PDF + body["item"].encode()).decode(),
        }  # fmt: skip
        return httpx.Response(200, json=outcomes.get(body["item"], done))

    return answer


@pytest.fixture
def department() -> Department:
    return Department([by_item({})])


@pytest.fixture
def kiosk(
    transactional_db: None, judged: datetime, jia: Terminal, department: Department, now: datetime
) -> Iterator[Kiosk]:
    offer_more(jia, now, joint_items())
    running = Counter(Clock(now), department)
    give_session(jia, KEY, now, seal_field)
    yield Kiosk(running, jia)
    running.stop()


def numbers(kiosk: Kiosk, items: tuple[str, ...] = PARTS, start: int = 10) -> dict[str, str]:
    return {item: kiosk.number(start + n) for n, item in enumerate(items)}


def wait(kiosk: Kiosk, number: str) -> dict[str, Any]:
    answer = ask(kiosk, f"joint/{number}/wait", wait_s=10)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_one_number_a_part_per_department_and_all_papers_at_once(kiosk: Kiosk, department: Department) -> None:
    number, parts = kiosk.number(), numbers(kiosk)
    accepted = hand_in(kiosk, number, "YJSJY", WORK, parts=parts)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["number"] == number
    answer = wait(kiosk, number)
    assert answer["state"] == "done"
    result = kiosk.open(ask(kiosk, f"joint/{number}/wait", wait_s=0), number)
    assert [part["item"] for part in result["parts"]] == ["ZZ001", "ZZ012", "ZZ031", "ZZ013"]
    assert [part["state"] for part in result["parts"]] == ["done", "done", "done", "window"]
    assert result["parts"][3]["todo"] == "请带身份证、参保缴费凭证，到“市人社局(社保中心)”窗口办理。"
    assert [base64.b64decode(paper)[len(PDF) :].decode() for paper in result["papers"]] == list(PARTS)
    assert base64.b64decode(result["receipt_pdf"]).startswith(b"%PDF-")
    for position, item in enumerate(PARTS, start=1):
        body = sent_to(department, parts[item])
        assert body["joint"] == {"number": number, "part": position, "of": 4}
        assert body["item"] == item
    assert sent_to(department, parts["ZZ012"])["form"] == {"reason": "move"}


def test_a_part_that_was_asked_about_says_so(kiosk: Kiosk, department: Department, now: datetime) -> None:
    number, parts = kiosk.number(), numbers(kiosk)
    hand_in(kiosk, number, "YJSJY", WORK, parts=parts)
    wait(kiosk, number)
    evaluation.record_invitation(
        Actor.job("test"), number=parts["ZZ012"], terminal_code="KBS-01", shown_at=now, now=now
    )
    result = kiosk.open(ask(kiosk, f"joint/{number}/wait", wait_s=0), number)
    assert [part["item"] for part in result["parts"] if part["asked"]] == ["ZZ012"]


def test_an_evidence_pack_of_the_area_does_not_show_it(kiosk: Kiosk, jia: Terminal, now: datetime) -> None:
    number = kiosk.number()
    assert hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk)).status_code == 202
    line = AuditLine.objects.get(subject=f"joint:{number}")
    system = Actor.system()
    about = about_area(system, jia.area.code, line.at - timedelta(hours=1), line.at + timedelta(hours=1))
    out = io.BytesIO()
    make_pack(system, about, out, now=line.at + timedelta(hours=2))
    with zipfile.ZipFile(out) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    line.refresh_from_db()
    assert line.hash in files["chain.jsonl"], "its place in the chain is there, by digest"
    assert [name for name, content in files.items() if number in content] == []


def test_sent_again_it_is_the_same_matter(kiosk: Kiosk) -> None:
    number, parts = kiosk.number(), numbers(kiosk)
    for _again in range(2):
        assert hand_in(kiosk, number, "YJSJY", WORK, parts=parts).status_code == 202
    assert JointCase.objects.count() == 1
    assert Case.objects.count() == len(PARTS)
    other = hand_in(kiosk, number, "YJSSY", {}, parts={})
    assert other.json()["error"] == "number_in_use"


def test_a_part_that_fails_is_told_as_failed_beside_the_others(kiosk: Kiosk, department: Department) -> None:
    department.script = [by_item({"ZZ031": {"outcome": "refused", "message": "未查到医保参保记录"}})]
    number = kiosk.number()
    hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk))
    answer = wait(kiosk, number)
    assert answer["state"] == "handed_in"
    assert answer["message"] == "共4项：2项已办好，1项没有办成，1项需到窗口办理"
    result = kiosk.open(ask(kiosk, f"joint/{number}/wait", wait_s=0), number)
    failed = next(part for part in result["parts"] if part["item"] == "ZZ031")
    assert (failed["word"], failed["message"]) == ("没有办成", "未查到医保参保记录")
    assert "只把这一项再办一次" in failed["todo"]
    assert len(result["papers"]) == 2


def test_what_the_terminal_prints_once_is_the_paper_of_every_part(kiosk: Kiosk, now: datetime) -> None:
    number = kiosk.number()
    hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk))
    wait(kiosk, number)
    for seq, state in enumerate(("sent", "confirmed", "taken"), start=1):
        Inbox.objects.create(
            terminal=kiosk.terminal, epoch="0123456789abcdef", seq=seq, kind="case.paper",
            body={"number": number, "state": state}, at=now, received_at=now,
        )  # fmt: skip
    jobs.read_inbox(now)
    assert list(Paper.objects.values_list("state", flat=True)) == ["taken"] * 3
    assert not Case.objects.filter(result_sealed__isnull=False).exists()


def test_a_part_that_is_not_offered_here_is_a_visit_to_the_window(kiosk: Kiosk, department: Department) -> None:
    Offering.objects.filter(item__code="ZZ012").update(active=False)
    number = kiosk.number()
    hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk))
    wait(kiosk, number)
    found = joint_queries.standing(JointCase.objects.get(number=number))
    part = next(one for one in found.parts if one.part.item_code == "ZZ012")
    assert part.standing is PartClass.WINDOW
    assert part.message == "这台自助终端不能办这一部分，需到窗口办理"
    assert all(json.loads(request.content)["item"] != "ZZ012" for request in department.asked if request.content)


def test_nothing_is_begun_when_nothing_of_it_can_be_done_here(kiosk: Kiosk) -> None:
    Offering.objects.update(active=False)
    answer = hand_in(kiosk, kiosk.number(), "YJSJY", WORK, parts=numbers(kiosk))
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_item")
    assert not JointCase.objects.exists()


def test_the_one_form_is_looked_at_again(kiosk: Kiosk) -> None:
    answer = hand_in(kiosk, kiosk.number(), "YJSJY", {**WORK, "phone": "1"}, parts=numbers(kiosk))
    assert answer.json()["fields"] == {"phone": "手机号码应为11位数字，以1开头，请核对"}


def test_materials_go_only_to_the_departments_that_need_them(kiosk: Kiosk, department: Department) -> None:
    number, deed = kiosk.number(), picture("合同")
    form = {
        "contract": "HT20260001", "signed_on": "2026-06-01", "loan": "no", "taxed": "no", "fund": "yes",
        "how_much": "all", "bank": "演示银行", "account": "6222000000000000", "phone": "13800000000", "promise": True,
    }  # fmt: skip
    send_sheet(kiosk, number, 0, "house_contract", deed)
    parts = numbers(kiosk, ("ZZ099", "ZZ100", "ZZ114"))
    answer = hand_in(kiosk, number, "YJSBDC", form, parts=parts, materials=refs(deed))
    assert answer.status_code == 202, answer.text
    wait(kiosk, number)
    assert [one["kind"] for one in sent_to(department, parts["ZZ114"])["materials"]] == ["house_contract"]
    assert "materials" not in sent_to(department, parts["ZZ099"])
    assert sent_to(department, parts["ZZ114"])["form"]["house_contract"] == "HT20260001"


def test_parts_that_only_the_person_may_do_wait_when_somebody_acts(kiosk: Kiosk) -> None:
    number, paper, signature = kiosk.number(), picture(), picture("签名", lines=2, size=(900, 600))
    form = {
        "birth_date": "2026-03-16", "birth_kind": "natural", "insured": "self", "pay_to": "card", "household": "mine",
        "children": [{"sex": "1", "certificate": "Z150000001"}], "phone": "13800000000", "promise": True,
    }  # fmt: skip
    send_sheet(kiosk, number, 0, "birth_certificate", paper)
    send_sheet(kiosk, number, 1, "delegation", signature)
    answer = hand_in(
        kiosk, number, "YJSSY", form, parts=numbers(kiosk, ("ZZ045", "ZZ031")), materials=refs(paper, signature),
        agent=agent(signature),
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    wait(kiosk, number)
    found = {one.part.item_code: one for one in joint_queries.standing(JointCase.objects.get(number=number)).parts}
    assert found["ZZ045"].standing is not PartClass.WINDOW
    assert found["ZZ031"].message == "这一部分只能本人办理，需本人到终端或窗口"


def test_its_progress_is_public_by_number_and_code_and_names_nobody(kiosk: Kiosk) -> None:
    number = kiosk.number()
    hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk))
    wait(kiosk, number)
    code = joint_queries.code_of(JointCase.objects.get(number=number))
    by_qr = Client().get(f"/joint/{code}/")
    assert by_qr.status_code == 200
    page = by_qr.content.decode()
    assert "已办好 3 项，共 4 项" in page
    assert "养老保险关系转移接续" in page
    assert "测试甲" not in page
    assert "9999991990" not in page
    typed = Client().post("/progress/", {"number": number, "code": code})
    assert "已办好 3 项，共 4 项" in typed.content.decode()
    wrong = Client().post("/progress/", {"number": number, "code": "0" * 20})
    assert wrong.status_code == 404
    assert Client().get(f"/joint/{'0' * 20}/").status_code == 404


def test_each_part_that_is_done_is_rated_by_itself(
    kiosk: Kiosk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, parts = kiosk.number(), numbers(kiosk)
    hand_in(kiosk, number, "YJSJY", WORK, parts=parts)
    wait(kiosk, number)
    code = joint_queries.code_of(JointCase.objects.get(number=number))
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=1))
    page = Client().get(f"/joint/{code}/").content.decode()
    assert all(rating_path("public", one) in page for one in parts.values())
    assert page.count("/rate/p/") == 3, "the fourth waits for a window: it is not finished"
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=30))
    assert "/rate/p/" not in Client().get(f"/joint/{code}/").content.decode()


def test_a_stranger_journey_gets_no_papers(kiosk: Kiosk) -> None:
    number = kiosk.number()
    hand_in(kiosk, number, "YJSJY", WORK, parts=numbers(kiosk))
    wait(kiosk, number)
    kiosk.new_journey()
    assert ask(kiosk, f"joint/{number}/wait", wait_s=0).json()["error"] == "unknown_reply_key"


def test_terminals_are_told_of_the_matters_that_can_be_begun_there(kiosk: Kiosk, now: datetime) -> None:
    offerings = list(Offering.objects.filter(terminal=kiosk.terminal, active=True).select_related("item"))
    told = journeys_of("", offerings, now)
    assert {one["code"] for one in told["joint"]} == set(joint_matters())
    assert told["pictures"] == {"ink": 0.0015, "sharp": 70.0, "side": 500.0}
    assert journeys_of("", [], now)["joint"] == []
    assert Actor.public().kind == "public"


ANSWERS: dict[str, list[dict[str, Any]]] = {
    "YJSJY": [
        WORK,
        {**WORK, "how": "self", "trade": "送货", "since": "2026-01-01", "fund": "yes", "left_before": "no"},
    ],
    "YJSRX": [
        {
            "relation": "parent", "children": [{"name": "测试丙", "id_number": "11010519491231002X", "grade": "p1"}],
            "household": "演示自治区演示市", "home": {"banner": "kbs", "street": "演示小区1号"}, "live": "own",
            "work": "none", "phone": "13800000000", "promise": True,
        }
    ],
    "YJSKD": [
        {
            "name": "测试甲小吃店", "place": "演示市演示路1号", "trade": trade, "since": "2026-01-01", "lent": "own",
            "food": "yes", "phone": "13800000000", "promise": True,
        }
        for trade in ("food", "other")
    ],
    "YJSTX": [
        {"retired_on": "2026-10-01", "settle": "here", "fund": "no", "phone": "13800000000", "promise": True},
        {
            "retired_on": "2026-10-01", "settle": "away", "city": "银川市", "start": "2026-12-01", "fund": "yes",
            "bank": "演示银行", "account": "6222000000000000", "phone": "13800000000", "promise": True,
        },
    ],
    "YJSSY": [
        {
            "birth_date": "2026-03-16", "birth_kind": "natural", "insured": "spouse", "spouse_name": "测试乙",
            "spouse_id": "11010519491231002X", "pay_to": "bank", "bank": "演示银行", "account": "6222000000000000",
            "household": "mine", "children": [{"sex": "1", "certificate": "Z150000001"}], "phone": "13800000000",
            "promise": True,
        }
    ],
    "YJSBDC": [
        {
            "contract": "HT20260001", "signed_on": "2026-06-01", "loan": "yes", "taxed": "yes",
            "paid_from": "2026-01-01", "paid_to": "2026-06-30", "fund": "yes", "how_much": "part", "amount": 5000,
            "bank": "演示银行", "account": "6222000000000000", "phone": "13800000000", "promise": True,
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(joint_matters()))
def test_every_joint_matter_fills_every_departments_form_from_one(code: str) -> None:
    definition = joint_matters()[code]
    assert form_problems(definition.schema) == []
    run = [part for part in definition.parts if not part.window]
    assert len(run) >= 2, "at least two departments really take part"
    for answers in ANSWERS[code]:
        assert validate(definition.schema, answers) == {}
        for part in run:
            assert facts_of(part.form) <= set(definition.schema["properties"])
            if holds(part.when, answers):
                assert validate(data.form(part.item), part_form(part.form, answers)) == {}, part.item


def test_there_are_the_six_life_events() -> None:
    events = {one.event for one in joint_matters().values()}
    assert events == {"school", "job", "birth", "retire", "shop", "house"}


@pytest.mark.parametrize(
    ("states", "word", "done"),
    [
        (["done", "done"], "全部办好", 2),
        (["done", "failed"], "部分没有办成", 1),
        (["done", "review"], "部分待核", 1),
        (["done", "working"], "正在办理", 1),
        (["handed_in", "deferred"], "已收件", 0),
        (["done", ""], "还要去一次窗口", 1),
    ],
)
def test_the_whole_is_told_from_its_parts(states: list[str], word: str, done: int) -> None:
    verdict = judge_joint([part_class("case" if state else "window", state) for state in states])
    assert (verdict.word, verdict.done, verdict.of) == (word, done, 2)
