"""A helper is said to be there only within the hours that the area wrote down."""

from __future__ import annotations

from datetime import time

import pytest

from budayang.rules.areas import helper_until


@pytest.mark.parametrize(
    ("words", "local", "until"),
    [
        ("每天 08:30—22:00", time(8, 30), "22:00"),
        ("每天 08:30—22:00", time(21, 59), "22:00"),
        ("每天 08:30—22:00", time(22, 0), ""),
        ("每天 08:30—22:00", time(1, 31), ""),
        ("8:30-12:00，14:00至17:30", time(13, 0), ""),
        ("8:30-12:00，14:00至17:30", time(14, 5), "17:30"),
        ("夜间 20：00～06：00", time(1, 31), "06:00"),
        ("夜间 20：00～次日06：00", time(12, 0), ""),
        ("", time(12, 0), ""),
        ("有人时接听", time(12, 0), ""),
    ],
)
def test_until_when_a_helper_is_there(words: str, local: time, until: str) -> None:
    assert helper_until(words, local) == until
