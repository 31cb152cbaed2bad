"""Commands as rules: the table of states whole, sizes of rings, what a roll-out bears, versions in order."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.commands import (
    FAILED_MOST,
    FINAL_STATES,
    KINDS,
    MOST_VALID_S,
    OPEN_STATES,
    REASONS,
    RING_NAMES,
    ROLLOUT_STATES,
    ROLLOUT_TRANSITIONS,
    SOAK_S,
    STATES,
    TRANSITIONS,
    get_kind,
    judge_rollout,
    next_state,
    reason_text,
    ring_of,
    version_key,
)

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
EVENTS = ("delivered", "withdrawn", "expired", "lost", "running", "done", "failed", "cancelled")
# state → what becomes of it at each of EVENTS; "." leaves it as it is.
TABLE = {
    "queued": "delivered cancelled expired . running done failed cancelled",
    "delivered": ". . expired . running done failed cancelled",
    "running": ". . . failed . done failed cancelled",
    "done": ". . . . . . . .",
    "failed": ". . . . . done . .",
    "expired": ". . . . running done failed .",
    "cancelled": ". . . . running done failed .",
}


def test_the_table_of_a_run_is_whole() -> None:
    assert set(TABLE) == set(STATES) == OPEN_STATES | FINAL_STATES
    assert {event for _state, event in TRANSITIONS} == set(EVENTS)
    for state, row in TABLE.items():
        for event, after in zip(EVENTS, row.split(), strict=True):
            assert next_state(state, event) == (None if after == "." else after), (state, event)


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_a_run_that_is_done_stays_done(events: list[str]) -> None:
    state = "queued"
    for event in events:
        after = next_state(state, event) or state
        assert state != "done" or after == "done"
        state = after
        assert state in STATES


def test_every_kind_says_what_people_must_know() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert kind.effect.endswith("。"), kind.name
        assert 0 < kind.limit_s <= kind.valid_s <= MOST_VALID_S, kind.name
        assert kind.waits == bool(kind.announce_s) == bool(kind.announcement) == kind.disruptive, kind.name
        assert kind.bodies <= {"owner", "vendor"}
    again = {kind.name for kind in KINDS if not kind.again}
    assert again == {"restart_application", "restart_machine", "update_software"}, "doing these twice is noticed"
    assert {kind.name for kind in KINDS if not kind.offered} == {"update_software", "cancel"}
    with pytest.raises(KeyError):
        get_kind("make_coffee")


def test_reasons_are_told_in_words_and_strange_ones_as_they_came() -> None:
    assert all(word or not reason for reason, word in REASONS.items())
    assert (reason_text("paper_out"), reason_text("solar flare")) == ("打印机缺纸", "solar flare")


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (20, (1, 1, 18)), (21, (1, 2, 18)), (100, (1, 9, 90)),
     (101, (1, 10, 90)), (5000, (1, 499, 4500))],
)  # fmt: skip
def test_sizes_of_rings(count: int, sizes: tuple[int, int, int]) -> None:
    rings = Counter(ring_of([(f"T-{number:04}", "normal") for number in range(count)]).values())
    assert tuple(rings[ring] for ring in range(3)) == sizes


def test_preference_goes_before_the_code_and_a_strange_one_counts_as_normal() -> None:
    rings = ring_of([("A", "normal"), ("B", "early"), ("C", "first"), ("D", "whatever")])
    assert rings == {"C": 0, "B": 1, "A": 2, "D": 2}
    assert ring_of([]) == {}


@given(st.dictionaries(st.text("ABC123", min_size=1, max_size=4), st.sampled_from(["first", "early", "normal"])))
def test_nobody_is_left_out_and_the_order_of_asking_does_not_matter(fleet: dict[str, str]) -> None:
    pairs = list(fleet.items())
    assert ring_of(pairs) == ring_of(pairs[::-1])
    assert set(ring_of(pairs)) == set(fleet)


@pytest.mark.parametrize(
    ("ring", "states", "step"),
    [
        (0, {"queued": 1}, "wait"),
        (0, {"failed": 1}, "pause"),
        (0, {"expired": 1}, "pause"),
        (1, {"done": 8, "failed": 1, "queued": 1}, "pause"),
        (1, {"done": 8, "running": 1}, "wait"),
        (2, {"done": 1, "failed": 2, "queued": 5}, "wait"),  # two are borne, whatever their share
        (2, {"done": 0, "failed": 3, "queued": 5}, "pause"),
        (2, {"done": 57, "failed": 3}, "finish"),  # exactly a twentieth
        (2, {"done": 56, "failed": 3}, "pause"),
        (2, {"done": 1, "expired": 40, "cancelled": 3}, "finish"),
        (2, {"failed": 2, "expired": 1}, "pause"),
    ],
)
def test_what_is_borne(ring: int, states: dict[str, int], step: str) -> None:
    verdict = judge_rollout(ring, 2, states, NOW - timedelta(days=1), NOW)
    assert verdict.step == step, verdict.why
    assert RING_NAMES[ring] in verdict.why or step == "finish"


def test_a_ring_is_watched_before_the_next() -> None:
    for ring in (0, 1):
        end = NOW + timedelta(seconds=SOAK_S[ring])
        early = judge_rollout(ring, 2, {"done": 1}, NOW, end - timedelta(seconds=1))
        assert (early.step, "再观察 1 分钟" in early.why) == ("wait", True)
        assert judge_rollout(ring, 2, {"done": 1}, NOW, end).step == "next"
    assert judge_rollout(0, 0, {"done": 1}, NOW, NOW).step == "finish", "the last ring is not watched"
    assert FAILED_MOST[:2] == (0, 0)


def test_the_table_of_a_roll_out_leads_to_an_end() -> None:
    assert {state for state, _event in ROLLOUT_TRANSITIONS} == {"running", "paused"}
    assert set(ROLLOUT_TRANSITIONS.values()) <= set(ROLLOUT_STATES)
    assert all((ROLLOUT_TRANSITIONS[state, "cancel"] == "cancelled") for state in ("running", "paused"))


def test_versions_in_their_order() -> None:
    order = ["0.9", "1.2.rc1", "1.2.0", "1.9", "1.10", "1.10.2", "2.0"]
    backwards = order[::-1]
    assert sorted(backwards, key=version_key) == order
    assert version_key("1.2") < version_key("1.2.0")
