"""A quarter of two areas that is known to the second: what happens is a list, drawn by lot with the borders of months
in it, and is done through the rooms' own doors in the order of time. What the clauses have to say is reckoned from the
same list by plain loops (`the_reckoning`), never from the product's rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.center.hall import PASSWORD, SYSTEM, Hall, build, number
from tests.center.standard.the_looks import Looked, looks

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.evaluation import negative_actions as negatives
from budayang.center.evaluation.models import NegativeCase, Rating
from budayang.center.maintenance import actions as maintenance
from budayang.center.maintenance import hours_actions
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.standard import given_actions
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.models import Clause
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import StatusInterval, Terminal

ZONE = ZoneInfo("Asia/Shanghai")
BORN = datetime(2026, 9, 10, 4, tzinfo=UTC)
"""The hall is built; its two machines were enrolled a day before."""
JUDGED = datetime(2026, 12, 20, 4, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICRO = timedelta(microseconds=1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
GOOD = ("very_satisfied", "satisfied", "basically_satisfied")
BAD = ("unsatisfied", "very_unsatisfied")


def here(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment on the clocks of Ordos."""
    return datetime.combine(date(year, month, day), time(hour, minute), ZONE).astimezone(UTC)


BORDERS = (here(2026, 10, 1) - MICRO, here(2026, 10, 1), here(2026, 11, 1) - SECOND, here(2026, 11, 1))


@dataclass
class Given:
    """A rating and what was done about it, each by its moment. `aside`: when, why; `appeal`: when, decided, upheld."""

    counter: int
    code: str
    at: datetime
    level: str
    reasons: tuple[str, ...] = ()
    learned: datetime | None = None
    contact: datetime | None = None
    fix: datetime | None = None
    back: datetime | None = None
    fix_again: datetime | None = None
    appeal: tuple[datetime, datetime | None, bool] | None = None
    aside: tuple[datetime, str] | None = None
    restored: datetime | None = None

    @property
    def number(self) -> str:
        return number(self.counter, self.code)

    @property
    def negative(self) -> bool:
        return self.level in BAD


@dataclass
class Fault:
    """Paper that was out, or (`silent`) a machine that said nothing. Of an order: when it was accepted. `over`: it was
    learned of long after its end, so that nobody was sent.
    """

    code: str
    start: datetime
    end: datetime
    noticed: datetime
    silent: bool = False
    over: bool = False
    accepted: datetime | None = None


@dataclass
class Machine:
    """A machine that stood in an area."""

    area: str
    owner: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Said:
    """What somebody gave of a clause of the first area: a document, a number, or that it does not apply, or not yet."""

    clause: str
    what: str
    on: date
    until: date | None = None
    number: float = 0.0


GIVEN = (
    Said("JB-10", "document", date(2026, 9, 20)),
    Said("YJ-19", "number", date(2026, 10, 12), number=1500.0),
    Said("YJ-20", "number", date(2026, 9, 30), number=1199.0),
    Said("YJ-20", "transition", date(2026, 10, 1), date(2026, 11, 10)),
    Said("WH-10", "exemption", date(2026, 10, 31)),
    # One of two parts: the rounds never asked, so that the document alone proves nothing.
    Said("JB-33", "document", date(2026, 10, 5)),
)


@dataclass
class Quarter:
    """What happened."""

    machines: dict[str, Machine]
    ratings: list[Given] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    foreign: list[Given] = field(default_factory=list)
    """Ratings that a terminal sent on a level of its own."""
    looked: list[Looked] = field(default_factory=list)
    closed: list[tuple[str, date]] = field(default_factory=list)
    """(terminal, day) whose hours were closed, which is what an owner unit's score is made of."""


def workdays_after(at: datetime, days: int) -> datetime:
    """The end of the so many-th working day after a moment's day. No holiday is written down in this quarter."""
    day = at.astimezone(ZONE).date()
    while days:
        day += DAY
        days -= day.weekday() < 5
    return datetime.combine(day + DAY, time(), ZONE).astimezone(UTC)


def draw(seed: int) -> Quarter:
    """A quarter by lot: ratings at any second and at the borders of months, each handled in some way; what broke."""
    luck = random.Random(seed)
    made = Quarter(
        {
            "KBS-01": Machine("KBS", "RS", BORN - DAY),
            "KBS-02": Machine("KBS", "SW", BORN - DAY),
            "KBS-03": Machine("KBS", "RS", here(2026, 10, 20, 9), here(2026, 11, 20, 15)),
            "HJ-01": Machine("HJ", "SW", here(2026, 11, 5, 10)),
        }
    )
    for code, machine in made.machines.items():
        until = machine.until or here(2026, 11, 30, 23, 59)
        moments = [at for at in BORDERS if machine.since < at < until]
        span = int((until - machine.since - HOUR).total_seconds())
        moments += [machine.since + HOUR + luck.randrange(span) * SECOND for _n in range(24)]
        for counter, at in enumerate(moments, start=1):
            made.ratings.append(_handled(luck, Given(counter, code, at, luck.choice((*GOOD, *GOOD, *GOOD, *BAD)))))
        made.faults += _faults(luck, code, machine.since, until)
    for counter, at in enumerate((here(2026, 10, 5, 9), here(2026, 11, 1) - SECOND), start=801):
        made.foreign.append(Given(counter, "KBS-02", at, "good", learned=at + 10 * SECOND))
    # On a day that ends in October, and missed in November by the three days that somebody may be late.
    made.looked.append(Looked("KBS", date(2026, 10, 31), here(2026, 10, 31, 23, 30)))
    made.looked.append(Looked("HJ", date(2026, 10, 30), None, missed=here(2026, 11, 3)))
    made.closed += [("KBS-01", date(2026, 9, 30)), ("KBS-01", date(2026, 10, 31)), ("KBS-02", date(2026, 10, 31))]
    made.closed += [("HJ-01", date(2026, 11, 30)), ("KBS-02", date(2026, 11, 1))]
    return made


def _handled(luck: random.Random, one: Given) -> Given:
    """What became of a rating: nothing, handled in time or late, sent back, appealed, removed, restored."""
    one.learned = one.at + 10 * SECOND
    if one.negative:
        one.reasons = luck.choice([("no_paper",), ("no_paper",), ()])
        fate = luck.choice(["left", "contact", "fix", "fix", "back", "running", "upheld", "refused"])
        if fate in ("running", "upheld", "refused"):
            asked = one.at + luck.randint(1, 20) * HOUR
            one.appeal = (asked, None if fate == "running" else asked + 2 * DAY, fate == "upheld")
        if fate in ("contact", "fix", "back", "refused"):
            one.contact = one.at + luck.choice([1, 20, 75, 150]) * HOUR + (3 * DAY if fate == "refused" else 0 * DAY)
        if fate in ("fix", "back") and one.contact is not None:
            one.fix = one.contact + luck.choice([1, 30, 240]) * HOUR
        if fate == "back" and one.fix is not None:
            one.back = one.fix + 5 * HOUR
            one.fix_again = luck.choice([None, one.back + 6 * HOUR, one.back + 12 * DAY])
    if luck.random() < 0.12 and one.appeal is None:
        last = max(at for at in (one.at, one.contact, one.fix, one.back, one.fix_again) if at is not None)
        one.aside = (last + luck.randint(1, 40) * DAY, luck.choice(["staff", "mistaken", "trial"]))
        if luck.random() < 0.4:
            one.restored = one.aside[0] + 3 * HOUR
    return one


def _faults(luck: random.Random, code: str, since: datetime, until: datetime) -> list[Fault]:
    """Now and then paper is out or the machine is silent, never both; two of them lie over the ends of months."""
    found = []
    at = since + 5 * HOUR
    while True:
        at += luck.randint(40, 260) * HOUR + luck.randrange(3600) * SECOND
        for border in (here(2026, 10, 1), here(2026, 11, 1)):
            if border - 30 * HOUR < at < border + 30 * HOUR:
                at = border - 2 * HOUR - luck.randrange(60) * MINUTE
        long = luck.choice([20 * MINUTE, 90 * MINUTE, 3 * HOUR, 72 * HOUR])
        if at + long + DAY > until:
            return found
        # One of two machines, or the only one: of more, the order waits whether the area's power explains the silence.
        alone = at + long < here(2026, 10, 20) or at > here(2026, 11, 21)
        silent = (code == "HJ-01" or (code == "KBS-02" and alone)) and luck.random() < 0.4
        noticed = at + luck.choice([30, 60, 200, 301]) * SECOND
        accepted = noticed + luck.choice([5, 25, 31, 80]) * MINUTE if not silent else None
        if accepted is not None and accepted >= at + long:
            accepted = noticed + 5 * MINUTE
        found.append(Fault(code, at, at + long, noticed, silent, accepted=accepted))
        at += long + DAY


# How it happens -------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """The hall with its people, and whatever is done in it by moment."""

    hall: Hall
    zhu: Actor
    steps: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)

    def at(self, when: datetime, do: Callable[[datetime], None]) -> None:
        self.steps.append((when, len(self.steps), do))

    def run(self, until: datetime = JUDGED) -> None:
        """Everything that was put down and is not of later than the day of judgement, in the order of time."""
        for when, _nth, do in sorted(self.steps, key=lambda one: one[:2]):
            if when <= until:
                do(when)
        self.steps.clear()


def live(quarter: Quarter) -> World:
    """The quarter happens, through the rooms' own actions."""
    hall = build(BORN)
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password=PASSWORD)
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=BORN)
    hall.staff["zhu"] = person
    areas.set_promised_hours(SYSTEM, hall.far_area, all_day(), valid_from=date(2026, 9, 1), now=BORN)
    world = World(hall, hall.actor("zhu"))
    for code, machine in quarter.machines.items():
        if code not in ("KBS-01", "KBS-02"):
            _stands(world, code, machine)
    for fault in quarter.faults:
        breaks(world, fault)
    for one in (*quarter.ratings, *quarter.foreign):
        rates(world, one)
    for when, happens in looks(hall, world.zhu, quarter.looked, BORN):
        world.at(when, happens)
    for said in GIVEN:
        world.at(datetime.combine(said.on, time(12), ZONE).astimezone(UTC), lambda now, s=said: _say(hall, s, now))
    for code, on in quarter.closed:
        world.at(datetime.combine(on + DAY, time(6), ZONE).astimezone(UTC), lambda now, c=code, d=on: _close(c, d, now))
    world.run()
    hall.listen(JUDGED)
    return world


def terminal(code: str) -> Terminal:
    return Terminal.objects.select_related("area__place").get(code=code)


def _stands(world: World, code: str, machine: Machine) -> None:
    def comes(now: datetime) -> None:
        terminals.register_terminal(
            SYSTEM, code=code, name=code, area=machine.area, owner=machine.owner, vendor="VN1", now=now, is_demo=True
        )
        Terminal.objects.filter(code=code).update(enrolled_at=now, last_seen_at=now, state="active")

    world.at(machine.since, comes)
    if machine.until is not None:
        world.at(machine.until, lambda now: terminals.retire(SYSTEM, terminal(code).pk, now) and None)


def breaks(world: World, fault: Fault) -> None:
    hall, code = world.hall, fault.code
    if fault.silent:
        world.at(fault.noticed, lambda now: hall.silence(terminal(code), fault.start, now))
        world.at(fault.end, hall.listen)
        world.at(fault.end, lambda now: hall.heard(terminal(code), now, now))
        return

    def accept(now: datetime) -> None:
        order = WorkOrder.objects.get(incident__subject__contains=f"{code}/printer", state="reported")
        maintenance.accept_order(hall.actor("ren" if order.owner.code == "RS" else "shui"), order, now=now)

    def well(now: datetime) -> None:
        hall.tell(terminal(code), "printer", "paper.upper", "full", now, now)
        order = WorkOrder.objects.get(incident__subject__contains=f"{code}/printer", state="repaired")
        maintenance.record_test_print(SYSTEM, order, ok=True, reason="", at=now + MINUTE, now=now + MINUTE)

    world.at(fault.noticed, lambda now: hall.tell(terminal(code), "printer", "paper.upper", "out", fault.start, now))
    assert fault.accepted is not None
    world.at(fault.accepted, accept)
    world.at(fault.end, well)


def _say(hall: Hall, said: Said, now: datetime) -> None:
    clause, place = Clause.objects.get(code=said.clause), hall.area.place
    if said.what == "document":
        given_actions.give_document(
            SYSTEM, place, clause, title="文件", on=said.on, until_on=None, name="a.pdf", content=PDF, now=now
        )
    elif said.what == "number":
        (one,) = parts_of(clause)[0].fields
        given_actions.give_numbers(
            SYSTEM, place, clause, parts_of(clause)[0].kind, values={one.name: said.number}, on=said.on, source="试验",
            now=now,
        )  # fmt: skip
    else:
        given_actions.set_exception(
            SYSTEM,
            place,
            clause,
            kind=said.what,
            reason="没有",
            plan="改",
            from_on=said.on,
            until_on=said.until,
            now=now,
        )


def _close(code: str, on: date, now: datetime) -> None:
    hours_actions.compute_days([terminal(code).pk], on, "Asia/Shanghai", now, reason="")


def corrected(world: World, code: str, start: datetime, end: datetime, now: datetime) -> None:
    """Paper was out for a while long ago, as ingest writes it down when the machine tells it late."""
    rows = StatusInterval.objects.filter(terminal__code=code, subject="printer", property="paper.upper")
    told = {"terminal": terminal(code), "subject": "printer", "property": "paper.upper", "kind": "printer"}
    around = rows.filter(since__lt=start).exclude(until__lte=end).first()
    if around is not None:
        rows.filter(pk=around.pk).update(until=start)
        StatusInterval.objects.create(**told, state=around.state, since=end, until=around.until, received_at=now)
    StatusInterval.objects.create(**told, state="out", since=start, until=end, received_at=now)
    span = {f"{name}_ms": int(at.timestamp() * 1000) for name, at in (("from", start), ("to", end))}
    world.hall.news("terminals.corrected", {"terminal": code, **span}, start, now)


def rates(world: World, one: Given) -> None:
    """Put down when a rating comes, and each step about it."""
    hall, zhu = world.hall, world.zhu
    keeper = {"KBS": hall.actor("lin"), "HJ": hall.actor("ou")}[one.code.partition("-")[0]]

    def case() -> NegativeCase:
        return NegativeCase.objects.select_related("rating__terminal__area").get(rating__case_number=one.number)

    def row() -> Rating:
        return Rating.objects.get(case_number=one.number)

    def comes(now: datetime) -> None:
        body = {"number": one.number, "level": one.level, "reasons": list(one.reasons)}
        hall.inbox(terminal(one.code), "rating", body, one.at, now)
        evaluation_jobs.read_inbox(now)

    def fixes(now: datetime) -> None:
        negatives.fix(keeper, case(), outcome="fixed", note="已加纸", reply="已加纸。", now=now)

    def sent_back(now: datetime) -> None:
        negatives.rerate(case(), level="unsatisfied", now=now)

    def plan(when: datetime | None, do: Callable[[datetime], Any]) -> None:
        if when is not None:
            world.at(when, lambda now: do(now) and None)

    plan(one.learned or one.at, comes)
    plan(one.contact, lambda now: negatives.contact(keeper, case(), outcome="no_phone", note="x", now=now))
    plan(one.fix, fixes)
    plan(one.back, sent_back)
    plan(one.fix_again, fixes)
    if one.appeal is not None:
        asked, decided, upheld = one.appeal
        owner = hall.actor("ren" if terminal_owner(one.code) == "RS" else "shui")
        plan(asked, lambda now: negatives.appeal(owner, case(), reason="mistaken", note="x", now=now))
        plan(decided, lambda now: negatives.decide_appeal(zhu, case(), uphold=upheld, note="有录像", now=now))
    if one.aside is not None:
        when, why = one.aside
        plan(when, lambda now: negatives.set_aside_rating(zhu, row(), reason=why, note="x", now=now))
    plan(one.restored, lambda now: negatives.restore_rating(zhu, row(), note="x", now=now))


def terminal_owner(code: str) -> str:
    return {"KBS-01": "RS", "KBS-02": "SW", "KBS-03": "RS", "HJ-01": "SW"}[code]
