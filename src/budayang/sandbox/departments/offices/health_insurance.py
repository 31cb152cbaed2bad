"""医保 (YB): papers of the insured, treatment elsewhere, chronic illness, maternity allowance."""

from __future__ import annotations

from budayang.sandbox.departments.counter import (
    LIMITED,
    NO_RECORD,
    SUBMIT,
    Desk,
    Office,
    Plan,
    Rows,
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


def _kind(record: dict[str, str]) -> str:
    return "职工基本医疗保险" if record["kind"] == "employee" else "城乡居民基本医疗保险"


def _insured(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None:
        return refused(NO_RECORD)
    fields = [
        ["参保险种", _kind(record)],
        ["参保状态", record["state"]],
        ["参保单位", record["unit"] or "以个人身份参保"],
        ["起始年月", record["since"]],
        ["累计缴费月数", record["months"]],
    ]
    return done(
        visit,
        "基本医疗保险参保凭证",
        "参保凭证已出具。",
        [("参保险种", _kind(record)), ("参保状态", record["state"])],
        fields=fields,
        note="参保凭证不收费。",
    )


def _payments(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None:
        return refused(NO_RECORD)
    dice = chance(visit.citizen, "yb")
    employee = record["kind"] == "employee"
    rows = [
        [str(year), _kind(record), f"{dice.randrange(900, 2400) if employee else 380 + 20 * (year - 2023):.2f}"]
        for year in (2023, 2024, 2025)
    ]
    return done(
        visit,
        "医疗保险个人缴费记录",
        "缴费记录已出具。",
        [(f"{row[0]}年", f"{row[2]}元") for row in rows],
        columns=["年度", "险种", "个人缴纳（元）"],
        rows=rows,
    )


def _account(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None or record["kind"] != "employee":
        return refused("城乡居民医疗保险没有个人账户")
    dice = chance(visit.citizen, "account")
    rows = [
        [
            f"2025-{month:02d}-{dice.randint(1, 28):02d}",
            "演示药店" if dice.random() < 0.6 else "演示市医院",
            f"{dice.randrange(2000, 32000) / 100:.2f}",
        ]
        for month in range(1, 7)
    ]
    balance = f"{dice.randrange(80_000, 900_000) / 100:,.2f}"
    return done(
        visit,
        "医保个人账户消费明细",
        f"个人账户余额{balance}元，明细已出具。",
        [("个人账户余额", f"{balance}元"), ("近半年消费", f"{len(rows)}笔")],
        columns=["日期", "地点", "金额（元）"],
        rows=rows,
    )


def _where(visit: Visit) -> Rows:
    return [("就医地", visit.word("city")), ("备案开始", visit.word("start"))]


def _elsewhere(visit: Visit) -> Outcome:
    if visit.citizen.records.YB is None:
        return refused(NO_RECORD)
    if not office_open(visit):
        return handed_in(visit, "备案申请已收到，工作日审核，结果发到您的手机。", _where(visit))
    return _elsewhere_paper(visit)


def _elsewhere_paper(visit: Visit) -> Outcome:
    return done(
        visit,
        "异地就医备案回执",
        "备案成功，从开始日期起有效。",
        _where(visit),
        fields=[list(row) for row in _where(visit)],
        note="在就医地定点医院就医时出示身份证或医保电子凭证，可以直接结算。",
    )


def _chronic(visit: Visit) -> Outcome:
    if visit.citizen.records.YB is None:
        return refused(NO_RECORD)
    return handed_in(visit, "认定申请已收到，受理后十个工作日内答复。", [("申请病种", visit.word("illness"))])


def _chronic_missing(visit: Visit) -> list[str]:
    return [] if visit.matter.materials else ["二级以上医院的诊断证明", "近两年的住院病历或检查报告"]


def _chronic_decided(visit: Visit) -> Outcome:
    rows: Rows = [("认定结果", "通过"), ("病种", visit.word("illness"))]
    return told(visit, "认定通过，次月起按门诊慢特病报销。", rows)


def _maternity(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None or record["kind"] != "employee":
        return refused("未查到职工生育保险参保记录")
    return handed_in(
        visit,
        "生育津贴申请已收到，受理后二十个工作日内支付。",
        [("孩子出生日期", visit.word("birth_date"))],
    )


def _maternity_decided(visit: Visit) -> Outcome:
    amount = chance(visit.citizen, "maternity").randrange(18_000, 42_000)
    return told(visit, f"审核通过，津贴{amount:,}元将打到登记的账户。", [("津贴", f"{amount:,}元")])


_FILING = Plan(0, _elsewhere_paper)
HEALTH_INSURANCE = Office(
    "YB",
    "医疗保障局（演示）",
    (
        Desk("ZZ031", "医保参保凭证打印", _insured),
        Desk("ZZ033", "医保缴费记录查询打印", _payments),
        Desk("ZZ034", "医保个人账户余额与消费明细查询打印", _account),
        Desk("ZZ035", "异地长期居住人员备案", _elsewhere, OFFICE, after_hours=LIMITED, kind="apply", plan=_FILING),
        Desk("ZZ037", "其他临时外出就医人员备案", _elsewhere, OFFICE, after_hours=SUBMIT, kind="apply", plan=_FILING),
        Desk(
            "ZZ042",
            "门诊慢特病病种待遇认定",
            _chronic,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(10, _chronic_decided, _chronic_missing),
            can_withdraw=True,
        ),
        Desk(
            "ZZ045",
            "生育津贴支付申请",
            _maternity,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(20, _maternity_decided),
            can_withdraw=True,
        ),
    ),
)
