"""Releases on a terminal's disk: unpacked within bounds, switched by one rename, and a trial that fails taken back by
the launcher as a real process.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from budayang.terminal.releases import BadRelease, Releases

GOOD = "#!/bin/sh\necho $(basename $(readlink current)) >> runs\n"


def package(folder: Path, script: str, *, name: str = "bin/terminal", mode: int = 0o755) -> Path:
    path = folder / "package.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(script.encode()), mode
        archive.addfile(entry, io.BytesIO(script.encode()))
    return path


def release(folder: Path, version: str, script: str) -> Releases:
    releases = Releases(folder)
    releases.unpack(package(folder, script), version)
    return releases


@pytest.mark.parametrize(("name", "mode"), [("../out", 0o755), ("bin/other", 0o755), ("bin/terminal", 0o644)])
def test_what_could_not_run_here_leaves_nothing(tmp_path: Path, name: str, mode: int) -> None:
    releases = Releases(tmp_path / "r")
    (tmp_path / "r").mkdir()
    with pytest.raises(BadRelease):
        releases.unpack(package(tmp_path / "r", "x", name=name, mode=mode), "2.0")
    assert not (tmp_path / "out").exists()
    assert list((tmp_path / "r" / "releases").iterdir()) == []


def test_a_trial_is_kept_or_taken_back(tmp_path: Path) -> None:
    releases = release(tmp_path, "1.0", GOOD)
    release(tmp_path, "2.0", GOOD)
    releases.begin_trial("1.0")
    releases.confirm()
    assert (releases.current, releases.trial()) == ("1.0", None)
    trial = releases.begin_trial("2.0")
    assert (releases.current, trial.previous) == ("2.0", "1.0")
    assert releases.count_start(trial).starts == 1
    releases.roll_back(trial)
    assert (releases.current, releases.trial()) == ("1.0", None)
    failed = releases.rolled_back()
    assert failed is not None
    assert failed.version == "2.0"


def launch(folder: Path, trial_s: float = 60) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "budayang.terminal.launcher", str(folder), str(trial_s)]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stderr=log)


def wait_for(true: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]  # a plain function
        assert time.monotonic() < end
        time.sleep(0.05)


def runs(folder: Path) -> list[str]:
    path = folder / "runs"
    return path.read_text().split() if path.exists() else []


WAITING = GOOD + "exec sleep 60\n"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("bad", "starts"),
    [
        (GOOD + "exit 1\n", 3),  # it ends at once, again and again
        (WAITING, 1),  # it stays and never says that it works
    ],
)
def test_a_release_that_does_not_work_is_taken_back(tmp_path: Path, bad: str, starts: int) -> None:
    releases = release(tmp_path, "1.0", WAITING)
    release(tmp_path, "2.0", bad)
    releases.begin_trial("1.0")
    releases.confirm()
    releases.begin_trial("2.0")
    process = launch(tmp_path, 1.5)
    try:
        wait_for(lambda: runs(tmp_path)[-1:] == ["1.0"])
        assert runs(tmp_path) == ["2.0"] * starts + ["1.0"]
        assert (releases.current, releases.trial()) == ("1.0", None)
        failed = releases.rolled_back()
        assert failed is not None
        assert failed.version == "2.0"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.mark.processes
def test_a_launcher_killed_in_a_trial_goes_on_counting(tmp_path: Path) -> None:
    releases = release(tmp_path, "1.0", WAITING)
    release(tmp_path, "2.0", GOOD + "kill -9 $PPID\n")  # it takes its launcher with it
    releases.begin_trial("1.0")
    releases.confirm()
    releases.begin_trial("2.0")
    for _start in range(3):
        process = launch(tmp_path)
        process.wait(20)
    process = launch(tmp_path)
    try:
        wait_for(lambda: runs(tmp_path)[-1:] == ["1.0"])
        assert runs(tmp_path) == ["2.0", "2.0", "2.0", "1.0"]
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.mark.processes
def test_75_starts_again_and_0_ends(tmp_path: Path) -> None:
    releases = release(tmp_path, "1.0", GOOD + "[ $(wc -l < runs) -ge 3 ] && exit 0\nexit 75\n")
    releases.begin_trial("1.0")
    releases.confirm()
    process = launch(tmp_path)
    assert process.wait(20) == 0
    assert runs(tmp_path) == ["1.0"] * 3
