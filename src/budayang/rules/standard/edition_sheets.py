"""An edition as the sheets of a workbook: which sheets and columns there are, how each cell is read and written. What
is written reads back as the same (`edition_reading`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from budayang.rules.standard.edition_text import REFERENCE_KINDS, EditionText
from budayang.rules.standard.editions import STATE_NAMES
from budayang.rules.standard.parts import KIND_NAMES

LONGEST = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHEET_ERROR = re.compile(r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!)")
_GRADE = re.compile(r"[ABCD](/[ABCD])*(\(类推\))?")
_EDITION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CLAUSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,23}")
_NUMBER = re.compile(r"[A-Z]{2}[A-Z0-9]*(/[A-Z])? ?[0-9.]+[-—][0-9]{4}")
YES, NO = "是", "否"


class BadCell(Exception):
    """A cell that cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet. ``read`` makes the value of a cell or raises BadCell; ``needed``: it may not be empty."""

    key: str
    title: str
    read: Callable[[str], Any]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. ``unique``: the columns that tell its rows apart. ``filled``: it must have at least one row."""

    key: str
    title: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]
    filled: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where: sheet, row as the spreadsheet counts, column letter ("" : the whole row or sheet)."""

    sheet: str
    row: int
    column: str
    title: str
    message: str
    value: str = ""

    @property
    def cell(self) -> str:
        """条款!C12, or 条款 when it is the sheet."""
        return f"{self.sheet}!{self.column}{self.row}" if self.row else self.sheet


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if _SHEET_ERROR.fullmatch(text):
            raise BadCell(f"是表格软件的错误值 {text}，请改正公式或直接写内容")
        if _CONTROL.search(text):
            raise BadCell("有看不见的控制字符，请重新输入这一格")
        if len(text) > longest:
            raise BadCell(f"最多 {longest} 个字，现在是 {len(text)} 个字")
        return text

    return read


def _matching(pattern: re.Pattern[str], hint: str, longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        _text(longest)(text)
        if text and not pattern.fullmatch(text):
            raise BadCell(f"{hint}，现在是“{text[:40]}”")
        return text

    return read


def _choice(names: Mapping[str, str]) -> Callable[[str], str]:
    by_word = {**{key: key for key in names}, **{name: key for key, name in names.items()}}

    def read(text: str) -> str:
        if text not in by_word:
            raise BadCell(f"不认识“{text[:40]}”，可以写：{'、'.join(names.values())}")
        return by_word[text]

    return read


def _flag(text: str) -> bool:
    if text not in (YES, NO, ""):
        raise BadCell(f"请写“是”或“否”，现在是“{text[:40]}”")
    return text == YES


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 99:
        raise BadCell(f"要写 1 到 99 的整数，现在是“{text[:40]}”")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise BadCell(f"要写数字，现在是“{text[:40]}”")
    return value


def _weight(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 100:
        raise BadCell(f"权重要大于 0、不超过 100，现在是“{text[:40]}”")
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(_text(LONGEST)(text).split())


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "about",
        "版本",
        (
            Column("code", "代号", _matching(_EDITION, "只能用字母、数字、点和短横，最多 40 个", 40)),
            Column("title", "名称", _text(120)),
            Column("is_reference", "参照版", _flag),
            Column("state", "文本状态", _choice(STATE_NAMES)),
            Column("number", "标准编号", _matching(_NUMBER, "要写成 DB1506/T 12—2025 的样子", 40), False),
            Column("source", "来源", _text(300), False),
        ),
        (),
    ),
    Sheet("chapters", "章", (Column("number", "章号", _whole), Column("title", "标题", _text(40))), ("number",)),
    Sheet(
        "terms",
        "术语",
        (
            Column("term", "术语", _text(60)),
            Column("english", "英文", _text(120)),
            Column("definition", "定义", _text(LONGEST)),
            Column("source", "来源", _text(300), False),
            Column("grade", "依据等级", _matching(_GRADE, "要写 A、B、C、D，几个的用 / 隔开", 12)),
            Column("discouraged", "不用的词", _words, False),
        ),
        ("term",),
        False,
    ),
    Sheet(
        "references",
        "引用文件",
        (
            Column("number", "编号", _text(60)),
            Column("title", "名称", _text(120)),
            Column("kind", "类别", _choice(REFERENCE_KINDS)),
            Column("drafted_as", "起草说明写作", _text(60), False),
            Column("newer", "更新的版本", _text(60), False),
            Column("note", "说明", _text(LONGEST), False),
        ),
        ("number",),
        False,
    ),
    Sheet(
        "clauses",
        "条款",
        (
            Column("code", "编号", _matching(_CLAUSE, "只能用字母、数字、点和短横，最多 24 个", 24)),
            Column("chapter", "章号", _whole),
            Column("requirement", "要求", _text(LONGEST)),
            Column("criterion", "判断标准", _text(LONGEST), False),
            Column("verification", "怎样查", _text(LONGEST), False),
            Column("frequency", "频次", _text(80), False),
            Column("basis", "依据", _text(LONGEST), False),
            Column("grade", "依据等级", _matching(_GRADE, "要写 A、B、C、D，几个的用 / 隔开", 12)),
            Column("template", "模板值", _flag, False),
            Column("weight", "权重", _weight),
        ),
        ("code",),
    ),
    Sheet(
        "checks",
        "检查",
        (
            Column("clause", "条款", _text(24)),
            Column("kind", "方式", _choice({one.value: name for one, name in KIND_NAMES.items()})),
            Column("metric", "指标", _text(24), False),
            Column("questions", "巡查问题", _text(300), False),
            Column("least", "合格比例", _text(12), False),
            Column("fields", "填什么数", _text(LONGEST), False),
            Column("system", "其他系统", _text(60), False),
            Column("what", "什么文件或怎样填", _text(300), False),
            Column("days", "有效天数", _text(6), False),
            Column("note", "说明", _text(120), False),
        ),
        (),
        False,
    ),
    Sheet(
        "annexes",
        "附录",
        (
            Column("annex", "附录", _matching(re.compile("[A-Z]"), "要写一个大写字母", 1)),
            Column("annex_title", "附录标题", _text(80)),
            Column("table", "表号", _matching(re.compile(r"[A-Z]\.[0-9]{1,3}"), "要写成 A.1 的样子", 8)),
            Column("table_title", "表题", _text(80)),
            Column("item", "内容", _text(300)),
            Column("criterion", "判定", _text(300), False),
            Column("frequency", "频次", _text(80), False),
            Column("clause", "条款", _text(24), False),
        ),
        (),
        False,
    ),
    Sheet(
        "values",
        "参数",
        (Column("name", "参数", _text(40)), Column("value", "值", _number), Column("clause", "条款", _text(24))),
        ("name",),
        False,
    ),
)
BY_KEY: dict[str, Sheet] = {one.key: one for one in SHEETS}


def letter_of(at: int) -> str:
    """A, B … Z, AA …: the name of the column at a place counted from 0."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def write_rows(text: EditionText) -> dict[str, list[list[str | float]]]:
    """Sheet key → rows of cells in the order of its columns, without the head."""
    lists: dict[str, Iterable[Any]] = {
        "about": [text.about],
        "chapters": text.chapters,
        "terms": text.terms,
        "references": text.references,
        "clauses": text.clauses,
        "annexes": text.annexes,
        "values": text.values,
    }
    found = {key: [[_cell(key, c.key, getattr(row, c.key)) for c in BY_KEY[key].columns] for row in rows]
             for key, rows in lists.items()}  # fmt: skip
    found["checks"] = [
        [clause.code if c.key == "clause" else _cell("checks", c.key, part.plain()[c.key])
         for c in BY_KEY["checks"].columns]
        for clause in text.clauses
        for part in clause.parts
    ]  # fmt: skip
    return found


_WORDS: dict[tuple[str, str], Mapping[str, str]] = {
    ("about", "state"): STATE_NAMES,
    ("references", "kind"): REFERENCE_KINDS,
    ("checks", "kind"): {one.value: name for one, name in KIND_NAMES.items()},
}


def _cell(sheet: str, key: str, value: str | float | bool | tuple[str, ...]) -> str | float:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, int | float):
        return value
    return _WORDS.get((sheet, key), {}).get(value, value)
