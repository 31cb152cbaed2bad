"""The changing code of a terminal's screen: made by its key, read by anybody, true for its minute only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from budayang.wire.mac import public_text, sign
from budayang.wire.presence import is_of_moment, is_signed, make_presence, read_presence

AT = datetime(2026, 11, 26, 2, 0, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def code(at: datetime = AT, terminal: str = "KBS-01") -> str:
    return make_presence(lambda message: sign(KEY, message), terminal, at)


def test_it_changes_with_the_minute_and_fits_an_address() -> None:
    assert code() == code(AT + timedelta(seconds=29))
    assert code() != code(AT + timedelta(seconds=30))
    assert code() != code(terminal="KBS-02")
    assert code().replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_the_holder_of_the_key_made_it() -> None:
    read = read_presence(code())
    assert read is not None
    assert (read.terminal, read.since) == ("KBS-01", AT.replace(second=0))
    assert is_signed(read, public_text(KEY))
    assert not is_signed(read, public_text(Ed25519PrivateKey.generate()))
    assert not is_signed(read, "no key")


def test_another_minute_or_machine_with_the_same_signature_is_not_signed() -> None:
    terminal, minute, signature = code().split(".")
    for forged in (f"{terminal}.{int(minute) + 1}.{signature}", f"KBS-02.{minute}.{signature}"):
        read = read_presence(forged)
        assert read is not None
        assert not is_signed(read, public_text(KEY))


@pytest.mark.parametrize(
    ("seconds", "slack", "true"),
    [(0, 0, True), (29, 0, True), (40, 0, False), (40, 30, True), (-45, 0, False), (-45, 30, True)],
)
def test_it_is_of_its_minute_give_or_take_two_clocks(seconds: int, slack: int, true: bool) -> None:
    read = read_presence(code())
    assert read is not None
    assert is_of_moment(read, AT + timedelta(seconds=seconds), slack) is true


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "KBS-01.1.zz", "KBS-01.99999999999.AA", "KBS-01..", "a.1.é", "label-x"]
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert read_presence(text) is None
