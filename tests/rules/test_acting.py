"""Who may hand a matter in for somebody else."""

from __future__ import annotations

import pytest

from budayang import data
from budayang.rules.acting import CONSENT_LINES, RELATIONS, agent_problem, may_be_acted_for


@pytest.mark.parametrize(
    ("who_acts", "may"),
    [("限本人", False), ("本人或代办人", True), ("单位授权经办人", False), ("", False), ("谁都行", False)],
)
def test_the_words_of_the_catalogue(who_acts: str, may: bool) -> None:
    assert may_be_acted_for(who_acts) is may
    assert bool(agent_problem(who_acts, "spouse")) is not may


def test_a_relation_must_be_one_of_the_table() -> None:
    assert agent_problem("本人或代办人", "neighbour") == "请选择代办人和本人的关系"
    assert all(not agent_problem("本人或代办人", relation) for relation in RELATIONS)
    assert len(CONSENT_LINES) == 3


def test_every_item_that_ships_says_it_in_known_words() -> None:
    words = {item.who_acts for item in data.service_items()}
    assert words == {"限本人", "本人或代办人", "单位授权经办人"}
