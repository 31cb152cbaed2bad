"""A PostgreSQL cluster of one's own for the time of a benchmark: fsync on, on loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"


class NotHere(Exception):
    """PostgreSQL's server programs cannot be used; the message is the repair."""


def programs() -> Path:
    """The folder of initdb and pg_ctl: on the path, or where Debian puts them. Raises NotHere."""
    found = shutil.which("initdb")
    if found and not Path(found).is_symlink():
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if not debian:
        raise NotHere("no PostgreSQL server here: apt-get install postgresql")
    return debian[-1].parent


def _as_server(command: list[str], cwd: Path) -> None:
    """PostgreSQL refuses to run as root: step down to its own user."""
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise NotHere(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-300:]}")


@contextmanager
def temporary_cluster(folder: Path) -> Iterator[str]:
    """The URL of an empty database in a new cluster below `folder`."""
    binaries = programs()
    home = folder / "postgresql"
    home.mkdir()
    if os.geteuid() == 0:
        try:
            shutil.chown(home, USER, USER)
        except LookupError as error:
            raise NotHere("no system user postgres: apt-get install postgresql") from error
        for one in (folder, *folder.parents[:1]):  # the server only needs to pass through
            one.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, log = str(home / "data"), str(home / "log")
    _as_server([str(binaries / "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"], home)
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on"
    _as_server([str(binaries / "pg_ctl"), "-D", data, "-o", options, "-l", log, "-w", "start"], home)
    try:
        yield f"postgresql://bench@127.0.0.1:{port}/postgres"
    finally:
        _as_server([str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"], home)
