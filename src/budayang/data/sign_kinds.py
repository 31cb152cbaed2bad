"""The catalogue of sign kinds that ships, and its symbols: drawings of our own in the right shape and colour class.

Sizes and heights in the table are defaults of ours (grade D) where the clause gives no figure; the grade of a row is
that of its clause. A symbol is no official artwork: `symbol` never gives one without saying so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from budayang.rules.signs.kinds import Category, Mounting, Shape, SignKind

SYMBOL_MARK = "示意图形，制作以现行标准图形为准"
"""What every drawing of ours says of itself, in its ``desc`` and wherever it is shown or printed."""


def _rows(name: str) -> list[dict[str, str]]:
    text = files("budayang.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


def kind_columns() -> tuple[str, ...]:
    """The columns of the catalogue's file, in order: what is exported has them too, so that it can be read again."""
    return tuple(_rows("sign_kinds.csv")[0])


def kind_rows() -> list[dict[str, str]]:
    """The catalogue as its file has it."""
    return _rows("sign_kinds.csv")


def read_kinds(rows: Iterable[Mapping[str, str]]) -> Mapping[str, SignKind]:
    """Every kind by its code, in the order of the rows. Raises KeyError, ValueError for what is none."""
    grades = {row["id"]: row["evidence_grade"] for row in _rows("requirements.csv")}
    return MappingProxyType({row["code"]: _kind(row, grades) for row in rows})


@cache
def sign_kinds() -> Mapping[str, SignKind]:
    """Every kind by its code, in the order of the file."""
    return read_kinds(kind_rows())


def _kind(row: Mapping[str, str], grades: Mapping[str, str]) -> SignKind:
    low, _blank, high = row["middle_mm"].partition(" ")
    return SignKind(
        code=row["code"],
        category=Category(row["category"]),
        message=row["message"],
        english=row["english"],
        symbol=row["symbol"],
        shape=Shape(row["shape"]),
        where=row["where"],
        mountings=tuple(Mounting(one) for one in row["mountings"].split()),
        bottom_mm=int(row["bottom_mm"]) if row["bottom_mm"] else None,
        middle_mm=(int(low), int(high)) if low else None,
        sized=row["sized"] == "yes",
        width_mm=int(row["width_mm"]),
        height_mm=int(row["height_mm"]),
        plate=row["plate"],
        clause=row["clause"],
        basis=row["basis"],
        grade=grades[row["clause"]],
        serves=tuple(row["serves"].split()),
    )


@cache
def symbol(name: str) -> str:
    """The SVG of a symbol as text, 100 by 100 units. Raises KeyError for a name that has none, ValueError for a drawing
    without the mark.
    """
    found = files("budayang.data").joinpath("symbols", f"{name}.svg")
    if not name.isidentifier() or not found.is_file():
        raise KeyError(name)
    text = found.read_text(encoding="utf-8")
    if f"<desc>{SYMBOL_MARK}</desc>" not in text:
        raise ValueError(f"symbol {name} does not say that it is no official artwork")
    return text
