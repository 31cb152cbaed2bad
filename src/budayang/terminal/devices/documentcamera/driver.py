"""A document camera that speaks eSCL (Mopria eSCL Scan Protocol): HTTP with small XML bodies, as network scanners and
the cameras behind `sane-airscan` bridges do. A camera with a vendor's own program is reached through such a bridge.

``GET ScannerStatus`` tells the device's state, ``POST ScanJobs`` with input source Camera begins a picture,
``GET <job>/NextDocument`` is the JPEG. The lens counts as dead when a picture is black: a covered or broken camera
goes on answering.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urljoin, urlsplit

import httpx
import structlog

from budayang.forms.pictures import NotAPicture, brightness
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

ASK_S = 3.0
SHOT_S = 15.0
MOST_BYTES = 20 * 1024 * 1024
BLACK = 6.0  # mean of grey below which nothing is seen
BUSY_TRIES = 3
BUSY_S = 0.7
SETTINGS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<scan:ScanSettings xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" '
    'xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:Version>2.6</pwg:Version>'
    "<scan:Intent>Document</scan:Intent><pwg:InputSource>Camera</pwg:InputSource>"
    "<pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat><scan:ColorMode>RGB24</scan:ColorMode>"
    "<scan:XResolution>200</scan:XResolution><scan:YResolution>200</scan:YResolution></scan:ScanSettings>"
)
STATES: dict[str, str] = {
    "Idle": "online",
    "Processing": "deviceBusy",
    "Testing": "starting",
    "Stopped": "userError",
    "Down": "hardwareError",
}
"""eSCL's state of the scanner → XFS' state of the device."""
_STATE = re.compile(rb"<pwg:State>\s*(\w+)\s*</pwg:State>")


class DocumentCamera:
    """One camera. `client` has the device's address as its base."""

    kind = "documentCamera"

    def __init__(self, client: httpx.AsyncClient, *, subject: str = "documentCamera") -> None:
        self.subject = subject
        self.poll_s = 10.0
        self._client = client
        self._lens = "unknown"
        self._shooting = asyncio.Lock()

    async def poll(self) -> States:
        """`device` by its own word, `document` (the lens) by the last picture."""
        try:
            answer = await self._client.get("ScannerStatus", timeout=ASK_S)
        except httpx.HTTPError as error:
            return {"device": Reading("offline", type(error).__name__), "document": Reading("unknown")}
        found = _STATE.search(answer.content[:20_000]) if answer.status_code == 200 else None
        if found is None:
            return {"device": Reading("hardwareError", f"HTTP {answer.status_code}"), "document": Reading("unknown")}
        said = found.group(1).decode("ascii", "replace")
        return {"device": Reading(STATES.get(said, "hardwareError"), said), "document": Reading(self._lens, self._lens)}

    async def shoot(self) -> bytes:
        """One picture as JPEG.

        Raises:
            DeviceError: offline, busy, refused (the device said no), black, notAPicture.
        """
        async with self._shooting:
            try:
                content = await self._picture()
            except httpx.HTTPError as error:
                raise DeviceError("offline", type(error).__name__) from error
        try:
            seen = await asyncio.to_thread(brightness, content)
        except NotAPicture as error:
            self._lens = "inop"
            raise DeviceError("notAPicture") from error
        if seen < BLACK:
            self._lens = "inop"
            raise DeviceError("black", f"{seen:.1f}")
        self._lens = "ok"
        return content

    async def _picture(self) -> bytes:
        job = await self._begin()
        answer = await self._client.get(f"{job}/NextDocument", timeout=SHOT_S)
        if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
            raise DeviceError("refused", f"NextDocument HTTP {answer.status_code}")
        await self._client.delete(job, timeout=ASK_S)  # nothing of the person's paper stays in the device
        return answer.content

    async def _begin(self) -> str:
        """The address of the new job, on the device itself."""
        for tries in range(BUSY_TRIES):
            headers = {"Content-Type": "text/xml"}
            answer = await self._client.post("ScanJobs", content=SETTINGS, headers=headers, timeout=SHOT_S)
            if answer.status_code == 201:
                # A device may name itself by a name that this machine does not know: only the path is taken.
                return urljoin(str(self._client.base_url), urlsplit(str(answer.headers.get("location", ""))).path)
            if answer.status_code != 503:
                raise DeviceError("refused", f"ScanJobs HTTP {answer.status_code}")
            if tries + 1 < BUSY_TRIES:
                await asyncio.sleep(BUSY_S)
        raise DeviceError("busy")

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()


def build(settings: Settings, clock: Clock) -> DocumentCamera:
    """The camera of the settings."""
    return DocumentCamera(httpx.AsyncClient(base_url=settings.camera_url, trust_env=False))
