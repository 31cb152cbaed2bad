"""An edition's workbook with 31 planted faults of different kinds, each with the cell in which it must be found."""

from __future__ import annotations

from collections.abc import Callable

from budayang.center.standard.edition_writing import reference_text
from budayang.rules.standard.edition_sheets import BY_KEY, SHEETS, write_rows

Book = dict[str, list[list[str]]]
FIRST = 2
"""The first row below the head, as a spreadsheet counts."""


def sound() -> Book:
    """The reference edition as rows of text, as an uploaded workbook is read."""
    rows = write_rows(reference_text())
    return {
        sheet.title: [
            [column.title for column in sheet.columns],
            *([_text(cell) for cell in row] for row in rows[sheet.key]),
        ]
        for sheet in SHEETS
    }


def _text(cell: object) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def letter(sheet: str, title: str) -> str:
    """A, B, …: where a column stands."""
    found = next(one for one in SHEETS if one.title == sheet)
    return chr(65 + [column.title for column in found.columns].index(title))


def put(sheet: str, row: int, title: str, value: str) -> Callable[[Book], str]:
    """A fault: another value in a cell; returns the cell's name."""

    def plant(book: Book) -> str:
        column = letter(sheet, title)
        book[sheet][row - 1][ord(column) - 65] = value
        return f"{sheet}!{column}{row}"

    return plant


def beyond(sheet: str, row: int) -> Callable[[Book], str]:
    """A cell outside the head."""

    def plant(book: Book) -> str:
        width = len(book[sheet][0])
        book[sheet][row - 1] = [*book[sheet][row - 1], "x"]
        return f"{sheet}!{chr(65 + width)}{row}"

    return plant


def second_line(book: Book) -> str:
    """The edition itself stands once."""
    book["版本"].append(list(book["版本"][1]))
    return "版本!A3"


def unknown_sheet(book: Book) -> str:
    book["备注"] = [["x"]]
    return "备注"


def kind_row(book: Book, kind: str, number: int = 0) -> int:
    """The row of the n-th check of a kind."""
    rows = [at for at, row in enumerate(book["检查"], start=1) if row[1] == kind]
    return rows[number]


def in_check(kind: str, title: str, value: str, number: int = 0) -> Callable[[Book], str]:
    """A fault in the n-th check of a kind."""

    def plant(book: Book) -> str:
        return put("检查", kind_row(book, kind, number), title, value)(book)

    return plant


def second_document(book: Book) -> str:
    """One clause asks for two documents: what is given for one would answer both."""
    row = list(book["检查"][kind_row(book, "文件") - 1])
    row[[column.title for column in BY_KEY["checks"].columns].index("什么文件或怎样填")] = "演练记录"
    book["检查"].append(row)
    return f"检查!B{len(book['检查'])}"


FAULTS: tuple[tuple[str, Callable[[Book], str]], ...] = (
    ("a reference edition that says it is published", put("版本", 2, "文本状态", "发布")),
    ("a reference edition with a number", put("版本", 2, "标准编号", "DB1506/T 12—2025")),
    ("a reference edition whose title hides it", put("版本", 2, "名称", "政务服务24小时自助服务区运行规范")),
    ("a code with a space", put("版本", 2, "代号", "REF 2026")),
    ("two editions in one workbook", second_line),
    ("a sheet that nobody knows", unknown_sheet),
    ("a chapter that is no number", put("章", 2, "章号", "三")),
    ("a chapter without a title", put("章", 3, "标题", "")),
    ("a chapter twice", put("章", 5, "章号", "5")),
    ("a term without a definition", put("术语", 2, "定义", "")),
    ("a term twice", put("术语", 4, "术语", "自助终端")),
    ("a discouraged word that is a term", put("术语", 5, "不用的词", "工单")),
    ("a word discouraged by two terms", put("术语", 12, "不用的词", "自助机")),
    ("a kind of reference that nobody knows", put("引用文件", 2, "类别", "书")),
    ("a reference twice", put("引用文件", 4, "编号", "GB 50763")),
    ("a clause twice", put("条款", 3, "编号", "JB-01")),
    ("a clause without a requirement", put("条款", 4, "要求", "")),
    ("a clause of a chapter that is not there", put("条款", 5, "章号", "9")),
    ("a grade that is none", put("条款", 6, "依据等级", "E")),
    ("a weight of nothing", put("条款", 7, "权重", "0")),
    ("a formula that failed", put("条款", 8, "判断标准", "#REF!")),
    ("a flag that is neither", put("条款", 9, "模板值", "也许")),
    ("a text that is too long", put("条款", 10, "频次", "每" * 81)),
    ("a control character", put("条款", 11, "依据", "a\x07b")),
    ("a cell beyond the head", beyond("条款", 12)),
    ("a kind of check that nobody knows", in_check("平台计算", "方式", "看看")),
    ("a metric that the program has not", in_check("平台计算", "指标", "XX-99", 1)),
    ("a question of no list", in_check("巡查问题", "巡查问题", "nobody_asks", 1)),
    ("bounds the wrong way round", in_check("量测", "填什么数", "a:甲:毫米:5:4", 1)),
    ("a parameter beyond its bounds", put("参数", 2, "值", "-5")),
    ("a second document of one clause", second_document),
)


def planted() -> tuple[Book, dict[str, str]]:
    """The workbook with all of them, and cell → what was planted."""
    book = sound()
    cells = {plant(book): what for what, plant in FAULTS}
    assert len(cells) == len(FAULTS) == 31, "each fault has a cell of its own"
    return book, cells
