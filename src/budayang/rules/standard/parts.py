"""The parts of a clause's check: which kind of evidence answers it, with the parameters of that kind. A clause with
several parts is met when all of them are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite


class Kind(StrEnum):
    """What answers a part."""

    FUNCTION = "function"
    ROUND = "round"
    MEASUREMENT = "measurement"
    DOCUMENT = "document"
    SURVEY = "survey"
    EXTERNAL = "external"


KIND_NAMES: dict[Kind, str] = {
    Kind.FUNCTION: "平台计算",
    Kind.ROUND: "巡查问题",
    Kind.MEASUREMENT: "量测",
    Kind.DOCUMENT: "文件",
    Kind.SURVEY: "调查",
    Kind.EXTERNAL: "其他系统",
}
KIND_HELP: dict[Kind, str] = {
    Kind.FUNCTION: "由平台自己的记录算出",
    Kind.ROUND: "由巡查时对指定问题的回答得出",
    Kind.MEASUREMENT: "到现场量一次，有时限的到期再量",
    Kind.DOCUMENT: "上传文件，到期前 60 天提醒",
    Kind.SURVEY: "由问卷或测评得出，没有接通前人工填报",
    Kind.EXTERNAL: "在其他系统里，没有接通前人工填报",
}
BY_HAND = frozenset({Kind.SURVEY, Kind.EXTERNAL})
"""What somebody copies from elsewhere: shown as 人工填报 wherever the answer is shown."""
ENTERED = frozenset({Kind.MEASUREMENT, Kind.SURVEY, Kind.EXTERNAL})
"""Answered by numbers that somebody enters."""
GIVEN = ENTERED | {Kind.DOCUMENT}
"""Answered by what somebody gives for the clause."""
MOST_DAYS = 3660
_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
_CODES = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Field:
    """A number that is entered. ``low`` and ``high`` are what is asked, both included; None: no bound on that side."""

    name: str
    label: str
    unit: str
    low: float | None
    high: float | None

    def holds(self, value: float) -> bool:
        """Whether the value is what is asked."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def asked(self) -> str:
        """What is asked, in words: 不小于1200毫米."""
        if self.low is not None and self.high is not None:
            return f"{self.low:.10g}—{self.high:.10g} {self.unit}"
        if self.low is not None:
            return f"不小于{self.low:.10g} {self.unit}"
        return f"不大于{self.high:.10g} {self.unit}"

    @property
    def text(self) -> str:
        """As a table writes it; :func:`read_field` reads it back."""
        low = "" if self.low is None else repr(self.low).removesuffix(".0")
        high = "" if self.high is None else repr(self.high).removesuffix(".0")
        return f"{self.name}:{self.label}:{self.unit}:{low}:{high}"


@dataclass(frozen=True, slots=True)
class Part:
    """``days``: how far back answers count (round) or how long what was entered holds; None: for good. ``least``: share
    of answers that have to be good.
    """

    kind: Kind
    metric: str = ""
    questions: tuple[str, ...] = ()
    least: float = 1.0
    fields: tuple[Field, ...] = ()
    system: str = ""
    what: str = ""
    days: int | None = None
    note: str = ""

    def plain(self) -> dict[str, str]:
        """As a table writes it."""
        return {
            "kind": self.kind.value,
            "metric": self.metric,
            "questions": " ".join(self.questions),
            "least": f"{self.least!r}".removesuffix(".0") if self.kind is Kind.ROUND else "",
            "fields": ";".join(one.text for one in self.fields),
            "system": self.system,
            "what": self.what,
            "days": "" if self.days is None else str(self.days),
            "note": self.note,
        }


class BadPart(ValueError):
    """A cell of a part that cannot be read: ``column`` of :meth:`Part.plain`, and what to write instead."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column, self.message = column, message


def read_part(row: Mapping[str, str]) -> Part:
    """Raises BadPart at the first cell that cannot be read."""
    try:
        kind = Kind(row.get("kind", ""))
    except ValueError:
        raise BadPart("kind", f"不认识的检查方式，可以写：{'、'.join(one.value for one in Kind)}") from None
    questions = tuple(row.get("questions", "").split())
    part = Part(
        kind=kind,
        metric=row.get("metric", ""),
        questions=questions,
        least=_least(row.get("least", "")),
        fields=tuple(read_field(one) for one in row.get("fields", "").split(";") if one),
        system=row.get("system", ""),
        what=row.get("what", ""),
        days=_days(row.get("days", "")),
        note=row.get("note", ""),
    )
    _check_part(part)
    return part


def _check_part(part: Part) -> None:
    if part.kind is Kind.FUNCTION and not part.metric:
        raise BadPart("metric", "平台计算的检查要写指标")
    if part.kind is Kind.ROUND and not part.questions:
        raise BadPart("questions", "巡查问题的检查要写问题代码，用空格隔开")
    for code in part.questions:
        if not _CODES.fullmatch(code):
            raise BadPart("questions", f"问题代码“{code}”只能是小写字母、数字和下划线")
    if part.kind in ENTERED and not part.fields:
        raise BadPart("fields", "要写填什么数，例如 width_mm:净宽:毫米:1200:")
    if len({one.name for one in part.fields}) != len(part.fields):
        raise BadPart("fields", "同一个数写了两次")
    if part.kind is Kind.EXTERNAL and not part.system:
        raise BadPart("system", "要写是哪个系统")
    if part.kind is Kind.DOCUMENT and not part.what:
        raise BadPart("what", "要写是什么文件")


def read_field(text: str) -> Field:
    """``name:label:unit:low:high``. Raises BadPart."""
    pieces = text.split(":")
    if len(pieces) != 5:
        raise BadPart("fields", f"“{text}”要写成 名称:说明:单位:下限:上限 五段")
    name, label, unit, low, high = (one.strip() for one in pieces)
    if not _NAME.fullmatch(name):
        raise BadPart("fields", f"“{name}”只能是小写字母、数字和下划线，字母开头")
    if not label or not unit:
        raise BadPart("fields", f"“{text}”缺说明或单位")
    try:
        found = Field(name, label, unit, float(low) if low else None, float(high) if high else None)
    except ValueError:
        raise BadPart("fields", f"“{text}”的上下限要写数字") from None
    if any(one is not None and not isfinite(one) for one in (found.low, found.high)):
        raise BadPart("fields", f"“{text}”的上下限要写数字")
    if found.low is None and found.high is None:
        raise BadPart("fields", f"“{text}”至少要有一个上限或下限")
    if found.low is not None and found.high is not None and found.low > found.high:
        raise BadPart("fields", f"“{text}”的下限大于上限")
    return found


def _least(text: str) -> float:
    try:
        value = float(text) if text else 1.0
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise BadPart("least", "要写大于 0、不超过 1 的比例")
    return value


def _days(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_DAYS:
        raise BadPart("days", f"要写 1 到 {MOST_DAYS} 的整天数")
    return int(text)
