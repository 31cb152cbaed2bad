"""The clocks of an order as its page tells them: how each stands, and where every minute of it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from budayang.center.areas.hours_text import describe
from budayang.center.maintenance import queries
from budayang.center.maintenance.models import WorkOrder, WorkOrderEvent
from budayang.center.maintenance.order_limits import hours_from, in_force
from budayang.center.platform.wording import words
from budayang.rules.maintenance import PAUSE_REASONS, Clock, Span, Why


@dataclass(frozen=True, slots=True)
class ShownSpan:
    """A stretch of a clock: from, to, whether it counts, and why or why not."""

    start: datetime
    end: datetime
    seconds: float
    tone: str
    counts: str
    why: str
    holder: str


@dataclass(frozen=True, slots=True)
class ShownClock:
    """One clock of an order. `over_s`: counted seconds beyond the limit. `spans`: its account, stretch by stretch."""

    name: str
    tone: str
    word: str
    due_at: datetime | None
    met_at: datetime | None
    used_s: float
    limit_s: float
    share: int
    over_s: float
    by_change: bool
    spans: tuple[ShownSpan, ...]


def shown_clock(name: str, clock: Clock, ended: bool) -> ShownClock:
    """A clock in words: met in time or late, running until when, standing still, or no longer asked."""
    share = min(100, round(clock.used_s / clock.limit_s * 100)) if clock.limit_s else 100
    if clock.met_at is not None:
        tone, word = ("stop", _("超时完成")) if clock.overdue else ("ok", _("按时完成"))
    elif clock.overdue:
        tone, word = "stop", _("已超时")
    elif ended:
        tone, word = "ask", _("未发生")
    elif clock.due_at is None:
        tone, word = "ask", _("暂停计时")
    else:
        tone, word = "hand", _("计时中")
    return ShownClock(
        words(queries.CLOCK_NAMES[name]),
        tone,
        word,
        clock.due_at,
        clock.met_at,
        clock.used_s,
        clock.limit_s,
        share,
        sum(span.seconds for span in clock.spans if span.over and span.why is Why.COUNTED),
        clock.by_change,
        tuple(_shown_span(span) for span in clock.spans),
    )


def _shown_span(span: Span) -> ShownSpan:
    counted = span.why is Why.COUNTED
    tone = "stop" if counted and span.over else "hand" if counted else "ask"
    counts = _("计时") if counted else _("不计时")
    return ShownSpan(span.start, span.end, span.seconds, tone, counts, _why(span), span.holder)


def _why(span: Span) -> str:
    match span.why:
        case Why.COUNTED:
            return _("超过时限") if span.over else _("时限内")
        case Why.PAUSED:
            return words(PAUSE_REASONS[span.reason])
        case Why.ACCEPTANCE:
            return _("等待验收")
        case Why.OUTSIDE:
            return _("不在合同的服务时间内")


def limits_words(order: WorkOrder, rows: Sequence[WorkOrderEvent]) -> str:
    """Under which limits the order lies now: the edition's, or a contract's with its hours."""
    _since, kept = in_force(order, rows)[-1]
    contract, hours = kept.get("contract"), hours_from(kept)
    if contract is None or hours is None:
        return _("按规定的时限，昼夜连续计算")
    if not contract["steps"]:
        return _("按合同 %(number)s 的时限，昼夜连续计算") % {"number": contract["number"]}
    steps = "、".join(words(queries.CLOCK_NAMES[step]) for step in contract["steps"])
    days = _("节假日顺延，调休上班日照常") if contract["follows_workdays"] else _("节假日不停")
    return _("按合同 %(number)s 的时限；%(steps)s只在服务时间内计时：%(hours)s，%(days)s") % {
        "number": contract["number"],
        "steps": steps,
        "hours": describe(hours.windows),
        "days": days,
    }
