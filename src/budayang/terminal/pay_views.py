"""What the screens of paying and of progress are given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from budayang.rules.cases import yuan
from budayang.terminal.screens.language import _, say

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal

PAY_TEXTS = {
    "opening": "正在生成付款码",
    "open": "请用手机扫码付款",
    "closed": "付款码已失效，这一笔没有收费",
    "none": "这里不能缴费",
}


def pay(terminal: Terminal) -> dict[str, Any]:
    """What is to be paid, and the code to scan; amounts in yuan as text."""
    journey, now = terminal.attendant.journey, terminal.clock.now()
    owed = journey.pay
    if owed is None:
        return {"state": "opening", "title": "", "yuan": "", "text": _(PAY_TEXTS["opening"]), "qr": "", "until": ""}
    until = (now + timedelta(seconds=owed.left_s)).astimezone(terminal.catalogue.zone)
    return {
        "state": owed.state,
        "title": owed.title,
        "yuan": yuan(owed.amount_fen),
        "text": _(PAY_TEXTS.get(owed.state, PAY_TEXTS["opening"])),
        "note": journey.pay_text or (journey.scan_text if owed.state == "open" else ""),
        "qr": owed.qr,
        "until": f"{until:%H:%M}" if owed.state == "open" else "",
        "number": journey.number,
        "payment": owed.payment,
        "scanner": terminal.attendant.paying.scanner is not None,
        "safe": _("没有付款就不办理，也不收费；付了没办成，原路退回"),
    }


def progress(terminal: Terminal) -> dict[str, Any]:
    """The form for number and code, or where the matter stands."""
    journey = terminal.attendant.journey
    found = journey.progress
    view: dict[str, Any] = {"number": journey.asked[0], "code": journey.asked[1] if found else "", "found": None}
    if found is None:
        return view
    zone = terminal.catalogue.zone

    def moment(at_ms: int) -> str:
        local = datetime.fromtimestamp(at_ms / 1000, zone)
        return say(f"{local.month}月{local.day}日 {local:%H:%M}")

    view["found"] = {
        "word": found.word,
        "law": found.law,
        "message": found.message if found.message != found.law else "",
        "state": found.state,
        "item": found.item,
        "department": found.department,
        "number": found.number,
        "limit": _limit(found.statutory_on, found.legal_workdays),
        "promised": _day(found.promised_on),
        "missing": found.missing,
        "missing_until": _day(found.missing_until),
        "payments": [_("%(yuan)s 元 · %(word)s") % {"yuan": yuan(one.fen), "word": one.word} for one in found.payments],
        "paper": found.paper,
        "steps": [(step.word, moment(step.at_ms)) for step in found.steps],
        "may_withdraw": found.may_withdraw,
        "appointment": found.appointment,
        "appointment_place": found.appointment_place,
        "may_correct": found.may_correct,
    }
    return view


def _limit(statutory_on: str, workdays: int) -> str:
    if statutory_on:
        return _("%(day)s前办结（自受理起算）") % {"day": _day(statutory_on)}
    if workdays:
        return _("受理后 %(n)s 个工作日；还没有受理，没有起算") % {"n": workdays}
    return ""


def _day(text: str) -> str:
    if not text:
        return ""
    year, month, day = text.split("-")
    return say(f"{year}年{int(month)}月{int(day)}日")
