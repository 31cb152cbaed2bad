"""Joint silences, and what evidence settles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.causes import Bucket
from budayang.rules.evidence import READERS, Line, line_of, settle_area, settle_terminal
from budayang.rules.inference import NUMBER, AreaFacts, Silent, goes_on, hold_s, join

START = datetime(2026, 11, 23, 18, tzinfo=UTC)


def silent(number: int, last_word_s: float, plan_s: float = 30) -> Silent:
    return Silent(f"T-{number}", START + timedelta(seconds=last_word_s + plan_s + 30), plan_s, 30)


@given(
    cut_s=st.floats(0, 10_000),
    phases=st.lists(st.floats(0, 29.9), min_size=3, max_size=60),
    heard=st.integers(0, 2),
)
def test_whatever_their_phases_terminals_cut_off_together_are_joined(
    cut_s: float, phases: list[float], heard: int
) -> None:
    group = [silent(number, cut_s - phase) for number, phase in enumerate(phases)]
    joint = join(AreaFacts(group, [f"H-{one}" for one in range(heard)]))
    assert (joint is not None) == (len(group) > (len(group) + heard) * NUMBER["share"])
    if joint is not None:
        assert joint.since == min(one.silent_at for one in group)
        assert len(joint.members) == len(group)


@given(st.lists(st.floats(0, 29.9), min_size=3, max_size=20), st.floats(0, 10_000))
def test_all_that_were_cut_together_are_silent_before_the_hold_of_the_first_ends(
    phases: list[float], cut_s: float
) -> None:
    group = [silent(number, cut_s - phase) for number, phase in enumerate(phases)]
    first, last = min(one.silent_at for one in group), max(one.silent_at for one in group)
    assert (last - first).total_seconds() < hold_s([one.plan_s for one in group])


def test_silences_that_cannot_have_one_moment_are_not_joined() -> None:
    assert join(AreaFacts([silent(1, 0), silent(2, 60), silent(3, 120)], [])) is None


def test_the_battery_must_come_before_the_silence() -> None:
    group = [silent(number, number) for number in range(4)]
    before = join(AreaFacts(group, [], battery_since=START))
    after = join(AreaFacts(group, [], battery_since=START + timedelta(minutes=5)))
    assert before is not None
    assert after is not None
    assert (before.code, after.code) == ("area_power", "area_silent")


@pytest.mark.parametrize(
    ("count", "total", "still"), [(40, 40, True), (12, 40, True), (11, 40, False), (1, 3, False), (2, 3, True)]
)
def test_when_a_fault_of_an_area_is_over(count: int, total: int, still: bool) -> None:
    assert goes_on(count, total) is still


@pytest.mark.parametrize(
    ("kind", "body", "bucket"),
    [
        ("started", {"cause": "boot", "stopped": "clean", "by": "person"}, Bucket.SWITCHED_OFF),
        ("started", {"cause": "boot", "stopped": "clean", "by": "power"}, Bucket.POWER),
        ("started", {"cause": "boot", "stopped": "clean", "by": ""}, Bucket.UNDETERMINED),
        ("started", {"cause": "boot", "stopped": "unclean", "by": ""}, Bucket.UNDETERMINED),
        ("started", {"cause": "program", "stopped": "unclean"}, Bucket.SOFTWARE),
        ("started", {"cause": "program", "stopped": "clean", "by": "update"}, Bucket.SOFTWARE),
        ("stopping", {"by": "person"}, Bucket.SWITCHED_OFF),
        ("stopping", {"by": "command"}, Bucket.PLANNED),
        ("stopping", {"by": "system"}, Bucket.UNDETERMINED),
        ("reconnected", {"reason": "dns"}, Bucket.NETWORK),
    ],
)
def test_what_one_word_settles(kind: str, body: dict[str, object], bucket: Bucket) -> None:
    line = READERS[kind]("T-1", body, START)
    assert line is not None
    assert line_of(line.plain()) == line
    assert settle_terminal([line]).bucket is bucket


@pytest.mark.parametrize(
    ("kind", "body"),
    [("reconnected", {"reason": "http"}), ("stopping", {}), ("started", {}), ("started", {"cause": 3, "by": None})],
)
def test_what_says_nothing(kind: str, body: dict[str, object]) -> None:
    assert READERS[kind]("T-1", body, START) is None


def test_contradiction_settles_nothing() -> None:
    lines = [Line(START, "T-1", "switched_off", ""), Line(START, "T-1", "kept_running", "")]
    assert settle_terminal(lines).bucket is Bucket.UNDETERMINED


def test_few_words_do_not_speak_for_an_area() -> None:
    lines = [Line(START, f"T-{one}", "kept_running", "") for one in range(2)]
    assert settle_area(lines, 4, NUMBER).bucket is Bucket.NETWORK
    assert settle_area(lines, 40, NUMBER).bucket is Bucket.UNDETERMINED


def test_boots_far_apart_are_not_one_power_cut() -> None:
    near = [Line(START + timedelta(seconds=100 * one), f"T-{one}", "boot_unclean", "") for one in range(3)]
    far = [Line(START + timedelta(seconds=400 * one), f"T-{one}", "boot_unclean", "") for one in range(3)]
    assert settle_area(near, 3, NUMBER).bucket is Bucket.POWER
    assert settle_area(far, 3, NUMBER).bucket is Bucket.UNDETERMINED
