"""Whether somebody stands before a terminal's screen: the changing code that only the screen shows."""

from __future__ import annotations

from datetime import datetime

from budayang.center.terminals.queries import credentials_at
from budayang.wire.presence import is_of_moment, is_signed, read_presence


def judge_presence(terminal_id: int, terminal_code: str, code: str, at: datetime, slack_s: float) -> str:
    """proved, expired (it was shown, not at this moment), wrong (another screen's, or made up) or none (no such code).

    `slack_s`: by how much the clocks of screen and reader may differ.
    """
    read = read_presence(code)
    if read is None:
        return "none"
    keys = credentials_at(terminal_id, read.since)
    if read.terminal != terminal_code or not any(is_signed(read, one.public_key) for one in keys):
        return "wrong"
    return "proved" if is_of_moment(read, at, slack_s) else "expired"
