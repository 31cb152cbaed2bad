"""What BS-19 to BS-23 answer: the notice of personal data, and how texts of two languages stand.

Which language stands first was ordered differently over the years. So nothing is judged until the managing unit has
written down by which document a rule set counts; that is said instead of a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from budayang.rules.signs.conformity import ClauseOnPlan
from budayang.rules.standard.answers import Answer

IDLE = "规则没有启用：管理单位填写现行文件的文号以后才判断"
UNSEEN = "还没有人看过"
NO_TERMINAL = "自助区里没有终端"
RATE_RIGHT = 0.98
"""BS-23: share of bilingual texts that are right (2014-2016 双文治理目标)."""


@dataclass(frozen=True, slots=True)
class Languages:
    """Of one area on one day. ``document``: number of the document by which a rule set is in force, "" for none;
    ``rule_sets``: how many there are to choose from; ``needed``: kinds of signs on the plan with words;
    ``approved``: of these, with an approved Mongolian text; ``seen``, ``right``: signs that a round looked at, and
    whose text it found right.
    """

    document: str
    rule_sets: int
    needed: int
    approved: int
    seen: int
    right: int


def judge_languages(known: Languages) -> tuple[ClauseOnPlan, ...]:
    """BS-20 to BS-23."""
    if not known.document:
        why = IDLE
        idle = tuple(
            ClauseOnPlan(clause, Answer.NOT_APPLICABLE, 0, 0, "", (), why) for clause in ("BS-20", "BS-21", "BS-23")
        )
        open_ = f"备有 {known.rule_sets} 套规则可以切换，还没有一套有文号"
        return (*idle[:2], ClauseOnPlan("BS-22", Answer.NO_EVIDENCE, 0, 0, "现行文件的文号", (), open_), idle[2])
    by = f"按 {known.document}"
    return (
        _order(known, by),
        _approved(known, by),
        ClauseOnPlan("BS-22", Answer.MET, known.rule_sets, known.rule_sets, "", (), f"{by}，规则按地区和日期切换"),
        _rates(known, by),
    )


def _order(known: Languages, by: str) -> ClauseOnPlan:
    why = f"{by}；看过 {known.seen} 块，文字排列正确的 {known.right} 块"
    if not known.seen:
        return ClauseOnPlan("BS-20", Answer.NO_EVIDENCE, 0, 0, "巡查", (), f"{by}；{UNSEEN}")
    answer = Answer.MET if known.right == known.seen else Answer.NOT_MET
    return ClauseOnPlan("BS-20", answer, known.seen, known.right, "", (), why)


def _approved(known: Languages, by: str) -> ClauseOnPlan:
    why = f"{by}；{known.needed} 种标志里 {known.approved} 种的译文已审定"
    answer = Answer.MET if known.needed and known.approved == known.needed else Answer.NO_EVIDENCE
    return ClauseOnPlan("BS-21", answer, known.needed, known.approved, "", (), why)


def _rates(known: Languages, by: str) -> ClauseOnPlan:
    if not known.seen or not known.needed:
        return ClauseOnPlan("BS-23", Answer.NO_EVIDENCE, 0, 0, "巡查", (), f"{by}；{UNSEEN}")
    both, right = known.approved / known.needed, known.right / known.seen
    why = f"{by}；双文并用 {both:.0%}，文字正确 {right:.0%}（要求 100% 和 {RATE_RIGHT:.0%}）"
    answer = Answer.MET if both >= 1 and right >= RATE_RIGHT else Answer.NOT_MET
    return ClauseOnPlan("BS-23", answer, known.seen, known.right, "", (), why)


def judge_notice(terminals: int, told: int) -> ClauseOnPlan:
    """BS-19: of so many terminals, how many have the notice beside them on a plate that says what is true."""
    why = f"{terminals} 台终端里 {told} 台旁边的标牌写明，内容属实"
    if not terminals:
        return ClauseOnPlan("BS-19", Answer.NO_EVIDENCE, 0, 0, "", (), NO_TERMINAL)
    answer = Answer.MET if told == terminals else Answer.NO_EVIDENCE
    needs = "" if answer is Answer.MET else "登记挂上的标牌"
    return ClauseOnPlan("BS-19", answer, terminals, told, needs, (), why)
