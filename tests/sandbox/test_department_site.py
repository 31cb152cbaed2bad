"""A department's own pages, and the window in which a terminal opens them: the real driver speaks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from budayang.sandbox.departments.site import NAMES, DepartmentSite
from budayang.sandbox.devices.pagewindow import PageWindow
from budayang.terminal.devices.departmentpage.driver import DepartmentPageWindow
from budayang.terminal.errors import DeviceError

URL = f"http://127.0.0.1:8812{NAMES}"
Play = Callable[[DepartmentSite, PageWindow, DepartmentPageWindow], Awaitable[None]]


def scene(folder: Path, play: Play) -> None:
    async def whole() -> None:
        site = DepartmentSite()
        window = PageWindow(transport=httpx.ASGITransport(site.app()))
        path = folder / "window-1.sock"
        await window.listen(path)
        try:
            await play(site, window, DepartmentPageWindow(path))
        finally:
            await window.stop()
            await asyncio.sleep(0.05)  # the driver's ends of the lines close in the next rounds of the loop

    asyncio.run(whole())


def test_a_session_lives_as_long_as_its_window(tmp_path: Path) -> None:
    async def play(site: DepartmentSite, window: PageWindow, driver: DepartmentPageWindow) -> None:
        assert (await driver.poll())["device"].state == "online"
        await driver.open(URL, [], seconds=60, width=1080, height=1920)
        assert (await driver.poll())["device"].state == "deviceBusy"
        status, text = await window.visit(f"{NAMES}declare", {"name": "草原<小店>"})
        assert status == 200
        assert "草原&lt;小店&gt;" in text
        assert "MC000001" in text
        assert "MC000001" in (await window.visit(NAMES))[1], "the same session"
        found = await driver.state()
        assert found.open
        assert found.idle_s is not None
        assert found.idle_s < 5
        await driver.shut()
        assert not (await driver.state()).open
        with pytest.raises(LookupError):
            await window.visit(NAMES)
        await driver.open(URL, [], seconds=60, width=1080, height=1920)
        assert "MC000001" not in (await window.visit(NAMES))[1], "the next person is another"
        assert site.shown()["sessions"] >= 2

    scene(tmp_path, play)


def test_a_page_that_says_goodbye_closes_its_window(tmp_path: Path) -> None:
    async def play(site: DepartmentSite, window: PageWindow, driver: DepartmentPageWindow) -> None:
        await driver.open(URL, [], seconds=60, width=1080, height=1920)
        await window.visit(f"{NAMES}declare", {"name": "小店"})
        assert "窗口就要关闭" in (await window.visit(f"{NAMES}bye"))[1]
        assert not (await driver.state()).open
        assert site.shown() == {"sessions": 1, "ended": 1, "declared": 1}

    scene(tmp_path, play)


def test_a_window_has_its_time_and_goes_nowhere_else(tmp_path: Path) -> None:
    async def play(site: DepartmentSite, window: PageWindow, driver: DepartmentPageWindow) -> None:
        await driver.open(URL, [], seconds=0.3, width=1080, height=1920)
        with pytest.raises(ValueError, match="may not go there"):
            await window.visit("http://other.example/")
        await asyncio.sleep(0.4)
        assert not (await driver.state()).open
        for wrong in ("file:///etc/passwd", "about:blank"):
            with pytest.raises(DeviceError, match="refused"):
                await driver.open(wrong, [], seconds=60, width=1080, height=1920)

    scene(tmp_path, play)


def test_a_machine_that_cannot_says_why(tmp_path: Path) -> None:
    async def play(site: DepartmentSite, window: PageWindow, driver: DepartmentPageWindow) -> None:
        window.why = "no rights for namespaces"
        found = (await driver.poll())["device"]
        assert (found.state, found.raw) == ("noDevice", "no rights for namespaces")
        with pytest.raises(DeviceError, match="refused"):
            await driver.open(URL, [], seconds=60, width=1080, height=1920)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "window-1.sock")
        writer.write(b"nonsense\n")
        assert "error" in json.loads(await reader.readline())
        writer.close()

    scene(tmp_path, play)


def test_the_site_answers_to_its_own_names_only() -> None:
    async def ask(host: str) -> int:
        transport = httpx.ASGITransport(DepartmentSite().app())
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return (await client.get(NAMES)).status_code

    assert asyncio.run(ask("127.0.0.1")) == 200
    assert asyncio.run(ask("elsewhere.example")) == 400
