"""A center that also takes sheets, holds a phone's link, knows e-licences and joint matters; a camera in the hand."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from PIL import Image, ImageDraw
from terminal_stage import CATALOGUE, PDF, RECEIPT, Center, good, refusal

from budayang import data
from budayang.data.joint_matters import joint_matters
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.wire import journeys, mac
from budayang.wire import messages as wire
from budayang.wire.sealing import (
    licence_info,
    open_sealed,
    open_text,
    result_info,
    seal,
    seal_text,
    sheet_info,
    upload_info,
)

ROOT = "/wire/v1/cases/"
MARRIED = {
    "kind": "marriage", "title": "结婚证", "issuer": "市民政局", "issued_on": "2018-05-20", "source": "市电子证照库",
    "facts": {"spouse_name": "测试乙", "spouse_id_number": "11010519491231002X"},
}  # fmt: skip


def paper(words: str = "", *, lines: int = 30, shift: int = 0) -> bytes:
    """A sheet on a dark table, as a camera sees it."""
    image = Image.new("RGB", (1240, 1754), (66, 68, 72))
    draw = ImageDraw.Draw(image)
    draw.rectangle((110 + shift, 110, 1130 + shift, 1640), fill=(246, 245, 240))
    for line in range(lines):
        for x in range(200 + shift, 1010 + shift, 26 + line % 5):
            draw.rectangle((x, 220 + line * 44, x + 14, 240 + line * 44), fill=(30, 30, 36))
    draw.text((220, 140), words, fill=(0, 0, 0))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@dataclass
class JourneyCenter(Center):
    """`uploads`: what the phone brings, in order; `licences`: what is known, None when nobody answers."""

    sheets: dict[tuple[str, int], tuple[journeys.SheetHead, bytes]] = field(default_factory=dict)
    uploads: list[tuple[str, str, bytes]] = field(default_factory=list)
    links: list[journeys.UploadOpen] = field(default_factory=list)
    closed: int = 0
    held: bool = False
    licences: list[dict[str, Any]] | None = field(default_factory=lambda: [MARRIED])
    asked_licences: list[dict[str, Any]] = field(default_factory=list)
    joint_parts: list[wire.CasePart] = field(default_factory=list)

    async def _cases(self, request: httpx.Request) -> httpx.Response:
        rest = request.url.path.removeprefix(ROOT)
        wanted = mac.case_mac(
            self.key, "POST", request.url.path, int(request.headers["Budayang-Time"]), request.content
        )
        if request.headers["Budayang-Mac"] != wanted:
            return refusal("bad_mac", 401)
        if rest.startswith(journeys.SHEETS):
            return self._sheet(rest.removeprefix(journeys.SHEETS), request.content)
        if rest.startswith(journeys.UPLOADS):
            return self._upload(rest.removeprefix(journeys.UPLOADS), request.content)
        if rest == journeys.LICENCES:
            return self._licences(msgspec.json.decode(request.content, type=journeys.LicenceAsk))
        if rest.startswith(journeys.JOINT):
            return self._joint(rest.split("/")[1], msgspec.json.decode(request.content, type=wire.CaseWait))
        return await super()._cases(request)

    def _sheet(self, where: str, body: bytes) -> httpx.Response:
        number, position = where.split("/")
        plain = open_sealed(self.seal, body, sheet_info(number, int(position)))
        head, content = journeys.unpack_sheet(plain)
        self.sheets[number, int(position)] = (head, content)
        return good(journeys.SheetKept(sha256=hashlib.sha256(content).hexdigest()))

    def _upload(self, where: str, body: bytes) -> httpx.Response:
        if where == "open":
            self.links.append(msgspec.json.decode(body, type=journeys.UploadOpen))
            return good(journeys.UploadOpened(name="link1", url="http://127.0.0.1:8800/m/token/", valid_s=600))
        if where.endswith("/close"):
            self.closed += 1
            return good(journeys.Empty())
        asked = msgspec.json.decode(body, type=journeys.UploadNext)
        state = "held" if self.held or self.uploads else "waiting"
        if asked.have >= len(self.uploads):
            return good(journeys.UploadedOne(state=state))
        kind, media, content = self.uploads[asked.have]
        sealed = seal(base64.b64decode(asked.reply_key), content, upload_info("link1"))
        return good(
            journeys.UploadedOne(
                state=state, position=asked.have + 1, kind=kind, media=media, sealed=base64.b64encode(sealed).decode()
            )
        )

    def _licences(self, asked: journeys.LicenceAsk) -> httpx.Response:
        person = msgspec.json.decode(open_text(self.seal, asked.sealed, licence_info("KBS-01")))
        self.asked_licences.append({"person": person, "kinds": asked.kinds, "consent": asked.consent.version})
        if self.licences is None:
            return refusal("licences_unavailable", 424)
        plain = msgspec.json.encode({"licences": self.licences})
        return good(
            journeys.LicenceGot(sealed=seal_text(base64.b64decode(asked.reply_key), plain, licence_info("KBS-01")))
        )

    def _joint(self, number: str, asked: wire.CaseWait) -> httpx.Response:
        if asked.reply_key not in self.grants.get(number, set()):
            return refusal("unknown_reply_key", 403)
        result = wire.CaseResult(
            message="共3项：2项已办好，1项需到窗口办理",
            receipt_pdf=base64.b64encode(RECEIPT).decode(),
            receipt_code="7KQ2M-9XD7K-Q2M9X-D7KQ2",
            verify_url="http://127.0.0.1:8800/joint/7KQ2M/",
            papers=[base64.b64encode(PDF).decode()] * 2,
            parts=self.joint_parts,
        )
        sealed = seal_text(base64.b64decode(asked.reply_key), msgspec.json.encode(result), result_info(number))
        return good(wire.CaseAnswer(number=number, state="done", message=result.message, result=sealed))


class HandCamera:
    """A document camera under which a test lays a sheet."""

    subject = kind = "documentCamera"
    poll_s = 0.05

    def __init__(self) -> None:
        self.sees: bytes = paper()
        self.broken = ""
        self.shots = 0

    async def poll(self) -> States:
        return {"device": Reading("online"), "document": Reading("ok")}

    async def shoot(self) -> bytes:
        if self.broken:
            raise DeviceError(self.broken)
        self.shots += 1
        return self.sees

    async def close(self) -> None:
        return None


def rich_catalogue() -> dict[str, Any]:
    """The stage's catalogue with an item that asks for much, and a joint matter."""
    birth = {
        "code": "ZZ045", "name": "生育津贴支付申请", "department": "YB", "department_name": "医保", "calendar": "SF",
        "needs": ["idReader"], "after_hours": "夜间可提交、工作日审核", "who_acts": "本人或代办人",
        "schema": data.form("ZZ045"), "life_events": ["birth"],
    }  # fmt: skip
    work = joint_matters()["YJSJY"]
    joint = {
        "code": work.code, "name": work.name, "event": work.event, "intro": work.intro, "schema": work.schema,
        "parts": [
            {"item": part.item, "title": part.title, "department_name": "人社", "bring": part.bring,
             "window": part.window, "when": dict(part.when)}
            for part in work.parts
        ],
    }  # fmt: skip
    return {**CATALOGUE, "items": [*CATALOGUE["items"], birth], "joint": [joint]}
