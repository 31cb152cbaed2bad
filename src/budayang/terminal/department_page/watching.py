"""Whether somebody touches the machine while a department's page stands over our own screen.

Our page sees no touch that falls on the department's window. The kernel's input devices do: what they say is read and
thrown away unseen; only the moment counts. The helper may read them, because it is root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

DEVICES = Path("/dev/input")
PIECE = 4096


def find_devices(folder: Path = DEVICES) -> list[Path]:
    """The machine's touch screens, keyboards and mice."""
    return sorted(folder.glob("event*"))


class InputWatch:
    """Watches from `start` to `stop`. `idle_s` is None where no device can be read: then nothing is known."""

    def __init__(self, find: Callable[[], Sequence[Path]] = find_devices) -> None:
        self._find = find
        self._files: list[int] = []
        self._last_s = 0.0

    def start(self) -> None:
        self.stop()
        loop = asyncio.get_running_loop()
        self._last_s = loop.time()
        for path in self._find():
            try:
                file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            self._files.append(file)
            loop.add_reader(file, self._touched, file)

    def stop(self) -> None:
        loop = asyncio.get_running_loop()
        for file in self._files:
            loop.remove_reader(file)
            os.close(file)
        self._files = []

    @property
    def idle_s(self) -> float | None:
        """Seconds since somebody touched anything, None when that cannot be seen."""
        return asyncio.get_running_loop().time() - self._last_s if self._files else None

    def _touched(self, file: int) -> None:
        self._last_s = asyncio.get_running_loop().time()
        try:
            gone = not os.read(file, PIECE)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:  # unplugged
            asyncio.get_running_loop().remove_reader(file)
            with contextlib.suppress(ValueError):
                self._files.remove(file)
            os.close(file)
