"""The words of the catalogue of items: which codes may look how, who may do an item, what comes out of it, how a field
is known. Pure tables; the center reads spreadsheets by them and every page shows them.

A code is text. It is compared with the shape that a rule asks for and never taken apart: real codes differ by region
(reference: GB/T 39554.1-2020, whose text we could not read; 31 and 12 characters as seen in use).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class CodeRule:
    """A shape that codes of an edition must have. ``pattern`` must match the whole code."""

    key: str
    title: str
    pattern: str
    help: str

    def fits(self, code: str) -> bool:
        """Whether the code has the shape."""
        return re.fullmatch(self.pattern, code) is not None


CODE_RULES: tuple[CodeRule, ...] = (
    CodeRule("demo", "演示编码", r"[A-Z]{2}[0-9]{3,6}", "两个大写字母加 3 到 6 位数字，例如 ZZ001"),
    CodeRule("official31", "实施编码（31 位）", r"[0-9A-Z]{31}", "31 位数字或大写字母"),
    CodeRule("business33", "业务办理项编码（33 位）", r"[0-9A-Z]{33}", "33 位数字或大写字母"),
    CodeRule(
        "official",
        "实施编码（31 位）或业务办理项编码（33 位）",
        r"[0-9A-Z]{31}([0-9A-Z]{2})?",
        "31 或 33 位数字或大写字母",
    ),
    CodeRule("base12", "基本编码（12 位）", r"[0-9]{12}", "12 位数字"),
    CodeRule("catalogue15", "目录编码（15 位）", r"[0-9]{15}", "15 位数字"),
    CodeRule("letters10", "基本编码（字母开头，10 位）", r"[A-Z]{2}[0-9]{7}[A-Z]", "两个字母、7 位数字、一个字母"),
    CodeRule("open", "不限格式", r"[0-9A-Za-z._-]{1,64}", "1 到 64 位字母、数字、点、下划线或连字符"),
)
CODE_RULE: Mapping[str, CodeRule] = {rule.key: rule for rule in CODE_RULES}

CODE_KINDS: Mapping[str, str] = {"item_id": "事项编码", "base_code": "基本编码", "official_code": "实施编码"}
"""The three codes of an item; each edition names the rule of each."""

DEFAULT_RULES: Mapping[str, str] = {"item_id": "demo", "base_code": "base12", "official_code": "official"}


class Mark(StrEnum):
    """How a field is known."""

    VERIFIED = "V"
    CONFIRMED = "C"
    UNVERIFIED = "R"


MARK_NAMES: Mapping[str, str] = {
    Mark.VERIFIED: "已核实",
    Mark.CONFIRMED: "部门已确认",
    Mark.UNVERIFIED: "未核实",
}

ITEM_KINDS: tuple[str, ...] = ("申报", "打印", "查询", "缴费", "领取", "预约")
AUDIENCES: tuple[str, ...] = ("个人", "法人", "个人/法人")
LIVE_WORDS: tuple[str, ...] = ("是", "部分", "否")

WHO_NAMES: Mapping[str, str] = {"self": "本人", "agent": "代办人", "operator": "单位经办人"}
WHO_WORDS: Mapping[str, tuple[str, ...]] = {
    "限本人": ("self",),
    "本人": ("self",),
    "本人或代办人": ("self", "agent"),
    "本人、代办": ("self", "agent"),
    "单位授权经办人": ("operator",),
    "经办人": ("operator",),
    "本人或经办人": ("self", "operator"),
    "本人、经办人": ("self", "operator"),
    "本人、代办、经办人": ("self", "agent", "operator"),
    "代办、经办人": ("agent", "operator"),
}
"""What the column 谁能办 may say, and whom it means. 代办: somebody acts for another; 经办人: a body's own person."""

OUTPUT_KINDS: Mapping[str, str] = {"final": "最终结果", "receipt": "受理回执", "shown": "当场看到"}
OUTPUT_MEDIA: Mapping[str, str] = {
    "paper": "纸质",
    "electronic": "电子",
    "card": "卡证",
    "screen": "屏幕",
    "locker": "柜格",
}

MATERIAL_FORMS: Mapping[str, str] = {
    "original": "原件",
    "copy": "复印件",
    "electronic": "电子件",
    "fill": "现场填写",
    "promise": "告知承诺",
}
BY_CAMERA = "高拍"
NOTHING_TO_BRING = "无"
_OPEN, _CLOSE = "（(", "）)"
_BETWEEN = "、；;\n"
_INSIDE = re.compile("[，,、]")


@dataclass(frozen=True)
class Material:
    """One thing to bring. ``form`` is a key of MATERIAL_FORMS or empty (nobody said); ``camera``: it is put under the
    document camera; ``when``: in which case it is needed, or another remark in words, empty for always.
    """

    name: str
    form: str = ""
    camera: bool = False
    when: str = ""


class BadMaterials(ValueError):
    """The list of materials cannot be read; the message says why, in Chinese."""


def read_materials(text: str) -> tuple[Material, ...]:
    """Read "居民身份证（原件，高拍）、授权书（复印件，仅代办时）": materials apart by 、 ； or a new line, each with
    what is said of it in brackets. 无 means that nothing is asked for. Raises BadMaterials.
    """
    if text.strip() in {"", NOTHING_TO_BRING}:
        return ()
    return tuple(_material(part) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """Cut at the marks that stand outside brackets."""
    parts, depth = [""], 0
    for sign in text:
        if sign in _OPEN:
            depth += 1
        elif sign in _CLOSE:
            depth -= 1
        if depth not in (0, 1):
            raise BadMaterials("括号没有成对" if depth < 0 else "括号里又有括号")
        if sign in _BETWEEN and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    if depth:
        raise BadMaterials("括号没有成对")
    found = [part.strip() for part in parts]
    if not all(found):
        raise BadMaterials("有一份材料没有名称")
    return found


def _material(part: str) -> Material:
    name, inside = part, ""
    if part[-1] in _CLOSE:  # the last brackets say what kind of paper it is; brackets before them belong to its name
        at = max(part.rfind(sign) for sign in _OPEN)
        name, inside = part[:at].strip(), part[at + 1 : -1]
    if not name:
        raise BadMaterials("有一份材料没有名称")
    words: list[str] = []
    form, camera = "", False
    by_name = {word: key for key, word in MATERIAL_FORMS.items()}
    for word in _INSIDE.split(inside):
        said = word.strip()
        if said in by_name:
            if form:
                raise BadMaterials(f"“{name}”既写了{MATERIAL_FORMS[form]}又写了{said}")
            form = by_name[said]
        elif said == BY_CAMERA:
            camera = True
        elif said:
            words.append(said)
    return Material(name, form, camera, "，".join(words))


_SUM = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,2}))?")
_WORKDAYS = re.compile(r"([0-9]{1,3}) ?个工作日(内|以内)?")


def fen_of(text: str) -> int | None:
    """A sum in yuan ("10", "10.5", "10元") in fen; None when the text is no plain sum."""
    match = _SUM.fullmatch(text.strip().removesuffix("元").strip())
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None


def yuan_of(fen: int | None) -> str:
    """The sum as it is written in a table: "10", "10.50"; empty when there is none."""
    if fen is None:
        return ""
    return f"{fen // 100}.{fen % 100:02d}" if fen % 100 else str(fen // 100)


def workdays_of(text: str) -> int | None:
    """The number of "20个工作日" and "20个工作日内"; None for any other wording, of which a person must judge."""
    match = _WORKDAYS.fullmatch(text.strip())
    return int(match[1]) if match else None


@dataclass(frozen=True)
class Field:
    """A part of an item that is known or not known as a whole, and confirmed as a whole. ``columns`` are keys of the
    catalogue table; ``mark`` is the key of the column that says how it is known.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    mark: str

    @property
    def mark_title(self) -> str:
        """Head of the column that says how the field is known."""
        return f"{self.title}核实"


FIELDS: tuple[Field, ...] = (
    Field("name", "名称", ("name",), "name_verified"),
    Field("guide", "说明和步骤", ("summary", "steps"), "guide_verified"),
    Field("who", "谁能办", ("who_acts", "audience"), "who_verified"),
    Field("materials", "材料", ("materials",), "materials_verified"),
    Field("output", "结果", ("output", "output_kind", "output_medium"), "output_verified"),
    Field("time", "时长", ("typical_minutes",), "time_verified"),
    Field("legal", "法定期限", ("legal_limit", "legal_workdays", "legal_basis"), "legal_verified"),
    Field("promise", "承诺期限", ("promised_limit", "promised_workdays"), "promise_verified"),
    Field("fee", "收费", ("fee", "fee_yuan", "fee_basis"), "fee_verified"),
    Field("hours", "非工作时间能办什么", ("after_hours",), "hours_verified"),
    Field(
        "hardware",
        "设备和联网",
        (
            "needs_live_system",
            "live_system",
            "hw_id_reader",
            "hw_face_camera",
            "hw_a4_printer",
            "hw_stamper_or_eseal",
            "hw_payment",
            "hw_ic_card",
            "hw_other",
        ),
        "hardware_verified",
    ),
)
FIELD: Mapping[str, Field] = {field.key: field for field in FIELDS}
FIELD_OF_COLUMN: Mapping[str, Field] = {column: field for field in FIELDS for column in field.columns}
