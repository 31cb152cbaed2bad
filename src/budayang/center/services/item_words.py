"""What an item says, field by field, in words, with how each field is known: the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.platform.wording import words
from budayang.center.services.catalogue import BY_KEY, values_of
from budayang.center.services.models import Item
from budayang.rules.catalogue import (
    FIELDS,
    MARK_NAMES,
    MATERIAL_FORMS,
    NOTHING_TO_BRING,
    OUTPUT_KINDS,
    OUTPUT_MEDIA,
    WHO_NAMES,
    WHO_WORDS,
    Mark,
    read_materials,
    yuan_of,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as a person reads it. `lines` is empty when nothing is said. `mark`: V, C or R; `by`, `at` of a
    confirmation.
    """

    key: str
    title: str
    lines: tuple[str, ...]
    mark: str
    mark_word: str
    by: str = ""
    at: datetime | None = None


def shown_fields(item: Item) -> list[Shown]:
    """The fields of an item as it is in force."""
    return fields_in_words(values_of(item), item.standing)


def fields_in_words(values: Mapping[str, Any], standing: Mapping[str, Any]) -> list[Shown]:
    """The fields of a row of the catalogue table, for instance of a version."""
    found = []
    for one in FIELDS:
        known = standing.get(one.key, {})
        mark = known.get("mark", Mark.UNVERIFIED.value)
        at = datetime.fromisoformat(known["at"]) if known.get("at") else None
        lines = tuple(line for line in _WRITERS[one.key](values) if line)
        found.append(Shown(one.key, words(one.title), lines, mark, mark_word(mark), known.get("by", ""), at))
    return found


def mark_word(mark: str) -> str:
    """已核实, 部门已确认 or 未核实."""
    return words(MARK_NAMES.get(mark, MARK_NAMES[Mark.UNVERIFIED]))


def fee_words(fee: str, fen: int | None, basis: str = "") -> list[str]:
    """What it costs: 不收费 only where the catalogue says so."""
    if fen == 0:
        said = _("不收费")
    elif fen is not None and fee in {"", yuan_of(fen)}:
        said = _("%(yuan)s 元") % {"yuan": yuan_of(fen)}
    else:
        said = words(fee) if fee else ""
    return [said, _("依据：%(basis)s") % {"basis": basis} if basis and said else ""]


def who_words(who_acts: str) -> str:
    """本人、代办人, 单位经办人; the sentence itself where the table does not know it."""
    who = WHO_WORDS.get(who_acts)
    return "、".join(words(WHO_NAMES[one]) for one in who) if who else words(who_acts)


def material_words(material: Mapping[str, Any]) -> str:
    """What is said of a material, without its name: 原件，高拍仪拍摄，代办时."""
    form = MATERIAL_FORMS.get(str(material.get("form", "")), "")
    camera = _("高拍仪拍摄") if material.get("camera") else ""
    return "，".join(part for part in (words(form) if form else "", camera, str(material.get("when", ""))) if part)


def output_words(kind: str, medium: str) -> str:
    """最终结果 · 纸质; what nobody said is left out."""
    parts = (OUTPUT_KINDS.get(kind, ""), OUTPUT_MEDIA.get(medium, ""))
    return " · ".join(words(part) for part in parts if part)


def _materials(values: Mapping[str, Any]) -> list[str]:
    if values["materials"].strip() == NOTHING_TO_BRING:
        return [_("不用带材料")]
    found = []
    for one in read_materials(values["materials"]):
        said = material_words({"form": one.form, "camera": one.camera, "when": one.when})
        found.append(f"{one.name}（{said}）" if said else one.name)
    return found


def _limit(text: str, days: int | None, basis: str = "") -> list[str]:
    said = text or (_("%(n)d 个工作日") % {"n": days} if days is not None else "")
    return [said, basis]


def _devices(values: Mapping[str, Any]) -> list[str]:
    keys = [key for key in values if key.startswith("hw_") and values[key] == "1"]
    names = [words(BY_KEY[key].title) for key in keys] + ([values["hw_other"]] if values["hw_other"] else [])
    live = {"是": _("要联网办理"), "部分": _("部分要联网"), "否": _("不用联网")}.get(values["needs_live_system"], "")
    system = f"{live}：{values['live_system']}" if live and values["live_system"] else live
    return ["、".join(names), system]


_WRITERS: Mapping[str, Any] = {
    "name": lambda v: [v["name"]],
    "guide": lambda v: [v["summary"], *(f"{n}. {step}" for n, step in enumerate(v["steps"] or [], start=1))],
    "who": lambda v: [who_words(v["who_acts"]), v["audience"]],
    "materials": _materials,
    "output": lambda v: [v["output"], output_words(v["output_kind"], v["output_medium"])],
    "time": lambda v: [] if v["typical_minutes"] is None else [_("约 %(n)d 分钟") % {"n": v["typical_minutes"]}],
    "legal": lambda v: _limit(v["legal_limit"], v["legal_workdays"], v["legal_basis"]),
    "promise": lambda v: _limit(v["promised_limit"], v["promised_workdays"]),
    "fee": lambda v: fee_words(v["fee"], v["fee_yuan"], v["fee_basis"]),
    "hours": lambda v: [words(v["after_hours"])],
    "hardware": _devices,
}
