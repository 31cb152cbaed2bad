"""An area's October and September with a known truth, written straight into the tables by a fixed seed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.center.hall import SYSTEM, Hall, build

from budayang.center.areas.stop_actions import plan_stop
from budayang.center.evaluation.models import (
    Complaint,
    ComplaintStep,
    Invitation,
    NegativeCase,
    NegativeStep,
    Rating,
    SupervisionFinding,
    SupervisionVisit,
)
from budayang.center.maintenance import actions, manual_orders
from budayang.center.maintenance.models import (
    FIGURES,
    CheckListEdition,
    Emergency,
    HelpCall,
    HoursDay,
    Incident,
    Round,
    RoundPlan,
    SafetyTest,
    WorkOrder,
)
from budayang.center.platform.models import Parameter
from budayang.center.services.models import CalendarDay, Case, Department, Item, Offering, Trip
from budayang.center.terminals.models import SupplyCount, SupplyFill, SupplyLevel, Terminal

ZONE = ZoneInfo("Asia/Shanghai")
BORN = datetime(2026, 8, 20, tzinfo=UTC)
MADE = datetime(2026, 11, 5, 1, tzinfo=UTC)
"""The moment of the report."""
STEPS = ("accept", "investigate", "handle", "answer", "file")
STATES = ("done", "handed_in", "failed", "review", "working", "withdrawn", "in_process")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def live(hall: Hall | None = None, *, matters: int = 300) -> Hall:
    """The hall with two months of life; a third machine nobody ever uses."""
    hall, luck = hall or build(BORN), random.Random(20261001)
    for on, kind in ((date(2026, 10, d), "holiday") for d in range(1, 8)):
        CalendarDay.objects.create(on=on, kind=kind, name="国庆节", source="试验")
    CalendarDay.objects.create(on=date(2026, 10, 10), kind="makeup", source="试验")
    for name, value in (("few_trips_day", 100), ("supply_price_a4", 0.05)):
        Parameter.objects.create(name=name, place=hall.city, value=value, valid_from=BORN, set_by="试验")
    live_in(hall, luck, _items(hall), matters)
    plan_stop(
        SYSTEM, place=hall.area.place, starts_at=datetime(2026, 11, 3, 14, tzinfo=UTC),
        ends_at=datetime(2026, 11, 3, 16, tzinfo=UTC), reason="换路由器", now=datetime(2026, 10, 30, tzinfo=UTC),
        rrule="FREQ=WEEKLY;COUNT=3",
    )  # fmt: skip
    plan_stop(
        SYSTEM, place=hall.area.place, starts_at=datetime(2026, 10, 12, 14, tzinfo=UTC),
        ends_at=datetime(2026, 10, 12, 17, tzinfo=UTC), reason="检修", now=datetime(2026, 10, 2, tzinfo=UTC),
    )  # fmt: skip
    return hall


def live_in(hall: Hall, luck: random.Random, items: list[Item], matters: int, keeper: str = "lin") -> None:
    """The life of one area, `hall.area`, at its two machines."""
    _matters(hall, luck, items, matters)
    _trips(hall, luck, items)
    _hours(hall, luck)
    _faults(hall, luck)
    _help(hall, luck)
    _supplies(hall, luck)
    _orders(hall, luck, keeper)
    _rounds(hall, luck)
    _drills(hall)
    _visits(hall)
    _voices(hall)


def moment(luck: random.Random, month: int) -> datetime:
    """Some second of September or October by the wall's clock."""
    day = luck.randint(1, 30 if month == 9 else 31)
    return datetime(2026, month, day, luck.randint(0, 23), luck.randint(0, 59), luck.randint(0, 59), tzinfo=ZONE)


def _items(hall: Hall) -> list[Item]:
    departments = [Department.objects.create(code=code, name=name) for code, name in (("RS", "人社"), ("SW", "税务"))]
    items = [
        Item.objects.create(
            code=f"T{n:02d}", name=f"试验事项{n}", department=departments[n % 2], kind="query",
            audience=("个人", "法人", "个人/法人")[n % 3], live="yes", after_hours="yes", driven=True,
        )
        for n in range(7)
    ]  # fmt: skip
    for item in items:
        Offering.objects.create(item=item, terminal=hall.terminal, driven=True)
    Terminal.objects.create(
        code="KBS-03", name="没有人用的", area=hall.area, owner=hall.bodies["SW"], state="active",
        registered_at=BORN, enrolled_at=BORN,
    )  # fmt: skip
    return items


def _matters(hall: Hall, luck: random.Random, items: list[Item], count: int) -> None:
    path = hall.area.place.path
    for n in range(count):
        at = moment(luck, 9 if n % 3 == 0 else 10)
        number = f"{hall.terminal.code}-{n:05d}"
        case = Case.objects.create(
            number=number, terminal=luck.choice([hall.terminal, hall.other]), item=luck.choice(items[:5]),
            place_path=path, state=luck.choice(STATES), identity_hash="x", code_hash=number, accepted_at=at,
        )  # fmt: skip
        if case.state in ("done", "handed_in"):
            Case.objects.filter(pk=case.pk).update(finished_at=at + 20 * MINUTE)
        if luck.random() < 0.6:
            Invitation.objects.create(case_number=number, terminal=hall.terminal, place_path=path, shown_at=at)
            if luck.random() < 0.5:
                _rating(hall, luck, number, at)


def _rating(hall: Hall, luck: random.Random, number: str, at: datetime) -> None:
    level = luck.choice(["very_satisfied", "satisfied", "basically_satisfied", "unsatisfied", "very_unsatisfied"])
    rating = Rating.objects.create(
        case_number=number, terminal=hall.terminal, owner=hall.bodies["RS"], place_path=hall.area.place.path,
        item_code="T01", level=level, at=at, channel="qr" if at.minute % 4 == 0 else "terminal",
        set_aside_at=at if at.minute % 17 == 3 else None, set_aside_for="trial" if at.minute % 17 == 3 else "",
    )  # fmt: skip
    if "un" in level:
        closed = luck.random() < 0.6
        took = timedelta(days=luck.randint(1, 9))
        case = NegativeCase.objects.create(
            rating=rating, owner=hall.bodies["RS"], place_path=hall.area.place.path,
            state="closed" if closed else "open", opened_at=at, verify_due_at=at + timedelta(days=4),
            close_due_at=at + timedelta(days=7), verified_at=at + timedelta(days=1) if closed else None,
            closed_at=at + took if closed else None, due_at=None if closed else at + timedelta(days=4),
            **_what_was_done(at),
        )  # fmt: skip
        if closed:
            due_at = case.close_due_at
            NegativeStep.objects.create(case=case, event="fix", state="closed", at=at + took, due_at=due_at)


def _what_was_done(at: datetime) -> dict[str, object]:
    """Replied, called and rated again, by the minute of the rating; some of it after the report was made."""
    n = at.minute
    after = at + timedelta(days=n)
    found: dict[str, object] = {"replied_at": after if n % 3 else None}
    if n % 2:
        outcome = ("fixed_satisfied", "fixed_unsatisfied", "not_fixed", "unreached", "no_phone")[n % 5]
        found |= {"called_at": after, "call_outcome": outcome}
    if n % 7 == 0:
        level = ("satisfied", "unsatisfied")[n % 2]
        found |= {"rerated_at": after + timedelta(days=1), "rerated_level": level}
    return found


def _voices(hall: Hall) -> None:
    """Complaints, praise and suggestions, their steps in time, late, owed, and after the report."""
    luck = random.Random(f"voices {hall.area.code}")
    for n in range(70):
        at, kind = (
            moment(luck, 9 if n % 3 == 0 else 10),
            luck.choice(["complaint", "complaint", "praise", "suggestion"]),
        )
        area = hall.far_area if kind == "suggestion" and n % 2 else hall.area
        limits = {step: (at + timedelta(days=2 + 2 * k)).isoformat() for k, step in enumerate(STEPS)}
        state = luck.choice(["filed", "filed", "accepted", "declined", "answered"])
        row = Complaint.objects.create(
            number=f"V{hall.area.code}{n:03}", kind=kind, area=area, place_path=area.place.path, state=state,
            made_at=at, limits=limits, ended_at=MADE if state in ("filed", "declined") else None,
            erase_at=MADE + timedelta(days=99),
        )  # fmt: skip
        ComplaintStep.objects.create(complaint=row, event="made", state="received", at=at)
        if state == "declined":
            ComplaintStep.objects.create(complaint=row, event="decline", state=state, at=at + HOUR)
            continue
        steps = STEPS if kind == "complaint" else ("accept", "answer", "file")
        done = {"filed": steps, "answered": steps[:-1], "accepted": steps[:1]}[state]
        when = at
        for step in done:
            when += timedelta(hours=luck.choice([5, 30, 60, 90]))
            ComplaintStep.objects.create(complaint=row, event=step, state="accepted", at=when)
            if step == "answer":
                Complaint.objects.filter(pk=row.pk).update(answered_at=when)


def _trips(hall: Hall, luck: random.Random, items: list[Item]) -> None:
    for n in range(260):
        result = luck.choice(["finished"] * 6 + ["unfinished", "refused", "locked"])
        terminal = None if result == "locked" else luck.choice([hall.terminal, hall.other])
        step, why = {
            "unfinished": luck.choice([("fill", "left"), ("print", "left_paper")]), "refused": ("choose", "stopped"),
        }.get(result, ("", ""))  # fmt: skip
        area = hall.far_area if result == "locked" and n % 2 else hall.area
        Trip.objects.create(
            source="person" if result == "locked" else "terminal", area=area, terminal=terminal,
            place_path=area.place.path, item_code=luck.choice(items).code, result=result, step=step, why=why,
            at=moment(luck, 9 if n % 4 == 0 else 10),
        )  # fmt: skip


def _hours(hall: Hall, luck: random.Random) -> None:
    names = [name for name in FIGURES if name not in ("promised_us", "usable_us")]
    for terminal in (hall.terminal, hall.other):
        for day in range(61):
            lost = {name: luck.choice([0, 0, 0, luck.randint(1, 10**9)]) for name in names}
            usable = luck.randint(10**10, 8 * 10**10)
            HoursDay.objects.create(
                terminal=terminal, area=hall.area, owner_id=terminal.owner_id, vendor_id=terminal.vendor_id,
                place_path=hall.area.place.path, on=date(2026, 9, 1) + timedelta(days=day), computed_at=MADE,
                promised_us=usable + sum(lost.values()), usable_us=usable, **lost,
            )  # fmt: skip


def _faults(hall: Hall, luck: random.Random) -> None:
    for n in range(40):
        kind, bucket = luck.choice([("paper_out", "consumables"), ("printer_offline", "device")])
        if kind == "paper_out" and n % 2:  # one cause, two who answer for it
            bucket = "undetermined"
        at, took = moment(luck, 9 if n % 3 == 0 else 10), luck.randint(3, 600) * MINUTE
        ends = luck.random() < 0.8
        row = Incident.objects.create(
            kind=kind, subject=f"{hall.area.code}:{n}", title="故障", place_path=hall.area.place.path, area=hall.area,
            terminal=hall.terminal, severity="general", bucket=bucket, state="closed" if ends else "open",
            opened_at=at, noticed_at=at, closed_at=at + took if ends else None,
        )  # fmt: skip
        if n % 5 == 0:  # hangs below another one: not counted
            Incident.objects.filter(pk=row.pk).update(cause=row.pk)


def _help(hall: Hall, luck: random.Random) -> None:
    waiting: set[str] = set()
    for n in range(21):
        at = moment(luck, 9 if n % 3 == 0 else 10)
        kind, took = luck.choice(["help", "sos"]), luck.choice([None, 8.0, 29.0, 75.0, 40 * 86400.0])
        HelpCall.objects.create(
            terminal=hall.other, area=hall.area, kind=kind, step="fill", item="T01", pressed_at=at,
            last_pressed_at=at, told_at=at, limit_s=30, late=took is None and kind in waiting, presses=1 + n % 3,
            answered_at=at + timedelta(seconds=took) if took else None,
            answered_by="" if took is None else "林甲乙"[n % 3],
        )  # fmt: skip
        if took is None:  # one at most waits of each kind; others came after a broken line
            waiting.add(kind)
    for month, day in ((9, 5), (9, 15), (10, 3), (10, 13), (10, 17), (10, 23)):
        at = datetime(2026, month, day, 2, tzinfo=UTC)
        seconds = luck.choice([None, 12.5, 40.0]) if day != 13 else 21.0
        test = SafetyTest.objects.create(
            area=hall.area, kind="help" if day != 23 else "exit", started_at=at, started_by="x", ended_at=at + MINUTE,
            seconds=seconds, limit_s=30, passed=seconds is not None and seconds <= 30,
        )  # fmt: skip
        HelpCall.objects.create(  # the press of the test: nobody's call
            terminal=hall.other, area=hall.area, kind="button", pressed_at=at, last_pressed_at=at, told_at=at,
            limit_s=30, test=test, late=True,
        )  # fmt: skip


def _supplies(hall: Hall, luck: random.Random) -> None:
    for terminal, since in ((hall.terminal, BORN), (hall.other, None)):
        supply = SupplyLevel.objects.create(
            terminal=terminal, subject="printer", consumable="a4", capacity=500, counted_since=since
        )
        for _n in range(15 if since else 0):
            hour = datetime(2026, luck.choice([9, 10]), luck.randint(1, 30), luck.randint(0, 15), tzinfo=UTC)
            if not SupplyCount.objects.filter(supply=supply, hour_at=hour).exists():
                SupplyCount.objects.create(supply=supply, hour_at=hour, amount=luck.randint(1, 60))
        SupplyFill.objects.create(
            supply=supply, at=datetime(2026, 10, 9, tzinfo=UTC), after=500, source="person", by="x"
        )


def _orders(hall: Hall, luck: random.Random, keeper: str) -> None:
    lin = hall.actor(keeper)
    for n in range(36):
        at = datetime(2026, 9, 20, tzinfo=UTC) + n * 27 * HOUR + luck.randint(0, 300) * MINUTE
        machine = hall.terminal if n % 3 else hall.other
        order = manual_orders.open_manual(
            lin, area=hall.area.code, terminal=machine.code, title=f"问题 {n}", note="", severity="urgent", now=at
        )
        if luck.random() < 0.85:
            order.refresh_from_db()
            actions.repair(lin, order, note="好了", now=at + luck.randint(5, 200) * MINUTE)
        if n % 11 == 0:  # called off: not counted
            WorkOrder.objects.filter(pk=order.pk).update(state="cancelled")


def _rounds(hall: Hall, luck: random.Random) -> None:
    edition = _edition(hall, "owner", "班前")
    plan = RoundPlan.objects.create(
        area=hall.area, list_code="owner", name="班前", who="owner", organization=hall.bodies["RS"], rhythm="daily",
        windows=[["09:00", "10:00"]], starts_on=date(2026, 8, 1), made_at=BORN,
    )  # fmt: skip
    for day in range(61):
        state = luck.choice(["done", "done", "done_late", "missed", "cancelled"])
        opens = datetime(2026, 9, 1, 1, tzinfo=UTC) + timedelta(days=day)
        Round.objects.create(
            plan=plan, area=hall.area, edition=edition, place_path=hall.area.place.path, on=opens.date(),
            opens_at=opens, closes_at=opens + HOUR, stops=[], state=state, failed=luck.randint(0, 2),
            finished_at=opens + 2 * HOUR if "done" in state else None,
        )  # fmt: skip


def _edition(hall: Hall, code: str, name: str) -> CheckListEdition:
    about = {"name": name, "questions": [], "made_at": BORN}
    found, _made = CheckListEdition.objects.get_or_create(
        place=hall.city, list_code=code, valid_from=date(2026, 8, 1), defaults=about
    )
    return found


def _visits(hall: Hall) -> None:
    """Supervision visits with findings of every fate; two kinds in October, three in September."""
    luck = random.Random(f"visits {hall.area.code}")
    edition = _edition(hall, "visit", "监督检查")
    for n in range(40):
        month = luck.choice((9, 10))
        at, kind = moment(luck, month), luck.choice(("delegate", "experience", "unannounced")[: 12 - month])
        visit = SupervisionVisit.objects.create(
            number=f"V-{hall.area.code}-{n}", kind=kind, area=hall.area, place_path=hall.area.place.path,
            edition=edition, opens_on=at.astimezone(ZONE).date(), closes_on=at.astimezone(ZONE).date(),
            made_at=at, made_by="x",
            state="missed" if n % 7 == 3 else "done", handed_at=None if n % 7 == 3 else at,
            well=luck.randint(0, 8) if n % 5 else 0, failed=luck.randint(0, 4) if n % 5 else 0,
        )  # fmt: skip
        for question in range(luck.randint(0, 3)) if visit.state == "done" else ():
            due = at + luck.choice((2, 7, 90)) * timedelta(days=1)
            replied = luck.choice((None, due - HOUR, due, due + HOUR, MADE + 9 * timedelta(days=1)))
            SupervisionFinding.objects.create(
                visit=visit, question=f"own{question}", text="x", place_path=visit.place_path, made_at=at, due_at=due,
                state=luck.choice(("dismissed", "replied", "replied", "closed")) if replied else "open",
                replied_at=replied, overdue_at=luck.choice((None, None, at + HOUR, MADE + HOUR)),
            )  # fmt: skip


def _drills(hall: Hall) -> None:
    at = datetime(2026, 10, 15, 2, tzinfo=UTC)
    Emergency.objects.create(
        area=hall.area, code="fire", name="火灾", steps=[], drill=True, state="reviewed", planned_on=at.date(),
        started_at=at, ended_at=at + 25 * MINUTE, made_at=at, made_by="x",
    )  # fmt: skip
    Emergency.objects.create(
        area=hall.area, code="power", name="停电", steps=[], drill=True, state="planned", planned_on=date(2026, 10, 28),
        made_at=at, made_by="x",
    )  # fmt: skip
