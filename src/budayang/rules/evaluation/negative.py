"""差评: how a negative rating is handled, as one table of states, and its clocks.

Contact (联系核实), fix (整改), call-back (回访), re-rating by the person (再评价), appeal by the owner unit (申诉) and
removal decided by the supervisor (剔除). A removed rating stays to be seen; figures leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

STATE_NAMES: dict[str, str] = {
    "open": "待联系核实",
    "verified": "整改中",
    "fixed": "待回访",
    "called_back": "等再评价",
    "closed": "已办结",
    "open_appealed": "申诉待裁定（未核实）",
    "verified_appealed": "申诉待裁定（整改中）",
    "removed": "已剔除",
}
STATES: tuple[str, ...] = tuple(STATE_NAMES)
FINAL_STATES: frozenset[str] = frozenset({"closed", "removed"})
APPEALED: frozenset[str] = frozenset({"open_appealed", "verified_appealed"})

TRANSITIONS: dict[tuple[str, str], str] = {
    ("open", "contact"): "verified",
    ("open", "appeal"): "open_appealed",
    ("verified", "fix"): "fixed",
    ("verified", "appeal"): "verified_appealed",
    # nobody answered: the call is noted, and is tried again
    ("fixed", "try_again"): "fixed",
    ("fixed", "call_back"): "called_back",
    # the person, or whoever called, says that it is not put right
    ("fixed", "send_back"): "verified",
    ("fixed", "rerate_good"): "closed",
    ("fixed", "rerate_bad"): "verified",
    ("called_back", "rerate_good"): "closed",
    ("called_back", "rerate_bad"): "verified",
    # the time for the re-rating is over, or it was used before
    ("called_back", "lapse"): "closed",
    ("open_appealed", "uphold"): "removed",
    ("verified_appealed", "uphold"): "removed",
    ("open_appealed", "refuse"): "open",
    ("verified_appealed", "refuse"): "verified",
    ("removed", "restore"): "open",
    **{(state, "set_aside"): "removed" for state in STATE_NAMES if state != "removed"},
}

EVENT_NAMES: dict[str, str] = {
    "opened": "收到差评",
    "contact": "联系核实",
    "fix": "整改",
    "try_again": "回访未接通",
    "call_back": "回访",
    "send_back": "回访后退回整改",
    "rerate_good": "本人再评价",
    "rerate_bad": "本人再评价，退回整改",
    "lapse": "再评价期满办结",
    "appeal": "归属单位申诉",
    "uphold": "裁定剔除",
    "refuse": "裁定不剔除",
    "set_aside": "剔除",
    "restore": "恢复计入",
    "order": "派出工单",
    "phone": "为回访查看号码",
    "warned": "临期提醒",
    "overdue": "超期提醒",
}

CONTACT_OUTCOMES: dict[str, str] = {
    "reached": "已联系本人核实",
    "no_phone": "本人没有留电话，按记录核实",
    "unreached": "联系不上，按记录核实",
    "phone_gone": "留的号码已按期删除，按记录核实",
}
FIX_OUTCOMES: dict[str, str] = {
    "fixed": "已整改",
    "explained": "情况不属实，已说明",
    "planned": "一时改不了，已说明安排",
}
CALL_OUTCOMES: dict[str, str] = {
    "fixed_satisfied": "确认已整改，满意",
    "fixed_unsatisfied": "确认已整改，不满意",
    "not_fixed": "没有整改好",
    "unreached": "没有接通",
    "no_phone": "本人没有留电话，已公开答复",
    "phone_gone": "留的号码已按期删除，已公开答复",
}
REACHED: frozenset[str] = frozenset({"fixed_satisfied", "fixed_unsatisfied", "not_fixed"})
PHONE_GONE = "phone_gone"
"""Nobody called in time: a number was left, and its days are over. It is no call-back."""
CONFIRMED: frozenset[str] = frozenset({"fixed_satisfied", "fixed_unsatisfied"})
APPEAL_REASONS: dict[str, str] = {
    "mistaken": "误评：点错了，或评的不是这件事",
    "malicious": "恶意差评",
    "not_service": "反映的不是自助区的事",
    "double": "同一件事重复评价",
}
SET_ASIDE_REASONS: dict[str, str] = {
    **APPEAL_REASONS,
    "trial": "试机、演示时的评价",
    "staff": "工作人员代评",
    "forced": "强迫、诱导本人评价",
    "bulk": "刷评：没有办事的人批量评价",
    "machine": "设备或程序误发",
}
NOT_THE_PERSONS: frozenset[str] = frozenset({"staff", "forced", "bulk"})
"""Removed because it is not what the person wanted to say: 代评, 强迫, 刷评 (PJ-04). The other reasons are no such
thing, whether a flag led to them or not.
"""
RERATE_LEVELS: dict[str, str] = {"satisfied": "满意", "basically_satisfied": "基本满意", "unsatisfied": "不满意"}
"""再评价 of what was put right (PJ-11): three levels, once."""

CLOCK_NAMES: dict[str, str] = {"verify": "联系核实", "fix": "整改", "call_back": "回访", "decide": "申诉裁定"}
CLOCK_OF: dict[str, str] = {
    "open": "verify",
    "verified": "fix",
    "fixed": "call_back",
    "open_appealed": "decide",
    "verified_appealed": "decide",
}


def phone_outcomes(outcomes: Mapping[str, str], *, left: bool, kept: bool) -> dict[str, str]:
    """The outcomes of a contact or a call-back that can be true. ``left``: its person left a number; ``kept``: it is
    not deleted yet.
    """
    if kept:
        untrue = {"no_phone", PHONE_GONE}
    else:
        untrue = {"reached", "unreached", *REACHED, "no_phone" if left else PHONE_GONE}
    return {code: name for code, name in outcomes.items() if code not in untrue}


class IllegalStep(ValueError):
    """The step does not fit the state; the message is for people."""


def next_state(state: str, event: str) -> str:
    """Raises IllegalStep."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise IllegalStep(f"这件差评现在是“{STATE_NAMES.get(state, state)}”，不能“{EVENT_NAMES.get(event, event)}”")
    return found


def allowed_events(state: str) -> frozenset[str]:
    """What the table lets happen next."""
    return frozenset(event for (before, event) in TRANSITIONS if before == state)


def call_event(outcome: str, tries: int, most: int) -> str:
    """The event of a call-back. ``tries``: calls before this one that nobody answered; after ``most`` in all the case
    goes on without an answer.
    """
    if outcome == "not_fixed":
        return "send_back"
    if outcome == "unreached" and tries + 1 < most:
        return "try_again"
    return "call_back"


def rerate_event(level: str) -> str:
    """The event of a re-rating. Raises KeyError for a level that is not one of the three."""
    return "rerate_bad" if RERATE_LEVELS[level] == "不满意" else "rerate_good"


def last_word(call_outcome: str, called_at: datetime | None, rerated_level: str, rerated_at: datetime | None) -> str:
    """What the person said last of what was done: a key of CALL_OUTCOMES that is in REACHED, "" when nobody knows.

    A re-rating of 不满意 does not say that it was put right, so it counts as not put right.
    """
    by_call = call_outcome if call_outcome in REACHED else ""
    if rerated_at is None or (by_call and called_at is not None and called_at > rerated_at):
        return by_call
    return "not_fixed" if rerate_event(rerated_level) == "rerate_bad" else "fixed_satisfied"


@dataclass(frozen=True)
class Dues:
    """Until when each step is due; None: not known yet, or never."""

    verify: datetime | None = None
    fix: datetime | None = None
    call_back: datetime | None = None
    decide: datetime | None = None


def running_clock(state: str, dues: Dues) -> tuple[str, datetime] | None:
    """The clock that runs in a state and until when; None while nobody owes a step."""
    name = CLOCK_OF.get(state)
    due = getattr(dues, name) if name else None
    return (name, due) if name is not None and due is not None else None


def is_late(state: str, dues: Dues, now: datetime) -> bool:
    """Whether the step that is owed is past its time."""
    running = running_clock(state, dues)
    return running is not None and running[1] <= now


def kept(steps: Iterable[tuple[datetime, datetime | None]], owed_until: datetime | None, now: datetime) -> bool | None:
    """Whether a clock was kept. ``steps``: each step that it asked for, when and until when; one taken late stays late.
    ``owed_until``: the end of the clock that still runs. None: nothing can be said yet.
    """
    taken = [at <= due for at, due in steps if due is not None]
    if not all(taken):
        return False
    if owed_until is not None:
        return False if owed_until <= now else None
    return True if taken else None


def shifted(dues: Dues, pause: timedelta) -> Dues:
    """The dues after an appeal that was refused: nobody could work on it meanwhile, so its time is given back."""
    verify, fix = (one + pause if one is not None else None for one in (dues.verify, dues.fix))
    return Dues(verify, fix, dues.call_back, dues.decide)


def may_appeal(state: str, appeal_until: datetime | None, refused: bool, now: datetime) -> bool:
    """Once, while it is neither fixed nor decided, within the days for it."""
    in_time = appeal_until is not None and now < appeal_until
    return (state, "appeal") in TRANSITIONS and not refused and in_time


def may_rerate(state: str, rerate_until: datetime | None, used: bool, now: datetime) -> bool:
    """Once, after it was put right, within the days for it."""
    in_time = rerate_until is not None and now < rerate_until
    return (state, "rerate_good") in TRANSITIONS and not used and in_time


def next_look(due: datetime | None, warn: timedelta, told: Mapping[str, bool], now: datetime) -> datetime | None:
    """When to look at a running clock next: to warn, then to tell that it is late; None once both are done.

    ``told``: "warned" and "overdue", whether that was told of this clock.
    """
    if due is None or told.get("overdue"):
        return None
    before = due - warn
    return before if not told.get("warned") and before > now else due
