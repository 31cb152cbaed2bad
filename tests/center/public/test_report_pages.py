"""The pages of 报修: no sign-in, nothing typed is lost, nothing of a photo but what is seen, nobody is named."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from tests.center.services_cast import SYSTEM

from budayang.center.maintenance import report_actions
from budayang.center.maintenance.models import Incident, Report
from budayang.center.platform.uploads import UploadedSheet, read_sheet
from budayang.center.public import reports
from budayang.center.services.publishing import catalogue_of
from budayang.center.terminals.models import Terminal
from budayang.center.terminals.report_addresses import path_of

PHONE = "13900001234"


@pytest.fixture
def night(judged: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14."""
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: judged)
    return judged


@pytest.fixture
def door(night: datetime) -> str:
    return path_of("terminal", "KBS-01")


def picture() -> SimpleUploadedFile:
    """As a phone makes it: with a place in it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "SpyPhone"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (800, 600), "navy").save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("door.jpg", out.getvalue(), content_type="image/jpeg")


def test_the_address_of_another_machine_is_not_to_be_guessed(client: Client, door: str) -> None:
    assert client.get(door).status_code == 200
    answer = client.get(door.replace("KBS-01", "YJHL-01"))
    assert answer.status_code == 404
    assert "管理员电话" in answer.content.decode()


def test_the_terminal_is_told_its_address(door: str, jia: Terminal, night: datetime) -> None:
    assert catalogue_of(jia.pk, night)["terminal"]["report_url"].endswith(door)


def test_a_report_is_made_and_followed(client: Client, door: str, night: datetime) -> None:
    page = client.get(door).content.decode()
    assert "打印不出来" in page
    assert "门打不开" in page
    answer = client.post(door, {"kind": "print", "note": "", "phone": PHONE, "photo": picture()})
    report = Report.objects.get()
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/report/{report.number}/?own=")
    page = client.get(f"/report/{report.number}/").content.decode()
    for words in ("打印不出来", "已收到", "最迟", "139****1234", "只有处理的人能看", report.number):
        assert words in page
    assert PHONE not in page
    kept = report_actions.show_photo(SYSTEM, report, night)
    with Image.open(io.BytesIO(kept)) as clean:
        assert dict(clean.getexif()) == {}
    assert b"SpyPhone" not in kept


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"note": "靠门那台", "phone": PHONE}, "请先选哪里不对"),
        ({"kind": "print", "note": "靠门那台", "phone": "110"}, "11 位数字"),
        (
            {"kind": "print", "note": "靠门那台", "photo": SimpleUploadedFile("a.jpg", b"MZ not a picture")},
            "能打开的照片",
        ),
        ({"kind": "print", "note": "靠门那台", "photo": SimpleUploadedFile("a.pdf", b"%PDF-1.4 x")}, "只收照片"),
    ],
)
def test_refused_it_says_the_repair_and_keeps_what_was_typed(
    client: Client, door: str, form: dict[str, object], words: str
) -> None:
    answer = client.post(door, form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "靠门那台" in page
    assert not Report.objects.exists()


def test_what_is_known_is_shown_first_and_a_voice_is_one_press(client: Client, door: str, night: datetime) -> None:
    client.post(door, {"kind": "light"})
    page = client.get(door).content.decode()
    assert "已经有人报过" in page
    assert "1 人报过" in page
    incident = Incident.objects.get()
    answer = client.post(door, {"known": incident.pk})
    assert answer.status_code == 302
    assert "2 人报过" in client.get(door).content.decode()
    assert Incident.objects.count() == 1
    assert "还有 1 人报过" in client.get(answer["Location"]).content.decode()


def test_one_that_is_not_here_cannot_be_joined(client: Client, door: str) -> None:
    client.post(path_of("terminal", "YJHL-01"), {"kind": "print"})
    elsewhere = Incident.objects.get()
    assert client.post(door, {"known": elsewhere.pk}).status_code == 422
    assert client.post(door, {"known": "9" * 40}).status_code == 422


def test_beyond_the_limit_it_is_kept_and_says_so_without_a_puzzle(client: Client, door: str) -> None:
    last = [client.post(door, {"kind": "light"}) for _n in range(7)][-1]
    page = client.get(last["Location"]).content.decode()
    assert Report.objects.get(number=last["Location"].split("/")[2]).state == "held"
    assert "已经留下" in page


def test_withdrawn_from_the_link_of_who_reported_and_not_by_who_knows_the_number(client: Client, door: str) -> None:
    own = client.post(door, {"kind": "light", "phone": PHONE})["Location"]
    number = Report.objects.get().number
    assert own.partition("?own=")[2] not in str(list(Report.objects.values())), "no list or export can give it away"
    page = client.get(f"/report/{number}/").content.decode()
    assert "弄错了，撤回" not in page
    assert "撤回要用报修后打开的那个网址" in page
    refused = client.post(f"/report/{number}/withdraw/")
    assert refused.status_code == 403
    assert "凭号码只能看" in refused.content.decode()
    assert Report.objects.get().state == "received"
    page = client.get(own).content.decode()
    assert "弄错了，撤回" in page
    assert f'hx-get="{own}"' in page, "the page that renews itself stays the person's own"
    client.post(f"/report/{number}/withdraw/", {"own": own.partition("?own=")[2]})
    page = client.get(own).content.decode()
    assert "您撤回了这件报修" in page
    assert "弄错了，撤回" not in page


def test_beyond_the_limit_no_photo_is_decoded(client: Client, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def count(content: bytes) -> UploadedSheet:
        read.append(len(content))
        return read_sheet(content)

    monkeypatch.setattr(reports, "read_sheet", count)
    for _n in range(9):
        assert client.post(door, {"kind": "light", "photo": picture()}).status_code == 302
    assert (len(read), Report.objects.count()) == (6, 9)
    client.post(door, {"kind": "light", "photo": SimpleUploadedFile("a.jpg", b"MZ not a picture")})
    assert len(read) == 6
    assert client.post(door, {"note": "x", "photo": picture()}).status_code == 422
    assert len(read) == 6, "nor before the rest of the form is right"


def test_a_number_is_looked_up_as_it_was_written_down(client: Client, door: str) -> None:
    client.post(door, {"kind": "light"})
    number = Report.objects.get().number
    assert client.get(f"/report/?number={number.lower().replace('-', '')}")["Location"] == f"/report/{number}/"
    assert client.get("/report/?number=abc").status_code == 400
    answer = client.get("/report/7Q2M-4XTD-9HWR/")
    assert answer.status_code == 404
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "same-origin"


def test_an_answer_and_its_lateness_are_on_the_page(client: Client, door: str, night: datetime) -> None:
    client.post(door, {"kind": "light"})
    report = Report.objects.get()
    Report.objects.update(answer_due_at=None, overdue_at=night)
    assert "已经上报给上一级" in client.get(f"/report/{report.number}/").content.decode()
    report_actions.answer_report(SYSTEM, report, "今晚九点前换灯管", night + timedelta(minutes=1))
    assert "今晚九点前换灯管" in client.get(f"/report/{report.number}/").content.decode()


def test_a_machine_that_is_gone_has_no_page(client: Client, door: str, jia: Terminal) -> None:
    Terminal.objects.filter(pk=jia.pk).update(state="retired")
    assert client.get(door).status_code == 404


def test_forged_posts_are_refused(door: str) -> None:
    assert Client(enforce_csrf_checks=True).post(door, {"kind": "light"}).status_code == 403
