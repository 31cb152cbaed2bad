"""Releases on a terminal's disk: `releases/<version>/` beside the link `current`, and the trial of a new one.

A release is on trial from the moment of the switch until the program that runs from it says that it works. The
launcher, which is not part of any release, ends a trial that fails. Standard library only: the launcher imports it.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path

TRIAL, ROLLED_BACK = "trial.json", "rolled_back.json"
PROGRAM = Path("bin") / "terminal"
INSTALL = Path("bin") / "install"


class BadRelease(Exception):
    """The package holds no release that could run here."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`version` is tried, `previous` is where to go back to. `starts`: how often its program was started."""

    version: str
    previous: str
    starts: int = 0


class Releases:
    """The folder of a terminal's releases. Every change of what runs is one rename, durable on return."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def current(self) -> str:
        """The version that the link names; "" when there is none."""
        try:
            return Path(os.readlink(self.folder / "current")).name
        except OSError:
            return ""

    def program(self) -> Path:
        """What the launcher starts."""
        return self.folder / "current" / PROGRAM

    def unpack(self, package: Path, version: str) -> Path:
        """Make `releases/<version>` of a package (tar.gz). Raises BadRelease; nothing is left of it then."""
        target, draft = self._of(version), self._of(f".{version}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            with tarfile.open(package, "r:gz") as archive:
                archive.extractall(draft, filter="data")  # PEP 706: no path out of the folder, no device, no owner
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise BadRelease(type(error).__name__) from error
        if not os.access(draft / PROGRAM, os.X_OK):
            shutil.rmtree(draft, ignore_errors=True)
            raise BadRelease(f"no {PROGRAM} that can be run")
        shutil.rmtree(target, ignore_errors=True)
        draft.replace(target)
        _sync(target.parent)
        return target

    def begin_trial(self, version: str) -> Trial:
        """Switch to a release on trial. The trial is written first: a kill between the two finds it and goes back."""
        trial = Trial(version, self.current)
        (self.folder / ROLLED_BACK).unlink(missing_ok=True)
        self._write(TRIAL, trial)
        self._switch(version)
        return trial

    def trial(self) -> Trial | None:
        """The trial under way."""
        return self._read(TRIAL)

    def rolled_back(self) -> Trial | None:
        """The trial that failed last."""
        return self._read(ROLLED_BACK)

    def count_start(self, trial: Trial) -> Trial:
        """One more start of the program on trial."""
        again = Trial(trial.version, trial.previous, trial.starts + 1)
        self._write(TRIAL, again)
        return again

    def confirm(self) -> None:
        """The release on trial works: it stays."""
        (self.folder / TRIAL).unlink(missing_ok=True)
        _sync(self.folder)

    def roll_back(self, trial: Trial) -> None:
        """Go back to where the trial began. The link first: a kill between the two goes back once more, to the same."""
        if trial.previous:
            self._switch(trial.previous)
        self._write(ROLLED_BACK, trial)
        (self.folder / TRIAL).unlink(missing_ok=True)
        _sync(self.folder)

    def forget_rolled_back(self) -> None:
        """It was told."""
        (self.folder / ROLLED_BACK).unlink(missing_ok=True)

    def _of(self, version: str) -> Path:
        return self.folder / "releases" / version

    def _switch(self, version: str) -> None:
        draft = self.folder / "current.draft"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases") / version)
        os.replace(draft, self.folder / "current")
        _sync(self.folder)

    def _read(self, name: str) -> Trial | None:
        try:
            kept = json.loads((self.folder / name).read_text(encoding="utf-8"))
            return Trial(str(kept["version"]), str(kept["previous"]), int(kept["starts"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, name: str, trial: Trial) -> None:
        draft = self.folder / f"{name}.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(trial), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / name)
        _sync(self.folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
