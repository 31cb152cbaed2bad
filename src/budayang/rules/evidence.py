"""What settles why a terminal was silent, from what it says when it is back. Nobody is blamed without it.

A :class:`Line` is one thing that somebody or something said; an incident keeps its lines, and the verdict is computed
from them alone, so that a page can show why. Lines that contradict each other settle nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from budayang.rules.incident_kinds import Bucket


@dataclass(frozen=True, slots=True)
class Line:
    """``source``: a terminal's code, "ups", "gateway" or "rule". ``word``: what the rules read; ``text``: what people
    read, in Chinese.
    """

    at: datetime
    source: str
    word: str
    text: str

    def plain(self) -> dict[str, str]:
        """As JSON keeps it."""
        return {"at": self.at.isoformat(), "source": self.source, "word": self.word, "text": self.text}


def line_of(plain: Mapping[str, str]) -> Line:
    """The inverse of ``Line.plain``."""
    return Line(datetime.fromisoformat(plain["at"]), plain["source"], plain["word"], plain["text"])


@dataclass(frozen=True)
class Proof:
    """One word of evidence and the bucket that it proves for the terminal that said it."""

    word: str
    bucket: Bucket
    text: str


PROOFS: tuple[Proof, ...] = (
    Proof("switched_off", Bucket.SWITCHED_OFF, "有人关了机"),
    Proof("ordered", Bucket.PLANNED, "按管理平台下发的命令停机"),
    Proof("updated", Bucket.SOFTWARE, "为更新本平台软件而停机"),
    Proof("ups_shutdown", Bucket.POWER, "电池将尽，由不间断电源关机"),
    Proof("battery", Bucket.POWER, "失联之前，不间断电源已改由电池供电"),
    Proof("boots_together", Bucket.POWER, "同一自助区的几台终端先后在异常断电后开机"),
    Proof("kept_running", Bucket.NETWORK, "失联期间程序一直在运行，只是连不上管理平台"),
    Proof("gateway", Bucket.NETWORK, "失联期间区内网关仍有应答"),
    Proof("program_died", Bucket.SOFTWARE, "机器没有重启，自助服务程序自己异常退出"),
)
PROOF: dict[str, Proof] = {one.word: one for one in PROOFS}
# What is said and proves nothing by itself: an unclean boot of one machine may be a plug, a crash, a fuse.
BOOT_UNCLEAN = "boot_unclean"
UNSETTLED: dict[str, str] = {
    BOOT_UNCLEAN: "机器在没有正常关机的情况下重新开机：断电、拔插头、死机都可能",
    "boot_clean": "机器正常关机后重新开机，没有记下是谁关的",
    "program_stopped": "自助服务程序正常退出后重新启动，没有记下原因",
    "system_stop": "操作系统关闭了自助服务程序，没有记下原因",
    "boot_unknown": "机器重新开机，此前怎样停的没有记录",
}
_BY = {"person": "switched_off", "command": "ordered", "update": "updated", "power": "ups_shutdown"}
_REASONS = {"dns": "域名解析失败", "connect": "连接失败", "timeout": "超时", "http": "服务端返回错误", "other": "其他"}


@dataclass(frozen=True, slots=True)
class Settled:
    """``bucket`` UNDETERMINED: nothing is proven; ``text`` says why."""

    bucket: Bucket
    text: str


def _moment(body: Mapping[str, Any], name: str, otherwise: datetime) -> datetime:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 4e12:
        return otherwise
    return datetime.fromtimestamp(value / 1000, UTC)


def _said(at: datetime, terminal: str, word: str, more: str = "") -> Line:
    text = PROOF[word].text if word in PROOF else UNSETTLED[word]
    return Line(at, terminal, word, f"{text}{more}")


def read_started(terminal: str, body: Mapping[str, Any], at: datetime) -> Line | None:
    """``started`` of contract: {"cause": boot|program, "stopped": clean|unclean|unknown, "by": ..., "boot_at_ms"}. None
    when it says nothing that the rules know.
    """
    cause, stopped, by = body.get("cause"), body.get("stopped"), str(body.get("by") or "")
    when = _moment(body, "boot_at_ms", at) if cause == "boot" else at
    if stopped == "clean":
        word = _BY.get(by) or ("boot_clean" if cause == "boot" else "program_stopped")
        return _said(when, terminal, word)
    if cause == "boot":
        return _said(when, terminal, BOOT_UNCLEAN if stopped == "unclean" else "boot_unknown")
    return _said(when, terminal, "program_died") if cause == "program" and stopped == "unclean" else None


def read_stopping(terminal: str, body: Mapping[str, Any], at: datetime) -> Line | None:
    """``stopping``: {"by": person|command|update|system}."""
    by = str(body.get("by") or "")
    word = _BY.get(by) or ("system_stop" if by == "system" else "")
    return _said(at, terminal, word) if word else None


def read_reconnected(terminal: str, body: Mapping[str, Any], at: datetime) -> Line | None:
    """``reconnected``: {"lost_at_ms", "found_at_ms", "reason": dns|connect|timeout|http|other}.

    An error that the center itself answered with proves nothing about the line.
    """
    reason = str(body.get("reason") or "other")
    if reason == "http":
        return None
    return _said(_moment(body, "lost_at_ms", at), terminal, "kept_running", f"（{_REASONS.get(reason, reason)}）")


Reader = Callable[[str, Mapping[str, Any], datetime], Line | None]
READERS: dict[str, Reader] = {
    "started": read_started,
    "stopping": read_stopping,
    "reconnected": read_reconnected,
}
"""Kinds of events of a terminal program that are evidence."""


def settle_terminal(lines: Sequence[Line]) -> Settled:
    """Whose minutes the silence of one terminal is, by what was said of it."""
    proven = {PROOF[line.word].bucket: PROOF[line.word].text for line in lines if line.word in PROOF}
    # Who shut down because of the battery says so too: one and the same thing.
    if len(proven) > 1:
        return Settled(Bucket.UNDETERMINED, "证据互相矛盾：" + "、".join(sorted(proven.values())))
    for bucket, text in proven.items():
        return Settled(bucket, text)
    said = next((UNSETTLED[line.word] for line in reversed(lines) if line.word in UNSETTLED), "")
    return Settled(Bucket.UNDETERMINED, said or "没有说明原因的证据")


def booted_together(lines: Sequence[Line], within_s: float) -> set[str]:
    """Terminals that booted after an unclean end within ``within_s`` of another one; never just one."""
    boots = sorted((line.at, line.source) for line in lines if line.word == BOOT_UNCLEAN)
    near = timedelta(seconds=within_s)
    out: set[str] = set()
    for (first_at, first), (next_at, after) in pairwise(boots):
        if first != after and next_at - first_at <= near:
            out |= {first, after}
    return out


def settle_area(lines: Sequence[Line], members: int, numbers: Mapping[str, float]) -> Settled:
    """Whose minutes the fault of an area is: ``members`` terminals were silent, ``lines`` is what was said.

    ``numbers``: rules/inference.NUMBER. A UPS that ran on battery settles it unless the terminals say otherwise.
    """
    told = {line.source: line.word for line in lines if line.word in PROOF or line.word == BOOT_UNCLEAN}
    general = {line.word for line in lines if line.source in ("ups", "gateway")}
    told = {source: word for source, word in told.items() if source not in ("ups", "gateway", "rule")}
    together = booted_together(lines, numbers["boot_together_s"])
    votes: Counter[Bucket] = Counter()
    for source, word in told.items():
        if word == BOOT_UNCLEAN and source in together:
            votes[Bucket.POWER] += 1
        elif word in PROOF:
            votes[PROOF[word].bucket] += 1
    enough = max(numbers["told_least"], members * numbers["told_share"])
    if len(told) >= enough and votes:
        bucket, count = votes.most_common(1)[0]
        if count >= max(numbers["told_least"], len(told) * numbers["agree_share"]):
            return Settled(bucket, f"{len(told)}台终端说明了原因，其中{count}台一致")
        return Settled(Bucket.UNDETERMINED, f"{len(told)}台终端说明了原因，说法不一致")
    for word in ("battery", "gateway"):
        if word in general:
            return Settled(PROOF[word].bucket, PROOF[word].text)
    return Settled(Bucket.UNDETERMINED, "还没有足够的终端说明原因")
