"""The signs of an area of a known quarter: a plan in order in which faults were planted by lot, plates that hang and
may say what is no longer true, looks of rounds, the rule for two scripts. What chapter 6 has to say is reckoned by
plain loops over the drawing as JSON and the table of kinds of signs; of geometry nothing: a planted fault is known.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from tests.center.standard.the_answers import known_said
from tests.center.standard.the_reckoning import NOTHING, Month, Told
from tests.center.standard.the_rounds import WELL, Planned
from tests.center.standard.the_truth import BORN, DAY, MINUTE, World

from budayang import data
from budayang.center.areas import actions as areas
from budayang.center.areas.models import Area
from budayang.center.platform.actors import Actor
from budayang.center.signage import composition_actions, plan_actions, plate_actions, text_actions
from budayang.center.terminals.models import Terminal
from budayang.data.demo_plan import demo_drawing

NONE: Told = ("not_applicable", None, 0)
SAFETY = ("warning", "prohibition", "mandatory", "condition")
HALF_YEAR = timedelta(days=183)
ON_SITE = ("BS-02", "BS-04", "BS-06", "BS-07", "BS-09", "BS-10", "BS-12", "BS-16", "BS-18", "BS-24")
BY_MACHINE = ("BS-02", "BS-03", "BS-04", "BS-06")
SAMPLE = "ᠨᠣᠮ ᠤᠰᠤ"  # a layout sample of common nouns (book, water), not the text of any sign
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M1 1h8v8z"/></svg>'
Broken = dict[str, set[tuple[str, str]]]
GONE = {
    "s-box": {"BS-07": {("", "opinion_box")}},
    "s-entrance": {"BS-09": {("d-in", "entrance")}},
    "s-low": {"BS-10": {("t-01", "low_desk")}},
    "s-no-stacking": {"BS-12": {("d-escape", "no_stacking")}},
    "s-escape-plan": {"BS-18": {("", "evacuation_plan")}},
    "s-braille": {"BS-24": {("d-in", "braille_plan")}, "BS-09": {("", "floor_plan")}},
    "s-hours": {"BS-01": {("d-in", "open_hours")}},
    "s-01-steps": {"BS-02": {("t-01", "steps")}},
    "s-01-board": {"BS-04": {("t-01", "terminal_card")}, "BS-03": {("t-01", "keeper_phone")},
                   "BS-06": {("t-01", "rating_code")}},
}  # fmt: skip
"""A sign that is not there, and the places that are then without: clause → (element, kind)."""
CHANGED: dict[str, tuple[str, dict[str, Any], Broken]] = {
    "low": ("s-exit", {"bottom_mm": 1900}, {"BS-14": {("s-exit", "exit")}}),
    "small": ("s-escape", {"width_mm": 200, "height_mm": 200}, {"BS-17": {("s-escape", "emergency_exit")}}),
    "moving": ("s-video", {"mounting": "moving"}, {"BS-15": {("s-video", "video_notice")}}),
    "old": ("s-call", {"edition": "2008"}, {"BS-11": {("s-call", "emergency_call")}}),
    "strange": ("s-complaint", {"kind": "mystery"},
                {"BS-12": {("s-complaint", "mystery")}, "BS-07": {("", "complaint")}}),
    "unseen": ("s-fire", {"seen_from": None}, {}),
    "undated": ("s-call", {"edition": ""}, {}),
}  # fmt: skip
"""A sign that is otherwise than it should be. The last two leave their clause open: BS-15, BS-11."""
OPEN = {"unseen": "BS-15", "undated": "BS-11"}
PLANTS = (*GONE, *CHANGED, "order")


@cache
def kinds() -> dict[str, Mapping[str, str]]:
    with data.table_path("sign_kinds.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@dataclass
class Signs:
    """`drawn`: how many machines the plan shows. `plates`: (kind, terminal or ""). `phone`, `helpers`: when the
    keeper's telephone, the hours of helpers changed. `artwork`: of how many symbols official artwork was imported.
    `ruled`: a rule for two scripts is in force; `approved`: how many kinds have an approved text.
    """

    drawing: dict[str, Any]
    wet: bool
    machines: int
    drawn: int
    planted: tuple[str, ...]
    plates: tuple[tuple[str, str], ...] = ()
    phone: datetime | None = None
    helpers: datetime | None = None
    artwork: int = 0
    ruled: bool = False
    approved: int = 0
    broken: Broken = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.drawing["signs"]]

    def kinds_used(self) -> list[str]:
        return sorted({one["kind"] for one in self.drawing["signs"]} & set(kinds()))

    def symbols(self) -> list[str]:
        return sorted({kinds()[one]["symbol"] for one in self.kinds_used() if of_public(one)})


def of_public(kind: str) -> bool:
    return kinds()[kind]["category"] in ("public", "access") and bool(kinds()[kind]["symbol"])


def draw_signs(luck: random.Random, machines: Sequence[str], planted: tuple[str, ...], *, staffed: bool) -> Signs:
    """A plan of an area with machines, with faults in it. `staffed`: it has a managing unit and a keeper, whom plates
    name.
    """
    drawn = len(machines) - (luck.random() < 0.15 and len(machines) > 1)
    made = Signs(demo_drawing(machines[:drawn]), luck.random() < 0.8, len(machines), drawn, planted)
    for one in planted:
        _plant(made, one)
    if drawn < len(machines):
        made.broken.setdefault("BS-09", set()).add(("", ""))
    if staffed and luck.random() < 0.8:
        of_area = luck.choice([("door_head",), ("door_head", "opening_hours"), ("door_head", "opening_hours")])
        of_machine = luck.choice([("keeper_phone",), ("keeper_phone", "privacy_notice"), ("device_board",)])
        here = machines if luck.random() < 0.7 else machines[:1]
        made.plates = (*((one, "") for one in of_area), *((one, code) for code in here for one in of_machine))
        made.phone = BORN + 30 * DAY if luck.random() < 0.3 else None
        made.helpers = BORN + 40 * DAY if luck.random() < 0.3 else None
    made.artwork = luck.choice([0, 2, len(made.symbols())])
    made.ruled = luck.random() < 0.4
    made.approved = luck.choice([0, len(made.kinds_used())]) if made.ruled else 0
    return made


def _plant(made: Signs, what: str) -> None:
    signs = made.drawing["signs"]
    if what in GONE:
        made.drawing["signs"] = [one for one in signs if one["id"] != what]
        breaks: Broken = GONE[what]
    elif what == "order":
        left, right = (next(one for one in signs if one["id"] == id_) for id_ in ("s-slip", "s-no-smoking"))
        left["at"], right["at"] = right["at"], left["at"]
        breaks = {"BS-13": {("s-slip", "warn_slip")}}
    else:
        id_, change, breaks = CHANGED[what]
        next(one for one in signs if one["id"] == id_).update(change)
    for clause, found in breaks.items():
        made.broken.setdefault(clause, set()).update(found)


# What the clauses have to say -----------------------------------------------------------------------------------------


def places(signs: Signs) -> list[tuple[str, str, list[str]]]:
    """Every place that needs a sign: (kind, element, signs that stand for it)."""
    drawing, found = signs.drawing, []
    for code, kind in kinds().items():
        spots = _spots(kind["where"], signs)
        able = [one for one in drawing["signs"] if one["kind"] == code or code in _serves(one["kind"])]
        for spot in spots:
            mine = [one["id"] for one in able if spots == [""] or one.get("about") == spot]
            found.append((code, spot, mine))
    return found


def _serves(kind: str) -> list[str]:
    return kinds()[kind]["serves"].split() if kind in kinds() else []


def _spots(where: str, signs: Signs) -> list[str]:
    rule, _colon, name = where.partition(":")
    things, doors = signs.drawing["things"], signs.drawing["doors"]
    if rule == "facility":
        return [one["id"] for one in things if one["kind"] == "facility" and one["code"] == name]
    if rule == "when":
        return [""] if name == "wet_floor" and signs.wet else []
    machines = [one for one in things if one["kind"] == "terminal"]
    return {
        "": [],
        "once": [""],
        "each_terminal": [one["id"] for one in machines],
        "each_low": [one["id"] for one in machines if one.get("low")],
        **{f"each_{kind}": [one["id"] for one in doors if one["kind"] == kind]
           for kind in ("entrance", "exit", "emergency")},
    }[rule]  # fmt: skip


def counts(signs: Signs) -> dict[str, int]:
    """Of how many things of the plan a clause is."""
    placed = [(one, kinds()[one["kind"]]) for one in signs.drawing["signs"] if one["kind"] in kinds()]
    safe = [one for one, kind in placed if kind["category"] in SAFETY]
    groups = [one["group"] for one in safe if one.get("group")]
    strange = len(signs.drawing["signs"]) - len(placed)
    found = {f"BS-{nth:02}": 0 for nth in range(1, 25)}
    for code, _spot, _signs in places(signs):
        if kinds()[code]["clause"] in found:
            found[kinds()[code]["clause"]] += 1
    return found | {
        "BS-08": sum(of_public(one["kind"]) for one, _kind in placed),
        "BS-11": len(safe),
        "BS-12": len(safe) + strange,
        "BS-13": len([one for one in set(groups) if groups.count(one) > 1]),
        "BS-14": sum(bool(kind["bottom_mm"]) or (one["mounting"] in ("hung", "post") and not kind["middle_mm"])
                     for one, kind in placed),
        "BS-15": sum(bool(one.get("seen_from")) or kind["sized"] == "yes" or one["mounting"] not in ("machine", "floor")
                     for one, kind in placed),
        "BS-16": len(safe),
        "BS-17": sum(kind["sized"] == "yes" for _one, kind in placed),
    }  # fmt: skip


def last_looks(plans: Sequence[Planned], since: datetime, until: datetime, now: datetime) -> dict[str, str]:
    """Sign → what the last look at it said, in a time."""
    found: dict[str, tuple[datetime, str]] = {}
    for _walk, one in known_said(plans, now):
        if one.code.startswith("sign ") and since <= one.at < until and one.value != "na":
            sign = one.code.removeprefix("sign ")
            if sign not in found or found[sign][0] <= one.at:
                found[sign] = one.at, one.value
    return {sign: value for sign, (_at, value) in found.items()}


def proofs(signs: Signs, looks: Mapping[str, str], rare: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """(right, wrong) of a clause by what was seen in the area."""
    found: dict[str, list[bool]] = {one: [] for one in ON_SITE}
    for code, _spot, mine in places(signs):
        seen = [looks[one] == WELL for one in mine if one in looks]
        clause = kinds()[code]["clause"]
        if seen and clause in ON_SITE and clause != "BS-12":
            found[clause].append(any(seen))
    for one in signs.drawing["signs"]:
        category = kinds().get(one["kind"], {"category": "strange"})["category"]
        if category in (*SAFETY, "strange") and one["id"] in looks:
            found["BS-12"].append(looks[one["id"]] == WELL)
        if category in SAFETY and one["id"] in rare:
            found["BS-16"].append(rare[one["id"]] == WELL)
    return {clause: (sum(rows), len(rows) - sum(rows)) for clause, rows in found.items() if rows}


def plates_told(signs: Signs, now: datetime) -> dict[str, tuple[int, int]]:
    """BS-01 of the area's plates, BS-03 of the machines': true, and no longer true."""
    stale_phone, stale_hours = (at is not None and at <= now for at in (signs.phone, signs.helpers))
    area = [(1, 0) if kind == "door_head" or not stale_hours else (0, 1) for kind, code in signs.plates if not code]
    machines = {code for kind, code in signs.plates if code and kind in ("keeper_phone", "device_board")}
    found = {}
    if area:
        found["BS-01"] = sum(one[0] for one in area), sum(one[1] for one in area)
    if machines:
        found["BS-03"] = (0, len(machines)) if stale_phone else (len(machines), 0)
    return found


def reckon_signs(month: Month, signs: Signs, plans: Sequence[Planned], notices: tuple[int, int]) -> dict[str, Told]:
    """BS-01 … BS-24. `notices`: faults of the month that people were told of, in time and late."""
    looks = last_looks(plans, month.start, month.end, month.now)
    rare = last_looks(plans, month.end - HALF_YEAR, month.end, month.now)
    proved = proofs(signs, looks, rare) | plates_told(signs, month.now)
    if signs.artwork:
        known = set(signs.symbols()[: signs.artwork])
        used = [one["kind"] for one in signs.drawing["signs"] if one["kind"] in kinds() and of_public(one["kind"])]
        proved["BS-08"] = sum(kinds()[one]["symbol"] in known for one in used), 0
    found = {}
    for clause, count in counts(signs).items():
        if "BS-19" <= clause <= "BS-23" or clause == "BS-05":
            continue
        wanted = clause not in ("BS-11", "BS-13", "BS-14", "BS-15", "BS-17")
        found[clause] = _clause(signs, clause, count, proved.get(clause, (0, 0)), wanted=wanted)
    good, bad = notices
    if good + bad:
        found["BS-05"] = "not_met" if bad else "met", good / (good + bad), good + bad
    told = {code for kind, code in signs.plates if code and kind in ("privacy_notice", "device_board")}
    if signs.phone is not None:  # the board names the telephone
        told = {code for kind, code in signs.plates if code and kind == "privacy_notice"}
    found["BS-19"] = ("met", 1.0, signs.machines) if len(told) == signs.machines else NOTHING
    return found | _scripts(signs, looks)


def _clause(signs: Signs, clause: str, count: int, proof: tuple[int, int], *, wanted: bool) -> Told:
    """One clause of the plan. `wanted`: a plan alone does not prove it."""
    broken = len(signs.broken.get(clause, ()))
    good, bad = proof
    if broken or bad:
        return "not_met", max(count - broken - bad, 0) / count if count else None, count
    if not count:
        return NONE if clause in ("BS-13", "BS-14") else NOTHING
    if clause in BY_MACHINE and signs.drawn < signs.machines:
        return NOTHING
    if clause in [OPEN[one] for one in signs.planted if one in OPEN] or (wanted and good < count):
        return NOTHING
    return "met", 1.0, count


def _scripts(signs: Signs, looks: Mapping[str, str]) -> dict[str, Told]:
    """BS-20 … 23: nothing is asked for where no document says which rule counts."""
    if not signs.ruled:
        return dict.fromkeys(("BS-20", "BS-21", "BS-23"), NONE)
    needed = len(signs.kinds_used())
    whole = signs.approved == needed
    hang = [value for value in looks.values() if value != "缺失"]
    right = sum(value != "文字不对" for value in hang)
    found: dict[str, Told] = {"BS-21": ("met", 1.0, needed) if whole else NOTHING, "BS-22": ("met", 1.0, 3)}
    if hang:
        share = right / len(hang)
        found["BS-20"] = "met" if right == len(hang) else "not_met", share, len(hang)
        found["BS-23"] = "met" if whole and share >= 0.98 else "not_met", share, len(hang)
    return found


# How it happens -------------------------------------------------------------------------------------------------------


class SignKeeper:
    """Whoever draws the plan and hangs the plates."""

    def __init__(self, world: World, area: Area, keeper: Actor, boss: Actor) -> None:
        self.world, self.area, self.keeper, self.boss = world, area, keeper, boss

    def keeps(self, signs: Signs) -> None:
        at = self.world.at
        at(BORN + MINUTE, lambda now: self.draws(signs, now))
        for kind, code in signs.plates:
            at(BORN + 5 * DAY, lambda now, k=kind, c=code: self.hangs(k, c, now))
        if signs.phone is not None:
            at(signs.phone, lambda now: self.changes(now, keeper_phone="0477-0000009"))
        if signs.helpers is not None:
            at(signs.helpers, lambda now: self.changes(now, helper_hours="9:00-17:00"))

    def draws(self, signs: Signs, now: datetime) -> None:
        place = self.area.place
        plan_actions.set_present(self.keeper, self.area.code, ["wet_floor"] if signs.wet else [], now=now)
        plan_actions.save_version(self.keeper, self.area.code, signs.drawing, base=0, now=now)
        for symbol in signs.symbols()[: signs.artwork]:
            composition_actions.import_symbol(self.boss, place, symbol, SVG, source="样例", now=now)
        if signs.ruled:
            composition_actions.put_in_force(
                self.boss, place, "mn_1996", document="样例〔2026〕1号", valid_from=date(2026, 9, 10),
                horizontal="above", percent=100, now=now,
            )  # fmt: skip
        for kind in signs.kinds_used()[: signs.approved]:
            row = text_actions.write_text(self.keeper, place, kind, "mn", SAMPLE, source="测试译员，样例", now=now)
            text_actions.approve_text(self.boss, row, now=now)

    def hangs(self, kind: str, code: str, now: datetime) -> None:
        machine = Terminal.objects.select_related("owner", "area__place").get(code=code) if code else None
        plate_actions.hang(self.keeper, self.area, machine, kind, now=now)

    def changes(self, now: datetime, **what: str) -> None:
        areas.update_area(self.keeper, self.area, **what)
        plate_actions.look_again({self.area.place.path}, now)
        while plate_actions.judge_plates(now):
            pass
