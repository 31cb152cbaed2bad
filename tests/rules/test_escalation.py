"""Escalation with a clock that the test turns: who is told at which minute, and the sentence that says so."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.escalation import (
    MOST_ROUNDS,
    NOBODY_S,
    SHIPPED,
    STEP_NAMES,
    TELLING,
    Cursor,
    Otherwise,
    Step,
    StepKind,
    describe,
    next_move,
    problems,
    read_step,
)
from budayang.rules.incident_kinds import Severity

ZONE = "Asia/Shanghai"
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Ordos
DUTY = Step(StepKind.TELL_ON_DUTY, body="responsible")
NEXT = Step(StepKind.TELL_NEXT, body="responsible")
KEEPER = Step(StepKind.TELL_ROLE, role="area_keeper")
BOSS = Step(StepKind.TELL_ROLE, role="supervisor")


def wait(minutes: int) -> Step:
    return Step(StepKind.WAIT, wait_s=minutes * 60)


def again(times: int) -> Step:
    return Step(StepKind.REPEAT, times=times)


def between(opens: int, closes: int, otherwise: Otherwise) -> Step:
    return Step(StepKind.ONLY_BETWEEN, opens=time(opens), closes=time(closes), otherwise=otherwise)


def run(steps: tuple[Step, ...], start: datetime, nobody: frozenset[Step] = frozenset()) -> list[tuple[int, str]]:
    """(minute, what) of everything that happens while nobody confirms. `nobody`: steps that find nobody."""
    found: list[tuple[int, str]] = []
    cursor, now = Cursor(), start
    for _turn in range(400):
        move = next_move(steps, cursor, now, zone=ZONE)
        cursor = move.cursor
        minute = round((now - start).total_seconds() / 60)
        if move.tell is not None:
            hit = move.tell not in nobody
            cursor = cursor.after_telling(hit)
            found.append((minute, (move.tell.role or move.tell.body or move.tell.kind) + ("" if hit else " -")))
        elif move.until is not None:
            now = move.until
        else:
            found.append((minute, "end"))
            return found
    raise AssertionError("it never ends")


NIGHT = NOON - timedelta(hours=10)  # 02:00
CASES = [
    ("one after the other", (DUTY, wait(15), KEEPER), NOON, (), [(0, "responsible"), (15, "area_keeper"), (15, "end")]),
    ("wait first", (wait(5), DUTY), NOON, (), [(5, "responsible"), (5, "end")]),
    ("two at once", (DUTY, KEEPER, wait(5)), NOON, (), [(0, "responsible"), (0, "area_keeper"), (5, "end")]),
    (
        "nobody on duty: nobody is waited for",
        (DUTY, wait(15), KEEPER),
        NOON,
        (DUTY,),
        [(0, "responsible -"), (0, "area_keeper"), (0, "end")],
    ),
    (
        "one of two is enough to wait for",
        (DUTY, KEEPER, wait(15), BOSS),
        NOON,
        (DUTY,),
        [(0, "responsible -"), (0, "area_keeper"), (15, "supervisor"), (15, "end")],
    ),
    (
        "repeated as often as said",
        (DUTY, wait(10), again(2)),
        NOON,
        (),
        [(0, "responsible"), (10, "responsible"), (20, "responsible"), (30, "end")],
    ),
    (
        "a round that reached nobody is tried again later",
        (DUTY, wait(10), again(1)),
        NOON,
        (DUTY,),
        [(0, "responsible -"), (NOBODY_S // 60, "responsible -"), (NOBODY_S // 60, "end")],
    ),
    (
        "inside the hours it goes on",
        (DUTY, between(8, 20, Otherwise.STOP), KEEPER),
        NOON,
        (),
        [(0, "responsible"), (0, "area_keeper"), (0, "end")],
    ),
    (
        "outside: it waits until they begin",
        (DUTY, between(8, 20, Otherwise.HOLD), KEEPER),
        NIGHT,
        (),
        [(0, "responsible"), (360, "area_keeper"), (360, "end")],
    ),
    (
        "outside: it leaves one step out",
        (DUTY, between(8, 20, Otherwise.SKIP), KEEPER, BOSS),
        NIGHT,
        (),
        [(0, "responsible"), (0, "supervisor"), (0, "end")],
    ),
    (
        "outside: it stops",
        (DUTY, between(8, 20, Otherwise.STOP), KEEPER),
        NIGHT,
        (),
        [(0, "responsible"), (0, "end")],
    ),
    (
        "hours over midnight",
        (between(22, 6, Otherwise.STOP), DUTY),
        NIGHT,
        (),
        [(0, "responsible"), (0, "end")],
    ),
    ("no steps", (), NOON, (), [(0, "end")]),
]


@pytest.mark.parametrize(("steps", "start", "nobody", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_who_is_told_at_which_minute(
    steps: tuple[Step, ...], start: datetime, nobody: tuple[Step, ...], expected: list[tuple[int, str]]
) -> None:
    assert run(steps, start, frozenset(nobody)) == expected


def test_the_sentence_says_what_the_list_does() -> None:
    names = {"role:area_keeper": "自助区管理员", "role:supervisor": "主管", "staff:7": "莫"}
    steps = (DUTY, wait(15), KEEPER, Step(StepKind.TELL_PERSON, staff=7), wait(90), BOSS, wait(30), again(2))
    assert describe(steps, names) == (
        "先通知责任单位的当班人员；15 分钟无人确认，再通知自助区管理员；同时通知莫；"
        "1 小时 30 分钟无人确认，再通知主管；30 分钟仍无人确认，从头再来，最多 2 次。"
    )
    held = (wait(5), DUTY, between(8, 20, Otherwise.HOLD), KEEPER)
    assert describe(held, names) == (
        "等 5 分钟，通知责任单位的当班人员；只在 08:00—20:00 继续，其余时间等到时段开始再继续；再通知自助区管理员。"
    )
    assert describe((), names) == "没有步骤。"


@pytest.mark.parametrize(
    ("steps", "word"),
    [
        ((wait(5),), "通知到人"),
        ((DUTY, again(1)), "一步等待"),
        ((DUTY, wait(5), again(1), KEEPER), "最后一步"),
        ((DUTY, wait(5), again(MOST_ROUNDS + 1)), "次之间"),
        ((Step(StepKind.TELL_ROLE),), "角色"),
        ((Step(StepKind.TELL_PERSON),), "选择人"),
        ((Step(StepKind.TELL_ON_DUTY, body="x"),), "单位"),
        ((DUTY, Step(StepKind.WAIT, wait_s=10)), "1 分钟到 7 天"),
        ((DUTY, Step(StepKind.ONLY_BETWEEN, opens=time(8), closes=time(8)), KEEPER), "时段"),
        ((DUTY,) * 21, "多于"),
    ],
)
def test_a_list_that_cannot_work_says_why(steps: tuple[Step, ...], word: str) -> None:
    assert any(word in one for one in problems(steps))


@pytest.mark.parametrize("severity", list(Severity))
def test_what_ships_is_sound_ends_and_tells_somebody_at_once(severity: Severity) -> None:
    steps = SHIPPED[severity]
    assert problems(steps) == []
    assert [read_step(one.as_dict()) for one in steps] == list(steps)
    assert run(steps, NIGHT)[0] == (0, "responsible")
    assert run(steps, NIGHT)[-1][1] == "end"
    alone = frozenset(one for one in steps if one.kind in TELLING)
    assert run(steps, NIGHT, alone)[-1][1] == "end"


def test_every_kind_has_a_name() -> None:
    assert set(STEP_NAMES) == set(StepKind)


any_step = st.one_of(
    st.just(DUTY),
    st.just(NEXT),
    st.just(KEEPER),
    st.integers(1, 600).map(wait),
    st.builds(between, st.integers(0, 11), st.integers(12, 23), st.sampled_from(list(Otherwise))),
)


@given(st.lists(any_step, min_size=1, max_size=8), st.integers(1, 3), st.sets(st.sampled_from([DUTY, NEXT, KEEPER])))
def test_whatever_people_write_it_ends_and_time_goes_forward(steps: list[Step], times: int, nobody: set[Step]) -> None:
    whole = (*steps, again(times))
    if problems(whole):
        return
    told = run(whole, NIGHT, frozenset(nobody))
    minutes = [minute for minute, _what in told]
    assert minutes == sorted(minutes)
    most = sum(one.kind in TELLING for one in steps) * (times + 1)
    assert len(told) - 1 <= most
