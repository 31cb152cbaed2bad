"""The three truths: can this item be done at this terminal at this hour, and if not, why and until when.

The center and the terminal call :func:`judge_item` with the same arguments, so that the screen, the public page and
the console agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from budayang.rules.calendars import next_change, next_opening
from budayang.rules.intervals import Interval, find_at, union
from budayang.rules.terminals import KINDS, Level, kind_of, meaning


class Truth(StrEnum):
    DOABLE = "doable"
    SUBMITTABLE = "submittable"
    STOPPED = "stopped"
    UNCONFIRMED = "unconfirmed"
    MACHINE = "machine"


TRUTH_NAMES: dict[Truth, str] = {
    Truth.DOABLE: "可办",
    Truth.SUBMITTABLE: "可提交",
    Truth.STOPPED: "暂停服务",
    Truth.UNCONFIRMED: "待部门确认",
    Truth.MACHINE: "专机办理",
}


class AfterHours(StrEnum):
    """What the catalogue says of an item after hours; the values are the words of its column ``after_hours``."""

    ALWAYS = "全时可办"
    LIMITED = "受部门系统开放时段限制"
    SUBMIT = "夜间可提交、工作日审核"


NEED_NAMES: dict[str, str] = {
    "idReader": "身份证阅读器",
    "printer": "打印机",
    "camera": "摄像头",
    "documentCamera": "高拍仪",
    "stamp": "盖章机",
    "payment": "支付设备",
    "icCard": "社保卡读写器",
    "scanner": "扫码器",
    "other": "专用设备",
}

DRIVEN_KINDS = frozenset({"idReader", "printer"})
"""The devices that our terminal program drives. An item that needs more is done at the department's own machine
(专机办理).
"""

PROBE_FRESH_S = 24 * 3600
"""How long an end-to-end probe (拨测) counts as proof that an item whose hours nobody confirmed can be done."""

FAR_S = 24 * 3600
"""An end further away than this is not news to a person who stands at the terminal."""


@dataclass(frozen=True)
class ItemNeeds:
    """``needs``: kinds of peripheral; ``driven`` False: needs hardware that our terminal does not drive."""

    item_code: str
    needs: frozenset[str]
    after_hours: str
    needs_live: bool = True
    driven: bool = True


@dataclass(frozen=True)
class Hours:
    """The department's hours for this item. ``windows`` should reach at least a week ahead, or ``until`` is not
    known.
    """

    confirmed: bool
    windows: tuple[Interval, ...] = ()
    probe_passed_at: datetime | None = None


@dataclass(frozen=True)
class StopWindow:
    """A planned stop that covers this item here: of the area, the terminal, the department or the item. ``end_at``
    None: until further notice.
    """

    start_at: datetime
    end_at: datetime | None
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """``reason`` is a code, ``text`` what a person reads (without times), ``until`` when this verdict ends by itself,
    None when unknown.

    ``blockers`` names everything in the way, also what the first reason hides: ``printer:paper.upper=out``,
    ``department:closed``.
    """

    truth: Truth
    reason: str
    text: str
    until: datetime | None = None
    blockers: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Block:
    reason: str
    text: str
    blocker: str
    until: datetime | None = None


_TERMINAL_BLOCKS: dict[str, tuple[str, str]] = {
    "silent": ("terminal_silent", "这台自助终端失去联系，不能确认可用"),
    "suspended": ("terminal_suspended", "这台自助终端已停用"),
    "unknown": ("terminal_unknown", "还没有收到这台自助终端的状态"),
}


def _terminal_block(terminal: str) -> list[_Block]:
    if terminal == "online":
        return []
    reason, text = _TERMINAL_BLOCKS.get(terminal, _TERMINAL_BLOCKS["unknown"])
    return [_Block(reason, text, f"terminal:{terminal}")]


def _stop_blocks(stops: Sequence[StopWindow], now: datetime) -> list[_Block]:
    """The stops that hold now; one that another follows without a gap ends with the other."""
    spans = union(Interval(s.start_at, s.end_at) for s in stops if s.end_at and s.start_at < s.end_at)
    out = []
    for stop in stops:
        if stop.start_at <= now and (stop.end_at is None or now < stop.end_at):
            span = find_at(spans, now)
            end = span.end if span and stop.end_at else None
            text = f"计划停用：{stop.reason}" if stop.reason else "计划停用"
            out.append(_Block("planned_stop", text, "stop:planned", end))
    return out


def _device_blocks(
    needs: frozenset[str], states: Mapping[tuple[str, str], str], kinds: Mapping[str, str] | None
) -> list[_Block]:
    """What each needed kind of device lacks. A device that does not report is not assumed to work."""
    out: list[_Block] = []
    for kind in sorted(needs):
        mine = {k: s for k, s in states.items() if ((kinds or {}).get(k[0]) or kind_of(k[0])) == kind}
        name = KINDS[kind].name if kind in KINDS else NEED_NAMES.get(kind, kind)
        if not mine:
            out.append(_Block("device_missing", f"这台自助终端没有可用的{name}", f"{kind}:missing"))
            continue
        for (subject, prop), state in sorted(mine.items()):
            found = meaning(kind, prop, state)
            if found.level is Level.FAULT:
                out.append(_Block("device_fault", found.text, f"{subject}:{prop}={state}"))
            elif found.level is Level.UNKNOWN and prop == "device":
                out.append(_Block("device_unknown", found.text, f"{subject}:{prop}={state}"))
    return out


def _with_until(truth: Truth, blocks: Sequence[_Block]) -> Verdict:
    """The first block speaks; the end is known only when every block's end is."""
    ends = [b.until for b in blocks]
    known = [e for e in ends if e is not None]
    until = max(known) if known and len(known) == len(ends) else None
    first = blocks[0]
    return Verdict(truth, first.reason, first.text, until, tuple(dict.fromkeys(b.blocker for b in blocks)))


def _machine(needs: ItemNeeds) -> Verdict:
    missing = sorted(needs.needs - DRIVEN_KINDS) or ["other"]
    names = "、".join(NEED_NAMES.get(x, x) for x in missing)
    return Verdict(
        Truth.MACHINE,
        "own_machine",
        f"需要{names}，请在部门专机或窗口办理",
        None,
        tuple(f"{x}:not_driven" for x in missing),
    )


def _soon(until: datetime | None, now: datetime) -> datetime | None:
    return until if until is not None and until - now <= timedelta(seconds=FAR_S) else None


def _next_stop(stops: Sequence[StopWindow], now: datetime) -> datetime | None:
    return min((s.start_at for s in stops if s.start_at > now), default=None)


def _earliest(*times: datetime | None) -> datetime | None:
    return min((t for t in times if t is not None), default=None)


def judge_item(
    needs: ItemNeeds,
    hours: Hours,
    *,
    stops: Sequence[StopWindow],
    connector: str,
    states: Mapping[tuple[str, str], str],
    terminal: str,
    now: datetime,
    kinds: Mapping[str, str] | None = None,
) -> Verdict:
    """What a person can do with this item, here, now.

    ``connector``: ok | down | unknown, the department's system as last probed. ``terminal``: online | silent |
    suspended | unknown.
    ``kinds``: subject → kind as the terminal reported it. Order: own machine, terminal, planned stop, devices,
    department's system, hours.
    A silent terminal's device states are old news and not named. Hours nobody confirmed are never 可办 (only a fresh
    probe proves otherwise).
    """
    if not needs.driven:
        return _machine(needs)
    blocks = _terminal_block(terminal)
    blocks += _stop_blocks(stops, now)
    if terminal == "online":
        blocks += _device_blocks(needs.needs, states, kinds)
    is_open = find_at(hours.windows, now) is not None
    submits = needs.after_hours == AfterHours.SUBMIT
    # what is handed in at night waits in the center: the department's system need not answer before it opens
    if needs.needs_live and connector == "down" and not (submits and hours.confirmed and not is_open):
        blocks.append(_Block("department_down", "部门系统暂时没有应答", "department:down"))
    if hours.confirmed and not is_open and not submits:
        opening = next_opening(hours.windows, now)
        blocks.append(_Block("department_closed", "部门系统此时不开放", "department:closed", opening))
    if blocks:
        return _with_until(Truth.STOPPED, blocks)
    change = _soon(_earliest(next_change(hours.windows, now) if is_open else None, _next_stop(stops, now)), now)
    if not hours.confirmed:
        return _judge_unconfirmed(hours, submits, now)
    if submits:
        text = "现在可以提交，工作时间内审核" if is_open else "现在可以提交，下一个工作日审核"
        return Verdict(Truth.SUBMITTABLE, "handed_in", text, _soon(_next_stop(stops, now), now))
    if needs.needs_live and connector != "ok":
        return Verdict(
            Truth.UNCONFIRMED, "connector_unknown", "还没有探测到部门系统的状态", None, ("department:unknown",)
        )
    return Verdict(Truth.DOABLE, "open", "现在可以办理", change)


def _judge_unconfirmed(hours: Hours, submits: bool, now: datetime) -> Verdict:
    probe = hours.probe_passed_at
    if probe is not None and timedelta(0) <= now - probe <= timedelta(seconds=PROBE_FRESH_S):
        until = probe + timedelta(seconds=PROBE_FRESH_S)
        if submits:
            return Verdict(Truth.SUBMITTABLE, "probe_passed", "最近一次拨测通过，现在可以提交", until)
        return Verdict(Truth.DOABLE, "probe_passed", "最近一次拨测通过，现在可以办理", until)
    return Verdict(
        Truth.UNCONFIRMED, "hours_unconfirmed", "部门还没有确认这个事项的办理时间", None, ("department:unconfirmed",)
    )
