"""不动产 (BDC) and 公积金 (GJJ): homes, their registration, and the fund that pays for them."""

from __future__ import annotations

from budayang.sandbox.departments.counter import (
    LIMITED,
    SUBMIT,
    Desk,
    Office,
    Plan,
    Visit,
    done,
    handed_in,
    refused,
    to_pay,
    told,
)
from budayang.sandbox.departments.hours import EVENING, OFFICE
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.records import chance, fund_of, houses_of, loan_settled
from budayang.sandbox.departments.slots import slot_words

LOANS = "演示市住房公积金中心贷款窗口（演示市民生街6号二楼）"

REGISTRATION_FEE_FEN = 8_000
"""Registration of a dwelling: 80 yuan a piece, 发改价格规〔2016〕2559号, as the catalogue has it."""


def _homes(visit: Visit) -> Outcome:
    homes = houses_of(visit.citizen)
    found = f"有{len(homes)}套住房登记" if homes else "没有住房登记"
    return done(
        visit,
        "个人住房情况查询结果",
        f"查询结果：{found}。",
        [("查询结果", found)],
        intro="经查询不动产登记系统，截至出具时间，下列人员在本辖区的住房登记情况如下。",
        fields=[["查询结果", found]],
        columns=["坐落", "建筑面积（平方米）", "登记日期"],
        rows=[[home.address, home.area_m2, home.since] for home in homes],
        validity="仅反映查询时的登记情况",
    )


def _registered(visit: Visit) -> Outcome:
    homes = houses_of(visit.citizen)
    if not homes:
        return refused("未查到您名下的不动产登记")
    return done(
        visit,
        "不动产登记信息查询结果",
        f"登记信息已出具，共{len(homes)}条。",
        [(home.certificate, "有抵押" if home.mortgaged else "无抵押、无查封") for home in homes],
        columns=["不动产权证号", "坐落", "抵押", "查封"],
        rows=[[home.certificate, home.address, "有" if home.mortgaged else "无", "无"] for home in homes],
    )


def _registration_progress(visit: Visit) -> Outcome:
    if not houses_of(visit.citizen):
        return refused("未查到正在办理的登记")
    steps = ("受理", "审核", "登簿", "已登簿，可以领证")
    return told(visit, "查询到一条登记记录。", [("转移登记", chance(visit.citizen, "registration").choice(steps))])


def _fee(visit: Visit) -> Outcome:
    if not houses_of(visit.citizen):
        return refused("未查到待缴费的登记")
    number = visit.chosen("number", "最近一次受理")
    return to_pay(visit, "不动产登记费（住宅）", REGISTRATION_FEE_FEN, "请缴纳不动产登记费。", [("受理编号", number)])


def _fee_paid(visit: Visit) -> Outcome:
    amount = f"{REGISTRATION_FEE_FEN / 100:.2f}元"
    return done(
        visit,
        "不动产登记费缴款凭证",
        "登记费已缴纳。",
        [("实缴金额", amount)],
        fields=[["收费项目", "不动产登记费（住宅）"], ["实缴金额", amount]],
    )


def _certificate(visit: Visit) -> Outcome:
    """The bound certificate comes out of a machine of the department's own; here only its state is known."""
    homes = houses_of(visit.citizen)
    if not homes:
        return refused("没有已登簿待领的证书")
    return told(visit, "证书已登簿，请在打证机上领取。", [("不动产权证号", homes[0].certificate)])


REGISTRY = Office(
    "BDC",
    "不动产登记中心（演示）",
    (
        Desk("ZZ099", "个人住房情况查询打印", _homes),
        Desk("ZZ100", "不动产登记信息查询打印", _registered),
        Desk("ZZ105", "不动产登记办理进度查询", _registration_progress),
        Desk("ZZ102", "不动产权证书自助打印", _certificate, kind="collect"),
        Desk(
            "ZZ106",
            "不动产登记费缴纳",
            _fee,
            EVENING,
            EVENING,
            after_hours=LIMITED,
            kind="pay",
            paid=_fee_paid,
            can_withdraw=True,
        ),
    ),
)


def _account(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None:
        return refused("未查到住房公积金账户")
    rows = [[f"2025年{month:02d}月", f"{fund.monthly:.2f}", "汇缴"] for month in range(1, 13)]
    return done(
        visit,
        "住房公积金缴存明细",
        f"账户余额{fund.balance:,}元，明细已出具。",
        [("账户余额", f"{fund.balance:,}元"), ("月缴存额", f"{fund.monthly:,}元")],
        fields=[["个人账号", fund.account], ["缴存单位", fund.unit]],
        columns=["月份", "金额（元）", "摘要"],
        rows=rows,
    )


def _deposit_proof(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None:
        return refused("未查到住房公积金账户")
    fields = [
        ["个人账号", fund.account],
        ["缴存单位", fund.unit],
        ["月缴存额", f"{fund.monthly:,}元"],
        ["起缴年月", fund.since],
        ["累计缴存月数", str(fund.months)],
    ]
    return done(visit, "住房公积金缴存证明", "缴存证明已出具。", [("账户状态", "正常")], fields=fields)


def _elsewhere_proof(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None:
        return refused("未查到住房公积金账户")
    used = "已使用公积金贷款" if fund.loan else "没有使用过公积金贷款"
    fields = [["个人账号", fund.account], ["连续缴存月数", str(fund.months)], ["贷款使用情况", used]]
    return done(visit, "异地贷款职工住房公积金缴存使用证明", "证明已出具。", [("贷款使用情况", used)], fields=fields)


def _repayments(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None or fund.loan is None:
        return refused("未查到公积金贷款")
    dice = chance(visit.citizen, "repay")
    rows = [
        [f"2025年{month:02d}月", f"{dice.randrange(1500, 2600):.2f}", f"{dice.randrange(300, 900):.2f}"]
        for month in range(1, 13)
    ]
    return done(
        visit,
        "公积金贷款还款明细",
        f"还款明细已出具，剩余本金{fund.loan:,}元。",
        [("剩余本金", f"{fund.loan:,}元")],
        columns=["月份", "本金（元）", "利息（元）"],
        rows=rows,
    )


def _settled(visit: Visit) -> Outcome:
    """A paper that was made when the loan was paid off and waits to be fetched."""
    on = loan_settled(visit.citizen)
    if on is None:
        return refused("没有已结清待领取的贷款证明")
    return done(
        visit,
        "住房公积金贷款结清证明",
        "结清证明已领取。",
        [("结清日期", on)],
        fields=[["贷款结清日期", on], ["剩余本金", "0元"]],
    )


def _withdrawal(visit: Visit) -> Outcome:
    if fund_of(visit.citizen) is None:
        return refused("未查到住房公积金账户")
    reasons = {"rent": "租房", "buy": "购买住房", "repay": "偿还住房贷款", "retire": "退休"}
    reason = reasons.get(visit.chosen("reason"), "其他")
    return handed_in(visit, "提取申请已收到，受理后三个工作日内办结。", [("提取原因", reason)])


def _withdrawal_missing(visit: Visit) -> list[str]:
    need = visit.chosen("reason") == "buy" and not visit.matter.materials
    return ["购房合同首页和签字页", "购房发票"] if need else []


def _withdrawal_decided(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None:
        return refused("账户已经销户")
    amount = min(fund.balance, 24_000)
    return told(visit, f"审核通过，{amount:,}元将在三日内到账。", [("提取金额", f"{amount:,}元")])


def _early_repayment(visit: Visit) -> Outcome:
    fund = fund_of(visit.citizen)
    if fund is None or fund.loan is None:
        return refused("未查到公积金贷款")
    when = slot_words(visit.chosen("slot"))
    return done(
        visit,
        "公积金提前还款预约凭条",
        "预约成功，请按时带身份证和还款卡到窗口。",
        [("预约时间", when), ("预约地点", LOANS), ("剩余本金", f"{fund.loan:,}元")],
        fields=[["预约时间", when], ["预约地点", LOANS], ["剩余本金", f"{fund.loan:,}元"]],
    )


FUND = Office(
    "GJJ",
    "住房公积金中心（演示）",
    (
        Desk("ZZ109", "公积金账户余额与缴存明细查询打印", _account),
        Desk("ZZ110", "公积金缴存证明打印", _deposit_proof),
        Desk("ZZ111", "异地贷款公积金缴存使用证明打印", _elsewhere_proof),
        Desk("ZZ112", "公积金贷款还款明细打印", _repayments, tried_by="戊"),
        Desk("ZZ113", "公积金贷款结清证明打印", _settled, kind="collect"),
        Desk(
            "ZZ114",
            "公积金提取申请",
            _withdrawal,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(3, _withdrawal_decided, _withdrawal_missing),
            can_withdraw=True,
        ),
        Desk(
            "ZZ116", "公积金提前还款预约", _early_repayment, kind="book", can_withdraw=True, tried_by="戊", place=LOANS
        ),
    ),
)
