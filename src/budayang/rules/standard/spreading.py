"""Publicity and training (宣贯), tests, and how a place takes the standard (采用、参照、过渡)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

EVENT_KINDS: dict[str, str] = {
    "lecture": "宣讲会",
    "training": "培训",
    "onsite": "现场指导",
    "account": "公众号",
    "website": "官网",
    "journal": "期刊",
}
WITH_PEOPLE = frozenset({"lecture", "training", "onsite"})
"""Events at which people are counted; the others are publicity, whose proof is an address or an issue."""
EVENT_STATES: dict[str, str] = {"planned": "计划", "late": "已逾期", "held": "已完成", "cancelled": "已取消"}
ADOPTION_NAMES: dict[str, str] = {"adopted": "采用", "followed": "参照", "transition": "过渡"}
LEAST_CHOICES, MOST_CHOICES = 2, 6


def event_state(planned_on: date, held_on: date | None, cancelled: bool, today: date) -> str:
    """How an event stands."""
    if cancelled:
        return "cancelled"
    if held_on is not None:
        return "held"
    return "late" if planned_on < today else "planned"


def comes_too_late(planned_on: date, *, in_force_on: date | None, today: date) -> bool:
    """Whether an event for a standard that has yet to take effect is planned for that day or later: what is planned
    before is to make it known before.
    """
    return in_force_on is not None and today < in_force_on <= planned_on


def held_problem(kind: str, invited: int | None, present: int | None, proof: str) -> str:
    """Why an event cannot be written down as held; "" when it can."""
    if kind in WITH_PEOPLE:
        if present is None:
            return "请写参加人数；没有人来写 0。"
        if invited is not None and present > invited:
            return "参加人数比应到人数多，请核对。"
    elif not proof.strip():
        return "请写在哪里发布的：网址、刊名和期号。"
    return ""


def question_problem(choices: Sequence[str], right: int) -> str:
    """Why a question cannot be asked; "" when it can."""
    if not LEAST_CHOICES <= len(choices) <= MOST_CHOICES:
        return "选项要有 2 到 6 个，一行一个。"
    if len(set(choices)) != len(choices):
        return "有两个选项一样，请改一个。"
    if not 0 <= right < len(choices):
        return "正确选项的序号不在选项里。"
    return ""


def adoption_problem(kind: str, *, reference: bool, since_on: date, until_on: date | None) -> str:
    """Why an adoption cannot be registered; "" when it can."""
    if reference and kind != "followed":
        return "参照版不是标准，只能登记为“参照”。"
    if kind == "transition":
        if until_on is None:
            return "过渡要写到哪天为止。"
        if until_on <= since_on:
            return "过渡的截止日期要晚于开始日期。"
    elif until_on is not None:
        return "只有过渡要写截止日期。"
    return ""


def draw(ids: Sequence[int], count: int, seed: int) -> list[int]:
    """So many questions of those there are, in an order of chance that the seed settles."""
    return random.Random(seed).sample(sorted(ids), min(count, len(ids)))


def mark(answers: Mapping[int, int], right: Mapping[int, int], pass_share: float) -> tuple[int, bool]:
    """(how many are right, whether it is passed). A question without an answer is wrong; no question is no pass."""
    good = sum(answers.get(key) == value for key, value in right.items())
    return good, bool(right) and good >= pass_share * len(right)
