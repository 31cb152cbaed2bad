"""The document camera's driver against the sandbox' camera, which was written from the protocol beside it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from budayang.sandbox.devices.documentcamera import DocumentCamera as SandboxCamera
from budayang.sandbox.devices.documentcamera import sample_paper
from budayang.terminal.devices.documentcamera.driver import DocumentCamera
from budayang.terminal.errors import DeviceError

Scene = Callable[[DocumentCamera, SandboxCamera], Awaitable[None]]


def play(scene: Scene) -> None:
    async def run() -> None:
        device = SandboxCamera(root="/camera/1/eSCL", paper=sample_paper("测试材料"))
        transport = httpx.ASGITransport(Starlette(routes=device.routes()))
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8810/camera/1/eSCL/")
        camera = DocumentCamera(client)
        await scene(camera, device)
        await camera.close()

    asyncio.run(run())


def test_a_picture_is_taken_and_nothing_of_it_stays_in_the_device() -> None:
    async def scene(camera: DocumentCamera, device: SandboxCamera) -> None:
        content = await camera.shoot()
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "JPEG"
            assert min(picture.size) > 1000
        assert device.jobs == {}
        states = await camera.poll()
        assert (states["device"].state, states["document"].state) == ("online", "ok")

    play(scene)


@pytest.mark.parametrize(
    ("word", "state"),
    [("Idle", "online"), ("Processing", "deviceBusy"), ("Testing", "starting"), ("Stopped", "userError"),
     ("Down", "hardwareError"), ("Dancing", "hardwareError")],
)  # fmt: skip
def test_its_states_are_those_of_xfs(word: str, state: str) -> None:
    async def scene(camera: DocumentCamera, device: SandboxCamera) -> None:
        device.state = word
        states = await camera.poll()
        assert (states["device"].state, states["device"].raw) == (state, word)
        assert states["document"].state == "unknown", "no picture was taken yet"

    play(scene)


def test_a_covered_lens_is_dead_though_the_device_answers() -> None:
    async def scene(camera: DocumentCamera, device: SandboxCamera) -> None:
        device.covered = True
        with pytest.raises(DeviceError) as failed:
            await camera.shoot()
        assert failed.value.reason == "black"
        states = await camera.poll()
        assert (states["device"].state, states["document"].state) == ("online", "inop")
        device.covered = False
        await camera.shoot()
        assert (await camera.poll())["document"].state == "ok"

    play(scene)


def test_busy_is_waited_for_and_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budayang.terminal.devices.documentcamera.driver.BUSY_S", 0.0)

    async def scene(camera: DocumentCamera, device: SandboxCamera) -> None:
        device.busy = 2
        assert await camera.shoot()
        device.busy = 9
        with pytest.raises(DeviceError, match="busy"):
            await camera.shoot()
        device.busy, device.state = 0, "Down"
        with pytest.raises(DeviceError, match="refused"):
            await camera.shoot()

    play(scene)


def test_a_device_that_is_gone_is_offline() -> None:
    async def run() -> None:
        async def gone(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("nobody there", request=request)

        camera = DocumentCamera(httpx.AsyncClient(transport=httpx.MockTransport(gone), base_url="http://camera/eSCL/"))
        assert (await camera.poll())["device"].state == "offline"
        with pytest.raises(DeviceError, match="offline"):
            await camera.shoot()
        await camera.close()

    asyncio.run(run())
