"""Words of the catalogue: materials as a list, sums and working days that a text says, shapes of codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.catalogue import (
    CODE_KINDS,
    CODE_RULE,
    DEFAULT_RULES,
    FIELD_OF_COLUMN,
    FIELDS,
    WHO_NAMES,
    WHO_WORDS,
    BadMaterials,
    Material,
    fen_of,
    read_materials,
    workdays_of,
    yuan_of,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("无", ()),
        ("居民身份证", (Material("居民身份证"),)),
        (
            "居民身份证（原件，高拍）、授权书（复印件，代办时）",
            (Material("居民身份证", "original", True), Material("授权书", "copy", False, "代办时")),
        ),
        ("旧卡(换领时回收)；照片", (Material("旧卡", when="换领时回收"), Material("照片"))),
        ("户口簿（本人页、首页）\n结婚证", (Material("户口簿", when="本人页，首页"), Material("结婚证"))),
        ("地址（告知承诺）", (Material("地址", "promise"),)),
        ("营业执照(电子亮照)或身份证", (Material("营业执照(电子亮照)或身份证"),)),
    ],
)
def test_materials_are_read_as_a_list(text: str, found: tuple[Material, ...]) -> None:
    assert read_materials(text) == found


@pytest.mark.parametrize(
    "text", ["身份证（原件", "身份证）", "（原件）", "甲、、乙", "、甲", "甲（乙（丙））", "甲（原件，电子件）"]
)
def test_materials_that_are_no_list_are_refused(text: str) -> None:
    with pytest.raises(BadMaterials):
        read_materials(text)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("10元", 1000),
        ("10.5", 1050),
        ("10.05 元", 1005),
        ("按税率", None),
        ("10.555", None),
        ("-1", None),
        ("", None),
    ],
)
def test_a_plain_sum_is_read_in_fen(text: str, fen: int | None) -> None:
    assert fen_of(text) == fen


@given(st.integers(0, 999_999_999))
def test_a_sum_comes_back(fen: int) -> None:
    assert fen_of(yuan_of(fen)) == fen


@pytest.mark.parametrize(
    ("text", "days"),
    [("20个工作日", 20), ("3个工作日内", 3), ("20日内", None), ("每个环节15个工作日", None), ("即时", None)],
)
def test_working_days_are_read_only_where_the_text_is_nothing_else(text: str, days: int | None) -> None:
    assert workdays_of(text) == days


@pytest.mark.parametrize(
    ("rule", "code", "fits"),
    [
        ("demo", "ZZ001", True),
        ("demo", "ZZ001 ", False),
        ("official31", "12441500196720244T3442199806003", True),
        ("official31", "12441500196720244T344219980600", False),
        ("official", "12441500196720244T344219980600301", True),
        ("business33", "12441500196720244T3442199806003", False),
        ("base12", "442199806003", True),
        ("base12", "４４2199806003", False),
        ("catalogue15", "310195631043500", True),
        ("letters10", "XK0010100Y", True),
        ("open", "512C0053300008-511602000000-000", True),
        ("open", "", False),
    ],
)
def test_a_code_has_the_shape_or_not(rule: str, code: str, fits: bool) -> None:
    assert CODE_RULE[rule].fits(code) is fits


def test_the_tables_hang_together() -> None:
    assert set(DEFAULT_RULES) == set(CODE_KINDS)
    assert set(DEFAULT_RULES.values()) <= set(CODE_RULE)
    assert {who for words in WHO_WORDS.values() for who in words} == set(WHO_NAMES)
    assert sum(len(field.columns) for field in FIELDS) == len(FIELD_OF_COLUMN), "a column belongs to one field"
