"""What every department's counter is made of: an office with its desks, a visit, and how it can answer."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from budayang import data
from budayang.papers import PaperError, render
from budayang.sandbox.citizens import Citizen
from budayang.sandbox.departments.hours import ALWAYS, OFFICE, OpenHours
from budayang.sandbox.departments.matters import AnswerFor, Due, Matter, Outcome

ZONE = ZoneInfo("Asia/Shanghai")
NO_RECORD = "未查到记录"
SUBMIT = "夜间可提交、工作日审核"
LIMITED = "受部门系统开放时段限制"

Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A matter of a person whom the sandbox knows, at a moment."""

    matter: Matter
    citizen: Citizen
    office: Office
    now: datetime

    def moment(self) -> str:
        here = self.now.astimezone(ZONE)
        return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"

    def chosen(self, name: str, default: str = "") -> str:
        found = self.matter.form.get(name)
        return found if isinstance(found, str) and found else default

    def word(self, name: str, default: str = "未填写") -> str:
        """What was chosen, in the words that the form offered."""
        value = self.chosen(name)
        field = (data.find_form(self.matter.item) or {}).get("properties", {}).get(name, {})
        titles = {one["const"]: one["title"] for one in field.get("oneOf", ())}
        return str(titles.get(value, value)) or default


@dataclass(frozen=True, slots=True)
class Plan:
    """How an application goes on behind the counter. Times are those of the sandbox' clock.

    days: working days from acceptance (受理) to the decision. missing: what a clerk finds missing, all at once
    (一次性补正告知); a later visit carries what was handed in since. fields: what is missing → the field of the form
    that is to be answered anew; all else is a sheet. decide: the decision, with its paper.
    """

    days: int
    decide: Callable[[Visit], Outcome]
    missing: Callable[[Visit], list[str]] = lambda _visit: []
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """One item. accepts: when a matter is taken at all; hours: when it can be finished at once (what is published).

    kind, honours_key, can_be_asked, can_withdraw: as declared by GET /v1/items. paid answers to money that came in.
    tried_by: the citizen whose identity is declared for tries (拨测). person_check: wants person and card compared
    (人证核对). place: where whoever booked is expected. page: the path on the department's own site (kind launch).
    """

    item: str
    name: str
    handle: Callable[[Visit], Outcome]
    hours: OpenHours = ALWAYS
    accepts: OpenHours = ALWAYS
    after_hours: str = "全时可办"
    kind: str = "query_print"
    plan: Plan | None = None
    honours_key: bool = True
    can_be_asked: bool = True
    can_withdraw: bool = False
    paid: Callable[[Visit], Outcome] | None = None
    tried_by: str = "甲"
    person_check: bool = False
    place: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """One department's system. issues_cards: it issued the social security cards and knows whose code is whose."""

    code: str
    name: str
    desks: tuple[Desk, ...]
    issues_cards: bool = False
    by_item: dict[str, Desk] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_item", {desk.item: desk for desk in self.desks})

    def find(self, item: str) -> Desk | None:
        return self.by_item.get(item)


def answer_for(visit: Visit) -> AnswerFor:
    """Whose record was looked into, for which case."""
    return AnswerFor(visit.citizen.name, visit.citizen.id_number, visit.matter.case)


def done(visit: Visit, title: str, message: str, shown: Rows, **paper: Any) -> Outcome:
    """Finished, with a paper. `paper`: intro, fields, columns, rows, total, note, validity of the certificate."""
    order = visit.matter.paper
    content = {
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
    try:
        sheet = render("certificate", content, at=visit.now)
    except PaperError:  # control characters and signs that no font has; a paper with holes is worse than none
        return refused("填写的内容里有打印不出来的字，请改用常用字后再提交")
    pdf = base64.b64encode(sheet).decode("ascii")
    return Outcome("done", message, shown, pdf, reference(visit), for_=answer_for(visit))


def told(visit: Visit, message: str, shown: Rows) -> Outcome:
    """Finished without a paper: what was asked is on the screen."""
    return Outcome("done", message, shown, None, reference(visit), for_=answer_for(visit))


def handed_in(visit: Visit, message: str, shown: Rows, *, expected_on: str | None = None) -> Outcome:
    """Taken in for a clerk."""
    number = reference(visit)
    rows = [("收件编号", number), *shown]
    return Outcome("handed_in", message, rows, None, number, expected_on=expected_on, for_=answer_for(visit))


def to_pay(visit: Visit, title: str, amount_fen: int, message: str, shown: Rows) -> Outcome:
    """A bill, which has to be paid before it goes on. Its number follows from the case."""
    bill = f"{visit.office.code}-{reference(visit)[-8:]}"
    yuan = f"{amount_fen / 100:,.2f}元"
    return Outcome(
        "due",
        message,
        [*shown, ("应缴金额", yuan)],
        None,
        reference(visit),
        due=Due(bill, amount_fen, title),
        for_=answer_for(visit),
    )


def refused(message: str) -> Outcome:
    return Outcome("refused", message)


def reference(visit: Visit) -> str:
    """The department's own number for a case; the same for the same case."""
    mark = hashlib.sha256(visit.matter.case.encode()).hexdigest()[:8].upper()
    return f"{visit.office.code}{visit.now.astimezone(ZONE):%Y%m%d}-{mark}"


def office_open(visit: Visit) -> bool:
    """Whether clerks are at their desks now."""
    return OFFICE.is_open(visit.now)
