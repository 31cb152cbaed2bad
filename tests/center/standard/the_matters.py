"""What people came for in an area of a known quarter: items that are offered, matters with their papers and rating
pages, stays, visits that nobody ended, and what the windows called. By lot; then what the clauses have to say, by plain
loops.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.center.hall import SYSTEM, number
from tests.center.services_cast import catalogue_rows
from tests.center.standard.the_orders import Trouble, together
from tests.center.standard.the_reckoning import NOTHING, Month, Told, share
from tests.center.standard.the_truth import BORN, DAY, HOUR, MINUTE, PDF, SECOND, ZONE, World, here, terminal

from budayang.center.areas.models import Area
from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.maintenance import making_good
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import deliver
from budayang.center.services import actions as services
from budayang.center.services import case_papers, trip_actions, window_figures
from budayang.center.services.case_accepting import accept_case
from budayang.center.services.case_finishing import complete_case
from budayang.center.services.case_working import take_case
from budayang.center.services.lines.answers import Answer
from budayang.wire.messages import CasePrivate

BORDERS = (here(2026, 10, 1), here(2026, 11, 1), here(2026, 12, 1))
WHOLE, BARE, UNCODED = "ZZ001", "ZZ002", "ZZ003"
"""An item with guide and code, one without steps and code, and one without a code."""
STAY = {"tries": [{"item": WHOLE, "result": "finished"}]}
DAY_OF_WINDOWS = here(2026, 12, 3, 9)


@dataclass
class Matter:
    """`done`: when it was, None: the department refused it. `shown`: the rating page came. `failed`: nothing came out
    of the printer, and `good`: when somebody had given it to its person.
    """

    terminal: str
    counter: int
    at: datetime
    done: datetime | None
    agreed: bool
    shown: datetime | None = None
    failed: datetime | None = None
    good: datetime | None = None

    @property
    def number(self) -> str:
        return number(self.counter, self.terminal)

    @property
    def missed(self) -> datetime:
        """Ten minutes after the printer gave up somebody is sent."""
        assert self.failed is not None
        return self.failed + 10 * MINUTE


@dataclass
class Matters:
    offered: list[str] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    stays: list[tuple[str, datetime]] = field(default_factory=list)
    idle: list[tuple[str, datetime, bool]] = field(default_factory=list)
    """Visits that ended because nobody touched anything: where, when, whether it was cleared."""
    called: dict[date, int] = field(default_factory=dict)
    """How many numbers the windows called on a day."""


def draw_matters(luck: random.Random, machines: Mapping[str, str]) -> Matters:
    made = Matters()
    if not machines or luck.random() < 0.2:
        return made
    made.offered = luck.choice([[WHOLE], [WHOLE], [WHOLE, BARE], [WHOLE, UNCODED]])
    calm, mode = luck.random() < 0.5, luck.choice(["none", "few", "busy", "busy"])
    for code in machines:
        for counter in range(1, luck.choice([2, 4, 7])):
            at = luck.choice([luck.choice(BORDERS) - luck.choice([0, 1, 90]) * SECOND,
                              BORN + DAY + luck.randrange(88 * 86_400) * SECOND])  # fmt: skip
            made.matters.append(_matter(luck, Matter(code, counter, at, None, calm or luck.random() < 0.8), calm))
        made.stays += [(code, one) for one in _stays(luck, mode)]
        if luck.random() < 0.5:
            neat = luck.random() < 0.6
            for _nth in range(4):
                at = luck.choice([luck.choice(BORDERS), BORN + DAY + luck.randrange(88 * 86_400) * SECOND])
                made.idle.append((code, at, neat or luck.random() < 0.5))
    if luck.random() < 0.5:
        few = luck.random() < 0.5
        for one in made.matters:
            on = one.at.astimezone(ZONE).date()
            if one.at < DAY_OF_WINDOWS - DAY:
                made.called[on] = 0 if few else luck.choice([1, 2])
    return made


def _matter(luck: random.Random, one: Matter, calm: bool) -> Matter:
    if not calm and luck.random() < 0.2:
        return one
    one.done = one.at + luck.choice([2 * SECOND, 90 * SECOND])
    if calm or luck.random() < 0.7:
        one.shown = one.done + 20 * SECOND
    if not calm and luck.random() < 0.4:
        one.failed = one.done + 10 * SECOND
        if luck.random() < 0.6:
            one.good = one.missed + luck.choice([1, 5]) * HOUR
    return one


def _stays(luck: random.Random, mode: str) -> list[datetime]:
    """None, now and then, or on eighteen days of November, which is just enough."""
    if mode == "few":
        return [BORN + luck.randrange(90) * DAY + HOUR for _nth in range(6)]
    days = 18 if mode == "busy" else 0
    return [here(2026, 11, 1) + nth * DAY for nth in range(days)] + [here(2026, 11, 1, 23, 59)] * (days > 0)


def troubles_at(area: str, matters: Matters) -> list[Trouble]:
    """Who went without, until somebody made it good."""
    return [
        Trouble(area, ("without", one.number), one.missed, one.missed, "serious", machine=one.terminal,
                repaired=one.good, ended=True)
        for one in matters.matters if one.failed is not None
    ]  # fmt: skip


def reckon_matters(month: Month, matters: Matters, machines: Mapping[str, str]) -> dict[str, Told]:
    """JB-04, 05, 08, 17, 24, YJ-12, PJ-01, 18, 23."""
    offered = set(matters.offered)
    taken = [one for one in matters.matters if month.holds(one.at)]
    done = [one for one in matters.matters if one.done is not None and month.holds(one.done)]
    idle = [clear for _where, at, clear in matters.idle if month.holds(at)]
    without = [one for one in matters.matters if one.failed is not None and month.holds(one.missed)]
    classes = bool(done) + 2 * bool(taken)  # nobody rated anything here
    return {
        "JB-04": share(len(offered - {BARE}), len(offered)),
        "JB-05": share(len(offered & {WHOLE}), len(offered)),
        "JB-08": share(len(done), len(done)),
        "JB-17": share(sum(one.agreed for one in taken), len(taken)),
        "JB-24": share(sum(idle), len(idle)),
        "YJ-12": share(sum(one.good is not None for one in without), len(without)),
        "PJ-01": share(sum(one.shown is not None for one in done), len(done)),
        "PJ-18": ("not_met", float(classes), len(taken)) if taken else NOTHING,
        "PJ-23": together(days_used(month, matters.stays, machines), off_windows(month, matters)),
    }


def days_used(month: Month, stays: Sequence[tuple[str, datetime]], machines: Mapping[str, str]) -> Told:
    """Whole days of machines from the day after their coming, and those on which somebody was there."""
    first = max(month.start.astimezone(ZONE).date(), BORN.astimezone(ZONE).date() + DAY)
    after = month.end.astimezone(ZONE).date()
    days = max((after - first).days, 0)
    used = {(code, at.astimezone(ZONE).date()) for code, at in stays}
    seen = [on for code, on in used if code in machines and first <= on < after]
    return share(len(seen), days * len(machines), 0.6)


def off_windows(month: Month, matters: Matters) -> Told:
    """Matters that were done here among these and the numbers called, on the days of which the windows told."""
    days = [on for on in matters.called if month.start <= _noon(on) < month.end]
    done = [one for one in matters.matters if one.done is not None and one.at.astimezone(ZONE).date() in days]
    called = sum(matters.called[on] for on in days)
    return share(len(done), len(done) + called, 0.8)


def _noon(on: date) -> datetime:
    return here(on.year, on.month, on.day, 12)


# How it happens -------------------------------------------------------------------------------------------------------


def bring_items() -> None:
    """The catalogue's rows of three items, completed or left bare."""
    rows = []
    for row in catalogue_rows():
        if row["item_id"] in (WHOLE, BARE, UNCODED):
            more = {WHOLE: ("刷证｜打印", "1" * 31), BARE: ("", ""), UNCODED: ("刷证｜打印", "")}[row["item_id"]]
            rows.append({**row, "steps": more[0], "official_code": more[1]})
    assert not services.import_items(SYSTEM, rows, is_demo=True).errors


class Counter:
    """Where people come to."""

    def __init__(self, world: World, area: Area, keeper: Actor) -> None:
        self.world, self.area, self.keeper = world, area, keeper

    def opens(self, matters: Matters, machines: Mapping[str, str]) -> None:
        at = self.world.at
        for code in machines:
            for item in matters.offered:
                at(BORN + HOUR, lambda _now, c=code, i=item: services.offer_item(SYSTEM, c, i) and None)
        for one in matters.matters:
            at(one.at, lambda now, m=one: self.takes(m, now))
            if one.done is not None:
                at(one.done, lambda now, m=one: self.ends(m, now))
            if one.shown is not None:
                at(one.shown, lambda now, m=one: self._word(m.terminal, "rating.shown", {"number": m.number}, now))
            if one.failed is not None:
                at(one.failed, lambda now, m=one: self.fails(m, now))
                at(one.missed, self.looks)
            if one.good is not None:
                at(one.good, lambda now, m=one: self.makes_good(m, now))
        for code, when in matters.stays:
            at(when, lambda now, c=code: trip_actions.note_stay(c, STAY, now, now) and None)
        for code, when, cleared in matters.idle:
            body = {"end": "idle", "seconds": 90, "steps": {"clear": 1} if cleared else {}}
            at(when, lambda now, c=code, b=body: self._word(c, "session", b, now))
        if matters.called:
            at(DAY_OF_WINDOWS, lambda now: self.windows(matters, now))

    def _word(self, code: str, kind: str, body: dict[str, object], now: datetime) -> None:
        self.world.hall.inbox(terminal(code), kind, body, now, now)
        evaluation_jobs.read_inbox(now)

    def takes(self, one: Matter, now: datetime) -> None:
        machine = terminal(one.terminal)
        person = CasePrivate(name="测试人", id_number="150602199001010011", id_kind="id_card")
        accept_case(
            Actor.terminal(one.terminal, self.area.place.path), number=one.number, terminal_id=machine.pk,
            item_code=WHOLE, person=person, reply_key="k" * 43, lang="zh", now=now,
            consent=("参照版-1", now.isoformat()) if one.agreed else ("", ""),
        )  # fmt: skip
        if one.done is None:
            self._settles(one, Answer("refused", "不符合条件"), now)

    def ends(self, one: Matter, now: datetime) -> None:
        self._settles(one, Answer("done", "办好了", paper_pdf=PDF), now)

    def _settles(self, one: Matter, answer: Answer, now: datetime) -> None:
        taken = take_case(one.number, now)
        assert taken is not None
        assert complete_case(one.number, taken.worker, answer, head=None, now=now) is not None

    def fails(self, one: Matter, now: datetime) -> None:
        actor = Actor.terminal(one.terminal, self.area.place.path)
        case_papers.record_paper(actor, one.number, "failed", reason="jammed", now=now, terminal_code=one.terminal)

    def looks(self, now: datetime) -> None:
        case_papers.look_at_papers(now)
        deliver(making_good.CONSUMERS[0], now)

    def makes_good(self, one: Matter, now: datetime) -> None:
        case_papers.make_good(self.keeper, one.number, note="已打印并交给本人", now=now)
        deliver(making_good.CONSUMERS[0], now)

    def windows(self, matters: Matters, now: datetime) -> None:
        lines = [
            f"{on.isoformat()},{self.area.place.code},RS,{called}" for on, called in sorted(matters.called.items())
        ]
        table = window_figures.read_figures("\n".join(["日期,地点代码,部门,叫号数", *lines]).encode("utf-8"))
        window_figures.import_figures(SYSTEM, table, source="试验", now=now)
