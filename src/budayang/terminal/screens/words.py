"""Words that follow from a code: the truth of an item, phases of printing, outcomes, distances, durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from budayang.rules.catalogue import MARK_NAMES, MATERIAL_FORMS, OUTPUT_KINDS, OUTPUT_MEDIA, WHO_NAMES, WHO_WORDS
from budayang.terminal.screens.language import _, say

# truth -> (class that carries shape and colour, word, heading on the item's own page, help when no reason came along)
_TRUTHS: dict[str, tuple[str, str, str, str]] = {
    "doable": ("ok", "可办", "现在可以当场办完", "部门系统和本机设备都正常。"),
    "submittable": ("hand", "可提交", "现在可以提交，部门上班后办理", "提交后会保存好，结果按您填的方式通知。"),
    "stopped": ("stop", "暂停服务", "现在办不了", "请看下面最近能办的地方。"),
    "unconfirmed": (
        "ask",
        "待部门确认",
        "这个时间能不能办，等部门确认",
        "部门还没有确认夜间办理时间，没有确认之前不请您白填。",
    ),
    "machine": ("own", "专机办理", "在部门自己的机器上办", "请到本区该部门的机器上办理，可以点“呼叫帮办”问位置。"),
}

SUBMIT_STEPS: tuple[tuple[str, str], ...] = (
    ("saving", "存在本机"),
    ("sending", "加密送到管理平台"),
    ("accepted", "平台已收到"),
    ("working", "部门正在办"),
)
_TROUBLES = {
    "paper_out": "打印机没有纸了",
    "jam": "打印机卡纸了",
    "offline": "打印机没有回应",
    "cover_open": "打印机的盖子开着",
    "other": "打印机出了故障",
}
_PRINT_TITLES = {
    "entitled": "办好了，准备打印",
    "sending": "正在打印，请稍候",
    "sent": "正在打印，请稍候",
    "trouble": "没打完，但事情已经办好",
}
_RECEIPT_TITLES = {
    "entitled": "已保存，准备打印回执",
    "sending": "正在打印回执，请稍候",
    "sent": "正在打印回执，请稍候",
    "trouble": "回执没打完，但申请已经保存",
}
_OUTCOMES = {
    "refused": ("stop", "部门没有办理"),
    "failed": ("stop", "没有办成"),
    "review": ("ask", "工作人员正在核实，不用重办"),
    "handed_in": ("ok", "已提交，部门上班后办理"),
    "later": ("hand", "已保存，网络恢复后自动提交"),
}
# Five mouths from glad to sad, in the order of the five levels; drawn in an 80 by 80 box.
MOUTHS = (
    "M22 46c8 18 28 18 36 0z",
    "M24 48c8 12 24 12 32 0",
    "M26 52h28",
    "M24 56c8-10 24-10 32 0",
    "M22 60c8-18 28-18 36 0z",
)


def truth_class(item: Mapping[str, Any]) -> str:
    return _TRUTHS.get(str(item["truth"]), _TRUTHS["unconfirmed"])[0]


def truth_word(item: Mapping[str, Any]) -> str:
    """The chip: 可办, 可提交, 暂停服务至 23:00, 待部门确认, 专机办理."""
    if item["truth"] == "stopped" and item.get("until"):
        return _("暂停服务至 %(until)s") % {"until": say(item["until"])}
    return _(_TRUTHS.get(str(item["truth"]), _TRUTHS["unconfirmed"])[1])


def truth_title(item: Mapping[str, Any]) -> str:
    if item["truth"] == "stopped" and item.get("until"):
        return _("暂停服务，预计 %(until)s 恢复") % {"until": say(item["until"])}
    return _(_TRUTHS.get(str(item["truth"]), _TRUTHS["unconfirmed"])[2])


def truth_help(item: Mapping[str, Any]) -> str:
    return _(_TRUTHS.get(str(item["truth"]), _TRUTHS["unconfirmed"])[3])


def fee(item: Mapping[str, Any]) -> str:
    """What it costs, in words; the catalogue writes 0 or nothing for what is free."""
    told = str(item.get("fee") or "").strip()
    return _("不收费") if told in {"", "0", "0元"} else say(told)


def reported(network: Mapping[str, Any]) -> str:
    """Whether anybody knows of a fault yet: it is reported by itself, but only over a line."""
    if network["level"] == "offline":
        return _("网络中断，已记下，恢复后自动上报。")
    return _("已自动上报给负责的人。")


def item_line(item: Mapping[str, Any]) -> str:
    """The second line of a card: for an item that can start, what to expect; for others, why not and where instead."""
    parts = [str(item["department_name"] or item["department"])]
    if item.get("can_start"):
        if item["truth"] == "submittable":
            parts.append(_("现在交，上班后办"))
        elif item.get("minutes") is not None:
            parts.append(_("约 %(n)s 分钟") % {"n": item["minutes"]})
        parts.extend(part for part in (fee(item), say(item.get("bring") or "")) if part)
    else:
        if item.get("text"):
            parts.append(say(item["text"]))
        nearest = (item.get("alternatives") or [None])[0]
        if nearest:
            parts.append(_("%(area)s现在能办") % {"area": nearest["area"]})
    return " · ".join(parts)


def distance(kilometres: float) -> str:
    """Kilometres as a person says them: 就在本区, 约 800 米, 约 12 公里."""
    if kilometres < 0.1:
        return _("就在本区")
    if kilometres < 1:
        return _("约 %(n)s 米") % {"n": round(kilometres * 10) * 100}
    return _("约 %(n)s 公里") % {"n": round(kilometres) if kilometres >= 10 else round(kilometres, 1)}


def elapsed(seconds: float) -> str:
    whole = max(0, int(seconds))
    return (_("%(m)s 分 ") % {"m": whole // 60} if whole >= 60 else "") + _("%(s)s 秒") % {"s": whole % 60}


def submit_steps() -> list[tuple[str, str]]:
    """(code, words) of what happens after 提交, in order."""
    return [(code, _(name)) for code, name in SUBMIT_STEPS]


def step_state(phase: str, index: int) -> str:
    """Class of the index-th step of submitting while `phase` is under way: done, now, or nothing."""
    order = [code for code, _name in SUBMIT_STEPS]
    now = order.index(phase) if phase in order else 0
    if phase == "accepted":
        # 'accepted' is a fact, not a wait: it stands as done and the department's work is what is going on.
        now += 1
    return "done" if index < now else "now" if index == now else ""


def print_title(printing: Mapping[str, Any]) -> str:
    """What is going on; a receipt of what only was handed in is never called done."""
    if printing.get("matter") == "receipt":
        return _(_RECEIPT_TITLES.get(str(printing["phase"]), _RECEIPT_TITLES["sending"]))
    return _(_PRINT_TITLES.get(str(printing["phase"]), _PRINT_TITLES["sending"]))


def print_trouble(printing: Mapping[str, Any]) -> str:
    done, documents = int(printing.get("done") or 0), int(printing.get("documents") or 0)
    what = _(_TROUBLES.get(str(printing["trouble"]), _TROUBLES["other"]))
    return _("%(what)s，打好了 %(done)s 份，还差 %(left)s 份") % {
        "what": what,
        "done": done,
        "left": max(0, documents - done),
    }


def outcome_class(kind: str) -> str:
    return _OUTCOMES.get(kind, _OUTCOMES["failed"])[0]


def outcome_word(kind: str) -> str:
    return _(_OUTCOMES.get(kind, _OUTCOMES["failed"])[1])


def known(item: Mapping[str, Any], field: str) -> tuple[str, str]:
    """How a field of the guide is known, as (class, word): 已核实, 部门已确认 or 未核实; empty where the center did
    not say.
    """
    mark = str((item.get("marks") or {}).get(field, ""))
    return (f"known {mark}", _(MARK_NAMES[mark])) if mark in MARK_NAMES else ("", "")


def guide(item: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, str]]]:
    """Rows of the item's page beyond minutes, fee and what to bring, each with how it is known; only what is said."""
    kind, medium = str(item.get("output_kind") or ""), str(item.get("output_medium") or "")
    output = [item.get("output"), _(OUTPUT_KINDS.get(kind, "")), _(OUTPUT_MEDIA.get(medium, ""))]
    who = "、".join(_(WHO_NAMES[one]) for one in WHO_WORDS.get(str(item.get("who_acts") or ""), ()))
    legal = [item.get("legal_limit"), item.get("legal_basis")]
    rows = (
        (_("是什么"), [item.get("summary")], "guide"),
        (_("谁能办"), [who or item.get("who_acts")], "who"),
        (_("材料"), _material_lines(item), "materials"),
        (_("能拿到"), output, "output"),
        (_("办理时间"), [item.get("hours")], "hours"),
        (_("法定时限"), legal, "legal"),
        (_("承诺时限"), [item.get("promised_limit")], "promise"),
        (_("收费依据"), [item.get("fee_basis")], "fee"),
    )
    found = []
    for label, parts, field in rows:
        value = " · ".join(str(part) for part in parts if part)
        if value:
            found.append((label, value, known(item, field)))
    return found


def _material_lines(item: Mapping[str, Any]) -> list[str]:
    """What is said of each material beyond its name; the names alone stand under 要带."""
    found = []
    for one in item.get("material_list") or []:
        form = MATERIAL_FORMS.get(str(one.get("form") or ""), "")
        said = [_(form) if form else "", _("用高拍仪拍") if one.get("camera") else "", str(one.get("when") or "")]
        told = "，".join(part for part in said if part)
        if told:
            found.append(f"{one.get('name', '')}（{told}）")
    return found or [str(item.get("materials") or "")]


def steps(item: Mapping[str, Any]) -> Sequence[str]:
    """What the person will do, in order: the item's own steps where the catalogue has them."""
    if item.get("guide_steps"):
        return [str(step) for step in item["guide_steps"]]
    middle = _("填几项内容，核对后提交") if item["truth"] == "submittable" else _("核对信息，点提交")
    last = _("取走回执；部门办好后通知您") if item["truth"] == "submittable" else _("取走纸张和回执")
    return (_("看同意书，点同意"), _("把身份证放在读卡区"), middle, last)


_PART_CLASSES = {
    "done": "ok",
    "taken_in": "hand",
    "under_way": "hand",
    "to_pay": "ask",
    "to_mend": "ask",
    "failed": "stop",
}


def part_class(state: str) -> str:
    """The look of a joint matter's part; a window and what is not clear are neither good nor bad."""
    return _PART_CLASSES.get(state, "ask")
