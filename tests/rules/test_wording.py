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
    ],
)
def test_what_is_right_is_left_alone(text: str, absent: str) -> None:
    assert absent not in rules_of(text)


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
