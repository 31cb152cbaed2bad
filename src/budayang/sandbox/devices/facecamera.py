"""A face camera as seen from its wire: ustreamer's HTTP, written from its documents, and the engine that compares.

`GET <root>/camera/state` and `GET <root>/camera/snapshot` are ustreamer's; `GET <root>/engine/state` and
`POST <root>/engine/compare` are those of a licensed engine with a local door. What stands before the camera is the
holder of the card on the reader beside it, unless somebody else was put there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.devices import facemarks

SAME_SCORE, OTHER_SCORE = 0.93, 0.31
MOST_BODY = 4 * 1024 * 1024


class Sight(StrEnum):
    """``paper``: a picture of the person is held up; ``empty``: nobody stands there."""

    OK = "ok"
    EMPTY = "empty"
    PAPER = "paper"
    BLACK = "black"
    FROZEN = "frozen"
    OFF = "off"


class _Compare(msgspec.Struct, frozen=True):
    card: str
    frames: list[str]


@dataclass
class FaceCamera:
    """`lies_there` gives the number of the citizen whose card was laid last; `who` stands there instead."""

    root: str
    lies_there: Callable[[], str | None]
    who: str | None = None
    sight: Sight = Sight.OK
    engine_down: bool = False
    taken: int = 0
    compared: int = 0
    _frozen: bytes = field(default=b"", repr=False)

    def routes(self) -> list[Route]:
        return [
            Route(f"{self.root}/camera/state", self._state),
            Route(f"{self.root}/camera/snapshot", self._snapshot),
            Route(f"{self.root}/engine/state", self._engine_state),
            Route(f"{self.root}/engine/compare", self._compare, methods=["POST"]),
        ]

    def shown(self) -> dict[str, Any]:
        """What the control page tells of it."""
        return {"who": self.who, "sight": self.sight.value, "engine_down": self.engine_down, "taken": self.taken}

    async def _state(self, request: Request) -> Response:
        online = self.sight is not Sight.OFF
        source = {"resolution": {"width": facemarks.WIDTH, "height": facemarks.HEIGHT}, "online": online,
                  "desired_fps": 30, "captured_fps": 30 if online else 0}  # fmt: skip
        encoder = {"type": "CPU", "quality": 88}
        stream = {"queued_fps": 0, "clients": 0, "clients_stat": {}}
        return JSONResponse({"ok": True, "result": {"encoder": encoder, "source": source, "stream": stream}})

    async def _snapshot(self, request: Request) -> Response:
        if self.sight is Sight.OFF:
            return Response(status_code=503)
        self.taken += 1
        if self.sight is Sight.BLACK:
            return Response(facemarks.black() + bytes([self.taken % 256]), media_type="image/jpeg")
        number = None if self.sight is Sight.EMPTY else self.who or self.lies_there()
        mark = facemarks.mark_of(number) if number else None
        if self.sight is Sight.FROZEN:
            self._frozen = self._frozen or facemarks.draw(mark, turn=0)
            return Response(self._frozen, media_type="image/jpeg")
        self._frozen = b""
        frame = facemarks.draw(mark, turn=self.taken, paper=self.sight is Sight.PAPER)
        return Response(frame, media_type="image/jpeg")

    async def _engine_state(self, request: Request) -> Response:
        return Response(status_code=503) if self.engine_down else JSONResponse({"ready": True, "demo": True})

    async def _compare(self, request: Request) -> Response:
        """Keeps nothing of what it was given."""
        if self.engine_down:
            return Response(status_code=503)
        body = await request.body()
        try:
            if len(body) > MOST_BODY:
                raise ValueError("too large")
            asked = msgspec.json.decode(body, type=_Compare)
            card = facemarks.mark_on(base64.b64decode(asked.card, validate=True))
            seen = [facemarks.read(base64.b64decode(one, validate=True)) for one in asked.frames]
        except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        self.compared += 1
        marks = {mark for mark, _paper in seen}
        live = bool(seen) and not any(paper for _mark, paper in seen)
        if card is None or len(marks) != 1 or None in marks:
            return JSONResponse({"verdict": "unsure", "score": 0.0, "live": live})
        same = marks == {card}
        score = SAME_SCORE if same else OTHER_SCORE
        return JSONResponse({"verdict": "same" if same else "different", "score": score, "live": live})
