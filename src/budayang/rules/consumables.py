"""Consumables of a terminal: their kinds, how much is left, what a meter's reading means, numbered sheets.

How much is left is the last known fill less what was used since. Two witnesses speak of it: the count, and the device's
own word (full, low, out). The device's word wins, and where the two differ that is said. What nobody counted is not
guessed: then there is the word only, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil

PAGES = "pages"


@dataclass(frozen=True)
class Consumable:
    """One kind.

    ``unit`` counts it (张, 页). ``device`` and ``prop`` are the component's kind and property whose words tell the
    coarse level (an empty ``prop``: no device tells of it); ``words`` turns its states into full, low, out.
    ``counter`` is the meter that consumes it (wire event ``counts``) and ``per_count`` the units that one count takes.
    ``capacity``: units of one fill, a usual size that a terminal may change. ``numbered``: each unit has its own number
    and is kept sheet by sheet.
    """

    code: str
    name: str
    unit: str
    device: str
    prop: str
    counter: str
    capacity: int
    per_count: float = 1.0
    numbered: bool = False
    words: tuple[tuple[str, str], ...] = (("full", "full"), ("low", "low"), ("out", "out"))
    note: str = ""

    def word(self, state: str) -> str:
        """full, low, out, or "" when the state says nothing of the level."""
        return next((word for told, word in self.words if told == state), "")


_CARDS = (("ok", "full"), ("high", "full"), ("full", "full"), ("low", "low"), ("empty", "out"))

CONSUMABLES: tuple[Consumable, ...] = (
    Consumable("a4", "A4打印纸", "张", "printer", "paper.upper", PAGES, 500),
    Consumable("a4_lower", "下纸盒打印纸", "张", "printer", "paper.lower", "pages.lower", 500),
    # The yield of a cartridge is the maker's figure at 5 % coverage (ISO/IEC 19752); real pages take more or less.
    Consumable("toner", "碳粉盒", "页", "printer", "toner", PAGES, 2600, note="按标称页数估计，实际随版面深浅变化"),
    Consumable("receipt_roll", "凭条纸卷", "张凭条", "receiptPrinter", "paper.upper", "receipts", 400),
    Consumable("cards", "空白卡", "张", "cardDispenser", "replenishmentStatus", "cards", 200, words=_CARDS),
    Consumable("certificate", "证书专用纸", "张", "printer", "", "certificates", 100, numbered=True),
    Consumable("stamp_ink", "印油", "次", "stamp", "ink", "stamps", 5000, note="按标称盖章次数估计"),
    Consumable("label", "标签", "张", "printer", "", "labels", 300),
)
BY_CODE: dict[str, Consumable] = {one.code: one for one in CONSUMABLES}
PROPERTIES: frozenset[str] = frozenset(one.prop for one in CONSUMABLES if one.prop)
_BY_STATE: dict[tuple[str, str], Consumable] = {(one.device, one.prop): one for one in CONSUMABLES if one.prop}


def get_consumable(code: str) -> Consumable:
    """Raises KeyError."""
    return BY_CODE[code]


def told_by(kind: str, prop: str) -> Consumable | None:
    """The consumable of which a property of a kind of component tells the level."""
    return _BY_STATE.get((kind, prop))


def consumed_by(kind: str, counter: str) -> tuple[Consumable, ...]:
    """What a counter of a kind of component uses up: a page takes paper and toner."""
    return tuple(one for one in CONSUMABLES if (one.device, one.counter) == (kind, counter))


# How much is left ----------------------------------------------------------------------------------------------------


class Grade(StrEnum):
    """How the level is known."""

    COUNTED = "counted"
    WORDS = "words"
    UNKNOWN = "unknown"


GRADE_NAMES: dict[Grade, str] = {
    Grade.COUNTED: "逐张计数",
    Grade.WORDS: "只有设备的报告",
    Grade.UNKNOWN: "不知道",
}


class Tell(StrEnum):
    """The level in one word, worst first."""

    OUT = "out"
    LOW = "low"
    ENOUGH = "enough"
    UNKNOWN = "unknown"


TELL_NAMES: dict[Tell, str] = {Tell.OUT: "用完", Tell.LOW: "快用完", Tell.ENOUGH: "充足", Tell.UNKNOWN: "不知道"}


@dataclass(frozen=True, slots=True)
class Level:
    """``amount`` in units, at most what is there; None: nobody knows a number. ``mismatch``: how the count and the
    device's word differ; empty when they agree.
    """

    amount: int | None
    grade: Grade
    tell: Tell
    mismatch: str = ""


def level_now(
    *, capacity: int, filled: int | None, used: float, gap: bool, word: str, low_ratio: float, unit: str = "张"
) -> Level:
    """The level.

    Args:
        filled: units after the last known fill, None when no fill is known.
        used: units counted since.
        gap: some use since the fill was not counted (a counter was reset), so that the count proves nothing.
        word: the device's word: full, low, out or "".
        low_ratio: share of the capacity at and below which it counts as low (YJ-13).
    """
    limit = int(capacity * low_ratio)
    count = None if filled is None or gap else max(0, min(capacity, filled) - ceil(used))
    if count is None:
        tell = {"out": Tell.OUT, "low": Tell.LOW, "full": Tell.ENOUGH}.get(word, Tell.UNKNOWN)
        amount = {"out": 0, "low": limit}.get(word)
        return Level(amount, Grade.WORDS if word else Grade.UNKNOWN, tell)
    amount, mismatch = _settle(count, limit, word, unit)
    if amount <= 0:
        tell = Tell.OUT
    else:
        tell = Tell.LOW if amount <= limit and word != "full" else Tell.ENOUGH
        if word == "low":
            tell = Tell.LOW
    return Level(amount, Grade.COUNTED, tell, mismatch)


def _settle(count: int, limit: int, word: str, unit: str) -> tuple[int, str]:
    """The device's word bounds the count: it sees the tray, the count only knows what it was told."""
    if word == "out" and count > 0:
        return 0, f"按计数还有{count}{unit}，设备报告已经用完，以设备为准" if count > limit else ""
    if word == "low" and count > limit:
        return limit, f"按计数还有{count}{unit}，设备报告快用完，以设备为准"
    if word == "full" and count == 0:
        return max(limit, 1), "按计数应已用完，设备报告充足，以设备为准；可能有一次补充没有登记"
    return count, ""


def filled_to(*, before: int | None, added: int | None, capacity: int) -> int:
    """Units after a refill. ``added`` None: filled up. What was there before and is not known counts as nothing."""
    return capacity if added is None else min(capacity, (before or 0) + added)


# Meters --------------------------------------------------------------------------------------------------------------

FASTEST_PER_S = 2.0
"""No counter of a self-service terminal is faster: 120 pages a minute is a copy shop's machine."""
SLACK = 200


@dataclass(frozen=True, slots=True)
class Step:
    """What a reading adds. ``broken``: the counter was reset or belongs to another device, so some use is unknown."""

    used: int
    broken: str = ""


def meter_step(*, before: int | None, value: int, elapsed: timedelta) -> Step:
    """What a new reading of a meter means. ``before`` None: the first one, which is where counting starts."""
    if before is None:
        return Step(0)
    if value < before:
        return Step(0, "reset")
    most = SLACK + FASTEST_PER_S * max(elapsed.total_seconds(), 0.0)
    if value - before > most:
        return Step(0, "jump")
    return Step(value - before)


# Numbered sheets -----------------------------------------------------------------------------------------------------


class Sheet(StrEnum):
    """Where a numbered sheet is. Each sheet that came in is in exactly one of these, for ever."""

    STOCK = "stock"
    ISSUED = "issued"
    USED = "used"
    VOID = "void"
    LOST = "lost"


SHEET_NAMES: dict[Sheet, str] = {
    Sheet.STOCK: "在库",
    Sheet.ISSUED: "已领到终端",
    Sheet.USED: "已使用",
    Sheet.VOID: "作废",
    Sheet.LOST: "短缺待查",
}
SHEET_TRANSITIONS: dict[tuple[Sheet, str], Sheet] = {
    (Sheet.STOCK, "issue"): Sheet.ISSUED,
    (Sheet.STOCK, "void"): Sheet.VOID,
    (Sheet.STOCK, "lose"): Sheet.LOST,
    (Sheet.ISSUED, "use"): Sheet.USED,
    (Sheet.ISSUED, "void"): Sheet.VOID,
    (Sheet.ISSUED, "return"): Sheet.STOCK,
    (Sheet.ISSUED, "lose"): Sheet.LOST,
    (Sheet.LOST, "find"): Sheet.STOCK,
}
SHEET_EVENT_NAMES: dict[str, str] = {
    "issue": "领用到终端",
    "use": "已使用",
    "void": "作废",
    "return": "退回库存",
    "lose": "短缺",
    "find": "找回",
}


def sources_of(event: str) -> frozenset[Sheet]:
    """The places from which an event may take a sheet."""
    return frozenset(state for (state, name) in SHEET_TRANSITIONS if name == event)


_NUMBER = re.compile(r"^([A-Z]{0,8})(\d{1,12})$")
MOST_SHEETS = 2000


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from ``first`` to ``last``, both included. ``series``: the letters; ``width``: digits as printed."""

    series: str
    width: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def text(self, number: int) -> str:
        """The number as it is printed on the sheet."""
        return f"{self.series}{number:0{self.width}d}"

    def __str__(self) -> str:
        one = self.text(self.first)
        return one if self.first == self.last else f"{one}—{self.text(self.last)}"


class BadNumbers(ValueError):
    """The numbers make no span. The message is for people and names the repair."""


def span_of(first: str, last: str) -> Span:
    """The span of two numbers as printed on the first and the last sheet. Raises BadNumbers."""
    found = [_NUMBER.match(text.strip().upper()) for text in (first, last or first)]
    one, other = found
    if one is None or other is None:
        raise BadNumbers("编号写成字母加数字，例如 NM0001200。")
    if one[1] != other[1] or len(one[2]) != len(other[2]):
        raise BadNumbers("起止编号的字母和位数要相同。")
    span = Span(one[1], len(one[2]), int(one[2]), int(other[2]))
    if span.last < span.first:
        raise BadNumbers("止号不能小于起号。")
    if len(span) > MOST_SHEETS:
        raise BadNumbers(f"一次最多{MOST_SHEETS}张，请分几次登记。")
    return span


def spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as unbroken stretches (first, last), ascending."""
    found: list[tuple[int, int]] = []
    for one in sorted(set(numbers)):
        if found and one == found[-1][1] + 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return found


def gaps(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The stretches that are missing between the lowest and the highest number."""
    whole = spans(numbers)
    return [(left[1] + 1, right[0] - 1) for left, right in pairwise(whole)]
