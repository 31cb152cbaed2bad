"""An item without written sayings is found by short names made from its official name, and by their initials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.cli.search import shipped_items
from budayang.search import Index, SearchItem
from budayang.search.building import build_index
from budayang.search.plain import plain
from budayang.search.shortening import short_names

NEW = (
    SearchItem("NEW-1", "危险化学品经营许可证核发"),
    SearchItem("NEW-2", "民办非企业单位成立登记"),
    SearchItem("NEW-3", "生鲜乳收购许可证核发"),
    SearchItem("NEW-4", "道路旅客运输经营许可"),
    SearchItem("NEW-5", "残疾人机动轮椅车燃油补助（农村）申领", aliases=("油补",)),
)
INDEX = Index.from_json(build_index([*shipped_items(), *NEW]).to_json())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("危化证", "NEW-1"),
        ("危化品许可证", "NEW-1"),
        ("whz", "NEW-1"),
        ("whjyxkz", "NEW-1"),
        ("weihuazheng", "NEW-1"),
        ("民非登记", "NEW-2"),
        ("mfdj", "NEW-2"),
        ("生乳证", "NEW-3"),
        ("生鲜乳许可证", "NEW-3"),
        ("sxrxkz", "NEW-3"),
        ("道旅许可", "NEW-4"),
        ("油补", "NEW-5"),
    ],
)
def test_a_new_item_is_found_by_its_short_name(asked: str, code: str) -> None:
    assert code in [hit.item_code for hit in INDEX.find(asked, 3)]


def test_what_is_found_so_says_so() -> None:
    assert INDEX.find("危化证", 1)[0].why == "简称"


def test_a_short_name_that_means_another_item_is_not_made() -> None:
    said = {text: entry.item_code for entry in INDEX.entries for text, kind in entry.sayings if kind != "short"}
    made = [text for entry in INDEX.entries for text, kind in entry.sayings if kind == "short"]
    assert made
    assert not set(made) & set(said)


def test_what_the_catalogue_has_is_no_longer_outside() -> None:
    shipped = build_index(shipped_items())
    assert any("危化品" in texts for texts in shipped.contents.outside.values())
    assert not any("危化品" in texts for texts in INDEX.contents.outside.values())


def test_items_with_sayings_get_none() -> None:
    assert {entry.item_code for entry in INDEX.entries for _text, kind in entry.sayings if kind == "short"} <= {
        item.item_code for item in NEW
    }


@given(st.text(max_size=30))
def test_any_name_gives_plain_texts_of_some_signs(name: str) -> None:
    for short in short_names(name):
        assert plain(short) == short != plain(name)
        assert 3 <= len(short) <= 12
