"""The catalogue table: its columns (heads of data/service_items.csv, and in Chinese), and how a row and an `Item` say
the same. No database.

A row is a mapping column key -> value as `catalogue_cells` reads it; of a column that a table does not have, nothing is
known, and what is in force stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.center.services import catalogue_cells as cells
from budayang.center.services.catalogue_cells import BadCell
from budayang.center.services.models import Item
from budayang.rules.catalogue import (
    AUDIENCES,
    CODE_KINDS,
    CODE_RULE,
    FIELDS,
    ITEM_KINDS,
    LIVE_WORDS,
    OUTPUT_KINDS,
    OUTPUT_MEDIA,
    WHO_WORDS,
    Mark,
    fen_of,
    read_materials,
    workdays_of,
)
from budayang.rules.services import DRIVEN_KINDS, AfterHours

__all__ = [
    "BY_HEAD",
    "BY_KEY",
    "COLUMNS",
    "PAIRS",
    "REQUIRED",
    "BadCell",
    "Column",
    "check_code",
    "complete",
    "fill",
    "needs_of",
    "values_of",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its English and Chinese head, the attribute of `Item` behind it, how its cells are read and written.

    `blank`: the value of an item whose table never had the column.
    """

    key: str
    title: str
    attr: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = cells.write_text
    blank: Any = ""
    required: bool = False
    also: tuple[str, ...] = ()


def _text(
    key: str, title: str, attr: str, longest: int, *, required: bool = False, also: tuple[str, ...] = ()
) -> Column:
    return Column(key, title, attr, cells.read_text(longest), required=required, also=also)


def _choice(key: str, title: str, attr: str, choices: tuple[str, ...]) -> Column:
    return Column(key, title, attr, cells.read_choice(choices), required="" not in choices)


def _number(key: str, title: str, attr: str, most: int, unit: str) -> Column:
    return Column(key, title, attr, cells.read_number(most, unit), cells.write_number, None)


def _device(key: str, title: str) -> Column:
    return Column(key, title, "hardware", cells.read_flag, blank="0")


MARKS: tuple[Column, ...] = tuple(Column(field.mark, field.mark_title, "standing", cells.read_mark) for field in FIELDS)
COLUMNS: tuple[Column, ...] = (
    _text("item_id", "事项编码", "code", 64, required=True),
    _text("name", "事项名称", "name", 120, required=True),
    _text("base_code", "基本编码", "base_code", 64, also=("base_code_demo",)),
    _text("official_code", "实施编码", "official_code", 64),
    _text("dept_type", "部门", "department", 40, required=True),
    _text("department", "办理机构", "office", 80),
    _choice("kind", "类别", "kind", ITEM_KINDS),
    _choice("audience", "服务对象", "audience", AUDIENCES),
    _text("summary", "是什么", "summary", 500),
    _choice("who_acts", "谁能办", "who_acts", ("", *WHO_WORDS)),
    Column("materials", "材料", "materials", cells.read_material_text),
    _text("output", "结果", "output", 300),
    Column("output_kind", "结果性质", "output_kind", cells.read_named(OUTPUT_KINDS), cells.write_named(OUTPUT_KINDS)),
    Column(
        "output_medium", "结果载体", "output_medium", cells.read_named(OUTPUT_MEDIA), cells.write_named(OUTPUT_MEDIA)
    ),
    _number("typical_minutes", "办理时长（分钟）", "typical_minutes", 999, "分钟"),
    _text("legal_limit", "法定期限", "legal_limit", 80),
    _number("legal_workdays", "法定期限（工作日）", "legal_workdays", 999, "工作日"),
    _text("legal_basis", "办理依据", "legal_basis", 160),
    _text("promised_limit", "承诺期限", "promised_limit", 80),
    _number("promised_workdays", "承诺期限（工作日）", "promised_workdays", 999, "工作日"),
    _text("fee", "收费", "fee", 80),
    Column("fee_yuan", "收费金额（元）", "fee_fen", cells.read_money, cells.write_money, None),
    _text("fee_basis", "收费依据", "fee_basis", 160),
    _choice("after_hours", "非工作时间", "after_hours", tuple(word.value for word in AfterHours)),
    Column("needs_live_system", "是否联网", "live", cells.read_choice(("", *LIVE_WORDS)), blank="是"),
    _text("live_system", "联网系统", "live_system", 80),
    _device("hw_id_reader", "身份证阅读器"),
    _device("hw_face_camera", "人脸摄像头"),
    _device("hw_a4_printer", "A4打印机"),
    _device("hw_stamper_or_eseal", "盖章机或电子印章"),
    _device("hw_payment", "支付设备"),
    _device("hw_ic_card", "社保卡读写器"),
    _text("hw_other", "其他设备", "hardware", 80),
    Column("steps", "办理步骤", "steps", cells.read_steps, cells.write_steps, []),
    *MARKS,
)
BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}
BY_HEAD: Mapping[str, Column] = {
    head.casefold(): column for column in COLUMNS for head in (column.key, column.title, *column.also)
}
REQUIRED: tuple[str, ...] = tuple(column.key for column in COLUMNS if column.required)
_HARDWARE = tuple(column.key for column in COLUMNS if column.attr == "hardware")
_NEEDS = {"hw_id_reader": "idReader", "hw_a4_printer": "printer", "hw_payment": "payment", "hw_ic_card": "icCard"}
PAIRS = (
    ("fee", "fee_yuan", fen_of),
    ("legal_limit", "legal_workdays", workdays_of),
    ("promised_limit", "promised_workdays", workdays_of),
)


def check_code(key: str, code: str, rule_key: str) -> None:
    """Raises BadCell when the code does not have the shape that the edition's rule asks for."""
    rule = CODE_RULE[rule_key]
    if rule.fits(code):
        return
    if "E+" in code.upper() and code.replace(".", "").upper().replace("E+", "").isdecimal():
        raise BadCell(_("“%(code)s”被表格软件改成了科学计数，请把这一列设为文本再重新输入") % {"code": code})
    raise BadCell(
        _("“%(code)s”不符合%(kind)s规则“%(rule)s”：%(help)s")
        % {"code": code[:70], "kind": words(CODE_KINDS[key]), "rule": words(rule.title), "help": words(rule.help)}
    )


def complete(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The row with sums and working days that its own words say, and what contradicts itself: (column, message)."""
    found, against = dict(values), []
    for text_key, number_key, read in PAIRS:
        if text_key not in found:
            continue
        said, given = read(found[text_key]), found.get(number_key)
        if given is None and said is not None:
            found[number_key] = said
        elif given is not None and said is not None and said != given:
            against.append((number_key, _("和“%(title)s”一栏写的不一致") % {"title": words(BY_KEY[text_key].title)}))
    legal, promised = found.get("legal_workdays"), found.get("promised_workdays")
    if legal is not None and promised is not None and promised > legal:
        against.append(("promised_workdays", _("承诺期限不能比法定期限长")))
    if found.get("output_medium") and not found.get("output"):
        against.append(("output", _("写了结果载体，却没有写结果是什么")))
    return found, against


def values_of(item: Item) -> dict[str, Any]:
    """The item as a row of the table."""
    values: dict[str, Any] = {}
    for column in COLUMNS:
        if column.attr == "hardware":
            values[column.key] = str(item.hardware.get(column.key, column.blank))
        elif column.attr == "department":
            values[column.key] = item.department.name
        elif column.attr != "standing":
            values[column.key] = getattr(item, column.attr)
    return values | {field.mark: item.mark(field.key) for field in FIELDS}


def fill(item: Item, values: Mapping[str, Any], standing: Mapping[str, Any], *, carried: bool) -> Item:
    """Set the item from a whole row (all but its department), and everything that follows from it.

    `carried`: our own terminal has a form for it; such a form asks in words for what the catalogue would scan, hence
    needs beyond the driven devices fall away.
    """
    for column in COLUMNS:
        if column.attr not in {"hardware", "department", "standing"}:
            setattr(item, column.attr, values[column.key])
    item.live = item.live or "是"
    item.hardware = {key: values[key] for key in _HARDWARE}
    item.who_may = list(WHO_WORDS.get(item.who_acts, ()))
    item.material_list = [asdict(one) for one in read_materials(item.materials)]
    item.standing = dict(standing)
    item.open_fields = open_fields(values, standing)
    item.driven = carried
    item.needs = sorted(needs_of(item.hardware, carried=carried))
    return item


def open_fields(values: Mapping[str, Any], standing: Mapping[str, Any]) -> int:
    """How many fields say something that nobody verified or confirmed."""
    return sum(
        1
        for field in FIELDS
        if any(not cells.is_blank(values[column]) for column in field.columns)
        and standing.get(field.key, {}).get("mark", Mark.UNVERIFIED) == Mark.UNVERIFIED
    )


def needs_of(hardware: Mapping[str, str], *, carried: bool = False) -> frozenset[str]:
    """The peripheral kinds without which the item cannot be finished at a terminal.

    Two columns do not become a need. `hw_face_camera`: who wants person and card compared declares it (人证核对), and
    a face is never the only way. `hw_stamper_or_eseal`: the column says "or", and the department's electronic seal
    needs no stamping machine. Both stay readable in `Item.hardware`. A `carried` item needs only what our terminal
    drives.
    """
    needs = {kind for column, kind in _NEEDS.items() if hardware.get(column) == "1"}
    other = hardware.get("hw_other", "")
    if "高拍仪" in other or "扫描仪" in other:
        needs.add("documentCamera")
        other = other.replace("高拍仪", "").replace("扫描仪", "")
    if "相机" in other or "摄像头" in other:
        needs.add("camera")
    if other.strip("+ ") and other.strip("+ ") not in {"相机", "摄像头", "二维码"}:
        needs.add("other")
    return frozenset(needs & DRIVEN_KINDS if carried else needs)
