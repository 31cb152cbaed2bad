from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from budayang.uplink.clock import ManualClock
from budayang.uplink.outbox import EventOutbox, MessageRow

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NIGHT)


@pytest.fixture
def outbox(tmp_path: Path, clock: ManualClock) -> Iterator[EventOutbox]:
    found = EventOutbox(tmp_path / "outbox.sqlite3", clock)
    yield found
    found.close()


def test_the_epoch_is_made_once(tmp_path: Path, clock: ManualClock) -> None:
    epochs = set()
    for _ in range(2):
        outbox = EventOutbox(tmp_path / "a" / "outbox.sqlite3", clock)
        epochs.add(outbox.epoch)
        outbox.close()
    other = EventOutbox(tmp_path / "b" / "outbox.sqlite3", clock)
    assert len(epochs) == 1
    assert other.epoch not in epochs
    other.close()
    assert (tmp_path / "a" / "outbox.sqlite3").stat().st_mode & 0o077 == 0


def test_ages_are_monotonic_within_a_run_of_the_machine(
    outbox: EventOutbox, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.append("status", {})
    clock.advance(3)
    clock._now += timedelta(days=1)  # somebody sets the wall clock
    (event,) = outbox.unsent()
    assert event.age_ms == 3000
    monkeypatch.setattr("budayang.uplink.outbox.boot_id", lambda: "another run")
    (event,) = outbox.unsent()
    assert event.age_ms == 86_403_000


def test_what_was_acknowledged_is_kept_seven_days_for_a_restore(outbox: EventOutbox, clock: ManualClock) -> None:
    outbox.see_center_epoch(1)
    for n in range(5):
        outbox.append("rating", {"n": n})
    outbox.acknowledge(3)
    assert [e.seq for e in outbox.unsent()] == [4, 5]
    clock.advance(6 * 86400)
    assert outbox.prune() == 0
    outbox.rewind(1, 2)
    assert [e.seq for e in outbox.unsent()] == [2, 3, 4, 5]
    outbox.acknowledge(5)
    clock.advance(8 * 86400)
    assert outbox.prune() > 0
    assert outbox.unsent() == []
    assert (outbox.next_seq, outbox.lost_seq) == (6, 5)
    outbox.append("rating", {"n": 6})
    assert outbox.unsent()[0].seq == 6


def test_an_event_that_nobody_can_read_is_given_up_alone(outbox: EventOutbox) -> None:
    for n in range(3):
        outbox.append("x", {"n": n})
    outbox.drop(1)
    assert ([e.seq for e in outbox.unsent()], outbox.lost_seq) == ([2, 3], 1)


def test_a_message_is_stored_with_its_acknowledgement_and_the_newest_wins(outbox: EventOutbox) -> None:
    outbox.take_messages([MessageRow("catalogue", "", 5, {"v": "new"}), MessageRow("notice", "n1", 6, {"text": "a"})])
    outbox.take_messages([MessageRow("catalogue", "", 4, {"v": "old"})])
    assert [row.body for row in outbox.messages("catalogue")] == [{"v": "new"}]
    assert [e.body for e in outbox.unsent() if e.kind == "outgoing.ack"] == [{"ids": [5, 6]}, {"ids": [4]}]


def test_a_restored_center_may_number_its_messages_anew(outbox: EventOutbox) -> None:
    outbox.see_center_epoch(1)
    outbox.take_messages([MessageRow("catalogue", "", 500, {"v": "before"})])
    outbox.see_center_epoch(2)
    outbox.take_messages([MessageRow("catalogue", "", 3, {"v": "after"})])
    assert outbox.messages("catalogue")[0].body == {"v": "after"}


def test_a_command_is_done_once_also_when_it_comes_again(outbox: EventOutbox) -> None:
    row = MessageRow("command", "9", 9, {"name": "test_print"})
    outbox.take_messages([row])
    outbox.take_messages([row])
    (open_,) = outbox.open_commands()
    outbox.finish_command(open_.key, [("test_print", {"ok": True})])
    outbox.take_messages([row])
    assert outbox.open_commands() == []
    assert len([e for e in outbox.unsent() if e.kind == "test_print"]) == 1


def test_the_counter_goes_on_above_the_floor(outbox: EventOutbox) -> None:
    outbox.raise_counter(41)
    assert outbox.next_counter() == 42
    outbox.raise_counter(7)
    assert outbox.next_counter() == 43


def test_heads_are_kept_one_a_day(outbox: EventOutbox, clock: ManualClock) -> None:
    for seq in (1, 2, 2, 3):
        outbox.keep_head({"seq": seq, "hash": "h"})
    clock.advance(86400)
    outbox.keep_head({"seq": 9, "hash": "h"})
    assert [head["seq"] for head in outbox.heads()] == [3, 9]


def test_a_store_that_nobody_empties_gives_up_its_oldest(outbox: EventOutbox, clock: ManualClock) -> None:
    for n in range(5):
        outbox.append("status", {"n": n})
    clock.advance(8 * 86400)
    for n in range(5, 8):
        outbox.append("status", {"n": n})
    assert outbox.shed(7 * 86400, 1000) == 5
    assert ([e.seq for e in outbox.unsent()], outbox.lost_seq) == ([6, 7, 8], 5)
    assert outbox.shed(7 * 86400, 2) == 1
    assert [e.seq for e in outbox.unsent()] == [7, 8]
    assert outbox.shed(7 * 86400, 2) == 0
