"""Tables of the monthly report about upkeep: stock, orders, rounds, ratings, idle things, drills, stops."""

from __future__ import annotations

from collections.abc import Sequence

from budayang.rules.emergencies import RUN_STATE_NAMES
from budayang.rules.evaluation import LEVELS
from budayang.rules.evaluation.supervision import KIND_NAMES
from budayang.rules.monthly import BEFORE, Head, Line, Table, kept
from budayang.rules.monthly_facts import Around, IdleFact, MonthFacts
from budayang.rules.monthly_measures import TOO_MANY
from budayang.rules.monthly_tables import opens, ratio
from budayang.rules.rounds import WHO_NAMES
from budayang.rules.scorecards import Score, card

BODY_KINDS: dict[str, str] = {"owner": "归属单位", "vendor": "运维商"}


def stock(now: MonthFacts, before: MonthFacts) -> Table:
    """Consumables of the machines here: used, filled, taken from stock, and what it cost where a price is set."""
    was = {one.code: one.used for one in before.used}
    lines = []
    for one in now.used:
        cost = None if one.price is None or one.used is None else kept(one.used * one.price)
        used, price = kept(one.used), kept(one.price)
        cells = (
            one.name,
            one.unit,
            used,
            one.counted,
            one.machines,
            one.fills,
            one.issued,
            price,
            cost,
            kept(was.get(one.code)),
        )
        lines.append(Line(cells, opens("supplies", code=one.code)))
    heads = (
        Head("耗材", width=14),
        Head("单位", width=7),
        Head("用量", "number", 8),
        Head("有计数的机器", "count", 8),
        Head("全部机器", "count", 8),
        Head("加装次数", "count", 8),
        Head("出库", "count", 7),
        Head("单价（元）", "yuan", 8),
        Head("费用（元）", "yuan", 9),
        Head(BEFORE, "number", 8),
    )
    note = "用量是有计数的机器的；没有计数的机器用了多少不知道，不算 0。单价是参数，没有填的不算费用。"
    return Table("stock_used", "耗材用量和费用", heads, tuple(lines), note, "这里没有登记耗材。")


def orders_by_body(now: MonthFacts, before: MonthFacts) -> Table:
    """Orders and clocks of owner units and vendors: the figures of their scorecards, with the same minimum."""
    if now.cards is None:
        return Table("orders_bodies", ORDERS_TITLE, ORDER_HEADS, (), empty=TOO_MANY)
    lines = []
    clocks = {one.body for one in now.cards if one.figure in CLOCKS}
    shown = [pk for pk in now.bodies if pk in now.orders or pk in clocks]
    for pk in sorted(shown, key=lambda one: (now.bodies[one].kind, now.bodies[one].code)):
        body = now.bodies[pk]
        scores = {one.figure.code: one for one in card(now.cards, pk)}
        opened, open_now = now.orders.get(pk, (0, 0))
        cells = (
            body.name,
            BODY_KINDS.get(body.kind, "其他单位"),
            opened,
            open_now,
            *_share(scores["respond"]),
            *_share(scores["arrive"]),
            *_share(scores["repair"]),
            scores["repair_time"].rows,
            kept(scores["repair_time"].value),
            before.orders.get(pk, (0, 0))[0],
        )
        lines.append(Line(cells, opens("orders", body=body.code)))
    return Table("orders_bodies", ORDERS_TITLE, ORDER_HEADS, tuple(lines), ORDER_NOTE, "本月没有工单。")


def _share(score: Score) -> tuple[int, float | None]:
    return score.rows, kept(score.value)


CLOCKS = frozenset({"respond", "arrive", "repair", "repair_time"})
ORDERS_TITLE = "各单位的工单和修复用时"
ORDER_NOTE = (
    "时限已有结果的少于 10 张不给数；工单数按现在在谁手上数，时限按到点或完成时在谁手上算。区间见单位与运维商评分。"
)
ORDER_HEADS = (
    Head("单位", width=16),
    Head("是什么", width=9),
    Head("本月工单", "count", 6),
    Head("其中未完", "count", 6),
    Head("响应样本", "count", 6),
    Head("按时响应", "share", 7),
    Head("到场样本", "count", 6),
    Head("按时到场", "share", 7),
    Head("修复样本", "count", 6),
    Head("按时修复", "share", 7),
    Head("用时样本", "count", 6),
    Head("修复中位数（小时）", "hours", 8),
    Head(BEFORE, "count", 6),
)


def rounds(now: MonthFacts, before: MonthFacts) -> Table:
    """Rounds that fell due, by plan."""
    was = {(one.name, one.who): sum(one.states.values()) for one in before.rounds}
    lines = []
    for one in sorted(now.rounds, key=lambda row: (row.name, row.who)):
        due = sum(one.states.values())
        numbers = [one.states.get(state, 0) for state in ("done", "done_late", "missed", "open")]
        settled = sum(numbers[:3])
        cells = (
            one.name,
            WHO_NAMES.get(one.who, one.who),
            due,
            *numbers,
            ratio(numbers[0], settled),
            one.failed,
            was.get((one.name, one.who), 0),
        )
        lines.append(Line(cells, opens("rounds", name=one.name, who=one.who)))
    heads = (
        Head("巡查", width=18),
        Head("谁巡查", width=12),
        Head("到点", "count", 6),
        Head("按时", "count", 6),
        Head("晚了", "count", 6),
        Head("没做", "count", 6),
        Head("还没到截止", "count", 8),
        Head("按时率", "share", 8),
        Head("查出问题", "count", 7),
        Head(BEFORE, "count", 6),
    )
    return Table("rounds_plans", "巡查巡检", heads, tuple(lines), empty="本月没有到点的巡查。")


def visits(now: MonthFacts, before: MonthFacts) -> Table:
    """Supervision visits that were handed in, by kind, and the replies to what they found."""
    was = {one.kind: one.done for one in before.visits}
    lines = []
    for one in now.visits:
        if one.done or was.get(one.kind):
            cells = (KIND_NAMES[one.kind], one.done, kept(one.score), one.findings, one.in_time, one.late)
            lines.append(Line((*cells, was.get(one.kind, 0)), opens("visits", kind=one.kind)))
    heads = (
        Head("谁来检查", width=18),
        Head("次数", "count", 7),
        Head("平均得分", "number", 9),
        Head("查出问题", "count", 8),
        Head("按时答复", "count", 8),
        Head("超期答复或没有答复", "count", 11),
        Head(BEFORE, "count", 7),
    )
    note = (
        "得分是正常 ÷（正常＋异常），满分 100。超过一次期限就算超期，退回或改由别的单位答复也不改变；不成立的问题不算。"
    )
    return Table("visits_kinds", "监督检查", heads, tuple(lines), note, "本月没有交上来的监督检查。")


def ratings(now: MonthFacts, before: MonthFacts) -> Table:
    """The five levels; a level that nobody gave is there with 0."""
    mine, theirs = now.ratings, before.ratings
    lines: list[Line] = []
    for level in LEVELS if mine.rated or theirs.rated else ():
        n = mine.levels.get(level.code, 0)
        cells = (level.name, n, ratio(n, mine.rated), theirs.levels.get(level.code, 0))
        lines.append(Line(cells, opens("ratings", level=level.code)))
    heads = (Head("评价", width=18), Head("件数", "count"), Head("占评价", "share"), Head(BEFORE, "count"))
    note = "评价自愿；没有评价的办件不当作好评，也不当作差评。"
    return Table("ratings_levels", "好差评", heads, tuple(lines), note, "本月没有评价。")


def negatives(now: MonthFacts, before: MonthFacts) -> Table:
    """What is done about the month's negative ratings, as it stands on the day of the report."""
    mine, theirs = now.ratings, before.ratings
    rows: tuple[tuple[str, int, int, str], ...] = (
        ("还没有办结", mine.negative_open, theirs.negative_open, "open"),
        ("已整改", mine.negative_closed, theirs.negative_closed, "closed"),
        ("其中超过时限的", mine.negative_late, theirs.negative_late, "late"),
    )
    some = mine.negative_open or mine.negative_closed or theirs.negative_open or theirs.negative_closed
    lines = tuple(Line((word, n, was), opens("ratings", negative=code)) for word, n, was, code in rows if some)
    heads = (Head("差评", width=22), Head("件数", "count"), Head(BEFORE, "count"))
    return Table("ratings_negative", "差评办理", heads, lines, empty="本月没有差评。")


def _idle(code: str, title: str, rows: Sequence[IdleFact], third: str, kind: str, note: str, empty: str) -> Table:
    heads = (Head("名称", width=26), Head("编码", width=14), Head(third, width=22), Head("终端数", "count", 8))
    lines = tuple(Line((one.name, one.code, one.group, one.where or None), opens(kind, code=one.code)) for one in rows)
    return Table(code, title, heads, lines, note, empty)


def idle_machines(around: Around) -> Table:
    note = (
        f"月初以前就启用的一体机 {around.machines} 台里，本月没有一趟、没有一件的。"
        f"部门专机 {around.unseen_machines} 台没有使用记录，不知道有没有人用。"
    )
    return _idle(
        "idle_machines",
        "没有人用的终端",
        around.idle_machines,
        "自助区",
        "terminal",
        note,
        "本月每台一体机都有人用过，或这里没有一体机。",
    )


def idle_items(around: Around) -> Table:
    note = f"这里的一体机现在能办的 {around.offered_items} 个事项里，本月一件都没有的；按做月报那天的事项目录。"
    return _idle(
        "idle_items",
        "没有人办的事项",
        around.idle_items,
        "部门",
        "offered",
        note,
        "本月每个能办的事项都有人办过，或这里没有能办的事项。",
    )


def drills(now: MonthFacts) -> Table:
    """Drills planned for or done in the month, and real runs of cards."""
    lines = tuple(
        Line(
            (
                one.name,
                one.area,
                "演练" if one.drill else "真实处置",
                RUN_STATE_NAMES[one.state],
                one.on,
                kept(one.minutes),
            ),
            opens("drill", pk=one.ref),
        )
        for one in now.drills
    )
    heads = (
        Head("应急卡", width=18),
        Head("自助区", width=20),
        Head("性质", width=9),
        Head("结果", width=14),
        Head("日期", width=11),
        Head("用时（分）", "minutes", 9),
    )
    return Table("drills", "演练和应急处置", heads, lines, empty="本月没有演练，也没有启动应急卡。")


def stops(around: Around) -> Table:
    """What was announced for the month after."""
    lines = tuple(
        Line((one.first, one.where, one.what, one.reason, one.occurrences, kept(one.hours)), opens("stop", pk=one.ref))
        for one in around.stops
    )
    heads = (
        Head("第一次开始", width=14),
        Head("哪里", width=20),
        Head("停什么", width=18),
        Head("原因", width=24),
        Head("次数", "count", 6),
        Head("共（小时）", "hours", 8),
    )
    note = "以做月报时已经公告的为准；以后公告的不在里面。"
    return Table("stops", "下月计划停用", heads, lines, note, "下月还没有公告的计划停用。")
