"""Signed orders: the signatures of golden files still fit, whatever is changed does not, profiles are read for ever."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from budayang.rules.commands import BY_NAME
from budayang.rules.profiles import get_setting
from budayang.wire import messages as wire
from budayang.wire.commands import (
    Command,
    ReleaseManifest,
    check_command,
    check_manifest,
    sign_command,
    sign_manifest,
)
from budayang.wire.mac import public_text

GOLDEN = resources.files("budayang.wire") / "golden"
AUDIT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RELEASE = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NOW_MS = 1795363200000 + 60_000


def read(name: str, shape: Any) -> Any:
    return msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes(), type=shape)


def why_not(command: Command, *, terminal: str = "KBS-01", now_ms: int = NOW_MS) -> str:
    return check_command(public_text(AUDIT), command, terminal=terminal, now_ms=now_ms)


def test_the_golden_orders_are_obeyed_and_signed_byte_for_byte() -> None:
    (answer,) = read("v1-answer-orders", wire.AnswerBody).answers
    orders = [msgspec.json.decode(one.body, type=Command) for one in answer.outgoing if one.kind == "command"]
    assert [one.name for one in orders] == ["restart_machine", "update_software", "cancel"]
    for order in orders:
        assert why_not(order) == ""
        assert sign_command(AUDIT, order) == order, "the bytes under the signature have not changed"
        assert order.name in BY_NAME
    manifest = msgspec.convert(orders[1].arguments["manifest"], ReleaseManifest)
    assert manifest == read("v1-release", ReleaseManifest)
    assert check_manifest(public_text(RELEASE), manifest)
    assert sign_manifest(RELEASE, manifest) == manifest
    assert not check_manifest(public_text(AUDIT), manifest), "the center's key makes no releases"


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7}, {"terminal": "KBS-02"}, {"name": "test_print"}, {"arguments": {"x": 1}}, {"reason": ""},
        {"emergency": True}, {"not_before_ms": 0}, {"expires_ms": 2**52}, {"signature": ""},
        {"signature": "A" * 88},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_no_field_can_be_changed(change: dict[str, Any]) -> None:
    command = read("v1-command", Command)
    assert why_not(command) == ""
    changed = msgspec.structs.replace(command, **change)
    assert check_command(public_text(AUDIT), changed, terminal=changed.terminal, now_ms=NOW_MS) == "bad_signature"


def test_the_right_order_for_another_or_at_another_time() -> None:
    command = read("v1-command", Command)
    assert why_not(command, terminal="KBS-02") == "wrong_terminal"
    for moment, tolerated, refused in (
        (command.not_before_ms, -120_000, -120_001),
        (command.expires_ms, 119_999, 120_000),
    ):
        assert why_not(command, now_ms=moment + tolerated) == ""
        assert why_not(command, now_ms=moment + refused) in ("not_yet", "expired")


@pytest.mark.parametrize(
    "change", [{"version": "1.4.1"}, {"sha256": "cd" * 32}, {"size": 1}, {"name": "other"}, {"made_at": ""}]
)
def test_no_word_of_a_release_can_be_changed(change: dict[str, Any]) -> None:
    manifest = msgspec.structs.replace(read("v1-release", ReleaseManifest), **change)
    assert not check_manifest(public_text(RELEASE), manifest)


@pytest.mark.parametrize("version", ["../1", "1/2", "", "1.", "v1", "1.2.3.4.5.6", "1 "])
def test_a_version_is_a_safe_name_of_a_folder(version: str) -> None:
    plain = msgspec.to_builtins(read("v1-release", ReleaseManifest)) | {"version": version}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, ReleaseManifest)


def test_the_golden_profile_is_in_force_today() -> None:
    (answer,) = read("v1-answer-orders", wire.AnswerBody).answers
    (profile,) = [one.content() for one in answer.outgoing if one.kind == "profile"]
    for name, value in profile["values"].items():
        assert get_setting(name).problem(value) == "", name
