"""Tables of the monthly report about placement and use: what the numbers suggest, by the rules of the placement page.

The days looked at end with the month; how many they are stands among the limits. Words that people typed are counted
and nowhere written: a published report cannot be taken back, and what somebody typed may be anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from budayang.rules.monthly import Head, Line, Table, kept
from budayang.rules.monthly_facts import PlacedFact, Placement
from budayang.rules.monthly_tables import opens
from budayang.rules.parameters import PARAMETERS
from budayang.rules.placement import KIND_NAMES, STATE_NAMES, THRESHOLDS

NOTES: dict[str, str] = {
    "idle": (
        "平均每天的趟数少于门槛的一体机，没有人来的也在内；到位不久的不判断。可以考虑挪到人多的地方，或与相邻的合并。"
    ),
    "overlap": (
        "同一自助区或相邻自助区的两台一体机都能办，而两台一共没办几件的事项达到门槛的；列在编码在前的那台所在的自助区。"
    ),
    "queue": "前一件刚办完就开始下一件的占到门槛的钟点：多半有人站着等。排队本身看不到。",
    "missing": "在这里找过、次数达到门槛，而这里没有一台终端能办的事项。",
    "unfound": "找过、次数达到门槛，而目录里没有对应事项的话。只写次数；原话不写进月报，点开看现在还留着的。",
}
EMPTY: dict[str, str] = {
    "idle": "没有这样的终端。",
    "overlap": "没有这样的两台终端。",
    "queue": "没有这样的时段。",
    "missing": "没有这样的事项。",
    "unfound": "没有这样的话。",
}
AREA = Head("自助区", width=20)
STANDING = Head("处理结果", width=10)
HEADS: dict[str, tuple[Head, ...]] = {
    "idle": (
        Head("终端", width=22), AREA, Head("来了几趟", "count", 8), Head("看了几天", "count", 8),
        Head("每天几趟", "minutes", 8), STANDING,
    ),
    "overlap": (
        Head("两台终端", width=30), AREA, Head("都有的事项", "count", 10), Head("其中用得少", "count", 10),
        Head("一共办了", "count", 8), STANDING,
    ),
    "queue": (
        Head("时段", width=14), AREA, Head("办了几件", "count", 8), Head("其中接着上一件", "count", 9),
        Head("占比", "share", 8), STANDING,
    ),
    "missing": (
        Head("事项", width=26), AREA, Head("找了几次", "count", 8), Head("全部搜索", "count", 8), STANDING,
    ),
    "unfound": (AREA, Head("几种说法", "count", 8), Head("一共找了几次", "count", 9), Head("全部搜索", "count", 8)),
}  # fmt: skip
NUMBERS: dict[str, tuple[str, ...]] = {
    "idle": ("trips", "days", "a_day"),
    "overlap": ("shared", "little", "done"),
    "queue": ("starts", "together", "share"),
    "missing": ("searches", "all"),
}
"""Which numbers of a suggestion stand in the columns, in their order."""


def suggested(kind: str, placement: Placement) -> Table:
    """The suggestions of a kind, area by area, with what a person made of them so far."""
    rows = [one for one in placement.suggestions if one.found.kind == kind]
    lines = _spoken(rows) if kind == "unfound" else [_line(one) for one in rows]
    return Table(f"placement_{kind}", KIND_NAMES[kind], HEADS[kind], tuple(lines), NOTES[kind], EMPTY[kind])


def _line(one: PlacedFact) -> Line:
    found = one.found
    numbers = tuple(kept(found.numbers[name]) for name in NUMBERS[found.kind])
    cells = (one.title, one.area.name, *numbers, STATE_NAMES.get(one.state, ""))
    return Line(cells, opens("placement", kind=found.kind, area=one.area.code, key=found.key))


def _spoken(rows: list[PlacedFact]) -> list[Line]:
    """Of each area how many words, how often they were asked in all, and all searches: the words themselves are none
    of a report's business.
    """
    by_area: dict[str, list[PlacedFact]] = {}
    for one in rows:
        by_area.setdefault(one.area.code, []).append(one)
    lines = []
    for code, found in by_area.items():
        asked = sum(one.found.numbers["searches"] for one in found)
        cells = (found[0].area.name, len(found), kept(asked), kept(found[0].found.numbers["all"]))
        lines.append(Line(cells, opens("placement", kind="unfound", area=code)))
    return lines


UNITS: dict[str, str] = {"d": "天", "s": "秒", "ratio": "比例", "count": ""}
"""Of a count the label says what is counted."""
LIMIT_HEADS = (
    Head("种类", width=22), Head("门槛", width=36), Head("数值", "number", 8), Head("单位", width=7),
    Head("自助区", width=26),
)  # fmt: skip
LIMIT_NOTE = (
    "与“布局与使用建议”同一规则、同一门槛；看的是到本月最后一个整天为止的这些天，机器和事项按做月报那天的登记。"
)
ALL_KINDS, EVERYWHERE, OTHERS = "各种", "全部自助区", "其他自助区"
PARAMETER_BY_NAME = {one.name: one for one in PARAMETERS}


def limits(placement: Placement) -> Table:
    """Over how many days it was looked, and what each kind was held against. Areas with a value of their own are named,
    the value that most of them have is that of the others.
    """
    asked = [(ALL_KINDS, "placement_days")]
    asked += [(KIND_NAMES[kind], name) for kind, names in THRESHOLDS.items() for name in names]
    lines = []
    for kind, name in asked:
        about = PARAMETER_BY_NAME[name]
        for value, where in _shared(placement.limits.get(name, ())):
            lines.append(Line((kind, about.label, kept(value), UNITS[about.unit], where)))
    return Table("placement_limits", "按什么看", LIMIT_HEADS, tuple(lines), LIMIT_NOTE, "这里还没有自助区。")


def _shared(values: Sequence[tuple[str, float]]) -> list[tuple[float, str]]:
    """(value, areas that have it), the value of most areas first; of equals the smaller one."""
    holders: dict[float, list[str]] = {}
    for area, value in values:
        holders.setdefault(value, []).append(area)
    ranked = sorted(holders.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    if len(ranked) == 1:
        return [(ranked[0][0], EVERYWHERE)]
    return [(value, "、".join(areas) if place else OTHERS) for place, (value, areas) in enumerate(ranked)]


def tables(placement: Placement) -> tuple[Table, ...]:
    """All of them, in the order of the placement page."""
    return (*(suggested(kind, placement) for kind in KIND_NAMES), limits(placement))
