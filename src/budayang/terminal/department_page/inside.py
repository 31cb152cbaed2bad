"""Runs in the page's own namespaces, first as root: an empty loopback, a home in memory, then the browser as its user.

    python -m budayang.terminal.department_page.inside UID GID HOME GATE -- BROWSER ARGUMENT…

`unshare` has made the namespaces (launching.command). The network one holds nothing but this loopback, on which only
the way to the gate listens. When this process ends, the kernel ends everything in them, and the home is gone.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

SOCKS_PORT = 1080
CARRIER_S = 20.0
"""So long the carrier may take to listen: a terminal that has just been switched on is slow."""
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_MS_NOSUID, _MS_NODEV = 2, 4
_HOME_SIZE = "size=256m,mode=700"
PIECE = 64 * 1024


def loopback_up() -> None:
    """Set `lo` of this network namespace up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


def mount_home(home: Path, uid: int, gid: int) -> None:
    """A file system in memory over `home`, seen in this mount namespace only.

    Raises:
        OSError
    """
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"{_HOME_SIZE},uid={uid},gid={gid}".encode()
    if libc.mount(b"tmpfs", str(home).encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount a home in memory on {home}")


def become(uid: int, gid: int) -> None:
    """Give every right of root away, for good."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


async def carry(gate: str, opened: Callable[[], None]) -> None:
    """Whatever comes to the loopback's SOCKS port goes to the gate's socket. `opened` is told once it listens."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(gate)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", SOCKS_PORT)
    async with server:
        opened()
        await server.serve_forever()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
        writer.close()
    except OSError:
        writer.close()


def run(uid: int, gid: int, home: Path, gate: str, browser: Sequence[str]) -> int:
    """The browser's exit code; 1 when the page's surroundings cannot be made."""
    loopback_up()
    mount_home(home, uid, gid)
    listens, tells = os.pipe()
    carrier = os.fork()
    if carrier == 0:
        os.close(listens)
        become(uid, gid)
        asyncio.run(carry(gate, lambda: say_so(tells)))
        os._exit(0)
    os.close(tells)
    wait_for_carrier(listens)
    environment = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        **{name: os.environ[name] for name in ("DISPLAY", "WAYLAND_DISPLAY") if name in os.environ},
    }
    return subprocess.run(
        list(browser), env=environment, cwd=home, check=False, preexec_fn=lambda: become(uid, gid)
    ).returncode


def say_so(tells: int) -> None:
    """Tell through the pipe that the carrier listens."""
    os.write(tells, b"1")
    os.close(tells)


def wait_for_carrier(listens: int) -> None:
    """Until the carrier says that it listens; one that ended leaves the pipe closed.

    Raises:
        OSError: it ended, or said nothing for CARRIER_S.
    """
    with open(listens, "rb", buffering=0) as pipe:
        ready, _writable, _failed = select.select([pipe], [], [], CARRIER_S)
        if not ready or not pipe.read(1):
            raise OSError("the way to the gate did not open")


def main(argv: Sequence[str]) -> int:
    uid, gid, home, gate, *rest = argv
    try:
        return run(int(uid), int(gid), Path(home), gate, rest[1:])
    except OSError as error:
        print(f"department page: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
