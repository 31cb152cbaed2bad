"""Acceptance, states and warranty of assets; what free words of ledgers may not hold; days of a period."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules import assets, ledgers
from budayang.rules.assets import Warranty, acceptance_problem, check_items, warranty

WELL = {one.code: "yes" for one in check_items("terminal")}


@pytest.mark.parametrize(
    ("answers", "notes", "passed", "word"),
    [
        (WELL, {}, True, ""),
        (WELL | {"print": "na"}, {}, True, ""),
        ({key: value for key, value in WELL.items() if key != "serial"}, {}, True, "还没有结果"),
        (WELL | {"serial": "maybe"}, {}, True, "还没有结果"),
        (WELL | {"serial": "no"}, {}, False, "请写明是什么情况"),
        (WELL | {"serial": "no"}, {"serial": "铭牌缺失"}, True, "不能验收合格"),
        (WELL | {"serial": "no"}, {"serial": "铭牌缺失"}, False, ""),
        (WELL, {}, False, "没有不符合的项目"),
        (dict.fromkeys(WELL, "na"), {}, True, "没有一项查过"),
    ],
)
def test_an_acceptance_says_each_item(answers: dict[str, str], notes: dict[str, str], passed: bool, word: str) -> None:
    found = acceptance_problem("terminal", answers, notes, passed=passed)
    assert (found == "") == (word == "")
    assert word in found


@pytest.mark.parametrize("kind", sorted(assets.KIND_NAMES))
def test_every_kind_has_a_list_and_no_item_belongs_to_nothing(kind: str) -> None:
    assert len(check_items(kind)) >= 4
    assert {kind for item in assets.CHECK_ITEMS for kind in item.kinds} <= set(assets.KIND_NAMES)


def test_states_are_one_table_and_what_is_gone_stays_gone() -> None:
    assert {state for state, _event in assets.TRANSITIONS} | set(assets.TRANSITIONS.values()) == set(assets.STATE_NAMES)
    assert not {state for state, _event in assets.TRANSITIONS} & assets.FINAL_STATES
    assert {event for _state, event in assets.TRANSITIONS} <= set(assets.EVENT_NAMES)


def test_the_last_day_is_covered() -> None:
    last = date(2026, 11, 26)
    assert warranty(None, last) is Warranty.UNKNOWN
    assert warranty(last, last) is Warranty.COVERED
    assert warranty(last, date(2026, 11, 27)) is Warranty.ENDED


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("捡到黑色背包一个", False),
        ("工单 GD-20261126-0001，第 12345678 号", False),
        ("身份证 150602199001011234", True),
        ("身份证 15060219900101123x", True),
        ("电话 13812345678", True),
        ("电话 138-1234 5678", True),
        ("卡号 6222 0000 1111 2222 333", True),
        ("座机 0477-8581234", False),
        ("2026-11-26 08:30 至 2026-11-26 17:30", False),
    ],
)
def test_numbers_of_people_are_found_in_free_words(text: str, found: bool) -> None:
    assert ledgers.holds_personal_number(text) is found


@given(st.integers(min_value=13_000_000_000, max_value=19_999_999_999), st.text("，。 测试abc", max_size=10))
def test_a_mobile_number_is_found_wherever_it_stands(number: int, around: str) -> None:
    assert ledgers.holds_personal_number(f"{around}{number}{around}")


def test_a_period_is_whole_days_of_the_place() -> None:
    start, end = ledgers.period(date(2026, 11, 1), date(2026, 11, 30), "Asia/Shanghai")
    assert (start, end) == (datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))
    with pytest.raises(ValueError, match="before"):
        ledgers.period(date(2026, 11, 2), date(2026, 11, 1), "Asia/Shanghai")
