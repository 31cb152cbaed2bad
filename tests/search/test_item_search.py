"""The item search: what people type finds what they mean, fast, without the pinyin tables."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budayang.cli.search import shipped_index
from budayang.data import service_items
from budayang.rules.search import SearchVerdict
from budayang.search import Index, SearchItem
from budayang.search.building import build_index, shipped_sayings

INDEX = Index.from_json(shipped_index().to_json())
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
        ("falvyuanzhu", "ZZ130"),
        ("去外地看病", "ZZ037"),
        ("医保ye", "ZZ034"),
        ("12345", "ZZ190"),
        ("gjjtq", "ZZ114"),
        ("shebao卡丢了", "ZZ017"),
        ("无房证明", "ZZ099"),
        # wrong characters of the same sound, ang/an and zh/z
        ("公鸡金体取", "ZZ114"),
        ("社保卡及活", "ZZ018"),
        ("身份正挂师", "ZZ073"),
        # a character of a similar shape, neighbours exchanged, spoken numbers, characters and initials
        ("招骋会", "ZZ029"),
        ("草奖原补", "ZZ172"),
        ("幺二三幺五投诉", "ZZ129"),
        ("身份证yssb", "ZZ073"),
        ("社保kmm", "ZZ019"),
        # who names no firm means himself; another object is another item
        ("查查我征信有没有逾期", "ZZ159"),
        ("身份证寻不见了补一个", "ZZ068"),
        # former offices, life, the steppe
        ("劳动局仲裁", "ZZ030"),
        ("工商局打执照", "ZZ118"),
        ("新农合缴费", "ZZ049"),
        ("我妈退休了要刷脸认证", "ZZ010"),
        ("卖羊要开检疫", "ZZ174"),
        ("草场补贴打卡没", "ZZ172"),
        # politeness and dialect say nothing
        ("你好我想问一下那个身份证过期了咋整嘞", "ZZ067"),
    ],
)
def test_what_people_say_is_the_first(asked: str, code: str) -> None:
    found = [h.item_code for h in INDEX.find(asked, 5)]
    assert found[:1] == [code], [NAMES[c] for c in found]


@pytest.mark.parametrize(
    "asked", ["", "   ", "？！", "qqqq", "火车票", "明天会下雪吗", "附近好吃的饭馆推荐", "tianqiyubao"]
)
def test_what_is_not_ours_is_not_found(asked: str) -> None:
    answer = INDEX.ask(asked)
    assert (answer.verdict, answer.hits) == (SearchVerdict.NOT_FOUND, ())


def test_not_found_says_where_to_go_when_that_is_known() -> None:
    assert "110" in INDEX.ask("着火了").advice
    assert "派出所" in INDEX.ask("给孩子上户口").advice
    assert INDEX.ask("明天天气").advice == ""


@pytest.mark.parametrize("asked", ["办个假身份证", "查前妻的房产", "weizaogongzhang"])
def test_what_nobody_may_do_is_refused_with_its_reason(asked: str) -> None:
    answer = INDEX.ask(asked)
    assert (answer.verdict, answer.hits) == (SearchVerdict.REFUSED, ())
    assert answer.reason


def test_every_item_is_first_under_its_own_name_and_found_by_pinyin_and_initials() -> None:
    for entry in INDEX.entries:
        assert INDEX.find(entry.name)[0].item_code == entry.item_code
        name = next(text for text, kind in entry.sayings if kind == "name")
        spelled = INDEX.contents.readings.get(name) or INDEX._sounds.spell(name)
        assert entry.item_code in [h.item_code for h in INDEX.find("".join(spelled), 5)], entry.name
        initials = "".join(syllable[0] for syllable in spelled)
        assert len(initials) > 14 or entry.item_code in [h.item_code for h in INDEX.find(initials, 5)], entry.name


def test_every_saying_is_found_word_for_word() -> None:
    said = [(text, entry.item_code) for entry in INDEX.entries for text, _kind in entry.sayings]
    found = {text: INDEX.ask(text, 3) for text, _code in said}
    assert [text for text, answer in found.items() if answer.verdict is not SearchVerdict.FOUND] == []
    first = [found[text].hits[0].item_code == code for text, code in said]
    assert sum(first) / len(first) > 0.999


def test_every_item_has_many_sayings_and_none_stands_at_two_items() -> None:
    at: dict[str, str] = {}
    for entry in INDEX.entries:
        assert len(entry.sayings) >= 12, entry.name
    for told in shipped_sayings():
        for text, _kind in told.sayings:
            assert at.setdefault(text, told.item_code) == told.item_code, text
    outside = {text for texts in INDEX.contents.outside.values() for text in texts}
    assert not outside & set(at)


@pytest.mark.parametrize("asked", ["公积金中心几点下班", "图书馆附近停车", "公证处旁边哪家饭馆好", "身份证图片大全"])
def test_a_word_of_ours_beside_which_something_else_is_wanted_finds_nothing(asked: str) -> None:
    assert INDEX.find(asked) == []


def test_what_is_of_another_city_is_not_taken_for_ours() -> None:
    answer = INDEX.ask("北京积分落户")
    assert (answer.verdict, answer.hits) == (SearchVerdict.NOT_FOUND, ())
    assert "窗口" in answer.advice
    assert INDEX.find("北京的养老保险转回来")[0].item_code == "ZZ013"


def test_of_two_matters_in_a_sentence_the_last_is_wanted() -> None:
    """Who tells a story says first what was, and last what is wanted."""
    index = build_index([SearchItem("A", "蓝莓采摘登记"), SearchItem("B", "骆驼放牧证明")])
    assert index.find("蓝莓采摘登记骆驼放牧证明")[0].item_code == "B"
    assert index.find("骆驼放牧证明蓝莓采摘登记")[0].item_code == "A"


def test_parts_of_a_name_and_the_more_used_of_equal_initials() -> None:
    assert INDEX.find("bzjd")[0].item_code == "ZZ086"
    found = INDEX.find("yyzz")
    assert found[0].item_code == "ZZ118"  # 营业执照, which many sayings use, before 医院转诊
    assert "ZZ038" in [hit.item_code for hit in found]


def test_words_with_two_sounds_are_read_by_their_word() -> None:
    index = build_index([SearchItem("A", "重庆银行行长"), SearchItem("B", "重量登记")])
    assert [h.item_code for h in index.find("chongqing")][:1] == ["A"]
    assert [h.item_code for h in index.find("zhongliang")][:1] == ["B"]
    assert [h.item_code for h in index.find("yinhanghangzhang")][:1] == ["A"]


def test_hits_say_why_and_run_from_best_to_worst() -> None:
    hits = INDEX.find("cbzm", 20)
    assert hits[0].why == "别名·拼音首字母"
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    heard = INDEX.ask("社宝卡挂师")
    assert heard.read_as == "社保卡挂失"
    assert heard.hits[0].why == "别名·同音"
    assert INDEX.ask("社保卡挂失").read_as == ""


def test_who_begins_to_type_sees_what_there_is() -> None:
    for beginning in ("税", "社", "社保", "sb", "yibao"):
        assert INDEX.find(beginning), beginning


def test_an_office_alone_lists_its_items() -> None:
    found = {h.item_code for h in INDEX.find("车管所", 50)}
    assert {"ZZ089", "ZZ098"} <= found
    assert {"ZZ067", "ZZ001"}.isdisjoint(found)


def test_among_equals_the_higher_rank_comes_first() -> None:
    index = build_index([SearchItem("A", "蓝莓登记"), SearchItem("B", "蓝莓登记", rank=5)])
    assert [h.item_code for h in index.find("蓝莓")] == ["B", "A"]


def test_another_catalogue_takes_over_the_sayings_of_what_has_the_same_name() -> None:
    index = build_index(
        [
            SearchItem("11150600-001", "个人参保证明查询打印"),
            SearchItem("11150600-002", "公积金提取的申请"),
            SearchItem("11150600-003", "骆驼登记"),
        ]
    )
    assert index.find("入职要社保证明")[0].item_code == "11150600-001"
    assert index.find("租房想取公积金")[0].item_code == "11150600-002"
    assert len(index.entries[2].sayings) == 1


def test_what_is_shipped_answers_the_same_and_is_the_same_every_time() -> None:
    again = shipped_index()
    assert again == INDEX
    assert again.to_json() == INDEX.to_json()
    assert len(INDEX.to_json().encode()) < 200_000
    assert json.loads(INDEX.to_json())["items"] == len(INDEX) == 193


@pytest.mark.parametrize(
    "text",
    ['{"v": 2, "items": []}', "{}", '{"v": 3}', '{"v": 3, "packed": "AAAA"}', '{"v": 3, "packed": 1}', "[]", "x"],
)
def test_an_index_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Index.from_json(text)


def test_asking_never_loads_the_pinyin_tables() -> None:
    program = "import sys; from budayang.search import Index; import budayang.search; print('pypinyin' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_question_breaks_it(asked: str) -> None:
    for hit in INDEX.find(asked, 5):
        assert 0 < hit.score <= 1
        assert hit.why
