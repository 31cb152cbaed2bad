"""A case by law: its steps and what each is and is not, the statutory clock, what an interruption is.

收件 is not 受理: that the platform or a department took papers in starts no clock. 受理 is the department's own
word; from the first working day after it the statutory limit counts (行政许可法 第三十二条、第八十二条:
期限以工作日计算, 不含法定节假日). 补正告知 is given once and names everything that is missing (第三十二条第一款第四项).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from budayang.rules.calendars import DayKind, add_workdays, day_kind

STEP_NAMES: dict[str, str] = {
    "kept": "平台已收件",
    "deferred": "夜间存件，等部门开门",
    "sent": "已送交部门",
    "received": "部门已收件",
    "accepted": "部门已受理",
    "correction": "部门一次性告知补正",
    "corrected": "已补正",
    "due": "待缴费",
    "paid": "已缴费",
    "pay_closed": "没有缴费，缴费单已关闭",
    "decided": "部门已作出决定",
    "delivered": "部门已送达",
    "done": "已办结",
    "refused": "部门没有办理",
    "not_reached": "没有送到部门，什么也没有提交",
    "unclear": "部门没有说清结果，转人工核实",
    "reviewed": "工作人员已核实",
    "withdraw_asked": "本人申请撤回",
    "withdraw_late": "部门答复：来不及撤回",
    "withdrawn": "已撤回",
    "to_window": "已转窗口办理",
    "window_taken": "窗口已接手",
    "window_done": "窗口已办结",
    "window_returned": "窗口已退回",
    "printed": "已打印",
    "face_withdrawn": "本人撤回了刷脸同意",
    "interrupted": "没有拿到结果，已派人补办",
    "made_good": "已补办",
    "refund_due": "正在退款",
    "refunded": "已退款",
}
"""Step of a case → its words, the same on receipts, on the public page and on the terminal."""

LAW_NOTES: dict[str, str] = {
    "accepted": "平台已经收下您的申请。这还不是部门收件，更不是受理。",
    "deferred": "部门现在不办公。平台替您保管这份申请，部门开门后自动送交。这还不是部门收件，更不是受理。",
    "working": "部门系统正在办理。",
    "due": "缴费以后部门才继续办理。没有缴费不会办理，也不收这笔钱。",
    "paid": "钱已付到，正在等部门出结果。不会重复收费。",
    "handed_in": "部门已经收下材料。收件不是受理：是否受理由部门在工作日决定，法定期限从受理起算。",
    "in_process": "部门已经受理，法定期限从受理后的第一个工作日起算。",
    "correction": "部门一次性告知了要补正的全部内容。补齐以前不受理，法定期限还没有起算。",
    "window": "这件事已转到窗口，请带上列出的材料。",
    "done": "这件事已经办结。",
    "failed": "这件事没有办成。",
    "review": "部门没有说清结果。工作人员正在核实，不会重复办理，也不会重复收费。",
    "withdrawn": "这件事已经撤回，没有办理。",
}
"""State of a case → what it is and is not, in one sentence for its person."""


def clock_starts(accepted_at: datetime, zone: str, table: Mapping[date, DayKind]) -> date:
    """The day of acceptance; an acceptance on a rest day or holiday counts as that of the next working day."""
    on = accepted_at.astimezone(ZoneInfo(zone)).date()
    while day_kind(on, table) not in (DayKind.WORKDAY, DayKind.MAKEUP):
        on += timedelta(days=1)
    return on


def last_day(accepted_at: datetime, workdays: int, zone: str, table: Mapping[date, DayKind]) -> date:
    """The last day of a limit of so many working days. The day on which the clock starts does not count itself."""
    return add_workdays(clock_starts(accepted_at, zone, table), workdays, table)


INTERRUPTIONS: dict[str, str] = {
    "paper_failed": "结果没有打印成功，人已离开",
    "paid_not_taken": "已缴费，结果没有取走，人已离开",
    "deferred_lapsed": "夜间存件一直没能送到部门",
    "paid_no_output": "已收款，没有办成",
}
"""What somebody has to make good (补办、冲正) → its words on the order."""


MOVEMENTS: dict[str, str] = {"pay": "收款", "refund": "退款"}
VERDICTS: dict[str, str] = {
    "matched": "一致",
    "ours_only": "只有我们有",
    "theirs_only": "只有支付机构有",
    "amount_differs": "金额不同",
}
"""What the comparison of a movement of money came to (日对账) → its words."""


def interruption(paper_state: str, *, paid: bool) -> str:
    """What went wrong for a person whose paper has been in this state for the time to wait; empty when nothing did.

    A paper that lies printed in the tray is no interruption. One that was never sent to a printer is none unless
    money was paid for it: its person may come for it on any day.
    """
    if paper_state in ("failed", "sent"):
        return "paper_failed"
    return "paid_not_taken" if paid and paper_state == "entitled" else ""


def yuan(fen: int) -> str:
    """Fen as people read it: 1250 → "12.50"."""
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"
