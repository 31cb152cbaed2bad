"""Whether a clause's verdicts are evidence on the clause of the same code in another edition."""

from __future__ import annotations

import pytest

from budayang.rules.standard.parts import Kind, Part
from budayang.rules.standard.revising import Asks, speaks_of

HOURS = Part(Kind.FUNCTION, metric="YJ-07")
REPAIR = Part(Kind.FUNCTION, metric="WH-15")
LAMP = Part(Kind.ROUND, questions=("MR-01", "MR-02"))
PAPER = Part(Kind.DOCUMENT, what="制度")


@pytest.mark.parametrize(
    ("asked", "judged", "same"),
    [
        (Asks("开机率不低于98%", (HOURS,)), Asks("开机率不低于98%", (HOURS,)), True),
        (Asks("开机率不低于99%", (HOURS,)), Asks("开机率不低于98%", (HOURS,)), True),
        (Asks("开机率不低于99%"), Asks("开机率不低于98%", (HOURS,)), True),
        (Asks("开机率不低于98%", (REPAIR,)), Asks("开机率不低于98%", (HOURS,)), True),
        (Asks("修复不超过4小时", (REPAIR,)), Asks("开机率不低于98%", (HOURS,)), False),
        (Asks("灯要亮", (LAMP,)), Asks("开机率不低于98%", (HOURS,)), False),
        (Asks("灯要亮", (Part(Kind.ROUND, questions=("MR-02",)),)), Asks("灯不能灭", (LAMP, PAPER)), True),
        (Asks("有制度", (PAPER,)), Asks("开机率不低于98%", (HOURS,)), True),
    ],
    ids=[
        "the same", "another threshold", "not connected yet", "the same words, another check", "renumbered",
        "renumbered to a round's question", "one question of two", "documents name no subject",
    ],
)  # fmt: skip
def test_reworded_is_the_same_matter_and_renumbered_is_not(asked: Asks, judged: Asks, same: bool) -> None:
    assert speaks_of(asked, judged) is same
