"""What a journey brings beside its case, as a terminal sends it: sheets, an agent, a phone's link, a joint matter."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import datetime
from typing import Any

import httpx
import msgspec
from PIL import Image, ImageDraw
from tests.center.services.the_counter import PERSON, Kiosk
from tests.center.services_cast import SYSTEM, catalogue_rows

from budayang import data
from budayang.center.platform.sealing import center_keys
from budayang.center.services import actions
from budayang.center.terminals.models import Terminal
from budayang.data.joint_matters import joint_matters
from budayang.wire import journeys
from budayang.wire.sealing import seal, sheet_info

ROOT = "/wire/v1/cases/"
ALL_WEEK = [[day, "00:00", "24:00"] for day in range(7)]
BIRTH = {
    "birth_date": "2026-03-16",
    "birth_kind": "natural",
    "children": [{"sex": "1", "certificate": "Z150000001"}],
    "insured": "self",
    "pay_to": "card",
    "phone": "13800000000",
    "promise": True,
}
AGENT = {"name": "测试乙", "id_number": "999999198505050026", "id_kind": "resident", "relation": "spouse"}


def offer_more(terminal: Terminal, now: datetime, codes: set[str]) -> None:
    """Bring these items into the catalogue, connect their departments, and offer them at the terminal."""
    rows = [row for row in catalogue_rows() if row["item_id"] in codes]
    assert not actions.import_items(SYSTEM, rows, is_demo=True).errors
    for code in {item.department_code for item in data.service_items() if item.code in codes}:
        actions.set_connector(SYSTEM, code, url=f"http://127.0.0.1:8810/dept/{code}", key=f"key-{code}", now=now)
        actions.note_connector(code, ok=True, why="", now=now)
    actions.derive_offerings([terminal.pk], now)


def joint_items() -> set[str]:
    return {part.item for one in joint_matters().values() for part in one.parts}


def picture(words: str = "材料", *, lines: int = 30, size: tuple[int, int] = (1240, 1754)) -> bytes:
    """A sheet with writing, as a phone photographs it; with an EXIF block that says where."""
    image = Image.new("RGB", size, (245, 244, 240))
    draw = ImageDraw.Draw(image)
    for line in range(lines):
        for x in range(120, size[0] - 160, 26 + line % 5):
            draw.rectangle((x, 140 + line * 50, x + 14, 162 + line * 50), fill=(30, 30, 36))
    exif = Image.Exif()
    exif[0x010E] = f"{words} secret place"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def send_sheet(
    kiosk: Kiosk, number: str, position: int, kind: str, content: bytes, media: str = "image/jpeg"
) -> httpx.Response:
    head = journeys.SheetHead(kind=kind, name=kind, media=media)
    sealed = seal(center_keys().seal_public, journeys.pack_sheet(head, content), sheet_info(number, position))
    return kiosk.post(f"{ROOT}sheets/{number}/{position}", sealed)


def refs(*contents: bytes) -> list[dict[str, Any]]:
    return [{"position": n, "sha256": hashlib.sha256(one).hexdigest()} for n, one in enumerate(contents)]


def hand_in(kiosk: Kiosk, number: str, item: str, form: dict[str, Any], **more: Any) -> httpx.Response:
    person = {**PERSON, "form": form, **more}
    return kiosk.post(ROOT, kiosk.submit_body(number, item, person))


def agent(signature: bytes, /, **more: Any) -> dict[str, Any]:
    consent = {"version": "代办-2026-11", "at": "2026-11-23T18:12:00Z"}
    return {**AGENT, "consent": consent, "signature": hashlib.sha256(signature).hexdigest(), **more}


def ask(kiosk: Kiosk, path: str, **body: Any) -> httpx.Response:
    return kiosk.post(f"{ROOT}{path}", json.dumps({"reply_key": kiosk.reply_key, **body}).encode())


def sent_to(department: Any, number: str) -> dict[str, Any]:
    """The body that the department got for a case."""
    bodies = [json.loads(request.content) for request in department.asked if request.content]
    return next(body for body in bodies if body.get("case") == number)


def contents(materials: list[dict[str, Any]]) -> list[bytes]:
    return [base64.b64decode(one["content"]) for one in materials]


def decode(answer: httpx.Response, kind: type[Any]) -> Any:
    return msgspec.json.decode(answer.content, type=kind)
