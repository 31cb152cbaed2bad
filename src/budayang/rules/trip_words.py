"""Where a trip ended and why, in words: the codes are those that terminals send (`attempt`) and the truths' reasons."""

from __future__ import annotations

from budayang.rules.services import STOP_REASONS

STEP_NAMES: dict[str, str] = {
    "choose": "选事项",
    "consent": "知情同意",
    "identity": "核验身份",
    "resume": "待取材料",
    "agent": "核验代办人",
    "check": "核对人和证件",
    "licences": "取用电子证照",
    "fill": "填写",
    "sheets": "交材料",
    "confirm": "核对",
    "submit": "部门办理",
    "print": "打印",
    "outcome": "看结果",
}
WHY_NAMES: dict[str, str] = {
    "left": "中途离开",
    "left_paper": "纸没有打出来",
    "refused": "部门没有办理",
    "failed": "没有办成",
    "later": "要等部门，改日来取",
    "review": "待核",
    **STOP_REASONS,
}


def trip_words(step: str, why: str) -> tuple[str, str]:
    """(step, reason) in Chinese; a code that is not known stays as it is, an empty one is empty."""
    return STEP_NAMES.get(step, step), WHY_NAMES.get(why, why)
