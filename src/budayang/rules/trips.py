"""白跑率: what a trip is, when it was wasted, and the exact definition that stands beside every such figure.

One trip is one stay at a terminal, from the first touch to the page that clears, in which at least one item was begun
or refused; or one door that a person found locked and said so. Nobody is recognised: two stays of one person are two
trips.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

RESULTS: tuple[str, ...] = ("finished", "unfinished", "refused", "locked")
RESULT_NAMES: dict[str, str] = {
    "finished": "办成",
    "unfinished": "开始了没办成",
    "refused": "不让开始",
    "locked": "门没开",
}
WASTED: frozenset[str] = frozenset({"unfinished", "refused", "locked"})
SOURCES: tuple[str, ...] = ("terminal", "person")

DEFINITION: tuple[tuple[str, str], ...] = (
    (
        "白跑率",
        "白跑的趟数 ÷ 全部趟数。没有一趟时不算，写“无”，不写 0。",
    ),
    (
        "一趟",
        "在一台自助终端上从第一次触摸到清屏，其间至少选过一件事（开始办理，或打开后不能开始）；"
        "或有人在公众页面报告“到了，门没开”。不认人：同一个人来两次算两趟。",
    ),
    ("门没开", "市民在公众页面报告自助区在承诺开放的时间锁着门。门锁着而没有人报告的，数不到。"),
    ("不让开始", "这一趟里选过的事，没有一件能开始：打开时写着暂停服务或待部门确认。"),
    (
        "开始了没办成",
        "这一趟开始过办理，但没有一件办成：中途退出、超时清屏、部门没有办理、待核，或纸没有打出来。"
        "群众自己改主意退出的也在内，分不开。",
    ),
    (
        "办成",
        "这一趟至少一件事到了头：材料取走，或部门收下（可提交的事项），或在屏幕上看到了要查的结果。",
    ),
    (
        "不计入",
        "只看没选事项的触摸、工作人员的测试、拨测；整台终端停用时来的人（屏幕上没有可选的事，数不到）；"
        "不运行本平台程序的部门专机（没有记录）。",
    ),
)


@dataclass(frozen=True)
class Try:
    """One item in a stay: ``result`` is finished, unfinished or refused, ``step`` where it ended, ``why`` a code."""

    item: str
    result: str
    step: str = ""
    why: str = ""


def sum_up(tries: Sequence[Try]) -> Try | None:
    """The trip that these tries are, best first: one finished item makes the whole trip worth it. None for none."""
    order = {result: rank for rank, result in enumerate(RESULTS)}
    known = [one for one in tries if one.result in ("finished", "unfinished", "refused")]
    return min(known, key=lambda one: order[one.result]) if known else None


@dataclass(frozen=True)
class Rate:
    """``value`` is None when there was no trip: no trip is not a rate of zero."""

    trips: int
    finished: int
    unfinished: int
    refused: int
    locked: int

    @property
    def wasted(self) -> int:
        return self.unfinished + self.refused + self.locked

    @property
    def value(self) -> float | None:
        return self.wasted / self.trips if self.trips else None


def rate(counts: Mapping[str, int]) -> Rate:
    """The rate of result → number of trips."""
    found = {result: counts.get(result, 0) for result in RESULTS}
    return Rate(sum(found.values()), found["finished"], found["unfinished"], found["refused"], found["locked"])


def add(rates: Iterable[Rate]) -> Rate:
    """Rates of several areas together."""
    rows = list(rates)
    return Rate(
        sum(one.trips for one in rows),
        sum(one.finished for one in rows),
        sum(one.unfinished for one in rows),
        sum(one.refused for one in rows),
        sum(one.locked for one in rows),
    )
