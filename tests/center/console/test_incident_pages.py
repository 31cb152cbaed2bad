"""The list of incidents and the page that says why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk
from tests.center.maintenance.fault_stage import Stage
from tests.center.maintenance.fault_stories import back, boot, cut, say

from budayang.center.maintenance.explaining import explain
from budayang.center.maintenance.models import Incident

START = timedelta(minutes=40)


@pytest.fixture
def outage(desk: Desk, today: datetime) -> Incident:
    """Six terminals lose power; one had no paper before."""
    stage = Stage(desk.hall, (today - START).replace(microsecond=0), 6)
    stage.play((say(10, 2, "printer paper.upper out"), cut(200), back(1500, range(6), boot())), 1600)
    return Incident.objects.get(kind="area_silent")


def test_the_page_of_a_joint_silence_says_why(desk: Desk, outage: Incident) -> None:
    page = desk.client("lin").get(f"/console/incidents/{outage.pk}/").content.decode()
    assert "为什么判定是这个原因" in page
    assert "此前有联系的6台终端中" in page
    assert "6台终端说明了原因，其中6台一致" in page
    assert "KBS-003" in page
    assert "至少几台同时失联才合并为一个区域故障" in page


def test_what_was_ruled_out_is_told_by_the_tree(desk: Desk, outage: Incident) -> None:
    why = explain(desk.actor("lin"), Incident.objects.get(kind="paper_out"))
    assert [(rung.name, bool(rung.found)) for rung in why.rungs] == [
        ("场所", False), ("供电", False), ("网络", False), ("终端", False), ("外设", True),
    ]  # fmt: skip
    why = explain(desk.actor("lin"), Incident.objects.filter(kind="terminal_silent")[0])
    assert [rung.name for rung in why.rungs if rung.found] == ["网络", "终端"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=causes", 2), ("kind=terminal_silent", 6), ("bucket=power", 1), ("severity=general", 1),
        ("area=KBS", 8), ("area=HJ", 0), ("owner=RS&state=causes", 1),
    ],
)  # fmt: skip
def test_the_list_is_filtered(desk: Desk, outage: Incident, query: str, count: int) -> None:
    rows = desk.client("ning").get(f"/console/incidents/?{query}").context["rows"]
    assert len(rows) == count


def test_a_stranger_finds_nothing(desk: Desk, outage: Incident) -> None:
    assert desk.client("ou").get(f"/console/incidents/{outage.pk}/").status_code == 404
    assert desk.client("").get(f"/console/incidents/{outage.pk}/").status_code in (302, 403)
