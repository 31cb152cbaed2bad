"""好差评: levels, the reasons by level in editions, handling of negative ratings, integrity, the public indicators.

Names of levels and indicators follow the national system (国办发〔2019〕51号; GB/T 39734-2020).
"""

from __future__ import annotations

from budayang.rules.evaluation.asking import ENDED, PARTS_ENDED, RATEABLE
from budayang.rules.evaluation.indicators import INDICATORS, LEFT_OUT, Counts, Indicator, Ratio, measure_all
from budayang.rules.evaluation.levels import CHANNELS, LEVEL_BY_CODE, LEVELS, NEGATIVE_LEVELS, RatingLevel
from budayang.rules.evaluation.reason_texts import (
    EDITIONS,
    REASON_BY_CODE,
    REASONS,
    RatingReason,
    TextEdition,
    edition_on,
    find_edition,
    rating_problem,
    reason_names,
    reasons_for,
)

__all__ = [
    "CHANNELS",
    "EDITIONS",
    "ENDED",
    "INDICATORS",
    "LEFT_OUT",
    "LEVELS",
    "LEVEL_BY_CODE",
    "NEGATIVE_LEVELS",
    "PARTS_ENDED",
    "RATEABLE",
    "REASONS",
    "REASON_BY_CODE",
    "Counts",
    "Indicator",
    "RatingLevel",
    "RatingReason",
    "Ratio",
    "TextEdition",
    "edition_on",
    "find_edition",
    "measure_all",
    "rating_problem",
    "reason_names",
    "reasons_for",
]
