from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from budayang.terminal.outbox import ActRow, CaseRowState, Outbox
from budayang.uplink.clock import ManualClock
from budayang.wire.numbers import parse_number

NIGHT = datetime(2026, 11, 23, 18, 14, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from budayang.uplink.clock import SystemClock
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


def test_unacknowledged_is_never_pruned(outbox: Outbox, clock: ManualClock) -> None:
    outbox.append("rating", {})
    outbox.store_case(outbox.new_number("KBS-01"), "ZZ001", b"{}")
    clock.advance(400 * 86400)
    outbox.prune()
    assert len(outbox.unsent()) == 1
    assert len(outbox.unsent_cases()) == 1


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


def test_an_act_survives_with_its_jobs(outbox: Outbox) -> None:
    outbox.save_act(ActRow("n", "sent", 2, (4, 5), 2, 1), None)
    assert outbox.acts_in("sent") == [ActRow("n", "sent", 2, (4, 5), 2, 1)]
