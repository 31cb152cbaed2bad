"""Improvement items: from a report's line or free, proved with a photograph, checked by another, late when late."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from tests.center.console.test_monthly_browser import keep
from tests.center.console.the_desk import Desk, build
from tests.center.evaluation.the_month import BORN, MADE, live

from budayang.center.evaluation import improvement_actions as actions
from budayang.center.evaluation.improvement_keeping import RETENTION
from budayang.center.evaluation.models import Improvement, ImprovementEvent
from budayang.center.platform.actions import Refused
from budayang.center.platform.models import AuditLine
from budayang.rules.improvements import is_overdue, late_days

pytestmark = pytest.mark.django_db
DUE = date(2026, 11, 20)


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(timezone, "now", lambda: MADE)
    return build(BORN)


def photo() -> SimpleUploadedFile:
    """A picture with a position in it, as phones write."""
    picture, out = Image.new("RGB", (64, 64), "green"), io.BytesIO()
    exif = picture.getexif()
    exif[271] = "SECRET-PHONE"
    picture.save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("x.jpg", out.getvalue(), content_type="image/jpeg")


def new(client: Client, **more: str) -> Improvement:
    typed = {
        "place": "A-KBS", "title": "夜间缺纸", "problem": "每周五夜里缺纸", "plan": "周五下午补纸", "owner": "RS",
        "due_on": DUE.isoformat(), **more,
    }  # fmt: skip
    answer = client.post("/console/improvements/new/", typed)
    assert answer.status_code == 302, answer.content.decode()
    return Improvement.objects.order_by("-pk")[0]


@pytest.mark.parametrize(
    ("state", "day", "late"),
    [("open", 20, 0), ("open", 21, 1), ("proved", 25, 5), ("closed", 25, 0), ("cancelled", 25, 0)],
)
def test_late_is_from_the_day_after_until_it_is_closed(state: str, day: int, late: int) -> None:
    today = date(2026, 11, day)
    assert late_days(state, DUE, today) == late
    assert is_overdue(state, DUE, today) == bool(late)


def test_from_a_line_of_a_report_to_the_closed_loop(desk: Desk) -> None:
    live(desk.hall, matters=60)
    row = keep(desk.hall.area.place)
    zhu, ren, ning = desk.client("zhu"), desk.client("ren"), desk.client("ning")
    of = "of=incidents%3Fkind%3Dpaper_out%26bucket%3Dconsumables"
    rows = zhu.get(f"/console/monthly-reports/{row.pk}/rows/?{of}").content.decode()
    assert "提出改进" in rows
    form = zhu.get(f"/console/improvements/new/?report={row.pk}&{of}").content.decode()
    assert "各种故障：打印机缺纸" in form
    assert form.split('name="place"')[1].split("</select>")[0].count("<option") == 1, "the report's place, no other"
    assert "2026年10月，各种故障" in form
    answer = zhu.post(
        f"/console/improvements/new/?report={row.pk}&{of}",
        {"place": "A-KBS", "title": "缺纸", "problem": "多", "plan": "周五补纸", "owner": "RS", "due_on": "2026-11-20"},
    )
    item = Improvement.objects.get()
    assert answer.headers["Location"] == f"/console/improvements/{item.pk}/"
    assert item.report == row
    assert "起数" in item.source
    assert zhu.get(f"/console/improvements/new/?report={row.pk}&of=cases%3Fitem%3DX").status_code == 404

    page = ren.get(f"/console/improvements/{item.pk}/").content.decode()
    assert "提交证明" in page
    ren.post(f"/console/improvements/{item.pk}/prove/", {"note": "已补纸，改了排班", "photo": photo()})
    item.refresh_from_db()
    assert item.state == "proved"
    event = ImprovementEvent.objects.get(what="prove")
    picture = ning.get(f"/console/improvements/{item.pk}/photos/{event.pk}.jpg")
    assert picture.content.startswith(b"\xff\xd8")
    assert b"SECRET-PHONE" not in picture.content
    assert b"SECRET-PHONE" not in bytes(event.photo_sealed or b"")
    ning.post(f"/console/improvements/{item.pk}/reject/", {"note": "周五夜里又缺了"})
    ren.post(f"/console/improvements/{item.pk}/prove/", {"note": "加了一个纸盒"})
    ning.post(f"/console/improvements/{item.pk}/accept/", {"note": "两周没有再缺"})
    item.refresh_from_db()
    assert (item.state, item.closed_at) == ("closed", MADE)
    page = zhu.get(f"/console/improvements/{item.pk}/").content.decode()
    assert page.index("提出") < page.index("检查没通过，退回") < page.index("检查通过")
    assert AuditLine.objects.filter(action__startswith="evaluation.improvement_").count() == 5


def test_whoever_proved_it_does_not_check_it(desk: Desk) -> None:
    item = new(desk.client("zhu"))
    actions.move(desk.actor("zhu"), item, "prove", note="好了", now=MADE)
    with pytest.raises(Refused, match="不能自己检查"):
        actions.move(desk.actor("zhu"), item, "accept", note="好", now=MADE)
    actions.move(desk.actor("ning"), item, "accept", note="好", now=MADE)
    with pytest.raises(Refused, match="别人处理"):
        actions.move(desk.actor("ning"), item, "reject", note="不", now=MADE)


def test_late_ones_are_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    item, client = new(desk.client("zhu")), desk.client("zhu")
    assert "超期" not in client.get("/console/improvements/?state=open").content.decode().split("<table")[1]
    monkeypatch.setattr(timezone, "now", lambda: MADE + timedelta(days=18))
    page = desk.client("zhu").get("/console/improvements/?state=late").content.decode()
    assert "超期 3 天" in page
    assert "现在有 1 件超期" in page
    assert item.title in page
    actions.watch(timezone.now())
    actions.change(desk.actor("zhu"), item, plan="换纸盒", due_on=date(2026, 12, 24), now=timezone.now())
    page = desk.client("zhu").get("/console/improvements/?state=missed").content.decode()
    assert "整改中，曾超期" in page
    assert "一年内该闭环的 1 件，按期 0 件（0.0 %）" in page


def test_changes_scope_and_refusals(desk: Desk) -> None:
    zhu = desk.client("zhu")
    item = new(zhu)
    zhu.post(f"/console/improvements/{item.pk}/change/", {"plan": "换更大的纸盒", "due_on": "2026-12-01"})
    item.refresh_from_db()
    assert item.due_on == date(2026, 12, 1)
    assert (
        "2026-11-20 → 2026-12-01；原计划：周五下午补纸" in zhu.get(f"/console/improvements/{item.pk}/").content.decode()
    )
    for name in ("shui", "ou"):
        assert desk.client(name).get(f"/console/improvements/{item.pk}/").status_code == 404
    answer = zhu.post("/console/improvements/new/", {"place": "A-KBS", "title": "留着"})
    assert answer.status_code == 422
    assert "留着" in answer.content.decode(), "what was typed stays"
    with pytest.raises(Refused, match="已经过去"):
        actions.propose(
            desk.actor("zhu"), item.place, title="a", problem="b", plan="c", owner=item.owner,
            due_on=date(2026, 11, 1), now=MADE,
        )  # fmt: skip
    answer = zhu.post(f"/console/improvements/{item.pk}/prove/", {"note": " "}, follow=True)
    assert "请写明做了什么" in answer.content.decode()


def test_photographs_go_when_their_time_is_over(desk: Desk) -> None:
    item = new(desk.client("zhu"))
    actions.move(desk.actor("ren"), item, "prove", note="好了", photo=photo().read(), now=MADE)
    (rule,) = RETENTION
    assert rule.due(rule.held(), MADE + timedelta(days=729)).count() == 0
    assert rule.erase(rule.due(rule.held(), MADE + timedelta(days=731))) == 1
    event = ImprovementEvent.objects.get(what="prove")
    assert event.photo_sealed is None
    assert event.photo_sha256
    assert "照片已到期删除" in desk.client("ning").get(f"/console/improvements/{item.pk}/").content.decode()


def test_a_keeper_names_the_bodies_of_the_machines_there_wherever_they_belong(desk: Desk) -> None:
    lin, ou = desk.client("lin"), desk.client("ou")
    offered = lin.get("/console/improvements/new/").content.decode()
    for code in ("RS", "SW", "VN1", "ZW1"):
        assert f'value="{code}"' in offered, code
    assert 'value="RS"' not in ou.get("/console/improvements/new/").content.decode()
    assert new(lin).owner.code == "RS"
