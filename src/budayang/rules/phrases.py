"""Sentences that the rules and the forms compose, for translation: the rules write Chinese, a page says it in the
reader's language.

A row names the composed sentence and the translatable one with the same parts. What no row knows is asked for whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Phrase:
    """``msgid`` is what catalogues hold, with parts as ``%(name)s``; ``pattern`` finds the parts in the sentence."""

    msgid: str
    pattern: re.Pattern[str]


_PART = re.compile(r"%\((\w+)\)s")
_NUMBERS = {"n", "m", "left", "sample", "least", "days", "needed", "bound"}


def _phrase(msgid: str) -> Phrase:
    """The pattern follows from the sentence: a part is a number when its name says so, else any text."""
    pieces = _PART.split(msgid)
    parts = [re.escape(x) if i % 2 == 0 else _part(x) for i, x in enumerate(pieces)]
    return Phrase(msgid, re.compile("".join(parts), re.DOTALL))


def _part(name: str) -> str:
    return rf"(?P<{name}>-?[0-9.]+)" if name in _NUMBERS else rf"(?P<{name}>.+?)"


PHRASES: tuple[Phrase, ...] = tuple(
    _phrase(msgid)
    for msgid in (
        # rules/services
        "计划停用：%(reason)s",
        "这台自助终端没有可用的%(device)s",
        "需要%(devices)s，请在部门专机或窗口办理",
        # rules/terminals
        "%(property)s状态不明（%(state)s）",
        # rules/standard
        "%(metric)s为%(number)s，要求不低于%(threshold)s，样本%(sample)s",
        "%(metric)s为%(number)s，要求不超过%(threshold)s，样本%(sample)s",
        "没有采集到%(metric)s所需的数据",
        "本期样本%(sample)s，少于%(least)s，不能判断",
        "平台投用%(days)s天，不足%(needed)s天；已有日志没有被删除，期满后再判断",
        "%(n)s秒",
        "%(n)s天",
        "%(n)s个",
        "≥ %(number)s",
        "≤ %(number)s",
        "%(terminal)s 有 %(n)s 分钟不可用，归为“%(bucket)s”",
        "审计链共 %(n)s 行，最早一行记于 %(at)s",
        "最慢的一次用了 %(n)s 秒",
        "办件 %(case)s 的打印件带验真码",
        "办件 %(case)s 办结后没有出现评价页",
        "办件 %(case)s 办结后出现了评价页",
        "办件 %(case)s 的评价",
        "%(n)s 次无操作退出，其中 %(m)s 次清除了本次办理的内容",
        # rules/orders
        "工单现在是“%(state)s”，不能“%(event)s”",
        # rules/maintenance, and what the center stores of it
        "%(department)s系统没有应答",
        # forms
        "请选择“%(field)s”",
        "请填写“%(field)s”",
        "写得太短，至少%(least)s个字，还差%(left)s个",
        "写得太长，最多%(bound)s个字，请删去%(left)s个",
        "不能小于%(bound)s，请改大",
        "不能大于%(bound)s，请改小",
        "不能晚于%(field)s，请重新选择日期",
        "不能早于%(field)s，请重新选择日期",
        # the terminal's clock and chips
        "明天 %(at)s",
        "%(n)s月%(m)s日 %(at)s",
        "%(n)s月%(m)s日",
        "带%(materials)s",
        # a state that the table of rules/terminals does not know; a name and what is said of it: loosest last
        "%(device)s的%(property)s为%(state)s",
        "%(name)s：%(word)s",
    )
)
_LIST = "、"


@lru_cache(maxsize=512)
def _find(text: str) -> tuple[str, dict[str, str]] | None:
    for phrase in PHRASES:
        found = phrase.pattern.fullmatch(text)
        if found:
            return phrase.msgid, found.groupdict()
    return None


def say(text: str, translate: Callable[[str], str]) -> str:
    """``text`` of a rule in the language of ``translate`` (a gettext); what it does not know stays as it is."""
    if not text:
        return text
    whole = translate(text)
    if whole != text:
        return whole
    found = _find(text)
    if found is not None:
        msgid, parts = found
        return translate(msgid) % {name: say(part, translate) for name, part in parts.items()}
    if _LIST in text:
        parts_said = [say(one, translate) for one in text.split(_LIST)]
        return text if parts_said == text.split(_LIST) else ", ".join(parts_said)
    return text
