"""Where the demonstration's notices arrive: a receiver of CloudEvents that checks the signature and shows what came.

`POST /hook/notices` takes them, `GET /control/notices` tells the last ones, newest first. What has an id that is known
is a repeat: counted, not shown twice.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DEMO_SECRET = "demo-notice-secret"
MOST = 50
MOST_BYTES = 256 * 1024


class _Data(msgspec.Struct, frozen=True):
    title: str
    text: str
    severity: str
    link: str = ""


class _Event(msgspec.Struct, frozen=True):
    """CloudEvents 1.0, the attributes that this board reads."""

    specversion: str
    id: str
    source: str
    type: str
    data: _Data
    time: str = ""


@dataclass
class NoticeBoard:
    """The last notices by id, oldest first, and how many came again."""

    secret: str = DEMO_SECRET
    kept: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    repeats: int = 0

    def routes(self) -> list[Route]:
        return [
            Route("/hook/notices", self._take, methods=["POST"]),
            Route("/control/notices", self._tell, methods=["GET"]),
        ]

    def state(self) -> dict[str, Any]:
        """What came, newest first."""
        return {"demo": True, "notice": "演示数据", "repeats": self.repeats, "notices": list(self.kept.values())[::-1]}

    async def _tell(self, _request: Request) -> Response:
        return JSONResponse(self.state())

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > MOST_BYTES:
            return JSONResponse({"error": "too long"}, 413)
        if not self.signed(request.headers.get("x-budayang-signature", ""), body):
            return JSONResponse({"error": "the signature is not ours"}, 401)
        try:
            event = msgspec.json.decode(body, type=_Event)
        except msgspec.MsgspecError as error:
            return JSONResponse({"error": str(error)}, 400)
        if event.id in self.kept:
            self.repeats += 1
            return JSONResponse({"known": True})
        self.kept[event.id] = {
            "id": event.id,
            "type": event.type,
            "time": event.time,
            "came_at": datetime.now(UTC).isoformat(),
            **msgspec.structs.asdict(event.data),
        }
        while len(self.kept) > MOST:
            self.kept.popitem(last=False)
        return JSONResponse({"known": False}, 202)

    def signed(self, header: str, body: bytes) -> bool:
        """Whether `t=<seconds>,v1=<hex>` is the HMAC-SHA256 of `<t>.<body>`."""
        parts = dict(part.partition("=")[::2] for part in header.split(","))
        mac = hmac.new(self.secret.encode(), f"{parts.get('t', '')}.".encode() + body, hashlib.sha256)
        return hmac.compare_digest(mac.hexdigest(), parts.get("v1", ""))
