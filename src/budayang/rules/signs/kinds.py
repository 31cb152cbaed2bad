"""Kinds of signs: what a sign says, how it looks, how large and how high it hangs, where it is required, and why.

The table itself is data/sign_kinds.csv (`data.sign_kinds`); here are its words and the rules that hold for a category.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Category(StrEnum):
    """What a sign is for. The four kinds of safety signs stand in the order in which they hang (BS-13)."""

    WARNING = "warning"
    PROHIBITION = "prohibition"
    MANDATORY = "mandatory"
    CONDITION = "condition"
    FIRE = "fire"
    PUBLIC = "public"
    AREA = "area"
    DEVICE = "device"
    ACCESS = "access"


CATEGORY_NAMES: dict[Category, str] = {
    Category.WARNING: "警告标志",
    Category.PROHIBITION: "禁止标志",
    Category.MANDATORY: "指令标志",
    Category.CONDITION: "提示标志",
    Category.FIRE: "消防安全标志",
    Category.PUBLIC: "公共信息图形符号",
    Category.AREA: "自助区标志",
    Category.DEVICE: "设备标志",
    Category.ACCESS: "无障碍标志",
}
SAFETY_ORDER = (Category.WARNING, Category.PROHIBITION, Category.MANDATORY, Category.CONDITION)


class Shape(StrEnum):
    """The figure that carries the symbol; with it the colour class is given (BS-12)."""

    TRIANGLE = "triangle"  # yellow, black edge
    BARRED_CIRCLE = "barred_circle"  # white, red ring and bar
    CIRCLE = "circle"  # blue
    GREEN_SQUARE = "green_square"
    RED_SQUARE = "red_square"  # fire
    SYMBOL_SQUARE = "symbol_square"  # public information: a symbol on a plain ground
    PLATE = "plate"  # a rectangle with text


RED, YELLOW, BLUE, GREEN, BLACK, WHITE = "#c4161c", "#f6b800", "#0a4f9e", "#007a3d", "#111111", "#ffffff"


@dataclass(frozen=True, slots=True)
class Colours:
    """Of a shape: its ground, its edge and the figure on it, as #rrggbb for the screen; a printer mixes by the
    standard.
    """

    ground: str
    edge: str
    figure: str


COLOURS: Mapping[Shape, Colours] = {
    Shape.TRIANGLE: Colours(YELLOW, BLACK, BLACK),
    Shape.BARRED_CIRCLE: Colours(WHITE, RED, BLACK),
    Shape.CIRCLE: Colours(BLUE, BLUE, WHITE),
    Shape.GREEN_SQUARE: Colours(GREEN, GREEN, WHITE),
    Shape.RED_SQUARE: Colours(RED, RED, WHITE),
    Shape.SYMBOL_SQUARE: Colours(WHITE, BLACK, BLACK),
    Shape.PLATE: Colours(WHITE, BLACK, BLACK),
}

SHAPE_OF: Mapping[Category, frozenset[Shape]] = {
    Category.WARNING: frozenset({Shape.TRIANGLE}),
    Category.PROHIBITION: frozenset({Shape.BARRED_CIRCLE}),
    Category.MANDATORY: frozenset({Shape.CIRCLE}),
    Category.CONDITION: frozenset({Shape.GREEN_SQUARE}),
    Category.FIRE: frozenset({Shape.RED_SQUARE, Shape.GREEN_SQUARE, Shape.BARRED_CIRCLE, Shape.PLATE}),
    Category.PUBLIC: frozenset({Shape.SYMBOL_SQUARE}),
    Category.AREA: frozenset({Shape.PLATE}),
    Category.DEVICE: frozenset({Shape.PLATE}),
    Category.ACCESS: frozenset({Shape.SYMBOL_SQUARE, Shape.PLATE}),
}


class Mounting(StrEnum):
    """How a sign is fixed."""

    WALL = "wall"
    HUNG = "hung"  # from the ceiling
    POST = "post"
    FLOOR = "floor"
    MACHINE = "machine"  # on the terminal or its stand
    MOVING = "moving"  # on a leaf of a door or a window: what BS-15 forbids


MOUNTING_NAMES: dict[Mounting, str] = {
    Mounting.WALL: "墙面",
    Mounting.HUNG: "悬挂",
    Mounting.POST: "立柱",
    Mounting.FLOOR: "地面",
    Mounting.MACHINE: "设备上",
    Mounting.MOVING: "门窗等会移动的物体上",
}


FACT_NAMES: dict[str, str] = {
    "wet_floor": "门口或地面容易湿滑",
    "stairs": "有台阶或楼梯",
    "ramp": "有坡道",
    "glass": "有落地玻璃",
    "power_box": "有配电箱",
    "moving_door": "有自动门",
    "hot_water": "有开水器",
    "staff_room": "有工作人员专用房间",
    "fire_door": "有常闭防火门",
    "hydrant": "有消火栓",
    "fire_alarm": "有手动火灾报警按钮",
    "first_aid": "有急救箱",
    "aed": "有自动体外除颤器",
    "lift": "有电梯",
    "information": "有问讯处",
    "bin": "有废物箱",
    "zones": "分区办理",
    "queue": "设一米线",
    "wheelchair": "有可借用的轮椅",
    "accessible_toilet": "有无障碍卫生间",
    "hearing": "有助听设备",
}
"""What an area has or has not, beyond its facilities and terminals: "when:<fact>" of the catalogue."""


class Edition(StrEnum):
    """Of GB 2894, the safety signs."""

    OF_2008 = "2008"
    OF_2025 = "2025"


EDITION_2025_FROM = date(2026, 3, 1)
"""GB 2894-2025 replaces GB 2894-2008 on this day (BS-11)."""


def edition_in_force(chosen: float, on: date) -> Edition:
    """The edition that counts: as the parameter `sign_edition` says (2008, 2025), with any other value by the day."""
    if chosen in (2008, 2025):
        return Edition(f"{chosen:.0f}")
    return Edition.OF_2025 if on >= EDITION_2025_FROM else Edition.OF_2008


@dataclass(frozen=True, slots=True)
class SizeStep:
    """Least sizes up to a viewing distance, in millimetres: across a circle, a side of a triangle, of a square."""

    distance_mm: int
    circle_mm: int
    triangle_mm: int
    square_mm: int


_SIZES_2008 = (
    SizeStep(2_500, 70, 88, 63),
    SizeStep(4_000, 110, 142, 100),
    SizeStep(6_300, 175, 220, 160),
    SizeStep(10_000, 280, 350, 250),
    SizeStep(16_000, 450, 560, 400),
)
SIZES: Mapping[Edition, tuple[SizeStep, ...]] = {Edition.OF_2008: _SIZES_2008, Edition.OF_2025: _SIZES_2008}
"""BS-17 (grade C: remembered, not read): the circles are the clause's figures; triangles and squares are those of the
same rows of GB 2894-2008. The table of the 2025 edition could not be read and may differ; until then it is the same.
"""


def size_needed(shape: Shape, distance_mm: float, edition: Edition) -> int | None:
    """Least size of a sign of this shape for a viewing distance, in millimetres; 0 for plates, whose size the table
    does not give. None: farther than the table goes.
    """
    if shape is Shape.PLATE:
        return 0
    for step in SIZES[edition]:
        if distance_mm <= step.distance_mm:
            if shape is Shape.TRIANGLE:
                return step.triangle_mm
            return step.circle_mm if shape in (Shape.CIRCLE, Shape.BARRED_CIRCLE) else step.square_mm
    return None


@dataclass(frozen=True, slots=True)
class SignKind:
    """One row of the catalogue.

    ``message``, ``english``: what it says; ``symbol``: name of the drawing in data/symbols, "" for none. ``where``:
    the rule of `requiring` by which the plan asks for it: "once", "each_terminal", "each_low", "each_entrance",
    "each_exit", "each_emergency", "facility:<kind>", "when:<fact>", "" for never by itself. ``mountings``: how it may
    be fixed. ``bottom_mm``: least height of its lower edge, (low, high) of its middle in ``middle_mm``, either may be
    None. ``sized``: its size follows the viewing distance (BS-17). ``plate``: name of the plate's data (`plates`), ""
    for a sign without data. ``clause``, ``grade``: of data/requirements.csv; ``basis``: the standard or document that
    it follows. ``serves``: codes of kinds whose place it also fills, as one board carries card, telephone and code.
    """

    code: str
    category: Category
    message: str
    english: str
    symbol: str
    shape: Shape
    where: str
    mountings: tuple[Mounting, ...]
    bottom_mm: int | None
    middle_mm: tuple[int, int] | None
    sized: bool
    width_mm: int
    height_mm: int
    plate: str
    clause: str
    basis: str
    grade: str
    serves: tuple[str, ...] = ()
