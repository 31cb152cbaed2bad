"""The item search: what people type finds what they mean, fast, without the pinyin tables."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.data import aliases, service_items
from budayang.search import Index, SearchItem
from budayang.search.building import build_index


def catalogue() -> Index:
    other: dict[str, list[str]] = {}
    for row in aliases():
        other.setdefault(row.item_code, []).append(row.alias)
    return build_index(
        SearchItem(i.code, i.name, tuple(other.get(i.code, ())), (i.department_kind,)) for i in service_items()
    )


INDEX = catalogue()
NAMES = {i.code: i.name for i in service_items()}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("个人参保证明查询打印", "ZZ001"),
        ("社保证明", "ZZ001"),
        ("打印参保证明", "ZZ001"),
        ("grcbzm", "ZZ001"),
        ("GRCBZM", "ZZ001"),
        ("ＧＲＣＢＺＭ", "ZZ001"),
        ("gerencanbaozhengming", "ZZ001"),
        ("个人参保 证明", "ZZ001"),
        ("税收完税", "ZZ054"),
        ("wszm", "ZZ054"),
        ("买房交税证明", "ZZ054"),
        ("法律援助", "ZZ130"),
        ("falvyuanzhu", "ZZ130"),
        ("法援", "ZZ130"),
        ("异地就医备案", "ZZ037"),
        ("去外地看病", "ZZ037"),
        ("医保ye", "ZZ034"),
        ("医保参保凭证", "ZZ031"),
        ("12345", "ZZ190"),
        ("gjjtq", "ZZ114"),
        ("无房证明", "ZZ099"),
    ],
)
def test_what_people_type_is_found_among_the_first(asked: str, code: str) -> None:
    found = [h.item_code for h in INDEX.find(asked, 5)]
    assert code in found, [NAMES[c] for c in found]


@pytest.mark.parametrize("asked", ["", "   ", "？！", "qqqq", "火车票", "qqq医保"])
def test_nonsense_finds_nothing(asked: str) -> None:
    assert INDEX.find(asked) == []


def test_every_item_is_first_under_its_own_name_and_found_by_pinyin_and_initials() -> None:
    for entry in INDEX.entries:
        assert INDEX.find(entry.name)[0].item_code == entry.item_code
        term = entry.terms[0]
        assert entry.item_code in [h.item_code for h in INDEX.find("".join(term.syllables))]
        assert entry.item_code in [h.item_code for h in INDEX.find(term.initials)]


def test_words_with_two_sounds_are_read_by_their_word() -> None:
    index = build_index([SearchItem("A", "重庆银行行长"), SearchItem("B", "重量登记")])
    assert [h.item_code for h in index.find("chongqing")] == ["A"]
    assert [h.item_code for h in index.find("zhongliang")] == ["B"]
    assert [h.item_code for h in index.find("yinhanghangzhang")] == ["A"]


def test_pinyin_counts_only_from_the_start_of_a_syllable() -> None:
    index = build_index([SearchItem("A", "参保")])
    assert index.find("bao")
    assert not index.find("an")


def test_hits_say_why_and_run_from_best_to_worst() -> None:
    hits = INDEX.find("cbzm", 20)
    assert hits[0].why == "别名·拼音首字母"
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert len(INDEX.find("查询", 7)) == 7


def test_among_equals_the_higher_rank_comes_first() -> None:
    index = build_index([SearchItem("A", "证明一"), SearchItem("B", "证明二", rank=5)])
    assert [h.item_code for h in index.find("证明")] == ["B", "A"]


def test_what_is_shipped_answers_the_same() -> None:
    shipped = Index.from_json(INDEX.to_json())
    assert shipped == INDEX
    assert shipped.find("社保证明") == INDEX.find("社保证明")
    assert len(INDEX.to_json().encode()) < 100_000


@pytest.mark.parametrize("text", ['{"v": 2, "items": []}', "{}", '{"v": 1, "items": [1]}', "[]", "nonsense"])
def test_an_index_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Index.from_json(text)


def test_a_question_takes_less_than_5_ms() -> None:
    asked = ["社保证明", "cbzm", "医保ye", "yidi", "打印参保证明", "公积金提取", "x", "个人住房公积金异地贷款证明打印"]
    took = []
    for _ in range(5):
        for text in asked:
            begun = perf_counter()
            INDEX.find(text)
            took.append(perf_counter() - begun)
    assert median(took) < 0.005


def test_asking_never_loads_the_pinyin_tables() -> None:
    program = "import sys; from budayang.search import Index; import budayang.search; print('pypinyin' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@given(st.text(max_size=12))
def test_no_question_breaks_it(asked: str) -> None:
    for hit in INDEX.find(asked, 5):
        assert 0 < hit.score <= 1
        assert hit.why
