"""停用告示 in the console: the words that people read, the paper for a dead screen, and that it is taken down."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pypdf
import pytest
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import fault_notices
from budayang.center.maintenance.models import FaultNotice
from budayang.center.platform.models import AuditLine


@pytest.fixture
def notice(desk: Desk, today: datetime) -> FaultNotice:
    hall = desk.hall
    hall.tell(hall.terminal, "printer", "media", "jammed", today, today)
    fault_notices.rebuild(today)
    fault_notices.post_due(today)
    return FaultNotice.objects.get()


def test_readers_see_the_notices_of_their_scope(desk: Desk, notice: FaultNotice) -> None:
    for who, shown in (("lin", True), ("ren", True), ("mo", True), ("ning", True), ("shui", False), ("ou", False)):
        page = desk.client(who).get("/console/fault-notices/").content.decode()
        assert ("这台机器暂时不能打印。" in page) is shown, who
    assert desk.client("shui").get(f"/console/fault-notices/{notice.pk}/").status_code == 404
    assert desk.client("sys").get("/console/fault-notices/").status_code == 403
    page = desk.client("ren").get(f"/console/fault-notices/{notice.pk}/").content.decode()
    assert "已通知测试RS，等待接单" in page
    assert "/door/KBS/" in page


def test_the_paper_says_the_same_and_is_remembered_until_it_is_taken_down(
    desk: Desk, notice: FaultNotice, today: datetime
) -> None:
    address = f"/console/fault-notices/{notice.pk}/"
    assert desk.client("ning").post(f"{address}paper.pdf").status_code == 403, "who only looks prints nothing"
    paper = desk.client("lin").post(f"{address}paper.pdf")
    assert paper["Content-Type"] == "application/pdf"
    text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(paper.content)).pages).replace(" ", "")
    assert "这台机器暂时不能打印。" in text
    assert "已通知测试RS，等待接单" in text
    hall = desk.hall
    well = today + timedelta(seconds=1)
    hall.tell(hall.terminal, "printer", "media", "notPresent", well, well)
    fault_notices.rebuild(well)
    fault_notices.post_due(well)
    assert "请取下纸质告示" in desk.client("lin").get("/console/fault-notices/?state=paper").content.decode()
    desk.client("lin").post(f"{address}down/")
    left = desk.client("lin").get("/console/fault-notices/?state=paper").content.decode()
    assert "这台机器暂时不能打印。" not in left
    refused = desk.client("lin").post(f"{address}paper.pdf", follow=True).content.decode()
    assert "故障已经恢复" in refused
    lines = AuditLine.objects.filter(action__contains="fault_notice").order_by("pk").values_list("action", flat=True)
    assert list(lines) == ["maintenance.print_fault_notice", "maintenance.take_down_fault_notice"]
