"""A release from the shell to the glass: key and signature by `budayang release`, fetched, checked, switched by real
processes; one that works is kept, one that does not is taken back and told.
"""

from __future__ import annotations

import asyncio
import io
import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from test_terminal_process import Hall, play

from budayang.terminal.releases import Releases
from budayang.wire.commands import ReleaseManifest

pytestmark = pytest.mark.processes
MAIN = shlex.join([sys.executable, "-m", "budayang.terminal.main"])


def release(folder: Path, *words: str) -> str:
    """`budayang release …` as a person types it; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "budayang.cli.main", "release", *words],
        env={**os.environ, "BUDAYANG_DATA_DIR": str(folder / "center"), "BUDAYANG_DEMO": "1"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def package(folder: Path, key: Path, version: str, script: str) -> tuple[ReleaseManifest, bytes]:
    """A package whose program is `script`, signed."""
    path = folder / f"terminal-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("bin/terminal")
        entry.size, entry.mode = len(script.encode()), 0o755
        archive.addfile(entry, io.BytesIO(script.encode()))
    beside = Path(release(folder, "sign", str(key), version, str(path)))
    return msgspec.json.decode(beside.read_bytes(), type=ReleaseManifest), path.read_bytes()


def program(folder: Path, version: str, then: str = f"exec {MAIN}") -> str:
    return f"#!/bin/sh\necho {version} >> {shlex.quote(str(folder / 'runs'))}\n{then}\n"


@asynccontextmanager
async def launched(h: Hall, folder: Path, public: str) -> AsyncIterator[Releases]:
    """The terminal under its launcher, at release 1.0, in place of the plain process."""
    assert h.process is not None
    h.process.terminate()
    await _ended(h.process)
    releases = Releases(folder / "opt")
    target = releases.folder / "releases" / "1.0" / "bin"
    target.mkdir(parents=True)
    (target / "terminal").write_text(program(folder, "1.0"), encoding="utf-8")
    (target / "terminal").chmod(0o755)
    releases.begin_trial("1.0")
    releases.confirm()
    with (folder / "launcher.log").open("ab") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "budayang.terminal.launcher", str(releases.folder)],
            env={**h.environment, "BUDAYANG_TERMINAL_RELEASE_DIR": str(releases.folder),
                 "BUDAYANG_TERMINAL_RELEASE_KEY": public},
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        await h.until(h._ready, 120)
        yield releases
    finally:
        launcher.terminate()
        await _ended(launcher)


async def _ended(process: subprocess.Popen[bytes]) -> None:
    await asyncio.to_thread(process.wait, 60)


def test_a_good_release_is_kept_and_a_bad_one_taken_back(tmp_path: Path) -> None:
    key = tmp_path / "release.key"
    public = release(tmp_path, "key", str(key))
    good, good_bytes = package(tmp_path, key, "2.0", program(tmp_path, "2.0"))
    bad, bad_bytes = package(tmp_path, key, "3.0", program(tmp_path, "3.0", "exit 1"))

    async def work(h: Hall) -> None:
        h.center.packages |= {good.sha256: good_bytes, bad.sha256: bad_bytes}

        async def order(manifest: ReleaseManifest, end: tuple[str, str]) -> dict[str, str]:
            number = h.center.order(
                "update_software", emergency=True, arguments={"manifest": msgspec.to_builtins(manifest)}
            )

            async def over() -> bool:
                return h.center.told(number)[-1:] == [end]

            await h.until(over, 300)
            assert h.center.told(number) == [("running", ""), end]
            found = [one for one in h.center.bodies("command.state") if one["id"] == number]
            version: dict[str, str] = found[-1]["result"]
            return version

        async with launched(h, tmp_path, public) as releases:
            changed = msgspec.structs.replace(good, version="2.1")
            assert await order(changed, ("failed", "bad_manifest")) == {}
            assert await order(good, ("done", "")) == {"version": "2.0"}
            assert (releases.current, releases.trial()) == ("2.0", None)
            assert await order(good, ("failed", "downgrade")) == {"version": "2.0"}
            assert await order(bad, ("failed", "rolled_back")) == {"version": "2.0"}
            assert (releases.current, releases.trial(), releases.rolled_back()) == ("2.0", None, None)
            assert (tmp_path / "runs").read_text().split() == ["1.0", "2.0", "3.0", "3.0", "3.0", "2.0"]
            assert [one["by"] for one in h.center.bodies("started")][-2:] == ["update", "update"]
            spoilt = h.center.packages[bad.sha256] = bad_bytes[:-1] + b"x"
            assert len(spoilt) == bad.size
            assert await order(bad, ("failed", "bad_package")) == {"version": "2.0"}
        assert not list(releases.folder.glob("*.part"))

    play(tmp_path, work)
