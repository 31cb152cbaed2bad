"""How the program stands, told to the center: by the screen that asks, by what holds it, by what failed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from terminal_stage import play, stage

from budayang.rules.components.table import Level
from budayang.rules.terminals import meaning
from budayang.terminal import standing
from budayang.terminal.devices.table import Reading
from budayang.terminal.standing import BROWSER_S, ERROR_S, PAGE_S, Standing
from budayang.uplink.clock import ManualClock

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)


class Scene:
    """A standing whose surroundings a test turns."""

    def __init__(self, *, told_before: bool = False) -> None:
        self.clock = ManualClock(NIGHT)
        self.shut, self.held, self.ready = "", "", True
        self.clock_off: float | None = None
        self.standing = Standing(
            self.clock, told_before=told_before, shut=lambda: self.shut, held=lambda: self.held,
            ready=lambda: self.ready, clock_off=lambda: self.clock_off,
        )  # fmt: skip

    def told(self) -> tuple[str, str] | None:
        found: Reading | None = asyncio.run(self.standing.poll()).get("application")
        return (found.state, found.raw) if found else None

    def catalogue_told(self) -> str:
        return asyncio.run(self.standing.poll())["catalogue"].state

    def clock_told(self) -> tuple[str, str] | None:
        found: Reading | None = asyncio.run(self.standing.poll()).get("clock")
        return (found.state, found.raw) if found else None


def test_without_a_browser_nothing_is_said_of_the_screen() -> None:
    s = Scene()
    for _step in range(3):
        assert s.told() is None
        s.clock.advance(BROWSER_S)
    s.shut = "suspended"
    assert s.told() == ("outOfService", "suspended"), "what is known without a screen is told"
    s.shut = ""
    assert s.told() == ("unknown", "browser"), "what was told is taken back"


def test_after_a_restart_the_browser_has_its_time() -> None:
    s = Scene(told_before=True)
    assert s.told() == ("starting", "browser")
    s.clock.advance(BROWSER_S)
    assert s.told() == ("unknown", "browser")
    s.standing.page_asked()
    assert s.told() == ("inService", "")


def test_a_page_that_stops_asking_is_dead_until_it_asks_again() -> None:
    s = Scene()
    s.standing.page_asked()
    s.clock.advance(PAGE_S - 1)
    assert s.told() == ("inService", "")
    s.clock.advance(1)
    assert s.told() == ("pageDead", "60 s")
    s.standing.page_asked()
    assert s.told() == ("inService", "")


def test_what_keeps_people_out_comes_before_the_screen() -> None:
    s = Scene()
    s.standing.page_asked()
    s.ready = False
    assert s.told() == ("starting", "catalogue")
    s.ready, s.held = True, "更换打印机"
    assert s.told() == ("maintenance", "更换打印机")
    s.shut = "cloned"
    assert s.told() == ("outOfService", "cloned")
    s.standing.part_failed("journey")
    assert s.told() == ("error", "journey")
    s.clock.advance(ERROR_S)
    assert s.told() == ("outOfService", "cloned")


def test_that_there_is_nothing_to_offer_is_told_also_without_a_screen() -> None:
    s = Scene()
    s.ready = False
    assert s.catalogue_told() == "waiting"
    assert s.told() is None
    s.ready = True
    assert s.catalogue_told() == "here"


def test_every_word_is_one_of_the_table() -> None:
    for word in ("waiting", "here"):
        assert meaning("terminal", "catalogue", word).state == word
    for state in ("starting", "unknown", "inService", "pageDead", "maintenance", "outOfService", "error"):
        assert meaning("terminal", "application", state).state == state


def test_the_center_hears_it_from_a_running_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, "poll_s", 0.05)

    async def scene() -> None:
        async with stage(tmp_path) as s:

            def heard() -> str:
                return s.center.states.get("terminal", {}).get("application", "")

            await asyncio.sleep(0.3)
            assert heard() == ""
            assert (await s.browser.get("/api/live")).status_code == 200
            await s.until(lambda: heard() == "inService")
            s.center.order("out_of_service", arguments={"text": "检修"}, emergency=True)
            await s.until(lambda: heard() == "maintenance")
            s.center.order("into_service")
            await s.until(lambda: heard() == "inService")
            monkeypatch.setattr(standing, "PAGE_S", 0.2)
            await s.until(lambda: heard() == "pageDead")
            await s.browser.get("/api/live")
            await s.until(lambda: heard() == "inService")
            assert s.terminal.peripherals.hash()

    play(scene)


def test_a_clock_that_leaves_the_center_s_is_told_and_taken_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:

            def heard() -> str:
                return s.center.states.get("terminal", {}).get("clock", "")

            await s.until(lambda: heard() == "right")
            s.center.ahead = timedelta(minutes=7)
            await s.until(lambda: heard() == "wrong")
            s.center.ahead = timedelta(0)
            await s.until(lambda: heard() == "right")

    play(scene)


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (None, None),
        (0.4, ("right", "")),
        (-59.9, ("right", "")),
        (60.0, ("wrong", "+ 1-59 min")),
        (-7200.0, ("wrong", "- 1-23 h")),
        (86_400.0, ("wrong", "+ >= 1 d")),
    ],
)
def test_a_clock_is_right_wrong_or_not_known(off: float | None, told: tuple[str, str] | None) -> None:
    s = Scene()
    s.clock_off = off
    assert s.clock_told() == told
    assert told is None or meaning("terminal", "clock", told[0]).level in (Level.OK, Level.WARNING)
