"""人社 (RS): social insurance of the person, unemployment, labour arbitration. It issued the social security cards."""

from __future__ import annotations

from typing import Any

from budayang.sandbox.departments.counter import (
    LIMITED,
    NO_RECORD,
    SUBMIT,
    Desk,
    Office,
    Plan,
    Visit,
    done,
    handed_in,
    office_open,
    refused,
    told,
)
from budayang.sandbox.departments.hours import OFFICE
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.records import chance

_KINDS = {"pension": "养老保险", "unemployment": "失业保险", "injury": "工伤保险"}


def _record(visit: Visit) -> dict[str, Any] | None:
    return visit.citizen.records.RS


def _insurance_rows(visit: Visit) -> list[list[str]]:
    record, wanted = _record(visit), visit.chosen("insurance", "all")
    return [row[1:] for row in record["insurance"] if wanted in ("all", row[0])] if record else []


def _insured(visit: Visit) -> Outcome:
    record, rows = _record(visit), _insurance_rows(visit)
    if record is None:
        return refused(NO_RECORD)
    if not rows:
        return refused("未查到所选险种的参保记录")
    return done(
        visit,
        "社会保险个人参保证明",
        "参保证明已出具。",
        [(row[0], f"{row[1]}，累计{row[3]}个月") for row in rows],
        intro="截至出具时间，下列人员在本辖区的社会保险参保情况如下。",
        fields=[["参保单位", record["unit"] or "以个人身份参保"]],
        columns=["险种", "参保状态", "起始年月", "累计缴费月数"],
        rows=rows,
        note="参保证明查询、打印不收费。",
        validity="自出具之日起三个月",
    )


def _payments(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None:
        return refused(NO_RECORD)
    dice, base = chance(visit.citizen, "wages"), 0
    rows = []
    for year in (2023, 2024, 2025):
        base = base + dice.randrange(100, 600, 10) if base else dice.randrange(4200, 9000, 10)
        rows.append([str(year), "企业职工基本养老保险", "12", f"{base}", f"{base * 12 * 0.08:,.2f}"])
    return done(
        visit,
        "社会保险个人缴费记录",
        "缴费记录已出具。",
        [(f"{row[0]}年", f"缴费{row[2]}个月，个人缴纳{row[4]}元") for row in rows],
        columns=["年度", "险种", "缴费月数", "月缴费基数（元）", "个人缴纳（元）"],
        rows=rows,
        note="缴费记录查询、打印不收费。",
    )


def _rights(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None:
        return refused(NO_RECORD)
    total = chance(visit.citizen, "rights").randrange(30_000, 180_000)
    year = visit.chosen("year", "2025")
    return done(
        visit,
        "社会保险个人权益记录单",
        "权益记录单已出具。",
        [("年度", year), ("个人账户累计储存额", f"{total:,.2f}元")],
        fields=[["年度", year], ["参保单位", record["unit"] or "以个人身份参保"]],
        columns=["险种", "参保状态", "起始年月", "累计缴费月数"],
        rows=[row[1:] for row in record["insurance"]],
        total=f"养老保险个人账户累计储存额 {total:,.2f} 元",
    )


def _pension_paid(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None or not any(row[2] == "待遇领取" for row in record["insurance"]):
        return refused("未查到养老金发放记录，还没有开始领取养老金的人没有这项记录")
    monthly = chance(visit.citizen, "pension").randrange(2200, 4800)
    rows = [[f"2025年{month:02d}月", f"{monthly:,.2f}", "已发放"] for month in range(1, 13)]
    return done(
        visit,
        "企业职工养老金发放明细",
        "发放明细已出具。",
        [("每月发放", f"{monthly:,.2f}元"), ("2025年发放", f"{monthly * 12:,.2f}元")],
        columns=["月份", "发放金额（元）", "状态"],
        rows=rows,
        total=f"合计 {monthly * 12:,.2f} 元",
    )


def _transfer_paper(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None:
        return refused(NO_RECORD)
    pension = next((row for row in record["insurance"] if row[0] == "pension"), None)
    if pension is None or pension[2] == "待遇领取":
        return refused("已领取养老金或没有养老保险的，不出具参保缴费凭证")
    return done(
        visit,
        "基本养老保险参保缴费凭证",
        "参保缴费凭证已出具。",
        [("参保状态", pension[2]), ("累计缴费月数", pension[4])],
        fields=[["参保起始", pension[3]], ["累计缴费月数", pension[4]]],
        note="到新参保地办理关系转移时使用。",
    )


def _unemployed(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None:
        return refused(NO_RECORD)
    left = [("离职日期", visit.word("left_on"))]
    if not office_open(visit):
        return handed_in(visit, "失业登记已收到，工作日核对后生效。", left)
    return _unemployed_paper(visit)


def _unemployed_paper(visit: Visit) -> Outcome:
    fields = [["登记类别", "失业登记"], ["离职日期", visit.word("left_on")]]
    return done(visit, "失业登记回执", "失业登记已办好。", [("登记状态", "登记失业")], fields=fields)


def _benefit(visit: Visit) -> Outcome:
    record = _record(visit)
    if record is None or not any(row[0] == "unemployment" for row in record["insurance"]):
        return refused("未查到失业保险参保记录")
    return handed_in(visit, "申领已收到，受理后十个工作日内答复。", [("发放银行", visit.word("bank", "社保卡"))])


def _benefit_missing(visit: Visit) -> list[str]:
    """Who stopped paying without saying why is asked for the reason of leaving, once."""
    reason = visit.chosen("reason")
    return ["解除劳动关系的证明", "银行卡正面照片"] if reason == "other" else []


def _benefit_decided(visit: Visit) -> Outcome:
    months = chance(visit.citizen, "benefit").randrange(3, 19)
    return told(visit, f"审核通过，可领取{months}个月，从下月起按月发放。", [("领取期限", f"{months}个月")])


def _flexible(visit: Visit) -> Outcome:
    trade = [("从事的工作", visit.word("trade"))]
    if not office_open(visit):
        return handed_in(visit, "登记申请已收到，工作日核对后生效。", trade)
    return _flexible_paper(visit)


def _flexible_paper(visit: Visit) -> Outcome:
    trade = ("从事的工作", visit.word("trade"))
    return done(visit, "灵活就业登记回执", "灵活就业登记已办好。", [trade], fields=[list(trade)])


def _arbitration(visit: Visit) -> Outcome:
    return handed_in(
        visit,
        "仲裁申请材料已收到，五日内决定是否受理。",
        [("被申请人", visit.word("employer")), ("请求事项", visit.word("claim", "见申请书"))],
    )


def _arbitration_missing(visit: Visit) -> list[str]:
    return [] if visit.matter.materials else ["劳动合同或能证明劳动关系的材料", "被申请人的名称和地址"]


def _arbitration_decided(visit: Visit) -> Outcome:
    return told(visit, "决定受理，开庭时间另行通知。", [("决定", "受理")])


SOCIAL_SECURITY = Office(
    "RS",
    "人力资源和社会保障局（演示）",
    (
        Desk("ZZ001", "个人参保证明查询打印", _insured),
        Desk("ZZ003", "个人社保缴费记录打印", _payments),
        Desk("ZZ004", "个人权益记录查询打印", _rights),
        Desk("ZZ007", "企业职工养老金发放明细查询", _pension_paid, tried_by="丙"),
        Desk("ZZ012", "养老保险参保缴费凭证打印", _transfer_paper),
        Desk(
            "ZZ023", "失业登记", _unemployed, OFFICE, after_hours=SUBMIT, kind="apply", plan=Plan(0, _unemployed_paper)
        ),
        Desk(
            "ZZ024",
            "失业保险金申领",
            _benefit,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(10, _benefit_decided, _benefit_missing),
            can_withdraw=True,
        ),
        Desk(
            "ZZ025", "灵活就业登记", _flexible, OFFICE, after_hours=LIMITED, kind="apply", plan=Plan(0, _flexible_paper)
        ),
        Desk(
            "ZZ030",
            "劳动人事争议仲裁申请",
            _arbitration,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(5, _arbitration_decided, _arbitration_missing),
            can_withdraw=True,
        ),
    ),
    issues_cards=True,
)
