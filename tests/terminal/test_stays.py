"""What a terminal tells of people's stays (白跑率), the self-test without paper, and what is carried into a stop."""

from __future__ import annotations

import copy
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from terminal_stage import AVAILABILITY, NIGHT, play, stage

from budayang.rules.carry_over import Stage
from budayang.terminal.journey import Journey, Outcome, State
from budayang.terminal.stays import GONE_S, Stay

FORM = {"insurance": "all", "months": "12", "purpose": "loan"}
MINUTE = timedelta(minutes=1)


def journey(item: str = "ZZ001", outcome: str = "") -> Journey:
    made = Journey(NIGHT, item=item)
    if outcome:
        made.outcome = Outcome(outcome, "", "", "")
    return made


@pytest.mark.parametrize(
    ("outcome", "step", "hands_in", "left_paper", "expected"),
    [
        ("", State.RATE, False, False, ("finished", "paper")),
        ("", State.TAKE, False, False, ("finished", "paper")),
        ("", State.RATE, False, True, ("unfinished", "left_paper")),
        ("", State.PRINT, False, True, ("unfinished", "left_paper")),
        ("", State.FILL, False, False, ("unfinished", "left")),
        ("handed_in", State.RATE, True, False, ("finished", "handed_in")),
        ("later", State.RATE, True, False, ("finished", "later")),
        ("later", State.RATE, False, False, ("unfinished", "later")),
        ("refused", State.OUTCOME, False, False, ("unfinished", "refused")),
        ("review", State.RATE, False, False, ("unfinished", "review")),
    ],
)
def test_how_a_journey_ended(
    outcome: str, step: State, hands_in: bool, left_paper: bool, expected: tuple[str, str]
) -> None:
    stay = Stay()
    if left_paper:
        stay.leave_paper()
    stay.end(journey(outcome=outcome), step, hands_in=hands_in)
    (told,) = stay.close()
    assert (told["result"], told["why"]) == expected
    assert set(told) == {"item", "result", "step", "why"}  # nothing of the person
    assert stay.close() == []


def test_the_same_refused_item_is_one_try_and_looking_alone_is_none() -> None:
    stay = Stay()
    stay.end(journey(item=""), State.CHOOSE, hands_in=False)
    assert not stay.over(0.0, 1000.0)
    stay.refuse("ZZ037", "department_closed", 10.0)
    stay.refuse("ZZ037", "department_closed", 20.0)
    assert not stay.over(0.0, 20.0 + GONE_S - 1)
    assert stay.over(0.0, 20.0 + GONE_S)
    assert not stay.over(90.0, 20.0 + GONE_S)
    assert len(stay.close()) == 1


def test_one_stay_is_told_once_when_the_person_is_gone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            await s.identified()
            await s.state("fill")
            await s.post("home")  # the person looks at something else first
            assert s.center.bodies("attempt") == []
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("take")
            await s.post("taken")
            await s.post("rated", {"level": "very_satisfied"})
            await s.until(lambda: s.center.bodies("attempt"))
            (told,) = s.center.bodies("attempt")
            tries = [(one["item"], one["result"], one["step"]) for one in told["tries"]]
            assert tries == [("ZZ001", "unfinished", "fill"), ("ZZ001", "finished", "rate")]
            assert not re.search(r"测试|9999|loan", str(told))

    play(scene)


def test_an_item_that_cannot_be_begun_is_a_refused_start(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            answer = await s.post("choose", {"item": "ZZ200"})
            assert not answer["ok"]
            await s.post("exit")
            await s.until(lambda: s.center.bodies("attempt"))
            (told,) = s.center.bodies("attempt")
            assert told["tries"] == [
                {"item": "ZZ200", "result": "refused", "step": "choose", "why": "hours_unconfirmed"}
            ]

    play(scene)


def test_the_self_test_asks_every_device_and_prints_nothing(tmp_path: Path, quick: None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            number = s.center.order("self_test", arguments={"item": "ZZ001"})
            await s.until(lambda: s.center.told(number) == [("running", ""), ("done", "")], 6)
            bodies = [one for one in s.center.bodies("command.state") if one["id"] == number]
            result = bodies[-1]["result"]
            assert result["devices"]["printer"]["kind"] == "printer"
            assert result["devices"]["printer"]["states"]["device"] == "online"
            assert result["devices"]["idReader"]["states"]
            assert result["item"]["truth"] == "doable"
            assert s.printer.documents == []

    play(scene)


def test_the_self_test_does_not_wait_for_the_people_there(tmp_path: Path, quick: None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            number = s.center.order("self_test", arguments={"item": "nonsense"})
            await s.until(lambda: s.center.told(number) == [("running", ""), ("done", "")], 6)
            assert (await s.state("fill"))["person"]

    play(scene)


def stopped(minutes_ago: float) -> dict[str, Any]:
    """The availability with a stop of this terminal that began so long ago."""
    body = copy.deepcopy(AVAILABILITY)
    start = (NIGHT - minutes_ago * MINUTE).isoformat()
    end = (NIGHT + timedelta(hours=2)).isoformat()
    body["stops"] = [{"scope": "terminal", "code": "KBS-01", "start": start, "end": end, "reason": "检修"}]
    return body


@pytest.mark.parametrize(("minutes_ago", "goes_on"), [(3, True), (15, False)])
def test_what_was_begun_before_a_stop_may_be_finished_within_the_grace(
    tmp_path: Path, minutes_ago: float, goes_on: bool
) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.state("confirm")
            attendant = s.terminal.attendant
            now = s.terminal.clock.now()
            shift = now - NIGHT
            body = stopped(minutes_ago)
            for one in body["stops"]:
                one["start"] = (NIGHT - minutes_ago * MINUTE + shift).isoformat()
                one["end"] = (NIGHT + timedelta(hours=2) + shift).isoformat()
            s.center.send("availability", body)
            await s.until(lambda: bool(s.terminal.catalogue.availability.stops))
            attendant.journey.started_at = now - timedelta(minutes=minutes_ago + 5)
            assert s.terminal.catalogue.carry("ZZ001", attendant.journey.started_at, Stage.FILLING).go_on is goes_on
            answer = await s.post("submit")
            assert answer["ok"] is goes_on
            if goes_on:
                await s.state("take")
            else:
                assert "没有提交" in answer["error"]
                assert s.center.cases == {}

    play(scene)


def test_a_question_is_one_however_it_is_typed_and_its_words_are_sealed() -> None:
    stay = Stay()
    for n, typed in enumerate(("办", "办港", "办港澳通行证", "办港澳", "")):
        stay.search(typed, "", float(n))
    stay.search("社保", "ZZ001", 9.0)
    stay.search("张三15060319900101", "", 10.0)
    stay.search("gjj", "", 11.0)
    assert stay.close_searches(lambda words: f"<{words}>") == [{"sealed": "<办港澳通行证>"}, {"item": "ZZ001"}]
    assert stay.close_searches(str) == []


def test_who_only_looked_for_something_is_told_of_when_gone() -> None:
    stay = Stay()
    stay.search("办港澳通行证", "", 10.0)
    assert not stay.over(0.0, 10.0 + GONE_S - 1)
    assert stay.over(0.0, 10.0 + GONE_S)
    assert [kind for kind, _body in stay.tell(str)] == ["searched"]
    assert stay.tell(str) == []


def test_what_was_looked_for_is_told_when_the_person_is_gone_and_lies_nowhere_in_clear(tmp_path: Path) -> None:
    lost, item = "买火车票去北京", "参保证明"

    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            for typed in (lost[:3], lost, item):
                assert (await s.browser.get("/found", params={"q": typed})).status_code == 200
            assert s.center.bodies("searched") == []
            await s.post("exit")
            await s.until(lambda: s.center.bodies("searched"))
            (told,) = s.center.bodies("searched")
            first, second = told["asked"]
            assert (set(first), second) == ({"sealed"}, {"item": "ZZ001"})
            kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
            assert lost.encode() not in kept
            assert lost not in str(told)

    play(scene)
