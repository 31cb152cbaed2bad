"""What is kept in the books of an area over a known quarter: measured tests, looks at cameras, things with a day,
drills and trainings, files of machines, stock that was counted, papers and numbers that people gave. Drawn by lot, and
what the clauses have to say of it by plain loops.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.center.standard.the_orders import Trouble, together
from tests.center.standard.the_reckoning import NOTHING, Month, Told, at_most, last_day, share
from tests.center.standard.the_truth import BORN, DAY, HOUR, MINUTE, SECOND, ZONE, here

BORDERS = (here(2026, 10, 1), here(2026, 11, 1), here(2026, 12, 1))
LOOKED, A_YEAR = timedelta(days=31), timedelta(days=366)
LIMITS = {"help": 30, "exit": 5}


@dataclass(frozen=True)
class Test:
    """A measured test; `seconds` None: nobody answered, the tester gave up after a minute."""

    kind: str
    began: datetime
    seconds: int | None

    @property
    def ended(self) -> datetime:
        return self.began + (MINUTE if self.seconds is None else self.seconds * SECOND)

    @property
    def passed(self) -> bool:
        return self.seconds is not None and self.seconds <= LIMITS[self.kind]


@dataclass(frozen=True)
class Look:
    """A look at a camera: whether it was on line, and how many days its recording reached back (None: unknown)."""

    at: datetime
    online: bool
    days: int | None


@dataclass
class Camera:
    name: str
    looks: list[Look]
    retired: datetime | None = None


@dataclass
class Thing:
    """A thing with a day; `days`: which day was written down when."""

    kind: str
    name: str
    days: list[tuple[datetime, date]]
    retired: datetime | None = None

    @property
    def made(self) -> datetime:
        return self.days[0][0]

    def due_on(self, at: datetime) -> date:
        """The day that stood in the book then."""
        return [on for when, on in self.days if when < at][-1]


@dataclass(frozen=True)
class Taught:
    """A training of a kind. `written`: when it came into the book; `again`: it was put right by a new line."""

    kind: str
    at: datetime
    written: datetime
    again: bool = False


@dataclass(frozen=True)
class File:
    """The file of a machine. `whole`: with make and day of purchase. `accepted`: on which day, and if it passed."""

    terminal: str
    owner: str
    at: datetime
    whole: bool
    accepted: date | None
    passed: bool = True


@dataclass(frozen=True)
class Stock:
    """Paper of an owner unit. `counted`: when, and whether less was there. `mistyped`: more had been written down than
    came, and that was put right.
    """

    owner: str
    came: datetime
    counted: tuple[tuple[datetime, bool], ...]
    mistyped: datetime | None


@dataclass(frozen=True)
class Paper:
    """What somebody gave for one part of a clause. `good`: the number is what is asked."""

    clause: str
    what: str
    on: date
    good: bool = True


@dataclass
class Books:
    tests: list[Test] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    drills: list[datetime] = field(default_factory=list)
    """When they ended."""
    taught: list[Taught] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    stocks: list[Stock] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)


NUMBERS = {"JB-09": ("ups_min", 30.0, 29.0), "JB-35": ("floor_m2", 20.0, 19.5), "PJ-24": ("incidents", 0.0, 1.0)}
"""The field that is filled in, a number that is just enough, and one that is not."""


def draw_books(luck: random.Random, machines: Mapping[str, str]) -> Books:
    made = Books()
    for kind, seconds in (("help", (9, 30, 31, None)), ("exit", (4, 5, 6, None))):
        if luck.random() < 0.4:
            good = luck.random() < 0.5
            for day in luck.sample(range(15, 95), 3):
                took = luck.choice(seconds[:2] if good else seconds)
                made.tests.append(Test(kind, BORN + day * DAY + luck.randrange(80_000) * SECOND, took))
            made.tests.append(Test(kind, luck.choice(BORDERS) - luck.choice([4, 5]) * SECOND, 4))
    made.tests.sort(key=lambda one: one.began)
    if luck.random() < 0.4:
        made.cameras = [_camera(luck, name) for name in ("甲", "乙")[: luck.choice([1, 2])]]
    for kind in ("extinguisher", "fire_test"):
        if luck.random() < 0.5:
            made.things += [_thing(luck, kind, str(nth)) for nth in range(luck.choice([1, 2]))]
    if luck.random() < 0.4:
        made.drills = [luck.choice(BORDERS) - luck.choice([0, 1]) * SECOND]
    for kind in luck.choice([(), ("fire",), ("drill", "operation"), ("operation",)]):
        at = luck.choice([luck.choice(BORDERS), BORN + luck.randrange(80) * DAY + 3 * DAY])
        made.taught.append(Taught(kind, at, at + HOUR, again=luck.random() < 0.3))
    for terminal, owner in machines.items():
        if luck.random() < 0.75:
            at = luck.choice([BORN + HOUR, luck.choice(BORDERS) - SECOND, luck.choice(BORDERS)])
            accepted = luck.choice([None, at.astimezone(ZONE).date()])
            made.files.append(File(terminal, owner, at, luck.random() < 0.8, accepted, luck.random() < 0.8))
    if luck.random() < 0.4:
        made.stocks = [_stock(luck, owner) for owner in ("RS", "SW")[: luck.choice([1, 2])]]
    for clause, what in (("JB-33", "document"), ("JB-26", "document"), ("WH-28", "document"), ("JB-09", "number"),
                         ("JB-35", "number"), ("PJ-24", "number")):  # fmt: skip
        if luck.random() < 0.6:
            on = luck.choice([date(2026, 9, 12), date(2026, 9, 30), date(2026, 10, 1), date(2025, 10, 20)])
            made.papers.append(Paper(clause, what, on, luck.random() < 0.8))
    return made


def _camera(luck: random.Random, name: str) -> Camera:
    good = luck.random() < 0.6
    found = []
    for day in sorted(luck.sample(range(2, 95), luck.choice([2, 4, 6]))):
        online = good or luck.random() < 0.7
        days = luck.choice([30, 31, 45] if good else [29, 30, 31, 7]) if online or luck.random() < 0.3 else None
        found.append(Look(BORN + day * DAY + luck.randrange(10) * HOUR, online, days))
    if luck.random() < 0.7:
        found.append(Look(luck.choice(BORDERS) - SECOND, online=True, days=30))
        found.sort(key=lambda one: one.at)
    return Camera(name, found, luck.choice([None, None, found[-1].at + 5 * DAY]))


def _thing(luck: random.Random, kind: str, name: str) -> Thing:
    due = luck.choice([date(2026, 10, 31), date(2026, 10, 30), date(2026, 11, 30), date(2027, 3, 1), date(2027, 3, 1)])
    days = [(BORN + luck.choice([1, 20 * 24]) * HOUR, due)]
    if due.year == 2026 and luck.random() < 0.6:
        days.append((here(2026, 11, luck.choice([1, 15]), 9), date(2027, 11, 1)))
    return Thing(kind, name, days, luck.choice([None, None, None, here(2026, 11, 20, 9)]))


def _stock(luck: random.Random, owner: str) -> Stock:
    came = BORN + luck.choice([1, 30 * 24]) * HOUR
    counted = tuple((came + day * DAY, luck.random() < 0.5) for day in (3, 25, 50))
    return Stock(owner, came, counted, came + 40 * DAY if luck.random() < 0.5 else None)


def troubles_in(area: str, books: Books, born: date) -> list[Trouble]:
    """Tests that failed, cameras that were not as they should be: each until it was found well, or was gone."""
    found: list[Trouble] = []
    told = [(one.ended, ("test", one.kind), one.passed) for one in books.tests]
    for camera in books.cameras:
        for look in camera.looks:
            kept = min(30, (look.at.astimezone(ZONE).date() - born).days)
            told.append((look.at, ("camera", camera.name), look.online and (look.days or 0) >= kept))
        if camera.retired is not None:
            told.append((camera.retired, ("camera", camera.name), True))
    for at, key, well in sorted(told):
        standing = [one for one in found if one.key == key and not one.ended]
        if well:
            for one in standing:
                one.repaired, one.ended = at, True
        elif not standing:
            found.append(Trouble(area, key, at, at, "serious"))
    return found


# What the clauses have to say -----------------------------------------------------------------------------------------


def reckon_books(month: Month, books: Books, machines: Mapping[str, str]) -> dict[str, Told]:
    """Every clause that the books alone answer; of those with several parts, their parts are put together here."""
    online, reach = camera_told(month, books.cameras)
    found = {
        "JB-26": together(online, paper_told(month, books, "JB-26")),
        "JB-27": reach,
        "WH-11": things_told(month, books, "fire_test"),
        "WH-13": practised(month, books),
        "YJ-14": counted_even(month, books.stocks),
    }
    for clause, kind in (("JB-34", "help"), ("JB-35", "exit")):
        tests = [one for one in books.tests if one.kind == kind and month.holds(one.ended)]
        found[clause] = share(sum(one.passed for one in tests), len(tests))
    found["JB-35"] = together(found["JB-35"], paper_told(month, books, "JB-35"))
    if machines:
        filed = [one for one in books.files if one.at < month.end and one.whole]
        passed = [one for one in books.files if one.accepted and one.accepted <= last_day(month) and one.passed]
        found["YJ-01"] = share(len(filed), len(machines))
        found["YJ-02"] = share(len(passed), len(machines))
    return found


def camera_told(month: Month, cameras: Sequence[Camera]) -> tuple[Told, Told]:
    """By the last look at each camera that stands, of the month and of the 31 days before its end."""
    since = min(month.start, month.end - LOOKED)
    standing = [one for one in cameras if one.retired is None or one.retired >= month.end]
    newest = [[look for look in one.looks if since <= look.at < month.end][-1:] for one in standing]
    if not standing or not all(newest):
        return NOTHING, NOTHING
    last = [one[0] for one in newest]
    days = [one.days for one in last if one.days is not None]
    reach: Told = ("met" if min(days) >= 30 else "not_met", float(min(days)), len(days)) if days else NOTHING
    return share(sum(one.online for one in last), len(last), 0.98), reach


def things_told(month: Month, books: Books, kind: str) -> Told:
    """Things that stood at the end of the month, and those whose day was not over by what the book said then."""
    here_then = [
        one for one in books.things
        if one.kind == kind and one.made < month.end and (one.retired is None or one.retired >= month.end)
    ]  # fmt: skip
    return share(sum(one.due_on(month.end) >= last_day(month) for one in here_then), len(here_then))


def practised(month: Month, books: Books) -> Told:
    """The fewer of drills and trainings in the year before the month's end."""
    since = month.end - A_YEAR
    drills = sum(since <= one < month.end for one in books.drills)
    taught = [one for one in books.taught if one.kind in ("fire", "drill") and one.written <= month.now]
    trained = sum(since <= one.at < month.end for one in taught)
    fewer = min(drills, trained)
    return ("met" if fewer >= 1 else "not_met", float(fewer), drills + trained) if drills + trained else NOTHING


def counted_even(month: Month, stocks: Sequence[Stock]) -> Told:
    there = [one for one in stocks if one.came < month.end]
    uneven = [one for one in there if any(less and month.holds(at) for at, less in one.counted)]
    return share(len(there) - len(uneven), len(there))


def paper_told(month: Month, books: Books, clause: str) -> Told:
    """What somebody gave and holds on the last day of the month. A floor is measured once; the rest is of a year, the
    plan of the cameras of three.
    """
    day = last_day(month)
    holds = {"JB-26": 1096, "JB-35": 100_000}.get(clause, 366)
    for one in books.papers:
        if one.clause == clause and one.on <= day <= one.on + holds * DAY:
            if one.what == "document":
                return "met", None, 1
            _name, enough, less = NUMBERS[clause]
            return "met" if one.good else "not_met", enough if one.good else less, 1
    return NOTHING


def outage_told(alarms: Sequence[float]) -> Told:
    """JB-09, its part of the platform: the slowest notice of power or network that was gone."""
    return at_most(max(alarms, default=0.0), 300, len(alarms))
