"""Consumables as words and pictures: the level's bar, the week of use in 168 cells, the line of the level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.console.hours_pictures import WEEKDAYS, Bar, BarPart
from budayang.center.console.listing import State, Tone
from budayang.center.platform.wording import words
from budayang.center.terminals.models import SupplyFill, SupplyLevel
from budayang.rules.consumables import GRADE_NAMES, TELL_NAMES, Consumable, Grade, Tell, get_consumable
from budayang.rules.run_out_words import forecast_words
from budayang.rules.run_outs import Forecast, Profile, Why

TONES: dict[Tell, Tone] = {Tell.OUT: "stop", Tell.LOW: "warn", Tell.ENOUGH: "ok", Tell.UNKNOWN: "ask"}
BACK = timedelta(days=14)
AHEAD_MOST = timedelta(days=21)
WIDTH, HEIGHT = 720.0, 160.0
SHADES = 5
DEFINITIONS: tuple[tuple[str | Promise, str | Promise], ...] = (
    (gettext_lazy("还剩"), gettext_lazy(
        "最近一次补充后的数量减去此后计数的用量。设备自己的报告（充足、快用完、用完）与计数不一致时以设备为准，并写明差异。")),
    (gettext_lazy("怎么知道的"), gettext_lazy(
        "逐张计数：补充已登记，计数器没有中断。只有设备的报告：没有登记过补充，或计数器被重置、换过设备。不知道：两样都没有。")),
    (gettext_lazy("预计用完"), gettext_lazy(
        "按过去八周每周 168 个小时各自的平均用量推算，样本少的小时向总平均靠拢；只在承诺开放时间内消耗。"
        "括号里是有一成把握和有九成把握已经用完的时刻，离散程度由同一段用量实测。用量不足一周或太少时不预测。")),
    (gettext_lazy("下次有人"), gettext_lazy(
        "设备归属单位值班表上的下一班；没有值班表时按工作日办公时间算，并写明。")),
)  # fmt: skip


def level_state(row: SupplyLevel) -> State:
    """ "充足 380 张": one word, its number as far as known, and a shape."""
    tell, kind = Tell(row.tell), get_consumable(row.consumable)
    word = words(TELL_NAMES[tell])
    if row.amount is None or tell is Tell.OUT:
        return State(TONES[tell], word)
    most = "" if row.grade == Grade.COUNTED else _("至多 ")
    return State(TONES[tell], f"{word} {most}{row.amount} {words(kind.unit)}")


def level_bar(row: SupplyLevel) -> Bar | None:
    """The level as a part of the capacity; None when nobody knows a number."""
    if row.amount is None or row.grade != Grade.COUNTED:
        return None
    share = min(1.0, row.amount / row.capacity)
    css = f"lv-{TONES[Tell(row.tell)]}"
    label = _("%(share)d%%，容量 %(capacity)d") % {"share": round(share * 100), "capacity": row.capacity}
    parts = (
        BarPart(0, round(share * 1000, 1), css, False, label),
        BarPart(round(share * 1000, 1), round(1000 - share * 1000, 1), "lv-none", False, ""),
    )
    return Bar(parts, label)


def grade_word(row: SupplyLevel) -> str:
    return words(GRADE_NAMES[Grade(row.grade)])


def forecast_of(row: SupplyLevel) -> Forecast:
    """The stored forecast as the rules read it."""
    return Forecast(row.early_at, row.runs_out_at, row.late_at, Why(row.why), row.per_day)


def when_words(row: SupplyLevel, now: datetime) -> str:
    """When it runs out, in words with its uncertainty; why not, where nothing is foretold."""
    return words(forecast_words(forecast_of(row), row.terminal.area.place.zone, now))


def per_day_words(row: SupplyLevel) -> str:
    """ "约 46 张"."""
    if row.per_day is None:
        return ""
    shown = f"{row.per_day:.0f}" if row.per_day >= 10 else f"{row.per_day:.1f}"
    return _("约 %(n)s %(unit)s") % {"n": shown, "unit": words(get_consumable(row.consumable).unit)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week."""

    x: int
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the week: 24 cells of 10 units' width; `words` say the same without the picture."""

    label: str
    words: str
    cells: tuple[Cell, ...]


def week_picture(profile: Profile, kind: Consumable) -> list[DayRow]:
    """Mean use of each hour of the week; the darkest shade is the busiest hour."""
    most = max(profile.rates, default=0.0)
    rows = []
    for day in range(7):
        mine = profile.rates[day * 24 : day * 24 + 24]
        label = _("周%(day)s") % {"day": WEEKDAYS[day]}
        top = max(range(24), key=lambda hour: mine[hour])
        said = _("最忙 %(hour)02d 时，每小时约 %(n).1f %(unit)s；全天约 %(sum).0f %(unit)s") % {
            "hour": top, "n": mine[top], "unit": words(kind.unit), "sum": sum(mine),
        }  # fmt: skip
        cells = tuple(
            Cell(
                hour * 10,
                f"heat-{shade(mine[hour], most)}",
                f"{label} {hour:02d}:00—{(hour + 1) % 24:02d}:00  {mine[hour]:.1f} {words(kind.unit)}",
            )
            for hour in range(24)
        )
        rows.append(DayRow(label, said, cells))
    return rows


def shade(rate: float, most: float) -> int:
    """0 (nothing) to 5."""
    if rate <= 0 or most <= 0:
        return 0
    return min(SHADES, 1 + int(rate / most * (SHADES - 0.001)))


@dataclass(frozen=True, slots=True)
class LevelLine:
    """The level of the last days and the forecast, in a picture of 720 × 160. Points are SVG's."""

    past: str
    middle: str
    band: str
    limit_y: str
    now_x: str
    fills: tuple[tuple[str, str], ...]
    start: datetime
    end: datetime
    words: str


def level_line(
    row: SupplyLevel,
    uses: Sequence[tuple[datetime, float]],
    fills: Sequence[SupplyFill],
    now: datetime,
    low_ratio: float,
) -> LevelLine | None:
    """The line; None when the level is not counted."""
    if row.amount is None or row.grade != Grade.COUNTED:
        return None
    start = now - BACK
    late = row.late_at or row.runs_out_at
    end = min(max(late, now + timedelta(days=2)), now + AHEAD_MOST) if late else now + timedelta(days=2)

    def x(at: datetime) -> float:
        return (at - start) / (end - start) * WIDTH

    def y(level: float) -> float:
        return HEIGHT - 4 - max(0.0, min(level, row.capacity)) / row.capacity * (HEIGHT - 12)

    def point(at: datetime, level: float) -> str:
        return f"{x(at):.1f},{y(level):.1f}"

    steps = _past(row, uses, fills, start, now)
    past = " ".join(point(at, level) for at, level in steps)
    foretold = row.early_at is not None and row.runs_out_at is not None
    middle = f"{point(now, row.amount)} {point(row.runs_out_at, 0)}" if foretold and row.runs_out_at else ""
    last = row.late_at or end
    band = f"{point(now, row.amount)} {point(row.early_at, 0)} {point(last, 0)}" if foretold and row.early_at else ""
    kind = get_consumable(row.consumable)
    told = _("14 天前到现在：从 %(first)d 到 %(now)d %(unit)s，补充 %(fills)d 次；%(when)s") % {
        "first": round(steps[0][1]), "now": row.amount, "unit": words(kind.unit),
        "fills": sum(start <= one.at <= now for one in fills), "when": when_words(row, now),
    }  # fmt: skip
    marks = tuple((f"{x(one.at):.1f}", f"{y(one.after):.1f}") for one in fills if start <= one.at <= now)
    limit = f"{y(row.capacity * low_ratio):.1f}"
    return LevelLine(past, middle, band, limit, f"{x(now):.1f}", marks, start, end, told)


def _past(
    row: SupplyLevel,
    uses: Sequence[tuple[datetime, float]],
    fills: Sequence[SupplyFill],
    start: datetime,
    now: datetime,
) -> list[tuple[datetime, float]]:
    """(moment, level), oldest first, told backwards from the level now. It begins at the first fill that says what was
    there before; beyond it nobody knows.
    """
    level = float(row.amount or 0)
    found = [(now, level)]
    hour = timedelta(hours=1)
    changes: list[tuple[datetime, float, SupplyFill | None]] = [(at + hour, amount, None) for at, amount in uses]
    changes += [(one.at, 0.0, one) for one in fills]
    for at, amount, fill in sorted(changes, key=lambda one: one[0], reverse=True):
        if at <= start:
            break
        moment = min(at, now)
        found.append((moment, level))
        if fill is None:
            level = min(float(row.capacity), level + amount)
        elif fill.before is None:
            return found[::-1]
        else:
            level = float(fill.before)
        found.append((moment, level))
    found.append((start, level))
    return found[::-1]
