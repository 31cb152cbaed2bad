"""A span of time reads alike wherever a page says it, and loses nothing that matters."""

from __future__ import annotations

import pytest
from django.utils import translation

from budayang.center.platform.templatetags.platform_format import duration
from budayang.rules.escalation import span_words

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "—", "—"),
        (0, "0 秒", "0 s"),
        (30.9, "30 秒", "30 s"),
        (61, "1 分钟 1 秒", "1 min 1 s"),
        (5 * MINUTE, "5 分钟", "5 min"),
        (10 * MINUTE - 1, "9 分钟 59 秒", "9 min 59 s"),
        (30 * MINUTE + 59, "30 分钟", "30 min"),
        (HOUR + 5 * MINUTE, "1 小时 5 分钟", "1 h 5 min"),
        (DAY - 1, "23 小时 59 分钟", "23 h 59 min"),
        (3 * DAY + 59 * MINUTE, "3 天", "3 d"),
        (2 * DAY + 3 * HOUR + 59, "2 天 3 小时", "2 d 3 h"),
    ],
)
def test_a_span_in_words(seconds: float | None, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert duration(seconds) == zh
    with translation.override("en"):
        assert duration(seconds) == en


@pytest.mark.parametrize("seconds", [MINUTE, 15 * MINUTE, 2 * HOUR, 90 * MINUTE, 2 * DAY, DAY + HOUR])
def test_pages_and_rules_say_it_alike(seconds: int) -> None:
    assert duration(seconds) == span_words(seconds)
