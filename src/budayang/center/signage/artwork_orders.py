"""What has to be made for an area: each sign of its plan with its data, and the material and order list in Excel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform import exports
from budayang.center.platform.actions import Refused
from budayang.center.platform.queries import parameters
from budayang.center.platform.wording import words
from budayang.center.signage import plate_data
from budayang.center.signage.artwork import Order, Studio
from budayang.center.signage.plate_data import About
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.drawing import Drawing, PlacedSign
from budayang.rules.signs.kinds import CATEGORY_NAMES, MOUNTING_NAMES, Mounting, SignKind
from budayang.rules.signs.plan_picture import plan_svg
from budayang.rules.signs.plan_words import MARK, TITLE, plan_words
from budayang.rules.signs.plates import PLATE_KINDS, PlateData
from budayang.rules.signs.ways_out import NoWayOut

SIGNS_MOST = 1_000
WAY_OUT_WIDTH = "access_door_mm"
"""The parameter that says how wide a way out has to be: a wheelchair that gets through the door gets to it."""
MATERIALS: dict[Mounting, str] = {
    Mounting.WALL: "铝板 1.5 mm，UV 印",
    Mounting.HUNG: "铝板 2 mm，双面 UV 印",
    Mounting.POST: "铝板 2 mm，UV 印",
    Mounting.FLOOR: "防滑地贴，耐磨覆膜",
    Mounting.MACHINE: "PVC 背胶，覆哑膜",
    Mounting.MOVING: "PVC 背胶，覆哑膜",
}
"""A proposal by mounting (工程建议): the maker's own advice comes first."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One sign of the plan and what is needed to draw it. `refusal`: why it has no data, "" where it can be drawn."""

    sign: PlacedSign
    order: Order | None
    refusal: str = ""


def find_plate(kind: SignKind, about: About, drawing: Drawing | None) -> PlateData | None:
    """What a plate says now; None where the rooms do not know it. A plan is drawn from the area's own drawing.

    Raises Refused for a 撤离路线图 on which somebody at a terminal finds no way out.
    """
    if not kind.plate:
        return None
    known = PLATE_KINDS.get(kind.plate)
    if known is not None and known.picture:
        if drawing is None:
            return None
        title = f"{about.area.name} {known.name}"
        return PlateData(kind.plate, title, picture=_picture(kind, about, drawing))
    try:
        return plate_data.plate_of(kind.plate, about)
    except (KeyError, ValueError):
        return None


def _picture(kind: SignKind, about: About, drawing: Drawing) -> str:
    if kind.plate != "evacuation_plan":
        return plan_svg(drawing, {})
    holder = (about.area.place.path, "")
    width = parameters((WAY_OUT_WIDTH,), [holder], about.now)[holder][WAY_OUT_WIDTH].value
    try:
        return plan_svg(drawing, {}, way_out_mm=float(width))
    except NoWayOut as error:
        raise Refused(words(str(error))) from error


def list_placed(area: Any, drawing: Drawing, terminals: Mapping[str, Any], now: datetime) -> list[Placed]:
    """Every sign of a drawing, in its order. terminals: of the area, by code."""
    things = {thing.id: thing.code for thing in drawing.things}
    return [_placed(sign, area, drawing, terminals.get(things.get(sign.about, "")), now) for sign in drawing.signs]


def _placed(sign: PlacedSign, area: Any, drawing: Drawing, terminal: Any, now: datetime) -> Placed:
    kind = sign_kinds().get(sign.kind)
    if kind is None:
        return Placed(sign, None, _("没有这种标志。"))
    try:
        plate = find_plate(kind, About(area, terminal, now), drawing)
    except Refused as refusal:
        return Placed(sign, None, str(refusal))
    if kind.plate and plate is None:
        return Placed(sign, None, _("平台没有这块牌子的数据，先不能制作。"))
    return Placed(sign, Order(kind, sign.width_mm, sign.height_mm, sign.id, plate))


def braille_text(area: Any, drawing: Drawing, terminals: Mapping[str, Any]) -> str:
    """The words of the plan for whoever makes its braille plate. terminals: of the area, by code."""
    names = areas.facility_names() | {code: one.name for code, one in terminals.items()}
    return "\n".join((TITLE, MARK, "", *plan_words(drawing, area.name, names), ""))


def draw_all(
    studio: Studio, found: list[Placed], tick: Callable[[], None]
) -> tuple[list[tuple[str, bytes]], list[Placed]]:
    """(file name, PDF) of each sign that can be drawn, and all signs with what was refused written to them."""
    files: list[tuple[str, bytes]] = []
    told: list[Placed] = []
    for number, one in enumerate(found, start=1):
        if one.order is None:
            told.append(one)
        else:
            try:
                files.append((f"{number:03d}-{one.order.kind.code}.pdf", studio.draw(one.order, "pdf")))
                told.append(one)
            except Refused as refusal:
                told.append(replace(one, refusal=str(refusal)))
        tick()
    return files, told


def order_list(found: list[Placed], studio: Studio, *, demo: bool) -> bytes:
    """The list for the maker as XLSX: one row a sign; sizes, count and places are numbers."""
    numbered = list(enumerate(found, start=1))
    columns = (
        exports.Column("序号", lambda row: row[0]),
        exports.Column("平面图编号", lambda row: row[1].sign.id),
        exports.Column("类别", lambda row: CATEGORY_NAMES[row[1].order.kind.category] if row[1].order else ""),
        exports.Column("标志", lambda row: row[1].order.kind.message if row[1].order else row[1].sign.kind),
        exports.Column("代码", lambda row: row[1].sign.kind),
        exports.Column("牌宽（mm）", lambda row: _board(row[1], studio)[0]),
        exports.Column("牌高（mm）", lambda row: _board(row[1], studio)[1]),
        exports.Column("图形宽（mm）", lambda row: row[1].sign.width_mm),
        exports.Column("材料（建议）", lambda row: MATERIALS[row[1].sign.mounting]),
        exports.Column("安装方式", lambda row: MOUNTING_NAMES[row[1].sign.mounting]),
        exports.Column("下缘离地（mm）", lambda row: row[1].sign.bottom_mm),
        exports.Column("数量", lambda _row: 1),
        exports.Column("位置横（mm）", lambda row: row[1].sign.at[0]),
        exports.Column("位置纵（mm）", lambda row: row[1].sign.at[1]),
        exports.Column("所属", lambda row: row[1].sign.about),
        exports.Column("文件", lambda row: "" if row[1].refusal else f"{row[0]:03d}-{row[1].sign.kind}.pdf"),
        exports.Column("未制作的原因", lambda row: row[1].refusal),
    )
    return exports.workbook("标志制作清单", columns, numbered, demo=demo, definitions=DEFINITIONS)


def _board(one: Placed, studio: Studio) -> tuple[int, int]:
    if one.order is None or one.refusal:
        return one.sign.width_mm, one.sign.height_mm
    sheet = studio.sheet(one.order)
    return sheet.width_mm, sheet.height_mm


DEFINITIONS = (
    ("牌宽、牌高", "裁切后的成品尺寸；制作稿四边各多 3 mm 出血。"),
    ("图形宽", "平面图上的尺寸，按观察距离定；图形下面带文字的牌比它大。"),
    ("材料（建议）", "按安装方式的工程建议，以制作单位的意见为准。"),
    ("位置", "离平面图左上角的毫米数，横向右、纵向下。"),
)
