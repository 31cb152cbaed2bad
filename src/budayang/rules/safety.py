"""Tests of what protects people at night, with measured seconds; how far back cameras must reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class SafetyTestKind:
    """A measured test. ``begins``: what the tester does, ``ends``: what then happens; ``limit`` and ``every``: names of
    parameters; ``thing``: the kind of thing with a day that asks for it again.
    """

    name: str
    begins: str
    ends: str
    limit: str
    every: str
    thing: str


TESTS: dict[str, SafetyTestKind] = {
    "help": SafetyTestKind(
        "求助按钮",
        "按下求助按钮的同时，点“开始计时”",
        "有人应答",
        "help_answer_s",
        "help_test_d",
        "help_test",
    ),
    "exit": SafetyTestKind(
        "断电开门",
        "在里面让门禁断电的同时，点“开始计时”",
        "门从里面打开了",
        "exit_open_s",
        "exit_test_d",
        "exit_test",
    ),
}
LONGEST_TEST_S = 900
"""A test that nobody ended for so long measures nothing."""

KEY_KINDS: dict[str, str] = {"key": "钥匙", "card": "门禁卡", "code": "密码", "cabinet": "机柜钥匙"}


def judge_test(seconds: float | None, limit_s: float) -> bool:
    """Whether the test passed; exactly at the limit is in time, no answer never is."""
    return seconds is not None and seconds <= limit_s


def next_test_on(today: date, every_d: float) -> date:
    """The day by which it is tested again."""
    return today + timedelta(days=int(every_d))


def playback_days(earliest_on: date, today: date) -> int:
    """How many days back a recording reaches; 0 for one that begins today."""
    return max(0, (today - earliest_on).days)
