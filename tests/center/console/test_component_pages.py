"""The pages keep the three facts apart and say of a component that vanished since when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk

from budayang.center.console.states import terminal_state
from budayang.center.terminals.models import Peripheral
from budayang.rules.terminals import Health, meaning, roll_up

WELL, NO_PAPER, LITTLE_PAPER = (roll_up({("printer", "paper.upper"): state}) for state in ("full", "out", "low"))


@pytest.mark.parametrize(
    ("health", "application", "tone", "word"),
    [
        (WELL, "inService", "ok", "正常"),
        (WELL, "unknown", "ok", "正常"),
        (WELL, "pageDead", "stop", "自助终端的屏幕没有反应"),
        (WELL, "maintenance", "warn", "自助终端在维护状态"),
        (LITTLE_PAPER, "error", "stop", "自助服务程序出错"),
        (NO_PAPER, "maintenance", "stop", "打印机缺纸"),
        (NO_PAPER, "inService", "stop", "打印机缺纸"),
    ],
)
def test_program_and_devices_speak_by_how_bad_they_are(health: Health, application: str, tone: str, word: str) -> None:
    state = terminal_state("active", "online", health, meaning("terminal", "application", application))
    assert (state.tone, state.word) == (tone, word)


def test_what_the_program_said_last_is_not_told_of_a_silent_terminal() -> None:
    assert terminal_state("active", "silent", WELL, meaning("terminal", "application", "pageDead")).word == "失联"


def test_a_dead_screen_is_told_on_the_terminals_page_and_in_the_list(desk: Desk, today: datetime) -> None:
    hall, at = desk.hall, today - timedelta(minutes=5)
    hall.tell(hall.terminal, "printer", "device", "online", at, today)
    hall.tell(hall.terminal, "terminal", "application", "pageDead", at, today)
    for address in ("/console/terminals/KBS-01/live/", "/console/terminals/"):
        assert "自助终端的屏幕没有反应" in desk.client("lin").get(address).content.decode(), address


def test_a_component_that_vanished_is_shown_until_it_retires(desk: Desk, today: datetime) -> None:
    terminal, gone = desk.hall.terminal, today - timedelta(days=2)
    desk.hall.tell(terminal, "printer", "device", "online", today - timedelta(hours=1), today)
    camera = Peripheral.objects.create(
        terminal=terminal, subject="camera", kind="camera", first_seen_at=gone - timedelta(days=9), gone_since=gone
    )
    html = desk.client("lin").get("/console/terminals/KBS-01/live/").content.decode()
    assert "摄像头" in html
    assert "终端不再上报它，自" in html
    assert '<span class="state ask">不再上报</span>' in html.split("摄像头")[1][:80], "gone is not told as 未知"
    Peripheral.objects.filter(pk=camera.pk).update(retired_at=today)
    assert "摄像头" not in desk.client("lin").get("/console/terminals/KBS-01/live/").content.decode()
