"""Plates (设备标志、自助区标志): signs whose words come from what the rooms know, as plain values.

Whoever knows the data fills a `PlateData`; the artwork is made from it and from nothing else, so that a plate that was
printed can be held against the data of today (`fingerprint`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from budayang.rules.signs.composing import SignLine


@dataclass(frozen=True, slots=True)
class PlateKind:
    """What a plate must have. `rows`: labels that must be among its rows. `steps`: its rows are numbered steps.
    `picture`: it shows a plan.
    """

    code: str
    name: str
    rows: tuple[str, ...] = ()
    qr: bool = False
    steps: bool = False
    picture: bool = False


PLATE_KINDS: dict[str, PlateKind] = {
    one.code: one
    for one in (
        PlateKind("door_head", "门头"),
        PlateKind("opening_hours", "服务时间", rows=("开放时间",)),
        PlateKind("zone", "分区"),
        PlateKind("direction_board", "导向牌"),
        PlateKind("floor_plan", "平面示意图", picture=True),
        PlateKind("evacuation_plan", "撤离路线图", picture=True),
        PlateKind("braille_plan", "盲文平面图", picture=True),
        PlateKind("video_notice", "视频采集提示", rows=("采集单位", "用途")),
        PlateKind("item_list", "可办事项清单"),
        PlateKind("supervision", "监督投诉", rows=("监督电话",)),
        PlateKind("management_card", "设备管理卡", rows=("功能", "责任人", "承诺", "监督电话"), qr=True),
        PlateKind("steps", "操作指南", steps=True),
        PlateKind("keeper_phone", "管理员电话", rows=("管理员", "电话")),
        PlateKind("terminal_number", "设备编号"),
        PlateKind("rating_code", "好差评", qr=True),
        PlateKind("privacy_notice", "个人信息处理规则", rows=("处理者", "期限", "权利途径")),
        PlateKind("device_board", "设备综合牌", rows=("管理员", "电话"), qr=True),
        PlateKind("fault_notice", "故障告示"),
        PlateKind("extinguisher_use", "灭火器使用方法", steps=True),
    )
}
ROWS_MOST = 40
QR_LENGTH = 300


FIXED: dict[str, tuple[tuple[str, str], ...]] = {
    "extinguisher_use": (
        ("提", "提起灭火器，到离火约 3 米的上风处"),
        ("拔", "拔下保险销"),
        ("握", "一手握住喷管，对准火焰根部"),
        ("压", "另一手压下手柄，左右扫射到熄灭"),
    ),
}
"""Words of plates that need no data (general knowledge, grade C: the maker's label on the extinguisher comes first)."""


class NotAPlate(ValueError):
    """The message names what the plate lacks, for people."""


@dataclass(frozen=True, slots=True)
class PlateData:
    """What one plate says. `kind`: of PLATE_KINDS. `rows`: (label, value); of numbered steps the label is the step's
    short name. `qr`: address or text of its QR code, "" for none; `qr_word`: what scanning it does. `texts`: the title
    in the languages of the sign. `picture`: SVG of a plan, "" for none. `note`: small print below.
    """

    kind: str
    title: str
    rows: tuple[tuple[str, str], ...] = ()
    qr: str = ""
    qr_word: str = ""
    texts: tuple[SignLine, ...] = ()
    picture: str = ""
    note: str = ""


def check(plate: PlateData) -> PlateKind:
    """The plate's kind. Raises NotAPlate."""
    kind = PLATE_KINDS.get(plate.kind)
    if kind is None:
        raise NotAPlate(f"不认识的牌子“{plate.kind}”")
    if not plate.title.strip():
        raise NotAPlate(f"{kind.name}：没有标题")
    told = {label for label, value in plate.rows if value.strip()}
    if lacking := [label for label in kind.rows if label not in told]:
        raise NotAPlate(f"{kind.name}：缺 {'、'.join(lacking)}")
    if kind.qr and not plate.qr:
        raise NotAPlate(f"{kind.name}：没有二维码的目标")
    if len(plate.qr) > QR_LENGTH:
        raise NotAPlate(f"{kind.name}：二维码的内容超过 {QR_LENGTH} 个字符")
    if kind.steps and not plate.rows:
        raise NotAPlate(f"{kind.name}：没有步骤")
    if kind.picture and not plate.picture:
        raise NotAPlate(f"{kind.name}：没有平面图")
    if len(plate.rows) > ROWS_MOST:
        raise NotAPlate(f"{kind.name}：超过 {ROWS_MOST} 行")
    return kind


def fingerprint(plate: PlateData) -> str:
    """SHA-256 of all that the plate says: two plates with the same one say the same."""
    said: list[object] = [plate.kind, plate.title, plate.rows, plate.qr, plate.qr_word, plate.picture, plate.note]
    said.append([(line.language.value, line.text, line.approved) for line in plate.texts])
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
