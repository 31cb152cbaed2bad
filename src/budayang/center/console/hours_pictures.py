"""Hours as pictures and words: the bar of a sum, the lane of a day, and what every figure means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.strips import HATCHED, UNITS, Piece
from budayang.center.maintenance.hours_queries import DayRow
from budayang.center.platform.wording import words
from budayang.rules import hours as rules
from budayang.rules.causes import BUCKETS, Bucket
from budayang.rules.hours import BUCKET_ORDER, Tally, moment

HOUR_US = 3_600_000_000
WEEKDAYS = (
    gettext_lazy("一"), gettext_lazy("二"), gettext_lazy("三"), gettext_lazy("四"), gettext_lazy("五"),
    gettext_lazy("六"), gettext_lazy("日"),
)  # fmt: skip
ANSWERS: dict[str, str | Promise] = {
    "manager": gettext_lazy("综合管理单位"),
    "owner": gettext_lazy("设备归属单位"),
    "vendor": gettext_lazy("运维商"),
    "department": gettext_lazy("部门系统"),
    "center": gettext_lazy("平台运维"),
    "nobody": gettext_lazy("不归责"),
}
DEFINITIONS: tuple[tuple[str | Promise, str | Promise], ...] = (
    (gettext_lazy("承诺时间"), gettext_lazy(
        "自助区公布的开放时间，从终端首次入网起算；只由他人监测的专机从登记起算。精确到微秒，由时段计算，不取样。")),
    (gettext_lazy("可用时间"), gettext_lazy(
        "承诺时间内没有任何一项承诺的功能缺失：场所开放，供电、网络、终端、程序正常，影响群众的部件都正常。")),
    (gettext_lazy("应计时间"), gettext_lazy(
        "承诺时间减去事先公告的计划停用和监测中断。可用率 = 可用时间 ÷ 应计时间。")),
    (gettext_lazy("归因"), gettext_lazy(
        "每个不可用的时刻只归一个原因。几个原因重叠时依次取：计划停用、监测中断、场所、供电、网络、被人关机、人为损坏、"
        "本平台软件、设备故障、耗材、部门系统、未能判定。")),
    (gettext_lazy("未能判定"), gettext_lazy("没有证据说明原因的不可用时间。不归责，计入应计时间；证据后到时改归。")),
    (gettext_lazy("监测中断"), gettext_lazy(
        "没有人能看到机器的时间：管理平台接收程序不在、中继失联，或者专机没有任何来源能说明。既不算可用，也不归责。")),
    (gettext_lazy("计划停用"), gettext_lazy("只从公告时刻起算；事后补写的公告不能抵消已经发生的时间。")),
    (gettext_lazy("事项时间"), gettext_lazy(
        "承诺：自助区开放、终端提供该事项、部门确认的办理时间内（夜间可提交的事项为全部开放时间）；部门没有确认的不算承诺。"
        "可用：该事项需要的部件、终端和部门系统都正常。事项目录和部门时间没有历史，按现在的设置回算。")),
    (gettext_lazy("结算与更正"), gettext_lazy(
        "每天零点后结算前一天；迟到的数据只重算它涉及的日子，原来的数保留可查。当天的数现算，不在汇总中。")),
    (gettext_lazy("不包括"), gettext_lazy("未入网的终端、退役的终端、监测中继，以及公布开放时间之前的时间。")),
)  # fmt: skip


def month_word(month: date) -> str:
    """2026年11月."""
    return _("%(year)d年%(month)d月") % {"year": month.year, "month": month.month}


def month_of_text(text: str) -> date | None:
    """The first day of "2026-11"; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class BarPart:
    """A part of a bar 1,000 wide."""

    x: float
    width: float
    css: str
    hatched: bool
    word: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Promised time as one bar: usable first, then every bucket with time in it."""

    parts: tuple[BarPart, ...]
    words: str


def hours_text(us: int) -> str:
    """1,234.5 (hours)."""
    return f"{us / HOUR_US:,.1f}"


def share_text(found: Tally) -> str:
    """98.3 %, rounded down: 100.0 % is only what was whole."""
    return "" if not found.counted else f"{floor(found.usable * 1000 / found.counted) / 10:.1f} %"


def css_of(bucket: Bucket | None) -> str:
    return f"k-{bucket.value}" if bucket else "k-usable"


def word_of(bucket: Bucket | None) -> str:
    return words(BUCKETS[bucket].name) if bucket else _("可用")


def losses(found: Tally) -> list[tuple[Bucket, int]]:
    """Buckets with time in them, the most first."""
    return sorted(found.by_bucket().items(), key=lambda pair: -pair[1])


def losses_text(found: Tally, most: int = 2) -> str:
    """The largest losses in words."""
    return "，".join(
        _("%(cause)s %(hours)s 小时") % {"cause": word_of(bucket), "hours": hours_text(us)}
        for bucket, us in losses(found)[:most]
    )


def bar_of(found: Tally) -> Bar | None:
    """The bar of a sum; None when nothing was promised."""
    if not found.promised:
        return None
    parts: list[BarPart] = []
    at = 0
    for bucket, us in [(None, found.usable), *losses(found)]:
        if us:
            word = _("%(cause)s %(hours)s 小时") % {"cause": word_of(bucket), "hours": hours_text(us)}
            x, width = at * 1000 / found.promised, us * 1000 / found.promised
            parts.append(BarPart(round(x, 2), round(width, 2), css_of(bucket), bucket in HATCHED, word))
            at += us
    return Bar(tuple(parts), "，".join(one.word for one in parts))


@dataclass(frozen=True, slots=True)
class DayLane:
    """A day of the month's picture, in minutes of the day."""

    on: date
    label: str
    weekend: bool
    pieces: tuple[Piece, ...]
    share: str
    words: str
    published: bool
    version: int


def day_lane(day: DayRow) -> DayLane:
    """One line of a terminal's month."""
    pieces = tuple(_piece(one, day) for one in day.pieces)
    weekday = day.on.weekday()
    told = losses_text(day.tally, 3) or (_("全部可用") if day.tally.promised else _("没有承诺"))
    return DayLane(
        on=day.on,
        label=_("%(day)d日 %(weekday)s") % {"day": day.on.day, "weekday": WEEKDAYS[weekday]},
        weekend=weekday >= 5,
        pieces=pieces,
        share=share_text(day.tally),
        words=told,
        published=day.published is not None,
        version=day.published.version if day.published else 0,
    )


def _piece(one: rules.Piece, day: DayRow) -> Piece:
    start, end, by = one
    bucket = BUCKET_ORDER[by.bucket] if by else None
    # On the day on which the clock moves, 23 or 25 hours fill the same width.
    whole = (timezone.localtime(day.start).replace(hour=0) + timedelta(days=1) - day.start).total_seconds() * 1_000_000
    origin = rules.micros(day.start)
    since, until = timezone.localtime(moment(start)), timezone.localtime(moment(end))
    return Piece(
        x=round((start - origin) / whole * UNITS, 2),
        width=round((end - start) / whole * UNITS, 2),
        css=css_of(bucket),
        hatched=bucket in HATCHED,
        word=f"{word_of(bucket)} {since:%H:%M}—{'24:00' if until.date() > since.date() else f'{until:%H:%M}'}",
    )


def legend_of(found: Tally) -> list[tuple[str, str, bool]]:
    """(css, word, hatched) of the buckets that occur."""
    return [(css_of(bucket), word_of(bucket), bucket in HATCHED) for bucket in found.by_bucket()]


def add_up(days: Sequence[DayRow]) -> Tally:
    """All days together."""
    found = Tally()
    for one in days:
        found.add(one.tally)
    return found
