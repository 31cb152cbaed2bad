"""The simulated face camera and engine: ustreamer's words, and answers that follow from what stands before the lens."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from budayang.sandbox.citizens import citizens
from budayang.sandbox.devices import facemarks
from budayang.sandbox.devices.facecamera import FaceCamera, Sight

JIA, YI = citizens()[:2]


def ask(camera: FaceCamera, method: str, path: str, **more: Any) -> httpx.Response:
    async def scene() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=camera.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **more)

    return asyncio.run(scene())


def compare(camera: FaceCamera, photo: bytes) -> dict[str, Any]:
    frames = [ask(camera, "GET", "/face/1/camera/snapshot").content for _ in range(3)]
    body = {"card": base64.b64encode(photo).decode(), "frames": [base64.b64encode(one).decode() for one in frames]}
    found: dict[str, Any] = ask(camera, "POST", "/face/1/engine/compare", json=body).json()
    return found


def test_the_state_is_ustreamers() -> None:
    camera = FaceCamera("/face/1", lambda: None)
    said = ask(camera, "GET", "/face/1/camera/state").json()
    assert said["ok"] is True
    assert said["result"]["source"]["online"] is True
    camera.sight = Sight.OFF
    assert ask(camera, "GET", "/face/1/camera/state").json()["result"]["source"]["online"] is False
    assert ask(camera, "GET", "/face/1/camera/snapshot").status_code == 503


def test_who_stands_there_decides() -> None:
    camera = FaceCamera("/face/1", lambda: JIA.id_number)
    assert compare(camera, JIA.card().photo)["verdict"] == "same"
    assert compare(camera, YI.card().photo)["verdict"] == "different"
    camera.who = YI.id_number
    assert compare(camera, JIA.card().photo)["verdict"] == "different"
    assert compare(camera, bytes(1024))["verdict"] == "unsure"


@pytest.mark.parametrize(
    ("sight", "verdict", "live"),
    [(Sight.OK, "same", True), (Sight.PAPER, "same", False), (Sight.EMPTY, "unsure", True)],
)
def test_what_the_camera_sees(sight: Sight, verdict: str, live: bool) -> None:
    camera = FaceCamera("/face/1", lambda: JIA.id_number, sight=sight)
    found = compare(camera, JIA.card().photo)
    assert (found["verdict"], found["live"]) == (verdict, live)


def test_a_mark_survives_the_jpeg_and_frames_differ() -> None:
    for citizen in citizens():
        mark = facemarks.mark_of(citizen.id_number)
        frames = {facemarks.draw(mark, turn=turn) for turn in range(3)}
        assert len(frames) == 3
        assert {facemarks.read(one) for one in frames} == {(mark, False)}
    assert len({one.card().photo for one in citizens()}) == len(citizens())


def test_an_engine_that_is_down_or_given_nonsense_says_so() -> None:
    camera = FaceCamera("/face/1", lambda: None)
    assert ask(camera, "POST", "/face/1/engine/compare", json={"card": "?", "frames": []}).status_code == 400
    camera.engine_down = True
    assert ask(camera, "GET", "/face/1/engine/state").status_code == 503
