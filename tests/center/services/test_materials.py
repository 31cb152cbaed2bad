"""Materials: sheets before their case, a phone's one-time link, the center's own look at form, sheets and agent."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.test import Client
from PIL import Image
from tests.center.services.the_counter import KEY, PERSON, Clock, Counter, Department, Kiosk, give_session
from tests.center.services.the_journey import (
    AGENT,
    BIRTH,
    agent,
    ask,
    contents,
    decode,
    hand_in,
    offer_more,
    picture,
    refs,
    send_sheet,
    sent_to,
)

from budayang.center.platform import retention
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import open_field, seal_field
from budayang.center.public import uploading
from budayang.center.services import form_checks, material_actions, material_keeping, material_queries
from budayang.center.services.models import Case, CaseAgent, Sheet, UploadedSheet, UploadLink
from budayang.center.terminals.models import Terminal
from budayang.wire import journeys
from budayang.wire.sealing import CannotOpen, open_sealed, upload_info

pytestmark = pytest.mark.django_db(transaction=True)
HANDED_IN = {"outcome": "handed_in", "message": "已收到", "rows": [], "department_ref": "YB-1"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def department() -> Department:
    return Department([HANDED_IN])


@pytest.fixture(autouse=True)
def _phones_live_in_the_same_hour(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "timezone", SimpleNamespace(now=clock))


@pytest.fixture
def kiosk(
    transactional_db: None, judged: datetime, jia: Terminal, clock: Clock, department: Department, now: datetime
) -> Iterator[Kiosk]:
    offer_more(jia, now, {"ZZ045", "ZZ155"})
    running = Counter(clock, department)
    give_session(jia, KEY, now, seal_field)
    yield Kiosk(running, jia)
    running.stop()


def test_sheets_travel_sealed_reach_the_department_in_order_and_leave_nothing_behind(
    kiosk: Kiosk, department: Department
) -> None:
    number, first, second = kiosk.number(), picture("一"), picture("二", lines=20)
    for position, content in enumerate((first, second)):
        kept = send_sheet(kiosk, number, position, "birth_certificate", content)
        assert kept.status_code == 200, kept.text
    sealed = bytes(Sheet.objects.get(number=number, position=0).content_sealed)
    assert first[:64] not in sealed
    assert base64.b64encode(first)[:64] not in sealed
    answer = hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(first, second))
    assert answer.status_code == 202, answer.text
    assert kiosk.wait(number=number).json()["state"] == "handed_in"
    materials = sent_to(department, number)["materials"]
    assert contents(materials) == [first, second]
    assert {one["media"] for one in materials} == {"image/jpeg"}
    assert [row.content_sealed for row in material_queries.handed_in(number)] == [None, None]
    assert [row.kind for row in material_queries.handed_in(number)] == ["birth_certificate"] * 2


def test_a_case_without_its_sheets_asks_for_them_and_is_taken_when_they_come(kiosk: Kiosk) -> None:
    number, content = kiosk.number(), picture()
    refused = hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(content))
    assert (refused.status_code, refused.json()["error"]) == (409, "sheets_missing")
    assert not Case.objects.filter(number=number).exists()
    send_sheet(kiosk, number, 0, "birth_certificate", content)
    assert hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(content)).status_code == 202
    again = hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(content))
    assert again.status_code == 202, "the same matter again, though its sheets are gone from here"


def test_a_sheet_that_comes_twice_is_one_and_another_one_is_refused(kiosk: Kiosk) -> None:
    number, content = kiosk.number(), picture()
    assert send_sheet(kiosk, number, 0, "birth_certificate", content).status_code == 200
    assert send_sheet(kiosk, number, 0, "birth_certificate", content).status_code == 200
    assert Sheet.objects.filter(number=number).count() == 1
    other = send_sheet(kiosk, number, 0, "birth_certificate", picture(lines=10))
    assert (other.status_code, other.json()["error"]) == (409, "number_in_use")
    assert send_sheet(kiosk, number, 1, "birth_certificate", b"MZ", "application/exe").json()["error"] == "bad_sheet"
    assert send_sheet(kiosk, "YJHL1-7F3A-000017-C", 0, "x", content).json()["error"] == "bad_number"
    assert send_sheet(kiosk, number, 2, "birth_certificate", b"x" * 3_000_001, "application/pdf").status_code == 413


@pytest.mark.parametrize(
    ("form", "field", "repair"),
    [
        ({**BIRTH, "phone": "138"}, "phone", "手机号码应为11位数字，以1开头，请核对"),
        ({**BIRTH, "children": [{"sex": "1"}]}, "children.0.certificate", "请填写“出生医学证明编号”"),
        ({**BIRTH, "spouse_name": "测试乙"}, "", "表单里有不认识的内容，请返回重新填写"),
        ({**BIRTH, "birth_date": "2027-01-01"}, "birth_date", "不能晚于今天，请重新选择日期"),
        (BIRTH, "birth_certificate", "还没有“出生医学证明”，请拍照或用手机上传"),
    ],
)
def test_a_form_that_is_not_right_is_refused_with_field_and_repair(
    kiosk: Kiosk, form: dict[str, Any], field: str, repair: str
) -> None:
    number = kiosk.number()
    refused = hand_in(kiosk, number, "ZZ045", form)
    assert refused.status_code == 422
    assert refused.json()["error"] == "form_refused"
    assert refused.json()["fields"][field] == repair
    assert not Case.objects.filter(number=number).exists()


def test_a_form_filled_in_before_midnight_counts_on_its_own_day(now: datetime) -> None:
    """18:14 UTC on the 23rd is the 24th in Ordos; a case may wait for the network, not for ever."""
    said = "2026-11-23T18:12:00+00:00"
    for waited in (timedelta(0), timedelta(days=3)):
        assert form_checks.filled_on(said, "Asia/Shanghai", now + waited) == date(2026, 11, 24)
    for untrue in ("2027-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00", "2026-11-23T18:12:00", "gestern"):
        assert form_checks.filled_on(untrue, "Asia/Shanghai", now) == date(2026, 11, 24)


def test_who_acts_is_recorded_with_the_signature_and_told_to_the_department(
    kiosk: Kiosk, department: Department
) -> None:
    number, paper, signature = kiosk.number(), picture(), picture("签名", lines=2, size=(900, 600))
    send_sheet(kiosk, number, 0, "birth_certificate", paper)
    send_sheet(kiosk, number, 1, "delegation", signature)
    answer = hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(paper, signature), agent=agent(signature))
    assert answer.status_code == 202, answer.text
    kiosk.wait(number=number)
    assert sent_to(department, number)["agent"] == {
        "name": AGENT["name"], "id_number": AGENT["id_number"], "relation": "spouse"
    }  # fmt: skip
    row = CaseAgent.objects.get(case__number=number)
    assert (row.relation, row.consent_version, row.masked["name"]) == ("spouse", "代办-2026-11", "测**")
    kept = open_field("services_caseagent", number, "signature", bytes(row.signature_sealed))
    assert base64.b64decode(kept) == signature
    line = AuditLine.objects.get(action="services.record_agent")
    assert AGENT["id_number"] not in str(line.details)
    assert AGENT["name"] not in str(line.details)


@pytest.mark.parametrize(
    ("item", "change", "error"),
    [
        ("ZZ001", {}, "agent_not_allowed"),
        ("ZZ045", {"relation": "neighbour"}, "agent_not_allowed"),
        ("ZZ045", {"id_number": PERSON["id_number"]}, "agent_is_person"),
        ("ZZ045", {"signature": ""}, "consent_missing"),
        ("ZZ045", {"signature": "0" * 64}, "consent_missing"),
    ],
)
def test_nobody_acts_without_right_or_signature(kiosk: Kiosk, item: str, change: dict[str, Any], error: str) -> None:
    number, paper, signature = kiosk.number(), picture(), picture("签名", lines=2, size=(900, 600))
    send_sheet(kiosk, number, 0, "birth_certificate" if item == "ZZ045" else "delegation", paper)
    send_sheet(kiosk, number, 1, "delegation", signature)
    form = BIRTH if item == "ZZ045" else {"insurance": "all", "months": "12"}
    answer = hand_in(kiosk, number, item, form, materials=refs(paper, signature), agent=agent(signature, **change))
    assert answer.json()["error"] == error
    assert not Case.objects.filter(number=number).exists()
    assert not CaseAgent.objects.exists()


# --- a phone -------------------------------------------------------------------------------------------------------


def open_link(kiosk: Kiosk) -> journeys.UploadOpened:
    kinds = [{"kind": "birth_certificate", "title": "出生医学证明", "most": 2}]
    opened: journeys.UploadOpened = decode(
        ask(kiosk, "uploads/open", item_name="生育津贴支付申请", kinds=kinds), journeys.UploadOpened
    )
    return opened


def upload(phone: Client, url: str, content: bytes, name: str = "a.jpg", kind: str = "birth_certificate") -> Any:
    path = urlsplit(url).path
    file = io.BytesIO(content)
    file.name = name
    return phone.post(path, {"kind": kind, "files": file})


def get(phone: Client, url: str) -> Any:
    return phone.get(urlsplit(url).path)


def next_one(kiosk: Kiosk, name: str, have: int = 0) -> journeys.UploadedOne:
    found: journeys.UploadedOne = decode(ask(kiosk, f"uploads/{name}/next", have=have), journeys.UploadedOne)
    return found


def test_a_phone_brings_a_picture_that_only_the_journey_can_open(kiosk: Kiosk, now: datetime) -> None:
    link, phone = open_link(kiosk), Client()
    assert next_one(kiosk, link.name).state == "waiting"
    page = get(phone, link.url)
    assert page.status_code == 200
    assert "出生医学证明" in page.content.decode()
    assert upload(phone, link.url, picture()).status_code == 302
    row = UploadedSheet.objects.get()
    stored = bytes(row.sealed)
    assert b"\xff\xd8\xff" not in stored
    found = next_one(kiosk, link.name)
    assert (found.state, found.kind, found.media) == ("held", "birth_certificate", "image/jpeg")
    sealed = base64.b64decode(found.sealed)
    opened = open_sealed(kiosk.reply, sealed, upload_info(link.name))
    with Image.open(io.BytesIO(opened)) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
    assert b"secret place" not in opened
    with pytest.raises(CannotOpen):
        open_sealed(X25519PrivateKey.generate(), sealed, upload_info(link.name))
    assert next_one(kiosk, link.name, have=1).sealed == ""
    assert UploadedSheet.objects.get().sealed is None, "what the terminal has is not kept here"


def test_a_link_serves_one_phone_and_ends(kiosk: Kiosk, clock: Clock) -> None:
    link, phone = open_link(kiosk), Client()
    assert get(phone, link.url).status_code == 200
    assert get(phone, link.url).status_code == 200, "the same phone again"
    other = get(Client(), link.url)
    assert other.status_code == 410
    assert "别的手机" in other.content.decode()
    assert ask(kiosk, f"uploads/{link.name}/close").status_code == 200
    assert upload(phone, link.url, picture()).status_code == 410
    assert get(Client(), link.url.rsplit("/", 2)[0] + "/nothing/").status_code == 404
    late = open_link(kiosk)
    clock.pass_s(601)
    assert get(Client(), late.url).status_code == 410


def test_another_journey_gets_nothing_of_a_link(kiosk: Kiosk) -> None:
    link = open_link(kiosk)
    upload(Client(), link.url, picture())
    kiosk.new_journey()
    answer = ask(kiosk, f"uploads/{link.name}/next")
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_upload")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ\x90", "virus.exe", "这不是能打开的照片或 PDF"),
        (b"%PDF-1.7 << /OpenAction 1 >>", "a.pdf", "自动运行"),
        (picture(lines=0), "blank.jpg", "几乎是空白"),
        (picture(size=(320, 440), lines=4), "small.jpg", "太小"),
    ],
)
def test_what_a_clerk_cannot_use_is_told_on_the_phone(kiosk: Kiosk, content: bytes, name: str, words: str) -> None:
    link, phone = open_link(kiosk), Client()
    answer = upload(phone, link.url, content, name)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not UploadedSheet.objects.exists()


def test_a_pdf_is_taken_as_it_is_and_too_many_are_not(kiosk: Kiosk) -> None:
    link, phone = open_link(kiosk), Client()
    assert upload(phone, link.url, PDF, "a.pdf").status_code == 302
    found = next_one(kiosk, link.name)
    assert found.media == "application/pdf"
    assert open_sealed(kiosk.reply, base64.b64decode(found.sealed), upload_info(link.name)) == PDF
    assert upload(phone, link.url, picture()).status_code == 302
    third = upload(phone, link.url, picture())
    assert third.status_code == 422
    assert "够了" in third.content.decode()
    assert "够了" in upload(phone, link.url, b"MZ not a picture").content.decode(), "what is not wanted is not decoded"


def test_the_phone_page_has_no_use_without_its_token(kiosk: Kiosk) -> None:
    link = open_link(kiosk)
    phone = Client(enforce_csrf_checks=True)
    get(phone, link.url)
    path = urlsplit(link.url).path
    assert phone.post(path, {"kind": "birth_certificate", "files": io.BytesIO(picture())}).status_code == 403


def test_what_nobody_came_for_goes_by_itself(kiosk: Kiosk, now: datetime) -> None:
    send_sheet(kiosk, kiosk.number(), 0, "birth_certificate", picture())
    link = open_link(kiosk)
    upload(Client(), link.url, picture())
    rules = {rule.name: rule for rule in material_keeping.RETENTION}
    later = now + timedelta(days=4)
    for name in ("services.sheets_waiting", "services.uploads", "services.upload_links"):
        rule = rules[name]
        UploadLink.objects.update(expires_at=now)
        assert rule.held().count() == 1, name
        assert rule.due(rule.held(), now - timedelta(days=1)).count() == 0, name
        assert rule.erase(rule.due(rule.held(), later)) == 1, name
    assert not Sheet.objects.filter(content_sealed__isnull=False).exists()
    assert not UploadLink.objects.exists()
    assert set(rules) <= {rule.name for rule in retention.rules()}


def test_two_phones_at_one_moment_are_one(kiosk: Kiosk, now: datetime) -> None:
    token = open_link(kiosk).url.rstrip("/").rsplit("/", 1)[1]
    first = material_actions.hold_link(token, "phone one", now)
    with pytest.raises(material_actions.LinkGone) as gone:
        material_actions.hold_link(token, "phone two", now)
    assert gone.value.why == "used"
    assert material_actions.hold_link(token, "phone one", now).pk == first.pk


def test_staff_see_who_acted_masked_and_what_was_given_without_its_content(kiosk: Kiosk) -> None:
    number, paper, signature = kiosk.number(), picture(), picture("签名", lines=2, size=(900, 600))
    send_sheet(kiosk, number, 0, "birth_certificate", paper)
    send_sheet(kiosk, number, 1, "delegation", signature)
    hand_in(kiosk, number, "ZZ045", BIRTH, materials=refs(paper, signature), agent=agent(signature))
    found = material_queries.beside(Case.objects.get(number=number))
    assert found["joint"] is None
    assert found["agent"] == {
        "relation": "配偶", "name": "测**", "id_number": "9999**********0026", "consent": "代办-2026-11"
    }  # fmt: skip
    assert [sheet.kind for sheet in found["sheets"]] == ["birth_certificate", "delegation"]
