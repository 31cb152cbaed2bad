"""What a place or one terminal may set for the terminal's program: one table, read by center and terminal.

Values are kept by the center as parameters with history (``platform.Parameter``) and inherited live: all → city →
banner → area → terminal. What nobody set has the default of this table, so that both programs agree without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any

from budayang.rules.parameters import get_parameter

LANGUAGES: dict[str, str] = {"zh": "中文", "en": "英文"}
LOG_LEVELS: tuple[str, ...] = ("normal", "detailed")
RINGS: dict[str, str] = {"first": "最先", "early": "先行", "normal": "随大批"}
_WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_STEP = re.compile(r"([01]\d|2[0-3]):([0-5]\d) (\d{1,3})%", re.ASCII)


@dataclass(frozen=True)
class ProfileSetting:
    """``kind``: number, yes, choice, choices, window ("18:00-06:00") or steps ("06:00 80%, 22:00 40%").

    ``applies`` tells people what the terminal does with it. ``choices``: value → word.
    """

    name: str
    kind: str
    default: Any
    label: str
    applies: str
    unit: str = ""
    minimum: float = 0
    maximum: float = 0
    choices: tuple[tuple[str, str], ...] = ()

    def problem(self, value: Any) -> str:
        """Why ``value`` is not allowed, in Chinese; empty when it is."""
        return _CHECKS[self.kind](self, value)

    def show(self, value: Any) -> str:
        """The value as people read it."""
        words = dict(self.choices)
        if self.kind == "number":
            return f"{value:g} 秒" if self.unit == "s" else f"{value:g}"
        if self.kind == "yes":
            return "是" if value else "否"
        if self.kind == "choices":
            return "、".join(words.get(one, one) for one in value)
        if self.kind == "choice":
            return words.get(value, str(value))
        if self.kind == "steps":
            return value or "不调节"
        return str(value)


def _number(setting: ProfileSetting, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{setting.label}须是数字"
    if not setting.minimum <= value <= setting.maximum:
        return f"{setting.label}须在 {setting.minimum:g} 到 {setting.maximum:g} 之间"
    return ""


def _yes(setting: ProfileSetting, value: Any) -> str:
    return "" if isinstance(value, bool) else f"{setting.label}只能是“是”或“否”"


def _choice(setting: ProfileSetting, value: Any) -> str:
    return "" if value in dict(setting.choices) else f"{setting.label}只能从给出的几项里选"


def _choices(setting: ProfileSetting, value: Any) -> str:
    known = dict(setting.choices)
    if not isinstance(value, list) or not value or any(one not in known for one in value):
        return f"{setting.label}至少选一项，只能从给出的几项里选"
    if setting.name == "languages" and "zh" not in value:
        return "中文不能去掉"
    return ""


def _window(setting: ProfileSetting, value: Any) -> str:
    if not isinstance(value, str) or not _WINDOW.fullmatch(value):
        return f"{setting.label}要写成 18:00-06:00 的样子"
    return "" if value[:5] != value[6:] else f"{setting.label}的开始和结束不能相同"


def _steps(setting: ProfileSetting, value: Any) -> str:
    if value == "":
        return ""
    steps = read_steps(value) if isinstance(value, str) else None
    if steps is None:
        return f"{setting.label}要写成 06:00 80%, 22:00 40% 的样子，按时间先后，百分数 {setting.minimum:g} 到 100"
    if any(not setting.minimum <= percent <= 100 for _at, percent in steps):
        return f"{setting.label}的百分数须在 {setting.minimum:g} 到 100 之间"
    return ""


_CHECKS: dict[str, Callable[[ProfileSetting, Any], str]] = {
    "number": _number,
    "yes": _yes,
    "choice": _choice,
    "choices": _choices,
    "window": _window,
    "steps": _steps,
}


def _of_policy(name: str, applies: str) -> ProfileSetting:
    """A number that is a parameter of the policy already: the same row, bounds and default."""
    found = get_parameter(name)
    return ProfileSetting(
        name, "number", found.default, found.label, applies, found.unit, found.minimum or 0, found.maximum or 86400
    )


PROFILE: tuple[ProfileSetting, ...] = (
    _of_policy("heartbeat_plan_s", "终端至少这么久联系一次；管理平台按它计算失联。"),
    _of_policy("silence_grace_s", "超过计划时间再等这么久，才算失联。"),
    _of_policy("idle_warn_s", "没有人碰屏幕这么久，就问“还在吗”；填写和取件的页面按比例放宽，长辈版加倍。"),
    _of_policy("idle_clear_s", "问了以后再等这么久，就退出并清除。"),
    ProfileSetting(
        "night_window", "window", "18:00-06:00", "夜间配色时段", "屏幕在这段时间用深色，不晃眼。"
    ),
    ProfileSetting(
        "brightness",
        "steps",
        "",
        "屏幕亮度",
        "从写明的时刻起调到这个亮度；终端没有配置调节工具时不调。",
        minimum=10,
    ),
    ProfileSetting(
        "volume",
        "steps",
        "",
        "音量",
        "从写明的时刻起调到这个音量，深夜可以写 0%；终端没有配置调节工具时不调。",
    ),
    ProfileSetting("helper_phone_shown", "yes", True, "显示管理员电话", "呼叫帮办和暂停服务的页面上写不写电话。"),
    ProfileSetting(
        "languages",
        "choices",
        ["zh", "en"],
        "可选的语言",
        "屏幕上可以换的语言，第一项总是中文。",
        choices=tuple(LANGUAGES.items()),
    ),
    ProfileSetting(
        "log_level",
        "choice",
        "normal",
        "日志详细程度",
        "详细时多记设备和通信的过程，不记个人信息。",
        choices=(("normal", "一般"), ("detailed", "详细")),
    ),
    ProfileSetting(
        "update_ring",
        "choice",
        "normal",
        "升级次序",
        "软件分批升级时，这台排在哪一批。",
        choices=tuple(RINGS.items()),
    ),
)  # fmt: skip
BY_NAME: dict[str, ProfileSetting] = {setting.name: setting for setting in PROFILE}
DEFAULTS: dict[str, Any] = {setting.name: setting.default for setting in PROFILE}


def get_setting(name: str) -> ProfileSetting:
    """Raises KeyError."""
    return BY_NAME[name]


def in_window(window: str, at: time) -> bool:
    """Whether the time of day lies in the half-open window "18:00-06:00", which may pass midnight."""
    opens, closes, now = window[:5], window[6:], f"{at:%H:%M}"
    return opens <= now < closes if opens < closes else now >= opens or now < closes


def read_steps(text: str) -> list[tuple[str, int]] | None:
    """ "06:00 80%, 22:00 40%" → [("06:00", 80), ("22:00", 40)]; None when it is not written so, or not in order."""
    found = [_STEP.fullmatch(part.strip()) for part in text.replace("，", ",").split(",")]
    if not all(found):
        return None
    steps = [(f"{one[1]}:{one[2]}", int(one[3])) for one in found if one]
    times = [at for at, _percent in steps]
    return steps if times == sorted(set(times)) else None


def step_at(text: str, at: time) -> int | None:
    """The percentage in force at a time of day: the last step before it, around midnight; None when nothing is set."""
    steps = read_steps(text) if text else None
    if not steps:
        return None
    now = f"{at:%H:%M}"
    return next((percent for begins, percent in reversed(steps) if begins <= now), steps[-1][1])
