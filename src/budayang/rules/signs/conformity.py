"""What a plan answers of chapter 6: clause by clause, with how many things it was judged on and which findings break
it.

A drawing says where signs are meant to hang; that they do is proved by what comes from elsewhere (an audit, the data of
plates, the notices of maintenance, official artwork). Such a clause has no evidence until that is given: a plan alone
never makes it met. BS-19 to BS-23 are about texts and languages and are answered where those live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from budayang.rules.signs.drawing import Drawing, PlacedSign
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.findings import Fault, Finding, Severity
from budayang.rules.signs.kinds import SAFETY_ORDER, Category, Mounting, SignKind
from budayang.rules.signs.requiring import list_requirements
from budayang.rules.standard.answers import Answer

Kinds = Mapping[str, SignKind]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a clause beside the plan: how many of the things looked at were right and wrong. ``source``:
    Chinese, where it comes from.
    """

    good: int
    bad: int
    source: str


@dataclass(frozen=True, slots=True)
class ClauseOnPlan:
    """``judged``: how many things of the plan the clause is about (where a plan shows none, how many were looked at),
    ``right``: how many of them nothing speaks against, on the plan or elsewhere; ``needs``: what has to come from
    elsewhere, "" where the plan is enough. ``why``: Chinese, sentences joined by "；".
    """

    clause: str
    answer: Answer
    judged: int
    right: int
    needs: str
    findings: tuple[Finding, ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Plan:
    drawing: Drawing
    facts: AreaFacts
    kinds: Kinds

    def signs(self) -> list[tuple[PlacedSign, SignKind]]:
        return [(one, self.kinds[one.kind]) for one in self.drawing.signs if one.kind in self.kinds]

    def undrawn(self) -> int:
        drawn = {one.code for one in self.drawing.things if one.kind == "terminal"}
        return sum(one.code not in drawn for one in self.facts.terminals)


@dataclass(frozen=True, slots=True)
class ClauseRule:
    """``count(plan)``: the things that it is about. ``needs``: see ClauseOnPlan. ``per_terminal``: a terminal that is
    not drawn leaves it open. ``may_be_none``: nothing to judge means that it does not apply.
    """

    clause: str
    count: Callable[[_Plan], int]
    needs: str = ""
    per_terminal: bool = False
    may_be_none: bool = False


def _required(clauses: frozenset[str], plan: _Plan) -> int:
    found = list_requirements(plan.drawing, plan.facts, plan.kinds)
    return sum(plan.kinds[one.kind].clause in clauses for one in found)


def _asked(*clauses: str) -> Callable[[_Plan], int]:
    return partial(_required, frozenset(clauses))


def _nothing(_plan: _Plan) -> int:
    return 0


def _symbols(plan: _Plan) -> int:
    return sum(kind.category in (Category.PUBLIC, Category.ACCESS) and bool(kind.symbol) for _one, kind in plan.signs())


def _safety(plan: _Plan) -> int:
    return sum(kind.category in SAFETY_ORDER for _one, kind in plan.signs())


def _safety_and_unknown(plan: _Plan) -> int:
    return _safety(plan) + sum(one.kind not in plan.kinds for one in plan.drawing.signs)


def _boards(plan: _Plan) -> int:
    groups = [one.group for one, kind in plan.signs() if one.group and kind.category in SAFETY_ORDER]
    return sum(groups.count(group) > 1 for group in set(groups))


def _hanging(plan: _Plan) -> int:
    return sum(
        kind.bottom_mm is not None or (one.mounting in (Mounting.HUNG, Mounting.POST) and kind.middle_mm is None)
        for one, kind in plan.signs()
    )


def _viewed(plan: _Plan) -> int:
    return sum(
        one.seen_from is not None or kind.sized or one.mounting not in (Mounting.MACHINE, Mounting.FLOOR)
        for one, kind in plan.signs()
    )


def _sized(plan: _Plan) -> int:
    return sum(kind.sized for _one, kind in plan.signs())


HANGS = "现场核对（巡查或半年检查）"
HALF_YEARLY_LOOK = "半年检查"
SAME = "牌上的文字与数据一致"

CLAUSE_RULES: tuple[ClauseRule, ...] = (
    ClauseRule("BS-01", _asked("BS-01"), SAME),
    ClauseRule("BS-02", _asked("BS-02"), HANGS, per_terminal=True),
    ClauseRule("BS-03", _asked("BS-03"), SAME, per_terminal=True),
    ClauseRule("BS-04", _asked("BS-04"), HANGS, per_terminal=True),
    ClauseRule("BS-05", _nothing, "故障告示的记录"),
    ClauseRule("BS-06", _asked("BS-06"), HANGS, per_terminal=True),
    ClauseRule("BS-07", _asked("BS-07"), HANGS),
    ClauseRule("BS-08", _symbols, "现行标准图形已导入"),
    ClauseRule("BS-09", _asked("BS-09"), HANGS),
    ClauseRule("BS-10", _asked("BS-10"), HANGS),
    ClauseRule("BS-11", _safety),
    ClauseRule("BS-12", _safety_and_unknown, HANGS),
    ClauseRule("BS-13", _boards, may_be_none=True),
    ClauseRule("BS-14", _hanging, may_be_none=True),
    ClauseRule("BS-15", _viewed),
    ClauseRule("BS-16", _safety, HALF_YEARLY_LOOK),
    ClauseRule("BS-17", _sized),
    ClauseRule("BS-18", _asked("BS-18"), HANGS),
    ClauseRule("BS-24", _asked("BS-24"), HANGS),
)
ON_SITE = frozenset(rule.clause for rule in CLAUSE_RULES if rule.needs in (HANGS, HALF_YEARLY_LOOK))
"""Clauses for which it counts what somebody saw at the place."""


def judge_clauses(
    drawing: Drawing,
    facts: AreaFacts,
    kinds: Kinds,
    findings: Iterable[Finding],
    evidence: Mapping[str, Evidence],
) -> tuple[ClauseOnPlan, ...]:
    """Every clause of CLAUSE_RULES. ``findings``: those of `judging.judge` for the same plan. ``evidence``: by
    clause, what is known of it beside the plan.
    """
    plan, found = _Plan(drawing, facts, kinds), list(findings)
    return tuple(_answer(rule, plan, found, evidence.get(rule.clause)) for rule in CLAUSE_RULES)


def evidence_on_site(
    drawing: Drawing, facts: AreaFacts, kinds: Kinds, seen: Mapping[str, bool], source: str
) -> dict[str, Evidence]:
    """What a check on site proves, by clause. ``seen``: ids of the signs that it looked at, True where one hangs
    there and is well. A required place is right when one of the signs that answer for it is; not looked at, it is not
    counted. BS-12 and BS-16 are about each safety sign, BS-12 about places of none.
    """
    on_site = frozenset(rule.clause for rule in CLAUSE_RULES if rule.needs == HANGS) - {"BS-12"}
    looks: dict[str, list[bool]] = {}
    for one in list_requirements(drawing, facts, kinds):
        answers = [seen[id_] for id_ in one.signs if id_ in seen]
        if answers and kinds[one.kind].clause in on_site:
            looks.setdefault(kinds[one.kind].clause, []).append(any(answers))
    for sign in drawing.signs:
        if sign.id in seen:
            known = sign.kind in kinds
            if known and kinds[sign.kind].category in SAFETY_ORDER:
                looks.setdefault("BS-16", []).append(seen[sign.id])
            if not known or kinds[sign.kind].category in SAFETY_ORDER:
                looks.setdefault("BS-12", []).append(seen[sign.id])
    return {clause: Evidence(sum(found), len(found) - sum(found), source) for clause, found in looks.items()}


def _answer(rule: ClauseRule, plan: _Plan, found: list[Finding], other: Evidence | None) -> ClauseOnPlan:
    own = tuple(one for one in found if one.clause == rule.clause and one.severity is not Severity.ADVICE)
    broken = [one for one in own if one.severity is Severity.FAULT]
    judged = rule.count(plan)
    right = max(0, judged - len({(one.element, one.kind) for one in broken}))
    why = []
    if judged:
        why.append(f"平面图上 {judged} 处，没有发现问题的 {right} 处")
    answer, reason = _decide(rule, plan, judged, own, other)
    if other is not None and other.good + other.bad:
        why.append(f"{other.source}：符合 {other.good} 处，不符合 {other.bad} 处")
        if rule.count is _nothing:
            judged = right = other.good + other.bad
        right = max(0, right - other.bad)
    why += [reason] if reason else []
    return ClauseOnPlan(rule.clause, answer, judged, right, rule.needs, own, "；".join(why))


def _decide(
    rule: ClauseRule, plan: _Plan, judged: int, own: tuple[Finding, ...], other: Evidence | None
) -> tuple[Answer, str]:
    """The answer, and what is still open where there is no evidence."""
    if any(one.severity is Severity.FAULT for one in own) or (other is not None and other.bad):
        return Answer.NOT_MET, ""
    if not judged and rule.may_be_none and other is None:
        return Answer.NOT_APPLICABLE, "平面图上没有这样的标志"
    if not judged and rule.count is not _nothing:
        return Answer.NO_EVIDENCE, "平面图上没有可以判断的"
    if rule.per_terminal and plan.undrawn():
        return Answer.NO_EVIDENCE, f"{plan.undrawn()} 台终端没有画在平面图上"
    open_ones = sum(int(one.value or 1) if one.fault is Fault.EDITION else 1 for one in own)
    if open_ones:
        return Answer.NO_EVIDENCE, f"{open_ones} 处没有量测或没有设定"
    if rule.needs and (other is None or not other.good):
        return Answer.NO_EVIDENCE, f"还缺：{rule.needs}"
    if rule.needs and other is not None and other.good < judged:
        return Answer.NO_EVIDENCE, f"只核对了 {other.good} 处，共 {judged} 处"
    return Answer.MET, ""
