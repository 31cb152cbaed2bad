"""The three truths: can this item be done at this terminal at this hour, and if not, why and until when.

The center and the terminal call :func:`judge_item` with the same arguments, so that the screen, the public page and
the console agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from budayang.rules.consumables import BY_CODE as CONSUMABLES
from budayang.rules.consumables import told_by
from budayang.rules.intervals import Interval, find_at
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
    "departmentPage": "部门网页窗口",
    "other": "专用设备",
}

DRIVEN_KINDS = frozenset({"idReader", "printer"})
"""The devices that our terminal program drives. An item that needs more is done at the department's own machine
(专机办理).
"""

PROBE_FRESH_S = 24 * 3600
"""How long an end-to-end probe (拨测) counts as proof that an item whose hours nobody confirmed can be done."""

PROBE_FAILED_S = 3600
"""A failed probe that was not repeated for so long says nothing any more: the fault of our own plan stops nobody."""

FAR_S = 24 * 3600
"""An end further away than this is not news to a person who stands at the terminal."""

EITHER_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "printer": (("a4", "a4_lower"), ("toner",)),
    "receiptPrinter": (("receipt_roll",),),
    "stamp": (("stamp_ink",),),
}
"""Kind of device → groups of consumables; of each group it needs one. Special paper is an item's own need."""

STOP_REASONS: dict[str, str] = {
    "terminal_silent": "终端失去联系",
    "terminal_suspended": "终端已停用",
    "terminal_preparing": "终端正在准备",
    "terminal_unknown": "没有终端的状态",
    "planned_stop": "计划停用",
    "device_missing": "没有可用的设备",
    "device_fault": "设备故障",
    "device_unknown": "设备状态不明",
    "supply_out": "耗材用完",
    "department_down": "部门系统没有应答",
    "department_cut": "部门系统连续出错",
    "department_closed": "部门系统不开放",
    "probe_failed": "拨测没有通过",
    "hours_unconfirmed": "办理时间待部门确认",
    "connector_unknown": "没有探测到部门系统",
    "network_down": "网络中断",
}
"""Reasons of what cannot be begun, short, for figures and lists."""

ESTIMATED = "放假安排尚未公布，时间按周末推算"


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

    ``probe_failed``: why the newest try (拨测) of the item failed, in words; empty when it passed or there was none.
    ``estimated_from``: from when on the windows follow a calendar that nobody announced yet (推算).
    """

    confirmed: bool
    windows: tuple[Interval, ...] = ()
    probe_passed_at: datetime | None = None
    probe_failed: str = ""
    estimated_from: datetime | None = None


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
    """``reason`` is a code, ``text`` what a person reads (without times).

    ``until``: the next moment at which the truth changes when nothing but time goes on; None when it is not known or,
    for what is not stopped, further away than FAR_S.
    ``blockers`` names everything in the way, also what the first reason hides: ``printer:paper.upper=out``,
    ``department:closed``. ``notes``: what else a person should know before they come: paper is nearly out, the calendar
    is estimated.
    """

    truth: Truth
    reason: str
    text: str
    until: datetime | None = None
    blockers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Block:
    reason: str
    text: str
    blocker: str


_TERMINAL_BLOCKS: dict[str, tuple[str, str]] = {
    "silent": ("terminal_silent", "这台自助终端失去联系，不能确认可用"),
    "suspended": ("terminal_suspended", "这台自助终端已停用"),
    "preparing": ("terminal_preparing", "这台自助终端正在准备"),
    "unknown": ("terminal_unknown", "还没有收到这台自助终端的状态"),
}
_LINE_BLOCKS: dict[str, _Block] = {
    "down": _Block("department_down", "部门系统暂时没有应答", "department:down"),
    "cut": _Block("department_cut", "部门系统连续出错，暂时不再送件", "department:cut"),
}


def _terminal_block(terminal: str) -> list[_Block]:
    if terminal == "online":
        return []
    reason, text = _TERMINAL_BLOCKS.get(terminal, _TERMINAL_BLOCKS["unknown"])
    return [_Block(reason, text, f"terminal:{terminal}")]


def _device_blocks(
    needs: frozenset[str], states: Mapping[tuple[str, str], str], kinds: Mapping[str, str]
) -> list[_Block]:
    """What each needed kind of device lacks. A device that does not report is not assumed to work."""
    out: list[_Block] = []
    for kind in sorted(needs):
        mine = {k: s for k, s in states.items() if (kinds.get(k[0]) or kind_of(k[0])) == kind}
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


def _supply_blocks(needs: frozenset[str], supplies: Mapping[str, str]) -> tuple[list[_Block], list[str]]:
    """(what ran out, what is nearly out) by the count. Where a device tells the level itself its word is in its states,
    and the counted word has already given way to it.
    """
    out: list[_Block] = []
    low: list[str] = []
    for kind in sorted(needs):
        for group in EITHER_OF.get(kind, ()):
            told = {code: supplies[code] for code in group if supplies.get(code) in ("out", "low", "enough")}
            if not told:
                continue
            name = CONSUMABLES[next(iter(told))].name
            if all(word == "out" for word in told.values()):
                out.append(_Block("supply_out", f"{name}用完", f"{kind}:{next(iter(told))}=out"))
            elif "enough" not in told.values():
                low.append(f"{name}快用完")
    return out, low


def _low_by_device(needs: frozenset[str], states: Mapping[tuple[str, str], str], kinds: Mapping[str, str]) -> list[str]:
    """Consumables of which the device itself says that they are nearly out."""
    found = []
    for (subject, prop), state in sorted(states.items()):
        kind = kinds.get(subject) or kind_of(subject)
        consumable = told_by(kind, prop) if kind in needs else None
        if consumable is not None and consumable.word(state) == "low":
            found.append(f"{consumable.name}快用完")
    return found


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


@dataclass(frozen=True)
class _Standing:
    """Everything that is true whatever the hour, and what depends on it. One is made for one verdict."""

    needs: ItemNeeds
    hours: Hours
    stops: tuple[StopWindow, ...]
    connector: str
    first: tuple[_Block, ...]
    """What blocks before a planned stop: the terminal's own state."""
    devices: tuple[_Block, ...]

    @property
    def submits(self) -> bool:
        return self.needs.after_hours == AfterHours.SUBMIT

    def at(self, moment: datetime) -> Verdict:
        """The verdict at a moment, without its end."""
        is_open = find_at(self.hours.windows, moment) is not None
        blocks = [*self.first, *self._stops_at(moment), *self.devices, *self._department(is_open)]
        if blocks:
            known = tuple(dict.fromkeys(one.blocker for one in blocks))
            return Verdict(Truth.STOPPED, blocks[0].reason, blocks[0].text, None, known)
        if not self.hours.confirmed:
            return self._unconfirmed(moment)
        if self.submits:
            text = "现在可以提交，工作时间内审核" if is_open else "现在可以提交，下一个工作日审核"
            return Verdict(Truth.SUBMITTABLE, "handed_in", text)
        if self.needs.needs_live and self.connector != "ok":
            text = "还没有探测到部门系统的状态"
            return Verdict(Truth.UNCONFIRMED, "connector_unknown", text, None, ("department:unknown",))
        return Verdict(Truth.DOABLE, "open", "现在可以办理")

    def _stops_at(self, moment: datetime) -> list[_Block]:
        covering = [s for s in self.stops if s.start_at <= moment and (s.end_at is None or moment < s.end_at)]
        return [
            _Block("planned_stop", f"计划停用：{stop.reason}" if stop.reason else "计划停用", "stop:planned")
            for stop in covering
        ]

    def _department(self, is_open: bool) -> list[_Block]:
        # what is handed in at night waits in the center: the department's system need not answer before it opens
        waits = self.submits and self.hours.confirmed and not is_open
        blocks = []
        if self.needs.needs_live and not waits:
            if self.connector in _LINE_BLOCKS:
                blocks.append(_LINE_BLOCKS[self.connector])
            elif self.hours.probe_failed:
                text = f"最近一次拨测没有通过：{self.hours.probe_failed}"
                blocks.append(_Block("probe_failed", text, "probe:failed"))
        if self.hours.confirmed and not is_open and not self.submits:
            blocks.append(_Block("department_closed", "部门系统此时不开放", "department:closed"))
        return blocks

    def _unconfirmed(self, moment: datetime) -> Verdict:
        probe = self.hours.probe_passed_at
        if probe is not None and timedelta(0) <= moment - probe < timedelta(seconds=PROBE_FRESH_S):
            if self.submits:
                return Verdict(Truth.SUBMITTABLE, "probe_passed", "最近一次拨测通过，现在可以提交")
            return Verdict(Truth.DOABLE, "probe_passed", "最近一次拨测通过，现在可以办理")
        text = "部门还没有确认这个事项的办理时间"
        return Verdict(Truth.UNCONFIRMED, "hours_unconfirmed", text, None, ("department:unconfirmed",))

    def next_change(self, now: datetime, truth: Truth) -> datetime | None:
        """The next moment at which time alone makes the truth another one; None when it does not, or is not known.

        Beyond the last window that is known nothing is: there only the end of a stop that lasts so long is told.
        """
        known_to = max((w.end for w in self.hours.windows), default=None) if self.hours.confirmed else None
        for edge in self._edges(now):
            if known_to is not None and edge >= known_to:
                ends = [s.end_at for s in self.stops if s.start_at <= now and s.end_at is not None and now < s.end_at]
                alone = not (self.first or self.devices or self._department(True))
                return max(ends) if ends and alone and max(ends) >= known_to else None
            if self.at(edge).truth is not truth:
                return edge
        return None

    def _edges(self, now: datetime) -> list[datetime]:
        probe = self.hours.probe_passed_at
        edges = [probe + timedelta(seconds=PROBE_FRESH_S)] if probe is not None else []
        edges += [edge for w in self.hours.windows for edge in (w.start, w.end)]
        edges += [edge for s in self.stops for edge in (s.start_at, s.end_at) if edge is not None]
        return sorted({edge for edge in edges if edge > now})


def _soon(until: datetime | None, now: datetime) -> datetime | None:
    return until if until is not None and until - now <= timedelta(seconds=FAR_S) else None


def _is_estimated(verdict: Verdict, hours: Hours, now: datetime) -> bool:
    """Whether what is said now hangs on days that nobody announced yet."""
    if not hours.confirmed or hours.estimated_from is None or verdict.truth is Truth.MACHINE:
        return False
    return now >= hours.estimated_from or (verdict.until is not None and verdict.until >= hours.estimated_from)


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
    supplies: Mapping[str, str] | None = None,
) -> Verdict:
    """What a person can do with this item, here, now.

    ``connector``: ok | down | cut | unknown; down as last asked, cut while the circuit breaker sends nothing.
    ``terminal``: online | silent | suspended | unknown. ``kinds``: subject → kind as the terminal reported it.
    ``supplies``: consumable → out | low | enough, by the count (rules.consumables).
    Order: own machine, terminal, planned stop, devices and what they use up, department's system, hours.
    A silent terminal's device states are old news and not named. Hours nobody confirmed are never 可办 (only a fresh
    probe proves otherwise).
    """
    if not needs.driven:
        return _machine(needs)
    devices: list[_Block] = []
    notes: list[str] = []
    if terminal == "online":
        devices = _device_blocks(needs.needs, states, kinds or {})
        ran_out, low = _supply_blocks(needs.needs, supplies or {})
        # one word for one thing: where the device itself says that it is out, the count is not named beside it
        devices += [one for one in ran_out if not any(d.text.endswith(("缺纸", "用完")) for d in devices)]
        notes = list(dict.fromkeys([*_low_by_device(needs.needs, states, kinds or {}), *low]))
    standing = _Standing(needs, hours, tuple(stops), connector, tuple(_terminal_block(terminal)), tuple(devices))
    verdict = standing.at(now)
    until = standing.next_change(now, verdict.truth)
    if verdict.truth is not Truth.STOPPED:
        until = _soon(until, now)
    verdict = replace(verdict, until=until)
    if _is_estimated(verdict, hours, now):
        notes.append(ESTIMATED)
    return replace(verdict, notes=tuple(notes)) if notes else verdict
