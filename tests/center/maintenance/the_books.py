"""A month of an area from which every ledger has something to tell: built by the rooms' own actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import (
    actions,
    asset_acceptance,
    asset_actions,
    book_actions,
    due_things,
    duty_actions,
    handover_actions,
    lost_actions,
    work_actions,
)
from budayang.center.maintenance.asset_actions import Facts, Place
from budayang.center.maintenance.models import (
    CheckListEdition,
    DueThing,
    Round,
    RoundAnswer,
    RoundPlan,
    RoundTrace,
    WorkOrder,
)
from budayang.center.terminals import stock_actions
from budayang.rules.assets import check_items
from budayang.rules.duty import Days

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUESTIONS = [
    {"code": "floor", "text": "地面干净"},
    {"code": "light", "text": "灯都亮"},
    {"code": "power", "text": "设备通电", "about": "terminal"},
    {"code": "paper", "text": "纸够一夜", "about": "terminal"},
]


@dataclass(frozen=True)
class Month:
    """From the first to the last day; everything lies in it."""

    first: date
    last: date


def build(hall: Hall, now: datetime) -> Month:
    """Fill the books around `now` (a moment well inside its month)."""
    lin = hall.actor("lin")
    _assets(hall, now)
    _rounds(hall, now)
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    order = WorkOrder.objects.latest("pk")
    work_actions.use_part(lin, order, name="搓纸轮", amount=2, unit="个", cost_fen=7050, now=now + MINUTE)
    actions.accept_order(lin, order, now=now + 2 * MINUTE)
    came = stock_actions.receive(
        SYSTEM, organization=hall.bodies["RS"], area="KBS", consumable="a4", amount=500, why="采购", now=now
    )
    stock_actions.take_out(SYSTEM, came.stock, amount=120, why="补纸", now=now + HOUR)
    _people(hall, now)
    return Month(now.date().replace(day=1), (now.date().replace(day=1) + timedelta(days=32)).replace(day=1) - DAY)


def _assets(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    made = (
        ("ZC-001", "terminal", "一体机", Place("KBS", "KBS-01"), "RS"),
        ("ZC-002", "component", "凭条打印机", Place("KBS", "KBS-01", "printer"), "RS"),
        ("ZC-003", "furniture", "等候椅", Place("KBS", spot="等候区"), "ZW1"),
    )
    for code, kind, name, place, owner in made:
        facts = Facts(
            name=name, owner=hall.bodies[owner], supplier="测试供应商", make="型号甲", serial=f"SN-{code}",
            bought_on=now.date() - timedelta(days=400), warranty_until=now.date() + timedelta(days=330),
        )  # fmt: skip
        asset = asset_actions.register(lin, code=code, kind=kind, place=place, facts=facts, now=now - HOUR)
        if code != "ZC-003":
            asset_acceptance.accept(
                lin, asset, accepted_on=now.date() - timedelta(days=1), passed=True,
                answers={one.code: "yes" for one in check_items(kind)}, notes={}, people="测试甲", note="", files=(),
                now=now - HOUR,
            )  # fmt: skip
    thing = DueThing(area=hall.area)
    due_things.keep_thing(lin, thing, kind="extinguisher", name="入口", due_on=now.date() + 300 * DAY, now=now - HOUR)


def plan(hall: Hall, now: datetime, code: str, name: str, who: str) -> RoundPlan:
    return RoundPlan.objects.create(
        area=hall.area, list_code=code, name=name, who=who, rhythm="daily", windows=[["08:30", "11:30"]], made_at=now,
        starts_on=now.date(), made_by="lin",
    )  # fmt: skip


def walk(
    hall: Hall, plan_: RoundPlan, edition: CheckListEdition, opens: datetime, said: dict[tuple[str, str], str]
) -> Round:
    """A round with its answers, as round_actions writes them; without answers it was missed."""
    row = Round.objects.create(
        plan=plan_, area=hall.area, edition=edition, place_path=hall.area.place.path, on=opens.date(), opens_at=opens,
        closes_at=opens + 3 * HOUR, stops=["KBS-01", "KBS-02"], state="done" if said else "missed",
        finished_at=opens + HOUR if said else None, finished_by="lin" if said else "",
        failed=list(said.values()).count("no"),
    )  # fmt: skip
    for number, ((stop, question), value) in enumerate(said.items()):
        RoundAnswer.objects.create(
            round=row, client_id=f"{row.pk}-{number}", stop=stop, question=question, value=value, failed=value == "no",
            note="有水渍" if value == "no" else "", answered_at=opens + MINUTE, received_at=opens + MINUTE, by="lin",
        )  # fmt: skip
    if said:
        RoundTrace.objects.create(round=row, event="no_proof", stop="KBS-01", at=opens + HOUR, by="lin")
    return row


def _rounds(hall: Hall, now: datetime) -> None:
    edition = CheckListEdition.objects.create(
        place=hall.city, list_code="daily", name="每日巡查", valid_from=now.date(), questions=QUESTIONS, made_at=now,
        made_by="lin",
    )  # fmt: skip
    daily = plan(hall, now, "daily", "每日巡查", "keeper")
    cleaning = plan(hall, now, "cleaning", "保洁", "cleaner")
    fire = plan(hall, now, "monthly_fire", "每月消防检查", "fire")
    every = {(stop, code): "yes" for stop in ("KBS-01", "KBS-02") for code in ("power", "paper")}
    walk(hall, daily, edition, now, {("", "floor"): "no", ("", "light"): "yes", **every})
    walk(hall, daily, edition, now + DAY, {})
    walk(hall, cleaning, edition, now + HOUR, {("", "floor"): "yes", ("", "light"): "na"})
    walk(hall, fire, edition, now + 2 * HOUR, {("", "floor"): "yes", ("", "light"): "yes", ("KBS-01", "power"): "no"})


def _people(hall: Hall, now: datetime) -> None:
    lin, area = hall.actor("lin"), hall.area
    duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["ZW1"], place=area.place, name="夜班", days=Days.EVERY, opens=time(20),
        closes=time(4), people=[hall.staff["lin"]], starts_on=now.date(), ends_on=now.date() + 2 * DAY, now=now,
    )  # fmt: skip
    handover_actions.hand_over(
        lin, organization=hall.bodies["ZW1"], place=area.place, taker=hall.staff["ning"], note="一号机卡纸待修", now=now
    )
    first = book_actions.write_duty(lin, area, at=now, kind="unusual", text="门厅灯闪了两次", now=now)
    book_actions.write_duty(
        lin, area, at=now, kind="unusual", text="门厅灯闪了三次", now=now, corrects=first, why="次数记错"
    )
    for kind, present in (("fire", 12), ("operation", 5)):
        book_actions.write_training(
            lin, area, at=now, kind=kind, subject="灭火器使用", minutes=45, teacher="测试讲师",
            people="测试甲、测试乙等",
            present=present, result="都合格", now=now,
        )  # fmt: skip
    for what in ("身份证一张", "黑色雨伞"):
        lost_actions.register(
            lin, area, kind="document" if "证" in what else "thing", what=what, found_at=now, found_where="2 号机旁",
            found_by="保洁员", kept_where="值班室 3 号柜", kept_by="测试甲", owner="王小明 150602199001011234", now=now,
        )  # fmt: skip
    book_actions.write_viewing(
        lin, area, at=now, camera="门厅 2 号", from_at=now - 2 * HOUR, to_at=now - HOUR, authority="police",
        paper="公调字〔2026〕8 号", approved_by="测试主管", unit="某派出所", viewer="赵建国", document="警号 015023",
        purpose="查找走失老人", result="看到 18 时离开，向东", copied=True, now=now,
    )  # fmt: skip
