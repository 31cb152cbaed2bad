"""Pages, conditional parts, lists and prefill of forms: what is visible is asked once, what is hidden is never sent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from budayang import data
from budayang.forms import clean, flatten, page_model, validate
from budayang.forms.checking import form_problems
from budayang.forms.conditions import holds
from budayang.forms.materials import sheets_problem, wanted
from budayang.forms.pages import leaves
from budayang.forms.prefill import Source, licences_wanted, prefilled
from budayang.forms.steps import pages

ID_NUMBER = "11010519491231002X"
SHIPPED = sorted(data.items_with_forms())
WORDS = [
    "",
    " ",
    "a",
    "b",
    "yes",
    "true",
    "1",
    "2",
    "2026-01-31",
    "rent",
    "spouse",
    "bank",
    "x" * 90,
    ID_NUMBER,
    "身份",
]


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """Forms that nobody wrote: choices, promises, numbers, groups and lists that hang on what is asked before them."""
    properties: dict[str, Any] = {}
    required = []
    for number in range(draw(st.integers(1, 7))):
        name = f"f{number}"
        prop = draw(_property)
        earlier = [one for one in properties if properties[one].get("type") in ("string", "boolean")]
        if earlier and draw(st.booleans()):
            wanted_value = draw(st.sampled_from(["a", ["a", "b"], {"not": "a"}, True]))
            prop = {**prop, "x-when": {draw(st.sampled_from(earlier)): wanted_value}}
        elif draw(st.booleans()):
            required.append(name)
        properties[name] = prop
    schema: dict[str, Any] = {
        "type": "object", "properties": properties, "required": required, "additionalProperties": False
    }  # fmt: skip
    layout = draw(st.sampled_from(["none", "each", "some"]))
    if layout == "each":
        schema["x-pages"] = "each"
    elif layout == "some":
        schema["x-pages"] = [{"title": "一页", "fields": [name]} for name in list(properties)[::2]]
    return schema


_choice = st.just({"title": "选", "type": "string", "oneOf": [{"const": "a"}, {"const": "b"}]})
_text = st.just({"title": "写", "type": "string", "minLength": 1, "maxLength": 40})
_number = st.just({"title": "数", "type": "integer", "minimum": 0})
_promise = st.just({"title": "承诺", "type": "boolean"})
_inner = st.dictionaries(st.sampled_from(["i0", "i1"]), _choice | _text, min_size=1)
_group = _inner.map(lambda p: {"title": "组", "type": "object", "properties": p, "additionalProperties": False})
_list = st.tuples(_group, st.integers(0, 2)).map(
    lambda found: {"title": "表", "type": "array", "items": found[0], "minItems": found[1], "maxItems": 3}
)
_property = _choice | _text | _number | _promise | _group | _list
_paths = st.sampled_from(
    [f"f{n}" for n in range(7)]
    + [f"f{n}.i{m}" for n in range(7) for m in range(2)]
    + [f"f{n}.{e}.i{m}" for n in range(7) for e in range(3) for m in range(2)]
)
posts = st.dictionaries(_paths, st.sampled_from(WORDS), max_size=25)


@given(schemas(), posts)
def test_each_visible_question_stands_on_one_page_and_hidden_ones_are_not_sent(
    schema: dict[str, Any], posted: dict[str, str]
) -> None:
    values = clean(schema, posted)
    visible = Counter(leaf.name for leaf in leaves(schema, values))
    on_pages = Counter(field.name for page in pages(schema, values, shown=posted) for field in page.fields)
    assert on_pages == visible
    assert all(count == 1 for count in visible.values())
    assert set(flatten(values)) <= set(visible)


@given(schemas(), posts)
def test_cleaning_twice_is_cleaning_once(schema: dict[str, Any], posted: dict[str, str]) -> None:
    once = clean(schema, posted)
    # An entry of a list without any answer leaves nothing to post; a page posts its empty fields instead.
    again = dict.fromkeys(posted, "") | flatten(once)
    twice = clean(schema, again)
    assert twice == once
    assert validate(schema, twice) == validate(schema, once)


@given(schemas(), posts)
def test_messages_name_what_is_asked_and_what_passes_is_plain_json_schema(
    schema: dict[str, Any], posted: dict[str, str]
) -> None:
    values = clean(schema, posted)
    problems = validate(schema, values)
    assert all(not name or find(schema, name) for name in problems)
    assert all(problems.values())
    if not problems:
        # A department that knows nothing of our hints finds the same answers right.
        assert not list(Draft202012Validator(schema).iter_errors(values))


@given(schemas(), posts, st.integers(0, 6))
def test_a_hidden_answer_is_refused_wherever_it_comes_from(
    schema: dict[str, Any], posted: dict[str, str], number: int
) -> None:
    values, name = clean(schema, posted), f"f{number}"
    if name in schema["properties"] and name not in {leaf.name.partition(".")[0] for leaf in leaves(schema, values)}:
        if schema["properties"][name].get("type") == "array" and holds(
            schema["properties"][name].get("x-when"), values
        ):
            return  # an empty list that is asked for
        assert validate(schema, {**values, name: "a"})


def find(schema: dict[str, Any], name: str) -> bool:
    return name.partition(".")[0] in schema["properties"]


@pytest.mark.parametrize("code", SHIPPED)
def test_every_form_that_ships_is_in_order(code: str) -> None:
    assert form_problems(data.form(code)) == []


@pytest.mark.parametrize("code", ["ZZ045", "ZZ114", "ZZ155"])
def test_the_long_forms_ask_one_thing_a_page(code: str) -> None:
    schema = data.form(code)
    assert len(pages(schema, {})) >= 4
    assert all(len(page.fields) <= 3 for page in pages(schema, {}))
    assert wanted(schema, {}) or schema["x-materials"]
    assert licences_wanted(schema)


def test_a_part_appears_with_the_answer_that_needs_it_and_is_gone_with_it() -> None:
    schema = data.form("ZZ114")
    assert "monthly_rent" not in names(schema, {"reason": "rent", "has_contract": "no"})
    assert "monthly_rent" in names(schema, {"reason": "rent", "has_contract": "yes"})
    changed = {"reason": "buy", "has_contract": "yes", "monthly_rent": "900"}
    assert clean(schema, changed) == {"reason": "buy"}, "what hung on renting went with it"
    assert [want.kind for want in wanted(schema, {"reason": "buy"})] == ["house_contract"]


def names(schema: dict[str, Any], typed: dict[str, str]) -> set[str]:
    return {field.name for page in pages(schema, clean(schema, typed)) for field in page.fields}


def test_twins_get_a_page_each() -> None:
    schema = data.form("ZZ045")
    typed = {"children.0.sex": "1", "children.0.certificate": "A123456789", "children.1.sex": ""}
    values = clean(schema, typed)
    entries = [page for page in pages(schema, values, shown=typed) if page.list]
    assert [page.title for page in entries] == ["这次生的孩子（第1个）", "这次生的孩子（第2个）"]
    assert [page.can_add for page in entries] == [False, True]
    assert validate(schema, values)["children.1.sex"] == "请选择“性别”"
    assert "children.0.sex" not in validate(schema, values)


def test_what_a_source_knows_is_filled_in_with_its_name_unless_it_does_not_fit() -> None:
    schema = data.form("ZZ045")
    sources = (
        Source("licence.marriage", "结婚证（民政局）", {"spouse_name": "测试乙", "spouse_id_number": "123"}),
        Source("licence.birth", "出生医学证明（卫健委）", {"birth_date": "2026-03-01"}),
    )
    filled = prefilled(schema, sources)
    assert filled["spouse_name"].text == "测试乙"
    assert filled["birth_date"].source == "出生医学证明（卫健委）"
    assert "spouse_id" not in filled, "a number that is none is not put into the form"
    first = pages(schema, {}, filled=filled)[0].fields[0]
    assert (first.value, first.source) == ("2026-03-01", "出生医学证明（卫健委）")
    typed = pages(schema, {}, shown={"birth_date": "2026-04-01"}, filled=filled)[0].fields[0]
    assert (typed.value, typed.source) == ("2026-04-01", ""), "what the person typed is the person's"


def test_a_pattern_says_its_own_repair() -> None:
    problems = validate(data.form("ZZ045"), {"children": [{"sex": "1", "certificate": "12"}]})
    assert problems["children.0.certificate"] == "编号是一个大写字母加九位数字，请对照证明核对"


def test_sheets_are_counted_by_kind() -> None:
    schema = data.form("ZZ045")
    values = {"birth_kind": "caesarean"}
    assert list(sheets_problem(schema, values, [])) == ["birth_certificate", "discharge"]
    assert sheets_problem(schema, values, ["birth_certificate", "discharge", "delegation"]) == {}
    assert sheets_problem(schema, {}, ["birth_certificate"] * 5) == {
        "birth_certificate": "“出生医学证明”最多4张，请删去1张"
    }
    assert "lease" in sheets_problem(schema, {}, ["birth_certificate", "lease"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"a": {"title": "甲"}}}, "additionalProperties"),
    ({"properties": {"a": {"title": "甲", "x-when": {"b": "1"}}}}, "not asked before"),
    ({"properties": {"a": {"title": "甲"}, "b": {"title": "乙", "x-when": {"a": "1"}}}}, "later page"),
    ({"properties": {"a": {}}}, "no title"),
    ({"properties": {"a": {"title": "甲", "x-secret": 1}}}, "unknown hint"),
    ({"properties": {}, "required": ["a"]}, "not there"),
    ({"properties": {"a": {"title": "甲"}}, "x-pages": [{"fields": ["a"]}, {"fields": ["a"]}]}, "two pages"),
    ({"properties": {"a": {"title": "甲", "x-prefill": "card.wealth"}}}, "does not say"),
    ({"properties": {"a": {"title": "甲", "x-prefill": "licence.x.y"}}}, "names a licence"),
    ({"properties": {}, "x-materials": [{"kind": "k"}]}, "kind and title"),
]


@pytest.mark.parametrize(("schema", "word"), WRONG)
def test_a_form_that_is_wrong_is_told_to_its_author(schema: dict[str, Any], word: str) -> None:
    assert any(word in problem for problem in form_problems(schema)), form_problems(schema)


def test_the_page_model_shows_only_what_is_asked() -> None:
    fields = page_model(data.form("ZZ114"), {"reason": "retire"})
    assert "retired_on" in {field.name for field in fields}
    assert "amount" not in {field.name for field in fields}
