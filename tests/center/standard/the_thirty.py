"""A quarter of thirty areas that is known to the second, each with a few things by lot: rounds, tests, registers,
signs, matters. What happens is a list, done through the rooms' own doors in the order of time; what the clauses have to
say is reckoned from the same list (`the_answers`, `the_orders`, `the_registers`, `the_signs`, `the_matters`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from math import floor

from tests.center.hall import PASSWORD, SYSTEM, build
from tests.center.standard import the_orders as orders
from tests.center.standard import the_reckoning as reckoning
from tests.center.standard import the_rounds as rounds
from tests.center.standard.the_answers import reckon_rounds
from tests.center.standard.the_bookkeeper import Bookkeeper
from tests.center.standard.the_matters import Counter, Matters, bring_items, draw_matters, reckon_matters, troubles_at
from tests.center.standard.the_orders import Trouble
from tests.center.standard.the_reckoning import NOTHING, Month, Told, at_most, share
from tests.center.standard.the_registers import (
    Books,
    draw_books,
    outage_told,
    paper_told,
    reckon_books,
    things_told,
    troubles_in,
)
from tests.center.standard.the_signs import PLANTS, SignKeeper, Signs, draw_signs, reckon_signs
from tests.center.standard.the_truth import (
    BORN,
    DAY,
    HOUR,
    JUDGED,
    MINUTE,
    SECOND,
    Fault,
    Machine,
    World,
    breaks,
    here,
    terminal,
)

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.areas.models import Area
from budayang.center.maintenance import fault_notices, round_actions, round_jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import Round, RoundPlan
from budayang.center.maintenance.round_actions import Given
from budayang.center.platform import actions as platform
from budayang.center.platform import audit
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.queries import actor_of
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals import actions as terminals
from budayang.center.terminals import supply_actions
from budayang.center.terminals.models import Terminal
from budayang.rules.rounds import Plan, Rhythm

CHAIN = here(2026, 4, 10, 8)
"""The first line of the audit chain."""
LISTS_DAY = date(2026, 9, 10)
OFTEN = tuple(one for one in rounds.LISTS if one not in ("monthly_clauses", "half_year_signs"))


@dataclass
class Broken(Fault):
    """Paper that is out, or (`silent`: nothing works meanwhile) a network that is gone. `shown`: people are told."""

    shown: datetime = BORN


@dataclass
class Site:
    """One area and what happens in it. `machines`: terminal → owner unit."""

    code: str
    manager: bool
    keeper: bool
    machines: dict[str, str]
    plans: list[rounds.Planned] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    books: Books = field(default_factory=Books)
    matters: Matters = field(default_factory=Matters)
    signs: Signs | None = None
    faults: list[Broken] = field(default_factory=list)


def draw(seed: int, count: int = 30) -> list[Site]:
    luck = random.Random(seed)
    return [_site(luck, nth) for nth in range(count)]


def _site(luck: random.Random, nth: int) -> Site:
    """Of lists and of planted faults each area has the next ones, so that the lot leaves none out."""
    code = f"A{nth:02}"
    owners = luck.choice([(), ("RS",), ("RS",), ("RS", "SW"), ("SW", "RS")] if nth % 2 else [("RS",), ("RS", "SW")])
    machines = {f"{code}-{machine:02}": owner for machine, owner in enumerate(owners, start=1)}
    made = Site(code, luck.random() < 0.8, luck.random() < 0.8, machines)
    lists = [OFTEN[nth % len(OFTEN)], *(["monthly_clauses"] if nth % 3 == 0 else [])]
    lists = [one for one in lists if machines or one != "before_work"]
    if nth % 2 == 0:
        planted = () if nth % 4 == 0 else (PLANTS[nth // 2 % len(PLANTS)], PLANTS[(nth // 2 + 9) % len(PLANTS)])
        made.signs = draw_signs(luck, list(machines), planted, staffed=made.manager and made.keeper)
        lists.append("half_year_signs")
    made.plans = rounds.draw_rounds(luck, code, machines, lists, made.signs.ids if made.signs else ())
    made.books = draw_books(luck, machines)
    made.matters = draw_matters(luck, machines)
    made.faults = [one for terminal in machines for one in _broken(luck, terminal, alone=len(machines) == 1)]
    made.troubles = rounds.troubles_of(luck, made.plans) + troubles_in(code, made.books, LISTS_DAY)
    made.troubles += [_order(made, one) for one in made.faults] + troubles_at(code, made.matters)
    return made


def _broken(luck: random.Random, code: str, *, alone: bool) -> list[Broken]:
    """Now and then paper is out, or (of a machine that stands alone) the network is gone; noticed and told at the
    limits of five minutes.
    """
    found = []
    for day in sorted(luck.sample(range(10, 90, 4), luck.choice([0, 0, 1, 2]))):
        start = BORN + day * DAY + luck.randrange(80_000) * SECOND
        noticed = start + luck.choice([20, 200, 300, 301]) * SECOND
        shown = max(noticed, start + luck.choice([30, 300, 301]) * SECOND)
        lasts = luck.choice([2, 9]) * HOUR if day < 84 or luck.random() < 0.3 else 30 * DAY
        found.append(Broken(code, start, start + lasts, noticed, alone and luck.random() < 0.5,
                            accepted=noticed + luck.choice([5, 30, 31]) * MINUTE, shown=shown))  # fmt: skip
    return found


def _order(site: Site, one: Broken) -> Trouble:
    """Its order: paper is a general fault, which a test print proves to be over, a network a serious and public one."""
    made = Trouble(
        site.code, ("broken", one.code), one.start, one.noticed, "serious" if one.silent else "general", one.silent,
        one.code, repaired=one.end if one.end < JUDGED else None, ended=True,
    )  # fmt: skip
    if not one.silent:
        made.accepted, made.verified = one.accepted, one.end + MINUTE if one.end < JUDGED else None
    return made


# What the clauses have to say -----------------------------------------------------------------------------------------


def month_of(site: Site, first: date, now: datetime) -> Month:
    """A month of the quarter, or the running one until now."""
    following = (first.replace(day=28) + 4 * DAY).replace(day=1)
    return Month(site.code, here(first.year, first.month, 1), min(here(following.year, following.month, 1), now), now)


def reckon(site: Site, month: Month) -> dict[str, Told]:
    """Clause → (answer, number, sample) of every clause that has an answer."""
    found: dict[str, Told] = dict.fromkeys(reckoning.TEXTS, ("not_applicable", None, 0))
    if site.signs is not None:
        told = [one.shown - one.start <= 5 * MINUTE for one in site.faults if month.holds(one.start)]
        found = reckon_signs(month, site.signs, site.plans, (sum(told), len(told) - sum(told)))
    found |= reckon_rounds(month, site.plans)
    troubles = [one for one in site.troubles if one.opened <= month.now]
    found |= orders.reckon_orders(month, troubles, manager=site.manager)
    found |= reckon_books(month, site.books, site.machines)
    found["JB-33"] = orders.together(paper_told(month, site.books, "JB-33"), found["JB-33"])
    found["YJ-33"] = orders.together(found["YJ-33"], things_told(month, site.books, "extinguisher"))
    core: Told = ("met", 1.0, len(site.machines)) if site.machines else NOTHING
    registered = paper_told(month, site.books, "PJ-24")
    found["PJ-24"] = orders.together(core, orders.in_time_share(month, troubles), registered)
    found |= reckon_faults(site, month)
    found |= reckon_machines(site, month)
    return {code: told for code, told in found.items() if told != NOTHING}


def reckon_faults(site: Site, month: Month) -> dict[str, Told]:
    """What is said of faults themselves: how soon they were noticed, followed, and told to people."""
    mine = [one for one in site.faults if month.holds(one.start)]
    alarms = [(one.noticed - one.start).total_seconds() for one in mine]
    outages = [(one.noticed - one.start).total_seconds() for one in mine if one.silent]
    told = share(sum(one.shown - one.start <= 5 * MINUTE for one in mine), len(mine))
    return {
        "WH-14": at_most(max(alarms, default=0.0), 300, len(mine)),
        "WH-26": share(len(mine), len(mine)),
        "WH-28": orders.together(told, paper_told(month, site.books, "WH-28")),
        "JB-09": orders.together(outage_told(outages), paper_told(month, site.books, "JB-09")),
    }


def reckon_machines(site: Site, month: Month) -> dict[str, Told]:
    owners = set(site.machines.values())
    filled, posts = site.manager + site.keeper + len(owners), 2 + len(owners)
    found = {"JB-03": share(filled, posts)}
    if not site.machines:
        return found
    machines = {code: Machine(site.code, owner, BORN) for code, owner in site.machines.items()}
    found |= reckoning.hours(month, machines, site.faults)
    age = floor((month.end - CHAIN) / DAY * 10) / 10
    if age >= 180:  # younger the center could not have kept anything so long
        found["JB-13"] = "met", age, 1
    if month.end == month.now:  # what is in the machines is of now
        paper = {one.code: one.end <= month.now for one in site.faults if not one.silent and one.start <= month.now}
        found["YJ-13"] = share(sum(paper.values()), len(paper))
    return found | reckon_matters(month, site.matters, site.machines) | {"PJ-20": share(0, len(owners))}


# How it happens -------------------------------------------------------------------------------------------------------


class Thirty:
    """The city with its areas, its people, and whatever is done in it by moment."""

    def __init__(self, sites: list[Site]) -> None:
        record(SYSTEM, "areas.create_area", subject="area:OLD", at=CHAIN)
        audit.seal(center_keys().audit_private, CHAIN)
        hall = build(BORN)
        person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password=PASSWORD)
        platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=BORN)
        hall.staff["zhu"] = person
        self.actors: dict[str, Actor] = {name: actor_of(row) for name, row in hall.staff.items()}
        self.world = World(hall, self.actors["zhu"])
        self.sites = {one.code: one for one in sites}
        self.areas: dict[str, Area] = {}
        self.plans: dict[tuple[str, str], RoundPlan] = {}
        self.books: dict[str, Bookkeeper] = {}
        self.signs: dict[tuple[str, str], str] = {}
        """(area, sign on its plan) → the code of its question."""
        hall.bodies["ZW1"].phone = "0477-0000002"
        hall.bodies["ZW1"].save(update_fields=["phone"])
        parent = Place.objects.get(code="150603")
        for code, of in rounds.LISTS.items():
            rows = [dict(rounds.question(one).row) for one in of.questions]
            planning.write_edition(
                SYSTEM, place=hall.city, code=code, name=code, basis="试验", rows=rows, valid_from=LISTS_DAY,
                now=BORN, today=LISTS_DAY,
            )  # fmt: skip
        bring_items()
        for site in sites:
            self._stands(site, parent)
        Terminal.objects.filter(area__code__in=self.sites).update(enrolled_at=BORN, last_seen_at=BORN, state="active")

    @property
    def places(self) -> list[Place]:
        return [one.place for one in self.areas.values()]

    def _stands(self, site: Site, parent: Place) -> None:
        hall = self.world.hall
        area = areas.create_area(
            SYSTEM, code=site.code, name=f"{site.code}自助区", parent=parent, is_demo=True,
            keeper_phone="0477-0000001", manager=hall.bodies["ZW1"] if site.manager else None,
            keeper=hall.staff["lin"] if site.keeper else None,
        )  # fmt: skip
        areas.set_promised_hours(SYSTEM, area, all_day(), valid_from=date(2026, 9, 1), now=BORN)
        for code, owner in site.machines.items():
            terminals.register_terminal(
                SYSTEM, code=code, name=code, area=area.code, owner=owner, vendor="VN1", now=BORN, is_demo=True
            )
        self.areas[site.code] = area

    def at(self, when: datetime, do: Callable[[datetime], object]) -> None:
        self.world.at(when, lambda now: do(now) and None)

    def live(self) -> None:
        """Everything happens."""
        for site in self.sites.values():
            for plan in site.plans:
                self.walks(plan)
            for fault in site.faults:
                self.breaks(site, fault)
            self.books[site.code] = Bookkeeper(self.world, self.areas[site.code], self.actors["lin"])
            self.books[site.code].keeps(site.books)
            if site.signs is not None:
                SignKeeper(self.world, self.areas[site.code], self.actors["lin"], self.actors["zhu"]).keeps(site.signs)
            Counter(self.world, self.areas[site.code], self.actors["lin"]).opens(site.matters, site.machines)
        for site in self.sites.values():
            for one in site.troubles:
                self.works_on(site, one)
        self.world.run()
        self.world.hall.listen(JUDGED)
        supply_actions.look(Terminal.objects.filter(area__code__in=self.sites), JUDGED)

    def walks(self, plan: rounds.Planned) -> None:
        """A plan is set, its rounds are opened, answered and handed over."""
        hall, of = self.world.hall, plan.of
        walker = "ren" if of.owner else "lin"
        row = planning.set_plan(
            SYSTEM, None, area=self.areas[plan.area], code=of.code, who="owner" if of.owner else "keeper",
            organization=hall.bodies["RS"] if of.owner else None, person=hall.staff[walker], now=BORN + HOUR,
            plan=Plan(
                Rhythm(of.rhythm), of.windows, plan.first, plan.last, day=max(plan.day, 1),
                weekdays=frozenset({plan.day}) if of.rhythm == "weekly" else frozenset(),
            ),
        )  # fmt: skip
        self.plans[plan.area, of.code] = row
        for walk in plan.walks:
            self.world.at(walk.opens, self._opens)
        for walk in plan.walks:
            for said in walk.said:
                self.at(said.told, lambda now, w=walk, s=said: self.answers(row, w, s, now))
            if walk.fate == "cancelled":
                self.at(walk.opens + MINUTE, lambda now, w=walk: self._cancels(row, w, now))
            if walk.fate in ("missed", "half", "late"):
                self.at(walk.over, round_jobs.watch_rounds)
            if walk.told is not None:
                self.at(walk.told, lambda now, w=walk: self.hands_over(row, w, now))

    def _opens(self, now: datetime) -> None:
        while round_jobs.open_rounds(now):
            pass

    def round_at(self, plan: RoundPlan, walk: rounds.Walk) -> Round:
        return Round.objects.select_related("plan", "area").get(plan=plan, opens_at=walk.opens)

    def answers(self, plan: RoundPlan, walk: rounds.Walk, said: rounds.Said, now: datetime) -> None:
        row, code, before = self.round_at(plan, walk), said.code, ""
        if code.startswith("sign "):
            of = {str(one["sign"]): str(one["code"]) for one in row.signs}
            code = self.signs[row.area.code, said.code] = of[code.removeprefix("sign ")]
        earlier = [one for one in walk.said if one.replaced and (one.stop, one.code) == (said.stop, said.code)]
        if earlier and not said.replaced:
            before = row.answers.get(stop=said.stop, question=code, state="current").client_id
        given = Given(round_actions.new_client_id(), said.stop, code, said.value, said.at, replaces=before)
        round_actions.record_answer(self.actors[said.by], row, given, now=now)

    def _cancels(self, plan: RoundPlan, walk: rounds.Walk, now: datetime) -> None:
        round_actions.cancel_round(self.actors["lin"], self.round_at(plan, walk), reason="施工", now=now)

    def hands_over(self, plan: RoundPlan, walk: rounds.Walk, now: datetime) -> None:
        assert walk.finished is not None
        who = walk.said[0].by if walk.said else "lin"
        note = "没有来得及" if walk.blank else ""
        round_actions.finish_round(self.actors[who], self.round_at(plan, walk), note=note, at=walk.finished, now=now)

    def breaks(self, site: Site, one: Broken) -> None:
        """Paper is out until somebody fills it in, a network is gone until it is back; people are told."""
        hall, area = self.world.hall, self.areas[site.code]
        if one.silent:
            self.at(one.noticed, lambda now: hall.tell(terminal(one.code), "network", "uplink", "down", one.start, now))
            self.at(one.end, lambda now: hall.tell(terminal(one.code), "network", "uplink", "ok", now, now))
        else:
            breaks(self.world, one)
        self.at(one.shown, lambda now: self._tells(area, now))

    def _tells(self, area: Area, now: datetime) -> None:
        fault_notices.mark([area.pk], now)
        fault_notices.post_due(now)

    def works_on(self, site: Site, one: Trouble) -> None:
        """People accept an order, come, hand it on, repair, accept what was done."""
        if not one.worked or one.key[0] != "found":
            return
        lin = self.actors["lin"]
        for when, does in (
            (one.accepted, orders.accept), (one.arrived, orders.arrive), (one.handed_on, orders.hand_on),
            (one.repaired, orders.repair), (one.verified, orders.verify),
        ):  # fmt: skip
            if when is not None:
                self.at(when, lambda now, do=does: do(lin, self._named(site, one), now))

    def _named(self, site: Site, one: Trouble) -> Trouble:
        if not one.subject:
            code = self.signs.get((site.code, one.key[2]), one.key[2])
            one.subject = f"round:{one.machine or site.code}/{code}"
        return one
