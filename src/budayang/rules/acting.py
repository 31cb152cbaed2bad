"""Who may hand a matter in: the person, somebody for the person (帮办代办), or a unit's authorised person.

The catalogue says it in words (column ``who_acts``); the words are read here and nowhere else.
"""

from __future__ import annotations

ACTING_CONSENT_VERSION = "代办-2026-11"

RELATIONS: dict[str, str] = {
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "relative": "其他亲属",
    "staff": "帮办代办工作人员",
    "other": "其他受委托人",
}

CONSENT_LINES: tuple[str, ...] = (
    "我委托代办人在这台自助终端替我办理这件事，并看到我的办理内容。",
    "代办人和我的身份信息、我的签名，随这件办件一起交给办理部门。",
    "代办人替我提交的内容，视同我自己提交；我可以随时到窗口撤回还没有办结的办件。",
)


def may_be_acted_for(who_acts: str) -> bool:
    """Whether somebody else may hand the matter in for the person. Words that nobody knows mean no."""
    return "代办" in who_acts


def agent_problem(who_acts: str, relation: str) -> str:
    """Why this agent may not act, in Chinese; empty when nothing is against it."""
    if not may_be_acted_for(who_acts):
        return "这件事只能本人办理"
    if relation not in RELATIONS:
        return "请选择代办人和本人的关系"
    return ""
