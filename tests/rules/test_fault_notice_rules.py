"""Words of a notice: since when, who, until when, where else; nothing that is not known is told as if it were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from budayang.rules.cause_table import CAUSES
from budayang.rules.fault_notices import STAGE_OF, Near, NoticeFacts, Stage, read_lines, write_notice
from budayang.rules.orders import FINAL_STATES, STATE_NAMES
from budayang.rules.phrases import PHRASES

NIGHT = datetime(2026, 11, 26, 15, 40, tzinfo=UTC)
DUE = datetime(2026, 11, 26, 17, 40, tzinfo=UTC)
FACTS = NoticeFacts("这台机器暂时不能打印。", NIGHT, "Asia/Shanghai", ("1 号终端",), body="测试运维商")


def said(facts: NoticeFacts) -> dict[str, str]:
    return dict(write_notice(facts).lines)


@pytest.mark.parametrize(
    ("changes", "who", "expected"),
    [
        ({"body": ""}, "正在安排人来处理", "修好的时间还不能确定"),
        ({"stage": Stage.TOLD, "due_at": DUE}, "已通知测试运维商，等待接单", "最迟11月27日 01:40修好"),
        ({"stage": Stage.COMING, "due_at": DUE}, "测试运维商已接单", "最迟11月27日 01:40修好"),
        (
            {"stage": Stage.THERE, "due_at": DUE, "late": True},
            "测试运维商已到现场，正在处理",
            "原定11月27日 01:40前修好，已经超过，正在催办",
        ),
        (
            {"stage": Stage.WAITING, "due_at": DUE, "paused_for": "极端天气道路不通"},
            "测试运维商暂时做不下去：极端天气道路不通",
            "修好的时间还不能确定",
        ),
        ({"stage": Stage.CHECKING, "due_at": DUE, "late": True}, "测试运维商已处理，正在检查", "检查通过就恢复"),
    ],
)
def test_who_and_until_when(changes: dict[str, object], who: str, expected: str) -> None:
    found = said(replace(FACTS, **changes))  # type: ignore[arg-type]  # fields of NoticeFacts by name
    assert (found["谁在处理"], found["预计"]) == (who, expected)
    assert found["从什么时候"] == "11月26日 23:40"


@pytest.mark.parametrize(
    ("near", "text"),
    [
        (None, "附近暂时没有能代替的地方"),
        (Near("本区2 号终端现在能办", 12, 12), "本区2 号终端现在能办"),
        (Near("本区2 号终端现在能办", 10, 12), "本区2 号终端现在能办（这里停下的 12 件事能办 10 件）"),
    ],
)
def test_where_else(near: Near | None, text: str) -> None:
    assert said(replace(FACTS, near=near))["最近能办"] == text


def test_every_state_of_an_open_order_has_its_words() -> None:
    assert STAGE_OF.keys() == STATE_NAMES.keys() - set(FINAL_STATES)


def test_what_is_composed_can_be_translated() -> None:
    for stage in Stage:
        for late in (False, True):
            facts = replace(FACTS, stage=stage, due_at=DUE, late=late, paused_for="天气", near=Near("甲现在能办", 1, 2))
            for _label, text in write_notice(facts).lines:
                fixed = text in ("正在安排人来处理", "检查通过就恢复", "修好的时间还不能确定")
                assert fixed or any(one.pattern.fullmatch(text) for one in PHRASES), text


def test_it_travels_whole_and_what_is_no_line_is_left_out() -> None:
    text = write_notice(FACTS)
    assert read_lines(text.plain()["lines"]) == list(text.lines)
    assert read_lines([["a", "b"], ["c"], []]) == [("a", "b")]


def test_what_people_are_told_ends_as_a_sentence() -> None:
    assert all(not one.citizen or one.citizen.endswith("。") for one in CAUSES)


def test_a_fault_that_stops_nothing_is_not_told_as_a_stop_and_sends_nobody_away() -> None:
    text = write_notice(replace(FACTS, sentence="自助区供暖异常，正在处理。", stops=False))
    assert text.title == "正在处理"
    assert [label for label, _text in text.lines] == ["从什么时候", "谁在处理", "预计"]
    assert write_notice(FACTS).title == "暂停服务"
