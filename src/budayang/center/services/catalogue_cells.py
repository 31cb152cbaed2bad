"""How one cell of the catalogue table becomes a value, and a value a cell again. Pure; messages are for people.

`read(text)` raises BadCell; `write(value)` gives the text that `read` makes the same value of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.rules.catalogue import BadMaterials, fen_of, read_materials, yuan_of

Read = Callable[[str], Any]
STEP_MARKS = re.compile(r"[\n｜]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Our CSV export puts an apostrophe before such signs and our reader takes it away: no cell may begin so by itself.
_DISARMED = re.compile(r"'[=+\-@]")
_SHEET_ERROR = re.compile(r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!)")
_YES = {"1": "1", "是": "1", "有": "1", "0": "0", "否": "0", "无": "0", "": "0"}
MOST_FEN = 10_000_000_00
MOST_STEPS = 20


class BadCell(Exception):
    """A cell that cannot be read; the message says what to write instead."""


def read_text(longest: int) -> Read:
    """Any words, up to so many."""

    def read(text: str) -> str:
        if _SHEET_ERROR.fullmatch(text):
            raise BadCell(_("是表格软件的错误值 %(value)s，请改正公式或直接写内容") % {"value": text})
        if _DISARMED.match(text):
            raise BadCell(_("不能以单引号加 = + - @ 开头：表格软件会把它当成公式的写法"))
        if _CONTROL.search(text):
            raise BadCell(_("有看不见的控制字符，请重新输入这一格"))
        if len(text) > longest:
            raise BadCell(_("最多 %(most)d 个字，现在是 %(length)d 个字") % {"most": longest, "length": len(text)})
        return text

    return read


def read_choice(choices: Sequence[str]) -> Read:
    """One of these words; an empty cell where the empty word is one of them."""

    def read(text: str) -> str:
        if text not in choices:
            wanted = "；".join(words(choice) for choice in choices if choice)
            raise BadCell(_("写“%(value)s”不认识，可以写：%(wanted)s") % {"value": text[:40], "wanted": wanted})
        return text

    return read


def read_named(names: Mapping[str, str]) -> Read:
    """A word of a table, kept as its key; empty means that nobody said."""
    by_word = {"": "", **{name: key for key, name in names.items()}}

    def read(text: str) -> str:
        return by_word[read_choice(tuple(by_word))(text)]

    return read


def write_named(names: Mapping[str, str]) -> Callable[[Any], str]:
    """The word of a key."""
    return lambda value: names.get(str(value or ""), "")


def read_number(most: int, unit: str) -> Read:
    """A whole number from 0 to `most`; empty means that nobody said."""

    def read(text: str) -> int | None:
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > most:
            raise BadCell(
                _("应是 0 到 %(most)d 的整数（%(unit)s），现在是“%(value)s”")
                % {"most": most, "unit": words(unit), "value": text[:40]}
            )
        return int(text)

    return read


def write_number(value: Any) -> str:
    return "" if value is None else str(value)


def read_money(text: str) -> int | None:
    """A sum in yuan, kept in fen."""
    if not text:
        return None
    fen = fen_of(text)
    if fen is None or fen > MOST_FEN:
        raise BadCell(_("应是金额，单位元，最多两位小数，例如 10 或 10.50，现在是“%(value)s”") % {"value": text[:40]})
    return fen


def write_money(value: Any) -> str:
    return yuan_of(value)


def read_flag(text: str) -> str:
    """1 or 0, also 是 and 否."""
    if text not in _YES:
        raise BadCell(_("请写 1（需要）或 0（不需要），现在是“%(value)s”") % {"value": text[:40]})
    return _YES[text]


def read_material_text(text: str) -> str:
    """The list of materials in words, if it can be read as a list."""
    kept: str = read_text(1000)(text)
    try:
        found = read_materials(kept)
    except BadMaterials as error:
        raise BadCell(
            _("读不成材料清单：%(why)s。写成“身份证（原件，高拍）、授权书（复印件，代办时）”的样子")
            % {"why": words(error)}
        ) from error
    if any(len(one.name) > 80 for one in found):
        raise BadCell(_("一份材料的名称最多 80 个字，材料之间请用顿号隔开"))
    return kept


def read_steps(text: str) -> list[str]:
    """Steps of the guide, one a line (or set apart by ｜), without numbers of their own."""
    read_text(2000)(text)
    steps = [step.strip() for step in STEP_MARKS.split(text) if step.strip()]
    if len(steps) > MOST_STEPS or any(len(step) > 200 for step in steps):
        raise BadCell(_("办理步骤最多 %(most)d 步，每步最多 200 个字，一行一步") % {"most": MOST_STEPS})
    return steps


def write_steps(value: Any) -> str:
    return "\n".join(value or [])


def read_mark(text: str) -> str:
    """V, R or C, also in words; empty means that the table does not say."""
    said = {"": "", "V": "V", "R": "R", "C": "C", "已核实": "V", "未核实": "R", "部门已确认": "C"}
    if text.upper() not in said:
        raise BadCell(_("只能是 V（已核实）或 R（未核实），现在是“%(value)s”") % {"value": text[:40]})
    return said[text.upper()]


def write_text(value: Any) -> str:
    return str(value or "")


def is_blank(value: Any) -> bool:
    """Whether nobody said anything."""
    return value in ("", None, [], "0")
