"""A department's own page over our screen, from the journey's side: opened, watched, and gone when the person is.

Nothing of what is done there is known here. Our own strip above it stays: whose page it is, the time left, 结束并清除.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Protocol

import structlog

from budayang.terminal.errors import DeviceError
from budayang.terminal.holding import Launch
from budayang.terminal.journey import Event, Journey, Outcome
from budayang.terminal.screens.language import _

log = structlog.get_logger(__name__)

PAGE_S = 15 * 60.0  # the whole time of one page
LOOK_S = 1.0
SEEN_S = 2.5  # a touch that was so long ago counts as one since the last look
MISSES = 5
SHUT_TRIES, SHUT_AGAIN_S = 5, 1.0


class Window(Protocol):
    """What a journey needs of the window for department pages."""

    async def open(self, url: str, hosts: Collection[str], *, seconds: float, width: int, height: int) -> None: ...
    async def state(self) -> Any: ...
    async def shut(self) -> None: ...


class Launching:
    """Runs the state `launch` of a journey."""

    def __init__(self) -> None:
        self.window: Window | None = None
        self.touched: Callable[[], None] = lambda: None

    async def run(self, journey: Journey) -> Event:
        """Open the page and follow it to its end: closed (by itself or its time), or not opened at all."""
        launch = journey.launch
        assert launch is not None
        if self.window is None:
            return _not_opened(journey)
        try:
            await self.window.open(launch.url, launch.hosts, seconds=PAGE_S, width=launch.width, height=launch.height)
        except DeviceError as error:
            log.error("launch.not_opened", reason=error.reason, detail=error.detail)
            return _not_opened(journey)
        misses = 0
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                found = await self.window.state()
            except DeviceError:
                misses += 1
                if misses >= MISSES:
                    return Event.CLOSED  # its own time closes it; our strip cannot follow it any more
                continue
            misses = 0
            if not found.open:
                return Event.CLOSED
            launch.left_s, launch.seen = found.left_s, found.idle_s is not None
            # Where nobody can see whether the page is touched only its whole time bounds it.
            if found.idle_s is None or found.idle_s <= SEEN_S:
                self.touched()

    async def shut(self) -> None:
        """The person is gone: the page goes too, with everything in it."""
        if self.window is None:
            return
        for _try in range(SHUT_TRIES):
            try:
                await self.window.shut()
            except DeviceError as error:
                log.error("launch.not_shut", reason=error.reason)
                await asyncio.sleep(SHUT_AGAIN_S)
            else:
                return


def launch_of(raw: dict[str, Any], width: int, height: int) -> Launch | None:
    """The page of an item, where it has one. `width` and `height` of our screen in pixels, as its page told them."""
    page = raw.get("launch")
    if not page:
        return None
    return Launch(str(page["url"]), tuple(str(host) for host in page.get("hosts") or ()), width, height, PAGE_S)


def not_opened_words() -> str:
    """What the person reads then, back on the first page."""
    return _("这台终端现在打不开部门的网页，什么都没有提交。请换一台终端，或到部门窗口办理")


def _not_opened(journey: Journey) -> Event:
    text = not_opened_words()
    journey.outcome = Outcome("failed", _("部门网页没有打开"), text, _("没有收费，也没有留下任何信息"))
    return Event.DECLINE
