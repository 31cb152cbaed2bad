"""The scorecards' pages: figures open their rows, too few rows are no figure, the file says the definitions."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import manual_orders

pytestmark = pytest.mark.django_db


@pytest.fixture
def period(desk: Desk) -> str:
    """Twelve orders that nobody answered, five days ago."""
    now = timezone.now()
    for number in range(12):
        manual_orders.open_manual(
            desk.actor("lin"), area="KBS", terminal="KBS-01", title=f"问题 {number}", note="", severity="urgent",
            now=now - timedelta(hours=14 + number),
        )  # fmt: skip
    today = timezone.localdate(now)
    return f"first={today - timedelta(days=3)}&last={today}"


def test_a_figure_opens_its_rows(desk: Desk, period: str) -> None:
    client = desk.client("zhu")
    page = client.get(f"/console/scorecards/?kind=owner&{period}").content.decode()
    assert "测试RS" in page
    assert "0.0 % – 24.2 %" in page, "Wilson of 0 of 12"
    assert "样本不足" in page
    rows = client.get(f"/console/scorecards/RS/respond/?kind=owner&{period}").content.decode()
    assert rows.count("没做到") == 12
    assert "/console/orders/GD" in rows
    assert "问题 3 · KBS-01 号终端" in rows, "a row says what it is"
    assert "测试RS 测试丙" in rows, "and whose"
    assert client.get(f"/console/scorecards/RS/other/?{period}").status_code == 404
    assert client.get(f"/console/scorecards/VN1/respond/?kind=owner&{period}").status_code == 404


def test_the_file_says_what_the_page_says(desk: Desk, period: str) -> None:
    answer = desk.client("zhu").get(f"/console/scorecards/?kind=owner&{period}&export=xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    first, second = book.worksheets
    rows = [[cell.value for cell in row] for row in first.iter_rows()]
    assert rows[0] == ["演示数据"] + [None] * 6
    respond = next(row for row in rows if row[2] == "按时响应")
    assert (respond[0], respond[3], respond[4], respond[6]) == ("测试RS", 0, 0, 12)
    assert any(row[3] == "样本不足" for row in rows)
    assert second.title == "口径"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=2026-05-01&last=2026-11-01", "92 天"),
        ("first=2026-11-02&last=2026-11-01", "早于第一天"),
        ("first=x&last=2026-11-01", "第一天"),
    ],
)
def test_what_is_refused_is_told(desk: Desk, query: str, said: str) -> None:
    answer = desk.client("zhu").get(f"/console/scorecards/?{query}")
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_body_sees_its_own_card_only(desk: Desk, period: str) -> None:
    page = desk.client("ren").get(f"/console/scorecards/?kind=owner&{period}").content.decode()
    assert "测试RS" in page
    assert desk.client("ren").get(f"/console/scorecards/SW/respond/?kind=owner&{period}").status_code == 404
    assert "没有可以统计" in desk.client("shui").get(f"/console/scorecards/?kind=owner&{period}").content.decode()
