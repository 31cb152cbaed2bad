"""What each sync is answered, what is written for it, and that one bad envelope harms no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from the_door import SYSTEM, Clock, Door, Machine, send

from budayang.center.platform.models import Delivery, Transition
from budayang.center.terminals import actions, queries
from budayang.center.terminals.models import Inbox, Peripheral, StatusInterval
from budayang.wire import messages as wire


def news(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in Transition.objects.filter(kind=kind).order_by("id")]


def now_state(machine: Machine, subject: str, prop: str) -> str | None:
    found = queries.current_states([machine.terminal.pk])[machine.terminal.pk].get((subject, prop))
    return found.state if found else None


def test_a_change_is_an_interval_and_news_and_is_acknowledged_after_commit(machine: Machine, clock: Clock) -> None:
    first = machine.sync(machine.status("printer", "paper.upper", "full"))
    assert (first.ok, first.acked_seq, first.want_state) == (True, 1, False)
    begun = clock.now
    clock.pass_s(600)
    machine.sync(machine.status("printer", "paper.upper", "out"))
    rows = StatusInterval.objects.filter(subject="printer").order_by("since")
    assert [(row.state, row.since, row.until) for row in rows] == [("full", begun, clock.now), ("out", clock.now, None)]
    assert rows[1].raw == "raw out"
    assert [one["told"] for one in news("terminals.reported")] == [
        [{"subject": "printer", "kind": "printer", "property": "paper.upper", "state": "full", "raw": "raw full"}]
    ]
    assert [(one["before"], one["state"], one["kind"]) for one in news("terminals.status")] == [
        ("full", "out", "printer")
    ]
    assert Peripheral.objects.get().kind == "printer"
    readers = queries.readers_of("terminals.status")
    found = Delivery.objects.filter(transition__kind="terminals.status").values_list("consumer", flat=True)
    assert sorted(found) == sorted(readers)


def test_a_heartbeat_writes_nothing(machine: Machine, clock: Clock) -> None:
    machine.sync(machine.status("printer", "media", "present"))
    before = (StatusInterval.objects.count(), Transition.objects.count(), machine.row().last_seen_at)
    clock.pass_s(5)
    answer = machine.sync()
    assert (answer.ok, answer.acked_seq, answer.error) == (True, 1, None)
    assert (StatusInterval.objects.count(), Transition.objects.count(), machine.row().last_seen_at) == before


def test_a_repeated_batch_is_harmless(machine: Machine) -> None:
    events = [machine.status("printer", "paper.upper", "low"), machine.event("rating", {"level": "satisfied"})]
    assert machine.sync(*events).acked_seq == 2
    assert machine.sync(*events).acked_seq == 2
    more = [*events, machine.event("rating", {"level": "very_satisfied"})]
    assert machine.sync(*more).acked_seq == 3
    assert [row.seq for row in Inbox.objects.order_by("seq")] == [2, 3]
    assert StatusInterval.objects.filter(subject="printer").count() == 1


def test_a_gap_is_answered_with_what_the_center_has(machine: Machine) -> None:
    machine.sync(machine.event("rating", {"level": "satisfied"}))
    lost, late = machine.event("rating"), machine.event("rating")
    answer = machine.sync(late)
    assert (answer.ok, answer.error, answer.acked_seq) == (False, wire.GAP, 1)
    assert machine.sync(lost, late).acked_seq == 3
    machine.seq += 5
    assert machine.sync().error == wire.GAP, "also a heartbeat that believes the center has more"


def test_events_that_are_gone_for_good_are_said_once_and_passed_over(machine: Machine) -> None:
    machine.sync(machine.event("rating"))
    machine.seq += 3
    answer = machine.sync(machine.event("rating"), lost_seq=4)
    assert (answer.ok, answer.acked_seq) == (True, 5)
    assert news("terminals.lost") == [{"terminal": "KBS-01", "from_seq": 2, "to_seq": 4}]


def test_an_outbox_made_anew_begins_at_one_and_the_old_one_is_refused(machine: Machine) -> None:
    machine.sync(machine.event("rating"))
    old, machine.epoch, machine.seq = machine.epoch, "f" * 16, 0
    assert machine.sync(machine.event("rating")).acked_seq == 1
    assert Inbox.objects.count() == 2
    machine.epoch = old
    assert machine.sync().error == wire.OLDER_EPOCH


def test_the_whole_state_is_asked_for_and_replaces(machine: Machine, clock: Clock) -> None:
    machine.sync(machine.status("printer", "media", "jammed"), machine.status("camera", "person", "ok"))
    machine.states = {"printer": {"media": "present"}, "reader": {"security": "open"}}
    assert machine.sync().want_state
    clock.pass_s(10)
    answer = machine.sync(state=machine.full(), kinds={"reader": "idReader"})
    assert (answer.ok, answer.want_state) == (True, False)
    assert not machine.sync().want_state
    assert now_state(machine, "printer", "media") == "present"
    assert now_state(machine, "reader", "security") == "open"
    assert now_state(machine, "camera", "person") is None
    assert news("terminals.status")[-1]["state"] == "removed"
    assert [(one.subject, one.kind) for one in queries.peripherals(machine.terminal.pk)][-1] == ("reader", "idReader")


def test_a_terminal_that_counts_its_hash_otherwise_is_not_asked_for_ever(machine: Machine) -> None:
    machine.states = {"printer": {"media": "present"}}
    assert machine.sync(state_hash="otherwise").want_state
    assert not machine.sync(state_hash="otherwise", state=machine.full()).want_state
    assert not machine.sync(state_hash="otherwise").want_state


def test_what_was_over_before_it_arrived_is_history_and_alarms_nobody(machine: Machine, clock: Clock) -> None:
    machine.sync(machine.status("printer", "paper.upper", "full"))
    clock.pass_s(7200)
    before = len(news("terminals.status"))
    machine.sync(
        machine.status("printer", "paper.upper", "out", age_s=5400),
        machine.status("printer", "paper.upper", "full", age_s=1800),
    )
    rows = queries.history(machine.terminal.pk, clock.now - timedelta(hours=3), clock.now)
    states = [(row.state, row.since) for row in rows if row.subject == "printer"]
    assert states[1:] == [("out", clock.now - timedelta(seconds=5400)), ("full", clock.now - timedelta(seconds=1800))]
    assert len(news("terminals.status")) == before
    corrected = Transition.objects.get(kind="terminals.corrected")
    assert corrected.occurred_at == clock.now - timedelta(seconds=5400)


def test_a_clock_that_is_a_day_off_does_not_move_events(machine: Machine, clock: Clock) -> None:
    event = machine.event("rating", {"level": "satisfied"})
    wrong = wire.Event(seq=event.seq, kind=event.kind, at_ms=clock() - 86_400_000 - 30_000, age_ms=30_000, body={})
    assert machine.sync(wrong, clock_ms=clock() - 86_400_000).ok
    assert Inbox.objects.get().at == clock.now - timedelta(seconds=30)


def test_the_stamp_of_a_right_clock_is_kept_but_not_one_of_before_it_was_set(machine: Machine, clock: Clock) -> None:
    right = wire.Event(seq=1, kind="a", at_ms=clock() - 31_000, age_ms=30_000)
    before_it_was_set = wire.Event(seq=2, kind="b", at_ms=clock() - 86_400_000, age_ms=20_000)
    machine.seq = 2
    machine.sync(right, before_it_was_set)
    assert Inbox.objects.get(seq=1).at == clock.now - timedelta(seconds=31)
    assert Inbox.objects.get(seq=2).at == clock.now - timedelta(seconds=20)


def test_an_unknown_word_is_kept_as_it_came(machine: Machine) -> None:
    machine.sync(machine.status("gadget", "x-mood", "holographic"), machine.event("from.the.future", {"x": [1, "二"]}))
    assert now_state(machine, "gadget", "x-mood") == "holographic"
    row = Inbox.objects.get()
    assert (row.kind, row.body) == ("from.the.future", {"x": [1, "二"]})


def test_a_status_that_cannot_be_read_holds_up_nothing(machine: Machine) -> None:
    assert machine.sync(machine.event("status", {"subject": 5}), machine.event("rating")).acked_seq == 2
    assert [row.kind for row in Inbox.objects.order_by("seq")] == ["status.unreadable", "rating"]


def test_the_links_word_is_the_centers_own(machine: Machine) -> None:
    machine.sync(machine.event("status", {"subject": "terminal", "property": "link", "state": "lovely"}))
    assert now_state(machine, "terminal", "link") == "online"


def test_each_fault_is_answered_precisely_and_breaks_no_other(
    new_machine: Callable[[str], Machine], new_terminal: Callable[[str], Any], door: Door, clock: Clock
) -> None:
    names = ("GOOD-1", "MAC", "REVOKED", "SUSP", "CLONE", "BAD", "EPOCH", "GAP", "BIG", "DAYOFF", "GOOD-2")
    cast = {name: new_machine(name) for name in names}
    never = Machine(door, new_terminal("NEVER"))
    never.key = bytes(32)
    actions.revoke(SYSTEM, cast["REVOKED"].terminal.pk, clock.now)
    actions.suspend(SYSTEM, cast["SUSP"].terminal.pk, clock.now)
    door.pulse()
    cast["CLONE"].sync()
    cast["EPOCH"].sync()
    old, cast["EPOCH"].epoch = cast["EPOCH"].epoch, "a" * 16
    cast["EPOCH"].sync()
    cast["EPOCH"].epoch = old
    cast["GAP"].seq = 7
    stranger = Machine(door, never.terminal)
    stranger.code, stranger.key = "NOBODY", bytes(32)
    many = [cast["BIG"].event("rating") for _one in range(wire.MAX_EVENTS + 1)]
    deep = b'{"events":[{"seq":1,"kind":"x","at_ms":0,"body":{"a":' + b"[" * 20 + b"]" * 20 + b"}}]}"
    expected: list[tuple[bytes, str | None]] = [
        (cast["GOOD-1"].envelope(cast["GOOD-1"].event("rating")), None),
        (cast["MAC"].envelope(key=bytes(32)), wire.BAD_MAC),
        (stranger.envelope(), wire.UNKNOWN_TERMINAL),
        (never.envelope(), wire.UNKNOWN_TERMINAL),
        (cast["REVOKED"].envelope(), wire.REVOKED),
        (cast["SUSP"].envelope(), wire.SUSPENDED),
        (cast["CLONE"].envelope(counter=cast["CLONE"].counter), wire.COUNTER_REUSED),
        (cast["BAD"].seal(b'{"first_seq":"one"}'), wire.MALFORMED),
        (cast["BAD"].seal(b'{"software":"\\u0000"}'), wire.MALFORMED),
        (cast["BAD"].seal(deep), wire.MALFORMED),
        (b'{"terminal":"BAD","counter":"x"}', wire.MALFORMED),
        (b"17", wire.MALFORMED),
        (b'{"terminal":"BAD","sync":' + b"[" * 3000 + b"]" * 3000 + b"}", wire.MALFORMED),
        (cast["EPOCH"].envelope(), wire.OLDER_EPOCH),
        (cast["GAP"].envelope(), wire.GAP),
        (cast["BIG"].envelope(*many), wire.TOO_LARGE),
        (cast["DAYOFF"].envelope(cast["DAYOFF"].event("rating"), clock_ms=clock() + 86_400_000), None),
        (cast["GOOD-2"].envelope(cast["GOOD-2"].event("rating")), None),
    ]
    answers = send(door, *[envelope for envelope, _error in expected])
    assert [one.error for one in answers] == [error for _envelope, error in expected]
    assert [one.ok for one in answers] == [error is None for _envelope, error in expected]
    kept = Inbox.objects.order_by("id").values_list("terminal__code", flat=True)
    assert list(kept) == ["GOOD-1", "DAYOFF", "GOOD-2"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"v":2,"syncs":[]}', 400),
        (b'{"v":1,"syncs":{}}', 400),
        (b"[" * 200_000, 400),
        (b'{"v":1,"syncs":[' + b"[" * 5000, 400),
        (b'{"v":1,"syncs":[' + b",".join([b"{}"] * (wire.MAX_SYNCS + 1)) + b"]}", 413),
        (b" " * (wire.MAX_BODY + 1), 413),
    ],
)
def test_a_body_that_is_none_is_refused_as_a_whole(door: Door, body: bytes, status: int) -> None:
    found, answer = door.post("/wire/v1/sync", body)
    assert found == status
    assert json.loads(answer)["error"] in (wire.MALFORMED, wire.TOO_LARGE)


def test_a_counter_used_twice_suspends_and_alarms(machine: Machine, door: Door, clock: Clock) -> None:
    machine.sync()
    used = machine.counter
    assert machine.sync(counter=used).error == wire.COUNTER_REUSED
    assert machine.sync().error == wire.SUSPENDED
    row = machine.row()
    assert (row.state, row.state_reason) == ("suspended", "clone")
    assert [one["counter"] for one in news("terminals.clone")] == [used]
    actions.resume(SYSTEM, row.pk, clock.now)
    door.pulse()
    assert machine.sync().ok


def test_counters_may_arrive_out_of_order_but_once(machine: Machine, door: Door) -> None:
    first, second = machine.envelope(), machine.envelope()
    assert [one.error for one in send(door, second, first)] == [None, None]
    assert send(door, first)[0].error == wire.COUNTER_REUSED


def test_a_counter_older_than_the_window_counts_as_used(machine: Machine, door: Door) -> None:
    held_back = machine.envelope()
    machine.counter += 100
    assert machine.sync().ok
    assert send(door, held_back)[0].error == wire.COUNTER_REUSED


def test_other_paths_and_methods(door: Door) -> None:
    assert door.post("/wire/v1/other", b"")[0] == 404
    refusal = msgspec.json.decode(door.post("/wire/v1/enrol", b"{}")[1])
    assert refusal == {"error": "malformed", "detail": "", "message": "", "fields": {}}


NASTY = [
    "",
    "\\",
    '"',
    "'; DROP TABLE x; --",
    "%s",
    "\u2028",
    "\x7f",
    "𐍈",
    "مرحبا",
    "{}",
    "{a,b}",
    "NULL",
    10**30,
    -0.0,
    0.5,
    [[]],
]


def test_whatever_a_body_holds_comes_back_unchanged(machine: Machine) -> None:
    bodies: list[dict[str, Any]] = [{"v": value, str(value): [value]} for value in NASTY]
    assert machine.sync(*(machine.event("x", body) for body in bodies)).ok
    assert [row.body for row in Inbox.objects.order_by("seq")] == bodies
    odd = [str(value)[:60] for value in NASTY if value != ""]
    assert machine.sync(*(machine.status(f"s{word}"[:64], "p", word) for word in odd)).ok
    found = queries.current_states([machine.terminal.pk])[machine.terminal.pk]
    assert [found[f"s{word}"[:64], "p"].state for word in odd] == odd
