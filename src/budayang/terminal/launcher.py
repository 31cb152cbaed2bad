"""Starts the terminal's program from the current release, again after an end that asks for it, and ends failed trials.

    python -m budayang.terminal.launcher /opt/budayang

It belongs to no release and imports the standard library and `releases` only, so that a release that cannot even start
is taken back. systemd (or whatever starts the machine's services) starts the launcher; exit code 0 of the program ends
it, 75 starts the program again at once, any other after a pause.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from budayang.terminal.releases import Releases, Trial

AGAIN = 75
STARTS_MOST = 3
TRIAL_S = 120.0
"""How long a release on trial has to say that it works: start, line to the center, devices."""
LOOK_S = 0.2
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
STOP_S = 15.0


class Launcher:
    """One program at a time. `trial_s` is shorter in tests."""

    def __init__(self, releases: Releases, *, trial_s: float = TRIAL_S) -> None:
        self._releases = releases
        self._trial_s = trial_s
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._trial_began: tuple[str, float] | None = None

    def run(self) -> int:
        """Until the program ends for good, or we are told to stop; the program's exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        failures = 0
        while True:
            trial = self._before_start()
            code = self._run_program(trial)
            if code == 0 or self._told_to_stop():
                return code
            failures = 0 if code == AGAIN else failures + 1
            if code != AGAIN and self._releases.trial() is None:
                self._sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
                if self._told_to_stop():
                    return code

    def _told_to_stop(self) -> bool:
        """The signal may have come at any moment."""
        return self._stopping

    def _before_start(self) -> Trial | None:
        """The trial that this start belongs to, counted; one that was started too often is over."""
        trial = self._releases.trial()
        if trial is None:
            return None
        if trial.starts >= STARTS_MOST:
            print(f"launcher: {trial.version} did not come up, back to {trial.previous}", file=sys.stderr, flush=True)
            self._releases.roll_back(trial)
            return None
        if self._trial_began is None or self._trial_began[0] != trial.version:
            self._trial_began = (trial.version, time.monotonic())
        return self._releases.count_start(trial)

    def _run_program(self, trial: Trial | None) -> int:
        try:
            self._process = subprocess.Popen([self._releases.program()])
        except OSError as error:
            print(f"launcher: cannot start {self._releases.program()}: {error}", file=sys.stderr, flush=True)
            self._sleep(PAUSES_S[0])
            return 1
        while True:
            code = self._process.poll()
            if code is not None:
                return code
            if trial is not None and not self._stopping and self._over(trial):
                print(f"launcher: {trial.version} did not say that it works", file=sys.stderr, flush=True)
                self._end_program()
                self._releases.roll_back(trial)
                return AGAIN
            time.sleep(LOOK_S)

    def _over(self, trial: Trial) -> bool:
        """Whether the trial's time is over and nobody said that the release works."""
        began = self._trial_began[1] if self._trial_began else time.monotonic()
        if time.monotonic() - began < self._trial_s:
            return False
        standing = self._releases.trial()
        return standing is not None and standing.version == trial.version

    def _end_program(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping:
            time.sleep(LOOK_S)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


def main(argv: Sequence[str]) -> int:
    """`launcher FOLDER [seconds of a trial]`."""
    if not argv:
        print("usage: python -m budayang.terminal.launcher FOLDER [TRIAL_SECONDS]", file=sys.stderr)
        return 2
    trial_s = float(argv[1]) if len(argv) > 1 else TRIAL_S
    return Launcher(Releases(Path(argv[0])), trial_s=trial_s).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
