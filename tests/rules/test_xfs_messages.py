"""XFS4IoT's own published schema accepts every message that we print, and refuses what it does not know.

The schema (2021-1, 1 MB) is not part of the project: BUDAYANG_XFS_SCHEMA names it, or it lies beside the checkout.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from budayang.rules.terminals import KINDS
from budayang.rules.xfs import PLACES, Now, Reported, demonstration, status_message

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared" / "data" / "xfs4iot-2021-1.schema.json"
Check = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    named = os.environ.get("BUDAYANG_XFS_SCHEMA", "")
    path = Path(named) if named else BESIDE
    if not path.exists():
        pytest.skip(
            f"the XFS4IoT schema is not at {path}: set BUDAYANG_XFS_SCHEMA to JsonSchema-2021-1.json of "
            "KAL_XFS4IoT_SP-Dev (Devices/ServerHostSample/JsonSchema)"
        )
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    registry = Registry().with_resource(document["$id"], Resource.from_contents(document)).crawl()
    return Draft202012Validator(document, registry=registry)


@pytest.fixture(scope="module")
def check(schema: Draft202012Validator) -> Check:
    def accepted(message: dict[str, Any]) -> None:
        error = next(iter(schema.iter_errors(message)), None)
        assert error is None, (list(error.absolute_path), error.message, message)

    return accepted


def states_in(block: Any) -> set[str]:
    """All words below a block."""
    if isinstance(block, dict):
        return {word for value in block.values() for word in states_in(value)}
    return {str(block)}


def test_the_schema_accepts_every_simulated_peripheral(check: Check) -> None:
    for number, one in enumerate(demonstration(), start=1):
        check(status_message(one, number))


def test_the_demonstration_shows_each_kind_in_each_of_its_states() -> None:
    shown = {(one.kind, prop, now.state) for one in demonstration() for prop, now in one.states.items()}
    assert shown == {
        (kind.kind, prop.name, state.state)
        for kind in KINDS.values() if kind.peripheral for prop in kind.properties for state in prop.states
    }  # fmt: skip


words = st.one_of(
    st.sampled_from(["online", "ok", "on", "open", "full", "unknown", "notSupported"]), st.text(max_size=9)
)


@given(st.data())
def test_whatever_a_terminal_reports_the_schema_accepts_its_message(check: Check, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*(one.kind for one in KINDS.values()), "toaster"]))
    props = [prop.name for prop in KINDS[kind].properties] if kind in KINDS else ["device", "heat"]
    states = data.draw(st.dictionaries(st.sampled_from(props), st.builds(Now, words, st.text(max_size=5)), max_size=5))
    gone = data.draw(st.sampled_from([None, datetime(2026, 11, 23, tzinfo=UTC)]))
    check(status_message(Reported("KBS-01", kind, kind, states, data.draw(st.sampled_from(["", "silent"])), gone), 7))


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        (("common", "device"), "ONLINE"),
        (("printer", "paper", "upper"), "empty"),
        (("printer", "toner"), "jammed"),
        (("printer", "media"), "latched"),
        (("completionCode",), "fine"),
    ],
)
def test_the_schema_would_refuse_a_wrong_word(schema: Draft202012Validator, keys: tuple[str, ...], word: str) -> None:
    """Without this the tests above would prove nothing: they must be able to fail."""
    message = copy.deepcopy(status_message(next(iter(demonstration())), 1))
    assert schema.is_valid(message)
    block = message["payload"]
    for key in keys[:-1]:
        block = block[key]
    block[keys[-1]] = word
    assert not schema.is_valid(message)


def test_only_version_1_0_is_really_checked(schema: Draft202012Validator) -> None:
    """Why the version is a constant of the rule: the schema lets any other pass unread."""
    message = status_message(next(iter(demonstration())), 1)
    assert message["header"] == {"type": "completion", "name": "Common.Status", "requestId": 1, "version": "1.0"}
    message["payload"]["common"]["device"] = "ONLINE"
    message["header"]["version"] = "2.0"
    assert schema.is_valid(message)


def test_every_word_that_a_place_allows_is_one_that_the_schema_knows(check: Check) -> None:
    for kind, places in PLACES.items():
        for prop, place in places.items():
            for word in place.words:
                states = {"device": Now("online"), prop: Now(word)}
                message = status_message(Reported("KBS-01", kind, kind, states), 1)
                check(message)
                assert word in states_in(message["payload"][place.keys[0]])


def test_every_property_has_its_place_or_is_ours() -> None:
    """What has no place in the edition: our own, and what it tells elsewhere than in Common.Status."""
    assert {
        (kind.kind, prop.name)
        for kind in KINDS.values() if kind.peripheral for prop in kind.properties
        if prop.name not in PLACES.get(kind.kind, {}) and prop.name != "device" and not prop.name.startswith("x-")
    } == {
        ("cardDispenser", "replenishmentStatus"), ("cardDispenser", "storage"), ("cardDispenser", "retainBin"),
        ("door", "entrance"), ("ups", "supply"), ("ups", "battery"), ("speaker", "volume"),
    }  # fmt: skip


def test_power_and_loudness_in_the_schemas_own_terms(check: Check) -> None:
    ups = status_message(Reported("KBS-01", "ups", "ups", {"device": Now("online"), "supply": Now("low", "OB LB")}), 1)
    assert ups["payload"]["auxiliaries"] == {
        "UPS": {"low": True, "engaged": True, "powering": True, "recovered": False}
    }
    assert ups["payload"]["x-budayang"]["states"]["supply"] == {"state": "low", "raw": "OB LB"}
    assert ups["payload"]["x-budayang"]["action"] == "clear"
    for raw, told in (("400", {"volume": {"volumeLevel": 400}}), ("0", None), ("loud", None)):
        speaker = Reported("KBS-01", "speaker", "speaker", {"device": Now("online"), "volume": Now("ok", raw)})
        message = status_message(speaker, 1)
        check(message)
        assert message["payload"].get("auxiliaries") == told


@pytest.mark.parametrize(
    ("states", "stale", "code", "device"),
    [
        ({"device": Now("hardwareError")}, "", "success", "hardwareError"),
        ({"device": Now("unknown")}, "", "deviceNotReady", "offline"),
        ({"device": Now("x-vendor-7")}, "", "deviceNotReady", "offline"),
        ({}, "", "deviceNotReady", "offline"),
        ({"device": Now("online")}, "the terminal is silent", "deviceNotReady", "online"),
    ],
)
def test_what_is_not_known_is_no_success(states: dict[str, Now], stale: str, code: str, device: str) -> None:
    payload = status_message(Reported("KBS-01", "printer", "printer", states, stale), 1)["payload"]
    assert (payload["completionCode"], payload["common"]["device"]) == (code, device)
    assert ("errorDescription" in payload) is (code != "success")


def test_a_component_that_vanished_is_no_device() -> None:
    gone = datetime(2026, 11, 23, 18, tzinfo=UTC)
    payload = status_message(Reported("KBS-01", "camera", "camera", {}, "", gone), 1)["payload"]
    assert payload["common"] == {"device": "noDevice"}
    assert payload["x-budayang"]["goneSince"] == "2026-11-23T18:00:00+00:00"
