"""A quarter whose troubles are known minute by minute, written straight into the tables by a fixed seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.center.hall import Hall, build

from budayang.center.maintenance.models import Incident
from budayang.center.services.models import CalendarDay, Department, DepartmentHours, Item, Offering, Trip
from budayang.center.standard.models import Clause, Edition, EditionValue
from budayang.center.terminals.models import StatusInterval, SupplyCount, SupplyFill, SupplyLevel, Terminal
from budayang.rules.maintenance import get_cause

ZONE = ZoneInfo("Asia/Shanghai")
BORN = datetime(2026, 8, 20, tzinfo=UTC)
LATER = datetime(2026, 12, 3, tzinfo=UTC)
"""The moment of the trial: the quarter is over."""
MONTHS = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))
FIRST = datetime(2026, 9, 1, tzinfo=ZONE)
MINUTES = 91 * 1440
MINUTE = timedelta(minutes=1)
Minutes = tuple[int, int]
"""[start, end) in minutes of the quarter."""
NEVER = 10**9


def at(minute: int) -> datetime:
    return FIRST + minute * MINUTE


@dataclass
class Truth:
    """What troubled each machine, as plain lists of minutes; `dark`: not heard, `power`: the power cut itself."""

    power: list[Minutes] = field(default_factory=list)
    dark: dict[str, list[Minutes]] = field(default_factory=dict)
    jam: dict[str, list[Minutes]] = field(default_factory=dict)
    paper: dict[str, list[Minutes]] = field(default_factory=dict)
    fills: list[tuple[int, int]] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    """Minute of the hour → sheets, of the one machine that is counted."""
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    """(machine, item, minute)."""


def live() -> tuple[Hall, Truth]:
    """The hall with a quarter behind it."""
    hall, luck, truth = build(BORN), random.Random(20260901), Truth()
    Terminal.objects.update(enrolled_at=BORN)
    for one in (hall.terminal, hall.other):
        one.refresh_from_db()
        truth.dark[one.code], truth.jam[one.code], truth.paper[one.code] = [], [], []
    _cuts(hall, truth)
    _faults(hall, luck, truth)
    _paper(hall, truth)
    _items(hall)
    _people(hall, luck, truth)
    return hall, truth


def incident(
    kind: str, span: Minutes, *, terminal: Terminal | None = None, area: Any = None, component: str = ""
) -> Incident:
    cause = get_cause(kind)
    return Incident.objects.create(
        kind=kind, subject=f"x:{Incident.objects.count()}", title=cause.title, place_path="/", area=area,
        terminal=terminal, component=component, severity=cause.severity, bucket=cause.bucket, state="closed",
        opened_at=at(span[0]), noticed_at=at(span[0]), closed_at=at(span[1]),
    )  # fmt: skip


def _cuts(hall: Hall, truth: Truth) -> None:
    """Power cuts of minutes and of hours; two close together; machines come back some minutes after the power."""
    for start, length in ((3000, 20), (9000, 95), (9135, 40), (40000, 10), (70000, 300), (100000, 31)):
        cut = (start, start + length)
        truth.power.append(cut)
        incident("area_power", cut, area=hall.area)
        for n, one in enumerate((hall.terminal, hall.other)):
            span = (start, start + length + 3 * n)
            truth.dark[one.code].append(span)
            incident("terminal_silent", span, terminal=one)


def _state(terminal: Terminal, prop: str, state: str, span: Minutes) -> None:
    StatusInterval.objects.create(
        terminal=terminal, subject="printer", property=prop, kind="printer", state=state, since=at(span[0]),
        until=at(span[1]), received_at=at(span[1]),
    )  # fmt: skip


def _faults(hall: Hall, luck: random.Random, truth: Truth) -> None:
    """Jams, hours long, also during a power cut and over the end of a month."""
    for one in (hall.terminal, hall.other):
        minute = luck.randint(500, 2900)
        while minute < MINUTES - 3000:
            span = (minute, minute + luck.choice([15, 90, 400, 1900]))
            truth.jam[one.code].append(span)
            _state(one, "media", "jammed", span)
            minute = span[1] + luck.randint(2000, 9000)
    over = (30 * 1440 - 200, 30 * 1440 + 500)
    truth.jam[hall.other.code].append(over)
    _state(hall.other, "x-printer.queue", "paused", over)


def _paper(hall: Hall, truth: Truth) -> None:
    """The first machine is counted: two sheets an hour, 1,440 in a month of thirty days; it runs out on weekends."""
    supply = SupplyLevel.objects.create(
        terminal=hall.terminal, subject="printer", consumable="a4", capacity=500, counted_since=BORN
    )
    outages = [(11 * 1440 + 300, 13 * 1440 + 600), (25 * 1440, 27 * 1440), (46 * 1440 + 45, 48 * 1440 + 480)]
    for span in outages:
        truth.paper[hall.terminal.code].append(span)
        _state(hall.terminal, "paper.upper", "out", span)
        truth.fills.append((span[1], 400))
    truth.fills.insert(0, (10, 300))
    for minute, units in truth.fills:
        SupplyFill.objects.create(supply=supply, at=at(minute), after=units, source="person", by="试验")
    for day in range(91):
        # All of a day's sheets in the first hour after nine: 48 a day.
        minute = day * 1440 + 9 * 60
        truth.counts[minute] = 48
        SupplyCount.objects.create(supply=supply, hour_at=at(minute), amount=48)
    span = (60 * 1440, 61 * 1440)
    truth.paper[hall.other.code].append(span)  # nobody counts this one
    _state(hall.other, "paper.upper", "out", span)
    SupplyLevel.objects.create(terminal=hall.other, subject="printer", consumable="a4", capacity=500)


def _items(hall: Hall) -> None:
    CalendarDay.objects.create(on=date(2026, 10, 1), kind="holiday", name="国庆节", source="试验")
    weekly = [[day, "09:00", "17:00"] for day in range(5)]
    for code, name in (("RS", "人社"), ("SW", "税务")):
        department = Department.objects.create(code=code, name=name)
        if code == "RS":
            DepartmentHours.objects.create(department=department, weekly=weekly, confirmed_by="测试", confirmed_at=BORN)
        item = Item.objects.create(
            code=f"{code}-1", name=f"{name}打印", department=department, kind="print", audience="个人", live="no",
            after_hours="no", driven=True, needs=["printer"] if code == "RS" else [],
        )  # fmt: skip
        for terminal in (hall.terminal, hall.other):
            Offering.objects.create(item=item, terminal=terminal, driven=True, needs=item.needs)


def _people(hall: Hall, luck: random.Random, truth: Truth) -> None:
    """Refused at chance moments, often where a machine had a trouble."""
    moments = [minute for spans in (*truth.jam.values(), truth.power) for span in spans for minute in range(*span, 37)]
    for n in range(500):
        terminal = luck.choice([hall.terminal, hall.other])
        minute = luck.choice(moments) if n % 2 else luck.randrange(MINUTES)
        truth.refused.append((terminal.code, "RS-1", minute))
        Trip.objects.create(
            source="terminal", area=hall.area, terminal=terminal, place_path=hall.area.place.path, item_code="RS-1",
            result="refused", step="choose", why="stopped", at=at(minute),
        )  # fmt: skip
    for _n in range(60):
        Trip.objects.create(
            source="terminal", area=hall.area, terminal=hall.terminal, place_path=hall.area.place.path,
            item_code="RS-1", result="finished", at=at(luck.randrange(MINUTES)),
        )  # fmt: skip


def draft(now: datetime, **values: float) -> Edition:
    """A draft like the edition in force, with other values and without one clause."""
    old = Edition.objects.get(adoption="adopted")
    made = Edition.objects.create(
        code="DRAFT-1", title="草案", is_reference=False, state="draft", loaded_at=now, loaded_by="测试"
    )
    for clause in Clause.objects.filter(edition=old).exclude(code="JB-02"):
        clause.pk, clause.edition = None, made
        clause.save()
    for one in old.values.all():
        EditionValue.objects.create(
            edition=made, position=one.position, name=one.name, value=values.get(one.name, one.value),
            clause=one.clause,
        )  # fmt: skip
    return made


# Plain loops over minutes ---------------------------------------------------------------------------------------------


def bridged(truth: Truth, holds: int, recharge: int) -> set[int]:
    """Minutes of power cuts that a battery bridges, minute by minute."""
    cuts, out = set(), set()
    for start, end in truth.power:
        cuts |= set(range(start, end))
    charge = float(holds)
    for minute in range(MINUTES):
        if minute in cuts:
            if charge >= 1:
                out.add(minute)
                charge -= 1
        else:
            charge = min(holds, charge + holds / recharge)
    return out


def fed(truth: Truth, code: str, amount: float) -> set[int]:
    """Minutes of its paper outages that a machine lives on what is brought on Fridays at four, sheet by sheet: what is
    really there, what was brought beside it, and what an outage takes of it. It uses 48 sheets a day.
    """
    out = {minute for span in truth.paper[code] for minute in range(*span)}
    fills = dict(truth.fills)
    real, extra, spared = 0.0, 0.0, set()
    for minute in range(MINUTES):
        when = at(minute)
        if minute in fills:
            real = fills[minute]
            extra = min(extra, max(0.0, 500 - real))
        if when.weekday() == 4 and (when.hour, when.minute) == (16, 0) and any(m <= minute for m in fills):
            there = 0.0 if minute in out else real
            extra += min(amount, max(0.0, 500 - there - extra))
        if minute in out and extra >= 1 / 30 - 1e-9:
            spared.add(minute)
            extra -= 48 / 1440
        real = max(0.0, real - truth.counts.get(minute, 0))
    return spared
