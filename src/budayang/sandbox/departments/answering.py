"""How an answer goes out, or goes wrong on its way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from budayang.sandbox.departments.faults import Slip, Switches

LOOK_S = 0.2


async def answer(body: bytes, switches: Switches, request: Request) -> Response:
    """The answer as the switches let it go. Whatever they do, the department has acted."""
    previous, switches.last = switches.last, body
    if switches.take(Slip.LOSE):
        return JSONResponse({"error": "lost", "detail": "the answer was lost on its way"}, 504)
    if switches.take(Slip.HANG):
        while not await request.is_disconnected():
            await asyncio.sleep(LOOK_S)
    if switches.take(Slip.CUT):
        return StreamingResponse(_half(body), headers={"Content-Length": str(len(body))}, media_type="application/json")
    if switches.take(Slip.MALFORMED):
        return JSONResponse({"outcome": "maybe", "rows": "none", "message": json.loads(body)["message"]})
    if switches.take(Slip.NOT_JSON):
        return Response("<html><body>502</body></html>", media_type="text/html")
    if previous and switches.take(Slip.SWAP):
        return Response(previous, media_type="application/json")
    return Response(body, media_type="application/json")


async def _half(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
