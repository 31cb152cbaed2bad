"""税务 (SW): papers about taxes paid, the yearly fee of residents' insurance, deed tax. Closed from 23:00 to 07:00."""

from __future__ import annotations

from budayang.sandbox.departments.counter import (
    LIMITED,
    NO_RECORD,
    Desk,
    Office,
    Visit,
    done,
    refused,
    to_pay,
)
from budayang.sandbox.departments.hours import EVENING
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.records import chance, houses_of, known

_TAXES = {"income": "个人所得税", "deed": "契税", "vehicle": "车辆购置税"}
RESIDENTS_FEE_FEN = 40_000
"""The personal part for residents' medical insurance 2025: 400 yuan, as the catalogue has it (项目“按当年标准”)."""


def _chosen_taxes(visit: Visit, wanted: str) -> list[list[str]]:
    since, until = visit.chosen("from", "0000-00-00"), visit.chosen("to", "9999-99-99")
    return [row for row in visit.citizen.records.SW if wanted in ("all", row[0]) and since <= row[3] <= until]


def _taxes_paid(visit: Visit) -> Outcome:
    wanted = visit.chosen("tax", "all")
    rows = _chosen_taxes(visit, wanted)
    if not rows:
        return refused("未查到所选时间内的纳税记录" if visit.citizen.records.SW else NO_RECORD)
    total = f"{sum(float(row[4]) for row in rows):,.2f}"
    return done(
        visit,
        "税收完税证明（表格式）",
        f"完税证明已出具，共{len(rows)}条。",
        [("税种", _TAXES.get(wanted, "全部税种")), ("笔数", str(len(rows))), ("实缴金额合计", f"{total}元")],
        columns=["税种", "税款所属期", "入库日期", "实缴金额（元）"],
        rows=[row[1:] for row in rows],
        total=f"合计 {total} 元",
        note="完税证明不收费。",
    )


def _income_tax(visit: Visit) -> Outcome:
    rows = _chosen_taxes(visit, "income")
    if not rows:
        return refused("未查到个人所得税纳税记录")
    total = f"{sum(float(row[4]) for row in rows):,.2f}"
    return done(
        visit,
        "个人所得税纳税记录",
        f"纳税记录已出具，共{len(rows)}条。",
        [("笔数", str(len(rows))), ("已缴税额合计", f"{total}元")],
        columns=["税款所属期", "入库日期", "已缴税额（元）"],
        rows=[row[2:] for row in rows],
        total=f"合计 {total} 元",
    )


def _fees_paid(visit: Visit) -> Outcome:
    record = visit.citizen.records.RS
    if record is None:
        return refused(NO_RECORD)
    monthly = chance(visit.citizen, "fees").randrange(300, 900)
    rows = [[f"2025年{month:02d}月", "企业职工基本养老保险费", f"{monthly:.2f}"] for month in range(1, 13)]
    return done(
        visit,
        "社会保险费缴费证明",
        "缴费证明已出具。",
        [("2025年缴费", f"{monthly * 12:,.2f}元")],
        columns=["费款所属期", "费种", "缴费金额（元）"],
        rows=rows,
        total=f"合计 {monthly * 12:,.2f} 元",
    )


def _nothing_owed(visit: Visit) -> Outcome:
    if not known(visit.citizen):
        return refused(NO_RECORD)
    return done(
        visit,
        "无欠税证明",
        "经查询没有欠税，证明已出具。",
        [("查询结果", "无欠税")],
        intro="经查询税收征管系统，截至出具时间未发现下列人员有欠税情形。",
    )


def _residents_fee(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None or record["kind"] != "resident":
        return refused("参加职工医疗保险的不缴居民医疗保险费")
    return to_pay(
        visit,
        "城乡居民基本医疗保险费（2026年度）",
        RESIDENTS_FEE_FEN,
        "请缴纳2026年度城乡居民基本医疗保险费。",
        [("缴费年度", "2026")],
    )


def _residents_fee_paid(visit: Visit) -> Outcome:
    return done(
        visit,
        "城乡居民基本医疗保险费缴费凭证",
        "缴费成功，2026年1月1日起享受待遇。",
        [("缴费年度", "2026"), ("实缴金额", f"{RESIDENTS_FEE_FEN / 100:.2f}元")],
        fields=[["缴费年度", "2026"], ["实缴金额", f"{RESIDENTS_FEE_FEN / 100:.2f}元"]],
    )


def _deed_tax_fen(visit: Visit) -> int:
    """One per cent of a price between 400,000 and 900,000 yuan, in fen."""
    return chance(visit.citizen, "deed").randrange(400_000, 900_000, 1000)


def _deed_tax(visit: Visit) -> Outcome:
    if not houses_of(visit.citizen):
        return refused("未查到网签的购房合同")
    contract = visit.chosen("contract", "网签合同")
    return to_pay(
        visit, "契税", _deed_tax_fen(visit), "契税已核定，请缴纳。", [("合同编号", contract), ("适用税率", "1%")]
    )


def _deed_tax_paid(visit: Visit) -> Outcome:
    amount = f"{_deed_tax_fen(visit) / 100:,.2f}元"
    return done(
        visit,
        "税收完税证明（契税）",
        "契税已缴纳，完税证明已出具。",
        [("税种", "契税"), ("实缴金额", amount)],
        fields=[["税种", "契税"], ["合同编号", visit.chosen("contract", "网签合同")], ["实缴金额", amount]],
    )


TAXES = Office(
    "SW",
    "税务局（演示）",
    (
        Desk("ZZ054", "税收完税证明打印", _taxes_paid, EVENING, EVENING, after_hours=LIMITED),
        Desk("ZZ053", "个人所得税纳税记录打印", _income_tax, EVENING, EVENING, after_hours=LIMITED),
        Desk("ZZ052", "社会保险费缴费证明打印", _fees_paid, EVENING, EVENING, after_hours=LIMITED),
        Desk("ZZ055", "无欠税证明开具", _nothing_owed, EVENING, EVENING, after_hours=LIMITED),
        Desk(
            "ZZ049",
            "城乡居民医疗保险费缴纳",
            _residents_fee,
            EVENING,
            EVENING,
            after_hours=LIMITED,
            kind="pay",
            paid=_residents_fee_paid,
            tried_by="乙",
            can_withdraw=True,
        ),
        Desk(
            "ZZ063",
            "契税申报缴纳",
            _deed_tax,
            EVENING,
            EVENING,
            after_hours=LIMITED,
            kind="pay",
            paid=_deed_tax_paid,
            can_withdraw=True,
        ),
    ),
)
