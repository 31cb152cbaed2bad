"""The life of a local standard from its application to its periodic review: one table, and what each step needs.

Stages and their order: 地方标准管理办法 (立项、起草、征求意见、审查、批准发布、实施、复审).
"""

from __future__ import annotations

from collections.abc import Mapping

STAGE_NAMES: dict[str, str] = {
    "applied": "申请立项",
    "drafting": "起草（草案）",
    "consulting": "征求意见稿",
    "review": "送审稿",
    "approval": "报批稿",
    "published": "已发布",
    "in_force": "已实施",
    "reviewing": "复审",
    "abolished": "已废止",
    "stopped": "已终止",
}
EVENT_NAMES: dict[str, str] = {
    "plan": "下达计划，准予立项",
    "consult": "形成征求意见稿，公开征求意见",
    "redraft": "退回修改",
    "submit": "形成送审稿，提交审查",
    "finish": "审查通过，形成报批稿",
    "publish": "批准发布",
    "take_effect": "开始实施",
    "begin_review": "开始复审",
    "keep": "复审结论：继续有效",
    "revise": "复审结论：修订",
    "abolish": "复审结论：废止",
    "stop": "终止项目",
}
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("applied", "plan"): "drafting",
    ("drafting", "consult"): "consulting",
    ("consulting", "submit"): "review",
    ("consulting", "redraft"): "drafting",
    ("review", "finish"): "approval",
    ("review", "redraft"): "drafting",
    ("approval", "publish"): "published",
    ("approval", "redraft"): "drafting",
    ("published", "take_effect"): "in_force",
    ("in_force", "begin_review"): "reviewing",
    ("reviewing", "keep"): "in_force",
    ("reviewing", "revise"): "drafting",
    ("reviewing", "abolish"): "abolished",
    ("applied", "stop"): "stopped",
    ("drafting", "stop"): "stopped",
    ("consulting", "stop"): "stopped",
    ("review", "stop"): "stopped",
    ("approval", "stop"): "stopped",
}
PUBLISHED = frozenset({"published", "in_force", "reviewing"})
"""At these stages the text is a standard; a revision is a draft again."""
ENDED = frozenset({"abolished", "stopped"})
NEEDS_PAPER = frozenset({"plan", "publish", "abolish"})
"""Steps that somebody else's document decides: its number (文号) has to be written down."""
STAGE_WORDS: dict[str, str] = {
    "applied": "草案",
    "drafting": "草案",
    "consulting": "征求意见稿",
    "review": "送审稿",
    "approval": "报批稿",
}
"""What the cover of the text says in brackets at a stage."""


STATE_OF: Mapping[str, str] = {
    "applied": "proposed",
    "drafting": "draft",
    "consulting": "comments",
    "review": "review",
    "approval": "approval",
    "published": "published",
    "in_force": "in_force",
    "reviewing": "revising",
    "abolished": "abolished",
}
"""Where the project's text stands at a stage (rules.standard.editions): the project leads, the text follows. A project
that was stopped leaves its text where it was.
"""
STATE_WORDS: Mapping[str, str] = {STATE_OF[stage]: word for stage, word in STAGE_WORDS.items()}
"""What the cover says in brackets of a text that is in no project, by the text's own state."""
TEXT_EVENT: Mapping[str, str] = {
    "plan": "write",
    "consult": "ask",
    "redraft": "return",
    "submit": "submit",
    "finish": "approve",
    "publish": "publish",
    "take_effect": "implement",
    "begin_review": "review",
    "keep": "confirm",
    "revise": "confirm",
    "abolish": "abolish",
}
"""What a step of the project is in the trail of its text. A revision begins with another text: the one in force stays
in force until it is replaced.
"""
WORDED = frozenset({"applied", "drafting", "consulting", "review"})
"""Stages at which clauses may be reworded; after them the text is what was examined, until it is sent back."""
WRITES_ON = frozenset({"consult", "submit", "finish", "publish"})
"""Steps that carry a draft on: a text that is published already cannot be the one."""


def state_after(stage: str, event: str) -> str | None:
    """Where the text stands after a step; None: the step leaves it where it is."""
    if event == "revise":
        return "in_force"
    return STATE_OF.get(TRANSITIONS[(stage, event)])


def events_from(stage: str) -> tuple[str, ...]:
    """What can happen next, in the table's order."""
    return tuple(event for (state, event) in TRANSITIONS if state == stage)


def problem(
    stage: str, event: str, *, reference: bool, paper: str, number: str, open_opinions: int, open_reviews: int
) -> str:
    """Why a step cannot be taken yet, as a sentence that names the repair; "" when it can.

    Args:
        reference: the project's text is a reference edition, which is nobody's standard.
        paper: number of the document that decides the step.
        number: the standard's number as its approver gave it.
        open_opinions, open_reviews: opinions of the consultation and of the review without a decision.
    """
    if (stage, event) not in TRANSITIONS:
        return "现在的阶段不能这样做，请刷新页面后再选。"
    if reference and event in {"publish", "take_effect"}:
        return "参照版不是标准文本，不能发布。请先把项目的文本换成自己的草案版本。"
    if event in NEEDS_PAPER and not paper.strip():
        return "请写明依据的文件和文号。"
    if event == "submit" and open_opinions:
        return "还有意见没有处理，请先在意见汇总处理表里逐条处理。"
    if event == "finish" and open_reviews:
        return "还有审查意见没有处理，请先在审查意见汇总处理表里逐条处理。"
    if event == "publish" and not number.strip():
        return "请填写批准部门给出的标准号；平台不编号。"
    return ""
