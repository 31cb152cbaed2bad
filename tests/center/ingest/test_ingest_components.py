"""The life of a component as ingest sees it: reported, vanished, back; and how long it is kept to be seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from the_door import Clock, Door, Machine

from budayang.center.platform.actions import set_parameter
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries
from budayang.center.terminals.component_actions import retire_components
from budayang.center.terminals.models import Peripheral

SYSTEM = Actor.system()


def row(subject: str) -> Peripheral:
    return Peripheral.objects.get(subject=subject)


def shown(machine: Machine) -> list[str]:
    return [one.subject for one in queries.peripherals(machine.terminal.pk)]


@pytest.fixture
def two(machine: Machine) -> Machine:
    machine.sync(machine.status("printer", "media", "notPresent"), machine.status("camera", "person", "ok"))
    return machine


def unplug(machine: Machine, subject: str) -> None:
    machine.states.pop(subject)
    machine.sync(state=machine.full(), kinds={one: one for one in machine.states})


def test_what_is_reported_is_a_component_and_what_vanishes_stays_to_be_seen(two: Machine, clock: Clock) -> None:
    first = row("camera").first_seen_at
    clock.pass_s(60)
    unplug(two, "camera")
    assert (row("camera").gone_since, row("printer").gone_since) == (clock.now, None)
    gone = clock.now
    clock.pass_s(60)
    two.sync(state=two.full(), kinds={"printer": "printer"})
    assert row("camera").gone_since == gone, "since it vanished, not since it was last missed"
    assert row("camera").first_seen_at == first
    assert shown(two) == ["camera", "printer"]


def test_a_heartbeat_or_a_change_of_another_component_misses_nothing(two: Machine, clock: Clock) -> None:
    clock.pass_s(60)
    two.sync()
    two.sync(two.status("printer", "media", "jammed"))
    assert row("camera").gone_since is None


def test_a_component_that_is_named_and_not_read_yet_is_there(two: Machine, clock: Clock) -> None:
    two.states.pop("camera")
    two.sync(state=two.full(), kinds={"camera": "camera", "printer": "printer"})
    assert row("camera").gone_since is None


@pytest.mark.parametrize("by", ["event", "event without kind", "whole state", "kinds"])
def test_it_comes_back(two: Machine, clock: Clock, by: str) -> None:
    unplug(two, "camera")
    assert Peripheral.objects.filter(subject="camera", gone_since=clock.now).update(retired_at=clock.now)
    clock.pass_s(60)
    if by == "event":
        two.sync(two.status("camera", "person", "inop"))
    elif by == "event without kind":
        body = {"subject": "camera", "property": "person", "state": "ok"}
        two.sync(two.event("status", body))
    elif by == "whole state":
        two.states["camera"] = {"person": "ok"}
        two.sync(state=two.full())
    else:
        two.sync(state=two.full(), kinds={"camera": "camera", "printer": "printer"})
    found = row("camera")
    assert (found.gone_since, found.retired_at, found.kind) == (None, None, "camera")


def test_a_door_that_was_opened_anew_remembers_what_is_gone(two: Machine, door: Door, clock: Clock) -> None:
    unplug(two, "camera")
    gone = clock.now
    door.run(door.app.shutdown())
    clock.pass_s(60)
    door.app = type(door.app)(data_dir=door.app.writer.data_dir, window_ms=2, clock_ms=clock)
    door.run(door.app.startup())
    two.ask_session()
    two.sync(state=two.full(), kinds={"printer": "printer"})
    assert row("camera").gone_since == gone
    two.sync(two.status("camera", "person", "ok"))
    assert row("camera").gone_since is None


def test_after_its_days_it_retires_and_a_place_may_keep_longer(two: Machine, clock: Clock) -> None:
    unplug(two, "camera")
    week = timedelta(days=7)
    assert retire_components(clock.now + week - timedelta(seconds=1)) == 0
    set_parameter(SYSTEM, "component_keep_d", two.terminal.area.place, 9, valid_from=clock.now)
    assert retire_components(clock.now + week) == 0
    assert retire_components(clock.now + timedelta(days=9)) == 1
    assert retire_components(clock.now + timedelta(days=9)) == 0
    assert shown(two) == ["printer"]
    assert row("camera").retired_at == clock.now + timedelta(days=9)
