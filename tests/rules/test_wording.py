"""The wording check: a 应 in a note, a reference that leads nowhere, a number that is missing, forbidden words."""

from __future__ import annotations

import pytest

from budayang.rules.standard.wording import RULES, Draft, Finding, Piece, check, plain_code

GOOD = "视频应保存不少于30 d，按GB 50763执行，见4.2。"
NUMBERS = frozenset({"1", "2", "3", "4.1", "4.2", "附录A", "表A.1"})


def draft(
    text: str, kind: str = "clause", *, criterion: str = "", references: tuple[str, ...] = ("GB 50763",)
) -> Draft:
    return Draft((Piece(kind, "4.1", text, "JB-01", criterion), Piece("clause", "4.2", GOOD)), references, NUMBERS)


def rules_of(text: str, kind: str = "clause", *, criterion: str = "") -> set[str]:
    return {one.rule for one in check(draft(text, kind, criterion=criterion)) if one.number == "4.1"}


def test_a_good_clause_has_no_finding() -> None:
    assert check(draft(GOOD)) == []


@pytest.mark.parametrize(
    ("kind", "text", "rule"),
    [
        ("note", "摄像机应每日检查。", "modal_in_note"),
        ("note", "记录必须保存。", "modal_in_note"),
        ("foreword", "各单位应执行本文件。", "modal_in_note"),
        ("scope", "本文件要求各区应建档。", "modal_in_note"),
        ("clause", "终端必须接入平台，应可验真。", "banned"),
        ("clause", "刷脸不得成为唯一核验方式，应有替代。", "banned"),
        ("clause", "人员变更须报备，并应登记。", "banned"),
        ("clause", "操作员应当签字，不应代签。", "banned"),
        ("clause", "监控不可看清密码，应防窥。", "banned"),
        ("clause", "终端每日检查一次。", "no_modal"),
        ("clause", "应尽快修复故障。", "vague"),
        ("clause", "照明应适当。", "vague"),
        ("clause", "标志应符合GB/T 10001.1的规定。", "cited_not_listed"),
        ("clause", "应按9.9的规定执行。", "no_such_number"),
        ("clause", "检查方法应按附录C执行。", "no_such_number"),
        ("clause", "应符合表B.7的数值。", "no_such_number"),
        ("clause", "视频应保存不少于规定的天数。", "no_number"),
        ("clause", "网络日志留存期应由平台保证。", "no_number"),
        ("clause", "视频应保存不少于30", "no_number"),
        ("clause", "应按第9章的规定执行。", "no_such_number"),
        ("clause", "应按第 9 章和第 3 章的规定执行。", "no_such_number"),
        ("clause", "应符合4.2和9.9的规定。", "no_such_number"),
        ("clause", "应符合4.2、9.9的要求。", "no_such_number"),
        ("clause", "应符合4.1，4.2以及9.9的要求。", "no_such_number"),
        ("clause", "应按4.1～9.9执行。", "no_such_number"),
        ("clause", "应遵守9.9。", "no_such_number"),
        ("clause", "应参照9.9的规定。", "no_such_number"),
        ("clause", "应根据本文件9.9处理。", "no_such_number"),
        ("clause", "应符合附录A和附录C的规定。", "no_such_number"),
        ("clause", "应按表A.1、表A.2检查。", "no_such_number"),
        ("note", "时限见9.9。", "no_such_number"),
        ("clause", "应不少于规定的数量，每一台登记。", "no_number"),
        ("clause", "设备应不少于每一处的需要。", "no_number"),
        ("clause", "办件量应不低于上一年。", "no_number"),
        ("clause", "应在规定时限内响应。", "no_number"),
        ("clause", "24小时自助服务区应在规定的时限内响应。", "no_number"),
        ("clause", "应在约定的时间内到场，每一台登记。", "no_number"),
        ("note", "宜设第二台。", "advice_in_note"),
        ("note", "小的自助区可不设。", "advice_in_note"),
        ("note", "夜间需要登记。", "advice_in_note"),
        ("note", "各单位要登记。", "advice_in_note"),
        ("note", "也可以由保安代管。", "advice_in_note"),
        ("scope", "其他场所可参照使用。", "advice_in_note"),
        ("foreword", "各单位宜宣传本文件。", "advice_in_note"),
    ],
)
def test_each_fault_is_found(kind: str, text: str, rule: str) -> None:
    found = rules_of(text, kind)
    assert rule in found


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("平台的响应时间应不超过30 min。", "no_number"),
        ("应设应急照明。", "banned"),
        ("小故障应当场排除。", "banned"),
        ("应设禁止吸烟标志。", "banned"),
        ("排列应按警告、禁止、指令、提示的顺序。", "banned"),
        ("应防止不可抗力造成的损失。", "banned"),
        ("无须提交材料的，应说明。", "banned"),
        ("检查方法应按附录A和表A.1执行。", "no_such_number"),
        ("门净宽应不小于0.90 m。", "no_number"),
        ("维护人应不少于一名。", "no_number"),
        ("应按GB 50763—2012的规定设置。", "cited_not_listed"),
        ("应符合4.1和4.2的规定。", "no_such_number"),
        ("应符合4.1、4.2，并留存记录。", "no_such_number"),
        ("应按第3章和4.2执行。", "no_such_number"),
        ("应按GB 50763第9章的规定设置。", "no_such_number"),
        ("照度应满足2.5倍的要求。", "no_such_number"),
        ("净宽应满足1.25 m。", "no_such_number"),
        ("应至少有一台能用。", "no_number"),
        ("应不少于三分之二。", "no_number"),
        ("应不低于一半数量。", "no_number"),
        ("应不少于2名，每一台登记。", "no_number"),
        ("响应时限应符合表A.1。", "no_number"),
    ],
)
def test_what_is_right_is_left_alone(text: str, absent: str) -> None:
    assert absent not in rules_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "可用时段见公示。", "本条的重要性由许可决定。", "所需材料由清单给出。", "主要做法见附录A。", "这可能因地而异。",
        "不可抗力由认可的机构说明。", "需求由各区提出。",
    ],
)  # fmt: skip
def test_a_note_that_only_states_is_left_alone(text: str) -> None:
    assert rules_of(text, "note") == set()


def test_each_place_of_a_list_that_is_not_there_is_named() -> None:
    found = [one.words for one in check(draft("应符合4.2、9.8、4.1和表A.9，并遵守第8章。")) if one.number == "4.1"]
    assert found == ["9.8", "表A.9", "遵守第8章"]


def test_a_number_that_is_data_of_the_clause_is_not_missing() -> None:
    assert "no_number" in rules_of("网络日志留存期应由平台保证。")
    assert "no_number" not in rules_of("网络日志留存期应由平台保证。", criterion="≥6个月")


def test_a_reference_that_nobody_cites_is_found_at_chapter_two() -> None:
    found = check(draft(GOOD, references=("GB 50763", "GB 2894")))
    assert [(one.rule, one.number, one.words) for one in found] == [("listed_not_cited", "2", "GB 2894")]


def test_a_finding_says_place_words_and_repair_and_its_rule_a_source() -> None:
    (one,) = [found for found in check(draft("终端必须接入平台，应可验真。")) if found.rule == "banned"]
    assert one == Finding(
        "banned",
        "4.1",
        "JB-01",
        "终端必须接入平台，应可验…",
        "“必须”会和法律上的义务混在一起，要求用“应”",
        "把“必须”改为“应”。",
    )
    assert all("GB/T 1.1—2020" in rule.source for rule in RULES)


def test_findings_stand_in_the_order_of_the_text() -> None:
    pieces = (Piece("clause", "4.1", "必须开放。"), Piece("clause", "4.2", "必须关闭。"))
    found = check(Draft(pieces, ("GB 1",), NUMBERS))
    assert [one.number for one in found] == ["4.1", "4.1", "4.2", "4.2", "2"]


@pytest.mark.parametrize(
    ("code", "plain"),
    [("GB/T 10001.1—2023", "GB/T10001.1"), ("GB 2894-2025", "GB2894"), ("GB 50763", "GB50763")],
)
def test_codes_are_compared_without_year_and_blanks(code: str, plain: str) -> None:
    assert plain_code(code) == plain
