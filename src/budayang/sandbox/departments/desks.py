"""What each department does with a matter: looks into its records and makes the paper."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from budayang.papers import render
from budayang.sandbox.citizens import Citizen, find_citizen
from budayang.sandbox.departments.hours import ALWAYS, EVENING, OFFICE, OpenHours
from budayang.sandbox.departments.matters import Matter, Outcome

_ZONE = ZoneInfo("Asia/Shanghai")
_TAXES = {"income": "个人所得税", "deed": "契税", "vehicle": "车辆购置税"}
_MATTERS = {
    "wages": "讨要劳动报酬", "injury": "工伤赔偿", "support": "赡养、抚养、扶养", "violence": "家庭暴力、虐待、遗弃",
    "traffic": "交通事故等人身损害", "criminal": "刑事辩护",
}  # fmt: skip
NO_RECORD = "未查到记录"


@dataclass(frozen=True, slots=True)
class Visit:
    """A matter of a person whom the sandbox knows, at a moment."""

    matter: Matter
    citizen: Citizen
    office: Office
    now: datetime

    def moment(self) -> str:
        here = self.now.astimezone(_ZONE)
        return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"

    def chosen(self, field: str, default: str = "") -> str:
        found = self.matter.form.get(field)
        return found if isinstance(found, str) and found else default


@dataclass(frozen=True, slots=True)
class Desk:
    """One item. accepts: when a matter is taken at all; hours: when it can be finished at once (what is published)."""

    item: str
    name: str
    handle: Callable[[Visit], Outcome]
    hours: OpenHours = ALWAYS
    accepts: OpenHours = ALWAYS
    after_hours: str = "全时可办"


@dataclass(frozen=True, slots=True)
class Office:
    """One department's system. issues_cards: it issued the social security cards and knows whose code is whose."""

    code: str
    name: str
    desks: tuple[Desk, ...]
    issues_cards: bool = False

    def find(self, item: str) -> Desk | None:
        return next((desk for desk in self.desks if desk.item == item), None)


def decide(office: Office, desk: Desk, matter: Matter, now: datetime) -> Outcome:
    """The department's answer. The name must fit the number, as at a counter."""
    citizen = find_citizen(matter.person.id_number)
    if citizen is None or citizen.name != matter.person.name or citizen.id_number != matter.person.id_number:
        return Outcome("refused", NO_RECORD)
    return desk.handle(Visit(matter, citizen, office, now))


def _done(visit: Visit, title: str, message: str, shown: list[tuple[str, str]], **paper: Any) -> Outcome:
    order = visit.matter.paper
    data = {
        "title": title,
        "department": visit.office.name,
        "number": visit.matter.case,
        "issued_at": visit.moment(),
        "code": order.code,
        "verify_url": order.verify_url,
        "fields": [["姓名", visit.citizen.name], ["公民身份号码", visit.citizen.id_number], *paper.pop("fields", ())],
        "demo": True,
        **({"authority": order.authority} if order.authority else {}),
        **paper,
    }
    pdf = base64.b64encode(render("certificate", data, at=visit.now)).decode("ascii")
    return Outcome("done", message, shown, pdf, _reference(visit))


def _handed_in(visit: Visit, message: str, rows: list[tuple[str, str]]) -> Outcome:
    reference = _reference(visit)
    return Outcome("handed_in", message, [("受理编号", reference), *rows], None, reference)


def _reference(visit: Visit) -> str:
    """The department's own number for a case; the same for the same case."""
    mark = hashlib.sha256(visit.matter.case.encode()).hexdigest()[:8].upper()
    return f"{visit.office.code}{visit.now.astimezone(_ZONE):%Y%m%d}-{mark}"


def _social_insurance(visit: Visit) -> Outcome:
    record = visit.citizen.records.RS
    if record is None:
        return Outcome("refused", NO_RECORD)
    wanted = visit.chosen("insurance", "all")
    rows: list[list[str]] = [row[1:] for row in record["insurance"] if wanted in ("all", row[0])]
    if not rows:
        return Outcome("refused", "未查到所选险种的参保记录")
    shown = [(row[0], f"{row[1]}，累计{row[3]}个月") for row in rows]
    return _done(
        visit,
        "社会保险个人参保证明",
        "参保证明已出具。",
        shown,
        intro="截至出具时间，下列人员在本辖区的社会保险参保情况如下。",
        fields=[["参保单位", record["unit"] or "以个人身份参保"]],
        columns=["险种", "参保状态", "起始年月", "累计缴费月数"],
        rows=rows,
        note="参保证明查询、打印不收费。",
        validity="自出具之日起三个月",
    )


def _tax_paid(visit: Visit) -> Outcome:
    wanted = visit.chosen("tax", "all")
    since, until = visit.chosen("from", "0000-00-00"), visit.chosen("to", "9999-99-99")
    rows = [row for row in visit.citizen.records.SW if wanted in ("all", row[0]) and since <= row[3] <= until]
    if not rows:
        return Outcome("refused", "未查到所选时间内的纳税记录" if visit.citizen.records.SW else NO_RECORD)
    total = f"{sum(float(row[4]) for row in rows):,.2f}"
    return _done(
        visit,
        "税收完税证明（表格式）",
        f"完税证明已出具，共{len(rows)}条。",
        [("税种", _TAXES.get(wanted, "全部税种")), ("笔数", str(len(rows))), ("实缴金额合计", f"{total}元")],
        columns=["税种", "税款所属期", "入库日期", "实缴金额（元）"],
        rows=[row[1:] for row in rows],
        total=f"合计 {total} 元",
        note="完税证明不收费。",
    )


def _health_insurance(visit: Visit) -> Outcome:
    record = visit.citizen.records.YB
    if record is None:
        return Outcome("refused", NO_RECORD)
    kind = "职工基本医疗保险" if record["kind"] == "employee" else "城乡居民基本医疗保险"
    fields = [
        ["参保险种", kind],
        ["参保状态", record["state"]],
        ["参保单位", record["unit"] or "以个人身份参保"],
        ["起始年月", record["since"]],
        ["累计缴费月数", record["months"]],
    ]
    return _done(
        visit,
        "基本医疗保险参保凭证",
        "参保凭证已出具。",
        [("参保险种", kind), ("参保状态", record["state"])],
        fields=fields,
        note="参保凭证不收费。",
    )


def _treatment_elsewhere(visit: Visit) -> Outcome:
    if visit.citizen.records.YB is None:
        return Outcome("refused", NO_RECORD)
    where = [("就医地", visit.chosen("city", "未填写")), ("备案开始", visit.chosen("start", "未填写"))]
    if not OFFICE.is_open(visit.now):
        return _handed_in(visit, "备案申请已收到，工作日审核，结果发到您的手机。", where)
    return _done(
        visit,
        "异地就医备案回执",
        "备案成功，从开始日期起有效。",
        where,
        fields=[list(row) for row in where],
        note="在就医地定点医院就医时出示身份证或医保电子凭证，可以直接结算。",
    )


def _legal_aid(visit: Visit) -> Outcome:
    return _handed_in(
        visit,
        "申请已收到，工作人员在工作时间审核，7日内答复；需要补交材料时会打电话给您。",
        [("申请事由", _MATTERS.get(visit.chosen("matter"), "其他")), ("答复期限", "7日内")],
    )


_SUBMIT = "夜间可提交、工作日审核"
_LIMITED = "受部门系统开放时段限制"
OFFICES: Mapping[str, Office] = {
    office.code: office
    for office in (
        Office(
            "RS",
            "人力资源和社会保障局（演示）",
            (Desk("ZZ001", "个人参保证明查询打印", _social_insurance),),
            issues_cards=True,
        ),
        Office(
            "SW",
            "税务局（演示）",
            (Desk("ZZ054", "税收完税证明打印", _tax_paid, EVENING, EVENING, after_hours=_LIMITED),),
        ),
        Office(
            "YB",
            "医疗保障局（演示）",
            (
                Desk("ZZ031", "医保参保凭证打印", _health_insurance),
                Desk("ZZ037", "其他临时外出就医人员备案", _treatment_elsewhere, OFFICE, after_hours=_SUBMIT),
            ),
        ),
        Office("SF", "司法局（演示）", (Desk("ZZ130", "法律援助申请", _legal_aid, OFFICE, after_hours=_SUBMIT),)),
    )
}
