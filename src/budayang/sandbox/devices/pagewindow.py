"""The window for department pages as seen from its socket: the helper's protocol, one JSON object a line.

Where no screen is there is no browser either: behind the socket stands a small one that a hand drives (`visit`). Its
cookies live as long as the window is open, and it closes when a page says `window.close()`, as Chromium does with a
window of its own. That a page is barred from this machine is the real helper's work and is not simulated here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import structlog

log = structlog.get_logger(__name__)

LONGEST_LINE = 8 * 1024
LONGEST_S = 30 * 60.0
_SCRIPT = re.compile(r'<script src="([^"]+)"')


class PageWindow:
    """`await listen(path)`; then terminals open pages in it. `why`: what the machine lacks, empty when nothing."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.why = ""
        self.url = ""
        self.opened = 0
        self._transport = transport
        self._hosts: frozenset[str] = frozenset()
        self._ends_s = self._touched_s = 0.0
        self._browser: httpx.AsyncClient | None = None
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()

    async def listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path, limit=LONGEST_LINE)
        path.chmod(0o600)

    async def stop(self) -> None:
        await self.shut()
        if self._server is not None:
            self._server.close()
        for writer in list(self._lines):
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def shown(self) -> dict[str, Any]:
        """What the control page tells of it."""
        return {"open": self.url if self._is_open() else "", "why": self.why, "opened": self.opened}

    async def visit(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        """A touch on the page: follow a link, or post a form. Gives status and text of what is shown then.

        Raises:
            LookupError: no page is open.
            ValueError: the page may not go there.
        """
        if not self._is_open() or self._browser is None:
            raise LookupError("no page is open")
        target = urljoin(self.url, path)
        if (urlsplit(target).hostname or "") not in self._hosts:
            raise ValueError("the page may not go there")
        self._touched_s = asyncio.get_running_loop().time()
        method = "POST" if form is not None else "GET"
        answer = await self._browser.request(method, target, data=dict(form) if form is not None else None)
        text = answer.text
        for source in _SCRIPT.findall(text):
            script = await self._browser.get(urljoin(str(answer.url), source))
            if "window.close()" in script.text:
                await self.shut()
                break
        return answer.status_code, text

    async def shut(self) -> None:
        """The window goes with everything in it."""
        browser, self._browser, self.url = self._browser, None, ""
        if browser is not None:
            await browser.aclose()

    def _is_open(self) -> bool:
        return self._browser is not None and asyncio.get_running_loop().time() < self._ends_s

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self._lines.discard(writer)

    async def _answer(self, line: bytes) -> dict[str, Any]:
        if self._browser is not None and not self._is_open():
            await self.shut()  # its time is over
        try:
            asked = json.loads(line)
            if asked.get("close"):
                await self.shut()
            elif asked.get("check"):
                return {"open": self._is_open(), "able": not self.why, "why": self.why}
            elif "open" in asked:
                await self._open(str(asked["open"]), asked.get("hosts", []), float(asked.get("seconds", 600)))
        except (ValueError, TypeError, AttributeError, KeyError, httpx.HTTPError) as error:
            return {"open": self._is_open(), "error": f"{type(error).__name__}: {error}"[:200]}
        if not self._is_open():
            return {"open": False}
        now = asyncio.get_running_loop().time()
        return {"open": True, "left_s": self._ends_s - now, "idle_s": now - self._touched_s}

    async def _open(self, url: str, hosts: list[str], seconds: float) -> None:
        parts = urlsplit(url)
        if self.why or parts.scheme not in ("http", "https") or not parts.hostname or not 0 < seconds <= LONGEST_S:
            raise ValueError(self.why or "no page can be opened")
        await self.shut()
        now = asyncio.get_running_loop().time()
        self._hosts = frozenset({parts.hostname, *hosts})
        self._ends_s, self._touched_s, self.url = now + seconds, now, url
        self._browser = httpx.AsyncClient(transport=self._transport, follow_redirects=True, trust_env=False)
        self.opened += 1
        await self._browser.get(url)
        log.info("page_window_opened", host=parts.hostname)
