"""The eleven books (台账) as one table: columns, where the rows come from, what is added up, who signs, and the clause
that asks for the book with the grade of its basis.

A book is a document of the place: its words are Chinese whatever language its reader has chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from budayang.center.maintenance import ledger_rows_devices as devices
from budayang.center.maintenance import ledger_rows_registers as registers
from budayang.center.maintenance import ledger_rows_rounds as rounds
from budayang.center.maintenance.ledger_rows_devices import Row, Scope
from budayang.data import requirements
from budayang.rules.ledgers import BOOK_NAMES

Figures = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its share of the page's width, and whether it is a number."""

    title: str
    width: int
    number: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """One ledger. `clauses` are of the requirement edition that ships; `note` is what a row is and what is left out.

    `rows` begin at what the scope's actor may see; `figures` are computed from these rows alone.
    """

    code: str
    clauses: tuple[str, ...]
    note: str
    columns: tuple[Column, ...]
    rows: Callable[[Scope], Iterable[Row]]
    figures: Callable[[Sequence[Row]], Figures]
    signers: tuple[str, ...]

    @property
    def title(self) -> str:
        return BOOK_NAMES[self.code]

    @property
    def basis(self) -> str:
        """The clauses with the grade of their basis: 参照版 WH-02（A/D 级）."""
        grades = {one.code: one.grade for one in requirements() if one.code in self.clauses}
        return "参照版 " + "、".join(f"{code}（依据 {grades[code]} 级）" for code in self.clauses)


def columns(*made: tuple[str, int] | tuple[str, int, bool]) -> tuple[Column, ...]:
    return tuple(Column(*one) for one in made)


def counted(rows: Sequence[Row], column: int) -> Figures:
    """How many rows have each value of a column, the most frequent first."""
    found = Counter(row[column].splitlines()[0] if row[column] else "未写" for row in rows)
    return tuple((word, f"{count}") for word, count in found.most_common())


def added(rows: Sequence[Row], column: int) -> str:
    """The sum of a column of numbers, as it is written there; empty cells count nothing."""
    return f"{sum((Decimal(row[column]) for row in rows if row[column]), Decimal(0))}"


def _rows(rows: Sequence[Row], word: str) -> Figures:
    return ((word, f"{len(rows)}"),)


def _asset_figures(rows: Sequence[Row]) -> Figures:
    return (
        *_rows(rows, "资产（件）"), *counted(rows, 8), ("本期工单", added(rows, 9)),
        ("本期故障时长合计（分钟）", added(rows, 10)), ("本期用料费用（元）", added(rows, 11)),
    )  # fmt: skip


def _round_figures(state: int, failed: int) -> Callable[[Sequence[Row]], Figures]:
    def figures(rows: Sequence[Row]) -> Figures:
        return (*_rows(rows, "应做"), *counted(rows, state), ("异常项", added(rows, failed)))

    return figures


def _repair_figures(rows: Sequence[Row]) -> Figures:
    return (
        *_rows(rows, "工单"), *counted(rows, 11), ("用料费用（元）", added(rows, 8)),
        ("故障时长合计（分钟）", added(rows, 9)),
    )  # fmt: skip


def _supply_figures(rows: Sequence[Row]) -> Figures:
    """What came in and what went out, by kind; corrections and returns are in it with their sign."""
    found: dict[str, list[int]] = {}
    for row in rows:
        sums = found.setdefault(f"{row[2]}（{row[6]}）", [0, 0])
        amount = int(row[4])
        sums[amount < 0] += amount
    lines = ((kind, f"入 {sums[0]}，出 {-sums[1]}") for kind, sums in sorted(found.items()))
    return (*_rows(rows, "账目（行）"), *lines)


def _fire_figures(rows: Sequence[Row]) -> Figures:
    over = sum(row[2] == "到期事项" and row[4] == "已过期" for row in rows)
    return (*counted(rows, 2), ("已过期的", f"{over}"))


def _training_figures(rows: Sequence[Row]) -> Figures:
    valid = [row for row in rows if "已由第" not in row[11]]
    return (("培训（次）", f"{len(valid)}"), ("人次", added(valid, 7)), ("时长合计（分钟）", added(valid, 5)))


def _viewing_figures(rows: Sequence[Row]) -> Figures:
    valid = [row for row in rows if "已由第" not in row[11]]
    return (("调阅（次）", f"{len(valid)}"), ("其中拷贝", f"{sum(row[9] == '已拷贝' for row in valid)}"))


_PLACE_COLUMNS = columns(
    ("时段", 12), ("自助区", 9), ("检查表", 8), ("做的人", 7), ("完成", 6), ("已答/应答", 6), ("正常", 4, True),
    ("异常", 4, True), ("异常和工单", 22), ("照片", 4, True), ("结果", 7), ("说明", 11),
)  # fmt: skip

BOOKS: tuple[Book, ...] = (
    Book(
        code="assets",
        clauses=("YJ-01", "YJ-02"),
        note="一行一件资产，位置和状态按期末；工单、故障时长、费用是本期的。故障时长是它的故障没有结束的时间，重叠只算一次。",
        columns=columns(
            ("编号", 9), ("名称、类别", 10), ("位置", 11), ("归属单位、合同", 11), ("型号、序列号、供应商", 12),
            ("购置、验收", 8), ("质保", 9), ("预计报废", 8), ("状态", 5), ("工单", 4, True), ("故障分钟", 5, True),
            ("费用（元）", 6, True),
        ),
        rows=devices.asset_rows,
        figures=_asset_figures,
        signers=("登记人", "归属单位负责人", "自助区管理员"),
    ),
    Book(
        code="patrol",
        clauses=("WH-02", "WH-03", "WH-24"),
        note="巡查查的是场所。一行一次，按计划的时段列出，没有做的也在；保洁、消防另有台账，设备的检查在巡检台账。",
        columns=_PLACE_COLUMNS,
        rows=rounds.patrol_rows,
        figures=_round_figures(10, 7),
        signers=("巡查人", "自助区管理员", "主管"),
    ),
    Book(
        code="inspection",
        clauses=("YJ-04", "YJ-05", "YJ-06", "WH-24"),
        note="巡检查的是设备。一行是一次检查里的一台设备，没有做的也在；到场证明是扫到的码。",
        columns=columns(
            ("时段", 12), ("自助区", 9), ("设备", 8), ("检查表", 8), ("做的人", 7), ("已答/应答", 6), ("正常", 4, True),
            ("异常", 4, True), ("异常和工单", 22), ("到场证明", 6), ("结果", 7), ("说明", 11),
        ),
        rows=rounds.inspection_rows,
        figures=_round_figures(10, 7),
        signers=("巡检人", "设备归属单位", "自助区管理员"),
    ),
    Book(
        code="repair",
        clauses=("WH-15", "WH-16", "WH-17", "WH-22"),
        note="一行一张工单，按开单时间列入；故障时长从故障开始到它结束，没有结束的不计。",
        columns=columns(
            ("工单号", 9), ("开单", 8), ("地点", 10), ("故障、等级", 13), ("承办", 9), ("受理、到场", 7), ("修复", 6),
            ("用料", 11), ("费用（元）", 6, True), ("故障分钟", 5, True), ("停机原因", 7), ("状态、关闭、验收人", 11),
        ),
        rows=devices.repair_rows,
        figures=_repair_figures,
        signers=("维修人", "验收人", "自助区管理员"),
    ),
    Book(
        code="supplies",
        clauses=("YJ-13", "YJ-14"),
        note="库存台账的每一行；记错的不改，由后面的更正行冲销。",
        columns=columns(
            ("时间", 9), ("自助区、单位", 12), ("耗材", 9), ("账目", 8), ("数量", 5, True), ("结存", 5, True),
            ("单位", 4), ("用到", 8), ("起止号", 12), ("说明", 14), ("经手人", 7),
        ),
        rows=devices.supply_rows,
        figures=_supply_figures,
        signers=("保管人", "盘点人", "归属单位负责人"),
    ),
    Book(
        code="cleaning",
        clauses=("WH-01",),
        note="一行一次保洁，按计划的时段列出，没有做的也在。",
        columns=_PLACE_COLUMNS,
        rows=rounds.cleaning_rows,
        figures=_round_figures(10, 7),
        signers=("保洁人", "自助区管理员"),
    ),
    Book(
        code="fire",
        clauses=("WH-04", "WH-11", "WH-13", "YJ-33", "YJ-34"),
        note="本期的消防检查、培训和演练，以及仍在册的灭火器、检测、演练按打印时登记的到期日。",
        columns=columns(
            ("时间或到期日", 10), ("自助区", 10), ("类别", 8), ("内容", 16), ("结果", 14), ("异常和处理", 22),
            ("办理人", 8), ("说明", 12),
        ),
        rows=rounds.fire_rows,
        figures=_fire_figures,
        signers=("检查人", "消防安全管理人", "消防安全责任人"),
    ),
    Book(
        code="training",
        clauses=("WH-13", "WH-28"),
        note="一行一次培训或演练；更正过的行也列出，以更正为准，合计不含被更正的。",
        columns=columns(
            ("号", 4, True), ("时间", 9), ("自助区", 9), ("类别", 8), ("内容", 14), ("分钟", 4, True), ("讲课人", 7),
            ("人数", 4, True), ("参加人", 16), ("考核结果", 11), ("记录人", 7), ("更正", 9),
        ),
        rows=registers.training_rows,
        figures=_training_figures,
        signers=("记录人", "讲课人", "自助区管理员"),
    ),
    Book(
        code="duty",
        clauses=("WH-12", "WH-25"),
        note="值班表排的班、交接班和值班日志，按时间排列；更正过的日志也列出，以更正为准。",
        columns=columns(
            ("时间", 10), ("类别", 7), ("单位或自助区", 13), ("值班人、记录人", 9), ("内容", 38), ("接班、更正", 18),
        ),
        rows=registers.duty_rows,
        figures=lambda rows: counted(rows, 1),
        signers=("交班人", "接班人", "带班领导"),
    ),
    Book(
        code="lost",
        clauses=("JB-23",),
        note="按捡到的时间列入；领取人只列遮盖后的姓名，证件号加密保存，不打印。",
        columns=columns(
            ("号", 4, True), ("捡到时间", 9), ("自助区", 9), ("物品", 13), ("捡到地点", 10), ("捡到人", 7),
            ("存放、保管人", 10), ("去向", 8), ("离开时间", 9), ("领取人或接收单位", 10), ("经手人", 7), ("说明", 11),
        ),
        rows=registers.lost_rows,
        figures=lambda rows: (*_rows(rows, "捡到（件）"), *counted(rows, 7)),
        signers=("保管人", "自助区管理员"),
    ),
    Book(
        code="viewing",
        clauses=("JB-31",),
        note="登记谁、凭什么、看了哪台摄像机的哪一段、为什么、结果；调阅人只列遮盖后的姓名，录像不在平台保存。",
        columns=columns(
            ("号", 4, True), ("调阅时间", 9), ("自助区、摄像机", 11), ("录像时段", 11), ("调阅单位、人", 10),
            ("依据、文号", 12), ("批准人", 7), ("事由", 13), ("结果", 14), ("拷贝", 6), ("登记人", 7), ("更正", 9),
        ),
        rows=registers.viewing_rows,
        figures=_viewing_figures,
        signers=("登记人", "批准人", "视频系统管理人"),
    ),
)  # fmt: skip
BY_CODE: dict[str, Book] = {book.code: book for book in BOOKS}
assert tuple(BY_CODE) == tuple(BOOK_NAMES), "each book of the rules has its row here, in their order"
