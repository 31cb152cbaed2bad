"""Silence, held requests, messages to terminals, restarts, restores, rivals."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from django.db import connection
from the_door import SYSTEM, Clock, Door, Machine, send

from budayang.center.ingest.sql import connect
from budayang.center.ingest.store import Fenced, Store
from budayang.center.platform.models import Transition
from budayang.center.terminals import actions, queries
from budayang.center.terminals.models import Inbox, IngestLease, MonitoringGap, Outgoing, StatusInterval, Terminal
from budayang.center.terminals.news import told_codes
from budayang.wire import messages as wire


def answer_of(held: Future[tuple[int, bytes]]) -> wire.Answer:
    status, body = held.result(10)
    assert status == 200, body
    return msgspec.json.decode(body, type=wire.AnswerBody).answers[0]


def hold(door: Door, machine: Machine) -> Future[tuple[int, bytes]]:
    held = door.later("/wire/v1/sync", wire.sync_body([machine.envelope(wait_s=20)]))
    known = door.app.writer.memory.by_id[machine.terminal.pk]
    door.wait_for(lambda: bool(known.waiters), "the request is held")
    return held


def test_silence_is_noticed_and_dated_to_its_computed_moment(machine: Machine, door: Door, clock: Clock) -> None:
    machine.sync()
    spoke_at = clock.now
    assert door.listen_s(59) == []
    door.listen_s(11)
    door.wait_for(lambda: machine.row().silent_since is not None, "silent")
    assert machine.row().silent_since == spoke_at + timedelta(seconds=60)
    row = Transition.objects.get(kind="terminals.silent")
    assert row.occurred_at == spoke_at + timedelta(seconds=60)
    assert row.occurred_at < row.recorded_at <= clock.now
    assert queries.liveness(machine.terminal.pk, clock.now) == "silent"
    assert door.listen_s(100) == []
    assert machine.sync().ok
    assert machine.row().silent_since is None
    assert Transition.objects.filter(kind="terminals.silent").count() == 1
    assert Transition.objects.get(kind="terminals.heard").occurred_at == clock.now
    link = StatusInterval.objects.filter(subject="terminal", property="link").order_by("since")
    assert [(one.state, one.until) for one in link] == [
        ("online", spoke_at + timedelta(seconds=60)),
        ("silent", clock.now),
        ("online", None),
    ]


def test_terminals_of_a_place_that_fall_silent_together_are_one_piece_of_news(
    new_machine: Callable[[str], Machine], door: Door, clock: Clock
) -> None:
    machines = [new_machine(f"KBS-0{number}") for number in (1, 2, 3)]
    spoke_at = clock.now
    for machine in machines:
        machine.sync()
    door.wait_for(lambda: door.listen_s(5) != [], "they fall silent")
    door.wait_for(lambda: all(machine.row().silent_since is not None for machine in machines), "it is written")
    (row,) = Transition.objects.filter(kind="terminals.silent")
    assert sorted(row.payload["terminals"]) == ["KBS-01", "KBS-02", "KBS-03"]
    assert row.place_path == machines[0].terminal.area.place.path
    assert row.occurred_at == spoke_at + timedelta(seconds=60)
    assert row.subject in {f"terminal:{machine.terminal.code}" for machine in machines}
    assert told_codes([row]) == {"KBS-01", "KBS-02", "KBS-03"}
    assert StatusInterval.objects.filter(property="link", state="silent").count() == 3


def test_silence_of_a_terminal_suspended_a_moment_ago_is_no_news(machine: Machine, door: Door, clock: Clock) -> None:
    machine.sync()
    Terminal.objects.update(state="suspended")  # committed by the console; the door has not heard of it yet
    door.listen_s(65)
    door.wait_for(lambda: door.app.writer.memory.by_code["KBS-01"].state == "suspended", "the lost swap is read again")
    assert not Transition.objects.filter(kind="terminals.silent").exists()
    assert machine.row().silent_since is None


def test_a_held_request_is_a_sign_of_life(machine: Machine, door: Door, clock: Clock) -> None:
    held = hold(door, machine)
    assert door.listen_s(300) == []
    door.call(door.app.writer.memory.by_code["KBS-01"].wake)
    assert answer_of(held).ok


def test_while_the_door_itself_stood_still_nobody_fell_silent(machine: Machine, door: Door, clock: Clock) -> None:
    machine.sync()
    stood_still_at = clock.now
    clock.pass_s(3600)
    assert door.call(door.app.writer.find_silent) == []
    door.run(door.app.writer.beat())
    gap = MonitoringGap.objects.get()
    assert (gap.until, gap.cause) == (clock.now, "ingest_stalled")
    assert gap.since <= stood_still_at
    assert door.listen_s(55) == []
    assert door.listen_s(10) == ["KBS-01"]


def test_a_command_answers_a_held_request_within_a_second(machine: Machine, door: Door, clock: Clock) -> None:
    machine.sync()
    held = hold(door, machine)
    sent_at = time.monotonic()
    row = actions.send(SYSTEM, machine.terminal.pk, "command", {"name": "test_print", "纸": 1}, clock.now)
    answer = answer_of(held)
    assert time.monotonic() - sent_at < 2
    assert [(one.id, one.kind, one.content()) for one in answer.outgoing] == [
        (row.pk, "command", {"name": "test_print", "纸": 1})
    ]
    assert machine.sync().outgoing == [], "not again at once"
    clock.pass_s(21)
    assert [one.id for one in machine.sync().outgoing] == [row.pk], "again while it is not acknowledged"
    machine.sync(machine.event("outgoing.ack", {"ids": [row.pk, "junk", -1]}))
    clock.pass_s(21)
    assert machine.sync().outgoing == []
    row.refresh_from_db()
    assert row.acked_at is not None
    assert not Inbox.objects.exists()


def test_a_terminal_acknowledges_only_its_own(new_machine: Callable[[str], Machine], door: Door, clock: Clock) -> None:
    mine, other = new_machine("KBS-01"), new_machine("KBS-02")
    row = actions.send(SYSTEM, mine.terminal.pk, "notice", {"id": "1"}, clock.now)
    other.sync(other.event("outgoing.ack", {"ids": [row.pk]}))
    row.refresh_from_db()
    assert row.acked_at is None


def test_a_newer_catalogue_replaces_and_an_expired_command_is_not_sent(
    machine: Machine, door: Door, clock: Clock
) -> None:
    for revision in ("1", "2"):
        actions.send(SYSTEM, machine.terminal.pk, "catalogue", {"revision": revision}, clock.now)
    actions.send(SYSTEM, machine.terminal.pk, "command", {"name": "test_print"}, clock.now, valid_s=30)
    door.pulse()
    clock.pass_s(31)
    assert [one.content() for one in machine.sync().outgoing] == [{"revision": "2"}]


def test_a_newer_request_takes_the_place_of_a_held_one(machine: Machine, door: Door) -> None:
    first = hold(door, machine)
    second = door.later("/wire/v1/sync", wire.sync_body([machine.envelope(wait_s=20)]))
    assert answer_of(first).ok
    door.call(door.app.writer.memory.by_code["KBS-01"].wake)
    assert answer_of(second).ok


def test_suspension_by_the_console_reaches_the_terminal(machine: Machine, door: Door, clock: Clock) -> None:
    actions.suspend(SYSTEM, machine.terminal.pk, clock.now, reason="检修")
    door.wait_for(lambda: machine.sync().error == wire.SUSPENDED, "suspended within a second")


def test_enrolled_again_the_old_key_is_worth_nothing(machine: Machine, door: Door, clock: Clock) -> None:
    twin = Machine(door, machine.terminal).join()
    assert twin.sync().ok
    assert machine.sync().error == wire.BAD_MAC


def test_while_a_session_is_renewed_what_is_under_way_counts(machine: Machine, door: Door, clock: Clock) -> None:
    old_key = machine.key
    under_way = machine.envelope()
    assert machine.ask_session()[0] == 200
    assert machine.key != old_key
    assert send(door, under_way)[0].ok
    clock.pass_s(61)
    assert machine.sync(key=old_key).error == wire.BAD_MAC


def test_a_session_ends_after_a_day(machine: Machine, clock: Clock) -> None:
    clock.pass_s(24 * 3600 + 1)
    assert machine.sync().error == wire.NO_SESSION
    assert machine.ask_session()[0] == 200
    assert machine.sync().ok


def test_a_restart_remembers_states_sequence_session_and_epochs(
    open_door: Callable[[], Door], new_terminal: Callable[[str], Terminal], clock: Clock
) -> None:
    door = open_door()
    machine = Machine(door, new_terminal("KBS-01")).join()
    machine.sync(machine.status("printer", "media", "jammed"), machine.event("rating"))
    machine.sync()
    used = machine.counter
    door.stop()
    assert machine.row().counter == used
    machine.door = open_door()
    answer = machine.sync()
    assert (answer.ok, answer.acked_seq, answer.want_state) == (True, 2, False)
    assert machine.sync(machine.status("printer", "media", "present")).ok
    open_row = StatusInterval.objects.get(subject="printer", until=None)
    assert open_row.state == "present"
    assert machine.sync(counter=used).error == wire.COUNTER_REUSED


def test_the_time_nobody_listened_is_monitoring_lost_and_blames_nobody(
    open_door: Callable[[], Door], new_terminal: Callable[[str], Terminal], clock: Clock
) -> None:
    door = open_door()
    machine = Machine(door, new_terminal("KBS-01")).join()
    machine.sync()
    stopped_at = clock.now
    door.stop()
    clock.pass_s(3600)
    assert queries.liveness(machine.terminal.pk, clock.now) == "unknown"
    machine.door = open_door()
    gap = MonitoringGap.objects.get()
    assert (gap.since, gap.until, gap.cause) == (stopped_at, clock.now, "ingest_down")
    assert queries.monitoring_gaps(stopped_at, clock.now) == [(gap.since, gap.until)]
    assert machine.door.listen_s(59) == [], "one more plan and grace"
    assert machine.door.listen_s(2) == ["KBS-01"]


def test_a_restored_database_is_noticed_and_acknowledged_events_come_again(
    open_door: Callable[[], Door], new_terminal: Callable[[str], Terminal], clock: Clock
) -> None:
    door = open_door()
    machine = Machine(door, new_terminal("KBS-01")).join()
    first, second = machine.event("rating", {"n": 1}), machine.event("rating", {"n": 2})
    assert machine.sync(first, second).center_epoch == 1
    door.stop()
    # What a restore from before the second event looks like: an older fence, an older sequence, a row less.
    IngestLease.objects.update(fence=0)
    Terminal.objects.update(acked_seq=1)
    Inbox.objects.filter(seq=2).delete()
    machine.door = open_door()
    answer = machine.sync()
    assert (answer.error, answer.acked_seq, answer.center_epoch) == (wire.GAP, 1, 2)
    assert machine.sync(first, second).ok
    assert Inbox.objects.count() == 2
    assert actions.mark_restored(SYSTEM, clock.now) == 3
    machine.door.pulse()
    assert machine.sync().center_epoch == 3


def test_a_second_process_stands_by_until_the_first_is_gone(
    open_door: Callable[[], Door], new_terminal: Callable[[str], Terminal]
) -> None:
    first = open_door()
    machine = Machine(first, new_terminal("KBS-01")).join()
    second = open_door()
    assert second.post("/wire/v1/sync", wire.sync_body([machine.envelope()]))[0] == 503
    first.stop()
    second.wait_for(lambda: second.app.writer.ready, "the second takes over")
    machine.door = second
    assert machine.sync(machine.event("rating")).ok


def test_a_writer_that_lost_its_lock_unknowingly_writes_nothing_more(machine: Machine, door: Door) -> None:
    machine.sync()
    IngestLease.objects.update(fence=10**6)  # a rival took over
    status, _body = door.post("/wire/v1/sync", wire.sync_body([machine.envelope(machine.event("rating"))]))
    assert status == 503
    assert not Inbox.objects.exists()
    door.wait_for(lambda: IngestLease.objects.get().fence > 10**6, "it takes over again, the rival being gone")
    door.wait_for(lambda: door.app.writer.ready, "and listens")
    machine.seq = 0
    assert machine.sync(machine.event("rating")).acked_seq == 1
    assert Inbox.objects.count() == 1


def test_a_fenced_store_commits_not_even_a_beat(hall: Any, data_dir: Path, clock: Clock) -> None:
    settings = connection.settings_dict
    store = Store(connect(settings["ENGINE"], settings), data_dir, "one")
    try:
        store.take_over(clock())
        IngestLease.objects.update(fence=99)
        with pytest.raises(Fenced):
            store.beat(clock(), deaf=False)
        assert IngestLease.objects.get().beat_at == clock.now
    finally:
        store.close()


def test_a_beat_that_waited_is_no_time_in_which_nobody_listened(hall: Any, data_dir: Path, clock: Clock) -> None:
    settings = connection.settings_dict
    store = Store(connect(settings["ENGINE"], settings), data_dir, "one")
    try:
        store.take_over(clock())
        clock.pass_s(40)
        assert store.beat(clock(), deaf=False) is None
        assert not MonitoringGap.objects.exists()
        stood_still_at = clock()
        clock.pass_s(40)
        assert store.beat(clock(), deaf=True) == stood_still_at
        assert MonitoringGap.objects.get().cause == "ingest_stalled"
    finally:
        store.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite lets one writer at a time")
def test_while_another_program_writes_nothing_is_lost_and_nobody_falls_silent(
    machine: Machine, door: Door, clock: Clock
) -> None:
    machine.sync()
    writer = door.app.writer
    other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    held = Thread(target=machine.sync, args=(machine.event("rating"),))
    held.start()
    try:
        held.join(0.3)
        assert held.is_alive(), "nothing is answered before it is durable"
        assert door.call(writer.find_silent) == []
        assert writer.ready
    finally:
        other.execute("ROLLBACK")
        other.close()
    held.join(10)
    assert Inbox.objects.count() == 1
    assert door.app.writer is writer
    assert not MonitoringGap.objects.exists()


def test_last_seen_is_flushed(machine: Machine, door: Door, clock: Clock) -> None:
    clock.pass_s(17)
    machine.sync()
    assert machine.row().last_seen_at != clock.now
    assert door.call(lambda: door.app.writer._collect_unsaved(10)) == 1
    door.wait_for(lambda: machine.row().last_seen_at == clock.now, "flushed")
    assert machine.row().counter == machine.counter


def test_the_audit_head_goes_along(machine: Machine, door: Door, clock: Clock) -> None:
    from_platform = {"seq": 3, "hash": "ab" * 32, "signature": "cd" * 64}
    Outgoing.objects.all().delete()
    head_model = Transition._meta.apps.get_model("platform", "AuditHead")
    head_model.objects.create(at=clock.now, **from_platform)
    door.pulse()
    head = machine.sync().audit_head
    assert head is not None
    assert msgspec.to_builtins(head) == {**from_platform, "at": clock.now.isoformat()}
