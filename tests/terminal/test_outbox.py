from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from budayang.terminal.clock import ManualClock
from budayang.terminal.outbox import ActRow, CaseRowState, MessageRow, Outbox
from budayang.wire.numbers import parse_number

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from budayang.terminal.clock import SystemClock
from budayang.terminal.outbox import ActRow, Outbox

outbox = Outbox(Path(sys.argv[1]), SystemClock())
while True:
    seq = outbox.append("status", {"n": 1})
    counter = outbox.next_counter()
    number = outbox.new_number("KBS-01")
    outbox.store_case(number, "ZZ001", b"{}")
    outbox.save_act(ActRow(number, "entitled", 0), {"number": number, "state": "entitled"})
    print(seq, counter, number, flush=True)
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NIGHT)


@pytest.fixture
def outbox(tmp_path: Path, clock: ManualClock) -> Outbox:
    found = Outbox(tmp_path / "outbox.sqlite3", clock)
    yield found  # type: ignore[misc]
    found.close()


def test_what_was_told_to_be_written_outlives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    last_counter = last_seq = 0
    numbers: set[str] = set()
    for _ in range(3):  # the second and third life go on where the killed one stopped
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        told = [child.stdout.readline().split() for _ in range(25)]
        child.send_signal(signal.SIGKILL)
        told += [line.split() for line in child.stdout.read().splitlines() if len(line.split()) == 3]
        child.wait()
        child.stdout.close()
        clock = ManualClock(NIGHT)
        outbox = Outbox(path, clock)
        seqs = [event.seq for event in outbox.unsent(100_000)]
        assert seqs == list(range(1, outbox.next_seq)), "no hole, nothing twice"
        for seq, counter, number in told:
            assert int(seq) in seqs
            assert int(counter) > last_counter
            assert int(seq) > last_seq
            assert number not in numbers
            last_counter, last_seq = int(counter), int(seq)
            numbers.add(number)
            assert outbox.find_case(number) is not None
            assert outbox.find_act(number) is not None
        entitled = [e.body["number"] for e in outbox.unsent(100_000) if e.kind == "case.paper"]
        assert len(entitled) == len(set(entitled)), "entitled once"
        assert {a.number for a in outbox.acts_in("entitled")} == set(entitled), "an act and its event are one"
        assert outbox.next_counter() > last_counter
        outbox.close()


def test_the_epoch_is_made_once(tmp_path: Path, clock: ManualClock) -> None:
    epochs = set()
    for _ in range(2):
        outbox = Outbox(tmp_path / "a" / "outbox.sqlite3", clock)
        epochs.add(outbox.epoch)
        outbox.close()
    other = Outbox(tmp_path / "b" / "outbox.sqlite3", clock)
    assert len(epochs) == 1
    assert other.epoch not in epochs
    other.close()
    assert (tmp_path / "a" / "outbox.sqlite3").stat().st_mode & 0o077 == 0


def test_ages_are_monotonic_within_a_run_of_the_machine(
    outbox: Outbox, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.append("status", {})
    clock.advance(3)
    clock._now += timedelta(days=1)  # somebody sets the wall clock
    (event,) = outbox.unsent()
    assert event.age_ms == 3000
    monkeypatch.setattr("budayang.terminal.outbox.boot_id", lambda: "another run")
    (event,) = outbox.unsent()
    assert event.age_ms == 86_403_000


def test_acknowledged_is_kept_seven_days_and_sent_again_after_a_restore(outbox: Outbox, clock: ManualClock) -> None:
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


def test_unacknowledged_is_never_pruned(outbox: Outbox, clock: ManualClock) -> None:
    outbox.append("rating", {})
    outbox.store_case(outbox.new_number("KBS-01"), "ZZ001", b"{}")
    clock.advance(400 * 86400)
    outbox.prune()
    assert len(outbox.unsent()) == 1
    assert len(outbox.unsent_cases()) == 1


def test_an_event_that_nobody_can_read_is_given_up_alone(outbox: Outbox) -> None:
    for n in range(3):
        outbox.append("x", {"n": n})
    outbox.drop(1)
    assert ([e.seq for e in outbox.unsent()], outbox.lost_seq) == ([2, 3], 1)


def test_cases_are_sent_again_after_the_center_lost_them(outbox: Outbox) -> None:
    outbox.see_center_epoch(1)
    number = outbox.new_number("KBS-01")
    assert parse_number(number).counter == 1
    outbox.store_case(number, "ZZ001", b'{"sealed":"x"}')
    outbox.settle_case(number, CaseRowState.ACCEPTED)
    assert outbox.unsent_cases() == []
    assert not outbox.see_center_epoch(1)
    assert outbox.see_center_epoch(2)
    (row,) = outbox.unsent_cases()
    assert (row.number, row.request) == (number, b'{"sealed":"x"}')


def test_a_message_is_stored_with_its_acknowledgement_and_the_newest_wins(outbox: Outbox) -> None:
    outbox.take_messages([MessageRow("catalogue", "", 5, {"v": "new"}), MessageRow("notice", "n1", 6, {"text": "a"})])
    outbox.take_messages([MessageRow("catalogue", "", 4, {"v": "old"})])
    assert [row.body for row in outbox.messages("catalogue")] == [{"v": "new"}]
    assert [e.body for e in outbox.unsent() if e.kind == "outgoing.ack"] == [{"ids": [5, 6]}, {"ids": [4]}]


def test_a_restored_center_may_number_its_messages_anew(outbox: Outbox) -> None:
    outbox.see_center_epoch(1)
    outbox.take_messages([MessageRow("catalogue", "", 500, {"v": "before"})])
    outbox.see_center_epoch(2)
    outbox.take_messages([MessageRow("catalogue", "", 3, {"v": "after"})])
    assert outbox.messages("catalogue")[0].body == {"v": "after"}


def test_a_command_is_done_once_also_when_it_comes_again(outbox: Outbox) -> None:
    row = MessageRow("command", "9", 9, {"name": "test_print"})
    outbox.take_messages([row])
    outbox.take_messages([row])
    (open_,) = outbox.open_commands()
    outbox.finish_command(open_.key, ("test_print", {"ok": True}))
    outbox.take_messages([row])
    assert outbox.open_commands() == []
    assert len([e for e in outbox.unsent() if e.kind == "test_print"]) == 1


def test_the_counter_goes_on_above_the_floor(outbox: Outbox) -> None:
    outbox.raise_counter(41)
    assert outbox.next_counter() == 42
    outbox.raise_counter(7)
    assert outbox.next_counter() == 43


def test_heads_are_kept_one_a_day(outbox: Outbox, clock: ManualClock) -> None:
    for seq in (1, 2, 2, 3):
        outbox.keep_head({"seq": seq, "hash": "h"})
    clock.advance(86400)
    outbox.keep_head({"seq": 9, "hash": "h"})
    assert [head["seq"] for head in outbox.heads()] == [3, 9]


def test_an_act_survives_with_its_jobs(outbox: Outbox) -> None:
    outbox.save_act(ActRow("n", "sent", 2, (4, 5), 2, 1), None)
    assert outbox.acts_in("sent") == [ActRow("n", "sent", 2, (4, 5), 2, 1)]
