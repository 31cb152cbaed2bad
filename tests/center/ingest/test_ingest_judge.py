"""Judging without a database: nothing that arrives crashes it, and a bad envelope harms no other."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.center.ingest.batch import Batch, OpenRow
from budayang.center.ingest.decode import decode
from budayang.center.ingest.http import Refuse, split_envelopes
from budayang.center.ingest.judge import judge
from budayang.center.ingest.limits import Failures
from budayang.center.ingest.memory import Known, Memory
from budayang.wire import mac
from budayang.wire import messages as wire

NOW = 1_795_363_200_000
KEY = bytes(range(32))
EPOCH = "7f3a9c0012345678"


def new_memory(*codes: str) -> Memory:
    memory = Memory()
    for number, code in enumerate(codes, 1):
        known = Known(number, code, state="active", credential_id=number, key=KEY, key_until_ms=NOW + 10**9)
        memory.by_code[code] = memory.by_id[number] = known
    return memory


def envelope(code: str, counter: int, sync: wire.Sync | bytes) -> bytes:
    raw = sync if isinstance(sync, bytes) else msgspec.json.encode(sync)
    made = mac.sync_mac(KEY, EPOCH, counter, raw)
    return wire.seal_sync(terminal=code, epoch=EPOCH, counter=counter, mac=made, raw=raw)


def errors(body: bytes, memory: Memory, batch: Batch | None = None) -> list[str | None]:
    found: list[str | None] = []
    for one in decode(body):
        found.append(wire.MALFORMED if isinstance(one, str) else judge(one, memory, batch or Batch(), NOW).error)
    return found


def errors_or_refused(body: bytes, memory: Memory) -> list[str | None]:
    """The errors of each envelope; none when the whole body was refused as unreadable. Anything else is raised."""
    try:
        return errors(body, memory)
    except Refuse as refused:
        if refused.status != 400:
            raise
        return []


def good(counter: int) -> bytes:
    event = wire.Event(seq=1, kind="rating", at_ms=NOW, body={"level": "satisfied", "文": ["字", {"x": None}]})
    return envelope("A", counter, wire.Sync(clock_ms=NOW, events=[event]))


@given(st.data())
def test_a_body_of_which_any_bytes_were_changed_never_crashes(data: st.DataObject) -> None:
    body = bytearray(wire.sync_body([good(1), good(2)]))
    for _change in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = errors_or_refused(bytes(body), new_memory("A"))
    assert all(one is None or one in wire.ERRORS for one in found)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    for one in (body, b'{"v":1,"syncs":[' + body + b"]}"):
        errors_or_refused(one, new_memory())


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(json_values, max_size=6), st.integers(0, 6))
def test_a_good_envelope_between_any_others_is_heard(others: list[object], place: int) -> None:
    parts = [msgspec.json.encode(one) for one in others]
    parts.insert(min(place, len(parts)), good(1))
    found = errors(wire.sync_body(parts), new_memory("A"))
    assert found.count(None) == 1
    assert found[min(place, len(others))] is None


@given(json_values)
def test_a_signed_sync_of_any_shape_never_crashes(value: object) -> None:
    sync = msgspec.json.encode({"events": value, "state": value, "kinds": value})
    status = msgspec.json.encode({"events": [{"seq": 1, "kind": "status", "at_ms": 0, "body": {"x": value}}]})
    body = wire.sync_body([envelope("A", 1, sync), envelope("A", 2, status)])
    assert all(one is None or one in wire.ERRORS for one in errors(body, new_memory("A")))


@given(st.lists(json_values, max_size=5))
def test_a_body_that_is_split_without_recursion_has_the_same_parts(values: list[object]) -> None:
    parts = [msgspec.json.encode(one) for one in values]
    found = split_envelopes(wire.sync_body(parts))
    assert [one for one in found if one.strip()] == parts


@pytest.mark.parametrize("deep", [b"[" * 2000 + b"]" * 2000, b'{"a":' * 2000 + b"1" + b"}" * 2000])
def test_one_envelope_too_deep_for_the_decoder_harms_no_other(deep: bytes) -> None:
    hostile = b'{"terminal":"B","epoch":"x","sync":' + deep + b"}"
    body = wire.sync_body([good(1), hostile, good(2)])
    assert errors(body, new_memory("A", "B")) == [None, wire.MALFORMED, None]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_each_counter_counts_once(counters: list[int]) -> None:
    known = Known(1, "A", window=0)
    used: set[int] = set()
    for counter in counters:
        fresh = known.use_counter(counter)
        assert not (fresh and counter in used)
        if counter > max(used, default=0) - 64 and counter not in used:
            assert fresh
        if fresh:
            used.add(counter)


words = st.sampled_from(["ok", "low", "out", "jammed"])


@given(st.lists(st.tuples(words, st.integers(0, 10_000)), min_size=1, max_size=12))
def test_intervals_of_any_order_of_ages_never_overlap_nor_end_before_they_begin(
    changes: list[tuple[str, int]],
) -> None:
    memory, batch = new_memory("A"), Batch()
    events = [
        wire.Event(
            seq=number,
            kind="status",
            at_ms=NOW - age_ms,
            age_ms=age_ms,
            body={"subject": "p", "property": "q", "state": state},
        )
        for number, (state, age_ms) in enumerate(changes, 1)
    ]
    assert errors(wire.sync_body([envelope("A", 1, wire.Sync(clock_ms=NOW, events=events))]), memory, batch) == [None]
    rows: list[OpenRow] = [*batch.passed, *batch.opens.values()]
    mine = sorted((one for one in rows if one.subject == "p"), key=lambda one: one.since_ms)
    assert mine[-1].until_ms is None
    for before, after in pairwise(mine):
        assert before.since_ms < after.since_ms == before.until_ms
        assert before.state != after.state
    assert mine[-1].state == changes[-1][0] == memory.by_code["A"].states["p"]["q"]


def test_a_hundred_thousand_silences_are_found_in_order_and_bounded_steps() -> None:
    memory = Memory()
    for number in range(100_000):
        known = Known(number, f"T{number}", state="active", last_seen_ms=NOW + number % 1000)
        memory.by_id[number] = known
        memory.watch(known)
    assert memory.fall_silent(NOW + 59_999, limit=1000) == []
    first = memory.fall_silent(NOW + 60_000, limit=1000)
    assert len(first) == 100
    assert {due for _known, due in first} == {NOW + 60_000}
    rounds = 0
    while memory.fall_silent(NOW + 61_000, limit=1000):
        rounds += 1
    assert rounds == 100
    assert all(known.silent for known in memory.by_id.values())


def test_failures_are_counted_and_forgotten() -> None:
    failures = Failures(2, 10)
    assert not failures.too_many("a", 0)
    failures.count("a", 0)
    assert not failures.too_many("a", 1)
    failures.count("a", 1)
    assert failures.too_many("a", 2)
    assert not failures.too_many("b", 2)
    assert not failures.too_many("a", 10.5)


words = st.sampled_from(["full", "low", "out"])
small_states = st.dictionaries(
    st.sampled_from(["printer", "ups"]), st.dictionaries(st.sampled_from(["a", "b"]), words, min_size=1), max_size=2
)
said = st.lists(
    st.tuples(st.none() | small_states, st.lists(st.tuples(st.sampled_from(["printer", "ups"]), words), max_size=2)),
    min_size=1,
    max_size=8,
)


@given(said)
def test_a_state_that_is_not_read_again_because_it_is_the_same_changes_nothing(
    syncs: list[tuple[dict[str, dict[str, str]] | None, list[tuple[str, str]]]],
) -> None:
    skipping, reading = new_memory("A"), new_memory("A")
    seq = 1
    for counter, (state, events) in enumerate(syncs, 1):
        told = [
            wire.Event(
                seq=seq + number, kind="status", at_ms=NOW, body={"subject": subject, "property": "a", "state": word}
            )
            for number, (subject, word) in enumerate(events)
        ]
        whole = state and {s: {p: wire.StateValue(s=w) for p, w in props.items()} for s, props in state.items()}
        body = envelope("A", counter, wire.Sync(clock_ms=NOW, first_seq=seq, events=told, state=whole))
        seq += len(told)
        reading.by_code["A"].state_digest = b""
        for memory in (skipping, reading):
            assert errors(wire.sync_body([body]), memory) == [None]
        assert skipping.by_code["A"].states == reading.by_code["A"].states
