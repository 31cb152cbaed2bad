"""How the command line speaks: what happened and what repairs it, in Chinese and English."""

from __future__ import annotations

import sys


class Stop(Exception):
    """Ends the command with a message that names the repair."""

    def __init__(self, zh: str, en: str, *, code: int = 1) -> None:
        super().__init__(f"{zh}\n{en}")
        self.code = code


def say(zh: str, en: str) -> None:
    """One line of progress."""
    print(f"{zh} / {en}", flush=True)


def warn(zh: str, en: str) -> None:
    """One line that matters, on standard error."""
    print(f"{zh} / {en}", file=sys.stderr, flush=True)
