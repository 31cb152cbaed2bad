"""市场监管 (SJ): small businesses, the register's public side, complaints. Its complaint desk knows neither keys nor
questions, as some old systems do: what was sent to it and not answered stays unclear."""

from __future__ import annotations

from budayang.sandbox.departments.counter import (
    SUBMIT,
    Desk,
    Office,
    Plan,
    Visit,
    done,
    handed_in,
    refused,
    told,
)
from budayang.sandbox.departments.hours import OFFICE
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.records import business_of


def _opening(visit: Visit) -> Outcome:
    return handed_in(
        visit,
        "开业登记申请已收到，材料齐全的一个工作日内办结。",
        [("拟用名称", visit.word("name")), ("经营场所", visit.word("place"))],
    )


def _opening_missing(visit: Visit) -> list[str]:
    return [] if visit.matter.materials else ["经营场所的产权证明或租赁合同"]


def _opening_decided(visit: Visit) -> Outcome:
    name = visit.chosen("name", f"演示市{visit.citizen.name[-1]}记小店")
    return done(
        visit,
        "准予登记通知书",
        "准予开业登记，营业执照可到窗口或证照打印机领取。",
        [("名称", name)],
        fields=[["名称", name], ["类型", "个体工商户"], ["经营者", visit.citizen.name]],
    )


def _closing(visit: Visit) -> Outcome:
    business = business_of(visit.citizen)
    if business is None:
        return refused("未查到您名下的个体工商户")
    return handed_in(visit, "注销申请已收到，公示期满后办结。", [("名称", business.name)])


def _closing_decided(visit: Visit) -> Outcome:
    business = business_of(visit.citizen)
    if business is None:
        return refused("未查到您名下的个体工商户")
    fields = [["名称", business.name], ["统一社会信用代码", business.code]]
    return done(visit, "准予注销登记通知书", "准予注销登记。", [("名称", business.name)], fields=fields)


def _elsewhere(visit: Visit) -> Outcome:
    return refused("这件事在部门自己的网页上办")


def _public_record(visit: Visit) -> Outcome:
    business = business_of(visit.citizen)
    own = business.name if business else ""
    name = own if visit.matter.test else visit.chosen("name", own)
    if not name:
        return refused("请填写企业名称或统一社会信用代码")
    if business is None or name not in (business.name, business.code):
        return refused("未查到这个名称或代码的登记")
    rows = [("名称", business.name), ("成立日期", business.since), ("经营异常", "无")]
    return done(visit, "企业信用信息公示查询结果", "公示信息已出具。", rows, fields=[list(row) for row in rows])


def _complaint(visit: Visit) -> Outcome:
    return told(visit, "投诉已登记，七个工作日内告知是否受理。", [("被投诉方", visit.word("shop"))])


MARKET = Office(
    "SJ",
    "市场监督管理局（演示）",
    (
        Desk(
            "ZZ119",
            "个体工商户开业登记",
            _opening,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(1, _opening_decided, _opening_missing),
            can_withdraw=True,
        ),
        Desk(
            "ZZ121",
            "个体工商户注销登记",
            _closing,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(20, _closing_decided),
            tried_by="乙",
            can_withdraw=True,
        ),
        Desk(
            "ZZ122",
            "企业名称自主申报",
            _elsewhere,
            kind="launch",
            page="/names/",
            honours_key=False,
            can_be_asked=False,
        ),
        Desk("ZZ124", "企业信用信息公示查询打印", _public_record, tried_by="乙"),
        Desk(
            "ZZ129",
            "消费投诉登记（12315）",
            _complaint,
            kind="apply",
            honours_key=False,
            can_be_asked=False,
        ),
    ),
)
