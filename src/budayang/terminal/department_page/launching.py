"""Opens a department's page for a while and closes it with everything that it left. Needs root: see the helper.

The page's processes live in network, mount, process and IPC namespaces of their own (util-linux `unshare`), as a user
that is neither the terminal's nor the kiosk browser's. Ending the first of them ends all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from budayang.terminal.department_page.gate import Gate, hosts_of
from budayang.terminal.department_page.inside import SOCKS_PORT

LONGEST_S = 30 * 60.0
STOP_S, TRY_S, WHY_S = 3.0, 5.0, 60.0
NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")
BROWSER = ("chromium",)
FLAGS = (
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-tools",
    "--disable-extensions",
    "--disable-file-system",
    "--disable-print-preview",
    "--noerrdialogs",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    f"--proxy-server=socks5://127.0.0.1:{SOCKS_PORT}",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
"""Everything through the gate, names included; nothing kept, nothing opened beside the page."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where on the screen the page stands, in pixels. Our own screen keeps the strip above: 结束, and the time left."""

    left: int = 0
    top: int = 96
    width: int = 1080
    height: int = 1824


def browser_command(url: str, frame: Frame, browser: Sequence[str] = BROWSER) -> list[str]:
    """The browser on one page without tabs, address bar or menus."""
    place = (f"--window-position={frame.left},{frame.top}", f"--window-size={frame.width},{frame.height}")
    return [*browser, *FLAGS, *place, f"--app={url}"]


def command(user: pwd.struct_passwd, home: Path, gate: Path, browser: Sequence[str]) -> list[str]:
    """`unshare` with all that is made before the browser runs."""
    return [
        *NAMESPACES,
        sys.executable, "-m", "budayang.terminal.department_page.inside",
        str(user.pw_uid), str(user.pw_gid), str(home), str(gate), "--", *browser,
    ]  # fmt: skip


async def find_obstacle(user: str, browser: str) -> str:
    """What this machine lacks for a page of its own: the account, the browser, or the right to make namespaces."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return f"no user {user}"
    if account.pw_uid == 0:
        return f"{user} is root"
    if shutil.which(browser) is None:
        return f"no program {browser}"
    if shutil.which("unshare") is None:
        return "no program unshare (util-linux)"
    try:
        tried = await asyncio.create_subprocess_exec(
            *NAMESPACES, "true", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _out, said = await asyncio.wait_for(tried.communicate(), TRY_S)
    except (OSError, TimeoutError) as error:
        return f"unshare: {type(error).__name__}"
    return "" if tried.returncode == 0 else f"no rights for namespaces: {said.decode(errors='replace').strip()}"[:200]


@dataclass(slots=True)
class DepartmentPage:
    """One page at a time. `user`: the account that runs it, made for nothing else."""

    user: str
    make_gate: Callable[[Collection[str], Collection[int]], Gate] = Gate
    browser: Sequence[str] = BROWSER
    _gate: Gate | None = field(default=None, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _folder: Path | None = field(default=None, init=False)
    _timer: asyncio.Task[None] | None = field(default=None, init=False)
    _ends_s: float = field(default=0.0, init=False)
    _why: tuple[float, str] = field(default=(-WHY_S, ""), init=False)

    @property
    def left_s(self) -> float:
        """Seconds until the page's time is over."""
        return max(0.0, self._ends_s - asyncio.get_running_loop().time())

    async def why_not(self) -> str:
        """Why no page can be opened on this machine, in words for its engineer; empty when one can. Tried anew after
        `WHY_S`: rights may be given and taken while the helper runs.
        """
        at, why = self._why
        now = asyncio.get_running_loop().time()
        if now - at >= WHY_S:
            why = await find_obstacle(self.user, self.browser[0])
            self._why = (now, why)
        return why

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def open(
        self, url: str, *, hosts: Collection[str] = (), seconds: float = 600.0, frame: Frame | None = None
    ) -> None:
        """Open a page; one that is open is closed first.

        Raises:
            ValueError: no web address, or a time that is not between 0 and LONGEST_S.
            OSError, KeyError: it cannot be started here; the user is missing.
        """
        if not 0 < seconds <= LONGEST_S:
            raise ValueError(f"a page is open for at most {LONGEST_S:.0f} s")
        reached = hosts_of(url, hosts)
        account = pwd.getpwnam(self.user)
        if account.pw_uid == 0:
            raise ValueError("a department's page never runs as root")
        await self.close()
        port = urlsplit(url).port
        self._gate = self.make_gate(reached, {80, 443, *([port] if port else [])})
        self._folder = Path(tempfile.mkdtemp(prefix="budayang-page-"))
        home, socket_path = self._folder / "home", self._folder / "gate.sock"
        home.mkdir()
        await self._gate.listen(socket_path)
        os.chown(socket_path, account.pw_uid, account.pw_gid)
        socket_path.chmod(0o600)
        os.chown(self._folder, account.pw_uid, account.pw_gid)
        shown = browser_command(url, frame or Frame(), self.browser)
        self._process = await asyncio.create_subprocess_exec(*command(account, home, socket_path, shown))
        self._ends_s = asyncio.get_running_loop().time() + seconds
        self._timer = asyncio.create_task(self._end_after(seconds))

    async def wait(self) -> int:
        """The exit code of the page's first process, once it ended by itself or was ended."""
        assert self._process is not None
        return await self._process.wait()

    async def close(self) -> None:
        """End every process of the page and remove what it stood on. Nothing happens when none is open."""
        if self._timer is not None and self._timer is not asyncio.current_task():
            self._timer.cancel()
        self._timer = None
        if self._process is not None and self._process.returncode is None:
            self._process.kill()  # `--kill-child`: the first process of the namespace dies with it, and all others
            await asyncio.wait_for(self._process.wait(), STOP_S)
        self._process = None
        if self._gate is not None:
            await self._gate.close()
            self._gate = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def _end_after(self, seconds: float) -> None:
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)
        await self.close()
