"""Orders on the page: handed on, merged, proven, paid for; contracts; hand-overs; and who sees none of it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from tests.center.console.the_desk import Desk
from tests.center.maintenance.test_order_contracts import contract

from budayang.center.maintenance.models import Contract, Handover, OrderPart, OrderPhoto, WorkOrder

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def order(desk: Desk, today: datetime) -> WorkOrder:
    desk.hall.listen(today)
    began = today - HOUR
    desk.hall.tell(desk.hall.terminal, "printer", "media", "jammed", began, began)
    return WorkOrder.objects.get()


def photo(name: str = "a.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.effect_noise((400, 300), 80).convert("RGB").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def post(desk: Desk, who: str, address: str, **typed: object) -> str:
    answer = desk.client(who).post(f"/console/{address}", typed, follow=True)
    assert answer.status_code in (200, 422), answer.status_code
    return answer.content.decode()


def page(desk: Desk, who: str, address: str) -> str:
    answer = desk.client(who).get(f"/console/{address}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_order_is_handed_on_from_its_page(desk: Desk, order: WorkOrder) -> None:
    here = f"orders/{order.number}/"
    assert "测试VN1 测试乙" in page(desk, "ren", here)
    body, mo = desk.hall.bodies["VN1"], desk.hall.staff["mo"]
    refused = post(desk, "ren", here + "transfer/", reason=f"{body.pk}:{mo.pk}", note="")
    assert "请写明为什么转派" in refused
    told = post(desk, "ren", here + "transfer/", reason=f"{body.pk}:{mo.pk}", note="要换搓纸轮")
    assert "要换搓纸轮" in told
    assert "→ 测试VN1 测试乙" in told
    assert WorkOrder.objects.get().assignee == mo
    assert "请选择转给谁" in post(desk, "mo", here + "transfer/", reason="x:y", note="a")


def test_a_pause_and_what_was_told_late(desk: Desk, order: WorkOrder, today: datetime) -> None:
    here = f"orders/{order.number}/"
    post(desk, "ren", here + "accept/")
    came = (timezone.localtime(today) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S")
    assert "时间看不懂" in post(desk, "ren", here + "arrive/", at="gestern")
    post(desk, "ren", here + "arrive/", at=came)
    told = post(desk, "ren", here + "pause/", reason="no_access", note="商场关门")
    assert "暂停计时（场所不让进入）" in told
    assert "商场关门" in told
    assert "恢复计时" in told
    post(desk, "ren", here + "resume/")
    assert WorkOrder.objects.get().state == "on_site"


def test_closing_needs_a_proof_and_a_photo_is_one(desk: Desk, order: WorkOrder, today: datetime) -> None:
    here = f"orders/{order.number}/"
    post(desk, "lin", here + "repair/", note="取出卡纸")
    desk.hall.tell(desk.hall.terminal, "printer", "media", "present", today, today)
    shown = page(desk, "lin", here)
    assert "还缺验收的凭据，有其中一样才能关闭：试打成功、修复后的照片、回访确认可以用。" in shown
    assert "还缺验收的凭据" in post(desk, "lin", here + "verify/", note="看过", reason="device")
    told = post(desk, "lin", here + "photos/", moment="after", files=[photo()])
    assert "已收下 1 张照片" in told
    assert "这里只收照片" in post(
        desk, "lin", here + "photos/", moment="after", files=[SimpleUploadedFile("a.pdf", b"%PDF-1.7 x")]
    )
    assert "还没有选照片" in post(desk, "lin", here + "photos/", moment="after")
    kept = OrderPhoto.objects.get()
    address = f"/console/orders/{order.number}/photos/{kept.ref}.jpg"
    assert address in told
    answer = desk.client("lin").get(address)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200, "image/jpeg", "private, no-store",
    )  # fmt: skip
    assert answer.content.startswith(b"\xff\xd8")
    assert desk.client("shui").get(address).status_code == 404
    assert desk.client("").get(address).status_code in (302, 403)
    assert "停机原因" in post(desk, "lin", here + "verify/", note="看过", reason="device")
    assert WorkOrder.objects.get().state == "closed"


def test_another_orders_photo_is_not_served_under_this_one(desk: Desk, order: WorkOrder, today: datetime) -> None:
    post(desk, "lin", f"orders/{order.number}/photos/", moment="before", files=[photo()])
    desk.hall.tell(desk.hall.other, "printer", "media", "jammed", today, today)
    other = WorkOrder.objects.get(incident__terminal=desk.hall.other)
    ref = OrderPhoto.objects.get().ref
    assert desk.client("shui").get(f"/console/orders/{other.number}/").status_code == 200
    assert desk.client("shui").get(f"/console/orders/{other.number}/photos/{ref}.jpg").status_code == 404


def test_parts_and_their_sum(desk: Desk, order: WorkOrder) -> None:
    here = f"orders/{order.number}/"
    post(desk, "ren", here + "parts/", name="搓纸轮", amount="2", unit="个", yuan="35.5")
    told = post(desk, "ren", here + "parts/", name="清洁布", amount="1", unit="块", yuan="")
    assert "合计 35.50 元" in told
    assert "金额写元" in post(desk, "ren", here + "parts/", name="x", amount="1", unit="个", yuan="3.555")
    assert "数量写整数" in post(desk, "ren", here + "parts/", name="x", amount="一", unit="个", yuan="")
    part = OrderPart.objects.get(name="搓纸轮")
    assert "合计 0.00 元" in post(desk, "ren", here + f"parts/{part.pk}/back/", note="记错")
    assert desk.client("shui").post(f"/console/{here}parts/{part.pk}/back/", {"note": "x"}).status_code == 404


def test_by_hand_then_merged(desk: Desk, order: WorkOrder) -> None:
    assert "KBS-01" not in page(desk, "shui", "orders/new/"), "another body's machine"
    typed = {"area": desk.hall.area.pk, "terminal": desk.hall.terminal.pk, "note": "", "severity": "general"}
    assert "还没有保存" in post(desk, "lin", "orders/new/", **typed, title="")
    told = post(desk, "lin", "orders/new/", **typed, title="卡纸了")
    twin = WorkOrder.objects.exclude(pk=order.pk).get()
    assert "手工" not in twin.incident.title
    assert "已开单，派给测试RS" in told
    told = post(desk, "lin", f"orders/{twin.number}/merge/", reason=order.number, note="同一件事")
    assert "这张工单已并入" in told
    assert f"并入 {order.number}。同一件事" in told
    assert f"并入的 {twin.number}：卡纸了" in page(desk, "lin", f"orders/{order.number}/")
    assert "已合并" in page(desk, "lin", "orders/?state=merged")


def test_nobody_opens_an_order_for_others(desk: Desk) -> None:
    typed = {"area": desk.hall.area.pk, "terminal": "", "note": "", "severity": "general", "title": "x"}
    told = post(desk, "ren", "orders/new/", **typed)
    assert "还没有保存" in told
    assert desk.client("ning").get("/console/orders/new/").status_code == 403
    assert not WorkOrder.objects.exists()


def test_reopen_and_cancel(desk: Desk, order: WorkOrder) -> None:
    here = f"orders/{order.number}/"
    assert "撤销后就没人处理" in post(desk, "lin", here + "cancel/", note="误报")
    WorkOrder.objects.filter(pk=order.pk).update(state="closed")
    assert "重新打开" in page(desk, "lin", here)
    assert "又卡了" in post(desk, "lin", here + "reopen/", note="又卡了")
    assert WorkOrder.objects.get().state == "reported"


LIMITS = {
    f"{severity}_{step}": text
    for severity, texts in {
        "general": ("30 分钟", "2 小时", "4小时"),
        "serious": ("20分", "1 小时", "1 小时 30 分钟"),
        "urgent": ("10 分钟", "30 分钟", "1小时"),
    }.items()
    for step, text in zip(("respond", "arrive", "repair"), texts, strict=True)
}


def test_a_contract_is_noted_and_orders_say_so(desk: Desk, order: WorkOrder, today: datetime) -> None:
    typed = {
        "organization": desk.hall.bodies["RS"].pk, "number": "HT-7", "name": "年度维修",
        "hours": "周一至周五 08:30-17:30", "follows_workdays": "on", "steps": ["arrive", "repair"],
        "valid_from": timezone.localdate().isoformat(), "valid_until": "",
    }  # fmt: skip
    assert 'value="4 小时"' in page(desk, "zhu", "contracts/new/"), "the edition's own limits are there to be mended"
    refused = post(desk, "zhu", "contracts/new/", **typed, **{**LIMITS, "general_repair": "两小时"})
    assert "请写成" in refused
    assert 'value="HT-7"' in refused, "what was typed stays"
    told = post(desk, "zhu", "contracts/new/", **typed, **LIMITS)
    row = Contract.objects.get()
    assert [one.repair_s for one in row.tiers.order_by("repair_s")] == [3600, 5400, 14_400]
    assert "周一至周五 08:30—17:30" in told
    assert "有效" in told
    later = timezone.now()
    desk.hall.tell(desk.hall.terminal, "printer", "toner", "out", later, later)
    fresh = WorkOrder.objects.get(incident__kind="toner_out")
    assert "按合同 HT-7 的时限；到场、修复只在服务时间内计时：周一至周五 08:30—17:30" in page(
        desk, "ren", f"orders/{fresh.number}/"
    )
    assert "按规定的时限，昼夜连续计算" in page(desk, "ren", f"orders/{order.number}/")
    ending = post(desk, "zhu", f"contracts/{row.pk}/end/", last_day="2020-01-01")
    assert "只能从今天起" in ending
    assert "HT-7" in page(desk, "ren", "contracts/")
    assert "HT-7" not in page(desk, "shui", "contracts/"), "another body's contract"
    assert desk.client("lin").get("/console/contracts/new/").status_code == 403


def test_the_list_asks_for_holidays_once(desk: Desk, today: datetime) -> None:
    contract(desk.hall, "RS", today - timedelta(minutes=2))
    for prop, state in (("media", "jammed"), ("toner", "out"), ("paper.upper", "out")):
        desk.hall.tell(desk.hall.terminal, "printer", prop, state, today, today)
    assert WorkOrder.objects.filter(policy__contract__number="HT-1").count() == 3
    with CaptureQueriesContext(connection) as asked:
        page(desk, "ren", "orders/")
    assert sum('"services_calendarday"' in one["sql"] for one in asked) == 1


def test_a_shift_is_handed_over_and_taken(desk: Desk, order: WorkOrder) -> None:
    shown = page(desk, "ren", "handovers/")
    start = shown.index("/console/handovers/new/?shift=")
    address = shown[start : shown.index('"', start)].removeprefix("/console/")
    form = page(desk, "ren", address)
    assert order.number in form
    colleague = desk.hall.staff["mo"]
    assert "还没有别的人" not in form
    assert "这个单位在这里没有别的人可以接班" in form, "the only one of the body"
    row = Handover.objects.create(
        organization=desk.hall.bodies["RS"], place=desk.hall.city, giver=desk.hall.staff["ren"], taker=colleague,
        note="纸在门后", orders=[{"number": order.number, "title": "打印机卡纸", "where": "x", "state": "reported"}],
        given_at=order.opened_at, left_out=7,
    )  # fmt: skip
    assert "另有 7 张更早的没有列出" in page(desk, "mo", f"handovers/{row.pk}/")
    assert "1 份待接" in page(desk, "mo", "orders/")
    assert "纸在门后" in page(desk, "mo", f"handovers/{row.pk}/")
    assert "本人" in post(desk, "ren", f"handovers/{row.pk}/take/", answer="")
    assert "已接班" in post(desk, "mo", f"handovers/{row.pk}/take/", answer="收到")
    assert desk.client("shui").get(f"/console/handovers/{row.pk}/").status_code == 404
