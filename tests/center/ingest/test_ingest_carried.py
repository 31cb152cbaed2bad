"""Watched machines whose syncs ride with their relay's: the relay's silence counts, theirs does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from the_door import SYSTEM, Clock, Door, Machine, send

from budayang.center.platform.models import Transition
from budayang.center.terminals import actions, queries
from budayang.center.terminals.models import StatusInterval

Join = Callable[[str, str], Machine]


@pytest.fixture
def join(hall: Any, door: Door, now: datetime) -> Join:
    def make(code: str, kind: str) -> Machine:
        terminal = actions.register_terminal(
            SYSTEM, code=code, name=code, area=hall.code, owner="RS", kind=kind, now=now, is_demo=True
        )
        machine = Machine(door, terminal)
        assert machine.enrol(actions.issue_enrolment_code(SYSTEM, terminal.pk, now))[0] == 200
        assert machine.ask_session()[0] == 200
        return machine

    return make


def test_only_the_relay_falls_silent(join: Join, door: Door, clock: Clock) -> None:
    relay, one, two = join("KBS-R1", "relay"), join("KBS-11", "watched"), join("KBS-12", "watched")
    answers = send(
        door, relay.envelope(), one.envelope(one.status("reach-1", "ping", "ok")),
        two.envelope(two.status("power-1", "load", "drawing")),
    )  # fmt: skip
    assert all(answer.ok for answer in answers)
    assert door.listen_s(100) == ["KBS-R1"]
    assert door.listen_s(1000) == []
    news = Transition.objects.filter(kind="terminals.silent")
    assert [row.payload["terminal"] for row in news] == ["KBS-R1"]
    assert one.row().silent_since is None
    answers = send(door, relay.envelope(), one.envelope(), two.envelope())
    assert all(answer.ok for answer in answers)
    assert [row.payload["terminal"] for row in Transition.objects.filter(kind="terminals.heard")] == ["KBS-R1"]


def test_a_carried_machine_has_facts_and_no_link_of_its_own(join: Join, door: Door) -> None:
    machine = join("KBS-11", "watched")
    machine.sync(machine.status("reach-1", "ping", "ok"))
    rows = StatusInterval.objects.filter(terminal=machine.terminal)
    assert [(row.subject, row.property, row.state) for row in rows] == [("reach-1", "ping", "ok")]


def test_the_exemption_outlives_a_new_writer(join: Join, door: Door, clock: Clock) -> None:
    relay, machine = join("KBS-R1", "relay"), join("KBS-11", "watched")
    send(door, relay.envelope(), machine.envelope())
    door.run(door.app.shutdown())
    door.run(door.app.startup())
    assert door.listen_s(200) == ["KBS-R1"]
    assert machine.row().silent_since is None


def test_one_machine_s_error_harms_no_other_in_the_body(join: Join, door: Door, clock: Clock) -> None:
    relay, one, two = join("KBS-R1", "relay"), join("KBS-11", "watched"), join("KBS-12", "watched")
    actions.suspend(SYSTEM, one.terminal.pk, clock.now)
    door.wait_for(lambda: door.app.writer.memory.by_code["KBS-11"].state == "suspended", "heard of it")
    answers = send(door, relay.envelope(), one.envelope(), two.envelope(two.status("reach-1", "ping", "down")))
    assert [answer.error for answer in answers] == [None, "suspended", None]
    assert answers[2].acked_seq == 1


def test_relays_are_in_no_list_of_machines(join: Join) -> None:
    join("KBS-R1", "relay")
    join("KBS-11", "watched")
    assert [one.code for one in queries.visible_to(SYSTEM)] == ["KBS-11"]
    assert [one.code for one in queries.in_service()] == ["KBS-11"]
