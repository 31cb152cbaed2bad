"""Check lists of rounds (检查表): their questions, how a list is read from rows, and how two editions differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

from budayang.rules.incident_kinds import Bucket, Severity


class Answer(StrEnum):
    """What kind of answer a question asks for."""

    YES_NO = "yes_no"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    TEXT = "text"


class About(StrEnum):
    """What a question is about: the place as a whole (巡查), each device (巡检), or each sign of the area's plan; the
    last is a pattern, from which the questions of a round are made when it is opened.
    """

    AREA = "area"
    TERMINAL = "terminal"
    SIGN = "sign"


class Photo(StrEnum):
    """When a photograph belongs to the answer."""

    NO = "no"
    ON_FAULT = "on_fault"
    ALWAYS = "always"


ANSWER_NAMES: dict[Answer, str] = {
    Answer.YES_NO: "正常或异常",
    Answer.NUMBER: "数字",
    Answer.DATE: "日期",
    Answer.CHOICE: "选择",
    Answer.TEXT: "文字",
}
ABOUT_NAMES: dict[About, str] = {About.AREA: "整个自助区", About.TERMINAL: "每台终端", About.SIGN: "平面图上的标志"}
PHOTO_NAMES: dict[Photo, str] = {Photo.NO: "不拍", Photo.ON_FAULT: "异常时拍", Photo.ALWAYS: "每次都拍"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a list.

    ``severity``: of the order that a failed answer opens; "" opens none, the answer is only noted. ``bucket``: where
    the fault belongs. ``low`` and ``high``: bounds of a number in ``unit``, or of a date in days from the round
    (60: at least 60 days ahead; a ``high`` of -30: at least 30 days ago). ``bad``: choices that are faults. ``joins``:
    kinds of incidents (rules/cause_table) that the fault already is while one of them is open for the same thing.
    ``known``: what telemetry can answer: "link", or a kind of component. ``clause``: of data/requirements.csv.
    """

    code: str
    text: str
    kind: Answer = Answer.YES_NO
    about: About = About.AREA
    severity: str = "general"
    bucket: str = "undetermined"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    photo: Photo = Photo.NO
    joins: tuple[str, ...] = ()
    known: str = ""
    clause: str = ""

    def plain(self) -> dict[str, object]:
        """As JSON keeps it; what is as the default is left out."""
        found: dict[str, object] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                found[one.name] = list(value) if isinstance(value, tuple) else value
        return found


Word = TypeVar("Word", Answer, About, Photo)
LISTS = ("choices", "bad", "joins")


def read_question(row: Mapping[str, object]) -> Question:
    """A question from a row of a seed, of JSON or of an uploaded table (lists joined by "、", numbers as text).

    Raises:
        ValueError: in Chinese, with the repair.
    """
    code, text = str(row.get("code", "")).strip(), str(row.get("text", "")).strip()
    if not code or not code.replace("_", "").isalnum() or not code.isascii() or len(code) > 40:
        raise ValueError("代码须是字母、数字和下划线，最多 40 个")
    if not text or len(text) > 120:
        raise ValueError("问题须写 1 到 120 个字")
    kind = _one_of(row, "kind", Answer, Answer.YES_NO)
    about = _one_of(row, "about", About, About.AREA)
    photo = _one_of(row, "photo", Photo, Photo.NO)
    severity = str(row.get("severity", "general") or "")
    if severity not in ("", *(one.value for one in Severity)):
        raise ValueError("等级只能是 general、serious、urgent 或空着")
    bucket = str(row.get("bucket") or "undetermined")
    if bucket not in {one.value for one in Bucket}:
        raise ValueError(f"归因“{bucket}”不认识")
    parts = {name: _list(row.get(name), "、" if name == "joins" else " ") for name in LISTS}
    if kind is Answer.CHOICE and len(parts["choices"]) < 2:
        raise ValueError("选择题须有两个以上的选项")
    if set(parts["bad"]) - set(parts["choices"]):
        raise ValueError("算异常的选项须在选项里")
    return Question(
        code, text, kind, about, severity, bucket, str(row.get("unit") or ""), _number(row.get("low")),
        _number(row.get("high")), parts["choices"], parts["bad"], photo, parts["joins"], str(row.get("known") or ""),
        str(row.get("clause") or ""),
    )  # fmt: skip


def _one_of(row: Mapping[str, object], name: str, kind: type[Word], default: Word) -> Word:
    word = str(row.get(name) or default.value)
    try:
        return kind(word)
    except ValueError as error:
        known = "、".join(one.value for one in kind)
        raise ValueError(f"“{word}”不认识，可以写：{known}") from error


def _list(value: object, mark: str = " ") -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(str(one) for one in value)
    # Kinds of incidents are codes and may stand with spaces, as other seeds write them; choices are sentences.
    return tuple(part.strip() for part in str(value or "").replace(" ", mark).split("、") if part.strip())


def _number(value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(str(value))
    except ValueError as error:
        raise ValueError(f"“{value}”不是数字") from error


def read_questions(rows: Sequence[Mapping[str, object]]) -> tuple[Question, ...]:
    """The questions of a list, in their order. Raises ValueError, also when two have one code or there is none."""
    found = tuple(read_question(row) for row in rows)
    codes = [one.code for one in found]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise ValueError(f"代码 {twice} 出现了两次")
    if not found:
        raise ValueError("检查表里没有问题")
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """What an edition changed of one question: ``what`` is added, removed or changed; ``parts``: (column, old, new)."""

    what: str
    question: Question
    parts: tuple[tuple[str, str, str], ...] = ()


PART_NAMES: dict[str, str] = {
    "text": "问题",
    "kind": "怎样回答",
    "about": "查什么",
    "severity": "异常时的等级",
    "bucket": "归因",
    "unit": "单位",
    "low": "下限",
    "high": "上限",
    "choices": "选项",
    "bad": "算异常的选项",
    "photo": "拍照",
    "joins": "并入的故障",
    "known": "平台已知",
    "clause": "条款",
}


def difference(old: Sequence[Question], new: Sequence[Question]) -> list[Change]:
    """What ``new`` changes of ``old``, in the order of the new edition, what is gone at the end."""
    before = {one.code: one for one in old}
    found = []
    for one in new:
        was = before.pop(one.code, None)
        if was is None:
            found.append(Change("added", one))
        elif was != one:
            parts = [(name, _shown(getattr(was, name)), _shown(getattr(one, name))) for name in PART_NAMES]
            found.append(Change("changed", one, tuple(part for part in parts if part[1] != part[2])))
    return found + [Change("removed", one) for one in before.values()]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(str(one) for one in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
