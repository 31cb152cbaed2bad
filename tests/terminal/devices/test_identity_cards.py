from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from budayang.terminal.devices.idreader.card import (
    BadCard,
    decode,
    expired,
    is_id_number,
    label,
    mask_name,
    mask_number,
)


def block(*fields: tuple[int, str]) -> bytes:
    raw = bytearray(" ".encode("utf-16-le") * 128)
    for offset, text in fields:
        encoded = text.encode("utf-16-le")
        raw[offset : offset + len(encoded)] = encoded
    return bytes(raw)


def test_resident_card() -> None:
    raw = block(
        (0, "测试甲"), (30, "1"), (32, "05"), (36, "19900307"), (52, "演示市演示路1号"), (122, "999999199003070012"),
        (158, "演示公安局"), (188, "20200101"), (204, "20400101"),
    )  # fmt: skip
    card = decode(raw)
    assert (card.kind, card.name, card.sex, card.nation) == ("resident", "测试甲", "1", "05")
    assert (card.id_number, card.address, card.authority) == ("999999199003070012", "演示市演示路1号", "演示公安局")
    assert (card.birth_on, card.valid_from, card.valid_until) == (date(1990, 3, 7), date(2020, 1, 1), date(2040, 1, 1))


def test_a_card_for_life_has_no_last_day() -> None:
    card = decode(block((0, "测试乙"), (122, "999999199003070012"), (204, "长期")))
    assert card.valid_until is None
    assert not expired(card, date(2999, 1, 1))


def test_the_last_day_is_still_valid() -> None:
    card = decode(block((0, "测试乙"), (122, "999999199003070012"), (204, "20261123")))
    assert not expired(card, date(2026, 11, 23))
    assert expired(card, date(2026, 11, 24))


def test_hong_kong_macao_taiwan_card() -> None:
    card = decode(block((0, "测试丙"), (122, "810000199408230021"), (220, "H12345678"), (248, "J")))
    assert (card.kind, card.pass_number) == ("J", "H12345678")
    assert label(card.kind) == "港澳台居民居住证"


def test_2023_foreigner_card_joins_the_two_parts_of_the_name() -> None:
    name = "TEST, PERSON WITH A VERY LONG NAME YZ OTHER"
    assert name[34] == " "
    raw = block((0, "测试丁"), (52, name[:35]), (122, "932682198501010017"), (220, name[35:]), (242, "CAN"), (248, "Y"))
    card = decode(raw)
    assert (card.kind, card.nationality, card.english_name) == ("Y", "CAN", name)


def test_2017_foreigner_card_has_its_own_layout_and_number() -> None:
    raw = block((0, "TEST PERSON"), (120, "2"), (122, "CAN123456789012"), (152, "CAN"), (158, "测试戊"),
                (204, "20400101"), (220, "19850101"), (248, "I"))  # fmt: skip
    card = decode(raw)
    assert (card.kind, card.id_number, card.name) == ("I", "CAN123456789012", "测试戊")
    assert card.birth_on == date(1985, 1, 1)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "length"),
        (bytes(255), "length"),
        (block(), "empty"),
        (block((122, "999999199003070012")), "empty"),
        (block((0, "测试甲"), (122, "999999199003070013")), "number"),
        (block((0, "测试甲"))[:122] + b"\x00\xd8" * 18 + block()[158:], "text"),
    ],
)
def test_what_is_no_card_is_refused_and_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(BadCard) as caught:
        decode(raw)
    assert caught.value.why == why


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "440524188001010014", "932682198501010017", "911124198108030024", "931586198001010028"],
)
def test_published_numbers_have_the_right_check_digit(number: str) -> None:
    assert is_id_number(number)
    assert is_id_number(number.lower())


@given(st.integers(0, 10**17 - 1))
def test_the_check_digit_agrees_with_another_program(first: int) -> None:
    body = f"{first:017d}"
    right = ric.calc_check_digit(body + "0")
    assert is_id_number(body + right)
    assert not is_id_number(body + ("0" if right != "0" else "1"))


@pytest.mark.parametrize("text", ["", "1101051949123100", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002Y"])
def test_what_is_no_number(text: str) -> None:
    assert not is_id_number(text)


def test_masks() -> None:
    assert mask_number("99999919900307002X") == "9999**********002X"
    assert mask_name("测试甲") == "测**"
    assert mask_number("A1B2C3") == "A1**C3"
    assert mask_number("12") == "**"


def test_a_card_in_a_log_line_brings_nobody_along() -> None:
    card = decode(block((0, "测试甲"), (122, "999999199003070012")))
    assert "测试甲" not in repr(card)
    assert "9999" not in repr(card)
