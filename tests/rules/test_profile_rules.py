"""Settings of a profile: the bounds of each, the sentence for what is out of them, and what they mean at an hour."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.parameters import get_parameter
from budayang.rules.profiles import BY_NAME, DEFAULTS, PROFILE, get_setting, in_window, read_steps, step_at

GOOD: list[tuple[str, Any, str]] = [
    ("heartbeat_plan_s", 5, "5 秒"), ("heartbeat_plan_s", 3600, "3600 秒"),
    ("silence_grace_s", 1, "1 秒"), ("silence_grace_s", 300, "300 秒"),
    ("idle_warn_s", 30, "30 秒"), ("idle_warn_s", 90, "90 秒"),
    ("idle_clear_s", 5, "5 秒"), ("idle_clear_s", 30, "30 秒"),
    ("night_window", "19:00-06:30", "19:00-06:30"), ("night_window", "00:00-23:59", "00:00-23:59"),
    ("brightness", "06:00 10%, 22:00 100%", "06:00 10%, 22:00 100%"), ("brightness", "", "不调节"),
    ("brightness", "06:00 80%，22:00 40%", "06:00 80%，22:00 40%"),
    ("volume", "23:00 0%", "23:00 0%"),
    ("helper_phone_shown", False, "否"), ("helper_phone_shown", True, "是"),
    ("languages", ["zh"], "中文"), ("languages", ["zh", "en"], "中文、英文"),
    ("log_level", "detailed", "详细"), ("update_ring", "first", "最先"),
]  # fmt: skip
BAD: list[tuple[str, Any, str]] = [
    ("heartbeat_plan_s", 4, "5 到 3600"), ("heartbeat_plan_s", 3601, "5 到 3600"), ("heartbeat_plan_s", "30", "数字"),
    ("heartbeat_plan_s", True, "数字"), ("heartbeat_plan_s", None, "数字"),
    ("silence_grace_s", 0, "1 到 300"), ("silence_grace_s", 301, "1 到 300"),
    ("silence_grace_s", float("nan"), "1 到 300"),
    ("idle_warn_s", 29, "30 到 90"), ("idle_warn_s", 91, "30 到 90"),
    ("idle_clear_s", 4, "5 到 30"), ("idle_clear_s", 31, "5 到 30"),
    ("night_window", "18:00", "18:00-06:00"), ("night_window", "24:00-06:00", "18:00-06:00"),
    ("night_window", "18:00-18:00", "不能相同"), ("night_window", 18, "18:00-06:00"),
    ("night_window", "１８:００-06:00", "18:00-06:00"),
    ("brightness", "06:00 9%", "10 到 100"), ("brightness", "06:00 101%", "10 到 100"),
    ("brightness", "22:00 40%, 06:00 80%", "按时间先后"), ("brightness", "06:00 80%, 06:00 40%", "按时间先后"),
    ("brightness", "bright", "的样子"), ("brightness", None, "的样子"),
    ("volume", "23:00 101%", "0 到 100"),
    ("helper_phone_shown", "yes", "“是”或“否”"), ("helper_phone_shown", 1, "“是”或“否”"),
    ("languages", [], "至少选一项"), ("languages", ["en"], "中文不能去掉"), ("languages", ["zh", "xx"], "至少选一项"),
    ("languages", "zh", "至少选一项"),
    ("log_level", "loud", "给出的几项"), ("log_level", "", "给出的几项"), ("update_ring", "last", "给出的几项"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "shown"), GOOD)
def test_what_is_allowed_and_how_people_read_it(name: str, value: Any, shown: str) -> None:
    setting = get_setting(name)
    assert setting.problem(value) == ""
    assert setting.show(value) == shown


@pytest.mark.parametrize(("name", "value", "word"), BAD)
def test_what_is_refused_says_the_repair(name: str, value: Any, word: str) -> None:
    problem = get_setting(name).problem(value)
    assert word in problem
    assert problem.startswith((get_setting(name).label, "中文")), "the sentence names what it is about"


def test_each_setting_is_tried_from_both_sides() -> None:
    assert {name for name, _value, _shown in GOOD} == {name for name, _value, _word in BAD} == set(BY_NAME)


@pytest.mark.parametrize("setting", PROFILE, ids=lambda one: one.name)
def test_a_default_is_allowed(setting: Any) -> None:
    assert setting.problem(DEFAULTS[setting.name]) == ""
    assert setting.applies.endswith("。")


def test_policy_numbers_are_the_policys_own() -> None:
    for name in ("heartbeat_plan_s", "silence_grace_s", "idle_warn_s", "idle_clear_s"):
        one, row = get_setting(name), get_parameter(name)
        assert (one.default, one.minimum, one.maximum) == (row.default, row.minimum, row.maximum)


@pytest.mark.parametrize(
    ("window", "at", "within"),
    [
        ("18:00-06:00", time(18), True), ("18:00-06:00", time(5, 59), True), ("18:00-06:00", time(6), False),
        ("18:00-06:00", time(17, 59), False), ("08:00-12:00", time(8), True), ("08:00-12:00", time(12), False),
    ],
)  # fmt: skip
def test_windows_are_half_open_also_over_midnight(window: str, at: time, within: bool) -> None:
    assert in_window(window, at) is within


def test_steps_hold_around_midnight() -> None:
    steps = "06:00 80%, 22:00 40%"
    found = [step_at(steps, at) for at in (time(5, 59), time(6), time(21, 59), time(22), time(0))]
    assert found == [40, 80, 80, 40, 40]
    assert step_at("", time(6)) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    steps = read_steps(text)
    assert steps is None or all(0 <= percent <= 999 for _at, percent in steps)
    for setting in PROFILE:
        assert isinstance(setting.problem(text), str)
