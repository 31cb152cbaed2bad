"""Forms: the page model, the validation and its messages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from budayang.data import DEMO_ITEMS, form
from budayang.forms import FormError, clean, id_number_problem, page_model, validate

TODAY = date(2026, 11, 24)
RIGHT: dict[str, dict[str, Any]] = {
    "ZZ001": {"insurance": "all", "months": "12"},
    "ZZ031": {"kind": "employee", "purpose": "proof"},
    "ZZ054": {"tax": "income", "from": "2025-01-01", "to": "2025-12-31"},
    "ZZ037": {"province": "11", "city": "北京市", "start": "2026-12-01", "phone": "13900000000", "promise": True},
    "ZZ130": {
        "matter": "wages",
        "other_party": "某工程公司",
        "story": "二月到八月在工地干活，工钱一直没有结清。",
        "income": 1800,
        "phone": "13900000000",
        "promise": True,
    },
}


@pytest.mark.parametrize("code", DEMO_ITEMS)
def test_what_is_right_passes_and_what_is_missing_is_named(code: str) -> None:
    schema = form(code)
    assert validate(schema, RIGHT[code], today=TODAY) == {}
    assert set(validate(schema, {}, today=TODAY)) == set(schema["required"])
    for name in schema["required"]:
        rest = {k: v for k, v in RIGHT[code].items() if k != name}
        assert set(validate(schema, rest, today=TODAY)) == {name}


@pytest.mark.parametrize(
    ("code", "change", "field", "message"),
    [
        ("ZZ001", {"months": "13"}, "months", "请从给出的选项中选一个"),
        ("ZZ054", {"from": "2026-02-30"}, "from", "日期不存在，请重新选择年、月、日"),
        ("ZZ054", {"from": "2025-6-1"}, "from", "日期不存在，请重新选择年、月、日"),
        ("ZZ054", {"to": "2024-12-31"}, "to", "不能早于“从哪天起”，请重新选择日期"),
        ("ZZ054", {"to": "2026-11-25"}, "to", "不能晚于今天，请重新选择日期"),
        ("ZZ037", {"phone": "12345"}, "phone", "手机号码应为11位数字，以1开头，请核对"),
        ("ZZ037", {"phone": "139０0000000"}, "phone", "手机号码应为11位数字，以1开头，请核对"),
        ("ZZ037", {"promise": False}, "promise", "请阅读后勾选，才能继续"),
        ("ZZ037", {"city": "京"}, "city", "写得太短，至少2个字，还差1个"),
        ("ZZ130", {"income": -1}, "income", "不能小于0，请改大"),
        ("ZZ130", {"income": "很少"}, "income", "请只填数字"),
        ("ZZ130", {"story": "字" * 503}, "story", "写得太长，最多500个字，请删去3个"),
        ("ZZ130", {"extra": "x"}, "", "表单里有不认识的内容，请返回重新填写"),
    ],
)
def test_messages_name_the_repair(code: str, change: dict[str, Any], field: str, message: str) -> None:
    assert validate(form(code), {**RIGHT[code], **change}, today=TODAY) == {field: message}


def test_without_today_nothing_is_compared_with_it() -> None:
    assert validate(form("ZZ054"), {**RIGHT["ZZ054"], "to": "2099-01-01"}) == {}


def test_messages_come_in_the_order_of_the_fields() -> None:
    assert list(validate(form("ZZ130"), {})) == ["matter", "other_party", "story", "income", "phone", "promise"]


def test_page_model() -> None:
    fields = {f.name: f for f in page_model(form("ZZ130"), {"income": 1800, "promise": True, "matter": "wages"})}
    assert [(f.kind, f.required) for f in fields.values()] == [
        ("choice", True),
        ("text", True),
        ("multiline", True),
        ("multiline", False),
        ("number", True),
        ("phone", True),
        ("promise", True),
    ]
    assert (fields["income"].value, fields["income"].keyboard) == ("1800", "number")
    assert fields["phone"].sensitive
    assert fields["story"].max_length == 500
    assert fields["matter"].shown == "讨要劳动报酬"
    assert fields["promise"].shown == "是"
    assert fields["story"].shown == ""


def test_a_field_nobody_touched_shows_its_default() -> None:
    assert [f.value for f in page_model(form("ZZ001"), {})] == ["all", "12", ""]


def test_clean_makes_typed_values_of_what_a_page_posts() -> None:
    posted = {
        "income": " 1800 ",
        "phone": "139 0000-0000",
        "promise": "on",
        "papers": "",
        "extra": "x",
        "matter": "wages",
    }
    assert clean(form("ZZ130"), posted) == {"matter": "wages", "income": 1800, "phone": "13900000000", "promise": True}
    assert clean(form("ZZ130"), {"income": "1e9999", "promise": "no"}) == {"income": "1e9999", "promise": False}


@given(st.sampled_from(DEMO_ITEMS), st.data())
def test_whatever_is_posted_is_answered_with_messages_not_with_an_error(code: str, draws: st.DataObject) -> None:
    schema = form(code)
    posted = draws.draw(st.dictionaries(st.sampled_from(list(schema["properties"])), st.text(max_size=20)))
    found = validate(schema, clean(schema, posted), today=TODAY)
    assert set(found) <= {*schema["properties"], ""}
    for text in posted.values():
        # what a person typed is never repeated in a message: it may be shown on a screen that others see
        assert len(text) < 4 or all(text not in message for message in found.values())


def test_a_wrong_schema_is_our_fault_and_said_so() -> None:
    with pytest.raises(FormError):
        validate({"type": "object", "properties": {"a": {"type": "nonsense"}}}, {"a": 1})


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("11010519491231002X", ""),
        ("440524188001010014", ""),
        ("110105194912310021", "有一位不对"),
        ("11010519491331002X", "出生年月日"),
        ("1101051949123100", "18位"),
        ("11010519491231002x", "18位"),
        ("１10105194912310021", "18位"),
    ],
)
def test_id_number(text: str, part: str) -> None:
    found = id_number_problem(text)
    assert part in found
    assert bool(found) is bool(part)


@given(st.integers(0, 999), st.dates(date(1930, 1, 1), date(2020, 1, 1)), st.integers(0, 10))
def test_id_number_agrees_with_another_library(serial: int, born: date, check: int) -> None:
    text = f"110105{born:%Y%m%d}{serial:03d}{'10X98765432'[check]}"
    assert (id_number_problem(text) == "") is ric.is_valid(text)
