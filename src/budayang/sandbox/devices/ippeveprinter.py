"""The CUPS project's `ippeveprinter` as a counterpart that is not ours. Its states are driven by its own web form."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

log = structlog.get_logger(__name__)

_BUS = Path("/run/dbus/system_bus_socket")
_AVAHI = Path("/run/avahi-daemon/socket")
_TRAY = 250

# Runs for each job with the spool file as its last argument. The file is emptied: ippeveprinter would keep
# it for a minute. A file `jam` beside the script makes the job fail as a jam does.
_COMMAND = """#!/bin/sh
for document; do :; done
: > "$document"
sleep 0.3
if [ -e "${0%/*}/jam" ]; then
  echo "STATE: +media-jam-error" >&2
  exit 1
fi
echo "STATE: -media-jam-error" >&2
exit 0
"""


class CannotStart(RuntimeError):
    """ippeveprinter cannot run here; the message says why and what to do."""


def why_not() -> str | None:
    """What is missing for ippeveprinter on this machine, with the repair; None when nothing is."""
    if shutil.which("ippeveprinter") is None:
        return "ippeveprinter is not installed (Debian: apt install cups-ipp-utils)"
    if not _listens(_BUS):
        return "ippeveprinter announces itself by DNS-SD and needs dbus (dbus-daemon --system --fork)"
    if not _listens(_AVAHI):
        return "ippeveprinter announces itself by DNS-SD and needs avahi (avahi-daemon --no-drop-root -D)"
    return None


@dataclass
class RealPrinter:
    """One ippeveprinter process, for tests and drills: it listens on every address, not only on loopback.

    Unlike our own printer it does not count paper down by itself; levels are what `set` says.
    """

    name: str
    port: int
    folder: Path
    paper: int = 200
    toner: int = 80
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"ipp://localhost:{self.port}/ipp/print"

    async def start(self, *, within_s: float = 10.0) -> None:
        """Start it and wait until it answers. Raises CannotStart with the reason."""
        if (missing := why_not()) is not None:
            raise CannotStart(missing)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        spool = self.folder / "spool"
        spool.mkdir(exist_ok=True)
        command = self.folder / "print.sh"
        command.write_text(_COMMAND, "utf-8")
        command.chmod(0o700)
        log_file = self.folder / "ippeveprinter.log"
        with log_file.open("wb") as out:
            self._process = await asyncio.create_subprocess_exec(
                "ippeveprinter", "-r", "off", "-p", str(self.port), "-n", "localhost", "-d", str(spool),
                "-f", "application/pdf", "-c", str(command), "-M", "Budayang", "-m", "Sandbox", self.name,
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        for _ in range(int(within_s / 0.1)):
            if self._process.returncode is not None:
                raise CannotStart(f"ippeveprinter ended at once: {_tail(log_file)}")
            if await self._answers():
                await self.set(paper=self.paper, toner=self.toner)
                return
            await asyncio.sleep(0.1)
        await self.stop()
        raise CannotStart(f"ippeveprinter did not answer within {within_s:g} s: {_tail(log_file)}")

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        shutil.rmtree(self.folder / "spool", ignore_errors=True)

    async def set(self, *, paper: int | None = None, toner: int | None = None, jam: bool | None = None) -> None:
        """Drive its states; a jam shows with the next job, as the printer notices it only then."""
        self.paper = self.paper if paper is None else paper
        self.toner = self.toner if toner is None else toner
        if not (0 <= self.paper <= _TRAY and 0 <= self.toner <= 100):
            raise ValueError(f"paper is 0 to {_TRAY} sheets, toner 0 to 100 percent")
        if jam is not None:
            mark = self.folder / "jam"
            mark.touch() if jam else mark.unlink(missing_ok=True)
        # The second tray must hold something, or media-empty stays set whatever the first one holds.
        media = {
            "size1": "iso_a4_210x297mm", "type1": "stationery", "level1": str(self.paper),
            "size3": "iso_dl_110x220mm", "type3": "envelope", "level3": "25",
        }  # fmt: skip
        await self._form("media", media)
        await self._form("supplies", {"supply0": "25", "supply1": str(self.toner)})

    async def _form(self, page: str, fields: dict[str, str]) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://localhost:{self.port}/{page}", params=fields)
            answer.raise_for_status()

    async def _answers(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://localhost:{self.port}/")).status_code == 200
        except httpx.TransportError:
            return False


def _listens(path: Path) -> bool:
    # A socket's file outlives its server, so only a connection proves that somebody is there.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            line.connect(str(path))
        except OSError:
            return False
    return True


def _tail(path: Path) -> str:
    text = path.read_text("utf-8", "replace").strip().splitlines()
    return text[-1] if text else "no message"
