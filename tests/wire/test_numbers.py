"""Case numbers: readable, checked, unique by their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from budayang.wire.numbers import BadNumber, check_character, epoch_mark, is_number, make_number, parse_number

EPOCH = "7f3a9c0012345678"
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_number_reads_as_documented() -> None:
    assert make_number("KBS-01", EPOCH, 17) == "KBS01-FWX9-000017-V"
    parts = parse_number(" kbs01-fwx9-000017-v ")
    assert (parts.terminal, parts.epoch, parts.counter) == ("KBS01", epoch_mark(EPOCH), 17)


@given(st.text(SIGNS, min_size=1, max_size=30))
def test_the_check_character_is_that_of_iso_7064(stem: str) -> None:
    assert check_character(stem) == mod_37_36.calc_check_digit(stem)


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=8),
    st.binary(min_size=8, max_size=8),
    st.integers(1, 10**12 - 1),
    st.data(),
)
def test_a_wrong_character_is_found(terminal: str, epoch: bytes, counter: int, data: st.DataObject) -> None:
    number = make_number(terminal, epoch.hex(), counter)
    assert parse_number(number).counter == counter
    place = data.draw(st.sampled_from([at for at, sign in enumerate(number) if sign != "-"]))
    wrong = data.draw(st.sampled_from([sign for sign in SIGNS if sign != number[place]]))
    assert not is_number(number[:place] + wrong + number[place + 1 :])


@given(st.text(max_size=40))
def test_no_text_crashes_the_reader(text: str) -> None:
    is_number(text)


@pytest.mark.parametrize("counter", [0, -1, 10**12])
def test_an_impossible_counter_is_refused(counter: int) -> None:
    with pytest.raises(BadNumber):
        make_number("KBS-01", EPOCH, counter)


@pytest.mark.parametrize("epoch", ["", "7F3A9C0012345678", "7f3a9c001234567", "zz3a9c0012345678"])
def test_an_impossible_epoch_is_refused(epoch: str) -> None:
    with pytest.raises(BadNumber):
        make_number("KBS-01", epoch, 1)
