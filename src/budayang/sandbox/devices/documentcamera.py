"""A document camera as seen from its wire: eSCL over HTTP, written from the protocol, independent of the driver.

What lies under it is a picture that a test or the control page put there. It can be covered, busy, dead, or taken off.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field

from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

XML = 'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'


@dataclass
class DocumentCamera:
    """State of one camera. `paper`: the JPEG that it sees; None shows an empty table."""

    root: str = "/eSCL"
    paper: bytes | None = None
    covered: bool = False
    busy: int = 0  # so many next jobs are answered 503
    state: str = "Idle"
    jobs: dict[str, bytes] = field(default_factory=dict)
    pictures: int = 0

    def lay(self, paper: bytes | None) -> None:
        """Put something under the camera, or take it away."""
        self.paper = paper

    def routes(self) -> list[Route]:
        """The device's own server, below `root`, and a switch beside it for tests and drills."""
        return [
            Route(f"{self.root}/ScannerStatus", self._status),
            Route(f"{self.root}/ScannerCapabilities", self._capabilities),
            Route(f"{self.root}/ScanJobs", self._begin, methods=["POST"]),
            Route(f"{self.root}/ScanJobs/{{job}}/NextDocument", self._next),
            Route(f"{self.root}/ScanJobs/{{job}}", self._end, methods=["DELETE"]),
            Route(f"{self.root}/sandbox", self._switch, methods=["POST"]),
        ]

    async def _switch(self, request: Request) -> Response:
        """{"paper": words of a sample sheet or null, "covered": bool, "busy": n, "state": eSCL's word}."""
        asked = await request.json()
        if "paper" in asked:
            self.lay(sample_paper(str(asked["paper"])) if asked["paper"] is not None else None)
        self.covered, self.busy = bool(asked.get("covered", self.covered)), int(asked.get("busy", self.busy))
        self.state = str(asked.get("state", self.state))
        return Response(status_code=204)

    async def _status(self, request: Request) -> Response:
        state = f"<pwg:Version>2.6</pwg:Version><pwg:State>{self.state}</pwg:State>"
        body = f"<scan:ScannerStatus {XML}>{state}</scan:ScannerStatus>"
        return Response(body, media_type="text/xml")

    async def _capabilities(self, request: Request) -> Response:
        body = (
            f"<scan:ScannerCapabilities {XML}><pwg:Version>2.6</pwg:Version><pwg:MakeAndModel>sandbox document camera"
            "</pwg:MakeAndModel><scan:Camera/></scan:ScannerCapabilities>"
        )
        return Response(body, media_type="text/xml")

    async def _begin(self, request: Request) -> Response:
        asked = await request.body()
        if self.state in {"Down", "Stopped"}:
            return Response(status_code=409)
        if self.busy:
            self.busy -= 1
            return Response(status_code=503, headers={"Retry-After": "1"})
        if b"<pwg:InputSource>Camera</pwg:InputSource>" not in asked:
            return Response(status_code=409)
        job = secrets.token_hex(4)
        self.jobs[job] = self._see()
        self.pictures += 1
        # As real ones do: by a name of its own.
        return Response(status_code=201, headers={"Location": f"http://camera.local{self.root}/ScanJobs/{job}"})

    async def _next(self, request: Request) -> Response:
        picture = self.jobs.get(request.path_params["job"])
        if picture is None:
            return Response(status_code=404)
        return Response(picture, media_type="image/jpeg")

    async def _end(self, request: Request) -> Response:
        return Response(status_code=200 if self.jobs.pop(request.path_params["job"], None) is not None else 404)

    def _see(self) -> bytes:
        if self.covered:
            return _jpeg(Image.new("RGB", (1240, 1754), (2, 2, 2)))
        return self.paper or _jpeg(Image.new("RGB", (1240, 1754), (74, 76, 80)))


def sample_paper(words: str = "", *, lines: int = 28, margin: int = 110) -> bytes:
    """A sheet with lines of writing on a dark table, as the camera sees it: synthetic, marked by `words`."""
    table = Image.new("RGB", (1240, 1754), (70, 72, 78))
    sheet = ImageDraw.Draw(table)
    sheet.rectangle((margin, margin, 1240 - margin, 1754 - margin), fill=(246, 245, 240))
    sheet.text((margin + 90, margin + 60), words, fill=(20, 20, 20))
    for line in range(lines):
        y = margin + 150 + line * 46
        if y > 1754 - margin - 80:
            break
        x = margin + 90
        while x < 1240 - margin - 150:
            width = 12 + (line * 7 + x) % 15
            sheet.rectangle((x, y, x + width, y + 20), fill=(40, 42, 48))
            x += width + 7 + (x + line) % 12
    return _jpeg(table)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()
