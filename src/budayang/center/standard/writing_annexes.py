"""The annexes of the written standard: the edition's own tables under their own letters, then the house's two tables
(判定准则和检查方法, 依据) under the next free ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import ascii_uppercase

from budayang.center.platform.printed import Heading as Column
from budayang.center.standard.text_queries import AnnexLine, ClauseText
from budayang.center.standard.writing_blocks import Block, Heading, Paragraph, TableBlock

LINES = (Column("项目", 42), Column("要求", 22), Column("频次", 10), Column("条款", 8))
METHODS = (Column("条款", 7), Column("代码", 8), Column("判定准则", 26), Column("检查方法", 26), Column("频次", 12))
BASES = (Column("条款", 7), Column("代码", 8), Column("依据", 54), Column("等级", 8))
NORMATIVE, INFORMATIVE = "规范性", "资料性"
FEW = 3
GRADES = "A为直接读到的法律法规或官方制度，B为二手资料，C凭一般知识、未核实，D为工程默认值。"


def edition_annexes(lines: Sequence[AnnexLine], texts: Sequence[ClauseText]) -> list[Block]:
    """The annexes that the edition holds, by letter: normative where a clause sends the reader there."""
    numbers = {one.code: one.number for one in texts}
    found: list[Block] = []
    for letter in sorted({one.annex for one in lines}):
        here = [one for one in lines if one.annex == letter]
        tables = sorted(dict.fromkeys(one.table for one in here), key=_table_order)
        found.append(Heading(here[0].annex_title, f"附录{letter}", kind="annex", nature=_nature(letter, texts)))
        found.append(Paragraph(f"{here[0].annex_title}见{_named(tables)}。"))
        found += [_table([one for one in here if one.table == table], numbers) for table in tables]
    return found


def _named(tables: Sequence[str]) -> str:
    """ "表B.1、表B.2", or from the first to the last where there are many."""
    if len(tables) > FEW:
        return f"表{tables[0]}至表{tables[-1]}"
    return "、".join(f"表{one}" for one in tables)


def _table_order(table: str) -> tuple[str, int]:
    letter, _dot, number = table.partition(".")
    return letter, int(number)


def _nature(letter: str, texts: Sequence[ClauseText]) -> str:
    """GB/T 1.1—2020, 9.6 (grade B): what a clause makes part of what it asks is normative; 参见 only points at it."""
    named = re.compile(rf"(?<!参见)(?:附录\s*{letter}(?![A-Za-z])|表\s*{letter}\.[0-9])")
    return NORMATIVE if any(named.search(one.text) for one in texts) else INFORMATIVE


def _table(lines: Sequence[AnnexLine], numbers: dict[str, str]) -> TableBlock:
    """A table without the columns in which nothing stands."""
    rows = [(one.item, one.criterion, one.frequency, numbers.get(one.clause, one.clause)) for one in lines]
    used = [at for at in range(len(LINES)) if any(row[at] for row in rows)]
    cells = tuple(tuple(row[at] or "—" for at in used) for row in rows)
    return TableBlock(f"表{lines[0].table}　{lines[0].table_title}", tuple(LINES[at] for at in used), cells)


def house_letters(lines: Iterable[AnnexLine]) -> tuple[str, str]:
    """The letters of the house's two tables: the first that no annex of the edition has."""
    taken = {one.annex for one in lines}
    first, second = [one for one in ascii_uppercase if one not in taken][:2]
    return first, second


def house_annexes(lines: Sequence[AnnexLine], texts: Sequence[ClauseText]) -> list[Block]:
    """What the rows know of each clause beside its sentence: how it is judged and checked, and on what it rests."""
    method, basis = house_letters(lines)
    methods = tuple((one.number, one.code, one.criterion, one.verification, one.frequency) for one in texts)
    bases = tuple((one.number, one.code, one.basis, one.grade) for one in texts)
    return [
        Heading("条款的判定准则和检查方法", f"附录{method}", kind="annex", nature=INFORMATIVE),
        Paragraph(f"各条款的判定准则、检查方法和频次见表{method}.1。"),
        TableBlock(f"表{method}.1　判定准则和检查方法", METHODS, methods),
        Heading("条款的依据", f"附录{basis}", kind="annex", nature=INFORMATIVE),
        Paragraph(f"各条款的依据和依据等级见表{basis}.1。{GRADES}"),
        TableBlock(f"表{basis}.1　条款的依据", BASES, bases),
    ]
