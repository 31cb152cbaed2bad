"""What a terminal can be ordered to do, the life of one order at one terminal, and when a roll-out must stop itself.

Commands are pulled by the terminal and signed for it; the same table of kinds is read by the center, which offers and
explains them, and by the terminal, which waits and announces by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# --- kinds ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommandKind:
    """``name`` is the word on the wire. ``effect`` tells who orders it what it does to people at the machine.

    ``waits``: only while no journey is open; ``announce_s``: how long the screen says beforehand what will happen.
    ``valid_s``: how long it may wait for the terminal by default. ``limit_s``: how long it may run before the center
    gives up waiting for an answer. ``again``: it may be begun again after a kill without doing anything twice that
    people notice. ``bodies``: bodies' people who may order it for machines of theirs: owner, vendor.
    """

    name: str
    label: str
    effect: str
    waits: bool = False
    announce_s: int = 0
    announcement: str = ""
    valid_s: int = 3600
    limit_s: int = 600
    again: bool = True
    bodies: frozenset[str] = frozenset({"owner", "vendor"})
    offered: bool = True

    @property
    def disruptive(self) -> bool:
        """Whether people standing there notice; the reason is then shown on the screen."""
        return self.waits


_OWNER = frozenset({"owner"})
_NOBODY: frozenset[str] = frozenset()

KINDS: tuple[CommandKind, ...] = (
    CommandKind(
        "test_print",
        "打印测试页",
        "等没有人办理时打印一张测试页，约 10 秒；期间不能开始办理。",
        waits=True,
        announce_s=3,
        announcement="本机马上打印一张测试页",
        valid_s=6 * 3600,
        limit_s=300,
    ),
    CommandKind(
        "self_test",
        "自检（不出纸）",
        "马上逐一询问各设备和线路，不打印、不打断办理，约 5 秒。",
        valid_s=120,
        limit_s=60,
    ),
    CommandKind(
        "restart_application",
        "重启自助服务程序",
        "等没有人办理时重启程序，约 20 秒不能用；屏幕提前 30 秒告知。",
        waits=True,
        announce_s=30,
        announcement="自助服务程序将重新启动，约 20 秒后恢复",
        again=False,
    ),
    CommandKind(
        "restart_machine",
        "重启整机",
        "等没有人办理时重启整台机器，约 3 分钟不能用；屏幕提前 60 秒告知。",
        waits=True,
        announce_s=60,
        announcement="本机将重新启动，约 3 分钟后恢复",
        limit_s=1200,
        again=False,
        bodies=_OWNER,
    ),
    CommandKind(
        "out_of_service",
        "暂停对外服务",
        "等没有人办理时停止接待，屏幕写明原因和附近能办的地方，直到恢复。",
        waits=True,
        announce_s=30,
        announcement="本机将暂停服务",
        valid_s=12 * 3600,
        bodies=_OWNER,
    ),
    CommandKind("into_service", "恢复对外服务", "马上恢复接待。", valid_s=12 * 3600, bodies=_OWNER),
    CommandKind(
        "show_notice", "显示通知", "首页上多一条通知，不打断办理。", valid_s=24 * 3600, bodies=_OWNER
    ),
    CommandKind("clear_notice", "撤下通知", "首页上的通知撤下。", valid_s=24 * 3600, bodies=_OWNER),
    CommandKind(
        "screenshot",
        "截取屏幕",
        "只在首页或暂停服务页截取；有人办理时终端拒绝，照片里不会有人的信息。",
        bodies=_OWNER,
    ),
    CommandKind(
        "collect_diagnostics", "收集诊断信息", "取版本、设备状态和不含个人信息的最近日志，不影响办理。"
    ),
    CommandKind(
        "update_software",
        "升级软件",
        "等没有人办理时换上新版本并重启程序，约 1 分钟；起不来自动退回旧版本。屏幕提前 60 秒告知。",
        waits=True,
        announce_s=60,
        announcement="本机将升级软件并重新启动，约 1 分钟后恢复",
        valid_s=48 * 3600,
        limit_s=3600,
        again=False,
        bodies=_NOBODY,
        offered=False,
    ),
    CommandKind(
        "cancel", "取消指令", "还没有开始的那条指令不再执行。", valid_s=3600, bodies=_NOBODY, offered=False
    ),
)  # fmt: skip
BY_NAME: dict[str, CommandKind] = {kind.name: kind for kind in KINDS}
MOST_VALID_S = 3 * 86400
"""Longest term of a command: shorter than the seven days for which a terminal remembers what it has done."""
CLOCK_TOLERANCE_S = 120
EMERGENCY_WORD = "立即执行"
"""What a person types to confirm an order that does not wait for the people at the machine."""


def get_kind(name: str) -> CommandKind:
    """Raises KeyError."""
    return BY_NAME[name]


# --- one order at one terminal --------------------------------------------------------------------------------------

STATE_NAMES: dict[str, str] = {
    "queued": "待取走",
    "delivered": "已送达",
    "running": "执行中",
    "done": "已完成",
    "failed": "没有做成",
    "expired": "已过期",
    "cancelled": "已取消",
}
STATES: tuple[str, ...] = tuple(STATE_NAMES)
OPEN_STATES: frozenset[str] = frozenset({"queued", "delivered", "running"})
FINAL_STATES: frozenset[str] = frozenset(STATES) - OPEN_STATES

TRANSITIONS: dict[tuple[str, str], str] = {
    ("queued", "delivered"): "delivered",
    ("queued", "withdrawn"): "cancelled",
    ("queued", "expired"): "expired",
    ("delivered", "expired"): "expired",
    ("running", "lost"): "failed",
}
for _state in ("queued", "delivered"):
    # the acknowledgement and the first report may be read in either order
    for _event, _after in (("running", "running"), ("done", "done"), ("failed", "failed"), ("cancelled", "cancelled")):
        TRANSITIONS[_state, _event] = _after
for _event, _after in (("done", "done"), ("failed", "failed"), ("cancelled", "cancelled")):
    TRANSITIONS["running", _event] = _after
for _state in ("expired", "cancelled"):
    # What the terminal says of itself is true, also when it says it late (it was off line, or had begun already).
    for _event in ("running", "done", "failed"):
        TRANSITIONS[_state, _event] = _event
TRANSITIONS["failed", "done"] = "done"  # given up as lost, and it came back with the result


def next_state(state: str, event: str) -> str | None:
    """The state after the event; None when the event does not fit: it is old news, or somebody was first."""
    return TRANSITIONS.get((state, event))


REASONS: dict[str, str] = {
    "": "",
    "no_printer": "这台终端没有打印机",
    "paper_out": "打印机缺纸",
    "jam": "打印机卡纸",
    "offline": "打印机没有应答",
    "cover_open": "打印机盖子没有关好",
    "aborted": "打印没有完成",
    "journey_open": "有人正在办理，没有截取",
    "not_available": "这台终端没有配置这项能力",
    "tool_failed": "终端上的工具没有成功",
    "wrong_terminal": "终端拒绝：指令不是发给它的",
    "bad_signature": "终端拒绝：指令的签名不对",
    "expired": "终端拒绝：指令已经过期",
    "not_yet": "终端拒绝：还没有到执行时间，或终端的时钟不准",
    "already_done": "终端拒绝：这条指令做过了",
    "unknown": "终端的程序不认识这条指令",
    "interrupted": "执行到一半时程序中断，没有重做",
    "machine_did_not_restart": "程序重启了，整机没有重启",
    "upload_failed": "文件没有传上来",
    "too_large": "文件太大",
    "bad_manifest": "升级包的发布签名不对",
    "download_failed": "升级包没有取到",
    "downgrade": "升级包不比现在的版本新",
    "bad_package": "升级包与清单不符",
    "install_failed": "新版本没有装上",
    "rolled_back": "新版本没有正常起来，已退回旧版本",
    "no_answer": "超过时限没有回音",
    "low_space": "磁盘空间不够",
}


def reason_text(reason: str) -> str:
    """What a person reads; a word that the table does not know is shown as it came."""
    return REASONS.get(reason, reason)


# --- roll-outs in rings ---------------------------------------------------------------------------------------------

RING_NAMES: tuple[str, ...] = ("第一台", "十分之一", "全部")
ROLLOUT_NAMES: dict[str, str] = {"running": "进行中", "paused": "已停下", "done": "已完成", "cancelled": "已取消"}
ROLLOUT_STATES: tuple[str, ...] = tuple(ROLLOUT_NAMES)
ROLLOUT_TRANSITIONS: dict[tuple[str, str], str] = {
    ("running", "pause"): "paused",
    ("running", "finish"): "done",
    ("running", "cancel"): "cancelled",
    ("paused", "resume"): "running",
    ("paused", "cancel"): "cancelled",
}
RING_SHARE = 0.10
SOAK_S = (1800, 3600, 0)
"""How long a ring's terminals must have run the new version before the next ring begins."""
FAILED_MOST = (0, 0, 2)
"""So many failures of one ring are borne, whatever its size. In the first two rings none is."""
FAILED_SHARE = 0.05
"""Beyond it the last ring stops, when there were more failures than are borne whatever the size."""
UPDATE_PREFERENCE: dict[str, int] = {"first": 0, "early": 1, "normal": 2}


def ring_of(terminals: Sequence[tuple[str, str]]) -> dict[str, int]:
    """terminal code → ring 0, 1 or 2, of (code, preference) by ``UPDATE_PREFERENCE``; the order of codes decides ties.

    One terminal is in the first ring; the first two rings together hold a tenth, at least two terminals.
    """
    ordered = sorted(terminals, key=lambda one: (UPDATE_PREFERENCE.get(one[1], 2), one[0]))
    tenth = max(2, math.ceil(len(ordered) * RING_SHARE))
    return {code: 0 if place == 0 else 1 if place < tenth else 2 for place, (code, _preference) in enumerate(ordered)}


@dataclass(frozen=True)
class RolloutVerdict:
    """``step``: wait, next (begin the next ring), finish or pause; ``why`` says so in Chinese."""

    step: str
    why: str = ""


def judge_rollout(
    ring: int, last_ring: int, states: Mapping[str, int], last_done_at: datetime | None, now: datetime
) -> RolloutVerdict:
    """What a running roll-out does now. ``states``: how many runs of this ring are in which state.

    Expired runs (a terminal that was off for days) are neither success nor failure: they do not stop it.
    """
    failed, done = states.get("failed", 0), states.get("done", 0)
    ended = failed + done
    waiting = sum(states.get(one, 0) for one in OPEN_STATES)
    name = RING_NAMES[ring]
    if failed > FAILED_MOST[ring] and (ring < 2 or failed > FAILED_SHARE * ended):
        return RolloutVerdict("pause", f"“{name}”这一批里 {ended} 台有结果，{failed} 台没有成功，超过允许的范围")
    if waiting:
        return RolloutVerdict("wait", f"“{name}”这一批还有 {waiting} 台没有结果")
    if not done:
        return RolloutVerdict("pause", f"“{name}”这一批没有一台升级成功，不能说明新版本可用")
    if ring >= last_ring:
        return RolloutVerdict("finish", "全部终端都有了结果")
    if last_done_at is not None and now - last_done_at < timedelta(seconds=SOAK_S[ring]):
        until_min = math.ceil((timedelta(seconds=SOAK_S[ring]) - (now - last_done_at)).total_seconds() / 60)
        return RolloutVerdict("wait", f"“{name}”这一批已升级，再观察 {until_min} 分钟")
    return RolloutVerdict("next", f"“{name}”这一批 {done} 台成功")


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """Orders versions "1.10.2" > "1.9"; a part that is no number counts below any number ("1.2.rc1" < "1.2.0")."""
    return tuple((1, int(part)) if part.isdecimal() else (0, part) for part in version.split("."))
