"""Audits of signs: who is looked at next, and rates that no tick alone can make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.signs.audits import GONE, WELL, WRONG, Rates, SignSeen, pick, rates
from budayang.rules.signs.composing import Language, SignLine
from budayang.rules.signs.plates import PlateData, fingerprint
from budayang.rules.signs.truth import differences

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)


def seen(sign: str, value: str, hours: int = 0, area: int = 1) -> SignSeen:
    return SignSeen(area, sign, value, NOW + timedelta(hours=hours), hours)


def test_those_that_nobody_saw_come_first_then_the_oldest() -> None:
    looked = {"a": NOW, "b": NOW - timedelta(days=3), "c": NOW - timedelta(days=1)}
    assert pick(["a", "b", "c", "d", "e"], looked, 3) == ["b", "d", "e"]
    assert pick(["a", "b"], looked, 9) == ["a", "b"]
    assert pick(["a", "b"], looked, 0) == []


@given(st.lists(st.integers(0, 30), unique=True), st.integers(1, 6))
def test_every_sign_has_its_turn_before_any_has_its_second(numbers: list[int], most: int) -> None:
    signs, looked, turns = [str(one) for one in numbers], dict[str, datetime](), list[str]()
    for round_number in range(-(-len(signs) // most)):
        chosen = pick(signs, looked, most)
        turns += chosen
        looked |= dict.fromkeys(chosen, NOW + timedelta(hours=round_number))
    assert set(turns) == set(signs)


def test_the_last_look_counts_and_only_signs_on_the_plan() -> None:
    planned = [(1, one) for one in "abcde"]
    answers = [
        seen("a", GONE),
        seen("a", WELL, 5),
        seen("b", WRONG),
        seen("c", "褪色"),
        seen("d", GONE),
        seen("z", GONE),
        seen("e", WELL, area=2),
    ]
    found = rates(planned, answers)
    assert found == Rates(planned=5, seen=4, present=3, intact=1, right=2)
    assert rates(planned, []) == Rates(planned=5, seen=0, present=0, intact=0, right=0)


def test_a_plate_is_told_what_it_says_wrongly() -> None:
    line = SignLine(Language.EN, "Hours")
    said = PlateData("keeper_phone", "电话", (("管理员", "甲"), ("电话", "1")), qr="x", texts=(line,))
    assert differences(said, said) == []
    true = PlateData("keeper_phone", "电话", (("管理员", "甲"), ("电话", "2"), ("帮办电话", "3")), qr="y")
    told = [(one.label, one.said, one.true) for one in differences(said, true)]
    assert told == [("电话", "1", "2"), ("帮办电话", "", "3"), ("en", "Hours", ""), ("二维码", "x", "y")]


ROWS = st.lists(st.tuples(st.sampled_from("甲乙丙"), st.text(max_size=3)), max_size=4, unique_by=lambda row: row[0])
PLATES = st.builds(
    PlateData,
    kind=st.just("keeper_phone"),
    title=st.text(max_size=3),
    rows=ROWS.map(tuple),
    qr=st.text(max_size=2),
    note=st.text(max_size=2),
)


@given(PLATES, PLATES)
def test_a_plate_that_differs_always_says_where(said: PlateData, true: PlateData) -> None:
    assert bool(differences(said, true)) == (fingerprint(said) != fingerprint(true))
