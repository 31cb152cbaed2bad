"""A department's own page at the terminal: begun by a touch, a strip of ours above it, and gone with the person."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from terminal_stage import AVAILABILITY, CATALOGUE, Center, play, stage

from budayang.terminal import launching
from budayang.terminal.department_page.helper import Helper
from budayang.terminal.department_page.launching import find_obstacle
from budayang.terminal.department_page.watching import InputWatch
from budayang.terminal.devices.departmentpage.driver import DepartmentPageWindow, PageState
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import BadSetting, DeviceError
from budayang.terminal.settings import load

ONLINE = {
    "code": "ZZ099", "name": "出入境业务网上办理", "department": "RS", "department_name": "公安-出入境",
    "needs": ["departmentPage"], "after_hours": "全时可办", "calendar": "RS", "schema": None,
    "launch": {"url": "https://dept.example/apply", "hosts": ["cdn.dept.example"]},
}  # fmt: skip


class HandWindow:
    """A window for pages in the hand of a test."""

    subject = kind = "departmentPage"
    poll_s = 0.05

    def __init__(self) -> None:
        self.device = Reading("online")
        self.opened: list[tuple[str, list[str], float, int, int]] = []
        self.is_open = False
        self.shuts = 0
        self.refuses = False
        self.idle_s: float | None = 0.0

    async def poll(self) -> States:
        return {"device": self.device}

    async def open(self, url: str, hosts: Collection[str], *, seconds: float, width: int, height: int) -> None:
        if self.refuses:
            raise DeviceError("refused", "no rights")
        self.opened.append((url, list(hosts), seconds, width, height))
        self.is_open = True

    async def state(self) -> PageState:
        return PageState(self.is_open, 500.0, self.idle_s)

    async def shut(self) -> None:
        self.is_open = False
        self.shuts += 1

    async def close(self) -> None:
        return None


def center() -> Center:
    built = Center()
    built.send("catalogue", {**CATALOGUE, "items": [*CATALOGUE["items"], ONLINE]})
    built.send("availability", AVAILABILITY)
    return built


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LOOK_S", 0.05)


def test_the_page_is_opened_below_our_strip_and_ends_with_the_person(tmp_path: Path) -> None:
    async def scene() -> None:
        window = HandWindow()
        async with stage(tmp_path, center=center(), more={"departmentPage": window}) as s:
            await s.post("start")
            await s.until(lambda: s.terminal.catalogue.item("ZZ099")["can_start"])  # type: ignore[index]
            page = (await s.browser.get("/items/ZZ099")).text
            assert "打开部门网页" in page
            assert "开始办理" not in page
            assert (await s.post("choose", {"item": "ZZ099", "width": "1920", "height": "1080"}))["ok"]
            await s.until(lambda: window.opened)
            assert window.opened == [("https://dept.example/apply", ["cdn.dept.example"], launching.PAGE_S, 1920, 1080)]
            await s.until(lambda: s.view()["launch"]["left_s"] == 500)
            page = (await s.browser.get("/")).text
            assert "结束并清除" in page
            assert "dept.example" in page
            assert (await s.post("exit"))["ok"]
            await s.state("clear")
            await s.until(lambda: window.shuts)
            assert s.terminal.attendant.journey.launch is None
            assert not s.center.bodies("case.abandoned"), "nothing was handed in through us"
            assert not s.center.cases

    play(scene)


def test_a_page_that_closed_itself_leads_to_the_end(tmp_path: Path) -> None:
    async def scene() -> None:
        window = HandWindow()
        async with stage(tmp_path, center=center(), more={"departmentPage": window}) as s:
            await s.post("start")
            await s.post("choose", {"item": "ZZ099", "width": "x", "height": ""})
            await s.until(lambda: window.opened)
            assert window.opened[0][3:] == (1080, 1920)
            window.is_open = False
            await s.state("clear")
            await s.until(lambda: window.shuts)

    play(scene)


def test_who_leaves_without_a_word_is_noticed_where_touches_can_be_seen(tmp_path: Path) -> None:
    async def scene() -> None:
        window = HandWindow()
        async with stage(tmp_path, center=center(), more={"departmentPage": window}) as s:
            s.terminal.attendant.idle_s = lambda: (0.5, 0.25)  # of a page twice as long
            await s.post("start")
            await s.post("choose", {"item": "ZZ099"})
            await s.until(lambda: window.opened)
            await asyncio.sleep(2.0)
            assert s.view()["state"] == "launch", "whoever touches the page is there"
            window.idle_s = None
            await asyncio.sleep(2.0)
            assert s.view()["state"] == "launch", "where nobody can see it, its whole time bounds it"
            window.idle_s = 60.0
            await s.state("clear")
            assert s.terminal.attendant.ended == "idle"
            await s.until(lambda: window.shuts)

    play(scene)


def test_a_machine_without_the_rights_offers_none_and_says_why(tmp_path: Path) -> None:
    async def scene() -> None:
        window = HandWindow()
        window.device = Reading("noDevice", "no rights for namespaces")
        async with stage(tmp_path, center=center(), more={"departmentPage": window}) as s:
            await s.until(lambda: s.terminal.peripherals.reading("departmentPage", "device").state == "noDevice")
            item = s.terminal.catalogue.item("ZZ099")
            assert item is not None
            assert (item["truth"], item["can_start"], item["text"]) == ("stopped", False, "本机不能隔离地打开部门网页")
            assert not (await s.post("choose", {"item": "ZZ099"}))["ok"]
            assert not window.opened
            health = (await s.browser.get("/healthz")).json()
            assert health["department_page"] == {"state": "noDevice", "why": "no rights for namespaces"}
            await s.until(lambda: s.center.states.get("departmentPage") == {"device": "noDevice"})

    play(scene)


def test_a_terminal_without_a_window_offers_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=center()) as s:
            item = s.terminal.catalogue.item("ZZ099")
            assert item is not None
            assert (item["can_start"], item["reason"]) == (False, "device_missing")
            assert (await s.browser.get("/healthz")).json()["department_page"] is None

    play(scene)


def test_a_page_that_does_not_open_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        window = HandWindow()
        window.refuses = True
        async with stage(tmp_path, center=center(), more={"departmentPage": window}) as s:
            await s.post("start")
            await s.post("choose", {"item": "ZZ099"})
            await s.until(lambda: "打不开部门的网页" in s.view()["error"])
            assert s.view()["state"] == "choose"
            assert "什么都没有提交" in (await s.browser.get("/")).text

    play(scene)


# the driver and the helper


class Still:
    """A page that only notes what it was told."""

    def __init__(self, why: str = "") -> None:
        self.is_open, self.why, self.told = False, why, list[Any]()
        self.left_s = 42.0

    async def open(self, url: str, *, hosts: list[str], seconds: float, frame: Any) -> None:
        self.told.append((url, hosts, seconds, (frame.left, frame.top, frame.width, frame.height)))
        self.is_open = True

    async def why_not(self) -> str:
        return self.why

    async def close(self) -> None:
        self.is_open = False


def test_the_driver_and_the_helper_understand_each_other(tmp_path: Path) -> None:
    async def scene() -> None:
        touched = tmp_path / "event0"
        os.mkfifo(touched)
        page = Still()
        helper = Helper(page, os.geteuid(), InputWatch(lambda: [touched]))  # type: ignore[arg-type]
        path = tmp_path / "page.sock"
        window = DepartmentPageWindow(path)
        assert (await window.poll())["device"].state == "offline"
        await helper.listen(path)
        assert (await window.poll())["device"].state == "online"
        await window.open("https://dept.example/", ["cdn.example"], seconds=60, width=1080, height=1920)
        assert page.told == [("https://dept.example/", ["cdn.example"], 60.0, (0, 96, 1080, 1656))]
        assert (await window.poll())["device"].state == "deviceBusy"
        await asyncio.sleep(0.3)
        found = await window.state()
        assert (found.open, found.left_s) == (True, 42.0)
        assert found.idle_s is not None
        assert found.idle_s >= 0.25
        with touched.open("wb", buffering=0) as hand:
            hand.write(b"\0" * 24)
            await asyncio.sleep(0.1)
            again = await window.state()
        assert again.idle_s is not None
        assert again.idle_s < found.idle_s, "a touch counts, whatever it was"
        await window.shut()
        assert not (await window.state()).open
        await helper.close()

    play(scene)


def test_a_page_that_a_killed_program_left_is_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        page = Still()
        page.is_open = True
        helper = Helper(page, os.geteuid(), InputWatch(list))  # type: ignore[arg-type]
        await helper.listen(tmp_path / "page.sock")
        assert (await DepartmentPageWindow(tmp_path / "page.sock").poll())["device"].state == "online"
        assert not page.is_open
        await helper.close()

    play(scene)


def test_what_a_machine_lacks_is_said_in_words(tmp_path: Path) -> None:
    async def scene() -> None:
        assert await find_obstacle("no-such-user", "sh") == "no user no-such-user"
        assert await find_obstacle("root", "sh") == "root is root"
        assert await find_obstacle("nobody", "no-such-browser") == "no program no-such-browser"
        page = Still("no rights for namespaces: Operation not permitted")
        helper = Helper(page, os.geteuid(), InputWatch(list))  # type: ignore[arg-type]
        await helper.listen(tmp_path / "page.sock")
        found = (await DepartmentPageWindow(tmp_path / "page.sock").poll())["device"]
        assert (found.state, found.raw) == ("noDevice", page.why)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "page.sock")
        writer.write(b'{"open": "https://x.example/", "frame": {"left": "no"}}\n')
        assert "error" in json.loads(await reader.readline())
        writer.close()
        await helper.close()

    play(scene)


def test_the_setting_is_the_path_of_a_socket() -> None:
    assert load({}, page_helper="/run/budayang/page.sock").page_helper == "/run/budayang/page.sock"
    with pytest.raises(BadSetting, match="path of a unix socket"):
        load({}, page_helper="page.sock")
