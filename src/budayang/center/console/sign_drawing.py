"""A plan as shapes for a page: what the editor draws in the browser, drawn here for reading and for print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from budayang.center.areas.models import Facility
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.drawing import Door, Drawing, PlacedSign, Thing
from budayang.rules.signs.findings import FAULT_NAMES, SEVERITY_NAMES, Finding, Severity

LOOK_MM = 360
MARK_STEP_MM = 460
MARGIN_MM = 300
LETTERS_MM = (110, 260)
SIGNS_AT_A_SPOT_MM = 300
TONES = {Severity.FAULT: "stop", Severity.ADVICE: "warn", Severity.UNMEASURED: "ask"}
ORDER = (Severity.FAULT, Severity.ADVICE, Severity.UNMEASURED)


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding with its number, and where on the plan it is; `x` None where it speaks of the whole area."""

    number: int
    finding: Finding
    x: int | None = None
    y: int | None = None

    @property
    def severity(self) -> str:
        """Picks the shape: a triangle, a circle, a dashed square."""
        return self.finding.severity.value

    @property
    def tone(self) -> str:
        """Colour and shape of the word."""
        return TONES[self.finding.severity]

    @property
    def severity_word(self) -> str:
        """Chinese."""
        return SEVERITY_NAMES[self.finding.severity]

    @property
    def fault_word(self) -> str:
        """Chinese."""
        return FAULT_NAMES[self.finding.fault]

    @property
    def at(self) -> str:
        """The spot for the editor: "1200,3400", "" for none."""
        return "" if self.x is None else f"{self.x},{self.y}"


@dataclass(frozen=True, slots=True)
class ShownDoor:
    """A door with the path of its leaf."""

    door: Door
    leaf: str


@dataclass(frozen=True, slots=True)
class ShownThing:
    """A thing with its rectangle about (0, 0), its turn and its word."""

    thing: Thing
    left: float
    top: float
    turn: int
    front: str
    word: str
    size: int


@dataclass(frozen=True, slots=True)
class ShownSign:
    """A sign with the end of the tick that tells where it looks."""

    sign: PlacedSign
    shape: str
    name: str
    look_x: int
    look_y: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything of a plan for the template. `box`: the viewBox."""

    drawing: Drawing
    box: str
    doors: tuple[ShownDoor, ...]
    things: tuple[ShownThing, ...]
    signs: tuple[ShownSign, ...]
    path: str
    marks: tuple[Mark, ...]


def numbered(drawing: Drawing, findings: Sequence[Finding]) -> tuple[Mark, ...]:
    """Findings in the order in which they are told, the gravest first. Those at one spot stand side by side."""
    taken: dict[tuple[int, int], int] = {}
    marks = []
    ranked = sorted(findings, key=lambda one: ORDER.index(one.severity))
    for number, finding in enumerate(ranked, start=1):
        spot = spot_of(drawing, finding.element)
        if spot is None:
            marks.append(Mark(number, finding))
            continue
        cell = (round(spot[0] / SIGNS_AT_A_SPOT_MM), round(spot[1] / SIGNS_AT_A_SPOT_MM))
        before = taken.get(cell, 0)
        taken[cell] = before + 1
        marks.append(Mark(number, finding, spot[0] + 230 + before * MARK_STEP_MM, spot[1] - 230))
    return tuple(marks)


def spot_of(drawing: Drawing, element: str) -> tuple[int, int] | None:
    """Where an element of the drawing is; None for the area and for what is not there."""
    space, _dot, rest = element.partition(".")
    if space == "path" and rest.isdigit() and int(rest) < len(drawing.path):
        here = drawing.path[int(rest)]
        there = drawing.path[min(int(rest) + 1, len(drawing.path) - 1)]
        return (here[0] + there[0]) // 2, (here[1] + there[1]) // 2
    if space == "turn" and rest.isdigit() and int(rest) < len(drawing.turns):
        return drawing.turns[int(rest)]
    lines = [(one.id, one.start, one.end) for one in drawing.doors] + [(w.id, w.start, w.end) for w in drawing.walls]
    for name, start, end in lines:
        if name == element:
            return (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
    spots = {one.id: one.at for one in drawing.things} | {one.id: one.at for one in drawing.signs}
    return spots.get(element)


def shown(drawing: Drawing, findings: Sequence[Finding]) -> Shown:
    """The plan with the marks of what was found."""
    # Doors swing outwards, and their leaves are part of the picture.
    leaves = [round(math.dist(door.start, door.end)) + MARGIN_MM for door in drawing.doors]
    margin = max(max(drawing.width_mm, drawing.depth_mm) // 25, *leaves, MARGIN_MM)
    sides = (-margin, -margin, drawing.width_mm + 2 * margin, drawing.depth_mm + 2 * margin)
    return Shown(
        drawing=drawing,
        box=" ".join(map(str, sides)),
        doors=tuple(ShownDoor(door, _leaf(door)) for door in drawing.doors),
        things=tuple(map(_thing, drawing.things)),
        signs=tuple(map(_sign, drawing.signs)),
        path=" ".join(f"{x},{y}" for x, y in drawing.path),
        marks=numbered(drawing, findings),
    )


def name_of(sign: PlacedSign) -> str:
    """What the sign says, or its code where the catalogue does not know it."""
    kind = sign_kinds().get(sign.kind)
    return kind.message if kind else sign.kind


def about_of(drawing: Drawing, element: str) -> str:
    """What a sign belongs to, in words."""
    for thing in drawing.things:
        if thing.id == element:
            return thing.code if thing.kind == "terminal" else _word(thing) or element
    return element if any(door.id == element for door in drawing.doors) else _("整个自助区")


def _leaf(door: Door) -> str:
    (x1, y1), (x2, y2) = door.start, door.end
    width = round(math.hypot(x2 - x1, y2 - y1))
    return f"M{x1} {y1}L{x1 - (y2 - y1)} {y1 + (x2 - x1)}A{width} {width} 0 0 0 {x2} {y2}"


def _thing(thing: Thing) -> ShownThing:
    w, d, word = thing.width_mm / 2, thing.depth_mm / 2, _word(thing)
    letters = sum(1.0 if ord(one) > 255 else 0.6 for one in word)
    least, most = LETTERS_MM
    return ShownThing(
        thing=thing,
        left=-w,
        top=-d,
        turn=thing.facing - 90,
        front=f"M{-w / 2} {d}L0 {d + 110}L{w / 2} {d}Z",
        word=word,
        size=int(max(least, min(most, d, thing.width_mm / max(1.0, letters + 0.6)))),
    )


def _word(thing: Thing) -> str:
    if thing.kind == "terminal":
        return thing.code.rpartition("-")[2]
    names = dict(Facility.Kind.choices)
    return str(names.get(thing.code, thing.code)) if thing.kind == "facility" else ""


def _sign(sign: PlacedSign) -> ShownSign:
    kind = sign_kinds().get(sign.kind)
    turn = math.radians(sign.facing)
    return ShownSign(
        sign=sign,
        shape=kind.shape.value if kind else "plate",
        name=name_of(sign),
        look_x=round(sign.at[0] + math.cos(turn) * LOOK_MM),
        look_y=round(sign.at[1] + math.sin(turn) * LOOK_MM),
    )
