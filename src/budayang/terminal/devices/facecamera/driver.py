"""A face camera behind ustreamer (the HTTP server of a UVC camera), and the engine beside it, both on this machine.

Camera: ``GET state`` is JSON with ``result.source.online``, ``GET snapshot`` one JPEG. Engine: a licensed program with
the maker's library, because a card's photo (WLT) can be read by no other; ``POST compare`` with
``{"card": base64, "frames": [base64, …]}`` gives ``{"verdict": same|different|unsure, "score": 0..1, "live": bool}``.

Pictures live in the variables of one call. Nothing of them is written, logged or sent off this machine.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import math
from typing import Any

import httpx
import structlog

from budayang.forms.pictures import NotAPicture, brightness
from budayang.rules.person_check import Compared, Verdict
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

ASK_S, SHOT_S, COMPARE_S = 3.0, 4.0, 12.0
FRAMES, APART_S = 3, 0.25
MOST_BYTES = 8 * 1024 * 1024
BLACK = 6.0  # mean of grey below which nothing is seen


class FaceCamera:
    """One camera with its engine. Each client has its device's address as its base."""

    kind = subject = "camera"
    poll_s = 10.0

    def __init__(self, camera: httpx.AsyncClient, engine: httpx.AsyncClient) -> None:
        self._camera, self._engine = camera, engine
        self._lens = "unknown"
        self._comparing = asyncio.Lock()

    async def poll(self) -> States:
        """`device` by the camera's own word, and offline while the engine does not answer; `person` (the lens) by the
        last pictures.
        """
        try:
            said = (await self._camera.get("state", timeout=ASK_S)).json()
            online = bool(said["result"]["source"]["online"])
        except httpx.HTTPError as error:
            return {"device": Reading("offline", type(error).__name__), "person": Reading("unknown")}
        except (ValueError, KeyError, TypeError):
            return {"device": Reading("hardwareError", "no state"), "person": Reading("unknown")}
        if not online:
            return {"device": Reading("hardwareError", "no signal"), "person": Reading("unknown")}
        try:
            ready = (await self._engine.get("state", timeout=ASK_S)).status_code == 200
        except httpx.HTTPError:
            ready = False
        return {"device": Reading("online" if ready else "offline", "" if ready else "engine"),
                "person": Reading(self._lens, self._lens)}  # fmt: skip

    async def compare(self, photo: bytes) -> Compared:
        """Look at who stands there and compare with the photo of a card, as it was read.

        Raises:
            DeviceError: offline, black, frozen (the same picture again and again), notAPicture, refused.
        """
        async with self._comparing:
            try:
                frames = await self._look()
                body = {
                    "card": base64.b64encode(photo).decode("ascii"),
                    "frames": [base64.b64encode(one).decode("ascii") for one in frames],
                }
                del frames
                answer = await self._engine.post("compare", json=body, timeout=COMPARE_S)
                del body
            except httpx.HTTPError as error:
                raise DeviceError("offline", type(error).__name__) from None  # the cause would hold the request
        if answer.status_code != 200:
            raise DeviceError("refused", f"compare HTTP {answer.status_code}")
        return read_compared(answer)

    async def _look(self) -> list[bytes]:
        frames: list[bytes] = []
        for number in range(FRAMES):
            if number:
                await asyncio.sleep(APART_S)
            answer = await self._camera.get("snapshot", timeout=SHOT_S)
            if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
                raise DeviceError("refused", f"snapshot HTTP {answer.status_code}")
            frames.append(answer.content)
        self._lens = "inop"
        if len({hashlib.sha256(one).digest() for one in frames}) == 1:
            raise DeviceError("frozen")
        try:
            seen = await asyncio.to_thread(brightness, frames[-1])
        except NotAPicture:
            raise DeviceError("notAPicture") from None
        if seen < BLACK:
            raise DeviceError("black", f"{seen:.1f}")
        self._lens = "ok"
        return frames

    async def close(self) -> None:
        """Let go of both connections."""
        await self._camera.aclose()
        await self._engine.aclose()


def read_compared(answer: httpx.Response) -> Compared:
    """What the engine says. Raises DeviceError (refused) for what is no answer: nothing is guessed from it."""
    try:
        said: Any = answer.json()
        score = float(said["score"])
        verdict, live = Verdict(said["verdict"]), said["live"]
    except (ValueError, KeyError, TypeError):
        raise DeviceError("refused", "no verdict") from None
    if not isinstance(live, bool) or not math.isfinite(score) or not 0 <= score <= 1:
        raise DeviceError("refused", "no verdict")
    return Compared(verdict, score, live)


def build(settings: Settings, clock: Clock) -> FaceCamera:
    """The camera and the engine of the settings."""
    return FaceCamera(
        httpx.AsyncClient(base_url=settings.face_camera_url, trust_env=False),
        httpx.AsyncClient(base_url=settings.face_engine_url, trust_env=False),
    )
