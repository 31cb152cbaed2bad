"""The life of an edition's text, from the proposal (立项) to its end (废止). Whether an edition is adopted here is
another fact: a draft may be tried by an area, and a standard in force may wait until somebody adopts it. A text that
belongs to a project of the standard follows the project's stage (rules/standard/stages.py).

A reference edition (参照版) is nobody's draft: it is gathered from many rules, and no path of the table leads from it
to a published standard.
"""

from __future__ import annotations

REFERENCE = "reference"

STATE_NAMES: dict[str, str] = {
    REFERENCE: "参照",
    "proposed": "立项",
    "draft": "草案",
    "comments": "征求意见稿",
    "review": "送审稿",
    "approval": "报批稿",
    "published": "发布",
    "in_force": "实施",
    "revising": "复审",
    "abolished": "废止",
}
EVENT_NAMES: dict[str, str] = {
    "write": "形成草案",
    "ask": "公开征求意见",
    "submit": "送审",
    "approve": "报批",
    "return": "退回修改",
    "publish": "发布",
    "implement": "开始实施",
    "review": "开始复审",
    "confirm": "复审后继续有效",
    "abolish": "废止",
}
TRAIL_NAMES: dict[str, str] = {**EVENT_NAMES, "join": "列入标准项目，随项目的阶段"}
"""What stands in a text's trail: its own steps, and that a project took it up."""
TRANSITIONS: dict[tuple[str, str], str] = {
    (REFERENCE, "abolish"): "abolished",
    ("proposed", "write"): "draft",
    ("proposed", "abolish"): "abolished",
    ("draft", "ask"): "comments",
    ("draft", "abolish"): "abolished",
    ("comments", "submit"): "review",
    ("comments", "return"): "draft",
    ("comments", "abolish"): "abolished",
    ("review", "approve"): "approval",
    ("review", "return"): "draft",
    ("review", "abolish"): "abolished",
    ("approval", "publish"): "published",
    ("approval", "return"): "draft",
    ("approval", "abolish"): "abolished",
    ("published", "implement"): "in_force",
    ("published", "abolish"): "abolished",
    ("in_force", "review"): "revising",
    ("in_force", "abolish"): "abolished",
    ("revising", "confirm"): "in_force",
    ("revising", "abolish"): "abolished",
}
PUBLISHED = frozenset({"published", "in_force", "revising"})
"""States of a text that has a number and a day of publication; a reference edition is never in one of them."""
FIRST_STATES = ("proposed", "draft", "comments", "review", "approval", "published", "in_force")
"""What an imported text may say of itself; a reference edition says REFERENCE."""
ADOPTIONS = ("loaded", "adopted", "withdrawn")
ADOPTION_NAMES: dict[str, str] = {"loaded": "已载入", "adopted": "采用中", "withdrawn": "不再采用"}


def next_state(state: str, event: str) -> str:
    """Raises KeyError with the pair when the text cannot go there."""
    return TRANSITIONS[state, event]


def events_from(state: str) -> tuple[str, ...]:
    """What may happen to a text in a state, in the order of the table."""
    return tuple(event for found, event in TRANSITIONS if found == state)


def reachable(state: str) -> frozenset[str]:
    """Every state that a text may come to from here, itself included."""
    found, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        for (start, _event), end in TRANSITIONS.items():
            if start == here and end not in found:
                found.add(end)
                waiting.append(end)
    return frozenset(found)
