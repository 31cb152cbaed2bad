"""The wire: golden files of each release, round trips, and bodies that nobody should be able to crash us with."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.wire import commands, mac
from budayang.wire import messages as wire

GOLDEN = Path(str(resources.files("budayang.wire") / "golden"))
TYPES: dict[str, Any] = {
    "v1-sync-heartbeat": wire.SyncBody,
    "v1-sync-full": wire.SyncBody,
    "v1-sync-relay": wire.SyncBody,
    "v1-answer": wire.AnswerBody,
    "v1-enrol": wire.Enrol,
    "v1-enrolled": wire.Enrolled,
    "v1-session": wire.SessionRequest,
    "v1-session-answer": wire.SessionAnswer,
    "v1-case-submit": wire.CaseSubmit,
    "v1-command": commands.Command,
    "v1-command-state": commands.CommandState,
    "v1-release": commands.ReleaseManifest,
    "v1-answer-orders": wire.AnswerBody,
}
KEYS = {"KBS-01": bytes(range(32)), "KBS-02": bytes(32)}
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
states = st.dictionaries(
    text, st.dictionaries(text, st.builds(wire.StateValue, s=text, r=text), max_size=4), max_size=4
)
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text
bodies = st.dictionaries(text, st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(text, inner)))
events = st.builds(
    wire.Event,
    seq=st.integers(0, 2**53),
    kind=text,
    at_ms=st.integers(-(2**53), 2**53),
    age_ms=st.integers(0, 2**53),
    body=bodies,
)
syncs = st.builds(
    wire.Sync,
    center_epoch=st.integers(0, 2**31),
    first_seq=st.integers(0, 2**53),
    events=st.lists(events, max_size=4),
    state_hash=text,
    clock_ms=st.integers(-(2**53), 2**53),
    software=text,
    wait_s=st.integers(0, wire.MAX_WAIT_S),
    state=st.none() | states,
    kinds=st.none() | st.dictionaries(text, text, max_size=3),
    lost_seq=st.integers(0, 2**53),
)


def test_every_golden_file_has_a_type() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_golden_files_are_read_and_written_as_they_were(name: str) -> None:
    raw = (GOLDEN / f"{name}.json").read_bytes()
    message = msgspec.json.decode(raw, type=TYPES[name])
    assert json.loads(msgspec.json.encode(message)) == json.loads(raw)


@pytest.mark.parametrize("name", ["v1-sync-heartbeat", "v1-sync-full", "v1-sync-relay"])
def test_golden_macs_still_fit(name: str) -> None:
    body = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes(), type=wire.SyncBody)
    for one in body.syncs:
        env = msgspec.json.decode(one, type=wire.Envelope)
        key = KEYS[env.terminal]
        assert mac.check_sync_mac(key, env.epoch, env.counter, bytes(env.sync), env.mac)
        assert not mac.check_sync_mac(key, env.epoch, env.counter + 1, bytes(env.sync), env.mac)
        msgspec.json.decode(env.sync, type=wire.Sync)


@given(syncs)
def test_a_sync_comes_back_as_it_was_sent(sync: wire.Sync) -> None:
    raw = msgspec.json.encode(sync)
    assert msgspec.json.decode(raw, type=wire.Sync) == sync
    envelope = wire.seal_sync(terminal="A", epoch="0" * 16, counter=1, mac="00", raw=raw)
    body = msgspec.json.decode(wire.sync_body([envelope, envelope]), type=wire.SyncBody)
    for one in body.syncs:
        assert bytes(msgspec.json.decode(one, type=wire.Envelope).sync) == raw, "the MAC covers these very bytes"


def test_a_newer_terminals_fields_and_words_are_read() -> None:
    raw = b'{"first_seq":1,"tomorrow":{"x":1},"state":{"printer":{"paper.upper":{"s":"holographic","new":1}}}}'
    sync = msgspec.json.decode(raw, type=wire.Sync)
    assert sync.state is not None
    assert sync.state["printer"]["paper.upper"].s == "holographic"


@pytest.mark.parametrize(
    "bad",
    [
        b'{"wait_s":26}',
        b'{"wait_s":-1}',
        b'{"first_seq":-1}',
        b'{"first_seq":1.5}',
        b'{"state":{"":{}}}',
        b'{"state":{"p":{"q":{"s":""}}}}',
        b'{"state":{"p":{"q":{"s":"' + b"x" * 65 + b'"}}}}',
        b'{"software":"\x00"}',
        b'{"software":"\\ud800"}',
        b'{"events":[{"seq":1,"kind":"x","at_ms":0,"body":[]}]}',
    ],
)
def test_values_outside_the_limits_are_refused(bad: bytes) -> None:
    with pytest.raises(ValueError):
        msgspec.json.decode(bad, type=wire.Sync)


@pytest.mark.parametrize(("value", "expected"), [(1, 0), ({}, 1), ({"a": [1]}, 2), ({"a": [{"b": []}]}, 4)])
def test_depth(value: object, expected: int) -> None:
    assert wire.depth(value) == expected


def test_depth_stops_counting_beyond_its_limit() -> None:
    value: object = 0
    for _level in range(500):
        value = [value]
    assert wire.depth(value, 12) == 13
