"""A PostgreSQL of one's own for tests and benchmarks: a new cluster in a temporary folder, gone afterwards.

As root the server runs as Debian's user `postgres` (PostgreSQL refuses root); as an ordinary user it runs as that user.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


class NoPostgresql(Exception):
    """There is no PostgreSQL server program here. The message names the repair."""


def programs() -> Path:
    """Folder of initdb and postgres.

    Raises:
        NoPostgresql: with the repair.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    raise NoPostgresql("apt-get install postgresql, or set BUDAYANG_TEST_PG=postgresql://user:password@host/name")


def _owner() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError as error:
        raise NoPostgresql("there is no user postgres to run the server as: apt-get install postgresql") from error
    return entry.pw_uid, entry.pw_gid


def _become(owner: tuple[int, int] | None) -> Callable[[], None] | None:
    if owner is None:
        return None

    def become() -> None:
        os.setgroups([])
        os.setgid(owner[1])
        os.setuid(owner[0])

    return become


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """A running server; yields its address "postgresql://budayang@127.0.0.1:PORT/budayang".

    Args:
        durable: keep fsync on, for benchmarks; tests switch it off because nothing has to outlive them.
    """
    bin_ = programs()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="budayang-pg-"))
    if owner:
        os.chown(folder, *owner)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = {"preexec_fn": _become(owner), "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = None
    try:
        make = [
            str(bin_ / "initdb"),
            "-D",
            "data",
            "-U",
            "budayang",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(make, check=True, **run)  # type: ignore[call-overload]
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", f"unix_socket_directories={folder}"]
        if not durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        server = subprocess.Popen([str(bin_ / "postgres"), "-D", "data", *options], **run)  # type: ignore[call-overload]
        ready = [str(bin_ / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "20"]
        for _attempt in range(100):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
        subprocess.run(
            [str(bin_ / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "budayang", "budayang"], check=True
        )
        yield f"postgresql://budayang@127.0.0.1:{port}/budayang"
    finally:
        if server is not None:
            server.terminate()
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
