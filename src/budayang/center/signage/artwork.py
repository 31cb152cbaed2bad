"""The sheet of one sign: its figure, its texts as the rule in force composes them, what a plate says; for papers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.center.signage.models import OfficialSymbol
from budayang.center.signage.text_queries import Wording, find_rule, wording_at
from budayang.data.sign_kinds import SYMBOL_MARK, symbol
from budayang.papers import DoesNotFit, PaperError, Sheet, SheetText, draw_sheet
from budayang.papers.sheets import Form
from budayang.rules.signs import plates
from budayang.rules.signs.composing import InForce, Language, Run, SignLine, compose
from budayang.rules.signs.kinds import Category, SignKind
from budayang.rules.signs.plates import PlateData

WHITE, INK = "#ffffff", "#142235"
ACCENTS = {
    Category.FIRE: "#b3131d",
    Category.CONDITION: "#00703c",
    Category.WARNING: "#8a6100",
    Category.ACCESS: "#0b4f9e",
}
BRAND = "#0f4c81"
FULL_GROUND = frozenset({"door_head", "zone", "one_metre_line", "glass_strip", "fire_door_closed"})
"""Signs of words only whose whole ground is coloured."""
NAMED_BY_DATA = frozenset({"door_head", "zone", "direction_board", "terminal_number"})
"""Their title is a name of this place: the catalogue's English would name the kind of sign instead."""
BORDER = 1.08
"""A board is so much wider than its figure: the cut must not touch the figure's edge."""
WORDS_BAND = 0.36
MONGOLIAN_BAND = 0.42
"""Below a square figure stands the board's part for words (文字辅助标志), by the figure's side."""
LEAST_MM = 2.5
PART_WORDS = {
    "title": gettext_noop("文字"),
    "rows": gettext_noop("内容"),
    "note": gettext_noop("小字"),
    "steps": gettext_noop("步骤"),
    "outside": gettext_noop("裁切线外的说明"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn: a kind of sign at a size; `number` names it in lists; `plate` for a sign with data."""

    kind: SignKind
    width_mm: int
    height_mm: int
    number: str = ""
    plate: PlateData | None = None
    run: Run = Run.HORIZONTAL


@dataclass(frozen=True, slots=True)
class Studio:
    """All that is the same for the signs of one place on one day."""

    rule: InForce | None
    wording: Wording
    demo: bool

    @classmethod
    def at(cls, place_path: str, on: date, *, demo: bool) -> Studio:
        """What counts at a place. Three queries, however many signs are drawn."""
        return cls(find_rule(place_path, on), wording_at(place_path), demo)

    def sheet(self, order: Order) -> Sheet:
        """The sheet of a sign. Raises Refused when its data are not there."""
        kind, plate = order.kind, order.plate
        lines = self._lines(order)
        if kind.plate and plate is None and kind.plate not in plates.FIXED:
            raise Refused(_("平台没有这块牌子的数据，先不能制作。"))
        if plate is not None:
            try:
                plates.check(plate)
            except plates.NotAPlate as error:
                raise Refused(words(str(error))) from error
        accent = ACCENTS.get(kind.category, BRAND)
        texts = self._texts(lines, order.run)
        official = self.wording.symbols.get(kind.symbol) if kind.symbol else None
        full = kind.code in FULL_GROUND
        base = Sheet(
            code=kind.code,
            width_mm=order.width_mm,
            height_mm=order.height_mm,
            ground=accent if full else WHITE,
            ink=WHITE if full else INK,
            accent=accent,
            texts=texts,
            symbol=_figure(kind, official),
            outside=self._outside(order, official),
            least_mm=LEAST_MM,
            demo=self.demo,
        )
        if plate is not None:
            return base if full else _with_plate(base, plate)
        if kind.code in plates.FIXED:
            return replace(base, rows=plates.FIXED[kind.code], numbered=True)
        return _with_figure(base) if base.symbol else base

    def draw(self, order: Order, form: Form, *, ppi: float = 96.0) -> bytes:
        """The sheet as a file. Raises Refused with what does not fit or cannot be printed."""
        try:
            return draw_sheet(self.sheet(order), form, ppi=ppi)
        except DoesNotFit as error:
            told = {"part": _(PART_WORDS.get(error.part, error.part)), "size": LEAST_MM}
            raise Refused(_("%(part)s太长，字小到 %(size)s 毫米也放不下：请缩短，或加大牌面。") % told) from error
        except PaperError as error:
            raise Refused(_("这块标志画不出来：%(error)s") % {"error": error}) from error

    def _lines(self, order: Order) -> tuple[SignLine, ...]:
        kind, plate = order.kind, order.plate
        if plate is not None and plate.texts:
            return plate.texts
        message = plate.title if plate is not None else kind.message
        if plate is not None and kind.code in FULL_GROUND:
            message = " ".join([message, *(value for _label, value in plate.rows if value not in message)])
        return self.wording.lines(
            kind.code, message=message, english="" if kind.code in NAMED_BY_DATA else kind.english
        )

    def _texts(self, lines: tuple[SignLine, ...], run: Run) -> tuple[SheetText, ...]:
        told = {line.language: line for line in lines if line.text}
        boxes = compose(self.rule, {language: line.text for language, line in told.items()}, run)
        return tuple(
            SheetText(
                told[box.language].text, box.language.value, (box.x, box.y, box.width, box.height), box.size,
                box.downwards, not told[box.language].approved,
            )
            for box in boxes
        )  # fmt: skip

    def _outside(self, order: Order, official: OfficialSymbol | None) -> str:
        kind = order.kind
        said = [order.number, kind.message, kind.code, f"{order.width_mm}×{order.height_mm} mm"]
        if kind.symbol and official is None:
            said.insert(0, SYMBOL_MARK)
        elif official is not None:
            said.append(f"图形来源：{official.source}")
        if self.rule is not None:
            said.append(f"排列按{self.rule.document}")
        return " · ".join(one for one in said if one)


def _figure(kind: SignKind, official: OfficialSymbol | None) -> str:
    if not kind.symbol:
        return ""
    if official is None:
        return symbol(kind.symbol)
    content = bytes(official.content)
    if official.media == "image/svg+xml":
        return content.decode()
    picture = base64.b64encode(content).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><image width="100" height="100" '
        f'href="data:image/png;base64,{picture}"/></svg>'
    )


def _with_figure(sheet: Sheet) -> Sheet:
    """A figure of its own size with words below it: the plan's size is the figure's, the board is larger. A board that
    is much longer than wide, or wider than high, holds both already.
    """
    width, height = sheet.width_mm, sheet.height_mm
    if height >= 1.25 * width:
        return replace(sheet, symbol_mm=width / BORDER)
    if width >= 1.25 * height:
        return replace(sheet, symbol_mm=height / BORDER, beside=True)
    side = max(width, height)
    more = WORDS_BAND + (MONGOLIAN_BAND if any(one.language == Language.MN for one in sheet.texts) else 0.0)
    return replace(sheet, symbol_mm=float(side), width_mm=round(side * BORDER), height_mm=round(side * (BORDER + more)))


def _with_plate(sheet: Sheet, plate: PlateData) -> Sheet:
    kind = plates.PLATE_KINDS[plate.kind]
    return replace(
        sheet,
        rows=plate.rows,
        numbered=kind.steps,
        qr=plate.qr,
        qr_word=plate.qr_word,
        picture=plate.picture,
        note=plate.note,
    )
