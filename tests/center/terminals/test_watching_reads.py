"""Verdicts of many watched machines cost as many questions as of two."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.terminals import actions, watching_actions, watching_verdicts
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import IngestLease, StatusInterval, Terminal, WatchNow
from budayang.rules.watch_times import LOOK_TAKES_S
from budayang.rules.watching import BY_KIND, Usable

pytestmark = pytest.mark.django_db
QUERIES = 9


def _machines(hall: Hall, first: int, many: int, now: datetime) -> list[Terminal]:
    """Machines with a relay of their own each, a plug, a page and a word of a person."""
    made = []
    for number in range(first, first + many):
        more = {"area": hall.area.code, "owner": "RS", "now": now, "is_demo": True}
        relay = actions.register_terminal(SYSTEM, code=f"KBS-R{number}", name="中继", kind="relay", **more)
        machine = actions.register_terminal(SYSTEM, code=f"KBS-{number}", name="专机", kind="watched", **more)
        watching_actions.set_relay(SYSTEM, machine.pk, relay.pk, now)
        for kind, prop, state in (("plug", "load", "drawing"), ("http", "http", "ok")):
            settings = {"url": "http://10.0.0.9/"}
            source = watching_actions.add_source(SYSTEM, machine.pk, kind=kind, settings=settings, now=now)
            StatusInterval.objects.create(
                terminal=machine, subject=source.subject, property=prop, kind=source.subject.split("-")[0], state=state,
                since=now, received_at=now,
            )  # fmt: skip
        Terminal.objects.filter(pk__in=[relay.pk, machine.pk]).update(state="active", last_seen_at=now)
        made.append(machine)
    return made


def test_twenty_machines_cost_as_many_queries_as_two(now: datetime) -> None:
    hall, later = build(now), now + timedelta(seconds=20)
    IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": later})
    two = _machines(hall, 11, 2, now)
    twenty = two + _machines(hall, 13, 18, now)
    for machines in (two, twenty):
        with CaptureQueriesContext(connection) as asked:
            found = watching.verdicts_of([one.pk for one in machines], later)
        assert {verdict.usable for verdict in found.values()} == {Usable.OK}
        assert len(found) == len(machines)
        assert len(asked) == QUERIES


def test_a_doubt_that_time_alone_ends_is_judged_when_it_ends(now: datetime) -> None:
    hall = build(now)
    machine = _machines(hall, 11, 1, now)[0]
    off_at = now + timedelta(seconds=30)
    plug = StatusInterval.objects.filter(terminal=machine, property="load")
    plug.update(until=off_at)
    StatusInterval.objects.create(
        terminal=machine, subject=plug.get().subject, property="load", kind="power", state="off", since=off_at,
        received_at=off_at,
    )  # fmt: skip
    doubt_ends = off_at + timedelta(seconds=BY_KIND["http"].interval_s + LOOK_TAKES_S)

    def judged(moment: datetime) -> WatchNow:
        IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": moment})
        Terminal.objects.update(last_seen_at=moment)
        watching_verdicts.judge_due(moment)
        return WatchNow.objects.get(terminal=machine)

    watching_verdicts.rejudge([machine.pk], off_at + timedelta(seconds=1))
    told = judged(off_at + timedelta(seconds=2))
    assert (told.usable, told.due_at) == ("off", doubt_ends)
    told = judged(doubt_ends)
    assert (told.usable, told.due_at) == ("unknown", None)
    assert "矛盾" in told.text
