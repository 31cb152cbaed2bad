"""Commands that bring something: a picture of the screen, diagnostics. Nothing of a person is ever in either.

The picture is what is on the glass: it is taken by the tool of the desktop (settings: `screenshot`), and only while no
journey is open, before and after. Diagnostics are versions, states, counts and the last lines of a log that never holds
personal data.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import platform
import shlex
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import psutil
import structlog

from budayang.terminal.commands.acts import Acts, Outcome
from budayang.terminal.handing import Handing
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.wire.commands import MAX_FILE, Command

log = structlog.get_logger(__name__)

TOOL_S = 15.0
TRIES = 5
TRY_AGAIN_S = 3.0


class Gathering:
    """`moment` gives the page shown now, or None while a journey is open; `facts` what goes into diagnostics."""

    def __init__(
        self,
        handing: Handing,
        *,
        screenshot: str,
        moment: Callable[[], str | None],
        facts: Callable[[], Mapping[str, Any]],
        lines: Callable[[], list[str]],
    ) -> None:
        self._handing = handing
        self._tool = shlex.split(screenshot)
        self._moment = moment
        self._facts = facts
        self._lines = lines

    def acts(self) -> Acts:
        """The commands that are carried out here."""
        return {"screenshot": self._screenshot, "collect_diagnostics": self._diagnostics}

    async def _screenshot(self, command: Command) -> Outcome:
        if not self._tool:
            return Outcome("not_available")
        before = self._moment()
        if before is None:
            return Outcome("journey_open")
        picture = await self._run_tool()
        if picture is None:
            return Outcome("tool_failed")
        # Somebody may have begun while the tool worked: then it may show more than the first page, and is thrown away.
        if self._moment() is None:
            return Outcome("journey_open")
        return await self._hand_up(command, picture, {"page": before})

    async def _run_tool(self) -> bytes | None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._tool, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            log.error("screenshot.no_tool", error=type(error).__name__)
            return None
        try:
            async with asyncio.timeout(TOOL_S):
                out, _err = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return None
        return out if process.returncode == 0 and out else None

    async def _diagnostics(self, command: Command) -> Outcome:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, value in {**self._facts(), "machine": _machine()}.items():
                archive.writestr(f"{name}.json", json.dumps(value, ensure_ascii=False, indent=1, default=str))
            archive.writestr("log.jsonl", "\n".join(self._lines()))
        return await self._hand_up(command, packed.getvalue(), {})

    async def _hand_up(self, command: Command, content: bytes, result: dict[str, Any]) -> Outcome:
        if len(content) > MAX_FILE:
            return Outcome("too_large")
        for again in range(TRIES):
            try:
                await self._handing.hand_up(command.id, content)
                digest = hashlib.sha256(content).hexdigest()
                return Outcome(result={**result, "bytes": len(content), "sha256": digest})
            except CenterUnreachable:
                await asyncio.sleep(TRY_AGAIN_S * (again + 1))
            except CenterRefused as refused:
                log.error("file.refused", error=refused.code)
                break
        return Outcome("upload_failed")


def _machine() -> dict[str, Any]:
    """What the operating system is; no name of a user or of a network."""
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "memory_mb": memory.total // 2**20,
        "memory_used_percent": memory.percent,
        "disk_free_mb": disk.free // 2**20,
        "load": [round(one, 2) for one in psutil.getloadavg()],
        "boot_at": psutil.boot_time(),
    }
