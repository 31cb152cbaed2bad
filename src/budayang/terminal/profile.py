"""The settings that the center gives this terminal, in force at once and after a restart; and the two that need a tool.

What the center did not say, or said in words that this program does not know, has the default of `rules.profiles`.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from datetime import time
from typing import Any

import structlog

from budayang.rules.profiles import BY_NAME, DEFAULTS, in_window, step_at
from budayang.terminal.logtail import LogTail
from budayang.terminal.outbox import Outbox

log = structlog.get_logger(__name__)

TOOL_S = 10.0
LOOK_S = 20.0


class Profile:
    """`changed` tells the screens. Values are read from the outbox once and kept in memory."""

    def __init__(self, outbox: Outbox, *, tail: LogTail, changed: Callable[[], None]) -> None:
        self._outbox = outbox
        self._tail = tail
        self._changed = changed
        self._values: dict[str, Any] = {}
        self.news = asyncio.Event()

    def load(self) -> None:
        """Take what the outbox holds; what this program cannot use keeps its default and is named in the log."""
        rows = self._outbox.messages("profile")
        said = rows[-1].body.get("values", {}) if rows else {}
        values: dict[str, Any] = {}
        for name, value in said.items():
            setting = BY_NAME.get(name)
            if setting is None or setting.problem(value):
                log.warning("profile.not_used", name=str(name)[:60])
                continue
            values[name] = value
        if values != self._values:
            self._values = values
            self._tail.detailed = self["log_level"] == "detailed"
            log.info("profile.loaded", own=sorted(name for name, value in values.items() if value != DEFAULTS[name]))
            self.news.set()
            self._changed()

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, DEFAULTS[name])

    def all(self) -> dict[str, Any]:
        """Every setting as it is in force here."""
        return DEFAULTS | self._values

    def silence_s(self) -> float:
        """After how long without a word the center calls this terminal silent."""
        return float(self["heartbeat_plan_s"]) + float(self["silence_grace_s"])

    def night(self, at: time) -> bool:
        """Whether the screens are dark at this time of day."""
        return in_window(str(self["night_window"]), at)


class Comfort:
    """Brightness and volume by the hour, through the tools of the settings; without a tool nothing is set, and
    diagnostics say so.
    """

    def __init__(self, profile: Profile, *, brightness: str, volume: str, local: Callable[[], time]) -> None:
        self._profile = profile
        self._tools = {"brightness": shlex.split(brightness), "volume": shlex.split(volume)}
        self._local = local
        self.set: dict[str, int] = {}

    async def run(self) -> None:
        """Follow the hour for ever."""
        while True:
            self._profile.news.clear()
            await self.look()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._profile.news.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Set what is in force now, where it is not set already."""
        for name, tool in self._tools.items():
            percent = step_at(str(self._profile[name]), self._local())
            if tool and percent is not None and self.set.get(name) != percent and await _run(tool, percent):
                self.set[name] = percent
                log.info("comfort.set", name=name, percent=percent)


async def _run(tool: list[str], percent: int) -> bool:
    words = [word.replace("{percent}", str(percent)) for word in tool]
    try:
        process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(TOOL_S):
            return await process.wait() == 0
    except (OSError, TimeoutError) as error:
        log.warning("comfort.tool_failed", tool=tool[0], error=type(error).__name__)
        return False
