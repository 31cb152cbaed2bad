"""The five levels of 好差评 (国办发〔2019〕51号); the lower two are negative (差评)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RatingLevel:
    code: str
    name: str
    score: int
    negative: bool


LEVELS: tuple[RatingLevel, ...] = (
    RatingLevel("very_satisfied", "非常满意", 5, False),
    RatingLevel("satisfied", "满意", 4, False),
    RatingLevel("basically_satisfied", "基本满意", 3, False),
    RatingLevel("unsatisfied", "不满意", 2, True),
    RatingLevel("very_unsatisfied", "非常不满意", 1, True),
)
LEVEL_BY_CODE: dict[str, RatingLevel] = {x.code: x for x in LEVELS}
NEGATIVE_LEVELS: frozenset[str] = frozenset(x.code for x in LEVELS if x.negative)

CHANNELS: dict[str, str] = {"terminal": "自助终端", "qr": "回执二维码", "public": "网页"}
"""Where a rating was given: asked at the machine; by the code on the receipt; by number and code on the public page."""
