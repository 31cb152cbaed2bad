"""The rule sets for texts in two languages that ship, none of them in force anywhere (BS-20 to BS-23)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from budayang.rules.signs.composing import Language, Position, RuleSet


@cache
def rule_sets() -> Mapping[str, RuleSet]:
    """Every rule set by its code, in the order of the file."""
    text = files("budayang.data").joinpath("composition_rules.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code"]: _rule(row) for row in csv.DictReader(StringIO(text, newline=""))})


def _rule(row: Mapping[str, str]) -> RuleSet:
    return RuleSet(
        code=row["code"],
        title=row["title"],
        languages=tuple(Language(one) for one in row["languages"].split()),
        horizontal=tuple(Position(one) for one in row["horizontal"].split()),
        percents=(int(row["least_percent"]), int(row["most_percent"])),
        clauses=tuple(row["clauses"].split()),
        why=row["why"],
    )
