"""Rules of safety at night: lines of doors, emergency cards that ship, late steps, measured tests, playback."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from budayang.data.emergency_cards import emergency_cards
from budayang.rules.causes import CAUSES
from budayang.rules.doors import DoorSays, read_door_line
from budayang.rules.emergencies import Step, next_late_at, read_steps, standing, stored_steps
from budayang.rules.parameters import PARAMETERS
from budayang.rules.safety import TESTS, judge_test, next_test_on, playback_days

NIGHT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NUMBERS = {"110", "119", "120", "12345", "95598", "96110"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"state": "locked"}, DoorSays("locked")),
        ({"opened": "card"}, DoorSays(opened="card")),
        ({"state": "open", "opened": "face", "cardNo": "152701", "name": "某人"}, DoorSays("open", "face")),
        ({"refused": "code"}, DoorSays(refused="code")),
    ],
)
def test_a_door_s_line_is_read_and_nothing_else_of_it(line: dict[str, object], said: DoorSays) -> None:
    assert read_door_line(line) == said


@pytest.mark.parametrize("line", [{}, {"state": "ajar"}, {"opened": "iris"}, {"cardNo": "152701"}])
def test_a_line_that_says_nothing_known_is_refused(line: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"state|opened|nothing"):
        read_door_line(line)


def test_the_cards_that_ship_are_whole() -> None:
    cards = {one.code: one for one in emergency_cards()}
    assert {one.name for one in cards.values()} >= {
        *("有人被困", "突发疾病", "火警", "停电", "断网", "部门停机", "吞卡或扣费未出件", "证件遗失", "打印件遗留"),
        *("滞留或破坏", "供暖中断或玻璃破损", "诈骗贴纸"),
    }
    for card in cards.values():
        assert set(card.starts_from) <= {one.code for one in CAUSES}, card.code
        assert {one.phone for one in card.steps if one.phone} <= NUMBERS, card.code
        assert all(one.within_s for one in card.steps), card.code
    assert [one.phone for one in cards["fire"].steps if one.phone] == ["119"]
    assert "120" in {one.phone for one in cards["illness"].steps}
    assert "110" in {one.phone for one in cards["damage"].steps}
    humane = "".join(one.text for one in cards["night_stay"].steps)
    assert "不赶" in humane
    assert "不查证件" in humane


def test_words_of_a_step_and_its_number_agree() -> None:
    """Whoever reads 火警电话 must see 119 beside it, and 119 stands beside nothing that is not for 119."""
    named = {
        "120": "急救电话",
        "119": "火警电话|叫消防",
        "110": "报警|请派出所",  # whom to hand a lost document to is no emergency
        "96110": "反诈",
        "12345": "政务热线",
        "95598": "供电单位",
    }
    for card in emergency_cards():
        for step in card.steps:
            numbers = {number for number, word in named.items() if re.search(word, step.text)}
            assert step.phone in numbers if step.phone else not numbers, step


def test_what_is_done_after_a_wait_is_due_after_it() -> None:
    """“十分钟还打不开，叫消防” at ten minutes exactly would be late before anybody could do it."""
    waits = {"十分钟还": 600, "一小时还": 3600, "两小时恢复不了": 7200, "三天没人": 3 * 86400}
    steps = [step for card in emergency_cards() for step in card.steps]
    for words, wait_s in waits.items():
        (step,) = (one for one in steps if words in one.text)
        assert step.within_s >= wait_s + 60, step
    (smoke,) = (one for one in steps if "有烟有火" in one.text)
    assert (smoke.who, smoke.phone, smoke.within_s) == ("anyone", "119", 60)


STEPS = [Step("anyone", "打电话", "120", 60), Step("guard", "接车", "", 600), Step("keeper", "善后")]


@pytest.mark.parametrize(
    ("events", "after_s", "late", "next_s"),
    [
        ([], 60, [], 61),
        ([], 61, [0], 601),
        ([("done", 0, NIGHT + MINUTE)], 300, [], 601),
        ([("done", 0, NIGHT + 2 * MINUTE)], 300, [0], 601),
        ([("skipped", 0, NIGHT + 2 * MINUTE)], 700, [1], None),
        ([("note", None, NIGHT)], 5000, [0, 1], None),
    ],
)
def test_which_step_is_late(
    events: list[tuple[str, int | None, datetime]], after_s: int, late: list[int], next_s: int | None
) -> None:
    now = NIGHT + timedelta(seconds=after_s)
    rows = standing(STEPS, NIGHT, events, now)
    assert [one.number for one in rows if one.late] == late
    assert next_late_at(rows, now) == (NIGHT + timedelta(seconds=next_s) if next_s else None)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"who": "king", "text": "x"}, "由谁做"),
        ({"who": "guard", "text": " "}, "做什么"),
        ({"who": "guard", "text": "x", "within_s": "-1"}, "时限"),
        ({"who": "guard", "text": "x", "phone": "找老王"}, "第 1 步：电话.*数字"),
        ({"who": "guard", "text": "x", "phone": "119;postd=1"}, "电话"),
        ({"who": "guard", "text": "x", "phone": "１１９"}, "电话"),
    ],
)
def test_a_step_that_cannot_be_followed_is_refused(row: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_steps([row])
    with pytest.raises(ValueError, match="1 到"):
        read_steps([])


@pytest.mark.parametrize("phone", ["", "119", "0470-123 4567"])
def test_telephones_are_kept_as_they_were_typed(phone: str) -> None:
    (step,) = read_steps([{"who": "guard", "text": "x", "phone": phone}])
    assert step.phone == phone


def test_what_is_in_force_is_read_although_it_would_be_refused_today() -> None:
    """A card that was written under an older rule must be at hand at night."""
    row = Step("guard", "打电话", "找老王", 60).plain()
    assert stored_steps([row]) == [Step("guard", "打电话", "找老王", 60)]


@pytest.mark.parametrize(("seconds", "passed"), [(0.0, True), (30.0, True), (30.1, False), (None, False)])
def test_exactly_at_the_limit_is_in_time(seconds: float | None, passed: bool) -> None:
    assert judge_test(seconds, 30) is passed


def test_tests_have_their_numbers_with_a_clause() -> None:
    known = {one.name: one for one in PARAMETERS}
    for kind in TESTS.values():
        assert known[kind.limit].clause.startswith("JB-")
        assert known[kind.every].clause.startswith("JB-")
    assert next_test_on(date(2026, 11, 26), 30) == date(2026, 12, 26)


@pytest.mark.parametrize(
    ("earliest", "days"), [(date(2026, 11, 26), 0), (date(2026, 10, 27), 30), (date(2027, 1, 1), 0)]
)
def test_how_far_back_a_recording_reaches(earliest: date, days: int) -> None:
    assert playback_days(earliest, date(2026, 11, 26)) == days
