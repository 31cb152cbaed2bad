"""Is the right sign at the right place? From a drawing, the facts of its area, the catalogue and the numbers in force.

Pure: the same arguments give the same findings, in the order of the catalogue, then of the drawing. What nobody
measured or set is said to be unmeasured, never to be right. docs/mechanisms/signs-on-the-plan.md says each rule with
its clause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from budayang.rules.signs.access import judge_access
from budayang.rules.signs.drawing import Drawing, PlacedSign, Point, measured_key
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.findings import Fault, Finding, Severity
from budayang.rules.signs.geometry import along_of, angle_to_face, distance, right_of_reader
from budayang.rules.signs.kinds import MOUNTING_NAMES, SAFETY_ORDER, Edition, Mounting, SignKind, size_needed
from budayang.rules.signs.requiring import list_requirements
from budayang.rules.signs.seeing import Obstacles, hidden_by, obstacles_of, on_leaf

BESIDE_MM = 10
"""Signs of a group nearer together than this across the board stand above each other."""

AREA_NAME = "自助区"
DOOR_NAMES = {"entrance": "入口", "exit": "出口", "emergency": "紧急出口", "inner": "内门"}
THING_NAMES = {"facility": "设施", "obstacle": "障碍物"}
Kinds = Mapping[str, SignKind]
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What judging one sign after the other needs, worked out once. ``elements``: ids that a sign can belong to."""

    drawing: Drawing
    kinds: Kinds
    numbers: Numbers
    edition: Edition
    elements: frozenset[str]
    obstacles: Obstacles


def judge(drawing: Drawing, facts: AreaFacts, kinds: Kinds, numbers: Numbers) -> list[Finding]:
    """All findings of a plan. ``numbers``: the parameters of `facts.NUMBERS` in force there on that day. Raises
    KeyError when one of them is not given.
    """
    edition = facts.edition(numbers)
    elements = frozenset({*(door.id for door in drawing.doors), *(thing.id for thing in drawing.things)})
    plan = _Plan(drawing, kinds, numbers, edition, elements, obstacles_of(drawing))
    found = [*_missing(drawing, facts, kinds), *_terminals(drawing, facts)]
    for sign in drawing.signs:
        found += _judge_sign(sign, plan)
    found += _judge_order(drawing, kinds)
    found += _judge_editions(drawing, kinds, edition)
    return found + judge_access(drawing, facts, numbers)


def place_words(drawing: Drawing, element: str) -> str:
    """What people call an element of the drawing: a terminal by its code, a door by its kind; the area for ""."""
    for thing in drawing.things:
        if thing.id == element:
            return f"终端 {thing.code}" if thing.kind == "terminal" else f"{THING_NAMES[thing.kind]} {element}"
    for door in drawing.doors:
        if door.id == element:
            return f"{DOOR_NAMES[door.kind]} {element}"
    return AREA_NAME


def _missing(drawing: Drawing, facts: AreaFacts, kinds: Kinds) -> Iterator[Finding]:
    for one in list_requirements(drawing, facts, kinds):
        if not one.signs:
            kind = kinds[one.kind]
            words = f"{place_words(drawing, one.about)}缺“{kind.message}”"
            yield Finding(Fault.MISSING, kind.clause, one.about, kind.code, words)


def _terminals(drawing: Drawing, facts: AreaFacts) -> Iterator[Finding]:
    """Machines of the area that the plan does not show, and the other way round."""
    drawn = {thing.code for thing in drawing.things if thing.kind == "terminal"}
    known = {one.code for one in facts.terminals}
    for one in facts.terminals:
        if one.code not in drawn:
            words = f"终端 {one.code} 没有画在平面图上，它的标志没有判断"
            yield Finding(Fault.NOT_DRAWN, "BS-09", "", "", words)
    for thing in drawing.things:
        if thing.kind == "terminal" and thing.code not in known:
            words = f"平面图上的终端 {thing.code} 已不在这个自助区"
            yield Finding(Fault.GONE, "BS-09", thing.id, "", words)


def _judge_sign(sign: PlacedSign, plan: _Plan) -> Iterator[Finding]:
    kind, drawing, numbers = plan.kinds.get(sign.kind), plan.drawing, plan.numbers
    if kind is None:
        words = f"标志 {sign.id} 的种类“{sign.kind}”目录里没有，形状和颜色无法核对"
        yield Finding(Fault.UNKNOWN_KIND, "BS-12", sign.id, sign.kind, words)
        return
    if sign.about and sign.about not in plan.elements:
        words = f"“{kind.message}”所属的对象 {sign.about} 已不在平面图上"
        yield Finding(Fault.GONE, kind.clause, sign.id, kind.code, words)
    bottom = drawing.measured.get(measured_key(sign.id, "bottom_mm"), sign.bottom_mm)
    yield from _judge_mounting(sign, kind, bottom, drawing)
    yield from _judge_height(sign, kind, bottom, numbers)
    if sign.seen_from is not None:
        yield from _judge_view(sign, kind, sign.seen_from, plan.edition, numbers)
        blocker = hidden_by(sign, sign.seen_from, bottom, plan.obstacles, numbers["sign_eye_mm"])
        yield from _judge_sight(sign, kind, blocker, drawing)
    elif kind.sized or sign.mounting not in (Mounting.MACHINE, Mounting.FLOOR):
        words = f"“{kind.message}”没有设最远观察点，距离、角度和遮挡没有判断"
        yield Finding(Fault.NO_VIEW, "BS-15", sign.id, kind.code, words, Severity.UNMEASURED)


def _judge_mounting(sign: PlacedSign, kind: SignKind, bottom: int, drawing: Drawing) -> Iterator[Finding]:
    moving = sign.mounting is Mounting.MOVING or on_leaf(sign, bottom, drawing.doors)
    if moving and Mounting.MOVING not in kind.mountings:
        words = f"“{kind.message}”装在门窗等会移动的物体上"
        yield Finding(Fault.MOVING, "BS-15", sign.id, kind.code, words)
    elif not moving and sign.mounting not in kind.mountings:
        words = f"“{kind.message}”不宜固定在{MOUNTING_NAMES[sign.mounting]}"
        yield Finding(Fault.MOUNTING, kind.clause, sign.id, kind.code, words, Severity.ADVICE)


def _judge_height(sign: PlacedSign, kind: SignKind, bottom: int, numbers: Numbers) -> Iterator[Finding]:
    """BS-14 holds for what hangs or stands; the middle of what hangs on a wall is a default of the catalogue."""
    least = numbers["sign_bottom_mm"] if sign.mounting in (Mounting.HUNG, Mounting.POST) else 0
    if kind.middle_mm is not None and sign.mounting is Mounting.POST:
        least = 0  # a plan on a stand is read from near by: its middle counts, not its edge
    if kind.bottom_mm is not None and sign.mounting is not Mounting.FLOOR:
        least = max(least, kind.bottom_mm)
    if bottom < least:
        words = f"“{kind.message}”下缘离地 {bottom} 毫米，应不低于 {least:.0f} 毫米"
        yield Finding(Fault.LOW, "BS-14", sign.id, kind.code, words, value=bottom, needed=least)
    if kind.middle_mm is None or sign.mounting in (Mounting.HUNG, Mounting.FLOOR):
        return
    middle, (low, high) = bottom + sign.height_mm / 2, kind.middle_mm
    if not low <= middle <= high:
        words = f"“{kind.message}”中心离地 {middle:.0f} 毫米，宜在 {low} 至 {high} 毫米"
        needed = low if middle < low else high
        yield Finding(Fault.HEIGHT, kind.clause, sign.id, kind.code, words, Severity.ADVICE, middle, needed)


def _judge_view(
    sign: PlacedSign, kind: SignKind, seen_from: Point, edition: Edition, numbers: Numbers
) -> Iterator[Finding]:
    away = distance(sign.at, seen_from)
    if sign.mounting is not Mounting.FLOOR:
        angle, least = angle_to_face(sign.at, sign.facing, seen_from), numbers["sign_angle"]
        if angle < 0:
            words = f"“{kind.message}”背对观察点"
            yield Finding(Fault.ANGLE, "BS-15", sign.id, kind.code, words, value=angle, needed=least)
        elif angle < least - 1e-6:
            words = f"“{kind.message}”与最远观察点视线的夹角 {_down(angle)} 度，应不小于 {least:g} 度"
            yield Finding(Fault.ANGLE, "BS-15", sign.id, kind.code, words, value=angle, needed=least)
    if not kind.sized:
        return
    size, needed = min(sign.width_mm, sign.height_mm), size_needed(kind.shape, away, edition)
    if needed is None:
        words = f"“{kind.message}”离最远观察点 {away / 1000:.1f} 米，超出尺寸表，应加设标志"
        yield Finding(Fault.SMALL, "BS-17", sign.id, kind.code, words, value=size)
    elif size < needed:
        words = f"“{kind.message}”尺寸 {size} 毫米，观察距离 {away / 1000:.1f} 米时应不小于 {needed} 毫米"
        yield Finding(Fault.SMALL, "BS-17", sign.id, kind.code, words, value=size, needed=needed)


def _down(angle: float) -> str:
    """Cut, not rounded: 74.97 degrees are not shown as 75."""
    return f"{int(angle * 10 + 1e-6) / 10:g}"


def _judge_sight(sign: PlacedSign, kind: SignKind, blocker: str | None, drawing: Drawing) -> Iterator[Finding]:
    if blocker is not None:
        what = place_words(drawing, blocker) if blocker else "墙"
        words = f"从观察点看，“{kind.message}”被{what}挡住"
        yield Finding(Fault.HIDDEN, "BS-15", sign.id, kind.code, words)


def _judge_order(drawing: Drawing, kinds: Kinds) -> Iterator[Finding]:
    """BS-13: on one board warning, prohibition, mandatory, condition; left to right, then top to bottom. Told once
    for a board, at the first sign that stands before its turn.
    """
    groups: dict[str, list[PlacedSign]] = {}
    for sign in drawing.signs:
        kind = kinds.get(sign.kind)
        if sign.group and kind is not None and kind.category in SAFETY_ORDER:
            groups.setdefault(sign.group, []).append(sign)
    for signs in groups.values():
        for one, two in pairwise(_as_read(signs)):
            first, second = kinds[one.kind], kinds[two.kind]
            if SAFETY_ORDER.index(first.category) > SAFETY_ORDER.index(second.category):
                words = f"“{second.message}”应排在“{first.message}”之前"
                yield Finding(Fault.ORDER, "BS-13", two.id, second.code, words)
                break


def _as_read(signs: list[PlacedSign]) -> list[PlacedSign]:
    """From left to right as who stands before the board sees them, then from top to bottom, then by their `place`."""
    across, origin = right_of_reader(signs[0].facing), signs[0].at
    return sorted(
        signs, key=lambda one: (round(along_of(origin, one.at, across) / BESIDE_MM), -one.bottom_mm, one.place)
    )


def _judge_editions(drawing: Drawing, kinds: Kinds, edition: Edition) -> Iterator[Finding]:
    """BS-11: safety signs follow the edition in force. Those of which nobody said it are told in one finding."""
    unknown = 0
    for sign in drawing.signs:
        kind = kinds.get(sign.kind)
        if kind is None or kind.category not in SAFETY_ORDER:
            continue
        if not sign.edition:
            unknown += 1
        elif sign.edition != edition:
            words = f"“{kind.message}”按 GB 2894-{sign.edition} 制作，现行的是 GB 2894-{edition.value}"
            yield Finding(Fault.EDITION, "BS-11", sign.id, kind.code, words)
    if unknown:
        words = f"{unknown} 块安全标志没有写明按 GB 2894 哪一版制作"
        yield Finding(Fault.EDITION, "BS-11", "", "", words, Severity.UNMEASURED, value=unknown)
