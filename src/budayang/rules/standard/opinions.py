"""Opinions on a draft (征求意见、审查意见): their states, decisions, and the usual columns of the summary table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

KIND_NAMES: dict[str, str] = {"consultation": "征求意见", "review": "审查意见"}
TABLE_TITLES: dict[str, str] = {"consultation": "意见汇总处理表", "review": "审查意见汇总处理表"}
SOURCE_NAMES: dict[str, str] = {"public": "公开征求意见页", "excel": "Excel 导入", "typed": "工作人员录入"}
STATE_NAMES: dict[str, str] = {
    "held": "待查看",
    "open": "待处理",
    "decided": "已处理",
    "set_aside": "不列入",
}
DECISION_NAMES: dict[str, str] = {"accepted": "采纳", "partly": "部分采纳", "rejected": "未采纳"}
NEEDS_REASON = frozenset({"partly", "rejected"})
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("held", "admit"): "open",
    ("held", "set_aside"): "set_aside",
    ("open", "decide"): "decided",
    ("open", "set_aside"): "set_aside",
    ("decided", "decide"): "decided",
    ("set_aside", "admit"): "open",
}
IN_TABLE = ("open", "decided")

COLUMN_NUMBER, COLUMN_CLAUSE, COLUMN_TEXT, COLUMN_WISH = "编号", "标准章条编号", "意见内容", "修改建议"
COLUMN_UNIT, COLUMN_DECISION, COLUMN_REASON, COLUMN_NOTE = "提出单位", "处理意见", "处理理由", "备注"
NEEDED = (COLUMN_CLAUSE, COLUMN_TEXT, COLUMN_UNIT)
OPTIONAL = (COLUMN_NUMBER, COLUMN_WISH, COLUMN_DECISION, COLUMN_REASON, COLUMN_NOTE)
MOST_TEXT, MOST_UNIT, MOST_REASON = 1000, 60, 500
WHOLE = "全文"
_NO_SIGN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_CHAPTER = re.compile(r"第(.+)[章条]")


def kept_text(text: str) -> str:
    """A text as it is kept: line ends as LF (a browser sends CRLF), without signs that XML, and so Excel and Word,
    cannot hold, without blanks around it. So it leaves for Excel and comes back without a change.
    """
    return _NO_SIGN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def read_clause(word: str, numbers: Collection[str]) -> str | None:
    """The number of the text that a cell names ("4.10", "第4章", "附录A"), "" for the whole; None: it has none."""
    plain = "".join(unicodedata.normalize("NFKC", word).split())
    if plain in {"", WHOLE}:
        return ""
    found = _CHAPTER.fullmatch(plain)
    number = found[1] if found else plain
    return number if number in numbers else None


def read_decision(word: str) -> str | None:
    """The decision that a cell names: its code, "" for an empty cell, None when the word is none of the three."""
    plain = word.strip()
    if not plain or plain == "待处理":
        return ""
    return next((code for code, name in DECISION_NAMES.items() if name == plain), None)


def decision_problem(decision: str, reason: str) -> str:
    """Why a decision cannot be kept; "" when it can."""
    if decision not in DECISION_NAMES:
        return "处理意见请选：采纳、部分采纳、未采纳。"
    if decision in NEEDS_REASON and not reason.strip():
        return "部分采纳和未采纳要写理由。"
    return ""
