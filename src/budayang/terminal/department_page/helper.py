"""The small service of root that opens department pages for the terminal's program, and does nothing else.

    python -m budayang.terminal.department_page.helper SOCKET --caller budayang --user budayang-page

One JSON object a line on a unix socket, one answer a line. Who calls is known by the kernel (SO_PEERCRED): only the
terminal's own user, and root.

    {"open": "https://…", "hosts": ["…"], "seconds": 600, "frame": {"left", "top", "width", "height"}}
                                                            → {"open": true, "left_s": 600, "idle_s": 0.2}
    {"close": true}                                         → {"open": false}
    {}                                                      → {"open": true|false, …}
    {"check": true}                                         → {"open", "able": true|false, "why": "…"}

`idle_s`: seconds since somebody touched the machine, null where its input devices cannot be read. `frame` in pixels.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pwd
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from budayang.terminal.department_page.launching import DepartmentPage, Frame
from budayang.terminal.department_page.watching import InputWatch

LONGEST_LINE = 8 * 1024


class Helper:
    """Serves the socket. `caller_uid`: who may call beside root."""

    def __init__(self, page: DepartmentPage, caller_uid: int, watch: InputWatch | None = None) -> None:
        self._page, self._caller = page, caller_uid
        self._watch = watch or InputWatch()
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path, limit=LONGEST_LINE)
        os.chown(path, self._caller, -1)
        path.chmod(0o600)

    async def run(self) -> None:
        assert self._server is not None
        async with self._server:
            await self._server.serve_forever()

    async def close(self) -> None:
        await self._page.close()
        self._watch.stop()
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _uid_of(writer) not in (0, self._caller):
                return
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked: Any = json.loads(line)
            if asked.get("close"):
                await self._page.close()
                self._watch.stop()
            elif asked.get("check"):
                why = await self._page.why_not()
                return {"open": self._page.is_open, "able": not why, "why": why}
            elif "open" in asked:
                await self._open(asked)
        except (ValueError, TypeError, AttributeError, KeyError, OSError) as error:
            return {"open": self._page.is_open, "error": f"{type(error).__name__}: {error}"[:200]}
        if not self._page.is_open:
            self._watch.stop()
            return {"open": False}
        return {"open": True, "left_s": self._page.left_s, "idle_s": self._watch.idle_s}

    async def _open(self, asked: dict[str, Any]) -> None:
        hosts = [str(one) for one in asked.get("hosts", [])]
        more: dict[str, Any] = {}
        if asked.get("frame"):
            more["frame"] = Frame(**{name: int(value) for name, value in asked["frame"].items()})
        await self._page.open(str(asked["open"]), hosts=hosts, seconds=float(asked.get("seconds", 600)), **more)
        self._watch.start()


def _uid_of(writer: asyncio.StreamWriter) -> int:
    line: socket.socket = writer.get_extra_info("socket")
    _pid, uid, _gid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="budayang.terminal.department_page.helper")
    parser.add_argument("socket", type=Path)
    parser.add_argument("--caller", default="budayang", help="the user of the terminal's program")
    parser.add_argument("--user", default="budayang-page", help="the user that runs department pages")
    given = parser.parse_args(argv)
    if os.geteuid() != 0:
        print("the helper makes namespaces: start it as root (docs/mechanisms/launch.md)", file=sys.stderr)
        return 1
    asyncio.run(_run(given))
    return 0


async def _run(given: argparse.Namespace) -> None:
    helper = Helper(DepartmentPage(given.user), pwd.getpwnam(given.caller).pw_uid)
    await helper.listen(given.socket)
    try:
        await helper.run()
    finally:
        await helper.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
