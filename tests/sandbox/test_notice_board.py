"""The sandbox's notice board takes signed CloudEvents and tells a repeat from a new one."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
from starlette.applications import Starlette

from budayang.sandbox.notice_board import DEMO_SECRET, MOST, NoticeBoard


def ask(board: NoticeBoard, method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=board.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, content=body, headers=headers)

    return asyncio.run(go())


def post(board: NoticeBoard, event: dict[str, Any], secret: str = DEMO_SECRET) -> int:
    body = json.dumps(event).encode()
    mac = hmac.new(secret.encode(), b"7." + body, hashlib.sha256).hexdigest()
    return ask(board, "POST", "/hook/notices", body, **{"X-Budayang-Signature": f"t=7,v1={mac}"}).status_code


def event(number: int = 1) -> dict[str, Any]:
    data = {"title": "【紧急】", "text": "…", "severity": "urgent"}
    kind = "cn.budayang.notice.alarm"
    return {"specversion": "1.0", "id": f"bdy-{number}", "source": "x", "type": kind, "data": data}


def test_what_comes_is_shown_once_newest_first() -> None:
    board = NoticeBoard()
    assert [post(board, event(1)), post(board, event(2)), post(board, event(1))] == [202, 202, 200]
    shown = ask(board, "GET", "/control/notices").json()
    assert ([one["id"] for one in shown["notices"]], shown["repeats"]) == (["bdy-2", "bdy-1"], 1)
    for number in range(MOST + 5):
        post(board, event(number + 10))
    assert len(board.state()["notices"]) == MOST


def test_what_is_not_signed_or_no_event_is_refused() -> None:
    board = NoticeBoard()
    assert post(board, event(), "another secret") == 401
    assert post(board, {"id": "x"}) == 400
    assert ask(board, "POST", "/hook/notices", b"{}").status_code == 401
    assert board.state()["notices"] == []
