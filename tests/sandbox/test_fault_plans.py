"""Plans of faults: the same seed gives the same plan and truth, and no two faults are done to one machine at once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from budayang.rules.causes import CAUSE_BY_CODE, Bucket
from budayang.sandbox.faults.plans import KIND_BY_CODE, KINDS, PLANS, BadPlan, Plan, as_json, compose
from budayang.sandbox.faults.table import Act, Scope, Timing
from budayang.sandbox.fleet.layout import PERIPHERALS, lay_out, states_when_well

TIMING = Timing(30, 30, 600)
FLEET = lay_out(400)


def plan(name: str = "mixed", seed: int = 7, timing: Timing = TIMING) -> Plan:
    return compose(name, FLEET, timing, seed)


def test_a_fleet_stands_in_halls_of_about_forty() -> None:
    fleet = lay_out(2000)
    assert len(fleet.areas) == 50
    assert {len(area.terminals) for area in fleet.areas} == {40}
    assert len({one.code for one in fleet.terminals}) == 2000
    assert [len(area.terminals) for area in lay_out(50).areas] == [25, 25]
    assert len(PERIPHERALS) == 9
    assert sum(area.has_ups for area in fleet.areas) == 25


def test_what_is_well_raises_no_cause() -> None:
    causes = {(c.kind, c.prop, state) for c in CAUSE_BY_CODE.values() for state in c.states}
    for area in FLEET.areas:
        for spec in area.terminals:
            assert not {(kind, prop, state) for _s, kind, prop, state in states_when_well(area, spec)} & causes


def test_the_same_seed_gives_the_same_plan_and_truth() -> None:
    one, other = plan(), plan()
    assert one.faults == other.faults
    assert one.steps() == other.steps()
    assert one.truth() == other.truth()
    assert plan(seed=8).faults != one.faults


def test_mixed_plays_every_kind() -> None:
    assert {fault.kind for fault in compose("mixed", lay_out(2000), TIMING, 7).faults} == {kind.code for kind in KINDS}


@pytest.mark.parametrize("seed", range(5))
def test_a_machine_has_one_fault_and_a_whole_area_one(seed: int) -> None:
    faults = plan(seed=seed).faults
    wide = [fault.area for fault in faults if KIND_BY_CODE[fault.kind].scope is Scope.AREA]
    assert not [area for area, count in Counter(wide).items() if count > 1]
    alone = [fault for fault in faults if KIND_BY_CODE[fault.kind].scope is Scope.TERMINAL]
    assert not [code for code, count in Counter(one.terminals[0] for one in alone).items() if count > 1]
    assert not {fault.area for fault in alone} & set(wide)


@pytest.mark.parametrize("seed", range(5))
def test_everything_is_found_and_ended_before_the_end(seed: int) -> None:
    for fault in plan(seed=seed).faults:
        kind = KIND_BY_CODE[fault.kind]
        assert fault.start_s + kind.least_s(TIMING) <= TIMING.length_s - 5
        assert fault.end_s is None or fault.start_s < fault.end_s <= TIMING.length_s - 5


def test_few_machines_of_an_area_fall_silent_alone() -> None:
    """So few that nobody could take them for a fault of the area."""
    silent = Counter(
        fault.area
        for fault in compose("mixed", lay_out(2000), TIMING, 7).faults
        if KIND_BY_CODE[fault.kind].silent and KIND_BY_CODE[fault.kind].scope is Scope.TERMINAL
    )
    assert max(silent.values()) <= 2


def test_the_truth_speaks_the_words_of_the_center() -> None:
    """Not what it answers: only that a kind and a bucket of the truth exist, so that no answer is missed by a slip."""
    for expected in compose("mixed", lay_out(2000), TIMING, 7).truth():
        assert expected.kinds | expected.also <= set(CAUSE_BY_CODE)
        assert expected.told | expected.settled <= {bucket.value for bucket in Bucket}


def test_each_mark_of_the_truth_is_made_by_a_step() -> None:
    made = plan()
    marks = {(number, step.mark, step.terminal) for number, step in made.steps() if step.mark}
    for expected in made.truth():
        for terminal in expected.known.terminals:
            assert (expected.fault, expected.known.mark, terminal) in marks


def test_a_dark_area_is_one_cause_and_a_printer_broken_meanwhile_another() -> None:
    truth = compose("power", FLEET, TIMING, 3).truth()
    by_fault: dict[int, list[str]] = {}
    for expected in truth:
        by_fault.setdefault(expected.fault, []).append(expected.where)
    assert ["area", "terminal"] in [[where.split(":")[0] for where in found] for found in by_fault.values()]
    (dark,) = (e for e in truth if e.where.startswith("area:") and e.settled == {"power"} and e.told == {"power"})
    assert dark.known.share == 0.5


def test_what_must_alarm_nobody_has_no_truth() -> None:
    for name in ("quiet", "storm"):
        assert compose(name, FLEET, TIMING, 1).truth() == []
    assert compose("quiet", FLEET, TIMING, 1).faults == ()
    assert len(compose("storm", FLEET, TIMING, 1).faults) == len(FLEET.areas)


def test_late_data_is_days_old_and_its_machine_joins_late() -> None:
    made = compose("late", FLEET, TIMING, 1)
    ages = [age for _n, step in made.steps() if step.act is Act.OLD for age, *_rest in step.args["events"]]  # type: ignore[attr-defined]
    assert max(ages) == 3 * 86400
    joining = {step.terminal for _n, step in made.steps() if step.act is Act.JOIN}
    assert joining == made.late_joiners()


def test_too_little_time_is_refused_with_the_repair() -> None:
    with pytest.raises(BadPlan, match=r"needs \d+ s at this plan and grace: play longer"):
        plan(timing=Timing(30, 30, 60))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_is_a_file_that_can_be_played_again(name: str, tmp_path: Path) -> None:
    made = plan(name)
    file = tmp_path / "mine.json"
    file.write_text(as_json(made))
    again = compose(str(file), FLEET, TIMING, 7)
    assert again.faults == made.faults
    assert again.name == "mine"


def test_a_file_that_is_no_plan_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="choose one of mixed"):
        compose("nothing-of-this-name", FLEET, TIMING, 1)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"faults": [{"kind": "paper_out", "terminal": "NOBODY", "start_s": 1}]}))
    with pytest.raises(BadPlan, match="fault 1"):
        compose(str(file), FLEET, TIMING, 1)
