"""How the texts of one sign stand beside each other: languages, order, place and size, by the rule set in force.

Rule sets changed over the years (BS-20 to BS-22), so none is built in: a set counts in a region from a day on, once
somebody entered the number of the document by which it is in force there. Until then a sign says Chinese and English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Language(StrEnum):
    """A language of signs. Mongolian is the traditional script, written downwards."""

    ZH = "zh"
    MN = "mn"
    EN = "en"


LANGUAGE_NAMES: dict[Language, str] = {Language.ZH: "汉文", Language.MN: "蒙古文", Language.EN: "英文"}


class Position(StrEnum):
    """Where the language that comes first stands."""

    ABOVE = "above"
    LEFT = "left"  # side by side, each written downwards
    BEFORE = "before"  # on one line, in front


POSITION_NAMES: dict[Position, str] = {Position.ABOVE: "上", Position.LEFT: "左", Position.BEFORE: "前"}


class Run(StrEnum):
    """How the Chinese text of a sign runs."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


class NoComposition(ValueError):
    """The message says what of a rule set or of the texts is not possible, for people."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One row of data/composition_rules.csv. `languages`: in order, the first stands first. `horizontal`: what may be
    chosen for text that runs across. `percents`: (least, most) height of Mongolian letters against Chinese ones; equal
    numbers leave no choice. `clauses`: of data/requirements.csv. `why`: why it counts nowhere by itself.
    """

    code: str
    title: str
    languages: tuple[Language, ...]
    horizontal: tuple[Position, ...]
    percents: tuple[int, int]
    clauses: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule set that somebody put in force below `place_path` from `valid_from` on, by `document`. `ended_on`: the
    first day on which it counts no more; None while it counts.
    """

    rule: RuleSet
    place_path: str
    valid_from: date
    document: str
    horizontal: Position
    percent: int
    ended_on: date | None = None

    def counts_on(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= on and (self.ended_on is None or on < self.ended_on)


def find_in_force(rows: Sequence[InForce], place_path: str, on: date) -> InForce | None:
    """The rule of a place on a day: of the nearest region that has one, the one that began last; of two that began on
    the same day the later row. None: no rule is in force there.
    """
    counting = [
        (len(row.place_path), row.valid_from, number)
        for number, row in enumerate(rows)
        if row.document.strip() and place_path.startswith(row.place_path) and row.counts_on(on)
    ]
    return rows[max(counting)[2]] if counting else None


def check_choice(rule: RuleSet, document: str, horizontal: Position, percent: int) -> None:
    """Raise NoComposition when a rule set cannot be put in force in this way."""
    if not document.strip():
        raise NoComposition("请填写现行文件的文号：没有文号，规则不启用")
    if horizontal not in rule.horizontal:
        raise NoComposition(f"横写时的位置不能是“{POSITION_NAMES[horizontal]}”")
    low, high = rule.percents
    if not low <= percent <= high:
        raise NoComposition(f"蒙古文字高应是汉文的 {low}%" + ("" if low == high else f" 至 {high}%"))


@dataclass(frozen=True, slots=True)
class SignLine:
    """A text of a sign in one language. `approved`: by another person than who wrote it."""

    language: Language
    text: str
    approved: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """Where one text stands on the face that is left for texts, in parts of its width and height from the upper left
    corner. `size`: letter height against the Chinese text's. `downwards`: written in columns from left to right.
    """

    language: Language
    x: float
    y: float
    width: float
    height: float
    size: float
    downwards: bool


ENGLISH = 0.5
"""Height of English letters against Chinese ones: a second language of the sign, as public signs have it."""
# A Mongolian word runs down its column: lying across, its band has to hold the longest word, not one letter's height.
MONGOLIAN_BAND = 2.4
GAP = 0.05


def languages_of(rule: InForce | None, texts: Mapping[Language, str]) -> tuple[Language, ...]:
    """The languages that a sign says, in order. Without a rule in force: Chinese, then English."""
    order = rule.rule.languages if rule else (Language.ZH,)
    return tuple(one for one in (*order, *(() if Language.EN in order else (Language.EN,))) if texts.get(one))


def lacking(rule: InForce | None, texts: Mapping[Language, str]) -> tuple[Language, ...]:
    """Languages that the rule in force wants and for which there is no text (BS-23: 并用率)."""
    return tuple(one for one in rule.rule.languages if not texts.get(one)) if rule else ()


def compose(rule: InForce | None, texts: Mapping[Language, str], run: Run = Run.HORIZONTAL) -> tuple[Box, ...]:
    """The boxes of a sign's texts, in reading order. Raises NoComposition without a Chinese text."""
    if not texts.get(Language.ZH):
        raise NoComposition("标志没有汉文文字")
    order = languages_of(rule, texts)
    shown = {Language.ZH: 1.0, Language.MN: rule.percent / 100 if rule else 1.0, Language.EN: ENGLISH}
    main = [one for one in order if one != Language.EN]
    before = rule is not None and rule.horizontal == Position.BEFORE and len(main) > 1
    if run == Run.VERTICAL:
        return _side_by_side(order, shown, top=0.0, height=1.0, downwards=True)
    if before:
        share = 1.0 if Language.EN not in order else 1 - _share(Language.EN, shown, order)
        head = _side_by_side(main, shown, top=0.0, height=share - (GAP if share < 1 else 0), downwards=False)
        return (*head, *_stacked([Language.EN], shown, top=share)) if share < 1 else head
    return _stacked(order, shown, top=0.0)


def _weight(language: Language, shown: Mapping[Language, float]) -> float:
    return shown[language] * (MONGOLIAN_BAND if language == Language.MN else 1.0)


def _share(language: Language, shown: Mapping[Language, float], order: Sequence[Language]) -> float:
    return _weight(language, shown) / sum(_weight(one, shown) for one in order)


def _stacked(order: Sequence[Language], shown: Mapping[Language, float], *, top: float) -> tuple[Box, ...]:
    """One above the other, from `top` down."""
    free = 1.0 - top - GAP * (len(order) - 1)
    boxes, y = [], top
    for one in order:
        height = free * _share(one, shown, order)
        boxes.append(Box(one, 0.0, y, 1.0, height, shown[one], one == Language.MN))
        y += height + GAP
    return tuple(boxes)


def _side_by_side(
    order: Sequence[Language], shown: Mapping[Language, float], *, top: float, height: float, downwards: bool
) -> tuple[Box, ...]:
    """One beside the other, from the left."""
    free, x = 1.0 - GAP * (len(order) - 1), 0.0
    total = sum(shown[one] for one in order)
    boxes = []
    for one in order:
        width = free * shown[one] / total
        boxes.append(Box(one, x, top, width, height, shown[one], downwards or one == Language.MN))
        x += width + GAP
    return tuple(boxes)
